package orghttp

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/who"
)

// JSON is an organization in REST.
type JSON struct {
	ID              id.ID     `json:"id"`
	Name            string    `json:"name"`
	Kana            string    `json:"kana"`
	CorporateNumber string    `json:"corporate_number"`
	Parent          id.ID     `json:"parent"`
	ClosingMonth    int       `json:"closing_month" doc:"1 to 12, 0 = unknown"`
	Version         int64     `json:"version"`
	CreatedAt       time.Time `json:"created_at"`
}

func toJSON(o org.Organization) JSON {
	return JSON{ID: o.ID, Name: o.Name, Kana: o.Kana, CorporateNumber: o.CorporateNumber, Parent: o.ParentID,
		ClosingMonth: o.ClosingMonth, Version: o.Version, CreatedAt: o.CreatedAt}
}

type createInput struct {
	Body struct {
		Name            string `json:"name" minLength:"1"`
		Kana            string `json:"kana,omitempty"`
		CorporateNumber string `json:"corporate_number,omitempty" doc:"法人番号, 13 digits"`
		Parent          id.ID  `json:"parent,omitempty"`
		ClosingMonth    int    `json:"closing_month,omitempty" minimum:"0" maximum:"12"`
	}
}

// IDInput is the organization of a path. It is exported because huma fills
// nothing into embedded types that are not.
type IDInput struct {
	ID string `path:"id"`
}

func (in IDInput) ref() (id.ID, error) { return api.PathID(in.ID) }

type listInput struct {
	api.Paging
	Q string `query:"q" doc:"part of the name or its reading"`
}

type patchInput struct {
	IDInput
	Body api.Patch
}

// API adds the endpoints of organizations.
func (h *Handlers) API(a *api.API) {
	op := func(operation, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: operation, Method: method, Path: path, Summary: summary, Tags: []string{"Organizations"}}
	}
	create := op("create-organization", "POST", "/organizations", "Add an organization")
	create.DefaultStatus = 201
	api.Add(a, who.Write, create, func(ctx context.Context, in *createInput) (*api.One[JSON], error) {
		b := in.Body
		o, err := h.svc.Create(ctx, org.Organization{Name: b.Name, Kana: b.Kana, CorporateNumber: b.CorporateNumber,
			ParentID: b.Parent, ClosingMonth: b.ClosingMonth})
		return api.NewOne(toJSON(o)), err
	})
	api.Add(a, who.Read, op("list-organizations", "GET", "/organizations", "Organizations by name"),
		func(ctx context.Context, in *listInput) (*api.List[JSON], error) {
			page, err := h.svc.List(ctx, in.Q, in.Cursor, in.Limit)
			out := make([]JSON, len(page.Items))
			for i, o := range page.Items {
				out[i] = toJSON(o)
			}
			return api.NewList(out, page.Next), err
		})
	api.Add(a, who.Read, op("get-organization", "GET", "/organizations/{id}", "One organization"),
		func(ctx context.Context, in *IDInput) (*api.One[JSON], error) {
			orgID, err := in.ref()
			if err != nil {
				return nil, err
			}
			o, err := h.svc.Get(ctx, orgID)
			return api.NewOne(toJSON(o)), err
		})
	api.Add(a, who.Write, op("update-organization", "PATCH", "/organizations/{id}", "Change an organization"),
		func(ctx context.Context, in *patchInput) (*api.One[JSON], error) {
			orgID, err := in.ref()
			if err != nil {
				return nil, err
			}
			var edits []org.Edit
			for name, v := range in.Body.Set {
				old, has := in.Body.Was[name]
				edits = append(edits, org.Edit{Field: name, Old: old, New: v, HasOld: has})
			}
			o, err := h.svc.Update(ctx, orgID, edits)
			return api.NewOne(toJSON(o)), err
		})
}
