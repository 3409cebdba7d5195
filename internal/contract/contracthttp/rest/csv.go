package rest

import (
	"context"
	"encoding/csv"
	"io"
	"log/slog"
	"net/http"

	"kizuki/internal/contract"
	"kizuki/internal/text"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
)

// BOM tells a spreadsheet on a Japanese machine that the file is UTF-8.
const BOM = "\ufeff"

// WriteCSV writes every contract with every field. Cells a spreadsheet would
// take for a formula are led by an apostrophe.
func WriteCSV(ctx context.Context, svc *contract.Service, w io.Writer) error {
	out := csv.NewWriter(w)
	if err := svc.Export(ctx, func(row []string) error {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = text.Cell(cell)
		}
		return out.Write(safe)
	}); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// Export streams the file. lead stands before its first byte.
func Export(svc *contract.Service, lead string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx := r.Context()
		name := "contracts-" + string(words.Today(ctx, web.Now(ctx))) + ".csv"
		out := &late{w: w, lead: lead, head: func(h http.Header) {
			h.Set("Content-Type", "text/csv; charset=utf-8")
			h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
			h.Set("Cache-Control", "no-store")
		}}
		err := WriteCSV(ctx, svc, out)
		if err == nil || !out.begun {
			return err
		}
		// Half a file must not look like a whole one: the connection breaks.
		slog.ErrorContext(ctx, "export stopped half-way", "id", web.RequestID(ctx), "error", err)
		panic(http.ErrAbortHandler)
	}
}

// late sends its headers with the first byte, so that an error before it can
// still be answered as one.
type late struct {
	w     http.ResponseWriter
	head  func(http.Header)
	lead  string
	begun bool
}

func (l *late) Write(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.head(l.w.Header())
		if _, err := io.WriteString(l.w, l.lead); err != nil {
			return 0, err
		}
	}
	return l.w.Write(b)
}
