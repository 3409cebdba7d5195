package handover

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/bus"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// Service offers the acts.
type Service struct {
	Now       func() time.Time // the clock; a test may stand on any day
	db        *db.DB
	bus       *bus.Bus
	people    *workspace.Service
	contracts *contract.Service
	contacts  *contact.Service
	timeline  *timeline.Service
	tasks     *task.Service
}

// Parts are the services a handover stands on.
type Parts struct {
	People    *workspace.Service
	Contracts *contract.Service
	Contacts  *contact.Service
	Timeline  *timeline.Service
	Tasks     *task.Service
}

// New makes the service, which listens for contracts that change hands. It must
// be made after task's, whose own tasks follow first.
func New(d *db.DB, b *bus.Bus, p Parts) *Service {
	s := &Service{Now: time.Now, db: d, bus: b, people: p.People, contracts: p.Contracts, contacts: p.Contacts, timeline: p.Timeline, tasks: p.Tasks}
	s.subscribe(b)
	return s
}

// Preview says what giving contracts to a member would move; to 0 is nobody in
// particular. Contracts the actor may not read are not counted.
func (s *Service) Preview(ctx context.Context, contracts []id.ID, to id.ID) (Counts, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Counts{}, err
	}
	if to == 0 {
		to = -1 // nobody's id: contracts without an owner count, too
	}
	return count(ctx, s.db, a, unique(contracts), to)
}

// Give makes a member the owner of contracts, all or none. Those they own
// already are passed over. Errors: under contracts handover.err.none, .too_many,
// .theirs; under to err.required, handover.err.to; err.too_long (words); Missing
// for a contract the actor may not read.
func (s *Service) Give(ctx context.Context, in Input) (act Act, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Act{}, err
	}
	if err := in.clean(); err != nil {
		return Act{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		act, err = s.give(ctx, tx, a, in)
		return err
	})
	return act, err
}

func (s *Service) give(ctx context.Context, tx *db.Tx, a who.Actor, in Input) (Act, error) {
	here, err := present(ctx, tx, a.Workspace, []id.ID{in.To})
	if err != nil {
		return Act{}, err
	}
	if !here[in.To] {
		return Act{}, errs.Field("to", "handover.err.to")
	}
	saves, err := s.saves(ctx, tx, in)
	if err != nil {
		return Act{}, err
	}
	counts, err := count(ctx, tx, a, in.Contracts, in.To)
	if err != nil {
		return Act{}, err
	}
	batch := id.New()
	if err := s.contracts.ApplyIn(context.WithValue(ctx, sayingKey{}, saying{batch, in.Words}), tx, saves); err != nil {
		return Act{}, err
	}
	act, err := s.actOf(ctx, tx, who.System(a.Workspace, a.Zone), batch)
	if err != nil {
		return Act{}, err
	}
	act.Counts = counts
	return act, s.tell(ctx, tx, a.Workspace, act)
}

// saves are the contracts with their new owner.
func (s *Service) saves(ctx context.Context, tx *db.Tx, in Input) ([]contract.Save, error) {
	found, err := s.contracts.Readable(ctx, tx, in.Contracts)
	if err != nil {
		return nil, err
	}
	var saves []contract.Save
	for _, ref := range in.Contracts {
		c, there := found[ref]
		if !there {
			return nil, errs.Missing("contract")
		}
		if c.OwnerID != in.To {
			saves = append(saves, owned(c, in.To))
		}
	}
	if len(saves) == 0 {
		return nil, errs.Field("contracts", "handover.err.theirs")
	}
	return saves, nil
}

func owned(c contract.Contract, by id.ID) contract.Save {
	after := c.Clone()
	after.OwnerID = by
	return contract.Save{Contract: after, Changes: contract.Diff(c, after)}
}

// tell puts the words of an act on the trails of its contracts; that the owner
// changed they know.
func (s *Service) tell(ctx context.Context, tx *db.Tx, ws id.ID, act Act) error {
	if act.Words == "" {
		return nil
	}
	news := make([]bus.Change, len(act.List))
	for i, h := range act.List {
		news[i] = bus.Change{Kind: Said, Workspace: ws, Contract: h.Contract, Ref: h.ID, Data: map[string]any{"words": act.Words}}
	}
	return s.bus.Publish(ctx, tx, news...)
}

// Act gives one act with those of its handovers whose contracts the actor may
// read, by customer; Missing if there are none. One's own act is there even if
// everything in it was given out of one's sight.
func (s *Service) Act(ctx context.Context, batch id.ID) (Act, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Act{}, err
	}
	act, err := s.actOf(ctx, s.db, who.System(a.Workspace, a.Zone), batch)
	if err != nil {
		return Act{}, err
	}
	refs := make([]id.ID, len(act.List))
	for i, h := range act.List {
		refs[i] = h.Contract
	}
	sees, err := audience.SeesContracts(ctx, s.db, a, refs)
	if err != nil {
		return Act{}, err
	}
	act.List = slices.DeleteFunc(act.List, func(h Handover) bool { return !sees[h.Contract] })
	if act.By.ID == 0 || act.By.ID != a.Member {
		act.Contracts = len(act.List)
	}
	if act.Contracts == 0 {
		return Act{}, errs.Missing("handover")
	}
	return act, nil
}

func (s *Service) actOf(ctx context.Context, q db.Queryer, a who.Actor, batch id.ID) (Act, error) {
	var w db.Where
	w.And("h.batch_id = ?", batch)
	list, err := find(ctx, q, a, &w, " ORDER BY o.name_fold, c.name_fold, h.id LIMIT "+strconv.Itoa(MaxContracts))
	if err == nil && len(list) == 0 {
		err = errs.Missing("handover")
	}
	if err != nil {
		return Act{}, err
	}
	h := list[0]
	return Act{Batch: batch, At: h.At, By: h.By, To: h.To, Words: h.Words, List: list, Counts: Counts{Contracts: len(list)},
		Until: h.At.Add(UndoFor)}, nil
}

// MayUndo reports whether the actor can take an act back now.
func (s *Service) MayUndo(ctx context.Context, act Act) bool {
	a := who.From(ctx)
	return a.May(who.Write) && act.of(a) && s.Now().Before(act.Until)
}

// of reports whether the act is the actor's to take back. What an import did is
// taken back with the import.
func (act Act) of(a who.Actor) bool {
	return act.By.ID != 0 && (act.By.ID == a.Member || a.May(who.Administer))
}

// recentShown is how many of the last acts Recent gives.
const recentShown = 5

// Recent gives the actor's acts that can still be taken back, the newest first,
// without their lists.
func (s *Service) Recent(ctx context.Context) ([]Act, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || a.Member == 0 {
		return nil, err
	}
	var w db.Where
	w.And("h.workspace_id = ? AND h.by_id = ? AND h.at > ?", a.Workspace, a.Member, db.Micros(s.Now().Add(-UndoFor)))
	where := w.SQL() + " AND " + audience.Contract(&w, a, "c")
	return db.All(ctx, s.db, func(r db.Row) (x Act, err error) {
		x.By = Person{a.Member, a.Name}
		err = r.Scan(&x.Batch, (*db.Time)(&x.At), &x.Contracts, &x.To.ID, &x.To.Name)
		x.Until = x.At.Add(UndoFor)
		return x, err
	}, `SELECT h.batch_id, max(h.at), count(*), t.id, t.name FROM handover h
		JOIN contract c ON c.workspace_id = h.workspace_id AND c.id = h.contract_id
		JOIN member t ON t.workspace_id = h.workspace_id AND t.id = h.to_id
		WHERE `+where+` GROUP BY h.batch_id, t.id, t.name ORDER BY 2 DESC, h.batch_id DESC LIMIT `+strconv.Itoa(recentShown), w.Args()...)
}

// Undo takes an act back within UndoFor: contracts that still are as it left
// them go back to their former owner, their rule-made tasks with them; the
// others are kept and listed. Only the one who acted or an admin may. Errors:
// Missing, handover.err.not_yours (Forbidden), handover.err.too_late (409).
func (s *Service) Undo(ctx context.Context, batch id.ID) (u Undone, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Undone{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, err = s.undo(ctx, tx, a, batch)
		return err
	})
	return u, err
}

// UndoOf is Undo of the act a handover belongs to.
func (s *Service) UndoOf(ctx context.Context, ref id.ID) (Undone, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Undone{}, err
	}
	var w db.Where
	w.And("h.id = ?", ref)
	list, err := find(ctx, s.db, who.System(a.Workspace, a.Zone), &w, "")
	if err == nil && len(list) == 0 {
		err = errs.Missing("handover")
	}
	if err != nil {
		return Undone{}, err
	}
	return s.Undo(ctx, list[0].Batch)
}

// undo reads as the system: who gave a limited contract away may no longer read
// it, and may take the act back all the same.
func (s *Service) undo(ctx context.Context, tx *db.Tx, a who.Actor, batch id.ID) (u Undone, err error) {
	act, err := s.actOf(ctx, tx, who.System(a.Workspace, a.Zone), batch)
	if err != nil {
		return u, err
	}
	if err := s.mayTakeBack(ctx, tx, a, act); err != nil {
		return u, err
	}
	refs := make([]id.ID, len(act.List))
	for i, h := range act.List {
		refs[i] = h.Contract
	}
	last, err := newest(ctx, tx, a.Workspace, refs)
	if err != nil {
		return u, err
	}
	found, err := s.contracts.Load(ctx, tx, a.Workspace, refs)
	if err != nil {
		return u, err
	}
	sees, err := audience.SeesContracts(ctx, tx, a, refs)
	if err != nil {
		return u, err
	}
	var saves []contract.Save
	for _, h := range act.List {
		c := found[h.Contract]
		touches := sees[h.Contract] || act.By.ID == a.Member
		if touches && last[h.Contract].id == h.ID && c.OwnerID == h.To.ID {
			saves = append(saves, owned(c, h.From.ID))
			u.Restored = append(u.Restored, h.Contract)
			continue
		}
		k := Kept{Contract: h.Contract}
		if sees[h.Contract] {
			k.Org, k.Name = h.Org, h.Name
		}
		u.Kept = append(u.Kept, k)
	}
	ctx = bus.Because(ctx, bus.Cause{ActorKind: "member", ActorID: a.Member, Kind: UndoCause, ID: batch})
	return u, s.contracts.ApplyIn(ctx, tx, saves)
}

// mayTakeBack refuses the act of somebody else, which is not there at all for
// those who may read none of its contracts, and one that is too long ago.
func (s *Service) mayTakeBack(ctx context.Context, q db.Queryer, a who.Actor, act Act) error {
	if !act.of(a) {
		if _, err := s.actOf(ctx, q, a, act.Batch); err != nil {
			return err
		}
		return errs.New(errs.Forbidden, "handover.err.not_yours")
	}
	if !s.Now().Before(act.Until) {
		return errs.New(errs.Conflict, "handover.err.too_late")
	}
	return nil
}

// Query says which handovers.
type Query struct {
	Open   bool  // only those that wait
	To     id.ID // of one new owner; 0 = anybody's
	Limit  int   // 1..200, 0 = 50
	Cursor string
}

// List gives handovers of contracts the actor may read, the newest first.
func (s *Service) List(ctx context.Context, q Query) (list []Handover, next string, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, "", err
	}
	if q.Limit < 1 || q.Limit > 200 {
		q.Limit = 50
	}
	var w db.Where
	if q.Open {
		w.And("h.settled_at = 0")
	}
	if q.To != 0 {
		w.And("h.to_id = ?", q.To)
	}
	if q.Cursor != "" {
		at, ref, err := place(q.Cursor)
		if err != nil {
			return nil, "", err
		}
		w.And("(h.at, h.id) < (?, ?)", at, ref)
	}
	list, err = find(ctx, s.db, a, &w, newestFirst(q.Limit+1))
	if err == nil && len(list) > q.Limit {
		list = list[:q.Limit]
		last := list[q.Limit-1]
		next = strconv.FormatInt(db.Micros(last.At), 10) + "-" + last.ID.String()
	}
	return list, next, err
}

func place(cursor string) (at int64, ref id.ID, err error) {
	left, right, _ := strings.Cut(cursor, "-")
	at, err1 := strconv.ParseInt(left, 10, 64)
	ref, err2 := id.Parse(right)
	if err1 != nil || err2 != nil {
		return 0, 0, errs.Field("cursor", "err.cursor")
	}
	return at, ref, nil
}

// Waiting gives the newest handovers that wait for the actor, and how many
// there are.
func (s *Service) Waiting(ctx context.Context, limit int) ([]Handover, int, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || a.Member == 0 {
		return nil, 0, err
	}
	var w db.Where
	w.And("h.to_id = ? AND h.settled_at = 0", a.Member)
	list, err := find(ctx, s.db, a, &w, newestFirst(limit))
	if err != nil || len(list) < limit {
		return list, len(list), err
	}
	n, err := waiting(ctx, s.db, a)
	return list, n, err
}

// own reads a handover to the actor. Somebody else's is Forbidden
// (handover.err.not_yours).
func (s *Service) own(ctx context.Context, q db.Queryer, a who.Actor, ref id.ID) (Handover, error) {
	var w db.Where
	w.And("h.id = ?", ref)
	list, err := find(ctx, q, a, &w, "")
	switch {
	case err != nil:
		return Handover{}, err
	case len(list) == 0:
		return Handover{}, errs.Missing("handover")
	case list[0].To.ID != a.Member:
		return Handover{}, errs.New(errs.Forbidden, "handover.err.not_yours")
	}
	return list[0], nil
}

// Settle says that the new owner has read what came with a contract. A viewer
// who owns one may, too. Errors: Missing, handover.err.not_yours (Forbidden).
func (s *Service) Settle(ctx context.Context, ref id.ID) (Handover, error) {
	return s.turn(ctx, ref, s.Now())
}

// Unsettle takes Settle back. Once the contract has gone on to somebody else
// that is too late (handover.err.passed_on, 409).
func (s *Service) Unsettle(ctx context.Context, ref id.ID) (Handover, error) {
	return s.turn(ctx, ref, time.Time{})
}

func (s *Service) turn(ctx context.Context, ref id.ID, at time.Time) (h Handover, err error) {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return Handover{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if h, err = s.own(ctx, tx, a, ref); err != nil || h.Open() == at.IsZero() {
			return err // said twice: a double click, a second tab
		}
		last, err := newest(ctx, tx, a.Workspace, []id.ID{h.Contract})
		if err != nil {
			return err
		}
		if last[h.Contract].id != h.ID {
			return errs.New(errs.Conflict, "handover.err.passed_on")
		}
		h.Settled = at
		return settle(ctx, tx, a.Workspace, []id.ID{h.ID}, db.Micros(at))
	})
	return h, err
}

// Take makes offered tasks the new owner's: these, or all if none is named.
// Errors: Missing, handover.err.not_yours, handover.err.taken (409) when there
// is nothing left to take.
func (s *Service) Take(ctx context.Context, ref id.ID, tasks ...id.ID) (h Handover, taken []task.Task, err error) {
	return s.pass(ctx, ref, func(h Handover) (from, to id.ID) { return h.From.ID, h.To.ID }, tasks)
}

// GiveBack takes Take back: tasks are the former owner's again, who must still
// be there.
func (s *Service) GiveBack(ctx context.Context, ref id.ID, tasks ...id.ID) (Handover, []task.Task, error) {
	if len(tasks) == 0 {
		return Handover{}, nil, errs.Field("tasks", "err.required")
	}
	return s.pass(ctx, ref, func(h Handover) (from, to id.ID) { return h.To.ID, h.From.ID }, tasks)
}

func (s *Service) pass(ctx context.Context, ref id.ID, way func(Handover) (from, to id.ID), tasks []id.ID) (h Handover, moved []task.Task, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Handover{}, nil, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if h, err = s.own(ctx, tx, a, ref); err != nil {
			return err
		}
		open, err := s.tasks.OpenOf(ctx, tx, []id.ID{h.Contract})
		if err != nil {
			return err
		}
		from, to := way(h)
		if to != 0 {
			here, err := present(ctx, tx, a.Workspace, []id.ID{to})
			if err != nil {
				return err
			}
			if !here[to] {
				return errs.Field("to", "handover.err.to")
			}
		}
		var pick []id.ID
		for _, t := range open[h.Contract] {
			if t.Owner == from && t.OriginKind != task.RuleOrigin && (len(tasks) == 0 || slices.Contains(tasks, t.ID)) {
				pick = append(pick, t.ID)
			}
		}
		if len(pick) == 0 {
			return errs.New(errs.Conflict, "handover.err.taken")
		}
		moved, err = s.tasks.GiveIn(ctx, tx, a.Workspace, from, to, pick)
		return err
	})
	return h, moved, err
}
