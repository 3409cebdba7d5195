package bulkhttp

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/bulk"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// actJSON is an act as REST shows it.
type actJSON struct {
	ID        id.ID               `json:"id"`
	Target    bulk.Target         `json:"target" enum:"contracts,tasks"`
	Member    id.ID               `json:"member" doc:"who made it"`
	State     bulk.State          `json:"state" enum:"chosen,staging,staged,applying,applied,undoing,undone"`
	Edits     []bulk.Edit         `json:"edits"`
	Counts    bulk.Counts         `json:"counts" doc:"records by outcome: change, same, refused; done and left once applied; back and partly once undone"`
	Rows      map[string]rowsJSON `json:"rows" doc:"the first twenty of each outcome"`
	At        *time.Time          `json:"at"`
	AppliedAt *time.Time          `json:"applied_at"`
	UndoneAt  *time.Time          `json:"undone_at"`
	URL       string              `json:"url"`
}

type rowsJSON []rowJSON

type rowJSON struct {
	Record  id.ID             `json:"record" doc:"the contract or task"`
	Name    string            `json:"name"`
	Changes map[string][2]any `json:"changes" doc:"attribute → [from, to]"`
	Why     string            `json:"why,omitempty" doc:"why it stays as it is, in the member's language"`
	Fields  []string          `json:"fields,omitempty" doc:"which attributes that is about"`
}

type createInput struct {
	Body struct {
		Target string      `json:"target" enum:"contracts,tasks"`
		IDs    []id.ID     `json:"ids,omitempty" doc:"which records, at most 1,000; or query"`
		Query  *string     `json:"query,omitempty" doc:"of the list's address; \"\" is all it shows"`
		Edits  []bulk.Edit `json:"edits"`
	}
}

type oneInput struct {
	ID string `path:"id"`
}

type listInput struct {
	api.Paging
}

// API adds the endpoints.
func (h *Handlers) API(a *api.API) {
	op := func(method, path, name, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: path, OperationID: name, Summary: summary, Tags: []string{"Bulk"}}
	}
	api.Add(a, who.Read, op("GET", "/bulk", "list-bulk", "Acts in bulk that were applied, the newest first"), h.apiList)
	api.Add(a, who.Write, op("POST", "/bulk", "preview-bulk", "Say what many records shall be; answers what that would do"), h.apiCreate)
	api.Add(a, who.Read, op("GET", "/bulk/{id}", "get-bulk", "An act, how far it is, and what stays as it is"), h.apiGet)
	api.Add(a, who.Write, op("POST", "/bulk/{id}/apply", "apply-bulk", "Write what the preview showed"), h.apiApply)
	api.Add(a, who.Write, op("POST", "/bulk/{id}/undo", "undo-bulk", "Take an act back"), h.apiUndo)
}

// shown is an act without its records.
func shown(act bulk.Act) actJSON {
	out := actJSON{ID: act.ID, Target: act.Target, Member: act.Member, State: act.State, Edits: act.Edits, Counts: act.Counts, Rows: map[string]rowsJSON{},
		At: api.Instant(act.At), AppliedAt: api.Instant(act.AppliedAt), UndoneAt: api.Instant(act.UndoneAt), URL: address(act.ID)}
	if out.Edits == nil {
		out.Edits = []bulk.Edit{}
	}
	return out
}

// whole adds the first records of each outcome.
func (h *Handlers) whole(ctx context.Context, act bulk.Act, err error) (*api.One[actJSON], error) {
	if err != nil {
		return nil, err
	}
	out := shown(act)
	p := &page{act: act}
	if p.book, _, err = h.books[act.Target](ctx); err != nil {
		return nil, err
	}
	for o, n := range act.Counts {
		if n == 0 {
			continue
		}
		rows, _, err := h.svc.Rows(ctx, act.ID, 0, shows, o)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out.Rows[string(o)] = append(out.Rows[string(o)], p.rowJSON(ctx, r))
		}
	}
	return api.NewOne(out), nil
}

func (p *page) rowJSON(ctx context.Context, r bulk.Row) rowJSON {
	out := rowJSON{Record: r.Ref, Name: r.Name, Changes: map[string][2]any{}, Why: p.reason(ctx, r.Why), Fields: r.Why.Fields}
	for _, name := range r.After.Names() {
		out.Changes[name] = [2]any{r.Before[name], r.After[name]}
	}
	return out
}

func (h *Handlers) apiCreate(ctx context.Context, in *createInput) (*api.One[actJSON], error) {
	sel := bulk.Selection{IDs: in.Body.IDs}
	switch {
	case in.Body.Query != nil && len(sel.IDs) > 0, in.Body.Query == nil && len(sel.IDs) == 0:
		return nil, errs.Field("ids", "bulk.err.which")
	case in.Body.Query != nil:
		sel.Query = *in.Body.Query
	}
	act, err := h.svc.Choose(ctx, bulk.Target(in.Body.Target), sel)
	if err == nil {
		act, err = h.svc.Stage(ctx, act.ID, in.Body.Edits)
	}
	return h.whole(ctx, act, err)
}

func (h *Handlers) apiGet(ctx context.Context, in *oneInput) (*api.One[actJSON], error) {
	return h.act(ctx, in, h.svc.Get)
}

func (h *Handlers) apiApply(ctx context.Context, in *oneInput) (*api.One[actJSON], error) {
	return h.act(ctx, in, h.svc.Apply)
}

func (h *Handlers) apiUndo(ctx context.Context, in *oneInput) (*api.One[actJSON], error) {
	return h.act(ctx, in, h.svc.Undo)
}

func (h *Handlers) act(ctx context.Context, in *oneInput, do func(context.Context, id.ID) (bulk.Act, error)) (*api.One[actJSON], error) {
	ref, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	act, err := do(ctx, ref)
	return h.whole(ctx, act, err)
}

func (h *Handlers) apiList(ctx context.Context, in *listInput) (*api.List[actJSON], error) {
	var before id.ID
	var err error
	if in.Cursor != "" {
		if before, err = id.Parse(in.Cursor); err != nil {
			return nil, errs.Field("cursor", "err.cursor")
		}
	}
	limit := in.Limit
	list, err := h.svc.List(ctx, before, limit+1)
	next := ""
	if limit > 0 && len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID.String()
	}
	items := make([]actJSON, len(list))
	for i, a := range list {
		items[i] = shown(a)
	}
	return api.NewList(items, next), err
}
