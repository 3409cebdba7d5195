package walk

import (
	"cmp"
	"context"
	"math"
	"slices"

	"kizuki/internal/db"
)

// Total is how many contracts a query has and what their amounts come to.
type Total struct {
	N     int
	Exact bool // false: there are more than N, or may be, and Sums is empty
	Sums  []Sum
}

// Sum is what the amounts of one basis and currency come to.
type Sum struct {
	Basis, Currency string
	N               int   // contracts
	Amount          int64 // in the currency's minor unit
}

// Add counts an amount in. What is more than an int64 holds stays at its end.
func (t *Total) Add(basis, currency string, minor int64) {
	at := slices.IndexFunc(t.Sums, func(s Sum) bool { return s.Basis == basis && s.Currency == currency })
	if at < 0 {
		at = len(t.Sums)
		t.Sums = append(t.Sums, Sum{Basis: basis, Currency: currency})
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

// Total counts like Count and adds up the amounts of those counted; the unit
// that most contracts have stands first. The adding is done in Go: one absurd
// amount would overflow a sum in SQL, and fail the page.
func (p *Plan) Total(ctx context.Context, q db.Queryer) (t Total, err error) {
	if err := p.probe(ctx, q); err != nil {
		return t, err
	}
	stmt := p.candidates().
		Add(", h AS MATERIALIZED (SELECT r.id FROM w r WHERE ").Then(p.where(p.allTests(-1))).Add(" LIMIT ?)", CountLimit+1).
		Add(` SELECT '', '', (SELECT count(*) FROM h), (SELECT count(*) FROM w)
			UNION ALL SELECT c.amount_basis, c.currency, c.amount, -1 FROM h
			JOIN contract c ON c.workspace_id = ? AND c.id = h.id WHERE c.amount IS NOT NULL`, p.WS)
	hits, walked := 0, 0
	_, err = db.All(ctx, q, func(r db.Row) (ok bool, err error) {
		var basis, currency string
		var minor int64
		var w int
		if err := r.Scan(&basis, &currency, &minor, &w); err != nil {
			return false, err
		}
		if w >= 0 {
			hits, walked = int(minor), w
		} else {
			t.Add(basis, currency, minor)
		}
		return true, nil
	}, stmt.numbered(), stmt.args...)
	t.N = min(hits, CountLimit)
	if t.Exact = hits <= CountLimit && walked < p.counted(); !t.Exact {
		t.Sums = nil
	}
	slices.SortFunc(t.Sums, func(a, b Sum) int {
		return cmp.Or(b.N-a.N, cmp.Compare(a.Basis, b.Basis), cmp.Compare(a.Currency, b.Currency))
	})
	return t, err
}

// Distinct gives the values in use of a column of live contracts that may be
// seen, in order, at most 100. It leaps from value to value through the index.
func Distinct(ctx context.Context, q db.Queryer, w *db.Where, ws, column, seen string) ([]string, error) {
	least := "(SELECT min(c." + column + ") FROM contract c WHERE c.workspace_id = " + ws + " AND c.live = TRUE AND " + seen + " AND c." + column
	return db.All(ctx, q, db.Value[string], `WITH RECURSIVE v (word) AS (
			SELECT `+least+` > '')
			UNION ALL
			SELECT `+least+` > v.word) FROM v WHERE v.word IS NOT NULL)
		SELECT word FROM v WHERE word IS NOT NULL LIMIT 100`, w.Args()...)
}
