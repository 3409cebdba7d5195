package sheet

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	utf "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// charset is how a text file writes its characters.
type charset struct {
	name string
	bom  int64             // bytes of byte order mark to pass over
	enc  encoding.Encoding // nil: UTF-8 already
}

// The encodings people's tools write. japanese.ShiftJIS is the CP932 of
// Windows, with ①, ㈱ and 髙, and with ～ and － where Windows has them.
var (
	utf8Plain = charset{name: "utf-8"}
	utf8BOM   = charset{name: "utf-8-bom", bom: 3}
	utf16LE   = charset{name: "utf-16le", enc: utf.UTF16(utf.LittleEndian, utf.IgnoreBOM)}
	utf16BE   = charset{name: "utf-16be", enc: utf.UTF16(utf.BigEndian, utf.IgnoreBOM)}
	cp932     = charset{name: "cp932", enc: japanese.ShiftJIS}
	eucJP     = charset{name: "euc-jp", enc: japanese.EUCJP}
)

// reader yields r as UTF-8. From UTF-8 itself, bytes that are not valid pass;
// the CSV reader replaces them.
func (c charset) reader(r io.Reader) io.Reader {
	if c.enc == nil {
		return r
	}
	return transform.NewReader(r, c.enc.NewDecoder())
}

// detect finds the encoding of a text file: by byte order mark, by the NULs
// of UTF-16, by being valid UTF-8 from end to end, and else by which of CP932
// and EUC-JP reads more like Japanese.
func detect(data io.ReaderAt, size int64) (charset, error) {
	head, err := headOf(data, size)
	if err != nil {
		return charset{}, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return utf8BOM, nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return charset{utf16LE.name, 2, utf16LE.enc}, nil
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return charset{utf16BE.name, 2, utf16BE.enc}, nil
	}
	if cs, ok := wide(head); ok {
		return cs, nil
	}
	if binary(head) {
		return charset{}, &Error{Kind: NotASheet, Detail: "a binary file"}
	}
	s, err := survey(io.NewSectionReader(data, 0, size))
	if err != nil {
		return charset{}, err
	}
	// One broken character does not make a UTF-8 file Japanese legacy text:
	// neither CP932 nor EUC-JP happens to hold ten valid ones for each invalid.
	if s.invalid == 0 || s.multibyte >= 10*s.invalid {
		return utf8Plain, nil
	}
	return legacy(s.sample), nil
}

// wide recognises UTF-16 without a byte order mark by its delimiters and line
// ends, whose other half is a NUL. Bytes that look like one may be the lower
// half of a character (上 is 4E 0A) but are hardly ever the upper half, and no
// character is 00 00. Counting NULs alone fails both ways: Japanese text has
// few, and cells that old systems pad have many.
func wide(head []byte) (charset, bool) {
	var marks, halves [2]int // by which half looks like a mark; of them, those beside a NUL
	for i := 0; i+1 < len(head); i += 2 {
		pair := head[i : i+2]
		if pair[0] == 0 && pair[1] == 0 {
			return charset{}, false
		}
		for at, b := range pair {
			if strings.ContainsRune(",\t;\r\n", rune(b)) {
				marks[at]++
				if pair[1-at] == 0 {
					halves[at]++
				}
			}
		}
	}
	for at, cs := range []charset{utf16LE, utf16BE} {
		if halves[at]*3 >= marks[at] && halves[at] > 10*marks[1-at] {
			return cs, true
		}
	}
	return charset{}, false
}

// sampleSize is how much of a file is scored, from its first character
// outside ASCII on.
const sampleSize = 1 << 20

type findings struct {
	invalid, multibyte int    // bytes that are not UTF-8; characters of it outside ASCII
	sample             []byte // begins at a character's first byte, may end inside one
}

// survey reads the whole text once.
func survey(r io.Reader) (findings, error) {
	var f findings
	buf := make([]byte, headSize)
	kept := 0 // bytes of a character that the last read cut
	for {
		n, err := r.Read(buf[kept:])
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return f, err
		}
		rest := f.add(buf[kept:kept+n], buf[:kept+n], last)
		if last {
			return f, nil
		}
		kept = copy(buf, rest)
	}
}

// add counts text, whose end fresh was not seen before, and returns what of
// it is an unfinished character.
func (f *findings) add(fresh, text []byte, last bool) []byte {
	if f.sample == nil {
		if i := bytes.IndexFunc(fresh, func(r rune) bool { return r >= utf8.RuneSelf }); i >= 0 {
			f.sample = append(make([]byte, 0, headSize), fresh[i:]...)
		}
	} else {
		f.sample = append(f.sample, fresh[:min(len(fresh), sampleSize-len(f.sample))]...)
	}
	for len(text) > 0 {
		if text[0] < utf8.RuneSelf {
			text = text[1:]
			continue
		}
		if !utf8.FullRune(text) {
			if last { // cut off: one flaw, however many bytes are left
				f.invalid++
			}
			return text
		}
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			f.invalid++
		} else {
			f.multibyte++
		}
		text = text[size:]
	}
	return nil
}

// legacy tells CP932 from EUC-JP. Most texts are plainly invalid in one of
// them; what is left are short ones, where half-width kana of the one are the
// kanji of the other. In doubt it is CP932, which is far more common.
func legacy(sample []byte) charset {
	if likeness(sample, japanese.EUCJP) > likeness(sample, japanese.ShiftJIS) {
		return eucJP
	}
	return cp932
}

// likeness scores how much like Japanese the sample reads in enc: roughly the
// sum of log2 of how often each character occurs, and seven for each byte it
// takes, so that the two readings compare.
func likeness(sample []byte, enc encoding.Encoding) int {
	text := make([]byte, 3*len(sample)+utf8.UTFMax)
	// Not at its end, so that a character the sample cuts is left out.
	n, _, _ := enc.NewDecoder().Transform(text, sample, false)
	score := 0
	before := rune(0)
	for _, r := range string(text[:n]) {
		switch {
		case r < utf8.RuneSelf:
		case '｡' <= r && r <= 'ﾟ':
			score += halfKana(before, r)
			if enc == japanese.EUCJP { // a kana takes two bytes there
				score += 7
			}
		default:
			score += weight(r)
		}
		before = r
	}
	return score
}

// weight is what a character, other than half-width kana, speaks for the
// text being Japanese.
func weight(r rune) int {
	switch {
	case r == utf8.RuneError:
		return -20
	case 'ぁ' <= r && r <= 'ー':
		return 7
	case unicode.Is(unicode.Han, r):
		return cmp.Or(usual()[r], -3)
	case '！' <= r && r <= '～', '　' <= r && r <= '】':
		return 1
	}
	return -5
}

// halfKana is what a half-width kana behind before speaks. A voice mark needs
// a kana that can be voiced, small ya, yu and yo one of the i-row, and a long
// mark or a small tsu something to lean on: kanji of EUC-JP that are taken for
// kana soon break these rules.
func halfKana(before, r rune) int {
	leans := 'ｧ' <= before && before <= 'ﾟ' && before != 'ｯ'
	after := func(list string) bool { return strings.ContainsRune(list, before) }
	switch {
	case r == 'ﾞ' && after("ｳｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ"), r == 'ﾟ' && after("ﾊﾋﾌﾍﾎ"):
		return 5
	case r == 'ﾞ', r == 'ﾟ',
		'ｬ' <= r && r <= 'ｮ' && !after("ｷｼﾁﾆﾋﾐﾘﾃﾌﾞﾟ"),
		'ｧ' <= r && r <= 'ｫ' && !after("ｳｸｼﾁﾂﾃﾄﾌﾞ"),
		!leans && strings.ContainsRune("ｯｰﾝ｡､｣･", r):
		return -6
	case strings.ContainsRune("ｱｲｳｵｶｷｸｺｻｼｽﾀﾁﾄﾅﾏﾗﾘﾙﾝｰｯ", r):
		return 2
	case strings.ContainsRune("ｦﾇﾍﾎﾑﾕﾜｧｨｩｪｫ", r):
		return -1
	}
	return 0
}

// usual weighs the 2,965 kanji of the first level of JIS X 0208, which are rows
// B0 to CF of EUC-JP, and more those that lists are full of.
var usual = sync.OnceValue(func() map[rune]int {
	var rows []byte
	for hi := 0xb0; hi <= 0xcf; hi++ {
		for lo := 0xa1; lo <= 0xfe; lo++ {
			rows = append(rows, byte(hi), byte(lo))
		}
	}
	text, _ := japanese.EUCJP.NewDecoder().Bytes(rows) // decoders of x/text replace, never fail
	weights := map[rune]int{}
	for _, r := range string(text) {
		weights[r] = 1
	}
	for _, r := range common {
		weights[r] = 5
	}
	return weights
})

// common are kanji that lists of customers are full of: words of headers,
// prefectures and cities, family names, dates.
const common = "契約会社名担当者更新日開始終了期間金額月年度番号顧客先部署課係支店本営業所住電話備考状態種類別区分" +
	"氏企法人団体株式有限組合学校病院市町村役場都道府県郡自治連絡通知自動解除予定実績質売上請求入出荷数量単価税込抜計" +
	"合率利用登録作成変削除済未完了中止前後次回最初高低大小長短内外東西南北左右山川田島林森木村井藤佐鈴橋渡辺伊加吉" +
	"松清水斎斉池石原岡三一二四五六七八九十百千万円第号曜火金土銀行信託保険証券工商農漁建設製造販物流輸送運情報技術" +
	"開発研究教育医療福祉介護観光文化生活環境食品飲料衣服化粧薬機械器具材料資源力気電子通信放送出版印刷広告不産" +
	"主要国公私共同立民間個人女性男子生徒社員職務長理事代表取締役監査管経総秘書庶人財務会計購買調達企画宣伝戦略推進" +
	"支援対応問題課題件相談打議事録報告結果評価順調危険注意確認承認否決定了解待機継続途中退元先方様御" +
	"北海青岩手宮城秋形福島茨栃群馬埼玉葉京神奈潟富梨野岐阜静愛知重滋賀都阪兵庫良和歌鳥取根広口徳香媛佐崎熊分鹿児沖縄" +
	"札幌函館釧仙台横浜須賀浦沢谷河津古栄勝丘瀬沼港波塚倉野田町丸尾関岸垣菊久保平沖土戸下上坂辻堀永今中荒武黒白赤杉竹" +
	"室識示失写試験算表平均差項目順位権限版更記載簡説明文章内容件題見積納得意向必須選択追加編集検索一覧詳細参照履歴"
