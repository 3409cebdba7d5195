package rule

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/task"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
	"kizuki/internal/workspace/units"
)

// Service offers the acts on rules.
type Service struct {
	Now    func() time.Time // the clock; a test may stand on any day
	db     *db.DB
	bus    *bus.Bus
	jobs   *job.Queue
	people *workspace.Service
	fields *field.Service
	tasks  *task.Service
	days   *cal.Days
}

// New makes the service, listens for contracts and names its jobs.
func New(d *db.DB, b *bus.Bus, jobs *job.Queue, people *workspace.Service, fields *field.Service, tasks *task.Service) *Service {
	s := &Service{Now: time.Now, db: d, bus: b, jobs: jobs, people: people, fields: fields, tasks: tasks, days: cal.Japan()}
	s.subscribe()
	b.Subscribe(s.keepUnits, workspace.UnitDeleted)
	s.register()
	return s
}

// keepUnits refuses that a team with rules goes: without it they would watch all
// contracts.
func (s *Service) keepUnits(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
	for _, c := range changes {
		if has, err := ofUnit(ctx, tx, c.Workspace, c.Ref); err != nil || has {
			return cmp.Or(err, error(errs.New(errs.Conflict, "rule.err.unit_in_use")))
		}
	}
	return nil
}

// today is the workspace's day, whatever zone the actor reads in.
func (s *Service) today(ctx context.Context, q db.Queryer, ws id.ID) (cal.Date, *time.Location, error) {
	zone, _, err := db.One(ctx, q, db.Value[string], "SELECT zone FROM workspace WHERE id = $1", ws)
	loc := workspace.Location(zone)
	return cal.Of(s.Now().In(loc)), loc, err
}

// Input describes a rule.
type Input struct {
	Name string
	Spec Spec
	Unit id.ID // a team whose contracts alone it watches: its lead's act
}

// Patch changes a rule; nil leaves a thing as it is. With Version, a rule that
// went on meanwhile is a conflict.
type Patch struct {
	Name    *string
	Spec    *Spec
	Owner   *id.ID
	Unit    *id.ID
	Version int
}

// Create makes a draft of the actor's. Errors: err.required, err.too_long
// (name), and those of Check.
func (s *Service) Create(ctx context.Context, in Input) (Rule, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Rule{}, err
	}
	name, e := cleanName(in.Name)
	r := Rule{ID: id.New(), Name: name, Owner: a.Member, OwnerName: a.Name, Unit: in.Unit, State: Draft, Version: 1, Spec: in.Spec, CreatedAt: s.Now()}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if r.Team, err = team(ctx, tx, a, in.Unit); err != nil {
			return err
		}
		if err := s.check(ctx, tx, a.Workspace, &r.Spec, e); err != nil {
			return err
		}
		if err := insert(ctx, tx, a.Workspace, r); err != nil {
			return err
		}
		if err := insertVersion(ctx, tx, a.Workspace, r, r.CreatedAt, a.Member); err != nil {
			return err
		}
		return s.publish(ctx, tx, a.Workspace, r)
	})
	return r, err
}

// check cleans a spec and says everything that is wrong with it: err.choice
// (on, unit, to), rule.err.no_steps, .many_steps, .offset, .no_tasks,
// .many_tasks, .date_field, .filter_field, .member, err.too_long.
func (s *Service) check(ctx context.Context, q db.Queryer, ws id.ID, spec *Spec, more ...*errs.E) error {
	list := append(more, spec.clean()...)
	if err := errs.Join(list...); err != nil {
		return err
	}
	fields, err := s.fields.Load(ctx, q, ws)
	if err != nil {
		return err
	}
	byKey := map[string]field.Field{}
	for _, f := range fields {
		byKey[f.Key] = f
	}
	if key, ok := strings.CutPrefix(spec.On, "field:"); ok {
		if f := byKey[key]; f.Type != field.Date || f.Retired() {
			list = append(list, errs.Field("on", "rule.err.date_field"))
		}
	}
	for key := range spec.Only.Fields {
		switch byKey[key].Type {
		case field.Text, field.Choice, field.Date, field.Member, field.Link: // what is text in JSON
		default:
			list = append(list, errs.Field("only.fields."+key, "rule.err.filter_field"))
		}
	}
	people, err := s.checkPeople(ctx, q, ws, *spec)
	return joined(append(list, people...), err)
}

func joined(list []*errs.E, err error) error {
	if err != nil {
		return err
	}
	return errs.Join(list...)
}

func (s *Service) checkPeople(ctx context.Context, q db.Queryer, ws id.ID, spec Spec) ([]*errs.E, error) {
	at := map[string]id.ID{}
	if spec.Only.Owner != 0 {
		at["only.owner"] = spec.Only.Owner
	}
	for i, st := range spec.Steps {
		if m := st.owner(0); m != 0 {
			at[fmt.Sprintf("steps.%d.to", i)] = m
		}
	}
	if len(at) == 0 {
		return nil, nil
	}
	w := new(db.Where)
	w.And("workspace_id = ? AND state <> 'left'", ws)
	var ids []id.ID
	for _, m := range at {
		ids = append(ids, m)
	}
	db.In(w, "id", ids)
	found, err := db.All(ctx, q, db.Value[id.ID], "SELECT id FROM member WHERE "+w.SQL(), w.Args()...)
	here := map[id.ID]bool{}
	for _, m := range found {
		here[m] = true
	}
	var list []*errs.E
	for field, m := range at {
		if !here[m] {
			list = append(list, errs.Field(field, "rule.err.member"))
		}
	}
	return list, err
}

// Get gives a rule with its newest spec.
func (s *Service) Get(ctx context.Context, rule id.ID) (Rule, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Rule{}, err
	}
	return one(ctx, s.db, a.Workspace, rule)
}

// List gives all rules: live ones first, then drafts, then paused ones, each
// by name.
func (s *Service) List(ctx context.Context) ([]Rule, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	return all(ctx, s.db, a.Workspace)
}

// team is the name of a team for which the actor may make rules, "" for 0.
func team(ctx context.Context, tx *db.Tx, a who.Actor, unit id.ID) (string, error) {
	if unit == 0 {
		return "", nil
	}
	u, err := units.Get(ctx, tx, a.Workspace, unit)
	if err != nil {
		return "", err
	}
	return u.Name, a.MustLead(unit)
}

// MayEdit reports whether the actor may change a rule: its owner may, and
// admins all; a team's is its leads'.
func MayEdit(ctx context.Context, r Rule) bool {
	a := who.From(ctx)
	if r.Unit != 0 {
		return a.Leads(r.Unit)
	}
	return a.May(who.Administer) || a.May(who.Write) && r.Owner == a.Member && a.Member != 0
}

// change loads a rule its actor may edit, lets f change it and stores it.
func (s *Service) change(ctx context.Context, rule id.ID, f func(ctx context.Context, tx *db.Tx, a who.Actor, r *Rule) error) (r Rule, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Rule{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if r, err = one(ctx, tx, a.Workspace, rule); err != nil {
			return err
		}
		if !MayEdit(ctx, r) {
			return errs.New(errs.Forbidden, "rule.err.not_yours")
		}
		if err := f(ctx, tx, a, &r); err != nil {
			return err
		}
		if err := update(ctx, tx, a.Workspace, r); err != nil {
			return err
		}
		return s.publish(ctx, tx, a.Workspace, r)
	})
	return r, err
}

// Update changes a rule; another spec is a new version. What its steps have
// made stays as it is.
func (s *Service) Update(ctx context.Context, rule id.ID, p Patch) (Rule, error) {
	return s.change(ctx, rule, func(ctx context.Context, tx *db.Tx, a who.Actor, r *Rule) error {
		if p.Version != 0 && p.Version != r.Version {
			return errs.New(errs.Conflict, "err.conflict")
		}
		var e *errs.E
		if p.Name != nil {
			r.Name, e = cleanName(*p.Name)
		}
		if p.Owner != nil {
			r.Owner = *p.Owner
		}
		if p.Unit != nil && *p.Unit != r.Unit {
			var err error
			if r.Team, err = team(ctx, tx, a, *p.Unit); err != nil {
				return err
			}
			if r.Unit = *p.Unit; !MayEdit(ctx, *r) { // nobody gives away to all what is a team's
				return errs.New(errs.Forbidden, "rule.err.not_yours")
			}
		}
		if p.Spec == nil {
			return errs.Join(e)
		}
		r.Spec = *p.Spec
		if err := s.check(ctx, tx, a.Workspace, &r.Spec, e); err != nil {
			return err
		}
		r.Version++
		if err := insertVersion(ctx, tx, a.Workspace, *r, s.Now(), a.Member); err != nil {
			return err
		}
		if r.State != Live {
			return nil
		}
		return s.enqueue(ctx, tx, a.Workspace)
	})
}

// FromNext as GoLive's choice begins with the next step of each contract.
const FromNext = "next"

// GoLive lets a rule work from the day after today: steps that are past, or
// today's, are not made up for. It is the only choice so far.
func (s *Service) GoLive(ctx context.Context, rule id.ID, from string) (Rule, error) {
	return s.change(ctx, rule, func(ctx context.Context, tx *db.Tx, a who.Actor, r *Rule) error {
		if from != FromNext {
			return errs.Field("from", "err.choice")
		}
		if r.State == Live {
			return nil
		}
		today, _, err := s.today(ctx, tx, a.Workspace)
		r.State, r.LiveFrom, r.Evaluated = Live, today, today
		return err
	})
}

// Pause stops a rule; the tasks it made stay.
func (s *Service) Pause(ctx context.Context, rule id.ID) (Rule, error) {
	return s.change(ctx, rule, func(_ context.Context, _ *db.Tx, _ who.Actor, r *Rule) error {
		if r.State == Draft {
			return errs.New(errs.Conflict, "rule.err.not_live")
		}
		r.State = Paused
		return nil
	})
}

// Delete takes a draft away; a rule that was live is only paused, since its
// tasks name it.
func (s *Service) Delete(ctx context.Context, rule id.ID) error {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := one(ctx, tx, a.Workspace, rule)
		switch {
		case err != nil:
			return err
		case !MayEdit(ctx, r):
			return errs.New(errs.Forbidden, "rule.err.not_yours")
		case r.State != Draft:
			return errs.New(errs.Conflict, "rule.err.not_draft")
		}
		return remove(ctx, tx, a.Workspace, rule)
	})
}

func (s *Service) publish(ctx context.Context, tx *db.Tx, ws id.ID, r Rule) error {
	return s.bus.Publish(ctx, tx, bus.Change{Kind: Changed, Workspace: ws, Ref: r.ID,
		Data: map[string]any{"name": r.Name, "state": string(r.State)}})
}

// Names gives the names of rules, for those who tell what they did
// (timeline.Namer).
func (s *Service) Names(ctx context.Context, q db.Queryer, ws id.ID, rules []id.ID) (map[id.ID]string, error) {
	return names(ctx, q, "SELECT r.id, r.name FROM rule r", "r.id", ws, rules)
}

// Origins gives the name of the rule behind each firing, the origin of a task.
func (s *Service) Origins(ctx context.Context, firings []id.ID) (map[id.ID]string, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || len(firings) == 0 {
		return nil, err
	}
	return names(ctx, s.db, `SELECT f.id, r.name FROM rule_firing f
		JOIN rule r ON r.workspace_id = f.workspace_id AND r.id = f.rule_id`, "f.id", a.Workspace, firings)
}
