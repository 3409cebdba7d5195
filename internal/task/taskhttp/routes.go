// Package taskhttp holds the pages and endpoints of tasks, and the part of a
// contract's page that shows them.
package taskhttp

import (
	"context"
	"embed"
	"io/fs"
	"net/url"

	"kizuki/internal/cal"
	"kizuki/internal/task"
	"kizuki/internal/task/taskhttp/line"
	"kizuki/internal/task/taskhttp/list"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Origins names the rules behind tasks, by firing.
type Origins = line.Origins

// ListParts is what other features bring to the list of tasks.
type ListParts = list.Parts

// Rule is one that makes tasks.
type Rule = list.Rule

// Handlers serves the pages.
type Handlers struct {
	svc    *task.Service
	people *workspace.Service
	lines  line.Maker
	list   *list.Handlers
}

// New makes the handlers; origins may be nil.
func New(svc *task.Service, people *workspace.Service, origins Origins) *Handlers {
	lines := line.Maker{Origins: origins}
	return &Handlers{svc: svc, people: people, lines: lines, list: list.New(svc, people, lines)}
}

// With hands the list what other features bring to it.
func (h *Handlers) With(p ListParts) { h.list.Parts = p }

// Query reads the values of the list's address, days counted from today.
func Query(ctx context.Context, today cal.Date, values url.Values) (task.Query, error) {
	return list.Query(ctx, today, values)
}

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return append(h.list.Routes(), []web.Route{
		{Method: "POST", Path: "/tasks", Need: who.Write, Handle: h.create},
		{Method: "GET", Path: "/tasks/{id}", Need: who.Read, Handle: h.show},
		{Method: "POST", Path: "/tasks/{id}/done", Need: who.Write, Handle: h.done},
		{Method: "POST", Path: "/tasks/{id}/skip", Need: who.Write, Handle: h.skip},
		{Method: "POST", Path: "/tasks/{id}/reopen", Need: who.Write, Handle: h.reopen},
		{Method: "POST", Path: "/tasks/{id}/snooze", Need: who.Write, Handle: h.snooze},
		{Method: "POST", Path: "/tasks/{id}/edit", Need: who.Write, Handle: h.edit},
		{Method: "POST", Path: "/tasks/{id}/delete", Need: who.Write, Handle: h.remove},
	}...)
}
