package taskhttp

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/task/taskhttp/line"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
)

// act runs one act on the task of the path and answers with its row, or sends
// a browser without a script back to where the row stands. What is undone
// from a toast is put in its place wherever that is.
func (h *Handlers) act(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, f web.Form, ref id.ID) (task.Task, web.Toast, error)) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	t, said, err := do(ctx, f, ref)
	if err != nil {
		return h.actFailed(w, r, f, ref, err)
	}
	if said.Undo != "" && f.Get("back") != "" {
		said.Undo += separator(said.Undo) + "back=" + url.QueryEscape(f.Get("back"))
	}
	if !web.IsFragment(r) {
		return web.RedirectSaying(w, r, web.LocalPath(f.Get("back"), h.home(task.New{Contract: t.Contract, Parent: t.Parent})), said)
	}
	row, err := h.one(ctx, ref, f)
	if err != nil {
		return err
	}
	web.Say(w, said)
	if f.Bool("undo") {
		w.Header().Set("HX-Reswap", "none")
		return web.Fragment(w, r, http.StatusOK, line.InPlace(row))
	}
	return web.Fragment(w, r, http.StatusOK, line.Show(row))
}

func (h *Handlers) one(ctx context.Context, ref id.ID, f web.Form) (line.Row, error) {
	it, err := h.svc.Get(ctx, ref)
	if err != nil {
		return line.Row{}, err
	}
	rows, err := h.lines.Rows(ctx, []task.Item{it}, web.LocalPath(f.Get("back"), "/tasks"))
	if err != nil {
		return line.Row{}, err
	}
	return rows[0], nil
}

// actFailed shows the question or the error where it belongs.
func (h *Handlers) actFailed(w http.ResponseWriter, r *http.Request, f web.Form, ref id.ID, err error) error {
	ctx := r.Context()
	e := errs.As(err)
	open, _ := e.Args["Count"].(int)
	if e.Key != "task.err.open_subtasks" {
		open = 0
	}
	switch {
	case open > 0 && web.IsFragment(r):
		row, err := h.one(ctx, ref, f)
		row.Ask = open
		if err != nil {
			return err
		}
		return web.Fragment(w, r, http.StatusOK, line.Show(row))
	case web.IsFragment(r) || !web.IsInput(err):
		return err
	}
	return h.showTask(w, r, web.Status(e.Code), func(d *detail) {
		d.Ask, d.errors = open, web.FieldErrors(ctx, err)
	})
}

func undo(t task.Task, act string) string { return "/tasks/" + t.ID.String() + "/" + act }

// done settles or, when the box was unticked, opens again.
func (h *Handlers) done(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, func(ctx context.Context, f web.Form, ref id.ID) (task.Task, web.Toast, error) {
		if !f.Bool("done") {
			t, err := h.svc.Reopen(ctx, ref)
			return t, web.Toast{Text: words.T(ctx, "task.reopened", "Title", t.Title)}, err
		}
		t, err := h.svc.Done(ctx, ref, f.Text("words"), f.Bool("all"))
		return t, web.Toast{Text: words.T(ctx, "task.done", "Title", t.Title), Undo: undo(t, "reopen?undo=1")}, err
	})
}

func (h *Handlers) skip(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, func(ctx context.Context, f web.Form, ref id.ID) (task.Task, web.Toast, error) {
		t, err := h.svc.Skip(ctx, ref, f.Text("why"))
		return t, web.Toast{Text: words.T(ctx, "task.skipped", "Title", t.Title), Undo: undo(t, "reopen?undo=1")}, err
	})
}

func (h *Handlers) reopen(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, func(ctx context.Context, f web.Form, ref id.ID) (task.Task, web.Toast, error) {
		f.Set("undo", "1") // it comes from a toast: the row is replaced wherever it stands
		t, err := h.svc.Reopen(ctx, ref)
		return t, web.Toast{Text: words.T(ctx, "task.reopened", "Title", t.Title)}, err
	})
}

func (h *Handlers) remove(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, func(ctx context.Context, f web.Form, ref id.ID) (task.Task, web.Toast, error) {
		f.Set("undo", "1")
		t, err := h.svc.Delete(ctx, ref, words.T(ctx, "task.slip"))
		return t, web.Toast{Text: words.T(ctx, "task.deleted", "Title", t.Title), Undo: undo(t, "reopen?undo=1")}, err
	})
}

func (h *Handlers) snooze(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, func(ctx context.Context, f web.Form, ref id.ID) (task.Task, web.Toast, error) {
		until, err := readUntil(ctx, f)
		if err != nil {
			return task.Task{}, web.Toast{}, err
		}
		before, err := h.svc.Get(ctx, ref)
		if err != nil {
			return task.Task{}, web.Toast{}, err
		}
		t, err := h.svc.Snooze(ctx, ref, until)
		now := line.Today(ctx)
		back := before.SnoozeUntil
		if back < now {
			back = "" // an old one would be refused, and says nothing any more
		}
		said := web.Toast{Text: words.T(ctx, "task.snoozed", "Title", t.Title, "Day", words.Until(ctx, t.SnoozeUntil, now)),
			Undo: undo(t, "snooze?undo=1&until="+string(back))}
		if t.SnoozeUntil == "" {
			said = web.Toast{Text: words.T(ctx, "task.unsnoozed", "Title", t.Title)}
		}
		return t, said, err
	})
}

// readUntil reads the day of a button or, when it is empty, the one typed
// beside the buttons.
func readUntil(ctx context.Context, f web.Form) (cal.Date, error) {
	s := f.Line("until")
	if s == "" && !f.Bool("undo") {
		if s = f.Line("day"); s == "" {
			return "", errs.Field("until", "err.required")
		}
	}
	d, err := line.ReadDue(ctx, s)
	if err != nil {
		return "", errs.Field("until", "task.err.date")
	}
	return d, nil
}

func (h *Handlers) edit(w http.ResponseWriter, r *http.Request) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	form := edits{f.Line("title"), f.Get("owner"), f.Line("due"), f.Line("minutes")}
	day, e1 := line.ReadDue(ctx, form.due)
	minutes, e2 := line.ReadMinutes(form.minutes)
	if err = firstErr(e1, e2); err == nil {
		list := []task.Edit{{Field: "title", New: form.title}, {Field: "owner", New: form.owner},
			{Field: "due_date", New: string(day)}, {Field: "minutes", New: strconv.Itoa(minutes)}}
		for i := range list {
			_, list[i].HasOld = f.Values["old_"+list[i].Field]
			list[i].Old = f.Get("old_" + list[i].Field)
		}
		_, err = h.svc.Update(ctx, ref, unchangedLeftOut(list))
	}
	if err == nil {
		return web.RedirectSaying(w, r, "/tasks/"+ref.String(), web.Toast{Text: words.T(ctx, "task.saved")})
	}
	if !web.IsInput(err) {
		return err
	}
	return h.showTask(w, r, web.Status(errs.As(err).Code), func(d *detail) {
		d.form, d.errors = form, web.FieldErrors(ctx, err)
		if m, ok := d.errors["due_date"]; ok {
			d.errors["due"] = m
		}
	})
}

// unchangedLeftOut keeps what the person changed: another's change to another
// field is no conflict.
func unchangedLeftOut(list []task.Edit) []task.Edit {
	var kept []task.Edit
	for _, e := range list {
		if !e.HasOld || e.Old != e.New {
			kept = append(kept, e)
		}
	}
	return kept
}

// separator stands before one more value of an address.
func separator(address string) string {
	if strings.Contains(address, "?") {
		return "&"
	}
	return "?"
}
