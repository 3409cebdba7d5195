package intake_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"kizuki/internal/audience"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/testkit"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
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

// Once another number went on with a contract, the old one stays refused, also
// when the new one has vanished meanwhile.
func TestAnOldNumberStaysRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		old, imp := w.renewed()
		imp, err := w.in.Succeed(w.ctx, imp.ID, map[int]id.ID{w.preview(imp, intake.Created)[0].Line: old})
		if err != nil {
			t.Fatal(err)
		}
		w.apply(imp)
		w.counts(w.bring(w.file(termHead, oldB)), intake.Counts{Rows: 1, Unchanged: 1, Absent: 1, Known: 2})
		w.counts(w.stage(w.file(termHead, oldB)), intake.Counts{Rows: 1, Unchanged: 1, Known: 1})
		late := w.bring(w.file(termHead, oldA, oldB))
		w.counts(late, intake.Counts{Rows: 2, Unchanged: 1, Invalid: 1, Errors: 1, Known: 1})
		if c := w.byKey("b-101"); c.RenewalDate != "2027-03-31" {
			t.Errorf("renews %s", c.RenewalDate)
		}
	})
}

// Somebody who may not read a contract neither sees it in lists nor writes it by
// them; one limited while a file waits stops it.
func TestLimitedContractsAndLists(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		old, imp := w.renewed()
		other := w.actor
		other.Member, other.Role = id.New(), who.Member
		err := d.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, `INSERT INTO member (workspace_id, id, name, name_fold, role, state, created_at)
				VALUES ($1, $2, '中野 翔太', '中野翔太', 'member', 'active', 0)`, other.Workspace, other.Member)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		theirs := who.With(context.Background(), other)
		if rows, _, err := w.in.Preview(theirs, imp.ID, intake.Absent, "", 10); err != nil || len(rows) != 1 {
			t.Fatalf("%+v %v", rows, err)
		}
		if err := w.contracts.Limit(w.ctx, old, true, []audience.Reader{{Kind: "member", ID: w.actor.Member}}); err != nil {
			t.Fatal(err)
		}
		if rows, _, err := w.in.Preview(theirs, imp.ID, intake.Absent, "", 10); err != nil || len(rows) != 0 {
			t.Errorf("shown: %+v %v", rows, err)
		}
		if offers, err := w.in.Offers(theirs, imp.ID); err != nil || len(offers) != 0 {
			t.Errorf("offered: %+v %v", offers, err)
		}
		if _, err := w.in.Apply(theirs, imp.ID, intake.ApplyOptions{ConfirmAbsent: true}); errs.As(err).Key != "intake.err.stale" {
			t.Errorf("applied: %v", err)
		}
		late, err := w.in.Stage(theirs, intake.Upload{Path: w.file(termHead, oldA, oldB), FileName: "x.csv"})
		if err != nil {
			t.Fatal(err)
		}
		w.counts(late, intake.Counts{Rows: 2, Unchanged: 1, Invalid: 1, Errors: 1, Known: 1})
		late, err = w.in.Stage(theirs, intake.Upload{Path: w.file(termHead, oldB), FileName: "x.csv"})
		if err != nil {
			t.Fatal(err)
		}
		w.counts(late, intake.Counts{Rows: 1, Unchanged: 1, Known: 1})
	})
}

// What could not be read of a limited contract is its readers' and the one's who
// brought the file.
func TestErrorsOfLimitedContracts(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.bring(w.file(termHead, oldA, oldB))
		bad := slices.Clone(oldA)
		bad[5] = "2026-02-30"
		imp := w.stage(w.file(termHead, bad, oldB))
		if err := w.contracts.Limit(w.ctx, w.byKey("a-001").ID, true, []audience.Reader{{Kind: "member", ID: w.actor.Member}}); err != nil {
			t.Fatal(err)
		}
		other := w.actor
		other.Member, other.Role = id.New(), who.Member
		for name, c := range map[string]struct {
			ctx  context.Context
			want int
		}{"who brought it": {w.ctx, 1}, "somebody else": {who.With(context.Background(), other), 0}} {
			rows, _, err := w.in.Preview(c.ctx, imp.ID, intake.Invalid, "", 10)
			if err != nil || len(rows) != c.want {
				t.Errorf("%s: preview %+v %v", name, rows, err)
			}
			result, err := w.in.Result(c.ctx, imp)
			if err != nil || len(result.Problems) != c.want {
				t.Errorf("%s: result %+v %v", name, result.Problems, err)
			}
			var b bytes.Buffer
			if err := w.in.ErrorFile(c.ctx, imp.ID, &b, [3]string{"行", "列", "わけ"}, func(intake.Problem) string { return "" }); err != nil ||
				strings.Contains(b.String(), "みなと物流") != (c.want > 0) {
				t.Errorf("%s: file %q %v", name, b.String(), err)
			}
		}
	})
}
