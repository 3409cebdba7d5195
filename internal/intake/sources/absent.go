package sources

import (
	"context"
	"strings"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
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

// Waiting gives the rows that wait for a decision, of contracts the actor may
// read: of the sources and contracts some members own, for none of them all. The
// longest absent come first.
func Waiting(ctx context.Context, q db.Queryer, a who.Actor, owners ...id.ID) ([]AbsentRow, error) {
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
	return db.All(ctx, q, func(r db.Row) (x AbsentRow, err error) {
		err = r.Scan(&x.SourceID, &x.SourceName, &x.ContractID, &x.Name, &x.OrgName, (*db.Time)(&x.LastSeen), (*db.Time)(&x.Since), &x.Owners[0], &x.Owners[1])
		return x, err
	}, `SELECT k.source_id, s.name, k.contract_id, c.name, o.name, k.last_seen_at, k.absent_since, c.owner_id, s.owner_id
		FROM source_key k JOIN source s ON s.workspace_id = k.workspace_id AND s.id = k.source_id
		JOIN contract c ON c.workspace_id = k.workspace_id AND c.id = k.contract_id
		JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id
		WHERE `+where+` ORDER BY k.absent_since, k.contract_id LIMIT `+w.Arg(maxAbsent), w.Args()...)
}

// Decide writes what became of an absent row, at 0 by nobody to ask again; false
// if none is absent.
func Decide(ctx context.Context, tx *db.Tx, ws, source, contract id.ID, review string, at int64, by id.ID) (bool, error) {
	n, err := db.Exec(ctx, tx, `UPDATE source_key SET review = $4, reviewed_at = $5, reviewed_by = $6
		WHERE workspace_id = $1 AND source_id = $2 AND contract_id = $3 AND absent_since > 0`,
		ws, source, contract, review, at, by)
	return n > 0, err
}
