// Package audience says who may read what is not for everyone: a contract
// limited to teams or people, and a note its author keeps for some or for
// nobody. Every statement that reads contracts or notes for a person carries
// its conditions; nothing is read first and hidden afterwards.
package audience

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// How contract.visibility and note.visibility are stored.
const (
	Everyone = "everyone"
	Limited  = "limited" // a contract: its owner and its readers
	Author   = "author"  // a note: its author and its readers
)

// The kinds of things that have readers.
const (
	KindContract = "contract"
	KindNote     = "note"
)

// MaxReaders is the most readers one thing has.
const MaxReaders = 50

// Reader is a member or a team that may read something.
type Reader struct {
	Kind string // "member" or "unit"
	ID   id.ID
	Name string
}

// Contract is the condition that the actor may read the contract of a row
// called alias, whose columns are those of the table. The system reads all.
func Contract(w *db.Where, a who.Actor, alias string) string {
	return numbered(w, a, ContractMarks, alias)
}

// Note is the condition that the actor may read a note; that its contract may
// be read, too, is Contract's to say.
func Note(w *db.Where, a who.Actor, alias string) string {
	return numbered(w, a, NoteMarks, alias)
}

// OfRow is the condition on a row that may belong to a contract (column
// contract_id of alias): it belongs to none, or to one the actor may read.
func OfRow(w *db.Where, a who.Actor, alias string) string {
	if a.System {
		return "1 = 1"
	}
	return "(" + alias + ".contract_id IS NULL OR " + OfContract(w, a, alias) + ")"
}

// OfContract is OfRow where a contract must be.
func OfContract(w *db.Where, a who.Actor, alias string) string {
	if a.System {
		return "1 = 1"
	}
	return "EXISTS (SELECT 1 FROM contract seen WHERE seen.workspace_id = " + alias + ".workspace_id AND seen.id = " + alias +
		".contract_id AND " + Contract(w, a, "seen") + ")"
}

// RowMarks is OfRow with ? marks, as ContractMarks.
func RowMarks(a who.Actor, alias string) (sql string, args []any) {
	sql, args = ContractMarks(a, "seen")
	return "(" + alias + ".contract_id IS NULL OR EXISTS (SELECT 1 FROM contract seen WHERE seen.workspace_id = " + alias + ".workspace_id AND seen.id = " +
		alias + ".contract_id AND " + sql + "))", args
}

// ContractMarks is Contract with ? marks, whose argument is each time the
// actor's member, for statements that number their marks themselves.
func ContractMarks(a who.Actor, alias string) (sql string, args []any) {
	return readable(a, alias, KindContract, "owner_id")
}

// NoteMarks is Note with ? marks.
func NoteMarks(a who.Actor, alias string) (sql string, args []any) {
	return readable(a, alias, KindNote, "author_id")
}

func numbered(w *db.Where, a who.Actor, marks func(who.Actor, string) (string, []any), alias string) string {
	sql, args := marks(a, alias)
	if len(args) == 0 {
		return sql
	}
	return strings.ReplaceAll(sql, "?", w.Arg(args[0]))
}

func readable(a who.Actor, alias, kind, own string) (string, []any) {
	if a.System {
		return "1 = 1", nil
	}
	sql := strings.NewReplacer("{t}", alias, "{own}", own, "{kind}", kind).Replace(
		`({t}.visibility = 'everyone' OR {t}.{own} = ? OR EXISTS (SELECT 1 FROM reader rd
			WHERE rd.workspace_id = {t}.workspace_id AND rd.kind = '{kind}' AND rd.ref_id = {t}.id
			AND (rd.who = 'member' AND rd.who_id = ? OR rd.who = 'unit' AND rd.who_id IN (SELECT um.unit_id FROM unit_member um
				WHERE um.workspace_id = {t}.workspace_id AND um.member_id = ?))))`)
	return sql, []any{a.Member, a.Member, a.Member}
}

// SeesContracts gives those of the contracts that the actor may read.
func SeesContracts(ctx context.Context, q db.Queryer, a who.Actor, ids []id.ID) (map[id.ID]bool, error) {
	out := make(map[id.ID]bool, len(ids))
	for part := range slices.Chunk(ids, 500) {
		var w db.Where
		w.And("c.workspace_id = ?", a.Workspace)
		db.In(&w, "c.id", part)
		list, err := db.All(ctx, q, db.Value[id.ID], "SELECT c.id FROM contract c WHERE "+w.SQL()+" AND "+Contract(&w, a, "c"), w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			out[c] = true
		}
	}
	return out, nil
}

// Of gives the readers of things of one kind by name; things without are not in
// the map.
func Of(ctx context.Context, q db.Queryer, ws id.ID, kind string, refs []id.ID) (map[id.ID][]Reader, error) {
	out := map[id.ID][]Reader{}
	type row struct {
		ref id.ID
		Reader
	}
	for part := range slices.Chunk(refs, 500) {
		var w db.Where
		w.And("rd.workspace_id = ? AND rd.kind = ?", ws, kind)
		db.In(&w, "rd.ref_id", part)
		list, err := db.All(ctx, q, func(r db.Row) (v row, err error) {
			err = r.Scan(&v.ref, &v.Kind, &v.ID, &v.Name)
			return v, err
		}, `SELECT rd.ref_id, rd.who, rd.who_id, coalesce(u.name, m.name, '') AS called FROM reader rd
			LEFT JOIN unit u ON rd.who = 'unit' AND u.workspace_id = rd.workspace_id AND u.id = rd.who_id
			LEFT JOIN member m ON rd.who = 'member' AND m.workspace_id = rd.workspace_id AND m.id = rd.who_id
			WHERE `+w.SQL()+` ORDER BY rd.who DESC, called, rd.who_id`, w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			out[v.ref] = append(out[v.ref], v.Reader)
		}
	}
	return out, nil
}

// SetIn makes exactly these the readers of something; who may do that is the
// caller's to check. Errors, under field "readers": audience.err.reader for
// somebody who is not there, .too_many.
func SetIn(ctx context.Context, tx *db.Tx, ws id.ID, kind string, ref id.ID, readers []Reader) error {
	if len(readers) > MaxReaders {
		return errs.Field("readers", "audience.err.too_many", "Max", MaxReaders)
	}
	for _, r := range readers {
		found, err := exists(ctx, tx, ws, r)
		if err != nil {
			return err
		}
		if !found {
			return errs.Field("readers", "audience.err.reader")
		}
	}
	return CopyIn(ctx, tx, ws, kind, ref, readers)
}

// CopyIn is SetIn with readers that something else has: they are not looked at
// again.
func CopyIn(ctx context.Context, tx *db.Tx, ws id.ID, kind string, ref id.ID, readers []Reader) error {
	if err := DropIn(ctx, tx, ws, kind, []id.ID{ref}); err != nil {
		return err
	}
	seen := map[Reader]bool{}
	var rows [][]any
	for _, r := range readers {
		r.Name = ""
		if !seen[r] {
			rows = append(rows, []any{ws, kind, ref, r.Kind, r.ID})
		}
		seen[r] = true
	}
	return db.Bulk(ctx, tx, `INSERT INTO reader (workspace_id, kind, ref_id, who, who_id)`, "", rows)
}

// DropIn forgets the readers of things.
func DropIn(ctx context.Context, tx *db.Tx, ws id.ID, kind string, refs []id.ID) error {
	for part := range slices.Chunk(refs, 500) {
		var w db.Where
		w.And("workspace_id = ? AND kind = ?", ws, kind)
		db.In(&w, "ref_id", part)
		if _, err := db.Exec(ctx, tx, "DELETE FROM reader WHERE "+w.SQL(), w.Args()...); err != nil {
			return err
		}
	}
	return nil
}

func exists(ctx context.Context, q db.Queryer, ws id.ID, r Reader) (bool, error) {
	table, alive := "unit", ""
	switch r.Kind {
	case "unit":
	case "member":
		table, alive = "member", " AND state <> 'left'"
	default:
		return false, nil
	}
	_, found, err := db.One(ctx, q, db.Value[id.ID], "SELECT id FROM "+table+" WHERE workspace_id = $1 AND id = $2"+alive, ws, r.ID)
	return found, err
}

// Members gives those of the members who are among the readers, themselves or
// by a team.
func Members(ctx context.Context, q db.Queryer, ws id.ID, readers []Reader, members []id.ID) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	var units []id.ID
	for _, r := range readers {
		switch r.Kind {
		case "member":
			out[r.ID] = true
		case "unit":
			units = append(units, r.ID)
		}
	}
	if len(units) == 0 || len(members) == 0 {
		return out, nil
	}
	var w db.Where
	w.And("workspace_id = ?", ws)
	db.In(&w, "unit_id", units)
	db.In(&w, "member_id", members)
	list, err := db.All(ctx, q, db.Value[id.ID], "SELECT member_id FROM unit_member WHERE "+w.SQL(), w.Args()...)
	for _, m := range list {
		out[m] = true
	}
	return out, err
}

// ParseReader reads "member:ID" or "unit:ID".
func ParseReader(s string) (Reader, bool) {
	kind, rest, _ := strings.Cut(s, ":")
	ref, err := id.Parse(rest)
	return Reader{Kind: kind, ID: ref}, err == nil && (kind == "member" || kind == "unit")
}

// String is what ParseReader reads.
func (r Reader) String() string { return r.Kind + ":" + r.ID.String() }
