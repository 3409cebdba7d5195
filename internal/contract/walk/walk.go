// Package walk finds the rows of a list, contracts or what else, page by page, at a cost that does
// not grow with their number: it probes the filters, then either fetches and
// sorts the hits of one, or walks the index of the sort and tests the rest.
package walk

import (
	"cmp"
	"context"

	"kizuki/internal/db"
	"kizuki/internal/id"
)

// Limits say when a list changes its plan; tests make them small.
type Limits struct {
	Probe int // a filter with fewer hits is fetched whole and sorted
	Step  int // how many rows of a sort index are looked at together
	Walk  int // how many of them one page may look at
	Count int // how many rows a count looks at, 0 = 20,000
}

// Usual are the limits measured to be good.
var Usual = Limits{Probe: 2000, Step: 2000, Walk: 5000}

func (l Limits) counted() int { return cmp.Or(l.Count, 20000) }

// CountLimit is the most Count counts.
const CountLimit = 1000

// Cond is one condition of a query.
type Cond struct {
	Test  Test
	Probe Frag // a query of the ids that meet it, through an index; empty if none leads there
	Scans bool // the probe reads the index from end to end, so it is made but once
	// Lead names the attribute in whose order an index leads on from this condition.
	Lead string
	// Bounds limits a walk of the sort index of the attribute named.
	Bounds     Frag
	BoundsSort string
}

// Plan is a query made ready. The part of the table to look at is Alive, as a
// condition; Sides lists the conditions to walk one by one, which are merged.
type Plan struct {
	Limits
	Table    string // "" = contract; its row is called c, whatever it is
	Postgres bool
	WS       id.ID
	Order    Order
	Conds    []Cond
	Alive    Frag
	Sides    []string
	Mode     []Test // tests that go with several sides
	source   *Cond  // set by probe: the filter whose hits are fetched
	leader   int    // index in Conds of the one that leads the walk, -1 if none
}

// Page finds the ids of a page of at most want, behind a cursor ("" is the
// beginning; one of another order is err.cursor). next is "" at the end.
// stopped tells that the limit of the walk ended it before it was full.
func (p *Plan) Page(ctx context.Context, q db.Queryer, cursor string, want int) (ids []id.ID, next string, stopped bool, err error) {
	at, err := p.Order.read(cursor)
	if err != nil {
		return nil, "", false, err
	}
	if err := p.probe(ctx, q); err != nil {
		return nil, "", false, err
	}
	f := finder{Plan: p, q: q, want: want, at: at, budget: p.Walk, step: p.firstStep(want)}
	if err := f.run(ctx); err != nil {
		return nil, "", false, err
	}
	for _, h := range f.hits[:min(want, len(f.hits))] {
		ids = append(ids, h.id)
	}
	return ids, f.next(p.Order), f.stopped && len(ids) < want, nil
}

// Count counts up to CountLimit; exact is false if there are more, or may be:
// no more than Limits.Count rows are looked at.
func (p *Plan) Count(ctx context.Context, q db.Queryer) (n int, exact bool, err error) {
	if err := p.probe(ctx, q); err != nil {
		return 0, false, err
	}
	hits, walked, err := p.count(ctx, q)
	return min(hits, CountLimit), hits <= CountLimit && walked < p.counted(), err
}

// probe looks how many hits each filter has, in one query, and settles how the
// page is found.
func (p *Plan) probe(ctx context.Context, q db.Queryer) error {
	if p.settled() {
		return nil
	}
	if found, err := p.probeScans(ctx, q); found || err != nil {
		return err
	}
	var counts []Frag
	var at []int
	for i, c := range p.Conds {
		if c.Probe.sql != "" && !c.Scans {
			counts = append(counts, p.counting(c))
			at = append(at, i)
		}
	}
	if len(counts) == 0 {
		return nil
	}
	n, err := p.counts(ctx, q, counts)
	if err != nil {
		return err
	}
	best := 0
	for i := range n {
		if n[i] < n[best] {
			best = i
		}
	}
	if n[best] < p.Limits.Probe {
		p.source = &p.Conds[at[best]]
	}
	return nil
}

// settled chooses the leader, and tells that the walk itself meets the only
// condition.
func (p *Plan) settled() bool {
	p.leader = p.chooseLeader()
	return p.leader >= 0 && len(p.Conds) == 1 && len(p.Mode) == 0 || p.onlyBounds()
}

// counting counts the hits of a filter, as far as a probe does.
func (p *Plan) counting(c Cond) Frag {
	return SQL("(SELECT count(*) FROM (").Then(c.Probe).Add(" LIMIT ?) x)", p.Limits.Probe)
}

// probeScans fetches the hits of filters that must read a whole index; the first
// with few enough is the source.
func (p *Plan) probeScans(ctx context.Context, q db.Queryer) (found bool, err error) {
	for i := range p.Conds {
		c := &p.Conds[i]
		if !c.Scans {
			continue
		}
		stmt := SQL("SELECT DISTINCT id FROM (").Then(c.Probe).Add(" LIMIT ?) x", p.Limits.Probe)
		ids, err := db.All(ctx, q, db.Value[id.ID], stmt.numbered(), stmt.args...)
		if err != nil {
			return false, err
		}
		if len(ids) < p.Limits.Probe {
			c.Probe, p.source = p.list(append([]id.ID{}, ids...)), c // never null
			return true, nil
		}
	}
	return false, nil
}

func (p *Plan) counts(ctx context.Context, q db.Queryer, list []Frag) ([]int, error) {
	stmt := SQL("SELECT ").Then(list[0])
	for _, f := range list[1:] {
		stmt = stmt.Add(", ").Then(f)
	}
	n, _, err := db.One(ctx, q, func(r db.Row) ([]int, error) {
		n := make([]int, len(list))
		to := make([]any, len(list))
		for i := range n {
			to[i] = &n[i]
		}
		return n, r.Scan(to...)
	}, stmt.numbered(), stmt.args...)
	return n, err
}

// chooseLeader finds a condition with an index of its own in this order.
func (p *Plan) chooseLeader() int {
	for i, c := range p.Conds {
		if c.Lead != "" && c.Lead == p.Order.Attr {
			return i
		}
	}
	return -1
}

// onlyBounds: every condition is a limit of the walked index.
func (p *Plan) onlyBounds() bool {
	for _, c := range p.Conds {
		if c.BoundsSort == "" || c.BoundsSort != p.Order.Attr {
			return false
		}
	}
	return true
}

// lastPhase: 0 with a sort value, 1 without; the second is left out where it
// would be empty.
func (p *Plan) lastPhase() int {
	if p.Order.unset == nil {
		return 0
	}
	for _, c := range p.Conds {
		if c.BoundsSort != "" && c.BoundsSort == p.Order.Attr {
			return 0
		}
	}
	return 1
}

// testsIn are the tests left to make on rows that a walk of the phase brings.
func (p *Plan) testsIn(phase int) []Test {
	tests := append([]Test(nil), p.Mode...)
	for i, c := range p.Conds {
		bounded := phase == 0 && c.BoundsSort != "" && c.BoundsSort == p.Order.Attr
		if i != p.leader && !bounded {
			tests = append(tests, c.Test)
		}
	}
	if p.Order.FieldID != 0 { // its index knows nothing of live
		if len(p.Sides) == 1 {
			tests = append(tests, Test{p.Alive, false})
		}
		if phase == 1 {
			tests = append(tests, *p.Order.unset)
		}
	}
	return tests
}

// allTests are the tests on candidates from elsewhere.
func (p *Plan) allTests(phase int) []Test {
	tests := append([]Test{{p.Alive, false}}, p.Mode...)
	for i := range p.Conds {
		if &p.Conds[i] != p.source {
			tests = append(tests, p.Conds[i].Test)
		}
	}
	if phase == 0 && p.Order.set != nil {
		tests = append(tests, *p.Order.set)
	}
	if phase == 1 {
		tests = append(tests, *p.Order.unset)
	}
	return tests
}
