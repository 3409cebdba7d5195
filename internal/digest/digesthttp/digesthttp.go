// Package digesthttp is where members choose how their daily message comes,
// and where an admin sees whether it can be sent.
package digesthttp

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"kizuki/internal/api"
	"kizuki/internal/digest"
	"kizuki/internal/errs"
	"kizuki/internal/timeline/notices"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Handlers serves the pages.
type Handlers struct{ svc *digest.Service }

// New makes the handlers.
func New(svc *digest.Service) *Handlers { return &Handlers{svc: svc} }

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/me/message", Need: who.Read, Handle: h.page},
		{Method: "POST", Path: "/me/message", Need: who.Self, Handle: h.save},
		{Method: "GET", Path: "/settings/mail", Need: who.Administer, Handle: h.settings},
		{Method: "POST", Path: "/settings/mail/test", Need: who.Administer, Handle: h.try},
	}
}

// form is the choice as it stands in the form. A webhook that was saved is
// never shown again.
type form struct {
	digest.Choice
	ways   []digest.Way
	kept   bool // there is a webhook
	errors map[string]string
}

func (h *Handlers) form(ctx context.Context) (form, error) {
	c, err := h.svc.Choice(ctx)
	f := form{Choice: c, ways: h.svc.Ways(), kept: c.Webhook != ""}
	f.Webhook = ""
	return f, err
}

// Mine is the part of one's own page.
func (h *Handlers) Mine(ctx context.Context) (templ.Component, error) {
	f, err := h.form(ctx)
	return f.part(), err
}

func (h *Handlers) page(w http.ResponseWriter, r *http.Request) error {
	f, err := h.form(r.Context())
	if err != nil {
		return err
	}
	return h.show(w, r, http.StatusOK, f)
}

func (h *Handlers) show(w http.ResponseWriter, r *http.Request, status int, f form) error {
	return web.Page(w, r, status, web.Meta{Title: words.T(r.Context(), "digest.me.title")}, f.page())
}

func (h *Handlers) save(w http.ResponseWriter, r *http.Request) error {
	in, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	old, err := h.svc.Choice(ctx)
	if err != nil {
		return err
	}
	c := digest.Choice{Way: digest.Way(in.Get("way")), Hour: hour(in, "hour"), QuietFrom: hour(in, "quiet_from"), QuietTo: hour(in, "quiet_to"),
		Webhook: in.Line("webhook"), Kinds: map[string]notices.Choice{}}
	for _, kind := range digest.Kinds {
		c.Kinds[kind] = notices.Choice{Inbox: in.Bool("inbox_" + kind), Message: in.Bool("message_" + kind)}
	}
	f := form{Choice: c, ways: h.svc.Ways(), kept: old.Webhook != ""}
	if c.Webhook == "" && c.Way == digest.ByWebhook {
		c.Webhook = old.Webhook // what was saved stays, and goes when another way is chosen
	}
	if err := h.svc.Choose(ctx, c); err != nil {
		if !web.IsInput(err) {
			return err
		}
		f.errors = web.FieldErrors(ctx, err)
		return h.show(w, r, web.Status(errs.As(err).Code), f)
	}
	return web.RedirectSaying(w, r, "/me/message", web.Toast{Text: words.T(ctx, "digest.me.saved")})
}

// hour is -1 for what is none, which the service refuses.
func hour(f web.Form, name string) int {
	n, err := strconv.Atoi(f.Get(name))
	if err != nil {
		return -1
	}
	return n
}

func (f form) wayOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, w := range f.ways {
		out = append(out, ui.Option{Value: string(w), Label: words.T(ctx, "digest.way."+string(w)), Selected: w == f.Way})
	}
	return out
}

func hourOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for n := range 24 {
		out = append(out, ui.Option{Value: strconv.Itoa(n), Label: words.T(ctx, "digest.hour", "Hour", strconv.Itoa(n))})
	}
	return out
}

func (f form) webhookHint(ctx context.Context) string {
	if f.kept {
		return words.T(ctx, "digest.me.webhook_kept")
	}
	return words.T(ctx, "digest.me.webhook_hint")
}

// settings is what the operator has set up, for an admin to see.
type settings struct {
	server, from, url string
	bot               bool
	failed            string
}

func (h *Handlers) settings(w http.ResponseWriter, r *http.Request) error {
	return h.showSettings(w, r, http.StatusOK, "")
}

func (h *Handlers) showSettings(w http.ResponseWriter, r *http.Request, status int, failed string) error {
	p := settings{url: h.svc.URL, bot: h.svc.Slack.Bot(), failed: failed}
	if m := h.svc.Mail; m != nil {
		p.server, p.from = m.Server(), m.From()
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(r.Context(), "digest.mail.title"), Place: "/settings"}, p.view())
}

// try shows what the mail server answered: that is what helps an admin.
func (h *Handlers) try(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	to, err := h.svc.Try(ctx)
	if e := new(errs.E); err != nil && errors.As(err, &e) {
		return err
	}
	if err != nil {
		return h.showSettings(w, r, http.StatusBadGateway, words.T(ctx, "digest.mail.failed", "Answer", err.Error()))
	}
	return web.RedirectSaying(w, r, "/settings/mail", web.Toast{Text: words.T(ctx, "digest.mail.tried", "Mail", to)})
}

// API is the choice over REST.
func (h *Handlers) API(a *api.API) { h.rest(a) }
