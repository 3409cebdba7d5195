package workspace

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/who"
	"kizuki/internal/workspace/secrets"
	"kizuki/internal/workspace/sessions"
)

// Sessions are where the actor is signed in; token is that of the browser that
// asks.
func (s *Service) Sessions(ctx context.Context, token string) ([]sessions.Session, error) {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return nil, err
	}
	return sessions.List(ctx, s.db, a.Account, secrets.Digest(token), s.Now())
}

// EndSession ends one of the actor's own by its Ref. Errors: Missing.
func (s *Service) EndSession(ctx context.Context, ref string) error {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ended, err := sessions.End(ctx, tx, a.Account, ref, s.Now())
		if err == nil && !ended {
			err = errs.Missing("session")
		}
		if err != nil {
			return err
		}
		return s.AuditIn(ctx, tx, "session.ended", "account", a.Account, nil)
	})
}

// EndOtherSessions ends all of the actor's own but that of a token, and tells how
// many those were.
func (s *Service) EndOtherSessions(ctx context.Context, token string) (n int, err error) {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return 0, err
	}
	return n, s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if n, err = sessions.EndOthers(ctx, tx, a.Account, secrets.Digest(token), s.Now()); err != nil || n == 0 {
			return err
		}
		return s.AuditIn(ctx, tx, "session.ended", "account", a.Account, map[string]any{"count": n})
	})
}
