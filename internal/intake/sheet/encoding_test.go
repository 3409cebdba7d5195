package sheet

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
	"pgregory.net/rapid"
)

// encoded writes content as cs with its byte order mark, if it has one.
func encoded(t testing.TB, content string, cs charset, bom string) []byte {
	t.Helper()
	raw := []byte(content)
	if cs.enc != nil {
		var err error
		if raw, err = cs.enc.NewEncoder().Bytes(raw); err != nil {
			t.Fatalf("%s: %v", cs.name, err)
		}
	}
	return append([]byte(bom), raw...)
}

var ways = []struct {
	charset
	mark string
}{
	{utf8Plain, ""}, {utf8BOM, "\xef\xbb\xbf"}, {cp932, ""}, {eucJP, ""},
	{utf16LE, ""}, {utf16LE, "\xff\xfe"}, {utf16BE, ""}, {utf16BE, "\xfe\xff"},
}

// TestEveryWayToWriteATable is the same table in every encoding, with every
// delimiter and line end, and as a workbook.
func TestEveryWayToWriteATable(t *testing.T) {
	header := []string{"契約ID", "会社名", "担当", "更新日", "備考"}
	want := [][]string{
		{"K-001", "㈱テスト", "佐藤 花子", "2025-04-01", "一行目\n二行目"},
		{"K-002", "ﾃｽﾄ商事", "髙橋", "2025-05-31", "\"大事\", と; 言う\tだけ"},
		{"K-003", "～上－①", "", "2025-06-30", " 前後 "},
	}
	quote := func(cells []string, comma string) string {
		out := make([]string, len(cells))
		for i, c := range cells {
			if out[i] = c; strings.ContainsAny(c, ",;\t\n\"") {
				out[i] = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
		}
		return strings.Join(out, comma) + "\n"
	}
	for _, comma := range []string{",", "\t", ";"} {
		plain := quote(header, comma)
		for _, row := range want {
			plain += quote(row, comma)
		}
		for _, end := range []string{"\n", "\r\n", "\r"} {
			for _, w := range ways {
				t.Run(fmt.Sprintf("%s %t %q %q", w.name, w.mark != "", comma, end), func(t *testing.T) {
					content := strings.ReplaceAll(plain, "\n", end)
					if w.name == "euc-jp" { // it has no 髙
						content = strings.ReplaceAll(content, "髙", "高")
					}
					f := text(t, string(encoded(t, content, w.charset, w.mark)))
					equal(t, f.Info(), Info{Format: "csv", Encoding: w.name, Delimiter: comma, HeaderLine: 1})
					equal(t, f.Header(), header)
					got := cellsOf(t, f)
					if w.name == "euc-jp" {
						got[1][2] = strings.ReplaceAll(got[1][2], "高", "髙")
					}
					equal(t, got, want)
				})
			}
		}
	}
	t.Run("xlsx", func(t *testing.T) {
		f := mustOpen(t, newBook(t, "契約", append([][]string{header}, want...)), Options{})
		equal(t, f.Info(), Info{Format: "xlsx", Sheets: []string{"契約"}, Sheet: "契約", HeaderLine: 1})
		equal(t, f.Header(), header)
		equal(t, cellsOf(t, f), want)
	})
}

// found is the encoding detected for content written in enc.
func found(t interface{ Fatal(...any) }, content string, enc encoding.Encoding) string {
	raw, err := enc.NewEncoder().Bytes([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	cs, err := detect(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return cs.name
}

func TestShortJapanese(t *testing.T) {
	for _, content := range []string{
		"契約ID,会社名,担当,更新日\n", "契約ID,会社名\nK-1,ﾃｽﾄ\n", "ID,NAME\n1,ﾃｽﾄ\n", "ID,NAME\n1,ﾔﾏﾀﾞ\n",
		"ID,NAME\n1,ﾔﾏﾀﾞ ﾊﾅｺ\n", "ID,NAME\n1,ｻﾄｳ\n2,ｽｽﾞｷ\n", "ｶｲｼｬﾒｲ,ﾀﾝﾄｳ\n", "顧客名,ID\n", "顧客,ID\n", "名前\n",
		"更新日\n", "会社名\nテスト\n", "ID;担当\n1;佐藤\n", "ID,状態\n1,解約\n", "ｸﾞﾙｰﾌﾟ,ﾁｬﾝﾈﾙ\n", "ｺｰﾄﾞ\n", "プラン,ﾌﾟﾗﾝ\n",
		"株式会社ｱﾙﾌｧ\n", "ID,㈱\n1,①\n", "解約通知期限\n", "法人番号,決算月\n", "部署\n営業部\n", "氏名,ｼﾒｲ\n山田,ﾔﾏﾀﾞ\n",
	} {
		equal(t, found(t, content, japanese.ShiftJIS)+" "+content, "cp932 "+content)
		equal(t, found(t, content, japanese.EUCJP)+" "+content, "euc-jp "+content)
	}
}

// TestOneNameEach makes a file of every local government's name, in kanji and
// in half-width kana: the shortest files there are. A kana or kanji may be
// truly ambiguous alone; hardly any may be taken wrongly.
func TestOneNameEach(t *testing.T) {
	f := mustOpen(t, data+"localgovjp-2017-sjis.csv", Options{})
	for _, enc := range []charset{cp932, eucJP} {
		wrong, all := map[string][]string{}, 0
		for row := range f.Rows() {
			all++
			kana := strings.Map(func(r rune) rune {
				if 'ぁ' <= r && r <= 'ゖ' {
					return r + 'ァ' - 'ぁ'
				}
				return r
			}, row.Cells[4])
			for kind, name := range map[string]string{
				"kanji": row.Cells[3],
				"kana":  width.Narrow.String(norm.NFD.String(kana)),
			} {
				// Kana such as ﾂｼ are valid UTF-8 too (¼), and that goes first.
				if got := found(t, "ID,NAME\r\n1,"+name+"\r\n", enc.enc); got != enc.name && got != "utf-8" {
					wrong[kind] = append(wrong[kind], name)
				}
			}
		}
		for kind, names := range wrong {
			t.Logf("%s, %s: %d of %d wrong: %.10q", enc.name, kind, len(names), all, names)
			if len(names)*100 > all {
				t.Errorf("%s, %s: more than one in a hundred is taken wrongly", enc.name, kind)
			}
		}
	}
}

func TestWordsOfListsKeepTheirEncoding(t *testing.T) {
	words := []string{"契約ID", "会社名", "担当", "更新日", "順調", "ﾃｽﾄ", "株式会社ｱﾙﾌｧ", "佐藤 花子", "ﾔﾏﾀﾞ", "札幌市", "1,000円", "", "abc", "自動更新", "ﾌﾟﾗﾝ", "解約", "データ連携"}
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.SampledFrom(words), 2, 12).Draw(t, "words")
		content := strings.Join(append(list, "備考"), ",")
		if got := found(t, content, japanese.ShiftJIS); got != "cp932" {
			t.Fatalf("CP932 taken for %s", got)
		}
		if got := found(t, content, japanese.EUCJP); got != "euc-jp" {
			t.Fatalf("EUC-JP taken for %s", got)
		}
	})
}

func TestWindowsCharacters(t *testing.T) {
	f := text(t, "ID,NAME\n1,\x87\x40\x87\x8a\xfb\xfc\x81\x60\x81\x7c\x81\x61\x5c\x7e\xed\x95\n")
	equal(t, cellsOf(t, f), [][]string{{"1", "①㈱髙～－∥\\~﨑"}})
}

func TestDetectAtTheEdges(t *testing.T) {
	pad := "a,b\n" + strings.Repeat("x,y\n", headSize/4-2)
	for _, c := range []struct{ name, content, want, last string }{
		{"a character across two reads", pad + "あ,2\nxxx,あああ\n", "utf-8", "あああ"},
		{"a character across two reads, later by one", pad + "zzあ,2\n1,2あ\n", "utf-8", "2あ"},
		{"Japanese far down", pad + pad + "1,\x8c_\x96\xf1\n", "cp932", "契約"},
		{"one broken byte in UTF-8", "契約,会社名と担当者\n1,\xff更新\n", "utf-8", "\uFFFD更新"},
		{"one broken byte in CP932", "\x8c_\x96\xf1,\x89\xef\x8e\xd0\x96\xbc\n1,\xff\x8c_\x96\xf1\n", "cp932", "\uFFFD契約"},
		{"cut inside a character", "契約,会社名と担当者と更新日\n1,\xe5\xa5", "utf-8", "\uFFFD"},
		{"padding of NULs", "ab\x00\x00\x00,c\x00\x00\n1\x00,2\x00\x00\n", "utf-8", "2"},
		{"UTF-16 of mostly Japanese", "\x0aN\x00N\x2c\x00\x0aN\x0a\x00\x0aN\x2c\x00\x00N\x0a\x00", "utf-16le", "一"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := text(t, c.content)
			equal(t, f.Info().Encoding, c.want)
			rows := cellsOf(t, f)
			equal(t, rows[len(rows)-1][1], c.last)
		})
	}
}

// TestRealListInEveryEncoding writes the list of local governments again in
// each way, and as a workbook, and reads the same rows.
func TestRealListInEveryEncoding(t *testing.T) {
	original := mustOpen(t, data+"localgovjp-2019-sjis.csv", Options{})
	want := cellsOf(t, original)
	table := append([][]string{original.Header()}, want...)
	for _, w := range ways {
		var b strings.Builder
		list := csv.NewWriter(&b)
		list.UseCRLF = true
		if err := list.WriteAll(table); err != nil {
			t.Fatal(err)
		}
		f := text(t, string(encoded(t, b.String(), w.charset, w.mark)))
		equal(t, f.Info().Encoding, w.name)
		equal(t, f.Header(), original.Header())
		equal(t, cellsOf(t, f), want)
	}
	f := mustOpen(t, newBook(t, "自治体", table), Options{})
	equal(t, f.Header(), original.Header())
	equal(t, cellsOf(t, f), want)
}
