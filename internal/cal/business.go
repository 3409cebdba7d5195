package cal

import (
	"maps"
	"time"
)

// Days is a calendar of business days. It does not change once made and may be
// shared between goroutines.
type Days struct{ closed map[int]bool } // closed: own days, by day number

var japan = &Days{}

// Japan returns the calendar of a Japanese company: Monday to Friday, without
// the public holidays and without the year-end closing of 12-29 to 01-03, which
// is no holiday by law but kept by public offices and nearly all companies.
func Japan() *Days { return japan }

// With returns the calendar with further closed days, such as a company's own
// summer holidays. Unknown dates among extra are passed over.
func (c *Days) With(extra ...Date) *Days {
	closed := maps.Clone(c.closed)
	if closed == nil {
		closed = map[int]bool{}
	}
	for _, d := range extra {
		if n, ok := d.num(); ok {
			closed[n] = true
		}
	}
	return &Days{closed}
}

// Business tells whether d is a business day; an unknown date is none.
func (c *Days) Business(d Date) bool {
	n, ok := d.num()
	return ok && c.open(n)
}

// Add returns the n-th business day after d, or before d if n is negative. d
// itself does not count and need not be a business day; n = 0 gives d as it is.
// "" if d is unknown or the answer would lie outside the years 0001 to 9999.
func (c *Days) Add(d Date, n int) Date {
	num, ok := d.num()
	if !ok {
		return ""
	}
	step := 1
	if n < 0 {
		step = -1
	}
	for n != 0 && inYears(num) {
		num += step
		if c.open(num) {
			n -= step
		}
	}
	return fromNum(num)
}

// OnOrAfter returns d if it is a business day, else the next one; "" for "".
func (c *Days) OnOrAfter(d Date) Date { return c.nearest(d, 1) }

// OnOrBefore returns d if it is a business day, else the one before; "" for "".
func (c *Days) OnOrBefore(d Date) Date { return c.nearest(d, -1) }

func (c *Days) nearest(d Date, step int) Date {
	if c.Business(d) {
		return d
	}
	return c.Add(d, step)
}

// Between counts the business days after a up to and including b: how many
// working days remain until b when today is a. It is negative if b is before a,
// and 0 if either is unknown. For business days a and b, Add(a, Between(a, b)) is b.
func (c *Days) Between(a, b Date) int {
	from, okA := a.num()
	to, okB := b.num()
	if !okA || !okB {
		return 0
	}
	if to < from {
		return -c.Between(b, a)
	}
	count := 0
	for n := from + 1; n <= to; n++ {
		if c.open(n) {
			count++
		}
	}
	return count
}

func (c *Days) open(n int) bool {
	if w := weekday(n); w == time.Saturday || w == time.Sunday {
		return false
	}
	return !c.closed[n] && !yearEnd(n) && holiday(n) == ""
}

func yearEnd(n int) bool {
	_, m, d := civil(n)
	return m == 12 && d >= 29 || m == 1 && d <= 3
}

func inYears(n int) bool { return minNum <= n && n <= maxNum }
