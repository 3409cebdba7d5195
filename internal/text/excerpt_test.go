package text

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestExcerpt(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"ヤバい", 10, "ヤバい"},
		{"嫌な予感がする", 7, "嫌な予感がする"},
		{"嫌な予感がする", 6, "嫌な予感が…"},
		{"# 会議\n\n> 引用\n- [ ] **解約**の`話`", 40, "会議 引用 解約の話"},
		{"課題 #12 は 3 * 4 > 5、a_b", 40, "課題 #12 は 3 * 4 > 5、a_b"},
		{"[資料](https://example.com/a) と ![図](x.png \"題\")", 40, "資料 と 図"},
		{"```go\nx := 1\n```\n本文", 40, "x := 1 本文"},
		{"one two three", 5, "one…"},
		{"か\u3099きくけこ", 2, "…"},
		{"か\u3099きくけこ", 3, "か\u3099…"},
		{"葛\U000E0100城市役所", 2, "…"},
		{"家族👨\u200d👩\u200d👧です", 6, "家族…"},
		{"手👍🏽です", 3, "手…"},
		{"🇯🇵🇺🇸です", 4, "🇯🇵…"},
		{"ｶﾞｷﾞｸﾞ", 4, "ｶﾞ…"},
		{"あい", 1, "…"},
		{"あい", 0, ""},
	} {
		if got := Excerpt(c.in, c.limit); got != c.want {
			t.Errorf("Excerpt(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}

func TestExcerptAlwaysFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := words.Draw(t, "s")
		limit := rapid.IntRange(1, 12).Draw(t, "limit")
		got := Excerpt(s, limit)
		if utf8.RuneCountInString(got) > limit || strings.ContainsAny(got, "\n\r\x00") {
			t.Fatalf("Excerpt(%q, %d) = %q", s, limit, got)
		}
		whole := Line(plain(s))
		if head, cut := strings.CutSuffix(got, "…"); got != whole && !(cut && strings.HasPrefix(whole, head)) {
			t.Fatalf("Excerpt(%q, %d) = %q, not the beginning of %q", s, limit, got, whole)
		}
	})
}

// FuzzExcerpt guards the Markdown patterns, the nearest thing to a parser here.
func FuzzExcerpt(f *testing.F) {
	f.Add("# a\n- **b** [c](d)", 5)
	f.Add("***", 2)
	f.Add("[](", 1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if got := Excerpt(s, limit); utf8.RuneCountInString(got) > max(limit, 0) {
			t.Fatalf("Excerpt(%q, %d) = %q", s, limit, got)
		}
	})
}
