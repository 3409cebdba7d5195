package rule_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

// sight is what a member's Today holds, as "due day of each" in order.
func (w *world) sight(member id.ID) string {
	w.t.Helper()
	q, err := w.tasks.Queue(w.ctx, member, w.today)
	if err != nil {
		w.t.Fatal(err)
	}
	var list []string
	for _, it := range q.Items {
		list = append(list, string(it.Due[5:]))
	}
	return strings.Join(list, " ")
}

func (w *world) finish(member id.ID) {
	w.t.Helper()
	q, err := w.tasks.Queue(w.ctx, member, w.today)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, it := range q.Items {
		if _, err := w.tasks.Done(w.ctx, it.ID, "", true); err != nil {
			w.t.Fatal(err)
		}
	}
}

// Six checks of ten minutes due on 3 March take the six business days up to it,
// in whatever order one looks, and what the dry run tells then happens.
func TestChecksComeUpWhereThereIsRoom(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		for range 6 {
			w.contract("2026-03-31")
		}
		nobodys := w.contract("2026-03-31")
		w.exec("UPDATE contract SET owner_id = NULL WHERE workspace_id = $1 AND id = $2", w.ws, nobodys)
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		got := map[cal.Date]int{}
		for w.today = "2026-02-18"; w.today <= "2026-03-04"; w.today = w.today.AddDays(1) {
			dry, err := w.RunAsOf(w.ctx, "", true)
			if err != nil {
				t.Fatal(err)
			}
			made := w.run()
			if made.Firings != dry.Firings || made.Created != dry.Created {
				t.Errorf("%s: told %d, made %d", w.today, dry.Created, made.Created)
			}
			for _, it := range dry.Items {
				if it.Plan != w.today || it.Day != "2026-03-03" || it.OrgName != "みなと物流" {
					t.Error(w.today, it)
				}
			}
			if w.today < "2026-03-03" && w.due(nobodys) != "" {
				t.Error("what nobody carries has no early day")
			}
			if s := w.sight(w.okada); s != "" {
				got[w.today] = len(strings.Fields(s))
			}
			w.finish(w.okada)
			if again := w.run(); again.Created != 0 || w.sight(w.okada) != "" {
				t.Errorf("%s: who is quick got more", w.today)
			}
		}
		want := "map[2026-02-24:1 2026-02-25:1 2026-02-26:1 2026-02-27:1 2026-03-02:1 2026-03-03:1]"
		if fmt.Sprint(got) != want || w.due(nobodys) != "2026-03-03 " {
			t.Error(got, w.due(nobodys))
		}
	})
}

// What nobody clears stays in sight and takes the room of what could wait.
func TestWhatIsLeftTakesRoom(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		for range 3 {
			w.contract("2026-03-31")
		}
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		for w.today = "2026-02-18"; w.today <= "2026-03-03"; w.today = w.today.AddDays(1) {
			w.run()
			want := map[cal.Date]string{"2026-02-27": "03-03", "2026-03-02": "03-03", "2026-03-03": "03-03 03-03 03-03"}[w.today]
			if w.today.AddDays(0) >= "2026-02-28" && w.today <= "2026-03-01" {
				want = "03-03"
			}
			if got := w.sight(w.okada); got != want {
				t.Errorf("%s: %q, want %q", w.today, got, want)
			}
		}
	})
}

// A task made ahead says its day; a later date lets it sleep, the old one brings
// it back, and it is never there twice.
func TestACorrectedDateOfATaskMadeAhead(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		a, b := w.contract("2026-03-31"), w.contract("2026-03-31")
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		w.today = "2026-03-02"
		if made := w.run(); made.Created != 1 || w.sight(w.okada) != "03-03" {
			t.Fatal(made, w.sight(w.okada))
		}
		early, late := a, b
		if w.due(a) == "" {
			early, late = b, a
		}
		p, _ := w.tasks.ForContract(w.ctx, early)
		if it := p.Open[0]; it.Plan != "2026-03-02" || it.Day() != "2026-03-02" || it.Due != "2026-03-03" {
			t.Errorf("%+v", it)
		}
		w.set(early, "renewal_date", "2026-04-30") // due on 2 April
		if w.due(early) != "2026-04-02 " || w.sight(w.okada) != "" {
			t.Error("it sleeps:", w.due(early), w.sight(w.okada))
		}
		w.set(early, "renewal_date", "2026-03-31")
		if w.due(early) != "2026-03-03 " || w.sight(w.okada) != "03-03" {
			t.Error("as it was:", w.due(early), w.sight(w.okada))
		}
		w.set(early, "renewal_date", "2026-03-30") // due on the 2nd: today
		if w.due(early) != "2026-03-02 " || w.sight(w.okada) != "03-02" {
			t.Error("earlier:", w.due(early), w.sight(w.okada))
		}
		w.set(early, "renewal_date", "2026-04-30")
		other := w.contract("2026-04-30") // both due on 2 April: one of them comes up the day before
		for w.today = "2026-03-03"; w.today < "2026-04-01"; w.today = w.today.AddDays(1) {
			w.run()
			w.finish(w.okada)
		}
		if w.due(early) != "2026-04-02 " || w.due(late)+w.due(other) != "" {
			t.Fatal(w.due(early), w.due(late), w.due(other))
		}
		w.run()
		if w.sight(w.okada) != "04-02" {
			t.Error("one has its room today:", w.sight(w.okada))
		}
		w.finish(w.okada)
		w.today = "2026-04-02"
		w.run()
		if w.sight(w.okada) != "04-02" {
			t.Error("and one tomorrow:", w.sight(w.okada))
		}
		if n, _, _ := db.One(w.ctx, d, db.Value[int], "SELECT count(*) FROM task WHERE workspace_id = $1", w.ws); n != 3 {
			t.Error("each once:", n)
		}
	})
}

// A day that a person chose stays: the plan does not bring it forward.
func TestAPersonsDayIsNotPlanned(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		c := w.contract("2026-03-31")
		w.contract("2026-03-31")
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		w.today = "2026-03-02"
		w.run()
		w.today = "2026-03-03"
		w.run()
		p, _ := w.tasks.ForContract(w.ctx, c)
		if _, err := w.tasks.Update(w.ctx, p.Open[0].ID, []task.Edit{{Field: "due_date", New: "2026-03-12"}}); err != nil {
			t.Fatal(err)
		}
		for w.today = "2026-03-04"; w.today < "2026-03-12"; w.today = w.today.AddDays(1) {
			w.run()
			if w.sight(w.okada) != "03-03" {
				t.Fatal(w.today, w.sight(w.okada))
			}
		}
	})
}

// A step of more minutes than a day holds is spread task by task; it came up
// once all the same.
func TestAStepLargerThanADay(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		c := w.contract("2026-03-31")
		spec := rule.Spec{On: rule.OnRenewal, Steps: steps(-28)}
		spec.Steps[0].Tasks = []rule.Todo{{Title: "意向を聞く", Minutes: 10}, {Title: "見積もりを届ける", Minutes: 10}, {Title: "印刷する"}}
		r := w.live(spec)
		var got []string
		for w.today = "2026-02-18"; w.today <= "2026-03-03"; w.today = w.today.AddDays(1) {
			w.run()
			q, _ := w.tasks.Queue(w.ctx, w.okada, w.today)
			for _, it := range q.Items {
				got = append(got, string(w.today[5:])+" "+it.Title)
			}
			w.finish(w.okada)
		}
		if len(got) != 3 || got[0][:5] != "03-02" || got[2][:5] != "03-03" || len(firings(w, r.ID)) != 1 || w.due(c) != "" {
			t.Error(got, firings(w, r.ID))
		}
	})
}

// What a contract's end closes says why, and comes back into sight as it was.
func TestChurnOfATaskMadeAhead(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d, "2026-02-17")
		for range 2 {
			k.create(contract.Input{RenewalDate: "2026-03-31"})
		}
		k.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		k.today = "2026-03-02"
		k.run()
		q, err := k.tasks.Queue(k.ctx, k.okada, k.today)
		if err != nil || len(q.Items) != 1 {
			t.Fatal(err, q)
		}
		it := q.Items[0]
		if err := k.contracts.End(k.ctx, it.Contract, "", "予算がなくなった"); err != nil || k.sight(k.okada) != "" {
			t.Fatal(err, k.sight(k.okada))
		}
		if got, err := k.tasks.Get(k.ctx, it.ID); err != nil || got.State != task.StateClosed || got.Why != "rule.why.contract.ended" {
			t.Error(err, got.State, got.Why)
		}
		if err := k.contracts.Reopen(k.ctx, it.Contract); err != nil || k.sight(k.okada) != "03-03" {
			t.Error(err, k.sight(k.okada))
		}
		k.drain()
		if k.sight(k.okada) != "03-03" {
			t.Error("once:", k.sight(k.okada))
		}
	})
}

// The days a preview tells are the days that come.
func TestThePreviewTellsTheDays(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		for i := range 9 {
			w.contract(cal.Date("2026-03-30").AddDays(i % 3))
		}
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-20)}) // it takes its room, too
		draft := w.draft(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		p, err := w.PreviewRule(w.ctx, draft.ID, "")
		if err != nil || p.NextCount != 9 || p.TodayCount != 0 {
			t.Fatal(err, p.NextCount, p.TodayCount)
		}
		told, came := map[id.ID]cal.Date{}, map[id.ID]cal.Date{}
		for _, it := range p.Next30 {
			told[it.Contract] = it.Plan
			if it.Plan > it.Day {
				t.Error(it)
			}
		}
		if _, err := w.GoLive(w.ctx, draft.ID, rule.FromNext); err != nil {
			t.Fatal(err)
		}
		if w.run().Created != 0 {
			t.Error("it begins tomorrow")
		}
		for w.today = "2026-02-18"; w.today <= "2026-03-04"; w.today = w.today.AddDays(1) {
			w.run()
			q, _ := w.tasks.Queue(w.ctx, w.okada, w.today)
			for _, it := range q.Items {
				if it.Due <= "2026-03-04" {
					came[it.Contract] = w.today
				}
			}
			w.finish(w.okada)
		}
		if fmt.Sprint(told) != fmt.Sprint(came) {
			t.Errorf("told %v\ncame %v", told, came)
		}
	})
}

// However many contracts there are, a run that makes nothing asks the same.
func TestLookingAheadAsksTheSame(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28, -14)})
		w.today = "2026-02-18"
		ask := func() int64 {
			ctx, n := db.Counting(w.ctx)
			if _, err := w.Run(ctx, w.ws, w.today); err != nil {
				t.Fatal(err)
			}
			return n.Load()
		}
		w.contract("2026-05-29")
		few := ask()
		for i := range 12 {
			w.contract(cal.Date("2026-05-20").AddDays(i % 9))
		}
		if many := ask(); many != few {
			t.Errorf("%d statements, then %d", few, many)
		}
	})
}

func TestBudget(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		for range 4 {
			w.contract("2026-03-31")
		}
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		if n, err := w.Budget(w.as(w.abe, who.Viewer)); err != nil || n != rule.DefaultBudget {
			t.Error(n, err)
		}
		if err := w.SetBudget(w.as(w.abe, who.Member), 20); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
		for _, n := range []int{-1, 0, 4, 481} {
			if err := w.SetBudget(w.ctx, n); !errs.Is(err, errs.Invalid) {
				t.Error(n, err)
			}
		}
		if err := w.SetBudget(w.ctx, 20); err != nil {
			t.Fatal(err)
		}
		if n, _ := w.Budget(w.ctx); n != 20 {
			t.Error(n)
		}
		w.today = "2026-02-27"
		if w.run().Created != 0 {
			t.Error("twenty minutes hold two: the 2nd and the 3rd are enough")
		}
		w.today = "2026-03-02"
		if w.run(); w.sight(w.okada) != "03-03 03-03" {
			t.Error(w.sight(w.okada))
		}
		if err := w.SetBudget(w.ctx, 40); err != nil {
			t.Fatal(err)
		}
		if w.run(); w.sight(w.okada) != "03-03 03-03" {
			t.Error("what can wait waits:", w.sight(w.okada))
		}
		if n, _ := w.Budget(who.With(context.Background(), who.System(id.New(), tokyo))); n != rule.DefaultBudget {
			t.Error("another workspace's is its own", n)
		}
	})
}

func TestLoadAhead(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17") // a Tuesday; the 23rd is a holiday
		for range 4 {
			w.contract("2026-03-31") // 10 minutes each by 3 March
		}
		hers := w.contract("2026-03-31")
		w.exec("UPDATE contract SET owner_id = $3, visibility = 'limited' WHERE workspace_id = $1 AND id = $2", w.ws, hers, w.abe)
		w.member("長田 恵") // keeps nothing
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		for _, n := range []task.New{{Title: "手で", Due: "2026-02-10", Minutes: 20, Owner: w.okada}, {Title: "手で", Due: "2026-03-11", Owner: w.okada},
			{Title: "いつか", Owner: w.okada}, {Title: "ずっと先", Due: "2027-01-01", Owner: w.okada}} {
			if _, err := w.tasks.Create(w.ctx, n); err != nil {
				t.Fatal(err)
			}
		}
		look := func(ctx context.Context) string {
			l, err := w.Load(ctx, 4)
			if err != nil {
				t.Fatal(err)
			}
			s := ""
			for _, o := range l.Owners {
				s += fmt.Sprint(o.Name, o.Weeks)
			}
			return s
		}
		l, err := w.Load(w.ctx, rule.LoadWeeks)
		if err != nil || len(l.Weeks) != 8 || l.Weeks[0] != (rule.Week{From: "2026-02-16", Days: 4, Budget: 60}) || l.Weeks[1].Days != 4 || l.Weeks[2].Budget != 75 {
			t.Fatal(err, l.Weeks)
		}
		okada := "岡田 真帆[{0 20} {20 0} {20 0} {0 5}]" // one a day from 26 February on
		if got := look(w.ctx); got != okada {
			t.Error(got)
		}
		if got := look(w.as(w.abe, who.Viewer)); !strings.Contains(got, "阿部 航[{0 0} {0 0} {10 0} {0 0}]") || !strings.Contains(got, okada) {
			t.Error("she may read hers", got)
		}
		w.today = "2026-02-26"
		w.run()
		if got := look(w.ctx); got != "岡田 真帆[{20 20} {20 0} {0 5} {0 0}]" {
			t.Error("what is made counts like what is planned:", got)
		}
		w.finish(w.okada)
		if got := look(w.ctx); got != "岡田 真帆[{10 0} {20 0} {0 5} {0 0}]" {
			t.Error("done", got)
		}
		for _, n := range []int{0, -3, 13} {
			if _, err := w.Load(w.ctx, n); !errs.Is(err, errs.Invalid) {
				t.Error(n, err)
			}
		}
		if _, err := w.Load(context.Background(), 8); !errs.Is(err, errs.Unauthorized) {
			t.Error(err)
		}
	})
}

// Two nodes that plan at the same moment put no more on a day than one.
func TestPlansSideBySide(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		for range 12 {
			w.contract("2026-03-31")
		}
		w.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		w.today = "2026-02-26"
		done := make(chan error)
		for range 4 {
			node := newNode(w, bus.New())
			go func() { _, err := node.Run(w.ctx, w.ws, w.today); done <- err }()
		}
		for range 4 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if got := w.sight(w.okada); got != "03-03" {
			t.Error("one fits in a day:", got)
		}
	})
}
