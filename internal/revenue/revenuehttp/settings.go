package revenuehttp

import (
	"net/http"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/revenue"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
)

// settingsPage is by what money is counted.
type settingsPage struct {
	revenue.Settings
	rate   revenue.Rate // as it was typed
	errors map[string]string
}

func (h *Handlers) settings(w http.ResponseWriter, r *http.Request) error {
	return h.showSettings(w, r, http.StatusOK, &settingsPage{rate: revenue.Rate{From: words.Today(r.Context(), web.Now(r.Context()))}})
}

func (h *Handlers) showSettings(w http.ResponseWriter, r *http.Request, status int, p *settingsPage) (err error) {
	if p.Settings, err = h.svc.Settings(r.Context()); err != nil {
		return err
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(r.Context(), "revenue.settings"), Place: "/settings"}, p.view())
}

func (h *Handlers) setUnstated(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	return h.saved(w, r, &settingsPage{}, h.svc.SetUnstated(r.Context(), contract.Basis(f.Get("unstated"))))
}

func (h *Handlers) setRate(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	p := &settingsPage{rate: revenue.Rate{Currency: f.Line("currency"), From: cal.Date(f.Line("from")), Rate: f.Line("rate")}}
	if day, err := cal.ParseLoose(string(p.rate.From), words.Today(ctx, web.Now(ctx))); err == nil {
		p.rate.From = day
	}
	if f.Bool("drop") {
		p.rate.Rate = ""
	} else if p.rate.Rate == "" {
		return h.saved(w, r, p, errs.Field("rate", "revenue.err.rate"))
	}
	return h.saved(w, r, p, h.svc.SetRate(ctx, p.rate))
}

func (h *Handlers) saved(w http.ResponseWriter, r *http.Request, p *settingsPage, err error) error {
	if err == nil {
		return web.RedirectSaying(w, r, "/settings/money", web.Toast{Text: words.T(r.Context(), "revenue.saved")})
	}
	if !web.IsInput(err) {
		return err
	}
	p.errors = web.FieldErrors(r.Context(), err)
	return h.showSettings(w, r, web.Status(errs.As(err).Code), p)
}
