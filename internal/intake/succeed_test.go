package intake_test

import (
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/testkit"
	"kizuki/internal/timeline"
)

var (
	termHead = []string{"契約番号", "契約名", "会社名", "部署", "開始日", "更新日", "年額"}
	oldA     = []string{"A-001", "サポート", "みなと物流", "情報システム部", "2025-04-01", "2026-03-31", "1200000"}
	oldB     = []string{"A-002", "倉庫", "綿雲ファブリック", "", "2025-06-01", "2026-05-31", "500000"}
	newA     = []string{"B-101", "サポート", "みなと物流", "情報システム部", "2026-04-01", "2027-03-31", "1500000"}
)

// renewed brings two contracts, and stages a list in which one has a new number.
func (w *world) renewed() (old id.ID, staged intake.Import) {
	w.t.Helper()
	w.bring(w.file(termHead, oldA, oldB))
	return w.byKey("a-001").ID, w.stage(w.file(termHead, newA, oldB))
}

// A new number goes on with the same contract: what people wrote stays with it,
// and the next term begins.
func TestSucceed(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		old, imp := w.renewed()
		if _, err := w.trail.Post(w.ctx, timeline.PostInput{Contract: old, Body: "担当の方が替わるそう"}); err != nil {
			t.Fatal(err)
		}
		w.counts(imp, intake.Counts{Rows: 2, Created: 1, Unchanged: 1, Absent: 1, Known: 2})
		offers, err := w.in.Offers(w.ctx, imp.ID)
		if err != nil || len(offers) != 1 || !offers[0].Certain || offers[0].Old[0].Contract != old || offers[0].New.Key != "B-101" {
			t.Fatalf("%+v %v", offers, err)
		}
		before := w.whole()
		imp, err = w.in.Succeed(w.ctx, imp.ID, map[int]id.ID{offers[0].New.Line: old})
		if err != nil {
			t.Fatal(err)
		}
		w.counts(imp, intake.Counts{Rows: 2, Updated: 1, Unchanged: 1, Known: 2})
		same(t, "chosen", w.whole(), before)
		imp = w.apply(imp)
		c := w.byKey("b-101")
		if c.ID != old || c.TermNo != 2 || c.RenewalDate != "2027-03-31" || w.byKey("a-001").ID != 0 {
			t.Errorf("%+v", c)
		}
		if n := w.number("SELECT count(*) FROM note"); n != 1 {
			t.Errorf("%d notes", n)
		}
		again := w.bring(w.file(termHead, newA, oldB))
		w.counts(again, intake.Counts{Rows: 2, Unchanged: 2, Known: 2})
		w.undo(again)
		w.undo(imp)
		same(t, "undone", w.whole(), before)
	})
}

// A list written before the renewal changes nothing of the term that runs now.
func TestAnOldNumberIsRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		old, imp := w.renewed()
		imp, err := w.in.Succeed(w.ctx, imp.ID, map[int]id.ID{w.preview(imp, intake.Created)[0].Line: old})
		if err != nil {
			t.Fatal(err)
		}
		w.apply(imp)
		late := w.stage(w.file(termHead, newA, oldA, oldB))
		w.counts(late, intake.Counts{Rows: 3, Unchanged: 2, Invalid: 1, Errors: 1, Known: 2})
		if p := w.preview(late, intake.Invalid)[0].Problems; len(p) != 1 || p[0].Key != "intake.err.superseded" {
			t.Errorf("%+v", p)
		}
	})
}

func TestSucceedRefuses(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		old, imp := w.renewed()
		line := w.preview(imp, intake.Created)[0].Line
		other := w.byKey("a-002").ID
		for name, chosen := range map[string]map[int]id.ID{
			"another customer": {line: other}, "no such row": {99: old}, "no such contract": {line: 77},
		} {
			if _, err := w.in.Succeed(w.ctx, imp.ID, chosen); errs.As(err).Key != "intake.err.succession" {
				t.Errorf("%s: %v", name, err)
			}
		}
		imp, err := w.in.Succeed(w.ctx, imp.ID, map[int]id.ID{line: old})
		if err != nil {
			t.Fatal(err)
		}
		if imp, err = w.in.Unsucceed(w.ctx, imp.ID); err != nil {
			t.Fatal(err)
		}
		w.counts(imp, intake.Counts{Rows: 2, Created: 1, Unchanged: 1, Absent: 1, Known: 2})
		w.apply(imp)
		if w.byKey("b-101").ID == old || w.byKey("a-001").ID != old {
			t.Error("a row of its own became the next term")
		}
	})
}
