package taskhttp

import (
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/task/taskhttp/line"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// Panel is the part やること of a contract's page.
func (h *Handlers) Panel(ctx context.Context, contract id.ID) (templ.Component, error) {
	return h.panel(ctx, line.Add{Contract: contract, Back: contractPath(contract)})
}

func contractPath(contract id.ID) string { return "/contracts/" + contract.String() }

func (h *Handlers) panel(ctx context.Context, form line.Add) (templ.Component, error) {
	p, err := h.svc.ForContract(ctx, form.Contract)
	if err != nil {
		return nil, err
	}
	rows, err := h.lines.Rows(ctx, append(p.Open, p.Settled...), form.Back)
	if err != nil {
		return nil, err
	}
	form.Target = "#contract-tasks"
	return contractTasks(rows, form, who.From(ctx).May(who.Write)), nil
}

// detail is the page of one task.
type detail struct {
	line.Row
	parts   []line.Row
	members []ui.Option
	old     edits
	form    edits
	part    line.Add
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
	rows, err := h.lines.Rows(ctx, append([]task.Item{it}, parts...), self)
	if err != nil {
		return err
	}
	members, err := h.people.Members(ctx)
	if err != nil {
		return err
	}
	d := detail{Row: rows[0], parts: rows[1:], members: line.Owners(ctx, members), old: editsOf(it.Task), form: editsOf(it.Task),
		part: line.Add{Parent: ref, Back: self}}
	more(&d)
	return web.Page(w, r, status, web.Meta{Title: it.Title, Place: "/tasks"}, d.view())
}

func (h *Handlers) create(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	form := line.Add{Title: f.Line("title"), Due: f.Line("due"), Minutes: f.Line("minutes")}
	n := task.New{Title: form.Title}
	var e1, e2, e3, e4 error
	n.Contract, e1 = f.ID("contract")
	n.Parent, e2 = f.ID("parent")
	n.Due, e3 = line.ReadDue(ctx, form.Due)
	n.Minutes, e4 = line.ReadMinutes(form.Minutes)
	form.Contract, form.Parent = n.Contract, n.Parent
	form.Back = web.LocalPath(f.Get("back"), h.home(n))
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
		panel, err := h.panel(ctx, line.Add{Contract: n.Contract, Back: form.Back})
		if err != nil {
			return err
		}
		web.Say(w, said)
		return web.Fragment(w, r, http.StatusOK, panel)
	}
	return web.RedirectSaying(w, r, form.Back, said)
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

func (h *Handlers) createFailed(w http.ResponseWriter, r *http.Request, form line.Add, err error) error {
	if !web.IsInput(err) {
		return err
	}
	form.Errors = web.FieldErrors(r.Context(), err)
	if web.IsFragment(r) && form.Contract != 0 {
		panel, err := h.panel(r.Context(), form)
		if err != nil {
			return err
		}
		return web.Fragment(w, r, http.StatusUnprocessableEntity, panel)
	}
	return h.list.Show(w, r, http.StatusUnprocessableEntity, form)
}

func firstErr(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}
