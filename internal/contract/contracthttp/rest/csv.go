package rest

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"

	"kizuki/internal/contract"
	"kizuki/internal/text"
	"kizuki/internal/web"
)

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
	return web.Download(web.File{Name: "contracts", Type: "csv", Lead: lead}, func(r *http.Request, w io.Writer) error {
		return WriteCSV(r.Context(), svc, w)
	})
}
