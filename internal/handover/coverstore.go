package handover

import (
	"context"
	"slices"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/timeline/notices"
	"kizuki/internal/workspace"
)

func zoneOf(ctx context.Context, q db.Queryer, ws id.ID) (*time.Location, error) {
	name, _, err := db.One(ctx, q, db.Value[string], "SELECT zone FROM workspace WHERE id = $1", ws)
	return workspace.Location(name), err
}

func overlaps(ctx context.Context, q db.Queryer, ws id.ID, c Cover) (bool, error) {
	_, found, err := db.One(ctx, q, db.Value[id.ID], `SELECT id FROM cover WHERE workspace_id = $1 AND member_id = $2
		AND from_date <= $3 AND to_date >= $4 LIMIT 1`, ws, c.Member.ID, string(c.To), string(c.From))
	return found, err
}

func insertCover(ctx context.Context, tx *db.Tx, ws id.ID, c Cover) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO cover (workspace_id, id, member_id, deputy_id, from_date, to_date, words, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, ws, c.ID, c.Member.ID, c.Deputy.ID, string(c.From), string(c.To), c.Words, db.Micros(c.Created))
	return err
}

func endCover(ctx context.Context, tx *db.Tx, ws, ref id.ID, to cal.Date) error {
	_, err := db.Exec(ctx, tx, "UPDATE cover SET to_date = $3 WHERE workspace_id = $1 AND id = $2", ws, ref, string(to))
	return err
}

func markCover(ctx context.Context, tx *db.Tx, ws, ref id.ID, at int64) error {
	_, err := db.Exec(ctx, tx, "UPDATE cover SET read_at = $3 WHERE workspace_id = $1 AND id = $2", ws, ref, at)
	return err
}

func deleteCover(ctx context.Context, tx *db.Tx, ws, ref id.ID) error {
	_, err := db.Exec(ctx, tx, "DELETE FROM cover WHERE workspace_id = $1 AND id = $2", ws, ref)
	return err
}

const selectCover = `SELECT v.id, v.member_id, m.name, v.deputy_id, d.name, v.from_date, v.to_date, v.words, v.created_at, v.read_at
	FROM cover v
	JOIN member m ON m.workspace_id = v.workspace_id AND m.id = v.member_id
	JOIN member d ON d.workspace_id = v.workspace_id AND d.id = v.deputy_id WHERE `

func scanCover(r db.Row) (c Cover, err error) {
	var read int64
	err = r.Scan(&c.ID, &c.Member.ID, &c.Member.Name, &c.Deputy.ID, &c.Deputy.Name, &c.From, &c.To, &c.Words, (*db.Time)(&c.Created), &read)
	c.Read = read != 0
	return c, err
}

// covers reads those of a condition by day; covers of people who left are none.
func covers(ctx context.Context, q db.Queryer, ws id.ID, cond string, args ...any) ([]Cover, error) {
	var w db.Where
	w.And("v.workspace_id = ? AND m.state <> 'left' AND d.state <> 'left'", ws)
	w.And(cond, args...)
	return db.All(ctx, q, scanCover, selectCover+w.SQL()+" ORDER BY v.from_date, v.id LIMIT 200", w.Args()...)
}

func oneCover(ctx context.Context, q db.Queryer, ws, ref id.ID) (Cover, error) {
	c, found, err := db.One(ctx, q, scanCover, selectCover+"v.workspace_id = $1 AND v.id = $2", ws, ref)
	if err == nil && !found {
		err = errs.Missing("cover")
	}
	return c, err
}

// call is a note that calls somebody who is or was covered these days.
type call struct {
	Cover
	note, contract id.ID
}

// called finds the notices about notes to people with a cover that is not long
// over; who only follows was not called. The day itself depends on the workspace's zone and is looked at in Go.
func (s *Service) called(ctx context.Context, q db.Queryer, ws id.ID, notes []id.ID) ([]call, error) {
	soon := cal.Of(s.Now().UTC()).AddDays(-1)
	var out []call
	for part := range slices.Chunk(notes, chunk) {
		var w db.Where
		w.And("v.workspace_id = ? AND v.to_date >= ? AND x.cause_kind = 'note' AND x.kind <> ?", ws, string(soon), notices.Followed)
		db.In(&w, "x.cause_id", part)
		list, err := db.All(ctx, q, func(r db.Row) (c call, err error) {
			err = r.Scan(&c.Deputy.ID, &c.From, &c.To, &c.note, &c.contract)
			return c, err
		}, `SELECT v.deputy_id, v.from_date, v.to_date, x.cause_id, x.contract_id FROM cover v
			JOIN notice x ON x.workspace_id = v.workspace_id AND x.member_id = v.member_id WHERE `+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}
