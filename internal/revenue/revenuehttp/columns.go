package revenuehttp

import (
	"context"
	"net/url"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/revenue"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

type period = cal.Period

// health is the sign of each outlook.
var health = map[contract.Outlook]string{contract.OnTrack: "good", contract.Watch: "watch", contract.Danger: "risk"}

// outcomeChip is the ground of each outcome.
var outcomeChip = map[string]string{"renewed": "good", "upsell": "good", "downsell": "watch", "churned": "risk"}

// defined are the figures explained on each page.
var defined = map[string][]string{"due": {"arr", "forecast"}, "retention": {"arr", "nrr", "grr", "logo", "rates", "year"}}

func monthOf(d revenue.Due) cal.Period { return cal.MonthOf(d.Term.Renews) }

func (p *duePage) columns(ctx context.Context) []ui.Column {
	return []ui.Column{{Label: words.T(ctx, "revenue.contract")}, {Label: words.T(ctx, "revenue.date"), Num: true},
		{Label: words.T(ctx, "revenue.owner"), Class: "drop"}, {Label: words.T(ctx, "revenue.amount"), Num: true, Class: "drop"},
		{Label: "ARR", Num: true}, {Label: words.T(ctx, "revenue.outlook")}, {Label: words.T(ctx, "revenue.forecast_or")}}
}

func sumColumns(ctx context.Context) []ui.Column {
	list := []ui.Column{{Label: words.T(ctx, "revenue.period")}, {Label: words.T(ctx, "revenue.number"), Num: true}, {Label: words.T(ctx, "revenue.due"), Num: true}}
	for _, c := range revenue.Calls() {
		list = append(list, ui.Column{Label: words.T(ctx, "revenue.sum."+string(c)), Num: true, Class: "drop"})
	}
	return append(list, ui.Column{Label: words.T(ctx, "revenue.call.none"), Num: true, Class: "drop"})
}

func retentionColumns(ctx context.Context, currency string) []ui.Column {
	return []ui.Column{{Label: words.T(ctx, "revenue.period")}, {Label: "NRR", Num: true}, {Label: "GRR", Num: true}, {Label: words.T(ctx, "revenue.logo"), Num: true},
		{Label: words.T(ctx, "revenue.start_arr", "Currency", currency), Num: true, Class: "drop"},
		{Label: words.T(ctx, "revenue.figure.churned"), Num: true, Class: "drop"}, {Label: words.T(ctx, "revenue.figure.shrunk"), Num: true, Class: "drop"},
		{Label: words.T(ctx, "revenue.figure.grown"), Num: true, Class: "drop"}, {Label: words.T(ctx, "revenue.figure.new"), Num: true, Class: "drop"}}
}

func behindColumns(ctx context.Context, p cal.Period) []ui.Column {
	return []ui.Column{{Label: words.T(ctx, "revenue.customer")}, {Label: words.T(ctx, "revenue.arr_on", "Day", words.DayBare(ctx, p.From)), Num: true},
		{Label: words.T(ctx, "revenue.arr_on", "Day", words.DayBare(ctx, p.To)), Num: true}, {Label: words.T(ctx, "revenue.became")}, {Label: words.T(ctx, "revenue.contracts")}}
}

// back is the page's address inside another one.
func (p *duePage) back() string { return url.QueryEscape(p.with("cursor", p.q.Get("cursor"))) }

func (p *forecastPage) href() string {
	if p.back != "" {
		return p.back
	}
	return "/contracts/" + p.c.String()
}

func (p *forecastPage) calls(ctx context.Context) (out []ui.Option) {
	for _, c := range revenue.Calls() {
		out = append(out, ui.Option{Value: string(c), Label: words.T(ctx, "revenue.call."+string(c)), Selected: c == p.in.Call})
	}
	return out
}

func (p *settingsPage) bases(ctx context.Context) (out []ui.Option) {
	for _, b := range []contract.Basis{contract.Monthly, contract.Yearly, contract.WholeTerm} {
		out = append(out, ui.Option{Value: string(b), Label: words.T(ctx, "revenue.basis."+string(b)), Selected: b == p.Unstated})
	}
	return out
}
