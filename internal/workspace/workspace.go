// Package workspace knows the people: accounts that sign in, the workspaces
// they are members of, what each member may do there, teams, invitations, API
// tokens, and the audit log of all that.
package workspace

import (
	"context"
	"runtime"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
	"kizuki/internal/workspace/letters"
	"kizuki/internal/workspace/totp"
)

// Service is the one door to people and workspaces.
type Service struct {
	Now  func() time.Time // the clock; a test may stand on any day
	db   *db.DB
	bus  *bus.Bus
	post *letters.Office // nil where no mail is sent
	TOTP *totp.Service
	gate chan struct{} // a place for each password being hashed
}

// hashesAtOnce bounds how many passwords are hashed side by side (19 MB each).
// It stays below maxFailsOfMail: one person's honest sign-ins from several
// windows must not look like guessing while they are still being checked.
const hashesAtOnce = 4

// New makes the service.
func New(d *db.DB, b *bus.Bus) *Service {
	s := &Service{Now: time.Now, db: d, bus: b, gate: make(chan struct{}, min(hashesAtOnce, runtime.NumCPU()))}
	s.TOTP = s.secondStep()
	return s
}

// clock is Now as it is when it is asked.
func (s *Service) clock() time.Time { return s.Now() }

// News for other features; Ref is the member.
const (
	MemberJoined  bus.Kind = "member.joined"  // Data: name, role
	MemberChanged bus.Kind = "member.changed" // Fields: name, kana, role
	MemberLeft    bus.Kind = "member.left"
)

// Workspace is a unit of isolation: one company's customer success team.
type Workspace struct {
	ID               id.ID
	Name             string
	Zone             string // IANA name; dates are those of this zone
	Currency         string // ISO 4217
	Lang             string
	FiscalStartMonth int
	Created          time.Time
}

// WorkspaceInput is what an admin sets. Empty settings take the defaults of a
// team in Japan.
type WorkspaceInput struct {
	Name             string
	Zone             string
	Currency         string
	Lang             string
	FiscalStartMonth int
}

// SetupInput makes a workspace and its first owner.
type SetupInput struct {
	Workspace string
	Name      string
	Kana      string
	Mail      string
	Password  string
	Lang      string
	Zone      string
	Currency  string
}

// Empty reports whether there is no workspace yet, so that the first visitor
// sets one up.
func (s *Service) Empty(ctx context.Context) (bool, error) { return noWorkspace(ctx, s.db) }

// Setup makes the first workspace of this installation and its owner. Of two
// at once one wins; once there is a workspace everybody gets errs.Conflict.
func (s *Service) Setup(ctx context.Context, in SetupInput) (who.Actor, error) {
	// Asked before the password is hashed, because anyone can reach this.
	if empty, err := s.Empty(ctx); err != nil {
		return who.Actor{}, err
	} else if !empty {
		return who.Actor{}, errAlreadySetUp()
	}
	return s.create(ctx, in, func(ctx context.Context, tx *db.Tx) error {
		if err := lockSetup(ctx, tx); err != nil {
			return err
		}
		if empty, err := noWorkspace(ctx, tx); err != nil || empty {
			return err
		}
		return errAlreadySetUp()
	})
}

func errAlreadySetUp() error { return errs.New(errs.Conflict, "workspace.err.already_set_up") }

// CreateWorkspace makes one more workspace; it is an act of the operator and
// not to be reached from a page. An account that exists is used if its
// password is given.
func (s *Service) CreateWorkspace(ctx context.Context, in SetupInput) (who.Actor, error) {
	return s.create(ctx, in, func(context.Context, *db.Tx) error { return nil })
}

func (s *Service) create(ctx context.Context, in SetupInput, allowed func(context.Context, *db.Tx) error) (who.Actor, error) {
	w, e := WorkspaceInput{Name: in.Workspace, Zone: in.Zone, Currency: in.Currency, Lang: in.Lang}.check("workspace")
	p, e2 := checkPerson(in.Name, in.Kana)
	mail, e3 := checkMail("mail", in.Mail)
	if err := errs.Join(append(append(e, e2...), e3, checkPassword(in.Password))...); err != nil {
		return who.Actor{}, err
	}
	acc, err := s.credentials(ctx, mail, in.Password)
	if err != nil {
		return who.Actor{}, err
	}
	acc.Lang = or(acc.Lang, w.Lang)
	var a who.Actor
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := allowed(ctx, tx); err != nil {
			return err
		}
		now := s.Now()
		w.ID, w.Created = id.New(), now
		m := Member{ID: id.New(), Account: acc.ID, Role: who.Owner, Name: p.Name, Kana: p.Kana, Mail: mail.fold, State: Active, Created: now}
		a = who.Actor{Workspace: w.ID, Member: m.ID, Account: acc.ID, Name: m.Name, Role: m.Role, Lang: acc.Lang, Zone: Location(w.Zone)}
		ctx = who.With(ctx, a)
		if err := s.settle(ctx, tx, acc); err != nil {
			return err
		}
		if err := insertWorkspace(ctx, tx, w); err != nil {
			return err
		}
		if err := insertMember(ctx, tx, w.ID, m); err != nil {
			return err
		}
		if err := s.AuditIn(ctx, tx, "workspace.created", "workspace", w.ID, map[string]any{"name": w.Name}); err != nil {
			return err
		}
		return s.joined(ctx, tx, w.ID, m)
	})
	return a, err
}

// Workspace is the actor's workspace.
func (s *Service) Workspace(ctx context.Context) (Workspace, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Workspace{}, err
	}
	return workspaceByID(ctx, s.db, a.Workspace)
}

// Workspaces are those the actor's account is an active member of.
func (s *Service) Workspaces(ctx context.Context) ([]Workspace, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	return workspacesOf(ctx, s.db, a.Account)
}

// EveryWorkspace lists all of the installation, for jobs and the operator.
func (s *Service) EveryWorkspace(ctx context.Context) ([]Workspace, error) {
	return allWorkspaces(ctx, s.db)
}

// As is the active member with the mail, the first owner for "": the one an
// operator's command acts as.
func (s *Service) As(ctx context.Context, ws id.ID, mail string) (who.Actor, error) {
	a, found, err := actorByMail(ctx, s.db, ws, foldMail(mail))
	if err == nil && !found {
		err = errs.Missing("member")
	}
	return a, err
}

// UpdateWorkspace sets all settings of the workspace.
func (s *Service) UpdateWorkspace(ctx context.Context, in WorkspaceInput) (Workspace, error) {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return Workspace{}, err
	}
	next, e := in.check("name")
	if err := errs.Join(e...); err != nil {
		return Workspace{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		old, err := workspaceByID(ctx, tx, a.Workspace)
		if err != nil {
			return err
		}
		next.ID, next.Created = old.ID, old.Created
		if next == old {
			return nil
		}
		if err := updateWorkspace(ctx, tx, next); err != nil {
			return err
		}
		return s.AuditIn(ctx, tx, "workspace.changed", "workspace", old.ID, map[string]any{"from": old, "to": next})
	})
	return next, err
}
