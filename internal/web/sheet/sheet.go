// Package sheet writes what a list shows as a file for a spreadsheet.
package sheet

import (
	"encoding/csv"
	"io"
	"net/http"
	"strconv"

	"github.com/xuri/excelize/v2"

	"kizuki/internal/cal"
	"kizuki/internal/text"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
)

// Kinds are what a list can be written as.
var Kinds = []string{"csv", "xlsx"}

// Writer takes the rows of a file: texts, numbers and days.
type Writer interface {
	Row(cells []any) error
	Close() error
}

// Download streams a file of a kind. It is called name and the day; title is the
// key of what its sheet is called.
func Download(name, kind, title string, write func(r *http.Request, out Writer) error) web.Handler {
	file := web.File{Name: name, Type: kind}
	if kind == "csv" {
		file.Lead = web.BOM
	}
	return web.Download(file, func(r *http.Request, w io.Writer) (err error) {
		var out Writer = &csvFile{csv.NewWriter(w)}
		if kind == "xlsx" {
			if out, err = newWorkbook(w, words.T(r.Context(), title)); err != nil {
				return err
			}
		}
		if err := write(r, out); err != nil {
			return err
		}
		return out.Close()
	})
}

// csvFile guards the cells that a spreadsheet would take for formulas.
type csvFile struct{ *csv.Writer }

func (f *csvFile) Row(cells []any) error {
	row := make([]string, len(cells))
	for i, c := range cells {
		switch v := c.(type) {
		case float64:
			row[i] = strconv.FormatFloat(v, 'f', -1, 64)
		case cal.Date:
			row[i] = string(v)
		case string:
			row[i] = text.Cell(v)
		}
	}
	return f.Write(row)
}

func (f *csvFile) Close() error {
	f.Flush()
	return f.Error()
}

// workbook is written to the disk row by row and sent when it is whole. Texts are
// stored as texts, so none of them is a formula.
type workbook struct {
	file *excelize.File
	rows *excelize.StreamWriter
	to   io.Writer
	day  int // the style of a day
	n    int
}

func newWorkbook(to io.Writer, name string) (*workbook, error) {
	f := excelize.NewFile()
	if err := f.SetSheetName("Sheet1", name); err != nil {
		return nil, err
	}
	format := "yyyy-mm-dd"
	day, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		return nil, err
	}
	rows, err := f.NewStreamWriter(name)
	return &workbook{file: f, rows: rows, to: to, day: day}, err
}

func (b *workbook) Row(cells []any) error {
	row := make([]any, len(cells))
	for i, c := range cells {
		row[i] = c
		if d, ok := c.(cal.Date); ok {
			if row[i] = nil; d.Valid() {
				row[i] = excelize.Cell{StyleID: b.day, Value: d.Time()}
			}
		}
	}
	b.n++
	at, err := excelize.CoordinatesToCellName(1, b.n)
	if err != nil {
		return err
	}
	return b.rows.SetRow(at, row)
}

func (b *workbook) Close() error {
	defer b.file.Close()
	if err := b.rows.Flush(); err != nil {
		return err
	}
	_, err := b.file.WriteTo(b.to)
	return err
}
