// Package intakehttp holds the pages and endpoints of imports.
package intakehttp

import (
	"embed"
	"io/fs"

	"kizuki/internal/intake"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// place is where imports live in the rail.
const place = "/imports"

// Handlers serves the pages.
type Handlers struct{ svc *intake.Service }

// New makes the handlers.
func New(svc *intake.Service) *Handlers { return &Handlers{svc} }

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/imports", Need: who.Read, Handle: h.home},
		{Method: "GET", Path: "/import", Need: who.Write, Handle: h.toHome},
		{Method: "POST", Path: "/import", Need: who.Write, Handle: h.upload, MaxBody: intake.MaxFile + 1<<20},
		{Method: "GET", Path: "/imports/{id}", Need: who.Read, Handle: h.show},
		{Method: "GET", Path: "/imports/{id}/errors.csv", Need: who.Read, Handle: h.errorFile},
		{Method: "POST", Path: "/imports/{id}/mapping", Need: who.Write, Handle: h.remap},
		{Method: "POST", Path: "/imports/{id}/successions", Need: who.Write, Handle: h.succeed},
		{Method: "POST", Path: "/imports/{id}/successions/undo", Need: who.Write, Handle: h.unsucceed},
		{Method: "POST", Path: "/imports/{id}/apply", Need: who.Write, Handle: h.apply},
		{Method: "POST", Path: "/imports/{id}/undo", Need: who.Write, Handle: h.undo},
		{Method: "POST", Path: "/imports/{id}/drop", Need: who.Write, Handle: h.drop},
		{Method: "POST", Path: "/absent/{source}/{contract}/review", Need: who.Write, Handle: h.review},
	}
}
