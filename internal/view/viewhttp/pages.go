package viewhttp

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/view"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace/units"
)

// Strip are the saved views of a list as tabs, and what can be done with the way
// the list is looked at now.
func (h *Handlers) Strip(ctx context.Context, place string, q url.Values) (tabs []ui.Tab, save templ.Component, err error) {
	all, err := h.svc.List(ctx, place)
	if err != nil {
		return nil, nil, err
	}
	now, from := strip{place: place, query: view.Canonical(q.Encode())}, q.Get(view.Saved)
	if now.teams, err = h.svc.Teams(ctx); err != nil {
		return nil, nil, err
	}
	for _, v := range all {
		t := ui.Tab{Label: v.Name, Href: v.Href(), Current: v.ID.String() == from}
		if v.Unit != 0 {
			t.Label = words.T(ctx, "view.of", "Name", v.Name, "By", v.Team)
		} else if v.Member != who.From(ctx).Member {
			t.Label = words.T(ctx, "view.of", "Name", v.Name, "By", v.By)
		}
		if t.Current {
			now.from = v
		}
		tabs = append(tabs, t)
	}
	return tabs, now.view(), nil
}

// strip is how a list is looked at now: from is the view it began with.
type strip struct {
	place, query string
	from         view.View
	teams        []units.Unit // to share with
}

func (s strip) changed() bool { return s.from.ID != 0 && s.from.Query != s.query }

func mayChange(ctx context.Context, v view.View) bool {
	return view.MayChange(who.From(ctx), v)
}

// form is a view while it is named.
type form struct {
	v      view.View
	errors map[string]string
	teams  []units.Unit
}

// Whom a view is for, as the form sends it; else it is a team's id.
const (
	mine     = ""
	everyone = "everyone"
)

// audience is whom a view is for.
func audience(v view.View) string {
	if v.Shared {
		return everyone
	}
	return v.Unit.String()
}

// readAudience takes apart what the form says; shared=1 is what it said once.
func readAudience(f web.Form) (shared bool, unit id.ID, err error) {
	switch s := f.Get("for"); {
	case s == everyone || f.Bool("shared"):
		return true, 0, nil
	case s != mine:
		unit, err = f.ID("for")
	}
	return false, unit, err
}

func audiences(ctx context.Context, teams []units.Unit, v view.View) []ui.Option {
	list := []ui.Option{{Value: mine, Label: words.T(ctx, "view.mine")}}
	for _, u := range teams {
		list = append(list, ui.Option{Value: u.ID.String(), Label: u.Name})
	}
	if v.Unit != 0 && !slices.ContainsFunc(teams, func(u units.Unit) bool { return u.ID == v.Unit }) {
		list = append(list, ui.Option{Value: v.Unit.String(), Label: v.Team})
	}
	return append(list, ui.Option{Value: everyone, Label: words.T(ctx, "view.everyone")})
}

func (f form) action() string {
	if f.v.ID == 0 {
		return "/views"
	}
	return path(f.v.ID)
}

func path(ref id.ID, below ...string) string {
	p := "/views/" + ref.String()
	for _, b := range below {
		p += "/" + b
	}
	return p
}

func (h *Handlers) create(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	in := view.Input{Place: f.Get("place"), Name: f.Line("name"), Query: f.Get("query")}
	if in.Shared, in.Unit, err = readAudience(f); err != nil {
		return err
	}
	v, err := h.svc.Create(r.Context(), in)
	if err != nil {
		return h.again(w, r, form{v: view.View{Place: in.Place, Name: in.Name, Query: in.Query, Shared: in.Shared, Unit: in.Unit}}, err)
	}
	return h.said(w, r, v, "saved", path(v.ID, "delete"))
}

// again shows the form with what was wrong.
func (h *Handlers) again(w http.ResponseWriter, r *http.Request, f form, err error) error {
	e := errs.As(err)
	if e.Code != errs.Invalid {
		return err
	}
	f.errors = web.FieldErrors(r.Context(), e)
	return h.show(w, r, http.StatusUnprocessableEntity, f)
}

func (h *Handlers) show(w http.ResponseWriter, r *http.Request, status int, f form) error {
	ctx := r.Context()
	var err error
	if f.teams, err = h.svc.Teams(ctx); err != nil {
		return err
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "view.title"), Place: "/" + f.v.Place}, f.page())
}

// said leads to the list as the view shows it and says what happened.
func (h *Handlers) said(w http.ResponseWriter, r *http.Request, v view.View, did, undo string) error {
	return web.RedirectSaying(w, r, v.Href(), web.Toast{Text: words.T(r.Context(), "view.did."+did, "Name", v.Name), Undo: undo})
}

func (h *Handlers) open(w http.ResponseWriter, r *http.Request) error {
	v, err := h.get(r)
	if err != nil {
		return err
	}
	return web.Redirect(w, r, v.Href())
}

func (h *Handlers) get(r *http.Request) (view.View, error) {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return view.View{}, err
	}
	return h.svc.Get(r.Context(), ref)
}

func (h *Handlers) editPage(w http.ResponseWriter, r *http.Request) error {
	v, err := h.get(r)
	if err == nil && !mayChange(r.Context(), v) {
		err = errs.New(errs.Forbidden, "err.forbidden")
	}
	if err != nil {
		return err
	}
	return h.show(w, r, http.StatusOK, form{v: v})
}

func (h *Handlers) update(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	old, err := h.get(r)
	if err != nil {
		return err
	}
	name := f.Line("name")
	shared, unit, err := readAudience(f)
	if err != nil {
		return err
	}
	v, err := h.svc.Update(r.Context(), old.ID, view.Change{Name: &name, Shared: &shared, Unit: &unit})
	if err != nil {
		old.Name, old.Shared, old.Unit = name, shared, unit
		return h.again(w, r, form{v: old}, err)
	}
	return h.said(w, r, v, "changed", "")
}

// overwrite makes a view what the list shows now.
func (h *Handlers) overwrite(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	old, err := h.get(r)
	if err != nil {
		return err
	}
	query := f.Get("query")
	v, err := h.svc.Update(r.Context(), old.ID, view.Change{Query: &query})
	if err != nil {
		return err
	}
	return h.said(w, r, v, "changed", "")
}

func (h *Handlers) delete(w http.ResponseWriter, r *http.Request) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	v, err := h.svc.Delete(r.Context(), ref)
	if err != nil {
		return err
	}
	return web.RedirectSaying(w, r, "/"+v.Place, web.Toast{Text: words.T(r.Context(), "view.did.deleted", "Name", v.Name), Undo: path(ref, "restore")})
}

func (h *Handlers) restore(w http.ResponseWriter, r *http.Request) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	v, err := h.svc.Restore(r.Context(), ref)
	if err != nil {
		return err
	}
	return h.said(w, r, v, "restored", "")
}
