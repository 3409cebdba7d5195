package rulehttp

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/rule"
	"kizuki/internal/who"
)

// RuleJSON is a rule in REST.
type RuleJSON struct {
	ID        id.ID      `json:"id"`
	Name      string     `json:"name"`
	Owner     id.ID      `json:"owner"`
	OwnerName string     `json:"owner_name"`
	Unit      id.ID      `json:"unit" doc:"the team whose owners' contracts alone it watches; empty for all contracts"`
	State     string     `json:"state" enum:"draft,live,paused"`
	LiveFrom  cal.Date   `json:"live_from"`
	Version   int        `json:"version"`
	Spec      rule.Spec  `json:"spec"`
	CreatedAt *time.Time `json:"created_at"`
}

func toJSON(r rule.Rule) RuleJSON {
	return RuleJSON{ID: r.ID, Name: r.Name, Owner: r.Owner, OwnerName: r.OwnerName, Unit: r.Unit, State: string(r.State),
		LiveFrom: r.LiveFrom, Version: r.Version, Spec: r.Spec, CreatedAt: api.Instant(r.CreatedAt)}
}

// ItemJSON is a step that comes up for a contract.
type ItemJSON struct {
	Contract     id.ID    `json:"contract"`
	ContractName string   `json:"contract_name"`
	Organization string   `json:"organization"`
	OwnerName    string   `json:"owner_name"`
	Date         cal.Date `json:"date"`
	Day          cal.Date `json:"day" doc:"what the tasks are due on"`
	Plan         cal.Date `json:"plan" doc:"when they come up: day, or before it where the owner has room"`
	Step         string   `json:"step"`
	Tasks        []string `json:"tasks"`
	Fired        bool     `json:"fired"`
}

// PreviewJSON tells what a rule brings up; lists hold at most 200.
type PreviewJSON struct {
	Today      []ItemJSON `json:"today"`
	Next30     []ItemJSON `json:"next_30"`
	TodayCount int        `json:"today_count"`
	NextCount  int        `json:"next_count"`
	Past       int        `json:"past" doc:"steps whose day has passed: they are not made up for"`
}

func previewJSON(p rule.Preview) PreviewJSON {
	return PreviewJSON{Today: itemsJSON(p.Today), Next30: itemsJSON(p.Next30), TodayCount: p.TodayCount, NextCount: p.NextCount, Past: p.Past}
}

func itemsJSON(list []rule.Item) []ItemJSON {
	out := make([]ItemJSON, len(list))
	for i, it := range list {
		out[i] = ItemJSON{Contract: it.Contract, ContractName: it.ContractName, Organization: it.OrgName, OwnerName: it.OwnerName,
			Date: it.Date, Day: it.Day, Plan: it.Plan, Step: it.Step.ID, Tasks: it.Step.Titles(), Fired: it.Fired}
	}
	return out
}

// ByID names the rule in the path.
type ByID struct {
	ID string `path:"id"`
}

func (b ByID) rule() (id.ID, error) {
	ref, err := id.Parse(b.ID)
	if err != nil {
		return 0, errs.Missing("rule")
	}
	return ref, nil
}

func answer(r rule.Rule, err error) (*api.One[RuleJSON], error) {
	if err != nil {
		return nil, err
	}
	return api.NewOne(toJSON(r)), nil
}

func op(name, method, path, summary string) huma.Operation {
	o := huma.Operation{OperationID: name, Method: method, Path: "/rules" + path, Summary: summary, Tags: []string{"Rules"}}
	if method == "POST" && path == "" {
		o.DefaultStatus = http.StatusCreated
	}
	return o
}

// API adds the endpoints of rules.
func (h *Handlers) API(a *api.API) {
	api.Add(a, who.Read, op("list-rules", "GET", "", "All rules"), func(ctx context.Context, _ *struct{}) (*api.List[RuleJSON], error) {
		rules, err := h.svc.List(ctx)
		var out []RuleJSON
		for _, r := range rules {
			out = append(out, toJSON(r))
		}
		return api.NewList(out, ""), err
	})
	api.Add(a, who.Write, op("create-rule", "POST", "", "A new draft"), func(ctx context.Context, in *struct {
		Body struct {
			Name string    `json:"name"`
			Spec rule.Spec `json:"spec"`
			Unit string    `json:"unit,omitempty" doc:"a team you lead, whose contracts alone it watches"`
		}
	}) (*api.One[RuleJSON], error) {
		unit, err := form{unit: in.Body.Unit}.team()
		if err != nil {
			return nil, err
		}
		return answer(h.svc.Create(ctx, rule.Input{Name: in.Body.Name, Spec: in.Body.Spec, Unit: unit}))
	})
	api.Add(a, who.Read, op("preview-spec", "POST", "/preview", "What a spec would bring up; nothing is made"), func(ctx context.Context, in *struct {
		Body struct {
			Spec rule.Spec `json:"spec"`
		}
	}) (*api.One[PreviewJSON], error) {
		p, err := h.svc.Preview(ctx, in.Body.Spec, "")
		return api.NewOne(previewJSON(p)), err
	})
	h.apiOne(a)
	h.apiLoad(a)
}

func (h *Handlers) apiOne(a *api.API) {
	act := func(do func(context.Context, id.ID) (rule.Rule, error)) func(context.Context, *ByID) (*api.One[RuleJSON], error) {
		return func(ctx context.Context, in *ByID) (*api.One[RuleJSON], error) {
			ref, err := in.rule()
			if err != nil {
				return nil, err
			}
			return answer(do(ctx, ref))
		}
	}
	api.Add(a, who.Read, op("get-rule", "GET", "/{id}", "One rule"), act(h.svc.Get))
	api.Add(a, who.Write, op("pause-rule", "POST", "/{id}/pause", "Stop a rule; its tasks stay"), act(h.svc.Pause))
	api.Add(a, who.Write, op("change-rule", "PATCH", "/{id}", "Change a rule; another spec is a new version"), func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Name    *string    `json:"name,omitempty"`
			Spec    *rule.Spec `json:"spec,omitempty"`
			Unit    *string    `json:"unit,omitempty" doc:"a team you lead; empty for all contracts"`
			Version int        `json:"version,omitempty" doc:"the version the change starts from; 409 if it went on"`
		}
	}) (*api.One[RuleJSON], error) {
		return act(func(ctx context.Context, ref id.ID) (rule.Rule, error) {
			p := rule.Patch{Name: in.Body.Name, Spec: in.Body.Spec, Version: in.Body.Version}
			if in.Body.Unit != nil {
				unit, err := form{unit: *in.Body.Unit}.team()
				if err != nil {
					return rule.Rule{}, err
				}
				p.Unit = &unit
			}
			return h.svc.Update(ctx, ref, p)
		})(ctx, &in.ByID)
	})
	api.Add(a, who.Write, op("start-rule", "POST", "/{id}/live", "Let a rule work, from the next step of each contract"), func(ctx context.Context, in *struct {
		ByID
		Body struct {
			From string `json:"from" enum:"next"`
		}
	}) (*api.One[RuleJSON], error) {
		return act(func(ctx context.Context, ref id.ID) (rule.Rule, error) { return h.svc.GoLive(ctx, ref, in.Body.From) })(ctx, &in.ByID)
	})
	api.Add(a, who.Read, op("preview-rule", "GET", "/{id}/preview", "What a rule brings up today and in the next 30 days"), func(ctx context.Context, in *ByID) (*api.One[PreviewJSON], error) {
		ref, err := in.rule()
		if err != nil {
			return nil, err
		}
		p, err := h.svc.PreviewRule(ctx, ref, "")
		return api.NewOne(previewJSON(p)), err
	})
}
