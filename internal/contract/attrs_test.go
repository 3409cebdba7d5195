package contract

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
)

func TestNextTerm(t *testing.T) {
	const today = "2026-04-10"
	for _, c := range []struct {
		name                         string
		start, renewal, from, renews cal.Date
		want                         bool
	}{
		{"nothing to renew", "2025-04-01", "", "2026-04-01", "2027-04-01", false},
		{"nothing new", "2025-04-01", "2026-04-01", "2025-04-01", "2026-04-01", false},
		{"a start on the renewal date", "2025-04-01", "2026-05-01", "2026-05-01", "2027-05-01", true},
		{"a start after it", "2025-04-01", "2026-05-01", "2026-06-01", "2027-06-01", true},
		{"a start before it is a correction", "2025-04-01", "2026-05-01", "2025-05-01", "2027-05-01", false},
		{"the start given again, renewal passed", "2025-04-01", "2026-04-01", "2025-04-01", "2027-04-01", true},
		{"no start, renewal passed", "", "2026-04-01", "", "2027-04-01", true},
		{"no start, renewal is today", "", today, "", "2027-04-10", true},
		{"no start, renewal is tomorrow", "", "2026-04-11", "", "2027-04-11", false},
		{"27 days later is a correction", "", "2026-04-01", "", "2026-04-28", false},
		{"28 days later is not", "", "2026-04-01", "", "2026-04-29", true},
		{"earlier is a correction", "", "2026-04-01", "", "2026-03-01", false},
		{"the renewal date taken away", "", "2026-04-01", "", "", false},
		{"the start taken away, renewal ahead", "2025-04-01", "2026-05-01", "", "2027-05-01", false},
	} {
		if got := NextTerm(c.start, c.renewal, c.from, c.renews, today); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	over := Contract{RenewalDate: "2026-04-01", EndedOn: "2026-04-01"}
	if over.Renews(Contract{RenewalDate: "2027-04-01", EndedOn: "2026-04-01"}, today) {
		t.Error("an ended contract does not renew")
	}
}

var setter = Setter{Parse: field.ParseCtx{Currency: "JPY", Member: func(s string) (id.ID, bool) { return 7, s == "7" }},
	Fields: map[string]field.Field{"seats": {Key: "seats", Type: field.Number}, "lead": {Key: "lead", Type: field.Member},
		"tags": {Key: "tags", Type: field.Choices, Options: []string{"A", "B"}},
		"gone": {Key: "gone", Type: field.Text, RetiredAt: cal.Date("2026-01-01").Time()}}}

func TestSet(t *testing.T) {
	form, loose := setter, setter
	form.Form = true
	loose.Form, loose.Today = true, "2026-04-10"
	for _, c := range []struct {
		set  Setter
		name string
		in   any
		want any // a text with "err." is the error
	}{
		{setter, "key", " Ａ-1\n", "Ａ-1"},
		{setter, "key", "", "err.required"},
		{setter, "name", "\u200b ", "err.required"},
		{setter, "name", strings.Repeat("あ", 201), "err.too_long"},
		{setter, "name", strings.Repeat("\ufdfa", 190), "err.too_long"},
		{setter, "name", 1, "contract.err.text"},
		{setter, "status", " 契約中　", "契約中"},
		{setter, "status", nil, nil},
		{setter, "outlook", "気がかり", "watch"},
		{setter, "outlook", "danger", "danger"},
		{setter, "outlook", "最高", "contract.err.outlook"},
		{setter, "amount_basis", "年額", "yearly"},
		{setter, "amount_basis", "日", "contract.err.basis"},
		{setter, "renewal_date", "令和9年3月末", "2027-03-31"},
		{setter, "renewal_date", "2026-02-30", "err.no_such_day"},
		{setter, "renewal_date", "来月末", "err.date"},
		{loose, "renewal_date", "来月末", "2026-05-31"},
		{setter, "auto_renew", true, true},
		{setter, "auto_renew", "○", true},
		{setter, "auto_renew", "", false},
		{setter, "auto_renew", 1, "contract.err.yes_no"},
		{setter, "amount", "48万円", "480000"},
		{setter, "amount", "", nil},
		{setter, "amount", "たくさん", "err.money"},
		{setter, "currency", "usd", "USD"},
		{setter, "currency", "", "JPY"},
		{setter, "currency", "XXX", "contract.err.currency"},
		{setter, "domain", "@Example.JP", "example.jp"},
		{setter, "domain", "https://example.jp", "contract.err.domain"},
		{setter, "color", "red", "err.unknown_field"},
		{setter, "version", "2", "err.unknown_field"},
		{setter, "field:seats", json.Number("12"), json.Number("12")},
		{setter, "field:seats", "1,200", "field.err.number"},
		{form, "field:seats", "1,200", json.Number("1200")},
		{form, "field:seats", "", nil},
		{form, "field:tags", "B、A", []string{"A", "B"}},
		{setter, "field:lead", "7", "7"},
		{setter, "field:lead", "8", "field.err.member"},
		{setter, "field:gone", "x", "err.unknown_field"},
		{setter, "field:none", "x", "err.unknown_field"},
	} {
		con := Contract{Currency: "JPY"}
		err := c.set.Set(&con, c.name, c.in)
		if key, ok := c.want.(string); ok && strings.Contains(key, "err.") {
			if e := errs.As(err); e.Key != key || e.Field != c.name {
				t.Errorf("%s %.20v: %v, want %s", c.name, c.in, err, key)
			}
			continue
		}
		if got := con.Value(c.name); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %v = %#v, %v; want %#v", c.name, c.in, got, err, c.want)
		}
	}
}

func TestSetMoney(t *testing.T) {
	for _, c := range []struct {
		name   string
		values map[string]any
		want   string
	}{
		{"an amount in a new currency", map[string]any{"amount": "12.50", "currency": "USD"}, "12.50 USD"},
		{"the number stays, the currency changes", map[string]any{"currency": "USD"}, "1000.00 USD"},
		{"a mark decides", map[string]any{"amount": "US$30"}, "30.00 USD"},
		{"no amount", map[string]any{"amount": nil, "currency": "USD"}, " USD"},
	} {
		n := int64(1000)
		con := Contract{Currency: "JPY", Amount: &n}
		if bad := setter.Apply(&con, c.values); len(bad) > 0 {
			t.Errorf("%s: %v", c.name, bad)
		}
		amount, _ := con.Value("amount").(string)
		if got := amount + " " + con.Currency; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	n := int64(1250)
	con := Contract{Currency: "USD", Amount: &n}
	if bad := setter.Apply(&con, map[string]any{"currency": "JPY", "phase": "導入"}); len(bad) != 1 || bad[0].Key != "err.money" || con.Currency != "USD" || con.Phase != "導入" {
		t.Error("12.50 dollars are no yen; the rest is set:", bad, con)
	}
}

func TestDiff(t *testing.T) {
	n := int64(5)
	a := Contract{Name: "a", Currency: "JPY", Amount: &n, OwnerID: 7, Fields: map[string]any{"x": "1", "tags": []string{"A", "B"}}}
	b := a.Clone()
	if d := Diff(a, b); len(d) != 0 {
		t.Error(d)
	}
	*b.Amount, b.OwnerID, b.RenewalDate, b.Fields["tags"] = 6, 0, "2026-04-01", []string{"B", "A"}
	delete(b.Fields, "x")
	b.Fields["y"] = true
	want := map[string][2]any{"amount": {"5", "6"}, "owner": {"7", nil}, "renewal_date": {nil, "2026-04-01"},
		"field:x": {"1", nil}, "field:y": {nil, true}}
	if d := Diff(a, b); !reflect.DeepEqual(d, want) {
		t.Error(d)
	}
	if *a.Amount != 5 || a.Fields["x"] != "1" {
		t.Error("a clone shares")
	}
}

// What a Diff tells, set again from its canonical values, leads there and back.
func TestDiffRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) Contract {
			c := Contract{Key: "k", Name: "n", Currency: "JPY"}
			words := map[string][]string{"status": {"", "契約中"}, "phase": {"", "導入"}, "outlook": {"", "watch"}, "amount": {"", "100", "-5"},
				"currency": {"JPY", "KRW"}, "renewal_date": {"", "2026-04-01"}, "amount_basis": {"", "term"}, "domain": {"", "a.jp"}}
			for _, name := range slices.Sorted(maps.Keys(words)) {
				if err := setter.Set(&c, name, rapid.SampledFrom(words[name]).Draw(t, label+name)); err != nil {
					t.Fatal(err)
				}
			}
			if n := rapid.IntRange(0, 2).Draw(t, label+"seats"); n > 0 {
				c.Fields = map[string]any{"seats": json.Number(string(rune('0' + n)))}
			}
			return c
		}
		a, b := draw("a "), draw("b ")
		for side, pair := range [][2]Contract{{b, a}, {a, b}} {
			c, values := pair[0].Clone(), map[string]any{}
			for name, v := range Diff(a, b) {
				values[name] = v[side]
			}
			if bad := setter.Apply(&c, values); len(bad) > 0 || len(Diff(c, pair[1])) > 0 {
				t.Fatal(side, bad, Diff(c, pair[1]))
			}
		}
	})
}
