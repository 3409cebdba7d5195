// Package rulehttp holds the pages and endpoints of countdown rules.
package rulehttp

import (
	"embed"
	"io/fs"

	"kizuki/internal/field"
	"kizuki/internal/rule"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Handlers serves the pages.
type Handlers struct {
	svc    *rule.Service
	people *workspace.Service
	fields *field.Service
}

// New makes the handlers.
func New(svc *rule.Service, people *workspace.Service, fields *field.Service) *Handlers {
	return &Handlers{svc: svc, people: people, fields: fields}
}

// Routes is the table of pages. Who may change a rule, its owner or an admin,
// the service knows.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/rules", Need: who.Read, Handle: h.list},
		{Method: "GET", Path: "/rules/new", Need: who.Write, Handle: h.fresh},
		{Method: "POST", Path: "/rules", Need: who.Write, Handle: h.create},
		{Method: "GET", Path: "/rules/{id}", Need: who.Read, Handle: h.show},
		{Method: "POST", Path: "/rules/{id}", Need: who.Write, Handle: h.save},
		{Method: "POST", Path: "/rules/{id}/live", Need: who.Write, Handle: h.live},
		{Method: "POST", Path: "/rules/{id}/pause", Need: who.Write, Handle: h.pause},
		{Method: "POST", Path: "/rules/{id}/delete", Need: who.Write, Handle: h.remove},
		{Method: "POST", Path: "/rules/budget", Need: who.Administer, Handle: h.setBudget},
		{Method: "GET", Path: "/load", Need: who.Read, Handle: h.load},
	}
}
