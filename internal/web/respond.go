package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"

	"kizuki/internal/errs"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// Meta is what a page says of itself to the shell.
type Meta struct {
	Title   string // in the reader's language
	Place   string // Href of the place in the rail that is current
	Islands []string
	Query   string // what stands in the search box
	WriteTo string // where 書く leads: #note where the page has a note box, the list of contracts if empty
}

// Page renders body inside the shell.
func Page(w http.ResponseWriter, r *http.Request, status int, m Meta, body templ.Component) error {
	c, err := shell(w, r, m, body)
	if err != nil {
		return err
	}
	return render(w, r, status, c)
}

// Fragment renders body alone, for htmx.
func Fragment(w http.ResponseWriter, r *http.Request, status int, body templ.Component) error {
	w.Header().Add("Vary", "HX-Request")
	return render(w, r, status, body)
}

// IsFragment reports whether htmx asks for a part of the page; a boosted
// link or a history restore wants the whole.
func IsFragment(r *http.Request) bool {
	h := r.Header
	return h.Get("HX-Request") == "true" && h.Get("HX-Boosted") == "" && h.Get("HX-History-Restore-Request") == ""
}

// Gate renders body in the frame for people who are not in yet.
func Gate(w http.ResponseWriter, r *http.Request, status int, title string, body templ.Component) error {
	return render(w, r, status, ui.Gate(ui.GateProps{Title: title}, body))
}

// Redirect sends the browser on after a form.
func Redirect(w http.ResponseWriter, r *http.Request, to string) error {
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// Toast is one short message that goes away by itself. Undo, if set, is a
// POST address that takes the act back.
type Toast struct {
	Text string
	Undo string
	Bad  bool
}

// Say shows a toast with the answer of an htmx request.
func Say(w http.ResponseWriter, t Toast) { toast(w, t) }

func toast(w http.ResponseWriter, t Toast) {
	// Header values are Latin-1: the JSON is written in ASCII.
	raw, err := json.Marshal(map[string]any{"toast": map[string]any{"text": t.Text, "undo": t.Undo, "bad": t.Bad}})
	if err != nil {
		return
	}
	w.Header().Set("HX-Trigger", ascii(string(raw)))
}

func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r < 0x10000:
			b.WriteString(`\u` + hex4(r))
		default:
			r -= 0x10000
			b.WriteString(`\u` + hex4(0xd800+r>>10) + `\u` + hex4(0xdc00+r&0x3ff))
		}
	}
	return b.String()
}

func hex4(r rune) string {
	s := strconv.FormatInt(int64(r), 16)
	return strings.Repeat("0", 4-len(s)) + s
}

// JSON answers a small JSON document to the page's own scripts.
func JSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(v)
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render writes to memory first, so that an error half-way is an error page
// and not half a page.
func render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := c.Render(r.Context(), b); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", words.From(r.Context()).Lang)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, _ = w.Write(b.Bytes()) // an error here is a reader who has gone away
	return nil
}

// news tells which rooms have something new for the member.
func news(ctx context.Context, a who.Actor) (map[string]bool, error) {
	if rt := routerOf(ctx); rt.News != nil && a.Workspace != 0 {
		return rt.News(ctx)
	}
	return nil, nil
}

func shell(w http.ResponseWriter, r *http.Request, m Meta, body templ.Component) (templ.Component, error) {
	ctx := r.Context()
	actor := who.From(ctx)
	var places []ui.Place
	fresh, err := news(ctx, actor)
	if err != nil {
		return nil, err
	}
	for _, p := range routerOf(ctx).Places {
		if actor.May(p.Need) {
			places = append(places, ui.Place{Key: p.Key, Href: p.Href, Current: p.Href == m.Place, More: p.More, Fresh: fresh[p.Key] && p.Href != m.Place})
		}
	}
	if m.WriteTo == "" {
		m.WriteTo = "/contracts"
	}
	props := ui.PageProps{Title: m.Title, Places: places, Name: actor.Name, Query: m.Query, SearchHref: routerOf(ctx).Search,
		Theme: actor.Theme, Islands: m.Islands, WriteHref: m.WriteTo, Toast: takeFlash(w, r)}
	rt := routerOf(ctx)
	if rt.Demo {
		props.Notice = words.T(ctx, "shell.demo")
	}
	if rt.Inbox == nil || actor.Workspace == 0 {
		return ui.Page(props, body), nil
	}
	unread, err := rt.Inbox(ctx)
	props.Inbox, props.InboxHref = unread, "/inbox"
	return ui.Page(props, body), err
}

// MorePlaces are the places a phone's bar has no room for.
func MorePlaces(ctx context.Context) []Place {
	var out []Place
	for _, p := range routerOf(ctx).Places {
		if p.More && who.From(ctx).May(p.Need) {
			out = append(out, p)
		}
	}
	return out
}

func (rt *Router) errorPage(ctx context.Context, e *errs.E, text string) templ.Component {
	request := ""
	if e.Code == errs.Internal || e.Code == errs.Unavailable {
		request = RequestID(ctx)
	}
	title := words.T(ctx, "err.title."+string(e.Code))
	return ui.ErrorPage(strconv.Itoa(Status(e.Code)), title, text, request)
}
