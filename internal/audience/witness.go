package audience

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Audit writes an act into the audit log, in the transaction of the act.
type Audit func(ctx context.Context, tx *db.Tx, act, kind string, ref id.ID, data map[string]any) error

// Witness writes down that the actor has read limited things, once a day each.
// It has no part in a transaction of its caller: there nothing is shown to
// anybody yet.
func Witness(ctx context.Context, d *db.DB, a who.Actor, kind string, refs []id.ID, day cal.Date, audit Audit) error {
	if audit == nil || a.System || a.Member == 0 || len(refs) == 0 || db.Within(ctx) {
		return nil
	}
	fresh, err := unread(ctx, d, a, kind, refs, day)
	if err != nil || len(fresh) == 0 {
		return err
	}
	return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, ref := range fresh {
			n, err := db.Exec(ctx, tx, `INSERT INTO limited_read (workspace_id, member_id, kind, ref_id, day) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT DO NOTHING`, a.Workspace, a.Member, kind, ref, string(day))
			if err == nil && n == 1 {
				err = audit(ctx, tx, kind+".read_limited", kind, ref, nil)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func unread(ctx context.Context, q db.Queryer, a who.Actor, kind string, refs []id.ID, day cal.Date) ([]id.ID, error) {
	refs = slices.Compact(slices.Sorted(slices.Values(refs)))
	var w db.Where
	w.And("workspace_id = ? AND member_id = ? AND kind = ? AND day = ?", a.Workspace, a.Member, kind, string(day))
	db.In(&w, "ref_id", refs)
	seen, err := db.All(ctx, q, db.Value[id.ID], "SELECT ref_id FROM limited_read WHERE "+w.SQL(), w.Args()...)
	return slices.DeleteFunc(refs, func(r id.ID) bool { return slices.Contains(seen, r) }), err
}

// Parse reads what a form or a program says of who may read: a visibility, and
// readers as "member:ID" and "unit:ID". What cannot be read is nobody, which
// SetIn refuses.
func Parse(list []string) []Reader {
	var out []Reader
	for _, s := range list {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		r, _ := ParseReader(s)
		out = append(out, r)
	}
	return out
}
