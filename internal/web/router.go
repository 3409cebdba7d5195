// Package web is the frame of every page: routes with the permission they
// need, sessions, cross-site protection, forms, and the one renderer of
// errors. It knows no feature.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"kizuki/internal/errs"
	"kizuki/internal/who"
)

// Handler answers a request or returns an error, which one place renders.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one line of the table of pages. Need is what it asks of the member;
// a route without one stops the start.
type Route struct {
	Method string
	Path   string // a ServeMux pattern without the method: /contracts/{id}
	Need   who.Need
	Handle Handler
	// MaxBody bounds what is sent, in bytes; 0 is enough for any form.
	MaxBody int64
}

// Config is what the frame needs from the app.
type Config struct {
	// Session gives the member behind a session cookie; errs.Unauthorized if
	// there is none.
	Session func(ctx context.Context, token string) (who.Actor, error)
	// Fresh reports whether the workspace is still to be set up.
	Fresh func(ctx context.Context) (bool, error)
	// Inbox counts what the member has not read.
	Inbox func(ctx context.Context) (int, error)
	// News tells which rooms have something new, by Place.Key; may be nil.
	News func(ctx context.Context) (map[string]bool, error)
	// Places are the rooms of the rail, in order.
	Places []Place
	// Search is where the search box leads; the list of contracts if empty.
	Search string
	Log    *slog.Logger
	// Secure marks cookies for https only.
	Secure bool
	// Demo says on every page that this is one.
	Demo bool
	Now  func() time.Time
}

// Place is a room in the rail. More puts it behind ほか on a phone. Need
// hides it from those who may not enter.
type Place struct {
	Key  string // shell.place.KEY is its name
	Href string
	More bool
	Need who.Need
}

// Router holds the table and serves it.
type Router struct {
	Config
	mux   *http.ServeMux
	table []Route
}

// NewRouter makes an empty router.
func NewRouter(c Config) *Router {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Router{Config: c, mux: http.NewServeMux()}
}

// Add puts routes into the table. It panics on a route without a need: that
// is a mistake of the program, found at its start.
func (rt *Router) Add(routes ...Route) {
	for _, r := range routes {
		if !r.Need.Valid() {
			panic(fmt.Sprintf("web: the route %s %s does not say what it needs", r.Method, r.Path))
		}
		rt.table = append(rt.table, r)
		rt.mux.Handle(r.Method+" "+r.Path, rt.serve(r))
	}
}

// Mount hands a subtree to another handler (assets, REST).
func (rt *Router) Mount(pattern string, h http.Handler) { rt.mux.Handle(pattern, h) }

// Table is every page route, for the test that walks role × route × workspace.
func (rt *Router) Table() []Route { return rt.table }

// Handler is the finished chain.
func (rt *Router) Handler() http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(rt.plain(func(http.ResponseWriter, *http.Request) error {
		return errs.New(errs.Forbidden, "err.cross_site")
	}))
	return rt.requests(rt.recovering(secureHeaders(cross.Handler(rt.notFound(rt.mux)))))
}

func (rt *Router) serve(r Route) http.Handler {
	return rt.plain(func(w http.ResponseWriter, req *http.Request) error {
		actor := who.From(req.Context())
		if !actor.May(r.Need) {
			if actor.Workspace == 0 {
				return rt.toSignIn(w, req)
			}
			return errs.New(errs.Forbidden, "err.forbidden")
		}
		limit := r.MaxBody
		if limit == 0 {
			limit = maxBody
		}
		req.Body = http.MaxBytesReader(w, req.Body, limit)
		return r.Handle(w, req)
	})
}

// plain puts the member, the language and the router into the request's
// context and renders what the handler returns.
func (rt *Router) plain(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, err := rt.identify(r)
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			rt.fail(w, r, err)
		}
	})
}

// notFound answers addresses the mux does not know with our own page.
func (rt *Router) notFound(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		rt.plain(func(w http.ResponseWriter, r *http.Request) error {
			for _, m := range []string{"GET", "POST"} {
				other := r.Clone(r.Context())
				other.Method = m
				if _, pattern := mux.Handler(other); pattern != "" && m != r.Method {
					w.Header().Set("Allow", m)
					return errs.New(errs.NoMethod, "err.no_method")
				}
			}
			return errs.Missing("page")
		}).ServeHTTP(w, r)
	})
}

func (rt *Router) toSignIn(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return errs.New(errs.Unauthorized, "err.unauthorized")
	}
	fresh, err := rt.Fresh(r.Context())
	if err != nil {
		return err
	}
	if fresh {
		return Redirect(w, r, "/setup")
	}
	return Redirect(w, r, "/signin?next="+queryEscape(r.URL.RequestURI()))
}
