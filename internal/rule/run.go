package rule

import (
	"context"
	"slices"
	"strings"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/task"
	"kizuki/internal/who"
)

// chunk is how many firings one transaction makes at most, so that nobody
// waits long for it.
const chunk = 500

// Result is what a run did, or, dry, would do.
type Result struct {
	Rules   int    `json:"rules"` // live ones
	Firings int    `json:"firings"`
	Created int    `json:"created"`         // tasks
	Items   []Item `json:"items,omitempty"` // dry only, at most PreviewLimit
}

// Run makes the tasks of every step that has come up by a day in a workspace.
// It may be run as often and on as many nodes at once as one likes: a step
// comes up once for each contract and term.
func (s *Service) Run(ctx context.Context, ws id.ID, asOf cal.Date) (Result, error) {
	a, err := who.Check(ctx, who.Administer)
	if err == nil && a.Workspace != ws {
		err = errs.Missing("workspace")
	}
	if err == nil && !asOf.Valid() {
		err = errs.Field("as_of", "task.err.date")
	}
	if err != nil {
		return Result{}, err
	}
	return s.run(ctx, ws, asOf, func(context.Context, *db.Tx) error { return nil })
}

// run goes on in transactions of one chunk. The last one, which found that
// nothing is left, also runs done.
func (s *Service) run(ctx context.Context, ws id.ID, asOf cal.Date, done func(context.Context, *db.Tx) error) (Result, error) {
	var total Result
	for {
		var part Result
		var more bool
		err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			if part, more, err = s.pass(ctx, tx, ws, asOf); err != nil || more {
				return err
			}
			return done(ctx, tx)
		})
		if err != nil {
			return total, err
		}
		total.Rules, total.Firings, total.Created = part.Rules, total.Firings+part.Firings, total.Created+part.Created
		if !more {
			return total, nil
		}
	}
}

// pass plans and makes one chunk of what comes up. It plans in the transaction
// that acts: what arrives meanwhile is in it, or makes it try again.
func (s *Service) pass(ctx context.Context, tx *db.Tx, ws id.ID, asOf cal.Date) (r Result, more bool, err error) {
	today, _, err := s.today(ctx, tx, ws)
	if err != nil {
		return r, false, err
	}
	rules, n, p, err := s.planRun(ctx, tx, ws, asOf, who.System(ws, nil))
	r.Rules = n
	if err != nil {
		return r, false, err
	}
	up, wakes := p.up(), p.wakes()
	if len(up)+len(wakes) > 0 {
		if err := turn(ctx, tx, ws); err != nil {
			return r, false, err
		}
	}
	if more = len(up) > chunk; more {
		up = up[:chunk]
	}
	for len(up) > 0 {
		first, n := up[0], 1
		for n < len(up) && up[n].rule == first.rule && up[n].Step.ID == first.Step.ID {
			n++
		}
		if err := s.fire(ctx, tx, ws, rules[first.rule], first.Step, up[:n], &r); err != nil {
			return r, more, err
		}
		up = up[n:]
	}
	if more {
		return r, true, nil
	}
	if err := s.tasks.WakeIn(ctx, tx, ws, wakes, asOf); err != nil {
		return r, false, err
	}
	// A day that is still to come is not done with: contracts may arrive.
	return r, false, evaluated(ctx, tx, ws, min(asOf, today))
}

// planRun is the plan by which a run as of a day acts, the rules it is of, and
// how many are live: those of today begin tomorrow.
func (s *Service) planRun(ctx context.Context, q db.Queryer, ws id.ID, asOf cal.Date, reader who.Actor) ([]Rule, int, plan, error) {
	rules, err := live(ctx, q, ws)
	n := len(rules)
	if err != nil {
		return nil, n, plan{}, err
	}
	rules = slices.DeleteFunc(rules, func(r Rule) bool { return r.next() > asOf })
	p, err := s.plan(ctx, q, ws, ask{rules: rules, today: asOf, from: Rule.next, shown: -1, reader: reader})
	return rules, n, p, err
}

// fire writes the firings of a step down and makes the tasks of those that
// are new, all in a few statements.
func (s *Service) fire(ctx context.Context, tx *db.Tx, ws id.ID, rule Rule, st Step, items []Item, r *Result) error {
	list := make([]firing, len(items))
	for i, it := range items {
		list[i] = firing{id: id.New(), step: st.ID, contract: it.Contract, term: it.term,
			data: fired{On: rule.Spec.On, Offset: st.Offset, Unit: st.Unit, Date: it.Date, Day: it.Day}}
	}
	stored, err := insertFirings(ctx, tx, ws, rule, s.Now(), list)
	if err != nil || len(stored) == 0 {
		return err
	}
	var todo []task.New
	var news []bus.Change
	for i, f := range list {
		if !stored[f.id] {
			continue
		}
		for n, t := range st.Tasks {
			todo = append(todo, task.New{Contract: f.contract, Title: t.Title, Owner: st.owner(items[i].Owner), Due: f.data.Day,
				Plan: items[i].planned(n), Minutes: t.Minutes, OriginKind: task.RuleOrigin, OriginID: f.id, OriginNo: n, Told: true})
		}
		news = append(news, bus.Change{Kind: Fired, Workspace: ws, Contract: f.contract, Ref: f.id,
			Data: map[string]any{"rule": rule.Name, "title": strings.Join(st.Titles(), "、"), "titles": st.Titles(), "due": string(f.data.Day)}})
	}
	// One cause for all: the firing of each stands in its news as Ref.
	ctx = bus.Because(ctx, bus.Cause{ActorKind: "rule", ActorID: rule.ID, Kind: task.RuleOrigin, Depth: bus.CauseOf(ctx).Depth + 1})
	made, err := s.tasks.CreateManyIn(ctx, tx, todo)
	if err != nil {
		return err
	}
	r.Firings, r.Created = r.Firings+len(stored), r.Created+len(made)
	return s.bus.Publish(ctx, tx, news...)
}

// planned is the day the n-th task of an item that comes up is given room on.
// One of nobody has its due day only, and one that is to wait sleeps until a
// later run finds its day.
func (it Item) planned(n int) cal.Date {
	if it.Step.owner(it.Owner) == 0 || it.parts != nil && it.parts[n] > it.Plan {
		return ""
	}
	return it.Plan
}

// RunAsOf is Run for the operator's command in the actor's workspace, up to
// any day ("" = today). Dry, it only tells what it would make: of contracts the
// actor may not read, nothing.
func (s *Service) RunAsOf(ctx context.Context, asOf cal.Date, dry bool) (Result, error) {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return Result{}, err
	}
	today, _, err := s.today(ctx, s.db, a.Workspace)
	if err != nil {
		return Result{}, err
	}
	if asOf == "" {
		asOf = today
	}
	if !dry {
		return s.Run(ctx, a.Workspace, asOf)
	}
	if !asOf.Valid() {
		return Result{}, errs.Field("as_of", "task.err.date")
	}
	_, n, p, err := s.planRun(ctx, s.db, a.Workspace, asOf, a)
	r := Result{Rules: n}
	if err != nil {
		return r, err
	}
	for _, it := range p.up() {
		if it.hidden {
			continue
		}
		r.Firings, r.Created = r.Firings+1, r.Created+len(it.Step.Tasks)
		if len(r.Items) < PreviewLimit {
			r.Items = append(r.Items, it)
		}
	}
	return r, named(ctx, s.db, a, r.Items)
}

const (
	runKind   = "rule.run"
	dailyKind = "rule.daily"
	// dawn is the hour from which on the day's steps come up.
	dawn = 6
)

// register names the jobs. Each workspace has its own morning, so a look every
// half hour asks whose has come; that also makes up for mornings missed.
func (s *Service) register() {
	s.jobs.Handle(runKind, s.runJob)
	s.jobs.Handle(dailyKind, s.daily)
	s.jobs.Cron(dailyKind, "0,30 * * * *", time.UTC, dailyKind)
}

func (s *Service) runJob(ctx context.Context, j job.Job) error {
	today, zone, err := s.today(ctx, s.db, j.Workspace)
	if err != nil {
		return err
	}
	_, err = s.run(who.With(ctx, who.System(j.Workspace, zone)), j.Workspace, today, j.DoneIn)
	return err
}

func (s *Service) daily(ctx context.Context, _ job.Job) error {
	list, err := s.people.EveryWorkspace(ctx)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, w := range list {
			today, zone, err := s.today(ctx, tx, w.ID)
			if err != nil {
				return err
			}
			if s.Now().In(zone).Hour() < dawn {
				continue
			}
			late, err := behind(ctx, tx, w.ID, today)
			if err != nil {
				return err
			}
			if !late {
				continue
			}
			if err := s.add(ctx, tx, w.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// enqueue asks for a run if the workspace has live rules.
func (s *Service) enqueue(ctx context.Context, tx *db.Tx, ws id.ID) error {
	any, err := behind(ctx, tx, ws, "")
	if err != nil || !any {
		return err
	}
	return s.add(ctx, tx, ws)
}

func (s *Service) add(ctx context.Context, tx *db.Tx, ws id.ID) error {
	return s.jobs.AddIn(ctx, tx, job.Add{Workspace: ws, Kind: runKind, Key: ws.String()})
}
