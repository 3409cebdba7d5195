package view

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

const selectView = `SELECT v.id, v.place, v.name, v.query, v.member_id, m.name, v.shared, v.version, v.created_at
	FROM saved_view v JOIN member m ON m.workspace_id = v.workspace_id AND m.id = v.member_id WHERE `

func scan(r db.Row) (v View, err error) {
	err = r.Scan(&v.ID, &v.Place, &v.Name, &v.Query, &v.Member, &v.By, &v.Shared, &v.Version, (*db.Time)(&v.Created))
	return v, err
}

func list(ctx context.Context, q db.Queryer, a who.Actor, place string) ([]View, error) {
	return db.All(ctx, q, scan, selectView+`v.workspace_id = $1 AND v.place = $2 AND v.deleted_at = 0 AND (v.member_id = $3 OR v.shared = TRUE)
		ORDER BY CASE WHEN v.member_id = $3 THEN 0 ELSE 1 END, v.id`, a.Workspace, place, a.Member)
}

func one(ctx context.Context, q db.Queryer, a who.Actor, ref id.ID) (View, error) {
	v, found, err := db.One(ctx, q, scan, selectView+`v.workspace_id = $1 AND v.id = $2 AND v.deleted_at = 0 AND (v.member_id = $3 OR v.shared = TRUE)`,
		a.Workspace, ref, a.Member)
	if err == nil && !found {
		err = errs.Missing("view")
	}
	return v, err
}

// deleted is one that the actor could take away, taken away or not.
func deleted(ctx context.Context, q db.Queryer, a who.Actor, ref id.ID) (View, error) {
	stmt := selectView + `v.workspace_id = $1 AND v.id = $2 AND (v.member_id = $3`
	if a.May(who.Administer) {
		stmt += " OR v.shared = TRUE"
	}
	v, found, err := db.One(ctx, q, scan, stmt+")", a.Workspace, ref, a.Member)
	if err == nil && !found {
		err = errs.Missing("view")
	}
	return v, err
}

func insert(ctx context.Context, tx *db.Tx, ws id.ID, v View) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO saved_view (workspace_id, id, place, member_id, name, name_fold, query, shared, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, ws, v.ID, v.Place, v.Member, v.Name, text.Fold(v.Name), v.Query, v.Shared, db.Micros(v.Created))
	return err
}

func update(ctx context.Context, tx *db.Tx, ws id.ID, v View) error {
	_, err := db.Exec(ctx, tx, `UPDATE saved_view SET name = $3, name_fold = $4, query = $5, shared = $6, version = $7 WHERE workspace_id = $1 AND id = $2`,
		ws, v.ID, v.Name, text.Fold(v.Name), v.Query, v.Shared, v.Version)
	return err
}

func setDeleted(ctx context.Context, tx *db.Tx, ws, ref id.ID, at int64) error {
	_, err := db.Exec(ctx, tx, `UPDATE saved_view SET deleted_at = $3 WHERE workspace_id = $1 AND id = $2`, ws, ref, at)
	return err
}
