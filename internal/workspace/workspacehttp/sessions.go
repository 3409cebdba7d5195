package workspacehttp

import (
	"net/http"

	"kizuki/internal/web"
	"kizuki/internal/web/words"
)

// endSession signs one of the member's browsers out; the one that asks goes to
// the gate.
func (h *Handlers) endSession(w http.ResponseWriter, r *http.Request) error {
	if err := h.svc.EndSession(remember(r), r.PathValue("ref")); err != nil {
		return err
	}
	return web.RedirectSaying(w, r, "/me", web.Toast{Text: words.T(r.Context(), "workspace.sessions.ended")})
}

func (h *Handlers) endOtherSessions(w http.ResponseWriter, r *http.Request) error {
	n, err := h.svc.EndOtherSessions(remember(r), web.SessionToken(r))
	if err != nil {
		return err
	}
	return web.RedirectSaying(w, r, "/me", web.Toast{Text: words.T(r.Context(), "workspace.sessions.ended_others", "Count", n)})
}
