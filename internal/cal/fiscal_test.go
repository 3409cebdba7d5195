package cal

import (
	"testing"

	"pgregory.net/rapid"
)

func TestFiscal(t *testing.T) {
	for _, c := range []struct {
		f          Fiscal
		day        Date
		year, from string
		quarter    string
	}{
		{April, "2026-03-31", "fy2025", "2025-04-01", "fy2025q4"},
		{April, "2026-04-01", "fy2026", "2026-04-01", "fy2026q1"},
		{0, "2026-04-01", "fy2026", "2026-04-01", "fy2026q1"},
		{1, "2026-12-31", "fy2026", "2026-01-01", "fy2026q4"},
		{10, "2026-09-30", "fy2025", "2025-10-01", "fy2025q4"},
		{10, "2026-11-27", "fy2026", "2026-10-01", "fy2026q1"},
	} {
		y, q := c.f.YearOf(c.day), c.f.QuarterOf(c.day)
		if y.Key != c.year || string(y.From) != c.from || q.Key != c.quarter || len(y.Months()) != 12 || len(q.Months()) != 3 {
			t.Errorf("%d %s: %+v %+v", c.f, c.day, y, q)
		}
	}
	for _, key := range []string{"", "fy", "fy2026q5", "fy2026q0", "fy26", "2026-13", "2026-4", "fy2026q1x", "2026-04-01", "fy-001", "年"} {
		if p, ok := April.Parse(key); ok {
			t.Errorf("%q is %+v", key, p)
		}
	}
}

// Every key names its period again, periods of a kind follow each other without
// a gap, and a day lies in exactly the one found for it.
func TestPeriods(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Fiscal(rapid.IntRange(1, 12).Draw(t, "start"))
		d := Date("2000-01-01").AddDays(rapid.IntRange(0, 20000).Draw(t, "day"))
		for _, p := range []Period{f.YearOf(d), f.QuarterOf(d), MonthOf(d)} {
			again, ok := f.Parse(p.Key)
			next, before := f.Shift(p, 1), f.Shift(p, -1)
			if !ok || again != p || !p.Has(d) || next.From != p.To || before.To != p.From || next.Has(d) || before.Has(d) {
				t.Fatalf("%s: %+v, before %+v, next %+v", d, p, before, next)
			}
		}
	})
}

func TestMonthsBetween(t *testing.T) {
	for _, c := range []struct {
		from, to  Date
		months    int
		inclusive bool
	}{
		{"2025-04-01", "2026-04-01", 12, false}, {"2025-04-01", "2026-03-31", 12, true}, {"2025-01-31", "2025-02-28", 1, false},
		{"2025-04-01", "2025-04-02", 1, false}, {"", "2026-04-01", 0, false}, {"2025-04-01", "", 0, false}, {"2026-04-01", "2026-04-01", 0, false},
	} {
		if months, inclusive := MonthsBetween(c.from, c.to); months != c.months || inclusive != c.inclusive {
			t.Errorf("%s to %s: %d %v", c.from, c.to, months, inclusive)
		}
	}
}
