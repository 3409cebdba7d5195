package workspace

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/workspace/secrets"
	"kizuki/internal/workspace/throttle"
)

// Guessing ends after so many failures, each within throttle.Window of the
// one before. An address may stand for a whole office, so it has more.
const (
	maxFailsOfMail    = 5
	maxFailsOfAddress = 30
)

// limitsOf are the counters a try counts in. The mail is hashed: people type
// passwords into the wrong box.
func limitsOf(mailFold, ip string) []throttle.Limit {
	return limits("", mailFold, ip, maxFailsOfMail, maxFailsOfAddress)
}

func limits(what, mailFold, ip string, ofMail, ofAddress int) []throttle.Limit {
	list := []throttle.Limit{{Key: what + "mail:" + secrets.Digest(mailFold), Max: ofMail}}
	if n := throttle.Network(ip); n != "" {
		list = append(list, throttle.Limit{Key: what + "ip:" + n, Max: ofAddress})
	}
	return list
}

// prove checks a password the way a stranger's guess must be checked: few at a
// time, counted before it is looked at so that many at once cannot slip past
// the limit, and as slowly for an unknown mail as for a known one. What opens
// with the proof must forgive its limits.
func (s *Service) prove(ctx context.Context, mailFold, password string) (account, error) {
	limits := limitsOf(mailFold, ipOf(ctx))
	leave, err := s.enter(ctx)
	if err != nil {
		return account{}, err
	}
	defer leave()
	if err := throttle.Count(ctx, s.db, s.Now(), limits); err != nil {
		return account{}, err
	}
	acc, known, err := accountByMail(ctx, s.db, mailFold)
	if err != nil {
		return account{}, err
	}
	hash := acc.Hash
	if !known || hash == "" { // nobody, or one who has no password and comes in by another door
		hash = secrets.Nobodys()
	}
	if !secrets.Verify(hash, password) || !known || acc.Hash == "" {
		return account{}, s.refuse(ctx, acc, limits)
	}
	return acc, nil
}

// enter waits for a place at the gate.
func (s *Service) enter(ctx context.Context) (leave func(), err error) {
	select {
	case s.gate <- struct{}{}:
		return func() { <-s.gate }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// refuse writes the failure down and gives the one answer. It writes for an
// unknown mail too, because a commit takes time that could be measured.
func (s *Service) refuse(ctx context.Context, acc account, limits []throttle.Limit) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, l := range limits {
			if err := throttle.Touch(ctx, tx, l.Key, s.Now()); err != nil {
				return err
			}
		}
		return s.auditEverywhere(ctx, tx, acc.ID, "sign_in.failed")
	})
	if err != nil {
		return err
	}
	return errs.New(errs.Invalid, "workspace.err.sign_in")
}

// forgive takes back what countTry counted for the right password: all of the
// account's failures, its own of the address.
func forgive(ctx context.Context, tx *db.Tx, limits []throttle.Limit) error {
	for _, l := range limits {
		if l.Max == maxFailsOfMail {
			if err := throttle.Clear(ctx, tx, l.Key); err != nil {
				return err
			}
		} else if err := throttle.Take(ctx, tx, l.Key); err != nil {
			return err
		}
	}
	return nil
}
