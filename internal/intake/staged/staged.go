// Package staged stores what an import's rows would do: each with the contract as
// it was and as it would be, so that applying and undoing need no file.
package staged

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/intake/compare"
)

const insertRow = `INSERT INTO import_row (workspace_id, import_id, line, key_fold, outcome, contract_id, before, after, problems,
	brought, seen_import_id, seen_at, seen_brought, was_import_id, was_at)`

// Insert writes staged rows and how far the import has come.
func Insert(ctx context.Context, tx *db.Tx, ws, importID id.ID, rows []compare.Row, done int) error {
	list := make([][]any, len(rows))
	for i, r := range rows {
		problems := any("[]")
		if len(r.Problems) > 0 {
			problems = db.AsJSON(r.Problems)
		}
		list[i] = []any{ws, importID, r.Line, r.KeyFold, string(r.Outcome), r.Contract, r.RawBefore, r.RawAfter, problems,
			r.Brought, r.Seen.LastImport, r.Seen.LastSeen, r.Seen.Brought, r.WasImport, r.WasAt}
	}
	if err := db.Bulk(ctx, tx, insertRow, "", list); err != nil {
		return err
	}
	_, err := db.Exec(ctx, tx, `UPDATE import SET done_rows = $3 WHERE workspace_id = $1 AND id = $2`, ws, importID, done)
	return err
}

func scanRow(r db.Row) (out compare.Row, err error) {
	var problems db.JSON[[]compare.Problem]
	if err := r.Scan(&out.Line, &out.KeyFold, &out.Outcome, &out.Contract, &out.RawBefore, &out.RawAfter, &problems,
		&out.Seen.LastSeen); err != nil {
		return out, err
	}
	out.Problems = problems.V
	if out.Before, err = compare.Decode(out.RawBefore); err == nil {
		out.After, err = compare.Decode(out.RawAfter)
	}
	return out, err
}

// Read gives rows of some outcomes behind a line: upwards in the file's
// order; absent ones have negative lines.
func Read(ctx context.Context, q db.Queryer, ws, importID id.ID, after int, limit int, outcomes ...compare.Outcome) ([]compare.Row, error) {
	var w db.Where
	w.And("workspace_id = ? AND import_id = ? AND line > ?", ws, importID, after)
	db.In(&w, "outcome", outcomes)
	return db.All(ctx, q, scanRow, `SELECT line, key_fold, outcome, contract_id, before, after, problems, seen_at
		FROM import_row WHERE `+w.SQL()+" ORDER BY line LIMIT "+w.Arg(limit), w.Args()...)
}

// Contracts gives the contracts of rows that carry nothing to write.
func Contracts(ctx context.Context, q db.Queryer, ws, importID id.ID, outcome compare.Outcome) ([]id.ID, error) {
	return db.All(ctx, q, db.Value[id.ID], `SELECT contract_id FROM import_row WHERE workspace_id = $1 AND import_id = $2
		AND outcome = $3`, ws, importID, string(outcome))
}

// Rewrite writes what a row changes anew.
func Rewrite(ctx context.Context, tx *db.Tx, ws, importID id.ID, r compare.Row) error {
	_, err := db.Exec(ctx, tx, `UPDATE import_row SET before = $4, after = $5 WHERE workspace_id = $1 AND import_id = $2 AND line = $3`,
		ws, importID, r.Line, r.RawBefore, r.RawAfter)
	return err
}

// Forget empties an import before it is staged again, or when it is
// dropped. It deletes in parts: rows are many, and nobody must wait.
func Forget(ctx context.Context, d *db.DB, ws, importID id.ID) error {
	for {
		var n int64
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = db.Exec(ctx, tx, `DELETE FROM import_row WHERE workspace_id = $1 AND import_id = $2 AND line IN
				(SELECT line FROM import_row WHERE workspace_id = $1 AND import_id = $2 ORDER BY line LIMIT 20000)`, ws, importID)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
