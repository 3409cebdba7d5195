package field

import (
	"context"
	"slices"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
)

const selectField = `SELECT id, on_kind, key, type, labels, options, position, indexed, retired_at, unit_id, put_away, renamed
	FROM field WHERE workspace_id = $1 AND on_kind = 'contract'`

func scan(r db.Row) (Field, error) {
	var f Field
	var labels db.JSON[map[string]string]
	var options, away db.JSON[[]string]
	var renamed db.JSON[map[string]string]
	err := r.Scan(&f.ID, &f.On, &f.Key, &f.Type, &labels, &options, &f.Position, &f.Indexed, (*db.Time)(&f.RetiredAt), &f.Unit, &away, &renamed)
	f.Labels, f.Options = labels.V, options.V
	if len(away.V) > 0 {
		f.PutAway = away.V
	}
	if len(renamed.V) > 0 {
		f.Renamed = renamed.V
	}
	return f, err
}

func load(ctx context.Context, q db.Queryer, ws id.ID) ([]Field, error) {
	return db.All(ctx, q, scan, selectField+` ORDER BY position, id`, ws)
}

func one(ctx context.Context, q db.Queryer, ws, fieldID id.ID) (Field, error) {
	f, found, err := db.One(ctx, q, scan, selectField+` AND id = $2`, ws, fieldID)
	if err == nil && !found {
		err = errs.Missing("field")
	}
	return f, err
}

func insert(ctx context.Context, tx *db.Tx, ws id.ID, f Field, at time.Time) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO field (workspace_id, id, on_kind, key, type, labels, options,
		position, indexed, created_at, unit_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		ws, f.ID, f.On, f.Key, f.Type, db.AsJSON(f.Labels), db.AsJSON(f.Options), f.Position, f.Indexed, db.Time(at), f.Unit)
	if db.UniqueOn(err, "field") { // two admins at the same moment
		return errs.New(errs.Conflict, "field.err.key_taken", "Key", f.Key).With(err)
	}
	return err
}

func update(ctx context.Context, tx *db.Tx, ws id.ID, f Field) error {
	named := f.Renamed
	if named == nil {
		named = map[string]string{}
	}
	_, err := db.Exec(ctx, tx, `UPDATE field SET labels = $3, options = $4, position = $5, indexed = $6,
		retired_at = $7, unit_id = $8, put_away = $9, renamed = $10 WHERE workspace_id = $1 AND id = $2`,
		ws, f.ID, db.AsJSON(f.Labels), db.AsJSON(f.Options), f.Position, f.Indexed, db.Time(f.RetiredAt), f.Unit,
		db.AsJSON(slices.Concat([]string{}, f.PutAway)), db.AsJSON(named))
	return err
}

func remove(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID) error {
	for _, table := range []string{"field_index WHERE workspace_id = $1 AND field_id", "field WHERE workspace_id = $1 AND id"} {
		for _, i := range ids {
			if _, err := db.Exec(ctx, tx, "DELETE FROM "+table+" = $2", ws, i); err != nil {
				return err
			}
		}
	}
	return nil
}
