package list

import (
	"context"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// dayShows is how many contracts a day of the calendar names.
const dayShows = 5

// readMonth reads the month asked for, this one if none is.
func (h *Handlers) readMonth(ctx context.Context, p *listPage, q contract.Query) error {
	x := cal.MonthOf(p.b.Today)
	if asked := cal.MonthOf(cal.Date(p.f.Get("month") + "-01")); asked.Key != "" {
		x = asked
	}
	step := func(n int) string { return p.f.Href("month", cal.MonthOf(x.From.AddMonths(n)).Key) }
	p.month = &ui.CalendarProps{Month: x, Today: p.b.Today, Sunday: who.From(ctx).Sunday, Prev: step(-1), Next: step(1), Days: map[cal.Date]ui.CalendarDay{}}
	found, err := h.byDay(ctx, q, x)
	for d, list := range found {
		p.month.Days[d] = p.dayOf(ctx, d, list)
	}
	return err
}

func (p *listPage) dayOf(ctx context.Context, d cal.Date, list []contract.Contract) (out ui.CalendarDay) {
	if n := len(list) - dayShows; n > 0 {
		out.More = words.T(ctx, "contract.day_more", "Count", n)
		if len(list) >= contract.MaxPage {
			out.More = words.T(ctx, "contract.day_many")
		}
		out.MoreHref = p.f.With("as", "").With("month", "").Href("within", string(d))
		list = list[:dayShows]
	}
	for _, c := range list {
		out.Items = append(out.Items, ui.CalendarItem{Href: book.Path(c.ID), Bold: c.OrgName, Text: c.Name})
	}
	return out
}

// byDay reads what renews on each day of a month.
func (h *Handlers) byDay(ctx context.Context, q contract.Query, x cal.Period) (map[cal.Date][]contract.Contract, error) {
	from, to := max(x.From, q.RenewalFrom), x.To
	if q.RenewalTo != "" {
		to = min(to, q.RenewalTo)
	}
	q.Sort, q.Limit, q.Cursor, q.RenewalTo = "renewal", contract.MaxPage, "", to
	return cal.ByDay(from, to, func(c contract.Contract) cal.Date { return c.RenewalDate }, func(from cal.Date) ([]contract.Contract, bool, error) {
		q.RenewalFrom = from
		found, err := h.svc.List(ctx, q)
		return found.Items, found.Next != "", err
	})
}
