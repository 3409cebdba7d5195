package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"kizuki/internal/web/words"
)

// BOM tells a spreadsheet that a file is UTF-8.
const BOM = "\uFEFF"

// Download streams a file that write makes, called name and the day; lead stands
// before its first byte. An error before that is answered as one.
func Download(name, lead, mime string, write func(ctx context.Context, w io.Writer) error) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx := r.Context()
		file := name + "-" + string(words.Today(ctx, Now(ctx))) + ".csv"
		out := &late{w: w, lead: lead, head: func(h http.Header) {
			h.Set("Content-Type", mime)
			h.Set("Content-Disposition", `attachment; filename="`+file+`"`)
			h.Set("Cache-Control", "no-store")
		}}
		err := write(ctx, out)
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
