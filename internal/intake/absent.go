package intake

import (
	"context"
	"strings"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
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

// AbsentRow is a contract that a source no longer has.
type AbsentRow struct {
	SourceID   id.ID
	SourceName string
	ContractID id.ID
	Name       string
	OrgName    string
	LastSeen   time.Time // when the source last had it
	Since      time.Time
	Owners     [2]id.ID // of the contract and of the source; 0 = nobody
}

// Key names the row in addresses: /absent/KEY/review decides about it.
func (x AbsentRow) Key() string { return x.SourceID.String() + "/" + x.ContractID.String() }

// maxAbsent bounds the list of open reviews.
const maxAbsent = 200

// Absent gives the rows that wait for a decision: of the sources and contracts
// a member owns, or (0) all. The longest absent come first.
func (s *Service) Absent(ctx context.Context, owner id.ID) ([]AbsentRow, error) {
	if owner == 0 {
		return s.AbsentOf(ctx)
	}
	return s.AbsentOf(ctx, owner)
}

// AbsentOf is Absent for several members at once, for none of them all.
func (s *Service) AbsentOf(ctx context.Context, owners ...id.ID) ([]AbsentRow, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	var w db.Where
	w.And("k.workspace_id = ? AND k.absent_since > 0 AND k.review = ''", a.Workspace)
	if len(owners) > 0 {
		marks := make([]string, len(owners))
		for i, o := range owners {
			marks[i] = w.Arg(o)
		}
		these := " IN (" + strings.Join(marks, ",") + ")"
		w.And("(s.owner_id" + these + " OR c.owner_id" + these + ")")
	}
	where := w.SQL() + " AND " + audience.Contract(&w, a, "c")
	return db.All(ctx, s.db, func(r db.Row) (x AbsentRow, err error) {
		err = r.Scan(&x.SourceID, &x.SourceName, &x.ContractID, &x.Name, &x.OrgName, (*db.Time)(&x.LastSeen), (*db.Time)(&x.Since), &x.Owners[0], &x.Owners[1])
		return x, err
	}, `SELECT k.source_id, s.name, k.contract_id, c.name, o.name, k.last_seen_at, k.absent_since, c.owner_id, s.owner_id
		FROM source_key k JOIN source s ON s.workspace_id = k.workspace_id AND s.id = k.source_id
		JOIN contract c ON c.workspace_id = k.workspace_id AND c.id = k.contract_id
		JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id
		WHERE `+where+` ORDER BY k.absent_since, k.contract_id LIMIT `+w.Arg(maxAbsent), w.Args()...)
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
	n, err := db.Exec(ctx, tx, `UPDATE source_key SET review = $4, reviewed_at = $5, reviewed_by = $6
		WHERE workspace_id = $1 AND source_id = $2 AND contract_id = $3 AND absent_since > 0`,
		a.Workspace, source, contractID, string(d), at, by)
	if err != nil {
		return err
	}
	if n == 0 {
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
