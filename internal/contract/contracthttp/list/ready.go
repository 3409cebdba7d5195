package list

import (
	"context"
	"net/url"
	"slices"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/filter"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// viewNames are the conditions behind the ready views that no other filter has.
var viewNames = []string{"quiet", contract.OutlookChanged, "hunch"}

// ready is what the ready columns of a page show, by contract.
type ready struct {
	next    map[id.ID]Todo
	hunches map[id.ID]Said
	said    map[id.ID]Said
	now     time.Time
}

// fillReady asks for the ready columns that are shown, once each.
func (h *Handlers) fillReady(ctx context.Context, p *listPage, list []contract.Contract, said map[id.ID]Said) (err error) {
	p.ready = ready{said: said, now: web.Now(ctx)}
	ids := make([]id.ID, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	if len(ids) == 0 {
		return nil
	}
	if slices.Contains(p.cols, filter.ColNext) && h.parts.Next != nil {
		if p.ready.next, err = h.parts.Next(ctx, ids); err != nil {
			return err
		}
	}
	if slices.Contains(p.cols, filter.ColHunch) && h.parts.Hunches != nil {
		p.ready.hunches, err = h.parts.Hunches(ctx, ids)
	}
	return err
}

func (h *Handlers) calendar(ctx context.Context, today cal.Date) (filter.Calendar, error) {
	if h.parts.Calendar == nil {
		return filter.Calendar{}, nil
	}
	return h.parts.Calendar(ctx, today)
}

func (p *listPage) columnLabel(ctx context.Context, name string) string {
	if filter.IsReady(name) {
		return words.T(ctx, "contract.ready."+name)
	}
	return p.b.Label(ctx, name)
}

// since is when the outlook of a contract became what it is.
func (p *listPage) since(ctx context.Context, c contract.Contract) ui.When {
	if c.Outlook == "" || c.OutlookAt.IsZero() {
		return ui.When{}
	}
	return ui.Ago(ctx, c.OutlookAt, p.ready.now)
}

// views are the ready ones, as links: each is a filter like any other, and can
// be narrowed further.
func (p *listPage) views(ctx context.Context) (out []ui.Tab) {
	for _, v := range []struct{ key, name, value string }{
		{"all", "", ""}, {"mine", "owner", "me"}, {"due90", "within", "90"}, {"quiet", "view", "quiet"},
		{"unowned", "owner", "none"}, {"outlook", "view", contract.OutlookChanged}, {"hunch", "view", "hunch"},
	} {
		q := url.Values{}
		if v.name != "" {
			q.Set(v.name, v.value)
		}
		if cols := p.f.Values["col"]; len(cols) > 0 {
			q["col"] = cols
		}
		href := "/contracts"
		if len(q) > 0 {
			href += "?" + q.Encode()
		}
		current := p.f.Get(filter.Saved) == "" && p.f.Only(v.name) && (v.name == "" || p.f.Get(v.name) == v.value)
		out = append(out, ui.Tab{Label: words.T(ctx, "contract.views."+v.key), Href: href, Current: current})
	}
	return append(out, p.saved...)
}
