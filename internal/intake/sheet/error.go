package sheet

import (
	"fmt"
	"strings"
)

// Kind says what is wrong with a file, so that a caller can choose words for
// the person who brought it.
type Kind string

// The kinds of trouble a file can be in.
const (
	Empty         Kind = "empty"          // no bytes at all, or a workbook whose visible sheets hold nothing
	NotASheet     Kind = "not_a_sheet"    // a picture, a PDF, a web page, a program …
	OldExcel      Kind = "old_excel"      // .xls, from before Excel 2007
	Protected     Kind = "protected"      // a workbook locked with a password
	Broken        Kind = "broken"         // a workbook that is cut off or damaged
	UnclosedQuote Kind = "unclosed_quote" // Line is where the quote was opened
	TooWide       Kind = "too_wide"       // more than 1,000 columns
	TooLong       Kind = "too_long"       // more than 1,000,000 rows, or a workbook too big to unpack
	CellTooBig    Kind = "cell_too_big"   // one cell over 1 MB
	NoSuchSheet   Kind = "no_such_sheet"  // Sheets lists those there are
	NoHeader      Kind = "no_header"      // there are rows, but no cell in them holds anything
)

var plain = map[Kind]string{
	Empty:         "the file is empty",
	NotASheet:     "the file is not a spreadsheet",
	OldExcel:      "the file is in the Excel format from before 2007 (.xls)",
	Protected:     "the workbook is locked with a password",
	Broken:        "the workbook is damaged",
	UnclosedQuote: "a quote is opened and never closed",
	TooWide:       "there are more than 1,000 columns",
	TooLong:       "the file is too long",
	CellTooBig:    "a cell holds more than 1 MB",
	NoSuchSheet:   "the workbook has no such sheet",
	NoHeader:      "no row has anything in it",
}

// Error is what is wrong with a file. Everything but a failure of the disk
// itself is reported as an *Error.
type Error struct {
	Kind   Kind
	Line   int      // line of a CSV file or row of a workbook, from 1; 0 where none can be named
	Detail string   // more, in English, for logs; may be empty
	Sheets []string // NoSuchSheet: the visible sheets
}

// Error says in plain English what is wrong, for logs.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(plain[e.Kind])
	if e.Line > 0 {
		fmt.Fprintf(&b, " (line %d)", e.Line)
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	if len(e.Sheets) > 0 {
		b.WriteString("; it has " + strings.Join(e.Sheets, ", "))
	}
	return b.String()
}
