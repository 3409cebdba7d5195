// Package workspacehttp holds the pages and endpoints about people: setting
// up, signing in, members, teams, invitations, tokens, one's own page.
package workspacehttp

import (
	"context"
	"embed"
	"io/fs"

	"github.com/a-h/templ"

	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Jobs is what the settings show of the queue.
type Jobs interface {
	Dead(ctx context.Context) ([]job.Job, error)
	Retry(ctx context.Context, jobID id.ID) error
}

// Handlers serves the pages. Hint is shown on the sign-in page: the demo tells
// there how to get in. Mine are parts that other features bring to one's own
// page.
type Handlers struct {
	svc  *workspace.Service
	jobs Jobs
	Hint templ.Component
	Mine []func(ctx context.Context) (templ.Component, error)
}

// New makes the handlers.
func New(svc *workspace.Service, jobs Jobs) *Handlers { return &Handlers{svc: svc, jobs: jobs} }

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/{$}", Need: who.Read, Handle: h.home},
		{Method: "GET", Path: "/setup", Need: who.Nothing, Handle: h.setupPage},
		{Method: "POST", Path: "/setup", Need: who.Nothing, Handle: h.setup},
		{Method: "GET", Path: "/signin", Need: who.Nothing, Handle: h.signInPage},
		{Method: "POST", Path: "/signin", Need: who.Nothing, Handle: h.signIn},
		{Method: "GET", Path: "/signin/code", Need: who.Nothing, Handle: h.codePage},
		{Method: "POST", Path: "/signin/code", Need: who.Nothing, Handle: h.code},
		{Method: "GET", Path: "/forgot", Need: who.Nothing, Handle: h.forgotPage},
		{Method: "POST", Path: "/forgot", Need: who.Nothing, Handle: h.forgot},
		{Method: "GET", Path: "/reset/{token}", Need: who.Nothing, Handle: h.resetPage},
		{Method: "POST", Path: "/reset/{token}", Need: who.Nothing, Handle: h.reset},
		{Method: "POST", Path: "/signout", Need: who.Nothing, Handle: h.signOut},
		{Method: "POST", Path: "/language", Need: who.Nothing, Handle: h.language},
		{Method: "GET", Path: "/invite/{token}", Need: who.Nothing, Handle: h.invitePage},
		{Method: "POST", Path: "/invite/{token}", Need: who.Nothing, Handle: h.accept},

		{Method: "GET", Path: "/more", Need: who.Read, Handle: h.more},
		{Method: "GET", Path: "/me", Need: who.Read, Handle: h.me},
		{Method: "POST", Path: "/me", Need: who.Self, Handle: h.saveMe},
		{Method: "POST", Path: "/me/workspace", Need: who.Self, Handle: h.switchWorkspace},
		{Method: "POST", Path: "/me/sessions/end", Need: who.Self, Handle: h.endOtherSessions},
		{Method: "POST", Path: "/me/sessions/{ref}/end", Need: who.Self, Handle: h.endSession},
		{Method: "GET", Path: "/me/totp", Need: who.Self, Handle: h.totpPage},
		{Method: "POST", Path: "/me/totp", Need: who.Self, Handle: h.beginTOTP},
		{Method: "POST", Path: "/me/totp/confirm", Need: who.Self, Handle: h.confirmTOTP},
		{Method: "POST", Path: "/me/totp/change", Need: who.Self, Handle: h.changeTOTP},
		{Method: "POST", Path: "/me/tokens", Need: who.Self, Handle: h.createToken},
		{Method: "POST", Path: "/tokens/{id}/revoke", Need: who.Self, Handle: h.revokeToken},

		{Method: "GET", Path: "/members", Need: who.Read, Handle: h.members},
		{Method: "POST", Path: "/members/invite", Need: who.Administer, Handle: h.invite},
		{Method: "POST", Path: "/members/{id}/role", Need: who.Administer, Handle: h.setRole},
		{Method: "POST", Path: "/members/{id}/remove", Need: who.Administer, Handle: h.remove},
		{Method: "POST", Path: "/members/{id}/totp", Need: who.Administer, Handle: h.resetTOTP},
		{Method: "POST", Path: "/invites/{id}/revoke", Need: who.Administer, Handle: h.revokeInvite},
		{Method: "POST", Path: "/units", Need: who.Administer, Handle: h.createUnit},
		{Method: "POST", Path: "/units/{id}", Need: who.Administer, Handle: h.saveUnit},
		{Method: "POST", Path: "/units/{id}/leads", Need: who.Lead, Handle: h.saveLeads},
		{Method: "POST", Path: "/units/{id}/delete", Need: who.Administer, Handle: h.deleteUnit},

		{Method: "GET", Path: "/settings", Need: who.Administer, Handle: h.settings},
		{Method: "POST", Path: "/settings", Need: who.Administer, Handle: h.saveSettings},
		{Method: "POST", Path: "/jobs/{id}/retry", Need: who.Administer, Handle: h.retryJob},
	}
}
