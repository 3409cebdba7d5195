// Package timeline keeps what people say about a contract and what happened to
// it, in one order of time: notes (words, hunches, mentions, replies), events
// (one row a save, which are also the history of every field), followers and
// the inbox.
package timeline

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
)

// Hunch is a feeling somebody had when writing: recorded, never graded.
type Hunch string

// The hunches; "" is none.
const (
	Bad  Hunch = "bad"
	Good Hunch = "good"
)

// Valid reports whether h is a hunch or none.
func (h Hunch) Valid() bool { return h == "" || h == Bad || h == Good }

// Who may read a note. The service alone decides, in reading.visible.
const (
	Everyone   = audience.Everyone
	AuthorOnly = audience.Author // and the readers its author names
)

// Limits of what people write and take back.
const (
	MaxBody     = 20000            // characters
	HunchFreeze = 10 * time.Minute // how long a hunch may be changed or taken back
	RestoreFor  = 24 * time.Hour   // how long a deleted note may come back
)

// Person is a member as the trail names one; the zero Person is nobody, which
// for a note means that an import brought it.
type Person struct {
	ID   id.ID
	Name string
}

// Context is how the contract stood when the note was written. Names are the
// people and teams mentioned, as they are spelled in the body.
type Context struct {
	Days    *int     `json:"days"` // to renewal; nil without a date, or when nobody knows (imports)
	Outlook string   `json:"outlook"`
	Names   []string `json:"names,omitempty"`
}

// Note is free text on a contract's trail. A deleted one keeps its place only
// while it has replies, and has lost everything but author and time.
type Note struct {
	ID         id.ID
	Contract   id.ID
	Parent     id.ID // the top note, 0 if it is one itself
	Author     Person
	At         time.Time
	Body       string
	Hunch      Hunch
	HunchAt    time.Time
	Context    Context
	AboutKind  string // e.g. "task", when written while ticking one off
	AboutID    id.ID
	Visibility string
	Readers    []audience.Reader // besides the author, of one that is limited
	Version    int64
	Pinned     bool // above the trail, for everybody who may read it
	Deleted    bool
	Before     time.Time // when somebody last wrote before it; trails only
	Replies    []Note    // oldest first; trails only
	Files      []File    // attached, in the order they came in
}

// File is what the trail knows of something attached to a note.
type File struct {
	ID            id.ID
	Name, Type    string
	Size          int64
	Width, Height int  // of a picture
	Preview       bool // it has a small version
}

// Edited reports whether the words are not the first ones.
func (n Note) Edited() bool { return n.Version > 1 }

// HunchOpen reports whether the author may still choose another hunch at now.
func (n Note) HunchOpen(now time.Time) bool {
	return n.Hunch == "" || now.Before(n.HunchAt.Add(HunchFreeze))
}

// Actor is who did what an event tells: a member, an import, a rule, or the
// system itself.
type Actor struct {
	Kind string
	ID   id.ID
	Name string
}

// Event is one thing that happened to a contract. Fields are [from, to] as
// they were published.
type Event struct {
	ID        id.ID
	Contract  id.ID
	Kind      string
	At        time.Time
	Actor     Actor
	CauseKind string
	CauseID   id.ID
	Fields    map[string][2]any
	Data      map[string]any
}

// Entry is one moment of the trail: either a note or an event.
type Entry struct {
	Note  *Note
	Event *Event
}

// At is the entry's moment.
func (e Entry) At() time.Time {
	if e.Note != nil {
		return e.Note.At
	}
	return e.Event.At
}

func (e Entry) place() place {
	if e.Note != nil {
		return place{db.Micros(e.Note.At), e.Note.ID}
	}
	return place{db.Micros(e.Event.At), e.Event.ID}
}

// Subject is what the trail needs to know of its contract. Last is when
// somebody last wrote, as far as the reader may know.
type Subject struct {
	ID       id.ID
	Name     string
	Org      string // the customer
	Renewal  cal.Date
	Outlook  string
	Currency string
	Last     time.Time
}

// Page is a stretch of a trail, newest first. Older is the moment of the entry
// after the last one, zero at the beginning of the trail.
type Page struct {
	Contract Subject
	Pinned   []Note // of its first page, the newest first
	Entries  []Entry
	Next     string
	Older    time.Time
}

// Show chooses what of the trail to read.
type Show string

// What may be shown.
const (
	All     Show = "all"
	Words   Show = "words"
	Hunches Show = "hunches"
)

// Excerpt is the beginning of somebody's words.
type Excerpt struct {
	Note   id.ID
	Author Person
	At     time.Time
	Text   string
	Hunch  Hunch
}

const excerptLen = 120

// place is a position in a trail: the order is (at, id), because id order is
// not commit order and instants repeat.
type place struct {
	at int64
	id id.ID
}

func (p place) before(q place) bool { return p.at < q.at || p.at == q.at && p.id < q.id }

func (p place) cursor() string { return strconv.FormatInt(p.at, 10) + "-" + p.id.String() }

// CursorAt is the cursor of a page that begins with the note itself.
func CursorAt(n Note) string { return place{db.Micros(n.At), n.ID + 1}.cursor() }

func parseCursor(s string) (*place, error) {
	if s == "" {
		return nil, nil
	}
	left, right, _ := strings.Cut(s, "-")
	at, err1 := strconv.ParseInt(left, 10, 64)
	ref, err2 := id.Parse(right)
	if err1 != nil || err2 != nil {
		return nil, errs.Field("cursor", "timeline.err.cursor")
	}
	return &place{at, ref}, nil
}

func clampLimit(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, 200)
}

// merge puts two lists that are newest first into one and keeps limit entries;
// the first one cut off is returned apart.
func merge(notes []Note, events []Event, limit int) (kept []Entry, rest *Entry) {
	i, j := 0, 0
	for i < len(notes) || j < len(events) {
		var e Entry
		if j == len(events) || i < len(notes) && (Entry{Event: &events[j]}).place().before(Entry{Note: &notes[i]}.place()) {
			e.Note, i = &notes[i], i+1
		} else {
			e.Event, j = &events[j], j+1
		}
		if len(kept) == limit {
			return kept, &e
		}
		kept = append(kept, e)
	}
	return kept, nil
}

func checkBody(body string, hunch Hunch) (string, error) {
	body = strings.TrimSpace(text.Clean(body))
	switch {
	case !hunch.Valid():
		return "", errs.Field("hunch", "err.choice")
	case body == "" && hunch == "":
		return "", errs.Field("body", "timeline.err.empty")
	case utf8.RuneCountInString(body) > MaxBody:
		return "", errs.Field("body", "err.too_long", "Max", MaxBody)
	}
	return body, nil
}
