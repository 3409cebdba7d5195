package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"kizuki/internal/errs"
	"kizuki/internal/web"
	"kizuki/internal/who"
)

// site is a small site whose sessions are named after their role.
type site struct {
	*web.Router
	log *bytes.Buffer
}

func newSite(t *testing.T) site {
	t.Helper()
	var log bytes.Buffer
	rt := web.NewRouter(web.Config{
		Session: func(_ context.Context, token string) (who.Actor, error) {
			switch token {
			case "broken":
				return who.Actor{}, errors.New("database gone")
			case "viewer", "member":
				return who.Actor{Workspace: 1, Member: 2, Role: who.Role(token), Lang: "en", Name: "Ann <b>"}, nil
			}
			return who.Actor{}, errs.New(errs.Unauthorized, "err.unauthorized")
		},
		Fresh:  func(context.Context) (bool, error) { return false, nil },
		Places: []web.Place{{Key: "today", Href: "/today", Need: who.Read}, {Key: "settings", Href: "/settings", Need: who.Administer}},
		Log:    slog.New(slog.NewJSONHandler(&log, nil)),
	})
	page := func(w http.ResponseWriter, r *http.Request) error {
		return web.Page(w, r, 200, web.Meta{Title: "T", Place: "/today"}, templ.Raw("<main id=sheet>hello</main>"))
	}
	rt.Add(
		web.Route{Method: "GET", Path: "/today", Need: who.Read, Handle: page},
		web.Route{Method: "POST", Path: "/write", Need: who.Write, Handle: func(w http.ResponseWriter, r *http.Request) error {
			f, err := web.ReadForm(r)
			if err != nil {
				return err
			}
			return web.RedirectSaying(w, r, "/today", web.Toast{Text: "書きました " + f.Line("x"), Undo: "/undo"})
		}},
		web.Route{Method: "GET", Path: "/fail", Need: who.Nothing, Handle: func(http.ResponseWriter, *http.Request) error { return errors.New("secret detail") }},
		web.Route{Method: "GET", Path: "/panic", Need: who.Nothing, Handle: func(http.ResponseWriter, *http.Request) error { panic("oh") }},
		web.Route{Method: "GET", Path: "/input", Need: who.Nothing, Handle: func(http.ResponseWriter, *http.Request) error {
			return errs.Join(errs.Field("a", "err.required"), errs.Field("b", "err.too_long", "Max", 10))
		}},
	)
	return site{rt, &log}
}

func (s site) do(t *testing.T, method, path, session string, edit func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	var r *http.Request
	if method == "POST" {
		r = httptest.NewRequest(method, path, strings.NewReader(url.Values{"x": {"  a\u3000b \x00"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		r = httptest.NewRequest(method, path, nil)
	}
	if session != "" {
		r.AddCookie(&http.Cookie{Name: "kizuki_session", Value: session})
	}
	if edit != nil {
		edit(r)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func doc(t *testing.T, w *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	d, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRouteWithoutNeedStopsTheStart(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("a route that says nothing was taken")
		}
	}()
	newSite(t).Add(web.Route{Method: "GET", Path: "/open"})
}

func TestWhoGetsIn(t *testing.T) {
	s := newSite(t)
	cases := []struct {
		method, path, session string
		status                int
		to                    string
	}{
		{"GET", "/today?x=1", "", 303, "/signin?next=%2Ftoday%3Fx%3D1"},
		{"GET", "/today", "viewer", 200, ""},
		{"GET", "/today", "unknown", 303, "/signin?next=%2Ftoday"},
		{"POST", "/write", "", 401, ""},
		{"POST", "/write", "viewer", 403, ""},
		{"POST", "/write", "member", 303, "/today"},
		{"GET", "/write", "member", 405, ""},
		{"GET", "/nowhere", "member", 404, ""},
		{"GET", "/today", "broken", 500, ""},
		{"GET", "/input", "", 422, ""},
	}
	for _, c := range cases {
		w := s.do(t, c.method, c.path, c.session, nil)
		if w.Code != c.status || w.Header().Get("Location") != c.to {
			t.Errorf("%s %s as %q: %d %s", c.method, c.path, c.session, w.Code, w.Header().Get("Location"))
		}
		if c.status >= 400 && w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s %s: an error without a page", c.method, c.path)
		}
	}
}

func TestShellShowsOnlyOpenPlacesAndEscapes(t *testing.T) {
	d := doc(t, newSite(t).do(t, "GET", "/today", "viewer", nil))
	if d.Find(`.places a[href="/today"][aria-current="page"]`).Length() != 1 || d.Find(`.places a[href="/settings"]`).Length() != 0 {
		t.Error("the rail is wrong")
	}
	if lang, _ := d.Find("html").Attr("lang"); lang != "en" || d.Find(".me b").Length() != 0 || !strings.Contains(d.Find(".me").Text(), "Ann <b>") {
		t.Error("language or escaping is wrong")
	}
}

func TestInternalErrorsTellOnlyTheirNumber(t *testing.T) {
	for _, path := range []string{"/fail", "/panic"} {
		s := newSite(t)
		w := s.do(t, "GET", path, "", nil)
		id := w.Header().Get("X-Request-Id")
		if body := w.Body.String(); w.Code != 500 || strings.Contains(body, "secret") || strings.Contains(body, "oh\"") || !strings.Contains(body, id) {
			t.Errorf("%s: %d", path, w.Code)
		}
		if !strings.Contains(s.log.String(), id) {
			t.Errorf("%s: the log does not know the number", path)
		}
	}
}

func TestErrorsForHtmxAreToasts(t *testing.T) {
	w := newSite(t).do(t, "GET", "/input", "", func(r *http.Request) { r.Header.Set("HX-Request", "true") })
	h := w.Header().Get("HX-Trigger")
	for _, r := range h {
		if r >= 0x80 {
			t.Fatalf("a header with %q", r)
		}
	}
	var got struct {
		Toast struct {
			Text string
			Bad  bool
		}
	}
	if err := json.Unmarshal([]byte(h), &got); err != nil || !got.Toast.Bad || got.Toast.Text == "" || w.Header().Get("HX-Reswap") != "none" {
		t.Fatalf("%v %s", err, h)
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	s := newSite(t)
	for _, h := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}} {
		w := s.do(t, "POST", "/write", "member", func(r *http.Request) {
			for k, v := range h {
				r.Header.Set(k, v)
			}
		})
		if w.Code != 403 {
			t.Errorf("%v: %d", h, w.Code)
		}
	}
}

func TestFlashIsSaidOnceAndCleaned(t *testing.T) {
	s := newSite(t)
	w := s.do(t, "POST", "/write", "member", nil)
	cookies := w.Result().Cookies()
	w = s.do(t, "GET", "/today", "member", func(r *http.Request) {
		for _, c := range cookies {
			r.AddCookie(c)
		}
	})
	toast := doc(t, w).Find("#toasts .toast")
	if !strings.Contains(toast.Text(), "書きました a b") || toast.Find(`form[action="/undo"]`).Length() != 1 {
		t.Errorf("got %q", toast.Text())
	}
	if c := w.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Error("it would be said again")
	}
}

func TestHeaders(t *testing.T) {
	h := newSite(t).do(t, "GET", "/today", "member", nil).Header()
	csp := h.Get("Content-Security-Policy")
	if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "script-src 'self'") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", h)
	}
}

func TestOversizedForm(t *testing.T) {
	s := newSite(t)
	w := s.do(t, "POST", "/write", "member", func(r *http.Request) {
		body := strings.NewReader("x=" + strings.Repeat("a", 2<<20))
		r.Body = http.NoBody
		*r = *httptest.NewRequest("POST", "/write", body)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(&http.Cookie{Name: "kizuki_session", Value: "member"})
	})
	if w.Code != 413 {
		t.Errorf("%d", w.Code)
	}
}

func TestLocalPath(t *testing.T) {
	for in, want := range map[string]string{"/a?b=c": "/a?b=c", "//evil": "/", `/\evil`: "/", "https://evil": "/", "": "/", "a": "/", "/%zz": "/"} {
		if got := web.LocalPath(in, "/"); got != want {
			t.Errorf("%q → %q", in, got)
		}
	}
}
