package today_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/today"
	"kizuki/internal/who"
)

// The first screen holds a day's budget of generated checks; late ones, those
// somebody put off to today and those with people's own tasks stay in sight.
func TestFold(t *testing.T) {
	for name, c := range map[string]struct {
		due  string // of generated tasks, each on a contract of its own; + a person's task beside it, z put off to today
		want string
	}{
		"all fit":                    {"17 17 17", "17 17 17"},
		"beyond the budget":          {"17 17 17 17 17", "17 17 17 (17) (17)"},
		"late ones take the room":    {"10 12 17 17", "10 12 17 (17)"},
		"late ones all stay":         {"10 11 12 13 17 18", "10 11 12 13 (17) (18)"},
		"due today before due later": {"18 18 17 17", "17 17 18 (18)"},
		"people's own stay":          {"17+ 17+ 17+ 17+ 17", "17 17 17 17 (17)"},
		"what was put off stays":     {"17z 17z 17z 17z 17", "17 17 17 17 (17)"},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.Each(t, func(t *testing.T, d *db.DB) {
				s := newScene(t, d)
				s.Today.Budget = func(context.Context) (int, error) { return 15, nil }
				for i, f := range strings.Fields(c.due) {
					s.generate(i, cal.Date("2026-02-"+f[:2]), f[2:])
				}
				q, err := s.Today.Queue(s.me)
				s.must(err)
				var got []string
				for _, m := range q.Matters {
					day := string(m.Tasks[0].Due[8:])
					if m.Folded {
						day = "(" + day + ")"
					}
					got = append(got, day)
				}
				if strings.Join(got, " ") != c.want {
					t.Errorf("%v, want %s", got, c.want)
				}
			})
		})
	}
}

// One check larger than the budget is in sight all the same.
func TestFoldShowsSomething(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.Today.Budget = func(context.Context) (int, error) { return 4, nil }
		s.generate(0, "2026-02-17", "")
		s.generate(1, "2026-02-17", "")
		q, err := s.Today.Queue(s.me)
		s.must(err)
		if q.Matters[0].Folded || !q.Matters[1].Folded || q.Count != 2 || q.Minutes != 10 {
			t.Errorf("%+v", q)
		}
		s.Today.Budget = nil
		if q, err = s.Today.Queue(s.me); err != nil || q.Matters[1].Folded {
			t.Error("without a budget all is shown", err)
		}
		if m, ok := q.Find(q.Matters[1].Key); !ok || m.Kind != today.Tasks {
			t.Error("what is folded can be found")
		}
	})
}

// generate makes a task of five minutes as a rule does, up from today at the
// latest.
func (s *scene) generate(i int, due cal.Date, how string) {
	s.t.Helper()
	c := s.contract(fmt.Sprint("G-", i), "配車", fmt.Sprint("会社", i), "")
	var made []task.Task
	s.must(s.DB.InTx(s.owner, func(ctx context.Context, tx *db.Tx) (err error) {
		made, err = s.Tasks.CreateManyIn(ctx, tx, []task.New{{Contract: c, Title: "確認", Owner: s.Actors[who.Member].Member, Due: due, Plan: min(due, "2026-02-17"),
			OriginKind: task.RuleOrigin, OriginID: c}})
		return err
	}))
	switch how {
	case "+":
		s.task(s.me, c, "手で", string(due), 60)
	case "z":
		_, err := s.Tasks.Snooze(s.me, made[0].ID, "2026-02-17")
		s.must(err)
	}
}
