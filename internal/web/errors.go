package web

import (
	"context"
	"errors"
	"net/http"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// Status is the HTTP status of a code; pages and REST share it.
func Status(c errs.Code) int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return http.StatusInternalServerError
}

var statuses = map[errs.Code]int{
	errs.Invalid: 422, errs.Malformed: 400, errs.Unauthorized: 401, errs.Forbidden: 403,
	errs.NotFound: 404, errs.NoMethod: 405, errs.Conflict: 409, errs.Stopped: 409,
	errs.TooLarge: 413, errs.Unsupported: 415, errs.Limited: 429, errs.Unavailable: 503,
}

// Explain turns what lies outside our own errors into one of them: a database
// held too long by another process is "try again", a request given up by its
// client is nobody's fault.
func Explain(err error) *errs.E {
	e := errs.As(err)
	if e.Code != errs.Internal {
		return e
	}
	if db.Busy(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return errs.New(errs.Unavailable, "err.unavailable").With(err)
	}
	return e
}

// Sentence is the error in the reader's language.
func Sentence(ctx context.Context, e *errs.E) string {
	kv := make([]any, 0, 2*len(e.Args))
	for k, v := range e.Args {
		if key, ok := v.(errs.Word); ok {
			v = words.T(ctx, string(key))
		}
		kv = append(kv, k, v)
	}
	return words.T(ctx, e.Key, kv...)
}

// FieldErrors is the sentence of each input that is wrong, by field name; the
// rest, if any, stands under "".
func FieldErrors(ctx context.Context, err error) map[string]string {
	if err == nil {
		return nil
	}
	e := errs.As(err)
	list := e.Fields
	if len(list) == 0 {
		list = []*errs.E{e}
	}
	out := make(map[string]string, len(list))
	for _, f := range list {
		out[f.Field] = Sentence(ctx, f)
	}
	return out
}

// IsInput reports whether a form should be shown again with the error in it.
func IsInput(err error) bool {
	switch errs.As(err).Code {
	case errs.Invalid, errs.Conflict, errs.Limited, errs.Stopped:
		return true
	}
	return false
}

// fail renders an error: a toast for htmx, a page otherwise. Internal ones
// are logged with the request id, which is all the person is told.
func (rt *Router) fail(w http.ResponseWriter, r *http.Request, err error) {
	e, ctx := Explain(err), r.Context()
	if e.Code == errs.Internal || e.Code == errs.Unavailable {
		a := who.From(ctx)
		rt.Log.Error("failed", "id", RequestID(ctx), "workspace", a.Workspace.String(), "member", a.Member.String(),
			"method", r.Method, "path", r.URL.Path, "error", err)
	}
	status := Status(e.Code)
	text := Sentence(ctx, e)
	for _, f := range e.Fields {
		text += " " + Sentence(ctx, f)
	}
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Reswap", "none")
		toast(w, Toast{Text: text, Bad: true})
		w.WriteHeader(status)
		return
	}
	render(w, r, status, rt.errorPage(ctx, e, text))
}
