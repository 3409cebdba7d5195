package contract

import (
	"cmp"
	"context"
	"math"
	"slices"

	"kizuki/internal/audience"
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
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Page{}, err
	}
	p, err := s.plan(ctx, a, q)
	if err != nil {
		return Page{}, err
	}
	limit := q.Limit
	if limit < 1 {
		limit = 50
	}
	ids, next, stopped, err := p.Page(ctx, s.db, q.Cursor, min(limit, MaxPage))
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
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return 0, false, err
	}
	q.Sort = "renewal"
	p, err := s.plan(ctx, a, q)
	if err != nil {
		return 0, false, err
	}
	return p.Count(ctx, s.db)
}

// Total is how many contracts a query has and what their amounts come to.
type Total struct {
	N     int
	Exact bool // false: there are more than N, or may be, and Sums is empty
	Sums  []Sum
}

// Sum is what the amounts of one basis and currency come to.
type Sum struct {
	Basis    Basis
	Currency string
	N        int   // contracts
	Amount   int64 // in the currency's minor unit
}

// Add counts an amount in. What is more than an int64 holds stays at its end.
func (t *Total) Add(b Basis, currency string, minor int64) {
	at := slices.IndexFunc(t.Sums, func(s Sum) bool { return s.Basis == b && s.Currency == currency })
	if at < 0 {
		at = len(t.Sums)
		t.Sums = append(t.Sums, Sum{Basis: b, Currency: currency})
	}
	s := &t.Sums[at]
	s.N++
	switch sum := s.Amount + minor; {
	case minor > 0 && sum < s.Amount:
		s.Amount = math.MaxInt64
	case minor < 0 && sum > s.Amount:
		s.Amount = math.MinInt64
	default:
		s.Amount = sum
	}
}

// Total counts as Count does, and adds up the amounts; the unit that most
// contracts have stands first.
func (s *Service) Total(ctx context.Context, q Query) (t Total, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return t, err
	}
	q.Sort = "renewal"
	p, err := s.plan(ctx, a, q)
	if err != nil {
		return t, err
	}
	n, exact, list, err := p.Amounts(ctx, s.db)
	t = Total{N: n, Exact: exact}
	for _, x := range list {
		t.Add(Basis(x.Basis), x.Currency, x.Minor)
	}
	slices.SortFunc(t.Sums, func(a, b Sum) int {
		return cmp.Or(b.N-a.N, cmp.Compare(a.Basis, b.Basis), cmp.Compare(a.Currency, b.Currency))
	})
	return t, err
}

// Distinct gives the values in use of status or phase among live contracts, in
// order, at most 100. It leaps from value to value through the index.
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
	least := "(SELECT min(c." + attr + ") FROM contract c WHERE c.workspace_id = " + ws + " AND c.live = TRUE AND " +
		audience.Contract(&w, a, "c") + " AND c." + attr
	return db.All(ctx, s.db, db.Value[string], `WITH RECURSIVE v (word) AS (
			SELECT `+least+` > '')
			UNION ALL
			SELECT `+least+` > v.word) FROM v WHERE v.word IS NOT NULL)
		SELECT word FROM v WHERE word IS NOT NULL LIMIT 100`, w.Args()...)
}
