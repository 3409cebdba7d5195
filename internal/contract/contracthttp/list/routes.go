// Package list holds the list of contracts: its filter that reads as a sentence,
// its ready and saved views, its columns and groups.
package list

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/filter"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/web"
	"kizuki/internal/web/sheet"
	"kizuki/internal/web/ui"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// Said is the newest note about a contract.
type Said struct {
	Text, By string
	At       time.Time
	Hunch    string // "", bad, good
}

// Todo is what comes next with a contract.
type Todo struct {
	Title string
	Owner id.ID
	Due   cal.Date
}

// Parts is what features above the contract bring to the list. Any of them may
// be nil.
type Parts struct {
	// LastWords gives the newest note of each contract that the member may read.
	LastWords func(ctx context.Context, ids []id.ID) (map[id.ID]Said, error)
	// Next gives the task that comes next of each contract, Hunches its newest
	// hunch that the member may read.
	Next    func(ctx context.Context, ids []id.ID) (map[id.ID]Todo, error)
	Hunches func(ctx context.Context, ids []id.ID) (map[id.ID]Said, error)
	// Calendar is that of the team on a day.
	Calendar func(ctx context.Context, today cal.Date) (filter.Calendar, error)
	// Views gives the saved views of the list as tabs, and what can be done with the
	// way q looks at it.
	Views func(ctx context.Context, q url.Values) ([]ui.Tab, templ.Component, error)
	// Sources tells when rows were last imported, and from which source.
	Sources func(ctx context.Context) (time.Time, string, error)
	// Begin answers in place of the list while there is no contract at all.
	Begin web.Handler
}

// Handlers serves the list.
type Handlers struct {
	svc    *contract.Service
	orgs   *org.Service
	fields *field.Service
	people *workspace.Service
	parts  Parts
}

// New makes the handlers.
func New(svc *contract.Service, orgs *org.Service, fields *field.Service, people *workspace.Service, parts Parts) *Handlers {
	return &Handlers{svc: svc, orgs: orgs, fields: fields, people: people, parts: parts}
}

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	routes := []web.Route{{Method: http.MethodGet, Path: "/contracts", Need: who.Read, Handle: h.list}}
	for _, kind := range sheet.Kinds {
		routes = append(routes, web.Route{Method: http.MethodGet, Path: "/contracts/shown." + kind, Need: who.Read, Handle: h.export(kind)})
	}
	return routes
}
