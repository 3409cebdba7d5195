package intake

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake/sources"
	"kizuki/internal/who"
)

// Decision is what becomes of a contract that vanished from a list.
type Decision string

// The decisions. Ask is none yet: the row waits for the source's owner and the
// contract's.
const (
	Ask   Decision = ""
	Keep  Decision = "kept"  // the list is wrong, or it does not matter
	Ended Decision = "ended" // the contract is over
)

// Absent gives the rows that wait for a decision: of the sources and contracts
// some members own, for none of them all. The longest absent come first.
func (s *Service) Absent(ctx context.Context, owners ...id.ID) ([]AbsentRow, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	return sources.Waiting(ctx, s.db, a, owners...)
}

// AbsentForMe is Absent for the actor.
func (s *Service) AbsentForMe(ctx context.Context) ([]AbsentRow, error) {
	a := who.From(ctx)
	if a.Member == 0 {
		return nil, nil
	}
	return s.Absent(ctx, a.Member)
}

// Review decides about an absent row. Ask takes an earlier decision to keep it
// back.
func (s *Service) Review(ctx context.Context, source, contractID id.ID, d Decision) error {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.reviewIn(ctx, tx, a, source, contractID, d)
	})
}

func (s *Service) reviewIn(ctx context.Context, tx *db.Tx, a who.Actor, source, contractID id.ID, d Decision) error {
	if d != Ask && d != Keep && d != Ended {
		return errs.Field("decision", "err.choice")
	}
	at, by := db.Micros(s.now()), a.Member
	if d == Ask {
		at, by = 0, 0
	}
	there, err := sources.Decide(ctx, tx, a.Workspace, source, contractID, string(d), at, by)
	if err != nil {
		return err
	}
	if !there {
		return errs.Missing("absent")
	}
	if d == Ended {
		// Somebody may have ended the contract before: then there is nothing left to do.
		if err := s.contracts.EndIn(ctx, tx, contractID, "", ""); err != nil && !ended(err) {
			return err
		}
	}
	return nil
}

func ended(err error) bool { return errs.As(err).Key == "contract.err.ended" }
