package task_test

import (
	"context"
	"testing"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
)

// A task that was given room on a day comes up then, and says when it is due.
func TestATaskComesUpBeforeItIsDue(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var made []task.Task
		w.in(func(ctx context.Context, tx *db.Tx) (err error) {
			made, err = w.CreateManyIn(ctx, tx, []task.New{
				{Contract: w.minato, Title: "早めに", Owner: w.okada, Due: "2026-02-27", Plan: "2026-02-17", OriginKind: task.RuleOrigin, OriginID: 1},
				{Contract: w.minato, Title: "その日に", Owner: w.okada, Due: "2026-02-27", OriginKind: task.RuleOrigin, OriginID: 2}})
			return err
		})
		early, asleep := made[0].ID, made[1].ID
		up := func(want bool, when string) {
			t.Helper()
			q, err := w.Queue(w.ctx, w.okada, w.today)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, it := range q.Items {
				found = found || it.ID == early
			}
			if found != want || found != (w.get(early).Day() <= w.today) {
				t.Errorf("%s: %v, %s", when, found, w.get(early).Day())
			}
		}
		due := func(day cal.Date) {
			t.Helper()
			if _, err := w.Update(w.ctx, early, []task.Edit{{Field: "due_date", New: string(day)}}); err != nil {
				t.Fatal(err)
			}
		}
		up(true, "made")
		if due, err := w.QueueFor(w.ctx, []id.ID{w.okada}, w.today); err != nil || due.Count != 1 || due.Items[0].ID != early {
			t.Error("whoever stands in sees the same", err, due)
		}
		if it := w.get(early); it.Due != "2026-02-27" || it.Plan != "2026-02-17" || w.get(asleep).Plan != "" {
			t.Error(it.Due, it.Plan)
		}
		if _, err := w.Snooze(w.ctx, early, "2026-02-18"); err != nil {
			t.Fatal(err)
		}
		up(false, "put off")
		if _, err := w.Snooze(w.ctx, early, ""); err != nil {
			t.Fatal(err)
		}
		up(true, "taken back")
		due("2026-03-10")
		up(false, "due later")
		due("2026-02-20")
		up(true, "due earlier")
		due("2026-02-27")
		up(true, "as it was")
		w.in(func(ctx context.Context, tx *db.Tx) error {
			return w.MoveIn(ctx, tx, w.ws, map[id.ID]cal.Date{early: "2026-04-01"})
		})
		up(false, "moved by its origin")
		w.Skip(w.ctx, asleep, "いらない")
		w.news()
		w.in(func(ctx context.Context, tx *db.Tx) error {
			return w.WakeIn(ctx, tx, w.ws, []id.ID{early, asleep}, w.today)
		})
		up(true, "awake")
		if it := w.get(asleep); it.Plan != "" || w.news() != "" {
			t.Error("what is settled sleeps on, and nobody is told", it.Plan)
		}
	})
}
