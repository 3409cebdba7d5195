package api

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of the readable page and of what validation says.
func Words() fs.FS { return words.Sub(catalogue) }

func init() { words.Add(Words()) } // every endpoint speaks through it

// Routes is the readable page about the API; huma's own load from elsewhere.
func (a *API) Routes() []web.Route {
	return []web.Route{{Method: "GET", Path: "/api/docs", Need: who.Nothing, Handle: a.docs}}
}

func (a *API) docs(w http.ResponseWriter, r *http.Request) error {
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(r.Context(), "api.title")}, docsPage(a.groups()))
}

// group is the endpoints of one tag.
type group struct {
	tag   string
	items []doc
}

// doc is what the page says of one endpoint.
type doc struct {
	id, method, path, summary, description string
	need                                   who.Need
	params                                 []param
	body                                   string // an example of the JSON
}

type param struct{ name, in, kind, doc string }

var methods = []string{"GET", "POST", "PATCH", "PUT", "DELETE"}

func (a *API) groups() []group {
	byTag := map[string][]doc{}
	for _, e := range a.table {
		op := operation(a.OpenAPI().Paths[e.Path], e.Method)
		if op == nil {
			continue
		}
		tag := "Other"
		if len(op.Tags) > 0 {
			tag = op.Tags[0]
		}
		byTag[tag] = append(byTag[tag], a.describe(e, op))
	}
	var out []group
	for tag, items := range byTag {
		slices.SortFunc(items, func(x, y doc) int {
			return strings.Compare(x.path, y.path)*10 + slices.Index(methods, x.method) - slices.Index(methods, y.method)
		})
		out = append(out, group{tag, items})
	}
	slices.SortFunc(out, func(x, y group) int { return strings.Compare(x.tag, y.tag) })
	return out
}

func operation(p *huma.PathItem, method string) *huma.Operation {
	if p == nil {
		return nil
	}
	return map[string]*huma.Operation{"GET": p.Get, "POST": p.Post, "PATCH": p.Patch, "PUT": p.Put, "DELETE": p.Delete}[method]
}

func (a *API) describe(e Endpoint, op *huma.Operation) doc {
	d := doc{id: op.OperationID, method: e.Method, path: e.Path, summary: op.Summary, description: op.Description, need: e.Need}
	for _, p := range op.Parameters {
		kind := ""
		if p.Schema != nil {
			kind = p.Schema.Type
		}
		text := p.Description
		if text == "" && p.Schema != nil {
			text = p.Schema.Description
		}
		d.params = append(d.params, param{p.Name, p.In, kind, text})
	}
	if op.RequestBody != nil {
		for kind, media := range op.RequestBody.Content {
			d.body = kind
			if media.Schema != nil && strings.Contains(kind, "json") {
				raw, _ := json.MarshalIndent(a.example(media.Schema, 0), "", "  ")
				d.body = string(raw)
			}
		}
	}
	return d
}

// example draws a schema as JSON, each value replaced by the name of its type.
func (a *API) example(s *huma.Schema, depth int) any {
	if s.Ref != "" {
		s = a.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	switch {
	case s == nil || depth > 4:
		return "…"
	case s.Type == "array":
		return []any{a.example(s.Items, depth+1)}
	case s.Type == "object" && len(s.Properties) > 0:
		out := map[string]any{}
		for name, p := range s.Properties {
			if name != "$schema" {
				out[name] = a.example(p, depth+1)
			}
		}
		return out
	case len(s.Enum) > 0:
		list := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			list[i], _ = v.(string)
		}
		return strings.Join(list, " | ")
	case s.Type == "object":
		return map[string]any{}
	}
	return s.Type
}
