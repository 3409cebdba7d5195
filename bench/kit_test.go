// Package bench holds the figures we claim, as ratios measured in one run
// against a plain baseline: `make bench`.
package bench_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kizuki/internal/app"
	"kizuki/internal/blob"
	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// each runs f on both databases, with a raw connection to the same database
// for the baseline.
func each(b *testing.B, f func(b *testing.B, d *db.DB, raw *sql.DB)) {
	b.Run("sqlite", func(b *testing.B) {
		dir := b.TempDir()
		d, err := db.Open(context.Background(), db.Config{Dir: dir, Relaxed: true})
		check(b, err)
		b.Cleanup(func() { d.Close() })
		check(b, d.Migrate(context.Background()))
		testkit.SQLite(b) // ids
		raw, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.Join(dir, "kizuki.db")}).EscapedPath()+
			"?_pragma=busy_timeout(30000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)&_txlock=immediate")
		check(b, err)
		b.Cleanup(func() { raw.Close() })
		f(b, d, raw)
	})
	b.Run("postgres", func(b *testing.B) {
		d := testkit.Postgres(b)
		raw, err := sql.Open("pgx", d.URL())
		check(b, err)
		b.Cleanup(func() { raw.Close() })
		f(b, d, raw)
	})
}

func check(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// newApp builds the app with one workspace and gives the owner's context.
func newApp(b testing.TB, d *db.DB) (*app.App, context.Context) {
	b.Helper()
	a := app.New(d, blob.Folder(b.TempDir()), app.Config{})
	owner, err := a.Workspace.CreateWorkspace(context.Background(), workspace.SetupInput{Workspace: "B", Name: "O",
		Mail: "o@example.com", Password: "correct horse battery"})
	check(b, err)
	return a, who.With(context.Background(), owner)
}

// writeList generates a list of n contracts as a BI tool exports it: a text, a
// number, a date and a choice besides what every list has. generation changes
// one value in a hundred.
func writeList(b testing.TB, n, generation int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), fmt.Sprintf("list-%d-%d.csv", n, generation))
	var out strings.Builder
	out.WriteString("契約ID,契約名,会社名,担当,ステータス,フェーズ,開始日,更新日,月額,プラン,利用者数,初回導入日,メモ欄\n")
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range n {
		users := r.IntN(5000)
		if generation > 0 && i%100 == 0 {
			users += generation
		}
		year, month := 2026+r.IntN(3), 1+r.IntN(12)
		fmt.Fprintf(&out, "K%07d,契約%d,顧客%d株式会社,担当%d,%s,%s,%d/%d/1,%d/%d/28,%d,%s,%d,2020/%d/15,備考%d\n", i, i, i/2, i%40,
			[]string{"契約中", "更新手続中", "試用"}[r.IntN(3)], []string{"導入", "定着", "活用拡大", "更新協議"}[r.IntN(4)],
			year-1, month, year, month, 10000*(1+r.IntN(90)), []string{"A", "B", "C", "D", "E"}[r.IntN(5)], users, month, i%1000)
	}
	check(b, os.WriteFile(path, []byte(out.String()), 0o600))
	return path
}

// peak samples the heap in use while f runs and gives its highest, in bytes
// above where it began.
func peak(f func()) uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	start, high := m.HeapInuse, m.HeapInuse
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		var m runtime.MemStats
		for !stop.Load() {
			runtime.ReadMemStats(&m)
			high = max(high, m.HeapInuse)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	f()
	stop.Store(true)
	<-done
	return high - start
}

// rowsFromEnv lets a trial run be short: KIZUKI_BENCH_ROWS, 100,000 otherwise.
func rowsFromEnv() int {
	n, err := strconv.Atoi(os.Getenv("KIZUKI_BENCH_ROWS"))
	if err != nil {
		return 100_000
	}
	return n
}
