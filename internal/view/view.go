// Package view keeps how members look at lists: a filter, an order, columns and
// groups under a name, for oneself, for a team, or for all. It knows nothing of
// what a list shows; a view is the query of the list's address.
package view

import (
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
)

// Places are the lists that can be saved; the path of each is its name.
var Places = []string{"contracts", "tasks"}

// View is one saved way to look at a list.
type View struct {
	ID      id.ID
	Place   string // the list, one of Places
	Name    string
	Query   string // of the list's address, encoded with its names in order
	Member  id.ID  // who saved it
	By      string // that member's name
	Shared  bool   // with the whole workspace
	Unit    id.ID  // or with a team and those below it; 0 for none, also if it is gone
	Team    string // that team's name
	Version int64
	Created time.Time
}

// Href is the list as the view shows it.
func (v View) Href() string {
	q := values(v.Query)
	q.Set(Saved, v.ID.String())
	return "/" + v.Place + "?" + q.Encode()
}

// Saved is the name under which an address says from which view it began.
const Saved = "saved"

// passing are names of an address that say where in a list one stands, not how
// it is looked at.
var passing = []string{"cursor", "group", "unit", "after", Saved}

// Input is what a view is made of.
type Input struct {
	Place  string
	Name   string
	Query  string
	Shared bool
	Unit   id.ID // a team the actor is in or leads; not with Shared
}

const (
	mostName  = 40    // runes
	mostQuery = 2_000 // bytes
	mostViews = 100   // of one member and list: nobody finds anything among more
)

// Canonical is a query as views hold it: two that show the same are the same.
func Canonical(query string) string { return values(query).Encode() }

func values(query string) url.Values {
	q, _ := url.ParseQuery(query) // what cannot be read asks for nothing
	for name, list := range q {
		list = slices.DeleteFunc(list, func(v string) bool { return text.Line(v) == "" })
		if q[name] = list; len(list) == 0 || slices.Contains(passing, name) {
			delete(q, name)
		}
	}
	return q
}

func (in *Input) clean() error {
	in.Name, in.Query = text.Line(in.Name), Canonical(in.Query)
	var bad []*errs.E
	switch {
	case in.Name == "":
		bad = append(bad, errs.Field("name", "err.required"))
	case utf8.RuneCountInString(in.Name) > mostName:
		bad = append(bad, errs.Field("name", "err.too_long", "Max", mostName))
	}
	if !slices.Contains(Places, in.Place) {
		bad = append(bad, errs.Field("place", "err.choice"))
	}
	if len(in.Query) > mostQuery {
		bad = append(bad, errs.Field("query", "view.err.long"))
	}
	if in.Shared {
		in.Unit = 0
	}
	return errs.Join(bad...)
}
