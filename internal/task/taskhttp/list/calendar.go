package list

import (
	"context"

	"kizuki/internal/cal"
	"kizuki/internal/task"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// dayShows is how many tasks a day of the calendar names.
const dayShows = 5

// readMonth reads what is due in the month asked for, this one if none is.
func (h *Handlers) readMonth(ctx context.Context, p *listPage, q task.Query) error {
	x := cal.MonthOf(p.days.today)
	if m := cal.MonthOf(cal.Date(p.f.Get("month") + "-01")); m.Key != "" {
		x = m
	}
	step := func(n int) string { return p.f.href("month", cal.MonthOf(x.From.AddMonths(n)).Key) }
	p.month = &ui.CalendarProps{Month: x, Today: p.days.today, Sunday: p.days.sunday, Prev: step(-1), Next: step(1), Days: map[cal.Date]ui.CalendarDay{}}
	from, to := max(x.From, q.DueFrom), x.To
	if q.DueBefore != "" {
		to = min(to, q.DueBefore)
	}
	q.Limit, q.Sort, q.Cursor, q.DueBefore = task.MaxPage, "due", "", to
	found, err := cal.ByDay(from, to, func(it task.Item) cal.Date { return it.Due }, func(from cal.Date) ([]task.Item, bool, error) {
		q.DueFrom = from
		page, err := h.svc.List(ctx, q)
		return page.Items, page.Next != "", err
	})
	for d, list := range found {
		p.month.Days[d] = p.dayOf(ctx, d, list)
	}
	return err
}

func (p *listPage) dayOf(ctx context.Context, d cal.Date, list []task.Item) (out ui.CalendarDay) {
	if n := len(list) - dayShows; n > 0 {
		out.More = words.T(ctx, "task.day_more", "Count", n)
		if len(list) >= task.MaxPage {
			out.More = words.T(ctx, "task.day_many")
		}
		out.MoreHref = p.f.with("as", "").with("month", "").with("due.from", "").with("due.to", "").href("due", string(d))
		list = list[:dayShows]
	}
	for _, it := range list {
		out.Items = append(out.Items, ui.CalendarItem{Href: path(it.ID), Bold: it.Title, Text: it.OrgName})
	}
	return out
}
