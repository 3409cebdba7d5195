package sheet

import (
	"encoding/csv"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// read cuts content at commas and gives each record's line and cells.
func read(t testing.TB, src io.Reader) (lines []int, cells [][]string) {
	t.Helper()
	for row, err := range newReader(src, ',').all {
		if err != nil {
			t.Fatal(err)
		}
		lines, cells = append(lines, row.Line), append(cells, row.Cells)
	}
	return lines, cells
}

func TestCSV(t *testing.T) {
	for _, c := range []struct {
		name, content string
		lines         []int
		cells         [][]string
	}{
		{"mixed line ends", "a\nb\r\nc\rd", []int{1, 2, 3, 4}, [][]string{{"a"}, {"b"}, {"c"}, {"d"}}},
		{"blank lines count", "a\r\n\r\n\r\rb", []int{1, 5}, [][]string{{"a"}, {"b"}}},
		{"line breaks in quotes", "\"a\r\nb\rc\nd\",e\nf", []int{1, 5}, [][]string{{"a\nb\nc\nd", "e"}, {"f"}}},
		{"doubled quotes", `"""",""""""," "" "`, []int{1}, [][]string{{`"`, `""`, ` " `}}},
		{"quotes inside a cell are text", "a\"b,c\"\"d, \"e\"\n5\",x", []int{1, 2}, [][]string{{`a"b`, `c""d`, ` "e"`}, {`5"`, "x"}}},
		{"text after the closing quote", "\"a\"b,\"c\" ,\"d\"e\"f\"\nx", []int{1, 2}, [][]string{{"ab", "c ", `de"f"`}, {"x"}}},
		{"empty cells", "a,,\"\",\n,b", []int{1, 2}, [][]string{{"a", "", "", ""}, {"", "b"}}},
		{"space is kept", " a ,\t\u3000b\n", []int{1}, [][]string{{" a ", "\t\u3000b"}}},
		{"NUL and broken bytes", "a\x00b,\xffc\xe3\x81\n", []int{1}, [][]string{{"ab", "\uFFFDc\uFFFD"}}},
		{"quote at the very end", "a,\"b\"", []int{1}, [][]string{{"a", "b"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, cells := read(t, strings.NewReader(c.content))
			equal(t, lines, c.lines)
			equal(t, cells, c.cells)
			_, bytewise := read(t, iotest.OneByteReader(strings.NewReader(c.content)))
			equal(t, bytewise, c.cells)
		})
	}
}

func TestCSVLimits(t *testing.T) {
	mb := strings.Repeat("x", maxCell)
	wide := strings.Repeat(",", maxColumns-1)
	for _, c := range []struct {
		name, content string
		kind          Kind
		line          int
	}{
		{"a quote at the top", "a,b\n1,\"2\n3,4\n", UnclosedQuote, 2},
		{"a quote far down", "a,b\n" + strings.Repeat("1,2\r\n", 1000) + "\"x\n\n", UnclosedQuote, 1002},
		{"the last byte a quote", "a,b\n1,\"", UnclosedQuote, 2},
		{"columns", "a,b\n1" + wide + ",\n", TooWide, 2},
		{"a cell", "a,b\n1,x" + mb + "\n", CellTooBig, 2},
		{"a quoted cell", "a,b\n1,2\n1,\"x" + strings.Repeat("\n\"\"", maxCell/2) + "\"\n", CellTooBig, 3},
		{"rows", "a,b\n" + strings.Repeat("1,\n", maxRows+1), TooLong, maxRows + 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := failure(t, []byte(c.content), Options{})
			equal(t, []any{err.Kind, err.Line}, []any{c.kind, c.line})
		})
	}
	f := text(t, "a"+wide+"b\n"+mb+wide+"\n") // just within
	equal(t, len(rowsOf(t, f)[0].Cells[0]), maxCell)
}

func TestDelimiter(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"one column", "名前\nア\n", ","},
		{"decimal commas", "a;b;c\n1,5;2,5;3,5\n1,5;2,5;3,5\n", ";"},
		{"commas in text", "id\tnote\n1\tyes, well, no\n2\tno, never\n3\tno\n", "\t"},
		{"semicolons in text", "id,use\n1,a;b\n2,c;d;e\n3,f;g\n", ","},
		{"delimiters in quotes", "id;note\n1;\"a,b,c\nd,e,f\"\n2;\"g,h,i\"\n", ";"},
		{"header alone", "契約ID\t会社名, 支店\n", "\t"},
		{"cut inside a quote", "a;b\n1;2\n1;\"" + strings.Repeat("x,y\n", headSize) + "\"\n", ";"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, text(t, c.content).Info().Delimiter, c.want)
		})
	}
}

// TestAsEncodingCSV holds the reader against the standard library on tables
// that are written well.
func TestAsEncodingCSV(t *testing.T) {
	cell := rapid.StringMatching(`[a-c"ｱ漢 ,\n]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		table := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 1, 8).Draw(t, "table")
		var b strings.Builder
		w := csv.NewWriter(&b)
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		if err := w.WriteAll(table); err != nil {
			t.Fatal(err)
		}
		var want, got [][]string
		for _, row := range table {
			if !blank(row) {
				want = append(want, row)
			}
		}
		for row, err := range newReader(strings.NewReader(b.String()), ',').all {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, row.Cells)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
