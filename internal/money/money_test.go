package money

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/currency"
	"pgregory.net/rapid"
)

func TestDigits(t *testing.T) {
	for code, want := range map[string]int{"JPY": 0, "KRW": 0, "USD": 2, "EUR": 2, "KWD": 3, "CLF": 4} {
		if got, ok := Digits(code); !ok || got != want {
			t.Errorf("Digits(%s) = %d, %v", code, got, ok)
		}
	}
	for _, code := range []string{"", "jpy", "XAU", "XXX", "円"} {
		if _, ok := Digits(code); ok {
			t.Errorf("%q is a currency", code)
		}
	}
}

// Every code must be one the world knows; these are younger than x/text's table.
func TestCodes(t *testing.T) {
	young := []string{"MRU", "UYW", "VES", "SLE", "VED", "XAD", "XCG", "ZWG"}
	for code := range digitsOf {
		if _, err := currency.ParseISO(code); err != nil && !slices.Contains(young, code) {
			t.Errorf("%s: %v", code, err)
		}
	}
	for mark, codes := range symbols {
		for _, code := range codes {
			if _, ok := Digits(code); !ok || mark != strings.ToUpper(mark) {
				t.Errorf("symbol %s: %s", mark, code)
			}
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in, currency string
		want         Amount
	}{
		{"480000", "JPY", Amount{480000, "JPY"}},
		{" ¥480,000 ", "JPY", Amount{480000, "JPY"}},
		{"￥４８０，０００", "JPY", Amount{480000, "JPY"}},
		{`\480,000`, "JPY", Amount{480000, "JPY"}},
		{"480000円", "USD", Amount{480000, "JPY"}},
		{"¥480,000円", "JPY", Amount{480000, "JPY"}},
		{"¥480", "CNY", Amount{48000, "CNY"}},
		{"48万", "JPY", Amount{480000, "JPY"}},
		{"48 万円", "JPY", Amount{480000, "JPY"}},
		{"1億2,000万円", "JPY", Amount{120000000, "JPY"}},
		{"1億 2000万 5000", "JPY", Amount{120005000, "JPY"}},
		{"１．５億", "JPY", Amount{150000000, "JPY"}},
		{"1.250億", "JPY", Amount{125000000, "JPY"}},
		{"12千円", "JPY", Amount{12000, "JPY"}},
		{"2千万円", "JPY", Amount{20000000, "JPY"}},
		{"480百万円", "JPY", Amount{480000000, "JPY"}},
		{"10万ドル", "JPY", Amount{10000000, "USD"}},
		{"△1,000", "JPY", Amount{-1000, "JPY"}},
		{"▲1,000円", "JPY", Amount{-1000, "JPY"}},
		{"-1,000", "JPY", Amount{-1000, "JPY"}},
		{"−１，０００", "JPY", Amount{-1000, "JPY"}},
		{"（1,000）", "JPY", Amount{-1000, "JPY"}},
		{"(¥1,000)", "JPY", Amount{-1000, "JPY"}},
		{"¥-1,000", "JPY", Amount{-1000, "JPY"}},
		{"-¥1億2万", "JPY", Amount{-100020000, "JPY"}},
		{"US$1,200.50", "JPY", Amount{120050, "USD"}},
		{"$1,200.50", "JPY", Amount{120050, "USD"}},
		{"$1,200.50", "AUD", Amount{120050, "AUD"}},
		{"$1,200 CAD", "JPY", Amount{120000, "CAD"}},
		{"€1,200.5", "EUR", Amount{120050, "EUR"}},
		{"JPY 480000", "USD", Amount{480000, "JPY"}},
		{"480,000 jpy", "USD", Amount{480000, "JPY"}},
		{"1.234", "KWD", Amount{1234, "KWD"}},
		{"480000.00", "JPY", Amount{480000, "JPY"}},
		{"29.8500", "USD", Amount{2985, "USD"}},
		{"0.000", "JPY", Amount{0, "JPY"}},
		{"9223372036854775807", "JPY", Amount{math.MaxInt64, "JPY"}},
		{"-9223372036854775808", "JPY", Amount{math.MinInt64, "JPY"}},
	} {
		if got, err := Parse(c.in, c.currency); err != nil || got != c.want {
			t.Errorf("Parse(%q, %s) = %v, %v, want %v", c.in, c.currency, got, err, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		in, currency string
		kind         Kind
	}{
		{"未定", "JPY", NotAnAmount},
		{"-", "JPY", NotAnAmount},
		{"万円", "JPY", NotAnAmount},
		{"(-5)", "JPY", NotAnAmount},
		{"-¥-5", "JPY", NotAnAmount},
		{"¥480 USD", "JPY", NotAnAmount},
		{"480 XYZ", "JPY", NotAnAmount},
		{"12 34", "JPY", NotAnAmount},
		{"1万2億", "JPY", NotAnAmount},
		{"1億20,000万", "JPY", NotAnAmount},
		{"5百", "JPY", NotAnAmount},
		{"1e5", "JPY", NotAnAmount},
		{"2024/4/1", "JPY", NotAnAmount},
		{"€1.200,50", "EUR", WrongSeparators},
		{"1.200.500", "JPY", WrongSeparators},
		{"480.000", "JPY", WrongSeparators},
		{"12,00", "USD", WrongSeparators},
		{"1,2000", "JPY", WrongSeparators},
		{".5", "USD", WrongSeparators},
		{"5.", "USD", WrongSeparators},
		{"1.5億2000万", "JPY", WrongSeparators},
		{"29.85", "JPY", TooPrecise},
		{"0.00001万", "JPY", TooPrecise},
		{"1.2345", "USD", TooPrecise},
		{"9223372036854775808", "JPY", TooLarge},
		{"92233720368547758.08", "USD", TooLarge},
		{"9223372兆1000億", "JPY", TooLarge},
		{"-9223372兆9999億", "JPY", TooLarge},
		{"1", "円", UnknownCurrency},
	} {
		_, err := Parse(c.in, c.currency)
		var e *ParseError
		if !errors.As(err, &e) || e.Kind != c.kind || e.Input != c.in {
			t.Errorf("Parse(%q, %s): %v, want kind %d", c.in, c.currency, err, c.kind)
		}
	}
}

func TestEmptyIsUnknown(t *testing.T) {
	for _, s := range []string{"", " \u3000"} {
		if _, err := Parse(s, "JPY"); !errors.Is(err, ErrEmpty) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := ParseDecimal("", "JPY"); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
}

func TestDecimal(t *testing.T) {
	for want, a := range map[string]Amount{
		"480000": {480000, "JPY"}, "1200.50": {120050, "USD"}, "-0.05": {-5, "USD"}, "0.001": {1, "KWD"},
		"0.00": {0, "USD"}, "-92233720368547758.08": {math.MinInt64, "USD"}, "7": {7, "???"},
	} {
		if got := a.Decimal(); got != want {
			t.Errorf("%v: %s, want %s", a, got, want)
		}
	}
}

func TestParseDecimalRefuses(t *testing.T) {
	for in, kind := range map[string]Kind{
		"1,200": NotAnAmount, " 1": NotAnAmount, "１": NotAnAmount, "+1": NotAnAmount, "01": NotAnAmount,
		"1.": NotAnAmount, ".5": NotAnAmount, "1e3": NotAnAmount, "$1": NotAnAmount,
		"1.000": TooPrecise, "92233720368547758.08": TooLarge,
	} {
		_, err := ParseDecimal(in, "USD")
		var e *ParseError
		if !errors.As(err, &e) || e.Kind != kind {
			t.Errorf("ParseDecimal(%q): %v, want kind %d", in, err, kind)
		}
	}
	if got, err := ParseDecimal("1200.5", "USD"); err != nil || got.Minor != 120050 {
		t.Error(got, err)
	}
	if _, err := ParseDecimal("1", "usd"); err == nil {
		t.Error("usd is a currency")
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		a      Amount
		ja, en string
	}{
		{Amount{480000, "JPY"}, "480,000円", "¥480,000"},
		{Amount{-1000, "JPY"}, "-1,000円", "-¥1,000"},
		{Amount{120050, "USD"}, "1,200.50 USD", "$1,200.50"},
		{Amount{-99, "EUR"}, "-0.99 EUR", "-€0.99"},
		{Amount{100000, "GBP"}, "1,000.00 GBP", "£1,000.00"},
		{Amount{120050, "AUD"}, "1,200.50 AUD", "1,200.50 AUD"},
		{Amount{0, "JPY"}, "0円", "¥0"},
		{Amount{999, "JPY"}, "999円", "¥999"},
	} {
		if ja, en := c.a.Format("ja"), c.a.Format("en"); ja != c.ja || en != c.en {
			t.Errorf("%v: %s, %s, want %s, %s", c.a, ja, en, c.ja, c.en)
		}
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	codes := slices.Collect(func(yield func(string) bool) {
		for _, line := range byDigits {
			for _, code := range strings.Fields(line) {
				if !yield(code) {
					return
				}
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a := Amount{rapid.Int64().Draw(t, "minor"), rapid.SampledFrom(codes).Draw(t, "currency")}
		if got, err := ParseDecimal(a.Decimal(), a.Currency); err != nil || got != a {
			t.Fatalf("%v: decimal %s gives %v, %v", a, a.Decimal(), got, err)
		}
		for _, lang := range []string{"ja", "en"} {
			if got, err := Parse(a.Format(lang), "JPY"); err != nil || got != a {
				t.Fatalf("%v: %s gives %v, %v", a, a.Format(lang), got, err)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"¥480,000", "1億2,000万円", "△1,000", "(1,000)", "US$1,200.50", "1.5億", "JPY 480000"} {
		f.Add(s, "JPY")
	}
	f.Fuzz(func(t *testing.T, s, code string) {
		a, err := Parse(s, code)
		var e *ParseError
		switch {
		case err == nil:
			if back, err := ParseDecimal(a.Decimal(), a.Currency); err != nil || back != a {
				t.Fatalf("%q: %v, back %v, %v", s, a, back, err)
			}
		case errors.Is(err, ErrEmpty):
		case !errors.As(err, &e) || e.Input != s || e.Error() == "":
			t.Fatalf("%q: %v", s, err)
		}
	})
}

func FuzzParseDecimal(f *testing.F) {
	f.Add("1200.50", "USD")
	f.Add("-0", "JPY")
	f.Fuzz(func(t *testing.T, s, code string) {
		a, err := ParseDecimal(s, code)
		if err != nil {
			return
		}
		if back, err := ParseDecimal(a.Decimal(), code); err != nil || back != a {
			t.Fatalf("%q: %v, back %v, %v", s, a, back, err)
		}
	})
}
