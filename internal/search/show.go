package search

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// show makes hits of rows: with their words as they are now, where they stand
// and what is marked.
func (s *Service) show(ctx context.Context, h *hunt, rows []row, words []string) ([]Hit, error) {
	docs, err := s.docs(ctx, rows)
	if err != nil {
		return nil, err
	}
	if err := s.placed(ctx, h.actor, rows); err != nil {
		return nil, err
	}
	contracts, people, err := s.names(ctx, rows)
	if err != nil {
		return nil, err
	}
	hits := make([]Hit, 0, len(rows))
	for _, r := range rows {
		d, there := docs[r.thing()]
		if !there {
			continue // gone since
		}
		c := contracts[r.contract]
		hit := Hit{Kind: r.kind, ID: r.ref, Title: d.Title, Heading: pieces(d.Title, text.Find(d.Title, words), 0, len(d.Title)), Extract: extract(d.Body, words), At: d.At,
			Contract: r.contract, ContractName: c.name, OrgName: c.kana, Author: d.Author, AuthorName: people[d.Author].name}
		hit.URL = s.byName[r.kind].URL(hit)
		hits = append(hits, hit)
	}
	return hits, s.witness(ctx, h.actor, docs)
}

func (s *Service) docs(ctx context.Context, rows []row) (map[thing]Doc, error) {
	byKind := map[string][]id.ID{}
	for _, r := range rows {
		byKind[r.kind] = append(byKind[r.kind], r.ref)
	}
	out := make(map[thing]Doc, len(rows))
	for kind, refs := range byKind {
		list, err := s.load(ctx, kind, refs)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			out[thing{kind, d.Ref}] = d
		}
	}
	return out, nil
}

// placed says on which contract somebody sees what belongs to several.
func (s *Service) placed(ctx context.Context, a who.Actor, rows []row) error {
	byKind := map[string][]id.ID{}
	for _, r := range rows {
		if s.byName[r.kind].Place != nil {
			byKind[r.kind] = append(byKind[r.kind], r.ref)
		}
	}
	for kind, refs := range byKind {
		found, err := s.byName[kind].Place(ctx, s.db, a, refs)
		if err != nil {
			return err
		}
		for i, r := range rows {
			if r.kind == kind {
				rows[i].contract = found[r.ref]
			}
		}
	}
	return nil
}

// names reads what contracts are called, their customers (as kana) and keys, and
// what authors are called.
func (s *Service) names(ctx context.Context, rows []row) (contracts, people map[id.ID]named, err error) {
	ws := who.From(ctx).Workspace
	var cs, ps []id.ID
	for _, r := range rows {
		cs, ps = append(cs, r.contract), append(ps, r.author)
	}
	if contracts, err = s.called(ctx, ws, cs, `SELECT c.id, c.name, o.name, c.key FROM contract c
		JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id WHERE c.workspace_id = ?`, "c.id"); err != nil {
		return nil, nil, err
	}
	people, err = s.called(ctx, ws, ps, `SELECT m.id, m.name, m.kana, '' FROM member m WHERE m.workspace_id = ?`, "m.id")
	return contracts, people, err
}

func (s *Service) called(ctx context.Context, ws id.ID, ids []id.ID, stmt, column string) (map[id.ID]named, error) {
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(v id.ID) bool { return v == 0 })
	out := make(map[id.ID]named, len(ids))
	for part := range slices.Chunk(ids, 500) {
		var w db.Where
		head := strings.Replace(stmt, "?", w.Arg(ws), 1)
		db.In(&w, column, part)
		list, err := db.All(ctx, s.db, func(r db.Row) (n named, err error) {
			err = r.Scan(&n.id, &n.name, &n.kana, &n.key)
			return n, err
		}, head+" AND "+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, n := range list {
			out[n.id] = n
		}
	}
	return out, nil
}

// witness writes down that somebody else's limited notes were shown. Contracts
// are as in any list: opening one is what is written down.
func (s *Service) witness(ctx context.Context, a who.Actor, docs map[thing]Doc) error {
	var notes []id.ID
	for t, d := range docs {
		switch {
		case !d.Limited || d.Author == a.Member:
		case t.kind == audience.KindNote:
			notes = append(notes, d.Ref)
		case d.Note != 0:
			notes = append(notes, d.Note)
		}
	}
	return audience.Witness(ctx, s.db, a, audience.KindNote, notes, cal.Of(s.Now().In(a.Location())), s.Audit)
}

const (
	// extractLength is how much of a text a hit shows, in characters.
	extractLength = 140
	// lead is how much of it stands before what was found.
	lead = 30
)

// extract gives the part of a text where most of what was looked for stands,
// on one line.
func extract(body string, words []string) []Piece {
	line := text.Line(body)
	spans := text.Find(line, words)
	from, to := frame(line, spans)
	out := pieces(line, spans, from, to)
	if from > 0 {
		out = append([]Piece{{Text: "…"}}, out...)
	}
	if to < len(line) {
		out = append(out, Piece{Text: "…"})
	}
	return out
}

// pieces cuts a part of a text where marks begin and end.
func pieces(line string, spans []text.Span, from, to int) (out []Piece) {
	add := func(s string, mark bool) {
		if s != "" {
			out = append(out, Piece{s, mark})
		}
	}
	at := from
	for _, sp := range spans {
		if sp.From < at || sp.To > to {
			continue
		}
		add(line[at:sp.From], false)
		add(line[sp.From:sp.To], true)
		at = sp.To
	}
	add(line[at:to], false)
	return out
}

// frame chooses the bytes to show: all of a short text, else from a little
// before the spot with the most spans.
func frame(line string, spans []text.Span) (from, to int) {
	if utf8.RuneCountInString(line) <= extractLength {
		return 0, len(line)
	}
	best, most := 0, 0
	for i, sp := range spans {
		n := 0
		for _, other := range spans[i:] {
			if other.To-sp.From < 3*(extractLength-lead) {
				n++
			}
		}
		if n > most {
			best, most = sp.From, n
		}
	}
	from = best
	for n := 0; n < lead && from > 0; n++ {
		_, size := utf8.DecodeLastRuneInString(line[:from])
		from -= size
		if strings.HasSuffix(line[:from], "。") { // a sentence begins here
			break
		}
	}
	to = from
	for n := 0; n < extractLength && to < len(line); n++ {
		_, size := utf8.DecodeRuneInString(line[to:])
		to += size
	}
	return from, to
}
