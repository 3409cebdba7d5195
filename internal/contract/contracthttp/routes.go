// Package contracthttp holds the pages and endpoints about contracts: the
// list, the sheet of one contract, its forms and the people at the customer.
package contracthttp

import (
	"context"
	"embed"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"time"

	"github.com/a-h/templ"

	"kizuki/internal/api"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/contract/contracthttp/contacts"
	"kizuki/internal/contract/contracthttp/filter"
	"kizuki/internal/contract/contracthttp/list"
	"kizuki/internal/contract/contracthttp/rest"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Panel is a part of the contract's sheet that another feature brings. The
// request tells what of it is asked for; ctx carries the member.
type Panel func(ctx context.Context, c contract.Contract, r *http.Request) (templ.Component, error)

// ListParts is what features above the contract bring to its list.
type ListParts = list.Parts

// Said is the newest note about a contract.
type Said = list.Said

// Todo is what comes next with a contract.
type Todo = list.Todo

// Calendar is the team's fiscal calendar, with the stretches of days that have a
// name.
type Calendar = filter.Calendar

// Range is a stretch of days with a name.
type Range = filter.Range

// Origin tells who gave a value of a contract, and how old it is: since when a
// person has said so, or when its source last did.
type Origin struct {
	At     time.Time
	By     string // a member's name, a source's
	Member id.ID
	Import bool
}

// Parts is what features above the contract bring to its pages. Any of them
// may be nil.
type Parts struct {
	Trail   Panel
	NoteBox Panel
	History Panel   // who changed what; reads ?field=
	Asides  []Panel // below the facts
	ByOwner Panel   // beside the owner
	// Origins gives the origin of each attribute of a contract; of some it is not
	// known.
	Origins func(ctx context.Context, c contract.Contract) (func(name string) (Origin, bool), error)
	List    ListParts
	// Post writes the first note of a contract made on the empty page.
	Post func(ctx context.Context, contract id.ID, body string) error
}

// Handlers serves the pages.
type Handlers struct {
	svc    *contract.Service
	sides  *contact.Service // the people at the customer
	orgs   *org.Service
	fields *field.Service
	people *workspace.Service
	parts  Parts
}

// New makes the handlers.
func New(svc *contract.Service, sides *contact.Service, orgs *org.Service, fields *field.Service, people *workspace.Service, parts Parts) *Handlers {
	return &Handlers{svc: svc, sides: sides, orgs: orgs, fields: fields, people: people, parts: parts}
}

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	parts := h.parts.List
	parts.Begin = h.begin
	return slices.Concat([]web.Route{
		{Method: "GET", Path: "/contracts/export.csv", Need: who.Read, Handle: rest.Export(h.svc, web.BOM)},
		{Method: "GET", Path: "/contracts/new", Need: who.Write, Handle: h.newPage},
		{Method: "POST", Path: "/contracts/new", Need: who.Write, Handle: h.create},
		{Method: "POST", Path: "/contracts/first", Need: who.Write, Handle: h.first},

		{Method: "GET", Path: "/contracts/{id}", Need: who.Read, Handle: h.sheet},
		{Method: "GET", Path: "/contracts/{id}/history", Need: who.Read, Handle: h.history},
		{Method: "GET", Path: "/contracts/{id}/edit", Need: who.Write, Handle: h.editPage},
		{Method: "POST", Path: "/contracts/{id}/edit", Need: who.Write, Handle: h.edit},
		{Method: "GET", Path: "/contracts/{id}/edit/{field}", Need: who.Write, Handle: h.cellPage},
		{Method: "POST", Path: "/contracts/{id}/edit/{field}", Need: who.Write, Handle: h.saveCell},
		{Method: "POST", Path: "/contracts/{id}/outlook", Need: who.Write, Handle: h.saveOutlook},

		{Method: "GET", Path: "/contracts/{id}/end", Need: who.Write, Handle: h.endPage},
		{Method: "POST", Path: "/contracts/{id}/end", Need: who.Write, Handle: h.end},
		{Method: "POST", Path: "/contracts/{id}/reopen", Need: who.Write, Handle: h.act(h.svc.Reopen, "reopened", "")},
		{Method: "GET", Path: "/contracts/{id}/archive", Need: who.Write, Handle: h.archivePage},
		{Method: "POST", Path: "/contracts/{id}/archive", Need: who.Write, Handle: h.act(h.svc.Archive, "archived", "unarchive")},
		{Method: "POST", Path: "/contracts/{id}/unarchive", Need: who.Write, Handle: h.act(h.svc.Unarchive, "unarchived", "")},

		{Method: "GET", Path: "/contracts/{id}/readers", Need: who.Write, Handle: h.readersPage},
		{Method: "POST", Path: "/contracts/{id}/readers", Need: who.Write, Handle: h.setReaders},

		{Method: "POST", Path: "/contracts/{id}/split", Need: who.Write, Handle: h.split},
	}, list.New(h.svc, h.orgs, h.fields, h.people, parts).Routes(), contacts.New(h.svc, h.sides).Routes())
}

// Phases are those in use, behind the suggested ones.
func Phases(ctx context.Context, svc *contract.Service) ([]string, error) {
	return book.Phases(ctx, svc)
}

// API adds the endpoints.
func (h *Handlers) API(a *api.API) { rest.New(h.svc, h.sides, h.people, h.ages).Add(a) }

// WriteCSV writes every contract with every field: the page, REST and the
// command line share it.
func WriteCSV(ctx context.Context, svc *contract.Service, w io.Writer) error {
	return rest.WriteCSV(ctx, svc, w)
}
