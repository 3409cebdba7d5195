package workspacehttp

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// MemberJSON is a member in REST. Mail is shown to members only.
type MemberJSON struct {
	ID    id.ID  `json:"id"`
	Name  string `json:"name"`
	Kana  string `json:"kana"`
	Mail  string `json:"mail"`
	Role  string `json:"role"`
	State string `json:"state" enum:"active,placeholder,left"`
}

// UnitJSON is a team in REST.
type UnitJSON struct {
	ID      id.ID   `json:"id"`
	Name    string  `json:"name"`
	Parent  id.ID   `json:"parent" doc:"the team above, 0 at the top"`
	Members []id.ID `json:"members"`
	Leads   []id.ID `json:"leads" doc:"those of the members who arrange fields, views and rules for the team and those below it"`
}

// API adds the endpoints about people. A workspace has few members: the list
// is one page.
func (h *Handlers) API(a *api.API) {
	api.Add(a, who.Read, huma.Operation{OperationID: "list-members", Method: "GET", Path: "/members", Summary: "Members of the workspace", Tags: []string{"Members"}},
		func(ctx context.Context, _ *struct{}) (*api.List[MemberJSON], error) {
			all, err := h.svc.Members(ctx)
			var out []MemberJSON
			for _, m := range all {
				out = append(out, MemberJSON{ID: m.ID, Name: m.Name, Kana: m.Kana, Mail: m.Mail, Role: string(m.Role), State: string(m.State)})
			}
			return api.NewList(out, ""), err
		})
	h.apiUnits(a)
}

func (h *Handlers) apiUnits(a *api.API) {
	api.Add(a, who.Read, huma.Operation{OperationID: "list-units", Method: "GET", Path: "/units", Summary: "Teams, by name", Tags: []string{"Members"}},
		func(ctx context.Context, _ *struct{}) (*api.List[UnitJSON], error) {
			all, err := h.svc.Units(ctx)
			out := make([]UnitJSON, len(all))
			for i, u := range all {
				out[i] = UnitJSON{ID: u.ID, Name: u.Name, Parent: u.Parent, Members: append([]id.ID{}, u.Members...), Leads: append([]id.ID{}, u.Leads...)}
			}
			return api.NewList(out, ""), err
		})
	api.Add(a, who.Lead, huma.Operation{OperationID: "set-unit-leads", Method: "PUT", Path: "/units/{id}/leads", DefaultStatus: 204,
		Summary: "Say who leads a team: an admin's act, or of who leads a team above", Tags: []string{"Members"}},
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body struct {
				Leads []id.ID `json:"leads" doc:"members of the team"`
			}
		}) (*struct{}, error) {
			unit, err := api.PathID(in.ID)
			if err != nil {
				return nil, err
			}
			return nil, h.svc.SetUnitLeads(ctx, unit, in.Body.Leads)
		})
}
