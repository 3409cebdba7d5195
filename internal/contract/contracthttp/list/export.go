package list

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/contract/contracthttp/filter"
	"kizuki/internal/money"
	"kizuki/internal/web"
	"kizuki/internal/web/sheet"
	"kizuki/internal/web/words"
)

// export writes exactly what the list shows: its filter, order and columns, all
// of its pages.
func (h *Handlers) export(kind string) web.Handler {
	return sheet.Download("contracts", kind, "shell.place.contracts", func(r *http.Request, out sheet.Writer) error {
		p, q, err := h.open(r.Context(), filter.Read(r.URL.Query()))
		if err != nil {
			return err
		}
		return h.write(r.Context(), p, q, out)
	})
}

func (h *Handlers) write(ctx context.Context, p *listPage, q contract.Query, out sheet.Writer) error {
	if err := out.Row(p.exportHeads(ctx)); err != nil {
		return err
	}
	q.Limit, q.Cursor = contract.MaxPage, ""
	for {
		found, err := h.svc.List(ctx, q)
		if err != nil {
			return err
		}
		said, err := h.lastWords(ctx, found.Items)
		if err != nil {
			return err
		}
		if err := h.fillReady(ctx, p, found.Items, said); err != nil {
			return err
		}
		for _, c := range found.Items {
			if err := out.Row(p.record(ctx, c, said[c.ID])); err != nil {
				return err
			}
		}
		if q.Cursor = found.Next; q.Cursor == "" {
			return nil
		}
	}
}

func (p *listPage) exportHeads(ctx context.Context) []any {
	var out []any
	for _, name := range []string{"organization", "name", "renewal_date"} {
		out = append(out, p.b.Label(ctx, name))
	}
	out = append(out, words.T(ctx, "contract.head.said"))
	for _, name := range []string{"outlook", "phase", "owner", "amount", "currency", "amount_basis"} {
		out = append(out, p.b.Label(ctx, name))
	}
	for _, name := range p.cols {
		out = append(out, p.columnLabel(ctx, name))
	}
	return append(out, words.T(ctx, "contract.head.data"))
}

// record is a contract as a row of the list.
func (p *listPage) record(ctx context.Context, c contract.Contract, s Said) []any {
	said := func(name string) any { return p.b.Said(ctx, name, c.Value(name)) }
	var amount any = ""
	if c.Amount != nil {
		amount, _ = strconv.ParseFloat(money.Amount{Minor: *c.Amount, Currency: c.Currency}.Decimal(), 64)
	}
	out := []any{c.OrgName, c.Name, c.RenewalDate, s.Text, words.T(ctx, "shell.health."+book.OutlookKind(c.Outlook)), said("phase"), said("owner"), amount, c.Currency, said("amount_basis")}
	for _, name := range p.cols {
		out = append(out, p.extra(ctx, c, name))
	}
	if c.DataAt.IsZero() {
		return append(out, "")
	}
	return append(out, cal.Of(c.DataAt.In(words.From(ctx).Zone)))
}

// extra is a chosen column of a row.
func (p *listPage) extra(ctx context.Context, c contract.Contract, name string) any {
	day := func(at time.Time) cal.Date {
		if at.IsZero() {
			return ""
		}
		return cal.Of(at.In(words.From(ctx).Zone))
	}
	switch name {
	case filter.ColNext:
		todo := p.ready.next[c.ID]
		return strings.TrimSpace(todo.Title + " " + string(todo.Due))
	case filter.ColHunch:
		return p.ready.hunches[c.ID].Text
	case filter.ColContact:
		s := p.ready.said[c.ID]
		return strings.TrimSpace(string(day(s.At)) + " " + s.By)
	case filter.ColSince:
		return day(c.OutlookAt)
	}
	if f, custom := p.b.Field(name); custom && numeric(f) {
		if n, err := strconv.ParseFloat(f.Text(c.Value(name)), 64); err == nil {
			return n
		}
	}
	return p.b.Said(ctx, name, c.Value(name))
}
