package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
)

// Form is a posted form whose values were cleaned at the edge.
type Form struct{ url.Values }

// formMemory is how much of a form with files is held in memory; the rest waits
// on disk until the request ends.
const formMemory = 1 << 20

// ReadForm reads the body of a POST, with files or without; a body over the
// limit is TooLarge.
func ReadForm(r *http.Request) (Form, error) {
	read := r.ParseForm
	if IsMultipart(r) {
		read = func() error { return r.ParseMultipartForm(formMemory) }
	} else if r.Body != nil {
		r.Body = http.MaxBytesReader(nil, r.Body, maxBody) // the route's own limit is for files
	}
	if err := read(); err != nil {
		return Form{}, BodyError(err)
	}
	return Form{r.Form}, nil
}

// IsMultipart reports whether a form may have files in it.
func IsMultipart(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data")
}

// BodyError says in our terms why a body could not be read.
func BodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errs.New(errs.TooLarge, "err.too_large", "MB", tooLarge.Limit>>20).With(err)
	}
	return errs.New(errs.Malformed, "err.malformed").With(err)
}

// Line is a value as one trimmed line.
func (f Form) Line(name string) string { return text.Line(f.Get(name)) }

// Text is a value with its line breaks.
func (f Form) Text(name string) string { return strings.TrimSpace(text.Clean(f.Get(name))) }

// Bool is true for a checked box.
func (f Form) Bool(name string) bool { return f.Get(name) != "" }

// ID reads an id; empty is none, anything else that is no id is an error
// about the field.
func (f Form) ID(name string) (id.ID, error) {
	s := f.Get(name)
	if s == "" {
		return 0, nil
	}
	v, err := id.Parse(s)
	if err != nil {
		return 0, errs.Field(name, "err.choice")
	}
	return v, nil
}

// IDs reads every value of a name as an id.
func (f Form) IDs(name string) ([]id.ID, error) {
	var out []id.ID
	for _, s := range f.Values[name] {
		v, err := id.Parse(s)
		if err != nil {
			return nil, errs.Field(name, "err.choice")
		}
		out = append(out, v)
	}
	return out, nil
}

// PathID reads an id from the path; what is no id is simply not there.
func PathID(r *http.Request, name string) (id.ID, error) {
	v, err := id.Parse(r.PathValue(name))
	if err != nil {
		return 0, errs.Missing("page")
	}
	return v, nil
}

// LocalPath keeps a "next" address inside this site; anything else becomes
// the fallback.
func LocalPath(s, fallback string) string {
	u, err := url.Parse(s)
	if err != nil || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.Contains(s, `\`) ||
		u.Host != "" || u.Scheme != "" {
		return fallback
	}
	return s
}
