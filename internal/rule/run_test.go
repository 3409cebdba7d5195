package rule_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
)

func TestRunMakesTasksOnTheirDay(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		c := w.contract("2026-03-31") // 28 days before is 03-03, a Tuesday
		spec := rule.Spec{On: rule.OnRenewal, Steps: steps(-28)}
		spec.Steps[0].Tasks = append(spec.Steps[0].Tasks, rule.Todo{Title: "見積もりを用意する"})
		r := w.live(spec)
		w.today = "2026-03-02"
		if got := w.run(); got.Rules != 1 || got.Firings != 0 {
			t.Error("a day early", got)
		}
		w.today = "2026-03-03"
		if got := w.run(); got.Firings != 1 || got.Created != 2 {
			t.Fatal(got)
		}
		p, _ := w.tasks.ForContract(w.ctx, c)
		first := p.Open[0]
		if len(p.Open) != 2 || first.Title != "更新の意向を聞く" || first.Owner != w.okada || first.Due != "2026-03-03" || first.Minutes != 10 ||
			first.OriginKind != task.RuleOrigin || first.CreatedBy != 0 || p.Open[1].OriginNo != 1 {
			t.Error(p.Open)
		}
		if origins, err := w.Origins(w.ctx, []id.ID{first.OriginID}); err != nil || origins[first.OriginID] != r.Name {
			t.Error(err, origins)
		}
		fired := w.heard[len(w.heard)-1]
		if fired.Kind != rule.Fired || fired.Contract != c || fired.Ref != first.OriginID || fired.Data["rule"] != "更新の4週前" ||
			fired.Data["title"] != "更新の意向を聞く、見積もりを用意する" || fired.By != (bus.Cause{ActorKind: "rule", ActorID: r.ID, Kind: "rule_firing", Depth: 1}) {
			t.Errorf("%+v", fired)
		}
		if made := w.heard[0]; made.Kind != task.Created || made.Contract != 0 || made.By.Depth != 1 {
			t.Error("the trail is told once", made)
		}
		w.tasks.Done(w.ctx, first.ID, "", false)
		for range 3 {
			if got := w.run(); got.Created != 0 {
				t.Error("again", got)
			}
		}
	})
}

func TestWhatIsPastIsNotMadeUpFor(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-03-03")
		before := w.contract("2026-03-31") // its day is the day of going live
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28, -60)})
		w.run()
		w.today = "2026-03-06"
		late := w.contract("2026-03-31") // its day was before it arrived
		same := w.contract("2026-04-03") // its day is the day it arrives
		w.run()
		w.run()
		w.today = "2026-03-09"
		after := w.contract("2026-04-06")
		w.runTo(w.today)
		if w.due(before)+w.due(late) != "" || w.due(same) != "2026-03-06 " || w.due(after) != "2026-03-09 " {
			t.Error(w.due(before), w.due(late), w.due(same), w.due(after))
		}
	})
}

func TestDaysWithoutARunAreMadeUpFor(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-03-02")
		a, b := w.contract("2026-03-31"), w.contract("2026-04-02")
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		w.today = "2026-03-08" // nobody ran from the 3rd to the 8th, a Sunday
		arrived := w.contract("2026-04-02")
		w.run()
		if w.due(a) != "2026-03-03 " || w.due(b) != "2026-03-05 " || w.due(arrived) != "" {
			t.Error(w.due(a), w.due(b), w.due(arrived))
		}
	})
}

func TestOnlyLiveContractsThatFit(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-03-02")
		fits, phase, ended, hers := w.contract("2026-03-31"), w.contract("2026-03-31"), w.contract("2026-03-31"), w.contract("2026-03-31")
		for _, c := range []id.ID{fits, ended, hers} {
			w.set(c, "phase", "更新協議")
		}
		w.end(ended)
		w.exec("UPDATE contract SET owner_id = $3 WHERE workspace_id = $1 AND id = $2", w.ws, hers, w.abe)
		spec := rule.Spec{On: rule.OnRenewal, Only: rule.Only{Phase: "更新協議", Owner: w.okada}, Steps: steps(-28)}
		spec.Steps[0].To = w.abe.String()
		w.live(spec)
		w.today = "2026-03-03"
		w.run()
		if w.due(fits) == "" || w.due(phase)+w.due(ended)+w.due(hers) != "" {
			t.Error(w.due(fits), w.due(phase), w.due(ended), w.due(hers))
		}
		if p, _ := w.tasks.ForContract(w.ctx, fits); p.Open[0].Owner != w.abe {
			t.Error("it goes to whom the step says")
		}
	})
}

func TestCountsFromAFieldOfTheTeam(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		for _, indexed := range []bool{true, false} {
			w := newWorld(t, d, "2026-02-27")
			f, err := w.fields.Create(w.ctx, field.Input{Key: "opening", Type: field.Date, Labels: map[string]string{"ja": "開通日"}, Indexed: indexed})
			if err != nil {
				t.Fatal(err)
			}
			c, none := w.contract(""), w.contract("")
			w.exec("UPDATE contract SET fields = $3, owner_id = NULL WHERE workspace_id = $1 AND id = $2", w.ws, c, `{"opening":"2026-02-28"}`)
			if indexed {
				w.exec("INSERT INTO field_index (workspace_id, field_id, k, contract_id) VALUES ($1, $2, $3, $4)", w.ws, f.ID, []byte("2026-02-28"), c)
			}
			spec := rule.Spec{On: f.Name(), Steps: []rule.Step{{Offset: 5, Unit: rule.Business, Tasks: []rule.Todo{{Title: "使い始めを聞く"}}}}}
			w.live(spec)
			p, err := w.Preview(w.ctx, spec, "")
			if err != nil || p.NextCount != 1 || p.Next30[0].Day != "2026-03-06" {
				t.Error(err, p)
			}
			w.today = "2026-03-06"
			w.run()
			if w.due(c) != "2026-03-06 " || w.due(none) != "" {
				t.Error(indexed, w.due(c), w.due(none))
			}
			if p, _ := w.tasks.ForContract(w.ctx, c); p.Open[0].Owner != 0 {
				t.Error("nobody's contract, nobody's task")
			}
		}
	})
}

func TestRunsSideBySideMakeEachOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-27")
		for i := range 60 {
			w.contract(cal.Date("2026-03-31").AddDays(i % 9))
		}
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28, -27, -20)})
		w.today = "2026-03-19"
		var wg sync.WaitGroup
		results := make([]rule.Result, 6)
		for i := range results {
			node := newNode(w, bus.New()) // each process has a bus of its own
			wg.Go(func() {
				r, err := node.Run(w.ctx, w.ws, w.today)
				if err != nil {
					t.Error(err)
				}
				results[i] = r
			})
		}
		wg.Wait()
		sum := 0
		for _, r := range results {
			sum += r.Created
		}
		n, _, _ := db.One(w.ctx, d, db.Value[int64], "SELECT count(*) FROM task")
		if sum != 180 || n != 180 {
			t.Error("each step of each contract once:", sum, n)
		}
	})
}

func TestAThousandInChunks(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-03-02")
		w.in(func(ctx context.Context, tx *db.Tx) error {
			var rows [][]any
			for i := range 1100 {
				c := id.New()
				rows = append(rows, []any{w.ws, c, c.String(), c.String(), fmt.Sprint(i), fmt.Sprint(i), w.org, w.okada, "JPY", "{}", int64(0), "2026-03-31"})
			}
			return db.Bulk(ctx, tx, "INSERT INTO contract (workspace_id, id, key, key_fold, name, name_fold, org_id, owner_id, currency, fields, created_at, renewal_date)", "", rows)
		})
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28, -27)})
		w.today = "2026-03-04"
		dry, err := w.RunAsOf(w.ctx, w.today, true)
		if err != nil || dry.Firings != 2200 || len(dry.Items) != rule.PreviewLimit {
			t.Error(err, dry.Firings, len(dry.Items))
		}
		ctx, n := db.Counting(w.ctx)
		r, err := w.Run(ctx, w.ws, w.today)
		if err != nil || r.Firings != 2200 || r.Created != 2200 {
			t.Error(err, r.Firings, r.Created)
		}
		if n.Load() > 60 {
			t.Error("statements:", n.Load())
		}
	})
}

func TestRunAsOf(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-03-02")
		c := w.contract("2026-03-31")
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28, -14)})
		if r, err := w.RunAsOf(w.ctx, "2026-03-31", true); err != nil || r.Created != 2 || len(r.Items) != 2 || w.due(c) != "" {
			t.Error(err, r, w.due(c))
		}
		if r, err := w.RunAsOf(w.ctx, "2026-03-10", false); err != nil || r.Created != 1 || w.due(c) != "2026-03-03 " {
			t.Error(err, r, w.due(c))
		}
		w.today = "2026-03-05" // looking ahead did not pass over the days between
		arrived := w.contract("2026-04-02")
		w.run()
		if w.due(arrived) != "2026-03-05 " || w.due(c) != "2026-03-03 " {
			t.Error(w.due(arrived), w.due(c))
		}
		if _, err := w.RunAsOf(w.ctx, "soon", false); !errs.Is(err, errs.Invalid) {
			t.Error(err)
		}
	})
}

func TestJobs(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-03-02")
		c := w.contract("2026-03-31")
		drain := func(kind string) {
			t.Helper()
			if kind != "" {
				w.in(func(ctx context.Context, tx *db.Tx) error { return addJob(ctx, tx, w, kind) })
			}
			if err := w.jobs.Drain(context.Background()); err != nil {
				t.Fatal(err)
			}
			if dead, _ := w.jobs.Dead(w.ctx); len(dead) > 0 {
				t.Fatal(dead[0].Error)
			}
		}
		w.publish(bus.Change{Kind: "contract.created", Contract: c})
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		w.today, w.hour = "2026-03-03", 5
		drain("rule.daily")
		if w.due(c) != "" {
			t.Error("before six it is still the night")
		}
		w.hour = 6
		drain("rule.daily")
		if w.due(c) != "2026-03-03 " {
			t.Error("in the morning", w.due(c))
		}
		w.hour = 15
		fresh := w.contract("2026-03-31")
		w.publish(bus.Change{Kind: "contract.created", Contract: fresh})
		moved := w.contract("2027-03-31")
		w.set(moved, "renewal_date", "2026-03-31")
		drain("")
		if w.due(fresh) != "2026-03-03 " || w.due(moved) != "2026-03-03 " {
			t.Error("what arrives during the day gets its step of the day", w.due(fresh), w.due(moved))
		}
		w.set(moved, "department", "x")
		n, _, _ := db.One(w.ctx, d, db.Value[int64], "SELECT count(*) FROM job WHERE kind = 'rule.run' AND state = 'ready'")
		if n != 0 {
			t.Error("a department brings up nothing", n)
		}
	})
}

// TestADayOfManyZones: a workspace's morning is its own.
func TestTheDayIsTheWorkspaces(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-03-02")
		c := w.contract("2026-03-31")
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		w.Now = func() time.Time { return time.Date(2026, 3, 2, 22, 0, 0, 0, time.UTC) } // 7 o'clock on the 3rd in Tokyo
		w.in(func(ctx context.Context, tx *db.Tx) error { return addJob(ctx, tx, w, "rule.daily") })
		if err := w.jobs.Drain(context.Background()); err != nil || w.due(c) != "2026-03-03 " {
			t.Error(err, w.due(c))
		}
	})
}
