package task

import (
	"context"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/contract/walk"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Notes puts a person's words about a task on the trail of its contract.
type Notes interface {
	PostAboutIn(ctx context.Context, tx *db.Tx, contract id.ID, body, aboutKind string, about id.ID) error
}

// NotesFunc makes a function Notes.
type NotesFunc func(ctx context.Context, tx *db.Tx, contract id.ID, body, aboutKind string, about id.ID) error

// PostAboutIn calls f.
func (f NotesFunc) PostAboutIn(ctx context.Context, tx *db.Tx, contract id.ID, body, aboutKind string, about id.ID) error {
	return f(ctx, tx, contract, body, aboutKind, about)
}

// Service offers the acts on tasks.
type Service struct {
	Now   func() time.Time // the clock; a test may stand on any day
	db    *db.DB
	bus   *bus.Bus
	notes Notes
	days  *cal.Days
	// MadeBy is the condition that a task was made by a rule; the feature above that
	// knows rules hands it in.
	MadeBy func(ws, rule id.ID) walk.Cond
	limits walk.Limits
}

// NewService makes the service and listens for contracts that change hands. Without
// notes, words stay on the task alone.
func NewService(d *db.DB, b *bus.Bus, notes Notes) *Service {
	s := &Service{Now: time.Now, db: d, bus: b, notes: notes, days: cal.Japan(), limits: walk.Usual}
	s.limits.Count = 5000
	b.Subscribe(s.follow, contract.Changed)
	return s
}

func (s *Service) today(a who.Actor) cal.Date { return cal.Of(s.Now().In(a.Location())) }

// Create makes a task.
func (s *Service) Create(ctx context.Context, n New) (t Task, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err = s.CreateIn(ctx, tx, n)
		return err
	})
	return t, err
}

// CreateIn makes a task in the caller's transaction. Errors: err.required,
// err.too_long (title), task.err.date, task.err.minutes, err.choice (owner,
// contract, parent), task.err.one_level.
func (s *Service) CreateIn(ctx context.Context, tx *db.Tx, n New) (Task, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Task{}, err
	}
	if err := n.clean(); err != nil {
		return Task{}, err
	}
	if n.Parent != 0 {
		parent, err := one(ctx, tx, a, n.Parent)
		switch {
		case errs.Is(err, errs.NotFound):
			return Task{}, errs.Field("parent", "err.choice")
		case err != nil:
			return Task{}, err
		case parent.Parent != 0:
			return Task{}, errs.Field("parent", "task.err.one_level")
		}
		n.Contract = parent.Contract
	}
	if n.Owner == 0 {
		n.Owner = a.Member
	}
	if err := s.known(ctx, tx, a.Workspace, n.Contract, n.Owner); err != nil {
		return Task{}, err
	}
	made, err := s.make(ctx, tx, a.Workspace, []New{n})
	if err != nil {
		return Task{}, err
	}
	if len(made) == 0 {
		return Task{}, errs.New(errs.Conflict, "task.err.made")
	}
	return made[0], nil
}

// known refuses an owner that is not of this workspace, and a contract the
// actor may not read.
func (s *Service) known(ctx context.Context, q db.Queryer, ws, contract, owner id.ID) error {
	var list []*errs.E
	if contract != 0 {
		found, err := audience.SeesContracts(ctx, q, who.From(ctx), []id.ID{contract})
		if err != nil {
			return err
		}
		if !found[contract] {
			list = append(list, errs.Field("contract", "err.choice"))
		}
	}
	if owner != 0 {
		_, found, err := db.One(ctx, q, db.Value[id.ID], "SELECT id FROM member WHERE workspace_id = $1 AND id = $2 AND state <> 'left'", ws, owner)
		if err != nil {
			return err
		}
		if !found {
			list = append(list, errs.Field("owner", "err.choice"))
		}
	}
	return errs.Join(list...)
}

// Get gives one task with its names.
func (s *Service) Get(ctx context.Context, task id.ID) (Item, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Item{}, err
	}
	w := seen(a)
	w.And("t.id = ?", task)
	it, found, err := db.One(ctx, s.db, scanItem, selectItem+" WHERE "+w.SQL(), w.Args()...)
	if err == nil && !found {
		err = errs.Missing("task")
	}
	return it, err
}

// Names gives the titles of tasks, for those who tell of them (timeline.Namer).
func (s *Service) Names(ctx context.Context, q db.Queryer, ws id.ID, tasks []id.ID) (map[id.ID]string, error) {
	w := new(db.Where)
	w.And("t.workspace_id = ?", ws)
	db.In(w, "t.id", tasks)
	list, err := db.All(ctx, q, scan, selectTask+" WHERE "+w.SQL(), w.Args()...)
	names := make(map[id.ID]string, len(list))
	for _, t := range list {
		names[t.ID] = t.Title
	}
	return names, err
}

// Subtasks gives the parts of a task, in the order they were made.
func (s *Service) Subtasks(ctx context.Context, task id.ID) ([]Item, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	w := seen(a)
	w.And("t.parent_id = ? AND t.state <> 'closed'", task)
	return db.All(ctx, s.db, scanItem, selectItem+" WHERE "+w.SQL()+" ORDER BY t.id", w.Args()...)
}

// Update changes fields of a task. A stale Old is a Conflict with both values
// (Args Theirs and Yours). A change of contract takes the subtasks along.
func (s *Service) Update(ctx context.Context, task id.ID, edits []Edit) (t Task, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Task{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		old, err := one(ctx, tx, a, task)
		if err != nil {
			return err
		}
		if t, err = apply(old, edits); err != nil {
			return err
		}
		return s.save(ctx, tx, a.Workspace, old, &t)
	})
	return t, err
}

func apply(old Task, edits []Edit) (Task, error) {
	t := old
	var list []*errs.E
	for _, e := range edits {
		now, known := old.value(e.Field)
		if known && e.HasOld && e.Old != now && !(e.Field == "minutes" && e.Old == "" && now == "0") {
			list = append(list, &errs.E{Code: errs.Conflict, Key: "err.conflict", Field: e.Field,
				Args: map[string]any{"Theirs": now, "Yours": e.New}})
			continue
		}
		list = append(list, t.set(e.Field, e.New))
	}
	if old.Parent != 0 && t.Contract != old.Contract {
		list = append(list, errs.Field("contract", "task.err.of_parent"))
	}
	return t, join(list)
}

// join keeps the code of a conflict among several errors.
func join(list []*errs.E) error {
	err := errs.Join(list...)
	for _, e := range list {
		if e != nil && e.Code == errs.Conflict && err != nil {
			errs.As(err).Code = errs.Conflict
		}
	}
	return err
}

func (s *Service) save(ctx context.Context, tx *db.Tx, ws id.ID, old Task, t *Task) error {
	fields := map[string][2]any{}
	for _, f := range []string{"title", "owner", "due_date", "minutes", "contract"} {
		from, _ := old.value(f)
		if to, _ := t.value(f); from != to {
			fields[f] = [2]any{from, to}
		}
	}
	if len(fields) == 0 {
		return nil
	}
	contract, owner := t.Contract, t.Owner
	if contract == old.Contract {
		contract = 0 // what is there is known
	}
	if owner == old.Owner {
		owner = 0
	}
	if err := s.known(ctx, tx, ws, contract, owner); err != nil {
		return err
	}
	t.Version++
	if err := update(ctx, tx, ws, *t); err != nil {
		return err
	}
	if contract != 0 || t.Contract != old.Contract {
		if err := moveParts(ctx, tx, ws, *t); err != nil {
			return err
		}
	}
	change := t.news(ws, Changed)
	change.Fields = fields
	list := []bus.Change{change}
	if old.Contract != 0 && old.Contract != t.Contract { // the contract it left hears of it, too
		change.Contract = old.Contract
		list = append(list, change)
	}
	return s.bus.Publish(ctx, tx, list...)
}
