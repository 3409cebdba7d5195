// Package errs holds the one error a person ever sees. Everything that is not
// an *E is "internal": it is logged with a request id and shown as a plain
// apology.
package errs

import (
	"errors"
	"fmt"
	"strings"
)

// Code says what went wrong in the terms of a caller; pages and REST turn it
// into a status in one place each.
type Code string

// The codes, with the HTTP status they are answered with.
const (
	Invalid      Code = "invalid"      // 422: the input cannot be accepted
	Malformed    Code = "malformed"    // 400: the request cannot even be read
	Unauthorized Code = "unauthorized" // 401: nobody is signed in
	Forbidden    Code = "forbidden"    // 403: signed in, but not allowed
	NotFound     Code = "not_found"    // 404: not there, or in another workspace
	NoMethod     Code = "no_method"    // 405: the address knows other methods
	Conflict     Code = "conflict"     // 409: somebody changed it meanwhile, or it is taken
	Stopped      Code = "stopped"      // 409: a guard stopped it; a confirmation lets it pass
	TooLarge     Code = "too_large"    // 413: the body is over the limit
	Unsupported  Code = "unsupported"  // 415: not a kind of file or body we read
	Limited      Code = "limited"      // 429: too many tries
	Unavailable  Code = "unavailable"  // 503: try again in a moment
	Internal     Code = "internal"     // 500: ours to mend
)

// E is an error made for a person. Key names a sentence in the catalogues;
// Args fill it. Field is the name of the input it is about, if one.
type E struct {
	Code   Code
	Key    string
	Field  string
	Args   map[string]any
	Fields []*E  // further errors, one an input
	Err    error // the cause, for the log only
}

// Word is an argument that is itself a catalogue key, such as the name of a
// field; the renderer says it in the reader's language.
type Word string

// Error is for logs; people see the sentence of Key in their language.
func (e *E) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code) + ": " + e.Key)
	if e.Field != "" {
		b.WriteString(" (" + e.Field + ")")
	}
	if len(e.Args) > 0 {
		fmt.Fprintf(&b, " %v", e.Args)
	}
	for _, f := range e.Fields {
		b.WriteString("; " + f.Error())
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *E) Unwrap() error { return e.Err }

// New makes an error of a code; kv are pairs that fill the sentence.
func New(code Code, key string, kv ...any) *E {
	return &E{Code: code, Key: key, Args: args(kv)}
}

// Field makes an Invalid error about one input.
func Field(field, key string, kv ...any) *E {
	return &E{Code: Invalid, Key: key, Field: field, Args: args(kv)}
}

// Missing is the answer for a thing that is not there, or not in this
// workspace, or not to be seen by this member: the three look the same.
func Missing(kind string) *E {
	return New(NotFound, "err.not_found", "Kind", kind)
}

// With gives a copy that carries the cause for the log.
func (e *E) With(err error) *E {
	c := *e
	c.Err = err
	return &c
}

// Join gathers the errors of several inputs into one, nil if there are none.
func Join(list ...*E) error {
	var kept []*E
	for _, e := range list {
		if e != nil {
			kept = append(kept, e)
		}
	}
	switch len(kept) {
	case 0:
		return nil
	case 1:
		return kept[0]
	}
	return &E{Code: Invalid, Key: "err.several", Args: args([]any{"Count", len(kept)}), Fields: kept}
}

// As finds the *E in err; a foreign error becomes Internal.
func As(err error) *E {
	var e *E
	if errors.As(err, &e) {
		return e
	}
	return &E{Code: Internal, Key: "err.internal", Err: err}
}

// Is reports whether err carries the code.
func Is(err error, code Code) bool { return err != nil && As(err).Code == code }

func args(kv []any) map[string]any {
	if len(kv) == 0 {
		return nil
	}
	m := make(map[string]any, len(kv)/2)
	for i := 0; i+1 < len(kv); i += 2 {
		m[kv[i].(string)] = kv[i+1]
	}
	return m
}
