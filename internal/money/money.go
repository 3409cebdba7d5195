// Package money reads, writes and shows amounts of money.
package money

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Amount is money: Minor units (yen, cents, fils) of an ISO 4217 currency.
type Amount struct {
	Minor    int64
	Currency string
}

// ErrEmpty tells that no amount was written. Blank is unknown, not 0.
var ErrEmpty = errors.New("no amount")

// Kind says why a text was not taken as an amount.
type Kind int

const (
	// NotAnAmount: the text is no amount we know.
	NotAnAmount Kind = iota + 1
	// WrongSeparators: commas or dots are not where thousands and decimals
	// would put them, as in 1.200,50 or 12,00.
	WrongSeparators
	// TooPrecise: more decimals than the currency has, as in ¥29.85.
	TooPrecise
	// TooLarge: the amount does not fit into 64 bits of minor units.
	TooLarge
	// UnknownCurrency: the currency asked for is no ISO 4217 code.
	UnknownCurrency
)

// ParseError tells that Input is not an amount, and why.
type ParseError struct {
	Input string
	Kind  Kind
}

func (e *ParseError) Error() string {
	why := map[Kind]string{
		WrongSeparators: "commas or decimal point out of place",
		TooPrecise:      "more decimals than the currency has",
		TooLarge:        "too large",
		UnknownCurrency: "unknown currency",
	}[e.Kind]
	if why == "" {
		why = "not an amount"
	}
	return fmt.Sprintf("%q: %s", e.Input, why)
}

// Decimal returns the amount in major units with all decimals of its currency,
// without separators: "1200.50", "480000", "-0.05". A currency that ISO 4217
// does not know is taken to have no decimals.
func (a Amount) Decimal() string {
	whole, fraction, negative := a.parts()
	if fraction != "" {
		whole += "." + fraction
	}
	return sign(negative) + whole
}

// ParseDecimal is the strict inverse of Decimal, for programs: ASCII digits, a
// minus, a point, and at most as many decimals as the currency has. It fails
// with ErrEmpty for "", else with *ParseError.
func ParseDecimal(s, currency string) (Amount, error) {
	digits, ok := Digits(currency)
	if !ok {
		return Amount{}, &ParseError{s, UnknownCurrency}
	}
	if s == "" {
		return Amount{}, ErrEmpty
	}
	m := decimal.FindStringSubmatch(s)
	if m == nil {
		return Amount{}, &ParseError{s, NotAnAmount}
	}
	whole, fraction := m[2], m[3]
	if len(fraction) > digits {
		return Amount{}, &ParseError{s, TooPrecise}
	}
	minor, err := strconv.ParseInt(m[1]+whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	if err != nil { // the pattern lets only a range error by
		return Amount{}, &ParseError{s, TooLarge}
	}
	return Amount{minor, currency}, nil
}

var decimal = regexp.MustCompile(`^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$`)

// Format returns the amount as business readers of the language expect it. "ja":
// 480,000円, and 1,200.50 USD for other currencies. Any other language, English:
// ¥480,000, $1,200.50, €1,200.50, £1,200.50, and 1,200.50 AUD for others. A minus
// stands in front of all.
func (a Amount) Format(lang string) string {
	number, fraction, negative := a.parts()
	for i := len(number) - 3; i > 0; i -= 3 {
		number = number[:i] + "," + number[i:]
	}
	if fraction != "" {
		number += "." + fraction
	}
	english := map[string]string{"JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}[a.Currency]
	switch {
	case lang == "ja" && a.Currency == "JPY":
		number += "円"
	case lang != "ja" && english != "":
		number = english + number
	default:
		number += " " + a.Currency
	}
	return sign(negative) + number
}

// parts returns the digits before and after the decimal point.
func (a Amount) parts() (whole, fraction string, negative bool) {
	digits, _ := Digits(a.Currency)
	s := strconv.FormatInt(a.Minor, 10)
	s, negative = strings.CutPrefix(s, "-")
	if missing := digits + 1 - len(s); missing > 0 {
		s = strings.Repeat("0", missing) + s
	}
	point := len(s) - digits
	return s[:point], s[point:], negative
}

func sign(negative bool) string {
	if negative {
		return "-"
	}
	return ""
}
