package rule

import (
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/cal"
)

func TestStepDay(t *testing.T) {
	for _, c := range []struct {
		offset int
		unit   Unit
		date   cal.Date
		want   cal.Date
	}{
		{-30, Calendar, "2026-03-31", "2026-02-27"}, // 03-01 is a Sunday
		{-28, Calendar, "2026-03-31", "2026-03-03"},
		{-90, Calendar, "2026-03-31", "2025-12-26"}, // 12-31: the office is closed
		{7, Calendar, "2026-04-24", "2026-05-01"},
		{9, Calendar, "2026-04-24", "2026-05-07"}, // 05-03 in the golden week
		{0, Calendar, "2026-02-28", "2026-02-27"}, // the day itself, a Saturday
		{0, Business, "2026-02-28", "2026-02-27"},
		{-1, Business, "2026-02-24", "2026-02-20"}, // over a holiday Monday
		{-10, Business, "2026-03-31", "2026-03-16"},
		{5, Business, "2026-12-25", "2027-01-07"},
		{-30, Calendar, "2028-03-30", "2028-02-29"}, // a leap day
		{-31, Calendar, "2027-03-31", "2027-02-26"}, // 02-28, a Sunday
	} {
		if got := (Step{Offset: c.offset, Unit: c.unit}).Day(cal.Japan(), c.date); got != c.want {
			t.Errorf("%d %s of %s: %s, want %s", c.offset, c.unit, c.date, got, c.want)
		}
	}
}

func TestWindowIsTheInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := Step{Offset: rapid.IntRange(-120, 120).Draw(t, "offset"), Unit: rapid.SampledFrom([]Unit{Calendar, Business}).Draw(t, "unit")}
		from := cal.Date("2025-01-01").AddDays(rapid.IntRange(0, 1500).Draw(t, "from"))
		to := from.AddDays(rapid.IntRange(0, 40).Draw(t, "days"))
		lo, hi := st.window(cal.Japan(), from, to)
		for n := -320; n <= 320; n++ {
			date := from.AddDays(n)
			day := st.Day(cal.Japan(), date)
			if inside, want := lo <= date && date <= hi, from <= day && day <= to; inside != want {
				t.Fatalf("%+v: %s … %s is %s … %s, but %s comes up on %s", st, from, to, lo, hi, date, day)
			}
		}
	})
}

func TestWindowOfTheFarthest(t *testing.T) {
	for _, o := range []int{-MaxOffset, MaxOffset} {
		for _, u := range []Unit{Calendar, Business} {
			st := Step{Offset: o, Unit: u}
			lo, hi := st.window(cal.Japan(), "2026-02-17", "2026-02-17")
			if lo > hi || st.Day(cal.Japan(), lo) != "2026-02-17" || st.Day(cal.Japan(), lo.AddDays(-1)) == "2026-02-17" || st.Day(cal.Japan(), hi) != "2026-02-17" {
				t.Error(o, u, lo, hi)
			}
		}
	}
}

func TestTimeline(t *testing.T) {
	line := Timeline(Spec{Steps: []Step{{ID: "c", Offset: 30}, {ID: "a", Offset: -90}, {ID: "b", Offset: -50, Unit: Business}}})
	if line.Date != 75 || line.Marks[0].Step.ID != "a" || line.Marks[0].X != 0 || line.Marks[1].X <= 0 || line.Marks[1].X > 30 || line.Marks[2].X != 100 {
		t.Error(line)
	}
	if line := Timeline(Spec{Steps: []Step{{}}}); line.Date != 50 || line.Marks[0].X != 50 {
		t.Error(line)
	}
}
