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

// Handlers serves the page and the palette.
type Handlers struct {
	svc      *search.Service
	commands []Command
}

// New makes the handlers; the commands are those of the palette, in their order.
func New(svc *search.Service, commands []Command) *Handlers { return &Handlers{svc, commands} }

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/search", Need: who.Read, Handle: h.page},
		{Method: "GET", Path: "/palette", Need: who.Read, Handle: h.palette},
		{Method: "GET", Path: "/palette/found", Need: who.Read, Handle: h.found},
	}
}
