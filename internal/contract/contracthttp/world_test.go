package contracthttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"kizuki/internal/cal"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// start is the moment every test stands at: Tuesday 17 February 2026, 10:00 in
// Tokyo.
var start = time.Date(2026, 2, 17, 1, 0, 0, 0, time.UTC)

// world is the feature on a real mux with one workspace. Sessions and tokens
// are named after the role they have; "other" is the owner of another
// workspace.
type world struct {
	t       testing.TB
	d       *db.DB
	svc     *contract.Service
	book    *contact.Service
	fields  *field.Service
	people  *workspace.Service
	pages   *contracthttp.Handlers
	ctx     context.Context // the owner's
	me      who.Actor
	actors  map[string]who.Actor
	mux     http.Handler
	said    map[id.ID]contracthttp.Said
	origins map[string]contracthttp.Origin // by attribute
	posted  map[id.ID]string
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	b := bus.New()
	w := &world{t: t, d: d, fields: field.New(d, b), people: workspace.New(d, b),
		actors: map[string]who.Actor{}, said: map[id.ID]contracthttp.Said{}, posted: map[id.ID]string{}}
	orgs := org.New(d, b)
	w.svc = contract.New(d, b, w.fields, orgs)
	w.svc.Now = now
	w.book = contact.New(d, b, w.svc)
	w.people.Now = now
	w.settle()
	words.Add(contracthttp.Words())
	rt := web.NewRouter(web.Config{
		Session: w.session, Fresh: func(context.Context) (bool, error) { return false, nil }, Log: slog.New(slog.DiscardHandler), Now: now,
		Places: []web.Place{{Key: "contracts", Href: "/contracts", Need: who.Read}},
	})
	h := contracthttp.New(w.svc, w.book, orgs, w.fields, w.people, w.parts())
	w.pages = h
	rt.Add(h.Routes()...)
	rest := api.New("test", slog.New(slog.DiscardHandler), w.session)
	h.API(rest)
	rt.Mount(api.Prefix+"/", rest.Handler())
	w.mux = rt.Handler()
	return w
}

func now() time.Time { return start }

func (w *world) settle() {
	w.t.Helper()
	owner, err := w.people.Setup(context.Background(), workspace.SetupInput{Workspace: "テスト", Name: "岡田 真帆", Mail: "a@example.com", Password: "correct horse", Lang: "ja"})
	if err != nil {
		w.t.Fatal(err)
	}
	other, err := w.people.CreateWorkspace(context.Background(), workspace.SetupInput{Workspace: "よそ", Name: "よその人", Mail: "b@example.com", Password: "correct horse"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.me, w.ctx = owner, who.With(context.Background(), owner)
	w.actors["owner"], w.actors["other"] = owner, other
	for _, role := range []who.Role{who.Member, who.Viewer} {
		a := owner
		a.Role = role
		w.actors[string(role)] = a
	}
	english := owner
	english.Lang = "en"
	w.actors["english"] = english
}

func (w *world) session(_ context.Context, token string) (who.Actor, error) {
	if a, ok := w.actors[token]; ok {
		return a, nil
	}
	return who.Actor{}, errs.New(errs.Unauthorized, "err.unauthorized")
}

func (w *world) parts() contracthttp.Parts {
	panel := func(name string) contracthttp.Panel {
		return func(_ context.Context, c contract.Contract, r *http.Request) (templ.Component, error) {
			return templ.Raw(fmt.Sprintf("<div id=%q data-contract=%q data-query=%q></div>", name, c.ID, templ.EscapeString(r.URL.RawQuery))), nil
		}
	}
	return contracthttp.Parts{
		Trail: panel("trail"), NoteBox: panel("note-box"), History: panel("history"), Asides: []contracthttp.Panel{panel("tasks")},
		Origins: func(context.Context, contract.Contract) (func(string) (contracthttp.Origin, bool), error) {
			return func(name string) (o contracthttp.Origin, known bool) { o, known = w.origins[name]; return o, known }, nil
		},
		List: contracthttp.ListParts{
			LastWords: func(context.Context, []id.ID) (map[id.ID]contracthttp.Said, error) { return w.said, nil },
			Calendar: func(context.Context, cal.Date) (contracthttp.Calendar, error) {
				return contracthttp.Calendar{Fiscal: cal.April}, nil
			},
			Sources: func(context.Context) (time.Time, string, error) {
				return start.Add(-5 * time.Hour), "契約管理", nil
			},
		},
		Post: func(_ context.Context, c id.ID, body string) error {
			if body == "refuse" {
				return errs.Field("body", "err.too_long", "Max", 1)
			}
			w.posted[c] = body
			return nil
		},
	}
}

// add makes a contract; edit changes what is particular to it.
func (w *world) add(edit func(*contract.Input)) contract.Contract {
	w.t.Helper()
	in := contract.Input{Name: "配車クラウド 本社契約", Organization: "株式会社みなと物流"}
	if edit != nil {
		edit(&in)
	}
	c, err := w.svc.Create(w.ctx, in)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// many makes n contracts of one owner, spread over the days after start.
func (w *world) many(n int) {
	w.t.Helper()
	w.manyFrom(0, n)
}

func (w *world) manyFrom(first, n int) {
	w.t.Helper()
	for i := first; i < first+n; i++ {
		w.add(func(in *contract.Input) {
			in.Organization, in.Name = fmt.Sprintf("会社%03d", i), fmt.Sprintf("契約%03d", i)
			in.Key, in.Amount, in.AmountBasis, in.Owner = fmt.Sprintf("N-%03d", i), "1000", "monthly", w.me.Member.String()
			in.RenewalDate = start.AddDate(0, 0, i).Format(time.DateOnly)
			in.Phase, in.Fields = "定着", map[string]any{}
		})
	}
}

func (w *world) field(in field.Input) field.Field {
	w.t.Helper()
	in.Labels = map[string]string{"ja": in.Key + "の名前"}
	f, err := w.fields.Create(w.ctx, in)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// touch is an import that sees a contract.
func (w *world) touch(c contract.Contract) {
	w.t.Helper()
	if err := w.d.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) error {
		return w.svc.TouchIn(ctx, tx, w.me.Workspace, []id.ID{c.ID}, 1)
	}); err != nil {
		w.t.Fatal(err)
	}
}

// now reads a contract again.
func (w *world) now(c contract.Contract) contract.Contract {
	w.t.Helper()
	c, err := w.svc.Get(w.ctx, c.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// page is what a browser got.
type page struct {
	*goquery.Document
	status int
	body   string
	header http.Header
}

func (w *world) send(r *http.Request, as string) *page {
	w.t.Helper()
	if as != "" {
		r.AddCookie(&http.Cookie{Name: "kizuki_session", Value: as})
	}
	rec := httptest.NewRecorder()
	w.mux.ServeHTTP(rec, r)
	body := rec.Body.String()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	return &page{Document: doc, status: rec.Code, body: body, header: rec.Header()}
}

func (w *world) get(path string) *page {
	w.t.Helper()
	return w.send(httptest.NewRequest("GET", path, nil), "owner")
}

func form(path string, v url.Values) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func (w *world) post(path string, v url.Values) *page {
	w.t.Helper()
	return w.send(form(path, v), "owner")
}

func fragment(r *http.Request) *http.Request {
	r.Header.Set("HX-Request", "true")
	r.Header.Set("HX-Current-URL", "http://example.com/contracts")
	return r
}

func (w *world) hxPost(path string, v url.Values) *page {
	w.t.Helper()
	return w.send(fragment(form(path, v)), "owner")
}

// toast is what the answer says to the page.
func (p *page) toast(t testing.TB) (said struct{ Text, Undo string }) {
	t.Helper()
	var h struct {
		Toast *struct{ Text, Undo string }
	}
	h.Toast = &said
	if err := json.Unmarshal([]byte(p.header.Get("HX-Trigger")), &h); err != nil {
		t.Fatalf("%v in %q", err, p.header.Get("HX-Trigger"))
	}
	return said
}

func (p *page) want(t testing.TB, status int) *page {
	t.Helper()
	if p.status != status {
		t.Fatalf("status %d, want %d\n%.600s", p.status, status, p.body)
	}
	return p
}

// text is what a person reads in a selection, without the breaks of the markup.
func text(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// answer is what a program got.
type answer struct {
	status int
	json   map[string]any
	body   string
	header http.Header
}

func (w *world) call(as, method, path string, body any) answer {
	w.t.Helper()
	raw, ok := body.(string)
	if !ok && body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		raw = string(b)
	}
	r := httptest.NewRequest(method, "/api/v1/contracts"+path, strings.NewReader(raw))
	if raw != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if as != "" {
		r.Header.Set("Authorization", "Bearer "+as)
	}
	rec := httptest.NewRecorder()
	w.mux.ServeHTTP(rec, r)
	a := answer{status: rec.Code, body: rec.Body.String(), header: rec.Header()}
	if strings.Contains(rec.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(rec.Body.Bytes(), &a.json); err != nil {
			w.t.Fatal(errors.Join(err, errors.New(a.body)))
		}
	}
	return a
}

func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %.600s", a.status, status, a.body)
	}
	if status >= 400 && a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("an error that is no problem+json: %s", a.header.Get("Content-Type"))
	}
	return a
}

func (a answer) items() []map[string]any {
	list, _ := a.json["items"].([]any)
	out := make([]map[string]any, len(list))
	for i := range list {
		out[i], _ = list[i].(map[string]any)
	}
	return out
}
