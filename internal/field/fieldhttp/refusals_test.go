package fieldhttp_test

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"kizuki/internal/contract"
	"kizuki/internal/field"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func said(p *apptest.Page, selector string) string {
	return strings.Join(strings.Fields(p.Find(selector).Text()), " ")
}

// labels are the fields in use as a page lists them.
func labels(p *apptest.Page) string { return said(p, "details.team > summary > b") }

// action leads to the form of the field with a label.
func action(t *testing.T, p *apptest.Page, label string) string {
	t.Helper()
	at, ok := p.Find(fmt.Sprintf(`details.team:has(summary b:contains(%q)) form, #retired li:contains(%q) form`, label, label)).First().Attr("action")
	if !ok {
		t.Fatalf("no field %s among %s", label, said(p, "main"))
	}
	return strings.TrimSuffix(at, "/restore")
}

// A field of each type is made by the form, and a contract takes, refuses and
// keeps its values by REST.
func TestEveryType(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		b, p := a.Browser(who.Admin), a.Program(who.Member, workspace.ScopeWrite)
		if err := a.Workspace.SetLanguage(a.As(who.Member), "en"); err != nil {
			t.Fatal(err)
		}
		c, err := a.Contracts.Create(a.Ctx, contract.Input{Name: "本社契約", Organization: "みなと物流"})
		if err != nil {
			t.Fatal(err)
		}
		me := a.Actors[who.Member].Member.String()
		values := map[field.Type]struct{ good, kept, bad any }{
			field.Text:     {"静か ", "静か", strings.Repeat("あ", 10001)},
			field.Number:   {"1e3", "1000", "千"},
			field.Date:     {"2026-03-31", "2026-03-31", "2026-02-30"},
			field.Choice:   {"ａ", "A", "C"},
			field.Choices:  {[]any{"B", "A", "a"}, []any{"A", "B"}, []any{"C"}},
			field.Link:     {"https://example.com/", "https://example.com/", "javascript:alert(1)"},
			field.Member:   {me, me, "1"},
			field.Checkbox: {false, false, "yes"},
			field.Money:    {map[string]any{"amount": 480000, "currency": "JPY"}, map[string]any{"amount": "480000", "currency": "JPY"}, map[string]any{"amount": 1.5, "currency": "JPY"}},
		}
		kept := map[string]any{}
		for _, typ := range field.Types() {
			v, key := values[typ], "my_"+string(typ)
			made := b.Post("/fields", url.Values{"label_en": {"My " + string(typ)}, "type": {string(typ)}, "options": {"A\r\n\r\n B \n"}})
			if made.Status != 200 || !strings.HasSuffix(said(made, "details.team code"), key) {
				t.Fatalf("%s: %d %q", typ, made.Status, said(made, "main"))
			}
			if got := made.Find("details.team").Last().Find("textarea"); (got.Length() == 1) != typ.HasOptions() {
				t.Errorf("%s has %d boxes for options", typ, got.Length())
			}
			at := "/contracts/" + c.ID.String()
			wrong := p.Do("PATCH", at, map[string]any{"set": map[string]any{"field:" + key: v.bad}})
			problem, _ := wrong.JSON["errors"].([]any)
			if wrong.Status != 422 || wrong.Header.Get("Content-Type") != "application/problem+json" || len(problem) != 1 {
				t.Errorf("%s: %d %.200s", typ, wrong.Status, wrong.Body)
			} else if e := problem[0].(map[string]any); e["field"] != "field:"+key || strings.ContainsAny(e["detail"].(string), "。をはに") || e["detail"] == e["key"] {
				t.Errorf("%s: %v", typ, e)
			}
			got := p.Do("PATCH", at, map[string]any{"set": map[string]any{"field:" + key: v.good}})
			if fields, _ := got.JSON["fields"].(map[string]any); fmt.Sprint(fields[key]) != fmt.Sprint(v.kept) {
				t.Errorf("%s: %d %v is kept as %v: %.300s", typ, got.Status, v.good, fields[key], got.Body)
			} else {
				kept[key] = fields[key]
			}
		}
		// Put away, the values are neither shown nor lost.
		shown := func() map[string]any {
			fields, _ := p.Do("GET", "/contracts/"+c.ID.String(), nil).JSON["fields"].(map[string]any)
			return fields
		}
		page := b.Get("/fields")
		for _, typ := range field.Types() {
			b.Post(action(t, page, "My "+string(typ))+"/retire", nil)
		}
		if left := labels(b.Get("/fields")); left != "" || strings.Contains(b.Get("/contracts/"+c.ID.String()).Find("main").Text(), "静か") {
			t.Errorf("still in use: %s", left)
		}
		if got := p.Do("PATCH", "/contracts/"+c.ID.String(), map[string]any{"set": map[string]any{"field:my_text": "x"}}); got.Status != 422 {
			t.Errorf("a retired field is written to: %d", got.Status)
		}
		page = b.Get("/fields")
		for _, typ := range field.Types() {
			b.Post(action(t, page, "My "+string(typ))+"/restore", nil)
		}
		if got := shown(); !reflect.DeepEqual(got, kept) {
			t.Errorf("came back as %v, was %v", got, kept)
		}
	})
}

// What is wrong is said beside the input, in the reader's language, by the
// form and by REST alike, and what was typed stays.
func TestWrongFields(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		if err := a.Workspace.SetLanguage(a.As(who.Owner), "en"); err != nil {
			t.Fatal(err)
		}
		browsers := []*apptest.Browser{a.Browser(who.Admin), a.Browser(who.Owner)}
		programs := []*apptest.Program{a.Program(who.Admin, workspace.ScopeWrite), a.Program(who.Owner, workspace.ScopeWrite)}
		browsers[0].Post("/fields", url.Values{"label_ja": {"プラン"}, "key": {"plan"}, "type": {"choice"}, "options": {"A\nB"}, "indexed": {"1"}})
		long := strings.Repeat("あ", 61)
		for _, c := range []struct {
			label, key, typ, options string
			id, field                string // where the form and the problem say it
			status                   int
			ja, en                   string
		}{
			{"", "x", "text", "", "label_ja", "labels", 422, "入力してください。", "Please fill this in."},
			{"\u200b", "x", "text", "", "label_ja", "labels", 422, "入力してください。", "Please fill this in."},
			{long, "x", "text", "", "label_ja", "labels", 422, "60文字", "60"},
			{"段階", "Plan", "text", "", "key", "key", 422, "英小文字", "small letters"},
			{"段階", "owner", "text", "", "key", "key", 422, "「owner」は", "owner"},
			{"段階", "plan", "text", "", "key", "key", 409, "「plan」はもう使われています", "plan"},
			{"段階", "x", "choice", " \n", "options", "options", 422, "入力してください。", "Please fill this in."},
			{"段階", "x", "choice", "A\nａ", "options", "options", 422, "「ａ」が重なって", "“ａ” is there twice"},
			{"段階", "x", "choices", "A、B", "options", "options", 422, "「A、B」には区切り", "A、B"},
			{"段階", "x", "choice", strings.Repeat("あ", 101), "options", "options", 422, "100文字", "100"},
		} {
			for i, want := range []string{c.ja, c.en} {
				p := browsers[i].Post("/fields", url.Values{"label_ja": {c.label}, "key": {c.key}, "type": {c.typ}, "options": {c.options}})
				if p.Status != c.status || !strings.Contains(said(p, "#new #"+c.id+"-error"), want) {
					t.Errorf("%.9q %s %s %.9q: %d %q, want %q", c.label, c.key, c.typ, c.options, p.Status, said(p, "#new .error, #new .alarm"), want)
				}
				if p.Find(`#new input[name="key"]`).AttrOr("value", "") != c.key || p.Find(`#new option[selected]`).AttrOr("value", "") != c.typ || p.Find(`#new input[name="indexed"][checked]`).Length() != 0 {
					t.Errorf("%.9q %s: what was typed is gone", c.label, c.key)
				}
				got := programs[i].Do("POST", "/fields", map[string]any{"labels": map[string]string{"ja": c.label}, "key": c.key, "type": c.typ, "options": strings.Split(c.options, "\n")})
				list, _ := got.JSON["errors"].([]any)
				if got.Status != c.status || got.Header.Get("Content-Type") != "application/problem+json" || len(list) != 1 {
					t.Errorf("%.9q %s by REST: %d %s", c.label, c.key, got.Status, got.Body)
				} else if e := list[0].(map[string]any); e["field"] != c.field || !strings.Contains(e["detail"].(string), want) {
					t.Errorf("%.9q %s by REST: %v, want %q", c.label, c.key, e, want)
				}
			}
		}
		if p := browsers[0].Post("/fields", url.Values{"key": {"NO"}, "type": {"spell"}}); p.Find("#new .error").Length() != 4 || said(p, "#new .alarm") != "" {
			t.Errorf("several at once: %q", said(p, "#new .error, #new .alarm"))
		}
		page := browsers[0].Get("/fields")
		at := action(t, page, "プラン")
		for _, form := range []url.Values{{"label_ja": {""}, "options": {"A\nB"}}, {"label_ja": {"プラン"}, "options": {"B\nC"}}} {
			p := browsers[0].Post(at, form)
			open := p.Find("details.team[open]")
			if p.Status != 422 || open.Length() != 1 || open.Find(".error").Length() == 0 || p.Find("#new .error").Length() != 0 || open.Find("textarea").Text() != form.Get("options") {
				t.Errorf("%v: %d %q", form, p.Status, said(p, ".error"))
			}
		}
		if text := page.Find("details.team textarea").Text(); labels(page) != "プラン" || text != "A\nB" || page.Find("details.team").Length() != 1 {
			t.Errorf("%s %q", labels(page), text)
		}
		other := a.Other()
		foreign, err := a.Fields.Create(other, field.Input{Type: field.Text, Labels: map[string]string{"ja": "よそ"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range []string{"x", "-1", "01", "9223372036854775808", foreign.ID.String()} {
			for _, act := range []string{"", "/retire", "/restore", "/up"} {
				if p := browsers[0].Post("/fields/"+ref+act, url.Values{"label_ja": {"取った"}}); p.Status != 404 {
					t.Errorf("%s%s: %d", ref, act, p.Status)
				}
			}
			if got := programs[0].Do("PATCH", "/fields/"+ref, map[string]any{"retired": true}); got.Status != 404 {
				t.Errorf("%s by REST: %d", ref, got.Status)
			}
		}
		if got, err := a.Fields.Get(other, foreign.ID); err != nil || !reflect.DeepEqual(got, foreign) {
			t.Errorf("the foreign field is %v %v", got, err)
		}
	})
}

// A click on 上へ is seen at once, whatever stands between or was made alike.
func TestOrder(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		b, p := a.Browser(who.Admin), a.Program(who.Admin, workspace.ScopeWrite)
		at := map[string]string{}
		for _, label := range []string{"甲", "乙", "丙", "丁"} {
			at[label] = action(t, b.Post("/fields", url.Values{"label_ja": {label}, "type": {"text"}}), label)
		}
		b.Post(at["丙"]+"/retire", nil)
		order := func(act, want string) {
			t.Helper()
			if act != "" {
				b.Post(act, nil)
			}
			if got := labels(b.Get("/fields")); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		order("", "甲乙丁")
		order(at["丁"]+"/up", "甲丁乙")
		order(at["甲"]+"/up", "甲丁乙")
		order(at["丙"]+"/restore", "甲丁乙丙")
		for _, label := range []string{"甲", "乙", "丙", "丁"} {
			if got := p.Do("PATCH", at[label], map[string]any{"position": 3}); got.Status != 200 || got.JSON["position"] != 3.0 {
				t.Errorf("%d %s", got.Status, got.Body)
			}
		}
		order("", "甲乙丙丁")
		order(at["丁"]+"/up", "甲乙丁丙")
		if got := p.Do("PATCH", at["甲"], map[string]any{"position": -1}); got.Status != 422 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	})
}
