package intake_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/testkit"
	"kizuki/internal/timeline"
)

// numbered is a list of contracts from..to with one value each.
func numbered(from, to int, value string) [][]string {
	rows := [][]string{{"契約ID", "会社名", "ステータス"}}
	for i := from; i <= to; i++ {
		rows = append(rows, []string{fmt.Sprintf("N%d", i), fmt.Sprintf("会社%d", i), value})
	}
	return rows
}

func TestGuard(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.bring(w.file(numbered(1, 20, "契約中")...))
		before := w.whole()
		staged := w.stage(w.file(numbered(1, 17, "解約予定")...))
		_, err := w.in.Apply(w.ctx, staged.ID, intake.ApplyOptions{})
		if e := errs.As(err); e.Code != errs.Stopped || e.Key != "intake.err.absent_guard" || e.Args["Absent"] != 3 || e.Args["Known"] != 20 {
			t.Errorf("%v", err)
		}
		same(t, "stopped", w.whole(), before)
		w.apply(staged)
		// two of twenty are a tenth, not more; and what is absent already is not counted again
		if _, err := w.in.Apply(w.ctx, w.stage(w.file(numbered(1, 16, "解約予定")...)).ID, intake.ApplyOptions{}); err != nil {
			t.Error(err)
		}
	})
}

func TestAbsentRows(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.bring(w.file(numbered(1, 6, "契約中")...))
		staged := w.stage(w.file(numbered(1, 3, "契約中")...))
		four, five, six := w.byKey("n4"), w.byKey("n5"), w.byKey("n6")
		w.now = w.now.Add(time.Hour)
		_, err := w.in.Apply(w.ctx, staged.ID, intake.ApplyOptions{ConfirmAbsent: true,
			Absent: map[id.ID]intake.Decision{four.ID: intake.Ended, five.ID: intake.Keep}})
		if err != nil {
			t.Fatal(err)
		}
		open, err := w.in.AbsentForMe(w.ctx)
		if err != nil || len(open) != 1 || open[0].ContractID != six.ID || open[0].SourceName != "contracts" {
			t.Fatalf("%+v, %v", open, err)
		}
		if w.byKey("n4").EndedOn == "" || w.byKey("n5").EndedOn != "" {
			t.Error("the decisions were not carried out")
		}
		if err := w.in.Review(w.ctx, open[0].SourceID, six.ID, intake.Keep); err != nil {
			t.Error(err)
		}
		if err := w.in.Review(w.ctx, open[0].SourceID, w.byKey("n1").ID, intake.Keep); !errs.Is(err, errs.NotFound) {
			t.Errorf("reviewed what is there: %v", err)
		}
		if open, _ = w.in.AbsentForMe(w.ctx); len(open) != 0 {
			t.Errorf("%+v", open)
		}
		// the same file again: nothing new is absent
		again := w.bring(w.file(numbered(1, 3, "契約中")...))
		w.counts(again, intake.Counts{Rows: 3, Unchanged: 3, Known: 3})
		before := w.whole()
		back := w.bring(w.file(numbered(1, 6, "契約中")...))
		w.counts(back, intake.Counts{Rows: 6, Unchanged: 3, Reappeared: 3, Known: 3})
		w.undo(back)
		same(t, "undone", w.whole(), before)
		if n := w.number("SELECT count(*) FROM source_key WHERE review = 'kept'"); n != 2 {
			t.Errorf("%d reviews are left", n)
		}
	})
}

func TestEditsBetween(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		head := []string{"契約ID", "会社名", "ステータス", "フェーズ", "更新日"}
		w.bring(w.file(head, []string{"A", "アルファ", "契約中", "導入", "2026-03-31"}))
		a := w.byKey("a")
		staged := w.stage(w.file(head, []string{"A", "アルファ", "解約予定", "導入", "2026-03-31"}))
		w.edit(a.ID, "phase", "定着")   // the file says 導入, but the preview did not name it
		w.edit(a.ID, "status", "様子見") // the file's word wins, and the undo gives this back
		imp := w.apply(staged)
		if a = w.byKey("a"); a.Phase != "定着" || a.Status != "解約予定" {
			t.Errorf("%+v", a)
		}
		w.edit(a.ID, "renewal_date", "2027-03-31")
		if kept := w.undo(imp); len(kept) != 0 {
			t.Errorf("%+v", kept)
		}
		if a = w.byKey("a"); a.Status != "様子見" || a.RenewalDate != "2027-03-31" || a.Phase != "定着" {
			t.Errorf("%+v", a)
		}
		imp = w.bring(w.file(head, []string{"A", "ベータ", "解約", "更新協議", "2028-03-31"}))
		w.edit(a.ID, "status", "自分で直した")
		kept := w.undo(imp)
		if len(kept) != 1 || !slices.Equal(kept[0].Fields, []string{"status"}) || kept[0].Contract != a.ID {
			t.Errorf("%+v", kept)
		}
		if a = w.byKey("a"); a.Status != "自分で直した" || a.OrgName != "アルファ" || a.RenewalDate != "2027-03-31" {
			t.Errorf("%+v", a)
		}
	})
}

func (w *world) edit(c id.ID, name, value string) {
	w.t.Helper()
	if _, err := w.contracts.Update(w.ctx, c, []contract.Edit{{Field: name, New: value}}); err != nil {
		w.t.Fatal(err)
	}
}

func TestUndoKeepsWhatPeopleTouched(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		imp := w.bring(w.file(numbered(1, 4, "契約中")...))
		if _, err := w.trail.Post(w.ctx, timeline.PostInput{Contract: w.byKey("n1").ID, Body: "嫌な予感"}); err != nil {
			t.Fatal(err)
		}
		w.edit(w.byKey("n2").ID, "phase", "定着")
		w.bring(w.file(numbered(3, 3, "契約中")...), source("other"))
		kept := w.undo(imp)
		var keys []string
		for _, k := range kept {
			keys = append(keys, k.Key)
			if !k.Created {
				t.Errorf("%+v", k)
			}
		}
		slices.Sort(keys)
		if !slices.Equal(keys, []string{"N1", "N2", "N3"}) {
			t.Errorf("kept %v", keys)
		}
		if w.byKey("n4").ID != 0 || w.number("SELECT count(*) FROM organization") != 3 {
			t.Error("the untouched contract or its organization is still there")
		}
		// they are found again by key, not made twice
		w.counts(w.bring(w.file(numbered(1, 4, "契約中")...)), intake.Counts{Rows: 4, Created: 1, Unchanged: 3})
	})
}

func TestNewestFirst(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	first := w.bring(w.file(numbered(1, 3, "a")...))
	second := w.bring(w.file(numbered(1, 3, "b")...))
	_, _, err := w.in.Undo(w.ctx, first.ID)
	if e := errs.As(err); e.Code != errs.Conflict || e.Key != "intake.err.newer_first" || e.Args["Import"] != second.ID.String() {
		t.Errorf("%v", err)
	}
	w.undo(second)
	if _, _, err := w.in.Undo(w.ctx, second.ID); !errs.Is(err, errs.Conflict) {
		t.Errorf("undone twice: %v", err)
	}
	w.undo(first)
	if _, err := w.in.Apply(w.ctx, first.ID, intake.ApplyOptions{}); !errs.Is(err, errs.Conflict) {
		t.Errorf("applied what was undone: %v", err)
	}
}

func TestOneOfTwoAtOnceWins(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		one, two := w.stage(w.file(numbered(1, 30, "a")...)), w.stage(w.file(numbered(1, 30, "b")...))
		var g sync.WaitGroup
		got := make([]error, 4)
		for i, imp := range []intake.Import{one, two, one, two} {
			g.Go(func() { _, got[i] = w.in.Apply(w.ctx, imp.ID, intake.ApplyOptions{}) })
		}
		g.Wait()
		won := 0
		for _, err := range got {
			if err == nil {
				won++
			} else if !errs.Is(err, errs.Conflict) {
				t.Error(err)
			}
		}
		if won != 1 || w.number("SELECT count(*) FROM contract") != 30 {
			t.Errorf("%d won: %v", won, got)
		}
	})
}

func TestJobs(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		_, stop := runJobs(w.jobs)
		defer stop()
		path := w.file(numbered(1, 10, "a")...)
		imp, err := w.in.StageLater(w.ctx, intake.Upload{Path: path, FileName: "x.csv"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.until(imp.ID, intake.Staged)
		if _, err := w.in.ApplyLater(w.ctx, imp.ID, intake.ApplyOptions{}); err != nil {
			t.Fatal(err)
		}
		w.until(imp.ID, intake.Applied)
		both, err := w.in.StageLater(w.ctx, intake.Upload{Path: w.file(numbered(1, 10, "b")...), FileName: "y.csv"}, &intake.ApplyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		w.until(both.ID, intake.Applied)
		// what a person has to decide waits for one
		guarded, err := w.in.StageLater(w.ctx, intake.Upload{Path: w.file(numbered(1, 2, "b")...), FileName: "z.csv"}, &intake.ApplyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, "the guard speaks", func() bool {
			got, err := w.in.Get(w.ctx, guarded.ID)
			return err == nil && got.State == intake.Staged && got.Problem != nil && got.Problem.Key == "intake.err.absent_guard"
		})
	})
}

func (w *world) until(imp id.ID, s intake.State) {
	w.t.Helper()
	testkit.Eventually(w.t, string(s), func() bool {
		got, err := w.in.Get(w.ctx, imp)
		if err == nil && got.State == intake.Failed && s != intake.Failed {
			w.t.Fatalf("failed: %+v", got.Problem)
		}
		return err == nil && got.State == s
	})
}

func TestSweep(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	applied, staged := w.bring(w.file(numbered(1, 3, "a")...)), w.stage(w.file(numbered(1, 3, "b")...))
	w.now = w.now.Add(25 * time.Hour)
	if err := w.in.Sweep(w.ctx); err != nil {
		t.Fatal(err)
	}
	if n := w.number("SELECT count(*) FROM import_file"); n != 1 {
		t.Errorf("%d files", n)
	}
	w.now = w.now.Add(7 * 24 * time.Hour)
	if err := w.in.Sweep(w.ctx); err != nil {
		t.Fatal(err)
	}
	if got, _ := w.in.Get(w.ctx, staged.ID); got.State != intake.Dropped {
		t.Errorf("%s", got.State)
	}
	if n := w.number("SELECT count(*) FROM import_file") + w.number("SELECT count(*) FROM import_row WHERE import_id = "+staged.ID.String()); n != 0 {
		t.Errorf("%d left", n)
	}
	w.undo(applied) // its rows are kept
}

// A date in the next year begins the next term; its undo takes it away.
func TestTerms(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		head := []string{"契約ID", "会社名", "開始日", "更新日", "年額"}
		w.bring(w.file(head, []string{"A", "アルファ", "2025-02-01", "2026-02-01", "100000"}))
		before := w.whole()
		imp := w.bring(w.file(head, []string{"A", "アルファ", "2026-02-01", "2027-02-01", "120000"}))
		terms, err := w.contracts.Terms(w.ctx, w.byKey("a").ID)
		if err != nil || len(terms) != 2 || terms[0].Starts != "2026-02-01" || terms[1].Outcome != contract.Renewed {
			t.Fatalf("%+v, %v", terms, err)
		}
		w.undo(imp)
		same(t, "undone", w.whole(), before)
		terms, _ = w.contracts.Terms(w.ctx, w.byKey("a").ID)
		if len(terms) != 1 || terms[0].Outcome != contract.Open || terms[0].Renews != "2026-02-01" {
			t.Errorf("%+v", terms)
		}
	})
}

// A key that somebody changed is still known to the source by the old one.
func TestChangedKey(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	w.bring(w.file(numbered(1, 2, "a")...))
	w.edit(w.byKey("n1").ID, "key", "新しい番号")
	w.counts(w.bring(w.file(numbered(1, 2, "b")...)), intake.Counts{Rows: 2, Updated: 2, Known: 2})
	if c := w.byKey("新しい番号"); c.Status != "b" {
		t.Errorf("%+v", c)
	}
}
