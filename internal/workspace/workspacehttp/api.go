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
}
