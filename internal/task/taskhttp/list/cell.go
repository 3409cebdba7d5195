package list

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/task/taskhttp/line"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/workspace"
)

// fields are what can be changed where it stands, by the name of the cell.
var fields = []string{"title", "owner", "due", "minutes", "state"}

// cellForm is the form of one value of a task.
type cellForm struct {
	it      task.Item
	name    string
	was     string // what the change starts from
	value   string // what stands in the input
	why     string // of a state
	error   string
	whyErr  string
	theirs  string // in words, when somebody else changed it meanwhile
	parts   int    // still open, of a task that is to be done
	members []workspace.Member
	back    string
	inCell  bool
}

func path(ref id.ID, below ...string) string {
	return "/tasks/" + strings.Join(append([]string{ref.String()}, below...), "/")
}

func cellID(ref id.ID, name string) string { return "cell-" + ref.String() + "-" + name }

// written is a value as a form writes it and an edit reads it.
func written(it task.Item, name string) string {
	switch name {
	case "title":
		return it.Title
	case "owner":
		if it.Owner != 0 {
			return it.Owner.String()
		}
	case "due":
		return string(it.Due)
	case "minutes":
		if it.Minutes > 0 {
			return strconv.Itoa(it.Minutes)
		}
	case "state":
		return string(it.State)
	}
	return ""
}

// said is a value in words.
func said(ctx context.Context, it task.Item, name string) (s string) {
	switch name {
	case "title":
		s = it.Title
	case "owner":
		s = it.OwnerName
	case "due":
		if it.Due != "" {
			s = words.DayLong(ctx, it.Due)
		}
	case "minutes":
		if it.Minutes > 0 {
			s = words.T(ctx, "task.minutes_of", "Count", it.Minutes)
		}
	case "state":
		s = words.T(ctx, "task.state."+string(it.State))
	}
	if s == "" {
		return words.T(ctx, "task.unset")
	}
	return s
}

func (h *Handlers) openCell(r *http.Request) (*cellForm, error) {
	ctx := r.Context()
	ref, err := web.PathID(r, "id")
	if err != nil {
		return nil, err
	}
	c := &cellForm{name: r.PathValue("field"), inCell: web.IsFragment(r)}
	if !slices.Contains(fields, c.name) {
		return nil, errs.Missing("page")
	}
	if c.it, err = h.svc.Get(ctx, ref); err != nil {
		return nil, err
	}
	c.back = web.LocalPath(r.FormValue("back"), web.LocalPath(referer(r), path(ref)))
	c.was = written(c.it, c.name)
	c.value = c.was
	if c.name == "owner" {
		c.members, err = h.people.Members(ctx)
	}
	return c, err
}

// referer is the page of this site that a form was opened from.
func referer(r *http.Request) string {
	if u, err := url.Parse(r.Referer()); err == nil && u.Host == r.Host && u.Host != "" {
		return u.RequestURI()
	}
	return ""
}

func (h *Handlers) cellPage(w http.ResponseWriter, r *http.Request) error {
	c, err := h.openCell(r)
	if err != nil {
		return err
	}
	if c.inCell && r.URL.Query().Get("keep") != "" {
		return web.Fragment(w, r, http.StatusOK, cell(c.it, c.name, nil, true))
	}
	return c.show(w, r, http.StatusOK)
}

// show answers the form: into the cell for htmx, as a page otherwise.
func (c *cellForm) show(w http.ResponseWriter, r *http.Request, status int) error {
	if !c.inCell {
		title := words.T(r.Context(), "task.change_of", "Name", columnLabel(r.Context(), c.name))
		return web.Page(w, r, status, web.Meta{Title: title, Place: "/tasks"}, c.page(title))
	}
	if status != http.StatusOK { // back into the place the form stands in, not over the cell
		w.Header().Set("HX-Retarget", "#"+cellID(c.it.ID, c.name)+" .pop")
		w.Header().Set("HX-Reswap", "innerHTML")
	}
	return web.Fragment(w, r, status, c.form())
}

func (h *Handlers) saveCell(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	c, err := h.openCell(r)
	if err != nil {
		return err
	}
	before := c.it
	hasWas := f.Has("was")
	if hasWas {
		c.was = f.Line("was")
	}
	c.value, c.why = f.Line("new"), f.Line("why")
	if c.name == "state" {
		err = h.setState(r.Context(), c, f.Bool("all"))
	} else {
		err = h.setField(r.Context(), c, hasWas)
	}
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		c.refuse(r.Context(), err)
		return c.show(w, r, web.Status(errs.As(err).Code))
	}
	if c.it, err = h.svc.Get(r.Context(), before.ID); err != nil {
		return err
	}
	said := web.Toast{Text: words.T(r.Context(), "task.changed", "Name", columnLabel(r.Context(), c.name), "Title", c.it.Title)}
	switch {
	case f.Bool("undo"):
		said.Text = words.T(r.Context(), "task.undone")
		return c.undone(w, r, said)
	case c.it.Version != before.Version:
		said.Undo = c.undo(before)
	}
	if !c.inCell {
		return web.RedirectSaying(w, r, c.back, said)
	}
	web.Say(w, said)
	return web.Fragment(w, r, http.StatusOK, cell(c.it, c.name, nil, true))
}

// setField writes a value as people type it.
func (h *Handlers) setField(ctx context.Context, c *cellForm, hasOld bool) error {
	e := task.Edit{Field: c.name, Old: c.was, New: c.value, HasOld: hasOld}
	switch c.name {
	case "due":
		d, err := line.ReadDue(ctx, c.value)
		if err != nil {
			return err
		}
		e.Field, e.New = "due_date", string(d)
	case "minutes":
		n, err := line.ReadMinutes(c.value)
		if err != nil {
			return err
		}
		e.New = strconv.Itoa(n)
	case "owner":
		if e.Old == "" {
			e.Old = id.ID(0).String()
		}
	}
	_, err := h.svc.Update(ctx, c.it.ID, []task.Edit{e})
	return err
}

// setState settles a task with a word, or opens it again.
func (h *Handlers) setState(ctx context.Context, c *cellForm, all bool) (err error) {
	if c.was != string(c.it.State) {
		return &errs.E{Code: errs.Conflict, Key: "err.conflict", Field: "state"}
	}
	switch task.State(c.value) {
	case task.StateOpen:
		_, err = h.svc.Reopen(ctx, c.it.ID)
	case task.StateDone:
		_, err = h.svc.Done(ctx, c.it.ID, c.why, all)
	case task.StateSkipped:
		_, err = h.svc.Skip(ctx, c.it.ID, c.why)
	default:
		err = errs.Field("state", "err.choice")
	}
	return err
}

// refuse keeps what was typed and says why it was not taken. After a conflict
// the next try starts from the other's value: to save again is to have seen it.
func (c *cellForm) refuse(ctx context.Context, err error) {
	e := errs.As(err)
	list := web.FieldErrors(ctx, err)
	c.whyErr = list["why"] + list["words"]
	clash := e.Code == errs.Conflict && e.Key != "task.err.settled"
	switch {
	case clash:
		c.was, c.theirs = written(c.it, c.name), said(ctx, c.it, c.name)
	case e.Key == "task.err.open_subtasks":
		c.parts, _ = e.Args["Count"].(int)
	case c.whyErr == "":
		for _, c.error = range list {
		}
	}
}

// undo is the POST that brings the value before back, unless somebody has
// changed it since.
func (c *cellForm) undo(before task.Item) string {
	v := url.Values{"new": {written(before, c.name)}, "was": {written(c.it, c.name)}, "undo": {"1"}}
	if c.name == "state" && before.State != task.StateOpen {
		return "" // what it was settled with would have to be said again
	}
	return path(c.it.ID, "edit", c.name) + "?" + v.Encode()
}

// undone answers the button of a toast. On the table the cell is brought along
// beside an answer nobody shows; elsewhere the page is read again.
func (c *cellForm) undone(w http.ResponseWriter, r *http.Request, said web.Toast) error {
	u, err := url.Parse(r.Header.Get("HX-Current-URL"))
	if table := err == nil && u.Path == "/tasks" && u.Query().Get("as") == asTable; c.inCell && table {
		web.Say(w, said)
		return web.Fragment(w, r, http.StatusOK, cell(c.it, c.name, ui.Attrs{"hx-swap-oob": "outerHTML"}, false))
	}
	if c.inCell && err == nil {
		c.back = web.LocalPath(u.RequestURI(), c.back)
	}
	return web.RedirectSaying(w, r, c.back, said)
}

// answers makes the form of a cell answer into the cell.
func (c *cellForm) answers() ui.Attrs {
	if !c.inCell {
		return nil
	}
	return ui.Attrs{"hx-post": path(c.it.ID, "edit", c.name), "hx-target": "#" + cellID(c.it.ID, c.name), "hx-swap": "outerHTML"}
}

// keeps leaves the other's value and shows it in the cell.
func (c *cellForm) keeps() ui.Attrs {
	if !c.inCell {
		return nil
	}
	return ui.Attrs{"hx-get": path(c.it.ID, "edit", c.name) + "?keep=1", "hx-target": "#" + cellID(c.it.ID, c.name), "hx-swap": "outerHTML"}
}

// input is where the value is typed: its name is "new", whatever the field.
func (c *cellForm) input(ctx context.Context) ui.FieldProps {
	p := ui.FieldProps{ID: cellID(c.it.ID, c.name) + "-new", Name: "new", Label: columnLabel(ctx, c.name), Value: c.value, Error: c.error,
		Autocomplete: "off", Attrs: ui.Attrs{"autofocus": true}}
	switch c.name {
	case "owner":
		p.Type, p.Options = "select", line.Owners(ctx, c.members)
	case "due":
		p.Placeholder = words.T(ctx, "task.due_hint")
	case "minutes":
		p.Attrs["inputmode"] = "numeric"
	case "title":
		p.Required = true
	}
	return p
}

// stateOptions are the states a person gives a task.
func (c *cellForm) stateOptions(ctx context.Context) (out []ui.Option) {
	for _, st := range []task.State{task.StateOpen, task.StateDone, task.StateSkipped} {
		out = append(out, ui.Option{Value: string(st), Label: words.T(ctx, "task.state."+string(st)), Selected: c.value == string(st)})
	}
	return out
}

// laneDue says a day as lanes and tables do.
func laneDue(ctx context.Context, it task.Item, today cal.Date) ui.When {
	if !it.Open() { // nothing is late any more
		return ui.On(ctx, it.Due, today)
	}
	return line.Due(ctx, it.Due, today)
}
