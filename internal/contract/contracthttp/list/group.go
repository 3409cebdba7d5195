package list

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/filter"
	"kizuki/internal/contract/contracthttp/unit"
	"kizuki/internal/web/words"
)

// group heads the rows of one stretch of days: a month, a quarter or a fiscal
// year in which contracts renew.
type group struct{ name, href, remark string }

// inPeriods reports whether the list is in the order of renewal, so that heads
// can stand between its rows.
func (p *listPage) inPeriods() bool {
	s := strings.TrimPrefix(p.f.Get("sort"), "-")
	return s == "" || s == "renewal"
}

// undated differs from the key of every period: contracts without a date have a
// head of their own.
const undated = "-"

func (p *listPage) periodOf(c contract.Contract) cal.Period {
	if c.RenewalDate.IsZero() {
		return cal.Period{Key: undated}
	}
	return p.calendar.Period(p.f.Period(), c.RenewalDate)
}

// headPeriods puts a head before each group and gives the last one.
func (p *listPage) headPeriods(ctx context.Context, items []contract.Contract) string {
	before := p.f.Get("group")
	for i := 0; i < len(items); {
		x, end := p.periodOf(items[i]), i
		for end < len(items) && p.periodOf(items[end]).Key == x.Key {
			end++
		}
		if x.Key != before {
			p.rows[i].group = p.group(ctx, x)
			p.rows[i].group.remark = p.last
			if end < len(items) {
				p.rows[i].group.remark = counted(ctx, unit.Total(items[i:end]))
			}
		}
		before, i = x.Key, end
	}
	return before
}

func (p *listPage) group(ctx context.Context, x cal.Period) *group {
	g := &group{name: words.T(ctx, "contract.no_date")}
	switch {
	case x.Key == undated:
	case p.f.Period() == filter.ByMonth && x.From.Year() == p.b.Today.Year():
		g.name = words.MonthName(ctx, x.From.Month())
	default:
		g.name = words.PeriodName(ctx, x)
	}
	if x.Key != undated && p.f.Get("within") != x.Key {
		g.href = p.f.Href("within", x.Key)
	}
	return g
}

// totalOfLast reads what the group the page stops in comes to, if it began on
// this page and goes on behind it.
func (h *Handlers) totalOfLast(ctx context.Context, p *listPage, q contract.Query, found contract.Page) error {
	if !p.inPeriods() || len(found.Items) == 0 {
		return nil
	}
	x := p.periodOf(found.Items[len(found.Items)-1])
	begin := slices.IndexFunc(found.Items, func(c contract.Contract) bool { return p.periodOf(c).Key == x.Key })
	switch {
	case found.Next == "":
		p.last = counted(ctx, unit.Total(found.Items[begin:]))
		return nil
	case x.Key == p.f.Get("group"), x.Key == undated: // said on a page before, or no stretch of days to ask for
		return nil
	}
	q.RenewalFrom = max(q.RenewalFrom, x.From)
	if q.RenewalTo == "" || x.To < q.RenewalTo {
		q.RenewalTo = x.To
	}
	t, err := h.svc.Total(ctx, q)
	if t.Exact {
		p.last = counted(ctx, t)
	}
	return err
}

// counted says how many there are and what they come to.
func counted(ctx context.Context, t contract.Total) string {
	if !t.Exact {
		return words.T(ctx, "contract.count_more", "Count", t.N)
	}
	return words.T(ctx, "contract.count", "Count", t.N) + unit.Sums(ctx, t.Sums)
}
