package fieldhttp

import (
	"context"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// JSON is a field in REST.
type JSON struct {
	ID       id.ID             `json:"id"`
	Key      string            `json:"key"`
	Type     string            `json:"type" enum:"text,number,date,choice,choices,link,member,checkbox,money"`
	Labels   map[string]string `json:"labels" doc:"by language: ja, en"`
	Options  []string          `json:"options"`
	Position int               `json:"position"`
	Indexed  bool              `json:"indexed" doc:"can be filtered and sorted by"`
	Retired  bool              `json:"retired"`
	Unit     id.ID             `json:"unit" doc:"the team whose field it is; empty for everybody's"`
	PutAway  []string          `json:"put_away" doc:"options that are offered no more; contracts keep them"`
}

func toJSON(f field.Field) JSON {
	options := f.Options
	if options == nil {
		options = []string{}
	}
	return JSON{ID: f.ID, Key: f.Key, Type: string(f.Type), Labels: f.Labels, Options: options, Position: f.Position,
		Indexed: f.Indexed, Retired: f.Retired(), Unit: f.Unit, PutAway: append([]string{}, f.PutAway...)}
}

type createInput struct {
	Body struct {
		Key     string            `json:"key,omitempty"`
		Type    string            `json:"type" enum:"text,number,date,choice,choices,link,member,checkbox,money"`
		Labels  map[string]string `json:"labels"`
		Options []string          `json:"options,omitempty"`
		Indexed bool              `json:"indexed,omitempty"`
		Unit    string            `json:"unit,omitempty" doc:"the team whose field it is, which its lead may add"`
	}
}

type patchInput struct {
	ID   string `path:"id"`
	Body struct {
		Labels   map[string]string `json:"labels,omitempty"`
		Options  []string          `json:"options,omitempty"`
		Position *int              `json:"position,omitempty" minimum:"0"`
		Indexed  *bool             `json:"indexed,omitempty"`
		Retired  *bool             `json:"retired,omitempty"`
		Unit     *string           `json:"unit,omitempty" doc:"another team, empty for everybody's"`
		Rename   map[string]string `json:"rename_options,omitempty" doc:"options by their present name: contracts follow the new one"`
		PutAway  map[string]bool   `json:"put_away,omitempty" doc:"options to be offered no more (true) or again (false)"`
	}
}

// API adds the endpoints of fields.
func (h *Handlers) API(a *api.API) {
	op := func(operation, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: operation, Method: method, Path: path, Summary: summary, Tags: []string{"Fields"}}
	}
	api.Add(a, who.Read, op("list-fields", "GET", "/fields", "All custom fields, retired ones included"),
		func(ctx context.Context, _ *struct{}) (*api.List[JSON], error) {
			all, err := h.svc.List(ctx)
			out := make([]JSON, len(all))
			for i, f := range all {
				out[i] = toJSON(f)
			}
			return api.NewList(out, ""), err
		})
	create := op("create-field", "POST", "/fields", "Add a custom field")
	create.DefaultStatus = 201
	api.Add(a, who.Lead, create, func(ctx context.Context, in *createInput) (*api.One[JSON], error) {
		b := in.Body
		unit, err := unitOf(b.Unit)
		if err != nil {
			return nil, err
		}
		f, err := h.svc.Create(ctx, field.Input{Unit: unit, Key: b.Key, Type: field.Type(b.Type), Labels: b.Labels, Options: b.Options, Indexed: b.Indexed})
		return api.NewOne(toJSON(f)), err
	})
	api.Add(a, who.Lead, op("update-field", "PATCH", "/fields/{id}", "Change a field; its values are kept when it is retired"), h.patch)
}

func (h *Handlers) patch(ctx context.Context, in *patchInput) (*api.One[JSON], error) {
	fieldID, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	p := field.Patch{Labels: b.Labels, Options: b.Options, Position: b.Position, Indexed: b.Indexed}
	if b.Unit != nil {
		unit, err := unitOf(*b.Unit)
		if err != nil {
			return nil, err
		}
		p.Unit = &unit
	}
	f, err := h.svc.Update(ctx, fieldID, p)
	for _, from := range slices.Sorted(maps.Keys(b.Rename)) {
		if err == nil {
			f, err = h.svc.RenameOption(ctx, fieldID, from, b.Rename[from])
		}
	}
	for _, option := range slices.Sorted(maps.Keys(b.PutAway)) {
		if err == nil {
			f, err = h.svc.PutOptionAway(ctx, fieldID, option, b.PutAway[option])
		}
	}
	if err != nil || b.Retired == nil {
		return api.NewOne(toJSON(f)), err
	}
	act := h.svc.Restore
	if *b.Retired {
		act = h.svc.Retire
	}
	if err := act(ctx, fieldID); err != nil {
		return nil, err
	}
	f, err = h.svc.Get(ctx, fieldID)
	return api.NewOne(toJSON(f)), err
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
