// Package orghttp holds the pages and endpoints of the customer organizations.
package orghttp

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Handlers serves the pages. Contracts lists what an organization has bought;
// the app hands it in.
type Handlers struct {
	svc       *org.Service
	Contracts func(ctx context.Context, orgID id.ID) (templ.Component, error)
}

// New makes the handlers.
func New(svc *org.Service) *Handlers { return &Handlers{svc: svc} }

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/organizations", Need: who.Read, Handle: h.list},
		{Method: "GET", Path: "/organizations/{id}", Need: who.Read, Handle: h.show},
		{Method: "POST", Path: "/organizations/{id}", Need: who.Write, Handle: h.save},
	}
}

func (h *Handlers) list(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	page, err := h.svc.List(ctx, q.Get("q"), q.Get("cursor"), 0)
	if err != nil {
		return err
	}
	next := ""
	if page.Next != "" {
		v := r.URL.Query()
		v.Set("cursor", page.Next)
		next = "/organizations?" + v.Encode()
	}
	m := web.Meta{Title: words.T(ctx, "shell.place.organizations"), Place: "/organizations"}
	return web.Page(w, r, http.StatusOK, m, listPage(q.Get("q"), page.Items, next))
}

func (h *Handlers) show(w http.ResponseWriter, r *http.Request) error {
	p, err := h.load(r)
	if err != nil {
		return err
	}
	p.values = p.was()
	return h.render(w, r, http.StatusOK, p)
}

// load reads the organization of the path and the name of its parent.
func (h *Handlers) load(r *http.Request) (p orgPage, err error) {
	orgID, err := web.PathID(r, "id")
	if err != nil {
		return p, err
	}
	ctx := r.Context()
	if p.org, err = h.svc.Get(ctx, orgID); err != nil || p.org.ParentID == 0 {
		return p, err
	}
	p.parent, err = h.svc.Get(ctx, p.org.ParentID)
	return p, err
}

func (h *Handlers) render(w http.ResponseWriter, r *http.Request, status int, p orgPage) error {
	ctx := r.Context()
	p.writes = who.From(ctx).May(who.Write)
	var err error
	if p.contracts, err = h.Contracts(ctx, p.org.ID); err != nil {
		return err
	}
	return web.Page(w, r, status, web.Meta{Title: p.org.Name, Place: "/organizations"}, p.view())
}

// editable are the attributes of the form.
var editable = []string{"name", "kana", "corporate_number", "closing_month", "parent"}

// was is the organization as its form shows it; the parent goes by its name.
func (p orgPage) was() web.Form {
	month := ""
	if p.org.ClosingMonth > 0 {
		month = strconv.Itoa(p.org.ClosingMonth)
	}
	return web.Form{Values: map[string][]string{"name": {p.org.Name}, "kana": {p.org.Kana},
		"corporate_number": {p.org.CorporateNumber}, "closing_month": {month}, "parent": {p.parent.Name}}}
}

// untouched reports whether a form sends a field as it got it.
func (p orgPage) untouched(name string) bool {
	return p.values.Has("was_"+name) && p.values.Line(name) == p.values.Line("was_"+name)
}

// refresh readies a form with an error for being sent again: what was not
// touched is as it is now, and the value of others counts as seen only where
// the conflict was said.
func (p orgPage) refresh(conflict bool) {
	now := p.was()
	for _, name := range editable {
		switch {
		case p.untouched(name):
			p.values.Set(name, now.Get(name))
			p.values.Set("was_"+name, now.Get(name))
		case conflict && p.errors[name] != "":
			p.values.Set("was_"+name, now.Get(name))
		}
	}
}

// seen is the value a field is edited from.
func (p orgPage) seen(name string) string {
	if p.values.Has("was_" + name) {
		return p.values.Get("was_" + name)
	}
	return p.was().Get(name)
}

// save sends each touched field with the value the form was made of, so that two
// people who edit at once see each other.
func (h *Handlers) save(w http.ResponseWriter, r *http.Request) error {
	p, err := h.load(r)
	if err != nil {
		return err
	}
	if p.values, err = web.ReadForm(r); err != nil {
		return err
	}
	ctx := r.Context()
	edits, err := h.edits(ctx, p)
	if err == nil {
		_, err = h.svc.Update(ctx, p.org.ID, edits)
	}
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		p.errors, p.open = web.FieldErrors(ctx, err), true
		p.refresh(errs.Is(err, errs.Conflict))
		return h.render(w, r, web.Status(errs.As(err).Code), p)
	}
	return web.RedirectSaying(w, r, "/organizations/"+p.org.ID.String(), web.Toast{Text: words.T(ctx, "org.saved")})
}

func (h *Handlers) edits(ctx context.Context, p orgPage) ([]org.Edit, error) {
	var edits []org.Edit
	for _, name := range editable[:len(editable)-1] {
		if p.untouched(name) {
			continue
		}
		edits = append(edits, org.Edit{Field: name, Old: p.values.Get("was_" + name), New: p.values.Line(name), HasOld: p.values.Has("was_" + name)})
	}
	parent, err := h.parentEdit(ctx, p)
	if parent != nil {
		edits = append(edits, *parent)
	}
	return edits, err
}

// parentEdit is the change of the parent, which the form knows by its name;
// nil if the form leaves it as it was made of.
func (h *Handlers) parentEdit(ctx context.Context, p orgPage) (*org.Edit, error) {
	name := p.values.Line("parent")
	if p.untouched("parent") || name == p.parent.Name {
		return nil, nil
	}
	if p.values.Has("was_parent") && p.values.Line("was_parent") != p.parent.Name {
		e := errs.New(errs.Conflict, "org.err.changed", "Field", "parent", "Theirs", p.parent.Name, "Yours", name)
		e.Field = "parent"
		return nil, e
	}
	parentID, err := h.byName(ctx, name)
	return &org.Edit{Field: "parent", Old: p.org.ParentID.String(), New: parentID.String(), HasOld: true}, err
}

// byName finds the organization people mean by a name; "" is none.
func (h *Handlers) byName(ctx context.Context, name string) (id.ID, error) {
	if name == "" {
		return 0, nil
	}
	o, found, err := h.svc.Named(ctx, name)
	if err == nil && !found {
		err = errs.Field("parent", "org.err.parent")
	}
	return o.ID, err
}

func monthOptions(ctx context.Context) []ui.Option {
	out := []ui.Option{{Label: words.T(ctx, "org.month_unknown")}}
	for m := 1; m <= 12; m++ {
		out = append(out, ui.Option{Value: strconv.Itoa(m), Label: words.MonthName(ctx, m)})
	}
	return out
}
