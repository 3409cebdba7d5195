package workspacehttp

import (
	"context"
	"net"
	"net/http"
	"net/url"

	"kizuki/internal/errs"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func (h *Handlers) home(w http.ResponseWriter, r *http.Request) error {
	return web.Redirect(w, r, "/today")
}

// values are what a form shows again after an error, with the sentence of
// each wrong input.
type values struct {
	web.Form
	errors map[string]string
}

// error is the sentence under an input; "" the one of the whole form.
func (v values) error(field string) string { return v.errors[field] }

func (v values) withError(ctx context.Context, err error) values {
	v.errors = web.FieldErrors(ctx, err)
	return v
}

// remember puts the caller's address into ctx for the audit log and the
// throttle.
func remember(r *http.Request) context.Context { return workspace.WithIP(r.Context(), address(r)) }

// address is the peer's: behind a proxy all share it, and the throttle by
// account still holds.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func (h *Handlers) setupPage(w http.ResponseWriter, r *http.Request) error {
	empty, err := h.svc.Empty(r.Context())
	if err != nil {
		return err
	}
	if !empty {
		return web.Redirect(w, r, "/signin")
	}
	return h.showSetup(w, r, http.StatusOK, values{})
}

func (h *Handlers) showSetup(w http.ResponseWriter, r *http.Request, status int, v values) error {
	return web.Gate(w, r, status, words.T(r.Context(), "workspace.setup.title"), setupForm(v))
}

func (h *Handlers) setup(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := remember(r)
	_, err = h.svc.Setup(ctx, workspace.SetupInput{Workspace: f.Line("workspace"), Name: f.Line("name"),
		Kana: f.Line("kana"), Mail: f.Line("mail"), Password: f.Get("password"), Lang: words.From(ctx).Lang})
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.showSetup(w, r, web.Status(errs.As(err).Code), values{Form: f}.withError(ctx, err))
	}
	return h.enter(w, r, f.Line("mail"), f.Get("password"), "/contracts")
}

func (h *Handlers) enter(w http.ResponseWriter, r *http.Request, mail, password, next string) error {
	token, ses, err := h.svc.SignIn(remember(r), mail, password, r.UserAgent(), address(r))
	if err != nil {
		return err
	}
	return let(w, r, token, ses, next)
}

// let lets somebody in, or asks for the code first.
func let(w http.ResponseWriter, r *http.Request, token string, ses workspace.Session, next string) error {
	if ses.Pending {
		web.SetShort(w, r, stepCookie, token, ses.Expires.Sub(web.Now(r.Context())))
		return web.Redirect(w, r, "/signin/code?next="+url.QueryEscape(next))
	}
	web.SetSession(w, r, token)
	return web.Redirect(w, r, next)
}

func (h *Handlers) signInPage(w http.ResponseWriter, r *http.Request) error {
	next := web.LocalPath(r.URL.Query().Get("next"), "/today")
	if who.From(r.Context()).Workspace != 0 {
		return web.Redirect(w, r, next)
	}
	empty, err := h.svc.Empty(r.Context())
	if err != nil {
		return err
	}
	if empty {
		return web.Redirect(w, r, "/setup")
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	return h.showSignIn(w, r, http.StatusOK, values{Form: f})
}

func (h *Handlers) showSignIn(w http.ResponseWriter, r *http.Request, status int, v values) error {
	return web.Gate(w, r, status, words.T(r.Context(), "workspace.signin.title"), signInForm(v, h.Hint, h.svc.Mails()))
}

func (h *Handlers) signIn(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	err = h.enter(w, r, f.Line("mail"), f.Get("password"), web.LocalPath(f.Get("next"), "/today"))
	if err != nil && (web.IsInput(err) || errs.Is(err, errs.Unauthorized)) {
		return h.showSignIn(w, r, web.Status(errs.As(err).Code), values{Form: f}.withError(r.Context(), err))
	}
	return err
}

func (h *Handlers) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := h.svc.SignOut(remember(r), web.SessionToken(r)); err != nil {
		return err
	}
	web.SetSession(w, r, "")
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return web.Redirect(w, r, "/signin")
}

func (h *Handlers) language(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if lang := f.Get("lang"); lang == "ja" || lang == "en" {
		web.SetLanguage(w, r, lang)
	}
	return web.Redirect(w, r, web.LocalPath(f.Get("back"), "/signin"))
}

func (h *Handlers) invitePage(w http.ResponseWriter, r *http.Request) error {
	info, err := h.svc.InviteInfo(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	known := web.Form{Values: url.Values{"name": {info.Name}, "kana": {info.Kana}}}
	return h.showInvite(w, r, http.StatusOK, info, values{Form: known})
}

func (h *Handlers) showInvite(w http.ResponseWriter, r *http.Request, status int, info workspace.InviteInfo, v values) error {
	return web.Gate(w, r, status, words.T(r.Context(), "workspace.invite.title"), inviteForm(r.PathValue("token"), info, v))
}

func (h *Handlers) accept(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx, token := remember(r), r.PathValue("token")
	info, err := h.svc.InviteInfo(ctx, token)
	if err != nil {
		return err
	}
	session, ses, err := h.svc.Accept(ctx, token, workspace.AcceptInput{Name: f.Line("name"), Kana: f.Line("kana"),
		Password: f.Get("password"), Agent: r.UserAgent()})
	if err != nil {
		if !web.IsInput(err) && !errs.Is(err, errs.Unauthorized) {
			return err
		}
		return h.showInvite(w, r, web.Status(errs.As(err).Code), info, values{Form: f}.withError(ctx, err))
	}
	return let(w, r, session, ses, "/today")
}

// forgotPage asks for the mail address that a link to a new password goes to.
func (h *Handlers) forgotPage(w http.ResponseWriter, r *http.Request) error {
	if !h.svc.Mails() {
		return errs.Missing("page")
	}
	return h.showForgot(w, r, http.StatusOK, values{})
}

func (h *Handlers) showForgot(w http.ResponseWriter, r *http.Request, status int, v values) error {
	return web.Gate(w, r, status, words.T(r.Context(), "workspace.forgot.title"), forgotForm(v))
}

// forgot gives one answer, whether somebody has the address or not.
func (h *Handlers) forgot(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := remember(r)
	if err := h.svc.AskReset(ctx, f.Line("mail")); err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.showForgot(w, r, status(err), values{Form: f}.withError(ctx, err))
	}
	return web.Gate(w, r, http.StatusOK, words.T(ctx, "workspace.forgot.title"), forgotSent())
}

func (h *Handlers) resetPage(w http.ResponseWriter, r *http.Request) error {
	if err := h.svc.ResetOpen(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return h.showReset(w, r, http.StatusOK, values{})
}

func (h *Handlers) showReset(w http.ResponseWriter, r *http.Request, status int, v values) error {
	return web.Gate(w, r, status, words.T(r.Context(), "workspace.reset.title"), resetForm(r.PathValue("token"), v))
}

func (h *Handlers) reset(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := remember(r)
	session, ses, err := h.svc.Reset(ctx, r.PathValue("token"), f.Get("password"), r.UserAgent())
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.showReset(w, r, status(err), values{Form: f}.withError(ctx, err))
	}
	return let(w, r, session, ses, "/today")
}
