package rule_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/workspace"

	"pgregory.net/rapid"
)

func addJob(ctx context.Context, tx *db.Tx, w *world, kind string) error {
	return w.jobs.AddIn(ctx, tx, job.Add{Kind: kind})
}

// newNode builds the services once more, as another process would.
func newNode(w *world, b *bus.Bus) *rule.Service {
	tasks := task.NewService(w.d, b, nil)
	s := rule.New(w.d, b, job.New(w.d, slog.New(slog.DiscardHandler)), workspace.New(w.d, b), w.fields, tasks)
	s.Now, tasks.Now = w.Now, w.Now
	return s
}

func TestACorrectedDateMovesOpenTasks(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-03-02")
		c := w.contract("2026-03-31")
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28, -14)})
		w.today = "2026-03-03"
		w.run()
		for _, m := range []struct{ date, want cal.Date }{
			{"2026-04-30", "2026-04-02"},
			{"2026-03-20", "2026-03-03"}, // its day has passed: today
			{"2026-03-31", "2026-03-03"},
			{"2026-05-31", "2026-05-01"}, // 05-03 is a holiday, and so is the Saturday before
			{"", "2026-05-01"},           // nobody knows: it stays
		} {
			w.set(c, "renewal_date", string(m.date))
			if got := w.due(c); got != string(m.want)+" " {
				t.Error(m, got)
			}
		}
		w.set(c, "renewal_date", "2026-04-30")
		p, _ := w.tasks.ForContract(w.ctx, c)
		w.tasks.Update(w.ctx, p.Open[0].ID, []task.Edit{{Field: "due_date", New: "2026-03-10"}})
		w.set(c, "start_date", "2025-04-01")
		if w.due(c) != "2026-03-10 " {
			t.Error("another date moves nothing")
		}
		w.today = "2026-04-16" // the step that had not come up follows the new date
		w.run()
		if w.due(c) != "2026-03-10 2026-04-16 " {
			t.Error(w.due(c))
		}
	})
}

// A date that was wrong for a while and comes back brings the day it had given:
// what was late then is late again.
func TestADateThatComesBack(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-03-02")
		c := w.contract("2026-03-31")
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		w.today = "2026-03-03"
		w.run()
		for _, m := range []struct{ today, date, want cal.Date }{
			{"2026-03-05", "2026-03-31", "2026-03-03"}, // the same date once more moves nothing
			{"2026-03-05", "2026-04-30", "2026-04-02"},
			{"2026-03-09", "2026-03-31", "2026-03-03"},
			{"2026-03-09", "2026-03-20", "2026-03-09"}, // a date it has never had: today
			{"2026-04-10", "2026-04-30", "2026-04-02"},
			{"2026-04-10", "2026-05-31", "2026-05-01"},
			{"2026-04-12", "2026-03-20", "2026-03-09"},
		} {
			w.today = m.today
			if w.set(c, "renewal_date", string(m.date)); w.due(c) != string(m.want)+" " {
				t.Error(m, w.due(c))
			}
		}
	})
}

// An import tells of many contracts at once: answering takes no query for each.
func TestManyAtOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-03-02")
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28, -27)})
		var many []id.ID
		for range 100 {
			many = append(many, w.contract("2026-03-31"))
		}
		w.today = "2026-03-04"
		w.run()
		// told changes contracts by one statement, tells of all, and counts the queries.
		told := func(list []id.ID, kind bus.Kind, set string, dates ...any) int64 {
			t.Helper()
			var news []bus.Change
			c := new(db.Where)
			c.And("workspace_id = ?", w.ws)
			db.In(c, "id", list)
			w.exec("UPDATE contract SET "+set+" WHERE "+c.SQL(), c.Args()...)
			for _, i := range list {
				ch := bus.Change{Kind: kind, Workspace: w.ws, Contract: i}
				if len(dates) > 0 {
					ch.Fields = map[string][2]any{"renewal_date": {nil, dates[0]}}
				}
				news = append(news, ch)
			}
			ctx, n := db.Counting(w.ctx)
			if err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return w.bus.Publish(ctx, tx, news...) }); err != nil {
				t.Fatal(err)
			}
			return n.Load()
		}
		for _, step := range []struct {
			kind bus.Kind
			set  string
			date []any
			want string
		}{
			{contract.Changed, "renewal_date = '2026-04-30'", []any{"2026-04-30"}, "2026-04-02 2026-04-03 "},
			{contract.Changed, "renewal_date = '2026-03-31'", []any{"2026-03-31"}, "2026-03-03 2026-03-04 "},
			{contract.TermOpened, "term_no = 2", nil, ""},
			{contract.TermDropped, "term_no = 1", nil, "2026-03-03 2026-03-04 "},
		} {
			one, all := told(many[:1], step.kind, step.set, step.date...), told(many[1:], step.kind, step.set, step.date...)
			if one == 0 || one != all {
				t.Errorf("%s: %d queries for one contract, %d for 99", step.set, one, all)
			}
			for _, c := range many {
				if w.due(c) != step.want {
					t.Fatalf("%s: %q", step.set, w.due(c))
				}
			}
		}
	})
}

func TestEndAndNextTerm(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-03-02")
		c, gone := w.contract("2026-03-31"), w.contract("2026-03-31")
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28, -14)})
		w.today = "2026-03-03"
		w.run()
		p, _ := w.tasks.ForContract(w.ctx, c)
		old := p.Open[0].ID
		mine, _ := w.tasks.Create(w.ctx, task.New{Contract: c, Title: "手で"})
		w.end(gone)
		if w.due(gone) != "" {
			t.Error(w.due(gone))
		}
		w.nextTerm(c, "2027-03-31")
		got, _ := w.tasks.Get(w.ctx, old)
		if got.State != task.StateClosed || got.Why == "" || got.Due != "2026-03-03" {
			t.Error("the old term's closes and does not move", got)
		}
		if it, _ := w.tasks.Get(w.ctx, mine.ID); !it.Open() {
			t.Error("what a person made stays")
		}
		w.today = "2026-03-17"
		w.run()
		w.today = "2027-03-03"
		w.run()
		if w.due(c) != " 2027-03-03 " && w.due(c) != "2027-03-03  " {
			t.Errorf("the next term gets its own steps: %q", w.due(c))
		}
		w.today = "2027-03-17"
		w.run()
		if w.due(gone) != "" {
			t.Error(w.due(gone))
		}
	})
}

func TestPreview(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-03-02")
		for i := range 250 {
			w.contract(cal.Date("2026-04-02").AddDays(i % 25)) // 28 days before: 03-05 …
		}
		now, past, far := w.contract("2026-03-30"), w.contract("2026-03-10"), w.contract("2026-12-01")
		_ = far
		spec := rule.Spec{On: rule.OnRenewal, Steps: steps(-28)}
		p, err := w.Preview(w.ctx, spec, "")
		if err != nil || len(p.Today) != 1 || p.Today[0].Contract != now || p.TodayCount != 1 || p.NextCount != 250 || len(p.Next30) != rule.PreviewLimit || p.Past != 1 {
			t.Fatal(err, len(p.Today), p.TodayCount, len(p.Next30), p.NextCount, p.Past, past)
		}
		first := p.Next30[0]
		if first.Plan != "2026-03-03" || first.Day != "2026-03-05" || first.Date != "2026-04-02" || first.OwnerName != "岡田 真帆" || first.OrgName != "みなと物流" || first.Fired {
			t.Error(first)
		}
		if w.due(now) != "" {
			t.Error("a preview makes nothing")
		}
		w.today = "2026-02-27"
		r := w.live(spec)
		w.today = "2026-03-02"
		w.run()
		ctx, n := db.Counting(w.ctx)
		if p, err := w.PreviewRule(ctx, r.ID, "2026-03-02"); err != nil || !p.Today[0].Fired || p.Next30[0].Fired || n.Load() > 8 {
			t.Error(err, p.Today, n.Load())
		}
	})
}

// TestEveryStepOnceOverTheYears walks a random year and checks, day by day,
// what must hold however dates change and however often rules run.
func TestEveryStepOnceOverTheYears(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		rapid.Check(t, func(r *rapid.T) { walk(t, r, d) })
	})
}

func walk(t *testing.T, r *rapid.T, d *db.DB) {
	start := rapid.SampledFrom([]cal.Date{"2026-02-17", "2025-12-20", "2028-02-10", "2026-04-20"}).Draw(r, "start")
	w := newWorld(t, d, start)
	w.bus = bus.New()
	w.Service = newNode(w, w.bus)
	list := steps(rapid.SliceOfNDistinct(rapid.IntRange(-40, 10), 1, 3, rapid.ID[int]).Draw(r, "offsets")...)
	list[0].Unit = rapid.SampledFrom([]rule.Unit{rule.Calendar, rule.Business}).Draw(r, "unit")
	made := w.live(rule.Spec{On: rule.OnRenewal, Steps: list})
	type state struct {
		date, arrived cal.Date
		term          int
		ended         bool
	}
	contracts := map[id.ID]*state{}
	arrive := func() {
		date := w.today.AddDays(rapid.IntRange(-5, 60).Draw(r, "date"))
		contracts[w.contract(date)] = &state{date: date, arrived: w.today, term: 1}
	}
	arrive()
	for range rapid.IntRange(3, 12).Draw(r, "days") {
		w.today = w.today.AddDays(rapid.IntRange(1, 4).Draw(r, "sleep"))
		for c, st := range contracts {
			switch rapid.IntRange(0, 6).Draw(r, "act") {
			case 0:
				st.date = w.today.AddDays(rapid.IntRange(-5, 60).Draw(r, "corrected"))
				w.set(c, "renewal_date", string(st.date))
			case 1:
				st.date, st.term = st.date.AddDays(30), st.term+1
				w.nextTerm(c, st.date)
			case 2:
				st.ended = true
				w.end(c)
			}
		}
		if rapid.Bool().Draw(r, "arrive") {
			arrive()
		}
		for range rapid.IntRange(1, 2).Draw(r, "runs") {
			w.run()
		}
		fired := firings(w, made.ID)
		for c, st := range contracts {
			for _, step := range made.Spec.Steps {
				key := fmt.Sprintf("%s/%s/%d", step.ID, c, st.term)
				if day := step.Day(cal.Japan(), st.date); day == w.today && !st.ended && fired[key] == 0 {
					r.Fatalf("on %s a step of %s did not come up", w.today, st.date)
				}
			}
		}
		for key, n := range fired {
			if n > 1 {
				r.Fatalf("%s came up %d times", key, n)
			}
		}
	}
	early, _, err := db.One(w.ctx, d, db.Value[int64], `SELECT count(*) FROM rule_firing f JOIN contract c ON c.id = f.contract_id
		WHERE f.workspace_id = $1 AND f.data ->> 'day' <= $2`, w.ws, string(start))
	if err != nil || early != 0 {
		r.Fatal("a step of before going live", err, early)
	}
}

func firings(w *world, r id.ID) map[string]int {
	list, err := db.All(w.ctx, w.d, func(row db.Row) (string, error) {
		var step, term string
		var c id.ID
		err := row.Scan(&step, &c, &term)
		return fmt.Sprintf("%s/%s/%s", step, c, term), err
	}, "SELECT step_id, contract_id, occurrence FROM rule_firing WHERE workspace_id = $1 AND rule_id = $2", w.ws, r)
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]int{}
	for _, k := range list {
		out[k]++
	}
	return out
}
