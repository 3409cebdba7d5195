package list

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/contract/contracthttp/filter"
	"kizuki/internal/contract/contracthttp/unit"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/workspace"
)

// pageSize is how many contracts the list shows at a time.
const pageSize = 50

// listPage is the list of contracts.
type listPage struct {
	f        filter.Filter
	b        *book.Book
	rows     []row
	cols     []string  // attributes beside the list's own
	unit     unit.Unit // what the column of amounts is headed with
	tally    string
	all      string // takes all that match
	empty    bool   // nothing meets the filter
	next     string
	goesOn   bool // the search stopped before the page was full
	orgName  string
	statuses []string
	phases   []string
	ready    ready
	calendar filter.Calendar
	units    []workspace.Unit
	sections []section // the parts of a list that is divided
	cut      bool      // there are more of them than a page shows
	month    *ui.CalendarProps
	last     string          // what the last group comes to, "" if that is not known
	saved    []ui.Tab        // the views that were saved
	keep     templ.Component // what can be done with this one
}

// row is one contract; group stands before the first of it.
type row struct {
	c     contract.Contract
	said  Said
	group *group
}

func (h *Handlers) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f := filter.Read(r.URL.Query())
	p, q, err := h.open(ctx, f)
	if err != nil {
		return err
	}
	if err := h.beside(ctx, p, q); err != nil {
		return err
	}
	if q.Cursor == "" {
		none, err := h.total(ctx, p, q)
		if err != nil {
			return err
		}
		if none {
			return h.parts.Begin(w, r)
		}
	}
	if err := h.fill(ctx, p, q); err != nil {
		return err
	}
	if r.Header.Get("HX-Target") == "sheet" { // the address without what the form left empty
		w.Header().Set("HX-Push-Url", f.Href("cursor", ""))
	}
	meta := web.Meta{Title: words.T(ctx, "shell.place.contracts"), Place: "/contracts", Query: f.Get("q")}
	if p.f.As() == filter.AsBoard {
		meta.Islands = []string{"board"}
	} else if p.b.May {
		meta.Islands = []string{"pick"}
	}
	return web.Page(w, r, http.StatusOK, meta, p.view())
}

// open reads what is asked for.
func (h *Handlers) open(ctx context.Context, f filter.Filter) (p *listPage, q contract.Query, err error) {
	b, err := book.Open(ctx, h.people, h.fields)
	if err != nil {
		return nil, q, err
	}
	p = &listPage{f: f, b: b, all: words.T(ctx, "contract.pick.every"), cols: f.Columns(b.Fields), keep: templ.NopComponent}
	if p.calendar, err = h.calendar(ctx, b.Today); err != nil {
		return nil, q, err
	}
	q, err = f.Query(ctx, b.Today, p.calendar)
	return p, q, err
}

// beside reads what the filter and the tabs need.
func (h *Handlers) beside(ctx context.Context, p *listPage, q contract.Query) (err error) {
	if p.statuses, err = h.svc.Distinct(ctx, "status"); err != nil {
		return err
	}
	if p.phases, err = book.Phases(ctx, h.svc); err != nil {
		return err
	}
	if p.units, err = h.people.Units(ctx); err != nil {
		return err
	}
	if q.Org != 0 {
		o, err := h.orgs.Get(ctx, q.Org)
		if err != nil {
			return err
		}
		p.orgName = o.Name
	}
	if h.parts.Views != nil {
		p.saved, p.keep, err = h.parts.Views(ctx, p.f.Values)
	}
	return err
}

// total reads what stands above the list; none tells that the workspace has no
// contract at all.
func (h *Handlers) total(ctx context.Context, p *listPage, q contract.Query) (none bool, err error) {
	all, err := h.svc.Total(ctx, q)
	if err != nil {
		return false, err
	}
	p.empty = all.N == 0
	switch {
	case !p.empty:
		p.all = words.T(ctx, "contract.pick.all", "Count", all.N)
		if !all.Exact {
			p.all = words.T(ctx, "contract.pick.every")
		}
		p.tally, err = h.tally(ctx, counted(ctx, all))
	case !p.f.Narrow():
		n, _, err := h.svc.Count(ctx, contract.Query{Ended: true, Archived: true})
		return n == 0, err
	}
	return false, err
}

// fill reads the contracts, and what stands beside them: each is one question
// for the whole page.
func (h *Handlers) fill(ctx context.Context, p *listPage, q contract.Query) error {
	if p.f.As() == filter.AsCalendar {
		return h.readMonth(ctx, p, q)
	}
	if attr := p.attribute(); attr != "" {
		if err := h.divide(ctx, p, attr); err != nil {
			return err
		}
		return h.spread(ctx, p)
	}
	q.Limit = pageSize
	found, err := h.svc.List(ctx, q)
	if err != nil {
		return err
	}
	p.goesOn = found.More
	said, err := h.lastWords(ctx, found.Items)
	if err != nil {
		return err
	}
	if err := h.fillReady(ctx, p, found.Items, said); err != nil {
		return err
	}
	if err := h.totalOfLast(ctx, p, q, found); err != nil {
		return err
	}
	p.lay(ctx, found, said)
	return nil
}

func (h *Handlers) lastWords(ctx context.Context, list []contract.Contract) (map[id.ID]Said, error) {
	if h.parts.LastWords == nil || len(list) == 0 {
		return nil, nil
	}
	ids := make([]id.ID, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	return h.parts.LastWords(ctx, ids)
}

// lay makes the rows, and heads each group where the list is in that order.
func (p *listPage) lay(ctx context.Context, found contract.Page, said map[id.ID]Said) {
	if u, ok := p.f.Unit(); ok {
		p.unit = u
	} else {
		p.unit = unit.Common(found.Items)
	}
	for _, c := range found.Items {
		p.rows = append(p.rows, row{c: c, said: said[c.ID]})
	}
	last := p.f.Get("group")
	if p.inPeriods() {
		last = p.headPeriods(ctx, found.Items)
	}
	if found.Next != "" {
		p.next = p.f.Next(found.Next, last, p.unit)
	}
}

// tally is the line above the table: how many, how much, and how fresh.
func (h *Handlers) tally(ctx context.Context, line string) (string, error) {
	line += words.T(ctx, "contract.stop")
	if h.parts.Sources == nil {
		return line, nil
	}
	at, source, err := h.parts.Sources(ctx)
	if err != nil || at.IsZero() {
		return line, err
	}
	return line + words.T(ctx, "contract.fresh", "When", words.Ago(ctx, at, web.Now(ctx)), "Source", source), nil
}

// heads are the columns of the table. Those that can be sorted by say so.
func (p *listPage) heads(ctx context.Context) []ui.Column {
	amount := ui.Column{Label: words.T(ctx, "contract.attr.amount"), Num: true}
	if p.unit.Currency != "" {
		amount.Label = p.unit.Head(ctx)
	}
	var heads []ui.Column
	if p.b.May {
		heads = append(heads, ui.Column{Label: words.T(ctx, "contract.pick.head"), Class: "pick-row"})
	}
	heads = append(heads,
		p.sorted(ui.Column{Label: words.T(ctx, "contract.head.contract")}, "name"),
		p.sorted(ui.Column{Label: words.T(ctx, "contract.attr.renewal_date"), Num: true}, "renewal"),
		ui.Column{Label: words.T(ctx, "contract.head.said")},
		ui.Column{Label: words.T(ctx, "contract.attr.outlook")},
		ui.Column{Label: words.T(ctx, "contract.attr.phase")},
		ui.Column{Label: words.T(ctx, "contract.head.owner")},
		p.sorted(amount, "amount"))
	for _, name := range p.cols {
		c := ui.Column{Label: p.columnLabel(ctx, name), Class: "drop"}
		f, custom := p.b.Field(name)
		c.Num = numeric(f)
		if name == "key" || custom && f.Indexed && f.Type != field.Choices {
			c = p.sorted(c, name)
		}
		heads = append(heads, c)
	}
	return append(heads, ui.Column{Label: words.T(ctx, "contract.head.data")})
}

// width is how many columns the table has.
func (p *listPage) width() int {
	if p.b.May {
		return 9 + len(p.cols)
	}
	return 8 + len(p.cols)
}

func numeric(f field.Field) bool { return f.Type == field.Number || f.Type == field.Money }

// sorted makes a head lead to the list sorted by it, and turned round when it
// already is.
func (p *listPage) sorted(c ui.Column, by string) ui.Column {
	now := p.f.Get("sort")
	if now == "" {
		now = "renewal"
	}
	c.Href = p.f.Href("sort", by)
	switch now {
	case by:
		c.Sort, c.Href = "ascending", p.f.Href("sort", "-"+by)
	case "-" + by:
		c.Sort = "descending"
	}
	return c
}
