package field

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// MaxDigits is how many digits a number may have before and after the point
// together.
const MaxDigits = 30

var (
	grouped = regexp.MustCompile(`^[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?$|^[+-]?\.[0-9]+$`)
	strict  = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?$`)
	minuses = strings.NewReplacer("−", "-", "△", "-", "▲", "-")
)

// readNumber reads a number as people write it; ok is false for anything else.
func readNumber(s string) (plainDecimal string, ok bool) {
	s = minuses.Replace(strings.TrimSpace(norm.NFKC.String(s)))
	if !grouped.MatchString(s) {
		return "", false
	}
	return shortest(strings.ReplaceAll(s, ",", "")), true
}

// jsonNumber reads a number as JSON writes it, exponents included.
func jsonNumber(s string) (plainDecimal string, ok bool) {
	if !strict.MatchString(s) {
		return "", false
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	shift, _ := strconv.Atoi(exponent)
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	for ; shift > 0; shift-- {
		if fraction == "" {
			fraction = "0"
		}
		whole, fraction = whole+fraction[:1], fraction[1:]
	}
	for ; shift < 0; shift++ {
		if whole == "" {
			whole = "0"
		}
		whole, fraction = whole[:len(whole)-1], whole[len(whole)-1:]+fraction
	}
	if negative {
		whole = "-" + whole
	}
	return shortest(whole + "." + fraction), true
}

// shortest takes away every zero and sign that says nothing.
func shortest(s string) string {
	s = strings.TrimPrefix(s, "+")
	s, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(s, ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if negative && whole != "0" {
		return "-" + whole
	}
	return whole
}

func digits(plainDecimal string) int {
	return len(strings.Trim(strings.Replace(plainDecimal, ".", "", 1), "-"))
}

// numberKey are bytes that sort as the numbers do, exactly: no float is
// between, so that 30 digits keep their order and equal bytes mean equal
// numbers. A positive number is 2, the place of its first digit, its digits;
// zero is 1; a negative one is 0 and the complement of its positive bytes,
// closed by 255 so that the longer of two is the smaller.
func numberKey(plainDecimal string) []byte {
	s, negative := strings.CutPrefix(plainDecimal, "-")
	whole, fraction, _ := strings.Cut(s, ".")
	all := strings.TrimLeft(whole+fraction, "0")
	if all == "" {
		return []byte{1}
	}
	place := len(all) - len(fraction)
	k := append([]byte{byte(128 + place)}, strings.TrimRight(all, "0")...)
	if !negative {
		return append([]byte{2}, k...)
	}
	for i := range k {
		k[i] = ^k[i]
	}
	return append(append([]byte{0}, k...), 255)
}
