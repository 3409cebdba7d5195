// Package fieldhttp holds the settings page and endpoints of custom fields.
package fieldhttp

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"strings"

	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Handlers serves the pages.
type Handlers struct{ svc *field.Service }

// New makes the handlers.
func New(svc *field.Service) *Handlers { return &Handlers{svc: svc} }

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/fields", Need: who.Read, Handle: h.list},
		{Method: "POST", Path: "/fields", Need: who.Administer, Handle: h.create},
		{Method: "POST", Path: "/fields/{id}", Need: who.Administer, Handle: h.update},
		{Method: "POST", Path: "/fields/{id}/retire", Need: who.Administer, Handle: h.retire},
		{Method: "POST", Path: "/fields/{id}/restore", Need: who.Administer, Handle: h.restore},
		{Method: "POST", Path: "/fields/{id}/move", Need: who.Administer, Handle: h.move},
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
	p.admin = who.From(ctx).May(who.Administer)
	for _, f := range all {
		if f.Retired() {
			p.retired = append(p.retired, f)
		} else {
			p.fields = append(p.fields, f)
		}
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
	_, err = h.svc.Create(r.Context(), field.Input{Key: f.Line("key"), Type: field.Type(f.Get("type")), Labels: labelsOf(f),
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
	_, err = h.svc.Update(r.Context(), fieldID, field.Patch{Labels: labelsOf(f), Options: optionsOf(f), Indexed: &indexed})
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

func (h *Handlers) move(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, h.svc.MoveUp)
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
