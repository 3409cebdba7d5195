// Package contacts holds the page of the people at the customer of a contract.
package contacts

import (
	"context"
	"net/http"

	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// Handlers serves the page.
type Handlers struct {
	contracts *contract.Service
	people    *contact.Service
}

// New makes the handlers.
func New(contracts *contract.Service, people *contact.Service) *Handlers {
	return &Handlers{contracts, people}
}

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/contracts/{id}/contacts", Need: who.Write, Handle: h.list},
		{Method: "POST", Path: "/contracts/{id}/contacts", Need: who.Write, Handle: h.add},
		{Method: "POST", Path: "/contracts/{id}/contacts/{contact}", Need: who.Write, Handle: h.save},
		{Method: "POST", Path: "/contracts/{id}/contacts/{contact}/remove", Need: who.Write, Handle: h.remove},
	}
}

// path is the address of the page.
func path(contractID id.ID) string { return "/contracts/" + contractID.String() + "/contacts" }

// Line is a person with title and role: 佐藤 亮（配車課 係長、推進役）.
func Line(ctx context.Context, c contact.Contact) string {
	name := c.Name
	if name == "" {
		name = c.Mail
	}
	about := c.Title
	if c.Role != "" && about != "" {
		about += words.T(ctx, "contract.comma")
	}
	if about += c.Role; about == "" {
		return name
	}
	return words.T(ctx, "contract.person", "Name", name, "About", about)
}

// page is the people at the customer of one contract.
type page struct {
	c       contract.Contract
	list    []contact.Contact
	open    id.ID // whose form is open; 0 is the one to add
	values  contact.Contact
	errors  map[string]string
	editing bool
}

func (h *Handlers) list(w http.ResponseWriter, r *http.Request) error {
	return h.show(w, r, http.StatusOK, &page{})
}

func (h *Handlers) show(w http.ResponseWriter, r *http.Request, status int, p *page) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	if p.c, err = h.contracts.Get(ctx, contractID); err != nil {
		return err
	}
	if p.list, err = h.people.Of(ctx, contractID); err != nil {
		return err
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "contract.contacts"), Place: "/contracts"}, p.view())
}

func typed(f web.Form) contact.Contact {
	return contact.Contact{Name: f.Line("name"), Kana: f.Line("kana"), Title: f.Line("title"), Mail: f.Line("mail"),
		Phone: f.Line("phone"), Role: f.Line("role")}
}

func (h *Handlers) add(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, "contract.contact_added", func(ctx context.Context, contractID id.ID, c contact.Contact) error {
		_, err := h.people.Add(ctx, contractID, c, c.Role)
		return err
	})
}

func (h *Handlers) save(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, "contract.saved", func(ctx context.Context, contractID id.ID, c contact.Contact) error {
		_, err := h.people.Update(ctx, contractID, c)
		return err
	})
}

func (h *Handlers) remove(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, "contract.contact_removed", func(ctx context.Context, contractID id.ID, c contact.Contact) error {
		return h.people.Remove(ctx, contractID, c.ID)
	})
}

// contact runs an act on the person the form describes and returns to the
// list.
func (h *Handlers) act(w http.ResponseWriter, r *http.Request, said string, do func(context.Context, id.ID, contact.Contact) error) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	c := typed(f)
	if r.PathValue("contact") != "" {
		if c.ID, err = web.PathID(r, "contact"); err != nil {
			return err
		}
	}
	ctx := r.Context()
	if err := do(ctx, contractID, c); err != nil {
		if !web.IsInput(err) {
			return err
		}
		p := &page{open: c.ID, values: c, editing: true, errors: web.FieldErrors(ctx, err)}
		return h.show(w, r, web.Status(errs.As(err).Code), p)
	}
	return web.RedirectSaying(w, r, path(contractID), web.Toast{Text: words.T(ctx, said)})
}

func fields(ctx context.Context, c contact.Contact, errors map[string]string) []ui.FieldProps {
	var out []ui.FieldProps
	for _, f := range []struct{ name, value, kind string }{{"name", c.Name, ""}, {"kana", c.Kana, ""}, {"title", c.Title, ""},
		{"role", c.Role, ""}, {"mail", c.Mail, "email"}, {"phone", c.Phone, "tel"}} {
		out = append(out, ui.FieldProps{ID: f.name + "-" + c.ID.String(), Name: f.name, Type: f.kind, Value: f.value,
			Label: words.T(ctx, "contract.contact."+f.name), Error: errors[f.name]})
	}
	return out
}
