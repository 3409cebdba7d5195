package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns the form of s that is compared and searched, never shown:
//
//   - NFKC and lower case, so full and half width, ㌔ and キロ, Ａ and a are one;
//   - invisible characters (zero width, bidi marks, variation selectors) dropped;
//   - variant characters as their common twin (see variants);
//   - legal forms written out (see legalForms), their place kept:
//     ㈱アルファ is 株式会社アルファ, アルファ株式会社 stays another;
//   - the long sound mark at the end of long katakana words dropped
//     (see dropLongMarks): サーバー is サーバ, コピー stays;
//   - runs of white space, line ends included, as one space; trimmed.
//
// Iteration marks (々 ヽ ゝ) stay as written. Fold is idempotent.
func Fold(s string) string { return fold(s, foldRune) }

func fold(s string, one func(rune) rune) string {
	s = norm.NFKC.String(strings.Map(visible, s))
	// Lower case can bring letters together that compose, so normalize again.
	s = norm.NFKC.String(strings.Map(one, s))
	return oneSpaced(dropLongMarks(legalForms.Replace(s)))
}

// FoldKana is Fold for readings: katakana, hiragana and half-width kana give the
// same hiragana, so that people are found however their reading is typed. The
// rule of the long sound mark holds for hiragana too, lest the scripts differ.
// FoldKana is idempotent.
func FoldKana(s string) string {
	kata := strings.Map(katakana, norm.NFKC.String(s))
	return strings.Map(hiragana, Fold(kata))
}

// OrgKey returns the key under which two spellings of a name are one
// organization: Fold without spaces and separators (・ - , . ' and their
// variants). Where the legal form stands still counts: 株式会社アルファ and
// アルファ株式会社 are two companies. Of the variant characters only those count
// as one that are the same character drawn otherwise (see twins): 鹿島市 and
// 鹿嶋市 are two cities. OrgKey is idempotent.
func OrgKey(s string) string {
	// Separators go first: サーバー・データ and サーバーデータ must end alike.
	bare := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune(separators, r) || isDash(r) {
			return -1
		}
		return visible(r)
	}, norm.NFKC.String(s))
	return fold(bare, foldTwins)
}

// twins are variants that no two organizations are told apart by: people type
// the one because they cannot find the other.
var twins = map[rune]rune{'髙': '高', '﨑': '崎', '𠮷': '吉', '德': '徳'}

func foldTwins(r rune) rune {
	if isDash(r) {
		return '-'
	}
	if to, ok := twins[r]; ok {
		return to
	}
	return unicode.ToLower(r)
}

const separators = "・·‧,.'’‘"

// visible drops what has no look of its own and so must not make two texts differ.
func visible(r rune) rune {
	switch {
	case unicode.IsControl(r) && !unicode.IsSpace(r),
		unicode.Is(unicode.Cf, r),
		unicode.Is(unicode.Variation_Selector, r):
		return -1
	}
	return r
}

func foldRune(r rune) rune {
	if isDash(r) {
		return '-'
	}
	if to, ok := variants[r]; ok {
		return to
	}
	return unicode.ToLower(r)
}

// isDash tells hyphens and dashes, which keyboards and CP932 tables confuse.
// The long sound mark ー is a letter, not a dash.
func isDash(r rune) bool { return r == '-' || r == '−' || '‐' <= r && r <= '―' }

// legalForms writes out the usual short forms of a legal form. NFKC has made ㈱
// and （株） into (株) before. (名) is left alone: in lists it counts people.
var legalForms = strings.NewReplacer(legalPairs...)

var legalPairs = []string{
	"(株)", "株式会社",
	"(有)", "有限会社",
	"(同)", "合同会社",
	"(資)", "合資会社",
	"(一社)", "一般社団法人",
	"(一財)", "一般財団法人",
	"(公社)", "公益社団法人",
	"(公財)", "公益財団法人",
	"(社福)", "社会福祉法人",
	"(医)", "医療法人",
	"(学)", "学校法人",
	"(独)", "独立行政法人",
	"(特非)", "特定非営利活動法人",
	"npo法人", "特定非営利活動法人",
}

const longMark = 'ー'

// dropLongMarks takes the long sound marks from the end of katakana words of
// three or more sounds, counted as JIS Z 8301 did: without the final mark; ッ, ン
// and an inner ー are a sound each, small ァィゥェォャュョヮ are none. So サーバー
// (サ ー バ), センサー and メンバー lose it; キー, コピー, カバー and シャワー keep it.
// A word is a run of katakana; anything else, ・ included, ends it.
func dropLongMarks(s string) string {
	if !strings.ContainsRune(s, longMark) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	sounds, held := 0, 0
	release := func() {
		for range held {
			b.WriteRune(longMark)
		}
		sounds, held = sounds+held, 0
	}
	endWord := func() {
		if sounds < 3 {
			release()
		}
		sounds, held = 0, 0
	}
	for _, r := range s {
		switch {
		case r == longMark:
			held++
			continue
		case isKatakana(r), unicode.Is(unicode.Mn, r): // a mark belongs to what it stands on
			release()
			sounds += soundsOf(r)
		default:
			endWord()
		}
		b.WriteRune(r)
	}
	endWord()
	return b.String()
}

func isKatakana(r rune) bool {
	return 'ァ' <= r && r <= 'ヺ' || r == 'ヽ' || r == 'ヾ' || 'ㇰ' <= r && r <= 'ㇿ'
}

func soundsOf(r rune) int {
	if !isKatakana(r) || strings.ContainsRune("ァィゥェォャュョヮ", r) {
		return 0
	}
	return 1
}

const kanaGap = 'ァ' - 'ぁ'

func hiragana(r rune) rune {
	if 'ァ' <= r && r <= 'ヶ' || r == 'ヽ' || r == 'ヾ' {
		return r - kanaGap
	}
	return r
}

func katakana(r rune) rune {
	if 'ぁ' <= r && r <= '\u3096' || r == 'ゝ' || r == 'ゞ' {
		return r + kanaGap
	}
	return r
}
