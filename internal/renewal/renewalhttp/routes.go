// Package renewalhttp holds the pages and endpoints by which people record how
// a term of a contract ended, and the part of the contract's page that shows
// its terms.
package renewalhttp

import (
	"context"
	"embed"
	"io/fs"

	"kizuki/internal/contract"
	"kizuki/internal/id"
	"kizuki/internal/renewal"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Sign is a note that may have been the earliest sign: its words, who wrote
// them and when, as people say it.
type Sign struct {
	Note           id.ID
	Text, By, When string
}

// Parts is what other features bring; any of them may be nil.
type Parts struct {
	// Signs gives the notes of a contract that may have been the earliest sign of
	// its end, the oldest first.
	Signs func(ctx context.Context, contract id.ID) ([]Sign, error)
	// Names gives the short names of members.
	Names func(ctx context.Context) (map[id.ID]string, error)
}

// Handlers serves the pages.
type Handlers struct {
	svc       *renewal.Service
	contracts *contract.Service
	parts     Parts
}

// New makes the handlers.
func New(svc *renewal.Service, contracts *contract.Service, parts Parts) *Handlers {
	return &Handlers{svc: svc, contracts: contracts, parts: parts}
}

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/contracts/{id}/renew", Need: who.Write, Handle: h.page},
		{Method: "POST", Path: "/contracts/{id}/renew", Need: who.Write, Handle: h.record},
		{Method: "GET", Path: "/contracts/{id}/amend", Need: who.Write, Handle: h.amendPage},
		{Method: "POST", Path: "/contracts/{id}/amend", Need: who.Write, Handle: h.amend},
		{Method: "POST", Path: "/contracts/{id}/amend/{day}/undo", Need: who.Write, Handle: h.unamend},
		{Method: "POST", Path: "/renewals/{id}/undo", Need: who.Write, Handle: h.undo},
		{Method: "GET", Path: "/settings/reasons", Need: who.Administer, Handle: h.reasons},
		{Method: "POST", Path: "/settings/reasons", Need: who.Administer, Handle: h.setReasons},
	}
}
