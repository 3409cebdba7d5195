package cal

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever falls on whichever days: a day has its first things in their order, all
// of them unless they are more than one reading, and no day costs more than two.
func TestByDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const step = 3
		from, to := Date("2026-03-01"), Date("2026-03-11")
		days := rapid.SliceOfN(rapid.IntRange(-1, 11), 0, 25).Draw(t, "days")
		slices.Sort(days)
		type thing struct {
			d Date
			n int
		}
		var all []thing
		for n, d := range days {
			all = append(all, thing{from.AddDays(d), n})
		}
		reads := 0
		got, err := ByDay(from, to, func(x thing) Date { return x.d }, func(f Date) ([]thing, bool, error) {
			reads++
			rest := all[slices.IndexFunc(append(all[:len(all):len(all)], thing{"9999-12-31", 0}), func(x thing) bool { return x.d >= f }):]
			return rest[:min(step, len(rest))], len(rest) > step, nil
		})
		if err != nil || reads > 2*10 {
			t.Fatalf("%d readings, %v", reads, err)
		}
		for d := from; d < to; d = d.AddDays(1) {
			var want []thing
			for _, x := range all {
				if x.d == d {
					want = append(want, x)
				}
			}
			if len(want) > step {
				want = want[:step]
			}
			if !slices.Equal(got[d], want) {
				t.Fatalf("%s has %v, want %v", d, got[d], want)
			}
		}
		if len(got[to]) > 0 || len(got[from.AddDays(-1)]) > 0 {
			t.Fatal("days outside")
		}
	})
	if _, err := ByDay("2026-03-01", "2026-03-02", func(int) Date { return "" }, func(Date) ([]int, bool, error) { return nil, false, errors.New("x") }); err == nil {
		t.Error("an error is lost")
	}
}
