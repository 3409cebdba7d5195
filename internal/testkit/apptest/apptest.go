// Package apptest builds the whole app on a test's database and talks to it as
// a browser or a program would.
package apptest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/app"
	"kizuki/internal/blob"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
	"kizuki/internal/workspace/secrets"
)

// Password is every test member's.
const Password = "correct horse battery"

// Start is the moment a test's clock stands at: Tuesday 17 February 2026,
// 10:00 in Tokyo.
var Start = time.Date(2026, 2, 17, 1, 0, 0, 0, time.UTC)

// App is a running app with one workspace and a member of each role.
type App struct {
	*app.App
	t      testing.TB
	Server *httptest.Server
	Ctx    context.Context // the owner's
	Actors map[who.Role]who.Actor

	mu  sync.Mutex
	now time.Time
}

func init() { secrets.Cheap() }

// New builds the app on d; set, if given, configures it further.
func New(t testing.TB, d *db.DB, set ...func(*app.Config)) *App {
	t.Helper()
	a := &App{t: t, now: Start, Actors: map[who.Role]who.Actor{}}
	config := app.Config{Now: a.clock, Version: "test"}
	for _, f := range set {
		f(&config)
	}
	a.App = app.New(d, blob.Folder(filepath.Join(t.TempDir(), "files")), config)
	a.Server = httptest.NewServer(a.Handler())
	t.Cleanup(a.Server.Close)
	owner, err := a.Workspace.CreateWorkspace(context.Background(), workspace.SetupInput{Workspace: "テスト", Name: "岡田 真帆",
		Kana: "おかだ まほ", Mail: "owner@example.com", Password: Password, Lang: "ja"})
	if err != nil {
		t.Fatal(err)
	}
	a.Actors[who.Owner] = owner
	a.Ctx = who.With(context.Background(), owner)
	for role, name := range map[who.Role]string{who.Admin: "松井 里佳", who.Member: "田村 健", who.Viewer: "北原 光"} {
		a.join(role, name)
	}
	return a
}

func (a *App) join(role who.Role, name string) {
	a.t.Helper()
	link, _, err := a.Workspace.Invite(a.Ctx, string(role)+"@example.com", role, 0)
	if err != nil {
		a.t.Fatal(err)
	}
	session, _, err := a.Workspace.Accept(context.Background(), link, workspace.AcceptInput{Name: name, Password: Password})
	if err != nil {
		a.t.Fatal(err)
	}
	actor, _, err := a.Workspace.Session(context.Background(), session)
	if err != nil {
		a.t.Fatal(err)
	}
	a.Actors[role] = actor
}

func (a *App) clock() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

// Travel moves the app's clock.
func (a *App) Travel(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = a.now.Add(d)
}

// As is the context of the member of a role.
func (a *App) As(role who.Role) context.Context {
	return who.With(context.Background(), a.Actors[role])
}

// Other makes a second workspace with an owner of its own and gives the
// owner's context.
func (a *App) Other() context.Context {
	a.t.Helper()
	actor, err := a.Workspace.CreateWorkspace(context.Background(), workspace.SetupInput{Workspace: "よそ", Name: "よその人",
		Mail: "other-" + id.New().String() + "@example.com", Password: Password})
	if err != nil {
		a.t.Fatal(err)
	}
	return who.With(context.Background(), actor)
}

// Browser is a signed-in browser without JavaScript.
type Browser struct {
	t    testing.TB
	base string
	http *http.Client
}

// Page is what a browser got.
type Page struct {
	*goquery.Document
	Status int
	Path   string // where it ended after redirects
	Header http.Header
	Body   string
}

// Guest is a browser that is not signed in.
func (a *App) Guest() *Browser { return newBrowser(a.t, a.Server.URL) }

// Twin is another node on the same database, with the same clock.
func (a *App) Twin() *app.App {
	config := a.Config
	config.Now = a.clock
	return app.New(a.DB, a.Blobs, config)
}

// Visit is a browser on an app that nobody has furnished.
func Visit(t testing.TB, a *app.App) *Browser {
	t.Helper()
	s := httptest.NewServer(a.Handler())
	t.Cleanup(s.Close)
	return newBrowser(t, s.URL)
}

func newBrowser(t testing.TB, base string) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{t: t, base: base, http: &http.Client{Jar: jar}}
}

// Browser is signed in as the member of a role.
func (a *App) Browser(role who.Role) *Browser {
	a.t.Helper()
	return a.BrowserOf(a.Actors[role])
}

// BrowserOf is signed in as any member whose password is Password.
func (a *App) BrowserOf(actor who.Actor) *Browser {
	a.t.Helper()
	m, err := a.Workspace.Member(who.With(context.Background(), actor), actor.Member)
	if err != nil {
		a.t.Fatal(err)
	}
	token, _, err := a.Workspace.SignIn(context.Background(), m.Mail, Password, "test", "127.0.0.1")
	if err != nil {
		a.t.Fatal(err)
	}
	b := a.Guest()
	u, _ := url.Parse(b.base)
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: "kizuki_session", Value: token}})
	return b
}

// Get opens a page.
func (b *Browser) Get(path string) *Page {
	b.t.Helper()
	r, err := http.NewRequest("GET", b.base+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.Do(r)
}

// Post sends a form.
func (b *Browser) Post(path string, form url.Values) *Page {
	b.t.Helper()
	r, err := http.NewRequest("POST", b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.Do(r)
}

// Fragment sends a form as htmx does.
func (b *Browser) Fragment(method, path string, form url.Values) *Page {
	b.t.Helper()
	r, err := http.NewRequest(method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("HX-Request", "true")
	return b.Do(r)
}

// Do sends any request.
func (b *Browser) Do(r *http.Request) *Page {
	b.t.Helper()
	res, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(raw)))
	if err != nil {
		b.t.Fatal(err)
	}
	return &Page{Document: doc, Status: res.StatusCode, Path: res.Request.URL.RequestURI(), Header: res.Header, Body: string(raw)}
}

// Program is a client of the REST API with a token.
type Program struct {
	t     testing.TB
	base  string
	Token string
}

// Program has a token of the member of a role.
func (a *App) Program(role who.Role, scope workspace.Scope) *Program {
	a.t.Helper()
	ctx := a.As(role)
	m, err := a.Workspace.Member(ctx, a.Actors[role].Member)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, _, err := a.Workspace.CreateToken(ctx, m.Mail, "test", scope, a.clock().Add(time.Hour*24*300))
	if err != nil {
		a.t.Fatal(err)
	}
	return &Program{t: a.t, base: a.Server.URL + "/api/v1", Token: secret}
}

// Answer is what the API said.
type Answer struct {
	Status int
	Header http.Header
	JSON   map[string]any
	Body   string
}

// Do sends body as JSON (nil for none; a string as it is).
func (p *Program) Do(method, path string, body any) Answer {
	p.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			p.t.Fatal(err)
		}
		in = strings.NewReader(string(raw))
	}
	r, err := http.NewRequest(method, p.base+path, in)
	if err != nil {
		p.t.Fatal(err)
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return p.Send(r)
}

// Send sends any request with the token.
func (p *Program) Send(r *http.Request) Answer {
	p.t.Helper()
	if p.Token != "" {
		r.Header.Set("Authorization", "Bearer "+p.Token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := Answer{Status: res.StatusCode, Header: res.Header, Body: string(raw)}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(raw, &a.JSON); err != nil {
			p.t.Fatalf("%s: %v in %s", r.URL, err, raw)
		}
	}
	return a
}

// Items are the items of a list.
func (a Answer) Items() []map[string]any {
	list, _ := a.JSON["items"].([]any)
	out := make([]map[string]any, len(list))
	for i, v := range list {
		out[i], _ = v.(map[string]any)
	}
	return out
}
