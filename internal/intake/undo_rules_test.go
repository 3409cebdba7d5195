package intake_test

import (
	"log/slog"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/intake"
	"kizuki/internal/job"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/timeline"
)

// ruled is a world in which a rule brings up a task 28 days before each
// renewal, and one contract, A, renewing on 2026-03-20, has got its task.
type ruled struct {
	*world
	rules *rule.Service
	tasks *task.Service
	first task.Item
}

var renewals = []string{"契約ID", "会社名", "更新日", "担当"}

func newRuled(t *testing.T, d *db.DB) *ruled {
	t.Helper()
	w := newWorld(t, d)
	b := bus.New()
	w.contracts, w.trail = contract.New(d, b, w.fields, w.orgs), timeline.New(d, b)
	w.trail.Subscribe(b)
	w.jobs = job.New(d, slog.New(slog.DiscardHandler))
	r := &ruled{world: w, tasks: task.NewService(d, b, nil)}
	r.rules = rule.New(d, b, w.jobs, w.people, w.fields, r.tasks)
	w.in = intake.New(d, b, intake.Parts{People: w.people, Fields: w.fields, Orgs: w.orgs, Contracts: w.contracts, Contacts: contact.New(d, b, w.contracts),
		Notes: w.trail, Jobs: w.jobs})
	clock := func() time.Time { return w.now }
	w.contracts.Now, w.trail.Now, r.tasks.Now, r.rules.Now, w.in.Now = clock, clock, clock, clock, clock

	r.renew("2026/3/20", "中野 翔太")
	made, err := r.rules.Create(w.ctx, rule.Input{Name: "更新の節目", Spec: rule.Spec{On: rule.OnRenewal, Steps: []rule.Step{
		{Offset: -28, Unit: rule.Calendar, To: rule.ToOwner, Tasks: []rule.Todo{{Title: "見積もりを送る"}}}}}})
	if err == nil {
		_, err = r.rules.GoLive(w.ctx, made.ID, rule.FromNext)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.day("2026-02-20")
	list := r.all()
	if len(list) != 1 || list[0].Due != "2026-02-20" || list[0].OwnerName != "中野 翔太" {
		t.Fatalf("%+v", list)
	}
	r.first = list[0]
	return r
}

// day goes to a day and lets the rules run.
func (r *ruled) day(s string) {
	r.t.Helper()
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		r.t.Fatal(err)
	}
	r.now = at.Add(time.Hour)
	if _, err := r.rules.RunAsOf(r.ctx, "", false); err != nil {
		r.t.Fatal(err)
	}
}

// renew imports contract A with a renewal date and an owner.
func (r *ruled) renew(date, owner string) intake.Import {
	r.t.Helper()
	return r.bring(r.file(renewals, []string{"A", "アルファ", date, owner}))
}

// all are the contract's tasks in whatever state, in the order they were made.
func (r *ruled) all() []task.Item {
	r.t.Helper()
	p, err := r.tasks.List(r.ctx, task.Query{Contract: r.byKey("a").ID, Sort: "created"})
	if err != nil {
		r.t.Fatal(err)
	}
	return p.Items
}

func (r *ruled) task() task.Item {
	r.t.Helper()
	it, err := r.tasks.Get(r.ctx, r.first.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	return it
}

// asBefore reports a task that is not what it was before the import.
func (r *ruled) asBefore() {
	r.t.Helper()
	got, want := r.task(), r.first
	got.Version, want.Version = 0, 0 // every save raises it
	if got != want {
		r.t.Errorf("the task is\n%+v, was\n%+v", got, want)
	}
}

func (r *ruled) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// An import that opened the next term closed the tasks of the one before, and
// gave the contract to another; undone long after, they are as they were, the
// next term's are away, and so is the person the import made. Brought again,
// the next term's tasks come up once.
func TestUndoOpensTheTasksOfTheTermBefore(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		r := newRuled(t, d)
		people := r.number("SELECT count(*) FROM member")
		r.day("2026-03-23")
		for range 2 {
			imp := r.renew("2026/4/30", "田村 健")
			if got := r.task(); r.byKey("a").TermNo != 2 || got.State != task.StateClosed {
				t.Fatalf("%+v", got)
			}
			r.day("2026-04-10") // the next term's first step has come up
			if list := r.all(); len(list) > 2 || r.number("SELECT count(*) FROM task WHERE state = 'open'") > 1 {
				t.Errorf("%+v", list)
			}
			r.undo(imp)
			r.asBefore()
			if n := r.number("SELECT count(*) FROM task WHERE state = 'open'"); n != 1 {
				t.Errorf("%d tasks are open", n)
			}
			if n := r.number("SELECT count(*) FROM member"); n != people {
				t.Errorf("%d members, were %d", n, people)
			}
			r.now = r.now.AddDate(0, 0, -18)
		}
	})
}

// Dates that an import corrected move back with the tasks that followed them,
// even if their day has passed by then.
func TestUndoMovesDueDaysBack(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		r := newRuled(t, d)
		for _, day := range []string{"2026-02-20", "2026-02-25"} {
			r.day(day)
			imp := r.renew("2026/4/30", "田村 健")
			if got := r.task(); got.Due != "2026-04-02" || got.OwnerName != "田村 健" {
				t.Fatalf("%+v", got)
			}
			r.undo(imp)
			r.asBefore()
		}
		// A day that was moved up to today is not moved up once more.
		r.day("2026-02-26")
		r.renew("2026/3/18", "中野 翔太")
		if r.first = r.task(); r.first.Due != "2026-02-26" {
			t.Fatalf("%+v", r.first)
		}
		r.day("2026-03-23")
		next := r.renew("2027/3/18", "中野 翔太")
		if r.task().Open() {
			t.Fatal("the next term began")
		}
		r.undo(next)
		r.asBefore()
		again := r.renew("2026/4/30", "中野 翔太") // its own next day, late
		r.day("2026-03-24")
		r.undo(again)
		r.asBefore()
	})
}

// What people did with a task, before the import or after it, stays.
func TestUndoLeavesWhatPeopleDid(t *testing.T) {
	for name, c := range map[string]struct {
		before, after func(r *ruled) error
		want          func(task.Item) bool
	}{
		"moved before": {before: func(r *ruled) error { return r.edit("due_date", "2026-03-02") },
			want: func(it task.Item) bool { return it.Open() && it.Due == "2026-03-02" }},
		"given before": {before: func(r *ruled) error { return r.edit("owner", r.actor.Member.String()) },
			want: func(it task.Item) bool { return it.Open() && it.Owner != 0 && it.OwnerName == "岡田 真帆" }},
		"done before": {before: func(r *ruled) error { _, err := r.tasks.Done(r.ctx, r.first.ID, "", false); return err },
			want: func(it task.Item) bool { return it.State == task.StateDone }},
		"skipped after": {after: func(r *ruled) error {
			if _, err := r.tasks.Reopen(r.ctx, r.first.ID); err != nil {
				return err
			}
			_, err := r.tasks.Skip(r.ctx, r.first.ID, "不要になった")
			return err
		}, want: func(it task.Item) bool { return it.State == task.StateSkipped && it.Why == "不要になった" }},
		"moved after": {after: func(r *ruled) error { return r.edit("due_date", "2026-03-30") },
			want: func(it task.Item) bool { return it.Due == "2026-03-30" }},
		"the contract ended after": {after: func(r *ruled) error {
			return r.contracts.End(r.ctx, r.byKey("a").ID, "", "")
		}, want: func(it task.Item) bool { return it.State == task.StateClosed }},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.Each(t, func(t *testing.T, d *db.DB) {
				for _, date := range []string{"2027/3/20", "2026/4/30"} { // the next term, and a correction
					r := newRuled(t, d)
					if c.before != nil {
						r.must(c.before(r))
					}
					if date == "2027/3/20" {
						r.day("2026-03-23")
					}
					imp := r.renew(date, "田村 健")
					if c.after != nil {
						r.must(c.after(r))
					}
					r.undo(imp)
					if got := r.task(); !c.want(got) {
						t.Errorf("%s: %+v", date, got)
					}
				}
			})
		})
	}
}

func (r *ruled) edit(field, v string) error {
	_, err := r.tasks.Update(r.ctx, r.first.ID, []task.Edit{{Field: field, New: v}})
	return err
}
