package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// tags reads a part's XML tag by tag, with bounds on what one of them may
// cost. It checks nesting by count alone, which is enough to see a part that
// is cut off and twice as fast as checking names.
type tags struct {
	part  io.ReadCloser
	dec   *xml.Decoder
	left  int // bytes the current tag may still take
	depth int
}

func newTags(part *zip.File) (*tags, error) {
	r, err := part.Open()
	if err != nil {
		return nil, err
	}
	x := &tags{part: r}
	x.dec = xml.NewDecoder(x)
	return x, nil
}

func (x *tags) close() { x.part.Close() }

// Read feeds the decoder.
func (x *tags) Read(p []byte) (int, error) {
	if x.left <= 0 {
		return 0, &Error{Kind: CellTooBig}
	}
	n, err := x.part.Read(p)
	x.left -= n
	return n, err
}

// next is the next tag or text, valid until the one after; io.EOF after the
// last.
func (x *tags) next() (xml.Token, error) {
	x.left = maxPiece
	t, err := x.dec.RawToken()
	switch t.(type) {
	case xml.StartElement:
		if x.depth++; x.depth > maxDepth {
			return nil, errors.New("too many elements within each other")
		}
	case xml.EndElement:
		x.depth--
	}
	if errors.Is(err, io.EOF) && x.depth != 0 {
		err = io.ErrUnexpectedEOF
	}
	return t, err
}

// richText gathers the text of a cell from its <t> elements, whatever fonts
// they are in. The readings that Japanese Excel keeps of kanji, <rPh>, are not
// part of it.
type richText struct {
	text        strings.Builder
	in, reading bool
}

func (r *richText) see(t xml.Token) {
	switch t := t.(type) {
	case xml.StartElement:
		r.reading = r.reading || t.Name.Local == "rPh"
		r.in = t.Name.Local == "t"
	case xml.EndElement:
		r.reading = r.reading && t.Name.Local != "rPh"
		r.in = false
	case xml.CharData:
		if r.in && !r.reading {
			r.text.Write(t)
		}
	}
}

func (r *richText) take() string {
	s := unescape(r.text.String())
	r.text.Reset()
	return s
}

var escape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescape resolves the _x000D_ that a workbook writes for characters XML
// cannot hold, and makes the cell's text what the same cell is in a CSV file.
func unescape(s string) string {
	if strings.Contains(s, "_x") {
		s = escape.ReplaceAllStringFunc(s, func(code string) string {
			n, _ := strconv.ParseUint(code[2:6], 16, 16) // the pattern has made sure
			return string(utf16.Decode([]uint16{uint16(n)}))
		})
	}
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return clean(s)
}

// rows yields the rows of a sheet that are not blank.
func (w *workbook) rows(part *zip.File) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if part == nil {
			yield(Row{}, &Error{Kind: Broken, Detail: "a sheet is missing from the workbook"})
			return
		}
		x, err := newTags(part)
		if err != nil {
			yield(Row{}, broken(part.Name, err))
			return
		}
		defer x.close()
		s := &sheetRows{book: w, tags: x}
		for {
			row, err := s.row()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil && blank(row.Cells) {
				continue
			}
			if !yield(row, s.located(part, err)) || err != nil {
				return
			}
		}
	}
}

// sheetRows reads a sheet row by row.
type sheetRows struct {
	book *workbook
	tags *tags
	line int // of the row being read, or read last
}

// located makes of what went wrong an *Error that names the row.
func (s *sheetRows) located(part *zip.File, err error) error {
	if err == nil {
		return nil
	}
	own := &Error{}
	if !errors.As(broken(part.Name, err), &own) {
		return err
	}
	at := *own
	at.Line = s.line
	return &at
}

// row reads up to the end of the next row; io.EOF after the last.
func (s *sheetRows) row() (Row, error) {
	var cells []string
	column := 0
	for {
		t, err := s.tags.next()
		if err != nil {
			return Row{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "row":
				s.line = position(attr(t, "r"), s.line+1)
			case "c":
				column = columnOf(attr(t, "r"), column+1)
				value, err := s.cell(t)
				if err != nil {
					return Row{}, err
				}
				if cells, err = put(cells, column, value); err != nil {
					return Row{}, err
				}
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "row":
				return Row{Line: s.line, Cells: cells}, nil
			case "sheetData":
				return Row{}, io.EOF
			}
		}
	}
}

// put sets the cell of a column, from 1. A cell that has only a style is left
// out, however far right it lies.
func put(cells []string, column int, value string) ([]string, error) {
	switch {
	case value == "":
		return cells, nil
	case column > maxColumns:
		return nil, &Error{Kind: TooWide}
	case len(value) > maxCell:
		return nil, &Error{Kind: CellTooBig}
	}
	if missing := column - len(cells); missing > 0 {
		cells = append(cells, make([]string, missing)...)
	}
	cells[column-1] = value
	return cells, nil
}

// cell reads to the end of the cell that start begins and returns its value.
func (s *sheetRows) cell(start xml.StartElement) (string, error) {
	kind, style := attr(start, "t"), position(attr(start, "s"), 0)
	var value []byte
	var inline richText
	in := ""
	for {
		t, err := s.tags.next()
		if err != nil {
			return "", err
		}
		if kind == "inlineStr" {
			inline.see(t)
		}
		switch t := t.(type) {
		case xml.StartElement:
			in = t.Name.Local
		case xml.CharData:
			if in == "v" {
				value = append(value, t...)
			}
		case xml.EndElement:
			if in = ""; t.Name.Local != "c" {
				continue
			}
			if kind == "inlineStr" {
				return inline.take(), nil
			}
			return s.book.value(kind, style, string(value))
		}
	}
}

// value says what a cell of that type and style holds.
func (w *workbook) value(kind string, style int, raw string) (string, error) {
	if raw == "" {
		return "", nil
	}
	switch kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(raw))
		if err != nil || i < 0 || i >= len(w.texts) {
			return "", fmt.Errorf("there is no text %q", raw)
		}
		return w.texts[i], nil
	case "b":
		return strings.ToUpper(strconv.FormatBool(truth(raw))), nil
	case "d":
		return isoDate(raw), nil
	case "", "n":
		m := plainNumber
		if style < len(w.formats) {
			m = w.formats[style]
		}
		return number(strings.TrimSpace(raw), m, w.from1904), nil
	}
	return unescape(raw), nil // str, a formula's text; e, an error such as #N/A
}

// isoDate writes the dates that strict workbooks hold as text like all others.
func isoDate(raw string) string {
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, strings.TrimSuffix(raw, "Z")); err == nil {
			return strings.TrimSuffix(t.Format(time.DateTime), " 00:00:00")
		}
	}
	return clean(raw)
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// position is the number s, from 1, or other where it is none.
func position(s string, other int) int {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return n
	}
	return other
}

// columnOf is the column, from 1, of a cell such as "AB12", or other where
// the cell does not say.
func columnOf(ref string, other int) int {
	n := 0
	for _, c := range []byte(ref) {
		if c < 'A' || c > 'Z' || n > maxColumns {
			break
		}
		n = n*26 + int(c-'A') + 1
	}
	if n == 0 {
		return other
	}
	return n
}
