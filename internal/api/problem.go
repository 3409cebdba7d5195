package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/errs"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
)

// Problem is RFC 9457: what every error of the API looks like.
type Problem struct {
	Type     string          `json:"type" doc:"about:blank: code says what it is"`
	Title    string          `json:"title"`
	Status   int             `json:"status"`
	Detail   string          `json:"detail" doc:"a sentence for people, in the member's language"`
	Code     string          `json:"code" doc:"invalid, not_found, conflict … for programs"`
	Key      string          `json:"key,omitempty" doc:"the exact reason, for programs"`
	Instance string          `json:"instance,omitempty" doc:"id of the request in the log"`
	Errors   []ProblemDetail `json:"errors,omitempty"`
}

// ProblemDetail is one input that is wrong.
type ProblemDetail struct {
	Field  string         `json:"field" doc:"path of the input"`
	Detail string         `json:"detail"`
	Key    string         `json:"key,omitempty"`
	Args   map[string]any `json:"args,omitempty" doc:"with a conflict: theirs and yours"`
}

// Error makes a Problem a huma.StatusError.
func (p *Problem) Error() string { return fmt.Sprintf("%d %s", p.Status, p.Detail) }

// GetStatus makes a Problem a huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType names the problem format.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// problem turns an error of a service into what the caller sees; internal
// ones are logged with the request id.
func (a *API) problem(ctx context.Context, err error) *Problem {
	e := web.Explain(err)
	if e.Code == errs.Internal || e.Code == errs.Unavailable {
		a.log.Error("failed", "id", web.RequestID(ctx), "error", err)
	}
	p := &Problem{Type: "about:blank", Status: web.Status(e.Code), Code: string(e.Code), Key: e.Key,
		Detail: web.Sentence(ctx, e), Instance: web.RequestID(ctx)}
	p.Title = http.StatusText(p.Status)
	fields := e.Fields
	if len(fields) == 0 && (e.Field != "" || len(e.Args) > 0) {
		fields = []*errs.E{e}
	}
	for _, f := range fields {
		p.Errors = append(p.Errors, ProblemDetail{Field: f.Field, Detail: web.Sentence(ctx, f), Key: f.Key, Args: f.Args})
	}
	return p
}

// write answers a problem outside huma.
func (a *API) write(w http.ResponseWriter, r *http.Request, err error) {
	p := a.problem(r.Context(), err)
	w.Header().Set("Content-Type", "application/problem+json")
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="kizuki"`)
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller may be gone
}

var codes = map[int]errs.Code{400: errs.Malformed, 401: errs.Unauthorized, 403: errs.Forbidden, 404: errs.NotFound,
	405: errs.NoMethod, 409: errs.Conflict, 413: errs.TooLarge, 415: errs.Unsupported, 422: errs.Invalid,
	406: errs.Unsupported, 408: errs.Malformed, 503: errs.Unavailable}

func init() { huma.NewErrorWithContext = newProblem } // one for the process: several apps may stand in it

// newProblem is what huma's own validation answers with.
func newProblem(c huma.Context, status int, msg string, list ...error) huma.StatusError {
	code, ok := codes[status]
	if !ok {
		code, status = errs.Internal, http.StatusInternalServerError
	}
	p := &Problem{Type: "about:blank", Status: status, Title: http.StatusText(status), Code: string(code), Detail: msg}
	ctx := context.Background()
	if c != nil {
		ctx = c.Context()
		p.Instance = web.RequestID(ctx)
		p.Detail = words.T(ctx, "err.api."+string(code))
	}
	for _, err := range list {
		if err != nil {
			p.Errors = append(p.Errors, detail(ctx, err))
		}
	}
	return p
}
