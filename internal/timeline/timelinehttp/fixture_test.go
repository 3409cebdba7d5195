package timelinehttp

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"kizuki/internal/api"
	"kizuki/internal/bus"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/testkit"
	"kizuki/internal/timeline"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func init() { words.Add(Words()) }

// site is the trail's pages and endpoints with a real workspace under them;
// contracts are made by their own service.
type site struct {
	t         *testing.T
	d         *db.DB
	bus       *bus.Bus
	svc       *timeline.Service
	h         *Handlers
	contracts *contract.Service
	fields    *field.Service
	pages     http.Handler
	rest      http.Handler
	actors    map[string]who.Actor // by surname
	now       time.Time
	minato    contract.Contract
}

func each(t *testing.T, f func(s *site)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(newSite(t, d)) })
}

func newSite(t *testing.T, d *db.DB) *site {
	s := &site{t: t, d: d, bus: bus.New(), actors: map[string]who.Actor{}, now: time.Date(2026, 2, 17, 1, 0, 0, 0, time.UTC)}
	now := func() time.Time { return s.now }
	s.svc = timeline.New(d, s.bus)
	s.svc.Now = now
	s.svc.Subscribe(s.bus)
	ws := workspace.New(d, s.bus)
	ws.Now = now
	s.fields = field.New(d, s.bus)
	s.contracts = contract.New(d, s.bus, s.fields, org.New(d, s.bus))
	s.contracts.Now = now
	s.h = New(s.svc, ws, s.fields)
	s.people(ws)
	s.serve()
	c, err := s.contracts.Create(s.as("岡田"), contract.Input{Key: "MN-1", Name: "本社契約", Organization: "みなと物流", Owner: s.actors["岡田"].Member.String(),
		RenewalDate: "2026-03-31", Outlook: "watch", Amount: "480000", AmountBasis: "monthly"})
	if err != nil {
		t.Fatal(err)
	}
	s.minato = c
	return s
}

func (s *site) people(ws *workspace.Service) {
	ctx := context.Background()
	owner, err := ws.CreateWorkspace(ctx, workspace.SetupInput{Workspace: "CS", Name: "岡田 真帆", Kana: "おかだ まほ", Mail: "okada@example.com", Password: "correct horse battery", Lang: "ja"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.actors["岡田"] = owner
	for mail, p := range map[string]struct {
		name string
		role who.Role
	}{"tamura": {"田村 健", who.Member}, "nakano": {"中野 翔太", who.Viewer}, "ishikawa": {"石川 由香", who.Admin}, "ann": {"Ann Lee", who.Viewer}} {
		link, _, err := ws.Invite(who.With(ctx, owner), mail+"@example.com", p.role, 0)
		if err != nil {
			s.t.Fatal(err)
		}
		session, _, err := ws.Accept(ctx, link, workspace.AcceptInput{Name: p.name, Password: "correct horse battery"})
		if err != nil {
			s.t.Fatal(err)
		}
		actor, _, err := ws.Session(ctx, session)
		if err != nil {
			s.t.Fatal(err)
		}
		name, _, _ := strings.Cut(p.name, " ")
		s.actors[name] = actor
	}
	ann := s.actors["Ann"]
	ann.Lang = "en"
	s.actors["Ann"] = ann
	if _, err := ws.CreateUnit(who.With(ctx, owner), "東京チーム", 0); err != nil {
		s.t.Fatal(err)
	}
	other, err := ws.CreateWorkspace(ctx, workspace.SetupInput{Workspace: "よそ", Name: "よそ 太郎", Mail: "taro@example.net", Password: "correct horse battery", Lang: "ja"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.actors["よそ"] = other
}

// serve mounts the routes; a session or token is simply the surname.
func (s *site) serve() {
	find := func(_ context.Context, token string) (who.Actor, error) {
		name, err := url.QueryUnescape(token)
		a, ok := s.actors[name]
		if err != nil || !ok {
			return a, errs.New(errs.Unauthorized, "err.unauthorized")
		}
		return a, nil
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	rt := web.NewRouter(web.Config{Session: find, Log: log, Now: func() time.Time { return s.now },
		Fresh: func(context.Context) (bool, error) { return false, nil }})
	rt.Add(s.h.Routes()...)
	rt.Add(web.Route{Method: "GET", Path: "/contracts/{id}", Need: who.Read, Handle: s.contractPage})
	s.pages = rt.Handler()
	a := api.New("test", log, find)
	s.h.API(a)
	s.rest = a.Handler()
}

// contractPage embeds the trail as the real one does.
func (s *site) contractPage(w http.ResponseWriter, r *http.Request) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	q := r.URL.Query()
	panel, err := s.h.Panel(r.Context(), ref, PanelQuery{Show: timeline.Show(q.Get("show")), Cursor: q.Get("cursor"), Base: r.URL.RequestURI()})
	if err != nil {
		return err
	}
	body := templ.Join(panel, s.h.NoteBox(r.Context(), s.minato, r.URL.RequestURI()))
	return web.Page(w, r, http.StatusOK, web.Meta{Title: "x"}, templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return ui.Sheet().Render(templ.WithChildren(ctx, body), w)
	}))
}

func (s *site) as(name string) context.Context {
	return words.With(who.With(context.Background(), s.actors[name]), words.Locale{Lang: "ja", Zone: s.actors[name].Zone})
}

// answer is what a browser got.
type answer struct {
	*goquery.Document
	status int
	header http.Header
	body   string
}

// browse sends a request as somebody; a form makes it a POST, htmx is set by
// the path's leading "hx ".
func (s *site) browse(name, path string, form ...url.Values) answer {
	s.t.Helper()
	path, htmx := strings.CutPrefix(path, "hx ")
	r := httptest.NewRequest("GET", path, nil)
	if len(form) > 0 {
		r = httptest.NewRequest("POST", path, strings.NewReader(form[0].Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if htmx {
		r.Header.Set("HX-Request", "true")
	}
	r.AddCookie(&http.Cookie{Name: "kizuki_session", Value: url.QueryEscape(name)})
	w := httptest.NewRecorder()
	s.pages.ServeHTTP(w, r)
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(w.Body.String()))
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{doc, w.Code, w.Header(), w.Body.String()}
}

func (s *site) call(name, method, path, body string) (int, map[string]any) {
	s.t.Helper()
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+url.QueryEscape(name))
	w := httptest.NewRecorder()
	s.rest.ServeHTTP(w, r)
	var out map[string]any
	if kind := w.Header().Get("Content-Type"); w.Code >= 400 && kind != "application/problem+json" {
		s.t.Errorf("%s %s: %d as %q", method, path, w.Code, kind)
	}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			s.t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
		}
	}
	return w.Code, out
}

// happen publishes changes of the contract, as the app would.
func (s *site) happen(ctx context.Context, list ...bus.Change) {
	s.t.Helper()
	err := s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for i := range list {
			list[i].Workspace, list[i].Contract = s.actors["岡田"].Workspace, s.minato.ID
		}
		return s.bus.Publish(ctx, tx, list...)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func changed(fields map[string][2]any) bus.Change {
	return bus.Change{Kind: "contract.changed", Fields: fields}
}

// because is 岡田's act as the doing of something else.
func (s *site) because(kind string, actor id.ID) context.Context {
	return bus.Because(s.as("岡田"), bus.Cause{ActorKind: kind, ActorID: actor, Kind: kind, ID: actor})
}

// remarks are what the system says on the trail, from the newest event on.
func (s *site) remarks(name string) []string {
	s.t.Helper()
	a := s.browse(name, s.path(""))
	if a.status != http.StatusOK {
		s.t.Fatal(a.status, a.body)
	}
	return a.lines(`#trail > [id^="event-"] .remark`)
}

func (s *site) path(more string) string { return "/contracts/" + s.minato.ID.String() + more }

func (s *site) say(name, body string, h timeline.Hunch, parent id.ID) timeline.Note {
	s.t.Helper()
	s.now = s.now.Add(time.Minute)
	n, err := s.svc.Post(s.as(name), timeline.PostInput{Contract: s.minato.ID, Body: body, Hunch: h, Parent: parent})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// lines are the texts of what a selection finds, spaces made one.
func (a answer) lines(selector string) (out []string) {
	a.Find(selector).Each(func(_ int, e *goquery.Selection) {
		out = append(out, strings.Join(strings.Fields(e.Text()), " "))
	})
	return out
}
