// Package taskhttp holds the pages and endpoints of tasks, and the part of a
// contract's page that shows them.
package taskhttp

import (
	"context"
	"embed"
	"io/fs"
	"net/url"

	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"

	"github.com/a-h/templ"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Origins names the rules behind tasks, by firing.
type Origins interface {
	Origins(ctx context.Context, firings []id.ID) (map[id.ID]string, error)
}

// Handlers serves the pages.
type Handlers struct {
	svc     *task.Service
	people  *workspace.Service
	origins Origins
	// Views gives the saved views of the list as tabs, and what can be done with the
	// way q looks at it; app hands it in.
	Views func(ctx context.Context, q url.Values) ([]ui.Tab, templ.Component, error)
}

// New makes the handlers; origins may be nil.
func New(svc *task.Service, people *workspace.Service, origins Origins) *Handlers {
	return &Handlers{svc: svc, people: people, origins: origins}
}

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/tasks", Need: who.Read, Handle: h.list},
		{Method: "POST", Path: "/tasks", Need: who.Write, Handle: h.create},
		{Method: "GET", Path: "/tasks/{id}", Need: who.Read, Handle: h.show},
		{Method: "POST", Path: "/tasks/{id}/done", Need: who.Write, Handle: h.done},
		{Method: "POST", Path: "/tasks/{id}/skip", Need: who.Write, Handle: h.skip},
		{Method: "POST", Path: "/tasks/{id}/reopen", Need: who.Write, Handle: h.reopen},
		{Method: "POST", Path: "/tasks/{id}/snooze", Need: who.Write, Handle: h.snooze},
		{Method: "POST", Path: "/tasks/{id}/edit", Need: who.Write, Handle: h.edit},
		{Method: "POST", Path: "/tasks/{id}/delete", Need: who.Write, Handle: h.remove},
	}
}
