package money

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Parse reads an amount as people and programs write it in files:
//
//   - 480000, 480,000, 1,200.50: commas between thousands, a point before decimals;
//   - ¥480,000, 480,000円, US$1,200.50, JPY 480000, 480,000 JPY: a mark in the text
//     wins over currency; $ and ¥ mean currency if that is a dollar, or CNY, else
//     USD and JPY;
//   - 48万, 1億2,000万円, 1.5億, 12千円, 480百万円;
//   - -1,000, △1,000, ▲1,000, (1,000), ¥-1,000 for less than nothing.
//
// Full-width characters are read as half-width. Blank text gives ErrEmpty, every
// other failure is a *ParseError. Decimals beyond the currency's are refused
// unless they are zeros; and 480.000 is refused where the currency has fewer than
// three decimals, because half of Europe writes 480 thousand so.
func Parse(s, currency string) (Amount, error) {
	if _, ok := Digits(currency); !ok {
		return Amount{}, &ParseError{s, UnknownCurrency}
	}
	body := strings.ToUpper(strings.TrimSpace(norm.NFKC.String(s)))
	if body == "" {
		return Amount{}, ErrEmpty
	}
	inside, bracketed := unbracket(body)
	m := layout.FindStringSubmatch(inside)
	if m == nil {
		return Amount{}, &ParseError{s, NotAnAmount}
	}
	signs := m[1] + m[3]
	if bracketed {
		signs += "-"
	}
	currency, ok := resolve(m[2], m[5], currency)
	if !ok || utf8.RuneCountInString(signs) > 1 {
		return Amount{}, &ParseError{s, NotAnAmount}
	}
	minor, kind := value(m[4], signs != "", digitsOf[currency])
	if kind != 0 {
		return Amount{}, &ParseError{s, kind}
	}
	return Amount{minor, currency}, nil
}

// unbracket takes off the brackets in which accountants put a loss.
func unbracket(s string) (inside string, ok bool) {
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		return strings.TrimSpace(s[1 : len(s)-1]), true
	}
	return s, false
}

// layout is sign, mark, sign, number with its units, mark.
var layout = regexp.MustCompile(`^([-−△▲]?)\s*([^-−△▲\d\s.,()]*)\s*([-−△▲]?)\s*` +
	`([\d.,](?:[\d.,\s]*[十百千万億兆]*)*?)\s*([^\d\s.,()十百千万億兆]*)$`)

var segment = regexp.MustCompile(`^([\d,]+)(?:\.(\d+))?\s*([十百千]?[万億]|兆|千)?\s*`)

// units are powers of ten.
var units = map[string]int{
	"千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7,
	"億": 8, "十億": 9, "百億": 10, "千億": 11, "兆": 12,
}

// value returns number in minor units of a currency with digits decimals, or the
// Kind of what is wrong with it. A number is one segment (1.5億) or several of
// ever smaller units (1億2,000万), of which only the last may have decimals.
func value(number string, negative bool, digits int) (int64, Kind) {
	var total int64
	for above := 99; number != ""; {
		m := segment.FindStringSubmatch(number)
		if m == nil {
			return 0, misplaced(number)
		}
		number = number[len(m[0]):]
		whole, fraction, unit := m[1], m[2], units[m[3]]
		if !grouped.MatchString(whole) || fraction != "" && number != "" || m[3] == "" && european(whole, fraction, digits) {
			return 0, WrongSeparators
		}
		whole = strings.ReplaceAll(whole, ",", "")
		if above < 99 && len(strings.TrimLeft(whole, "0"))+unit > above || unit >= above {
			return 0, NotAnAmount
		}
		part, kind := scale(sign(negative)+whole+fraction, unit+digits-len(fraction))
		if kind != 0 {
			return 0, kind
		}
		if total < math.MinInt64-min(part, 0) || total > math.MaxInt64-max(part, 0) {
			return 0, TooLarge
		}
		total, above = total+part, unit
	}
	return total, 0
}

var grouped = regexp.MustCompile(`^(?:\d+|\d{1,3}(?:,\d{3})+)$`)

// misplaced tells a stray comma or point from anything else.
func misplaced(rest string) Kind {
	if strings.ContainsAny(rest[:1], ".,") {
		return WrongSeparators
	}
	return NotAnAmount
}

// european tells whether whole.fraction may be thousands written with a point.
func european(whole, fraction string, digits int) bool {
	return digits < 3 && len(fraction) == 3 && len(whole) <= 3 && whole[0] != '0'
}

// scale returns number × 10^exp. A negative exp is at most the count of decimals
// at the number's end, which must then be zeros.
func scale(number string, exp int) (int64, Kind) {
	if exp < 0 {
		var ok bool
		if number, ok = strings.CutSuffix(number, strings.Repeat("0", -exp)); !ok {
			return 0, TooPrecise
		}
	}
	n, err := strconv.ParseInt(number+strings.Repeat("0", max(exp, 0)), 10, 64)
	if err != nil { // only digits came here, so it is the range
		return 0, TooLarge
	}
	return n, 0
}
