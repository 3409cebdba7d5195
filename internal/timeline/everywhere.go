package timeline

import (
	"context"
	"strings"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Everywhere says whose words to read across all contracts.
type Everywhere struct {
	Authors []id.ID // nil = everybody's; at most MaxAuthors
	Cursor  string
	Limit   int
}

// MaxAuthors is how many people's words can be read at a time.
const MaxAuthors = 100

// Conversation is a top note with its replies, and the contract it stands on.
// Newest is when somebody last wrote in it, as far as the reader may know.
type Conversation struct {
	Note     Note
	Contract Subject
	Newest   time.Time
}

// Everywhere gives conversations across all contracts the actor may read, by
// their newest words, or by the newest of the authors'. It walks the index of
// instants, or of each author, as far as the page goes.
func (s *Service) Everywhere(ctx context.Context, q Everywhere) (list []Conversation, next string, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, "", err
	}
	from, err := parseCursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := clampLimit(q.Limit)
	if q.Authors != nil && len(q.Authors) == 0 {
		return nil, "", nil
	}
	said, err := saidEverywhere(ctx, s.db, a, q.Authors[:min(len(q.Authors), MaxAuthors)], from, limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(said) > limit {
		said = said[:limit]
		next = place{db.Micros(said[limit-1].at), said[limit-1].id}.cursor()
	}
	list, err = s.conversations(ctx, a, said)
	return list, next, err
}

// saying is one note found, by the top note it stands under.
type saying struct {
	id, top id.ID
	at      time.Time
}

// saidEverywhere finds the newest notes of conversations, at most limit.
func saidEverywhere(ctx context.Context, q db.Queryer, a who.Actor, authors []id.ID, from *place, limit int) ([]saying, error) {
	w := readAs(a)
	ws := w.Arg(a.Workspace)
	readable := w.alive("n") + " AND " + audience.OfContract(&w.Where, a, "n")
	later := w.alive("k")
	most := w.Arg(limit)
	var older string
	if from != nil {
		older = " AND (n.at, n.id) < (" + w.Arg(from.at) + ", " + w.Arg(from.id) + ")"
	}
	part := func(author string) string {
		mine, same := "", ""
		if author != "" {
			mine, same = " AND n.author_id = "+author, " AND k.author_id = "+author
		}
		return `SELECT n.id, COALESCE(n.parent_id, n.id) AS top, n.at FROM note n WHERE n.workspace_id = ` + ws + mine + older + " AND " + readable + `
			AND NOT EXISTS (SELECT 1 FROM note k WHERE k.workspace_id = n.workspace_id AND k.parent_id = COALESCE(n.parent_id, n.id)
				AND (k.at, k.id) > (n.at, n.id)` + same + " AND " + later + `) ORDER BY n.at DESC, n.id DESC LIMIT ` + most
	}
	stmt := part("")
	if len(authors) > 0 {
		parts := make([]string, len(authors))
		for i, m := range authors {
			parts[i] = "SELECT * FROM (" + part(w.Arg(m)) + ") p"
		}
		stmt = "SELECT * FROM (" + strings.Join(parts, " UNION ALL ") + ") u ORDER BY at DESC, id DESC LIMIT " + most
	}
	return db.All(ctx, q, func(r db.Row) (x saying, err error) {
		return x, r.Scan(&x.id, &x.top, (*db.Time)(&x.at))
	}, stmt, w.Args()...)
}

// conversations reads what was found: each conversation once, in the order of
// its newest words found.
func (s *Service) conversations(ctx context.Context, a who.Actor, said []saying) ([]Conversation, error) {
	var tops []id.ID
	newest := map[id.ID]time.Time{}
	for _, x := range said {
		if _, twice := newest[x.top]; !twice {
			tops, newest[x.top] = append(tops, x.top), x.at
		}
	}
	if len(tops) == 0 {
		return nil, nil
	}
	w := readAs(a)
	w.And("n.workspace_id = ?", a.Workspace)
	db.In(&w.Where, "n.id", tops)
	w.And(w.visible("n"))
	type row struct {
		Note
		Subject
	}
	found, err := db.All(ctx, s.db, func(r db.Row) (x row, err error) {
		x.Note, err = scanNote(r, &x.Subject.Name, &x.Subject.Org)
		x.Subject.ID = x.Note.Contract
		return x, err
	}, "SELECT "+noteColumns+", c.name, o.name"+noteTables+` JOIN contract c ON c.workspace_id = n.workspace_id AND c.id = n.contract_id
		JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id WHERE `+w.SQL(), w.Args()...)
	if err != nil {
		return nil, err
	}
	at := map[id.ID]int{}
	entries := make([]Entry, len(found))
	for i := range found {
		at[found[i].Note.ID], entries[i].Note = i, &found[i].Note
	}
	if err := addReplies(ctx, s.db, a, entries); err != nil {
		return nil, err
	}
	if err := s.given(ctx, a, notesIn(entries)); err != nil {
		return nil, err
	}
	var out []Conversation
	for _, top := range tops {
		if i, there := at[top]; there {
			out = append(out, Conversation{Note: found[i].Note, Contract: found[i].Subject, Newest: newest[top]})
		}
	}
	return out, nil
}

// Among gives those of the notes that the actor may read, deleted ones too.
func (s *Service) Among(ctx context.Context, notes []id.ID) (map[id.ID]bool, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || len(notes) == 0 {
		return nil, err
	}
	w := readAs(a)
	w.And("n.workspace_id = ?", a.Workspace)
	db.In(&w.Where, "n.id", notes)
	w.And(w.reachable("n"))
	list, err := db.All(ctx, s.db, db.Value[id.ID], "SELECT n.id FROM note n WHERE "+w.SQL(), w.Args()...)
	out := make(map[id.ID]bool, len(list))
	for _, n := range list {
		out[n] = true
	}
	return out, err
}

// ForAll tells whether everybody in the actor's workspace may read a note.
func (s *Service) ForAll(ctx context.Context, note id.ID) (bool, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return false, err
	}
	_, open, err := db.One(ctx, s.db, db.Value[int64], `SELECT 1 FROM note n JOIN contract c ON c.workspace_id = n.workspace_id AND c.id = n.contract_id
		WHERE n.workspace_id = $1 AND n.id = $2 AND n.visibility = $3 AND c.visibility = $3`, a.Workspace, note, audience.Everyone)
	return open, err
}

// AnySince tells whether somebody else has written anything the actor may read
// since a moment.
func (s *Service) AnySince(ctx context.Context, since time.Time) (bool, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return false, err
	}
	w := readAs(a)
	w.And("n.workspace_id = ? AND n.at > ?", a.Workspace, db.Micros(since))
	w.And("n.author_id IS NOT NULL AND n.author_id <> ?", int64(a.Member))
	w.And(w.alive("n"))
	w.And(audience.OfContract(&w.Where, a, "n"))
	_, any, err := db.One(ctx, s.db, db.Value[id.ID], "SELECT n.id FROM note n WHERE "+w.SQL()+" ORDER BY n.at DESC, n.id DESC LIMIT 1", w.Args()...)
	return any, err
}
