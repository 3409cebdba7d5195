// Package ui holds the parts pages are made of: one templ component per part of
// the look, with plain props. It knows no feature; words come translated, save
// those every page shares.
package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"kizuki/internal/cal"
	"kizuki/internal/web/words"
)

// Place is one entry of the rail. Key names its word (shell.place.KEY); a More
// place hides behind ほか on a phone.
type Place struct {
	Key, Href     string
	Current, More bool
	Fresh         bool // it has something new
}

// MoreHref is the page that lists the places a phone has no room for.
const MoreHref = "/more"

// goKeys are the letters that follow g.
var goKeys = map[string]string{
	"today": "t", "contracts": "c", "everyone": "e", "inbox": "i", "organizations": "o", "imports": "m", "rules": "r", "settings": "s",
}

// PageProps is what a page says to the shell around it.
type PageProps struct {
	Title      string
	Places     []Place
	Name       string // of the reader; empty when nobody is signed in
	MeHref     string // their own page, /me if empty
	Query      string // what stands in the search field
	SearchHref string // where searching goes, /contracts if empty
	WriteHref  string // where 書く leads on a page without a note box
	Islands    []string
	Theme      string // "light" or "dark"; empty follows the device
	Inbox      int    // unread, shown beside the name when InboxHref is set
	InboxHref  string
	Notice     string // one quiet line on top, such as that this is a demo
	Toast      *ToastProps
}

// GateProps is what a page outside the workspace says to its frame.
type GateProps struct{ Title, Theme string }

func (p PageProps) searchHref() string { return or(p.SearchHref, "/contracts") }
func (p PageProps) meHref() string     { return or(p.MeHref, "/me") }

// islands are those of the page; the palette is everywhere inside.
func (p PageProps) islands() []string {
	if p.Name == "" {
		return p.Islands
	}
	return append(p.Islands[:len(p.Islands):len(p.Islands)], "palette")
}

func (p PageProps) hasMore() bool {
	for _, place := range p.Places {
		if place.More {
			return true
		}
	}
	return false
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// When is a moment as people say it, with its exact value beside it.
type When struct{ Text, Exact, ISO, Class string }

// Ago says a past moment: けさ5:10, exact on hover.
func Ago(ctx context.Context, t, now time.Time) When {
	return When{Text: words.Ago(ctx, t, now), Exact: words.Stamp(ctx, t), ISO: words.ISO(ctx, t)}
}

// Due says how far a day is (あと42日), in amber when soon, in vermilion when late.
func Due(ctx context.Context, d, today cal.Date) When {
	return When{Text: words.Until(ctx, d, today), Exact: words.DayLong(ctx, d), ISO: string(d), Class: words.Soon(d, today)}
}

// On says the day itself: 3/31 火.
func On(ctx context.Context, d, today cal.Date) When {
	return When{Text: words.DayNear(ctx, d, today), Exact: words.DayLong(ctx, d), ISO: string(d)}
}

// Attrs are further attributes of a part's main element, hx-* mostly.
type Attrs = templ.Attributes

// BtnProps describes a button or a link that looks like one.
type BtnProps struct {
	Label string
	Kind  string // "" the one main act of the page, "line", "quiet"
	Key   string // the key that presses it, shown and heard
	Href  string // LinkBtn only
	Type  string // submit if empty
	Name  string
	Value string
	Icon  string
	Attrs Attrs
}

func (p BtnProps) class() string {
	if p.Kind == "" {
		return "btn"
	}
	return "btn " + p.Kind
}

// Option is one choice of a select, a pick or a list of boxes.
type Option struct {
	Value, Label string
	Icon         string // Pick only
	Selected     bool
}

// FieldProps describes one labelled input with its hint and error.
type FieldProps struct {
	ID, Name, Label string // ID is Name if empty
	Type            string // text if empty; email, password, date, number, search, url, file, textarea, select, checkbox
	Value           string
	Hint, Error     string
	Placeholder     string
	Autocomplete    string
	Required        bool
	Optional        string // a word why it may stay empty, after the label
	Checked         bool   // checkbox
	Multiple        bool   // select, file
	Rows            int    // textarea
	Options         []Option
	Attrs           Attrs
}

func (p FieldProps) id() string { return or(p.ID, p.Name) }

// describedBy ties hint and error to the input, the error first: it is heard first.
func (p FieldProps) describedBy() string {
	s := ""
	if p.Error != "" {
		s = p.id() + "-error"
	}
	if p.Hint != "" {
		if s != "" {
			s += " "
		}
		s += p.id() + "-hint"
	}
	return s
}

// attrs are what inputs of every kind share.
func (p FieldProps) attrs() templ.Attributes {
	a := templ.Attributes{"id": p.id(), "name": p.Name}
	set := func(key, value string) {
		if value != "" {
			a[key] = value
		}
	}
	set("aria-describedby", p.describedBy())
	set("autocomplete", p.Autocomplete)
	set("placeholder", p.Placeholder)
	if p.Error != "" {
		a["aria-invalid"] = "true"
	}
	if p.Required {
		a["required"] = true
	}
	if p.Multiple {
		a["multiple"] = true
	}
	for k, v := range p.Attrs {
		a[k] = v
	}
	return a
}

func (p FieldProps) class() string {
	if p.Type == "checkbox" {
		return "field check"
	}
	return "field"
}

// PickProps is a choice of few, all in sight.
type PickProps struct {
	Name, Legend string
	Class        string
	Options      []Option
	Attrs        Attrs // of each radio
}

// EntryProps is one entry of the trail.
type EntryProps struct {
	ID    string
	Kind  string // note, system, plan, now
	When  When
	Mark  string          // dot, sesame, sesame-open; a tick for what the system says
	Strip templ.Component // its stretch of a curve, drawn by the caller; a plain line if nil
}

func (p EntryProps) class() string {
	switch p.Kind {
	case "plan", "now":
		return "entry system " + p.Kind
	}
	return "entry " + p.Kind
}

// ByProps says whose words they are.
type ByProps struct {
	Name  string
	Hunch string // "", bad, good
	When  When
	Only  string // whom it is limited to, shown with a lock
}

// ReadersProps asks who may read something: everybody, the author alone where
// that may be (Alone), or some people and teams.
type ReadersProps struct {
	ID         string   // of the part, for its fields
	Visibility string   // everyone, author or some
	Alone      bool     // the author alone may be chosen
	People     []Option // Value as audience.Reader writes itself
	Error      string
	Open       bool // unfolded
}

func (p ReadersProps) options(ctx context.Context) []Option {
	list := []Option{{Value: "everyone", Label: words.T(ctx, "shell.readers.everyone")}}
	if p.Alone {
		list = append(list, Option{Value: "author", Label: words.T(ctx, "shell.readers.author")})
	}
	list = append(list, Option{Value: "some", Label: words.T(ctx, "shell.readers.some")})
	for i := range list {
		list[i].Selected = list[i].Value == or(p.Visibility, "everyone")
	}
	return list
}

// OnlyLine says who may read something limited; it is the reader's alone where
// nobody is named.
func OnlyLine(ctx context.Context, names ...string) string {
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" })
	if len(names) == 0 {
		return words.T(ctx, "shell.readers.only_me")
	}
	return words.T(ctx, "shell.readers.only", "Names", strings.Join(names, words.T(ctx, "shell.readers.comma")))
}

// NoteBoxProps is the place to write.
type NoteBoxProps struct {
	Action     string
	To         string // what it is written about, for the label
	ID         string // of the textarea, note if empty
	Value      string
	Hunch      string
	MentionSrc string // where names are asked for; none offered if empty
	Error      string
	Hidden     []Option      // further values of the form
	Reply      bool          // small, inside a conversation, without hunch
	Readers    *ReadersProps // who may read it is asked, unless nil
	Attach     *AttachProps  // files may be attached, unless nil
	Attrs      Attrs         // of the form, hx-* mostly
}

// AttachProps lets files be attached to what one writes.
type AttachProps struct {
	Src   string          // where a file is posted as soon as it is chosen
	Draft string          // under what the words are kept until they are posted
	Chips templ.Component // what was chosen before, an Upload each; may be nil
}

// FileProps is a file that is attached, or waits to be.
type FileProps struct {
	ID, Href, Name, Size string
	Preview              string // where the small version of a picture is
	Width, Height        int    // of that
}

func (p NoteBoxProps) id() string { return or(p.ID, "note") }

func (p NoteBoxProps) class() string {
	if p.Reply {
		return "note-box reply"
	}
	return "note-box"
}

// TaskProps is one thing to do.
type TaskProps struct {
	ID, Title string
	Done      bool
	Due       When
	Remark    string
	Action    string // posted to when the box is ticked, with done=1 or done=
	Attrs     Attrs  // of the box
}

// QueueProps is the list of Today.
type QueueProps struct {
	Title, Remark string
	Empty         string // address of what #sheet shows when the last row is done
	Keys          bool   // whether to say which keys move
	Fresh         bool   // QueueHead comes beside another answer and replaces the present one
}

// QueueRowProps is one line of it: one matter.
type QueueRowProps struct {
	ID, Href  string
	Current   bool
	Icon      string // box, reply, sesame, sheet, meet, good, watch, risk
	IconLabel string // what the icon means, for those who cannot see it
	Who       string
	Due       When
	Why       string
	Said      bool // a person's words, set larger than a rule's
}

func (p QueueRowProps) markClass() string {
	switch p.Icon {
	case "good", "watch", "risk":
		return "mark health " + p.Icon
	}
	return "mark"
}

func (p QueueRowProps) whyClass() string {
	if p.Said {
		return "why said"
	}
	return "why"
}

// Column is a head of a table.
type Column struct {
	Label string
	Num   bool
	Sort  string // "", ascending, descending
	Href  string // sorts by it
	Class string
}

// TableProps is a table's label and heads.
type TableProps struct {
	ID, Label string
	Columns   []Column
	Plain     bool // keeps its columns on a phone
}

// PhraseProps is one phrase of a sentence filter.
type PhraseProps struct {
	ID, Text string
	Add      bool // the dashed one that adds a condition
}

// CellProps is a value with the address of its form. Focus is for the answer to a
// change: the cursor returns to it.
type CellProps struct {
	ID, Edit, Label string
	Focus           bool
	Attrs           Attrs
}

// GroupProps heads a group of rows over so many columns; with Href it leads to
// them alone.
type GroupProps struct {
	Text, Href, Remark string
	Columns            int
}

// PagerProps is the way to the rows after the last one. Rows is the id of the
// element they are appended to; without Href nothing is left.
type PagerProps struct{ Href, Rows, Label string }

// Count is a number with its word, leading down the page.
type Count struct {
	N           int
	Label, Href string
	Current     bool
}

// PickerProps is how rows are chosen to be changed at once. Some takes those that
// are ticked, All what Query finds; Picked follows their number.
type PickerProps struct{ Target, Query, Some, All, Picked string }

// Tab is one of a few views of the same thing.
type Tab struct {
	Label, Href string
	Current     bool
}

// ToastProps is what just happened.
type ToastProps struct {
	Text, UndoHref string
	Bad            bool
}

// DialogProps is a question that waits for an answer.
type DialogProps struct{ ID, Title string }

// hunchIcons are the marks of a feeling: shapes, never colours.
var hunchIcons = map[string]string{"bad": "sesame", "good": "sesame-open"}
