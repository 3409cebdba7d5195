package sheet

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// holds opens content and reads it all: either rows as wide as the header or
// an *Error, never a panic, and no row after an error.
func holds(t *testing.T, content []byte) {
	t.Helper()
	f, err := open(bytes.NewReader(content), int64(len(content)), Options{})
	if err == nil {
		for row, failed := range f.Rows() {
			if err != nil {
				t.Fatal("a row after an error")
			}
			if err = failed; err != nil {
				continue
			}
			if len(row.Cells) != len(f.Header()) || row.Line <= 0 {
				t.Fatalf("row %d has %d cells, the header %d", row.Line, len(row.Cells), len(f.Header()))
			}
			if all := strings.Join(row.Cells, ""); clean(all) != all {
				t.Fatalf("row %d is not clean: %q", row.Line, all)
			}
		}
	}
	if own := (*Error)(nil); err != nil && !errors.As(err, &own) {
		t.Fatalf("got %T %v, want an *Error", err, err)
	}
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"a,b\n1,2\n", "a;\"b\r\n\"\"c\"\n1;2;3\n", "契約ID\t会社名\r1\t㈱\r", "\xff\xfea\x00,\x00b\x00\n\x00", "\x8c_\x96\xf1,ID\n\xc3\xbd\xc4,1\n",
		"\xef\xbb\xbfa,b\n\"", "\x00a\x00,\x00b", "PK\x03\x04", "<html>", "x\n\n,,,\n \n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(holds)
}

func FuzzWorkbook(f *testing.F) {
	f.Add(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" s="1"><v>45748.5</v></c></row></sheetData></worksheet>`,
		`<sst><si><t>a_x0000_b</t><rPh><t>x</t></rPh></si></sst>`, `yyyy"年"m;[h]:mm`)
	f.Add(`<sheetData><row><c t="inlineStr"><is><t>a</t></is></c></row><row r="0"><c><v>1e-9</v></c></row></sheetData>`, `<sst/>`, `0.0E+0`)
	f.Fuzz(func(t *testing.T, rows, texts, format string) {
		holds(t, parts(t, map[string]string{
			"xl/worksheets/sheet1.xml": rows,
			"xl/sharedStrings.xml":     texts,
			"xl/styles.xml":            `<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
		}))
		for _, from1904 := range []bool{false, true} {
			_ = number(rows, momentOf(format), from1904)
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"0.30000000000000004", "1E+5", "-0", "45748.5", "1e308", "0x1p-2", "inf", "1_0"} {
		f.Add(seed, "yyyy")
	}
	f.Fuzz(func(t *testing.T, raw, format string) {
		out := number(raw, momentOf(format), false)
		if again := number(out, plainNumber, false); again != out {
			t.Fatalf("%q becomes %q, and that %q", raw, out, again)
		}
	})
}
