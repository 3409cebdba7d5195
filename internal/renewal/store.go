package renewal

import (
	"context"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
)

const selectRenewal = `SELECT r.id, r.contract_id, r.term_no, r.outcome, r.effective_date, r.reasons, r.words, r.sign_id,
	r.at, r.by_id, r.before FROM renewal r WHERE `

// kept is a renewal with what the contract was before it.
type kept struct {
	Renewal
	before map[string]any
}

func scan(r db.Row) (k kept, err error) {
	var reasons db.JSON[[]string]
	var before db.JSON[map[string]any]
	err = r.Scan(&k.ID, &k.Contract, &k.TermNo, &k.Outcome, &k.Effective, &reasons, &k.Words, &k.Sign,
		(*db.Time)(&k.At), &k.By, &before)
	k.Reasons, k.before = reasons.V, before.V
	return k, err
}

func insert(ctx context.Context, tx *db.Tx, ws id.ID, k kept) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO renewal (workspace_id, id, contract_id, term_no, outcome, effective_date, reasons,
		words, sign_id, before, at, by_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		ws, k.ID, k.Contract, k.TermNo, string(k.Outcome), string(k.Effective), db.AsJSON(k.Reasons), k.Words, k.Sign,
		db.AsJSON(k.before), db.Micros(k.At), k.By)
	if db.UniqueOn(err, "renewal") {
		return errs.New(errs.Conflict, "renewal.err.recorded").With(err)
	}
	return err
}

func get(ctx context.Context, q db.Queryer, ws, renewal id.ID) (kept, error) {
	k, found, err := db.One(ctx, q, scan, selectRenewal+`r.workspace_id = $1 AND r.id = $2 AND r.undone_at = 0`, ws, renewal)
	if err == nil && !found {
		err = errs.Missing("renewal")
	}
	return k, err
}

// most bounds what one contract's page shows of its past.
const most = 100

// ofContract gives what stands, the newest first.
func ofContract(ctx context.Context, q db.Queryer, ws, contract id.ID) ([]kept, error) {
	return db.All(ctx, q, scan, selectRenewal+`r.workspace_id = $1 AND r.contract_id = $2 AND r.undone_at = 0
		ORDER BY r.id DESC LIMIT $3`, ws, contract, most)
}

func markUndone(ctx context.Context, tx *db.Tx, ws, renewal id.ID, at int64) error {
	n, err := db.Exec(ctx, tx, `UPDATE renewal SET undone_at = $3 WHERE workspace_id = $1 AND id = $2 AND undone_at = 0`,
		ws, renewal, at)
	if err == nil && n == 0 {
		err = errs.Missing("renewal")
	}
	return err
}

func loadReasons(ctx context.Context, q db.Queryer, ws id.ID) (map[Side][]string, error) {
	type row struct {
		side  Side
		label string
	}
	list, err := db.All(ctx, q, func(r db.Row) (x row, err error) {
		err = r.Scan(&x.side, &x.label)
		return x, err
	}, `SELECT side, label FROM renewal_reason WHERE workspace_id = $1 ORDER BY side, position`, ws)
	out := map[Side][]string{}
	for _, x := range list {
		out[x.side] = append(out[x.side], x.label)
	}
	return out, err
}

func storeReasons(ctx context.Context, tx *db.Tx, ws id.ID, side Side, labels []string) error {
	if _, err := db.Exec(ctx, tx, `DELETE FROM renewal_reason WHERE workspace_id = $1 AND side = $2`, ws, string(side)); err != nil {
		return err
	}
	rows := make([][]any, len(labels))
	for i, l := range labels {
		rows[i] = []any{ws, string(side), i, l}
	}
	return db.Bulk(ctx, tx, `INSERT INTO renewal_reason (workspace_id, side, position, label)`, "", rows)
}

// selfRenewing gives live contracts that renew themselves and whose date has
// passed, a hundred at a time; rolling ones have no date to pass, and what
// somebody took back is left to people.
func selfRenewing(ctx context.Context, q db.Queryer, ws id.ID, today cal.Date) ([]id.ID, error) {
	return db.All(ctx, q, db.Value[id.ID], `SELECT c.id FROM contract c WHERE c.workspace_id = $1 AND c.live = TRUE
		AND c.renewal_date > '' AND c.renewal_date < $2 AND c.auto_renew = TRUE AND c.term_type = '' AND c.last_import_id IS NULL
		AND NOT EXISTS (SELECT 1 FROM renewal r WHERE r.workspace_id = c.workspace_id AND r.contract_id = c.id
			AND r.term_no = c.term_no AND r.undone_at > 0) ORDER BY c.renewal_date, c.id LIMIT 100`, ws, string(today))
}
