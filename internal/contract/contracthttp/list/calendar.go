package list

import (
	"context"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
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
	p.month = &ui.CalendarProps{Month: x, Today: p.b.Today, Prev: step(-1), Next: step(1), Days: map[cal.Date]ui.CalendarDay{}}
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

// byDay reads what renews on each day of a month. A day with more than a page
// is left after its first page for the next day, so that a month costs no more
// than a page for each of its days, however many contracts there are.
func (h *Handlers) byDay(ctx context.Context, q contract.Query, x cal.Period) (map[cal.Date][]contract.Contract, error) {
	from, to := max(x.From, q.RenewalFrom), x.To
	if q.RenewalTo != "" {
		to = min(to, q.RenewalTo)
	}
	out := map[cal.Date][]contract.Contract{}
	q.Sort, q.Limit, q.Cursor, q.RenewalTo = "renewal", contract.MaxPage, "", to
	for from < to {
		q.RenewalFrom = from
		found, err := h.svc.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, c := range found.Items {
			out[c.RenewalDate] = append(out[c.RenewalDate], c)
		}
		if found.Next == "" || len(found.Items) == 0 {
			return out, nil
		}
		last := found.Items[len(found.Items)-1].RenewalDate
		if last == from {
			from = from.AddDays(1)
			continue
		}
		delete(out, last) // it may go on: it is read anew from its beginning
		from = last
	}
	return out, nil
}
