package workspace

import (
	"context"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
	"kizuki/internal/workspace/secrets"
)

// Scope is what a token may do within its member's role.
type Scope string

// The scopes; a write token may read too.
const (
	ScopeRead  Scope = "read"
	ScopeWrite Scope = "write"
)

// tokenFor is how long a token lasts when nobody says.
const tokenFor = 365 * 24 * time.Hour

// Token lets a program act as a member. Its secret is shown once.
type Token struct {
	ID       id.ID
	Member   id.ID
	Name     string
	Scope    Scope
	Created  time.Time
	Expires  time.Time
	LastUsed time.Time // zero if never
}

// CreateToken makes a token for the member with the mail ("" = the actor) and
// gives its secret, which is kept nowhere. A zero expires means a year. For
// somebody else it takes an admin, and never more than the admin's own role.
func (s *Service) CreateToken(ctx context.Context, mail, name string, scope Scope, expires time.Time) (secret string, t Token, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return "", Token{}, err
	}
	now := s.Now()
	name, e := required("name", name)
	problems := []*errs.E{e}
	if scope != ScopeRead && scope != ScopeWrite {
		problems = append(problems, errs.Field("scope", "workspace.err.scope"))
	}
	if expires.IsZero() {
		expires = now.Add(tokenFor)
	}
	if !expires.After(now) {
		problems = append(problems, errs.Field("expires", "workspace.err.expires_past"))
	}
	if err := errs.Join(problems...); err != nil {
		return "", Token{}, err
	}
	secret, hash := secrets.New("kzk_")
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, err := s.tokenOwner(ctx, tx, a, mail)
		if err != nil {
			return err
		}
		t = Token{ID: id.New(), Member: m.ID, Name: name, Scope: scope, Created: now, Expires: expires}
		if err := insertToken(ctx, tx, a.Workspace, hash, t); err != nil {
			return err
		}
		return s.AuditIn(ctx, tx, "token.created", "token", t.ID, map[string]any{"member": m.ID, "name": name, "scope": scope})
	})
	if err != nil {
		return "", Token{}, err
	}
	return secret, t, nil
}

// tokenOwner is the member a token is for, if the actor may make one for them.
func (s *Service) tokenOwner(ctx context.Context, tx *db.Tx, a who.Actor, mail string) (Member, error) {
	var m Member
	var found bool
	var err error
	if mail == "" {
		m, found, err = memberByID(ctx, tx, a.Workspace, a.Member)
	} else {
		m, found, err = activeByMail(ctx, tx, a.Workspace, foldMail(mail))
	}
	switch {
	case err != nil:
		return Member{}, err
	case found && m.ID == a.Member:
		_, err = who.Check(ctx, who.Self)
		return m, err
	}
	// Permission comes before "not found": who may not, learns no mails.
	if _, err := who.Check(ctx, who.Administer); err != nil {
		return Member{}, err
	}
	if !found {
		return Member{}, errs.Field("mail", "workspace.err.no_such_member")
	}
	if !a.Role.Includes(m.Role) { // an admin's token for an owner would be a way to become one
		return Member{}, errs.New(errs.Forbidden, "err.forbidden")
	}
	return m, nil
}

// Bearer gives the member behind a token's secret; errs.Unauthorized if it is
// unknown, revoked or expired, or the member has left.
func (s *Service) Bearer(ctx context.Context, secret string) (who.Actor, error) {
	now := s.Now()
	a, t, found, err := tokenByHash(ctx, s.db, secrets.Digest(secret))
	if err != nil {
		return who.Actor{}, err
	}
	if !found || !now.Before(t.Expires) {
		return who.Actor{}, errs.New(errs.Unauthorized, "workspace.err.token")
	}
	a.ReadOnly = t.Scope != ScopeWrite
	if now.Sub(t.LastUsed) >= seenEvery {
		err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return touchToken(ctx, tx, a.Workspace, t.ID, now, now.Add(-seenEvery))
		})
	}
	return a, err
}

// Tokens lists the actor's own, an admin sees everybody's.
func (s *Service) Tokens(ctx context.Context) ([]Token, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	return tokens(ctx, s.db, a.Workspace, ownOnly(a))
}

// RevokeToken ends a token: one's own, or anyone's as an admin.
func (s *Service) RevokeToken(ctx context.Context, token id.ID) error {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		deleted, err := deleteToken(ctx, tx, a.Workspace, token, ownOnly(a))
		if err != nil {
			return err
		}
		if !deleted {
			return errs.Missing("token")
		}
		return s.AuditIn(ctx, tx, "token.revoked", "token", token, nil)
	})
}

// ownOnly is the member whose tokens the actor may see, 0 for everybody's.
func ownOnly(a who.Actor) id.ID {
	if a.May(who.Administer) {
		return 0
	}
	return a.Member
}
