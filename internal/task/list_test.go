package task_test

import (
	"context"
	"fmt"
	"testing"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

func titles(list []task.Item) string {
	s := ""
	for _, it := range list {
		s += it.Title + " "
	}
	return s
}

func TestListPages(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for i, due := range []cal.Date{"", "2026-03-01", "2026-02-01", "", "2026-03-01", "2026-02-17", ""} {
			w.create(task.New{Title: fmt.Sprint(i), Due: due})
		}
		for limit := 1; limit <= 8; limit++ {
			for sort, want := range map[string]string{"due": "2 5 1 4 0 3 6 ", "created": "6 5 4 3 2 1 0 "} {
				all, q := "", task.Query{Limit: limit, Sort: sort}
				for n := 0; n < 10; n++ {
					p, err := w.List(w.ctx, q)
					if err != nil || len(p.Items) > limit {
						t.Fatal(err, len(p.Items))
					}
					all += titles(p.Items)
					if q.Cursor = p.Next; p.Next == "" {
						break
					}
				}
				if all != want {
					t.Errorf("%s by %d: %s", sort, limit, all)
				}
			}
		}
		for _, bad := range []string{"x", ".", "2026-13-01.5", "2026-02-01"} {
			if _, err := w.List(w.ctx, task.Query{Cursor: bad}); !errs.Is(err, errs.Invalid) {
				t.Error(bad, err)
			}
		}
		ctx, n := db.Counting(w.ctx)
		w.List(ctx, task.Query{})
		if n.Load() != 4 { // what is limited, those with a day, those without, their names
			t.Error("queries:", n.Load())
		}
	})
}

func TestListFilters(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.create(task.New{Title: "mine", Contract: w.minato, Due: "2026-02-20"})
		w.create(task.New{Title: "hers", Owner: w.abe, Due: "2026-02-17"})
		w.in(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.CreateManyIn(ctx, tx, []task.New{{Title: "nobody's", Contract: w.sirasagi}})
			return err
		})
		done := w.create(task.New{Title: "done"})
		w.Done(w.ctx, done.ID, "", false)
		for want, q := range map[string]task.Query{
			"hers mine nobody's done ": {},
			"mine done ":               {Owner: "me"},
			"hers ":                    {Owner: w.abe.String()},
			"nobody's ":                {Owner: "none"},
			"mine ":                    {Contract: w.minato},
			"done ":                    {State: task.StateDone},
			"hers mine nobody's ":      {State: task.StateOpen},
			"hers  ":                   {DueBefore: "2026-02-20"},
		} {
			if p, err := w.List(w.ctx, q); err != nil || titles(p.Items)+map[bool]string{true: " "}[q.DueBefore != ""] != want {
				t.Errorf("%+v: %v %s", q, err, titles(p.Items))
			}
		}
		if _, err := w.List(w.ctx, task.Query{Owner: "x"}); !errs.Is(err, errs.Invalid) {
			t.Error(err)
		}
	})
}

func TestQueue(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.create(task.New{Title: "today", Due: "2026-02-17", Minutes: 20})
		w.create(task.New{Title: "late", Due: "2026-02-02"})
		w.create(task.New{Title: "tomorrow", Due: "2026-02-18"})
		w.create(task.New{Title: "someday"})
		w.create(task.New{Title: "hers", Due: "2026-02-02", Owner: w.abe})
		off := w.create(task.New{Title: "off", Due: "2026-02-10"})
		early := w.create(task.New{Title: "early", Due: "2026-03-10"})
		w.Snooze(w.ctx, off.ID, "2026-02-19")
		w.Snooze(w.ctx, early.ID, "2026-02-19")
		w.Done(w.ctx, w.create(task.New{Title: "done", Due: "2026-02-02"}).ID, "", false)
		ctx, n := db.Counting(w.ctx)
		q, err := w.Queue(ctx, w.okada, "2026-02-17")
		if err != nil || titles(q.Items) != "late today " || q.Count != 2 || q.Minutes != 25 || n.Load() != 2 {
			t.Error(err, titles(q.Items), q.Count, q.Minutes, n.Load())
		}
		if q, _ := w.Queue(w.ctx, w.okada, "2026-02-19"); titles(q.Items) != "late off today tomorrow early " || q.Count != 5 {
			t.Error(titles(q.Items), q.Count)
		}
		if it := w.get(off.ID); it.Day() != "2026-02-19" {
			t.Error(it.Day())
		}
		if _, err := w.Queue(context.Background(), w.okada, w.today); !errs.Is(err, errs.Unauthorized) {
			t.Error(err)
		}
	})
}

func TestQueueOfHundreds(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		list := make([]task.New, 230)
		for i := range list {
			list[i] = task.New{Title: fmt.Sprint(i), Owner: w.okada, Due: cal.Date("2026-02-17").AddDays(-i)}
		}
		w.in(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.CreateManyIn(ctx, tx, list)
			return err
		})
		q, err := w.Queue(w.ctx, w.okada, w.today)
		if err != nil || len(q.Items) != task.QueueLimit || q.Count != 230 || q.Minutes != 5*230 || q.Items[0].Title != "229" {
			t.Error(err, len(q.Items), q.Count, q.Minutes)
		}
	})
}

func TestForContractAndNext(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.create(task.New{Contract: w.minato, Title: "someday"})
		w.create(task.New{Contract: w.minato, Title: "march", Due: "2026-03-03"})
		w.create(task.New{Contract: w.minato, Title: "feb", Due: "2026-02-20", Owner: w.abe})
		w.create(task.New{Contract: w.sirasagi, Title: "only"})
		for i := range 7 {
			it := w.create(task.New{Contract: w.minato, Title: fmt.Sprint("done", i)})
			w.today = w.today.AddDays(1)
			w.Done(w.ctx, it.ID, "", false)
		}
		w.Delete(w.ctx, w.create(task.New{Contract: w.minato, Title: "slip"}).ID, "")
		p, err := w.ForContract(w.as(w.abe, who.Viewer), w.minato)
		if err != nil || titles(p.Open) != "feb march someday " || titles(p.Settled) != "done6 done5 done4 done3 done2 " || p.Open[0].OwnerName != "阿部 航" {
			t.Error(err, titles(p.Open), titles(p.Settled))
		}
		next, err := w.NextByContract(w.ctx, d, []id.ID{w.minato, w.sirasagi, 7})
		if err != nil || len(next) != 2 || next[w.minato].Title != "feb" || next[w.sirasagi].Title != "only" {
			t.Error(err, next)
		}
		if none, err := w.NextByContract(w.ctx, d, nil); err != nil || len(none) != 0 {
			t.Error(err)
		}
	})
}
