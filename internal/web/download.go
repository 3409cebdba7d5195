package web

import (
	"io"
	"log/slog"
	"net/http"

	"kizuki/internal/web/words"
)

// BOM tells a spreadsheet that a file is UTF-8.
const BOM = "\uFEFF"

// File is a file to download: it is called Name and the day.
type File struct {
	Name string
	Type string // csv, xlsx
	Lead string // before the first byte
}

var mimes = map[string]string{"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

// Download streams a file that write makes. An error before its first byte is
// answered as one.
func Download(f File, write func(r *http.Request, w io.Writer) error) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx := r.Context()
		file := f.Name + "-" + string(words.Today(ctx, Now(ctx))) + "." + f.Type
		out := &late{w: w, lead: f.Lead, head: func(h http.Header) {
			h.Set("Content-Type", mimes[f.Type])
			h.Set("Content-Disposition", `attachment; filename="`+file+`"`)
			h.Set("Cache-Control", "no-store")
		}}
		err := write(r, out)
		if err == nil || !out.begun {
			return err
		}
		// Half a file must not look like a whole one: the connection breaks.
		slog.ErrorContext(ctx, "export stopped half-way", "id", RequestID(ctx), "error", err)
		panic(http.ErrAbortHandler)
	}
}

// late sends its headers with the first byte.
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
