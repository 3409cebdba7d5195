package walk

import (
	"context"

	"kizuki/internal/db"
)

// finder collects the places of one page.
type finder struct {
	*Plan
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
	f.step = f.Limits.Step
	if found := len(f.hits); found > 0 { // as far as the rest should be, and a bit
		f.step = min(f.step, (f.want+1-found)*(f.Limits.Walk-f.budget)/found*3/2+f.want)
	}
	if walked < n {
		return false, nil
	}
	f.at = end
	return true, nil
}

// next is the cursor behind the page: its last contract, or where the walk
// stopped.
func (f *finder) next(o Order) string {
	switch {
	case len(f.hits) > f.want:
		return o.write(f.hits[f.want-1])
	case f.stopped:
		return o.write(f.at)
	}
	return ""
}

// firstStep is how many rows the first walk of a page looks at: a few more
// than wanted if nearly all will pass, else enough for a filter of one in eight.
func (p *Plan) firstStep(want int) int {
	if len(p.Conds) == 0 {
		return min(want+want/4+1, p.Limits.Step)
	}
	return min(8*want, p.Limits.Step)
}
