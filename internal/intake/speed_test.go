package intake_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/intake"
	"kizuki/internal/testkit"
	"kizuki/internal/timeline"
)

// list makes a contract list of n rows, as a BI tool would write it.
func list(n int) [][]string {
	rows := [][]string{{"契約ID", "契約名", "会社名", "担当", "ステータス", "フェーズ", "開始日", "更新日", "月額", "プラン", "利用人数", "サイト"}}
	for i := range n {
		month := i%12 + 1
		rows = append(rows, []string{fmt.Sprintf("K-%06d", i), fmt.Sprintf("配車クラウド %d号", i), fmt.Sprintf("株式会社アルファ%d", i/3),
			fmt.Sprintf("担当 %d", i%40), []string{"契約中", "試用", "解約予定"}[i%3], []string{"導入", "定着", "活用拡大"}[i%3],
			fmt.Sprintf("2025/%d/1", month), fmt.Sprintf("2026/%d/%d", month, i%28+1), strconv.Itoa(10000 + i),
			[]string{"松", "竹", "梅"}[i%3], strconv.Itoa(i % 500), fmt.Sprintf("https://a%d.example.jp/", i)})
	}
	return rows
}

// Others must get through while a list is written: a note waits less than five
// seconds on SQLite.
func TestOthersGetThrough(t *testing.T) {
	n := 20000
	if s := os.Getenv("KIZUKI_ROWS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	if waited := waitBeside(t, n); waited > 5*time.Second && n <= 20000 {
		t.Errorf("a note waited %v", waited)
	}
}

// waitBeside brings a list of n rows while somebody writes notes, and tells
// how long the slowest took.
func waitBeside(t *testing.T, n int) time.Duration {
	w := newWorld(t, testkit.SQLite(t))
	w.bring(w.file([]string{"契約ID", "会社名"}, []string{"first", "ベータ"}), source("other"))
	target, path := w.byKey("first").ID, w.file(list(n)...)
	var longest, posted atomic.Int64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
			start := time.Now()
			if _, err := w.trail.Post(w.ctx, timeline.PostInput{Contract: target, Body: "ひとりごと"}); err != nil {
				t.Error(err)
			}
			longest.Store(max(longest.Load(), int64(time.Since(start))))
			posted.Add(1)
		}
	}()
	start := time.Now()
	imp := w.stage(path)
	staged := time.Since(start)
	start = time.Now()
	w.apply(imp)
	applied := time.Since(start)
	close(stop)
	<-done
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	t.Logf("%d rows: staged in %v, applied in %v, %d notes posted, the slowest waited %v, %d MB from the system",
		n, staged, applied, posted.Load(), time.Duration(longest.Load()), memory.Sys>>20)
	w.counts(w.stage(path), intake.Counts{Rows: n, Unchanged: n, Known: n})
	return time.Duration(longest.Load())
}

func BenchmarkImport(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			n := 100000
			w := newWorld(b, open(b))
			path := w.file(list(n)...)
			start := time.Now()
			imp := w.stage(path)
			b.ReportMetric(time.Since(start).Seconds(), "stage-s")
			start = time.Now()
			imp = w.apply(imp)
			b.ReportMetric(time.Since(start).Seconds(), "apply-s")
			start = time.Now()
			w.undo(imp)
			b.ReportMetric(time.Since(start).Seconds(), "undo-s")
		})
	}
}
