package contracthttp

import (
	"context"
	"net/http"

	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/rest"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// askPage is a question before an act: a dialog, or a page without a script.
type askPage struct {
	c      contract.Contract
	kind   string // end, archive
	floats bool   // in the page's dialog
	values web.Form
	errors map[string]string
}

func (h *Handlers) endPage(w http.ResponseWriter, r *http.Request) error {
	return h.ask(w, r, http.StatusOK, &askPage{kind: "end"})
}

func (h *Handlers) archivePage(w http.ResponseWriter, r *http.Request) error {
	return h.ask(w, r, http.StatusOK, &askPage{kind: "archive"})
}

func (h *Handlers) ask(w http.ResponseWriter, r *http.Request, status int, p *askPage) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	if p.c, err = h.svc.Get(ctx, contractID); err != nil {
		return err
	}
	if p.values.Values == nil {
		p.values.Values = map[string][]string{"on": {string(p.c.RenewalDate)}}
	}
	if p.floats = web.IsFragment(r); p.floats {
		return web.Fragment(w, r, status, p.dialog())
	}
	return web.Page(w, r, status, web.Meta{Title: p.title(ctx), Place: "/contracts"}, p.page())
}

func (p *askPage) title(ctx context.Context) string {
	return words.T(ctx, "contract.ask_"+p.kind)
}

func (h *Handlers) end(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	on, err := rest.Day("ended_on", f.Line("on"), words.Today(ctx, web.Now(ctx)))
	if err == nil {
		err = h.svc.End(ctx, contractID, on, f.Text("words"))
	}
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.ask(w, r, web.Status(errs.As(err).Code), &askPage{kind: "end", values: f, errors: web.FieldErrors(ctx, err)})
	}
	return web.RedirectSaying(w, r, path(contractID), web.Toast{Text: words.T(ctx, "contract.did.ended"), Undo: path(contractID, "reopen")})
}

// act runs an act that asks for nothing more, and says what it did; undo names
// the act that takes it back.
func (h *Handlers) act(do func(context.Context, id.ID) error, did, undo string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		contractID, err := web.PathID(r, "id")
		if err != nil {
			return err
		}
		ctx := r.Context()
		said := web.Toast{Text: words.T(ctx, "contract.did."+did)}
		if undo != "" {
			said.Undo = path(contractID, undo)
		}
		if err := do(ctx, contractID); err != nil {
			if !web.IsInput(err) {
				return err
			}
			said = web.Toast{Text: web.Sentence(ctx, errs.As(err)), Bad: true}
		}
		return web.RedirectSaying(w, r, path(contractID), said)
	}
}

// contactsPage is the people at the customer of one contract.
type contactsPage struct {
	c       contract.Contract
	list    []contact.Contact
	open    id.ID // whose form is open; 0 is the one to add
	values  contact.Contact
	errors  map[string]string
	editing bool
}

func (h *Handlers) contacts(w http.ResponseWriter, r *http.Request) error {
	return h.showContacts(w, r, http.StatusOK, &contactsPage{})
}

func (h *Handlers) showContacts(w http.ResponseWriter, r *http.Request, status int, p *contactsPage) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	if p.c, err = h.svc.Get(ctx, contractID); err != nil {
		return err
	}
	if p.list, err = h.sides.Of(ctx, contractID); err != nil {
		return err
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "contract.contacts"), Place: "/contracts"}, p.page())
}

func contactTyped(f web.Form) contact.Contact {
	return contact.Contact{Name: f.Line("name"), Kana: f.Line("kana"), Title: f.Line("title"), Mail: f.Line("mail"),
		Phone: f.Line("phone"), Role: f.Line("role")}
}

func (h *Handlers) addContact(w http.ResponseWriter, r *http.Request) error {
	return h.contact(w, r, "contract.contact_added", func(ctx context.Context, contractID id.ID, c contact.Contact) error {
		_, err := h.sides.Add(ctx, contractID, c, c.Role)
		return err
	})
}

func (h *Handlers) saveContact(w http.ResponseWriter, r *http.Request) error {
	return h.contact(w, r, "contract.saved", func(ctx context.Context, contractID id.ID, c contact.Contact) error {
		_, err := h.sides.Update(ctx, contractID, c)
		return err
	})
}

func (h *Handlers) removeContact(w http.ResponseWriter, r *http.Request) error {
	return h.contact(w, r, "contract.contact_removed", func(ctx context.Context, contractID id.ID, c contact.Contact) error {
		return h.sides.Remove(ctx, contractID, c.ID)
	})
}

// contact runs an act on the person the form describes and returns to the
// list.
func (h *Handlers) contact(w http.ResponseWriter, r *http.Request, said string, do func(context.Context, id.ID, contact.Contact) error) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	c := contactTyped(f)
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
		p := &contactsPage{open: c.ID, values: c, editing: true, errors: web.FieldErrors(ctx, err)}
		return h.showContacts(w, r, web.Status(errs.As(err).Code), p)
	}
	return web.RedirectSaying(w, r, path(contractID, "contacts"), web.Toast{Text: words.T(ctx, said)})
}

func contactFields(ctx context.Context, c contact.Contact, errors map[string]string) []ui.FieldProps {
	var out []ui.FieldProps
	for _, f := range []struct{ name, value, kind string }{{"name", c.Name, ""}, {"kana", c.Kana, ""}, {"title", c.Title, ""},
		{"role", c.Role, ""}, {"mail", c.Mail, "email"}, {"phone", c.Phone, "tel"}} {
		out = append(out, ui.FieldProps{ID: f.name + "-" + c.ID.String(), Name: f.name, Type: f.kind, Value: f.value,
			Label: words.T(ctx, "contract.contact."+f.name), Error: errors[f.name]})
	}
	return out
}

// split takes the contract out of a customer that an import joined it to.
func (h *Handlers) split(w http.ResponseWriter, r *http.Request) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	orgID, err := h.svc.Split(ctx, []id.ID{contractID}, f.Line("name"))
	if err != nil {
		return err
	}
	return web.RedirectSaying(w, r, "/organizations/"+orgID.String(), web.Toast{Text: words.T(ctx, "contract.split_done")})
}
