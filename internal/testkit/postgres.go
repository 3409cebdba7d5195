package testkit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kizuki/internal/db"
)

// server is one PostgreSQL a test process, on a socket in a folder of its
// own. It ends with the process, however that ends.
type server struct{ dir string }

var (
	serverOnce = sync.OnceValues(startServer)
	databases  atomic.Int64
	errNone    = errors.New("PostgreSQL is not installed (apt-get install postgresql)")
)

func (s server) url(name string) string {
	return fmt.Sprintf("postgres:///%s?host=%s&user=postgres", name, s.dir)
}

// PostgresURL makes a migrated database and gives its address; several nodes
// may open it.
func PostgresURL(t testing.TB) string {
	t.Helper()
	s, err := serverOnce()
	if errors.Is(err, errNone) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("t%d", databases.Add(1))
	if err := s.exec("CREATE DATABASE " + name + " TEMPLATE kizuki_template"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") })
	return s.url(name)
}

// ServerURL makes a migrated database for a program that is no test: the
// servers of the browser tests.
func ServerURL(name string) (string, error) {
	s, err := serverOnce()
	if err != nil {
		return "", err
	}
	return s.url(name), s.exec("CREATE DATABASE " + name + " TEMPLATE kizuki_template")
}

var createLock sync.Mutex // a template can be copied by one session at a time

func (s server) exec(stmt string) error {
	createLock.Lock()
	defer createLock.Unlock()
	c, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Exec(stmt)
	return err
}

func startServer() (server, error) {
	bin, err := postgresBin()
	if err != nil {
		return server{}, err
	}
	dir, err := os.MkdirTemp(fastDir(), "kz-pg-")
	if err != nil {
		return server{}, err
	}
	s := server{dir}
	cred, err := notRoot(dir)
	if err != nil {
		return s, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = cred, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return s, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if err := s.launch(filepath.Join(bin, "postgres"), data, cred); err != nil {
		return s, err
	}
	return s, s.template()
}

// fastDir is memory where there is enough of it: a database is a thousand files
// in a test, and most disks take a third of a second to make them. "" is the
// usual place.
func fastDir() string {
	const memory, enough = "/dev/shm", 4 << 30
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < enough {
		return ""
	}
	return memory
}

// leash is the pipe's end; it is kept here, or the collector would close it.
var leash io.Closer

// launch starts the server under a shell that waits for the end of its input:
// the pipe closes when this process ends, even by SIGKILL.
func (s server) launch(bin, data string, cred *syscall.SysProcAttr) error {
	script := `"$0" -D "$1" -k "$2" -c listen_addresses= -c fsync=off -c full_page_writes=off \
		-c synchronous_commit=off -c max_connections=400 -c shared_buffers=128MB -c autovacuum=off >"$2/log" 2>&1 &
		pid=$!; cat >/dev/null; kill -QUIT $pid; wait $pid; rm -rf "$2"`
	sh := exec.Command("sh", "-c", script, bin, data, s.dir)
	sh.SysProcAttr, sh.Dir = cred, s.dir
	var err error
	if leash, err = sh.StdinPipe(); err != nil {
		return err
	}
	if err := sh.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err := s.exec("SELECT 1"); err == nil {
			return nil
		} else if time.Now().After(end) {
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("PostgreSQL does not answer: %w: %s", err, log)
		}
	}
}

func (s server) template() error {
	if err := s.exec("CREATE DATABASE kizuki_template"); err != nil {
		return err
	}
	d, err := db.Open(context.Background(), db.Config{URL: s.url("kizuki_template")})
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Migrate(context.Background())
}

func postgresBin() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		if path, err := exec.LookPath("initdb"); err == nil {
			found = []string{path}
		}
	}
	if len(found) == 0 {
		return "", errNone
	}
	sort.Strings(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// notRoot picks an ordinary user when the tests run as root, because initdb
// refuses root, and gives the folder to that user.
func notRoot(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true} // Ctrl-C ends the tests first, the server after them
	if os.Getuid() != 0 {
		return attr, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return attr, os.Chown(dir, uid, gid)
	}
	return nil, errors.New("no ordinary user to run PostgreSQL as")
}
