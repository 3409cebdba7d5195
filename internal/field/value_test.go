package field_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
)

var ctx = field.ParseCtx{Currency: "JPY", Member: func(s string) (id.ID, bool) {
	return 42, s == "42" || s == "hana@example.jp"
}}

func of(t field.Type) field.Field {
	f := field.Field{Key: "k", Type: t}
	if t.HasOptions() {
		f.Options = []string{"標準", "Premium", "お試し"}
	}
	return f
}

func money(amount, currency string) any {
	return map[string]any{"amount": amount, "currency": currency}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		typ  field.Type
		in   string
		want any // an error key if it contains ".err." or "err."
	}{
		{field.Text, " \u3000 ", nil},
		{field.Text, "嫌な予感\r\nがする\x00", "嫌な予感\nがする"},
		{field.Text, strings.Repeat("長", 10001), "err.too_long"},
		{field.Number, "１，２３４．５０", json.Number("1234.5")},
		{field.Number, "-0.0", json.Number("0")},
		{field.Number, "△1,000", json.Number("-1000")},
		{field.Number, "+.5", json.Number("0.5")},
		{field.Number, "007", json.Number("7")},
		{field.Number, strings.Repeat("9", 30), json.Number(strings.Repeat("9", 30))},
		{field.Number, strings.Repeat("9", 31), "field.err.digits"},
		{field.Number, "1,23", "field.err.number"},
		{field.Number, "1e5", "field.err.number"},
		{field.Number, "NaN", "field.err.number"},
		{field.Date, "令和6年4月15日", "2024-04-15"},
		{field.Date, "2024/2/30", "err.no_such_day"},
		{field.Date, "そのうち", "err.date"},
		{field.Choice, "ｐｒｅｍｉｕｍ", "Premium"},
		{field.Choice, "無い", "field.err.choice"},
		{field.Choices, "お試し、標準/標準\npremium", []string{"標準", "Premium", "お試し"}},
		{field.Choices, "、、", nil},
		{field.Choices, "標準,無い", "field.err.choice"},
		{field.Link, "https://example.jp/a?b=c", "https://example.jp/a?b=c"},
		{field.Link, "mailto:a@example.jp", "mailto:a@example.jp"},
		{field.Link, "javascript:alert(1)", "field.err.link"},
		{field.Link, "mailto:x", "field.err.link"},
		{field.Link, "www.example.jp", "field.err.link"},
		{field.Link, "https://a.jp/" + strings.Repeat("a", 2000), "err.too_long"},
		{field.Member, "hana@example.jp", "42"},
		{field.Member, "だれか", "field.err.member"},
		{field.Checkbox, "はい", true},
		{field.Checkbox, "○", true},
		{field.Checkbox, "１", true},
		{field.Checkbox, "×", false},
		{field.Checkbox, "No", false},
		{field.Checkbox, "たぶん", "field.err.checkbox"},
		{field.Money, "48万円", money("480000", "JPY")},
		{field.Money, "US$1,200.50", money("1200.50", "USD")},
		{field.Money, "¥29.85", "err.money"},
	} {
		got, err := of(c.typ).Parse(c.in, ctx)
		if key, ok := c.want.(string); ok && strings.Contains(key, "err.") && !strings.Contains(key, "/") {
			if e := errs.As(err); e.Key != key || e.Field != "field:k" || e.Code != errs.Invalid {
				t.Errorf("%s %.20q: %v, want %s", c.typ, c.in, err, key)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %.20q = %#v, %v; want %#v", c.typ, c.in, got, err, c.want)
		}
	}
}

// An import takes options nobody has entered yet; they stand last.
func TestParseAnyOption(t *testing.T) {
	p := field.ParseCtx{AnyOption: true}
	if v, err := of(field.Choices).Parse("特別、標準、特別", p); err != nil || !reflect.DeepEqual(v, []string{"標準", "特別"}) {
		t.Error(v, err)
	}
	if _, err := of(field.Choice).Parse(strings.Repeat("あ", 101), p); errs.As(err).Key != "err.too_long" {
		t.Error(err)
	}
}

func TestFromJSON(t *testing.T) {
	for _, c := range []struct {
		typ  field.Type
		in   string // JSON
		want any
	}{
		{field.Text, `null`, nil},
		{field.Text, `"a"`, "a"},
		{field.Text, `1`, "field.err.type"},
		{field.Number, `12.50`, json.Number("12.5")},
		{field.Number, `1.5e3`, json.Number("1500")},
		{field.Number, `-25e-4`, json.Number("-0.0025")},
		{field.Number, `"12345678901234567890"`, json.Number("12345678901234567890")},
		{field.Number, `"1,000"`, "field.err.number"},
		{field.Number, `1e99`, "field.err.digits"},
		{field.Number, `true`, "field.err.type"},
		{field.Date, `"2024-04-01"`, "2024-04-01"},
		{field.Date, `"2024/4/1"`, "err.date"},
		{field.Date, `""`, nil},
		{field.Choice, `"標準"`, "標準"},
		{field.Choices, `["お試し", "標準"]`, []string{"標準", "お試し"}},
		{field.Choices, `[]`, nil},
		{field.Choices, `"標準"`, "field.err.type"},
		{field.Choices, `[1]`, "field.err.type"},
		{field.Checkbox, `false`, false},
		{field.Checkbox, `"true"`, "field.err.type"},
		{field.Member, `"42"`, "42"},
		{field.Member, `"hana"`, "field.err.member"},
		{field.Money, `{"amount": "480000", "currency": "JPY"}`, money("480000", "JPY")},
		{field.Money, `{"amount": 12.5, "currency": "USD"}`, money("12.50", "USD")},
		{field.Money, `{"amount": "1.5", "currency": "JPY"}`, "err.money"},
		{field.Money, `{"amount": "1"}`, "field.err.type"},
		{field.Money, `"480000"`, "field.err.type"},
	} {
		values, err := field.Decode([]byte(`{"v": ` + c.in + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got, err := of(c.typ).FromJSON(values["v"])
		if key, ok := c.want.(string); ok && strings.Contains(key, "err.") {
			if errs.As(err).Key != key {
				t.Errorf("%s %s: %v, want %s", c.typ, c.in, err, key)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %s = %#v, %v; want %#v", c.typ, c.in, got, err, c.want)
		}
	}
	if v, err := of(field.Number).FromJSON(0.1); err != nil || v != json.Number("0.1") { // as encoding/json gives it
		t.Error(v, err)
	}
}

// written draws a value as a person may have written it.
func written(t *rapid.T, typ field.Type) string {
	switch typ {
	case field.Number:
		return decimal(t)
	case field.Date:
		return fmt.Sprintf("%04d/%d/%d", rapid.IntRange(1, 9999).Draw(t, "y"), rapid.IntRange(1, 12).Draw(t, "m"), rapid.IntRange(1, 28).Draw(t, "d"))
	case field.Choice, field.Choices:
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"標準", "premium", "お試し"}), 1,
			map[field.Type]int{field.Choice: 1, field.Choices: 5}[typ]).Draw(t, "o"), "、")
	case field.Link:
		return "https://example.jp/" + rapid.StringMatching(`[a-z0-9/?=&日本]{0,20}`).Draw(t, "path")
	case field.Member:
		return "hana@example.jp"
	case field.Checkbox:
		return rapid.SampledFrom([]string{"はい", "×", "on", "０"}).Draw(t, "b")
	case field.Money:
		return rapid.SampledFrom([]string{"48万", "$12.5", "-1,000", "1億2,000万円", "KWD 1.250"}).Draw(t, "m")
	}
	return rapid.String().Draw(t, "s")
}

func decimal(t *rapid.T) string {
	return rapid.StringMatching(`-?[0-9]{1,14}(\.[0-9]{1,14})?`).Draw(t, "n")
}

// What Text writes, Parse reads back to the same value, and so does JSON.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := of(rapid.SampledFrom(field.Types()).Draw(t, "type"))
		v, err := f.Parse(written(t, f.Type), ctx)
		if err != nil {
			t.Fatal(err)
		}
		again, err := f.Parse(f.Text(v), ctx)
		if err != nil || !f.Equal(v, again) {
			t.Fatalf("%s: %#v written %q reads %#v, %v", f.Type, v, f.Text(v), again, err)
		}
		raw, _ := json.Marshal(map[string]any{"v": v})
		stored, err := field.Decode(raw)
		if err != nil || !f.Equal(v, stored["v"]) {
			t.Fatalf("%s: %#v stored reads %#v, %v", f.Type, v, stored["v"], err)
		}
		if same, err := f.FromJSON(stored["v"]); err != nil || !f.Equal(v, same) {
			t.Fatalf("%s: %#v from JSON %#v, %v", f.Type, v, same, err)
		}
		for _, k := range f.Keys(v) {
			if len(k) > 250 || len(k) == 0 {
				t.Fatalf("%s: key of %d bytes", f.Type, len(k))
			}
		}
	})
}

// The bytes order as the numbers do, and are equal only if these are.
func TestNumberOrder(t *testing.T) {
	f := of(field.Number)
	rapid.Check(t, func(t *rapid.T) {
		var keys [2][]byte
		var values [2]*big.Rat
		for i := range keys {
			s := rapid.OneOf(rapid.Just("0"), rapid.Just("-0.00001"), rapid.Just("10"), rapid.Just("1"), rapid.Custom(decimal)).Draw(t, "n")
			v, err := f.Parse(s, ctx)
			if err != nil {
				t.Fatal(err)
			}
			keys[i] = f.Keys(v)[0]
			values[i], _ = new(big.Rat).SetString(s)
		}
		if got, want := bytes.Compare(keys[0], keys[1]), values[0].Cmp(values[1]); got != want {
			t.Fatalf("%v and %v: bytes say %d, numbers %d", values[0], values[1], got, want)
		}
	})
}

// What no reader can see is unset, not a value without a key.
func TestInvisibleIsUnset(t *testing.T) {
	for _, typ := range []field.Type{field.Text, field.Choice, field.Choices} {
		for _, s := range []string{"\u0080", "\u200e", " \u3000\ufe0f"} {
			if v, err := of(typ).Parse(s, field.ParseCtx{AnyOption: true}); v != nil || err != nil {
				t.Errorf("%s %q: %#v, %v", typ, s, v, err)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	long := strings.Repeat("あ", 90) // 270 bytes; 200 is inside a character
	k := of(field.Text).Keys(long)[0]
	if len(k) != 198 || !utf8.Valid(k) {
		t.Errorf("long text: %d bytes", len(k))
	}
	if a, b := of(field.Text).Keys("サーバー"), of(field.Text).Keys("ｻｰﾊﾞ"); !bytes.Equal(a[0], b[0]) {
		t.Error("folded texts differ")
	}
	if k := of(field.Choices).Keys([]string{"お試し", "標準"}); len(k) != 2 || bytes.Compare(k[0], k[1]) >= 0 {
		t.Error("choices", k)
	}
	if k := of(field.Choices).Keys(nil); k != nil {
		t.Error("unset", k)
	}
	less := [][2]any{{false, true}, {"2024-04-01", "2024-04-10"}}
	for i, typ := range []field.Type{field.Checkbox, field.Date} {
		if a, b := of(typ).Keys(less[i][0]), of(typ).Keys(less[i][1]); bytes.Compare(a[0], b[0]) >= 0 {
			t.Error(typ)
		}
	}
	m := of(field.Money)
	if bytes.Compare(m.Keys(money("1200.50", "USD"))[0], m.Keys(money("9", "JPY"))[0]) <= 0 ||
		!bytes.Equal(m.Keys(money("12.50", "USD"))[0], m.Keys(money("12.5", "USD"))[0]) {
		t.Error("money: currency first, then the amount")
	}
}

func TestEqual(t *testing.T) {
	f := of(field.Choices)
	if !f.Equal([]string{"a", "b"}, []any{"b", "a"}) || f.Equal([]string{"a"}, nil) || f.Equal(nil, []string{"a"}) || !f.Equal(nil, nil) {
		t.Error("choices are a set")
	}
}

func TestGuess(t *testing.T) {
	many := func(n int, words ...string) (out []string) {
		for range n {
			out = append(out, words...)
		}
		return out
	}
	for _, c := range []struct {
		name    string
		in      []string
		want    field.Type
		options []string
	}{
		{"nothing", []string{"", " "}, field.Text, nil},
		{"numbers", []string{"1,200", "", "-3.5", "４"}, field.Number, nil},
		{"codes", []string{"012", "13", "0"}, field.Text, nil},
		{"a phone number", []string{"0312345678", "0612345678"}, field.Text, nil},
		{"dates", []string{"2024/4/1", "令和6年4月15日", ""}, field.Date, nil},
		{"compact dates", []string{"20240401", "20250331"}, field.Date, nil},
		{"eight digits", []string{"20240401", "99999999"}, field.Number, nil},
		{"Excel's serials", []string{"45383", "45413"}, field.Number, nil},
		{"yes and no", []string{"はい", "いいえ", "はい"}, field.Checkbox, nil},
		{"circles", []string{"○", "×"}, field.Checkbox, nil},
		{"one and nought", []string{"1", "0"}, field.Number, nil},
		{"links", []string{"https://a.jp", "http://b.jp/c"}, field.Link, nil},
		{"plans", many(4, "標準", "Premium", "ｐremium"), field.Choice, []string{"標準", "Premium"}},
		{"too few", []string{"標準", "上位", "標準"}, field.Text, nil},
		{"words", []string{"ヤバい", "嫌な予感がする", "順調"}, field.Text, nil},
		{"paragraphs", many(9, "一行\n二行"), field.Text, nil},
		{"mixed", []string{"1", "2", "多い"}, field.Text, nil},
	} {
		if got, options := field.Guess(c.in); got != c.want || !reflect.DeepEqual(options, c.options) {
			t.Errorf("%s: %s %v, want %s %v", c.name, got, options, c.want, c.options)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1,234", "令和元年", "https://[", "△", "1億", "\xff", "mailto:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range field.Types() {
			v, err := of(typ).Parse(s, ctx)
			if err != nil && errs.As(err).Code == errs.Internal {
				t.Fatalf("%s: %v", typ, err)
			}
			of(typ).Keys(v)
		}
	})
}
