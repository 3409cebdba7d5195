package view

import (
	"cmp"
	"context"
	"slices"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
	"kizuki/internal/workspace/units"
)

// Service offers the acts.
type Service struct {
	db  *db.DB
	Now func() time.Time
}

// New makes the service.
func New(d *db.DB) *Service { return &Service{db: d, Now: time.Now} }

// List gives the views of a list that the actor has: the own ones, then those
// of others for all, each in the order in which they were saved.
func (s *Service) List(ctx context.Context, place string) ([]View, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	return list(ctx, s.db, a, place)
}

// Get gives one that the actor may see. Errors: Missing.
func (s *Service) Get(ctx context.Context, ref id.ID) (View, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return View{}, err
	}
	return one(ctx, s.db, a, ref)
}

// Create saves a view. Whoever may only read saves for themselves alone.
// Errors: err.required, err.too_long (name), err.choice (place), view.err.long
// (query), view.err.taken (name), view.err.many.
func (s *Service) Create(ctx context.Context, in Input) (View, error) {
	a, err := mayShare(ctx, in.Shared || in.Unit != 0)
	if err != nil {
		return View{}, err
	}
	if err := in.clean(); err != nil {
		return View{}, err
	}
	v := View{ID: id.New(), Place: in.Place, Name: in.Name, Query: in.Query, Member: a.Member, By: a.Name, Shared: in.Shared, Unit: in.Unit, Version: 1, Created: s.Now()}
	return v, s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if v.Team, err = team(ctx, tx, a, in.Unit); err != nil {
			return err
		}
		if err := roomFor(ctx, tx, a.Workspace, v); err != nil {
			return err
		}
		return insert(ctx, tx, a.Workspace, v)
	})
}

// mayShare: whoever may only read keeps views alone.
func mayShare(ctx context.Context, shared bool) (who.Actor, error) {
	if shared {
		return who.Check(ctx, who.Write)
	}
	return who.Check(ctx, who.Self)
}

// team is the name of a team that the actor may share with: one they are in or
// lead. Errors: Missing, view.err.team.
func team(ctx context.Context, q db.Queryer, a who.Actor, unit id.ID) (string, error) {
	if unit == 0 {
		return "", nil
	}
	list, err := teams(ctx, q, a)
	if err != nil {
		return "", err
	}
	for _, u := range list {
		if u.ID == unit {
			return u.Name, nil
		}
	}
	if _, err := units.Get(ctx, q, a.Workspace, unit); err != nil {
		return "", err
	}
	return "", errs.New(errs.Forbidden, "view.err.team")
}

func teams(ctx context.Context, q db.Queryer, a who.Actor) ([]units.Unit, error) {
	all, err := units.All(ctx, q, a.Workspace)
	if err == nil {
		err = units.Fill(ctx, q, a.Workspace, all)
	}
	slices.SortFunc(all, func(x, y units.Unit) int { return cmp.Compare(x.Name, y.Name) })
	return units.Offered(a, all), err
}

// Teams are those the actor may share a view with, by name.
func (s *Service) Teams(ctx context.Context) ([]units.Unit, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || !a.May(who.Write) {
		return nil, err
	}
	return teams(ctx, s.db, a)
}

// MayChange reports whether the actor may change a view: its owner may, who leads
// the team it is shared with, and an admin of what is shared.
func MayChange(a who.Actor, v View) bool {
	return v.Member == a.Member || v.Shared && a.May(who.Administer) || v.Unit != 0 && a.Leads(v.Unit)
}

// roomFor: a member's views of a list have names of their own, and are not too
// many to choose from. Two who look at once come after each other.
func roomFor(ctx context.Context, tx *db.Tx, ws id.ID, v View) error {
	if err := workspace.LockMember(ctx, tx, ws, v.Member); err != nil {
		return err
	}
	have, err := own(ctx, tx, ws, v.Member, v.Place)
	if err != nil {
		return err
	}
	others := 0
	for _, h := range have {
		if h.ID == v.ID {
			continue
		}
		if others++; text.Fold(h.Name) == text.Fold(v.Name) {
			return errs.Field("name", "view.err.taken", "Name", v.Name)
		}
	}
	if others >= mostViews {
		return errs.New(errs.Conflict, "view.err.many", "Max", mostViews)
	}
	return nil
}

// Change says what to change of a view; nil stays.
type Change struct {
	Name   *string
	Query  *string
	Shared *bool
	Unit   *id.ID
}

// Update changes a view: its owner's act, of a shared one an admin's too, of a
// team's one that of who leads the team.
// Errors: those of Create, Missing, err.forbidden.
func (s *Service) Update(ctx context.Context, ref id.ID, ch Change) (v View, err error) {
	return v, s.act(ctx, ref, func(ctx context.Context, tx *db.Tx, a who.Actor, old View) error {
		in := Input{Place: old.Place, Name: old.Name, Query: old.Query, Shared: old.Shared, Unit: old.Unit}
		if ch.Name != nil {
			in.Name = *ch.Name
		}
		if ch.Query != nil {
			in.Query = *ch.Query
		}
		if ch.Shared != nil {
			in.Shared = *ch.Shared
		}
		if ch.Unit != nil {
			in.Unit = *ch.Unit
		}
		if err := in.clean(); err != nil {
			return err
		}
		v = old
		v.Name, v.Query, v.Shared, v.Unit, v.Version = in.Name, in.Query, in.Shared, in.Unit, old.Version+1
		if err := s.reshare(ctx, tx, a, old, &v); err != nil {
			return err
		}
		if err := roomFor(ctx, tx, a.Workspace, v); err != nil {
			return err
		}
		return update(ctx, tx, a.Workspace, v)
	})
}

// reshare checks with whom a view is shared now. Who leads a team keeps its views
// in the team, or takes them away; to all it is its owner's, or an admin's, to give.
func (s *Service) reshare(ctx context.Context, tx *db.Tx, a who.Actor, old View, v *View) (err error) {
	if v.Shared == old.Shared && v.Unit == old.Unit {
		return nil
	}
	if _, err := mayShare(ctx, v.Shared || v.Unit != 0); err != nil {
		return err
	}
	if v.Shared && old.Member != a.Member && !a.May(who.Administer) {
		return errs.New(errs.Forbidden, "err.forbidden")
	}
	v.Team, err = team(ctx, tx, a, v.Unit)
	return err
}

// Delete takes a view away; Restore brings it back.
func (s *Service) Delete(ctx context.Context, ref id.ID) (v View, err error) {
	return v, s.act(ctx, ref, func(ctx context.Context, tx *db.Tx, a who.Actor, old View) error {
		v = old
		return setDeleted(ctx, tx, a.Workspace, ref, db.Micros(s.Now()))
	})
}

// act runs f on a view that the actor may change.
func (s *Service) act(ctx context.Context, ref id.ID, f func(ctx context.Context, tx *db.Tx, a who.Actor, v View) error) error {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		v, err := one(ctx, tx, a, ref)
		if err != nil {
			return err
		}
		if !MayChange(a, v) {
			return errs.New(errs.Forbidden, "err.forbidden")
		}
		return f(ctx, tx, a, v)
	})
}

// Restore brings a deleted view back. Errors: Missing, view.err.taken if its
// name went to another meanwhile.
func (s *Service) Restore(ctx context.Context, ref id.ID) (v View, err error) {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return v, err
	}
	return v, s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if v, err = deleted(ctx, tx, a, ref); err != nil {
			return err
		}
		if err := roomFor(ctx, tx, a.Workspace, v); err != nil {
			return err
		}
		return setDeleted(ctx, tx, a.Workspace, ref, 0)
	})
}
