package taskhttp

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// add is the form of a new task.
type add struct {
	contract id.ID
	parent   id.ID
	title    string
	due      string
	minutes  string
	back     string
	target   string // what htmx replaces with the answer
	errors   map[string]string
}

// Panel is the part やること of a contract's page.
func (h *Handlers) Panel(ctx context.Context, contract id.ID) (templ.Component, error) {
	return h.panel(ctx, add{contract: contract, back: contractPath(contract)})
}

func contractPath(contract id.ID) string { return "/contracts/" + contract.String() }

func (h *Handlers) panel(ctx context.Context, form add) (templ.Component, error) {
	p, err := h.svc.ForContract(ctx, form.contract)
	if err != nil {
		return nil, err
	}
	rows, err := h.rows(ctx, append(p.Open, p.Settled...), form.back)
	if err != nil {
		return nil, err
	}
	form.target = "#contract-tasks"
	return contractTasks(rows, form, who.From(ctx).May(who.Write)), nil
}

// listPage is the list of tasks with its filter.
type listPage struct {
	owner, state string
	owners       []ui.Option
	groups       []group
	pager        ui.PagerProps
	month        *ui.CalendarProps // of the calendar
	saved        []ui.Tab          // the views that were saved
	keep         templ.Component   // what can be done with this one
	form         add
	may          bool
}

func (p listPage) href(state string) string {
	return "/tasks?" + url.Values{"owner": {p.owner}, "state": {state}}.Encode()
}

func (h *Handlers) list(w http.ResponseWriter, r *http.Request) error {
	return h.showList(w, r, http.StatusOK, add{})
}

func (h *Handlers) showList(w http.ResponseWriter, r *http.Request, status int, form add) error {
	ctx, q := r.Context(), r.URL.Query()
	form.back, form.target = "/tasks", ""
	p := listPage{owner: q.Get("owner"), state: q.Get("state"), form: form, may: who.From(ctx).May(who.Write)}
	if p.owner == "" {
		p.owner = "me"
	}
	query := task.Query{Owner: p.owner, State: task.State(p.state), Cursor: q.Get("cursor")}
	if p.owner == "all" {
		query.Owner = ""
	}
	if !query.State.Valid() {
		p.state, query.State = string(task.StateOpen), task.StateOpen
	}
	if query.State != task.StateOpen {
		query.Sort = "created"
	}
	if p.keep = templ.NopComponent; h.Views != nil {
		var err error
		if p.saved, p.keep, err = h.Views(ctx, q); err != nil {
			return err
		}
	}
	if err := h.fill(ctx, &p, query, q); err != nil {
		return err
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "task.title"), Place: "/tasks", WriteTo: "#task-title"}, p.view())
}

// fill reads the tasks, as a list or into the days of a month.
func (h *Handlers) fill(ctx context.Context, p *listPage, query task.Query, q url.Values) error {
	var page task.Page
	var err error
	if q.Get("as") == "calendar" {
		err = h.readMonth(ctx, p, query, q.Get("month"))
	} else {
		page, err = h.svc.List(ctx, query)
	}
	if err != nil {
		return err
	}
	rows, err := h.rows(ctx, page.Items, "/tasks")
	if err != nil {
		return err
	}
	return h.arrange(ctx, p, rows, page.Next, q.Get("after"))
}

// arrange puts the rows under their headings and fills the filter.
func (h *Handlers) arrange(ctx context.Context, p *listPage, rows []row, next, after string) error {
	if p.state == string(task.StateOpen) {
		p.groups = grouped(rows, today(ctx), after)
	} else if len(rows) > 0 {
		p.groups = []group{{rows: rows}}
	}
	if next != "" {
		last := p.groups[len(p.groups)-1].rows
		q := url.Values{"cursor": {next}, "after": {groupOf(last[len(last)-1].task.Due, today(ctx))}}
		p.pager = ui.PagerProps{Href: p.href(p.state) + "&" + q.Encode(), Rows: "task-rows"}
	}
	members, err := h.people.Members(ctx)
	p.owners = append([]ui.Option{{Value: "me", Label: words.T(ctx, "task.mine")}, {Value: "all", Label: words.T(ctx, "task.everybodys")}},
		ownerOptions(ctx, members)...)
	p.owners[2].Value = "none"
	return err
}

// detail is the page of one task.
type detail struct {
	row
	parts   []row
	members []ui.Option
	old     edits
	form    edits
	part    add
	errors  map[string]string
}

// edits are the values of the edit form, as they are written in it.
type edits struct{ title, owner, due, minutes string }

func editsOf(t task.Task) edits {
	return edits{t.Title, t.Owner.String(), string(t.Due), strconv.Itoa(t.Minutes)}
}

func (h *Handlers) show(w http.ResponseWriter, r *http.Request) error {
	return h.showTask(w, r, http.StatusOK, func(*detail) {})
}

func (h *Handlers) showTask(w http.ResponseWriter, r *http.Request, status int, more func(*detail)) error {
	ctx := r.Context()
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	it, err := h.svc.Get(ctx, ref)
	if err != nil {
		return err
	}
	parts, err := h.svc.Subtasks(ctx, ref)
	if err != nil {
		return err
	}
	self := "/tasks/" + ref.String()
	rows, err := h.rows(ctx, append([]task.Item{it}, parts...), self)
	if err != nil {
		return err
	}
	members, err := h.people.Members(ctx)
	if err != nil {
		return err
	}
	d := detail{row: rows[0], parts: rows[1:], members: ownerOptions(ctx, members), old: editsOf(it.Task), form: editsOf(it.Task),
		part: add{parent: ref, back: self}}
	more(&d)
	return web.Page(w, r, status, web.Meta{Title: it.Title, Place: "/tasks"}, d.view())
}

func (h *Handlers) create(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	form := add{title: f.Line("title"), due: f.Line("due"), minutes: f.Line("minutes")}
	n := task.New{Title: form.title}
	var e1, e2, e3, e4 error
	n.Contract, e1 = f.ID("contract")
	n.Parent, e2 = f.ID("parent")
	n.Due, e3 = readDue(ctx, form.due)
	n.Minutes, e4 = readMinutes(form.minutes)
	form.contract, form.parent = n.Contract, n.Parent
	form.back = web.LocalPath(f.Get("back"), h.home(n))
	err = firstErr(e1, e2, e3, e4)
	var t task.Task
	if err == nil {
		t, err = h.svc.Create(ctx, n)
	}
	if err != nil {
		return h.createFailed(w, r, form, err)
	}
	said := web.Toast{Text: words.T(ctx, "task.added", "Title", t.Title), Undo: "/tasks/" + t.ID.String() + "/delete"}
	if web.IsFragment(r) && n.Contract != 0 && n.Parent == 0 {
		panel, err := h.panel(ctx, add{contract: n.Contract, back: form.back})
		if err != nil {
			return err
		}
		web.Say(w, said)
		return web.Fragment(w, r, http.StatusOK, panel)
	}
	return web.RedirectSaying(w, r, form.back, said)
}

func (h *Handlers) home(n task.New) string {
	switch {
	case n.Parent != 0:
		return "/tasks/" + n.Parent.String()
	case n.Contract != 0:
		return contractPath(n.Contract)
	}
	return "/tasks"
}

func (h *Handlers) createFailed(w http.ResponseWriter, r *http.Request, form add, err error) error {
	if !web.IsInput(err) {
		return err
	}
	form.errors = web.FieldErrors(r.Context(), err)
	if web.IsFragment(r) && form.contract != 0 {
		panel, err := h.panel(r.Context(), form)
		if err != nil {
			return err
		}
		return web.Fragment(w, r, http.StatusUnprocessableEntity, panel)
	}
	return h.showList(w, r, http.StatusUnprocessableEntity, form)
}

// readDue reads a day as people type it.
func readDue(ctx context.Context, s string) (cal.Date, error) {
	if s == "" {
		return "", nil
	}
	d, err := cal.ParseLoose(s, today(ctx))
	if err != nil {
		return "", errs.Field("due", "task.err.date").With(err)
	}
	return d, nil
}

// readMinutes reads 10, １０ or 10分.
func readMinutes(s string) (int, error) {
	s = strings.TrimSpace(strings.TrimSuffix(cleanDigits(s), "分"))
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, errs.Field("minutes", "task.err.minutes", "Max", task.MaxMinutes)
	}
	return n, nil
}

func cleanDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, s)
}

func firstErr(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}
