package bulk

import (
	"context"
	"slices"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/bus"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/task"
	"kizuki/internal/text"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// target is what acts need to know of the records they are about. Everything
// it gives is what the actor of ctx may read.
type target interface {
	// page walks a selection; next is "" at the end.
	page(ctx context.Context, query, cursor string) (ids []id.ID, next string, err error)
	// check finds what is wrong with the edits whatever the record.
	check(ctx context.Context, edits []Edit) error
	// compare says what the edits would do to records.
	compare(ctx context.Context, ids []id.ID, edits []Edit) ([]Row, error)
	// apply and undo write rows and move them on.
	apply(ctx context.Context, tx *db.Tx, act Act, rows []Row) error
	undo(ctx context.Context, tx *db.Tx, rows []Row) error
	// name adds how rows are called; those that may not be read are left out.
	name(ctx context.Context, rows []Row) ([]Row, error)
}

// Parts are the features an act stands on.
type Parts struct {
	People    *workspace.Service
	Contracts *contract.Service
	Tasks     *task.Service
	Jobs      *job.Queue
	Audit     audience.Audit
	// ContractQuery and TaskQuery read the query of a list's address.
	ContractQuery func(ctx context.Context, query string) (contract.Query, error)
	TaskQuery     func(ctx context.Context, query string) (task.Query, error)
}

// Service offers the acts.
type Service struct {
	db  *db.DB
	bus *bus.Bus
	Parts
	sizes sizes
	Now   func() time.Time
}

// New makes the service and names its jobs.
func New(d *db.DB, b *bus.Bus, p Parts) *Service {
	s := &Service{db: d, bus: b, Parts: p, sizes: sizes{atOnce: 1000, slice: 500}, Now: time.Now}
	s.handleJobs()
	return s
}

func (s *Service) targetOf(t Target) (target, error) {
	switch t {
	case Contracts:
		return contracts{s}, nil
	case Tasks:
		return tasks{s}, nil
	}
	return nil, errs.Field("target", "err.choice")
}

// Choose keeps a selection, of which nothing is read yet. Errors: err.choice
// (target), bulk.err.none, bulk.err.many (ids), err.too_long (query).
func (s *Service) Choose(ctx context.Context, t Target, sel Selection) (Act, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Act{}, err
	}
	if a.Member == 0 {
		return Act{}, errs.New(errs.Forbidden, "err.forbidden")
	}
	if _, err := s.targetOf(t); err != nil {
		return Act{}, err
	}
	sel.Query = text.Line(sel.Query)
	slices.Sort(sel.IDs)
	sel.IDs = slices.Compact(sel.IDs)
	switch {
	case len(sel.IDs) > MaxIDs:
		return Act{}, errs.Field("ids", "bulk.err.many", "Max", MaxIDs)
	case len(sel.Query) > maxQuery:
		return Act{}, errs.Field("query", "err.too_long", "Max", maxQuery)
	}
	act := Act{ID: id.New(), Member: a.Member, MemberName: a.Name, Target: t, Selection: sel, State: Chosen, At: s.Now()}
	return act, s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return insertAct(ctx, tx, a.Workspace, act) })
}

// maxQuery is the longest query of a list, in bytes.
const maxQuery = 4000

// Stage compares the selection with what is to be changed and keeps what that
// would do, record by record; nothing else is written. Many are left to a job.
// Errors: those of the edits, bulk.err.not_staged (409).
func (s *Service) Stage(ctx context.Context, ref id.ID, edits []Edit) (Act, error) {
	a, act, err := s.own(ctx, who.Write, ref)
	if err != nil {
		return act, err
	}
	t, err := s.targetOf(act.Target)
	if err == nil {
		err = checkEdits(edits)
	}
	if err == nil {
		err = t.check(ctx, edits)
	}
	if err != nil {
		return act, err
	}
	act.Edits = edits
	ids, next, err := s.gather(ctx, t, act.Selection, "", s.sizes.atOnce)
	if err != nil {
		return act, err
	}
	var rows []Row
	state := Staging
	if next == "" {
		if rows, err = t.compare(ctx, ids, edits); err != nil {
			return act, err
		}
		state = Staged
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.advance(ctx, tx, act, state, Chosen, Staged); err != nil {
			return err
		}
		if err := setEdits(ctx, tx, a.Workspace, ref, edits); err != nil {
			return err
		}
		if state == Staging {
			return s.addJob(ctx, tx, stageKind, ref)
		}
		return insertRows(ctx, tx, a.Workspace, ref, rows)
	})
	if err != nil {
		return act, err
	}
	return s.Get(ctx, ref)
}

func checkEdits(edits []Edit) error {
	seen := map[string]bool{}
	for _, e := range edits {
		if seen[e.Field] {
			return errs.Field(e.Field, "bulk.err.twice")
		}
		seen[e.Field] = true
	}
	switch {
	case len(edits) == 0:
		return errs.Field("edits", "err.required")
	case len(edits) > MaxEdits:
		return errs.Field("edits", "bulk.err.many", "Max", MaxEdits)
	}
	return nil
}

// gather reads a selection from a cursor on, until it has more than most.
func (s *Service) gather(ctx context.Context, t target, sel Selection, cursor string, most int) (ids []id.ID, next string, err error) {
	if len(sel.IDs) > 0 {
		return sel.IDs, "", nil
	}
	for len(ids) < most {
		page, next, err := t.page(ctx, sel.Query, cursor)
		if err != nil {
			return nil, "", err
		}
		if ids = append(ids, page...); next == "" {
			return ids, "", nil
		}
		cursor = next
	}
	return ids, cursor, nil
}

// advance moves an act on, or says why it cannot be.
func (s *Service) advance(ctx context.Context, tx *db.Tx, act Act, to State, from ...State) error {
	ok, err := move(ctx, tx, who.From(ctx).Workspace, act.ID, to, from...)
	if err == nil && !ok {
		err = errs.New(errs.Conflict, "bulk.err.not_"+string(from[len(from)-1]))
	}
	return err
}

// Apply writes what the preview showed; many are left to a job. Errors:
// bulk.err.nothing, bulk.err.not_staged (409).
func (s *Service) Apply(ctx context.Context, ref id.ID) (Act, error) {
	return s.begin(ctx, ref, applying)
}

// Undo takes an applied act back: each value that still is what the act wrote.
// Its maker may, and an admin. Errors: bulk.err.not_applied (409).
func (s *Service) Undo(ctx context.Context, ref id.ID) (Act, error) {
	return s.begin(ctx, ref, undoing)
}

// begin starts a way; few records are done with at once.
func (s *Service) begin(ctx context.Context, ref id.ID, w way) (Act, error) {
	a, act, err := s.own(ctx, who.Write, ref)
	if err != nil {
		return act, err
	}
	n := act.Counts[w.todo]
	if n == 0 && act.State == w.from {
		return act, errs.New(errs.Conflict, "bulk.err.nothing")
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.advance(ctx, tx, act, w.state, w.from); err != nil {
			return err
		}
		if s.Audit != nil {
			if err := s.Audit(ctx, tx, w.audit, "bulk", ref, map[string]any{"target": act.Target, "count": n}); err != nil {
				return err
			}
		}
		if n > s.sizes.atOnce {
			return s.addJob(ctx, tx, w.job, ref)
		}
		for {
			more, err := s.slice(because(ctx, act, w), tx, a.Workspace, act, w)
			if err != nil || !more {
				return err
			}
		}
	})
	if err != nil {
		return act, err
	}
	return s.Get(ctx, ref)
}

// Get gives an act of the actor, or to an admin anybody's.
func (s *Service) Get(ctx context.Context, ref id.ID) (Act, error) {
	_, act, err := s.own(ctx, who.Read, ref)
	return act, err
}

func (s *Service) own(ctx context.Context, need who.Need, ref id.ID) (who.Actor, Act, error) {
	a, err := who.Check(ctx, need)
	if err != nil {
		return a, Act{}, err
	}
	act, err := oneAct(ctx, s.db, a.Workspace, ref)
	if err == nil && act.Member != a.Member && !a.May(who.Administer) {
		err = errs.Missing("bulk")
	}
	if err != nil {
		return a, Act{}, err
	}
	counts, err := countRows(ctx, s.db, a.Workspace, ref)
	act.Counts = counts[ref]
	return a, act, err
}

// List gives acts that were applied, the newest first: the actor's, to an admin
// everybody's. before is the last one of the page before, 0 for the first.
func (s *Service) List(ctx context.Context, before id.ID, limit int) ([]Act, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	of := a.Member
	if a.May(who.Administer) {
		of = 0
	}
	list, err := listActs(ctx, s.db, a.Workspace, of, before, min(max(limit, 1), 201))
	if err != nil {
		return nil, err
	}
	refs := make([]id.ID, len(list))
	for i, act := range list {
		refs[i] = act.ID
	}
	counts, err := countRows(ctx, s.db, a.Workspace, refs...)
	for i := range list {
		list[i].Counts = counts[list[i].ID]
	}
	return list, err
}

// Rows gives records of an act by what becomes of them, behind one of them (0 =
// from the beginning); next is 0 at the end.
func (s *Service) Rows(ctx context.Context, ref, after id.ID, limit int, outcomes ...Outcome) (rows []Row, next id.ID, err error) {
	a, act, err := s.own(ctx, who.Read, ref)
	if err != nil {
		return nil, 0, err
	}
	limit = min(max(limit, 1), 200)
	if rows, err = readRows(ctx, s.db, a.Workspace, ref, after, limit+1, outcomes...); err != nil {
		return nil, 0, err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].Ref
	}
	t, err := s.targetOf(act.Target)
	if err != nil {
		return nil, 0, err
	}
	rows, err = t.name(ctx, rows)
	return rows, next, err
}
