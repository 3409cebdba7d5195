package workspace

import (
	"context"
	"math"
	"net/netip"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
)

// Guessing ends after so many failures, each within failWindow of the one
// before. An address may stand for a whole office, so it has more.
const (
	maxFailsOfMail    = 5
	maxFailsOfAddress = 30
	failWindow        = 15 * time.Minute
)

type limit struct {
	key string
	max int
}

// limitsOf are the counters a try counts in, always in this order, so that
// two tries cannot wait for each other. The mail is hashed: people type
// passwords into the wrong box.
func limitsOf(mailFold, ip string) []limit {
	list := []limit{{"mail:" + digest(mailFold), maxFailsOfMail}}
	if a, err := netip.ParseAddr(ip); err == nil {
		list = append(list, limit{"ip:" + network(a), maxFailsOfAddress})
	}
	return list
}

// network is the address, for IPv6 its /64: that is what one customer gets.
func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, _ := a.Prefix(64)
	return p.String()
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
	if err := s.countTry(ctx, limits); err != nil {
		return account{}, err
	}
	acc, known, err := accountByMail(ctx, s.db, mailFold)
	if err != nil {
		return account{}, err
	}
	hash := acc.Hash
	if !known {
		hash = nobodysHash()
	}
	if !verifyPassword(hash, password) || !known {
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

func (s *Service) countTry(ctx context.Context, limits []limit) error {
	// Looked at outside a transaction first: a flood of tries must not hold
	// the one writer of SQLite.
	if _, err := s.fails(ctx, s.db, limits); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		fails, err := s.fails(ctx, tx, limits)
		if err != nil {
			return err
		}
		for i, l := range limits {
			if err := setFails(ctx, tx, l.key, fails[i]+1, s.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// fails are the counts of the limits; errs.Limited if one is reached.
func (s *Service) fails(ctx context.Context, q db.Queryer, limits []limit) ([]int, error) {
	counts := make([]int, len(limits))
	for i, l := range limits {
		n, last, err := failsOf(ctx, q, l.key)
		if err != nil {
			return nil, err
		}
		wait := failWindow - s.Now().Sub(last)
		if wait <= 0 {
			continue
		}
		if n >= l.max {
			return nil, errs.New(errs.Limited, "workspace.err.limited", "Minutes", int(math.Ceil(wait.Minutes())))
		}
		counts[i] = n
	}
	return counts, nil
}

// refuse writes the failure down and gives the one answer. It writes for an
// unknown mail too, because a commit takes time that could be measured.
func (s *Service) refuse(ctx context.Context, acc account, limits []limit) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, l := range limits {
			if err := touchFails(ctx, tx, l.key, s.Now()); err != nil {
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
func forgive(ctx context.Context, tx *db.Tx, limits []limit) error {
	for _, l := range limits {
		if l.max == maxFailsOfMail {
			if err := clearFails(ctx, tx, l.key); err != nil {
				return err
			}
		} else if err := takeFail(ctx, tx, l.key); err != nil {
			return err
		}
	}
	return nil
}
