package main_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/db"
	"kizuki/internal/demo"
)

// whole asks the served demo for all that a visitor is to find.
func whole(t *testing.T, flags ...string) {
	t.Helper()
	token := kizuki(t, "", append([]string{"token", "create", "--email", demo.Mail, "--name", "t"}, flags...)...)
	c := client{start(t, flags...).base, token, &http.Client{Timeout: 30 * time.Second}}
	today := today(t, c.base)
	get := func(path string) []any {
		status, v, err := c.json("GET", path, nil)
		if err != nil || status != 200 {
			t.Fatal(path, status, v, err)
		}
		return v["items"].([]any)
	}
	list, notes := get("/contracts?limit=200&ended=true"), 0
	for _, x := range list {
		notes += len(get("/contracts/" + url.PathEscape(x.(map[string]any)["id"].(string)) + "/notes?limit=200"))
	}
	if len(list) != 36 || notes < 200 || today < 8 {
		t.Errorf("%d contracts, %d notes, %d things today", len(list), notes, today)
	}
}

// today signs in as the page says and counts what Today holds.
func today(t *testing.T, base string) int {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := http.Client{Jar: jar, Timeout: 30 * time.Second}
	res, err := b.PostForm(base+"/signin", url.Values{"mail": {demo.Mail}, "password": {demo.Password}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res, err = b.Get(base + "/today"); err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := goquery.NewDocumentFromReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page.Find("#queue > li").Length()
}

// filled tells of rows in a SQLite file that another process writes.
func filled(t *testing.T, dir, table string, rows int64) func() bool {
	return func() bool {
		if _, err := os.Stat(filepath.Join(dir, "kizuki.db")); err != nil {
			return false
		}
		d, err := db.Open(t.Context(), db.Config{Dir: dir})
		if err != nil {
			return false
		}
		defer d.Close()
		n, _, err := db.One(t.Context(), d, db.Value[int64], "SELECT count(*) FROM "+table)
		return err == nil && n >= rows
	}
}

// However far it came, a killed demo is whole the next time, as a visitor sees
// it; each start meets what the one before has left.
func TestADemoKilledInTheMiddleIsWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "demo")
	if err := os.MkdirAll(dir, 0o700); err != nil { // an empty folder is as good as none
		t.Fatal(err)
	}
	for _, at := range []struct {
		table string
		rows  int64
	}{{"member", 1}, {"contract", 5}, {"note", 150}} {
		if code, said := fill(t, filled(t, dir+".filling", at.table, at.rows), "--data", dir); code != -1 {
			t.Fatalf("it was to be killed while filling: %d %s", code, said)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Fatalf("half a demo is there after %d rows of %s", at.rows, at.table)
		}
	}
	code, said := fill(t, nil, "--data", dir)
	if code != 0 || strings.Count(said, "\n") != 1 || !strings.Contains(said, "seconds") {
		t.Errorf("one line says what happens and how long it takes: %d %q", code, said)
	}
	whole(t, "--data", dir)
}

// Two starts at one moment do not take the folder from each other.
func TestTwoDemosAtOnceMakeOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if code, said := fill(t, nil, "--data", dir); code != 0 {
				t.Errorf("%d %s", code, said)
			}
		})
	}
	wg.Wait()
	left, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(left) != 1 {
		t.Error("something is left beside it:", left, err)
	}
	whole(t, "--data", dir)
}

// What cannot be moved into place is filled where it is, and nothing that is
// not an empty folder is put away.
func TestDemoFolders(t *testing.T) {
	dir := t.TempDir()
	real, link, file := filepath.Join(dir, "real"), filepath.Join(dir, "link"), filepath.Join(dir, "file")
	if err := os.Mkdir(real, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := fill(t, nil, "--data", link); code != 0 || contracts(t, "--data", real) != 36 {
		t.Errorf("a link to a folder: %d %s", code, said)
	}
	if code, said := fill(t, nil, "--data", file); code != 1 || said == "" {
		t.Errorf("a file: %d %s", code, said)
	}
	if raw, err := os.ReadFile(file); err != nil || string(raw) != "mine" {
		t.Error("the file is gone:", err)
	}
}

// Where it cannot be moved, half a demo says what it is instead of being shown.
func TestAKilledDemoThatCannotMoveIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := fill(t, filled(t, dir, "contract", 5), "--data", dir); code != -1 {
		t.Fatalf("it was to be killed while filling: %d %s", code, said)
	}
	if code, said := fill(t, nil, "--data", dir); code != 3 || !strings.Contains(said, "Empty the database") {
		t.Errorf("%d %s", code, said)
	}
}
