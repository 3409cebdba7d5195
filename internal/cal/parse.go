package cal

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Kind says why a text was not taken as a date.
type Kind int

const (
	// NotADate: the text is no date we know, or lacks the day or the year.
	NotADate Kind = iota + 1
	// NoSuchDay: the month does not have that day, as in 2月30日.
	NoSuchDay
	// Ambiguous: 4/5/2024 may be April 5 or May 4.
	Ambiguous
)

// ParseError tells that Input is not a date. Year, Month, Day and LastDay (the
// month's last day) are set for NoSuchDay only, so that a page can say which
// day is missing and what the last one is.
type ParseError struct {
	Input string
	Kind  Kind

	Year, Month, Day, LastDay int
}

func (e *ParseError) Error() string {
	switch e.Kind {
	case NoSuchDay:
		return fmt.Sprintf("%q: month %d-%02d has no day %d, its last is %d", e.Input, e.Year, e.Month, e.Day, e.LastDay)
	case Ambiguous:
		return fmt.Sprintf("%q: day and month cannot be told apart", e.Input)
	}
	return fmt.Sprintf("%q is not a date", e.Input)
}

// Parse reads a date as people and programs write it in files:
//
//   - 2024-04-01, 2024/4/1, 2024.4.1, 20240401, 2024年4月1日, 2024年3月末 (its last day);
//   - eras 大正 to 令和: 令和6年4月15日, 令和元年5月1日, R6.4.15, H31/4/30. Days past the
//     end of an era or before its beginning are accepted (平成36年3月31日 is
//     2024-03-31): contracts signed before a change of era are full of them;
//   - Apr 15, 2024; 15 April 2024; 15-Apr-2024;
//   - 4/15/2024 and 15.4.2024, if only one reading makes a date;
//   - serial numbers of Excel's 1900 system with five digits for 1955 to 2100;
//     smaller numbers are refused, they are seldom dates.
//
// Full-width characters are read as half-width. A weekday in brackets and a time
// may follow and are dropped: neither is checked against the day, and a zone
// shifts nothing, the day is the one written. White space alone gives ("", nil):
// blank is unknown. Every other failure is a *ParseError.
func Parse(s string) (Date, error) {
	body := strings.TrimSpace(norm.NFKC.String(s))
	if body == "" {
		return "", nil
	}
	if d := Date(body); d.Valid() { // what programs write
		return d, nil
	}
	body = strings.ToLower(strings.TrimSpace(tail.ReplaceAllString(body, "")))
	for _, f := range forms {
		if m := f.pattern.FindStringSubmatch(body); m != nil {
			d, err := f.read(m)
			return d, withInput(err, s)
		}
	}
	return "", &ParseError{Input: s, Kind: NotADate}
}

// withInput writes the person's text into the error of a form's reader.
func withInput(err error, input string) error {
	if e, ok := err.(*ParseError); ok {
		e.Input = input
	}
	return err
}

// tail is what may follow a date: the weekday, then the time with its zone.
var tail = regexp.MustCompile(`(?i)` +
	`(?:\s*(?:\((?:[月火水木金土日](?:曜日?)?(?:[・/]?祝日?)?|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)\)|[月火水木金土日]曜日?))?` +
	`(?:[\st]+(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?\s*(?:[ap]m)?\s*(?:z|utc|gmt|jst|[+-]\d\d:?\d\d)?)?$`)

// form is one way of writing a date: the pattern of the whole text (NFKC, lower
// case) and what its groups mean.
type form struct {
	pattern *regexp.Regexp
	read    func(m []string) (Date, error)
}

var forms = []form{
	{whole(`(\d{4})\s*([-/.])\s*(\d{1,2})\s*([-/.])\s*(\d{1,2})`), func(m []string) (Date, error) {
		if m[2] != m[4] {
			return notADate()
		}
		return day(num(m[1]), num(m[3]), num(m[5]))
	}},
	{whole(`(\d{4})(\d\d)(\d\d)`), func(m []string) (Date, error) {
		return day(num(m[1]), num(m[2]), num(m[3]))
	}},
	{whole(`(\d{4})\s*年\s*` + monthDay), func(m []string) (Date, error) {
		return dayOrEnd(num(m[1]), m[2], m[3])
	}},
	{whole(`(大正|昭和|平成|令和)\s*(元|\d{1,2})\s*年\s*` + monthDay), func(m []string) (Date, error) {
		return dayOrEnd(eraYear(m[1], m[2]), m[3], m[4])
	}},
	{whole(`(大正|昭和|平成|令和|[tshr])\s*\.?\s*(元|\d{1,2})\s*([-/.])\s*(\d{1,2})\s*([-/.])\s*(\d{1,2})`), func(m []string) (Date, error) {
		if m[3] != m[5] {
			return notADate()
		}
		return day(eraYear(m[1], m[2]), num(m[4]), num(m[6]))
	}},
	{whole(englishMonthDay + `,?\s+(\d{4})`), func(m []string) (Date, error) {
		return day(num(m[3]), englishMonth(m[1]), num(m[2]))
	}},
	{whole(englishDayMonth + `,?[\s-]+(\d{4})`), func(m []string) (Date, error) {
		return day(num(m[3]), englishMonth(m[2]), num(m[1]))
	}},
	{whole(`(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*([-/.])\s*(\d{4})`), yearLast},
	{whole(`(\d{5})(?:\.\d+)?`), serial},
}

const (
	monthDay        = `(\d{1,2})\s*月\s*の?\s*(?:(\d{1,2})\s*日|末日?)`
	englishMonthDay = `(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?`
	englishDayMonth = `(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?(\d{1,2})(?:st|nd|rd|th)?[\s-]+([a-z]{3,9})\.?`
)

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }

// num reads a group of at most a few digits; the patterns let nothing else by.
func num(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func notADate() (Date, error) { return "", &ParseError{Kind: NotADate} }

func day(y, m, d int) (Date, error) {
	if y < 1 || y > 9999 || m < 1 || m > 12 {
		return notADate()
	}
	date, ok := New(y, m, d)
	if !ok {
		return "", &ParseError{Kind: NoSuchDay, Year: y, Month: m, Day: d, LastDay: lastDay(y, m)}
	}
	return date, nil
}

// dayOrEnd reads the groups of monthDay; no day means 末, the month's last.
func dayOrEnd(y int, month, dayOfMonth string) (Date, error) {
	m := num(month)
	if dayOfMonth != "" {
		return day(y, m, num(dayOfMonth))
	}
	if m < 1 || m > 12 {
		return notADate()
	}
	return day(y, m, lastDay(y, m))
}

// eraYear returns the Gregorian year; 0, which is no year, for an era's year 0.
func eraYear(era, year string) int {
	n := 1
	if year != "元" {
		n = num(year)
	}
	if n < 1 {
		return 0
	}
	return eraBefore[era] + n
}

// eraBefore is the year before each era's first.
var eraBefore = map[string]int{
	"大正": 1911, "t": 1911, "昭和": 1925, "s": 1925,
	"平成": 1988, "h": 1988, "令和": 2018, "r": 2018,
}

// englishMonth returns 1..12 for a month's name or an abbreviation of three
// letters or more, else 0.
func englishMonth(name string) int {
	for m := time.January; m <= time.December; m++ {
		if strings.HasPrefix(strings.ToLower(m.String()), name) {
			return int(m)
		}
	}
	return 0
}

// yearLast reads m/d/y or d/m/y when only one of them can be meant.
func yearLast(m []string) (Date, error) {
	a, b, y := num(m[1]), num(m[3]), num(m[5])
	switch {
	case m[2] != m[4]:
		return notADate()
	case a > 12:
		return day(y, b, a)
	case b > 12 || a == b:
		return day(y, a, b)
	}
	return "", &ParseError{Kind: Ambiguous}
}

// serial reads an Excel serial number, the fraction being the time of day. Serial
// 60 is Excel's 1900-02-29, so from March 1900 on day 0 is 1899-12-30.
func serial(m []string) (Date, error) {
	d := Date("1899-12-30").AddDays(num(m[1]))
	if d < "1955-01-01" || d > "2100-12-31" {
		return notADate()
	}
	return d, nil
}
