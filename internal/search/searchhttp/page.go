package searchhttp

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/search"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// view is the page as it is shown.
type view struct {
	q, kind, sort string
	asked         bool // there is something to look for
	res           search.Result
	problem       string
	kinds         []string
	next          string
	now           time.Time
}

// page answers a query. What cannot be read is said beside the box; typing goes
// on.
func (h *Handlers) page(w http.ResponseWriter, r *http.Request) error {
	ctx, in := r.Context(), r.URL.Query()
	v := &view{q: in.Get("q"), kind: in.Get("kind"), sort: in.Get("sort"), kinds: h.svc.Kinds(), now: h.svc.Now()}
	if !slices.Contains(v.kinds, v.kind) {
		v.kind = ""
	}
	if v.sort != search.Best {
		v.sort = search.Recent
	}
	v.asked = strings.TrimSpace(v.q) != "" || v.kind != ""
	status := http.StatusOK
	if v.asked {
		res, err := h.svc.Find(ctx, search.Query{Q: v.q, Kind: v.kind, Sort: v.sort, Cursor: in.Get("cursor"), Facets: in.Get("cursor") == "",
			Typing: web.IsFragment(r) && in.Get("go") == ""})
		if e := errs.As(err); err != nil && e.Code == errs.Invalid {
			v.problem, status = web.Sentence(ctx, e), http.StatusUnprocessableEntity
		} else if err != nil {
			return err
		}
		v.res = res
		if res.Next != "" {
			v.next = v.href("cursor", res.Next)
		}
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "search.title"), Query: v.q}, v.body())
}

// href is the page with one thing changed; pairs of name and value.
func (v *view) href(pairs ...string) string {
	q := url.Values{}
	for name, value := range map[string]string{"q": v.q, "kind": v.kind, "sort": v.sort} {
		if value != "" && value != search.Recent {
			q.Set(name, value)
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Del(pairs[i])
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return "/search"
	}
	return "/search?" + q.Encode()
}

// with is the page with a filter put behind the words.
func (v *view) with(ctx context.Context, f search.Facet, value search.FacetValue) string {
	said := value.Filter
	switch f.Name {
	case "kind":
		return v.href("kind", value.Key)
	case "month":
		said = value.Key
	}
	if strings.ContainsAny(said, " 　") {
		said = `"` + strings.ReplaceAll(said, `"`, "") + `"`
	}
	return v.href("q", strings.TrimSpace(v.q+" "+words.T(ctx, "search.filter."+f.Name)+said))
}

// facets are those that divide the hits at all.
func (v *view) facets() (out []search.Facet) {
	for _, f := range v.res.Facets {
		if len(f.Values) > 1 && !(f.Name == "kind" && v.kind != "") {
			out = append(out, f)
		}
	}
	return out
}

func (v *view) valueName(ctx context.Context, f search.Facet, value search.FacetValue) string {
	switch f.Name {
	case "kind":
		return words.T(ctx, "search.kind."+value.Key)
	case "month":
		if d := cal.Date(value.Key + "-01"); d.Valid() {
			return words.T(ctx, "search.month", "Year", d.Year(), "Month", d.Month())
		}
	}
	return value.Name
}

func (v *view) tabs(ctx context.Context) []ui.Tab {
	out := []ui.Tab{{Label: words.T(ctx, "search.kind.all"), Href: v.href("kind", ""), Current: v.kind == ""}}
	for _, k := range v.kinds {
		out = append(out, ui.Tab{Label: words.T(ctx, "search.kind."+k), Href: v.href("kind", k), Current: v.kind == k})
	}
	return out
}

func (v *view) sorts(ctx context.Context) []ui.Tab {
	return []ui.Tab{
		{Label: words.T(ctx, "search.sort.recent"), Href: v.href("sort", ""), Current: v.sort == search.Recent},
		{Label: words.T(ctx, "search.sort.best"), Href: v.href("sort", search.Best), Current: v.sort == search.Best},
	}
}

// tally says how many were found, in words.
func (v *view) tally(ctx context.Context) string {
	key := "search.found"
	switch {
	case v.res.Loose:
		key = "search.near"
	case v.res.More:
		key = "search.found_more"
	}
	return words.T(ctx, key, "Count", v.res.Found)
}

func (v *view) when(ctx context.Context, h search.Hit) ui.When { return ui.Ago(ctx, h.At, v.now) }

// place says where a hit stands, in the system's small words.
func place(ctx context.Context, h search.Hit) string {
	parts := []string{words.T(ctx, "search.one."+h.Kind)}
	if h.Title != "" && h.ContractName != "" && h.Kind != "contract" {
		parts = append(parts, strings.TrimSpace(h.OrgName+" "+h.ContractName))
	}
	if h.AuthorName != "" && h.Kind == "note" {
		parts = append(parts, h.AuthorName)
	}
	return strings.Join(parts, words.T(ctx, "search.between"))
}

// where is the small word behind an option of the palette: what it is, and for a
// note where it stands and who wrote it.
func where(ctx context.Context, h search.Hit) string {
	if h.Kind != "note" {
		return words.T(ctx, "search.one."+h.Kind)
	}
	return strings.TrimSpace(title(h) + words.T(ctx, "search.between") + h.AuthorName)
}

// title says where a note stands.
func title(h search.Hit) string { return strings.TrimSpace(h.OrgName + " " + h.ContractName) }
