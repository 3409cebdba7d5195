package intakehttp

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"kizuki/internal/api"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/intake/succession"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// lineField is the select of a row in the form of renewals.
func lineField(line int) string { return fmt.Sprintf("line.%d", line) }

// succeed takes the choices of the form: each row either goes on with a contract
// or becomes one of its own.
func (h *Handlers) succeed(w http.ResponseWriter, r *http.Request) error {
	importID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	picked := map[string]string{}
	for name := range f.Values {
		if line, ok := strings.CutPrefix(name, "line."); ok && f.Line(name) != "" {
			picked[line] = f.Line(name)
		}
	}
	chosen, err := choices(picked)
	if err != nil {
		return h.again(w, r, importID, err)
	}
	imp, err := h.svc.Succeed(r.Context(), importID, chosen)
	if err != nil {
		return h.again(w, r, importID, err)
	}
	return web.Redirect(w, r, address(imp))
}

// choices reads line → contract. Errors: intake.err.succession.
func choices(picked map[string]string) (map[int]id.ID, error) {
	out := map[int]id.ID{}
	for at, contract := range picked {
		line, err := strconv.Atoi(at)
		if err != nil {
			return nil, errs.Field("successions", "intake.err.succession")
		}
		if out[line], err = id.Parse(contract); err != nil {
			return nil, errs.Field("successions", "intake.err.succession")
		}
	}
	return out, nil
}

// unsucceed takes all choices of succeed back.
func (h *Handlers) unsucceed(w http.ResponseWriter, r *http.Request) error {
	importID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	imp, err := h.svc.Unsucceed(r.Context(), importID)
	if err != nil {
		return h.again(w, r, importID, err)
	}
	return web.Redirect(w, r, address(imp))
}

// continues are what a row may go on with. What is certain is chosen.
func continues(ctx context.Context, o succession.Offer) []ui.Option {
	list := []ui.Option{{Value: "", Label: words.T(ctx, "intake.own_contract"), Selected: !o.Certain}}
	for i, old := range o.Old {
		label := words.T(ctx, "intake.goes_on_with", "Key", old.Key, "Name", old.Name, "Renews", words.DayNear(ctx, old.Renews, words.Today(ctx, web.Now(ctx))))
		if old.Renews.IsZero() {
			label = words.T(ctx, "intake.goes_on_with_undated", "Key", old.Key, "Name", old.Name)
		}
		list = append(list, ui.Option{Value: old.Contract.String(), Label: label, Selected: o.Certain && i == 0})
	}
	return list
}

// successionJSON is a row that may be the next term of a contract.
type successionJSON struct {
	Line       int           `json:"line"`
	Key        string        `json:"key"`
	Name       string        `json:"name"`
	Certain    bool          `json:"certain" doc:"nothing else fits on either side"`
	Candidates []succeedJSON `json:"candidates" doc:"the likeliest first"`
}

type succeedJSON struct {
	Contract    id.ID  `json:"contract"`
	Key         string `json:"key"`
	Name        string `json:"name"`
	RenewalDate string `json:"renewal_date"`
}

type successionsInput struct {
	ID   string `path:"id"`
	Body struct {
		Successions map[string]string `json:"successions" doc:"line of the row → contract it goes on with"`
	}
}

func (h *Handlers) apiSuccessions(ctx context.Context, in *idInput) (*api.List[successionJSON], error) {
	importID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	offers, err := h.svc.Offers(ctx, importID)
	if err != nil {
		return nil, err
	}
	out := make([]successionJSON, len(offers))
	for i, o := range offers {
		out[i] = successionJSON{Line: o.New.Line, Key: o.New.Key, Name: o.New.Name, Certain: o.Certain}
		for _, x := range o.Old {
			out[i].Candidates = append(out[i].Candidates, succeedJSON{x.Contract, x.Key, x.Name, string(x.Renews)})
		}
	}
	return api.NewList(out, ""), nil
}

func (h *Handlers) apiSucceed(ctx context.Context, in *successionsInput) (*api.One[ImportJSON], error) {
	importID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	chosen, err := choices(in.Body.Successions)
	if err != nil {
		return nil, err
	}
	imp, err := h.svc.Succeed(ctx, importID, chosen)
	return api.NewOne(toJSON(ctx, imp)), err
}

func (h *Handlers) apiUnsucceed(ctx context.Context, in *idInput) (*api.One[ImportJSON], error) {
	importID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	imp, err := h.svc.Unsucceed(ctx, importID)
	return api.NewOne(toJSON(ctx, imp)), err
}

// chosen is how many rows go on with a contract by choice.
func (p *importPage) chosen() int { return len(p.imp.Succeeds) }

// loadOffers looks for renewals once the import is staged.
func (h *Handlers) loadOffers(ctx context.Context, p *importPage) (err error) {
	if p.imp.State == intake.Staged {
		p.offers, err = h.svc.Offers(ctx, p.imp.ID)
	}
	return err
}
