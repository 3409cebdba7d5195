package view

import (
	"context"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
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
	need := who.Self
	if in.Shared {
		need = who.Write
	}
	a, err := who.Check(ctx, need)
	if err != nil {
		return View{}, err
	}
	if err := in.clean(); err != nil {
		return View{}, err
	}
	v := View{ID: id.New(), Place: in.Place, Name: in.Name, Query: in.Query, Member: a.Member, By: a.Name, Shared: in.Shared, Version: 1, Created: s.Now()}
	return v, s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := roomFor(ctx, tx, a.Workspace, v); err != nil {
			return err
		}
		return insert(ctx, tx, a.Workspace, v)
	})
}

// roomFor: a member's views of a list have names of their own, and are not too
// many to choose from. Two who look at once come after each other.
func roomFor(ctx context.Context, tx *db.Tx, ws id.ID, v View) error {
	if err := workspace.LockMember(ctx, tx, ws, v.Member); err != nil {
		return err
	}
	have, err := list(ctx, tx, who.Actor{Workspace: ws, Member: v.Member}, v.Place)
	if err != nil {
		return err
	}
	own := 0
	for _, h := range have {
		if h.Member != v.Member || h.ID == v.ID {
			continue
		}
		if own++; text.Fold(h.Name) == text.Fold(v.Name) {
			return errs.Field("name", "view.err.taken", "Name", v.Name)
		}
	}
	if own >= mostViews {
		return errs.New(errs.Conflict, "view.err.many", "Max", mostViews)
	}
	return nil
}

// Change says what to change of a view; nil stays.
type Change struct {
	Name   *string
	Query  *string
	Shared *bool
}

// Update changes a view: its owner's act, of a shared one an admin's too.
// Errors: those of Create, Missing, err.forbidden.
func (s *Service) Update(ctx context.Context, ref id.ID, ch Change) (v View, err error) {
	return v, s.act(ctx, ref, func(ctx context.Context, tx *db.Tx, a who.Actor, old View) error {
		in := Input{Place: old.Place, Name: old.Name, Query: old.Query, Shared: old.Shared}
		if ch.Name != nil {
			in.Name = *ch.Name
		}
		if ch.Query != nil {
			in.Query = *ch.Query
		}
		if ch.Shared != nil {
			in.Shared = *ch.Shared
		}
		if in.Shared && !old.Shared {
			if _, err := who.Check(ctx, who.Write); err != nil {
				return err
			}
		}
		if err := in.clean(); err != nil {
			return err
		}
		v = old
		v.Name, v.Query, v.Shared, v.Version = in.Name, in.Query, in.Shared, old.Version+1
		if err := roomFor(ctx, tx, a.Workspace, v); err != nil {
			return err
		}
		return update(ctx, tx, a.Workspace, v)
	})
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
		if v.Member != a.Member && !a.May(who.Administer) {
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
