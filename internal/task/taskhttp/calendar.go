package taskhttp

import (
	"context"
	"net/url"

	"kizuki/internal/cal"
	"kizuki/internal/task"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

const (
	dayReads = 200 // tasks of a day that are looked at
	dayShows = 5   // that it names
)

// readMonth reads what is due in the month asked for, this one if none is.
func (h *Handlers) readMonth(ctx context.Context, p *listPage, q task.Query, asked string) error {
	x := cal.MonthOf(today(ctx))
	if m := cal.MonthOf(cal.Date(asked + "-01")); m.Key != "" {
		x = m
	}
	step := func(n int) string {
		return p.href(p.state) + "&" + url.Values{"as": {"calendar"}, "month": {cal.MonthOf(x.From.AddMonths(n)).Key}}.Encode()
	}
	p.month = &ui.CalendarProps{Month: x, Today: today(ctx), Sunday: who.From(ctx).Sunday, Prev: step(-1), Next: step(1), Days: map[cal.Date]ui.CalendarDay{}}
	q.Limit, q.Sort, q.DueBefore = dayReads, "", x.To
	found, err := cal.ByDay(x.From, x.To, func(it task.Item) cal.Date { return it.Due }, func(from cal.Date) ([]task.Item, bool, error) {
		q.DueFrom = from
		page, err := h.svc.List(ctx, q)
		return page.Items, page.Next != "", err
	})
	for d, list := range found {
		p.month.Days[d] = dayOf(ctx, list)
	}
	return err
}

func dayOf(ctx context.Context, list []task.Item) (out ui.CalendarDay) {
	if n := len(list) - dayShows; n > 0 {
		out.More = words.T(ctx, "task.day_more", "Count", n)
		if len(list) >= dayReads {
			out.More = words.T(ctx, "task.day_many")
		}
		list = list[:dayShows]
	}
	for _, it := range list {
		out.Items = append(out.Items, ui.CalendarItem{Href: "/tasks/" + it.ID.String(), Bold: it.Title, Text: it.OrgName})
	}
	return out
}

// ways are the ways to show what the filter finds.
func (p listPage) ways(ctx context.Context) []ui.Tab {
	list := p.href(p.state)
	return []ui.Tab{{Label: words.T(ctx, "task.as_list"), Href: list, Current: p.month == nil},
		{Label: words.T(ctx, "task.as_calendar"), Href: list + "&as=calendar", Current: p.month != nil}}
}
