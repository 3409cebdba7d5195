// Package timelinehttp holds the trail as people see it: the panel and the
// note box that other pages embed, the acts on notes, the inbox, and REST.
package timelinehttp

import (
	"context"
	"embed"
	"io/fs"
	"net/http"

	"github.com/a-h/templ"

	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Fields gives the custom fields, whose names and types the history needs.
type Fields interface {
	List(ctx context.Context) ([]field.Field, error)
}

// Directory finds people and teams for the completion of mentions.
type Directory interface {
	Directory(ctx context.Context, q string, limit int) ([]workspace.Person, error)
}

// Handlers serves the trail.
type Handlers struct {
	svc    *timeline.Service
	people Directory
	fields Fields
	// Files lets files be attached; without it nothing can be.
	Files Files
}

// Files is what the trail needs of the pages of attached files; app hands it in.
type Files struct {
	Src     string // where files are posted before their note
	MaxForm int64  // bytes of a form with files in it
	// Take keeps the files that came with a form and gives them after those the
	// form names. What it gives beside an error is kept.
	Take func(f web.Form, r *http.Request) ([]id.ID, error)
	// Chips draws files that wait for their note.
	Chips func(ctx context.Context, files []id.ID) (templ.Component, error)
}

// New makes the handlers. What organizations, rules, imports and tasks are
// called comes from the namers of svc ("organization", "rule", "import",
// "task"); sentences still work without them, only with less to say.
func New(svc *timeline.Service, people Directory, fields Fields) *Handlers {
	return &Handlers{svc: svc, people: people, fields: fields}
}

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/contracts/{id}/trail", Need: who.Read, Handle: h.trail},
		{Method: "POST", Path: "/contracts/{id}/notes", Need: who.Write, Handle: h.post, MaxBody: h.Files.MaxForm},
		{Method: "POST", Path: "/contracts/{id}/follow", Need: who.Self, Handle: h.follow},
		{Method: "GET", Path: "/notes/{id}", Need: who.Read, Handle: h.note},
		{Method: "GET", Path: "/notes/{id}/history", Need: who.Read, Handle: h.history},
		{Method: "GET", Path: "/notes/{id}/reply", Need: who.Write, Handle: h.reply},
		{Method: "GET", Path: "/notes/{id}/edit", Need: who.Write, Handle: h.editPage},
		{Method: "POST", Path: "/notes/{id}/edit", Need: who.Write, Handle: h.edit},
		{Method: "POST", Path: "/notes/{id}/delete", Need: who.Write, Handle: h.remove},
		{Method: "POST", Path: "/notes/{id}/restore", Need: who.Write, Handle: h.restore},
		{Method: "GET", Path: "/notes/{id}/readers", Need: who.Write, Handle: h.readersPage},
		{Method: "POST", Path: "/notes/{id}/readers", Need: who.Write, Handle: h.setReaders},
		{Method: "POST", Path: "/notes/{id}/pin", Need: who.Write, Handle: h.pin},
		{Method: "POST", Path: "/notes/{id}/unpin", Need: who.Write, Handle: h.unpin},
		{Method: "POST", Path: "/notes/{id}/hunch", Need: who.Write, Handle: h.hunch},
		{Method: "GET", Path: "/people", Need: who.Read, Handle: h.mention},
		{Method: "GET", Path: "/inbox", Need: who.Read, Handle: h.inbox},
		{Method: "POST", Path: "/inbox/read", Need: who.Self, Handle: h.markRead},
	}
}
