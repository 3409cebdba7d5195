package view

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
	"kizuki/internal/workspace/units"
)

const selectView = `SELECT v.id, v.place, v.name, v.query, v.member_id, m.name, v.shared, u.id, COALESCE(u.name, ''), v.version, v.created_at
	FROM saved_view v JOIN member m ON m.workspace_id = v.workspace_id AND m.id = v.member_id
	LEFT JOIN unit u ON u.workspace_id = v.workspace_id AND u.id = v.unit_id WHERE `

func scan(r db.Row) (v View, err error) {
	err = r.Scan(&v.ID, &v.Place, &v.Name, &v.Query, &v.Member, &v.By, &v.Shared, &v.Unit, &v.Team, &v.Version, (*db.Time)(&v.Created))
	return v, err
}

// seen is the condition that a view is the actor's: the own ones, those for all,
// and those of a team the actor is in, or below which, or leads.
func seen(w *db.Where, a who.Actor) string {
	return "(v.member_id = " + w.Arg(a.Member) + " OR v.shared = TRUE OR " + units.Reached(w, a, "v.unit_id") + ")"
}

func list(ctx context.Context, q db.Queryer, a who.Actor, place string) ([]View, error) {
	var w db.Where
	w.And("v.workspace_id = ? AND v.place = ? AND v.deleted_at = 0", a.Workspace, place)
	w.And(seen(&w, a))
	return db.All(ctx, q, scan, selectView+w.SQL()+" ORDER BY CASE WHEN v.member_id = "+w.Arg(a.Member)+" THEN 0 ELSE 1 END, v.id", w.Args()...)
}

func own(ctx context.Context, q db.Queryer, ws, member id.ID, place string) ([]View, error) {
	return db.All(ctx, q, scan, selectView+"v.workspace_id = $1 AND v.place = $2 AND v.deleted_at = 0 AND v.member_id = $3", ws, place, member)
}

func one(ctx context.Context, q db.Queryer, a who.Actor, ref id.ID) (View, error) {
	var w db.Where
	w.And("v.workspace_id = ? AND v.id = ? AND v.deleted_at = 0", a.Workspace, ref)
	if a.May(who.Administer) { // finds those of all teams, though they are not in the strip
		w.And("(" + seen(&w, a) + " OR u.id IS NOT NULL)")
	} else {
		w.And(seen(&w, a))
	}
	v, found, err := db.One(ctx, q, scan, selectView+w.SQL(), w.Args()...)
	if err == nil && !found {
		err = errs.Missing("view")
	}
	return v, err
}

// deleted is one that the actor could take away, taken away or not.
func deleted(ctx context.Context, q db.Queryer, a who.Actor, ref id.ID) (View, error) {
	v, found, err := db.One(ctx, q, scan, selectView+"v.workspace_id = $1 AND v.id = $2", a.Workspace, ref)
	if err == nil && (!found || !MayChange(a, v)) {
		err = errs.Missing("view")
	}
	return v, err
}

func insert(ctx context.Context, tx *db.Tx, ws id.ID, v View) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO saved_view (workspace_id, id, place, member_id, name, name_fold, query, shared, created_at, unit_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, ws, v.ID, v.Place, v.Member, v.Name, text.Fold(v.Name), v.Query, v.Shared, db.Micros(v.Created), v.Unit)
	return err
}

func update(ctx context.Context, tx *db.Tx, ws id.ID, v View) error {
	_, err := db.Exec(ctx, tx, `UPDATE saved_view SET name = $3, name_fold = $4, query = $5, shared = $6, version = $7, unit_id = $8 WHERE workspace_id = $1 AND id = $2`,
		ws, v.ID, v.Name, text.Fold(v.Name), v.Query, v.Shared, v.Version, v.Unit)
	return err
}

func setDeleted(ctx context.Context, tx *db.Tx, ws, ref id.ID, at int64) error {
	_, err := db.Exec(ctx, tx, `UPDATE saved_view SET deleted_at = $3 WHERE workspace_id = $1 AND id = $2`, ws, ref, at)
	return err
}
