package task_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

func TestCreate(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		made := w.create(task.New{Contract: w.minato, Title: " 村上部長に\n電話する ", Due: "2026-02-28", Minutes: 10})
		got := w.get(made.ID)
		if got.Title != "村上部長に 電話する" || got.Owner != w.okada || got.OwnerName != "岡田 真帆" || got.ContractName != "本社契約" ||
			got.OrgName != "みなと物流" || got.CreatedBy != w.okada || !got.CreatedAt.Equal(w.Now()) || got.Task.Version != 1 || got.Minutes != 10 {
			t.Errorf("%+v", got)
		}
		if n := w.heard[0]; w.news() != "task.created " || n.Contract != w.minato || n.Ref != made.ID || n.Data["title"] != made.Title {
			t.Errorf("%+v", n)
		}
		part := w.create(task.New{Parent: made.ID, Title: "番号を調べる", Owner: w.abe})
		if part.Contract != w.minato {
			t.Error("a subtask is on its parent's contract")
		}
		for want, n := range map[string]task.New{
			"err.required (title)":      {},
			"err.too_long (title)":      {Title: strings.Repeat("長", 301)},
			"task.err.date (due_date)":  {Title: "a", Due: "2026-02-30"},
			"task.err.minutes (minutes": {Title: "a", Minutes: 6001},
			"err.choice (contract)":     {Title: "a", Contract: 7},
			"err.choice (owner)":        {Title: "a", Owner: 7},
			"err.choice (parent)":       {Title: "a", Parent: 7},
			"one_level (parent)":        {Title: "a", Parent: part.ID},
		} {
			if _, err := w.Create(w.ctx, n); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", want, err)
			}
		}
		if _, err := w.Create(w.as(w.abe, who.Viewer), task.New{Title: "a"}); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
	})
}

func TestAnotherWorkspaceSeesNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		made := w.create(task.New{Contract: w.minato, Title: "a", Due: w.today})
		other := newWorld(t, d)
		ctx := other.ctx
		_, err1 := w.Get(ctx, made.ID)
		_, err2 := w.Done(ctx, made.ID, "", false)
		_, err3 := w.Update(ctx, made.ID, []task.Edit{{Field: "title", New: "b"}})
		_, err4 := w.Reopen(ctx, made.ID)
		_, err5 := w.Snooze(ctx, made.ID, "2026-03-02")
		for _, err := range []error{err1, err2, err3, err4, err5} {
			if !errs.Is(err, errs.NotFound) {
				t.Error(err)
			}
		}
		if _, err := w.Create(ctx, task.New{Title: "a", Contract: w.minato}); !errs.Is(err, errs.Invalid) {
			t.Error(err)
		}
		page, _ := w.List(ctx, task.Query{})
		due, _ := w.Queue(ctx, w.okada, w.today)
		panel, _ := w.ForContract(ctx, w.minato)
		next, _ := w.NextByContract(ctx, d, []id.ID{w.minato})
		if len(page.Items)+due.Count+len(panel.Open)+len(next) > 0 {
			t.Error(page, due, panel, next)
		}
	})
}

func TestDoneSkipReopen(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a := w.create(task.New{Contract: w.minato, Title: "a"})
		w.news()
		done, err := w.Done(w.ctx, a.ID, " 明るい声だった \n", false)
		if got := w.get(a.ID); err != nil || done.State != task.StateDone || got.State != task.StateDone || got.DoneByName != "岡田 真帆" ||
			!got.DoneAt.Equal(w.Now()) || got.Why != "明るい声だった" || got.Task.Version != 2 || done.Version != 2 {
			t.Error(err, got)
		}
		if _, err := w.Done(w.ctx, a.ID, "また", false); err != nil {
			t.Error("said twice is said once", err)
		}
		if _, err := w.Skip(w.ctx, a.ID, "いらない"); !errs.Is(err, errs.Conflict) {
			t.Error(err)
		}
		if len(w.notes) != 1 || w.notes[0] != "task 明るい声だった" || w.news() != "task.done " {
			t.Error(w.notes, w.heard)
		}
		if got, err := w.Reopen(w.ctx, a.ID); err != nil || !got.Open() || !w.get(a.ID).Open() || w.get(a.ID).Why != "" || !w.get(a.ID).DoneAt.IsZero() {
			t.Error(err, got)
		}
		if _, err := w.Reopen(w.ctx, a.ID); err != nil || w.news() != "task.reopened " {
			t.Error(err)
		}
		if _, err := w.Skip(w.ctx, a.ID, " 　"); !errs.Is(err, errs.Invalid) || errs.As(err).Field != "why" {
			t.Error(err)
		}
		if got, err := w.Skip(w.ctx, a.ID, "先方が済ませた"); err != nil || got.State != task.StateSkipped || len(w.notes) != 2 || w.news() != "task.skipped " {
			t.Error(err, got, w.notes)
		}
		if _, err := w.Snooze(w.ctx, a.ID, "2026-03-02"); !errs.Is(err, errs.Conflict) {
			t.Error(err)
		}
	})
}

func TestDoneAsksAboutOpenParts(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		top := w.create(task.New{Title: "資料"})
		one, two := w.create(task.New{Title: "数字", Parent: top.ID}), w.create(task.New{Title: "図", Parent: top.ID})
		w.Done(w.ctx, one.ID, "", false)
		w.today = "2026-02-18" // what was done apart stays done when the rest is taken back
		_, err := w.Done(w.ctx, top.ID, "", false)
		if e := errs.As(err); e.Code != errs.Stopped || e.Key != "task.err.open_subtasks" || e.Args["Count"] != 1 {
			t.Fatal(err)
		}
		if _, err := w.Done(w.ctx, top.ID, "", true); err != nil || w.get(two.ID).State != task.StateDone {
			t.Fatal(err)
		}
		if _, err := w.Reopen(w.ctx, top.ID); err != nil || !w.get(two.ID).Open() || w.get(one.ID).Open() {
			t.Error(err, "the part done in the same moment comes back, the other not")
		}
		if _, err := w.Skip(w.ctx, top.ID, "使わない"); err != nil || w.get(two.ID).State != task.StateSkipped || w.get(one.ID).State != task.StateDone {
			t.Error(err)
		}
		parts, err := w.Subtasks(w.ctx, top.ID)
		if err != nil || len(parts) != 2 {
			t.Error(err, parts)
		}
	})
}

func TestDelete(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		mine := w.create(task.New{Contract: w.minato, Title: "まちがい"})
		if _, err := w.Delete(w.as(w.abe, who.Member), mine.ID, ""); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
		if got, err := w.Delete(w.ctx, mine.ID, "まちがい"); err != nil || got.State != task.StateClosed || len(w.notes) != 0 {
			t.Error(err, got)
		}
		if got, err := w.Reopen(w.ctx, mine.ID); err != nil || !got.Open() {
			t.Error(err)
		}
		if _, err := w.Delete(w.as(w.abe, who.Admin), mine.ID, ""); err != nil {
			t.Error(err)
		}
		ruled := w.create(task.New{Title: "a", OriginKind: task.RuleOrigin, OriginID: 5})
		if _, err := w.Delete(w.ctx, ruled.ID, ""); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
	})
}

func TestSnooze(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a := w.create(task.New{Title: "a", Due: "2026-02-17"})
		for _, c := range []struct{ today, until, want cal.Date }{
			{"2026-02-17", "2026-02-18", "2026-02-18"},
			{"2026-02-17", "2026-02-21", "2026-02-24"}, // Saturday; Monday is the emperor's birthday
			{"2026-02-27", "2026-02-28", "2026-03-02"}, // over the end of the month
			{"2026-04-28", "2026-04-29", "2026-04-30"},
			{"2026-04-28", "2026-05-02", "2026-05-07"}, // the golden week
			{"2026-12-28", "2026-12-31", "2027-01-04"}, // over the year's end
			{"2028-02-28", "2028-02-29", "2028-02-29"}, // a leap day is a day
			{"2026-02-17", "", ""},
		} {
			w.today = c.today
			got, err := w.Snooze(w.ctx, a.ID, c.until)
			if stored := w.get(a.ID); err != nil || got.SnoozeUntil != c.want || stored.SnoozeUntil != c.want || stored.Due != "2026-02-17" {
				t.Errorf("%v: %v %v", c, err, got.SnoozeUntil)
			}
		}
		w.today = "2026-02-17"
		for _, bad := range []cal.Date{"2026-02-16", "2026-02-30", "x"} {
			if _, err := w.Snooze(w.ctx, a.ID, bad); !errs.Is(err, errs.Invalid) {
				t.Error(bad, err)
			}
		}
		w.Now = func() time.Time { return time.Date(2026, 2, 17, 15, 30, 0, 0, time.UTC) } // the 18th in Tokyo
		if _, err := w.Snooze(w.ctx, a.ID, "2026-02-17"); !errs.Is(err, errs.Invalid) {
			t.Error("today is the workspace's day", err)
		}
	})
}

func TestUpdate(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a := w.create(task.New{Contract: w.minato, Title: "a", Minutes: 5})
		part := w.create(task.New{Parent: a.ID, Title: "p"})
		w.news()
		got, err := w.Update(w.ctx, a.ID, []task.Edit{
			{Field: "title", Old: "a", HasOld: true, New: " 見積もりを送る "}, {Field: "owner", New: w.abe.String()},
			{Field: "due_date", New: "2026-02-28"}, {Field: "minutes", New: "15"}, {Field: "contract", New: w.sirasagi.String()}})
		if it := w.get(a.ID); err != nil || it.Task != got || it.Title != "見積もりを送る" || it.Owner != w.abe || it.Due != "2026-02-28" ||
			it.Minutes != 15 || it.Contract != w.sirasagi || it.Task.Version != 2 {
			t.Fatal(err, it)
		}
		if w.get(part.ID).Contract != w.sirasagi {
			t.Error("parts go along")
		}
		if len(w.heard) != 2 || w.heard[0].Contract != w.sirasagi || w.heard[1].Contract != w.minato ||
			w.heard[0].Fields["owner"] != [2]any{w.okada.String(), w.abe.String()} || len(w.heard[0].Fields) != 5 {
			t.Errorf("%+v", w.heard)
		}
		w.news()
		if _, err := w.Update(w.ctx, a.ID, []task.Edit{{Field: "minutes", New: "15"}}); err != nil || w.news() != "" || w.get(a.ID).Task.Version != 2 {
			t.Error("nothing changed, nothing said", err)
		}
		_, err = w.Update(w.ctx, a.ID, []task.Edit{{Field: "title", Old: "a", HasOld: true, New: "c"}, {Field: "due_date", New: "2026-03-02"}})
		if e := errs.As(err); e.Code != errs.Conflict || e.Args["Theirs"] != "見積もりを送る" || e.Args["Yours"] != "c" || w.get(a.ID).Due != "2026-02-28" {
			t.Error(err)
		}
		for _, e := range []task.Edit{{Field: "title"}, {Field: "due_date", New: "2026-2-1"}, {Field: "minutes", New: "x"}, {Field: "owner", New: "7"},
			{Field: "contract", New: "x"}, {Field: "state", New: "done"}} {
			if _, err := w.Update(w.ctx, a.ID, []task.Edit{e}); !errs.Is(err, errs.Invalid) || errs.As(err).Field != e.Field {
				t.Error(e, err)
			}
		}
		if _, err := w.Update(w.ctx, part.ID, []task.Edit{{Field: "contract", New: ""}}); !errs.Is(err, errs.Invalid) {
			t.Error("a part stays with the whole", err)
		}
		if got, err := w.Update(w.ctx, a.ID, []task.Edit{{Field: "owner"}, {Field: "contract"}, {Field: "minutes"}, {Field: "due_date"}}); err != nil ||
			got.Owner != 0 || got.Contract != 0 || got.Minutes != 0 || got.Due != "" {
			t.Error(err, got)
		}
	})
}

func TestAFailingListenerTakesItBack(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a := w.create(task.New{Title: "a"})
		no := errors.New("no")
		w.bus.Subscribe(func(context.Context, *db.Tx, []bus.Change) error { return no }, task.Done)
		if _, err := w.Done(w.ctx, a.ID, "", false); !errors.Is(err, no) || !w.get(a.ID).Open() {
			t.Error(err)
		}
	})
}
