package contracthttp

import (
	"context"
	"net/http"
	"slices"

	"kizuki/internal/audience"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// offered is how many people and teams a contract can be limited to.
const offered = 200

// some is what the form calls a contract that only some may read.
const some = "some"

func (h *Handlers) readersPage(w http.ResponseWriter, r *http.Request) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	readers, err := h.svc.Readers(r.Context(), contractID)
	if err != nil {
		return err
	}
	return h.showReaders(w, r, http.StatusOK, contractID, readers, nil)
}

func (h *Handlers) showReaders(w http.ResponseWriter, r *http.Request, status int, contractID id.ID, readers []audience.Reader, wrong error) error {
	ctx := r.Context()
	c, err := h.svc.Get(ctx, contractID)
	if err != nil {
		return err
	}
	p := ui.ReadersProps{ID: "readers", Open: true}
	if c.Limited() || wrong != nil {
		p.Visibility = some
	}
	list, err := h.people.Directory(ctx, "", offered)
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.ID == c.OwnerID { // who always may
			continue
		}
		r := audience.Reader{Kind: x.Kind, ID: x.ID}
		chosen := slices.ContainsFunc(readers, func(o audience.Reader) bool { return o.Kind == r.Kind && o.ID == r.ID })
		p.People = append(p.People, ui.Option{Value: r.String(), Label: x.Name, Selected: chosen})
	}
	for _, said := range web.FieldErrors(ctx, wrong) {
		p.Error += said
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "contract.readers_title"), Place: "/contracts"}, readersPage(c, p))
}

func (h *Handlers) setReaders(w http.ResponseWriter, r *http.Request) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	readers := audience.Parse(f.Values["readers"])
	limit := f.Get("visibility") == some
	if err := h.svc.Limit(r.Context(), contractID, limit, readers); err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.showReaders(w, r, web.Status(errs.As(err).Code), contractID, readers, err)
	}
	did := "opened_up"
	if limit {
		did = "limited"
	}
	return web.RedirectSaying(w, r, book.Path(contractID), web.Toast{Text: words.T(r.Context(), "contract.did."+did)})
}

// only names those who may read a limited contract, its owner first; "" for one
// everybody may.
func (h *Handlers) only(ctx context.Context, c contract.Contract) (string, error) {
	if !c.Limited() {
		return "", nil
	}
	readers, err := h.svc.Readers(ctx, c.ID)
	names := []string{c.OwnerName}
	for _, r := range readers {
		if r.Kind != "member" || r.ID != c.OwnerID {
			names = append(names, r.Name)
		}
	}
	return ui.OnlyLine(ctx, names...), err
}
