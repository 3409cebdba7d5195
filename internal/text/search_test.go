package text

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFoldSearch(t *testing.T) {
	pairs{
		{"㈱アルファ （株）アルファ 株式会社アルファ", "株式会社あるふぁ 株式会社あるふぁ 株式会社あるふぁ"},
		{"ｻｰﾊﾞｰ", "さーば"},
		{"サーバーはサーバで", "さーばはさーばで"},
		{"さーばー", "さーば"},
		{"髙﨑さん", "高崎さん"},
		{"いすゞ みすゝ 佐々木 たゞし ぢゝ", "いすず みすす 佐々木 ただし ぢち"},
		{"API 連携 と Web API", "api連携 とweb api"},
		{"東京 大阪", "東京 大阪"},
		{"３月 １５日", "3月15日"},
		{"a + b ＋ c", "a+b+c"},
		{"😀 👨‍👩‍👧", "😀👨👩👧"},
		{"コピー キー", "こぴー きー"},
	}.check(t, "FoldSearch", FoldSearch)
}

// The two ways to fold give the same, so that what was found is what is marked.
func TestAlign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := words.Draw(t, "s")
		cells := align(s)
		if a, b := written(cells), FoldSearch(s); a != b {
			t.Fatalf("%q: aligned %q, folded %q", s, a, b)
		}
		for _, c := range cells {
			if c.from < 0 || c.from >= c.to || c.to > len(s) {
				t.Fatalf("%q: %q came from %d to %d", s, c.r, c.from, c.to)
			}
		}
	})
}

func FuzzAlign(f *testing.F) {
	for _, s := range []string{"㈱ｱﾙﾌｧーの件", "いすゞ 自動車", "か\u3099き\u3099ー", "a\xff b", "(株) ㌔メートルー"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if a, b := written(align(s)), FoldSearch(s); a != b {
			t.Fatalf("%q: aligned %q, folded %q", s, a, b)
		}
	})
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		in    string
		words []string
		want  string // the marked parts
	}{
		{"㈱アルファのサーバーが", []string{FoldSearch("株式会社アルファ"), FoldSearch("ｻｰﾊﾞ")}, "㈱アルファ|サーバ"},
		{"髙橋さんと高橋さん", []string{"高橋"}, "髙橋|高橋"},
		{"いすゞ自動車", []string{FoldSearch("いすず")}, "いすゞ"},
		{"API 連携の話", []string{FoldSearch("ＡＰＩ連携")}, "API 連携"},
		{"解約解約", []string{"解約", "約解"}, "解約解約"},
		{"ｶﾞｿﾘﾝ", []string{FoldSearch("がそ")}, "ｶﾞｿ"},
		{"何もない", []string{"解約", ""}, ""},
	} {
		var got []string
		for _, f := range Find(c.in, c.words) {
			got = append(got, c.in[f.From:f.To])
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("Find(%q, %q) = %q, want %q", c.in, c.words, got, c.want)
		}
	}
}
