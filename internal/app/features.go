package app

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"kizuki/internal/api"
	"kizuki/internal/web"
	"kizuki/internal/web/assets"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace/workspacehttp"
)

// features are the services above workspace, in the order they stand on each
// other.
type features struct{}

// build makes the features and connects their news.
func (a *App) build() {}

// feature is what a feature's http package offers.
type feature interface {
	Routes() []web.Route
	API(*api.API)
}

// routes mounts every page and endpoint.
func (a *App) routes() http.Handler {
	words.Add(workspacehttp.Words())
	people := workspacehttp.New(a.Workspace, a.Jobs)
	if a.Demo {
		people.Hint = templ.NopComponent
	}
	a.Router = web.NewRouter(web.Config{
		Session: func(ctx context.Context, token string) (who.Actor, error) {
			actor, _, err := a.Workspace.Session(ctx, token)
			return actor, err
		},
		Fresh:  a.Workspace.Empty,
		Places: places,
		Log:    a.Log, Secure: a.Secure, Demo: a.Demo, Now: a.Now,
	})
	a.REST = api.New(a.Version, a.Log, a.Workspace.Bearer)
	for _, f := range []feature{people} {
		a.Router.Add(f.Routes()...)
		f.API(a.REST)
	}
	a.Router.Mount("GET /assets/", assets.Handler())
	a.Router.Mount(api.Prefix+"/", a.REST.Handler())
	a.Router.Mount("GET /healthz", a.health(false))
	a.Router.Mount("GET /readyz", a.health(true))
	return a.Router.Handler()
}

// places are the rooms of the rail.
var places = []web.Place{
	{Key: "today", Href: "/today", Need: who.Read},
	{Key: "contracts", Href: "/contracts", Need: who.Read},
	{Key: "tasks", Href: "/tasks", Need: who.Read},
	{Key: "organizations", Href: "/organizations", Need: who.Read, More: true},
	{Key: "rules", Href: "/rules", Need: who.Read, More: true},
	{Key: "imports", Href: "/imports", Need: who.Write, More: true},
	{Key: "members", Href: "/members", Need: who.Read, More: true},
	{Key: "settings", Href: "/settings", Need: who.Administer, More: true},
}

// health answers 200 while the process lives, or while the database answers.
func (a *App) health(deep bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if deep && a.DB.Ping(r.Context()) != nil {
			http.Error(w, "database", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
}
