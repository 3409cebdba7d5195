package workspace

import (
	"context"
	"net/mail"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// Owners says whom the texts of an import's owner column mean. Texts are as
// they were given; empty ones are in none of the lists.
type Owners struct {
	Found     map[string]id.ID
	Ambiguous map[string][]id.ID // several people it may mean
	Unknown   []string           // nobody yet; ResolveOwners makes placeholders of them
	Invalid   []string           // too long to be a name
	Created   []id.ID            // the placeholders made
}

// LookupOwners tells whom each text means: a mail, or a name with or without
// its space. Active members come before placeholders, those before people who
// left (an import repeats names for years). It reads only, for dry runs.
func (s *Service) LookupOwners(ctx context.Context, q db.Queryer, ws id.ID, names []string) (Owners, error) {
	out, _, err := lookUp(ctx, q, ws, names)
	return out, err
}

// ResolveOwners is LookupOwners that makes a placeholder of each unknown
// person. The caller has checked the permission. The number of queries does
// not grow with the names.
func (s *Service) ResolveOwners(ctx context.Context, tx *db.Tx, ws id.ID, names []string) (Owners, error) {
	out, wanted, err := lookUp(ctx, tx, ws, names)
	if err != nil || len(out.Unknown) == 0 {
		return out, err
	}
	// Two imports at once must not make the same person twice: the second to
	// lock begins again and finds the first one's placeholders.
	if err := lockWorkspace(ctx, tx, ws); err != nil {
		return out, err
	}
	var list []Member
	made := map[wantedOwner]id.ID{}
	for _, t := range out.Unknown {
		w := wanted[t]
		key := w.key()
		if made[key] == 0 {
			m := Member{ID: id.New(), Role: who.Member, Name: w.name, Mail: w.mail, State: Placeholder, Created: s.Now()}
			made[key], list, out.Created = m.ID, append(list, m), append(out.Created, m.ID)
		}
		out.Found[t] = made[key]
	}
	out.Unknown = nil
	return out, insertMembers(ctx, tx, ws, list)
}

// wantedOwner is a text of the column, read.
type wantedOwner struct{ name, mail string }

// key is equal for texts that mean one person: the mail, else the folded name.
func (w wantedOwner) key() wantedOwner {
	if w.mail != "" {
		return wantedOwner{mail: w.mail}
	}
	return wantedOwner{name: person{Name: w.name}.nameFold()}
}

func readOwner(s string) wantedOwner {
	s = text.Line(s)
	if wide := norm.NFKC.String(s); strings.Contains(wide, "@") {
		if a, err := mail.ParseAddress(wide); err == nil && len(a.Address) <= maxMail {
			name, e := required("", a.Name)
			if e != nil {
				name = a.Address
			}
			return wantedOwner{name: name, mail: foldMail(a.Address)}
		}
	}
	return wantedOwner{name: s}
}

func lookUp(ctx context.Context, q db.Queryer, ws id.ID, names []string) (Owners, map[string]wantedOwner, error) {
	out := Owners{Found: map[string]id.ID{}, Ambiguous: map[string][]id.ID{}}
	// All members in one query: people are few, however many rows name them.
	book, err := ownerBook(ctx, q, ws)
	if err != nil {
		return out, nil, err
	}
	wanted := map[string]wantedOwner{}
	for _, t := range names {
		if _, again := wanted[t]; again {
			continue
		}
		w := readOwner(t)
		if wanted[t] = w; w.key() == (wantedOwner{}) {
			continue
		}
		if _, e := optional("", w.name); e != nil && w.mail == "" {
			out.Invalid = append(out.Invalid, t)
			continue
		}
		switch ids := book[w.key()].ids; len(ids) {
		case 0:
			out.Unknown = append(out.Unknown, t)
		case 1:
			out.Found[t] = ids[0]
		default:
			out.Ambiguous[t] = ids
		}
	}
	return out, wanted, nil
}

// nearest are the members of one key with the best state met.
type nearest struct {
	state State
	ids   []id.ID
}

var nearness = []State{Active, Placeholder, Left}

func ownerBook(ctx context.Context, q db.Queryer, ws id.ID) (map[wantedOwner]nearest, error) {
	list, err := membersOf(ctx, q, ws)
	book := map[wantedOwner]nearest{}
	add := func(key wantedOwner, m Member) {
		old, met := book[key]
		switch d := slices.Index(nearness, m.State) - slices.Index(nearness, old.state); {
		case key == (wantedOwner{}):
		case !met || d < 0:
			book[key] = nearest{m.State, []id.ID{m.ID}}
		case d == 0:
			book[key] = nearest{m.State, append(old.ids, m.ID)}
		}
	}
	for _, m := range list {
		add(wantedOwner{mail: foldMail(m.Mail)}, m)
		add(wantedOwner{name: m.person().nameFold()}, m)
	}
	return book, err
}
