package list

import (
	"context"
	"net/http"

	"kizuki/internal/cal"
	"kizuki/internal/task"
	"kizuki/internal/web"
	"kizuki/internal/web/sheet"
	"kizuki/internal/web/words"
)

// export writes exactly what the list shows: its filter, order and columns, all
// of its pages.
func (h *Handlers) export(kind string) web.Handler {
	return sheet.Download("tasks", kind, "shell.place.tasks", func(r *http.Request, out sheet.Writer) error {
		ctx := r.Context()
		p, q, err := h.open(ctx, r.URL.Query())
		if err != nil {
			return err
		}
		return h.write(ctx, p, q, out)
	})
}

func (h *Handlers) write(ctx context.Context, p *listPage, q task.Query, out sheet.Writer) error {
	heads := []any{words.T(ctx, "task.what")}
	for _, c := range p.f.columns() {
		heads = append(heads, columnLabel(ctx, c))
	}
	if err := out.Row(heads); err != nil {
		return err
	}
	q.Limit, q.Cursor = task.MaxPage, ""
	for {
		found, err := h.svc.List(ctx, q)
		if err != nil {
			return err
		}
		if p.ruleNames, err = h.lines.RuleNames(ctx, found.Items); err != nil {
			return err
		}
		for _, it := range found.Items {
			if err := out.Row(p.record(ctx, it)); err != nil {
				return err
			}
		}
		if q.Cursor = found.Next; q.Cursor == "" {
			return nil
		}
	}
}

// record is a task as a row of the file.
func (p *listPage) record(ctx context.Context, it task.Item) []any {
	out := []any{it.Title}
	for _, c := range p.f.columns() {
		out = append(out, p.cellValue(ctx, it, c))
	}
	return out
}

func (p *listPage) cellValue(ctx context.Context, it task.Item, col string) any {
	switch col {
	case "contract":
		return joined(it)
	case "organization":
		return it.OrgName
	case "owner":
		return it.OwnerName
	case "due":
		return it.Due
	case "snooze":
		return it.SnoozeUntil
	case "minutes":
		if it.Minutes > 0 {
			return float64(it.Minutes)
		}
	case "state":
		return words.T(ctx, "task.state."+string(it.State))
	case "done":
		return p.doneOn(ctx, it)
	case "by":
		return it.DoneByName
	case "origin":
		return p.origin(ctx, it)
	}
	return ""
}

// doneOn is the day a task was settled, where the reader is.
func (p *listPage) doneOn(ctx context.Context, it task.Item) cal.Date {
	if it.DoneAt.IsZero() {
		return ""
	}
	return cal.Of(it.DoneAt.In(words.From(ctx).Zone))
}

// origin is the rule that made a task, or people.
func (p *listPage) origin(ctx context.Context, it task.Item) string {
	name := p.ruleNames[it.OriginID]
	switch {
	case it.OriginKind != task.RuleOrigin:
		return words.T(ctx, "task.origin.hand")
	case name == "":
		return words.T(ctx, "task.origin.rule")
	}
	return words.T(ctx, "task.by_rule", "Name", name)
}
