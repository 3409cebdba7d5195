package list

import (
	"context"
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
	return p.calendar.Period(p.f.Grouping(), c.RenewalDate)
}

// headPeriods puts a head before each group and gives the last one. rest are
// the contracts behind this page as far as they were read, whole if to the end
// of the last group: what a group comes to is told only when all of it is known.
func (p *listPage) headPeriods(ctx context.Context, items, rest []contract.Contract, whole bool) string {
	before, all := p.f.Get("group"), append(items[:len(items):len(items)], rest...)
	for i := 0; i < len(items); {
		x, end := p.periodOf(items[i]), i
		for end < len(all) && p.periodOf(all[end]).Key == x.Key {
			end++
		}
		if x.Key != before {
			p.rows[i].group = p.group(ctx, x, all[i:end], whole || end < len(all))
		}
		before, i = x.Key, end
	}
	return before
}

func (p *listPage) group(ctx context.Context, x cal.Period, list []contract.Contract, whole bool) *group {
	g := &group{name: words.T(ctx, "contract.no_date")}
	switch {
	case x.Key == undated:
	case p.f.Grouping() == filter.ByMonth && x.From.Year() == p.b.Today.Year():
		g.name = words.MonthName(ctx, x.From.Month())
	default:
		g.name = words.PeriodName(ctx, x)
	}
	if x.Key != undated && p.f.Get("within") != x.Key {
		g.href = p.f.Href("within", x.Key)
	}
	if whole {
		g.remark = words.T(ctx, "contract.count", "Count", len(list)) + unit.Sums(ctx, list)
	}
	return g
}

// restOfGroup reads on to the end of the group the page stops in, if it began
// on this page: what the group comes to stands at its head.
func (h *Handlers) restOfGroup(ctx context.Context, p *listPage, q contract.Query, found contract.Page) (rest []contract.Contract, whole bool, err error) {
	if found.Next == "" || len(found.Items) == 0 {
		return nil, !found.More, nil
	}
	last := p.periodOf(found.Items[len(found.Items)-1]).Key
	if !p.inPeriods() || last == p.f.Get("group") {
		return nil, false, nil
	}
	return h.readOn(ctx, q, found, func(c contract.Contract) bool { return p.periodOf(c).Key == last })
}

// readOn reads the contracts behind a page while the last one read is wanted,
// up to the countable number; whole is false if it stopped before.
func (h *Handlers) readOn(ctx context.Context, q contract.Query, found contract.Page, wanted func(contract.Contract) bool) (rest []contract.Contract, whole bool, err error) {
	q.Limit = contract.MaxPage
	for q.Cursor = found.Next; q.Cursor != ""; {
		if len(found.Items)+len(rest) >= countLimit {
			return rest, false, nil
		}
		next, err := h.svc.List(ctx, q)
		if err != nil {
			return nil, false, err
		}
		rest, q.Cursor = append(rest, next.Items...), next.Next
		if n := len(rest); n > 0 && !wanted(rest[n-1]) {
			return rest, true, nil
		}
		found.More = next.More
	}
	return rest, !found.More, nil
}
