// Package testkit runs a test on both databases, each test on a prepared
// database of its own.
package testkit

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
)

// Each runs f on SQLite and on PostgreSQL, side by side. On a machine without
// PostgreSQL its half is skipped with a plain line; under CI that is a failure.
func Each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, Postgres(t))
	})
}

// SQLite gives a migrated database of the test's own.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	useIDs()
	dir := t.TempDir()
	raw, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kizuki.db"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, db.Config{Dir: dir, Relaxed: true})
}

// Postgres gives a migrated database of the test's own.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	useIDs()
	return open(t, db.Config{URL: PostgresURL(t), Dir: t.TempDir()})
}

func open(t testing.TB, c db.Config) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

var ids sync.Once

// useIDs gives the test process an id source without a lease: its databases
// are its own.
func useIDs() {
	ids.Do(func() { id.Use(id.NewSource(1, 0, id.MaxMs)) })
}

// sqliteTemplate is a migrated database file.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "kizuki-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	d, err := db.Open(context.Background(), db.Config{Dir: dir, Relaxed: true})
	if err != nil {
		return nil, err
	}
	err = d.Migrate(context.Background())
	d.Close() // closing folds the WAL into the file
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "kizuki.db"))
})

// Eventually waits until ok is true, for what another goroutine brings about.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never happened: %s", what)
}
