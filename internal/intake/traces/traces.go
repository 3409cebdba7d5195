// Package traces finds and removes what an import has left in the tables of
// other features: the one place where imports know them.
package traces

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/timeline"
)

// UndoCause marks what an undo changes on the trail.
const UndoCause = "import_undo"

// filled are the tables an import writes, and those asked when it is undone.
const filled = "organization, contract, member, term, field_index, source_key, import_row, event, note, contact, " +
	"contract_contact, follower, notice, task, rule_firing, handover"

// Analyze tells PostgreSQL that tables have grown; none named means all an
// import has to do with. Foreign keys are checked by plans that are made once;
// made for an empty table they walk all rows of the workspace, and a first
// import of 100,000 rows takes ten minutes instead of one.
func Analyze(ctx context.Context, tx *db.Tx, tables ...string) error {
	if len(tables) == 0 {
		tables = []string{filled}
	}
	return db.Analyze(ctx, tx, tables...)
}

// Unseen gives contracts back the import that had last seen them before, where
// this one still is the last.
func Unseen(ctx context.Context, tx *db.Tx, ws, importID id.ID) error {
	_, err := db.Exec(ctx, tx, `UPDATE contract SET last_import_id = r.was_import_id, data_at = r.was_at
		FROM import_row r WHERE contract.workspace_id = $1 AND contract.last_import_id = $2
		AND r.workspace_id = contract.workspace_id AND r.import_id = $2 AND r.contract_id = contract.id
		AND r.outcome IN ('updated', 'unchanged', 'reappeared')`, ws, importID)
	return err
}

// Used finds contracts that people, another source or a person's hand
// have something to do with, of those an import made: people's acts are events
// of the trail, save the undoing of imports.
func Used(ctx context.Context, q db.Queryer, ws, source id.ID, contracts []id.ID) ([]id.ID, error) {
	var w db.Where
	w.And("workspace_id = ? AND actor_kind = 'member' AND cause_kind <> ?", ws, UndoCause)
	db.In(&w, "contract_id", contracts)
	touched, err := db.All(ctx, q, db.Value[id.ID], "SELECT DISTINCT contract_id FROM event WHERE "+w.SQL(), w.Args()...)
	if err != nil {
		return nil, err
	}
	var k db.Where
	k.And("workspace_id = ? AND source_id <> ?", ws, source)
	db.In(&k, "contract_id", contracts)
	known, err := db.All(ctx, q, db.Value[id.ID], "SELECT DISTINCT contract_id FROM source_key WHERE "+k.SQL(), k.Args()...)
	return append(touched, known...), err
}

// ForgetWork removes the tasks, firings of rules and handovers of contracts that
// go; those made by people have kept their contract from going. It gives the news of it.
func ForgetWork(ctx context.Context, tx *db.Tx, ws id.ID, contracts []id.ID) (news []bus.Change, err error) {
	var w db.Where
	w.And("workspace_id = ?", ws)
	db.In(&w, "contract_id", contracts)
	for _, stmt := range []string{"DELETE FROM task WHERE parent_id IS NOT NULL AND ", "DELETE FROM task WHERE "} {
		gone, err := db.All(ctx, tx, db.Value[id.ID], stmt+w.SQL()+" RETURNING id", w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, t := range gone {
			news = append(news, bus.Change{Kind: task.Deleted, Workspace: ws, Ref: t})
		}
	}
	for _, stmt := range []string{"DELETE FROM rule_firing WHERE ", "DELETE FROM handover WHERE "} {
		if _, err := db.Exec(ctx, tx, stmt+w.SQL(), w.Args()...); err != nil {
			return nil, err
		}
	}
	return news, nil
}

// memberUses are the places that may name a member.
var memberUses = []string{"contract.owner_id", "task.owner_id", "task.created_by", "follower.member_id", "mention.member_id",
	"notice.member_id", "note.author_id", "unit_member.member_id", "source.owner_id", "invite.member_id", "rule.owner_id",
	"handover.from_id", "handover.to_id", "cover.member_id", "cover.deputy_id"}

// ForgetPlaceholders removes people an import made whom nothing names by now.
func ForgetPlaceholders(ctx context.Context, tx *db.Tx, ws id.ID, members []id.ID) error {
	var w db.Where
	w.And("workspace_id = ? AND state = 'placeholder'", ws)
	db.In(&w, "id", members)
	for _, use := range memberUses {
		table, column, _ := strings.Cut(use, ".")
		w.And("NOT EXISTS (SELECT 1 FROM " + table + " x WHERE x.workspace_id = member.workspace_id AND x." + column + " = member.id)")
	}
	_, err := db.Exec(ctx, tx, "DELETE FROM member WHERE "+w.SQL(), w.Args()...)
	return err
}

// HeldValues are the different values contracts hold of a field, as text; one
// is enough if only their being matters.
func HeldValues(ctx context.Context, q db.Queryer, ws id.ID, f field.Field, any bool) ([]string, error) {
	limit := field.MaxOptions * 10
	if any {
		limit = 1
	}
	return db.All(ctx, q, db.Value[string], `SELECT DISTINCT fields ->> CAST($2 AS TEXT) FROM contract
		WHERE workspace_id = $1 AND (fields ->> CAST($2 AS TEXT)) IS NOT NULL LIMIT $3`, ws, f.Key, limit)
}

// DropOptions takes options away again that no contract holds. A list of
// choices is held as JSON, an option in it stands between quotes.
func DropOptions(ctx context.Context, tx *db.Tx, ws id.ID, f field.Field, options, held []string) error {
	used := func(o string) bool {
		quoted, _ := json.Marshal(o)
		return slices.ContainsFunc(held, func(v string) bool { return v == o || strings.Contains(v, string(quoted)) })
	}
	left := slices.DeleteFunc(slices.Clone(f.Options), func(o string) bool { return slices.Contains(options, o) && !used(o) })
	if len(left) == len(f.Options) || len(left) == 0 {
		return nil
	}
	_, err := db.Exec(ctx, tx, `UPDATE field SET options = $3 WHERE workspace_id = $1 AND id = $2`, ws, f.ID, db.AsJSON(left))
	return err
}

// DeleteNotes removes notes of an import that nobody edited or answered.
func DeleteNotes(ctx context.Context, tx *db.Tx, ws id.ID, notes []id.ID, stays map[id.ID]bool) ([]bus.Change, error) {
	var w db.Where
	w.And("workspace_id = ? AND version = 1 AND deleted_at = 0", ws)
	w.And("NOT EXISTS (SELECT 1 FROM note r WHERE r.workspace_id = note.workspace_id AND r.parent_id = note.id)")
	db.In(&w, "id", notes)
	found, err := db.All(ctx, tx, func(r db.Row) (c bus.Change, err error) {
		c.Kind, c.Workspace = timeline.NoteDeleted, ws
		err = r.Scan(&c.Ref, &c.Contract)
		return c, err
	}, "SELECT id, contract_id FROM note WHERE "+w.SQL(), w.Args()...)
	found = slices.DeleteFunc(found, func(c bus.Change) bool { return stays[c.Contract] })
	if err != nil || len(found) == 0 {
		return nil, err
	}
	var d db.Where
	d.And("workspace_id = ?", ws)
	ids := make([]id.ID, len(found))
	for i, c := range found {
		ids[i] = c.Ref
	}
	db.In(&d, "id", ids)
	_, err = db.Exec(ctx, tx, "DELETE FROM note WHERE "+d.SQL(), d.Args()...)
	return found, err
}
