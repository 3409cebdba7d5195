// Package viewhttp holds the pages and endpoints of saved views, and the strip
// of them that a list shows.
package viewhttp

import (
	"embed"
	"io/fs"

	"kizuki/internal/view"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Handlers serves the pages.
type Handlers struct{ svc *view.Service }

// New makes the handlers.
func New(svc *view.Service) *Handlers { return &Handlers{svc} }

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "POST", Path: "/views", Need: who.Self, Handle: h.create},
		{Method: "GET", Path: "/views/{id}", Need: who.Read, Handle: h.open},
		{Method: "GET", Path: "/views/{id}/edit", Need: who.Self, Handle: h.editPage},
		{Method: "POST", Path: "/views/{id}", Need: who.Self, Handle: h.update},
		{Method: "POST", Path: "/views/{id}/query", Need: who.Self, Handle: h.overwrite},
		{Method: "POST", Path: "/views/{id}/delete", Need: who.Self, Handle: h.delete},
		{Method: "POST", Path: "/views/{id}/restore", Need: who.Self, Handle: h.restore},
	}
}
