package rule

import (
	"context"
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

func (s *Service) pass(ctx context.Context, tx *db.Tx, ws id.ID, asOf cal.Date) (r Result, more bool, err error) {
	today, zone, err := s.today(ctx, tx, ws)
	if err != nil {
		return r, false, err
	}
	rules, err := live(ctx, tx, ws)
	r.Rules = len(rules)
	for _, rule := range rules {
		if err != nil || more {
			break
		}
		more, err = s.fireRule(ctx, tx, ws, rule, asOf, zone, &r)
	}
	if err != nil || more {
		return r, more, err
	}
	// A day that is still to come is not done with: contracts may arrive.
	return r, false, evaluated(ctx, tx, ws, min(asOf, today))
}

func (s *Service) fireRule(ctx context.Context, tx *db.Tx, ws id.ID, rule Rule, asOf cal.Date, zone *time.Location, r *Result) (full bool, err error) {
	if rule.next() > asOf {
		return false, nil
	}
	sc, err := s.search(ctx, tx, ws, rule)
	if err != nil {
		return false, err
	}
	for _, st := range rule.Spec.Steps {
		err := sc.each(ctx, tx, s.days, st, rule.next(), asOf, zone, chunk, func(list []Item) (bool, error) {
			room := chunk - r.Firings
			if len(list) > room {
				list, full = list[:room], true
			}
			if len(list) == 0 {
				return false, nil
			}
			return !full, s.fire(ctx, tx, ws, rule, st, list, r)
		})
		if err != nil || full {
			return full, err
		}
	}
	return false, nil
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
				Minutes: t.Minutes, OriginKind: task.RuleOrigin, OriginID: f.id, OriginNo: n, Told: true})
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

// RunAsOf is Run for the operator's command in the actor's workspace, up to
// any day ("" = today). Dry, it only tells what it would make.
func (s *Service) RunAsOf(ctx context.Context, asOf cal.Date, dry bool) (Result, error) {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return Result{}, err
	}
	today, zone, err := s.today(ctx, s.db, a.Workspace)
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
	rules, err := live(ctx, s.db, a.Workspace)
	r := Result{Rules: len(rules)}
	for _, rule := range rules {
		if err != nil {
			break
		}
		err = s.would(ctx, a.Workspace, rule, asOf, zone, &r)
	}
	return r, err
}

func (s *Service) would(ctx context.Context, ws id.ID, rule Rule, asOf cal.Date, zone *time.Location, r *Result) error {
	sc, err := s.search(ctx, s.db, ws, rule)
	if err != nil || rule.next() > asOf {
		return err
	}
	for _, st := range rule.Spec.Steps {
		err := sc.each(ctx, s.db, s.days, st, rule.next(), asOf, zone, chunk, func(list []Item) (bool, error) {
			r.Firings, r.Created = r.Firings+len(list), r.Created+len(list)*len(st.Tasks)
			r.Items = append(r.Items, list[:min(len(list), PreviewLimit-len(r.Items))]...)
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
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
