// Package searchhttp holds the search page and its endpoint.
package searchhttp

import (
	"embed"
	"io/fs"

	"kizuki/internal/search"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Handlers serves the page.
type Handlers struct{ svc *search.Service }

// New makes the handlers.
func New(svc *search.Service) *Handlers { return &Handlers{svc} }

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{{Method: "GET", Path: "/search", Need: who.Read, Handle: h.page}}
}
