// Package handoverhttp holds the pages and endpoints of handovers and covers:
// giving contracts away, what the new owner finds on Today, who stands in for
// whom, and how much everybody has in hand.
package handoverhttp

import (
	"embed"
	"io/fs"

	"kizuki/internal/contract"
	"kizuki/internal/handover"
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
	svc       *handover.Service
	contracts *contract.Service
	people    *workspace.Service
}

// New makes the handlers.
func New(svc *handover.Service, contracts *contract.Service, people *workspace.Service) *Handlers {
	return &Handlers{svc: svc, contracts: contracts, people: people}
}

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/handover", Need: who.Read, Handle: h.page},
		{Method: "POST", Path: "/handover", Need: who.Write, Handle: h.give},
		{Method: "POST", Path: "/handover/preview", Need: who.Write, Handle: h.preview},
		{Method: "GET", Path: "/handover/mine", Need: who.Read, Handle: h.mine},
		{Method: "GET", Path: "/handover/acts/{id}", Need: who.Read, Handle: h.act},
		{Method: "POST", Path: "/handover/acts/{id}/undo", Need: who.Write, Handle: h.undo},

		{Method: "POST", Path: "/handovers/{id}/settle", Need: who.Self, Handle: h.settle},
		{Method: "POST", Path: "/handovers/{id}/unsettle", Need: who.Self, Handle: h.unsettle},
		{Method: "POST", Path: "/handovers/{id}/take", Need: who.Write, Handle: h.take},
		{Method: "POST", Path: "/handovers/{id}/give-back", Need: who.Write, Handle: h.giveBack},

		{Method: "GET", Path: "/covers", Need: who.Read, Handle: h.covers},
		{Method: "POST", Path: "/covers", Need: who.Write, Handle: h.setCover},
		{Method: "GET", Path: "/covers/{id}", Need: who.Read, Handle: h.meanwhile},
		{Method: "POST", Path: "/covers/{id}/end", Need: who.Write, Handle: h.endCover},
		{Method: "POST", Path: "/covers/{id}/delete", Need: who.Write, Handle: h.deleteCover},
		{Method: "POST", Path: "/covers/{id}/read", Need: who.Self, Handle: h.readCover},
		{Method: "POST", Path: "/covers/{id}/unread", Need: who.Self, Handle: h.unreadCover},
	}
}
