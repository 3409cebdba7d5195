// Package sources holds where lists come from: which contracts each knows, by
// the keys of its rows, and since when one is missing.
package sources

import (
	"context"
	"slices"

	"kizuki/internal/audience"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/intake/compare"
	"kizuki/internal/who"
)

// inList is how many values one IN list holds.
const inList = 500

// Of names an import and its source.
type Of struct{ Import, Source id.ID }

// Came is how an absent key stood before it came back.
type Came struct {
	Key        string `json:"key"`
	Since      int64  `json:"since"`
	ReviewedAt int64  `json:"reviewed_at"`
	ReviewedBy id.ID  `json:"reviewed_by"`
	Review     string `json:"review"`
}

// Take makes the import the newest of its source. Of two at once one wins,
// because the other was compared with what is no longer the newest: for it the
// answer is false.
func Take(ctx context.Context, tx *db.Tx, ws id.ID, of Of, base id.ID, mapping any) (bool, error) {
	n, err := db.Exec(ctx, tx, `UPDATE source SET last_import_id = $3, mapping = $4
		WHERE workspace_id = $1 AND id = $2 AND coalesce(last_import_id, 0) = $5`,
		ws, of.Source, of.Import, mapping, int64(base))
	return n > 0, err
}

// StillTrue checks that no contract the rows would make is there by now, and
// none they speak of is gone, or may no longer be read by the actor.
func StillTrue(ctx context.Context, tx *db.Tx, a who.Actor, importID id.ID) (bool, error) {
	var w db.Where
	w.And("r.workspace_id = ? AND r.import_id = ? AND r.outcome <> 'created'", a.Workspace, importID)
	w.And("CASE WHEN " + audience.Contract(&w, a, "c") + " THEN 0 ELSE 1 END = 1") // without an owner the condition may be NULL
	_, hidden, err := db.One(ctx, tx, db.Value[int64], `SELECT r.line FROM import_row r JOIN contract c
		ON c.workspace_id = r.workspace_id AND c.id = r.contract_id WHERE `+w.SQL()+" LIMIT 1", w.Args()...)
	if err != nil || hidden {
		return false, err
	}
	for _, q := range []string{
		`SELECT r.line FROM import_row r JOIN contract c ON c.workspace_id = r.workspace_id AND c.key_fold = r.key_fold
			WHERE r.workspace_id = $1 AND r.import_id = $2 AND r.outcome = 'created' LIMIT 1`,
		`SELECT r.line FROM import_row r WHERE r.workspace_id = $1 AND r.import_id = $2
			AND r.outcome IN ('updated', 'unchanged', 'reappeared', 'absent')
			AND NOT EXISTS (SELECT 1 FROM contract c WHERE c.workspace_id = r.workspace_id AND c.id = r.contract_id) LIMIT 1`,
	} {
		if _, found, err := db.One(ctx, tx, db.Value[int64], q, a.Workspace, importID); err != nil || found {
			return false, err
		}
	}
	return true, nil
}

// MarkSeen writes that the source has brought every row that is not invalid.
func MarkSeen(ctx context.Context, tx *db.Tx, ws id.ID, of Of, now int64) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO source_key (workspace_id, source_id, key_fold, contract_id, last_import_id, last_seen_at, brought)
		SELECT workspace_id, CAST($3 AS BIGINT), key_fold, contract_id, import_id, CAST($4 AS BIGINT), brought FROM import_row
		WHERE workspace_id = $1 AND import_id = $2 AND outcome IN ('created', 'updated', 'unchanged', 'reappeared')
		ON CONFLICT (workspace_id, source_id, key_fold) DO UPDATE SET contract_id = excluded.contract_id,
			last_import_id = excluded.last_import_id, last_seen_at = excluded.last_seen_at, brought = excluded.brought,
			absent_since = 0, reviewed_at = 0, reviewed_by = NULL, review = ''`, ws, of.Import, of.Source, now)
	return err
}

// MarkAbsent begins the absence of what the file no longer has.
func MarkAbsent(ctx context.Context, tx *db.Tx, ws id.ID, of Of, now int64) error {
	_, err := db.Exec(ctx, tx, `UPDATE source_key SET absent_since = $4, reviewed_at = 0, reviewed_by = NULL, review = ''
		WHERE workspace_id = $1 AND source_id = $3 AND key_fold IN (SELECT key_fold FROM import_row
			WHERE workspace_id = $1 AND import_id = $2 AND outcome = 'absent')`, ws, of.Import, of.Source, now)
	return err
}

// ComeBack reads how reappeared keys stood.
func ComeBack(ctx context.Context, q db.Queryer, ws id.ID, of Of) ([]Came, error) {
	return db.All(ctx, q, func(r db.Row) (c Came, err error) {
		err = r.Scan(&c.Key, &c.Since, &c.ReviewedAt, &c.ReviewedBy, &c.Review)
		return c, err
	}, `SELECT key_fold, absent_since, reviewed_at, reviewed_by, review FROM source_key
		WHERE workspace_id = $1 AND source_id = $3 AND key_fold IN (SELECT key_fold FROM import_row
			WHERE workspace_id = $1 AND import_id = $2 AND outcome = 'reappeared')`, ws, of.Import, of.Source)
}

// Unmark takes MarkSeen, MarkAbsent and Take back. Keys the import was
// the first to bring are forgotten.
func Unmark(ctx context.Context, tx *db.Tx, ws id.ID, of Of, came []Came) error {
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
		if _, err := db.Exec(ctx, tx, stmt, ws, of.Import, of.Source); err != nil {
			return err
		}
	}
	for _, c := range came {
		if _, err := db.Exec(ctx, tx, `UPDATE source_key SET absent_since = $4, reviewed_at = $5, reviewed_by = $6, review = $7
			WHERE workspace_id = $1 AND source_id = $2 AND key_fold = $3`,
			ws, of.Source, c.Key, c.Since, c.ReviewedAt, c.ReviewedBy, c.Review); err != nil {
			return err
		}
	}
	return nil
}

// Seen reads how a source knows keys.
func Seen(ctx context.Context, q db.Queryer, ws, source id.ID, keys []string) (map[string]compare.Seen, error) {
	out := map[string]compare.Seen{}
	for part := range slices.Chunk(keys, inList) {
		var w db.Where
		w.And("workspace_id = ? AND source_id = ?", ws, source)
		db.In(&w, "key_fold", part)
		_, err := db.All(ctx, q, func(r db.Row) (struct{}, error) {
			var key string
			var k compare.Seen
			err := r.Scan(&key, &k.Contract, &k.LastImport, &k.LastSeen, &k.Absent, &k.Brought)
			out[key] = k
			return struct{}{}, err
		}, `SELECT key_fold, contract_id, last_import_id, last_seen_at, absent_since, brought FROM source_key WHERE `+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Present walks the keys of a source that are neither absent nor superseded, in
// their order.
func Present(ctx context.Context, q db.Queryer, ws, source id.ID, after string, limit int) (keys []string, contracts []id.ID, err error) {
	_, err = db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var key string
		var c id.ID
		err := r.Scan(&key, &c)
		keys, contracts = append(keys, key), append(contracts, c)
		return struct{}{}, err
	}, `SELECT k.key_fold, k.contract_id FROM source_key k WHERE k.workspace_id = $1 AND k.source_id = $2 AND k.key_fold > $3
		AND k.absent_since = 0 AND NOT `+superseded+` ORDER BY k.key_fold LIMIT $4`, ws, source, after, limit)
	return keys, contracts, err
}

// superseded: the source has brought the contract of key k under another key
// since, which is its next term; also when that has vanished by now.
const superseded = `EXISTS (SELECT 1 FROM source_key o WHERE o.workspace_id = k.workspace_id AND o.source_id = k.source_id
	AND o.contract_id = k.contract_id AND o.key_fold <> k.key_fold AND o.last_import_id > k.last_import_id)`

// Superseded gives those of the keys that stand for a term that is over.
func Superseded(ctx context.Context, q db.Queryer, ws, source id.ID, list []string) (map[string]bool, error) {
	out := map[string]bool{}
	for part := range slices.Chunk(list, inList) {
		var w db.Where
		w.And("k.workspace_id = ? AND k.source_id = ?", ws, source)
		db.In(&w, "k.key_fold", part)
		found, err := db.All(ctx, q, db.Value[string], "SELECT k.key_fold FROM source_key k WHERE "+w.SQL()+" AND "+superseded, w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, key := range found {
			out[key] = true
		}
	}
	return out, nil
}
