// Package held looks after the values that contracts hold of custom fields when a
// field itself changes: an option with another name, and how many values a field
// that was put away still has.
package held

import (
	"context"
	"strconv"
	"strings"

	"kizuki/internal/audience"
	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// step is how many contracts one statement reads.
const step = 500

// Counts are the numbers of contracts with a value of each field, of those the
// actor may read; one statement for all.
func Counts(d *db.DB) func(ctx context.Context, fields []field.Field) (map[id.ID]int, error) {
	return func(ctx context.Context, fields []field.Field) (map[id.ID]int, error) {
		a, err := who.Check(ctx, who.Read)
		if err != nil || len(fields) == 0 {
			return nil, err
		}
		var w db.Where
		w.And("c.workspace_id = ?", a.Workspace)
		w.And(audience.Contract(&w, a, "c"))
		cols := make([]string, len(fields))
		for i, f := range fields {
			cols[i] = "count(c.fields ->> CAST(" + w.Arg(f.Key) + " AS TEXT)) AS n" + strconv.Itoa(i)
		}
		out := make(map[id.ID]int, len(fields))
		_, _, err = db.One(ctx, d, func(r db.Row) (x struct{}, err error) {
			n := make([]int, len(fields))
			into := make([]any, len(fields))
			for i := range n {
				into[i] = &n[i]
			}
			err = r.Scan(into...)
			for i, f := range fields {
				out[f.ID] = n[i]
			}
			return x, err
		}, "SELECT "+strings.Join(cols, ", ")+" FROM contract c WHERE "+w.SQL(), w.Args()...)
		return out, err
	}
}

// Follow lets values follow an option that has another name, in the transaction
// that renamed it. That is no change of a contract: it has no event, and raises
// no version; who had the old name before them is understood.
func Follow(fields *field.Service) bus.Handler {
	return func(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
		for _, ch := range changes {
			if ch.Fields["renamed"][1] == nil {
				continue
			}
			all, err := fields.Load(ctx, tx, ch.Workspace)
			if err != nil {
				return err
			}
			for _, f := range all {
				if f.ID != ch.Ref {
					continue
				}
				if err := rewrite(ctx, tx, ch.Workspace, f); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

type row struct {
	id     id.ID
	values map[string]any
}

func rewrite(ctx context.Context, tx *db.Tx, ws id.ID, f field.Field) error {
	for last := id.ID(0); ; {
		rows, err := db.All(ctx, tx, func(r db.Row) (h row, err error) {
			var raw string
			if err := r.Scan(&h.id, &raw); err != nil {
				return h, err
			}
			h.values, err = field.Decode([]byte(raw))
			return h, err
		}, `SELECT id, CAST(fields AS TEXT) FROM contract WHERE workspace_id = $1 AND id > $2 AND fields ->> CAST($3 AS TEXT) IS NOT NULL
			ORDER BY id LIMIT $4`, ws, int64(last), f.Key, step)
		if err != nil || len(rows) == 0 {
			return err
		}
		last = rows[len(rows)-1].id
		for _, h := range rows {
			now, changed := f.Today(h.values[f.Key])
			if !changed {
				continue
			}
			h.values[f.Key] = now
			if _, err := db.Exec(ctx, tx, "UPDATE contract SET fields = $3 WHERE workspace_id = $1 AND id = $2", ws, h.id, db.AsJSON(h.values)); err != nil {
				return err
			}
		}
	}
}
