package viewhttp

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/view"
	"kizuki/internal/who"
)

// savedView is a view as REST shows it.
type savedView struct {
	ID     id.ID  `json:"id"`
	Place  string `json:"place" doc:"the list: contracts or tasks"`
	Name   string `json:"name"`
	Query  string `json:"query" doc:"of the list's address: filter, sort, columns and groups"`
	Shared bool   `json:"shared" doc:"with everyone in the workspace"`
	Unit   id.ID  `json:"unit" doc:"with a team and those below it; empty for none"`
	Member id.ID  `json:"member" doc:"who saved it"`
	URL    string `json:"url"`
}

func shown(v view.View) savedView {
	return savedView{ID: v.ID, Place: v.Place, Name: v.Name, Query: v.Query, Shared: v.Shared, Unit: v.Unit, Member: v.Member, URL: path(v.ID)}
}

type listInput struct {
	Place string `query:"place" required:"true" doc:"contracts or tasks"`
}

type createInput struct {
	Body struct {
		Place  string `json:"place"`
		Name   string `json:"name"`
		Query  string `json:"query,omitempty"`
		Shared bool   `json:"shared,omitempty"`
		Unit   string `json:"unit,omitempty" doc:"a team you are in or lead"`
	}
}

type updateInput struct {
	ID   string `path:"id"`
	Body struct {
		Name   *string `json:"name,omitempty"`
		Query  *string `json:"query,omitempty"`
		Shared *bool   `json:"shared,omitempty"`
		Unit   *string `json:"unit,omitempty" doc:"a team you are in or lead; empty for none"`
	}
}

type oneInput struct {
	ID string `path:"id"`
}

// API adds the endpoints.
func (h *Handlers) API(a *api.API) {
	op := func(method, path, name, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: path, OperationID: name, Summary: summary, Tags: []string{"Views"}}
	}
	api.Add(a, who.Read, op("GET", "/views", "list-views", "Saved views of a list: one's own, then those shared"), h.apiList)
	api.Add(a, who.Self, op("POST", "/views", "create-view", "Save a view"), h.apiCreate)
	api.Add(a, who.Self, op("PATCH", "/views/{id}", "update-view", "Rename, share or change a view"), h.apiUpdate)
	api.Add(a, who.Self, op("DELETE", "/views/{id}", "delete-view", "Delete a view"), h.apiDelete)
}

func (h *Handlers) apiList(ctx context.Context, in *listInput) (*api.List[savedView], error) {
	all, err := h.svc.List(ctx, in.Place)
	items := make([]savedView, len(all))
	for i, v := range all {
		items[i] = shown(v)
	}
	return api.NewList(items, ""), err
}

func (h *Handlers) apiCreate(ctx context.Context, in *createInput) (*api.One[savedView], error) {
	unit, err := unitOf(in.Body.Unit)
	if err != nil {
		return nil, err
	}
	v, err := h.svc.Create(ctx, view.Input{Unit: unit, Place: in.Body.Place, Name: in.Body.Name, Query: in.Body.Query, Shared: in.Body.Shared})
	return api.NewOne(shown(v)), err
}

func (h *Handlers) apiUpdate(ctx context.Context, in *updateInput) (*api.One[savedView], error) {
	ref, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	ch := view.Change{Name: in.Body.Name, Query: in.Body.Query, Shared: in.Body.Shared}
	if in.Body.Unit != nil {
		unit, err := unitOf(*in.Body.Unit)
		if err != nil {
			return nil, err
		}
		ch.Unit = &unit
	}
	v, err := h.svc.Update(ctx, ref, ch)
	return api.NewOne(shown(v)), err
}

func (h *Handlers) apiDelete(ctx context.Context, in *oneInput) (*struct{}, error) {
	ref, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	_, err = h.svc.Delete(ctx, ref)
	return nil, err
}

func unitOf(s string) (id.ID, error) {
	if s == "" {
		return 0, nil
	}
	unit, err := id.Parse(s)
	if err != nil {
		return 0, errs.Missing("unit")
	}
	return unit, nil
}
