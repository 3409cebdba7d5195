package timeline

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// Trail reads notes and events of a contract merged by (at, id), newest first:
// two index walks, one query for all replies, and one for the names of each
// kind of actor, whatever the size.
func (s *Service) Trail(ctx context.Context, contract id.ID, show Show, cursor string, limit int) (p Page, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return p, err
	}
	from, err := parseCursor(cursor)
	if err != nil {
		return p, err
	}
	if p.Contract, err = subjectOf(ctx, s.db, a, contract); err != nil {
		return p, err
	}
	limit = clampLimit(limit)
	notes, err := topNotes(ctx, s.db, a, contract, show, from, limit+1)
	if err != nil {
		return p, err
	}
	var events []Event
	if show != Words && show != Hunches {
		if events, err = eventsBefore(ctx, s.db, a.Workspace, contract, from, limit+1); err != nil {
			return p, err
		}
	}
	var rest *Entry
	p.Entries, rest = merge(notes, events, limit)
	if rest != nil {
		p.Older, p.Next = rest.At(), p.Entries[len(p.Entries)-1].place().cursor()
	}
	if err := s.nameActors(ctx, a.Workspace, p.Entries); err != nil {
		return p, err
	}
	if err := addReplies(ctx, s.db, a, p.Entries); err != nil {
		return p, err
	}
	if from == nil {
		if p.Pinned, err = pinnedNotes(ctx, s.db, a, contract); err != nil {
			return p, err
		}
	}
	all := notesIn(p.Entries)
	for i := range p.Pinned {
		all = append(all, &p.Pinned[i])
	}
	return p, s.given(ctx, a, all)
}

// notesIn are the notes of entries, replies too.
func notesIn(entries []Entry) (out []*Note) {
	for _, e := range entries {
		if e.Note != nil {
			out = append(out, e.Note)
			for i := range e.Note.Replies {
				out = append(out, &e.Note.Replies[i])
			}
		}
	}
	return out
}

func addReplies(ctx context.Context, q db.Queryer, a who.Actor, entries []Entry) error {
	tops := map[id.ID]*Note{}
	var ids []id.ID
	for _, e := range entries {
		if e.Note != nil {
			tops[e.Note.ID], ids = e.Note, append(ids, e.Note.ID)
		}
	}
	replies, err := repliesTo(ctx, q, a, ids)
	for _, r := range replies {
		top := tops[r.Parent]
		top.Replies = append(top.Replies, r)
	}
	return err
}

// nameActors asks each kind's namer once.
func (s *Service) nameActors(ctx context.Context, ws id.ID, entries []Entry) error {
	byKind := map[string][]*Actor{}
	for _, e := range entries {
		if e.Event != nil && e.Event.Actor.ID != 0 {
			byKind[e.Event.Actor.Kind] = append(byKind[e.Event.Actor.Kind], &e.Event.Actor)
		}
	}
	for kind, actors := range byKind {
		f := s.namers[kind]
		if f == nil {
			continue
		}
		ids := make([]id.ID, len(actors))
		for i, a := range actors {
			ids[i] = a.ID
		}
		names, err := f(ctx, s.db, ws, ids)
		if err != nil {
			return err
		}
		for _, a := range actors {
			a.Name = names[a.ID]
		}
	}
	return nil
}

// Notes lists notes and replies of a contract alike, newest first.
func (s *Service) Notes(ctx context.Context, contract id.ID, cursor string, limit int) (list []Note, next string, err error) {
	a, from, limit, err := s.listing(ctx, contract, cursor, limit)
	if err != nil {
		return nil, "", err
	}
	list, err = allNotes(ctx, s.db, a, contract, from, limit+1)
	if err == nil && len(list) > limit {
		list = list[:limit]
		next = Entry{Note: &list[limit-1]}.place().cursor()
	}
	if err != nil {
		return nil, "", err
	}
	return list, next, s.given(ctx, a, pointers(list))
}

func pointers(list []Note) []*Note {
	out := make([]*Note, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// Events lists what happened to a contract, newest first.
func (s *Service) Events(ctx context.Context, contract id.ID, cursor string, limit int) (list []Event, next string, err error) {
	a, from, limit, err := s.listing(ctx, contract, cursor, limit)
	if err != nil {
		return nil, "", err
	}
	list, err = eventsBefore(ctx, s.db, a.Workspace, contract, from, limit+1)
	if err != nil {
		return nil, "", err
	}
	entries, rest := merge(nil, list, limit)
	if rest != nil {
		next = entries[limit-1].place().cursor()
	}
	return list[:len(entries)], next, s.nameActors(ctx, a.Workspace, entries)
}

// Change is one value that changed: one line of a field's history.
type Change struct {
	Event    Event
	Field    string
	From, To any
}

// History tells who changed a field when, from what to what, and by which
// import (Event.CauseKind, CauseID); "" is every field. Newest first.
func (s *Service) History(ctx context.Context, contract id.ID, field, cursor string, limit int) (list []Change, next string, err error) {
	a, from, limit, err := s.listing(ctx, contract, cursor, limit)
	if err != nil {
		return nil, "", err
	}
	events, err := changesBefore(ctx, s.db, a.Workspace, contract, field, from, limit+1)
	if err != nil {
		return nil, "", err
	}
	entries, rest := merge(nil, events, limit)
	if rest != nil {
		next = entries[limit-1].place().cursor()
	}
	if err := s.nameActors(ctx, a.Workspace, entries); err != nil {
		return nil, "", err
	}
	for _, e := range entries {
		for _, name := range e.Event.FieldNames() {
			if field == "" || field == name {
				v := e.Event.Fields[name]
				list = append(list, Change{*e.Event, name, v[0], v[1]})
			}
		}
	}
	return list, next, nil
}

// Currencies tells in which currency the amounts of a contract stood at any
// time: an event says so only if the currency changed with it.
type Currencies struct {
	now     string
	changes []Event // newest first
}

// Currencies reads them for a contract.
func (s *Service) Currencies(ctx context.Context, contract id.ID) (c Currencies, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return c, err
	}
	subject, err := subjectOf(ctx, s.db, a, contract)
	if err != nil {
		return c, err
	}
	c.now = subject.Currency
	c.changes, err = changesBefore(ctx, s.db, a.Workspace, contract, "currency", nil, maxCurrencies)
	return c, err
}

// maxCurrencies is how many changes of a contract's currency are followed back.
const maxCurrencies = 100

// At is the currency at an event that did not change it.
func (c Currencies) At(e *Event) string {
	at, said := Entry{Event: e}.place(), c.now
	for i := range c.changes {
		if !at.before(Entry{Event: &c.changes[i]}.place()) {
			break
		}
		said, _ = c.changes[i].Fields["currency"][0].(string)
	}
	return said
}

// listing is what every list of a contract begins with.
func (s *Service) listing(ctx context.Context, contract id.ID, cursor string, limit int) (who.Actor, *place, int, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return a, nil, 0, err
	}
	from, err := parseCursor(cursor)
	if err != nil {
		return a, nil, 0, err
	}
	_, err = subjectOf(ctx, s.db, a, contract)
	return a, from, clampLimit(limit), err
}

// LastWords gives the newest words of each contract that the actor may read,
// in one query; contracts without words are not in the answer.
func (s *Service) LastWords(ctx context.Context, q db.Queryer, contracts []id.ID) (map[id.ID]Excerpt, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || len(contracts) == 0 {
		return nil, err
	}
	notes, err := newestOf(ctx, q, a, contracts, "")
	out := make(map[id.ID]Excerpt, len(notes))
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		out[n.Contract] = excerptOf(n)
	}
	return out, s.shown(ctx, a, pointers(notes))
}

func excerptOf(n Note) Excerpt {
	return Excerpt{Note: n.ID, Author: n.Author, At: n.At, Text: text.Excerpt(n.Body, excerptLen), Hunch: n.Hunch}
}

// Find gives a note for a link to it: the top note it stands under, and
// whether that is still on the first page of the trail.
func (s *Service) Find(ctx context.Context, noteID id.ID, pageSize int) (top Note, onFirst bool, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return top, false, err
	}
	n, err := noteOf(ctx, s.db, a, noteID)
	if err != nil {
		return top, false, err
	}
	if top, err = s.Top(ctx, n); err != nil {
		return top, false, err
	}
	p, err := s.Trail(ctx, n.Contract, All, "", pageSize)
	if err != nil {
		return top, false, err
	}
	return top, p.Next == "" || !(Entry{Note: &top}).place().before(p.Entries[len(p.Entries)-1].place()), nil
}

// Top is the note a reply stands under, deleted or not; of any other note it is
// the note itself.
func (s *Service) Top(ctx context.Context, n Note) (Note, error) {
	if n.Parent == 0 {
		return n, nil
	}
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return n, err
	}
	return anyNote(ctx, s.db, a, n.Parent)
}

// One reads a single entry of the trail as it stands there, with its replies;
// errs.Missing if the trail does not show it.
func (s *Service) One(ctx context.Context, top Note) (Page, error) {
	p, err := s.Trail(ctx, top.Contract, All, CursorAt(top), 1)
	if err == nil && (len(p.Entries) == 0 || p.Entries[0].Note == nil || p.Entries[0].Note.ID != top.ID) {
		err = errs.Missing("note")
	}
	return p, err
}
