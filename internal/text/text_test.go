package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

type pairs []struct{ in, want string }

func (p pairs) check(t *testing.T, name string, f func(string) string) {
	t.Helper()
	for _, c := range p {
		if got := f(c.in); got != c.want {
			t.Errorf("%s(%q) = %q, want %q", name, c.in, got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	pairs{
		{"", ""},
		{"a\x00b\x1b[0m\x7f", "ab[0m"},
		{"一行\r\n二行\r三行\n\t字", "一行\n二行\n三行\n\t字"},
		{"解\xe7\xb4約", "解\ufffd約"},
		{"か\u3099", "か\u3099"}, // not composed: that is the writer's choice
		{"a\u0085b\u0080", "a\nb"},
		{"\u0080", ""}, // nothing a reader could see
		{" \u200e\n", ""},
	}.check(t, "Clean", Clean)
}

func TestLine(t *testing.T) {
	pairs{
		{"\u3000 アルファ\u00a0\u3000株式会社\n", "アルファ 株式会社"},
		{"\ufeffアル\u200bファ\u2060", "アルファ"},
		{" \u200d a \u200c ", "a"},
		{"👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"},
		{"\u3000\u200b", ""},
	}.check(t, "Line", Line)
}

func TestLikePattern(t *testing.T) {
	pairs{
		{`100%_\`, `%100\%\_\\%`},
		{"解約", "%解約%"},
	}.check(t, "LikePattern", LikePattern)
}

func TestFold(t *testing.T) {
	pairs{
		{"ＡＢＣ　ｄ\n１２", "abc d 12"},
		{"髙橋 﨑山 𠮷野 德川 渡邊 渡邉 齋藤 齊藤", "高橋 崎山 吉野 徳川 渡辺 渡辺 斎藤 斉藤"},
		{"葛\U000E0100城 \uFA19社", "葛城 神社"}, // a variation selector, a compatibility form
		{"㈱アルファ", "株式会社アルファ"},
		{"（株）アルファ", "株式会社アルファ"},
		{"アルファ㍿", "アルファ株式会社"},
		{"株式會社アルファ", "株式会社アルファ"},
		{"㈲ベータ/(同)ガンマ/(一社)デルタ", "有限会社ベータ/合同会社ガンマ/一般社団法人デルタ"},
		{"ＮＰＯ法人みどり", "特定非営利活動法人みどり"},
		{"ｻｰﾊﾞｰの画面", "サーバの画面"},
		{"茅ヶ崎〜霞ヶ関", "茅ケ崎~霞ケ関"},
		{"１−２‐３", "1-2-3"},
		{"佐々木みすゞ", "佐々木みすゞ"},
		{"コ\u00adン\u200bサル", "コンサル"},
		{"J\u030c", "\u01f0"},
		{"a\xffb", "a\ufffdb"},
	}.check(t, "Fold", Fold)
}

func TestFoldLongMark(t *testing.T) {
	pairs{
		{"サーバー", "サーバ"},
		{"ユーザー・センサー・メンバー", "ユーザ・センサ・メンバ"},
		{"エレベーター", "エレベータ"},
		{"キー コピー カバー シャワー フォロー", "キー コピー カバー シャワー フォロー"},
		{"サーバーー", "サーバ"},
		{"ヤバーーイ", "ヤバーーイ"},
		{"あのー", "あのー"},
		{"東京タワー", "東京タワー"},
	}.check(t, "Fold", Fold)
}

func TestFoldKana(t *testing.T) {
	pairs{
		{"ﾀｶﾊｼ", "たかはし"},
		{"タカハシ", "たかはし"},
		{"たかはし", "たかはし"},
		{"ｶﾞﾝﾊﾞﾙｻｰﾊﾞｰ", "がんばるさーば"},
		{"がんばるさーばー", "がんばるさーば"},
		{"ヤマダ　Ｔａｒｏ", "やまだ taro"},
		{"みすゞ", "みすゞ"},
		{"ミスヾ", "みすゞ"},
	}.check(t, "FoldKana", FoldKana)
}

func TestOrgKey(t *testing.T) {
	pairs{
		{"㈱アルファ", "株式会社アルファ"},
		{"(株)アルファ", "株式会社アルファ"},
		{"株式会社 アルファ", "株式会社アルファ"},
		{"株式会社　アル・ファ", "株式会社アルファ"},
		{"アルファ株式会社", "アルファ株式会社"},
		{"サーバー・データ", "サーバーデータ"},
		{"サーバーデータ", "サーバーデータ"},
		{"O'Neil-Smith Co., Ltd.", "oneilsmithcoltd"},
		{"O’Neil–Smith Co Ltd", "oneilsmithcoltd"},
	}.check(t, "OrgKey", OrgKey)
}

// The table must be closed: a target that is itself a variant, or that NFKC or
// lower case would change, would make Fold differ from its own result.
func TestVariants(t *testing.T) {
	seen := map[rune]bool{}
	for _, pair := range strings.Fields(variantPairs) {
		p := []rune(pair)
		if len(p) != 2 || p[0] == p[1] || seen[p[0]] {
			t.Fatalf("pair %q: want two different characters, named once", pair)
		}
		seen[p[0]] = true
		if _, again := variants[p[1]]; again || norm.NFKC.String(string(p[1])) != string(p[1]) {
			t.Errorf("pair %q: the target folds further", pair)
		}
		if got := norm.NFKC.String(string(p[0])); got != string(p[0]) {
			t.Errorf("pair %q: NFKC already makes it %q", pair, got)
		}
	}
}

var folds = map[string]func(string) string{
	"Clean": Clean, "Line": Line, "Fold": Fold, "FoldKana": FoldKana, "OrgKey": OrgKey,
}

func TestIdempotentEveryRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if 0xac00 <= r && r <= 0xd7a3 || 0x20000 < r && r < 0xe0000 && r%16 != 0 {
			continue // Hangul syllables and far planes: all of a kind
		}
		for name, f := range folds {
			once := f("ア" + string(r) + "a")
			if twice := f(once); once != twice {
				t.Fatalf("%s(%U): %q then %q", name, r, once, twice)
			}
		}
	}
}

// words are made of what the rules look at, so that the rules meet.
var words = rapid.Custom(func(t *rapid.T) string {
	part := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"サ", "ﾊ", "ー", "ｰ", "ﾞ", "\u3099", "゛", "\u309a", "ッ", "ャ", "さ", "ヷ", "ゟ", "🈀", "ヶ",
		"(", "株", "㈱", "）", "npo", "法人", "・", "-", " ", "\u3000", "\n", "\r", "\x00", "\xe3",
		"髙", "邉", "J", "\u030c", "İ", "\u200b", zwjString, "\ufe0f", "👨", "🏽", "🇯", "\u0338", "*", "`",
	}))
	return strings.Join(rapid.SliceOfN(part, 0, 12).Draw(t, "parts"), "")
})

const zwjString = "\u200d"

func TestIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := words.Draw(t, "s")
		for name, f := range folds {
			once := f(s)
			if twice := f(once); once != twice {
				t.Fatalf("%s(%q): %q then %q", name, s, once, twice)
			}
			if !utf8.ValidString(once) || strings.ContainsRune(once, 0) {
				t.Fatalf("%s(%q) = %q: a database refuses this", name, s, once)
			}
		}
	})
}

func TestFoldKanaBlindToScript(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune("あいさはバｶﾞーぱっゃんゞ゙ ・"))).Draw(t, "s")
		if a, b := FoldKana(s), FoldKana(strings.Map(katakana, s)); a != b {
			t.Fatalf("%q: %q, in katakana %q", s, a, b)
		}
	})
}

func TestOrgKeyKeepsPlacesApart(t *testing.T) {
	if OrgKey("鹿島市") == OrgKey("鹿嶋市") {
		t.Error("two cities became one")
	}
	if OrgKey("髙島屋") != OrgKey("高島屋") || OrgKey("㈱アルファ") != OrgKey("株式会社 アルファ") {
		t.Error("one company became two")
	}
}
