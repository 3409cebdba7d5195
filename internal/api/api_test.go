package api

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/errs"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

type thing struct {
	Name   string   `json:"name" minLength:"2" maxLength:"5"`
	Month  int      `json:"month,omitempty" minimum:"1" maximum:"12"`
	Day    string   `json:"day,omitempty" format:"date"`
	Kind   string   `json:"kind,omitempty" enum:"a,b"`
	Tags   []string `json:"tags,omitempty"`
	Ready  bool     `json:"ready,omitempty"`
	Amount float64  `json:"amount,omitempty"`
	Inner  struct {
		X int `json:"x,omitempty"`
	} `json:"inner,omitempty"`
}

type thingInput struct {
	Paging
	Body thing
}

// site is an API with one endpoint; the token is the member's language.
func site(t *testing.T) http.Handler {
	t.Helper()
	a := New("test", slog.New(slog.NewTextHandler(io.Discard, nil)), func(_ context.Context, token string) (who.Actor, error) {
		if token != "ja" && token != "en" {
			return who.Actor{}, errs.New(errs.Unauthorized, "err.token")
		}
		return who.Actor{Workspace: 1, Member: 2, Role: who.Member, Lang: token}, nil
	})
	Add(a, who.Write, huma.Operation{Method: "POST", Path: "/things", OperationID: "create-thing"},
		func(_ context.Context, in *thingInput) (*One[thing], error) {
			if in.Body.Name == "huh" {
				return nil, io.ErrUnexpectedEOF
			}
			return NewOne(in.Body), nil
		})
	return a.Handler()
}

func ask(h http.Handler, method, path, lang, body string) (int, string, Problem) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if lang != "" {
		r.Header.Set("Authorization", "Bearer "+lang)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var p Problem
	_ = json.Unmarshal(w.Body.Bytes(), &p) // the content type is checked beside it
	return w.Code, w.Header().Get("Content-Type"), p
}

// What validation says of each input is a sentence in the member's language.
func TestValidationSpeaksTheirLanguage(t *testing.T) {
	h := site(t)
	latin := regexp.MustCompile(`[A-Za-z]{4,}`)
	for _, c := range []struct{ name, query, body, field, key, ja string }{
		{"missing", "", `{}`, "body.name", "err.required", "入力してください。"},
		{"no body", "", ``, "", "", ""},
		{"unknown", "", `{"name":"abc","nmae":1}`, "body.nmae", "api.err.unexpected", "この項目は受け取れません。名前を確かめてください。"},
		{"short", "", `{"name":"a"}`, "body.name", "api.err.min_length", "2文字以上にしてください。"},
		{"long", "", `{"name":"abcdef"}`, "body.name", "api.err.max_length", "5文字以内にしてください。"},
		{"few", "", `{"name":"abc","month":0}`, "body.month", "api.err.minimum", "1以上にしてください。"},
		{"many", "", `{"name":"abc","month":13}`, "body.month", "api.err.maximum", "12以下にしてください。"},
		{"fraction", "", `{"name":"abc","month":1.5}`, "body.month", "api.err.integer", "整数にしてください。"},
		{"no day", "", `{"name":"abc","day":"2026-02-30"}`, "body.day", "api.err.date", "日付は 2026-03-31 の形で送ってください。"},
		{"no choice", "", `{"name":"abc","kind":"c"}`, "body.kind", "api.err.one_of", "a, b のどれかにしてください。"},
		{"no list", "", `{"name":"abc","tags":"x"}`, "body.tags", "api.err.array", "配列にしてください。"},
		{"no text", "", `{"name":7}`, "body.name", "api.err.string", "文字列にしてください。"},
		{"no truth", "", `{"name":"abc","ready":"yes"}`, "body.ready", "api.err.boolean", "true か false にしてください。"},
		{"no number", "", `{"name":"abc","amount":"1"}`, "body.amount", "api.err.number", "数値にしてください。"},
		{"no object", "", `{"name":"abc","inner":[]}`, "body.inner", "api.err.object", "オブジェクトにしてください。"},
		{"broken", "", `{"name":`, "body", "api.err.unreadable", "読み取れませんでした。書き方を確かめてください。"},
		{"limit", "?limit=many", `{"name":"abc"}`, "query.limit", "api.err.integer", "整数にしてください。"},
		{"limit 0", "?limit=0", `{"name":"abc"}`, "query.limit", "api.err.minimum", "1以上にしてください。"},
	} {
		for _, lang := range []string{"ja", "en"} {
			code, kind, p := ask(h, "POST", "/api/v1/things"+c.query, lang, c.body)
			if code != http.StatusUnprocessableEntity && code != http.StatusBadRequest || kind != "application/problem+json" {
				t.Errorf("%s %s: %d %s", c.name, lang, code, kind)
			}
			if lang == "ja" && latin.MatchString(p.Detail) {
				t.Errorf("%s: %q is not Japanese", c.name, p.Detail)
			}
			if c.key == "" {
				continue
			}
			if len(p.Errors) != 1 || p.Errors[0].Field != c.field || p.Errors[0].Key != c.key {
				t.Errorf("%s %s: %+v", c.name, lang, p.Errors)
			} else if d := p.Errors[0].Detail; lang == "ja" && d != c.ja || lang == "en" && !latin.MatchString(d) {
				t.Errorf("%s %s: %q", c.name, lang, d)
			}
		}
	}
}

// Whatever goes wrong, the answer is a problem and says nothing of the inside.
func TestProblems(t *testing.T) {
	h := site(t)
	for _, c := range []struct {
		name, method, path, token, body string
		code                            int
	}{
		{"nobody", "POST", "/api/v1/things", "", `{"name":"abc"}`, 401},
		{"a stranger", "POST", "/api/v1/things", "xx", `{"name":"abc"}`, 401},
		{"nobody with a broken body learns nothing", "POST", "/api/v1/things", "", `{`, 401},
		{"no such place", "GET", "/api/v1/nothing", "en", "", 404},
		{"no such act", "DELETE", "/api/v1/things", "en", "", 405},
		{"our fault", "POST", "/api/v1/things", "en", `{"name":"huh"}`, 500},
	} {
		code, kind, p := ask(h, c.method, c.path, c.token, c.body)
		if code != c.code || p.Status != c.code || kind != "application/problem+json" || p.Detail == "" {
			t.Errorf("%s: %d %s %+v", c.name, code, kind, p)
		}
		if strings.Contains(p.Detail, "EOF") {
			t.Errorf("%s leaks: %s", c.name, p.Detail)
		}
	}
	if code, _, _ := ask(h, "POST", "/api/v1/things", "en", `{"name":"abc"}`); code != 200 {
		t.Error("what is right goes through:", code)
	}
}

// Every sentence that stands for a message is in both catalogues, and no
// message is caught by the pattern of another.
func TestComplaints(t *testing.T) {
	for i, c := range complaints {
		for _, lang := range []string{"ja", "en"} {
			ctx := words.With(context.Background(), words.Locale{Lang: lang})
			if s := words.Say(ctx, c.key, map[string]any{"Value": "x"}); s == c.key {
				t.Errorf("%s: no %s sentence", c.key, lang)
			}
		}
		sample := strings.NewReplacer("(.*)", "7", "^", "", "$", "", `\`, "").Replace(c.pattern.String())
		for j, other := range complaints {
			if i != j && other.pattern.MatchString(sample) && other.key != c.key {
				t.Errorf("%q is also %s", sample, other.key)
			}
		}
	}
}
