package ask

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
)

const today = cal.Date("2026-02-17")

// said writes what was understood: groups of alternatives, what must not be
// there, filters.
func said(a Ask) string {
	var out []string
	for _, g := range a.All {
		var any []string
		for _, t := range g {
			w := t.Folded
			if t.Quoted {
				w = `"` + w + `"`
			}
			any = append(any, w)
		}
		out = append(out, strings.Join(any, "|"))
	}
	for _, t := range a.None {
		out = append(out, "-"+t.Folded)
	}
	for name, list := range map[string][]string{"kind": a.Kinds, "owner": a.Owners, "author": a.Authors, "contract": a.Contracts, "unit": a.Units} {
		for _, v := range list {
			out = append(out, name+"="+v)
		}
	}
	if a.From+a.To != "" {
		out = append(out, string(a.From)+".."+string(a.To))
	}
	return strings.Join(out, " ")
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"解約　更新":                   "解約 更新",
		`"更新の 相談"`:                `"更新の 相談"`,
		"「更新の相談」です":               `"更新の相談" です`,
		"解約 -更新":                  "解約 -更新",
		"－解約":                     "-解約",
		`-"解約 する"`:                "-解約 する",
		"- 解約":                    "- 解約",
		"a OR b c":                "a|b c",
		"a ＯＲ b または c":            "a|b|c",
		"OR a":                    "a",
		"a OR":                    "a",
		"a OR 種類:メモ b":            "a b kind=メモ",
		"担当:鈴木":                   "owner=鈴木",
		"担当：鈴木":                   "owner=鈴木",
		`owner:"鈴木 一郎" x`:         "x owner=鈴木 一郎",
		"OWNER:suzuki":            "owner=suzuki",
		"in:みなと":                  "contract=みなと",
		"team:西":                  "unit=西",
		"by:岡田":                   "author=岡田",
		"担当:":                     "担当:",
		"https://a.jp/x":          "https://a.jp/x",
		"時刻 10:30":                "時刻 10:30",
		`"閉じない`:                   `"閉じない`,
		"期間:2024-01..2024-03":     "2024-01-01..2024-03-31",
		"期間:2024年1月〜2024年3月":      "2024-01-01..2024-03-31",
		"期間:2024":                 "2024-01-01..2024-12-31",
		"期間:3月":                   "2025-03-01..2025-03-31",
		"期間:2月":                   "2026-02-01..2026-02-28",
		"期間:..2024-03":            "..2024-03-31",
		"期間:2024-02-29..":         "2024-02-29..",
		"from:2024-02 to:2024-03": "2024-02-01..2024-03-31",
		"から:昨日":                   "2026-02-16..",
		"\x00\xff -\u200b ":       "\ufffd -",
		strings.Repeat("a ", 60):  strings.TrimSpace(strings.Repeat("a ", 40)),
	} {
		a, err := Parse(in, today)
		if err != nil || said(a) != want {
			t.Errorf("%q: %q, %v, want %q", in, said(a), err, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for in, key := range map[string]string{"期間:いつか": "search.err.date", "from:2024-13": "search.err.date", "期間:2024-01..x": "search.err.date",
		strings.Repeat("長", MaxQuery+1): "err.too_long"} {
		if _, err := Parse(in, today); errs.As(err) == nil || errs.As(err).Key != key {
			t.Errorf("%.20q: %v", in, err)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]bool{"": false, "なぜ遅れたのですか": true, "「稟議」はどこで": true, "a OR b": false, "a -b": false, "種類:メモ": false} {
		if a, _ := Parse(in, today); a.Plain() != want {
			t.Errorf("%q: %v", in, !want)
		}
	}
}

// Whatever is typed means something, and reading it twice means the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`a "b" -c OR d 担当:x 期間:2024..`, "-", `""`, "::", "期間:9999-12..", "「", "to:0001-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Parse(s, today)
		if err != nil && errs.As(err).Code == errs.Internal {
			t.Fatalf("%q: %v", s, err)
		}
		again, err2 := Parse(s, today)
		if !reflect.DeepEqual(a, again) || (err == nil) != (err2 == nil) {
			t.Fatalf("%q", s)
		}
		for _, g := range a.All {
			for _, term := range g {
				if term.Folded == "" {
					t.Fatalf("%q: an empty term", s)
				}
			}
		}
	})
}

func TestQuestion(t *testing.T) {
	a, err := Parse("API連携の稟議書はどこですか？", today)
	if err != nil {
		t.Fatal(err)
	}
	x := a.Question()
	weights := map[string]float64{}
	for _, f := range x.Features {
		weights[f.Folded] = f.Weight
	}
	if weights["api"] <= weights["連携"] || weights["稟議書"] == 0 || weights["です"] >= weights["連携"] || weights["携の"] == 0 {
		t.Errorf("%v", weights)
	}
	for _, w := range x.Marks() {
		if w == "です" {
			t.Error("です is marked")
		}
	}
	if p := x.Probes(3); len(p) != 3 || !x.Features[p[0]].Telling {
		t.Errorf("%v", p)
	}
}

// A single letter or digit chooses candidates only where nothing else can, but
// counts and is marked all the same.
func TestLoneLetterChoosesLast(t *testing.T) {
	for q, want := range map[string][]string{"7月の稟議": {"月", "稟議", "月の", "の稟"}, "A B": {"a", "b"}, "7です": {"7", "です"}, "鍵": {"鍵"}, "API 2": {"api"}} {
		a, err := Parse(q, today)
		if err != nil {
			t.Fatal(err)
		}
		x := a.Question()
		var got []string
		for _, i := range x.Probes(10) {
			got = append(got, x.Features[i].Folded)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q asks for %q, not %q", q, got, want)
		}
		if q == "7月の稟議" && !slices.Contains(x.Marks(), "7") {
			t.Errorf("%q marks %q", q, x.Marks())
		}
	}
}
