package intakehttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/api"
	"kizuki/internal/bus"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/field/fieldhttp"
	"kizuki/internal/intake"
	"kizuki/internal/intake/intakehttp"
	"kizuki/internal/job"
	"kizuki/internal/org"
	"kizuki/internal/testkit"
	"kizuki/internal/timeline"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func init() {
	words.Add(contracthttp.Words())
	words.Add(fieldhttp.Words())
}

// site is the pages and endpoints of imports on a workspace of their own; the
// cookie and the bearer token are the role.
type site struct {
	t     *testing.T
	svc   *intake.Service
	pages http.Handler
	rest  *api.API
	actor who.Actor
	jobs  *job.Queue
	ctx   context.Context
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	b := bus.New()
	people, fields, orgs := workspace.New(d, b), field.New(d, b), org.New(d, b)
	contracts, trail := contract.New(d, b, fields, orgs), timeline.New(d, b)
	trail.Subscribe(b)
	s := &site{t: t, jobs: job.New(d, slog.New(slog.DiscardHandler))}
	s.svc = intake.New(d, b, intake.Parts{People: people, Fields: fields, Orgs: orgs, Contracts: contracts, Contacts: contact.New(d, b, contracts),
		Notes: trail, Jobs: s.jobs})
	var err error
	s.actor, err = people.Setup(context.Background(), workspace.SetupInput{Workspace: "気づき", Name: "岡田 真帆",
		Mail: "okada@example.com", Password: "correct horse battery", Lang: "ja", Zone: "Asia/Tokyo", Currency: "JPY"})
	if err != nil {
		t.Fatal(err)
	}
	s.ctx = who.With(context.Background(), s.actor)
	as := func(_ context.Context, token string) (who.Actor, error) {
		a := s.actor
		a.Role = who.Role(token)
		return a, nil
	}
	h := intakehttp.New(s.svc)
	log := slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	rt := web.NewRouter(web.Config{Session: as, Log: log, Places: []web.Place{{Key: "imports", Href: "/imports", Need: who.Read}},
		Fresh: func(context.Context) (bool, error) { return false, nil }, Inbox: func(context.Context) (int, error) { return 0, nil }})
	rt.Add(h.Routes()...)
	s.rest = api.New("test", log, as)
	h.API(s.rest)
	s.pages = rt.Handler()
	return s
}

type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(string(b))
	return len(b), nil
}

type page struct {
	*goquery.Document
	status int
	to     string
	raw    string
}

func (s *site) do(role who.Role, method, path, contentType string, body io.Reader) page {
	s.t.Helper()
	r := httptest.NewRequest(method, path, body)
	r.Header.Set("Content-Type", contentType)
	r.AddCookie(&http.Cookie{Name: "kizuki_session", Value: string(role)})
	w := httptest.NewRecorder()
	s.pages.ServeHTTP(w, r)
	raw := w.Body.String()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(raw))
	if err != nil {
		s.t.Fatal(err)
	}
	return page{doc, w.Code, w.Header().Get("Location"), raw}
}

func (s *site) get(path string) page {
	s.t.Helper()
	return s.do(who.Member, "GET", path, "", nil)
}

func (s *site) post(path string, form url.Values) page {
	s.t.Helper()
	return s.do(who.Member, "POST", path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// multi writes a multipart body: name, value, …; the file comes last.
func multi(t *testing.T, content string, values ...string) (contentType string, body io.Reader) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(values); i += 2 {
		if err := w.WriteField(values[i], values[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if content != "" {
		part, err := w.CreateFormFile("file", "契約一覧_2026年2月.csv")
		if err != nil {
			t.Fatal(err)
		}
		part.Write([]byte(content))
	}
	w.Close()
	return w.FormDataContentType(), &b
}

func (s *site) upload(content string, values ...string) page {
	s.t.Helper()
	contentType, body := multi(s.t, content, values...)
	return s.do(who.Member, "POST", "/import", contentType, body)
}

type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (s *site) call(role, method, path, contentType string, body io.Reader, headers ...string) answer {
	s.t.Helper()
	r := httptest.NewRequest(method, "/api/v1"+path, body)
	r.Header.Set("Authorization", "Bearer "+role)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.rest.Handler().ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
	_ = json.Unmarshal([]byte(a.raw), &a.body)
	return a
}

func (s *site) send(content string, values ...string) answer {
	s.t.Helper()
	contentType, body := multi(s.t, content, values...)
	return s.call("member", "POST", "/imports", contentType, body)
}

const february = `契約番号,契約名,会社名,担当CSM,更新日,月額,フェーズ
1,配車クラウド,みなと物流,岡田 真帆,2026-03-31,460000,定着
2,動態クラウド,港南リース,岡田 真帆,2026-04-30,120000,定着
3,倉庫クラウド,綿雲ファブリック,岡田 真帆,2026-05-31,90000,定着
`

const march = `契約番号,契約名,会社名,担当CSM,更新日,月額,フェーズ
1,配車クラウド,みなと物流,岡田 真帆,2026-03-31,480000,定着
3,倉庫クラウド,綿雲ファブリック,岡田 真帆,2026-05-31,90000,導入
4,点呼クラウド,㈱野分土木,中野 翔太,2026-06-30,80000,導入
5,配車クラウド,ひなた引越センター,,令和8年2月30日,1000,
`

func eachSite(t *testing.T, f func(t *testing.T, s *site)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(t, newSite(t, d)) })
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// work runs the jobs until it is stopped.
func (s *site) work() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.jobs.Run(ctx) }()
	return func() { cancel(); <-done }
}
