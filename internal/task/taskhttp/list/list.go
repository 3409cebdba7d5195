// Package list holds the list of tasks: its filter that reads as a sentence, and
// what it finds as lines, a table, a board and a calendar.
package list

import (
	"context"
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/task/taskhttp/line"
	"kizuki/internal/web"
	"kizuki/internal/web/asked"
	"kizuki/internal/web/sheet"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// pageSize is how many tasks a list shows at a time.
const pageSize = 50

// Rule is one that makes tasks.
type Rule struct {
	ID   id.ID
	Name string
}

// Parts is what other features bring to the list. Any of them may be nil.
type Parts struct {
	// Views gives the saved views of the list as tabs, and what can be done with the
	// way q looks at it.
	Views func(ctx context.Context, q url.Values) ([]ui.Tab, templ.Component, error)
	// Phases are those contracts are in, in their order.
	Phases func(ctx context.Context) ([]string, error)
	// Rules are those that make tasks.
	Rules func(ctx context.Context) ([]Rule, error)
}

// Handlers serves the list.
type Handlers struct {
	svc    *task.Service
	people *workspace.Service
	lines  line.Maker
	Parts  Parts
}

// New makes the handlers.
func New(svc *task.Service, people *workspace.Service, lines line.Maker) *Handlers {
	return &Handlers{svc: svc, people: people, lines: lines}
}

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	routes := []web.Route{
		{Method: "GET", Path: "/tasks", Need: who.Read, Handle: h.list},
		{Method: "GET", Path: "/tasks/{id}/edit/{field}", Need: who.Write, Handle: h.cellPage},
		{Method: "POST", Path: "/tasks/{id}/edit/{field}", Need: who.Write, Handle: h.saveCell},
	}
	for _, kind := range sheet.Kinds {
		routes = append(routes, web.Route{Method: "GET", Path: "/tasks/shown." + kind, Need: who.Read, Handle: h.export(kind)})
	}
	return routes
}

// listPage is the list of tasks.
type listPage struct {
	f        filter
	days     calendar
	me       id.ID
	may      bool
	members  []workspace.Member
	units    []workspace.Unit
	phases   []string
	rules    []Rule
	contract string // the names of those the list is narrowed to
	org      string
	saved    []ui.Tab        // the views that were saved
	keep     templ.Component // what can be done with this one
	form     line.Add

	tally     string
	groups    []line.Group // as lines
	rows      []row        // as a table
	sections  []section    // as a divided table or a board
	cut       bool         // there are more sections than a page shows
	month     *ui.CalendarProps
	ruleNames map[id.ID]string // by firing
	next      string
	goesOn    bool // the search stopped before the page was full
}

// width is how many columns the table has.
func (p *listPage) width() int {
	if p.may {
		return 2 + len(p.f.columns())
	}
	return 1 + len(p.f.columns())
}

// row is one task of a table.
type row struct{ it task.Item }

func (h *Handlers) list(w http.ResponseWriter, r *http.Request) error {
	return h.Show(w, r, http.StatusOK, line.Add{})
}

// Show answers with the list, and the form of a new task as it was filled.
func (h *Handlers) Show(w http.ResponseWriter, r *http.Request, status int, form line.Add) error {
	ctx := r.Context()
	p, q, err := h.open(ctx, r.URL.Query())
	if err != nil {
		return err
	}
	p.form = form
	p.form.Back, p.form.Target = "/tasks", ""
	if err := h.beside(ctx, p, q); err != nil {
		return err
	}
	if err := h.fill(ctx, p, q); err != nil {
		return err
	}
	if r.Header.Get("HX-Target") == "sheet" { // the address without what the form left empty
		w.Header().Set("HX-Push-Url", p.f.href("cursor", ""))
	}
	meta := web.Meta{Title: words.T(ctx, "task.title"), Place: "/tasks", WriteTo: "#task-title"}
	if p.f.as() == asBoard {
		meta.Islands = []string{"board"}
	} else if p.f.as() == asTable && p.may {
		meta.Islands = []string{"pick"}
	}
	return web.Page(w, r, status, meta, p.view())
}

// open reads what is asked for.
func (h *Handlers) open(ctx context.Context, raw url.Values) (*listPage, task.Query, error) {
	a := who.From(ctx)
	p := &listPage{f: read(raw), days: calendar{line.Today(ctx), a.Sunday}, me: a.Member, may: a.May(who.Write), keep: templ.NopComponent}
	q, err := p.f.query(p.days)
	return p, q, err
}

// beside reads what the filter and the parts need: one question each.
func (h *Handlers) beside(ctx context.Context, p *listPage, q task.Query) (err error) {
	if p.members, err = h.people.Members(ctx); err != nil {
		return err
	}
	if p.units, err = h.people.Units(ctx); err != nil {
		return err
	}
	if h.Parts.Phases != nil {
		if p.phases, err = h.Parts.Phases(ctx); err != nil {
			return err
		}
	}
	if h.Parts.Rules != nil {
		if p.rules, err = h.Parts.Rules(ctx); err != nil {
			return err
		}
	}
	if p.contract, p.org, err = h.svc.Called(ctx, q.Contract, q.Org); err != nil {
		return err
	}
	if h.Parts.Views != nil {
		p.saved, p.keep, err = h.Parts.Views(ctx, p.f.Values)
	}
	return err
}

// fill reads the tasks in the way they are shown.
func (h *Handlers) fill(ctx context.Context, p *listPage, q task.Query) error {
	if q.Cursor == "" {
		total, err := h.svc.Total(ctx, q)
		if err != nil {
			return err
		}
		p.tally = p.counted(ctx, total)
	}
	switch {
	case p.f.as() == asCalendar:
		return h.readMonth(ctx, p, q)
	case p.f.by() != "":
		return h.divide(ctx, p, q)
	}
	q.Limit = pageSize
	found, err := h.svc.List(ctx, q)
	if err != nil {
		return err
	}
	p.goesOn = found.More
	after := ""
	if p.f.as() == asTable {
		if err := h.fillRows(ctx, p, found.Items); err != nil {
			return err
		}
	} else if after, err = h.fillLines(ctx, p, found.Items); err != nil {
		return err
	}
	if found.Next != "" {
		p.next = asked.Path("/tasks", asked.With(asked.With(p.f.Values, "cursor", found.Next), "after", after))
	}
	return nil
}

func (h *Handlers) fillRows(ctx context.Context, p *listPage, items []task.Item) (err error) {
	for _, it := range items {
		p.rows = append(p.rows, row{it})
	}
	p.ruleNames, err = h.lines.RuleNames(ctx, items)
	return err
}

// fillLines puts the lines under headings where they are in the order of days,
// and gives the last one.
func (h *Handlers) fillLines(ctx context.Context, p *listPage, items []task.Item) (last string, err error) {
	rows, err := h.lines.Rows(ctx, items, "/tasks")
	if err != nil || len(rows) == 0 {
		return "", err
	}
	if sort := p.f.Get("sort"); p.f.state() != task.StateOpen || sort != "" && sort != "due" {
		p.groups = []line.Group{{Rows: rows}}
		return "", nil
	}
	p.groups = line.Grouped(rows, p.days.today, p.days.weekEnd(), p.f.Get("after"))
	return line.GroupOf(items[len(items)-1].Due, p.days.today, p.days.weekEnd()), nil
}

// counted says how many tasks there are, and how long they are thought to take.
// What somebody else is to do has no minutes, and what they did no number: it is
// no one's figure.
func (p *listPage) counted(ctx context.Context, t task.Total) string {
	others := p.f.ofOthers(p.me)
	switch {
	case t.N == 0 && t.Exact, others && p.f.state() != task.StateOpen:
		return ""
	case !t.Exact && t.N == 0: // none among those looked at
		return ""
	case !t.Exact:
		return words.T(ctx, "task.count_more", "Count", t.N)
	case others || p.f.state() != task.StateOpen:
		return words.T(ctx, "task.count", "Count", t.N)
	}
	return words.T(ctx, "task.count_minutes", "Count", t.N, "Minutes", t.Minutes)
}
