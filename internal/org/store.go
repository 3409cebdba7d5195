package org

import (
	"context"
	"slices"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
)

// stored is an organization with what only the table knows: split_no lets one
// split off by hand bear a name that is taken.
type stored struct {
	Organization
	splitNo int
}

const selectOrg = `SELECT id, name, kana, corporate_number, parent_id, closing_month, split_key, version, created_at
	FROM organization WHERE `

func scan(r db.Row) (Organization, error) {
	var o Organization
	err := r.Scan(&o.ID, &o.Name, &o.Kana, &o.CorporateNumber, &o.ParentID, &o.ClosingMonth, &o.SplitKey,
		&o.Version, (*db.Time)(&o.CreatedAt))
	return o, err
}

func one(ctx context.Context, q db.Queryer, ws, orgID id.ID) (Organization, error) {
	o, found, err := db.One(ctx, q, scan, selectOrg+`workspace_id = $1 AND id = $2`, ws, orgID)
	if err == nil && !found {
		err = errs.Missing("organization")
	}
	return o, err
}

// chunk is how many keys one IN list holds.
const chunk = 500

func load(ctx context.Context, q db.Queryer, ws id.ID, ids []id.ID) (map[id.ID]Organization, error) {
	out := map[id.ID]Organization{}
	for part := range slices.Chunk(ids, chunk) {
		var w db.Where
		w.And("workspace_id = ?", ws)
		db.In(&w, "id", part)
		rows, err := db.All(ctx, q, scan, selectOrg+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, o := range rows {
			out[o.ID] = o
		}
	}
	return out, nil
}

// byKeys reads the organizations of name keys, oldest first.
func byKeys(ctx context.Context, q db.Queryer, ws id.ID, keys []string) (map[string][]Organization, error) {
	out := map[string][]Organization{}
	for part := range slices.Chunk(keys, chunk) {
		var w db.Where
		w.And("workspace_id = ?", ws)
		db.In(&w, "name_key", part)
		rows, err := db.All(ctx, q, scan, selectOrg+w.SQL()+` ORDER BY created_at, id`, w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, o := range rows {
			key := text.OrgKey(o.Name)
			out[key] = append(out[key], o)
		}
	}
	return out, nil
}

func insert(ctx context.Context, tx *db.Tx, ws id.ID, list []stored) error {
	rows := make([][]any, len(list))
	for i, o := range list {
		rows[i] = []any{ws, o.ID, o.Name, text.Fold(o.Name), text.OrgKey(o.Name), o.Kana, text.FoldKana(o.Kana),
			o.CorporateNumber, o.ParentID, o.ClosingMonth, o.SplitKey, o.splitNo, o.Version, db.Time(o.CreatedAt)}
	}
	err := db.Bulk(ctx, tx, `INSERT INTO organization (workspace_id, id, name, name_fold, name_key, kana, kana_fold,
		corporate_number, parent_id, closing_month, split_key, split_no, version, created_at)`, "", rows)
	return taken(err, list[:min(1, len(list))]...)
}

func update(ctx context.Context, tx *db.Tx, ws id.ID, o Organization) error {
	_, err := db.Exec(ctx, tx, `UPDATE organization SET name = $3, name_fold = $4, name_key = $5, kana = $6,
		kana_fold = $7, corporate_number = $8, parent_id = $9, closing_month = $10, version = $11
		WHERE workspace_id = $1 AND id = $2`,
		ws, o.ID, o.Name, text.Fold(o.Name), text.OrgKey(o.Name), o.Kana, text.FoldKana(o.Kana),
		o.CorporateNumber, o.ParentID, o.ClosingMonth, o.Version)
	return taken(err, stored{Organization: o})
}

// taken names what the unique index refused.
func taken(err error, list ...stored) error {
	if !db.UniqueOn(err, "organization") {
		return err
	}
	return errs.New(errs.Conflict, TakenKey, "Name", list[0].Name).With(err)
}

func setNumber(ctx context.Context, tx *db.Tx, ws, orgID id.ID, number string) error {
	_, err := db.Exec(ctx, tx, `UPDATE organization SET corporate_number = $3, version = version + 1
		WHERE workspace_id = $1 AND id = $2`, ws, orgID, number)
	return err
}

// ancestors gives an organization and those above it, at most 100.
func ancestors(ctx context.Context, q db.Queryer, ws, orgID id.ID) ([]id.ID, error) {
	return db.All(ctx, q, db.Value[id.ID], `WITH RECURSIVE up (id, parent_id, depth) AS (
			SELECT id, parent_id, 1 FROM organization WHERE workspace_id = $1 AND id = $2
			UNION ALL
			SELECT o.id, o.parent_id, up.depth + 1 FROM up JOIN organization o
				ON o.workspace_id = $1 AND o.id = up.parent_id WHERE up.depth < 100)
		SELECT id FROM up`, ws, orgID)
}

// lockTree makes those who move organizations of a workspace wait for each
// other: locks on the rows moved would meet crosswise.
func lockTree(ctx context.Context, tx *db.Tx, ws id.ID) error {
	_, err := db.Exec(ctx, tx, "UPDATE workspace SET name = name WHERE id = $1", ws)
	return err
}

func nextSplit(ctx context.Context, q db.Queryer, ws id.ID, key string) (int, error) {
	n, _, err := db.One(ctx, q, db.Value[int], `SELECT coalesce(max(split_no), 0) + 1 FROM organization
		WHERE workspace_id = $1 AND name_key = $2`, ws, key)
	return n, err
}

func list(ctx context.Context, q db.Queryer, ws id.ID, words string, after place, limit int) ([]Organization, error) {
	var w db.Where
	w.And("workspace_id = ?", ws)
	if f := text.Fold(words); f != "" {
		w.And(`(name_fold LIKE ? ESCAPE '\' OR kana_fold LIKE ? ESCAPE '\')`,
			text.LikePattern(f), text.LikePattern(text.FoldKana(words)))
	}
	if after.ID != 0 {
		w.And("(name_fold, id) > (?, ?)", after.Name, after.ID)
	}
	return db.All(ctx, q, scan, selectOrg+w.SQL()+" ORDER BY name_fold, id LIMIT "+w.Arg(limit), w.Args()...)
}

// removeUnused deletes those that no contract, contact or child refers to, and
// gives them.
func removeUnused(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID) (gone []id.ID, err error) {
	for part := range slices.Chunk(ids, chunk) {
		var w db.Where
		w.And("workspace_id = ?", ws)
		db.In(&w, "id", part)
		for _, table := range []string{"contract", "contact"} {
			w.And("NOT EXISTS (SELECT 1 FROM " + table + " x WHERE x.workspace_id = organization.workspace_id AND x.org_id = organization.id)")
		}
		w.And("NOT EXISTS (SELECT 1 FROM organization x WHERE x.workspace_id = organization.workspace_id AND x.parent_id = organization.id)")
		list, err := db.All(ctx, tx, db.Value[id.ID], "DELETE FROM organization WHERE "+w.SQL()+" RETURNING id", w.Args()...)
		if err != nil {
			return nil, err
		}
		gone = append(gone, list...)
	}
	return gone, nil
}
