package contracthttp

import (
	"context"
	"net/http"
	"net/url"

	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/errs"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// undoLimit is the longest address an undo may have.
const undoLimit = 1500

// cellPage is the form of one attribute.
type cellPage struct {
	b       *book.Book
	c       contract.Contract
	name    string
	was     string // what the change starts from
	value   string // what stands in the input
	why     string // of an outlook
	error   string
	theirs  string // in words, when somebody else changed it meanwhile
	clash   bool
	options []string // suggested words
	back    string
	inCell  bool
}

func (p *cellPage) id() string { return book.CellID(p.c.ID, p.name) }

// openCell reads what both the form and its answer need.
func (h *Handlers) openCell(r *http.Request) (*cellPage, error) {
	ctx := r.Context()
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return nil, err
	}
	b, err := book.Open(ctx, h.people, h.fields)
	if err != nil {
		return nil, err
	}
	p := &cellPage{b: b, name: r.PathValue("field"), inCell: web.IsFragment(r), back: back(r, book.Path(contractID))}
	if !b.Changeable(p.name) {
		return nil, errs.Missing("page")
	}
	if p.c, err = h.svc.Get(ctx, contractID); err != nil {
		return nil, err
	}
	p.was, p.why = b.Written(p.c, p.name), p.c.OutlookWhy
	p.value = p.was
	return p, nil
}

// suggest finds the words already in use.
func (h *Handlers) suggest(ctx context.Context, p *cellPage) (err error) {
	switch p.name {
	case "phase":
		p.options, err = book.Phases(ctx, h.svc)
	case "status":
		p.options, err = h.svc.Distinct(ctx, "status")
	}
	return err
}

// back is where a form without JavaScript returns to: the page it was opened
// from.
func back(r *http.Request, fallback string) string {
	if b := r.FormValue("back"); b != "" {
		return web.LocalPath(b, fallback)
	}
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host || u.Host == "" {
		return fallback
	}
	return web.LocalPath(u.RequestURI(), fallback)
}

func (h *Handlers) cellPage(w http.ResponseWriter, r *http.Request) error {
	p, err := h.openCell(r)
	if err != nil {
		return err
	}
	if p.inCell && r.URL.Query().Get("keep") != "" {
		return web.Fragment(w, r, http.StatusOK, p.b.Changed(p.c, p.name))
	}
	return h.showCell(w, r, http.StatusOK, p)
}

// showCell answers the form: into the cell for htmx, as a page otherwise.
func (h *Handlers) showCell(w http.ResponseWriter, r *http.Request, status int, p *cellPage) error {
	if err := h.suggest(r.Context(), p); err != nil {
		return err
	}
	if !p.inCell {
		title := words.T(r.Context(), "contract.change_of", "Name", p.b.Label(r.Context(), p.name))
		return web.Page(w, r, status, web.Meta{Title: title, Place: "/contracts"}, p.page(title))
	}
	if status != http.StatusOK { // back into the place the form stands in, not over the cell
		w.Header().Set("HX-Retarget", "#"+p.id()+" .pop")
		w.Header().Set("HX-Reswap", "innerHTML")
	}
	return web.Fragment(w, r, status, p.form())
}

func (h *Handlers) saveCell(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	p, err := h.openCell(r)
	if err != nil {
		return err
	}
	before := p.c
	edits := p.read(f)
	after, err := h.svc.Update(r.Context(), p.c.ID, edits)
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		p.refuse(r.Context(), err)
		return h.showCell(w, r, web.Status(errs.As(err).Code), p)
	}
	p.c = after
	said := web.Toast{Text: words.T(r.Context(), "contract.changed", "Name", p.b.Label(r.Context(), p.name))}
	if f.Get("undo") != "" {
		said.Text = words.T(r.Context(), "contract.undone")
		return h.undone(w, r, p, said)
	}
	if after.Version != before.Version {
		said.Undo = p.undo(before, after)
	}
	return h.answerCell(w, r, p, said)
}

// read takes the new value and the one it started from out of the form.
func (p *cellPage) read(f web.Form) []contract.Edit {
	p.was, p.value = f.Text("was"), joined(f, "new")
	edits := []contract.Edit{{Field: p.name, Old: p.was, New: p.value, HasOld: f.Has("was"), Form: true}}
	if p.name == "outlook" && f.Has("why") {
		p.why = f.Line("why")
		edits = append(edits, contract.Edit{Field: "outlook_why", New: p.why, Form: true})
	}
	return edits
}

// refuse keeps what was typed and says why it was not taken. After a conflict
// the next try starts from the other's value: to save again is to have seen it.
func (p *cellPage) refuse(ctx context.Context, err error) {
	e := errs.As(err)
	if e.Code != errs.Conflict {
		p.error = web.FieldErrors(ctx, err)[e.Field]
		return
	}
	p.clash = true
	p.was = p.b.Written(p.c, p.name)
	if p.theirs = p.b.Said(ctx, p.name, p.c.Value(p.name)); p.theirs == "" {
		p.theirs = words.T(ctx, "contract.unset")
	}
}

func (h *Handlers) answerCell(w http.ResponseWriter, r *http.Request, p *cellPage, said web.Toast) error {
	if !p.inCell {
		return web.RedirectSaying(w, r, p.back, said)
	}
	web.Say(w, said)
	return web.Fragment(w, r, http.StatusOK, p.b.Changed(p.c, p.name))
}

// undone answers the button of a toast. On the list the cell is brought along
// beside an answer nobody shows; elsewhere the page is read again.
func (h *Handlers) undone(w http.ResponseWriter, r *http.Request, p *cellPage, said web.Toast) error {
	if !p.inCell {
		return web.RedirectSaying(w, r, p.back, said)
	}
	if u, err := url.Parse(r.Header.Get("HX-Current-URL")); err == nil && u.Path != "/contracts" {
		return web.RedirectSaying(w, r, web.LocalPath(u.RequestURI(), p.back), said)
	}
	web.Say(w, said)
	return web.Fragment(w, r, http.StatusOK, p.b.Beside(p.c, p.name))
}

// undo is the POST that brings the value before back, unless somebody has
// changed it since.
func (p *cellPage) undo(before, after contract.Contract) string {
	v := url.Values{"new": {p.b.Written(before, p.name)}, "was": {p.b.Written(after, p.name)}, "undo": {"1"}}
	if p.name == "outlook" {
		v.Set("why", before.OutlookWhy)
	}
	to := book.Path(p.c.ID, "edit", url.PathEscape(p.name)) + "?" + v.Encode()
	if len(to) > undoLimit {
		return ""
	}
	return to
}

// field is the input of a cell: its name is "new", whatever the attribute.
func (p *cellPage) field(ctx context.Context) ui.FieldProps {
	f := p.b.Input(ctx, p.name, p.value)
	f.ID, f.Name, f.Error = p.id()+"-new", "new", p.error
	attrs := ui.Attrs{"autofocus": true}
	for k, v := range f.Attrs {
		attrs[k] = v
	}
	if attrs["list"] != nil { // several cells may be open at once
		attrs["list"] = p.id() + "-words"
	}
	f.Attrs = attrs
	return f
}

// answers makes the form of a cell answer into the cell.
func (p *cellPage) answers() ui.Attrs {
	if !p.inCell {
		return nil
	}
	return ui.Attrs{"hx-post": book.Path(p.c.ID, "edit", p.name), "hx-target": "#" + p.id(), "hx-swap": "outerHTML"}
}

// keeps leaves the other's value and shows it in the cell.
func (p *cellPage) keeps() ui.Attrs {
	if !p.inCell {
		return nil
	}
	return ui.Attrs{"hx-get": book.Path(p.c.ID, "edit", p.name) + "?keep=1", "hx-target": "#" + p.id(), "hx-swap": "outerHTML"}
}
