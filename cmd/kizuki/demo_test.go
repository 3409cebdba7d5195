package main_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/testkit"
)

// fill runs the demo's filling; begun, if there is one, tells when it is in the
// middle of it: then it is killed.
func fill(t *testing.T, begun func() bool, flags ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(build(t), append([]string{"demo", "--fill", "--lang", "en"}, flags...)...)
	cmd.Stdout, cmd.Stderr = io.Discard, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if begun != nil {
		testkit.Eventually(t, "filling begins", begun)
		_ = cmd.Process.Kill()
	}
	_ = cmd.Wait() // killed, or its code tells
	return cmd.ProcessState.ExitCode(), out.String()
}

func contracts(t *testing.T, flags ...string) int {
	t.Helper()
	out, err := exec.Command(build(t), append([]string{"export", "contracts"}, flags...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(out), "\n") - 1
}

// A demo that was killed while it was being filled is filled anew.
func TestAKilledDemoIsWholeTheNextTime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	begun := func() bool { _, err := os.Stat(filepath.Join(dir+".filling", "kizuki.db")); return err == nil }
	if code, said := fill(t, begun, "--data", dir); code != -1 {
		t.Fatalf("it was to be killed while filling: %d %s", code, said)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("half a demo is there")
	}
	if code, said := fill(t, nil, "--data", dir); code != 0 || !strings.Contains(said, "Filling the demo team") {
		t.Fatalf("%d %s", code, said)
	}
	if n := contracts(t, "--data", dir); n < 30 {
		t.Errorf("%d contracts", n)
	}
	if _, err := os.Stat(dir + ".filling"); !os.IsNotExist(err) {
		t.Error("something is left beside it")
	}
	if code, said := fill(t, nil, "--data", dir); code != 0 || said != "" {
		t.Errorf("once is enough: %d %s", code, said)
	}
}

// On PostgreSQL there is no folder to begin anew: the next start says what to
// do instead of showing half a team.
func TestAKilledDemoOnPostgreSQLIsRefused(t *testing.T) {
	url := testkit.PostgresURL(t)
	flags := []string{"--data", t.TempDir(), "--database-url", url}
	d, err := db.Open(t.Context(), db.Config{URL: url, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	begun := func() bool {
		n, _, err := db.One(t.Context(), d, db.Value[int64], "SELECT count(*) FROM workspace")
		return err == nil && n == 1
	}
	if code, said := fill(t, begun, flags...); code != -1 {
		t.Fatalf("it was to be killed while filling: %d %s", code, said)
	}
	if code, said := fill(t, nil, flags...); code != 3 || !strings.Contains(said, "Empty the database") {
		t.Errorf("%d %s", code, said)
	}
}
