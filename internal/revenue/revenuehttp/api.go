package revenuehttp

import (
	"context"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/revenue"
	"kizuki/internal/who"
)

// WorthJSON is what something is worth in one currency.
type WorthJSON struct {
	Currency string `json:"currency"`
	ARR      string `json:"arr" doc:"decimal, major units"`
	MRR      string `json:"mrr"`
}

func worthJSON(v revenue.Value) WorthJSON {
	return WorthJSON{v.Currency, decimal(v.ARR, v.Currency), decimal(v.MRR, v.Currency)}
}

// RevenueJSON is what a contract or an organization is worth today.
type RevenueJSON struct {
	ByCurrency []WorthJSON   `json:"by_currency"`
	Whole      WorthJSON     `json:"whole" doc:"in the workspace's currency, without those of which no rate is kept"`
	Foreign    []string      `json:"foreign" doc:"currencies left out of the whole"`
	Unknown    int           `json:"unknown" doc:"contracts nobody knows the amount of"`
	Unstated   int           `json:"unstated" doc:"amounts of which nobody said what they are for"`
	Forecast   *ForecastJSON `json:"forecast" doc:"of a contract; null where nothing was said"`
}

// ForecastJSON is what is expected of the end of a running term.
type ForecastJSON struct {
	Call     string     `json:"call" enum:"renew,grow,shrink,lose"`
	Amount   *string    `json:"amount" doc:"of the next term; null: as it is"`
	Currency string     `json:"currency"`
	Basis    string     `json:"amount_basis"`
	Why      string     `json:"why"`
	At       *time.Time `json:"at"`
	By       string     `json:"by"`
}

func forecastJSON(f revenue.Forecast) *ForecastJSON {
	if f.Call == "" {
		return nil
	}
	return &ForecastJSON{Call: string(f.Call), Amount: minor(f.Amount, f.Currency), Currency: f.Currency, Basis: string(f.Basis), Why: f.Why,
		At: api.Instant(f.At), By: f.ByName}
}

func minor(v *int64, currency string) *string {
	if v == nil {
		return nil
	}
	s := decimal(*v, currency)
	return &s
}

func revenueJSON(w revenue.Worths) RevenueJSON {
	j := RevenueJSON{ByCurrency: []WorthJSON{}, Whole: worthJSON(w.Whole), Foreign: w.Foreign, Unknown: w.Unknown, Unstated: w.Unstated, Forecast: forecastJSON(w.Forecast)}
	for _, v := range w.ByCurrency {
		j.ByCurrency = append(j.ByCurrency, worthJSON(v))
	}
	if j.Foreign == nil {
		j.Foreign = []string{}
	}
	return j
}

// DueJSON is a term that ends.
type DueJSON struct {
	Contract     id.ID         `json:"contract"`
	Name         string        `json:"name"`
	Organization string        `json:"organization"`
	Owner        string        `json:"owner"`
	Term         int           `json:"term"`
	Renews       cal.Date      `json:"renewal_date"`
	Amount       *string       `json:"amount"`
	Currency     string        `json:"currency"`
	Basis        string        `json:"amount_basis"`
	ARR          *string       `json:"arr" doc:"when the term ends; null: nobody knows"`
	Outlook      string        `json:"outlook"`
	Outcome      string        `json:"outcome" doc:"renewed, upsell, downsell, churned; empty while nobody has said"`
	Forecast     *ForecastJSON `json:"forecast"`
}

func dueJSON(d revenue.Due, unstated contract.Basis) DueJSON {
	j := DueJSON{Contract: d.Contract, Name: d.Name, Organization: d.OrgName, Owner: d.OwnerName, Term: d.Term.No, Renews: d.Term.Renews,
		Amount: minor(d.Term.Amount, d.Term.Currency), Currency: d.Term.Currency, Basis: string(d.Term.Basis), Outlook: string(d.Outlook),
		Outcome: d.Outcome, Forecast: forecastJSON(d.Forecast)}
	if w := d.Term.AtEnd(unstated); !w.Unknown {
		j.ARR = minor(&w.ARR, w.Currency)
	}
	return j
}

type dueInput struct {
	api.Paging
	Period  string `query:"period" doc:"fy2026, fy2026q1 or 2026-04; this fiscal year if empty"`
	Owner   string `query:"owner" doc:"id of a member; none, me"`
	Unit    string `query:"unit"`
	Outlook string `query:"outlook"`
	Call    string `query:"call" doc:"renew, grow, shrink, lose; none: nothing said yet"`
	Outcome string `query:"outcome" doc:"open, renewed, upsell, downsell, churned"`
}

// RetainedJSON is what became of the customers in a period.
type RetainedJSON struct {
	Period    string   `json:"period"`
	From      cal.Date `json:"from"`
	To        cal.Date `json:"to" doc:"the day after the last"`
	Currency  string   `json:"currency"`
	NRR       *float64 `json:"nrr" doc:"null where there was nobody"`
	GRR       *float64 `json:"grr"`
	Logo      *float64 `json:"logo"`
	Customers int      `json:"customers" doc:"on the first day"`
	Churned   int      `json:"churned"`
	Shrunk    int      `json:"shrunk"`
	Grown     int      `json:"grown"`
	New       int      `json:"new"`
	Start     string   `json:"start_arr"`
	End       string   `json:"end_arr" doc:"of the same customers"`
	Lost      string   `json:"lost_arr"`
	Less      string   `json:"shrunk_arr"`
	More      string   `json:"grown_arr"`
	Added     string   `json:"new_arr"`
}

func retainedJSON(r revenue.Retained, currency string) RetainedJSON {
	f := r.Figures
	share := func(v float64, ok bool) *float64 {
		if !ok {
			return nil
		}
		return &v
	}
	d := func(v int64) string { return decimal(v, currency) }
	return RetainedJSON{Period: r.Period.Key, From: r.Period.From, To: r.Period.To, Currency: currency, NRR: share(f.NRR()), GRR: share(f.GRR()), Logo: share(f.Logo()),
		Customers: f.Customers, Churned: f.Churned, Shrunk: f.Shrunk, Grown: f.Grown, New: f.New, Start: d(f.Start), End: d(f.End), Lost: d(f.Lost),
		Less: d(f.Less), More: d(f.More), Added: d(f.Added)}
}

// TermJSON is a term, or a change in its middle.
type TermJSON struct {
	Contract     id.ID    `json:"contract"`
	Key          string   `json:"key"`
	Organization id.ID    `json:"organization"`
	OrgName      string   `json:"organization_name"`
	No           int      `json:"term"`
	Effective    cal.Date `json:"effective_date" doc:"of a change in mid-term; empty for the term itself"`
	Starts       cal.Date `json:"starts"`
	Renews       cal.Date `json:"renews"`
	EndedOn      cal.Date `json:"ended_on" doc:"of a term that churned: the first day it no longer counts"`
	Amount       *string  `json:"amount"`
	Currency     string   `json:"currency"`
	Basis        string   `json:"basis"`
	Type         string   `json:"term_type"`
	Outcome      string   `json:"outcome"`
}

func termJSON(r revenue.TermRow) TermJSON {
	return TermJSON{r.Contract, r.Key, r.Org, r.OrgName, r.No, r.Effective, r.Starts, r.Renews, r.EndedOn, minor(r.Amount, r.Currency), r.Currency,
		string(r.Basis), string(r.Type), string(r.Outcome)}
}

// RateJSON is what one unit of a currency is worth from a day on.
type RateJSON struct {
	Currency string `json:"currency"`
	From     string `json:"from"`
	Rate     string `json:"rate" doc:"decimal; empty takes it away"`
}

// ByID names a contract or an organization in the path.
type ByID struct {
	ID string `path:"id"`
}

// API adds the endpoints.
func (h *Handlers) API(a *api.API) {
	op := func(name, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: name, Method: method, Path: path, Summary: summary, Tags: []string{"Revenue"}}
	}
	api.Add(a, who.Read, op("list-due-renewals", "GET", "/renewals", "The terms that end in a period, by day"), h.apiDue)
	api.Add(a, who.Read, op("get-retention", "GET", "/retention", "What became of the customers, by month of a period"), h.apiRetention)
	api.Add(a, who.Read, op("list-terms", "GET", "/terms", "Every term and every change in mid-term"), h.apiTerms)
	api.Add(a, who.Read, op("get-contract-revenue", "GET", "/contracts/{id}/revenue", "What a contract is worth today"), h.apiContract)
	api.Add(a, who.Read, op("get-organization-revenue", "GET", "/organizations/{id}/revenue", "What an organization is worth today"), h.apiOrganization)
	api.Add(a, who.Write, op("set-forecast", "PUT", "/contracts/{id}/forecast", "What is expected of the end of the running term"), h.apiForecast)
	api.Add(a, who.Write, op("drop-forecast", "DELETE", "/contracts/{id}/forecast", "Take a forecast back"), h.apiUnforecast)
	api.Add(a, who.Read, op("list-rates", "GET", "/rates", "Currencies in the workspace's own"), h.apiRates)
	api.Add(a, who.Administer, op("set-rate", "PUT", "/rates", "Keep a rate from a day on"), h.apiSetRate)
}

func (h *Handlers) apiDue(ctx context.Context, in *dueInput) (*api.List[DueJSON], error) {
	st, err := h.svc.Settings(ctx)
	if err != nil {
		return nil, err
	}
	p, err := chosen(st.Fiscal, in.Period, h.svc.Today(ctx))
	if err != nil {
		return nil, err
	}
	q, err := query(ctx, url.Values{"owner": {in.Owner}, "unit": {in.Unit}, "outlook": {in.Outlook}, "call": {in.Call}, "outcome": {in.Outcome}, "cursor": {in.Cursor}}, p)
	if err != nil {
		return nil, err
	}
	q.Limit = in.Limit
	page, err := h.svc.Due(ctx, q)
	out := make([]DueJSON, len(page.Items))
	for i, d := range page.Items {
		out[i] = dueJSON(d, st.Unstated)
	}
	return api.NewList(out, page.Next), err
}

func (h *Handlers) apiRetention(ctx context.Context, in *struct {
	Period   string `query:"period" doc:"fy2026, fy2026q1 or 2026-04; this fiscal year if empty"`
	Currency string `query:"currency" doc:"only contracts in it; all together in the workspace's own if empty"`
}) (*api.List[RetainedJSON], error) {
	st, err := h.svc.Settings(ctx)
	if err != nil {
		return nil, err
	}
	p, err := chosen(st.Fiscal, in.Period, h.svc.Today(ctx))
	if err != nil {
		return nil, err
	}
	r, err := h.svc.Retention(ctx, append(p.Months(), p), in.Currency)
	out := make([]RetainedJSON, len(r.Periods))
	for i, x := range r.Periods {
		out[i] = retainedJSON(x, r.Currency)
	}
	return api.NewList(out, ""), err
}

func (h *Handlers) apiTerms(ctx context.Context, in *struct{ api.Paging }) (*api.List[TermJSON], error) {
	limit := in.Limit
	if limit < 1 {
		limit = 100
	}
	list, next, err := h.svc.TermsPage(ctx, in.Cursor, limit)
	out := make([]TermJSON, len(list))
	for i, r := range list {
		out[i] = termJSON(r)
	}
	return api.NewList(out, next), err
}

func (h *Handlers) apiContract(ctx context.Context, in *ByID) (*api.One[RevenueJSON], error) {
	ref, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	w, err := h.svc.OfContract(ctx, ref)
	return api.NewOne(revenueJSON(w)), err
}

func (h *Handlers) apiOrganization(ctx context.Context, in *ByID) (*api.One[RevenueJSON], error) {
	ref, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	w, err := h.svc.OfOrganization(ctx, ref)
	return api.NewOne(revenueJSON(w)), err
}

func (h *Handlers) apiForecast(ctx context.Context, in *struct {
	ByID
	Body struct {
		Call   string `json:"call" enum:"renew,grow,shrink,lose"`
		Amount string `json:"amount,omitempty" doc:"of the next term, for grow and shrink"`
		Why    string `json:"why,omitempty"`
	}
}) (*api.One[ForecastJSON], error) {
	ref, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	f, err := h.svc.Forecast(ctx, ref, revenue.Said{Call: revenue.Call(in.Body.Call), Amount: in.Body.Amount, Why: in.Body.Why})
	if err != nil {
		return nil, err
	}
	f.ByName = who.From(ctx).Name
	return api.NewOne(*forecastJSON(f)), nil
}

func (h *Handlers) apiUnforecast(ctx context.Context, in *ByID) (*struct{}, error) {
	ref, err := api.PathID(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.svc.Unforecast(ctx, ref)
}

func (h *Handlers) apiRates(ctx context.Context, _ *struct{}) (*api.List[RateJSON], error) {
	st, err := h.svc.Settings(ctx)
	out := []RateJSON{}
	for _, r := range st.Rates.List() {
		out = append(out, RateJSON{r.Currency, string(r.From), r.Rate})
	}
	return api.NewList(out, ""), err
}

func (h *Handlers) apiSetRate(ctx context.Context, in *struct{ Body RateJSON }) (*api.List[RateJSON], error) {
	day, err := cal.Parse(in.Body.From)
	if err != nil {
		return nil, errs.Field("from", "err.date", "Value", in.Body.From)
	}
	if err := h.svc.SetRate(ctx, revenue.Rate{Currency: in.Body.Currency, From: day, Rate: in.Body.Rate}); err != nil {
		return nil, err
	}
	return h.apiRates(ctx, nil)
}
