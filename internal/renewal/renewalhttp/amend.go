package renewalhttp

import (
	"context"
	"net/http"
	"time"

	"kizuki/internal/api"
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/money"
	"kizuki/internal/renewal"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
)

// amendPage is the form for an amount that changes before the renewal.
type amendPage struct {
	c      contract.Contract
	in     renewal.Amended
	errors map[string]string
}

func (h *Handlers) amendPage(w http.ResponseWriter, r *http.Request) error {
	return h.showAmend(w, r, http.StatusOK, nil)
}

func (h *Handlers) showAmend(w http.ResponseWriter, r *http.Request, status int, p *amendPage) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	c, err := h.contracts.Get(ctx, contractID)
	if err != nil {
		return err
	}
	if p == nil {
		p = &amendPage{in: renewal.Amended{Effective: string(words.Today(ctx, web.Now(ctx))), Basis: string(c.AmountBasis)}}
	}
	p.c = c
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "renewal.amend_title"), Place: "/contracts"}, p.view())
}

func (h *Handlers) amend(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	in := renewal.Amended{Effective: f.Line("effective"), Amount: f.Line("amount"), Basis: f.Get("basis"), Words: f.Text("words"), Form: true}
	a, err := h.svc.Amend(ctx, contractID, in)
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.showAmend(w, r, web.Status(errs.As(err).Code), &amendPage{in: in, errors: web.FieldErrors(ctx, err)})
	}
	return web.RedirectSaying(w, r, contractPath(contractID), web.Toast{Text: words.T(ctx, "renewal.amended"),
		Undo: contractPath(contractID) + "/amend/" + string(a.Effective) + "/undo"})
}

func (h *Handlers) unamend(w http.ResponseWriter, r *http.Request) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	if err := h.svc.Unamend(r.Context(), contractID, cal.Date(r.PathValue("day"))); err != nil {
		return err
	}
	return web.RedirectSaying(w, r, contractPath(contractID), web.Toast{Text: words.T(r.Context(), "renewal.unamended")})
}

// AmendmentJSON is what was agreed in the middle of a term.
type AmendmentJSON struct {
	Term      int        `json:"term" doc:"the number of the term"`
	Effective cal.Date   `json:"effective_date"`
	Amount    *string    `json:"amount" doc:"decimal, major units"`
	Currency  string     `json:"currency"`
	Basis     string     `json:"amount_basis"`
	Words     string     `json:"words"`
	Applied   bool       `json:"applied" doc:"its day has come, and the contract shows it"`
	At        *time.Time `json:"at"`
	By        id.ID      `json:"by"`
}

func amendmentJSON(a contract.Amendment) AmendmentJSON {
	j := AmendmentJSON{Term: a.TermNo, Effective: a.Effective, Currency: a.Currency, Basis: string(a.Basis), Words: a.Words,
		Applied: a.Applied, At: api.Instant(a.At), By: a.By}
	if a.Amount != nil {
		decimal := money.Amount{Minor: *a.Amount, Currency: a.Currency}.Decimal()
		j.Amount = &decimal
	}
	return j
}

func (h *Handlers) apiAmendments(ctx context.Context, in *ByID) (*api.List[AmendmentJSON], error) {
	contractID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	list, err := h.contracts.Amendments(ctx, contractID)
	out := make([]AmendmentJSON, len(list))
	for i, a := range list {
		out[i] = amendmentJSON(a)
	}
	return api.NewList(out, ""), err
}

type amendInput struct {
	ByID
	Body struct {
		Effective string `json:"effective_date" doc:"YYYY-MM-DD, the day from which it counts"`
		Amount    string `json:"amount" doc:"decimal, major units"`
		Basis     string `json:"amount_basis,omitempty" enum:",monthly,yearly,term" doc:"as it is, if empty"`
		Currency  string `json:"currency,omitempty" doc:"as it is, if empty"`
		Words     string `json:"words,omitempty"`
	}
}

func (h *Handlers) apiAmend(ctx context.Context, in *amendInput) (*api.One[AmendmentJSON], error) {
	contractID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	a, err := h.svc.Amend(ctx, contractID, renewal.Amended{Effective: b.Effective, Amount: b.Amount, Basis: b.Basis, Currency: b.Currency, Words: b.Words})
	return api.NewOne(amendmentJSON(a)), err
}

type amendmentPath struct {
	ByID
	Day string `path:"day" doc:"YYYY-MM-DD"`
}

func (h *Handlers) apiUnamend(ctx context.Context, in *amendmentPath) (*struct{}, error) {
	contractID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.svc.Unamend(ctx, contractID, cal.Date(in.Day))
}
