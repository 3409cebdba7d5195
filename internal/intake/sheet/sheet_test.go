package sheet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const data = "../../../../shared/data/"

// save writes content to a file of a name that says nothing.
func save(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "upload")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustOpen(t testing.TB, path string, opt Options) *File {
	t.Helper()
	f, err := Open(path, opt)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func text(t testing.TB, content string) *File {
	t.Helper()
	return mustOpen(t, save(t, []byte(content)), Options{})
}

func rowsOf(t testing.TB, f *File) []Row {
	t.Helper()
	var rows []Row
	for row, err := range f.Rows() {
		if err != nil {
			t.Fatalf("rows: %v", err)
		}
		rows = append(rows, row)
	}
	return rows
}

func cellsOf(t testing.TB, f *File) [][]string {
	t.Helper()
	var cells [][]string
	for _, row := range rowsOf(t, f) {
		cells = append(cells, row.Cells)
	}
	return cells
}

// failure opens and reads content to the end and returns what is wrong.
func failure(t testing.TB, content []byte, opt Options) *Error {
	t.Helper()
	f, err := Open(save(t, content), opt)
	if err == nil {
		defer f.Close()
		for _, err = range f.Rows() {
		}
	}
	var own *Error
	if !errors.As(err, &own) {
		t.Fatalf("got error %v, want an *Error", err)
	}
	return own
}

func equal(t testing.TB, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSpectrum(t *testing.T) {
	files, err := filepath.Glob(data + "csv-spectrum/csvs/*.csv")
	if err != nil || len(files) != 10 {
		t.Fatalf("csv-spectrum has %d files, want 10 (%v)", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".csv")
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(data + "csv-spectrum/json/" + name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want, got []map[string]string
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			f := mustOpen(t, file, Options{})
			for _, row := range rowsOf(t, f) {
				object := map[string]string{}
				for i, name := range f.Header() {
					object[name] = row.Cells[i]
				}
				got = append(got, object)
			}
			equal(t, got, want)
			equal(t, f.Info().HeaderLine, 1)
		})
	}
}

func TestRealFiles(t *testing.T) {
	for _, c := range []struct {
		file, encoding string
		rows, columns  int
		first          string
	}{
		{"localgovjp-2017-sjis.csv", "cp932", 1916, 9, "札幌市"},
		{"localgovjp-2019-sjis.csv", "cp932", 1916, 9, "札幌市"},
		{"Telco-Customer-Churn.csv", "utf-8", 7043, 21, "7590-VHVEG"},
		{"syukujitsu-cp932.csv", "cp932", 1067, 2, "元日"},
	} {
		t.Run(c.file, func(t *testing.T) {
			f := mustOpen(t, data+c.file, Options{})
			rows := rowsOf(t, f)
			equal(t, f.Info(), Info{Format: "csv", Encoding: c.encoding, Delimiter: ",", HeaderLine: 1})
			equal(t, []int{len(rows), len(f.Header())}, []int{c.rows, c.columns})
			if !strings.Contains(strings.Join(rows[0].Cells, "|"), c.first) {
				t.Errorf("first row %q lacks %s", rows[0].Cells, c.first)
			}
			for _, row := range rows {
				if row.Extra || strings.Contains(strings.Join(row.Cells, ""), "\uFFFD") {
					t.Errorf("line %d is not read cleanly: %q", row.Line, row.Cells)
				}
			}
		})
	}
}

func TestHeader(t *testing.T) {
	for _, c := range []struct {
		name, content string
		line          int
		header        []string
		rows          int
	}{
		{"first line", "a,b\n1,2\n", 1, []string{"a", "b"}, 1},
		{"header alone", "a,b\n", 1, []string{"a", "b"}, 0},
		{"blank lines above", "\n , \n\na,b\n1,2\n", 4, []string{"a", "b"}, 1},
		{"title above", "契約一覧,,\n,,\nID,会社名,担当\n1,ア,佐藤\n", 3, []string{"ID", "会社名", "担当"}, 1},
		{"title of two cells", "契約一覧,2024年\nID,会社名,担当,部署,金額\n1,ア,佐藤,営業,3\n", 2, []string{"ID", "会社名", "担当", "部署", "金額"}, 1},
		{"sparse first row", "a,b,c,d\n1,,,\n", 1, []string{"a", "b", "c", "d"}, 1},
		{"one column", "名前\nア\nイ\n", 1, []string{"名前"}, 2},
		{"blank and double names", "a,,a,\n1,2,3,4\n", 1, []string{"a", "", "a", ""}, 1},
		{"names over lines", "\"契約\n 開始日 \",  b\u3000\tc \n1,2\n", 1, []string{"契約 開始日", "b c"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := text(t, c.content)
			equal(t, f.Header(), c.header)
			equal(t, f.Info().HeaderLine, c.line)
			equal(t, len(rowsOf(t, f)), c.rows)
		})
	}
}

func TestRowsFitTheHeader(t *testing.T) {
	f := text(t, "a,b,c\n1\n\n1,2,3,,\n , \n1,2,3,,x\n")
	want := []Row{
		{Line: 2, Cells: []string{"1", "", ""}},
		{Line: 4, Cells: []string{"1", "2", "3"}},
		{Line: 6, Cells: []string{"1", "2", "3"}, Extra: true},
	}
	equal(t, rowsOf(t, f), want)
	equal(t, rowsOf(t, f), want) // from the start again
	for range f.Rows() {
		break // a caller may stop
	}
}

func TestWhatIsNotASheet(t *testing.T) {
	ole := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", headSize-20)
	locked := "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"
	for _, c := range []struct {
		name, content string
		kind          Kind
	}{
		{"no bytes", "", Empty},
		{"a byte order mark alone", "\xef\xbb\xbf", Empty},
		{"nothing in any cell", ",,\n\n \t\n", NoHeader},
		{"pdf", "%PDF-1.7\n%âãÏÓ\n1 0 obj", NotASheet},
		{"png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", NotASheet},
		{"jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF", NotASheet},
		{"gif", "GIF89a,1,2", NotASheet},
		{"program", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x02\x00>\x00", NotASheet},
		{"zeros", strings.Repeat("\x00", 5000), NotASheet},
		{"html", "\xef\xbb\xbf \r\n<!DOCTYPE HTML><table><tr><td>1</td></tr></table>", NotASheet},
		{"html under an Excel name", "<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><body>", NotASheet},
		{"old Excel", ole + "W\x00o\x00r\x00k\x00b\x00o\x00o\x00k\x00", OldExcel},
		{"locked workbook", ole + locked + ole, Protected}, // the name lies across two reads
		{"cut zip", "PK\x03\x04abcdefgh", Broken},
		{"empty zip", "PK\x05\x06" + strings.Repeat("\x00", 18), NotASheet},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, failure(t, []byte(c.content), Options{}).Kind, c.kind)
		})
	}
}

func TestErrorsInPlainEnglish(t *testing.T) {
	err := &Error{Kind: NoSuchSheet, Detail: `"x"`, Sheets: []string{"契約", "集計"}}
	equal(t, err.Error(), `the workbook has no such sheet: "x"; it has 契約, 集計`)
	equal(t, (&Error{Kind: UnclosedQuote, Line: 7}).Error(), "a quote is opened and never closed (line 7)")
	_, missing := Open(filepath.Join(t.TempDir(), "none"), Options{})
	if !errors.Is(missing, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", missing)
	}
	for _, k := range []Kind{Empty, NotASheet, OldExcel, Protected, Broken, UnclosedQuote, TooWide, TooLong, CellTooBig, NoSuchSheet, NoHeader} {
		if plain[k] == "" {
			t.Errorf("no words for %s", k)
		}
	}
}

// writeBig writes a list of n rows and 20 columns.
func writeBig(w io.Writer, n int) error {
	if _, err := io.WriteString(w, strings.Repeat("列,", 19)+"列\n"); err != nil {
		return err
	}
	for i := range n {
		_, err := fmt.Fprintf(w, "K-%06d,株式会社テスト%d,佐藤 花子,2025-04-01,\"1,234,567\",順調%s\n", i, i, strings.Repeat(",値 abc 123", 14))
		if err != nil {
			return err
		}
	}
	return nil
}

func TestBigFileStreams(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big.csv")
	disk, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writeBig(disk, 100_000), disk.Close()); err != nil {
		t.Fatal(err)
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f := mustOpen(t, path, Options{})
	rows, peak := 0, uint64(0)
	for row, err := range f.Rows() {
		if err != nil || len(row.Cells) != 20 {
			t.Fatal(row, err)
		}
		if rows++; rows%5000 == 0 {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
	}
	equal(t, rows, 100_000)
	if grown := int64(peak) - int64(before.HeapAlloc); grown > 30<<20 {
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
}

func BenchmarkCSV(b *testing.B) {
	var big bytes.Buffer
	if err := writeBig(&big, 20_000); err != nil {
		b.Fatal(err)
	}
	for _, cs := range []charset{utf8Plain, cp932} {
		b.Run(cs.name, func(b *testing.B) {
			content := big.Bytes()
			if cs.enc != nil {
				content, _ = cs.enc.NewEncoder().Bytes(content)
			}
			path := save(b, content)
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				f := mustOpen(b, path, Options{})
				for _, err := range f.Rows() {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
