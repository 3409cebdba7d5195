package workspace

import (
	"context"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/mail"
	"kizuki/internal/who"
	"kizuki/internal/workspace/letters"
	"kizuki/internal/workspace/secrets"
	"kizuki/internal/workspace/throttle"
	"kizuki/internal/workspace/totp"
)

const (
	resetFor           = 60 * time.Minute
	maxResetsOfMail    = 3
	maxResetsOfAddress = 30
)

// Mail lets letters leave by send; their links begin with url, the public
// address: the one a request came by could be anybody's.
func (s *Service) Mail(q *job.Queue, url string, send func(context.Context, mail.Message) error) {
	s.post = &letters.Office{DB: s.db, Jobs: q, URL: url, Send: send, ResetFor: resetFor, InviteFor: inviteFor,
		Now: func() time.Time { return s.Now() }}
	s.post.Open()
}

// Mails tells whether letters can be sent.
func (s *Service) Mails() bool { return s.post != nil }

// AskReset has a link mailed that lets somebody choose a new password. Whether
// there is such an account is not looked up before the letter is made: the
// answer and the work are the same.
func (s *Service) AskReset(ctx context.Context, address string) error {
	if !s.Mails() {
		return errs.Missing("page")
	}
	addr, e := checkMail("mail", address)
	if err := errs.Join(e); err != nil {
		return err
	}
	if err := throttle.Count(ctx, s.db, s.Now(), limits("reset:", addr.fold, ipOf(ctx), maxResetsOfMail, maxResetsOfAddress)); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.post.ResetIn(ctx, tx, addr.fold)
	})
}

// ResetOpen tells whether a link may still be used; one that was used, has
// expired or was made up gets one answer.
func (s *Service) ResetOpen(ctx context.Context, token string) error {
	_, err := s.resetOf(ctx, s.db, token)
	return err
}

func (s *Service) resetOf(ctx context.Context, q db.Queryer, token string) (id.ID, error) {
	account, found, err := letters.AccountOfReset(ctx, q, secrets.Digest(token), s.Now())
	if err == nil && !found {
		err = errs.New(errs.NotFound, "workspace.err.reset_gone")
	}
	return account, err
}

// Reset gives the account behind a link another password, ends all its
// sessions and links, and opens a session in their stead; the second step stays.
func (s *Service) Reset(ctx context.Context, token, password, agent string) (session string, ses Session, err error) {
	if err := errs.Join(checkPassword(password)); err != nil {
		return "", Session{}, err
	}
	if err := s.ResetOpen(ctx, token); err != nil { // before it costs a hash
		return "", Session{}, err
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return "", Session{}, err
	}
	hashed := secrets.Hash(password)
	leave()
	session, hash := secrets.New("")
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		account, err := s.resetOf(ctx, tx, token)
		if err != nil {
			return err
		}
		fold, err := letters.UseReset(ctx, tx, account, hashed)
		if err != nil {
			return err
		}
		ws, member, found, err := lastUsed(ctx, tx, account)
		if err == nil && !found {
			err = errs.New(errs.Forbidden, "workspace.err.no_workspace")
		}
		if err != nil {
			return err
		}
		if err := letters.EndSessions(ctx, tx, account); err != nil {
			return err
		}
		if err := totp.EndSteps(ctx, tx, account); err != nil {
			return err
		}
		if err := throttle.Clear(ctx, tx, limitsOf(fold, "")[0].Key); err != nil {
			return err
		}
		if err := s.auditEverywhere(ctx, tx, account, "password.reset"); err != nil {
			return err
		}
		ses, err = s.openSession(ctx, tx, hash, who.Actor{Workspace: ws, Member: member, Account: account}, agent)
		return err
	})
	if err != nil {
		return "", Session{}, err
	}
	return session, ses, nil
}
