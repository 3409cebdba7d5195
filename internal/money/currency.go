package money

import (
	"slices"
	"strings"
)

// byDigits lists the currencies of ISO 4217 (2025, with ZWL and BGN still met in
// old contracts) by their number of decimals. Metals and test codes have none
// and are left out.
var byDigits = [...]string{
	0: `BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF`,
	2: `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD
		BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP
		ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
		JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU
		MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR
		RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
		TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW
		ZWG ZWL`,
	3: `BHD IQD JOD KWD LYD OMR TND`,
	4: `CLF UYW`,
}

var digitsOf = func() map[string]int {
	table := map[string]int{}
	for digits, codes := range byDigits {
		for _, code := range strings.Fields(codes) {
			table[code] = digits
		}
	}
	return table
}()

// Digits returns how many decimals the currency has by ISO 4217 (JPY 0, USD 2,
// KWD 3); false for a code that is none. Codes are upper case.
func Digits(currency string) (int, bool) {
	d, ok := digitsOf[currency]
	return d, ok
}

// symbols are the marks that may stand beside a number instead of an ISO code,
// with the currencies each may mean, its usual one first. \ is what CP932 files
// hold for ¥.
var symbols = map[string][]string{
	"¥": {"JPY", "CNY"}, `\`: {"JPY", "CNY"}, "円": {"JPY"},
	"$": {"USD", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "FJD", "GYD", "HKD", "JMD",
		"KYD", "LRD", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "XCD"},
	"US$": {"USD"}, "A$": {"AUD"}, "AU$": {"AUD"}, "C$": {"CAD"}, "CA$": {"CAD"}, "HK$": {"HKD"},
	"NT$": {"TWD"}, "NZ$": {"NZD"}, "S$": {"SGD"}, "ドル": {"USD"}, "米ドル": {"USD"},
	"€": {"EUR"}, "ユーロ": {"EUR"}, "£": {"GBP"},
}

// resolve returns the currency of a number with the marks before and after it
// ("" for none) where currency was asked for; false if a mark is unknown or the
// two contradict each other. $1,200 CAD is Canadian.
func resolve(before, after, currency string) (string, bool) {
	var left []string
	for _, mark := range []string{before, after} {
		if mark == "" {
			continue
		}
		can, ok := symbols[mark]
		if _, code := digitsOf[mark]; code {
			can, ok = []string{mark}, true
		}
		if left != nil {
			can = slices.DeleteFunc(slices.Clone(can), func(c string) bool { return !slices.Contains(left, c) })
		}
		if !ok || len(can) == 0 {
			return "", false
		}
		left = can
	}
	if left == nil || slices.Contains(left, currency) {
		return currency, true
	}
	return left[0], true
}
