package bulk

import (
	"context"
	"fmt"
	"slices"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
)

// Scan reads JSON text; numbers keep their digits.
func (v *Values) Scan(src any) error {
	var raw []byte
	switch s := src.(type) {
	case string:
		raw = []byte(s)
	case []byte:
		raw = s
	default:
		return fmt.Errorf("bulk: values are stored as %T", src)
	}
	m, err := field.Decode(raw)
	*v = m
	return err
}

const selectAct = `SELECT b.id, b.member_id, m.name, b.target, b.selection, b.edits, b.state, b.cursor, b.at, b.applied_at, b.undone_at
	FROM bulk_edit b JOIN member m ON m.workspace_id = b.workspace_id AND m.id = b.member_id WHERE `

func scanAct(r db.Row) (a Act, err error) {
	var sel db.JSON[Selection]
	var edits db.JSON[[]Edit]
	err = r.Scan(&a.ID, &a.Member, &a.MemberName, &a.Target, &sel, &edits, &a.State, &a.cursor, (*db.Time)(&a.At),
		(*db.Time)(&a.AppliedAt), (*db.Time)(&a.UndoneAt))
	a.Selection, a.Edits = sel.V, edits.V
	return a, err
}

func oneAct(ctx context.Context, q db.Queryer, ws, ref id.ID) (Act, error) {
	a, found, err := db.One(ctx, q, scanAct, selectAct+"b.workspace_id = $1 AND b.id = $2", ws, ref)
	if err == nil && !found {
		err = errs.Missing("bulk")
	}
	return a, err
}

// listActs gives those that were applied, the newest first; of one member, or
// (0) of all.
func listActs(ctx context.Context, q db.Queryer, ws, member, before id.ID, limit int) ([]Act, error) {
	var w db.Where
	w.And("b.workspace_id = ? AND b.state IN ('applying', 'applied', 'undoing', 'undone')", ws)
	if member != 0 {
		w.And("b.member_id = ?", member)
	}
	if before != 0 {
		w.And("b.id < ?", before)
	}
	return db.All(ctx, q, scanAct, selectAct+w.SQL()+" ORDER BY b.id DESC LIMIT "+w.Arg(limit), w.Args()...)
}

func insertAct(ctx context.Context, tx *db.Tx, ws id.ID, a Act) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO bulk_edit (workspace_id, id, member_id, target, selection, edits, state, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, ws, a.ID, a.Member, string(a.Target), db.AsJSON(a.Selection), db.AsJSON(a.Edits), string(a.State), db.Time(a.At))
	return err
}

// move changes the state of an act if it is one of from; it tells whether it was.
func move(ctx context.Context, tx *db.Tx, ws, ref id.ID, to State, from ...State) (bool, error) {
	var w db.Where
	set := w.Arg(string(to))
	w.And("workspace_id = ? AND id = ?", ws, ref)
	db.In(&w, "state", from)
	n, err := db.Exec(ctx, tx, "UPDATE bulk_edit SET state = "+set+" WHERE "+w.SQL(), w.Args()...)
	return n > 0, err
}

func setCursor(ctx context.Context, tx *db.Tx, ws, ref id.ID, cursor string) error {
	_, err := db.Exec(ctx, tx, `UPDATE bulk_edit SET cursor = $3 WHERE workspace_id = $1 AND id = $2`, ws, ref, cursor)
	return err
}

func setEdits(ctx context.Context, tx *db.Tx, ws, ref id.ID, edits []Edit) error {
	_, err := db.Exec(ctx, tx, `UPDATE bulk_edit SET edits = $3, cursor = '' WHERE workspace_id = $1 AND id = $2`, ws, ref, db.AsJSON(edits))
	if err == nil {
		_, err = db.Exec(ctx, tx, `DELETE FROM bulk_row WHERE workspace_id = $1 AND edit_id = $2`, ws, ref)
	}
	return err
}

// setTime writes when an act was applied or undone; column is one of ours.
func setTime(ctx context.Context, tx *db.Tx, ws, ref id.ID, column string, at int64) error {
	_, err := db.Exec(ctx, tx, "UPDATE bulk_edit SET "+column+" = $3 WHERE workspace_id = $1 AND id = $2", ws, ref, at)
	return err
}

// insertRows keeps rows; a record that came twice while the list was walked
// stays as it was first seen.
func insertRows(ctx context.Context, tx *db.Tx, ws, act id.ID, list []Row) error {
	rows := make([][]any, len(list))
	for i, r := range list {
		rows[i] = []any{ws, act, r.Ref, string(r.Outcome), asJSON(r.Before), asJSON(r.After), db.AsJSON(r.Why)}
	}
	return db.Bulk(ctx, tx, `INSERT INTO bulk_row (workspace_id, edit_id, ref_id, state, before, after, why)`,
		`ON CONFLICT (workspace_id, edit_id, ref_id) DO NOTHING`, rows)
}

// rewrite moves rows on, with what was written and why.
func rewrite(ctx context.Context, tx *db.Tx, ws, act id.ID, list []Row) error {
	rows := make([][]any, len(list))
	for i, r := range list {
		rows[i] = []any{ws, act, r.Ref, string(r.Outcome), asJSON(r.Before), asJSON(r.After), db.AsJSON(r.Why)}
	}
	return db.Bulk(ctx, tx, `INSERT INTO bulk_row (workspace_id, edit_id, ref_id, state, before, after, why)`,
		`ON CONFLICT (workspace_id, edit_id, ref_id) DO UPDATE SET state = excluded.state, before = excluded.before,
		after = excluded.after, why = excluded.why`, rows)
}

func asJSON(v Values) db.JSON[Values] {
	if v == nil {
		v = Values{}
	}
	return db.AsJSON(v)
}

func scanRow(r db.Row) (x Row, err error) {
	var why db.JSON[Reason]
	err = r.Scan(&x.Ref, &x.Outcome, &x.Before, &x.After, &why)
	x.Why = why.V
	return x, err
}

// readRows gives rows of some outcomes behind a record.
func readRows(ctx context.Context, q db.Queryer, ws, act, after id.ID, limit int, outcomes ...Outcome) ([]Row, error) {
	var all []Row
	for _, o := range outcomes { // each walks the index alone
		list, err := db.All(ctx, q, scanRow, `SELECT ref_id, state, before, after, why FROM bulk_row
			WHERE workspace_id = $1 AND edit_id = $2 AND state = $3 AND ref_id > $4 ORDER BY ref_id LIMIT $5`,
			ws, act, string(o), int64(after), limit)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b Row) int { return int(min(max(a.Ref-b.Ref, -1), 1)) })
	return all[:min(len(all), limit)], nil
}

// countRows counts the records of acts by what becomes of them.
func countRows(ctx context.Context, q db.Queryer, ws id.ID, acts ...id.ID) (map[id.ID]Counts, error) {
	out := make(map[id.ID]Counts, len(acts))
	if len(acts) == 0 {
		return out, nil
	}
	var w db.Where
	w.And("workspace_id = ?", ws)
	db.In(&w, "edit_id", acts)
	_, err := db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var act id.ID
		var o Outcome
		var n int
		err := r.Scan(&act, &o, &n)
		if out[act] == nil {
			out[act] = Counts{}
		}
		out[act][o] = n
		return struct{}{}, err
	}, "SELECT edit_id, state, count(*) FROM bulk_row WHERE "+w.SQL()+" GROUP BY edit_id, state", w.Args()...)
	return out, err
}

// leave lets all rows that wait stay as they are.
func leave(ctx context.Context, tx *db.Tx, ws, act id.ID, from, to Outcome, why Reason) error {
	_, err := db.Exec(ctx, tx, `UPDATE bulk_row SET state = $4, why = $5 WHERE workspace_id = $1 AND edit_id = $2 AND state = $3`,
		ws, act, string(from), string(to), db.AsJSON(why))
	return err
}

// forget removes acts that nobody applied, with their rows.
func forget(ctx context.Context, d *db.DB, before int64) error {
	type old struct{ ws, act id.ID }
	list, err := db.All(ctx, d, func(r db.Row) (o old, err error) { return o, r.Scan(&o.ws, &o.act) },
		`SELECT workspace_id, id FROM bulk_edit WHERE state IN ('chosen', 'staging', 'staged') AND at < $1`, before)
	if err != nil {
		return err
	}
	for _, o := range list {
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, `DELETE FROM bulk_row WHERE workspace_id = $1 AND edit_id = $2`, o.ws, o.act)
			if err == nil {
				_, err = db.Exec(ctx, tx, `DELETE FROM bulk_edit WHERE workspace_id = $1 AND id = $2`, o.ws, o.act)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
