package task_test

import (
	"context"
	"fmt"
	"testing"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
)

func TestCreateManyOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		list := make([]task.New, 1201)
		for i := range list {
			list[i] = task.New{Contract: w.minato, Title: fmt.Sprint(i), OriginKind: task.RuleOrigin, OriginID: id.ID(i/2 + 1), OriginNo: i % 2}
		}
		by := bus.Cause{ActorKind: "rule", ActorID: 9, Depth: 1}
		make := func(list []task.New) (made []task.Task) {
			w.in(func(ctx context.Context, tx *db.Tx) (err error) {
				made, err = w.CreateManyIn(bus.Because(ctx, by), tx, list)
				return err
			})
			return made
		}
		if made := make(list[:700]); len(made) != 700 || made[0].CreatedBy != 0 || made[0].Owner != 0 {
			t.Fatal(len(made))
		}
		w.Done(w.ctx, make(list[700:701])[0].ID, "", false)
		w.news()
		if made := make(list); len(made) != 500 || made[0].Title != "701" || len(w.heard) != 500 || w.heard[0].By != by {
			t.Error(len(made), len(w.heard))
		}
		if made := make(list); len(made) != 0 {
			t.Error("what is there is left alone, done or not:", len(made))
		}
		w.in(func(ctx context.Context, tx *db.Tx) error {
			if _, err := w.CreateManyIn(ctx, tx, []task.New{{Title: "a"}, {Title: ""}}); err == nil {
				t.Error("a task without a title")
			}
			return nil
		})
	})
}

func TestCloseAndReopen(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ruled := w.create(task.New{Contract: w.minato, Title: "a", OriginKind: task.RuleOrigin, OriginID: 1})
		other := w.create(task.New{Contract: w.sirasagi, Title: "b", OriginKind: task.RuleOrigin, OriginID: 2})
		mine := w.create(task.New{Contract: w.minato, Title: "c"})
		done := w.create(task.New{Contract: w.minato, Title: "d", OriginKind: task.RuleOrigin, OriginID: 3})
		w.Done(w.ctx, done.ID, "", false)
		w.in(func(ctx context.Context, tx *db.Tx) error {
			return w.CloseIn(ctx, tx, w.ws, []id.ID{ruled.ID, done.ID}, "契約が終わりました")
		})
		if got := w.get(ruled.ID); got.State != task.StateClosed || got.Why != "契約が終わりました" {
			t.Error(got)
		}
		if !w.get(other.ID).Open() || !w.get(mine.ID).Open() || w.get(done.ID).State != task.StateDone ||
			w.heard[len(w.heard)-1].Data["why"] != "契約が終わりました" {
			t.Error("only those named, and only what was open")
		}
		w.in(func(ctx context.Context, tx *db.Tx) error {
			return w.ReopenIn(ctx, tx, w.ws, []id.ID{ruled.ID, done.ID})
		})
		if got := w.get(ruled.ID); !got.Open() || got.Why != "" || w.get(done.ID).State != task.StateDone {
			t.Error("what a person did stays done, the rest is open again", got)
		}
	})
}

func TestMove(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var list []task.New
		for i := range 600 {
			list = append(list, task.New{Contract: w.minato, Title: fmt.Sprint(i), Due: "2026-03-02", OriginKind: "x", OriginID: id.ID(i + 1)})
		}
		due := map[id.ID]cal.Date{}
		var made []task.Task
		w.in(func(ctx context.Context, tx *db.Tx) (err error) {
			made, err = w.CreateManyIn(ctx, tx, list)
			return err
		})
		for i, m := range made {
			due[m.ID] = cal.Date("2026-03-01").AddDays(i % 3)
		}
		w.Done(w.ctx, made[0].ID, "", false)
		w.Snooze(w.ctx, made[3].ID, "2026-03-10")
		w.Snooze(w.ctx, made[6].ID, "2026-02-20")
		w.news()
		w.in(func(ctx context.Context, tx *db.Tx) error { return w.MoveIn(ctx, tx, w.ws, due) })
		if len(w.heard) != 399 {
			t.Error("those done or already there stay:", len(w.heard))
		}
		if w.get(made[0].ID).Due != "2026-03-02" || w.get(made[2].ID).Due != "2026-03-03" ||
			w.get(made[3].ID).SnoozeUntil != "" || w.get(made[6].ID).SnoozeUntil != "2026-02-20" {
			t.Error("put off beyond the new day comes back, before it stays")
		}
	})
}

func TestRuleTasksFollowTheOwner(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := id.ID(0)
		ruled := func(contract, owner id.ID) id.ID {
			n++
			var made []task.Task
			w.in(func(ctx context.Context, tx *db.Tx) (err error) {
				made, err = w.CreateManyIn(ctx, tx, []task.New{{Contract: contract, Title: "a", Owner: owner, OriginKind: task.RuleOrigin, OriginID: n}})
				return err
			})
			return made[0].ID
		}
		third := w.member("中野 翔太")
		his, free, elsewhere := ruled(w.minato, w.okada), ruled(w.sirasagi, 0), ruled(w.minato, third)
		done, mine := ruled(w.minato, w.okada), w.create(task.New{Contract: w.minato, Title: "手で"}).ID
		w.Done(w.ctx, done, "", false)
		closed := ruled(w.minato, w.okada)
		w.in(func(ctx context.Context, tx *db.Tx) error {
			return w.CloseIn(ctx, tx, w.ws, []id.ID{closed}, "次の期間")
		})
		w.news()
		w.in(func(ctx context.Context, tx *db.Tx) error {
			return w.bus.Publish(ctx, tx,
				bus.Change{Kind: "contract.changed", Workspace: w.ws, Contract: w.minato, Fields: map[string][2]any{"owner": {w.okada.String(), w.abe.String()}}},
				bus.Change{Kind: "contract.changed", Workspace: w.ws, Contract: w.sirasagi, Fields: map[string][2]any{"owner": {nil, w.abe}}},
				bus.Change{Kind: "contract.changed", Workspace: w.ws, Contract: w.sirasagi, Fields: map[string][2]any{"phase": {"a", "b"}}})
		})
		if w.get(his).Owner != w.abe || w.get(free).Owner != w.abe || w.get(closed).Owner != w.abe {
			t.Error("they follow, and so does what may be open again")
		}
		if w.get(elsewhere).Owner != third || w.get(done).Owner != w.okada || w.get(mine).Owner != w.okada {
			t.Error("what was given to somebody, is done or made by hand stays")
		}
	})
}
