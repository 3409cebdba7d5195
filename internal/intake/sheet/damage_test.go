package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

// faulty is a disk that fails from the byte at limit on.
type faulty struct {
	io.ReaderAt
	limit int64
}

var errDisk = errors.New("input/output error")

func (d faulty) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) <= d.limit {
		return d.ReaderAt.ReadAt(p, off)
	}
	n := 0
	if off < d.limit {
		n, _ = d.ReaderAt.ReadAt(p[:d.limit-off], off)
	}
	return n, &fs.PathError{Op: "read", Path: "upload", Err: errDisk}
}

// drain opens and reads everything and returns the cells with the first error.
func drain(src io.ReaderAt, size int64) ([][]string, error) {
	f, err := open(src, size, Options{})
	if err != nil {
		return nil, err
	}
	var cells [][]string
	for row, err := range f.Rows() {
		if err != nil {
			return cells, err
		}
		cells = append(cells, row.Cells)
	}
	return cells, nil
}

// TestDiskFailure lets the disk fail at many places: that is never taken for
// the file's end, nor told as the file's fault.
func TestDiskFailure(t *testing.T) {
	var long strings.Builder
	check(t, writeBig(&long, 1000))
	book, err := os.ReadFile(bigBook(t, 200))
	check(t, err)
	sjis, err := os.ReadFile(data + "localgovjp-2017-sjis.csv")
	check(t, err)
	old := []byte(oleMagic + strings.Repeat("x", 3*headSize))
	for name, content := range map[string][]byte{"utf-8": []byte(long.String()), "cp932": sjis, "xlsx": book, "ole": old} {
		size := int64(len(content))
		for limit := int64(0); limit < size; limit += size/23 + 1 {
			_, err := drain(faulty{bytes.NewReader(content), limit}, size)
			if !errors.Is(err, errDisk) {
				t.Errorf("%s failing at byte %d of %d: %v", name, limit, size, err)
			}
		}
	}
}

// replaced is a workbook with one part changed.
func replaced(t testing.TB, book []byte, name string, change func(string) string) []byte {
	t.Helper()
	old, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	check(t, err)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range old.File {
		r, err := part.Open()
		check(t, err)
		content, err := io.ReadAll(r)
		check(t, err)
		w, err := z.Create(part.Name)
		check(t, err)
		if part.Name == name {
			content = []byte(change(string(content)))
		}
		_, err = w.Write(content)
		check(t, err)
	}
	check(t, z.Close())
	return b.Bytes()
}

// TestNoRowIsLostInSilence cuts the sheet of a real workbook at every byte:
// where rows are missing there is an error. (excelize gives none.)
func TestNoRowIsLostInSilence(t *testing.T) {
	book, err := os.ReadFile(newBook(t, "S", [][]string{{"a", "b"}, {"1", "2"}, {"3", "4"}, {"5", "6"}}))
	check(t, err)
	const part = "xl/worksheets/sheet1.xml"
	length := 0
	replaced(t, book, part, func(s string) string { length = strings.Index(s, "</sheetData>"); return s })
	for cut := range length {
		bad := replaced(t, book, part, func(s string) string { return s[:cut] })
		if cells, err := drain(bytes.NewReader(bad), int64(len(bad))); err == nil {
			t.Fatalf("cut at byte %d: %q and no error", cut, cells)
		}
	}
	for cut := len(zipMagic); cut < len(book); cut++ {
		cells, err := drain(bytes.NewReader(book[:cut]), int64(cut))
		var own *Error
		if !errors.As(err, &own) {
			t.Fatalf("archive cut at byte %d: %q, %v", cut, cells, err)
		}
	}
}

// TestOtherToolsWorkbooks has parts under names that Excel does not choose.
func TestOtherToolsWorkbooks(t *testing.T) {
	sheet := `<x:worksheet xmlns:x="m"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c><x:c t="str"><x:v>b</x:v></x:c></x:row>` +
		`<x:row><x:c t="d"><x:v>2025-04-01T09:30Z</x:v></x:c><x:c t="d"><x:v>2025-04-01</x:v></x:c></x:row></x:sheetData></x:worksheet>`
	rels := `<Relationships><Relationship Id="c" Type="http://x/chartsheet" Target="c.xml"/><Relationship Id="s" Type="http://x/worksheet" Target="%s"/></Relationships>`
	book := `<workbook xmlns:r="r"><workbookPr date1904="false"/><sheets><sheet name="Chart" r:id="c"/><sheet name="S" state="visible" r:id="s"/><sheet name="H" state="veryHidden" r:id="s"/></sheets></workbook>`
	for name, p := range map[string]map[string]string{
		"backslashes":     {`xl\workbook.xml`: book, `xl\_rels\workbook.xml.rels`: fmt.Sprintf(rels, `worksheets\sheet.xml`), `xl\worksheets\sheet.xml`: sheet},
		"capitals":        {"XL/Workbook.xml": book, "XL/_rels/Workbook.xml.rels": fmt.Sprintf(rels, "Worksheets/S.xml"), "xl/worksheets/s.XML": sheet},
		"another folder":  {"_rels/.rels": `<Relationships><Relationship Type="x/officeDocument" Target="/office/book2.xml"/></Relationships>`, "office/book2.xml": book, "office/_rels/book2.xml.rels": fmt.Sprintf(rels, "../s.xml"), "s.xml": sheet},
		"no package rels": {"xl/workbook.xml": book, "xl/_rels/workbook.xml.rels": fmt.Sprintf(rels, "/xl/s.xml"), "xl/s.xml": sheet},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			z := zip.NewWriter(&b)
			for name, content := range p {
				w, err := z.Create(name)
				check(t, err)
				_, err = io.WriteString(w, content)
				check(t, err)
			}
			check(t, z.Close())
			f := mustOpen(t, save(t, b.Bytes()), Options{})
			equal(t, f.Info().Sheets, []string{"S"})
			equal(t, cellsOf(t, f), [][]string{{"2025-04-01 09:30:00", "2025-04-01"}})
		})
	}
}

// TestWorkbookRoundTrip writes tables through excelize and reads them back.
func TestWorkbookRoundTrip(t *testing.T) {
	cell := rapid.StringMatching(`[a-z0-9 漢ｱ髙𠮷&<>"'\n\t_x]{0,8}|=1\+1|1E5|0012`)
	rapid.Check(t, func(rt *rapid.T) {
		table := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 0, 6).Draw(rt, "table")
		want := slices.DeleteFunc(slices.Clone(table), blank)
		path := newBook(t, "表", append([][]string{{"h1", "h2", "h3"}}, table...))
		got := cellsOf(t, mustOpen(t, path, Options{}))
		// Three filled columns in the header keep it the header.
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			rt.Fatalf("got %q, want %q", got, want)
		}
	})
}

// TestReadersDoNotDisturbEachOther reads one file several times at once, in
// part and in full.
func TestReadersDoNotDisturbEachOther(t *testing.T) {
	for _, path := range []string{data + "localgovjp-2017-sjis.csv", bigBook(t, 1500)} {
		f := mustOpen(t, path, Options{})
		want := cellsOf(t, f)
		var wg sync.WaitGroup
		for stop := range 4 {
			wg.Go(func() {
				n := 0
				for row, err := range f.Rows() {
					if err != nil || !slices.Equal(row.Cells, want[n]) {
						t.Errorf("row %d: %q, %v", n, row.Cells, err)
						return
					}
					if n++; n == stop*300 {
						return
					}
				}
			})
		}
		wg.Wait()
	}
}

// TestBigWorkbookStreams holds no more than a fraction of a large sheet.
func TestBigWorkbookStreams(t *testing.T) {
	path := bigBook(t, 15_000)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	rows := 0
	for _, err := range mustOpen(t, path, Options{}).Rows() {
		check(t, err)
		if rows++; rows%1000 == 0 {
			runtime.ReadMemStats(&now)
			if grown := int64(now.HeapAlloc) - int64(before.HeapAlloc); grown > 30<<20 {
				t.Fatalf("the heap grew by %d MB after %d rows", grown>>20, rows)
			}
		}
	}
	equal(t, rows, 14_999)
}

// TestHiddenAlone is a workbook that shows nothing.
func TestHiddenAlone(t *testing.T) {
	book := excelize.NewFile()
	_, err := book.NewSheet("空")
	check(t, err, book.SetSheetRow("Sheet1", "A1", &[]any{"a", "b"}), book.SetSheetVisible("空", true))
	book.SetActiveSheet(1)
	check(t, book.SetSheetVisible("Sheet1", false))
	content, err := os.ReadFile(stored(t, book))
	check(t, err)
	equal(t, *failure(t, content, Options{}), Error{Kind: Empty, Detail: "no visible sheet has data"})
}
