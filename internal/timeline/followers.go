package timeline

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/db"
	"kizuki/internal/id"
)

// Follower is a member who hears what is said on a contract.
type Follower struct{ Contract, Member id.ID }

// FollowIn makes members followers for another feature, in two statements a
// slice of 5,000, and gives those who were none before. Who has muted a contract
// stays so.
func (s *Service) FollowIn(ctx context.Context, tx *db.Tx, ws id.ID, list []Follower) ([]Follower, error) {
	var fresh []Follower
	for part := range slices.Chunk(list, chunk) {
		there, err := followersAmong(ctx, tx, ws, part)
		if err != nil {
			return nil, err
		}
		var rows [][]any
		for _, f := range part {
			if f.Contract != 0 && f.Member != 0 && !there[f] {
				there[f] = true
				fresh, rows = append(fresh, f), append(rows, []any{ws, f.Contract, f.Member})
			}
		}
		if err := db.Bulk(ctx, tx, `INSERT INTO follower (workspace_id, contract_id, member_id)`, "ON CONFLICT DO NOTHING", rows); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// UnfollowIn takes FollowIn back.
func (s *Service) UnfollowIn(ctx context.Context, tx *db.Tx, ws id.ID, list []Follower) error {
	for part := range slices.Chunk(list, chunk) {
		var w db.Where
		w.And("workspace_id = ?", ws)
		if _, err := db.Exec(ctx, tx, "DELETE FROM follower WHERE "+w.SQL()+" AND "+amongFollowers(&w, part), w.Args()...); err != nil {
			return err
		}
	}
	return nil
}

func followersAmong(ctx context.Context, q db.Queryer, ws id.ID, list []Follower) (map[Follower]bool, error) {
	var w db.Where
	w.And("workspace_id = ?", ws)
	found, err := db.All(ctx, q, func(r db.Row) (f Follower, err error) {
		err = r.Scan(&f.Contract, &f.Member)
		return f, err
	}, "SELECT contract_id, member_id FROM follower WHERE "+w.SQL()+" AND "+amongFollowers(&w, list), w.Args()...)
	out := make(map[Follower]bool, len(list))
	for _, f := range found {
		out[f] = true
	}
	return out, err
}

// amongFollowers is the condition that a row is one of the list.
func amongFollowers(w *db.Where, list []Follower) string {
	rows := make([]string, len(list))
	for i, f := range list {
		rows[i] = "(CAST(" + w.Arg(f.Contract) + " AS BIGINT), CAST(" + w.Arg(f.Member) + " AS BIGINT))"
	}
	return "(contract_id, member_id) IN (VALUES " + strings.Join(rows, ",") + ")"
}
