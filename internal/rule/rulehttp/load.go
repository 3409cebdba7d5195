package rulehttp

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/rule"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// loadPage is the load ahead: a row for each owner, a bar for each week.
type loadPage struct {
	rule.Load
	most int // minutes that fill a bar's height, twice a full week's budget; what is more is cut
}

func (h *Handlers) load(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	l, err := h.svc.Load(ctx, rule.LoadWeeks)
	if err != nil {
		return err
	}
	p := loadPage{Load: l, most: 1}
	for _, wk := range l.Weeks {
		p.most = max(p.most, 2*wk.Budget)
	}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(ctx, "rule.load"), Place: "/rules"}, p.view())
}

// barHeight is the height of a bar's drawing, in pixels.
const barHeight = 48

// bar is one week of one owner, drawn: the checks stand at the bottom, the
// tasks of people on them, the line is the budget.
type bar struct {
	checksY, checksH, tasksY, tasksH, lineY string
	cut                                     bool // higher than can be drawn
	said                                    string
}

func (p loadPage) bar(ctx context.Context, i int, m rule.Minutes) bar {
	height := func(minutes int) int {
		if minutes == 0 {
			return 0
		}
		return min(max(2, minutes*barHeight/p.most), barHeight)
	}
	c := height(m.Checks)
	t := min(height(m.Tasks), barHeight-c)
	px := strconv.Itoa
	return bar{checksY: px(barHeight - c), checksH: px(c), tasksY: px(barHeight - c - t), tasksH: px(t),
		lineY: px(barHeight - height(p.Weeks[i].Budget)), cut: m.Checks+m.Tasks > p.most, said: p.saidOf(ctx, i, m)}
}

// saidOf is the bar in words.
func (p loadPage) saidOf(ctx context.Context, i int, m rule.Minutes) string {
	return words.T(ctx, "rule.load.week", "From", words.DayShort(ctx, p.Weeks[i].From), "Checks", words.Number(m.Checks),
		"Tasks", words.Number(m.Tasks), "Budget", words.Number(p.Weeks[i].Budget))
}

func weekHead(w rule.Week) string {
	return strconv.Itoa(w.From.Month()) + "/" + strconv.Itoa(w.From.Day())
}

// setBudget changes the workspace's budget; what is wrong with it is said on the
// page of rules.
func (h *Handlers) setBudget(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	minutes, err := strconv.Atoi(f.Line("minutes"))
	if err != nil {
		minutes = 0 // out of bounds: the service says which they are
	}
	switch err := h.svc.SetBudget(ctx, minutes); {
	case err == nil:
		return web.RedirectSaying(w, r, "/rules", web.Toast{Text: words.T(ctx, "rule.budget.saved", "Minutes", words.Number(minutes))})
	case web.IsInput(err):
		return h.showList(w, r, web.Status(errs.As(err).Code), budgetForm{value: f.Line("minutes"), err: web.FieldErrors(ctx, err)["minutes"]})
	default:
		return err
	}
}

// budgetForm is the field of the budget as it was sent.
type budgetForm struct{ value, err string }

// LoadJSON is the load ahead in REST.
type LoadJSON struct {
	Budget int             `json:"budget" doc:"minutes of generated checks a member's business day holds"`
	Weeks  []WeekJSON      `json:"weeks"`
	Owners []OwnerLoadJSON `json:"owners" doc:"by name"`
}

// WeekJSON is a week of the load.
type WeekJSON struct {
	From   cal.Date `json:"from" doc:"its Monday"`
	Days   int      `json:"days" doc:"business days, of the running week those left"`
	Budget int      `json:"budget" doc:"minutes"`
}

// OwnerLoadJSON is one owner's weeks.
type OwnerLoadJSON struct {
	Member id.ID         `json:"member"`
	Name   string        `json:"name"`
	Weeks  []MinutesJSON `json:"weeks"`
}

// MinutesJSON is what a week holds.
type MinutesJSON struct {
	Checks int `json:"checks" doc:"made by rules, or still to be made by them, on the days planned"`
	Tasks  int `json:"tasks" doc:"made by people"`
}

func loadJSON(l rule.Load) LoadJSON {
	out := LoadJSON{Budget: l.Budget, Weeks: make([]WeekJSON, len(l.Weeks)), Owners: make([]OwnerLoadJSON, len(l.Owners))}
	for i, w := range l.Weeks {
		out.Weeks[i] = WeekJSON(w)
	}
	for i, o := range l.Owners {
		weeks := make([]MinutesJSON, len(o.Weeks))
		for n, m := range o.Weeks {
			weeks[n] = MinutesJSON(m)
		}
		out.Owners[i] = OwnerLoadJSON{Member: o.ID, Name: o.Name, Weeks: weeks}
	}
	return out
}

// BudgetJSON is the budget in REST.
type BudgetJSON struct {
	Minutes int `json:"minutes" minimum:"5" maximum:"480"`
}

func (h *Handlers) apiLoad(a *api.API) {
	api.Add(a, who.Read, huma.Operation{OperationID: "load-ahead", Method: "GET", Path: "/load", Tags: []string{"Rules"},
		Summary: "What the weeks ahead hold for each owner"}, func(ctx context.Context, in *struct {
		Weeks int `query:"weeks" default:"8" minimum:"1" maximum:"12"`
	}) (*api.One[LoadJSON], error) {
		l, err := h.svc.Load(ctx, in.Weeks)
		return api.NewOne(loadJSON(l)), err
	})
	api.Add(a, who.Administer, huma.Operation{OperationID: "set-daily-budget", Method: "PUT", Path: "/load/budget", Tags: []string{"Rules"},
		Summary: "Change how many minutes of generated checks a day holds"}, func(ctx context.Context, in *struct{ Body BudgetJSON }) (*api.One[BudgetJSON], error) {
		return api.NewOne(in.Body), h.svc.SetBudget(ctx, in.Body.Minutes)
	})
}
