package intake

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/id"
)

// takeSource makes the import the newest of its source. Of two at once one
// wins, because the other was compared with what is no longer the newest.
func takeSource(ctx context.Context, tx *db.Tx, ws id.ID, imp Import) error {
	n, err := db.Exec(ctx, tx, `UPDATE source SET last_import_id = $3, mapping = $4
		WHERE workspace_id = $1 AND id = $2 AND coalesce(last_import_id, 0) = $5`,
		ws, imp.SourceID, imp.ID, db.AsJSON(imp.Plan.Mapping()), int64(imp.BaseID))
	if err == nil && n == 0 {
		err = errStale()
	}
	return err
}

// stillTrue checks that no contract the rows would make is there by now, and
// none they speak of is gone.
func stillTrue(ctx context.Context, tx *db.Tx, ws, importID id.ID) error {
	for _, q := range []string{
		`SELECT r.line FROM import_row r JOIN contract c ON c.workspace_id = r.workspace_id AND c.key_fold = r.key_fold
			WHERE r.workspace_id = $1 AND r.import_id = $2 AND r.outcome = 'created' LIMIT 1`,
		`SELECT r.line FROM import_row r WHERE r.workspace_id = $1 AND r.import_id = $2
			AND r.outcome IN ('updated', 'unchanged', 'reappeared', 'absent')
			AND NOT EXISTS (SELECT 1 FROM contract c WHERE c.workspace_id = r.workspace_id AND c.id = r.contract_id) LIMIT 1`,
	} {
		if _, found, err := db.One(ctx, tx, db.Value[int64], q, ws, importID); err != nil {
			return err
		} else if found {
			return errStale()
		}
	}
	return nil
}

// markSeen writes that the source has brought every row that is not invalid.
func markSeen(ctx context.Context, tx *db.Tx, ws id.ID, imp Import, now int64) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO source_key (workspace_id, source_id, key_fold, contract_id, last_import_id, last_seen_at, brought)
		SELECT workspace_id, CAST($3 AS BIGINT), key_fold, contract_id, import_id, CAST($4 AS BIGINT), brought FROM import_row
		WHERE workspace_id = $1 AND import_id = $2 AND outcome IN ('created', 'updated', 'unchanged', 'reappeared')
		ON CONFLICT (workspace_id, source_id, key_fold) DO UPDATE SET contract_id = excluded.contract_id,
			last_import_id = excluded.last_import_id, last_seen_at = excluded.last_seen_at, brought = excluded.brought,
			absent_since = 0, reviewed_at = 0, reviewed_by = NULL, review = ''`, ws, imp.ID, imp.SourceID, now)
	return err
}

// markAbsent begins the absence of what the file no longer has.
func markAbsent(ctx context.Context, tx *db.Tx, ws id.ID, imp Import, now int64) error {
	if imp.Counts.Absent == 0 {
		return nil
	}
	_, err := db.Exec(ctx, tx, `UPDATE source_key SET absent_since = $4, reviewed_at = 0, reviewed_by = NULL, review = ''
		WHERE workspace_id = $1 AND source_id = $3 AND key_fold IN (SELECT key_fold FROM import_row
			WHERE workspace_id = $1 AND import_id = $2 AND outcome = 'absent')`, ws, imp.ID, imp.SourceID, now)
	return err
}

// comeBack reads how reappeared keys stood.
func comeBack(ctx context.Context, q db.Queryer, ws id.ID, imp Import) ([]cameBack, error) {
	if imp.Counts.Reappeared == 0 {
		return nil, nil
	}
	return db.All(ctx, q, func(r db.Row) (c cameBack, err error) {
		err = r.Scan(&c.Key, &c.Since, &c.ReviewedAt, &c.ReviewedBy, &c.Review)
		return c, err
	}, `SELECT key_fold, absent_since, reviewed_at, reviewed_by, review FROM source_key
		WHERE workspace_id = $1 AND source_id = $3 AND key_fold IN (SELECT key_fold FROM import_row
			WHERE workspace_id = $1 AND import_id = $2 AND outcome = 'reappeared')`, ws, imp.ID, imp.SourceID)
}

// unmark takes markSeen, markAbsent and takeSource back. Keys the import was
// the first to bring are forgotten.
func unmark(ctx context.Context, tx *db.Tx, ws id.ID, imp Import, came []cameBack) error {
	for _, stmt := range []string{
		`DELETE FROM source_key WHERE workspace_id = $1 AND source_id = $3 AND key_fold IN (SELECT key_fold FROM import_row
			WHERE workspace_id = $1 AND import_id = $2 AND seen_import_id IS NULL
			AND outcome IN ('created', 'updated', 'unchanged', 'reappeared'))`,
		`UPDATE source_key SET last_import_id = r.seen_import_id, last_seen_at = r.seen_at, brought = r.seen_brought
			FROM import_row r WHERE source_key.workspace_id = $1 AND source_key.source_id = $3
			AND r.workspace_id = source_key.workspace_id AND r.import_id = $2 AND r.key_fold = source_key.key_fold
			AND r.seen_import_id IS NOT NULL AND r.outcome IN ('updated', 'unchanged', 'reappeared')`,
		`UPDATE source_key SET absent_since = 0, reviewed_at = 0, reviewed_by = NULL, review = ''
			WHERE workspace_id = $1 AND source_id = $3 AND key_fold IN (SELECT key_fold FROM import_row
				WHERE workspace_id = $1 AND import_id = $2 AND outcome = 'absent')`,
		`UPDATE source SET last_import_id = (SELECT base_import_id FROM import WHERE workspace_id = $1 AND id = $2)
			WHERE workspace_id = $1 AND id = $3`,
	} {
		if _, err := db.Exec(ctx, tx, stmt, ws, imp.ID, imp.SourceID); err != nil {
			return err
		}
	}
	for _, c := range came {
		if _, err := db.Exec(ctx, tx, `UPDATE source_key SET absent_since = $4, reviewed_at = $5, reviewed_by = $6, review = $7
			WHERE workspace_id = $1 AND source_id = $2 AND key_fold = $3`,
			ws, imp.SourceID, c.Key, c.Since, c.ReviewedAt, c.ReviewedBy, c.Review); err != nil {
			return err
		}
	}
	return nil
}
