package web

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"kizuki/internal/errs"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// maxBody bounds ordinary forms, in bytes; uploads set their own limit.
const maxBody = 1 << 20

func queryEscape(s string) string { return url.QueryEscape(s) }

type requestKey struct{}

type request struct {
	id     string
	router *Router
}

// RequestID is the id that ties a person's error page to the log.
func RequestID(ctx context.Context) string {
	q, _ := ctx.Value(requestKey{}).(request)
	return q.id
}

func routerOf(ctx context.Context) *Router {
	q, _ := ctx.Value(requestKey{}).(request)
	return q.router
}

// Now is the clock of the request's app.
func Now(ctx context.Context) time.Time {
	if rt := routerOf(ctx); rt != nil {
		return rt.Now()
	}
	return time.Now()
}

// requests gives each request an id and writes one log line when it ends.
func (rt *Router) requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		var raw [10]byte
		rand.Read(raw[:])
		q := request{id: strings.ToLower(base32.StdEncoding.EncodeToString(raw[:])), router: rt}
		w.Header().Set("X-Request-Id", q.id)
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), requestKey{}, q)))
		rt.Log.Info("request", "id", q.id, "method", r.Method, "path", r.URL.Path,
			"status", rec.status, "ms", time.Since(start).Milliseconds())
	})
}

type recorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (rt *Router) recovering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			rt.Log.Error("panic", "id", RequestID(r.Context()), "what", fmt.Sprint(v), "stack", string(debug.Stack()))
			if rec, ok := w.(*recorder); ok && !rec.wrote {
				rt.fail(w, r, fmt.Errorf("panic: %v", v))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// The policy allows our own files only: no inline script, no style attribute.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

const (
	sessionCookie = "kizuki_session"
	langCookie    = "kizuki_lang"
)

// SetSession gives the browser its session; an empty token takes it away.
func SetSession(w http.ResponseWriter, r *http.Request, token string) {
	c := &http.Cookie{Name: sessionCookie, Value: token, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: routerOf(r.Context()).Secure, MaxAge: 30 * 24 * 3600}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// SessionToken is the token of the browser's session, "" if it has none.
func SessionToken(r *http.Request) string {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// shortPath is where cookies of SetShort are sent: the way in, and nothing else.
const shortPath = "/signin"

// SetShort keeps a secret of somebody on the way in for a while; an empty one
// takes it away.
func SetShort(w http.ResponseWriter, r *http.Request, name, value string, lasts time.Duration) {
	c := &http.Cookie{Name: name, Value: value, Path: shortPath, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: routerOf(r.Context()).Secure, MaxAge: int(lasts.Seconds())}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// Short is what SetShort keeps under a name, "" if there is none.
func Short(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// SetLanguage keeps the language of someone who is not signed in.
func SetLanguage(w http.ResponseWriter, r *http.Request, lang string) {
	http.SetCookie(w, &http.Cookie{Name: langCookie, Value: lang, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: routerOf(r.Context()).Secure, MaxAge: 365 * 24 * 3600})
}

// identify finds the member behind the request and the language to speak.
func (rt *Router) identify(r *http.Request) (*http.Request, error) {
	ctx := r.Context()
	var actor who.Actor
	if token := SessionToken(r); token != "" {
		a, err := rt.Session(ctx, token)
		if err != nil && !errs.Is(err, errs.Unauthorized) {
			return r.WithContext(words.With(ctx, words.Locale{Lang: guestLanguage(r)})), err
		}
		actor = a
	}
	lang := actor.Lang
	if actor.Workspace == 0 {
		lang = guestLanguage(r)
	}
	ctx = words.With(who.With(ctx, actor), words.Locale{Lang: lang, Zone: actor.Zone})
	return r.WithContext(ctx), nil
}

func guestLanguage(r *http.Request) string {
	if c, err := r.Cookie(langCookie); err == nil && (c.Value == "ja" || c.Value == "en") {
		return c.Value
	}
	return words.Match(r.Header.Get("Accept-Language"))
}
