package contract

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"kizuki/internal/audience"
	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// LoadByKeys reads contracts by text.Fold of their keys, ended and archived
// ones included, as Load does; keys that nothing has are not in the map.
func (s *Service) LoadByKeys(ctx context.Context, q db.Queryer, ws id.ID, keyFolds []string) (map[string]Contract, error) {
	list, err := load(ctx, q, who.System(ws, nil), "c.key_fold", keyFolds)
	out := make(map[string]Contract, len(list))
	for _, c := range list {
		out[text.Fold(c.Key)] = c
	}
	return out, err
}

// ApplyIn is the one way contracts are written: whole rows with their terms and
// index, and the news of all in one slice. Rows that are not New must have been
// loaded in the same transaction. Version and TermNo are raised in place. A
// Save without Changes that is not New is written, but no news.
func (s *Service) ApplyIn(ctx context.Context, tx *db.Tx, saves []Save) error {
	a, err := who.Check(ctx, who.Write)
	if err != nil || len(saves) == 0 {
		return err
	}
	for i := range saves {
		saves[i].advance()
	}
	if err := write(ctx, tx, a.Workspace, saves); err != nil {
		return err
	}
	if err := s.writeTerms(ctx, tx, a.Workspace, saves); err != nil {
		return err
	}
	if err := s.writeIndex(ctx, tx, a.Workspace, saves); err != nil {
		return err
	}
	return s.bus.Publish(ctx, tx, news(a.Workspace, saves)...)
}

// advance makes the row what it will be.
func (s *Save) advance() {
	c := &s.Contract
	if c.Visibility == "" {
		c.Visibility = audience.Everyone
	}
	switch {
	case s.New:
		c.Version, c.TermNo = 1, 1
		return
	case s.NextTerm:
		c.TermNo++
	case s.DropTerm && c.TermNo > 1:
		c.TermNo--
	}
	c.Version++
}

func news(ws id.ID, saves []Save) []bus.Change {
	out := make([]bus.Change, 0, len(saves))
	for _, s := range saves {
		c := s.Contract
		about := bus.Change{Workspace: ws, Contract: c.ID, Ref: c.ID}
		tell := func(kind bus.Kind, fields map[string][2]any, data map[string]any) {
			about.Kind, about.Fields, about.Data = kind, fields, data
			out = append(out, about)
		}
		if s.New {
			tell(Created, nil, map[string]any{"key": c.Key, "name": c.Name})
		}
		end, rest := s.split()
		if len(rest) > 0 && !s.New {
			tell(Changed, rest, nil)
		}
		if s.NextTerm {
			tell(TermOpened, nil, map[string]any{"no": c.TermNo, "starts": c.Value("start_date"), "renews": c.Value("renewal_date")})
		}
		if s.DropTerm {
			tell(TermDropped, nil, map[string]any{"no": c.TermNo})
		}
		switch {
		case end == nil || end[ended][0] != nil && end[ended][1] != nil: // a corrected day is told as one
		case end[ended][1] == nil:
			tell(Reopened, end, nil)
		default:
			tell(Ended, end, map[string]any{"words": s.Words})
		}
	}
	return out
}

// ended is the attribute by which a contract ends and opens again.
const ended = "ended_on"

// split takes the end of a contract out of its changes: it has news of its own.
// A day that is only corrected stays among the others.
func (s *Save) split() (end, rest map[string][2]any) {
	day, ok := s.Changes[ended]
	switch {
	case s.New && s.Contract.EndedOn != "":
		return map[string][2]any{ended: {nil, string(s.Contract.EndedOn)}}, nil
	case !ok || day[0] != nil && day[1] != nil:
		return nil, s.Changes
	}
	rest = maps.Clone(s.Changes)
	delete(rest, ended)
	return map[string][2]any{ended: day}, rest
}

const insertIndex = `INSERT INTO field_index (workspace_id, field_id, k, contract_id)`

// entry is one row of the field index.
type entry struct {
	field, contract id.ID
	k               []byte
}

// writeIndex brings the index of changed values up to date; only those of
// indexed fields, and new contracts have nothing to delete.
func (s *Service) writeIndex(ctx context.Context, tx *db.Tx, ws id.ID, saves []Save) error {
	if !slices.ContainsFunc(saves, touchesFields) {
		return nil
	}
	fields, err := s.fields.Load(ctx, tx, ws)
	if err != nil {
		return err
	}
	var entries []entry
	for _, f := range fields {
		if !f.Indexed {
			continue
		}
		var stale []id.ID
		for _, sv := range saves {
			_, changed := sv.Changes[f.Name()]
			if !sv.New && !changed {
				continue
			}
			if !sv.New {
				stale = append(stale, sv.Contract.ID)
			}
			entries = appendEntries(entries, f, sv.Contract.ID, sv.Contract.Fields[f.Key])
		}
		// "+ 0" keeps PostgreSQL from reading all rows of the field for each part.
		if err := inIDs(ctx, tx, `DELETE FROM field_index WHERE workspace_id = $1 AND field_id + 0 = $2 AND `,
			[]any{ws, f.ID}, "contract_id", stale, ""); err != nil {
			return err
		}
	}
	return insertEntries(ctx, tx, ws, entries)
}

func touchesFields(s Save) bool {
	if s.New {
		return len(s.Contract.Fields) > 0
	}
	for name := range s.Changes {
		if strings.HasPrefix(name, FieldPrefix) {
			return true
		}
	}
	return false
}

func appendEntries(list []entry, f field.Field, contractID id.ID, v any) []entry {
	for _, k := range f.Keys(v) {
		list = append(list, entry{f.ID, contractID, k})
	}
	return list
}

// insertEntries writes in the order of the table's key, so that the tree grows
// at few places instead of everywhere.
func insertEntries(ctx context.Context, tx *db.Tx, ws id.ID, list []entry) error {
	slices.SortFunc(list, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.field, b.field), bytes.Compare(a.k, b.k), cmp.Compare(a.contract, b.contract))
	})
	rows := make([][]any, len(list))
	for i, e := range list {
		rows[i] = []any{ws, e.field, e.k, e.contract}
	}
	return db.Bulk(ctx, tx, insertIndex, "", rows)
}

// DeleteIn removes contracts for good with their terms, index and links to
// contacts: for undoing an import. What other features keep about them must be
// gone before.
func (s *Service) DeleteIn(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID) error {
	for _, t := range []struct{ table, column string }{
		{"field_index", "contract_id"}, {"contract_contact", "contract_id"}, {"amendment", "contract_id"}, {"term", "contract_id"}, {"contract", "id"},
	} {
		if err := inIDs(ctx, tx, "DELETE FROM "+t.table+" WHERE workspace_id = $1 AND ", []any{ws}, t.column, ids, ""); err != nil {
			return err
		}
	}
	gone := make([]bus.Change, len(ids))
	for i, c := range ids {
		gone[i] = bus.Change{Kind: Deleted, Workspace: ws, Ref: c}
	}
	return s.bus.Publish(ctx, tx, gone...)
}

// TouchIn notes that an import has seen contracts unchanged: their data is
// fresh, no version and no news.
func (s *Service) TouchIn(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID, importID id.ID) error {
	return inIDs(ctx, tx, `UPDATE contract SET last_import_id = $1, data_at = $2 WHERE workspace_id = $3 AND `,
		[]any{importID, db.Micros(s.Now()), ws}, "id", ids, "")
}

// reindexStep is how many contracts a reindex reads at a time.
const reindexStep = 2000

// reindex answers to fields whose index was switched on or off, and to values
// that followed an option's name, in the transaction that did it.
func (s *Service) reindex(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
	for _, ch := range changes {
		_, switched := ch.Fields["indexed"]
		if _, renamed := ch.Fields["renamed"]; !switched && !renamed {
			continue
		}
		if _, err := db.Exec(ctx, tx, `DELETE FROM field_index WHERE workspace_id = $1 AND field_id = $2`,
			ch.Workspace, ch.Ref); err != nil {
			return err
		}
		if err := s.fillIndex(ctx, tx, ch.Workspace, ch.Ref); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) fillIndex(ctx context.Context, tx *db.Tx, ws, fieldID id.ID) error {
	fields, err := s.fields.Load(ctx, tx, ws)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(fields, func(f field.Field) bool { return f.ID == fieldID })
	if at < 0 || !fields[at].Indexed {
		return nil
	}
	type held struct {
		id     id.ID
		fields values
	}
	for last := id.ID(0); ; {
		rows, err := db.All(ctx, tx, func(r db.Row) (h held, err error) {
			err = r.Scan(&h.id, &h.fields)
			return h, err
		}, `SELECT id, fields FROM contract WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3`, ws, int64(last), reindexStep)
		if err != nil || len(rows) == 0 {
			return err
		}
		var entries []entry
		for _, h := range rows {
			entries = appendEntries(entries, fields[at], h.id, h.fields[fields[at].Key])
		}
		if err := insertEntries(ctx, tx, ws, entries); err != nil {
			return err
		}
		last = rows[len(rows)-1].id
	}
}
