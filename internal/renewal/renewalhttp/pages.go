package renewalhttp

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/renewal"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// formPage is the one act by which a term ends.
type formPage struct {
	c       contract.Contract
	in      renewal.Input
	next    renewal.Next
	reasons map[renewal.Side][]string
	signs   []Sign
	mayEdit bool // the reasons
	errors  map[string]string
}

func contractPath(contract id.ID) string { return "/contracts/" + contract.String() }

func (h *Handlers) page(w http.ResponseWriter, r *http.Request) error {
	return h.show(w, r, http.StatusOK, &formPage{in: renewal.Input{Outcome: renewal.Renewed}})
}

func (h *Handlers) show(w http.ResponseWriter, r *http.Request, status int, p *formPage) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	if p.c, err = h.contracts.Get(ctx, contractID); err != nil {
		return err
	}
	if p.in.Next != nil {
		p.next = *p.in.Next
	} else {
		p.next = renewal.Propose(p.c)
	}
	p.mayEdit = who.From(ctx).May(who.Administer)
	if p.reasons, err = h.svc.Reasons(ctx); err != nil {
		return err
	}
	if h.parts.Signs != nil {
		if p.signs, err = h.parts.Signs(ctx, contractID); err != nil {
			return err
		}
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "renewal.title"), Place: "/contracts"}, p.view())
}

func (h *Handlers) record(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	in := renewal.Input{Outcome: renewal.Outcome(f.Get("outcome")), Effective: f.Line("effective"), Words: f.Text("words"), Form: true,
		Next: &renewal.Next{Start: f.Line("start"), End: f.Line("end"), Amount: f.Line("amount"), Basis: f.Get("basis"), Currency: f.Line("currency")}}
	in.Reasons = f.Values[string(in.Outcome.Side())] // the boxes of the other list say nothing about this outcome
	ctx := r.Context()
	var done renewal.Renewal
	if in.Outcome.Side() == renewal.Leave {
		in.Sign, err = f.ID("sign")
	}
	if err == nil {
		done, err = h.svc.Record(ctx, contractID, in)
	}
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.show(w, r, web.Status(errs.As(err).Code), &formPage{in: in, errors: web.FieldErrors(ctx, err)})
	}
	return web.RedirectSaying(w, r, contractPath(contractID), web.Toast{Text: words.T(ctx, "renewal.did."+string(done.Outcome)),
		Undo: "/renewals/" + done.ID.String() + "/undo"})
}

func (h *Handlers) undo(w http.ResponseWriter, r *http.Request) error {
	renewalID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	done, err := h.svc.Undo(ctx, renewalID)
	if err != nil {
		return err
	}
	return web.RedirectSaying(w, r, contractPath(done.Contract), web.Toast{Text: words.T(ctx, "renewal.did.undone")})
}

// outcomes are the four ways, with a word of what each means.
func (p *formPage) outcomes(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, o := range renewal.Outcomes() {
		out = append(out, ui.Option{Value: string(o), Label: words.T(ctx, "renewal.outcome."+string(o)), Selected: o == p.in.Outcome})
	}
	return out
}

func bases(ctx context.Context, chosen string) []ui.Option {
	var out []ui.Option
	for _, b := range []contract.Basis{"", contract.Monthly, contract.Yearly, contract.WholeTerm} {
		key := "none"
		if b != "" {
			key = string(b)
		}
		out = append(out, ui.Option{Value: string(b), Label: words.T(ctx, "renewal.basis."+key), Selected: string(b) == chosen})
	}
	return out
}

func (p *formPage) offered(side renewal.Side) []ui.Option {
	var out []ui.Option
	for _, label := range p.reasons[side] {
		out = append(out, ui.Option{Value: label, Label: label, Selected: slices.Contains(p.in.Reasons, label)})
	}
	return out
}

func (p *formPage) noticed(ctx context.Context) []ui.Option {
	out := []ui.Option{{Value: "", Label: words.T(ctx, "renewal.sign_none"), Selected: p.in.Sign == 0}}
	for _, s := range p.signs {
		label := words.T(ctx, "renewal.sign_line", "When", s.When, "By", s.By, "Words", s.Text)
		out = append(out, ui.Option{Value: s.Note.String(), Label: label, Selected: p.in.Sign == s.Note})
	}
	return out
}

// day is a day in a field, as people write it (2027/4/1); what is no day stays
// as it was typed.
func day(s string) string {
	d := cal.Date(s)
	if !d.Valid() {
		return s
	}
	return fmt.Sprintf("%d/%d/%d", d.Year(), d.Month(), d.Day())
}

// reasonsPage is where a team keeps its reasons, one a line.
type reasonsPage struct {
	values map[renewal.Side]string
	errors map[string]string
}

func (h *Handlers) reasons(w http.ResponseWriter, r *http.Request) error {
	list, err := h.svc.Reasons(r.Context())
	if err != nil {
		return err
	}
	p := &reasonsPage{values: map[renewal.Side]string{}}
	for side, labels := range list {
		p.values[side] = strings.Join(labels, "\n")
	}
	return h.showReasons(w, r, http.StatusOK, p)
}

func (h *Handlers) showReasons(w http.ResponseWriter, r *http.Request, status int, p *reasonsPage) error {
	return web.Page(w, r, status, web.Meta{Title: words.T(r.Context(), "renewal.reasons_title"), Place: "/settings"}, p.view())
}

func (h *Handlers) setReasons(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	p := &reasonsPage{values: map[renewal.Side]string{}}
	var bad []*errs.E
	for _, side := range []renewal.Side{renewal.Stay, renewal.Leave} {
		p.values[side] = f.Text(string(side))
		if err := h.svc.SetReasons(ctx, side, strings.Split(p.values[side], "\n")); err != nil {
			if !web.IsInput(err) {
				return err
			}
			bad = append(bad, errs.As(err))
		}
	}
	if len(bad) > 0 {
		p.errors = web.FieldErrors(ctx, errs.Join(bad...))
		return h.showReasons(w, r, http.StatusUnprocessableEntity, p)
	}
	return web.RedirectSaying(w, r, "/settings/reasons", web.Toast{Text: words.T(ctx, "renewal.reasons_saved")})
}
