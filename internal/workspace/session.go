package workspace

import (
	"context"
	"strings"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
	"kizuki/internal/workspace/letters"
	"kizuki/internal/workspace/secrets"
	"kizuki/internal/workspace/totp"
)

const (
	sessionFor = 30 * 24 * time.Hour // since it was last seen
	stepFor    = 10 * time.Minute    // between the password and the code
	seenEvery  = 5 * time.Minute     // how often "last seen" is written
	maxAgent   = 300                 // bytes kept of a browser's name for itself
)

// Session is one browser that is signed in.
type Session struct {
	Account   id.ID
	Workspace id.ID
	Member    id.ID
	Created   time.Time
	Seen      time.Time
	Expires   time.Time
	Agent     string
	IP        string
	Pending   bool // no session: the token is for Finish, which wants a code
}

// SignIn opens a session for the right mail and password, in the workspace
// last used; a Pending one for who has switched the second step on. An unknown
// mail and a wrong password get one answer; too many failures get errs.Limited.
func (s *Service) SignIn(ctx context.Context, mail, password, agent, ip string) (token string, ses Session, err error) {
	var e1, e2 *errs.E
	if mail == "" {
		e1 = errs.Field("mail", "err.required")
	}
	if password == "" {
		e2 = errs.Field("password", "err.required")
	}
	if err := errs.Join(e1, e2); err != nil {
		return "", Session{}, err
	}
	ctx = WithIP(ctx, ip)
	fold := foldMail(mail)
	acc, err := s.prove(ctx, fold, password)
	if err != nil {
		return "", Session{}, err
	}
	token, hash := secrets.New("")
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ws, member, found, err := lastUsed(ctx, tx, acc.ID)
		if err != nil {
			return err
		}
		if !found { // said only to who knows the password
			return errs.New(errs.Forbidden, "workspace.err.no_workspace")
		}
		if err := forgive(ctx, tx, limitsOf(fold, ip)); err != nil {
			return err
		}
		ses, err = s.openSession(ctx, tx, hash, who.Actor{Workspace: ws, Member: member, Account: acc.ID}, agent)
		return err
	})
	if err != nil {
		return "", Session{}, err
	}
	return token, ses, nil
}

// openSession is for who gave the password: it opens one, or the step before it.
func (s *Service) openSession(ctx context.Context, tx *db.Tx, hash string, a who.Actor, agent string) (Session, error) {
	on, err := totp.On(ctx, tx, a.Account)
	if err != nil {
		return Session{}, err
	}
	if !on {
		return s.letIn(ctx, tx, hash, a, agent, "password")
	}
	ses := Session{Account: a.Account, Workspace: a.Workspace, Member: a.Member, Expires: s.Now().Add(stepFor), Pending: true}
	return ses, totp.AddStep(ctx, tx, hash, totp.Step{Account: a.Account, Workspace: a.Workspace, Member: a.Member, Expires: ses.Expires})
}

// letIn opens a session; by is what opened it.
func (s *Service) letIn(ctx context.Context, tx *db.Tx, hash string, a who.Actor, agent, by string) (Session, error) {
	now := s.Now()
	if agent = text.Line(agent); len(agent) > maxAgent {
		agent = strings.ToValidUTF8(agent[:maxAgent], "")
	}
	ses := Session{Account: a.Account, Workspace: a.Workspace, Member: a.Member, Created: now, Seen: now,
		Expires: now.Add(sessionFor), Agent: agent, IP: ipOf(ctx)}
	if err := insertSession(ctx, tx, hash, ses); err != nil {
		return Session{}, err
	}
	return ses, s.AuditIn(who.With(ctx, a), tx, "sign_in", "account", a.Account, map[string]any{"agent": agent, "by": by})
}

// Session gives the member behind a session's token; errs.Unauthorized if it
// has ended or the member has left. Being seen prolongs it.
func (s *Service) Session(ctx context.Context, token string) (who.Actor, Session, error) {
	hash := secrets.Digest(token)
	now := s.Now()
	a, ses, found, err := sessionByHash(ctx, s.db, hash)
	if err != nil {
		return who.Actor{}, Session{}, err
	}
	if !found || !now.Before(ses.Expires) {
		return who.Actor{}, Session{}, errs.New(errs.Unauthorized, "err.unauthorized")
	}
	if now.Sub(ses.Seen) >= seenEvery {
		ses.Seen, ses.Expires = now, now.Add(sessionFor)
		err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return touchSession(ctx, tx, hash, now, ses.Expires, now.Add(-seenEvery))
		})
	}
	return a, ses, err
}

// SignOut ends the session; one that has ended already is no error. Its row
// stays until Sweep, so that the next sign-in knows the workspace last used.
func (s *Service) SignOut(ctx context.Context, token string) error {
	hash := secrets.Digest(token)
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, _, found, err := sessionByHash(ctx, tx, hash)
		if err != nil || !found {
			return err
		}
		ended, err := endSession(ctx, tx, hash, s.Now())
		if err != nil || !ended {
			return err
		}
		return s.AuditIn(who.With(ctx, a), tx, "sign_out", "account", a.Account, nil)
	})
}

// SwitchWorkspace moves the session to another workspace of the same account.
func (s *Service) SwitchWorkspace(ctx context.Context, token string, ws id.ID) error {
	hash := secrets.Digest(token)
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, ses, found, err := sessionByHash(ctx, tx, hash)
		if err != nil {
			return err
		}
		if !found || !s.Now().Before(ses.Expires) {
			return errs.New(errs.Unauthorized, "err.unauthorized")
		}
		m, found, err := memberOfAccount(ctx, tx, ws, a.Account)
		if err != nil {
			return err
		}
		if !found || m.State != Active {
			return errs.Missing("workspace")
		}
		return moveSession(ctx, tx, hash, ws, m.ID, s.Now())
	})
}

// Sweep removes sessions, links and counters of failures that no longer matter; a
// job calls it once a day.
func (s *Service) Sweep(ctx context.Context) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := s.Now()
		if err := letters.Sweep(ctx, tx, now); err != nil {
			return err
		}
		if err := totp.Sweep(ctx, tx, now); err != nil {
			return err
		}
		return sweep(ctx, tx, now.Add(-sessionFor), now.Add(-24*time.Hour))
	})
}
