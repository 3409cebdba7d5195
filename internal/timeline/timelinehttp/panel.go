package timelinehttp

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
	"kizuki/internal/timeline/worry"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// PanelQuery says which part of the trail to show. Base is the page it stands
// on, for the links of the filter; the contract's page if empty.
type PanelQuery struct {
	Show   timeline.Show
	Cursor string
	Base   string
}

// pageSize is how many moments of a trail stand on one page.
const pageSize = 50

// silenceDays is from when on a silence is said.
const silenceDays = 14

// panelView is everything the section of the trail says.
type panelView struct {
	contract id.ID
	query    PanelQuery
	pinned   []noteView
	entries  []entryView
	next     string
	label    string // of the way to the older ones
}

// entryView is one moment as it is drawn.
type entryView struct {
	props ui.EntryProps
	lines []string // what the system says
	bulk  string   // the page of the change in bulk it says it of
	note  *noteView
}

// noteView is a note or a reply as it is drawn.
type noteView struct {
	timeline.Note
	top     id.ID // the entry it stands in
	when    ui.When
	only    string // whom it is limited to
	about   string
	silence string
	mine    bool
	deletes bool
	writes  bool // the reader may answer
	offer   bool // ask whether it is a bad feeling
	open    bool // the hunch may be taken back
	replies []noteView
}

func (n noteView) words() string  { return "words-" + n.ID.String() }
func (n noteView) target() string { return "#note-" + n.top.String() }
func (n noteView) path(act string) string {
	return strings.TrimSuffix("/notes/"+n.ID.String()+"/"+act, "/")
}

// Panel is the trail of a contract: heading and filter, what is planned, the
// line of today, then words and events, newest first. It reads everything it
// shows in a fixed number of queries.
func (h *Handlers) Panel(ctx context.Context, contractID id.ID, q PanelQuery) (templ.Component, error) {
	switch q.Show {
	case timeline.Words, timeline.Hunches:
	default:
		q.Show = timeline.All
	}
	if q.Base = fromNewest(q.Base); q.Base == "" {
		q.Base = "/contracts/" + contractID.String()
	}
	page, err := h.svc.Trail(ctx, contractID, q.Show, q.Cursor, pageSize)
	if err != nil {
		return nil, err
	}
	d, err := h.drawing(ctx, page)
	if err != nil {
		return nil, err
	}
	v := panelView{contract: contractID, query: q, next: page.Next}
	if q.Cursor == "" {
		v.entries = d.ahead(page)
		for _, n := range page.Pinned {
			v.pinned = append(v.pinned, noteView{Note: n, when: ui.Ago(ctx, n.At, web.Now(ctx))})
		}
	}
	v.entries = append(v.entries, d.entries(page, q.Show != timeline.Hunches)...)
	if page.Next != "" {
		v.label = d.olderThan(page)
	}
	return panel(v), nil
}

// NoteBox is the place to write about a contract; nothing for those who only
// read. back is where a browser without JavaScript returns to, the contract's
// page if empty.
func (h *Handlers) NoteBox(ctx context.Context, c contract.Contract, back string) templ.Component {
	if !who.From(ctx).May(who.Write) {
		return templ.NopComponent
	}
	return noteBox(h.boxProps(ctx, c.ID, fullName(c.OrgName, c.Name), fromNewest(back)))
}

// fromNewest is an address without the place in the trail that was being read:
// the filter, the way to the newest and a new note begin at the top again.
func fromNewest(address string) string {
	u, err := url.Parse(address)
	if err != nil || !u.Query().Has("cursor") {
		return address
	}
	q := u.Query()
	q.Del("cursor")
	u.RawQuery = q.Encode()
	return u.String()
}

// fullName names a contract outside its own page: 本社契約 alone could be
// anybody's.
func fullName(org, name string) string {
	if strings.Contains(name, org) {
		return name
	}
	return org + " " + name
}

// Column is the trail on its contract's own page, with how the reader stands
// to it.
func (h *Handlers) Column(ctx context.Context, contractID id.ID, q PanelQuery) (templ.Component, error) {
	panel, err := h.Panel(ctx, contractID, q)
	if err != nil {
		return nil, err
	}
	follow, err := h.Following(ctx, contractID)
	return column(follow, panel), err
}

// Following lets the reader follow the contract, hear no more of it, or end
// that.
func (h *Handlers) Following(ctx context.Context, contractID id.ID) (templ.Component, error) {
	if who.From(ctx).Member == 0 {
		return templ.NopComponent, nil
	}
	f, err := h.standing(ctx, contractID)
	return following(contractID, f.Follows, f.Muted), err
}

func (h *Handlers) standing(ctx context.Context, contractID id.ID) (f FollowingJSON, err error) {
	list, err := h.svc.Followers(ctx, contractID)
	for _, l := range list {
		if l.ID == who.From(ctx).Member {
			f.Follows, f.Muted = true, l.Muted
		}
	}
	return f, err
}

func followText(muted bool) string {
	if muted {
		return "timeline.following_muted"
	}
	return "timeline.following_yes"
}

func (h *Handlers) boxProps(ctx context.Context, contractID id.ID, to, back string) ui.NoteBoxProps {
	action := "/contracts/" + contractID.String() + "/notes"
	return ui.NoteBoxProps{Action: action, To: to, MentionSrc: "/people", Readers: h.readers(ctx, timeline.Note{}), Attach: h.attach(ctx, contractID),
		Hidden: []ui.Option{{Value: "back", Label: back}, {Value: "to", Label: to}},
		Attrs:  ui.Attrs{"id": "note-box", "hx-post": action, "hx-target": "#trail-panel", "hx-swap": "morph:outerHTML"}}
}

// attach lets files be attached to what is written at a place, and the words be
// found again there by who wrote them.
func (h *Handlers) attach(ctx context.Context, place ...id.ID) *ui.AttachProps {
	if h.Files.Take == nil {
		return nil
	}
	p := &ui.AttachProps{Src: h.Files.Src, Draft: who.From(ctx).Member.String()}
	for _, ref := range place {
		p.Draft += "." + ref.String()
	}
	return p
}

// filesOf are the files of a note as they are drawn, the pictures first.
func filesOf(n timeline.Note) []ui.FileProps {
	var pictures, others []ui.FileProps
	for _, f := range n.Files {
		p := ui.FileProps{ID: f.ID.String(), Href: "/files/" + f.ID.String(), Name: f.Name, Size: words.Size(f.Size)}
		if !f.Preview {
			others = append(others, p)
			continue
		}
		p.Preview = p.Href + "/preview"
		p.Width, p.Height = within(f.Width, f.Height, 320, 144)
		pictures = append(pictures, p)
	}
	return append(pictures, others...)
}

// within is the size of a picture that is to be no larger than w by h.
func within(width, height, w, h int) (int, int) {
	if width > w {
		width, height = w, max(1, height*w/width)
	}
	if height > h {
		width, height = max(1, width*h/height), h
	}
	return width, height
}

// drawing holds what all entries of a page need.
type drawing struct {
	ctx    context.Context
	now    time.Time
	today  cal.Date
	actor  who.Actor
	say    *speaker
	abouts map[string]map[id.ID]string
}

func (h *Handlers) drawing(ctx context.Context, p timeline.Page) (*drawing, error) {
	now := h.svc.Now()
	d := &drawing{ctx: ctx, now: now, today: words.Today(ctx, now), actor: who.From(ctx), abouts: map[string]map[id.ID]string{}}
	var events []*timeline.Event
	abouts := map[string][]id.ID{}
	for _, e := range p.Entries {
		if e.Event != nil {
			events = append(events, e.Event)
			continue
		}
		for _, n := range append([]timeline.Note{*e.Note}, e.Note.Replies...) {
			if n.AboutID != 0 && n.AboutKind != "import" {
				abouts[n.AboutKind] = append(abouts[n.AboutKind], n.AboutID)
			}
		}
	}
	var err error
	for kind, ids := range abouts {
		if d.abouts[kind], err = h.svc.Names(ctx, kind, ids); err != nil {
			return nil, err
		}
	}
	d.say, err = h.speaker(ctx, events)
	return d, err
}

// ahead is what stands above the newest entry: the renewal to come and the
// line of today, on which the system says what is the matter.
func (d *drawing) ahead(p timeline.Page) []entryView {
	var list []entryView
	now := entryView{props: ui.EntryProps{Kind: "now",
		When: ui.When{Text: words.T(d.ctx, "when.today"), ISO: string(d.today), Exact: words.DayLong(d.ctx, d.today)}}}
	c := p.Contract
	switch days := d.today.DaysUntil(c.Renewal); {
	case c.Renewal.IsZero():
	case days > 0:
		list = append(list, entryView{lines: []string{words.T(d.ctx, "timeline.renewal_in", "Count", days)},
			props: ui.EntryProps{Kind: "plan", When: ui.On(d.ctx, c.Renewal, d.today)}})
	case days == 0:
		now.lines = append(now.lines, words.T(d.ctx, "timeline.renewal_today"))
	default:
		now.lines = append(now.lines, words.T(d.ctx, "timeline.renewal_past", "Count", -days))
	}
	if c.Last.IsZero() {
		now.lines = append(now.lines, words.T(d.ctx, "timeline.no_words"))
	} else if n := d.daysBetween(c.Last, d.now); n >= silenceDays {
		now.lines = append(now.lines, words.T(d.ctx, "timeline.silence_now", "Count", n))
	}
	end := p.Older
	if len(p.Entries) > 0 {
		end = p.Entries[0].At()
	}
	now.props.Strip = strip("now", "", d.months(d.now, end))
	return append(list, now)
}

func (d *drawing) daysBetween(from, to time.Time) int { return d.day(from).DaysUntil(d.day(to)) }

func (d *drawing) day(t time.Time) cal.Date { return words.Today(d.ctx, t) }

// entries draws the page; neighbouring events of one cause within a minute
// become one entry.
func (d *drawing) entries(p timeline.Page, silences bool) []entryView {
	var list []entryView
	for i := 0; i < len(p.Entries); {
		j := i + 1
		for j < len(p.Entries) && together(p.Entries[i].Event, p.Entries[j].Event) {
			j++
		}
		end := p.Older
		if j < len(p.Entries) {
			end = p.Entries[j].At()
		}
		var e entryView
		if n := p.Entries[i].Note; n != nil {
			e = d.noteEntry(*n, silences)
		} else {
			e = d.eventEntry(p.Entries[i:j])
		}
		i = j
		if e.note == nil && len(e.lines) == 0 {
			continue // nobody wrote a sentence for it
		}
		e.props.Strip = strip(e.props.Kind, e.props.Mark, d.months(p.Entries[j-1].At(), end))
		list = append(list, e)
	}
	return list
}

func together(a, b *timeline.Event) bool {
	return a != nil && b != nil && a.Actor == b.Actor && a.CauseKind == b.CauseKind && a.CauseID == b.CauseID && a.At.Sub(b.At) <= time.Minute
}

// mostLines is how much one entry of the system may say.
const mostLines = 8

func (d *drawing) eventEntry(group []timeline.Entry) entryView {
	e := entryView{props: ui.EntryProps{ID: "event-" + group[0].Event.ID.String(), Kind: "system", When: ui.Ago(d.ctx, group[0].At(), d.now)}}
	events := make([]*timeline.Event, len(group))
	for i, one := range group {
		events[i] = one.Event
	}
	e.lines, e.bulk = d.say.lines(events), bulkOf(events[0])
	if n := len(e.lines) - mostLines; n > 1 {
		e.lines = append(e.lines[:mostLines], words.T(d.ctx, "timeline.and_more", "Count", n))
	}
	return e
}

func (d *drawing) noteEntry(n timeline.Note, silences bool) entryView {
	v := d.note(n, n.ID)
	if age := d.daysBetween(n.At, d.now); age == 1 {
		v.when = ui.When{Text: words.Clock(d.ctx, n.At), ISO: words.ISO(d.ctx, n.At), Exact: words.Stamp(d.ctx, n.At)}
	} else {
		v.when = ui.When{}
	}
	for _, r := range n.Replies {
		v.replies = append(v.replies, d.reply(r, n))
	}
	if silences && !n.Before.IsZero() {
		if days := d.daysBetween(n.Before, n.At); days >= silenceDays {
			v.silence = words.T(d.ctx, "timeline.silence", "Count", days)
		}
	}
	e := entryView{note: &v, props: ui.EntryProps{ID: "note-" + n.ID.String(), Kind: "note", When: ui.Ago(d.ctx, n.At, d.now), Mark: mark(n.Hunch)}}
	e.props.When.Exact += d.stood(n.Context)
	return e
}

func mark(h timeline.Hunch) string {
	switch h {
	case timeline.Bad:
		return "sesame"
	case timeline.Good:
		return "sesame-open"
	}
	return "dot"
}

// stood says how the contract stood when the note was written, for the hover.
func (d *drawing) stood(c timeline.Context) string {
	var parts []string
	if c.Days != nil && *c.Days >= 0 {
		parts = append(parts, words.T(d.ctx, "timeline.days_then", "Count", *c.Days))
	}
	if said := d.say.outlook(c.Outlook); said != "" {
		parts = append(parts, words.T(d.ctx, "timeline.outlook_then", "Outlook", said))
	}
	if len(parts) == 0 {
		return ""
	}
	return words.T(d.ctx, "timeline.then", "How", strings.Join(parts, words.T(d.ctx, "timeline.comma")))
}

func (d *drawing) reply(r, top timeline.Note) noteView {
	v := d.note(r, top.ID)
	if d.day(r.At) == d.day(top.At) && d.day(r.At) != d.today {
		v.when.Text = words.Clock(d.ctx, r.At)
	}
	return v
}

// note draws what notes and replies share.
func (d *drawing) note(n timeline.Note, top id.ID) noteView {
	v := noteView{Note: n, top: top, when: ui.Ago(d.ctx, n.At, d.now)}
	v.writes = d.actor.May(who.Write)
	v.mine = v.writes && n.Author.ID == d.actor.Member && d.actor.Member != 0
	v.deletes = v.mine || d.actor.May(who.Administer)
	v.open = v.mine && n.Hunch != "" && n.Body != "" && n.HunchOpen(d.now)
	v.offer = v.mine && n.Hunch == "" && d.now.Sub(n.At) < timeline.HunchFreeze && worry.Sounds(n.Body)
	if n.Visibility == timeline.AuthorOnly {
		v.only = d.only(n)
	}
	if name := d.abouts[n.AboutKind][n.AboutID]; name != "" {
		v.about = words.T(d.ctx, "timeline.about", "Name", name)
	}
	if n.Author.Name == "" {
		v.Author.Name = words.T(d.ctx, "timeline.actor.import")
	}
	return v
}

// only names those who may read a limited note, its author first.
func (d *drawing) only(n timeline.Note) string {
	var names []string
	if len(n.Readers) > 0 || n.Author.ID != d.actor.Member {
		names = append(names, n.Author.Name)
	}
	for _, r := range n.Readers {
		if r.Kind != "member" || r.ID != n.Author.ID {
			names = append(names, r.Name)
		}
	}
	return ui.OnlyLine(d.ctx, names...)
}

// monthTick is the first of a month in an entry's stretch of time.
type monthTick struct{ y, label string }

// months are the firsts of months between two moments, at their place in the
// entry; at most three, or they would stand on each other.
func (d *drawing) months(from, to time.Time) []monthTick {
	if to.IsZero() || !from.After(to) {
		return nil
	}
	var all []monthTick
	first := cal.Date(string(d.day(from))[:8] + "01")
	for ; ; first = first.AddMonths(-1) {
		at := time.Date(first.Year(), time.Month(first.Month()), 1, 0, 0, 0, 0, words.From(d.ctx).Zone)
		if !at.After(to) || first == "" {
			break
		}
		share := float64(from.Sub(at)) / float64(from.Sub(to))
		all = append(all, monthTick{fmt.Sprintf("%.1f%%", 100*share), words.T(d.ctx, "when.month."+strconv.Itoa(first.Month()))})
	}
	step := (len(all) + 2) / 3
	var kept []monthTick
	for i := 0; i < len(all); i += max(step, 1) {
		kept = append(kept, all[i])
	}
	return kept
}

// olderThan names the way to older entries by the month or day it starts from.
func (d *drawing) olderThan(p timeline.Page) string {
	last, next := d.day(p.Entries[len(p.Entries)-1].At()), d.day(p.Older)
	when := words.DayNear(d.ctx, last, d.today)
	if last.Month() != next.Month() || last.Year() != next.Year() {
		when = words.T(d.ctx, "timeline.month", "Year", strconv.Itoa(last.Year()), "Name", words.MonthName(d.ctx, last.Month()))
	}
	return words.T(d.ctx, "timeline.earlier", "When", when)
}
