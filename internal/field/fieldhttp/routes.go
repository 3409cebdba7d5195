// Package fieldhttp holds the settings page and endpoints of custom fields.
package fieldhttp

import (
	"cmp"
	"context"
	"embed"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Handlers serves the pages.
type Handlers struct {
	svc    *field.Service
	people *workspace.Service
	held   func(ctx context.Context, fields []field.Field) (map[id.ID]int, error)
}

// New makes the handlers; held tells how many contracts have a value of each
// field.
func New(svc *field.Service, people *workspace.Service, held func(context.Context, []field.Field) (map[id.ID]int, error)) *Handlers {
	return &Handlers{svc: svc, people: people, held: held}
}

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/fields", Need: who.Read, Handle: h.list},
		{Method: "POST", Path: "/fields", Need: who.Lead, Handle: h.create},
		{Method: "POST", Path: "/fields/{id}", Need: who.Lead, Handle: h.update},
		{Method: "POST", Path: "/fields/{id}/retire", Need: who.Lead, Handle: h.retire},
		{Method: "POST", Path: "/fields/{id}/restore", Need: who.Lead, Handle: h.restore},
		{Method: "POST", Path: "/fields/{id}/up", Need: who.Lead, Handle: h.up},
		{Method: "POST", Path: "/fields/{id}/down", Need: who.Lead, Handle: h.down},
		{Method: "POST", Path: "/fields/{id}/option", Need: who.Lead, Handle: h.option},
	}
}

func (h *Handlers) list(w http.ResponseWriter, r *http.Request) error {
	return h.render(w, r, http.StatusOK, fieldsPage{})
}

func (h *Handlers) render(w http.ResponseWriter, r *http.Request, status int, p fieldsPage) error {
	ctx := r.Context()
	all, err := h.svc.List(ctx)
	if err != nil {
		return err
	}
	p.actor = who.From(ctx)
	if p.units, err = h.people.Units(ctx); err != nil {
		return err
	}
	for _, f := range all {
		if f.Retired() {
			p.retired = append(p.retired, f)
		} else {
			p.fields = append(p.fields, f)
		}
	}
	// Everybody's stand first, then team by team: the order one moves them in.
	slices.SortStableFunc(p.fields, func(x, y field.Field) int { return cmp.Compare(p.rank(x.Unit), p.rank(y.Unit)) })
	if p.held, err = h.held(ctx, p.retired); err != nil {
		return err
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "shell.place.fields"), Place: "/settings"}, p.view())
}

// labelsOf reads the labels of a form; one language is enough.
func labelsOf(f web.Form) map[string]string {
	out := map[string]string{}
	for _, lang := range words.Langs {
		if s := f.Line("label_" + lang); s != "" {
			out[lang] = s
		}
	}
	return out
}

func optionsOf(f web.Form) []string {
	out := []string{}
	for _, line := range strings.Split(f.Text("options"), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func (h *Handlers) create(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	unit, err := f.ID("unit")
	if err != nil {
		return err
	}
	_, err = h.svc.Create(r.Context(), field.Input{Unit: unit, Key: f.Line("key"), Type: field.Type(f.Get("type")), Labels: labelsOf(f),
		Options: optionsOf(f), Indexed: f.Bool("indexed")})
	return h.done(w, r, err, fieldsPage{values: f})
}

func (h *Handlers) update(w http.ResponseWriter, r *http.Request) error {
	fieldID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	indexed := f.Bool("indexed")
	var unit *id.ID
	if f.Has("unit") {
		to, err := f.ID("unit")
		if err != nil {
			return err
		}
		unit = &to
	}
	_, err = h.svc.Update(r.Context(), fieldID, field.Patch{Unit: unit, Labels: labelsOf(f), Options: optionsOf(f), Indexed: &indexed})
	return h.done(w, r, err, fieldsPage{values: f, editing: fieldID})
}

func (h *Handlers) retire(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, h.svc.Retire)
}

func (h *Handlers) restore(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, h.svc.Restore)
}

func (h *Handlers) act(w http.ResponseWriter, r *http.Request, f func(context.Context, id.ID) error) error {
	fieldID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	return h.done(w, r, f(r.Context(), fieldID), fieldsPage{})
}

func (h *Handlers) up(w http.ResponseWriter, r *http.Request) error { return h.act(w, r, h.svc.MoveUp) }

func (h *Handlers) down(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, h.svc.MoveDown)
}

// option renames an option, puts it away or brings it back, as the button says.
func (h *Handlers) option(w http.ResponseWriter, r *http.Request) error {
	fieldID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	switch ctx, option := r.Context(), f.Get("option"); f.Get("do") {
	case "away", "back":
		_, err = h.svc.PutOptionAway(ctx, fieldID, option, f.Get("do") == "away")
	default:
		_, err = h.svc.RenameOption(ctx, fieldID, option, f.Line("name"))
	}
	if err != nil && web.IsInput(err) {
		return web.RedirectSaying(w, r, "/fields#f"+fieldID.String(), web.Toast{Text: web.Sentence(r.Context(), errs.As(err)), Bad: true})
	}
	return h.done(w, r, err, fieldsPage{})
}

// done goes back to the list, or shows it with what is wrong in the form.
func (h *Handlers) done(w http.ResponseWriter, r *http.Request, err error, p fieldsPage) error {
	ctx := r.Context()
	if err == nil {
		return web.RedirectSaying(w, r, "/fields", web.Toast{Text: words.T(ctx, "field.saved")})
	}
	if !web.IsInput(err) {
		return err
	}
	p.errors = web.FieldErrors(ctx, err)
	return h.render(w, r, web.Status(errs.As(err).Code), p)
}

func typeOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, t := range field.Types() {
		out = append(out, ui.Option{Value: string(t), Label: words.T(ctx, "field.type."+string(t))})
	}
	return out
}

// rank is where a team stands among the fields, everybody first.
func (p fieldsPage) rank(unit id.ID) int {
	return slices.IndexFunc(p.units, func(u workspace.Unit) bool { return u.ID == unit })
}

func (p fieldsPage) team(unit id.ID) string {
	if at := p.rank(unit); at >= 0 {
		return p.units[at].Name
	}
	return ""
}

// owners are whose a field can be, as far as the actor may say.
func (p fieldsPage) owners(ctx context.Context) []ui.Option {
	var out []ui.Option
	if p.actor.Leads(0) {
		out = append(out, ui.Option{Label: words.T(ctx, "field.everybody")})
	}
	for _, u := range p.units {
		if p.actor.Leads(u.ID) {
			out = append(out, ui.Option{Value: u.ID.String(), Label: u.Name})
		}
	}
	return out
}

// neighbour reports whether a field of the same team stands before (-1) or
// behind (1) the one at a place.
func (p fieldsPage) neighbour(at, by int) bool {
	to := at + by
	return to >= 0 && to < len(p.fields) && p.fields[to].Unit == p.fields[at].Unit
}

func action(f field.Field) string {
	if f.ID == 0 {
		return "/fields"
	}
	return "/fields/" + f.ID.String()
}

func label(ctx context.Context, f field.Field) string {
	if f.ID == 0 {
		return words.T(ctx, "field.add_do")
	}
	return words.T(ctx, "field.save")
}
