// Package everyonehttp holds みんな: the page of the newest words across
// contracts, its live stream, and REST.
package everyonehttp

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"

	"kizuki/internal/everyone"
	"kizuki/internal/id"
	"kizuki/internal/live"
	"kizuki/internal/timeline"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of this feature.
func Words() fs.FS { return words.Sub(catalogue) }

// Feed draws conversations as the trail draws them.
type Feed func(ctx context.Context, list []timeline.Conversation) ([]templ.Component, error)

// Handlers serves the pages.
type Handlers struct {
	svc    *everyone.Service
	people *workspace.Service
	hub    *live.Hub
	feed   Feed
}

// New makes the handlers.
func New(svc *everyone.Service, people *workspace.Service, hub *live.Hub, feed Feed) *Handlers {
	return &Handlers{svc: svc, people: people, hub: hub, feed: feed}
}

// Routes is the table of pages.
func (h *Handlers) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/everyone", Need: who.Read, Handle: h.page},
		{Method: "POST", Path: "/everyone/follow", Need: who.Self, Handle: h.follow},
		{Method: "GET", Path: "/live", Need: who.Read, Handle: h.live},
	}
}

// page is what is shown of whose words.
type page struct {
	q         url.Values
	items     []item
	next      string
	by        workspace.Member // whose words these are, of one colleague
	following []id.ID
	units     []workspace.Unit
	mine      bool // the colleague is the reader
}

// item is one conversation; line stands above the first that was seen before.
type item struct {
	timeline.Conversation
	drawn templ.Component
	line  bool
}

func (h *Handlers) page(w http.ResponseWriter, r *http.Request) error {
	ctx, f := r.Context(), web.Form{Values: r.URL.Query()}
	p := &page{q: r.URL.Query()}
	q := everyone.Query{Following: f.Bool("following"), Cursor: f.Get("cursor")}
	var err error
	if q.Unit, err = f.ID("unit"); err != nil {
		return err
	}
	if q.By, err = f.ID("by"); err != nil {
		return err
	}
	found, err := h.svc.Read(ctx, q)
	if err != nil {
		return err
	}
	if err := h.fill(ctx, p, q, found); err != nil {
		return err
	}
	if whole := q == (everyone.Query{}); whole && !web.IsFragment(r) {
		if err := h.svc.Look(ctx); err != nil {
			return err
		}
	}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: p.title(ctx), Place: "/everyone", Islands: []string{"mention", "attach", "live"}}, p.view())
}

func (h *Handlers) fill(ctx context.Context, p *page, q everyone.Query, found everyone.Page) (err error) {
	if p.following, err = h.svc.Following(ctx); err != nil {
		return err
	}
	if p.units, err = h.people.Units(ctx); err != nil {
		return err
	}
	if q.By != 0 {
		if p.by, err = h.people.Member(ctx, q.By); err != nil {
			return err
		}
		p.mine = q.By == who.From(ctx).Member
	}
	drawn, err := h.feed(ctx, found.Items)
	if err != nil {
		return err
	}
	before := found.Seen.IsZero() || q.Cursor != "" // nothing to tell apart
	for i, c := range found.Items {
		x := item{Conversation: c, drawn: drawn[i]}
		if !before && !c.Newest.After(found.Seen) {
			x.line, before = i > 0, true
		}
		p.items = append(p.items, x)
	}
	if found.Next != "" {
		p.next = p.href("cursor", found.Next)
	}
	return nil
}

// href is the page's address with another value.
func (p *page) href(name, value string) string {
	q := url.Values{}
	for _, keep := range []string{"unit", "by", "following"} {
		if v := p.q.Get(keep); v != "" {
			q.Set(keep, v)
		}
	}
	q.Set(name, value)
	return "/everyone?" + q.Encode()
}

func (p *page) title(ctx context.Context) string {
	if p.by.ID != 0 {
		return words.T(ctx, "everyone.words_of", "Name", p.by.Name)
	}
	return words.T(ctx, "shell.place.everyone")
}

// tabs are everybody, the followed, and each team.
func (p *page) tabs(ctx context.Context) []ui.Tab {
	unit := p.q.Get("unit")
	out := []ui.Tab{{Label: words.T(ctx, "everyone.all"), Href: "/everyone", Current: unit == "" && p.q.Get("following") == "" && p.by.ID == 0},
		{Label: words.T(ctx, "everyone.following"), Href: "/everyone?following=1", Current: p.q.Get("following") != ""}}
	for _, u := range p.units {
		out = append(out, ui.Tab{Label: u.Name, Href: "/everyone?unit=" + u.ID.String(), Current: unit == u.ID.String()})
	}
	return out
}

func (p *page) follows() bool {
	for _, m := range p.following {
		if m == p.by.ID {
			return true
		}
	}
	return false
}

func (h *Handlers) follow(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	member, err := f.ID("member")
	if err != nil {
		return err
	}
	on := f.Get("on") == "1"
	if err := h.svc.Follow(r.Context(), member, on); err != nil {
		return err
	}
	said := "everyone.unfollowed"
	if on {
		said = "everyone.followed"
	}
	return web.RedirectSaying(w, r, "/everyone?by="+member.String(), web.Toast{Text: words.T(r.Context(), said)})
}

// live is the stream of what changed: ids only, of notes the reader may read.
func (h *Handlers) live(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	news := h.hub.Stream(ctx, who.From(ctx).Workspace)
	return web.Stream(w, r, func(ctx context.Context) ([]web.Event, bool, error) {
		list, open := take(ctx, news)
		admitted, err := h.svc.Admit(ctx, list)
		var out []web.Event
		for _, n := range admitted {
			out = append(out, web.Event{Name: "changed", Data: map[string]any{"kind": n.Kind, "contract": n.Contract, "note": n.Ref}})
		}
		return out, open, err
	})
}

// gather is how long a stream waits for more before it writes: a burst is one
// write, and the streams of a node do not all do the same work for each note.
const gather = 30 * time.Millisecond

// take waits for news and gives what there is; false when there will be no more.
func take(ctx context.Context, news <-chan live.Message) (list []everyone.News, open bool) {
	select {
	case <-ctx.Done():
		return nil, true
	case m, ok := <-news:
		if !ok {
			return nil, false
		}
		list = append(list, everyone.News{Kind: m.Kind, Contract: m.Contract, Ref: m.Ref, Nth: m.Nth})
	}
	select {
	case <-ctx.Done():
	case <-time.After(gather):
	}
	for len(list) < 100 {
		select {
		case m, ok := <-news:
			if !ok {
				return list, false
			}
			list = append(list, everyone.News{Kind: m.Kind, Contract: m.Contract, Ref: m.Ref, Nth: m.Nth})
		default:
			return list, true
		}
	}
	return list, true
}
