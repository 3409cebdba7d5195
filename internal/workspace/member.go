package workspace

import (
	"cmp"
	"context"
	"slices"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// State is how a member stands to the workspace.
type State string

// A placeholder is an owner named by an import whom nobody has invited yet. A
// member who left keeps the row: contracts, notes and tasks go on naming it.
const (
	Active      State = "active"
	Placeholder State = "placeholder"
	Left        State = "left"
)

// Member is a person in a workspace.
type Member struct {
	ID      id.ID
	Account id.ID // 0 for a placeholder
	Role    who.Role
	Name    string
	Kana    string
	Mail    string
	State   State
	Created time.Time
}

func (m Member) person() person { return person{m.Name, m.Kana} }

// Members lists everybody, those who left last, in the order of their reading.
func (s *Service) Members(ctx context.Context) ([]Member, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	list, err := membersOf(ctx, s.db, a.Workspace)
	inOrder(list)
	return list, err
}

// inOrder sorts in Go, because collations differ between the databases.
func inOrder(list []Member) {
	slices.SortFunc(list, func(x, y Member) int {
		return cmp.Or(cmp.Compare(leftLast(x), leftLast(y)),
			cmp.Compare(x.person().kanaFold(), y.person().kanaFold()), cmp.Compare(x.ID, y.ID))
	})
}

func leftLast(m Member) int {
	if m.State == Left {
		return 1
	}
	return 0
}

// Member is one of the actor's workspace, whatever its state.
func (s *Service) Member(ctx context.Context, member id.ID) (Member, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Member{}, err
	}
	return mustMember(ctx, s.db, a.Workspace, member)
}

func mustMember(ctx context.Context, q db.Queryer, ws, member id.ID) (Member, error) {
	m, found, err := memberByID(ctx, q, ws, member)
	if err == nil && !found {
		err = errs.Missing("member")
	}
	return m, err
}

// MembersByID finds many with one query, those who left too; ids that are not
// of the actor's workspace are simply not in the answer.
func (s *Service) MembersByID(ctx context.Context, q db.Queryer, ids []id.ID) (map[id.ID]Member, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || len(ids) == 0 {
		return map[id.ID]Member{}, err
	}
	return membersByID(ctx, q, a.Workspace, ids)
}

// SetRole changes what an active member may do. Only an owner gives or takes
// the owner's role, and the last owner keeps it.
func (s *Service) SetRole(ctx context.Context, member id.ID, role who.Role) error {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return err
	}
	if !role.Valid() {
		return errs.Field("role", "workspace.err.role")
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, err := mustMember(ctx, tx, a.Workspace, member)
		if err != nil {
			return err
		}
		if m.State != Active {
			return errs.New(errs.Conflict, "workspace.err.not_joined")
		}
		if m.Role == role {
			return nil
		}
		if err := mayTouchOwner(ctx, m.Role, role); err != nil {
			return err
		}
		if err := keepAnOwner(ctx, tx, a.Workspace, m); err != nil {
			return err
		}
		if err := setRole(ctx, tx, a.Workspace, member, role); err != nil {
			return err
		}
		if err := dropInvitesBy(ctx, tx, a.Workspace, member, role); err != nil {
			return err
		}
		change := [2]any{string(m.Role), string(role)}
		if err := s.AuditIn(ctx, tx, "member.role", "member", member, map[string]any{"role": change}); err != nil {
			return err
		}
		return s.changed(ctx, tx, a.Workspace, member, map[string][2]any{"role": change})
	})
}

// mayTouchOwner asks for an owner if one of the roles is the owner's.
func mayTouchOwner(ctx context.Context, roles ...who.Role) error {
	if !slices.Contains(roles, who.Owner) {
		return nil
	}
	_, err := who.Check(ctx, who.Own)
	return err
}

// keepAnOwner refuses to go on if m is the last active owner. Two owners who
// step down at once each see the other; the lock on the workspace's row makes
// one of the two begin again and see the truth.
func keepAnOwner(ctx context.Context, tx *db.Tx, ws id.ID, m Member) error {
	if m.Role != who.Owner || m.State != Active {
		return nil
	}
	if err := lockWorkspace(ctx, tx, ws); err != nil {
		return err
	}
	others, err := ownersBut(ctx, tx, ws, m.ID)
	if err == nil && others == 0 {
		err = errs.New(errs.Conflict, "workspace.err.last_owner")
	}
	return err
}

// Rename changes a name and its reading: one's own, or anyone's as an admin.
func (s *Service) Rename(ctx context.Context, member id.ID, name, kana string) error {
	need := who.Administer
	if member == who.From(ctx).Member {
		need = who.Self
	}
	a, err := who.Check(ctx, need)
	if err != nil {
		return err
	}
	p, e := checkPerson(name, kana)
	if err := errs.Join(e...); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, err := mustMember(ctx, tx, a.Workspace, member)
		if err != nil || m.person() == p {
			return err
		}
		if err := rename(ctx, tx, a.Workspace, member, p); err != nil {
			return err
		}
		fields := map[string][2]any{}
		if m.Name != p.Name {
			fields["name"] = [2]any{m.Name, p.Name}
		}
		if m.Kana != p.Kana {
			fields["kana"] = [2]any{m.Kana, p.Kana}
		}
		if err := s.AuditIn(ctx, tx, "member.renamed", "member", member, map[string]any{"fields": fields}); err != nil {
			return err
		}
		return s.changed(ctx, tx, a.Workspace, member, fields)
	})
}

// Remove ends a membership: sessions, tokens, open invitations and places in
// teams go, the row stays so that contracts keep their owner.
func (s *Service) Remove(ctx context.Context, member id.ID) error {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, err := mustMember(ctx, tx, a.Workspace, member)
		if err != nil {
			return err
		}
		if m.State == Left {
			return errs.Missing("member")
		}
		if err := mayTouchOwner(ctx, m.Role); err != nil {
			return err
		}
		if err := keepAnOwner(ctx, tx, a.Workspace, m); err != nil {
			return err
		}
		if err := leave(ctx, tx, a.Workspace, member); err != nil {
			return err
		}
		if err := s.AuditIn(ctx, tx, "member.removed", "member", member, map[string]any{"name": m.Name}); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Change{Kind: MemberLeft, Workspace: a.Workspace, Ref: member})
	})
}

// SetLanguage changes the language the actor is spoken to in.
func (s *Service) SetLanguage(ctx context.Context, lang string) error {
	return s.setOwn(ctx, checkLang(lang), func(ctx context.Context, tx *db.Tx, account id.ID) error {
		return setLanguage(ctx, tx, account, lang)
	})
}

// SetZone changes the zone times are shown in to the actor; "" follows the
// workspace.
func (s *Service) SetZone(ctx context.Context, zone string) error {
	var problem *errs.E
	if zone != "" {
		problem = checkZone(zone)
	}
	return s.setOwn(ctx, problem, func(ctx context.Context, tx *db.Tx, account id.ID) error {
		return setZone(ctx, tx, account, zone)
	})
}

// SetLook changes how pages look to the actor: light, dark or "" as the device
// does; and whether weeks begin on Sunday. Errors: err.choice (theme).
func (s *Service) SetLook(ctx context.Context, theme string, sunday bool) error {
	var problem *errs.E
	if !slices.Contains([]string{"", "light", "dark"}, theme) {
		problem = errs.Field("theme", "err.choice")
	}
	first := time.Monday
	if sunday {
		first = time.Sunday
	}
	return s.setOwn(ctx, problem, func(ctx context.Context, tx *db.Tx, account id.ID) error {
		return setLook(ctx, tx, account, theme, first)
	})
}

func (s *Service) setOwn(ctx context.Context, problem *errs.E, set func(context.Context, *db.Tx, id.ID) error) error {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return err
	}
	if err := errs.Join(problem); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return set(ctx, tx, a.Account) })
}

func (s *Service) joined(ctx context.Context, tx *db.Tx, ws id.ID, m Member) error {
	return s.bus.Publish(ctx, tx, bus.Change{Kind: MemberJoined, Workspace: ws, Ref: m.ID,
		Data: map[string]any{"name": m.Name, "role": string(m.Role)}})
}

func (s *Service) changed(ctx context.Context, tx *db.Tx, ws, member id.ID, fields map[string][2]any) error {
	return s.bus.Publish(ctx, tx, bus.Change{Kind: MemberChanged, Workspace: ws, Ref: member, Fields: fields})
}
