package taskhttp

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// row is a task as a list shows it.
type row struct {
	ui.TaskProps
	task   task.Item
	remark string // who, from where and why
	back   string // where its forms lead without a script
	may    bool
	ask    int // open subtasks, when somebody wants to be done with all
}

func (r row) post(act string) string {
	return "/tasks/" + r.ID + "/" + act + "?back=" + url.QueryEscape(r.back)
}

func (r row) target() string { return "#task-" + r.ID }

// rows turns tasks into what is shown, asking once for the names of rules.
// back is the page they stand on; only a contract's own page does not name it.
func (h *Handlers) rows(ctx context.Context, items []task.Item, back string) ([]row, error) {
	names, err := h.ruleNames(ctx, items)
	if err != nil {
		return nil, err
	}
	today, may := words.Today(ctx, web.Now(ctx)), who.From(ctx).May(who.Write)
	list := make([]row, len(items))
	for i, it := range items {
		list[i] = row{task: it, back: back, may: may, TaskProps: ui.TaskProps{ID: it.ID.String(), Title: it.Title, Done: !it.Open()},
			remark: remark(ctx, it, names[it.OriginID], today, !strings.HasPrefix(back, "/contracts/"))}
		if it.Open() {
			list[i].Due = due(ctx, it.Due, today)
		}
		if may && it.State != task.StateClosed {
			list[i].Action = list[i].post("done")
		}
	}
	return list, nil
}

func (h *Handlers) ruleNames(ctx context.Context, items []task.Item) (map[id.ID]string, error) {
	var firings []id.ID
	for _, it := range items {
		if it.OriginKind == task.RuleOrigin {
			firings = append(firings, it.OriginID)
		}
	}
	if h.origins == nil || len(firings) == 0 {
		return nil, nil
	}
	return h.origins.Origins(ctx, firings)
}

// due says a day near today as people do, and otherwise names it. Amber is
// for today, vermilion for what has passed.
func due(ctx context.Context, d, today cal.Date) ui.When {
	w := ui.On(ctx, d, today)
	switch days := today.DaysUntil(d); {
	case d == "":
		return ui.When{}
	case days < 0:
		w.Text, w.Class = words.Until(ctx, d, today), "late"
	case days == 0:
		w.Text, w.Class = words.Until(ctx, d, today), "soon"
	case days == 1:
		w.Text = words.Until(ctx, d, today)
	}
	return w
}

// remark says who, from where and why, in one grey line.
func remark(ctx context.Context, it task.Item, rule string, today cal.Date, withContract bool) string {
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if withContract {
		add(strings.TrimSpace(it.OrgName + " " + it.ContractName))
	}
	if it.Open() {
		add(it.OwnerName)
		if it.OwnerName == "" {
			add(words.T(ctx, "task.nobody"))
		}
		if rule != "" {
			add(words.T(ctx, "task.by_rule", "Name", rule))
		}
		if it.SnoozeUntil > today {
			add(words.T(ctx, "task.off_until", "Day", words.DayNear(ctx, it.SnoozeUntil, today)))
		}
	} else {
		add(words.AgoDay(ctx, cal.Of(it.DoneAt.In(words.From(ctx).Zone)), today))
		add(it.DoneByName)
		if it.State != task.StateDone {
			add(words.T(ctx, "task.state."+string(it.State)))
		}
		add(it.Why)
	}
	return strings.Join(parts, words.T(ctx, "task.comma"))
}

// groupOf is the heading of an open task by its day: late, today, week, later
// or someday.
func groupOf(d, today cal.Date) string {
	sunday := today.AddDays((7 - int(today.Weekday())) % 7)
	switch {
	case d == "":
		return "someday"
	case d < today:
		return "late"
	case d == today:
		return "today"
	case d <= sunday:
		return "week"
	}
	return "later"
}

type group struct {
	key  string // "" = without a heading
	rows []row
}

// grouped puts rows under their headings; the first one is left out when it
// stood at the end of the page before.
func grouped(rows []row, today cal.Date, before string) []group {
	var out []group
	for _, r := range rows {
		if key := groupOf(r.task.Due, today); len(out) == 0 || out[len(out)-1].key != key {
			out = append(out, group{key: key})
		}
		g := &out[len(out)-1]
		g.rows = append(g.rows, r)
	}
	if len(out) > 0 && out[0].key == before {
		out[0].key = ""
	}
	return out
}

func nextMonday(today cal.Date) cal.Date { return today.AddDays((7-int(today.Weekday()))%7 + 1) }

func ownerOptions(ctx context.Context, members []workspace.Member) []ui.Option {
	list := []ui.Option{{Value: "", Label: words.T(ctx, "task.nobody")}}
	for _, m := range members {
		if m.State != workspace.Left {
			list = append(list, ui.Option{Value: m.ID.String(), Label: m.Name})
		}
	}
	return list
}

func query(address string) string {
	if strings.Contains(address, "?") {
		return "&"
	}
	return "?"
}

func escape(s string) string { return url.QueryEscape(s) }

func itoa(n int) string { return strconv.Itoa(n) }

func today(ctx context.Context) cal.Date { return words.Today(ctx, web.Now(ctx)) }
