package rule

import (
	"sort"

	"kizuki/internal/cal"
)

// Day is when the step comes up for a contract with this date. A calendar day
// on which nobody works moves towards where there is time: before the date to
// the business day before, after it to the one after.
func (s Step) Day(days *cal.Days, date cal.Date) cal.Date {
	if s.Unit == Business && s.Offset != 0 {
		return days.Add(date, s.Offset)
	}
	d := date.AddDays(s.Offset)
	if s.Offset > 0 {
		return days.OnOrAfter(d)
	}
	return days.OnOrBefore(d)
}

// window is the range of dates whose step day lies in from … to: later dates
// never have earlier step days, so it is one range, and one index walk finds
// its contracts. hi is before lo if there is none.
func (s Step) window(days *cal.Days, from, to cal.Date) (lo, hi cal.Date) {
	return s.first(days, from), s.first(days, to.AddDays(1)).AddDays(-1)
}

// first is the earliest date whose step day is day or later.
func (s Step) first(days *cal.Days, day cal.Date) cal.Date {
	span := 2*abs(s.Offset) + 30 // five business days are seven days, holidays more
	start := day.AddDays(-span)
	return start.AddDays(sort.Search(2*span, func(n int) bool { return s.Day(days, start.AddDays(n)) >= day }))
}

func abs(n int) int { return max(n, -n) }

// Line is a rule drawn on a line of time, 0 … 100 from left to right.
type Line struct {
	Date  float64 // where the day counted from stands
	Marks []Mark  // of each step
}

// Mark is a step's place on the line.
type Mark struct {
	Step Step
	X    float64
}

// Timeline places the steps of a spec, in the order they come up.
func Timeline(spec Spec) Line {
	span := func(s Step) float64 {
		if s.Unit == Business {
			return float64(s.Offset) * 7 / 5
		}
		return float64(s.Offset)
	}
	lo, hi := 0.0, 0.0
	for _, s := range spec.Steps {
		lo, hi = min(lo, span(s)), max(hi, span(s))
	}
	x := func(v float64) float64 {
		if hi == lo {
			return 50
		}
		return (v - lo) / (hi - lo) * 100
	}
	line := Line{Date: x(0)}
	for _, s := range spec.Steps {
		line.Marks = append(line.Marks, Mark{Step: s, X: x(span(s))})
	}
	sort.SliceStable(line.Marks, func(i, j int) bool { return line.Marks[i].X < line.Marks[j].X })
	return line
}
