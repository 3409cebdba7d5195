package list

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/contract/contracthttp/filter"
	"kizuki/internal/money"
	"kizuki/internal/text"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
)

// exports are what the list can be written as.
var exports = []string{"csv", "xlsx"}

// sheetWriter takes the rows of an export: texts, numbers and days.
type sheetWriter interface {
	Row(cells []any) error
	Close() error
}

// export writes exactly what the list shows: its filter, order and columns, all
// of its pages.
func (h *Handlers) export(kind string) web.Handler {
	file := web.File{Name: "contracts", Type: kind}
	if kind == "csv" {
		file.Lead = web.BOM
	}
	return web.Download(file, func(r *http.Request, w io.Writer) error {
		ctx := r.Context()
		p, q, err := h.open(ctx, filter.Read(r.URL.Query()))
		if err != nil {
			return err
		}
		var out sheetWriter = &csvFile{csv.NewWriter(w)}
		if kind == "xlsx" {
			if out, err = newWorkbook(w, words.T(ctx, "shell.place.contracts")); err != nil {
				return err
			}
		}
		if err := h.write(ctx, p, q, out); err != nil {
			return err
		}
		return out.Close()
	})
}

func (h *Handlers) write(ctx context.Context, p *listPage, q contract.Query, out sheetWriter) error {
	if err := out.Row(p.exportHeads(ctx)); err != nil {
		return err
	}
	q.Limit, q.Cursor = contract.MaxPage, ""
	for {
		found, err := h.svc.List(ctx, q)
		if err != nil {
			return err
		}
		said, err := h.lastWords(ctx, found.Items)
		if err != nil {
			return err
		}
		if err := h.fillReady(ctx, p, found.Items, said); err != nil {
			return err
		}
		for _, c := range found.Items {
			if err := out.Row(p.record(ctx, c, said[c.ID])); err != nil {
				return err
			}
		}
		if q.Cursor = found.Next; q.Cursor == "" {
			return nil
		}
	}
}

func (p *listPage) exportHeads(ctx context.Context) []any {
	var out []any
	for _, name := range []string{"organization", "name", "renewal_date"} {
		out = append(out, p.b.Label(ctx, name))
	}
	out = append(out, words.T(ctx, "contract.head.said"))
	for _, name := range []string{"outlook", "phase", "owner", "amount", "currency", "amount_basis"} {
		out = append(out, p.b.Label(ctx, name))
	}
	for _, name := range p.cols {
		out = append(out, p.columnLabel(ctx, name))
	}
	return append(out, words.T(ctx, "contract.head.data"))
}

// record is a contract as a row of the list.
func (p *listPage) record(ctx context.Context, c contract.Contract, s Said) []any {
	said := func(name string) any { return p.b.Said(ctx, name, c.Value(name)) }
	var amount any = ""
	if c.Amount != nil {
		amount, _ = strconv.ParseFloat(money.Amount{Minor: *c.Amount, Currency: c.Currency}.Decimal(), 64)
	}
	out := []any{c.OrgName, c.Name, c.RenewalDate, s.Text, words.T(ctx, "shell.health."+book.OutlookKind(c.Outlook)), said("phase"), said("owner"), amount, c.Currency, said("amount_basis")}
	for _, name := range p.cols {
		out = append(out, p.extra(ctx, c, name))
	}
	if c.DataAt.IsZero() {
		return append(out, "")
	}
	return append(out, cal.Of(c.DataAt.In(words.From(ctx).Zone)))
}

// extra is a chosen column of a row.
func (p *listPage) extra(ctx context.Context, c contract.Contract, name string) any {
	day := func(at time.Time) cal.Date {
		if at.IsZero() {
			return ""
		}
		return cal.Of(at.In(words.From(ctx).Zone))
	}
	switch name {
	case filter.ColNext:
		todo := p.ready.next[c.ID]
		return strings.TrimSpace(todo.Title + " " + string(todo.Due))
	case filter.ColHunch:
		return p.ready.hunches[c.ID].Text
	case filter.ColContact:
		s := p.ready.said[c.ID]
		return strings.TrimSpace(string(day(s.At)) + " " + s.By)
	case filter.ColSince:
		return day(c.OutlookAt)
	}
	if f, custom := p.b.Field(name); custom && numeric(f) {
		if n, err := strconv.ParseFloat(f.Text(c.Value(name)), 64); err == nil {
			return n
		}
	}
	return p.b.Said(ctx, name, c.Value(name))
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
