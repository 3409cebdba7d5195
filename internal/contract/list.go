package contract

import (
	"cmp"
	"context"
	"slices"

	"kizuki/internal/audience"
	"kizuki/internal/contract/walk"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// MaxPage is the most contracts a page holds.
const MaxPage = 200

// List gives a page of contracts. Its cost does not grow with their number
// (only q reads all names): the most selective filter is probed; if it has
// fewer than 2,000 hits, they are fetched and sorted; else the index of the
// sort is walked and the rest tested, up to WalkLimit rows, after which a page
// that is not full says More. Contracts without a value of the sort come last,
// in both directions. Errors: err.cursor, contract.err.sort, .filter, and those
// of the values of a field.
func (s *Service) List(ctx context.Context, q Query) (Page, error) {
	p, err := s.asked(ctx, q)
	if err != nil {
		return Page{}, err
	}
	ids, next, stopped, err := p.Page(ctx, s.db, q.Cursor, min(cmp.Or(max(q.Limit, 0), 50), MaxPage))
	if err != nil {
		return Page{}, err
	}
	items, err := s.hydrate(ctx, ids)
	return Page{Items: items, Next: next, More: stopped}, err
}

// hydrate reads the contracts found, in the order found.
func (s *Service) hydrate(ctx context.Context, ids []id.ID) ([]Contract, error) {
	found, err := s.Readable(ctx, s.db, ids)
	items := make([]Contract, 0, len(ids))
	for _, i := range ids {
		if c, ok := found[i]; ok { // one deleted meanwhile is left out
			items = append(items, c)
		}
	}
	return items, err
}

// Count counts the contracts of a query up to 1,000. exact is false if there
// are more, or may be: no more than 20,000 rows are looked at.
func (s *Service) Count(ctx context.Context, q Query) (n int, exact bool, err error) {
	q.Sort = "renewal"
	p, err := s.asked(ctx, q)
	if err != nil {
		return 0, false, err
	}
	return p.Count(ctx, s.db)
}

// asked is the plan of what somebody asks for.
func (s *Service) asked(ctx context.Context, q Query) (plan, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return plan{}, err
	}
	return s.plan(ctx, a, q)
}

// Total is how many contracts a query has and what their amounts come to.
type Total = walk.Total

// Sum is what the amounts of one basis and currency come to.
type Sum = walk.Sum

// Total counts as Count does, and adds up the amounts; the unit that most
// contracts have stands first.
func (s *Service) Total(ctx context.Context, q Query) (Total, error) {
	q.Sort = "renewal"
	p, err := s.asked(ctx, q)
	if err != nil {
		return Total{}, err
	}
	return p.Total(ctx, s.db)
}

// Distinct gives the values in use of status or phase among live contracts, in
// order, at most 100.
func (s *Service) Distinct(ctx context.Context, attr string) ([]string, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"status", "phase"}, attr) {
		return nil, errs.Field("attr", "contract.err.filter", "Key", attr)
	}
	var w db.Where
	ws := w.Arg(a.Workspace)
	return walk.Distinct(ctx, s.db, &w, ws, attr, audience.Contract(&w, a, "c"))
}
