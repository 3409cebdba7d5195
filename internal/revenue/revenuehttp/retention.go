package revenuehttp

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/money"
	"kizuki/internal/revenue"
	"kizuki/internal/text"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// retentionPage is how much stays, by month, quarter or year.
type retentionPage struct {
	revenue.Retention
	by       string
	currency string // asked for; "" = all together
	today    cal.Date
}

// The kinds of periods, with how many of them are shown.
var shown = map[string]int{"month": 12, "quarter": 8, "year": 3}

func (h *Handlers) retention(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := &retentionPage{by: r.URL.Query().Get("by"), currency: strings.ToUpper(text.Line(r.URL.Query().Get("currency"))), today: words.Today(ctx, web.Now(ctx))}
	if shown[p.by] == 0 {
		p.by = "month"
	}
	st, err := h.svc.Settings(ctx)
	if err != nil {
		return err
	}
	if p.Retention, err = h.svc.Retention(ctx, periods(st.Fiscal, p.by, p.today), p.currency); err != nil {
		return err
	}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(ctx, "revenue.retention"), Place: "/renewals"}, p.view())
}

// periods are the last ones of a kind, the running one first.
func periods(f cal.Fiscal, by string, today cal.Date) []cal.Period {
	now := cal.MonthOf(today)
	switch by {
	case "quarter":
		now = f.QuarterOf(today)
	case "year":
		now = f.YearOf(today)
	}
	var out []cal.Period
	for n := range shown[by] {
		out = append(out, f.Shift(now, -n))
	}
	return out
}

// behindPage is the customers behind one figure.
type behindPage struct {
	period   cal.Period
	figure   revenue.Became
	currency string
	list     []revenue.Customer
	more     bool
}

func (h *Handlers) behind(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	st, err := h.svc.Settings(ctx)
	if err != nil {
		return err
	}
	p := &behindPage{figure: revenue.Became(q.Get("figure")), currency: strings.ToUpper(text.Line(q.Get("currency")))}
	if p.figure == "" {
		p.figure = revenue.All
	}
	if p.period, err = chosen(st.Fiscal, q.Get("period"), words.Today(ctx, web.Now(ctx))); err != nil {
		return err
	}
	if p.list, p.more, err = h.svc.Behind(ctx, p.period, p.figure, p.currency); err != nil {
		return err
	}
	if p.currency == "" {
		p.currency = st.Rates.Own
	}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: p.title(ctx), Place: "/renewals"}, p.view())
}

func (p *behindPage) title(ctx context.Context) string {
	return words.T(ctx, "revenue.behind_title", "Period", words.PeriodName(ctx, p.period), "Figure", words.T(ctx, "revenue.figure."+string(p.figure)))
}

// behind is the address of the customers behind a figure.
func (p *retentionPage) behind(x cal.Period, figure revenue.Became) string {
	q := url.Values{"period": {x.Key}, "figure": {string(figure)}}
	if p.currency != "" {
		q.Set("currency", p.currency)
	}
	return "/renewals/behind?" + q.Encode()
}

func (p *retentionPage) href(by, currency string) string {
	q := url.Values{"by": {by}}
	if currency != "" {
		q.Set("currency", currency)
	}
	return "/renewals/retention?" + q.Encode()
}

func (p *retentionPage) kinds(ctx context.Context) (out []ui.Tab) {
	for _, by := range []string{"month", "quarter", "year"} {
		out = append(out, ui.Tab{Label: words.T(ctx, "revenue.by_"+by), Href: p.href(by, p.currency), Current: by == p.by})
	}
	return out
}

func (p *retentionPage) currencies(ctx context.Context) (out []ui.Tab) {
	if len(p.Currencies) < 2 {
		return nil
	}
	out = append(out, ui.Tab{Label: words.T(ctx, "revenue.together", "Currency", p.Settings.Rates.Own), Href: p.href(p.by, ""), Current: p.currency == ""})
	for _, c := range p.Currencies {
		out = append(out, ui.Tab{Label: c, Href: p.href(p.by, c), Current: c == p.currency})
	}
	return out
}

// The chart, in units of its own box.
const (
	chartWidth  = 600
	chartHeight = 120
)

// line is the points of a share through the periods, the oldest at the left;
// from 50% at the bottom to 150% at the top, cut off there.
func (p *retentionPage) line(of func(revenue.Figures) (float64, bool)) string {
	list := slices.Clone(p.Periods)
	slices.Reverse(list)
	var points []string
	for i, r := range list {
		v, ok := of(r.Figures)
		if !ok || r.Period.From > p.today {
			continue
		}
		x := float64(i) * chartWidth / float64(max(len(list)-1, 1))
		y := chartHeight * (1.5 - min(max(v, .5), 1.5))
		points = append(points, fmt.Sprintf("%.1f,%.1f", x, y))
	}
	return strings.Join(points, " ")
}

// termHead is the header of the export.
var termHead = []string{"contract_id", "contract_key", "organization_id", "organization", "term", "effective_date", "starts", "renews", "ended_on",
	"amount", "currency", "basis", "term_type", "outcome"}

func (h *Handlers) writeTerms(r *http.Request, w io.Writer) error {
	return WriteTerms(r.Context(), h.svc, w)
}

// WriteTerms writes every term and every change in its middle as CSV, so that
// figures can be counted anew elsewhere. An effective_date marks a change.
func WriteTerms(ctx context.Context, svc *revenue.Service, w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(termHead); err != nil {
		return err
	}
	err := svc.Terms(ctx, func(r revenue.TermRow) error {
		worth := ""
		if r.Amount != nil {
			worth = decimal(*r.Amount, r.Currency)
		}
		row := []string{r.Contract.String(), r.Key, r.Org.String(), r.OrgName, strconv.Itoa(r.No), string(r.Effective), string(r.Starts), string(r.Renews),
			string(r.EndedOn), worth, r.Currency, string(r.Basis), string(r.Type), string(r.Outcome)}
		for i := range row {
			row[i] = text.Cell(row[i])
		}
		return out.Write(row)
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

func decimal(minor int64, currency string) string {
	return money.Amount{Minor: minor, Currency: currency}.Decimal()
}
