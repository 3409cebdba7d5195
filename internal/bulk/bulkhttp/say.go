package bulkhttp

import (
	"context"
	"slices"

	"kizuki/internal/bulk"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// about is the line under the title: which records, and what becomes of them.
func (p *page) about(ctx context.Context) string {
	which := words.T(ctx, "bulk.all."+string(p.act.Target))
	if n := len(p.act.Selection.IDs); n > 0 {
		which = words.T(ctx, "bulk.some."+string(p.act.Target), "Count", n)
	}
	if p.choosing() || len(p.act.Edits) == 0 {
		return which
	}
	return words.T(ctx, "bulk.about."+string(p.act.State), "Which", which, "What", said(ctx, p.book, p.act.Edits))
}

// tabs are the attributes to choose from.
func (p *page) tabs(ctx context.Context) (out []ui.Tab) {
	for _, name := range p.attrs {
		out = append(out, ui.Tab{Label: p.book.Label(ctx, name), Href: address(p.act.ID) + "?change=" + name, Current: name == p.change})
	}
	return out
}

// done is how many records the work under way is through with, of how many.
func (p *page) done() (n, total int) {
	c := p.act.Counts
	switch p.act.State {
	case bulk.Applying:
		return c[bulk.Done] + c[bulk.Left], c[bulk.Change] + c[bulk.Done] + c[bulk.Left]
	case bulk.Undoing:
		return c[bulk.Back] + c[bulk.Partly], c[bulk.Done] + c[bulk.Back] + c[bulk.Partly]
	}
	return 0, 0
}

func (p *page) working(ctx context.Context) string {
	n, total := p.done()
	if total == 0 {
		n = p.act.Counts.Total()
	}
	return words.T(ctx, "bulk.working."+string(p.act.State), "Done", words.Number(n), "Total", words.Number(total))
}

// names are the attributes a row shows from and to; of what stays as it is only
// those somebody changed are named, by its reason.
func (p *page) names(r bulk.Row) []string {
	switch r.Outcome {
	case bulk.Change, bulk.Done, bulk.Back:
		return slices.DeleteFunc(r.After.Names(), func(n string) bool { return r.Before[n] == nil && r.After[n] == nil })
	}
	return nil
}
