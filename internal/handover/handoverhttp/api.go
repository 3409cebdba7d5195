package handoverhttp

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/handover"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// HandoverJSON is a contract on its way from one owner to the next.
type HandoverJSON struct {
	ID           id.ID      `json:"id"`
	Act          id.ID      `json:"act" doc:"those of one act share it"`
	Contract     id.ID      `json:"contract"`
	ContractName string     `json:"contract_name"`
	Organization string     `json:"organization"`
	From         id.ID      `json:"from" doc:"null if nobody owned it"`
	FromName     string     `json:"from_name"`
	To           id.ID      `json:"to"`
	ToName       string     `json:"to_name"`
	By           id.ID      `json:"by" doc:"null for an import"`
	At           *time.Time `json:"at"`
	Words        string     `json:"words"`
	SettledAt    *time.Time `json:"settled_at" doc:"null while it waits for the new owner"`
}

func toJSON(h handover.Handover) HandoverJSON {
	return HandoverJSON{ID: h.ID, Act: h.Batch, Contract: h.Contract, ContractName: h.Name, Organization: h.Org, From: h.From.ID,
		FromName: h.From.Name, To: h.To.ID, ToName: h.To.Name, By: h.By.ID, At: api.Instant(h.At), Words: h.Words, SettledAt: api.Instant(h.Settled)}
}

func listJSON(list []handover.Handover) []HandoverJSON {
	out := make([]HandoverJSON, len(list))
	for i, h := range list {
		out[i] = toJSON(h)
	}
	return out
}

// ActJSON is what an act of giving did.
type ActJSON struct {
	Items     []HandoverJSON `json:"items"`
	RuleTasks int            `json:"rule_tasks" doc:"open tasks of rules that are the new owner's now"`
	HandTasks int            `json:"offered_tasks" doc:"open tasks made by people that the new owner is offered"`
	UndoUntil *time.Time     `json:"undo_until"`
}

// UndoneJSON is what taking an act back did.
type UndoneJSON struct {
	Restored []id.ID `json:"restored" doc:"contracts that are their former owner's again"`
	Kept     []id.ID `json:"kept" doc:"contracts that had changed hands since"`
}

// CoverJSON is somebody who stands in for a member.
type CoverJSON struct {
	ID         id.ID    `json:"id"`
	Member     id.ID    `json:"member"`
	MemberName string   `json:"member_name"`
	Deputy     id.ID    `json:"deputy"`
	DeputyName string   `json:"deputy_name"`
	From       cal.Date `json:"from_date"`
	To         cal.Date `json:"to_date" doc:"the last day, included"`
	Words      string   `json:"words"`
}

func coverJSON(c handover.Cover) CoverJSON {
	return CoverJSON{ID: c.ID, Member: c.Member.ID, MemberName: c.Member.Name, Deputy: c.Deputy.ID, DeputyName: c.Deputy.Name,
		From: c.From, To: c.To, Words: c.Words}
}

// ByID names the handover or the cover in the path.
type ByID struct {
	ID string `path:"id"`
}

type giveInput struct {
	Body struct {
		Contracts []string `json:"contracts" doc:"ids, at most 500"`
		To        string   `json:"to" doc:"id of the new owner"`
		Words     string   `json:"words,omitempty" doc:"shown with every contract"`
	}
}

type listInput struct {
	api.Paging
	Open bool   `query:"open" doc:"only those that wait for the new owner"`
	To   string `query:"to" doc:"id of a new owner, or me"`
}

type coverInput struct {
	Body struct {
		Member string `json:"member,omitempty" doc:"id; oneself if left out, somebody else as an admin"`
		Deputy string `json:"deputy"`
		From   string `json:"from_date" doc:"YYYY-MM-DD"`
		To     string `json:"to_date" doc:"YYYY-MM-DD, included"`
		Words  string `json:"words,omitempty"`
	}
}

func op(name, method, path, summary string) huma.Operation {
	o := huma.Operation{OperationID: name, Method: method, Path: path, Summary: summary, Tags: []string{"Handover"}}
	if name == "hand-over" || name == "set-cover" {
		o.DefaultStatus = http.StatusCreated
	}
	return o
}

// API adds the endpoints.
func (h *Handlers) API(a *api.API) {
	api.Add(a, who.Read, op("list-handovers", "GET", "/handovers", "Contracts that changed hands, newest first"), h.apiList)
	api.Add(a, who.Write, op("hand-over", "POST", "/handovers", "Give contracts to another owner"), h.apiGive)
	api.Add(a, who.Write, op("settle-handover", "POST", "/handovers/{id}/settle", "Say that one has read what came with a contract"), h.apiSettle)
	api.Add(a, who.Write, op("undo-handover", "DELETE", "/handovers/{id}", "Take the act of a handover back, within 24 hours"), h.apiUndo)
	api.Add(a, who.Read, op("list-covers", "GET", "/covers", "Who stands in for whom, now and later"), h.apiCovers)
	api.Add(a, who.Write, op("set-cover", "POST", "/covers", "Name a deputy for days"), h.apiSetCover)
	api.Add(a, who.Write, op("end-cover", "POST", "/covers/{id}/end", "End a cover from today on; one that has not had a day is deleted"), h.apiEndCover)
	api.Add(a, who.Write, op("delete-cover", "DELETE", "/covers/{id}", "Delete a cover"), h.apiDeleteCover)
}

// reference reads an id; what is none is an error about the field.
func reference(field, s string) (id.ID, error) {
	ref, err := id.Parse(s)
	if err != nil {
		return 0, errs.Field(field, "err.choice")
	}
	return ref, nil
}

func (h *Handlers) apiList(ctx context.Context, in *listInput) (*api.List[HandoverJSON], error) {
	q := handover.Query{Open: in.Open, Limit: in.Limit, Cursor: in.Cursor}
	var err error
	switch in.To {
	case "":
	case "me":
		q.To = who.From(ctx).Member
	default:
		if q.To, err = reference("to", in.To); err != nil {
			return nil, err
		}
	}
	list, next, err := h.svc.List(ctx, q)
	return api.NewList(listJSON(list), next), err
}

func (h *Handlers) apiGive(ctx context.Context, in *giveInput) (*api.One[ActJSON], error) {
	said := handover.Input{Words: in.Body.Words}
	var err error
	if said.To, err = reference("to", in.Body.To); err != nil {
		return nil, err
	}
	for _, s := range in.Body.Contracts {
		ref, err := reference("contracts", s)
		if err != nil {
			return nil, err
		}
		said.Contracts = append(said.Contracts, ref)
	}
	act, err := h.svc.Give(ctx, said)
	return api.NewOne(ActJSON{Items: listJSON(act.List), RuleTasks: act.RuleTasks, HandTasks: act.HandTasks, UndoUntil: api.Instant(act.Until)}), err
}

func (h *Handlers) apiSettle(ctx context.Context, in *ByID) (*api.One[HandoverJSON], error) {
	ref, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	x, err := h.svc.Settle(ctx, ref)
	return api.NewOne(toJSON(x)), err
}

func (h *Handlers) apiUndo(ctx context.Context, in *ByID) (*api.One[UndoneJSON], error) {
	ref, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	u, err := h.svc.UndoOf(ctx, ref)
	out := UndoneJSON{Restored: u.Restored, Kept: []id.ID{}}
	if out.Restored == nil {
		out.Restored = []id.ID{}
	}
	for _, k := range u.Kept {
		out.Kept = append(out.Kept, k.Contract)
	}
	return api.NewOne(out), err
}

func (h *Handlers) apiCovers(ctx context.Context, _ *struct{}) (*api.List[CoverJSON], error) {
	list, err := h.svc.Covers(ctx)
	out := make([]CoverJSON, len(list))
	for i, c := range list {
		out[i] = coverJSON(c)
	}
	return api.NewList(out, ""), err
}

func (h *Handlers) apiSetCover(ctx context.Context, in *coverInput) (*api.One[CoverJSON], error) {
	b := in.Body
	said := handover.CoverInput{From: b.From, To: b.To, Words: b.Words}
	var err error
	if said.Deputy, err = reference("deputy", b.Deputy); err != nil {
		return nil, err
	}
	if b.Member != "" {
		if said.Member, err = reference("member", b.Member); err != nil {
			return nil, err
		}
	}
	c, err := h.svc.SetCover(ctx, said)
	return api.NewOne(coverJSON(c)), err
}

func (h *Handlers) apiEndCover(ctx context.Context, in *ByID) (*api.One[CoverJSON], error) {
	ref, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	c, _, err := h.svc.EndCover(ctx, ref)
	return api.NewOne(coverJSON(c)), err
}

func (h *Handlers) apiDeleteCover(ctx context.Context, in *ByID) (*api.One[CoverJSON], error) {
	ref, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	c, err := h.svc.DeleteCover(ctx, ref)
	return api.NewOne(coverJSON(c)), err
}
