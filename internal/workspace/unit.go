package workspace

import (
	"cmp"
	"context"
	"slices"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
	"kizuki/internal/workspace/units"
)

// Unit is a team; teams stand in a tree.
type Unit = units.Unit

// UnitDeleted is news before a team is deleted; Ref is the team.
const UnitDeleted bus.Kind = "unit.deleted"

// Units lists all teams by name, with their members.
func (s *Service) Units(ctx context.Context) ([]Unit, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	list, err := units.All(ctx, s.db, a.Workspace)
	if err != nil {
		return nil, err
	}
	err = units.Fill(ctx, s.db, a.Workspace, list)
	slices.SortFunc(list, func(x, y Unit) int {
		return cmp.Or(cmp.Compare(text.Fold(x.Name), text.Fold(y.Name)), cmp.Compare(x.ID, y.ID))
	})
	return list, err
}

// CreateUnit adds a team under parent, 0 for the top.
func (s *Service) CreateUnit(ctx context.Context, name string, parent id.ID) (Unit, error) {
	u := Unit{ID: id.New(), Parent: parent}
	err := s.editUnits(ctx, "unit.created", u.ID, func(ctx context.Context, tx *db.Tx, ws id.ID) error {
		p, e := required("name", name)
		if e != nil {
			return e
		}
		if parent != 0 {
			if err := mustUnit(ctx, tx, ws, parent); err != nil {
				return err
			}
		}
		u.Name = p
		return nameTaken(insertUnit(ctx, tx, ws, u))
	})
	return u, err
}

// RenameUnit gives a team another name.
func (s *Service) RenameUnit(ctx context.Context, unit id.ID, name string) error {
	return s.editUnits(ctx, "unit.renamed", unit, func(ctx context.Context, tx *db.Tx, ws id.ID) error {
		name, e := required("name", name)
		if e != nil {
			return e
		}
		if err := mustUnit(ctx, tx, ws, unit); err != nil {
			return err
		}
		return nameTaken(renameUnit(ctx, tx, ws, unit, name))
	})
}

func nameTaken(err error) error {
	if db.UniqueOn(err, "unit") {
		return errs.Field("name", "workspace.err.unit_taken").With(err)
	}
	return err
}

// MoveUnit puts a team under another, 0 for the top; never under itself or a
// team below it.
func (s *Service) MoveUnit(ctx context.Context, unit, parent id.ID) error {
	return s.editUnits(ctx, "unit.moved", unit, func(ctx context.Context, tx *db.Tx, ws id.ID) error {
		all, err := units.All(ctx, tx, ws)
		if err != nil {
			return err
		}
		above := make(map[id.ID]id.ID, len(all))
		for _, u := range all {
			above[u.ID] = u.Parent
		}
		for _, u := range []id.ID{unit, parent} {
			if _, there := above[u]; u != 0 && !there || unit == 0 {
				return errs.Missing("unit")
			}
		}
		for u := parent; u != 0; u = above[u] {
			if u == unit {
				return errs.Field("parent", "workspace.err.unit_cycle")
			}
		}
		return moveUnit(ctx, tx, ws, unit, parent)
	})
}

// DeleteUnit removes a team without teams below it. Others may refuse, who hear
// of it: a team that has fields or rules stays.
func (s *Service) DeleteUnit(ctx context.Context, unit id.ID) error {
	return s.editUnits(ctx, "unit.deleted", unit, func(ctx context.Context, tx *db.Tx, ws id.ID) error {
		if err := mustUnit(ctx, tx, ws, unit); err != nil {
			return err
		}
		if err := s.bus.Publish(ctx, tx, bus.Change{Kind: UnitDeleted, Workspace: ws, Ref: unit}); err != nil {
			return err
		}
		err := deleteUnit(ctx, tx, ws, unit)
		if db.Foreign(err) {
			return errs.New(errs.Conflict, "workspace.err.unit_has_children").With(err)
		}
		return err
	})
}

// SetUnitMembers makes exactly these the members of a team.
func (s *Service) SetUnitMembers(ctx context.Context, unit id.ID, members []id.ID) error {
	return s.editUnits(ctx, "unit.members", unit, func(ctx context.Context, tx *db.Tx, ws id.ID) error {
		if err := mustUnit(ctx, tx, ws, unit); err != nil {
			return err
		}
		chosen := slices.Compact(slices.Sorted(slices.Values(members)))
		known, err := membersByID(ctx, tx, ws, chosen)
		if err != nil {
			return err
		}
		for _, m := range chosen {
			if known[m].ID == 0 || known[m].State == Left {
				return errs.Missing("member")
			}
		}
		return units.SetMembers(ctx, tx, ws, unit, chosen)
	})
}

// UnitMembers lists the members of a team, placeholders too.
func (s *Service) UnitMembers(ctx context.Context, q db.Queryer, unit id.ID) ([]Member, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	if err := mustUnit(ctx, q, a.Workspace, unit); err != nil {
		return nil, err
	}
	list, err := unitMembers(ctx, q, a.Workspace, unit)
	inOrder(list)
	return list, err
}

func mustUnit(ctx context.Context, q db.Queryer, ws, unit id.ID) error {
	_, err := units.Get(ctx, q, ws, unit)
	return err
}

// SetUnitLeads makes exactly these of a team's members its leads: an admin's act,
// or of who leads a team above. Errors: workspace.err.lead_member for somebody
// who is not in the team, .lead_viewer for one who may only read.
func (s *Service) SetUnitLeads(ctx context.Context, unit id.ID, leads []id.ID) error {
	a, err := who.Check(ctx, who.Lead)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockWorkspace(ctx, tx, a.Workspace); err != nil {
			return err
		}
		u, err := units.Get(ctx, tx, a.Workspace, unit)
		if err != nil {
			return err
		}
		if err := a.MustLead(u.Parent); err != nil {
			return err
		}
		people, err := unitMembers(ctx, tx, a.Workspace, unit)
		if err != nil {
			return err
		}
		chosen := slices.Compact(slices.Sorted(slices.Values(leads)))
		if err := mayLead(people, chosen); err != nil {
			return err
		}
		if err := units.SetLeads(ctx, tx, a.Workspace, unit, chosen); err != nil {
			return err
		}
		return s.AuditIn(ctx, tx, "unit.leads", "unit", unit, map[string]any{"leads": chosen})
	})
}

func mayLead(people []Member, leads []id.ID) error {
	for _, lead := range leads {
		at := slices.IndexFunc(people, func(m Member) bool { return m.ID == lead })
		switch {
		case at < 0:
			return errs.Field("lead", "workspace.err.lead_member")
		case people[at].Role == who.Viewer:
			return errs.Field("lead", "workspace.err.lead_viewer", "Name", people[at].Name)
		}
	}
	return nil
}

// editUnits runs one change of the tree and writes it down. Changes of one
// workspace stand in line, so that two moves cannot tie a knot together.
func (s *Service) editUnits(ctx context.Context, act string, unit id.ID, edit func(context.Context, *db.Tx, id.ID) error) error {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockWorkspace(ctx, tx, a.Workspace); err != nil {
			return err
		}
		if err := edit(ctx, tx, a.Workspace); err != nil {
			return err
		}
		return s.AuditIn(ctx, tx, act, "unit", unit, nil)
	})
}

// Person is one offer of the completion of mentions.
type Person struct {
	ID   id.ID
	Name string
	Kana string
	Kind string // "member" or "unit"
}

// Directory finds members and teams by the beginning or a part of the name or
// its reading, in any kana; beginnings first. People who left are not offered.
func (s *Service) Directory(ctx context.Context, q string, limit int) ([]Person, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	p := person{Name: text.Line(q)}
	return directory(ctx, s.db, a.Workspace, p.nameFold(), p.kanaFold(), min(max(limit, 1), maxPage))
}
