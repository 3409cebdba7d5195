// Package api is the frame of REST: OpenAPI 3.1 made from the Go types,
// bearer tokens, RFC 9457 problems, paging. It knows no feature.
package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// Prefix is where the API lives.
const Prefix = "/api/v1"

// Endpoint is one line of the table of endpoints, beside web.Route.
type Endpoint struct {
	Method string
	Path   string // with Prefix
	Need   who.Need
}

// API is the mux of all endpoints.
type API struct {
	mux    *http.ServeMux
	huma   huma.API
	table  []Endpoint
	bearer func(ctx context.Context, token string) (who.Actor, error)
	log    *slog.Logger
	naming string // the operation being registered
}

// New makes the API. bearer finds the member behind a token; errs.Unauthorized
// if there is none.
func New(version string, log *slog.Logger, bearer func(ctx context.Context, token string) (who.Actor, error)) *API {
	a := &API{mux: http.NewServeMux(), bearer: bearer, log: log}
	c := huma.DefaultConfig("Kizuki", version)
	c.OpenAPIPath = Prefix + "/openapi"
	c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", nil
	c.Info.Description = "Ids are strings. Lists answer {\"items\": […], \"next\": \"…\"}; give next back as cursor. " +
		"Errors are application/problem+json."
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer"}}
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", a.schemaName)
	a.huma = humago.New(a.mux, c)
	return a
}

// OpenAPI is the document, for the readable page.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

// Table is every endpoint, for the test that walks role × route × workspace.
func (a *API) Table() []Endpoint { return a.table }

// Add registers an endpoint under Prefix. It panics on an endpoint without a
// need: that is a mistake of the program, found at its start.
func Add[I, O any](a *API, need who.Need, op huma.Operation, h func(ctx context.Context, in *I) (*O, error)) {
	if !need.Valid() || need == who.Nothing {
		panic(fmt.Sprintf("api: %s %s does not say what it needs", op.Method, op.Path))
	}
	op.Path = Prefix + op.Path
	a.table = append(a.table, Endpoint{op.Method, op.Path, need})
	op.Security = []map[string][]string{{"bearer": {}}}
	if op.Errors == nil {
		op.Errors = []int{401, 403, 404, 409, 422}
	}
	a.naming = op.OperationID
	op.Middlewares = append(huma.Middlewares{a.guard(need)}, op.Middlewares...)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return out, nil
	})
}

// schemaName names the schemas of OpenAPI: every feature may call its types
// JSON and its bodies Body, so the package or the operation goes before.
func (a *API) schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" || strings.Contains(t.Name(), "[") {
		if strings.HasPrefix(hint, "List[") {
			return camel(a.naming) + "Page"
		}
		return camel(a.naming) + camel(hint)
	}
	pkg := strings.TrimSuffix(path.Base(t.PkgPath()), "http")
	return camel(pkg) + strings.TrimSuffix(camel(t.Name()), "JSON")
}

// camel makes one word of several: list-fields becomes ListFields.
func camel(s string) string {
	var b strings.Builder
	up := true
	for _, r := range s {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			up = true
		case up:
			b.WriteRune(unicode.ToUpper(r))
			up = false
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// guard refuses before the body is read, so that nobody learns from
// validation what they may not know.
func (a *API) guard(need who.Need) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		if _, err := who.Check(c.Context(), need); err != nil {
			r, w := humago.Unwrap(c)
			a.write(w, r, err)
			return
		}
		next(c)
	}
}

// Handler serves the API: who is asking first, then the endpoint; what the
// mux does not know is a problem, too.
func (a *API) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		actor, err := a.identify(r)
		lang := actor.Lang
		if lang == "" {
			lang = words.Match(r.Header.Get("Accept-Language"))
		}
		ctx := words.With(who.With(r.Context(), actor), words.Locale{Lang: lang, Zone: actor.Zone})
		r = r.WithContext(ctx)
		if err != nil {
			a.write(w, r, err)
			return
		}
		if _, pattern := a.mux.Handler(r); pattern == "" {
			a.write(w, r, a.unknown(w, r))
			return
		}
		a.mux.ServeHTTP(w, r)
	})
}

func (a *API) identify(r *http.Request) (who.Actor, error) {
	h := r.Header.Get("Authorization")
	if h == "" {
		return who.Actor{}, nil
	}
	scheme, token, _ := strings.Cut(h, " ")
	if !strings.EqualFold(scheme, "bearer") || strings.TrimSpace(token) == "" {
		return who.Actor{}, errs.New(errs.Unauthorized, "err.token")
	}
	return a.bearer(r.Context(), strings.TrimSpace(token))
}

func (a *API) unknown(w http.ResponseWriter, r *http.Request) error {
	var allow []string
	for _, m := range []string{"GET", "POST", "PATCH", "PUT", "DELETE"} {
		other := r.Clone(r.Context())
		other.Method = m
		if _, pattern := a.mux.Handler(other); pattern != "" {
			allow = append(allow, m)
		}
	}
	if len(allow) > 0 {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		return errs.New(errs.NoMethod, "err.no_method")
	}
	return errs.Missing("endpoint")
}

// List is the answer of every list: Next is the cursor of the next page, ""
// at the end.
type List[T any] struct {
	Body struct {
		Items []T    `json:"items"`
		Next  string `json:"next"`
	}
}

// NewList makes the answer of a list; items is never null.
func NewList[T any](items []T, next string) *List[T] {
	var l List[T]
	l.Body.Items = items
	if items == nil {
		l.Body.Items = []T{}
	}
	l.Body.Next = next
	return &l
}

// One is the answer of an endpoint that gives one thing.
type One[T any] struct{ Body T }

// NewOne wraps the thing.
func NewOne[T any](v T) *One[T] { return &One[T]{v} }

// Instant is a moment in JSON: RFC 3339 UTC, null for none.
func Instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// Paging is embedded by the input of every list. An empty cursor is none.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items at most"`
	Cursor string `query:"cursor" doc:"next of the page before"`
}

// Raw registers an endpoint that reads its request itself (uploads,
// downloads): the same table, the same guard, the same problems. op is what
// OpenAPI says of it.
func (a *API) Raw(need who.Need, op huma.Operation, h web.Handler) {
	if !need.Valid() || need == who.Nothing {
		panic(fmt.Sprintf("api: %s %s does not say what it needs", op.Method, op.Path))
	}
	op.Path = Prefix + op.Path
	a.table = append(a.table, Endpoint{op.Method, op.Path, need})
	op.Security = []map[string][]string{{"bearer": {}}}
	a.huma.OpenAPI().AddOperation(&op)
	a.mux.HandleFunc(op.Method+" "+op.Path, func(w http.ResponseWriter, r *http.Request) {
		_, err := who.Check(r.Context(), need)
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			a.write(w, r, err)
		}
	})
}

// Patch is the body of every PATCH: what to set, and optionally what it was;
// another present value is answered by 409 with theirs and yours.
type Patch struct {
	Set map[string]any `json:"set" doc:"attribute → new value"`
	Was map[string]any `json:"was,omitempty" doc:"attribute → the value you saw"`
}

// PathID reads an id from the path; what is no id is simply not there.
func PathID(s string) (id.ID, error) {
	v, err := id.Parse(s)
	if err != nil {
		return 0, errs.Missing("endpoint")
	}
	return v, nil
}
