package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kizuki/internal/audience"
	"kizuki/internal/bulk"
	"kizuki/internal/bus"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// world is an app whose acts are cut into slices of two, and done by a job from
// four records on.
type world struct {
	*apptest.App
	t    testing.TB
	fail func() bool // makes the slice under way fail, as a kill would
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := &world{App: apptest.New(t, d), t: t}
		w.Bulk.Sizes(3, 2)
		w.Bus.Subscribe(func(context.Context, *db.Tx, []bus.Change) error {
			if w.fail != nil && w.fail() {
				return errors.New("killed")
			}
			return nil
		}, contract.Changed, contract.Archived, contract.Unarchived, task.Done, task.Changed)
		f(t, w)
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) add(n int, set func(i int, in *contract.Input)) (ids []id.ID) {
	w.t.Helper()
	for i := range n {
		in := contract.Input{Name: fmt.Sprintf("契約%d", i), Organization: fmt.Sprintf("顧客%d", i), RenewalDate: "2026-09-30", StartDate: "2025-10-01"}
		if set != nil {
			set(i, &in)
		}
		c, err := w.Contracts.Create(w.Ctx, in)
		w.must(err)
		ids = append(ids, c.ID)
	}
	return ids
}

func (w *world) get(ref id.ID) contract.Contract {
	w.t.Helper()
	c, err := w.Contracts.Get(w.Ctx, ref)
	w.must(err)
	return c
}

// staged chooses and compares.
func (w *world) staged(ctx context.Context, sel bulk.Selection, edits ...bulk.Edit) bulk.Act {
	w.t.Helper()
	act, err := w.Bulk.Choose(ctx, bulk.Contracts, sel)
	w.must(err)
	act, err = w.Bulk.Stage(ctx, act.ID, edits)
	w.must(err)
	return w.worked(ctx, act)
}

// worked lets the jobs end what they began, whatever cut them off.
func (w *world) worked(ctx context.Context, act bulk.Act) bulk.Act {
	w.t.Helper()
	for range 50 {
		w.must(w.Jobs.Drain(context.Background()))
		a, err := w.Bulk.Get(ctx, act.ID)
		w.must(err)
		if act = a; !act.Working() {
			return act
		}
		w.must(w.DB.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, "UPDATE job SET run_at = 0 WHERE state = 'ready' AND kind LIKE 'bulk%'")
			return err
		}))
	}
	w.t.Fatalf("it stays %s: %v", act.State, act.Counts)
	return act
}

func (w *world) apply(ctx context.Context, act bulk.Act) bulk.Act {
	w.t.Helper()
	act, err := w.Bulk.Apply(ctx, act.ID)
	w.must(err)
	return w.worked(ctx, act)
}

// settled begins a way and lets it end, cut off or not; where nothing is to be
// done it stays as it is.
func (w *world) settled(act bulk.Act, begin func(context.Context, id.ID) (bulk.Act, error)) bulk.Act {
	w.t.Helper()
	for range 20 { // a few rows are done in the request: cut off, it is asked again
		next, err := begin(w.Ctx, act.ID)
		switch {
		case err == nil:
			return w.worked(w.Ctx, next)
		case errs.As(err).Key == "bulk.err.nothing":
			return act
		case errs.As(err).Code != errs.Internal:
			w.t.Fatal(err)
		}
	}
	w.t.Fatal("it never ends")
	return act
}

func (w *world) undo(ctx context.Context, act bulk.Act) bulk.Act {
	w.t.Helper()
	act, err := w.Bulk.Undo(ctx, act.ID)
	w.must(err)
	return w.worked(ctx, act)
}

func (w *world) rows(act bulk.Act, o ...bulk.Outcome) []bulk.Row {
	w.t.Helper()
	rows, _, err := w.Bulk.Rows(w.Ctx, act.ID, 0, 200, o...)
	w.must(err)
	return rows
}

func counts(c bulk.Counts) string {
	var out []string
	for _, o := range bulk.Outcomes() {
		if c[o] > 0 {
			out = append(out, fmt.Sprintf("%s %d", o, c[o]))
		}
	}
	return strings.Join(out, ", ")
}

func (w *world) want(act bulk.Act, state bulk.State, want string) {
	w.t.Helper()
	if act.State != state || counts(act.Counts) != want {
		w.t.Fatalf("%s: %s; want %s: %s", act.State, counts(act.Counts), state, want)
	}
}

// Three contracts are chosen, looked at, changed and changed back; nothing is
// written before.
func TestAFewContracts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.add(3, func(i int, in *contract.Input) { in.Phase = []string{"導入", "定着", "活用拡大"}[i] })
		ctx := w.As(who.Member)
		act := w.staged(ctx, bulk.Selection{IDs: ids}, bulk.Edit{Field: "phase", New: "定着"})
		w.want(act, bulk.Staged, "change 2, same 1")
		if w.get(ids[0]).Phase != "導入" {
			t.Fatal("the preview wrote")
		}
		act = w.apply(ctx, act)
		w.want(act, bulk.Applied, "same 1, done 2")
		for _, c := range ids {
			if w.get(c).Phase != "定着" {
				t.Error(w.get(c).Phase)
			}
		}
		if v := w.get(ids[1]).Version; v != 1 {
			t.Errorf("what was so already has version %d", v)
		}
		act = w.undo(ctx, act)
		w.want(act, bulk.Undone, "same 1, back 2")
		if w.get(ids[0]).Phase != "導入" || w.get(ids[2]).Phase != "活用拡大" {
			t.Error("it did not go back")
		}
		if _, err := w.Bulk.Undo(ctx, act.ID); !errs.Is(err, errs.Conflict) {
			t.Error("undone twice:", err)
		}
	})
}

// What the list's query finds is chosen without naming it; a job reads and
// writes it in slices, and one that is cut off goes on where it stopped.
func TestAllThatMatch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.add(9, func(i int, in *contract.Input) { in.Status = []string{"契約中", "試用"}[i/7] })
		n := 0
		w.fail = func() bool { n++; return n%2 == 0 } // every other slice is cut off
		act := w.staged(w.Ctx, bulk.Selection{Query: "status=契約中&sort=name"}, bulk.Edit{Field: "owner", New: w.Actors[who.Member].Member.String()})
		w.want(act, bulk.Staged, "change 7")
		act = w.apply(w.Ctx, act)
		w.want(act, bulk.Applied, "done 7")
		for i, c := range ids {
			x := w.get(c)
			if owned := x.OwnerID == w.Actors[who.Member].Member; owned != (i < 7) {
				t.Error(i, owned)
			}
			if i < 7 && x.Version != 2 {
				t.Errorf("version %d: not exactly once", x.Version)
			}
		}
		card, _, err := w.Handovers.Waiting(w.As(who.Member), 50)
		w.must(err)
		batches := map[id.ID]bool{}
		for _, h := range card {
			batches[h.Batch] = true
		}
		if len(batches) != 1 || !batches[act.ID] {
			t.Errorf("%d handovers instead of one act: %v", len(batches), batches)
		}
		act = w.undo(w.Ctx, act)
		w.want(act, bulk.Undone, "back 7")
		if rest, _, _ := w.Handovers.Waiting(w.As(who.Member), 50); len(rest) > 0 {
			t.Error("handovers stay:", len(rest))
		}
	})
}

// Somebody else's later value is never written over, neither by the act nor by
// taking it back; it is listed.
func TestLaterChangesStay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.add(3, func(_ int, in *contract.Input) { in.Phase, in.Status = "導入", "契約中" })
		edits := []bulk.Edit{{Field: "phase", New: "定着"}, {Field: "status", New: "解約予定"}}
		act := w.staged(w.Ctx, bulk.Selection{IDs: ids}, edits...)
		set := func(c id.ID, name, v string) {
			_, err := w.Contracts.Update(w.As(who.Admin), c, []contract.Edit{{Field: name, New: v}})
			w.must(err)
		}
		set(ids[0], "phase", "更新協議")
		act = w.apply(w.Ctx, act)
		w.want(act, bulk.Applied, "done 2, left 1")
		if c := w.get(ids[0]); c.Phase != "更新協議" || c.Status != "契約中" {
			t.Error("a row that changed was written:", c.Phase, c.Status)
		}
		if r := w.rows(act, bulk.Left); len(r) != 1 || r[0].Name != "契約0" || !slices.Equal(r[0].Why.Fields, []string{"phase"}) {
			t.Errorf("%+v", r)
		}
		set(ids[1], "status", "更新済")
		act = w.undo(w.Ctx, act)
		w.want(act, bulk.Undone, "left 1, back 1, partly 1")
		if c := w.get(ids[1]); c.Phase != "導入" || c.Status != "更新済" {
			t.Error(c.Phase, c.Status)
		}
		if r := w.rows(act, bulk.Partly); len(r) != 1 || !slices.Equal(r[0].Why.Fields, []string{"status"}) {
			t.Errorf("%+v", r)
		}
	})
}

// A person's selection holds only what the person may read; an act is its
// maker's and the admins'.
func TestRights(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.add(2, nil)
		w.must(w.Contracts.Limit(w.Ctx, ids[0], true, []audience.Reader{{Kind: "member", ID: w.Actors[who.Owner].Member}}))
		ctx := w.As(who.Member)
		for _, sel := range []bulk.Selection{{IDs: ids}, {}} {
			act := w.staged(ctx, sel, bulk.Edit{Field: "phase", New: "定着"})
			w.want(act, bulk.Staged, "change 1")
			w.apply(ctx, act)
			w.undo(ctx, act)
		}
		if w.get(ids[0]).Phase != "" {
			t.Error("a contract that may not be read was changed")
		}
		if _, err := w.Bulk.Choose(w.As(who.Viewer), bulk.Contracts, bulk.Selection{IDs: ids}); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
		act := w.staged(w.As(who.Admin), bulk.Selection{IDs: ids[1:]}, bulk.Edit{Field: "phase", New: "導入"})
		if _, err := w.Bulk.Apply(ctx, act.ID); !errs.Is(err, errs.NotFound) {
			t.Error("somebody else's act:", err)
		}
		if _, err := w.Bulk.Get(w.Other(), act.ID); !errs.Is(err, errs.NotFound) {
			t.Error("another workspace:", err)
		}
		w.apply(w.As(who.Admin), act)
		for role, n := range map[who.Role]int{who.Member: 2, who.Owner: 3} {
			if list, err := w.Bulk.List(w.As(role), 0, 50); err != nil || len(list) != n {
				t.Error(role, len(list), err)
			}
		}
		log, _, err := w.Workspace.Audit(w.Ctx, "", 50)
		w.must(err)
		if !slices.ContainsFunc(log, func(e workspace.Entry) bool { return e.Act == "bulk.applied" && e.Object == act.ID }) {
			t.Error("the audit log does not know of it")
		}
	})
}

// What no record can become is said when it is asked for; what one cannot, in
// its row.
func TestRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		act, err := w.Bulk.Choose(w.Ctx, bulk.Contracts, bulk.Selection{IDs: w.add(1, nil)})
		w.must(err)
		for _, e := range []bulk.Edit{{"notice_date", "いつか"}, {"owner", "だれか"}, {"key", "K-1"}, {"field:nope", "1"}, {"outlook", "まあまあ"}} {
			if _, err := w.Bulk.Stage(w.Ctx, act.ID, []bulk.Edit{e}); !errs.Is(err, errs.Invalid) {
				t.Error(e, err)
			}
		}
		if _, err := w.Bulk.Apply(w.Ctx, act.ID); !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.Invalid) {
			t.Error("applied without a preview:", err)
		}
	})
}

// Everything an edit in place offers goes there and back: custom fields of all
// kinds, the outlook with who gave it, the archive, and the date that begins
// the next term.
func TestThereAndBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, f := range []field.Input{{Key: "plan", Type: field.Choice, Options: []string{"松", "竹"}}, {Key: "tags", Type: field.Choices, Options: []string{"a", "b"}},
			{Key: "seats", Type: field.Number}, {Key: "price", Type: field.Money}, {Key: "site", Type: field.Link}, {Key: "live", Type: field.Checkbox},
			{Key: "lead", Type: field.Member}, {Key: "memo", Type: field.Text}, {Key: "kick", Type: field.Date}} {
			f.Labels = map[string]string{"ja": f.Key}
			_, err := w.Fields.Create(w.Ctx, f)
			w.must(err)
		}
		one := w.add(1, func(_ int, in *contract.Input) {
			in.RenewalDate, in.StartDate, in.Outlook, in.OutlookWhy = "2026-01-31", "2025-02-01", "watch", "返信がない"
			in.Fields = map[string]any{"seats": "10", "plan": "竹"}
			in.Form = true
		})
		before := w.get(one[0])
		member := w.Actors[who.Member].Member.String()
		w.Travel(1)
		act := w.staged(w.As(who.Member), bulk.Selection{IDs: one}, []bulk.Edit{{"outlook", "on_track"}, {"owner", member}, {"renewal_date", "2027-01-31"},
			{"auto_renew", "true"}, {"notice_date", "2026/12/1"}, {"department", "営業部"}, {"archived", "true"}, {"field:plan", "松"}, {"field:tags", "a、b"},
			{"field:seats", "1,200"}, {"field:price", "12,000円"}, {"field:site", "https://example.jp/"}, {"field:live", "はい"}, {"field:lead", member},
			{"field:memo", "メモ"}, {"field:kick", "2026-04-01"}}...)
		act = w.apply(w.As(who.Member), act)
		w.want(act, bulk.Applied, "done 1")
		after := w.get(one[0])
		if after.TermNo != 2 || after.OutlookWhy != "" || after.OutlookBy != w.Actors[who.Member].Member || after.ArchivedAt.IsZero() || len(after.Fields) != 9 {
			t.Errorf("%+v", after)
		}
		w.undo(w.As(who.Member), act)
		back := w.get(one[0])
		if d := contract.Diff(before, back); len(d) > 0 || back.TermNo != 1 || !back.OutlookAt.Equal(before.OutlookAt) || back.OutlookBy != before.OutlookBy || !back.ArchivedAt.IsZero() {
			t.Errorf("%v %+v", d, back)
		}
		page, err := w.Timeline.Trail(w.Ctx, one[0], timeline.All, "", 50)
		w.must(err)
		causes := map[string]int{}
		for _, e := range page.Entries {
			if e.Event != nil && e.Event.Kind == "contract.changed" {
				causes[e.Event.CauseKind]++
			}
		}
		if causes[bulk.Cause] != 1 || causes[bulk.UndoCause] != 1 {
			t.Error("not one event an act:", causes)
		}
	})
}
