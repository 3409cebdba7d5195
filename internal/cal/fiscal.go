package cal

import (
	"fmt"
	"strconv"
	"strings"
)

// Period is a stretch of days with a key by which an address names it: From is
// its first day, To the day after its last.
type Period struct {
	Key      string
	From, To Date
}

// Has reports whether d lies in the period.
func (p Period) Has(d Date) bool { return p.From <= d && d < p.To }

// Months are the months of a period that begins with one, in order.
func (p Period) Months() []Period {
	var out []Period
	for d := p.From; d < p.To && d != ""; d = d.AddMonths(1) {
		out = append(out, MonthOf(d))
	}
	return out
}

// MonthOf is the calendar month of a day, as "2026-04".
func MonthOf(d Date) Period {
	if !d.Valid() {
		return Period{}
	}
	first := Date(string(d)[:8] + "01")
	return Period{Key: string(first)[:7], From: first, To: first.AddMonths(1)}
}

// Fiscal is the calendar of a company: the month its year begins in, 1 to 12. A
// fiscal year is named after the calendar year in which it begins.
type Fiscal int

// April is the usual beginning in Japan.
const April Fiscal = 4

func (f Fiscal) month() int {
	if f < 1 || f > 12 {
		return int(April)
	}
	return int(f)
}

// Year is fiscal year n, as "fy2026".
func (f Fiscal) Year(n int) Period {
	from, ok := New(n, f.month(), 1)
	if !ok {
		return Period{}
	}
	return Period{Key: fmt.Sprintf("fy%04d", n), From: from, To: from.AddMonths(12)}
}

// YearOf is the fiscal year a day lies in.
func (f Fiscal) YearOf(d Date) Period {
	n := d.Year()
	if d.Month() < f.month() {
		n--
	}
	return f.Year(n)
}

// Quarter is quarter q (1 to 4) of fiscal year n, as "fy2026q1".
func (f Fiscal) Quarter(n, q int) Period {
	y := f.Year(n)
	if y.Key == "" || q < 1 || q > 4 {
		return Period{}
	}
	from := y.From.AddMonths(3 * (q - 1))
	return Period{Key: fmt.Sprintf("%sq%d", y.Key, q), From: from, To: from.AddMonths(3)}
}

// QuarterOf is the fiscal quarter a day lies in.
func (f Fiscal) QuarterOf(d Date) Period {
	y := f.YearOf(d)
	for q := 1; q <= 4; q++ {
		if p := f.Quarter(y.From.Year(), q); p.Has(d) {
			return p
		}
	}
	return Period{}
}

// Parse reads the key of a period; false if it names none.
func (f Fiscal) Parse(key string) (Period, bool) {
	var p Period
	switch rest, fiscal := strings.CutPrefix(key, "fy"); {
	case fiscal:
		year, quarter, part := strings.Cut(rest, "q")
		n, err := strconv.Atoi(year)
		if err != nil {
			return p, false
		}
		if p = f.Year(n); part {
			q, _ := strconv.Atoi(quarter)
			p = f.Quarter(n, q)
		}
	case len(key) == len("2026-04"):
		p = MonthOf(Date(key + "-01"))
	}
	return p, p.Key == key && key != ""
}

// Shift is the period of the same kind n later, earlier if n is negative.
func (f Fiscal) Shift(p Period, n int) Period {
	switch {
	case !strings.HasPrefix(p.Key, "fy"):
		return MonthOf(p.From.AddMonths(n))
	case strings.Contains(p.Key, "q"):
		return f.QuarterOf(p.From.AddMonths(3 * n))
	}
	return f.Year(p.From.Year() + n)
}

// daysPerMonth on the average of four years.
const daysPerMonth = 1461.0 / 48

// MonthsBetween is the length of a stretch of days in whole months, at least one,
// and whether its last day is still in it (4/1 to 3/31 is a year); 0 where one
// of the days is unknown or the end does not come after the start.
func MonthsBetween(start, end Date) (months int, inclusive bool) {
	if start.IsZero() || start >= end {
		return 0, false
	}
	months = max(1, int(float64(start.DaysUntil(end))/daysPerMonth+.5))
	return months, start.AddMonths(months).AddDays(-1) == end
}
