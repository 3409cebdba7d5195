package workspacehttp

import (
	"net/http"
	"net/url"

	"kizuki/internal/errs"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
)

// stepCookie holds what the right password gave until the code is typed.
const stepCookie = "kizuki_step"

func (h *Handlers) codePage(w http.ResponseWriter, r *http.Request) error {
	next := web.LocalPath(r.URL.Query().Get("next"), "/today")
	if err := h.svc.StepOpen(r.Context(), web.Short(r, stepCookie)); err != nil {
		return again(w, r, next, err)
	}
	return h.showCode(w, r, http.StatusOK, values{Form: web.Form{Values: url.Values{"next": {next}}}})
}

// again leads to the password of who took too long over the code.
func again(w http.ResponseWriter, r *http.Request, next string, err error) error {
	if errs.Is(err, errs.Unauthorized) {
		return web.Redirect(w, r, "/signin?next="+url.QueryEscape(next))
	}
	return err
}

func (h *Handlers) showCode(w http.ResponseWriter, r *http.Request, status int, v values) error {
	return web.Gate(w, r, status, words.T(r.Context(), "workspace.code.title"), codeForm(v))
}

func (h *Handlers) code(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx, next := remember(r), web.LocalPath(f.Get("next"), "/today")
	session, err := h.svc.Finish(ctx, web.Short(r, stepCookie), f.Line("code"), r.UserAgent())
	switch {
	case err == nil:
		web.SetShort(w, r, stepCookie, "", 0)
		web.SetSession(w, r, session)
		return web.Redirect(w, r, next)
	case web.IsInput(err):
		return h.showCode(w, r, status(err), values{Form: f}.withError(ctx, err))
	}
	return again(w, r, next, err)
}

func (h *Handlers) beginTOTP(w http.ResponseWriter, r *http.Request) error {
	if err := h.svc.TOTP.Begin(remember(r)); err != nil {
		return err
	}
	return web.Redirect(w, r, "/me/totp")
}

func (h *Handlers) totpPage(w http.ResponseWriter, r *http.Request) error {
	return h.showTOTP(w, r, http.StatusOK, values{})
}

func (h *Handlers) showTOTP(w http.ResponseWriter, r *http.Request, status int, v values) error {
	e, err := h.svc.TOTP.Enrolment(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.Page(w, r, status, web.Meta{Title: words.T(r.Context(), "workspace.totp.title")}, enrolPage(e, v))
}

// confirmTOTP shows the recovery codes on the answer itself, this once.
func (h *Handlers) confirmTOTP(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := remember(r)
	recovery, err := h.svc.TOTP.Confirm(ctx, f.Line("code"))
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.showTOTP(w, r, status(err), values{Form: f}.withError(ctx, err))
	}
	return showRecovery(w, r, recovery)
}

func showRecovery(w http.ResponseWriter, r *http.Request, recovery []string) error {
	w.Header().Set("Cache-Control", "no-store")
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(r.Context(), "workspace.totp.title")}, recoveryPage(recovery))
}

// changeTOTP makes new recovery codes, or switches the second step off.
func (h *Handlers) changeTOTP(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx, proof := remember(r), f.Get("proof")
	var recovery []string
	if f.Get("do") == "off" {
		err = h.svc.TOTP.Off(ctx, proof)
	} else {
		recovery, err = h.svc.TOTP.Renew(ctx, proof)
	}
	switch {
	case err != nil && web.IsInput(err):
		return h.showMe(w, r, status(err), mePage{proof: values{}.withError(ctx, err)})
	case err != nil:
		return err
	case recovery != nil:
		return showRecovery(w, r, recovery)
	}
	return web.RedirectSaying(w, r, "/me#totp", web.Toast{Text: words.T(ctx, "workspace.totp.off_done")})
}

func (h *Handlers) resetTOTP(w http.ResponseWriter, r *http.Request) error {
	return h.member(w, r, "workspace.totp.reset_done", h.svc.ResetTOTP)
}
