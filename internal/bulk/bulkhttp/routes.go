// Package bulkhttp holds the pages and endpoints of changing many at once.
package bulkhttp

import (
	"context"
	"embed"
	"io/fs"

	"kizuki/internal/bulk"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Book says the values of what an act is about in words, and how they are
// typed; app hands one in for each target.
type Book interface {
	Label(ctx context.Context, name string) string
	Said(ctx context.Context, name string, v any) string
	Input(ctx context.Context, name, value string) ui.FieldProps
}

// Shelf opens a book with the attributes that can be changed, in order.
type Shelf func(ctx context.Context) (Book, []string, error)

// Handlers serves the pages.
type Handlers struct {
	svc   *bulk.Service
	books map[bulk.Target]Shelf
}

// New makes the handlers.
func New(svc *bulk.Service, books map[bulk.Target]Shelf) *Handlers { return &Handlers{svc, books} }

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/bulk", Need: who.Read, Handle: h.home},
		{Method: "POST", Path: "/bulk", Need: who.Write, Handle: h.choose},
		{Method: "GET", Path: "/bulk/{id}", Need: who.Read, Handle: h.show},
		{Method: "POST", Path: "/bulk/{id}/stage", Need: who.Write, Handle: h.stage},
		{Method: "POST", Path: "/bulk/{id}/apply", Need: who.Write, Handle: h.apply},
		{Method: "POST", Path: "/bulk/{id}/undo", Need: who.Write, Handle: h.undo},
	}
}
