package bulk_test

import (
	"fmt"
	"testing"
	"time"

	"kizuki/internal/bulk"
	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/who"
)

func (w *world) tasks(n int, set func(i int, t *task.New)) (ids []id.ID) {
	w.t.Helper()
	for i := range n {
		in := task.New{Title: fmt.Sprintf("タスク%d", i), Due: "2026-02-20"}
		if set != nil {
			set(i, &in)
		}
		t, err := w.Tasks.Create(w.As(who.Member), in)
		w.must(err)
		ids = append(ids, t.ID)
	}
	return ids
}

func (w *world) task(ref id.ID) task.Task {
	w.t.Helper()
	t, err := w.Tasks.Get(w.Ctx, ref)
	w.must(err)
	return t.Task
}

func (w *world) stagedTasks(role who.Role, sel bulk.Selection, edits ...bulk.Edit) bulk.Act {
	w.t.Helper()
	act, err := w.Bulk.Choose(w.As(role), bulk.Tasks, sel)
	w.must(err)
	act, err = w.Bulk.Stage(w.As(role), act.ID, edits)
	w.must(err)
	return w.worked(w.As(role), act)
}

// Tasks are done in bulk with one word, by a job in slices, and opened again as
// they were; one with open parts waits for them, and one somebody settled once
// more since stays.
func TestTasksDone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		customer := w.add(1, nil)[0]
		ids := w.tasks(7, func(_ int, in *task.New) { in.Contract = customer })
		_, err := w.Tasks.Create(w.As(who.Member), task.New{Title: "部分", Parent: ids[0]})
		w.must(err)
		_, err = w.Tasks.Skip(w.As(who.Member), ids[1], "もう要らない")
		w.must(err)
		n := 0
		w.fail = func() bool { n++; return n%3 == 0 }
		act := w.stagedTasks(who.Member, bulk.Selection{IDs: ids}, bulk.Edit{Field: "state", New: "done"}, bulk.Edit{Field: "why", New: "まとめて確認"})
		w.want(act, bulk.Staged, "change 5, refused 2")
		for _, r := range w.rows(act, bulk.Refused) {
			want := map[id.ID]string{ids[0]: "task.err.has_parts", ids[1]: "task.err.settled"}[r.Ref]
			if r.Why.Key != want {
				t.Errorf("%s: %s, should be %s", r.Org, r.Why.Key, want)
			}
		}
		act = w.apply(w.As(who.Member), act)
		w.want(act, bulk.Applied, "refused 2, done 5")
		if x := w.task(ids[3]); x.State != task.StateDone || x.Why != "まとめて確認" || x.DoneBy != w.Actors[who.Member].Member || x.Version != 2 {
			t.Errorf("%+v", x)
		}
		_, err = w.Tasks.Reopen(w.Ctx, ids[2])
		w.must(err)
		w.Travel(time.Minute)
		_, err = w.Tasks.Done(w.Ctx, ids[2], "あとから", false)
		w.must(err)
		act = w.undo(w.As(who.Member), act)
		w.want(act, bulk.Undone, "refused 2, back 4, partly 1")
		if x := w.task(ids[3]); x.State != task.StateOpen || x.Why != "" || x.DoneBy != 0 || !x.DoneAt.IsZero() {
			t.Errorf("%+v", x)
		}
		if x := w.task(ids[2]); x.State != task.StateDone || x.Why != "あとから" {
			t.Errorf("somebody's later word is gone: %+v", x)
		}
	})
}

// Owner, day and estimate go there and back; a day is moved by business days,
// and a task without one is told apart.
func TestTasksMoved(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.tasks(3, func(i int, in *task.New) { in.Due = []cal.Date{"2026-02-20", "2026-02-26", ""}[i] })
		act := w.stagedTasks(who.Member, bulk.Selection{IDs: ids}, bulk.Edit{Field: "move", New: "2"})
		w.want(act, bulk.Staged, "change 2, refused 1")
		act = w.apply(w.As(who.Member), act)
		if a, b := w.task(ids[0]).Due, w.task(ids[1]).Due; a != "2026-02-25" || b != "2026-03-02" { // the 23rd is a holiday
			t.Error(a, b)
		}
		w.undo(w.As(who.Member), act)
		owner := w.Actors[who.Admin].Member
		act = w.stagedTasks(who.Member, bulk.Selection{Query: "owner=me"}, bulk.Edit{Field: "owner", New: owner.String()}, bulk.Edit{Field: "due_date", New: "明日"}, bulk.Edit{Field: "minutes", New: "30"})
		w.want(act, bulk.Staged, "change 3")
		act = w.apply(w.As(who.Member), act)
		for _, ref := range ids {
			if x := w.task(ref); x.Owner != owner || x.Due != "2026-02-18" || x.Minutes != 30 {
				t.Errorf("%+v", x)
			}
		}
		w.undo(w.As(who.Member), act)
		if x := w.task(ids[1]); x.Owner != w.Actors[who.Member].Member || x.Due != "2026-02-26" || x.Minutes != 0 {
			t.Errorf("%+v", x)
		}
	})
}

// What single acts refuse is refused in bulk: skipping without a word, deleting
// what somebody else made, opening what is open; and there and back for the
// rest.
func TestTasksRules(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.tasks(2, nil)
		mine, err := w.Tasks.Create(w.Ctx, task.New{Title: "自分の"})
		w.must(err)
		act, err := w.Bulk.Choose(w.As(who.Member), bulk.Tasks, bulk.Selection{IDs: ids})
		w.must(err)
		for _, e := range []bulk.Edit{{"state", "skipped"}, {"state", "nope"}, {"owner", "77"}, {"move", "many"}, {"minutes", "-1"}, {"due_date", "いつか"}, {"title", "x"}} {
			if _, err := w.Bulk.Stage(w.As(who.Member), act.ID, []bulk.Edit{e}); !errs.Is(err, errs.Invalid) {
				t.Error(e, err)
			}
		}
		act = w.stagedTasks(who.Member, bulk.Selection{IDs: append(ids[:1:1], mine.ID)}, bulk.Edit{Field: "state", New: "closed"})
		w.want(act, bulk.Staged, "change 1, refused 1")
		act = w.apply(w.As(who.Member), act)
		again := w.stagedTasks(who.Member, bulk.Selection{IDs: ids}, bulk.Edit{Field: "state", New: "open"})
		w.want(again, bulk.Staged, "change 1, same 1")
		again = w.apply(w.As(who.Member), again)
		w.undo(w.As(who.Member), again)
		if x := w.task(ids[0]); x.State != task.StateClosed || x.DoneBy != w.Actors[who.Member].Member {
			t.Errorf("%+v", x)
		}
		w.undo(w.As(who.Member), act)
		if w.task(ids[0]).State != task.StateOpen {
			t.Error("it stays deleted")
		}
	})
}
