package sheet

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// moment is what a number format makes of a number.
type moment uint8

const (
	plainNumber moment = iota
	date               // the format shows a day, month, year or era
	clock              // only a time of day
)

// builtin is the meaning of the formats that a workbook names by number
// alone. 27 to 36 and 50 to 58 are the Japanese (and Chinese) dates.
func builtin(id int) moment {
	switch {
	case id >= 14 && id <= 17, id == 22, id >= 27 && id <= 31, id >= 34 && id <= 36, id >= 50 && id <= 58:
		return date
	case id >= 18 && id <= 21, id == 32, id == 33, id == 45, id == 47:
		return clock
	}
	return plainNumber
}

// momentOf reads a number format such as `yyyy"年"m"月"d"日"` or
// `[$-411]ge.m.d;@`. Elapsed time, [h]:mm, is a number (of days).
func momentOf(format string) moment {
	s := strings.ToLower(format)
	for _, word := range []string{"general", "g/標準", "am/pm", "a/p", "午前/午後"} {
		s = strings.ReplaceAll(s, word, "")
	}
	var day, month, hour bool
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i = skipTo(s, i, '"')
		case '[':
			end := skipTo(s, i, ']')
			if strings.Trim(s[i+1:min(end, len(s))], "hms") == "" {
				return plainNumber
			}
			i = end
		case '\\', '_', '*':
			i++
		case 'e':
			if i+1 < len(s) && (s[i+1] == '+' || s[i+1] == '-') {
				return plainNumber // 0.00E+00
			}
			day = true
		case 'y', 'd', 'g', 'a':
			day = true
		case 'm':
			month = true
		case 'h', 's':
			hour = true
		}
	}
	switch {
	case day, month && !hour:
		return date
	case hour:
		return clock
	}
	return plainNumber
}

// skipTo is where in s the next end after i is, or the end of s.
func skipTo(s string, i int, end byte) int {
	if n := strings.IndexByte(s[i+1:], end); n >= 0 {
		return i + 1 + n
	}
	return len(s)
}

// lastSerial is the day after 9999-12-31, Excel's last.
const lastSerial = 2_958_466

// number writes a cell's number: as a date or time if its format is one,
// else as a plain decimal.
func number(raw string, m moment, from1904 bool) string {
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return raw
	}
	if m != plainNumber {
		if s := moments(v, m, from1904); s != "" {
			return s
		}
	}
	return decimal(raw, v)
}

// moments writes the day serial v as "2006-01-02", with " 15:04:05" behind
// where it has a time, or as the time alone where it has no day; "" where it
// is no date. Excel counts from 1900 and believes that year was a leap year;
// some workbooks of old Macs count from 1904.
func moments(v float64, m moment, from1904 bool) string {
	seconds := math.Round(v * 86_400)
	if seconds < 0 || v >= lastSerial {
		return ""
	}
	day, second := int(seconds)/86_400, int(seconds)%86_400
	if day == 0 && (m == clock || second > 0 && !from1904) {
		return time.Unix(int64(second), 0).UTC().Format(time.TimeOnly)
	}
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case from1904:
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case day == 0:
		return "" // what a formula gives for an empty cell: no date at all
	case day < 60:
		day++
	}
	t := base.AddDate(0, 0, day).Add(time.Duration(second) * time.Second)
	if second == 0 {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.DateTime)
}

// decimal writes a number without exponent and without the noise of binary
// fractions. Excel itself keeps 15 digits; a longer whole number was written
// by another tool, likely an identifier, and stays as it is.
func decimal(raw string, v float64) string {
	if digits := strings.TrimPrefix(raw, "-"); digits != "" && strings.Trim(digits, "0123456789") == "" && v != 0 {
		return raw
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 14, 64), 64)
	if err != nil || short == 0 {
		return "0"
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}
