package app_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/intake"
	"kizuki/internal/job"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
)

// monday is a workspace at nine on a Monday with 200 contracts just imported,
// of which half renew in March, forty of them on its last day.
type monday struct {
	*apptest.App
	t      *testing.T
	owners []who.Role
	days   *cal.Days
}

var called = map[who.Role]string{who.Owner: "岡田 真帆", who.Admin: "松井 里佳", who.Member: "田村 健"}

const firstDay cal.Date = "2026-01-05"

func newMonday(t *testing.T, d *db.DB, steps []rule.Step, owners ...who.Role) *monday {
	m := &monday{App: apptest.New(t, d), t: t, owners: owners, days: cal.Japan()}
	m.to(firstDay.AddDays(-1), 12)
	r, err := m.Rules.Create(m.Ctx, rule.Input{Name: "更新の節目", Spec: rule.Spec{On: rule.OnRenewal, Steps: steps}})
	if err == nil {
		_, err = m.Rules.GoLive(m.Ctx, r.ID, rule.FromNext)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.to(firstDay, 9)
	m.bring()
	return m
}

// to moves the clock to an hour of a day in Tokyo.
func (m *monday) to(day cal.Date, hour int) {
	m.Travel(day.Time().Add(time.Duration(hour-9) * time.Hour).Sub(m.Now()))
}

// renews is when the i-th contract renews: the first forty on 31 March, sixty
// more over the month, a hundred over the rest of the year.
func renews(i int) cal.Date {
	switch {
	case i < 40:
		return "2026-03-31"
	case i < 100:
		return cal.Date("2026-03-01").AddDays(i % 30)
	}
	return cal.Date("2026-04-03").AddDays((i - 100) * 27 / 10)
}

func (m *monday) bring() {
	m.t.Helper()
	var b strings.Builder
	b.WriteString("契約ID,会社名,契約名,担当,更新日\n")
	for i := range 200 {
		fmt.Fprintf(&b, "M-%03d,会社%03d,配車クラウド,%s,%s\n", i, i, called[m.owners[i%len(m.owners)]], renews(i))
	}
	path := filepath.Join(m.t.TempDir(), "list.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		m.t.Fatal(err)
	}
	im, err := m.Imports.Stage(m.Ctx, intake.Upload{Path: path, FileName: "list.csv", Source: "契約管理"})
	if err == nil {
		im, err = m.Imports.Apply(m.Ctx, im.ID, intake.ApplyOptions{})
	}
	if err != nil || im.Counts.Created != 200 {
		m.t.Fatalf("%v %+v", err, im.Counts)
	}
	m.drain()
}

func (m *monday) drain() {
	m.t.Helper()
	if err := m.Jobs.Drain(context.Background()); err != nil {
		m.t.Fatal(err)
	}
	if dead, err := m.Jobs.Dead(m.Ctx); err != nil || len(dead) > 0 {
		m.t.Fatal(err, dead)
	}
}

// morning runs the daily job at half past six, as the clock of jobs does.
func (m *monday) morning(day cal.Date) {
	m.t.Helper()
	m.to(day, 7)
	err := m.DB.InTx(m.Ctx, func(ctx context.Context, tx *db.Tx) error {
		return m.Jobs.AddIn(ctx, tx, job.Add{Kind: "rule.daily", Key: "rule.daily"})
	})
	if err != nil {
		m.t.Fatal(err)
	}
	m.drain()
	m.to(day, 9)
}

// board is what an owner's Today holds of generated checks.
type board struct {
	shown, folded int // minutes
	tasks         []task.Item
}

func (m *monday) board(role who.Role) (b board) {
	m.t.Helper()
	q, err := m.Today.Queue(m.As(role))
	if err != nil {
		m.t.Fatal(err)
	}
	for _, matter := range q.Matters {
		for _, it := range matter.Tasks {
			if b.tasks = append(b.tasks, it); matter.Folded {
				b.folded += it.Minutes
			} else {
				b.shown += it.Minutes
			}
			if it.Due < q.Today {
				m.t.Errorf("%s: %s of %s is overdue since %s", q.Today, it.Title, it.ContractName, it.Due)
			}
		}
	}
	return b
}

func (m *monday) clear(role who.Role, list []task.Item) {
	m.t.Helper()
	for _, it := range list {
		if _, err := m.Tasks.Done(m.As(role), it.ID, "", false); err != nil {
			m.t.Fatal(err)
		}
	}
}

// step is one step of the rule with its estimates.
func step(offset int, minutes ...int) rule.Step {
	st := rule.Step{Offset: offset, Unit: rule.Calendar}
	for i, n := range minutes {
		st.Tasks = append(st.Tasks, rule.Todo{Title: fmt.Sprint("確認", offset, ".", i), Minutes: n})
	}
	return st
}

// TestMonday: Today holds at most the daily budget and nothing is overdue, on
// the first day and on the sixty business days after it.
func TestMonday(t *testing.T) {
	for name, c := range map[string]struct {
		steps  []rule.Step
		owners []who.Role
	}{
		"one owner for all": {[]rule.Step{step(-28, 5)}, []who.Role{who.Member}},
		"several owners":    {[]rule.Step{step(-28, 5), step(-7, 10)}, []who.Role{who.Owner, who.Admin, who.Member}},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.Each(t, func(t *testing.T, d *db.DB) {
				m := newMonday(t, d, c.steps, c.owners...)
				mornings := map[cal.Date]int{} // on which what ends on 31 March came up
				m.walk(c.steps, func(day cal.Date, b board) {
					for _, it := range b.tasks {
						if it.Due == c.steps[0].Day(m.days, "2026-03-31") {
							mornings[day]++
						}
					}
					if b.folded > 0 || b.shown > rule.DefaultBudget {
						t.Errorf("%s: %d minutes, %d folded", day, b.shown, b.folded)
					}
				})
				for on, n := range mornings {
					if n > 3*len(m.owners) {
						t.Errorf("%d of those that end on 31 March fell on %s", n, on)
					}
				}
				if len(mornings) < 40/(3*len(m.owners)) {
					t.Error("the forty came up on", mornings)
				}
			})
		})
	}
}

// What cannot be carried is not put on the first day either: what a screen
// holds keeps to the budget, and nothing is ever overdue.
func TestMondayWithMoreThanFits(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		steps := []rule.Step{step(-28, 10), step(-14, 10)}
		m := newMonday(t, d, steps, who.Member)
		if b := m.board(who.Member); b.shown+b.folded > rule.DefaultBudget {
			t.Errorf("the first day: %d minutes, %d folded", b.shown, b.folded)
		}
		m.walk(steps, func(day cal.Date, b board) {
			if b.shown > rule.DefaultBudget {
				t.Errorf("%s: %d minutes in sight", day, b.shown)
			}
		})
	})
}

// walk goes through sixty business days; each morning the job runs, each day
// everybody clears their Today.
func (m *monday) walk(steps []rule.Step, look func(cal.Date, board)) {
	t := m.t
	t.Helper()
	day, last := firstDay, m.days.Add(firstDay, 60)
	for ; day <= last && !t.Failed(); day = day.AddDays(1) {
		if day > firstDay {
			m.morning(day)
		}
		for _, role := range m.owners {
			b := m.board(role)
			if len(b.tasks) > 0 && !m.days.Business(day) {
				t.Errorf("%s: nobody works", day)
			}
			look(day, b)
			m.clear(role, b.tasks)
			m.drain()
			if again := m.board(role); len(again.tasks) > 0 {
				t.Errorf("%s: who is quick got more: %v", day, again.tasks)
			}
		}
	}
	m.eachOnce(steps, last)
}

// eachOnce compares what was made with what the dates ask for.
func (m *monday) eachOnce(steps []rule.Step, last cal.Date) {
	m.t.Helper()
	want := map[string]int{}
	for i := range 200 {
		for _, st := range steps {
			if day := st.Day(m.days, renews(i)); day >= firstDay && day <= last {
				for _, todo := range st.Tasks {
					want[fmt.Sprintf("M-%03d %s %s", i, todo.Title, day)] = 1
				}
			}
		}
	}
	got, err := db.All(m.Ctx, m.DB, db.Value[string], `SELECT c.key || ' ' || t.title || ' ' || t.due_date FROM task t
		JOIN contract c ON c.workspace_id = t.workspace_id AND c.id = t.contract_id
		WHERE t.workspace_id = $1 AND t.due_date <= $2 AND t.state = 'done'`, m.Actors[who.Owner].Workspace, string(last))
	if err != nil {
		m.t.Fatal(err)
	}
	if len(got) != len(want) {
		m.t.Errorf("%d tasks were made, the dates ask for %d", len(got), len(want))
	}
	for _, g := range got {
		if want[g]--; want[g] < 0 {
			m.t.Errorf("made twice, or not asked for: %s", g)
		}
	}
}

// The first screen: the budget in sight, the rest of the day folded, late ones
// first; what people made is never folded.
func TestTheFirstScreen(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		m := &monday{App: apptest.New(t, d), t: t, owners: []who.Role{who.Member}, days: cal.Japan()}
		m.to(firstDay.AddDays(-1), 12)
		r, err := m.Rules.Create(m.Ctx, rule.Input{Name: "当日", Spec: rule.Spec{On: rule.OnRenewal, Steps: []rule.Step{step(0, 5)}}})
		if err == nil {
			_, err = m.Rules.GoLive(m.Ctx, r.ID, rule.FromNext)
		}
		if err != nil {
			t.Fatal(err)
		}
		m.to(firstDay, 9)
		var b strings.Builder
		b.WriteString("契約ID,会社名,担当,更新日\n")
		for i := range 8 { // six due today, two tomorrow
			fmt.Fprintf(&b, "B-%d,会社%d,%s,%s\n", i+1, i, called[who.Member], firstDay.AddDays(i/6))
		}
		broughtIn(t, m.App, b.String())
		m.drain()
		m.to(firstDay.AddDays(1), 7)
		m.morning(firstDay.AddDays(1))
		if _, err := m.Tasks.Create(m.As(who.Member), task.New{Title: "手で作った", Due: firstDay.AddDays(1), Minutes: 60}); err != nil {
			t.Fatal(err)
		}
		br := m.Browser(who.Member)
		p := br.Get("/today")
		if n, folded := p.Find("#queue > li > a").Length(), p.Find("#queue-more ol > li > a").Length(); n != 7 || folded != 2 {
			t.Fatalf("%d in sight, %d folded: %s", n, folded, p.Find("#queue").Text())
		}
		if text := p.Find("#queue-more summary").Text(); text != "ほかに今日が期日のもの2件" || p.Find("#queue-more details[open]").Length() != 0 {
			t.Error(text)
		}
		first, last := p.Find("#queue > li > a").First().Text(), p.Find("#queue > li > a").Last().Text()
		if !strings.Contains(first, "1日過ぎ") || !strings.Contains(last, "手で作った") {
			t.Error(first, last)
		}
		href := p.Find("#queue-more ol > li > a").First().AttrOr("href", "")
		if at := br.Get(href); at.Find("#queue-more details[open] a[aria-current]").Length() != 1 || at.Find("#sheet .title").Length() != 1 {
			t.Error("a folded one opens, and so does the fold")
		}
		key, _ := url.QueryUnescape(strings.TrimPrefix(href, "/today?at="))
		if done := br.Post("/today/"+key+"/done", nil); done.Find("#queue-more ol > li").Length() != 1 {
			t.Error("done from the fold:", done.Find("#queue-more").Text())
		}
	})
}
