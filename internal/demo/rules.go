package demo

import (
	"context"
	"slices"

	"kizuki/internal/cal"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/who"
)

// dawn is when rules look, in minutes.
const dawn = 6*60 + 30

func (f *filler) planRules() {
	looks := map[int]bool{}
	for _, r := range f.rules.Rules {
		spec := rule.Spec{On: r.On, Only: rule.Only{Phase: r.Phase}}
		for _, st := range r.Steps {
			spec.Steps = append(spec.Steps, rule.Step{ID: st.ID, Offset: st.Days, Unit: rule.Calendar, To: rule.ToOwner,
				Tasks: []rule.Todo{{Title: st.Task, Minutes: st.Min}}})
			for _, s := range f.world.stories {
				for ago := range s.Terms {
					date := f.counted(s, r.On, ago)
					if day := f.days.day(spec.Steps[len(spec.Steps)-1].Day(cal.Japan(), date)); date != "" && day > r.Live.day && day <= 0 {
						looks[day] = true
					}
				}
			}
		}
		f.by(r.By, r.Live, func(ctx context.Context) error {
			made, err := f.Rules.Create(ctx, rule.Input{Name: r.Name, Spec: spec})
			if err != nil {
				return err
			}
			_, err = f.Rules.GoLive(ctx, made.ID, rule.FromNext)
			return err
		})
	}
	for day := range looks {
		f.at(moment{day, dawn}, f.runRules)
	}
}

// counted is the day a rule counts from, some terms ago.
func (f *filler) counted(s story, on string, ago int) cal.Date {
	start, renewal := f.days.term(s, ago)
	if on == rule.OnStart {
		return start
	}
	return renewal
}

// runRules looks what comes up by the day it is, and plans what becomes of it.
func (f *filler) runRules(ctx context.Context) error {
	at := f.days.prev
	if f.finished {
		at = f.now
	}
	ws := who.From(f.actors[f.team.People[0].ID]).Workspace
	ctx = who.With(ctx, who.System(ws, f.days.zone))
	if _, err := f.Rules.Run(ctx, ws, cal.Of(at.In(f.days.zone))); err != nil {
		return err
	}
	page, err := f.Tasks.List(ctx, task.Query{State: task.StateOpen, Sort: "created", Limit: 200})
	for _, t := range page.Items {
		if t.OriginKind == task.RuleOrigin && !f.seen[t.ID] {
			f.seen[t.ID] = true
			f.answerTo(t.Task)
		}
	}
	return err
}

// answerTo plans how a task of a rule is settled: with the words there are for
// it, otherwise silently, a day or two after it was due.
func (f *filler) answerTo(t task.Task) {
	s, ok := f.storyOf(f.stories[t.Contract])
	if !ok {
		return
	}
	of := s.ID + "/" + f.step(t.Title)
	day := f.days.day(t.Due)
	if slices.Contains(f.rules.Open, of) && day > -30 {
		return
	}
	at := moment{day + len(s.ID)%3, 10*60 + (len(s.ID)*17+len(t.Title)*5)%400}
	if at.day >= 0 {
		return // still to be done
	}
	year := 0
	for ; year < s.Terms-1; year++ {
		if _, before := f.days.term(s, year+1); t.Due > before {
			break
		}
	}
	a := answer{}
	if i := slices.IndexFunc(f.rules.Answers, func(a answer) bool { return a.Of == of && a.Year == year }); i >= 0 {
		a = f.rules.Answers[i]
	}
	f.later(at, func(context.Context) (err error) {
		now, err := f.Tasks.Get(f.actors[s.ownerAt(at)], t.ID)
		if err != nil || !now.Open() {
			return err
		}
		if a.Skip {
			_, err = f.Tasks.Skip(f.actors[s.ownerAt(at)], t.ID, a.Words)
		} else {
			_, err = f.Tasks.Done(f.actors[s.ownerAt(at)], t.ID, a.Words, true)
		}
		return err
	})
}

// step is the id of the step a rule's task comes from.
func (w world) step(title string) string {
	for _, r := range w.rules.Rules {
		for _, st := range r.Steps {
			if st.Task == title {
				return st.ID
			}
		}
	}
	return ""
}
