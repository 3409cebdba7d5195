package taskhttp

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/who"
)

// TaskJSON is a task in REST. Contract, parent, owner and origin are null for
// none; dates are "" for none.
type TaskJSON struct {
	ID           id.ID      `json:"id"`
	Contract     id.ID      `json:"contract"`
	ContractName string     `json:"contract_name"`
	Parent       id.ID      `json:"parent"`
	Title        string     `json:"title"`
	Owner        id.ID      `json:"owner"`
	OwnerName    string     `json:"owner_name"`
	DueDate      cal.Date   `json:"due_date"`
	SnoozeUntil  cal.Date   `json:"snooze_until"`
	Minutes      int        `json:"minutes"`
	State        string     `json:"state" enum:"open,done,skipped,closed"`
	Why          string     `json:"why"`
	CreatedBy    id.ID      `json:"created_by"`
	CreatedAt    *time.Time `json:"created_at"`
	DoneBy       id.ID      `json:"done_by"`
	DoneAt       *time.Time `json:"done_at"`
	OriginKind   string     `json:"origin_kind"`
	OriginID     id.ID      `json:"origin"`
	Version      int64      `json:"version"`
}

func toJSON(t task.Item) TaskJSON {
	return TaskJSON{ID: t.ID, Contract: t.Contract, ContractName: t.ContractName, Parent: t.Parent, Title: t.Title,
		Owner: t.Owner, OwnerName: t.OwnerName, DueDate: t.Due, SnoozeUntil: t.SnoozeUntil, Minutes: t.Minutes,
		State: string(t.State), Why: t.Why, CreatedBy: t.CreatedBy, CreatedAt: api.Instant(t.CreatedAt),
		DoneBy: t.DoneBy, DoneAt: api.Instant(t.DoneAt), OriginKind: t.OriginKind, OriginID: t.OriginID, Version: t.Version}
}

// ByID names the task in the path.
type ByID struct {
	ID string `path:"id"`
}

// task is the id of the path; what is no id is simply not there.
func (b ByID) task() id.ID {
	ref, err := id.Parse(b.ID)
	if err != nil {
		return 0
	}
	return ref
}

// answer reads the task again with its names.
func (h *Handlers) answer(ctx context.Context, t task.Task, err error) (*api.One[TaskJSON], error) {
	if err != nil {
		return nil, err
	}
	it, err := h.svc.Get(ctx, t.ID)
	return api.NewOne(toJSON(it)), err
}

func op(name, method, path, summary string) huma.Operation {
	o := huma.Operation{OperationID: name, Method: method, Path: path, Summary: summary, Tags: []string{"Tasks"}}
	if method == "POST" && path == "/tasks" {
		o.DefaultStatus = http.StatusCreated
	}
	return o
}

// API adds the endpoints of tasks.
func (h *Handlers) API(a *api.API) {
	api.Add(a, who.Read, op("list-tasks", "GET", "/tasks", "Tasks, narrowed and in an order; those without a value to sort by come last"), h.apiList)
	api.Add(a, who.Write, op("create-task", "POST", "/tasks", "Add a task"), h.apiCreate)
	api.Add(a, who.Read, op("get-task", "GET", "/tasks/{id}", "One task"),
		func(ctx context.Context, in *ByID) (*api.One[TaskJSON], error) {
			return h.answer(ctx, task.Task{ID: in.task()}, nil)
		})
	api.Add(a, who.Write, op("update-task", "PATCH", "/tasks/{id}", "Change fields; a stale old value is a 409 with both"), h.apiUpdate)
	api.Add(a, who.Write, op("finish-task", "POST", "/tasks/{id}/done", "Say that it is done"),
		func(ctx context.Context, in *struct {
			ByID
			Body struct {
				Words string `json:"words,omitempty" doc:"a note for the contract's timeline"`
				All   bool   `json:"all,omitempty" doc:"the open subtasks are done, too"`
			}
		}) (*api.One[TaskJSON], error) {
			t, err := h.svc.Done(ctx, in.task(), in.Body.Words, in.Body.All)
			return h.answer(ctx, t, err)
		})
	api.Add(a, who.Write, op("skip-task", "POST", "/tasks/{id}/skip", "Say that it will not be done, and why"),
		func(ctx context.Context, in *struct {
			ByID
			Body struct {
				Why string `json:"why"`
			}
		}) (*api.One[TaskJSON], error) {
			t, err := h.svc.Skip(ctx, in.task(), in.Body.Why)
			return h.answer(ctx, t, err)
		})
	api.Add(a, who.Write, op("reopen-task", "POST", "/tasks/{id}/reopen", "Take done or skip back"),
		func(ctx context.Context, in *ByID) (*api.One[TaskJSON], error) {
			t, err := h.svc.Reopen(ctx, in.task())
			return h.answer(ctx, t, err)
		})
	api.Add(a, who.Write, op("snooze-task", "POST", "/tasks/{id}/snooze", "Put it off to a business day; empty takes it back"),
		func(ctx context.Context, in *struct {
			ByID
			Body struct {
				Until cal.Date `json:"until"`
			}
		}) (*api.One[TaskJSON], error) {
			t, err := h.svc.Snooze(ctx, in.task(), in.Body.Until)
			return h.answer(ctx, t, err)
		})
}

// Asked is what a list of tasks is asked for in REST.
type Asked struct {
	api.Paging
	Q            string   `query:"q" doc:"words in the title"`
	Owner        string   `query:"owner" doc:"me, none or a member's id"`
	Unit         string   `query:"unit" doc:"a team, with the teams below; none for owners in no team"`
	Contract     string   `query:"contract" doc:"an id; none for tasks of no contract"`
	Organization string   `query:"organization"`
	State        string   `query:"state" enum:"open,done,skipped,closed"`
	DueFrom      cal.Date `query:"due_from"`
	DueBefore    cal.Date `query:"due_before"`
	DoneFrom     cal.Date `query:"done_from"`
	DoneBefore   cal.Date `query:"done_before"`
	Origin       string   `query:"origin" enum:"rule,hand"`
	Rule         string   `query:"rule" doc:"made by this rule"`
	MinutesMin   int      `query:"minutes_min" minimum:"0"`
	MinutesMax   int      `query:"minutes_max" minimum:"0"`
	Phase        string   `query:"phase" doc:"of the contract"`
	Outlook      string   `query:"outlook" doc:"of the contract"`
	Without      []string `query:"without" doc:"those without due, minutes, phase or outlook"`
	Sort         string   `query:"sort" enum:"due,-due,owner,-owner,minutes,-minutes,done,-done,created" default:"due"`
}

func (in *Asked) query() (task.Query, error) {
	q := task.Query{Text: in.Q, Owner: in.Owner, State: task.State(in.State), DueFrom: in.DueFrom, DueBefore: in.DueBefore, DoneFrom: in.DoneFrom,
		DoneBefore: in.DoneBefore, Origin: in.Origin, MinutesMin: in.MinutesMin, MinutesMax: in.MinutesMax, Phase: in.Phase, Outlook: in.Outlook,
		Without: in.Without, Sort: in.Sort, Limit: in.Limit, Cursor: in.Cursor}
	for _, ref := range []struct {
		name, asked string
		to          *id.ID
	}{{"unit", in.Unit, &q.Unit}, {"contract", in.Contract, &q.Contract}, {"organization", in.Organization, &q.Org}, {"rule", in.Rule, &q.Rule}} {
		switch {
		case ref.asked == "":
		case ref.asked == "none" && (ref.name == "unit" || ref.name == "contract"):
			q.Without = append(q.Without, ref.name)
		default:
			var err error
			if *ref.to, err = id.Parse(ref.asked); err != nil {
				return q, errs.Field(ref.name, "err.choice")
			}
		}
	}
	return q, nil
}

func (h *Handlers) apiList(ctx context.Context, in *Asked) (*api.List[TaskJSON], error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	page, err := h.svc.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := make([]TaskJSON, len(page.Items))
	for i, it := range page.Items {
		out[i] = toJSON(it)
	}
	return api.NewList(out, page.Next), nil
}

func (h *Handlers) apiCreate(ctx context.Context, in *struct {
	Body struct {
		Title    string   `json:"title"`
		Contract id.ID    `json:"contract,omitempty"`
		Parent   id.ID    `json:"parent,omitempty"`
		Owner    id.ID    `json:"owner,omitempty" doc:"you, if empty"`
		DueDate  cal.Date `json:"due_date,omitempty"`
		Minutes  int      `json:"minutes,omitempty"`
	}
}) (*api.One[TaskJSON], error) {
	b := in.Body
	t, err := h.svc.Create(ctx, task.New{Title: b.Title, Contract: b.Contract, Parent: b.Parent, Owner: b.Owner, Due: b.DueDate, Minutes: b.Minutes})
	return h.answer(ctx, t, err)
}

// apiUpdate speaks as contracts do: set what changes, and in was the values
// the change starts from.
func (h *Handlers) apiUpdate(ctx context.Context, in *struct {
	ByID
	Body struct {
		Set map[string]any `json:"set" doc:"title, owner, due_date, minutes, contract; null or empty takes one away"`
		Was map[string]any `json:"was,omitempty" doc:"the values the change starts from; 409 if one is no longer there"`
	}
}) (*api.One[TaskJSON], error) {
	var edits []task.Edit
	for _, name := range slices.Sorted(maps.Keys(in.Body.Set)) {
		old, hasOld := in.Body.Was[name]
		edits = append(edits, task.Edit{Field: name, New: written(in.Body.Set[name]), Old: written(old), HasOld: hasOld})
	}
	t, err := h.svc.Update(ctx, in.task(), edits)
	return h.answer(ctx, t, err)
}

// written is a JSON value as Edit takes it.
func written(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
