package list

import (
	"context"
	"strconv"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/web/words"
)

// month is a month of renewals as weeks of days, Monday first.
type month struct {
	cal.Period
	weeks [][]day
}

// day is one of a month's page; those of its neighbours are outside.
type day struct {
	date    cal.Date
	outside bool
	closed  bool   // people do not work
	holiday string // its name
	rows    []contract.Contract
	more    string // how many more, in words
	href    string
}

// dayShows is how many contracts a day names.
const dayShows = 5

// readMonth reads the month asked for, this one if none is.
func (h *Handlers) readMonth(ctx context.Context, p *listPage, q contract.Query) error {
	x := cal.MonthOf(p.b.Today)
	if asked := cal.MonthOf(cal.Date(p.f.Get("month") + "-01")); asked.Key != "" {
		x = asked
	}
	p.month = &month{Period: x}
	found, err := h.byDay(ctx, q, x)
	if err != nil {
		return err
	}
	first := x.From.AddDays(-(int(x.From.Weekday()) + 6) % 7)
	for d := first; d < x.To; {
		var week []day
		for range 7 {
			week = append(week, p.dayOf(ctx, d, found[d]))
			d = d.AddDays(1)
		}
		p.month.weeks = append(p.month.weeks, week)
	}
	return nil
}

func (p *listPage) dayOf(ctx context.Context, d cal.Date, list []contract.Contract) day {
	out := day{date: d, outside: !p.month.Has(d), rows: list}
	out.holiday, out.closed = cal.HolidayJP(d)
	out.closed = out.closed || d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
	if n := len(list) - dayShows; n > 0 {
		out.rows, out.more = list[:dayShows], words.T(ctx, "contract.day_more", "Count", n)
		if len(list) >= contract.MaxPage {
			out.more = words.T(ctx, "contract.day_many")
		}
	}
	return out
}

// byDay reads what renews on each day of a month. A day with more than a page
// is left after its first page for the next day, so that a month costs no more
// than a page for each of its days, however many contracts there are.
func (h *Handlers) byDay(ctx context.Context, q contract.Query, x cal.Period) (map[cal.Date][]contract.Contract, error) {
	from, to := x.From, x.To
	if q.RenewalFrom > from {
		from = q.RenewalFrom
	}
	if q.RenewalTo != "" && q.RenewalTo < to {
		to = q.RenewalTo
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

// step is the address of the month n later.
func (p *listPage) step(n int) string {
	return p.f.Href("month", cal.MonthOf(p.month.From.AddMonths(n)).Key)
}

// dayPath leads to the contracts of one day as a table.
func (p *listPage) dayPath(d cal.Date) string {
	return p.f.With("as", "").With("month", "").Href("within", string(d))
}

func dayNumber(d cal.Date) string { return strconv.Itoa(d.Day()) }
