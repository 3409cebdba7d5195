package contract

import (
	"context"
	"slices"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

const (
	// WalkLimit is how many rows of a sort index one page may look at.
	WalkLimit = 5000
	// countLimit is the most Count counts, countWalk how many rows it looks at.
	countLimit = 1000
	countWalk  = 20000
)

// limits say when a list changes its plan; a test makes them small.
type limits struct {
	probe int // a filter with fewer hits is fetched whole and sorted
	step  int // how many rows are walked together
	walk  int // how many one page may look at
}

var usual = limits{probe: 2000, step: 2000, walk: WalkLimit}

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
	at, err := p.order.read(q.Cursor)
	if err != nil {
		return Page{}, err
	}
	limit := q.Limit
	if limit < 1 {
		limit = 50
	}
	limit = min(limit, MaxPage)
	if err := p.probe(ctx, s.db); err != nil {
		return Page{}, err
	}
	f := finder{plan: p, q: s.db, want: limit, at: at, budget: p.limits.walk, step: p.firstStep(limit)}
	if err := f.run(ctx); err != nil {
		return Page{}, err
	}
	items, err := s.hydrate(ctx, a.Workspace, f.hits[:min(limit, len(f.hits))])
	return Page{Items: items, Next: f.next(p.order), More: f.stopped && len(f.hits) < limit}, err
}

// firstStep is how many rows the first walk of a page looks at: a few more
// than wanted if nearly all will pass, else enough for a filter of one in eight.
func (p *plan) firstStep(want int) int {
	if len(p.conds) == 0 {
		return min(want+want/4+1, p.limits.step)
	}
	return min(8*want, p.limits.step)
}

// hydrate reads the contracts found, in the order found.
func (s *Service) hydrate(ctx context.Context, ws id.ID, hits []place) ([]Contract, error) {
	ids := make([]id.ID, len(hits))
	for i, h := range hits {
		ids[i] = h.id
	}
	found, err := s.Load(ctx, s.db, ws, ids)
	items := make([]Contract, 0, len(ids))
	for _, i := range ids {
		if c, ok := found[i]; ok { // one deleted meanwhile is left out
			items = append(items, c)
		}
	}
	return items, err
}

// finder collects the places of one page.
type finder struct {
	*plan
	q       db.Queryer
	want    int
	at      place // the place after which to go on
	budget  int   // rows that may still be walked
	step    int   // rows to walk next
	hits    []place
	stopped bool
}

// run goes through the contracts that have a value to sort by, then through
// those without.
func (f *finder) run(ctx context.Context) error {
	for f.at.phase <= f.lastPhase() {
		more, err := f.part(ctx)
		if err != nil {
			return err
		}
		switch {
		case len(f.hits) > f.want:
			return nil
		case !more:
			f.at = place{phase: f.at.phase + 1}
		case f.budget <= 0:
			f.stopped = true
			return nil
		}
	}
	return nil
}

// part takes one step; more tells that the phase has rows left.
func (f *finder) part(ctx context.Context) (more bool, err error) {
	need := f.want + 1 - len(f.hits)
	if f.source != nil {
		rows, err := f.fetch(ctx, f.q, f.at, need)
		f.hits = append(f.hits, rows...)
		return false, err
	}
	tests := f.testsIn(f.at.phase)
	n := min(f.step, f.budget)
	if len(tests) == 0 {
		n = min(need, f.budget)
	}
	rows, walked, end, err := f.walk(ctx, f.q, tests, f.at, n, need)
	if err != nil {
		return false, err
	}
	f.hits = append(f.hits, rows...)
	f.budget -= walked
	f.step = f.limits.step
	if found := len(f.hits); found > 0 { // as far as the rest should be, and a bit
		f.step = min(f.step, (f.want+1-found)*(f.limits.walk-f.budget)/found*3/2+f.want)
	}
	if walked < n {
		return false, nil
	}
	f.at = end
	return true, nil
}

// next is the cursor behind the page: its last contract, or where the walk
// stopped.
func (f *finder) next(o order) string {
	switch {
	case len(f.hits) > f.want:
		return o.write(f.hits[f.want-1])
	case f.stopped:
		return o.write(f.at)
	}
	return ""
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
	if err := p.probe(ctx, s.db); err != nil {
		return 0, false, err
	}
	hits, walked, err := p.count(ctx, s.db)
	return min(hits, countLimit), hits <= countLimit && walked < countWalk, err
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
	least := "(SELECT min(" + attr + ") FROM contract WHERE workspace_id = $1 AND live = TRUE AND " + attr
	return db.All(ctx, s.db, db.Value[string], `WITH RECURSIVE v (word) AS (
			SELECT `+least+` > '')
			UNION ALL
			SELECT `+least+` > v.word) FROM v WHERE v.word IS NOT NULL)
		SELECT word FROM v WHERE word IS NOT NULL LIMIT 100`, a.Workspace)
}
