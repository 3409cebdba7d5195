package sheet

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// openCSV finds encoding and delimiter of a text file.
func openCSV(data io.ReaderAt, size int64) (*File, error) {
	cs, err := detect(data, size)
	if err != nil {
		return nil, err
	}
	text := func() io.Reader { return cs.reader(io.NewSectionReader(data, cs.bom, size-cs.bom)) }
	head := make([]byte, headSize)
	n, err := io.ReadFull(text(), head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	head = head[:n]
	if n == 0 {
		return nil, &Error{Kind: Empty}
	}
	if markup(head) {
		return nil, &Error{Kind: NotASheet, Detail: "a web page or XML"}
	}
	comma := delimiter(head, n < headSize)
	return &File{
		info:    Info{Format: "csv", Encoding: cs.name, Delimiter: string(comma)},
		records: func(yield func(Row, error) bool) { newReader(text(), comma).all(yield) },
	}, nil
}

// delimiter chooses the character that cuts the first records most evenly:
// the most cells over records of the usual width, and half as much where the
// first record, mostly the header, is not of that width. So decimal commas in
// a file of semicolons, or commas in a file of tabs, do not mislead. Of equals
// the tab wins, which texts rarely hold, and then the comma, which also stands
// for a table of one column.
func delimiter(head []byte, whole bool) byte {
	best, chosen := 0.0, byte(',')
	for _, comma := range []byte{'\t', ',', ';'} {
		if score := evenness(widths(head, comma, whole)); score > best {
			best, chosen = score, comma
		}
	}
	return chosen
}

// widths lists how many cells the first records have if comma parts them.
func widths(head []byte, comma byte, whole bool) []int {
	var list []int
	for row, err := range newReader(bytes.NewReader(head), comma).all {
		if err != nil {
			break
		}
		if list = append(list, len(row.Cells)); len(list) == 50 {
			return list
		}
	}
	if !whole && len(list) > 1 {
		list = list[:len(list)-1] // the last one may be cut
	}
	return list
}

func evenness(widths []int) float64 {
	count := map[int]int{}
	usual := 0
	for _, w := range widths {
		if count[w]++; count[w] > count[usual] || count[w] == count[usual] && w > usual {
			usual = w
		}
	}
	if usual < 2 {
		return 0
	}
	score := float64(count[usual]*(usual-1)) / float64(len(widths))
	if widths[0] != usual {
		score /= 2
	}
	return score
}

// reader cuts UTF-8 text into records. It reads as Excel does: a quote
// opens only as the very first character of a cell; elsewhere it is text; what
// follows the closing quote up to the delimiter is text too. Lines end with
// LF, CRLF or CR, and inside quotes each of them becomes LF.
//
// encoding/csv is not used: it takes a CR alone for text, and its LazyQuotes
// lets a quote in the middle of a quoted cell swallow the rows after it.
type reader struct {
	src   io.Reader
	comma byte
	buf   []byte
	rest  []byte // what is read from src and not yet taken, within buf
	line  int    // of the next byte
	text  []byte // the cells of the record, one after the other
	ends  []int  // where in text each cell ends
}

func newReader(src io.Reader, comma byte) *reader {
	return &reader{src: src, comma: comma, buf: make([]byte, 64<<10), line: 1}
}

// all yields the records that are not blank.
func (r *reader) all(yield func(Row, error) bool) {
	for {
		row, err := r.record()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil && blank(row.Cells) {
			continue
		}
		if !yield(row, err) || err != nil {
			return
		}
	}
}

var _ iter.Seq2[Row, error] = (*reader)(nil).all

// record reads one record; io.EOF after the last.
func (r *reader) record() (Row, error) {
	if _, err := r.peek(); err != nil {
		return Row{}, err
	}
	start := r.line
	r.text, r.ends = r.text[:0], r.ends[:0]
	for more := true; more; {
		var err error
		if more, err = r.cell(); err != nil {
			return Row{}, err
		}
		if r.ends = append(r.ends, len(r.text)); len(r.ends) > maxColumns {
			return Row{}, &Error{Kind: TooWide, Line: start}
		}
	}
	return Row{Line: start, Cells: r.cells()}, nil
}

// cells cuts one string for the whole record, as encoding/csv does, to spare
// an allocation for each cell.
func (r *reader) cells() []string {
	all := string(r.text)
	odd := strings.IndexByte(all, 0) >= 0 || !utf8.ValidString(all)
	cells := make([]string, len(r.ends))
	from := 0
	for i, end := range r.ends {
		cells[i] = all[from:end]
		if from = end; odd {
			cells[i] = clean(cells[i])
		}
	}
	return cells
}

// clean takes out what no database keeps: NUL, and bytes that are not UTF-8.
func clean(cell string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(cell, "\x00", ""), "\uFFFD")
}

// cell reads one cell with what ends it and reports whether another follows
// in the record.
func (r *reader) cell() (more bool, err error) {
	start, from := r.line, len(r.text)
	b, err := r.peek()
	if err == nil && b == '"' {
		r.rest = r.rest[1:]
		err = r.quoted(start, from)
	}
	if err != nil {
		return false, ignoreEOF(err)
	}
	return r.bare(start, from)
}

// bare takes everything up to a delimiter or line end as it is.
func (r *reader) bare(start, from int) (more bool, err error) {
	for {
		if _, err := r.peek(); err != nil {
			return false, ignoreEOF(err)
		}
		n := 0
		for n < len(r.rest) && r.rest[n] != r.comma && r.rest[n] != '\n' && r.rest[n] != '\r' {
			n++
		}
		if err := r.take(n, start, from); err != nil {
			return false, err
		}
		if len(r.rest) == 0 {
			continue
		}
		if r.rest[0] == r.comma {
			r.rest = r.rest[1:]
			return true, nil
		}
		return false, r.lineEnd()
	}
}

// quoted takes everything up to and with the closing quote.
func (r *reader) quoted(start, from int) error {
	for {
		if _, err := r.peek(); errors.Is(err, io.EOF) {
			return &Error{Kind: UnclosedQuote, Line: start}
		} else if err != nil {
			return err
		}
		n := 0
		for n < len(r.rest) && r.rest[n] != '"' && r.rest[n] != '\n' && r.rest[n] != '\r' {
			n++
		}
		if err := r.take(n, start, from); err != nil {
			return err
		}
		if len(r.rest) == 0 {
			continue
		}
		if r.rest[0] != '"' {
			if err := r.lineEnd(); err != nil {
				return err
			}
			r.text = append(r.text, '\n')
			continue
		}
		r.rest = r.rest[1:]
		if b, err := r.peek(); err != nil || b != '"' {
			return ignoreEOF(err)
		}
		r.text = append(r.text, '"')
		r.rest = r.rest[1:]
	}
}

// take moves n bytes to the cell that began in line start at from in text.
func (r *reader) take(n, start, from int) error {
	r.text = append(r.text, r.rest[:n]...)
	r.rest = r.rest[n:]
	if len(r.text)-from > maxCell {
		return &Error{Kind: CellTooBig, Line: start, Detail: "perhaps a quote that is never closed"}
	}
	return nil
}

// lineEnd takes LF, CR or CRLF.
func (r *reader) lineEnd() error {
	first := r.rest[0]
	r.rest = r.rest[1:]
	r.line++
	if first != '\r' {
		return nil
	}
	b, err := r.peek()
	if err == nil && b == '\n' {
		r.rest = r.rest[1:]
	}
	return ignoreEOF(err)
}

// peek looks at the next byte and reads on where none is left.
func (r *reader) peek() (byte, error) {
	for idle := 0; len(r.rest) == 0; idle++ {
		n, err := r.src.Read(r.buf)
		r.rest = r.buf[:n]
		if n == 0 && err != nil {
			return 0, err
		}
		if idle == 100 {
			return 0, io.ErrNoProgress
		}
	}
	return r.rest[0], nil
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
