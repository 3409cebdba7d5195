// Command server starts what the browser tests walk on: a demo for each
// combination, on SQLite and on a PostgreSQL of its own, there with a second
// node. It ends, with all of them, when it is told to or its parent goes.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"kizuki/internal/testkit"
)

// The ports; e2e/playwright.config.ts has the same. The first one answers when
// all the others do.
var (
	readyPort = firstPort()
	demos     = []struct {
		port     int
		postgres bool
		second   int // port of a second node, 0 for none
	}{
		{readyPort + 1, false, 0},
		{readyPort + 2, false, 0},
		{readyPort + 3, true, readyPort + 5},
		{readyPort + 4, true, 0},
	}
)

// firstPort is 18100 unless several walks share a machine.
func firstPort() int {
	if n, err := strconv.Atoi(os.Getenv("KIZUKI_E2E_PORT")); err == nil {
		return n
	}
	return 18100
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "kizuki-e2e-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, d := range demos {
		flags := []string{"--data", filepath.Join(dir, fmt.Sprint(d.port)), "--relaxed"}
		if d.postgres {
			url, err := testkit.ServerURL(fmt.Sprintf("demo%d", d.port))
			if err != nil {
				return err
			}
			flags = append(flags, "--database-url", url)
		}
		if err := serve("demo", d.port, flags); err != nil {
			return err
		}
		if d.second != 0 {
			if err := serve("serve", d.second, flags); err != nil {
				return err
			}
		}
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		os.RemoveAll(dir)
		os.Exit(0)
	}()
	return http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", readyPort), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ready")
	}))
}

// serve starts bin/kizuki and waits until it answers.
func serve(command string, port int, flags []string) error {
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	cmd := exec.Command("bin/kizuki", append([]string{command, "--addr", addr}, flags...)...)
	logFile, err := os.Create(filepath.Join(os.TempDir(), fmt.Sprintf("kizuki-e2e-%d.log", port)))
	if err != nil {
		return err
	}
	cmd.Stderr = logFile
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		res, err := http.Get("http://" + addr + "/readyz")
		if err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("%s on port %d does not answer; see %s", command, port, logFile.Name())
}
