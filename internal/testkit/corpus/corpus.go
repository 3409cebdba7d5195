// Package corpus invents notes for tests and benchmarks: sentences of a
// vocabulary of many words, of which a few are in every tenth note and most in
// one of thousands, as in what people write.
package corpus

import (
	"math"
	"math/rand/v2"
	"strings"
)

// Corpus makes texts; the same seed makes the same.
type Corpus struct {
	r    *rand.Rand
	zipf *rand.Zipf
	// Vocabulary are all words, the most frequent first.
	Vocabulary []string
}

const kanji = "契約更新解約利用活用担当会議資料導入定着拡大縮小金額予算稟議承認部長課長現場研修操作画面障害連携設定権限管理報告相談要望改善" +
	"不満期待効果時間作業効率人員異動退職後任引継競合比較検討他社価格値上交渉見積請求支払締日経理総務人事営業製造物流倉庫配車運行学校病院市役所窓口" +
	"住民職員教員生徒患者医師看護記録検索分析集計帳票印刷出力取込移行初期本番試験運用保守問合返信電話訪問面談遅延失念督促謝罪感謝喜声事例紹介"
const kana = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモラリルレロワンガギグゲゴダデドバビブベボパピプペポ"
const latin = "abcdefghijklmnoprstuvw"

var joints = []string{"が", "を", "に", "の", "は", "で", "と", "も", "から", "まで", "について", "として"}
var ends = []string{"とのこと。", "だった。", "してほしいそうだ。", "の話が出た。", "を確認した。", "かもしれない。", "ます。", "でした。", "が気になる。", "らしい。"}

// Size is how many words the vocabulary has.
const Size = 30_000

// A word of rank r is drawn in proportion to (shift + r) to the -exponent (Zipf
// and Mandelbrot's law).
const (
	exponent = 1.07
	shift    = 12
)

// SameHits is the rank of the words that are in a part of a corpus as many times as
// those of a rank are in the whole.
func SameHits(rank int, part float64) int {
	return max(0, int((shift+float64(rank))*math.Pow(part, 1/exponent))-shift)
}

// New makes a corpus of a seed.
func New(seed uint64) *Corpus {
	words := rand.New(rand.NewPCG(7, 7)) // the vocabulary is always the same
	c := &Corpus{r: rand.New(rand.NewPCG(seed, 1))}
	seen := map[string]bool{}
	for len(c.Vocabulary) < Size {
		if w := invent(words); !seen[w] {
			seen[w] = true
			c.Vocabulary = append(c.Vocabulary, w)
		}
	}
	c.zipf = rand.NewZipf(c.r, exponent, shift, Size-1)
	return c
}

func invent(r *rand.Rand) string {
	pick := func(from string, n int) string {
		chars := []rune(from)
		var b strings.Builder
		for range n {
			b.WriteRune(chars[r.IntN(len(chars))])
		}
		return b.String()
	}
	switch k := r.IntN(20); {
	case k < 11:
		return pick(kanji, 2+r.IntN(3))
	case k < 16:
		w := pick(kana, 2+r.IntN(4))
		if r.IntN(2) == 0 {
			w += "ー"
		}
		return w
	case k < 18:
		return pick(latin, 3+r.IntN(5))
	case k < 19:
		return strings.ToUpper(pick(latin, 2+r.IntN(3))) + pick(kanji, 2)
	}
	return pick("123456789", 1+r.IntN(3)) + []string{"月", "件", "名", "%", "年", "万円"}[r.IntN(6)]
}

// Word draws a word as frequent as it is in the texts.
func (c *Corpus) Word() string { return c.Vocabulary[c.zipf.Uint64()] }

// Note invents a note of one to eight sentences, some 30 to 250 characters.
func (c *Corpus) Note() string {
	var b strings.Builder
	for range 1 + c.r.IntN(8) {
		for range 1 + c.r.IntN(4) {
			b.WriteString(c.Word())
			b.WriteString(joints[c.r.IntN(len(joints))])
		}
		b.WriteString(c.Word())
		b.WriteString(ends[c.r.IntN(len(ends))])
		if c.r.IntN(6) == 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Term draws something to look for: words of all frequencies, parts of notes,
// single characters, and what is nowhere.
func (c *Corpus) Term(notes []string) string {
	switch c.r.IntN(8) {
	case 0:
		return c.Word()
	case 1, 2:
		return c.Vocabulary[c.r.IntN(Size)]
	case 3:
		return invent(c.r)
	case 4:
		r := []rune(kanji + kana + latin)
		return string(r[c.r.IntN(len(r))])
	}
	n := []rune(notes[c.r.IntN(len(notes))])
	i := c.r.IntN(len(n))
	return string(n[i:min(len(n), i+1+c.r.IntN(8))])
}
