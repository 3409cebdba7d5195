package timeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/timeline/mention"
	"kizuki/internal/who"
)

// reading builds the condition of one query on behalf of one reader.
type reading struct {
	db.Where
	actor who.Actor
}

func readAs(a who.Actor) *reading { return &reading{actor: a} }

// visible is the one place that decides who reads a note. Everything that
// reads notes asks it: trail, replies, excerpts, inbox, counts, revisions,
// REST. Jobs of the system read all. That the contract may be read is
// subjectOf's to say, or reachable's.
func (r *reading) visible(note string) string { return audience.Note(&r.Where, r.actor, note) }

// reachable: visible, and on a contract that may be read.
func (r *reading) reachable(note string) string {
	return r.visible(note) + " AND " + audience.OfContract(&r.Where, r.actor, note)
}

// alive: visible and not deleted.
func (r *reading) alive(note string) string {
	return note + ".deleted_at = 0 AND " + r.visible(note)
}

const noteColumns = `n.id, n.contract_id, n.parent_id, n.author_id, COALESCE(m.name, ''), n.at, n.body, n.hunch, n.hunch_at,
	n.context, n.about_kind, n.about_id, n.visibility, n.version, n.deleted_at, n.pinned`

const noteTables = ` FROM note n LEFT JOIN member m ON m.workspace_id = n.workspace_id AND m.id = n.author_id`

// scanNote blanks what a deleted note said: no reading gets past it.
func scanNote(r db.Row, more ...any) (n Note, err error) {
	var context db.JSON[Context]
	var deleted int64
	dest := append([]any{&n.ID, &n.Contract, &n.Parent, &n.Author.ID, &n.Author.Name, (*db.Time)(&n.At), &n.Body, &n.Hunch,
		(*db.Time)(&n.HunchAt), &context, &n.AboutKind, &n.AboutID, &n.Visibility, &n.Version, &deleted, &n.Pinned}, more...)
	if err := r.Scan(dest...); err != nil {
		return n, err
	}
	n.Context = context.V
	if deleted != 0 {
		n = Note{ID: n.ID, Contract: n.Contract, Parent: n.Parent, Author: n.Author, At: n.At, Visibility: n.Visibility,
			Version: n.Version, Deleted: true}
	}
	return n, nil
}

func plainNote(r db.Row) (Note, error) { return scanNote(r) }

// anyNote reads a note that may be deleted; what the reader may not see is
// simply not there.
func anyNote(ctx context.Context, q db.Queryer, a who.Actor, noteID id.ID) (Note, error) {
	w := readAs(a)
	w.And("n.workspace_id = ? AND n.id = ?", a.Workspace, noteID)
	w.And(w.reachable("n"))
	n, found, err := db.One(ctx, q, plainNote, "SELECT "+noteColumns+noteTables+" WHERE "+w.SQL(), w.Args()...)
	if err == nil && !found {
		err = errs.Missing("note")
	}
	return n, err
}

func noteOf(ctx context.Context, q db.Queryer, a who.Actor, noteID id.ID) (Note, error) {
	n, err := anyNote(ctx, q, a, noteID)
	if err == nil && n.Deleted {
		err = errs.Missing("note")
	}
	return n, err
}

// subjectOf reads the contract of a trail, and that it is there at all.
func subjectOf(ctx context.Context, q db.Queryer, a who.Actor, contract id.ID) (Subject, error) {
	w := readAs(a)
	w.And("c.workspace_id = ? AND c.id = ?", a.Workspace, contract)
	w.And(audience.Contract(&w.Where, a, "c"))
	s, found, err := db.One(ctx, q, func(r db.Row) (s Subject, err error) {
		var renewal string
		err = r.Scan(&s.ID, &s.Name, &s.Org, &renewal, &s.Outlook, &s.Currency, (*db.Time)(&s.Last))
		s.Renewal = cal.Date(renewal)
		return s, err
	}, `SELECT c.id, c.name, o.name, c.renewal_date, c.outlook, c.currency, COALESCE((SELECT n.at FROM note n
		WHERE n.workspace_id = c.workspace_id AND n.contract_id = c.id AND `+w.alive("n")+`
		ORDER BY n.at DESC, n.id DESC LIMIT 1), 0) FROM contract c
		JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id WHERE `+w.SQL(), w.Args()...)
	if err == nil && !found {
		err = errs.Missing("contract")
	}
	return s, err
}

// topNotes are the notes of a trail before a place, newest first, each with
// the moment somebody last wrote before it.
func topNotes(ctx context.Context, q db.Queryer, a who.Actor, contract id.ID, show Show, from *place, limit int) ([]Note, error) {
	w := readAs(a)
	w.And("n.workspace_id = ? AND n.contract_id = ? AND n.parent_id IS NULL", a.Workspace, contract)
	reply := "SELECT 1 FROM note r WHERE r.workspace_id = n.workspace_id AND r.parent_id = n.id AND " + w.alive("r")
	w.And(w.visible("n") + " AND (n.deleted_at = 0 OR EXISTS (" + reply + "))")
	if show == Hunches {
		w.And("(n.deleted_at = 0 AND n.hunch <> '' OR EXISTS (" + reply + " AND r.hunch <> ''))")
	}
	older(&w.Where, "n", from)
	before := `COALESCE((SELECT p.at FROM note p WHERE p.workspace_id = n.workspace_id AND p.contract_id = n.contract_id
		AND p.at < n.at AND ` + w.alive("p") + ` ORDER BY p.at DESC, p.id DESC LIMIT 1), 0)`
	return db.All(ctx, q, func(r db.Row) (Note, error) {
		var at db.Time
		n, err := scanNote(r, &at)
		n.Before = time.Time(at)
		return n, err
	}, "SELECT "+noteColumns+", "+before+noteTables+" WHERE "+w.SQL()+newest("n", limit), w.Args()...)
}

func older(w *db.Where, table string, from *place) {
	if from != nil {
		w.And(fmt.Sprintf("(%[1]s.at, %[1]s.id) < (?, ?)", table), from.at, from.id)
	}
}

func newest(table string, limit int) string {
	return fmt.Sprintf(" ORDER BY %[1]s.at DESC, %[1]s.id DESC LIMIT %[2]d", table, limit)
}

func repliesTo(ctx context.Context, q db.Queryer, a who.Actor, tops []id.ID) ([]Note, error) {
	if len(tops) == 0 {
		return nil, nil
	}
	w := readAs(a)
	w.And("n.workspace_id = ?", a.Workspace)
	db.In(&w.Where, "n.parent_id", tops)
	w.And(w.alive("n"))
	return db.All(ctx, q, plainNote, "SELECT "+noteColumns+noteTables+" WHERE "+w.SQL()+" ORDER BY n.at, n.id", w.Args()...)
}

// allNotes are notes and replies alike, newest first.
func allNotes(ctx context.Context, q db.Queryer, a who.Actor, contract id.ID, from *place, limit int) ([]Note, error) {
	w := readAs(a)
	w.And("n.workspace_id = ? AND n.contract_id = ?", a.Workspace, contract)
	w.And(w.alive("n"))
	older(&w.Where, "n", from)
	return db.All(ctx, q, plainNote, "SELECT "+noteColumns+noteTables+" WHERE "+w.SQL()+newest("n", limit), w.Args()...)
}

// newestOf finds the newest note of each contract that meets a condition on p,
// by one step into the index.
func newestOf(ctx context.Context, q db.Queryer, a who.Actor, contracts []id.ID, which string) ([]Note, error) {
	w := readAs(a)
	w.And("c.workspace_id = ?", a.Workspace)
	db.In(&w.Where, "c.id", contracts)
	w.And(audience.Contract(&w.Where, a, "c"))
	return db.All(ctx, q, plainNote, "SELECT "+noteColumns+` FROM contract c
		JOIN note n ON n.workspace_id = c.workspace_id AND n.id = (SELECT p.id FROM note p
			WHERE p.workspace_id = c.workspace_id AND p.contract_id = c.id AND `+which+w.alive("p")+`
			ORDER BY p.at DESC, p.id DESC LIMIT 1)
		LEFT JOIN member m ON m.workspace_id = n.workspace_id AND m.id = n.author_id WHERE `+w.SQL(), w.Args()...)
}

func insertNote(ctx context.Context, tx *db.Tx, ws id.ID, notes ...Note) error {
	rows := make([][]any, len(notes))
	for i, n := range notes {
		rows[i] = []any{ws, n.ID, n.Contract, n.Parent, n.Author.ID, db.Time(n.At), n.Body, string(n.Hunch), db.Time(n.HunchAt),
			db.AsJSON(n.Context), n.AboutKind, n.AboutID, n.Visibility, n.Version}
	}
	return db.Bulk(ctx, tx, `INSERT INTO note (workspace_id, id, contract_id, parent_id, author_id, at, body, hunch, hunch_at,
		context, about_kind, about_id, visibility, version)`, "", rows)
}

func updateWords(ctx context.Context, tx *db.Tx, ws id.ID, n Note) error {
	_, err := db.Exec(ctx, tx, `UPDATE note SET body = $3, context = $4, version = $5 WHERE workspace_id = $1 AND id = $2`,
		ws, n.ID, n.Body, db.AsJSON(n.Context), n.Version)
	return err
}

func updateHunch(ctx context.Context, tx *db.Tx, ws id.ID, n Note) error {
	_, err := db.Exec(ctx, tx, `UPDATE note SET hunch = $3, hunch_at = $4 WHERE workspace_id = $1 AND id = $2`,
		ws, n.ID, string(n.Hunch), db.Time(n.HunchAt))
	return err
}

func setDeleted(ctx context.Context, tx *db.Tx, ws, noteID id.ID, at time.Time) error {
	_, err := db.Exec(ctx, tx, `UPDATE note SET deleted_at = $3 WHERE workspace_id = $1 AND id = $2`, ws, noteID, db.Time(at))
	return err
}

func unsetDeleted(ctx context.Context, tx *db.Tx, ws, noteID id.ID, since int64) (bool, error) {
	n, err := db.Exec(ctx, tx, `UPDATE note SET deleted_at = 0 WHERE workspace_id = $1 AND id = $2 AND deleted_at > $3`, ws, noteID, since)
	return n == 1, err
}

func insertRevision(ctx context.Context, tx *db.Tx, ws id.ID, old Note, by id.ID, at time.Time) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO note_revision (workspace_id, note_id, no, body, member_id, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		ws, old.ID, old.Version, old.Body, by, db.Time(at))
	return err
}

func revisionsOf(ctx context.Context, q db.Queryer, ws, noteID id.ID) ([]Revision, error) {
	return db.All(ctx, q, func(r db.Row) (v Revision, err error) {
		err = r.Scan(&v.No, &v.Body, &v.By.ID, &v.By.Name, (*db.Time)(&v.At))
		return v, err
	}, `SELECT v.no, v.body, v.member_id, COALESCE(m.name, ''), v.at FROM note_revision v
		LEFT JOIN member m ON m.workspace_id = v.workspace_id AND m.id = v.member_id
		WHERE v.workspace_id = $1 AND v.note_id = $2 ORDER BY v.no DESC`, ws, noteID)
}

func deleteMentions(ctx context.Context, tx *db.Tx, ws, noteID id.ID) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM mention WHERE workspace_id = $1 AND note_id = $2`, ws, noteID)
	return err
}

func insertMentions(ctx context.Context, tx *db.Tx, ws, noteID id.ID, members []id.ID) error {
	return db.Bulk(ctx, tx, `INSERT INTO mention (workspace_id, note_id, member_id)`, "", rowsOf(members, ws, noteID))
}

func insertFollowers(ctx context.Context, tx *db.Tx, ws, contract id.ID, members []id.ID) error {
	members = slices.DeleteFunc(members, func(m id.ID) bool { return m == 0 })
	return db.Bulk(ctx, tx, `INSERT INTO follower (workspace_id, contract_id, member_id)`, "ON CONFLICT DO NOTHING",
		rowsOf(members, ws, contract))
}

// rowsOf makes a row (ws, ref, member) of each member, in one order for all
// transactions, lest two of them wait for each other.
func rowsOf(members []id.ID, ws, ref id.ID) [][]any {
	members = slices.Clone(members)
	slices.Sort(members)
	var rows [][]any
	for _, m := range slices.Compact(members) {
		rows = append(rows, []any{ws, ref, m})
	}
	return rows
}

func hasSign(body string) bool { return strings.ContainsAny(body, "@＠") }

// readDirectory reads everybody who may be mentioned: members by name and
// reading, teams with the members they have now.
func readDirectory(ctx context.Context, q db.Queryer, ws id.ID) (*mention.Directory, error) {
	type row struct {
		name, kana string
		member     id.ID
	}
	rows, err := db.All(ctx, q, func(r db.Row) (v row, err error) {
		err = r.Scan(&v.name, &v.kana, &v.member)
		return v, err
	}, `SELECT name, kana, id FROM member WHERE workspace_id = $1 AND state <> 'left'
		UNION ALL
		SELECT u.name, '', um.member_id FROM unit u
		JOIN unit_member um ON um.workspace_id = u.workspace_id AND um.unit_id = u.id WHERE u.workspace_id = $1`, ws)
	d := &mention.Directory{}
	for _, v := range rows {
		d.Add(v.name, v.member)
		if mention.Key(v.kana) != mention.Key(v.name) {
			d.Add(v.kana, v.member)
		}
	}
	return d, err
}

func memberNames(ctx context.Context, q db.Queryer, ws id.ID, ids []id.ID) (map[id.ID]string, error) {
	return namesIn(ctx, q, "member", ws, ids)
}

func orgNames(ctx context.Context, q db.Queryer, ws id.ID, ids []id.ID) (map[id.ID]string, error) {
	return namesIn(ctx, q, "organization", ws, ids)
}

func namesIn(ctx context.Context, q db.Queryer, table string, ws id.ID, ids []id.ID) (map[id.ID]string, error) {
	var w db.Where
	w.And("workspace_id = ?", ws)
	db.In(&w, "id", ids)
	list, err := db.All(ctx, q, scanPerson, "SELECT id, name FROM "+table+" WHERE "+w.SQL(), w.Args()...)
	out := make(map[id.ID]string, len(list))
	for _, p := range list {
		out[p.ID] = p.Name
	}
	return out, err
}

func scanPerson(r db.Row) (p Person, err error) {
	err = r.Scan(&p.ID, &p.Name)
	return p, err
}
