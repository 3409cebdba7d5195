// Package cal knows days: calendar dates without time or zone, dates as people
// write them, the public holidays of Japan and business days.
package cal

import (
	"fmt"
	"time"
)

// Date is a calendar day as "YYYY-MM-DD" in the Gregorian calendar, years 0001 to
// 9999. "" is an unknown date. It is stored as is, and compares and sorts as a
// string. Methods on "", and on a string that is no day, answer "" or 0.
type Date string

// New returns the date of year y, month m (1..12), day d; false if there is no
// such day.
func New(y, m, d int) (Date, bool) {
	if y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > lastDay(y, m) {
		return "", false
	}
	return format(y, m, d), true
}

// Of returns the day of t in t's own zone.
func Of(t time.Time) Date { return fromNum(dayNum(t.Date())) }

// Valid tells whether d names an existing day. "" does not; ask IsZero about it.
func (d Date) Valid() bool {
	_, ok := d.num()
	return ok
}

// IsZero tells whether d is unknown: "".
func (d Date) IsZero() bool { return d == "" }

// Time returns midnight UTC of d, the zero time if d is unknown.
func (d Date) Time() time.Time {
	y, m, day, ok := d.split()
	if !ok {
		return time.Time{}
	}
	return time.Date(y, time.Month(m), day, 0, 0, 0, 0, time.UTC)
}

// AddDays returns the day n days after d (before, if n is negative); "" if that
// leaves the years 0001 to 9999.
func (d Date) AddDays(n int) Date {
	num, ok := d.num()
	if !ok || n > maxNum-minNum || n < minNum-maxNum {
		return ""
	}
	return fromNum(num + n)
}

// AddMonths returns the same day n months later (earlier, if n is negative). A
// day that month does not have becomes its last: 01-31 plus one is 02-28 or 29.
// "" if that leaves the years 0001 to 9999.
func (d Date) AddMonths(n int) Date {
	y, m, day, ok := d.split()
	if !ok || n > 12*9999 || n < -12*9999 {
		return ""
	}
	months := 12*y + m - 1 + n
	y, m = months/12, months%12+1
	if months < 12 || y > 9999 {
		return ""
	}
	return format(y, m, min(day, lastDay(y, m)))
}

// DaysUntil returns other minus d in days, negative if other is earlier; 0 if
// either is unknown.
func (d Date) DaysUntil(other Date) int {
	a, okA := d.num()
	b, okB := other.num()
	if !okA || !okB {
		return 0
	}
	return b - a
}

// Weekday returns the day of the week; Sunday (0) if d is unknown.
func (d Date) Weekday() time.Weekday {
	num, ok := d.num()
	if !ok {
		return 0
	}
	return weekday(num)
}

// Year returns the year, 0 if d is unknown.
func (d Date) Year() int { y, _, _, _ := d.split(); return y }

// Month returns the month 1..12, 0 if d is unknown.
func (d Date) Month() int { _, m, _, _ := d.split(); return m }

// Day returns the day of the month 1..31, 0 if d is unknown.
func (d Date) Day() int { _, _, day, _ := d.split(); return day }

// split takes d apart; zeros and false if it is no existing day.
func (d Date) split() (y, m, day int, ok bool) {
	if len(d) != 10 || d[4] != '-' || d[7] != '-' {
		return 0, 0, 0, false
	}
	for i, c := range []byte(d) {
		switch {
		case i == 4 || i == 7:
			continue
		case c < '0' || c > '9':
			return 0, 0, 0, false
		case i < 4:
			y = 10*y + int(c-'0')
		case i < 7:
			m = 10*m + int(c-'0')
		default:
			day = 10*day + int(c-'0')
		}
	}
	if _, ok := New(y, m, day); !ok {
		return 0, 0, 0, false
	}
	return y, m, day, true
}

// Inside the package a day is also a number, days since 1970-01-01, so that
// stepping over days costs no strings.
var (
	minNum = dayNum(1, 1, 1)
	maxNum = dayNum(9999, 12, 31)
)

func (d Date) num() (int, bool) {
	y, m, day, ok := d.split()
	if !ok {
		return 0, false
	}
	return dayNum(y, time.Month(m), day), true
}

func dayNum(y int, m time.Month, d int) int {
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func fromNum(n int) Date {
	if n < minNum || n > maxNum {
		return ""
	}
	y, m, d := civil(n)
	return format(y, m, d)
}

func civil(n int) (y, m, d int) {
	y, month, d := time.Unix(int64(n)*86400, 0).UTC().Date()
	return y, int(month), d
}

// weekday of day number n: 1970-01-01 was a Thursday.
func weekday(n int) time.Weekday { return time.Weekday(((n+4)%7 + 7) % 7) }

func lastDay(y, m int) int { return time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day() }

func format(y, m, d int) Date { return Date(fmt.Sprintf("%04d-%02d-%02d", y, m, d)) }
