package intake_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/intake"
	"kizuki/internal/testkit"
)

func lack(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(shared + "README.md"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err) // nothing is skipped there
		}
		t.Skip("the shared data is not on this machine")
	}
}

func TestLocalGovernments(t *testing.T) {
	lack(t)
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		empty := w.whole()
		start := time.Now()
		first := w.bring(shared + "localgovjp-2017-sjis.csv")
		w.counts(first, intake.Counts{Rows: 1916, Created: 1916})
		t.Logf("1,916 rows in %v", time.Since(start))
		after2017 := w.whole()

		w.now = w.now.Add(24 * time.Hour)
		second := w.bring(shared + "localgovjp-2019-sjis.csv")
		w.counts(second, intake.Counts{Rows: 1916, Updated: 272, Unchanged: 1644, Known: 1916})
		after2019 := w.whole()

		w.now = w.now.Add(24 * time.Hour)
		again := w.bring(shared + "localgovjp-2019-sjis.csv")
		w.counts(again, intake.Counts{Rows: 1916, Unchanged: 1916, Known: 1916})

		cut, keys := cutRows(t, shared+"localgovjp-2019-sjis.csv", 7)
		third := w.bring(w.raw(cut))
		w.counts(third, intake.Counts{Rows: 1909, Unchanged: 1909, Absent: 7, Known: 1916})
		for _, r := range w.preview(third, intake.Absent) {
			if !keys[r.Key] {
				t.Errorf("%s is not one of the seven", r.Key)
			}
		}
		back := w.bring(shared + "localgovjp-2019-sjis.csv")
		w.counts(back, intake.Counts{Rows: 1916, Unchanged: 1909, Reappeared: 7, Known: 1909})

		for _, imp := range []intake.Import{back, third, again} {
			if kept := w.undo(imp); len(kept) > 0 {
				t.Errorf("kept %v", kept)
			}
		}
		same(t, "after undoing three", w.whole(), after2019)
		w.undo(second)
		same(t, "after undoing 2019", w.whole(), after2017)
		w.undo(first)
		same(t, "after undoing 2017", w.whole(), empty)
	})
}

func cutRows(t *testing.T, path string, n int) (string, map[string]bool) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(raw), "\r\n")
	keys := map[string]bool{}
	var kept []string
	for i, l := range lines {
		if i > 0 && i%200 == 0 && len(keys) < n {
			keys[strings.Trim(strings.Split(l, ",")[2], `"`)] = true
			continue
		}
		kept = append(kept, l)
	}
	return strings.Join(kept, "\r\n"), keys
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	shown := 0
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Errorf("%s, line %d:\n got %s\nwant %s", what, i, a, b)
			if shown++; shown == 5 {
				return
			}
		}
	}
}

func TestTelco(t *testing.T) {
	lack(t)
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		imp := w.bring(shared + "Telco-Customer-Churn.csv")
		w.counts(imp, intake.Counts{Rows: 7043, Created: 7043})
		if n := strings.Count(w.export(), "\n"); n != 7044 {
			t.Errorf("%d lines exported", n)
		}
		unknown, _, err := db.One(w.ctx, d, db.Value[int], `SELECT count(*) FROM contract WHERE (fields ->> 'totalcharges') IS NULL`)
		if err != nil || unknown != 11 {
			t.Errorf("%d unknown charges, %v", unknown, err)
		}
		w.counts(w.bring(shared+"Telco-Customer-Churn.csv"), intake.Counts{Rows: 7043, Unchanged: 7043, Known: 7043})
	})
}
