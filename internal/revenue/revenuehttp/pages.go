package revenuehttp

import (
	"context"
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/revenue"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// duePage is what ends when.
type duePage struct {
	revenue.DuePage
	period  cal.Period
	today   cal.Date
	q       url.Values
	unasked []revenue.Due
	members []ui.Option
	units   []ui.Option
	may     bool
	more    string // address of the rest
}

// maxUnasked bounds the block above the list.
const maxUnasked = 20

func (h *Handlers) renewals(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := &duePage{q: r.URL.Query(), today: words.Today(ctx, web.Now(ctx)), may: who.From(ctx).May(who.Write)}
	st, err := h.svc.Settings(ctx)
	if err != nil {
		return err
	}
	if p.period, err = chosen(st.Fiscal, p.q.Get("period"), p.today); err != nil {
		return err
	}
	q, err := query(ctx, p.q, p.period)
	if err != nil {
		return err
	}
	if p.DuePage, err = h.svc.Due(ctx, q); err != nil {
		return err
	}
	if p.unasked, err = h.svc.Unasked(ctx, maxUnasked); err != nil {
		return err
	}
	if err := h.choices(ctx, p); err != nil {
		return err
	}
	if p.Next != "" {
		p.more = p.with("cursor", p.Next)
	}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(ctx, "shell.place.renewals"), Place: "/renewals"}, p.view())
}

// chosen is the period an address names, this fiscal year if none.
func chosen(f cal.Fiscal, key string, today cal.Date) (cal.Period, error) {
	if key == "" {
		return f.YearOf(today), nil
	}
	p, ok := f.Parse(key)
	if !ok {
		return p, errs.Field("period", "revenue.err.period")
	}
	return p, nil
}

func query(ctx context.Context, v url.Values, p cal.Period) (q revenue.DueQuery, err error) {
	q = revenue.DueQuery{From: p.From, To: p.To, Outlook: contract.Outlook(v.Get("outlook")), Call: v.Get("call"), Outcome: v.Get("outcome"), Cursor: v.Get("cursor")}
	f := web.Form{Values: v}
	switch owner := v.Get("owner"); owner {
	case "none":
		q.Owner = contract.NoOwner
	case "me":
		q.Owner = who.From(ctx).Member
	default:
		if q.Owner, err = f.ID("owner"); err != nil {
			return q, err
		}
	}
	q.Unit, err = f.ID("unit")
	return q, err
}

// choices are the people and teams a list can be narrowed to, by name.
func (h *Handlers) choices(ctx context.Context, p *duePage) error {
	members, err := h.people.Members(ctx)
	if err != nil {
		return err
	}
	units, err := h.people.Units(ctx)
	p.members = []ui.Option{{Value: "", Label: words.T(ctx, "revenue.anybody")}, {Value: "me", Label: words.T(ctx, "revenue.mine")}, {Value: "none", Label: words.T(ctx, "revenue.nobody")}}
	for _, m := range members {
		p.members = append(p.members, ui.Option{Value: m.ID.String(), Label: m.Name})
	}
	p.units = []ui.Option{{Value: "", Label: words.T(ctx, "revenue.any_team")}}
	for _, u := range units {
		p.units = append(p.units, ui.Option{Value: u.ID.String(), Label: u.Name})
	}
	return err
}

// with is the page's address with another value; the place in the list is left.
func (p *duePage) with(name, value string) string {
	q := url.Values{}
	for k, v := range p.q {
		if k != "cursor" && len(v) > 0 && v[0] != "" {
			q[k] = v
		}
	}
	q.Del(name)
	if value != "" {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return "/renewals"
	}
	return "/renewals?" + q.Encode()
}

// tabs lead to periods of all kinds around the one shown.
func (p *duePage) tabs(ctx context.Context) (years, quarters, months []ui.Tab) {
	f := p.Settings.Fiscal
	tab := func(x cal.Period, label string) ui.Tab {
		return ui.Tab{Label: label, Href: p.with("period", x.Key), Current: x.Key == p.period.Key}
	}
	this := f.YearOf(p.today)
	for n, key := range map[int]string{-1: "last_year", 0: "this_year", 1: "next_year"} {
		x := f.Shift(this, n)
		years = append(years, tab(x, words.T(ctx, "revenue."+key)))
	}
	year := f.YearOf(p.period.From)
	for q := 1; q <= 4; q++ {
		x := f.Quarter(year.From.Year(), q)
		quarters = append(quarters, tab(x, words.T(ctx, "revenue.quarter_short", "Quarter", q)))
	}
	for _, m := range year.Months() {
		months = append(months, tab(m, words.T(ctx, "revenue.month_short", "Month", m.From.Month(), "Name", words.MonthName(ctx, m.From.Month()))))
	}
	return inOrder(years, this, f, p), quarters, months
}

// inOrder puts the years as they follow each other.
func inOrder(list []ui.Tab, this cal.Period, f cal.Fiscal, p *duePage) []ui.Tab {
	out := make([]ui.Tab, 0, len(list))
	for n := -1; n <= 1; n++ {
		href := p.with("period", f.Shift(this, n).Key)
		for _, t := range list {
			if t.Href == href {
				out = append(out, t)
			}
		}
	}
	return out
}

// options are the values of a filter, each in words.
func options(ctx context.Context, chosen, prefix string, values ...string) []ui.Option {
	out := []ui.Option{{Value: "", Label: words.T(ctx, "revenue.any")}}
	for _, v := range values {
		out = append(out, ui.Option{Value: v, Label: words.T(ctx, prefix+v), Selected: v == chosen})
	}
	return out
}

// forecastPage asks what is expected of a renewal.
type forecastPage struct {
	c      id.ID
	back   string
	in     revenue.Said
	had    revenue.Forecast
	errors map[string]string
}

func (h *Handlers) forecastPage(w http.ResponseWriter, r *http.Request) error {
	return h.showForecast(w, r, http.StatusOK, nil)
}

func (h *Handlers) showForecast(w http.ResponseWriter, r *http.Request, status int, p *forecastPage) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	worth, err := h.svc.OfContract(ctx, contractID)
	if err != nil {
		return err
	}
	if p == nil {
		f := worth.Forecast
		p = &forecastPage{in: revenue.Said{Call: f.Call, Why: f.Why}, back: web.LocalPath(r.URL.Query().Get("back"), "")}
		if f.Amount != nil {
			p.in.Amount = decimal(*f.Amount, f.Currency)
		}
	}
	p.c, p.had = contractID, worth.Forecast
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "revenue.forecast"), Place: "/renewals"}, p.view())
}

func (h *Handlers) forecast(w http.ResponseWriter, r *http.Request) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	in := revenue.Said{Call: revenue.Call(f.Get("call")), Amount: f.Line("amount"), Why: f.Line("why")}
	back := web.LocalPath(f.Get("back"), "/contracts/"+contractID.String())
	if _, err := h.svc.Forecast(ctx, contractID, in); err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.showForecast(w, r, web.Status(errs.As(err).Code), &forecastPage{in: in, back: back, errors: web.FieldErrors(ctx, err)})
	}
	return web.RedirectSaying(w, r, back, web.Toast{Text: words.T(ctx, "revenue.forecast_kept"), Undo: "/contracts/" + contractID.String() + "/forecast/drop"})
}

func (h *Handlers) unforecast(w http.ResponseWriter, r *http.Request) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	if err := h.svc.Unforecast(r.Context(), contractID); err != nil {
		return err
	}
	return web.RedirectSaying(w, r, "/contracts/"+contractID.String(), web.Toast{Text: words.T(r.Context(), "revenue.forecast_dropped")})
}

// Panel is the part of a contract's page that says what it is worth and what is
// expected of it.
func (h *Handlers) Panel(ctx context.Context, c contract.Contract) (templ.Component, error) {
	w, err := h.svc.OfContract(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	return panel(c.ID, w, who.From(ctx).May(who.Write) && c.EndedOn == ""), nil
}

// OrgLine says what an organization is worth today.
func (h *Handlers) OrgLine(ctx context.Context, org id.ID) (templ.Component, error) {
	w, err := h.svc.OfOrganization(ctx, org)
	return orgLine(w), err
}
