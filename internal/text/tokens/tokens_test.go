package tokens

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"kizuki/internal/text"
)

func TestOf(t *testing.T) {
	for in, want := range map[string]string{
		"解約金":           "解約 約金 金",
		"API連携":         "api pi i Ｊ連 連携 携",
		"3月":            "3 Ｊ月 月",
		"3 月末":          "3 Ｊ月 月末 末",
		"第12回":          "第 Ｊ1 12 2 Ｊ回 回",
		"50%":           "50 0 ％",
		"東京 大阪":         "東京 京 大阪 阪",
		"configuration": "configur onfigura nfigurat figurati iguratio guration uration ration ation tion ion on n",
		"佐々木":           "佐々 々木 木",
		"😀👍":            "😀 👍",
		"":              "",
	} {
		if got := strings.Join(Of(text.FoldSearch(in)), " "); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestPhraseOf(t *testing.T) {
	for in, want := range map[string]string{
		"解約金":           `"解約 約金"`,
		"雪":             `"雪" *`,
		"API連携":         `"api pi i Ｊ連 連携"`,
		"連携API":         `"連携 携 Ｊa api" *`,
		"3月":            `"3 Ｊ月"`,
		"3月末":           `"3 Ｊ月 月末"`,
		"3月5":           `"3 Ｊ月 月 Ｊ5"`,
		"第1":            `"第 Ｊ1"`,
		"configuration": `"configur onfigura nfigurat figurati iguratio guration"`,
		"C++":           `"c ＋ ＋"`,
	} {
		if got := PhraseOf(text.FoldSearch(in)).FTS5(); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	if got := PhraseOf(text.FoldSearch("連携API")).TSQuery(); got != "('連携' <-> '携' <-> 'Ｊa' <-> 'api':*)" {
		t.Error(got)
	}
}

// matches does what the databases do with a phrase.
func matches(list []string, p Phrase) bool {
	for i := 0; i+len(p.Tokens) <= len(list); i++ {
		ok := true
		for k, t := range p.Tokens {
			if last := k == len(p.Tokens)-1; last && p.Prefix {
				ok = ok && strings.HasPrefix(list[i+k], t)
			} else {
				ok = ok && list[i+k] == t
			}
		}
		if ok {
			return true
		}
	}
	return false
}

// exact is what this package promises.
func exact(t interface{ Fatalf(string, ...any) }, body, term string) {
	f, q := text.FoldSearch(body), text.FoldSearch(term)
	p := PhraseOf(q)
	if len(p.Tokens) == 0 {
		return
	}
	got := false
	for _, part := range Passages(f) {
		got = got || matches(Of(part), p)
	}
	if want := strings.Contains(f, q); got != want && len([]rune(q)) <= MaxTerm {
		t.Fatalf("%q (%q) in %q (%q): found %v, contained %v", term, q, body, f, got, want)
	}
}

var alphabet = []string{"解", "約", "金", "あ", "ア", "ー", "々", "ゝ", "ｱ", "ﾞ", "a", "b", "B", "api", "configuration", "1", "３", "月", " ", "\u3000", "\n",
	"%", "+", "'", `"`, `\`, "*", "、", "。", "😀", "👨‍👩‍👧", "\u200d", "é", "e\u0301", "㈱", "(株)", "髙", "한", "국", "-", "_", "\x00", "\xff", "か\u309a"}

func TestExact(t *testing.T) {
	part := rapid.SampledFrom(alphabet)
	rapid.Check(t, func(t *rapid.T) {
		body := strings.Join(rapid.SliceOfN(part, 0, 25).Draw(t, "body"), "")
		exact(t, body, strings.Join(rapid.SliceOfN(part, 1, 4).Draw(t, "term"), ""))
		if r := []rune(body); len(r) > 1 { // and one that is in it
			i := rapid.IntRange(0, len(r)-1).Draw(t, "i")
			exact(t, body, string(r[i:min(len(r), i+rapid.IntRange(1, 12).Draw(t, "n"))]))
		}
	})
}

func TestExactInLongTexts(t *testing.T) {
	part := rapid.SampledFrom(alphabet)
	rapid.Check(t, func(t *rapid.T) {
		unit := strings.Join(rapid.SliceOfN(part, 1, 300).Draw(t, "unit"), "")
		r := []rune(strings.Repeat(unit, 1+9000/len([]rune(unit))))
		i := rapid.IntRange(0, len(r)-1).Draw(t, "i")
		exact(t, string(r), string(r[i:min(len(r), i+rapid.IntRange(1, 60).Draw(t, "n"))]))
	})
}

func FuzzExact(f *testing.F) {
	f.Add("API連携の件、3月まで", "api連携")
	f.Add("C++ と C#", "c+")
	f.Add(strings.Repeat("あ", 9000)+"雪", "あ雪")
	f.Fuzz(func(t *testing.T, body, term string) { exact(t, body, term) })
}

// What PostgreSQL would silently drop must never be asked for.
func TestPassagesFit(t *testing.T) {
	part := rapid.SampledFrom(alphabet)
	rapid.Check(t, func(t *rapid.T) {
		unit := strings.Join(rapid.SliceOfN(part, 1, 40).Draw(t, "unit"), "")
		f := text.FoldSearch(strings.Repeat(unit, 1+6000/len(unit)))
		for _, p := range Passages(f) {
			count := map[string]int{}
			list := Of(p)
			for _, tok := range list {
				if count[tok]++; count[tok] > 255 {
					t.Fatalf("%q stands at more than 255 places of a passage", tok)
				}
			}
			if len(list) > Passage {
				t.Fatalf("a passage of %d", len(list))
			}
		}
	})
}

// Tokens need no quoting in either database, whatever is in the text.
func TestTokensAreHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, tok := range append(Of(text.FoldSearch(rapid.String().Draw(t, "s"))), Tag('K', rapid.String().Draw(t, "tag"))) {
			if strings.ContainsFunc(tok, func(r rune) bool {
				return r < 0x80 && (r < '0' || '9' < r && r < 'a' || r > 'z') || unicode.IsSpace(r)
			}) || tok == "" {
				t.Fatalf("%q", tok)
			}
		}
	})
}

func TestVector(t *testing.T) {
	if got := Vector([]string{Tag('K', "note")}, Of("解約解約")); got != "'Ｋnote' '解約':1,3 '約解':2 '約':4 " {
		t.Error(got)
	}
}

func TestWindows(t *testing.T) {
	long := strings.Repeat("解約のはなし", 60)
	got := Windows(long)
	if len(got) < 3 || len([]rune(got[0])) != MaxTerm || slices.ContainsFunc(got, func(w string) bool { return !strings.Contains(long, w) }) {
		t.Error(len(got))
	}
}
