package sources

import (
	"context"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake/columns"
	"kizuki/internal/text"
)

// Source is where rows come from again and again.
type Source struct {
	ID         id.ID
	Name       string
	OwnerID    id.ID // whom absent rows are shown to
	OwnerName  string
	Mapping    columns.Mapping // of the last import that was applied
	LastImport id.ID           // the newest applied one, 0 = none
	LastAt     time.Time
	Absent     int // rows waiting for a decision
}

// Find gives the source of a name, and makes it if there is none.
func Find(ctx context.Context, tx *db.Tx, ws id.ID, name string, owner id.ID, now time.Time) (id.ID, error) {
	if _, err := db.Exec(ctx, tx, `INSERT INTO source (workspace_id, id, name, name_fold, owner_id, mapping, created_at)
		VALUES ($1, $2, $3, $4, $5, '{"columns":{}}', $6) ON CONFLICT (workspace_id, name_fold) DO NOTHING`,
		ws, id.New(), name, text.Fold(name), owner, db.Time(now)); err != nil {
		return 0, err
	}
	source, _, err := db.One(ctx, tx, db.Value[id.ID], `SELECT id FROM source WHERE workspace_id = $1 AND name_fold = $2`,
		ws, text.Fold(name))
	return source, err
}

const selectSource = `SELECT s.id, s.name, s.owner_id, coalesce(m.name, ''), s.mapping, s.last_import_id, coalesce(i.applied_at, 0),
	(SELECT count(*) FROM source_key k WHERE k.workspace_id = s.workspace_id AND k.source_id = s.id
		AND k.absent_since > 0 AND k.review = '')
	FROM source s LEFT JOIN member m ON m.workspace_id = s.workspace_id AND m.id = s.owner_id
	LEFT JOIN import i ON i.workspace_id = s.workspace_id AND i.id = s.last_import_id WHERE `

func scanSource(r db.Row) (Source, error) {
	var s Source
	var mapping db.JSON[columns.Mapping]
	err := r.Scan(&s.ID, &s.Name, &s.OwnerID, &s.OwnerName, &mapping, &s.LastImport, (*db.Time)(&s.LastAt), &s.Absent)
	s.Mapping = mapping.V
	return s, err
}

// List gives the sources of a workspace by name.
func List(ctx context.Context, q db.Queryer, ws id.ID) ([]Source, error) {
	return db.All(ctx, q, scanSource, selectSource+`s.workspace_id = $1 ORDER BY s.name_fold LIMIT 500`, ws)
}

// One gives a source. Errors: the source that is missing.
func One(ctx context.Context, q db.Queryer, ws, source id.ID) (Source, error) {
	s, found, err := db.One(ctx, q, scanSource, selectSource+`s.workspace_id = $1 AND s.id = $2`, ws, source)
	if err == nil && !found {
		err = errs.Missing("source")
	}
	return s, err
}
