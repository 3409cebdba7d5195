package ui

import (
	"strconv"
	"time"

	"kizuki/internal/cal"
)

// CalendarProps is a month of days with what falls on them. Prev and Next lead to
// the months beside it.
type CalendarProps struct {
	Month      cal.Period
	Today      cal.Date
	Sunday     bool // weeks begin on it
	Prev, Next string
	Days       map[cal.Date]CalendarDay
}

// CalendarDay is what a day shows; More is said of what it does not.
type CalendarDay struct {
	Items          []CalendarItem
	More, MoreHref string
}

// CalendarItem is one thing of a day, named in bold and then in plain words.
type CalendarItem struct{ Href, Bold, Text string }

// weeks are the days from the beginning of the week of the first to the end of
// that of the last.
func (p CalendarProps) weeks() (out [][]cal.Date) {
	begin := time.Monday
	if p.Sunday {
		begin = time.Sunday
	}
	for d := p.Month.From.AddDays(-int(p.Month.From.Weekday()-begin+7) % 7); d < p.Month.To; {
		var week []cal.Date
		for range 7 {
			week = append(week, d)
			d = d.AddDays(1)
		}
		out = append(out, week)
	}
	return out
}

func holiday(d cal.Date) string {
	name, _ := cal.HolidayJP(d)
	return name
}

// closed: people do not work.
func closed(d cal.Date) bool {
	return holiday(d) != "" || d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
}

func dayNumber(d cal.Date) string { return strconv.Itoa(d.Day()) }
