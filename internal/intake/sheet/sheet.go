// Package sheet opens a table that a person exported from any tool, CSV in
// the encodings Japanese tools write or an Excel workbook, and yields its rows
// as strings. What a file is, it reads from the content, never from the name.
// It knows nothing of what the columns mean.
package sheet

import (
	"errors"
	"io"
	"iter"
	"os"
	"strings"
)

// Limits of a file, far above any list people keep by hand.
const (
	maxColumns = 1_000
	maxRows    = 1_000_000
	maxCell    = 1 << 20 // bytes of UTF-8
)

// Options say what to read from a file.
type Options struct {
	// Sheet is the name of the workbook's sheet; "" is the first visible one
	// that has data. A CSV file has no sheets and pays it no heed.
	Sheet string
}

// Info is what was found out about a file.
type Info struct {
	Format     string   // "csv" or "xlsx"
	Encoding   string   // CSV: "utf-8", "utf-8-bom", "cp932", "euc-jp", "utf-16le" or "utf-16be"
	Delimiter  string   // CSV: ",", "\t" or ";"
	Sheets     []string // workbook: the visible sheets in their order
	Sheet      string   // workbook: the sheet being read
	HeaderLine int      // line (CSV) or row (workbook) of the header, from 1
}

// Row is one record below the header.
type Row struct {
	Line  int      // from 1: the line where the record starts (CSV), the row's number (workbook)
	Cells []string // exactly as many as the header has; line breaks inside a cell are "\n"
	Extra bool     // something stands to the right of the header's last column; it is not in Cells
}

// File is an opened upload. A CSV file is read from disk as its rows are asked
// for, and so is a workbook's sheet; of a workbook only the shared texts are
// held. Rows may be read by several goroutines at once.
type File struct {
	info    Info
	header  []string
	records iter.Seq2[Row, error] // every row that is not blank, as wide as it is written
	skip    int                   // records up to and including the header
	disk    io.Closer
}

// Open finds out what the file on local disk at path is and reads as far as
// its header. It fails with an *Error that says what is wrong with the file,
// or with the error of the disk. The caller closes the File.
func Open(path string, opt Options) (*File, error) {
	disk, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	stat, err := disk.Stat()
	if err == nil {
		var f *File
		if f, err = open(disk, stat.Size(), opt); err == nil {
			f.disk = disk
			return f, nil
		}
	}
	return nil, errors.Join(err, disk.Close())
}

// open is Open for size bytes that lie anywhere.
func open(data io.ReaderAt, size int64, opt Options) (*File, error) {
	kind, err := sniff(data, size)
	if err != nil {
		return nil, err
	}
	var f *File
	if kind == "xlsx" {
		f, err = openWorkbook(data, size, opt.Sheet)
	} else {
		f, err = openCSV(data, size)
	}
	if err != nil {
		return nil, err
	}
	if err := f.findHeader(); err != nil {
		return nil, err
	}
	return f, nil
}

// Close lets go of the file on disk. Rows must not be read afterwards.
func (f *File) Close() error { return f.disk.Close() }

// Info tells what was found out about the file.
func (f *File) Info() Info { return f.info }

// Header is the header row, each cell on one line with single spaces. A blank
// cell is "", and names that occur twice stay as they are.
func (f *File) Header() []string { return f.header }

// Rows yields the rows below the header, each as wide as the header; rows
// with nothing in them are left out. After an error, an *Error unless the disk
// failed, nothing follows. Every call reads from the start again.
func (f *File) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		n := -f.skip
		for row, err := range f.records {
			if err != nil {
				yield(Row{}, err)
				return
			}
			if n++; n <= 0 {
				continue
			}
			if n > maxRows {
				yield(Row{}, &Error{Kind: TooLong, Line: row.Line, Detail: "more than 1,000,000 rows"})
				return
			}
			if !yield(row.fit(len(f.header)), nil) {
				return
			}
		}
	}
}

// fit makes the row width cells wide.
func (r Row) fit(width int) Row {
	if len(r.Cells) > width {
		r.Extra = filled(r.Cells[width:]) > 0
		r.Cells = r.Cells[:width:width]
	}
	if missing := width - len(r.Cells); missing > 0 {
		r.Cells = append(r.Cells, make([]string, missing)...)
	}
	return r
}

const (
	headerWithin = 10 // rows among which the header is looked for
	headerBelow  = 20 // rows below it that tell how wide the table is
)

// findHeader takes as header the first of the first ten rows that has at
// least two cells filled and at least half as many as the fullest of the
// twenty rows below it: so a title or a date above the table is passed over.
// Where no row is like that (a table of one column), it is the first row.
// Blank rows do not count.
func (f *File) findHeader() error {
	var top []Row
	for row, err := range f.records {
		if err != nil {
			return err
		}
		if top = append(top, row); len(top) == headerWithin+headerBelow {
			break
		}
	}
	if len(top) == 0 {
		return &Error{Kind: NoHeader}
	}
	at := headerAmong(top)
	f.skip, f.info.HeaderLine = at+1, top[at].Line
	for _, cell := range top[at].Cells {
		f.header = append(f.header, strings.Join(strings.Fields(cell), " "))
	}
	return nil
}

func headerAmong(top []Row) int {
	for i, row := range top[:min(headerWithin, len(top))] {
		widest := 0
		for _, below := range top[i+1 : min(i+1+headerBelow, len(top))] {
			widest = max(widest, filled(below.Cells))
		}
		if n := filled(row.Cells); n >= 2 && n*2 >= widest {
			return i
		}
	}
	return 0
}

// filled counts the cells that hold more than white space.
func filled(cells []string) int {
	n := 0
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			n++
		}
	}
	return n
}

// blank reports whether no cell holds more than white space.
func blank(cells []string) bool {
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}
