package rulehttp_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/api"
	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/rule"
	"kizuki/internal/rule/rulehttp"
	"kizuki/internal/task"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func init() { words.Add(rulehttp.Words()) }

// site is the pages of rules on a database with two members and a contract
// that renews on 2026-03-31, on Tuesday 17 February 2026 at ten in Tokyo.
type site struct {
	t        *testing.T
	d        *db.DB
	svc      *rule.Service
	fields   *field.Service
	http     http.Handler
	ctx      context.Context
	ws       id.ID
	contract id.ID
	okada    id.ID
	abe      id.ID
}

func newSite(t *testing.T, d *db.DB) *site {
	s := &site{t: t, d: d, ws: id.New(), contract: id.New(), okada: id.New(), abe: id.New()}
	org, now := id.New(), func() time.Time { return time.Date(2026, 2, 17, 1, 0, 0, 0, time.UTC) }
	err := d.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for _, q := range [][]any{
			{"INSERT INTO workspace (id, name, zone, currency, language, fiscal_start_month, created_at) VALUES ($1, 'w', 'Asia/Tokyo', 'JPY', 'ja', 4, 0)", s.ws},
			{"INSERT INTO member (workspace_id, id, role, name, name_fold, state, created_at) VALUES ($1, $2, 'member', '岡田 真帆', 'a', 'active', 0)", s.ws, s.okada},
			{"INSERT INTO member (workspace_id, id, role, name, name_fold, state, created_at) VALUES ($1, $2, 'member', '阿部 航', 'b', 'active', 0)", s.ws, s.abe},
			{"INSERT INTO organization (workspace_id, id, name, name_fold, name_key, created_at) VALUES ($1, $2, 'みなと物流', 'a', 'a', 0)", s.ws, org},
			{`INSERT INTO contract (workspace_id, id, key, key_fold, name, name_fold, org_id, owner_id, currency, fields, created_at, renewal_date)
				VALUES ($1, $2, 'k', 'k', '本社契約', 'a', $3, $4, 'JPY', '{}', 0, '2026-03-31')`, s.ws, s.contract, org, s.okada},
		} {
			if _, err := db.Exec(ctx, tx, q[0].(string), q[1:]...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b := bus.New()
	tasks, people := task.NewService(d, b, nil), workspace.New(d, b)
	s.fields = field.New(d, b)
	s.svc = rule.New(d, b, job.New(d, slog.New(slog.DiscardHandler)), people, s.fields, tasks)
	s.svc.Now, tasks.Now = now, now
	handlers := rulehttp.New(s.svc, people, s.fields)
	session := func(_ context.Context, token string) (who.Actor, error) {
		role := who.Role(token)
		if !role.Valid() {
			return who.Actor{}, errs.New(errs.Unauthorized, "err.unauthorized")
		}
		return who.Actor{Workspace: s.ws, Member: s.okada, Name: "岡田 真帆", Role: role, Lang: "ja", Zone: time.FixedZone("JST", 9*3600)}, nil
	}
	log := slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	router := web.NewRouter(web.Config{Session: session, Log: log, Now: now,
		Fresh: func(context.Context) (bool, error) { return false, nil }})
	router.Add(handlers.Routes()...)
	rest := api.New("test", log, session)
	handlers.API(rest)
	router.Mount(api.Prefix+"/", rest.Handler())
	s.http = router.Handler()
	a, _ := session(nil, "member")
	s.ctx = words.With(who.With(context.Background(), a), words.Locale{Lang: "ja", Zone: a.Zone})
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
	toast  string // of htmx
	undo   string
	header http.Header
}

func (s *site) do(role who.Role, method, path string, form url.Values, htmx bool) page {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "kizuki_session", Value: string(role)})
	if htmx {
		r.Header.Set("HX-Request", "true")
	}
	w := httptest.NewRecorder()
	s.http.ServeHTTP(w, r)
	doc, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	p := page{Document: doc, status: w.Code, to: w.Header().Get("Location"), header: w.Header()}
	var said struct{ Toast struct{ Text, Undo string } }
	if h := w.Header().Get("HX-Trigger"); h != "" {
		if err := json.Unmarshal([]byte(h), &said); err != nil {
			s.t.Fatal(err)
		}
		p.toast, p.undo = said.Toast.Text, said.Toast.Undo
	}
	return p
}

func (s *site) get(path string) page { s.t.Helper(); return s.do(who.Member, "GET", path, nil, false) }
func (s *site) post(path string, form url.Values) page {
	s.t.Helper()
	return s.do(who.Member, "POST", path, form, false)
}
func (s *site) touch(path string, form url.Values) page {
	s.t.Helper()
	return s.do(who.Member, "POST", path, form, true)
}

// draft saves a form and gives the address of the rule.
func (s *site) draft(form url.Values) string {
	s.t.Helper()
	p := s.post("/rules", form)
	if p.status != http.StatusSeeOther {
		s.t.Fatal(p.status, squeeze(p.Find(".error, .alarm").Text()))
	}
	return p.to
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }
