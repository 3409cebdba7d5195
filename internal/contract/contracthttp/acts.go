package contracthttp

import (
	"context"
	"net/http"

	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/contract/contracthttp/rest"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/web"
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
	return web.RedirectSaying(w, r, book.Path(contractID), web.Toast{Text: words.T(ctx, "contract.did.ended"), Undo: book.Path(contractID, "reopen")})
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
			said.Undo = book.Path(contractID, undo)
		}
		if err := do(ctx, contractID); err != nil {
			if !web.IsInput(err) {
				return err
			}
			said = web.Toast{Text: web.Sentence(ctx, errs.As(err)), Bad: true}
		}
		return web.RedirectSaying(w, r, book.Path(contractID), said)
	}
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
