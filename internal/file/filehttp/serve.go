package filehttp

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"kizuki/internal/web"
)

// policy of what somebody has sent: whatever a browser takes it for, it runs
// nothing, loads nothing, and is not of this site. (The style is the browser's
// own round a picture.)
const policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'"

func (h *Handlers) whole(w http.ResponseWriter, r *http.Request) error { return h.serve(w, r, false) }

func (h *Handlers) preview(w http.ResponseWriter, r *http.Request) error { return h.serve(w, r, true) }

// serve gives the bytes. A browser may keep them, but asks each time whether it
// still may show them: who reads a note can change.
func (h *Handlers) serve(w http.ResponseWriter, r *http.Request, preview bool) error {
	fileID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, data, err := h.svc.Open(r.Context(), fileID, preview)
	if err != nil {
		return err
	}
	defer data.Close()
	kind, tag := f.Type, f.Sum
	if preview {
		kind, tag = f.Preview, f.Sum+"-preview"
	}
	how := "attachment"
	if f.Picture() {
		how = "inline"
	}
	head := w.Header()
	head.Set("Content-Type", kind)
	head.Set("Content-Disposition", disposition(how, f.Name))
	head.Set("Content-Security-Policy", policy)
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "private, no-cache")
	head.Set("Etag", `"`+tag+`"`)
	http.ServeContent(w, r, "", f.At, data)
	return nil
}

// disposition says the name twice, as RFC 6266 asks: in ASCII for old programs,
// and in UTF-8.
func disposition(how, name string) string {
	plain := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || r < ' ' || strings.ContainsRune(`"\%`, r) {
			return '_'
		}
		return r
	}, name)
	return fmt.Sprintf(`%s; filename="%s"; filename*=UTF-8''%s`, how, plain, encoded(name))
}

// encoded is RFC 5987's way to write UTF-8: more signs are written out than in
// an address.
func encoded(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < 0x80 && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c)) || strings.IndexByte("!#$&+-.^_`|~", c) >= 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
