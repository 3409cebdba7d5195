package app_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

var needsRole = map[who.Need]who.Role{who.Read: who.Viewer, who.Self: who.Viewer, who.Write: who.Member, who.Lead: who.Admin, who.Administer: who.Admin, who.Own: who.Owner}

var param = regexp.MustCompile(`\{[a-z_]+\.*\}`)

// noID stands for an id that is in no workspace.
const noID = "4611686018427387904"

func fill(path string) string {
	return strings.TrimSuffix(param.ReplaceAllString(path, noID), "{$}")
}

// The table of routes is walked with every role: below its need a route
// answers 403 (401 to nobody), never anything else; at or above it never 403
// and never 500, whatever nonsense it is given.
func TestRoleByRoute(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		browsers := map[who.Role]*apptest.Browser{}
		for _, role := range who.Roles() {
			browsers[role] = a.Browser(role)
		}
		for _, r := range a.Router.Table() {
			if r.Path == "/signout" || stream(r.Path) {
				continue // it ends the session this test walks with; a stream does not end
			}
			for _, role := range who.Roles() {
				allowed := r.Need == who.Nothing || role.Includes(needsRole[r.Need])
				var p *apptest.Page
				if r.Method == "GET" {
					p = browsers[role].Get(fill(r.Path))
				} else {
					p = browsers[role].Post(fill(r.Path), url.Values{"x": {"y"}})
				}
				if allowed == (p.Status == http.StatusForbidden) || p.Status >= 500 {
					t.Errorf("%s %s as %s: %d", r.Method, r.Path, role, p.Status)
				}
			}
		}
	})
}

func TestRoleByEndpoint(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		programs := map[string]*apptest.Program{"nobody": a.Program(who.Owner, workspace.ScopeWrite)}
		programs["nobody"].Token = ""
		for _, role := range who.Roles() {
			programs[string(role)] = a.Program(role, workspace.ScopeWrite)
		}
		programs["read token"] = a.Program(who.Owner, workspace.ScopeRead)
		for _, e := range a.REST.Table() {
			path := strings.TrimPrefix(fill(e.Path), "/api/v1")
			for name, p := range programs {
				for _, body := range []any{nil, "{", map[string]any{"x": 1}, []any{}} {
					got := p.Do(e.Method, path, body)
					checkAnswer(t, e.Method+" "+e.Path+" as "+name, got, wantStatus(name, e.Need))
				}
			}
		}
	})
}

// wantStatus is 401, 403, or 0 for "let in".
func wantStatus(name string, need who.Need) int {
	switch {
	case name == "nobody":
		return 401
	case name == "read token" && need != who.Read:
		return 403
	case name == "read token":
		return 0
	case !who.Role(name).Includes(needsRole[need]):
		return 403
	}
	return 0
}

func checkAnswer(t *testing.T, what string, got apptest.Answer, want int) {
	t.Helper()
	if want != 0 && got.Status != want || want == 0 && (got.Status == 401 || got.Status == 403) || got.Status >= 500 {
		t.Errorf("%s: %d %s", what, got.Status, got.Body)
	}
	if got.Status >= 400 && (got.Header.Get("Content-Type") != "application/problem+json" || got.JSON["code"] == nil || got.JSON["detail"] == "") {
		t.Errorf("%s: %d is no problem: %s", what, got.Status, got.Body)
	}
}

// ids finds the ids in what an API answers.
func ids(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			if s, ok := e.(string); ok && key == "id" {
				into[s] = true
			}
			ids(e, into)
		}
	case []any:
		for _, e := range v {
			ids(e, into)
		}
	}
}

// Everything one workspace has is 404 in another, on every route that takes an
// id: the ids come from the lists of the API itself.
func TestWorkspaceIsolation(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		furnish(t, a)
		mine := map[string]bool{}
		owner := a.Program(who.Owner, workspace.ScopeRead)
		for _, e := range a.REST.Table() {
			if e.Method == "GET" && !strings.Contains(e.Path, "{") {
				ids(any(owner.Do("GET", strings.TrimPrefix(e.Path, "/api/v1"), nil).JSON), mine)
			}
		}
		if len(mine) < 8 {
			t.Fatalf("only %d ids to try: the furnished workspace is too empty", len(mine))
		}
		stranger := strangerOf(t, a)
		for _, e := range a.REST.Table() {
			if !strings.Contains(e.Path, "{") {
				continue
			}
			for ref := range mine {
				path := strings.TrimPrefix(param.ReplaceAllString(e.Path, ref), "/api/v1")
				got := stranger.program.Do(e.Method, path, map[string]any{})
				if got.Status != 404 && got.Status != 422 && got.Status != 400 && got.Status != 415 && !emptyList(got) {
					t.Errorf("%s %s with an id of another workspace: %d %s", e.Method, e.Path, got.Status, got.Body)
				}
			}
		}
		for _, r := range a.Router.Table() {
			if r.Method != "GET" || !strings.Contains(r.Path, "{") || strings.Contains(r.Path, "{$}") {
				continue
			}
			for ref := range mine {
				if p := stranger.browser.Get(param.ReplaceAllString(r.Path, ref)); p.Status != 404 {
					t.Errorf("GET %s with an id of another workspace: %d", r.Path, p.Status)
				}
			}
		}
	})
}

func emptyList(a apptest.Answer) bool {
	_, list := a.JSON["items"]
	return list && len(a.Items()) == 0
}

type stranger struct {
	browser *apptest.Browser
	program *apptest.Program
}

func strangerOf(t *testing.T, a *apptest.App) stranger {
	t.Helper()
	ctx := a.Other()
	actor := who.From(ctx)
	m, err := a.Workspace.Member(ctx, actor.Member)
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := a.Workspace.CreateToken(ctx, m.Mail, "t", workspace.ScopeWrite, apptest.Start.AddDate(0, 6, 0))
	if err != nil {
		t.Fatal(err)
	}
	p := a.Program(who.Owner, workspace.ScopeWrite)
	p.Token = secret
	return stranger{a.BrowserOf(actor), p}
}
