// Package line shows tasks one by one: a line with a box to tick, what else can be
// done to it, and the form of a new one.
package line

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/text"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// Row is a task as a list shows it.
type Row struct {
	ui.TaskProps
	Task   task.Item
	Remark string // who, from where and why
	Back   string // where its forms lead without a script
	May    bool
	Ask    int // open subtasks, when somebody wants to be done with all
}

// Add is the form of a new task.
type Add struct {
	Contract id.ID
	Parent   id.ID
	Title    string
	Due      string
	Minutes  string
	Back     string
	Target   string // what htmx replaces with the answer
	Errors   map[string]string
}

// Origins names the rules behind tasks, by firing.
type Origins interface {
	Origins(ctx context.Context, firings []id.ID) (map[id.ID]string, error)
}

// Maker makes the lines; without Origins rules have no names.
type Maker struct{ Origins Origins }

// Post is the address of an act.
func (r Row) Post(act string) string {
	return "/tasks/" + r.ID + "/" + act + "?back=" + url.QueryEscape(r.Back)
}

// Target finds the line on a page.
func (r Row) Target() string { return "#task-" + r.ID }

// Rows turns tasks into what is shown, asking once for the names of rules.
// back is the page they stand on; only a contract's own page does not name it.
func (m Maker) Rows(ctx context.Context, items []task.Item, back string) ([]Row, error) {
	names, err := m.RuleNames(ctx, items)
	if err != nil {
		return nil, err
	}
	today, may := words.Today(ctx, web.Now(ctx)), who.From(ctx).May(who.Write)
	list := make([]Row, len(items))
	for i, it := range items {
		list[i] = Row{Task: it, Back: back, May: may, TaskProps: ui.TaskProps{ID: it.ID.String(), Title: it.Title, Done: !it.Open()},
			Remark: remark(ctx, it, names[it.OriginID], today, !strings.HasPrefix(back, "/contracts/"))}
		if it.Open() {
			list[i].Due = Due(ctx, it.Due, today)
		}
		if may && it.State != task.StateClosed {
			list[i].Action = list[i].Post("done")
		}
	}
	return list, nil
}

// RuleNames are the names of the rules behind tasks, by firing.
func (m Maker) RuleNames(ctx context.Context, items []task.Item) (map[id.ID]string, error) {
	var firings []id.ID
	for _, it := range items {
		if it.OriginKind == task.RuleOrigin {
			firings = append(firings, it.OriginID)
		}
	}
	if m.Origins == nil || len(firings) == 0 {
		return nil, nil
	}
	return m.Origins.Origins(ctx, firings)
}

// Due says a day near today as people do, and otherwise names it. Amber is
// for today, vermilion for what has passed.
func Due(ctx context.Context, d, today cal.Date) ui.When {
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

// GroupOf is the heading of an open task by its day, in a week that ends on a day:
// late, today, week, later or someday.
func GroupOf(d, today, weekEnd cal.Date) string {
	switch {
	case d == "":
		return "someday"
	case d < today:
		return "late"
	case d == today:
		return "today"
	case d <= weekEnd:
		return "week"
	}
	return "later"
}

// Group is the lines under one heading.
type Group struct {
	Key  string // "" = without a heading
	Rows []Row
}

// Grouped puts rows under their headings; the first one is left out when it
// stood at the end of the page before.
func Grouped(rows []Row, today, weekEnd cal.Date, before string) []Group {
	var out []Group
	for _, r := range rows {
		if key := GroupOf(r.Task.Due, today, weekEnd); len(out) == 0 || out[len(out)-1].Key != key {
			out = append(out, Group{Key: key})
		}
		g := &out[len(out)-1]
		g.Rows = append(g.Rows, r)
	}
	if len(out) > 0 && out[0].Key == before {
		out[0].Key = ""
	}
	return out
}

// NextMonday is the first day of the next week.
func NextMonday(today cal.Date) cal.Date { return today.AddDays((7-int(today.Weekday()))%7 + 1) }

// Owners are the members a task can be given to, and nobody.
func Owners(ctx context.Context, members []workspace.Member) []ui.Option {
	list := []ui.Option{{Value: "", Label: words.T(ctx, "task.nobody")}}
	for _, m := range members {
		if m.State != workspace.Left {
			list = append(list, ui.Option{Value: m.ID.String(), Label: m.Name})
		}
	}
	return list
}

// ReadDue reads a day as people type it; "" is none.
func ReadDue(ctx context.Context, s string) (cal.Date, error) {
	if s == "" {
		return "", nil
	}
	d, err := cal.ParseLoose(s, Today(ctx))
	if err != nil {
		return "", errs.Field("due", "task.err.date").With(err)
	}
	return d, nil
}

// ReadMinutes reads 10, １０ or 10分.
func ReadMinutes(s string) (int, error) {
	s = strings.TrimSpace(strings.TrimSuffix(text.Fold(s), "分"))
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, errs.Field("minutes", "task.err.minutes", "Max", task.MaxMinutes)
	}
	return n, nil
}

// Today is the day where the reader is.
func Today(ctx context.Context) cal.Date { return words.Today(ctx, web.Now(ctx)) }
