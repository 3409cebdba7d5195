package renewalhttp

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/cal"
	"kizuki/internal/id"
	"kizuki/internal/renewal"
	"kizuki/internal/who"
)

// RenewalJSON is a recorded end of a term.
type RenewalJSON struct {
	ID        id.ID      `json:"id"`
	Contract  id.ID      `json:"contract"`
	Term      int        `json:"term" doc:"the number of the term it closed"`
	Outcome   string     `json:"outcome" enum:"renewed,upsell,downsell,churned"`
	Effective cal.Date   `json:"effective_date"`
	Reasons   []string   `json:"reasons"`
	Words     string     `json:"words"`
	Sign      id.ID      `json:"sign" doc:"the note that saw it first; null if none was named"`
	At        *time.Time `json:"at"`
	By        id.ID      `json:"by"`
	Undoable  bool       `json:"undoable"`
}

func toJSON(r renewal.Renewal) RenewalJSON {
	return RenewalJSON{ID: r.ID, Contract: r.Contract, Term: r.TermNo, Outcome: string(r.Outcome), Effective: r.Effective,
		Reasons: r.Reasons, Words: r.Words, Sign: r.Sign, At: api.Instant(r.At), By: r.By, Undoable: r.Last}
}

// ByID names the contract or the renewal in the path.
type ByID struct {
	ID string `path:"id"`
}

type recordInput struct {
	ByID
	Body struct {
		Outcome   string `json:"outcome" enum:"renewed,upsell,downsell,churned"`
		Effective string `json:"effective_date,omitempty" doc:"YYYY-MM-DD; the start of the next term, or the renewal date, if left out"`
		Next      *struct {
			Start    string `json:"start,omitempty"`
			End      string `json:"end,omitempty" doc:"the next renewal date; none if left out"`
			Amount   string `json:"amount,omitempty" doc:"decimal, major units"`
			Basis    string `json:"basis,omitempty" enum:",monthly,yearly,term"`
			Currency string `json:"currency,omitempty"`
		} `json:"next_term,omitempty" doc:"as long and as much as the one before if left out"`
		Reasons []string `json:"reasons,omitempty" doc:"of those GET /renewal-reasons offers"`
		Words   string   `json:"words,omitempty"`
		Sign    string   `json:"sign,omitempty" doc:"id of the note that saw it first"`
	}
}

type reasonsJSON struct {
	Stay  []string `json:"stay" doc:"why they renewed or grew"`
	Leave []string `json:"leave" doc:"why they shrank or went"`
}

func op(name, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: name, Method: method, Path: path, Summary: summary, Tags: []string{"Renewals"}}
}

// API adds the endpoints.
func (h *Handlers) API(a *api.API) {
	api.Add(a, who.Read, op("list-renewals", "GET", "/contracts/{id}/renewals", "How the terms of a contract ended, newest first"), h.apiList)
	record := op("record-renewal", "POST", "/contracts/{id}/renewals", "Close the open term and, unless it churned, begin the next")
	record.DefaultStatus = http.StatusCreated
	api.Add(a, who.Write, record, h.apiRecord)
	api.Add(a, who.Read, op("list-amendments", "GET", "/contracts/{id}/amendments", "What was agreed in the middle of terms, the earliest first"), h.apiAmendments)
	amend := op("amend-term", "POST", "/contracts/{id}/amendments", "Another amount of the open term from a day on; one of the same day is corrected")
	amend.DefaultStatus = http.StatusCreated
	api.Add(a, who.Write, amend, h.apiAmend)
	api.Add(a, who.Write, op("unamend-term", "DELETE", "/contracts/{id}/amendments/{day}", "Take an amendment of the open term back"), h.apiUnamend)
	api.Add(a, who.Write, op("undo-renewal", "POST", "/renewals/{id}/undo", "Take the last act of a contract back"), h.apiUndo)
	api.Add(a, who.Read, op("get-renewal-reasons", "GET", "/renewal-reasons", "The reasons that are offered"), h.apiReasons)
	api.Add(a, who.Administer, op("set-renewal-reasons", "PUT", "/renewal-reasons", "Replace the reasons; an empty list brings the usual ones back"), h.apiSetReasons)
}

func (h *Handlers) apiList(ctx context.Context, in *ByID) (*api.List[RenewalJSON], error) {
	contractID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	list, err := h.svc.Of(ctx, contractID)
	out := make([]RenewalJSON, len(list))
	for i, r := range list {
		out[i] = toJSON(r)
	}
	return api.NewList(out, ""), err
}

func (h *Handlers) apiRecord(ctx context.Context, in *recordInput) (*api.One[RenewalJSON], error) {
	contractID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	said := renewal.Input{Outcome: renewal.Outcome(b.Outcome), Effective: b.Effective, Reasons: b.Reasons, Words: b.Words}
	if b.Next != nil {
		said.Next = &renewal.Next{Start: b.Next.Start, End: b.Next.End, Amount: b.Next.Amount, Basis: b.Next.Basis, Currency: b.Next.Currency}
	}
	if b.Sign != "" {
		if said.Sign, err = id.Parse(b.Sign); err != nil {
			said.Sign = -1 // no note has it: the service says so
		}
	}
	r, err := h.svc.Record(ctx, contractID, said)
	return api.NewOne(toJSON(r)), err
}

func (h *Handlers) apiUndo(ctx context.Context, in *ByID) (*api.One[RenewalJSON], error) {
	renewalID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	r, err := h.svc.Undo(ctx, renewalID)
	return api.NewOne(toJSON(r)), err
}

func (h *Handlers) apiReasons(ctx context.Context, _ *struct{}) (*api.One[reasonsJSON], error) {
	list, err := h.svc.Reasons(ctx)
	return api.NewOne(reasonsJSON{Stay: list[renewal.Stay], Leave: list[renewal.Leave]}), err
}

func (h *Handlers) apiSetReasons(ctx context.Context, in *struct{ Body reasonsJSON }) (*api.One[reasonsJSON], error) {
	for side, labels := range map[renewal.Side][]string{renewal.Stay: in.Body.Stay, renewal.Leave: in.Body.Leave} {
		if err := h.svc.SetReasons(ctx, side, labels); err != nil {
			return nil, err
		}
	}
	return h.apiReasons(ctx, nil)
}
