package sheet

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// check stops the test on an error of excelize, which writes the workbooks
// here: a second hand, so that reader and writer do not share mistakes.
func check(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func stored(t testing.TB, book *excelize.File) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "upload.xlsx")
	check(t, book.SaveAs(path), book.Close())
	return path
}

// newBook writes a workbook of one sheet whose cells are all text.
func newBook(t testing.TB, name string, rows [][]string) string {
	t.Helper()
	book := excelize.NewFile()
	check(t, book.SetSheetName("Sheet1", name))
	for i, row := range rows {
		for j, value := range row {
			at, err := excelize.CoordinatesToCellName(j+1, i+1)
			check(t, err, book.SetCellStr(name, at, value))
		}
	}
	return stored(t, book)
}

// parts writes a workbook by hand: what other tools write and excelize cannot.
func parts(t testing.TB, more map[string]string) []byte {
	t.Helper()
	all := map[string]string{
		"_rels/.rels":     `<Relationships><Relationship Id="r1" Type="http://x/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml": `<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="http://x/worksheet" Target="/xl/worksheets/sheet1.xml"/>` +
			`<Relationship Id="r2" Type="http://x/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="r3" Type="http://x/styles" Target="styles.xml"/></Relationships>`,
	}
	for name, content := range more {
		all[name] = content
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range all {
		w, err := z.Create(name)
		check(t, err)
		_, err = w.Write([]byte(content))
		check(t, err)
	}
	check(t, z.Close())
	return b.Bytes()
}

func sheetXML(rows string) map[string]string {
	return map[string]string{"xl/worksheets/sheet1.xml": "<worksheet><sheetData>" + rows + "</sheetData></worksheet>"}
}

func TestCellValues(t *testing.T) {
	at := time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC)
	cases := []struct {
		name   string
		value  any
		format string
		want   string
	}{
		{"text", "007", "", "007"},
		{"text like a number", "1E5", "", "1E5"},
		{"whole", 1200, "#,##0", "1200"},
		{"yen", 480000, `"¥"#,##0;[Red]\-"¥"#,##0`, "480000"},
		{"large", 4.8e20, "0.00E+00", "480000000000000000000"},
		{"small", 0.00000125, "", "0.00000125"},
		{"noise", 0.1 + 0.2, "", "0.3"},
		{"negative", -29.85, "0.0", "-29.85"},
		{"percent", 0.125, "0%", "0.125"},
		{"true", true, "", "TRUE"},
		{"false", false, "", "FALSE"},
		{"date", at, "yyyy/m/d", "2025-04-01"},
		{"era", at, "[$-411]ge.m.d;@", "2025-04-01"},
		{"era in full", at, `[$-411]ggge"年"m"月"d"日"`, "2025-04-01"},
		{"Japanese date", at, `yyyy"年"m"月"d"日"`, "2025-04-01"},
		{"month", at, "yyyy/mm", "2025-04-01"},
		{"date with time", at.Add(9*time.Hour + 30*time.Minute), "yyyy/m/d h:mm", "2025-04-01 09:30:00"},
		{"a second before midnight", at.Add(-time.Second), "yyyy/m/d", "2025-03-31 23:59:59"},
		{"time alone", 0.75, "h:mm", "18:00:00"},
		{"elapsed", 1.5, "[h]:mm", "1.5"},
		{"nothing as a date", 0, "yyyy/m/d", "0"},
		{"before 1900", -5, "yyyy/m/d", "-5"},
		{"1900-02-28", 59, "yyyy/m/d", "1900-02-28"},
		{"1900-03-01", 61, "yyyy/m/d", "1900-03-01"},
	}
	book := excelize.NewFile()
	for i, c := range cases {
		name, err := excelize.CoordinatesToCellName(2, i+2)
		check(t, err, book.SetCellStr("Sheet1", "A"+name[1:], c.name), book.SetCellValue("Sheet1", name, c.value))
		if c.format != "" {
			style, err := book.NewStyle(&excelize.Style{CustomNumFmt: &c.format})
			check(t, err, book.SetCellStyle("Sheet1", name, name, style))
		}
	}
	check(t, book.SetSheetRow("Sheet1", "A1", &[]string{"name", "value"}))
	rows := rowsOf(t, mustOpen(t, stored(t, book), Options{}))
	for i, c := range cases {
		equal(t, rows[i], Row{Line: i + 2, Cells: []string{c.name, c.want}})
	}
}

func TestBuiltinFormats(t *testing.T) {
	for id, want := range map[int]moment{0: plainNumber, 4: plainNumber, 9: plainNumber, 11: plainNumber, 14: date, 20: clock, 22: date, 27: date, 32: clock, 46: plainNumber, 49: plainNumber, 55: date, 58: date} {
		equal(t, builtin(id), want)
	}
	for format, want := range map[string]moment{
		"General": plainNumber, "G/標準": plainNumber, "#,##0_);[Red](#,##0)": plainNumber, `0" days"`: plainNumber, `0\d`: plainNumber,
		"mm:ss": clock, "m": date, "aaa": date, `h:mm AM/PM`: clock, "[DBNum3]yyyy": date, "@": plainNumber, `"open`: plainNumber, "[open": plainNumber,
	} {
		equal(t, momentOf(format), want)
	}
}

func TestHandWrittenCells(t *testing.T) {
	styles := `<styleSheet><numFmts><numFmt numFmtId="200" formatCode="[$-411]ge.m.d"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="200"/><xf numFmtId="14"/></cellXfs></styleSheet>`
	rows := `<row><c t="inlineStr"><is><t>name</t></is></c><c t="inlineStr"><is><t>value</t></is></c></row>` +
		`<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" s="1"><v>45748</v></c></row>` +
		`<row r="4"><c r="B4" t="str"><f>A1&amp;"x"</f><v>a_x000D_` + "\n" + `b</v></c><c r="A4" t="e"><v>#N/A</v></c></row>` +
		`<row r="6"><c r="A6" t="b"><v>1</v></c><c r="B6"><f>1+1</f></c><c r="ZZZ6" s="2"/></row>` +
		`<row r="7"><c r="A7" t="d"><v>2025-04-01T00:00:00</v></c><c r="B7"><v>1234567890123456789</v></c><c r="C7"><v>9</v></c></row>` +
		`<row r="8"><c r="A8"><v>-0</v></c><c r="B8" t="d"><v>2025-04-01T09:30:00</v></c></row>`
	more := sheetXML(rows)
	more["xl/styles.xml"] = styles
	more["xl/sharedStrings.xml"] = `<sst><si><r><t>東</t></r><r><t xml:space="preserve">京 </t></r><rPh sb="0" eb="1"><t>トウキョウ</t></rPh></si></sst>`
	f := mustOpen(t, save(t, parts(t, more)), Options{})
	equal(t, rowsOf(t, f), []Row{
		{Line: 3, Cells: []string{"東京 ", "2025-04-01"}},
		{Line: 4, Cells: []string{"#N/A", "a\nb"}},
		{Line: 6, Cells: []string{"TRUE", ""}},
		{Line: 7, Cells: []string{"2025-04-01", "1234567890123456789"}, Extra: true},
		{Line: 8, Cells: []string{"0", "2025-04-01 09:30:00"}},
	})
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"a_x000D_\nb\rc": "a\nb\nc", "_x005F_x000D_": "_x000D_", "x_x00e9_": "xé", "_x0000_": "", "_xD83D_": "\uFFFD", "_x12_ _xyz_": "_x12_ _xyz_",
	} {
		equal(t, unescape(in), want)
	}
}

func TestSheets(t *testing.T) {
	book := excelize.NewFile()
	for _, name := range []string{"隠し", "契約", "集計"} {
		_, err := book.NewSheet(name)
		check(t, err, book.SetSheetRow(name, "B2", &[]any{"ID", name}), book.SetSheetRow(name, "B3", &[]any{1, 2}))
	}
	check(t, book.SetSheetVisible("隠し", false), book.MergeCell("集計", "B5", "C5"), book.SetCellStr("集計", "B5", "合計"))
	path := stored(t, book)

	f := mustOpen(t, path, Options{}) // Sheet1 is empty
	equal(t, f.Info(), Info{Format: "xlsx", Sheets: []string{"Sheet1", "契約", "集計"}, Sheet: "契約", HeaderLine: 2})
	equal(t, f.Header(), []string{"", "ID", "契約"})
	f = mustOpen(t, path, Options{Sheet: "集計"})
	equal(t, rowsOf(t, f), []Row{{Line: 3, Cells: []string{"", "1", "2"}}, {Line: 5, Cells: []string{"", "合計", ""}}})
	equal(t, mustOpen(t, path, Options{Sheet: "隠し"}).Header()[2], "隠し")

	content, err := os.ReadFile(path)
	check(t, err)
	got := failure(t, content, Options{Sheet: "契約一覧"})
	equal(t, *got, Error{Kind: NoSuchSheet, Detail: `"契約一覧"`, Sheets: []string{"Sheet1", "契約", "集計"}})
	equal(t, failure(t, content, Options{Sheet: "Sheet1"}).Kind, NoHeader)
}

func Test1904(t *testing.T) {
	book := excelize.NewFile()
	yes, format := true, "yyyy-mm-dd"
	style, err := book.NewStyle(&excelize.Style{CustomNumFmt: &format})
	check(t, err, book.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}),
		book.SetSheetRow("Sheet1", "A1", &[]any{"a", "b"}), book.SetSheetRow("Sheet1", "A2", &[]any{0, 44286}), book.SetCellStyle("Sheet1", "A2", "B2", style))
	equal(t, cellsOf(t, mustOpen(t, stored(t, book), Options{})), [][]string{{"1904-01-01", "2025-04-01"}})
}

func TestDamagedWorkbooks(t *testing.T) {
	head := `<row><c t="str"><v>a</v></c><c t="str"><v>b</v></c></row>`
	cut := map[string]string{"xl/worksheets/sheet1.xml": "<worksheet><sheetData>" + head + `<row r="2"><c><v>1</v></c></row><row r="3"><c>`}
	shared := sheetXML(head)
	shared["xl/sharedStrings.xml"] = strings.Repeat("<si>", 100)
	for _, c := range []struct {
		name  string
		parts map[string]string
		kind  Kind
		line  int
	}{
		{"no sheet part", nil, Broken, 0},
		{"no data", sheetXML(""), Empty, 0},
		{"cut inside a row", cut, Broken, 3},
		{"a text that is not there", sheetXML(head + `<row r="9"><c t="s"><v>4</v></c></row>`), Broken, 9},
		{"too wide", sheetXML(head + `<row r="2"><c r="ALM2"><v>4</v></c></row>`), TooWide, 2},
		{"a cell too big", sheetXML(head + `<row r="2"><c t="str"><v>` + strings.Repeat("x", maxCell+1) + `</v></c></row>`), CellTooBig, 2},
		{"one endless text", sheetXML(head + `<row r="2"><c><v>` + strings.Repeat("x", 2*maxPiece)), CellTooBig, 2},
		{"elements without end", shared, Broken, 0},
		{"a workbook that is none", map[string]string{"xl/workbook.xml": "<a>"}, Broken, 0},
		{"another archive", map[string]string{"_rels/.rels": "", "xl/workbook.xml": ""}, Broken, 0},
		{"xlsb", map[string]string{"_rels/.rels": `<Relationships><Relationship Type="x/officeDocument" Target="xl/workbook.bin"/></Relationships>`, "xl/workbook.bin": "x"}, NotASheet, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := failure(t, parts(t, c.parts), Options{})
			equal(t, []any{err.Kind, err.Line}, []any{c.kind, c.line})
		})
	}
}

// TestZipBombs uses archives that really hold what they declare.
func TestZipBombs(t *testing.T) {
	for name, size := range map[string]int{"xl/sharedStrings.xml": maxShared + 1, "xl/media/image1.bmp": maxUnpacked + 1, "xl/styles.xml": 4*maxPiece + 1} {
		bomb := parts(t, sheetXML(""))
		old, err := zip.NewReader(bytes.NewReader(bomb), int64(len(bomb)))
		check(t, err)
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, part := range old.File {
			check(t, z.Copy(part))
		}
		w, err := z.Create(name)
		check(t, err)
		for zeros := make([]byte, 1<<20); size > 0; size -= len(zeros) {
			_, err := w.Write(zeros[:min(size, len(zeros))])
			check(t, err)
		}
		check(t, z.Close())
		equal(t, failure(t, b.Bytes(), Options{}).Kind, TooLong)
	}
}

func BenchmarkXLSX(b *testing.B) {
	path := bigBook(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range mustOpen(b, path, Options{}).Rows() {
			check(b, err)
		}
	}
}

// bigBook writes a workbook of n rows and 20 columns.
func bigBook(t testing.TB, n int) string {
	t.Helper()
	book := excelize.NewFile()
	w, err := book.NewStreamWriter("Sheet1")
	check(t, err)
	row := make([]any, 20)
	for i := range n {
		for j := range row {
			row[j] = any(i * j)
			if j%2 == 0 {
				row[j] = "株式会社テスト"
			}
		}
		at, err := excelize.CoordinatesToCellName(1, i+1)
		check(t, err, w.SetRow(at, row))
	}
	check(t, w.Flush())
	return stored(t, book)
}
