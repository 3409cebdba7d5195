// Package todayhttp is the Today page: the queue, and the chosen contract
// beside it.
package todayhttp

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"kizuki/internal/api"
	"kizuki/internal/cal"
	"kizuki/internal/id"
	"kizuki/internal/today"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Sheet draws a contract for the place beside the queue: why it is here, and
// what can be done with the matter.
type Sheet func(ctx context.Context, contract id.ID, r *http.Request, why string, actions templ.Component) (templ.Component, error)

// Line is a line of another feature that stands before the queue's own. Its key
// names it in addresses and must not be one of the queue's.
type Line struct {
	Key string
	Row ui.QueueRowProps // without ID, Href and Current
}

// Lines are those lines, with the way to those there is no room for.
type Lines struct {
	List []Line
	More ui.QueueRowProps // none without Href
}

// Lead is what another feature puts before the queue; app hands it in.
type Lead struct {
	Lines func(ctx context.Context) (Lines, error)
	// Sheet draws what a line is about.
	Sheet func(ctx context.Context, key string, r *http.Request) (templ.Component, error)
}

// Handlers serves the page. Sheet comes from the contract pages by way of app,
// and so does Lead, which may be empty.
type Handlers struct {
	svc   *today.Service
	sheet Sheet
	Lead  Lead
}

// New makes the handlers.
func New(svc *today.Service, sheet Sheet) *Handlers { return &Handlers{svc: svc, sheet: sheet} }

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/today", Need: who.Read, Handle: h.page},
		{Method: "GET", Path: "/today/queue", Need: who.Read, Handle: h.queue},
		{Method: "POST", Path: "/today/{key}/done", Need: who.Self, Handle: h.done},
		{Method: "POST", Path: "/today/{key}/snooze", Need: who.Write, Handle: h.snooze},
	}
}

// API has nothing of its own: Today is tasks, the inbox and imports.
func (h *Handlers) API(*api.API) {}

func address(key string) string { return "/today?at=" + url.QueryEscape(key) }

// page shows the queue and the matter asked for, the first one otherwise. The
// address "empty" is what follows the last matter.
func (h *Handlers) page(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q, err := h.svc.Queue(ctx)
	if err != nil {
		return err
	}
	lines, err := h.lines(ctx)
	if err != nil {
		return err
	}
	at := r.URL.Query().Get("at")
	o, err := h.open(r, q, lines, at)
	if err != nil {
		return err
	}
	m := web.Meta{Title: words.T(ctx, "shell.place.today"), Place: "/today", Islands: []string{"queue", "mention", "attach"}}
	if o.writes {
		m.WriteTo = "#note"
	}
	return web.Page(w, r, http.StatusOK, m, desk(h.list(ctx, q, lines, o.key, at != ""), o.sheet))
}

// opened is what lies on the sheet.
type opened struct {
	key    string
	sheet  templ.Component
	writes bool // there is a note box
}

// open chooses what was asked for, else the first line there is.
func (h *Handlers) open(r *http.Request, q today.Queue, lines Lines, at string) (opened, error) {
	current, found := q.Find(at)
	lead := slices.ContainsFunc(lines.List, func(l Line) bool { return l.Key == at })
	switch {
	case lead:
	case !found && len(lines.List) > 0:
		at, lead = lines.List[0].Key, true
	case !found && len(q.Matters) > 0:
		current, found = q.Matters[0], true
	}
	if lead {
		body, err := h.Lead.Sheet(r.Context(), at, r)
		return opened{key: at, sheet: body}, err
	}
	if !found {
		return opened{sheet: emptySheet()}, nil
	}
	body, err := h.matter(r, q, current)
	return opened{current.Key, body, current.Contract != 0}, err
}

func (h *Handlers) lines(ctx context.Context) (Lines, error) {
	if h.Lead.Lines == nil {
		return Lines{}, nil
	}
	return h.Lead.Lines(ctx)
}

// queue is the list alone: the page asks for it after every act, whichever
// part of the page acted.
func (h *Handlers) queue(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q, err := h.svc.Queue(ctx)
	if err != nil {
		return err
	}
	lines, err := h.lines(ctx)
	if err != nil {
		return err
	}
	l := h.list(ctx, q, lines, "", true)
	l.head.Fresh = true
	return web.Fragment(w, r, http.StatusOK, fresh(l))
}

// list is the queue ready to draw.
type list struct {
	head   ui.QueueProps
	rows   []ui.QueueRowProps
	more   fold
	chosen bool // by the reader: on a phone the sheet comes first then
}

// fold is what is beyond the day's budget, said in one line.
type fold struct {
	text string
	rows []ui.QueueRowProps
	open bool // one of them is on the sheet
}

func (h *Handlers) list(ctx context.Context, q today.Queue, lines Lines, current string, chosen bool) list {
	out := list{chosen: chosen, head: ui.QueueProps{Title: words.T(ctx, "shell.place.today"), Empty: "/today?at=empty",
		Keys: len(q.Matters)+len(lines.List) > 0}}
	if q.Count > 0 {
		out.head.Remark = words.T(ctx, "today.left", "Count", q.Count, "Minutes", words.Number(max(q.Minutes, 1)))
	}
	for _, l := range lines.List {
		l.Row.ID, l.Row.Href, l.Row.Current = "m-"+l.Key, address(l.Key), l.Key == current
		out.rows = append(out.rows, l.Row)
	}
	if lines.More.Href != "" {
		out.rows = append(out.rows, lines.More)
	}
	var later int // folded ones that are not due yet
	for _, m := range q.Matters {
		row := rowOf(ctx, m, q.Today, web.Now(ctx))
		row.Current = m.Key == current
		if !m.Folded {
			out.rows = append(out.rows, row)
			continue
		}
		out.more.rows, out.more.open = append(out.more.rows, row), out.more.open || row.Current
		if m.Tasks[0].Due > q.Today {
			later++
		}
	}
	out.more.text = foldText(ctx, len(out.more.rows)-later, later)
	return out
}

// matter is the sheet of one matter: the contract, or a free task.
func (h *Handlers) matter(r *http.Request, q today.Queue, m today.Matter) (templ.Component, error) {
	ctx := r.Context()
	actions := acts(actsOf(ctx, m, q.Today))
	if m.Contract == 0 {
		return freeTask(m, actions), nil
	}
	return h.sheet(ctx, m.Contract, r, whyOf(ctx, m, q.Today), actions)
}

func (h *Handlers) done(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	m, err := h.svc.Done(ctx, r.PathValue("key"), f.Text("words"))
	if err != nil {
		return err
	}
	said := web.Toast{Text: words.T(ctx, "today.read")}
	if m.Kind == today.Tasks {
		t := m.Tasks[0]
		said = web.Toast{Text: words.T(ctx, "today.done", "Title", t.Title), Undo: "/tasks/" + t.ID.String() + "/reopen"}
	}
	return h.answer(w, r, m, said)
}

func (h *Handlers) snooze(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	now := cal.Of(web.Now(ctx).In(who.From(ctx).Location()))
	until, err := cal.ParseLoose(f.Line("until"), now)
	if err != nil || until == "" {
		until = now.AddDays(1)
	}
	m, err := h.svc.Snooze(ctx, r.PathValue("key"), until)
	if err != nil {
		return err
	}
	until = cal.Japan().OnOrAfter(until)
	return h.answer(w, r, m, web.Toast{Text: words.T(ctx, "today.snoozed", "When", words.Until(ctx, until, now))})
}

// answer says what was done. With a script the queue comes anew by itself;
// what is left of the same matter replaces its sheet.
func (h *Handlers) answer(w http.ResponseWriter, r *http.Request, m today.Matter, said web.Toast) error {
	if !web.IsFragment(r) {
		return web.RedirectSaying(w, r, "/today", said)
	}
	web.Say(w, said)
	q, err := h.svc.Queue(r.Context())
	if err != nil {
		return err
	}
	left, still := q.Find(m.Key)
	if !still {
		return web.Fragment(w, r, http.StatusOK, gone(m.Key))
	}
	sheet, err := h.matter(r, q, left)
	if err != nil {
		return err
	}
	w.Header().Set("HX-Retarget", "#sheet")
	w.Header().Set("HX-Reswap", "outerHTML show:none")
	return web.Fragment(w, r, http.StatusOK, onSheet(sheet))
}
