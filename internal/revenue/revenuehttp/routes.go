// Package revenuehttp holds the pages and endpoints about money: what ends when,
// what its owners expect, how much stays, and by which settings it is counted.
package revenuehttp

import (
	"context"
	"embed"
	"io/fs"

	"kizuki/internal/cal"
	"kizuki/internal/revenue"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Handlers serves the pages.
type Handlers struct {
	svc    *revenue.Service
	people *workspace.Service
}

// New makes the handlers.
func New(svc *revenue.Service, people *workspace.Service) *Handlers {
	return &Handlers{svc: svc, people: people}
}

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/renewals", Need: who.Read, Handle: h.renewals},
		{Method: "GET", Path: "/renewals/retention", Need: who.Read, Handle: h.retention},
		{Method: "GET", Path: "/renewals/behind", Need: who.Read, Handle: h.behind},
		{Method: "GET", Path: "/renewals/terms.csv", Need: who.Read, Handle: web.Download(web.File{Name: "terms", Type: "csv", Lead: web.BOM}, h.writeTerms)},
		{Method: "GET", Path: "/contracts/{id}/forecast", Need: who.Write, Handle: h.forecastPage},
		{Method: "POST", Path: "/contracts/{id}/forecast", Need: who.Write, Handle: h.forecast},
		{Method: "POST", Path: "/contracts/{id}/forecast/drop", Need: who.Write, Handle: h.unforecast},
		{Method: "GET", Path: "/settings/money", Need: who.Administer, Handle: h.settings},
		{Method: "POST", Path: "/settings/money", Need: who.Administer, Handle: h.setUnstated},
		{Method: "POST", Path: "/settings/money/rate", Need: who.Administer, Handle: h.setRate},
	}
}

// Range is a named stretch of days for filters elsewhere.
type Range struct {
	Key, Label string
	From, To   cal.Date // To exclusive
}

// Ranges are this and the next fiscal year, quarter and month of a day.
func Ranges(ctx context.Context, f cal.Fiscal, today cal.Date) []Range {
	var out []Range
	for _, p := range []struct {
		key  string
		this cal.Period
	}{{"year", f.YearOf(today)}, {"quarter", f.QuarterOf(today)}, {"month", cal.MonthOf(today)}} {
		for n, when := range []string{"this", "next"} {
			x := f.Shift(p.this, n)
			out = append(out, Range{Key: x.Key, Label: words.T(ctx, "revenue.range."+when+"_"+p.key), From: x.From, To: x.To})
		}
	}
	return out
}
