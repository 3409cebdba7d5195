package orghttp_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/org"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func said(p *apptest.Page, selector string) string {
	return strings.Join(strings.Fields(p.Find(selector).Text()), " ")
}

type world struct {
	*testing.T
	*apptest.App
}

func each(t *testing.T, f func(w world)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(world{t, apptest.New(t, d)}) })
}

func (w world) org(o org.Organization) org.Organization {
	w.Helper()
	o, err := w.Orgs.Create(w.Ctx, o)
	if err != nil {
		w.Fatal(err)
	}
	return o
}

func at(o org.Organization) string { return "/organizations/" + o.ID.String() }

// formOf is what the browser would send of the page as it stands.
func formOf(p *apptest.Page) url.Values {
	form := url.Values{}
	for _, in := range p.Find("#facts form input").EachIter() {
		form.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	form.Set("closing_month", p.Find(`#facts form select option[selected]`).AttrOr("value", ""))
	return form
}

func with(form url.Values, name, value string) url.Values {
	out := url.Values{}
	for k, v := range form {
		out[k] = v
	}
	out.Set(name, value)
	return out
}

// Wrong input is said beside the input, in both languages, by form and REST
// alike; nothing of it is kept.
func TestWrongOrganizations(t *testing.T) {
	each(t, func(w world) {
		if err := w.Workspace.SetLanguage(w.As(who.Owner), "en"); err != nil {
			w.Fatal(err)
		}
		browsers := []*apptest.Browser{w.Browser(who.Member), w.Browser(who.Owner)}
		programs := []*apptest.Program{w.Program(who.Member, workspace.ScopeWrite), w.Program(who.Owner, workspace.ScopeWrite)}
		parent := w.org(org.Organization{Name: "みなとHD"})
		o := w.org(org.Organization{Name: "みなと物流", Kana: "みなとぶつりゅう", CorporateNumber: "7000012050002", ParentID: parent.ID, ClosingMonth: 3})
		child := w.org(org.Organization{Name: "みなと倉庫", ParentID: o.ID})
		w.org(org.Organization{Name: "べつ会社", CorporateNumber: "7000012050002"})
		before := formOf(browsers[0].Get(at(o)))
		if before.Get("parent") != "みなとHD" || before.Get("closing_month") != "3" || before.Get("was_kana") != "みなとぶつりゅう" {
			w.Fatalf("the form is %v", before)
		}
		for _, c := range []struct {
			field, value string
			rest         any // in the value's place
			status       int
			ja, en       string
		}{
			{"name", "・-", nil, 422, "入力してください。", "Please fill this in."},
			{"name", strings.Repeat("あ", 201), nil, 422, "200文字", "200"},
			{"name", "べつ　会社", nil, 409, "「べつ会社」はもうあります。", "“べつ会社” is already there."},
			{"kana", strings.Repeat("あ", 201), nil, 422, "200文字", "200"},
			{"corporate_number", "7000012050003", nil, 422, "13桁", "13 digits"},
			{"corporate_number", "700001205000", nil, 422, "13桁", "13 digits"},
			{"closing_month", "13", 13, 422, "1から12", "1 to 12"},
			{"closing_month", "三月", 1.5, 422, "1から12", "1 to 12"},
			{"closing_month", "-1", true, 422, "1から12", "1 to 12"},
			{"parent", "みなと物流", o.ID.String(), 422, "自分自身や子会社", "its own parent"},
			{"parent", "みなと・倉庫", child.ID.String(), 422, "自分自身や子会社", "its own parent"},
			{"parent", "どこにもない", "7", 422, "見つかりません", "not found"},
		} {
			if c.rest == nil {
				c.rest = c.value
			}
			for i, want := range []string{c.ja, c.en} {
				p := browsers[i].Post(at(o), with(before, c.field, c.value))
				if p.Status != c.status || !strings.Contains(said(p, "#"+c.field+"-error"), want) || p.Find("#facts details[open]").Length() != 1 || p.Find("#facts .error, #facts .alarm").Length() != 1 {
					w.Errorf("%s=%.12q: %d %q, want %q", c.field, c.value, p.Status, said(p, "#facts .error, #facts .alarm"), want)
				}
				if box := p.Find(`#facts input[name="` + c.field + `"]`); box.Length() == 1 && box.AttrOr("value", "") != c.value {
					w.Errorf("%s=%.12q was not kept: %q", c.field, c.value, box.AttrOr("value", ""))
				}
				got := programs[i].Do("PATCH", at(o), map[string]any{"set": map[string]any{c.field: c.rest}})
				list, _ := got.JSON["errors"].([]any)
				if got.Status != c.status || got.Header.Get("Content-Type") != "application/problem+json" || len(list) != 1 {
					w.Errorf("%s=%.12v by REST: %d %.300s", c.field, c.rest, got.Status, got.Body)
				} else if e := list[0].(map[string]any); e["field"] != c.field || !strings.Contains(e["detail"].(string), want) {
					w.Errorf("%s=%.12v by REST: %v, want %q", c.field, c.rest, e, want)
				}
			}
		}
		for _, set := range []map[string]any{{"name": map[string]any{"ja": "x"}}, {"name": true}, {"kana": []any{"x"}}, {"corporate_number": 7000012050002}, {"parent": 1}, {"boss": "x"}} {
			if got := programs[0].Do("PATCH", at(o), map[string]any{"set": set}); got.Status != 422 {
				w.Errorf("%v: %d %s", set, got.Status, got.Body)
			}
		}
		if after := formOf(browsers[0].Get(at(o))); fmt.Sprint(after) != fmt.Sprint(before) {
			w.Errorf("it was %v, and is %v", before, after)
		}
		foreign, err := w.Orgs.Create(w.Other(), org.Organization{Name: "よその会社"})
		if err != nil {
			w.Fatal(err)
		}
		if p := browsers[0].Post(at(o), with(before, "parent", "よその会社")); said(p, "#parent-error") == "" {
			w.Errorf("a parent of another workspace: %d", p.Status)
		}
		for _, path := range []string{at(foreign), "/organizations/x", "/organizations/007"} {
			if p := browsers[0].Post(path, before); p.Status != 404 {
				w.Errorf("%s: %d", path, p.Status)
			}
		}
		for _, in := range []map[string]any{{"name": "子", "parent": foreign.ID.String()}, {"name": "子", "parent": "x"}, {"name": "子", "parent": 5}} {
			if got := programs[0].Do("POST", "/organizations", in); got.Status != 422 && got.Status != 400 {
				w.Errorf("%v: %d %s", in, got.Status, got.Body)
			}
		}
		if p := browsers[0].Post(at(o), with(before, "name", strings.Repeat("x", 1<<20))); p.Status != 413 {
			w.Errorf("a megabyte: %d", p.Status)
		}
	})
}

// What is right is read as people write it, and stands on the page.
func TestEditingAnOrganization(t *testing.T) {
	each(t, func(w world) {
		b := w.Browser(who.Member)
		for i := range 25 { // all hold the name of the parent, and stand before it
			w.org(org.Organization{Name: fmt.Sprintf("%02dサーバー・データ", i)})
		}
		hd := w.org(org.Organization{Name: "サーバー・データ"})
		o := w.org(org.Organization{Name: "みなと物流"})
		form := formOf(b.Get(at(o)))
		for name, value := range map[string]string{"kana": "ミナト", "corporate_number": "T7-0000-1205-0002", "closing_month": "12", "parent": "サーバーデータ"} {
			form.Set(name, value)
		}
		p := b.Post(at(o), form)
		for _, want := range []string{"7000012050002", "12月", "サーバー・データ"} {
			if !strings.Contains(said(p, "#facts dl"), want) {
				w.Errorf("%d: %q is not in %q; %q", p.Status, want, said(p, "#facts dl"), said(p, ".error"))
			}
		}
		if p.Find("#facts dl a").AttrOr("href", "") != at(hd) {
			w.Errorf("the parent is %q", said(p, "#facts dl a"))
		}
		if got := p.Find("#facts form").AttrOr("action", ""); got != at(o) || p.Path != at(o) {
			w.Errorf("%s %s", got, p.Path)
		}
		if found := b.Get("/organizations?q=みなと"); said(found, "td.name") != "みなと物流" {
			w.Errorf("by its reading: %q", said(found, "#org-rows"))
		}
		// Given up again.
		for _, name := range []string{"kana", "corporate_number", "closing_month", "parent"} {
			form = with(formOf(b.Get(at(o))), name, "")
			if p := b.Post(at(o), form); p.Status != 200 {
				w.Errorf("%s: %d %q", name, p.Status, said(p, ".error"))
			}
		}
		if p := b.Get(at(o)); said(p, "#facts dl") != "" || said(p, "h1") != "みなと物流" {
			w.Errorf("%q is left", said(p, "#facts dl"))
		}
	})
}

// Two people who edit at once see each other; what one of them did not touch
// is the other's.
func TestEditingAtOnce(t *testing.T) {
	each(t, func(w world) {
		b := w.Browser(who.Member)
		w.org(org.Organization{Name: "旧HD"})
		w.org(org.Organization{Name: "新HD"})
		o := w.org(org.Organization{Name: "みなと物流", Kana: "みなと"})
		mine := formOf(b.Get(at(o)))
		w.Browser(who.Admin).Post(at(o), with(with(formOf(b.Get(at(o))), "parent", "新HD"), "kana", "みなとぶつりゅう"))
		for _, c := range []struct{ name, value, theirs string }{{"parent", "旧HD", "新HD"}, {"kana", "みなとう", "みなとぶつりゅう"}} {
			p := b.Post(at(o), with(mine, c.name, c.value))
			if p.Status != 409 || !strings.Contains(said(p, "#"+c.name+"-error"), c.theirs) || p.Find(`input[name="`+c.name+`"]`).AttrOr("value", "") != c.value {
				w.Errorf("%s: %d %q", c.name, p.Status, said(p, ".error, .alarm"))
			}
		}
		// Sent again knowingly, the form changes what was typed and nothing else.
		again := formOf(b.Post(at(o), with(mine, "parent", "旧HD")))
		if p := b.Post(at(o), again); p.Status != 200 || !strings.Contains(said(p, "#facts dl"), "旧HD") || p.Find(`input[name="kana"]`).AttrOr("value", "") != "みなとぶつりゅう" {
			w.Errorf("%d %q %q", p.Status, said(p, "#facts dl"), p.Find(`input[name="kana"]`).AttrOr("value", ""))
		}
		// A mistake elsewhere does not hide that somebody was there first.
		mistaken := formOf(b.Post(at(o), with(with(mine, "kana", "みなとう"), "parent", "どこにもない")))
		if p := b.Post(at(o), with(mistaken, "parent", "旧HD")); p.Status != 409 || said(p, "#kana-error") == "" {
			w.Errorf("%d %q", p.Status, said(p, ".error"))
		}
		b.Post(at(o), with(formOf(b.Get(at(o))), "parent", "新HD"))
		p := b.Post(at(o), with(mine, "closing_month", "6"))
		if got := said(p, "#facts dl"); p.Status != 200 || !strings.Contains(got, "6月") || !strings.Contains(got, "新HD") || p.Find(`input[name="kana"]`).AttrOr("value", "") != "みなとぶつりゅう" {
			w.Errorf("%d %q %q", p.Status, got, said(p, ".remark"))
		}
	})
}

// The list is walked to its end, on the page and by REST, with and without a
// search, and nothing is left out or told twice.
func TestOrganizationList(t *testing.T) {
	each(t, func(w world) {
		b, program := w.Browser(who.Viewer), w.Program(who.Viewer, workspace.ScopeRead)
		if p := b.Get("/organizations"); !strings.Contains(said(p, "main .remark"), "まだ顧客がいません") {
			w.Errorf("an empty list says %q", said(p, "main"))
		}
		var want []string
		for i := range 105 {
			want = append(want, w.org(org.Organization{Name: fmt.Sprintf("支店%03d", (i*37)%105), Kana: "してん"}).Name)
		}
		w.org(org.Organization{Name: "100%物産"})
		slices.Sort(want)
		var names, told []string
		for next, pages := "/organizations?q="+url.QueryEscape("シテン"), 0; next != ""; pages++ {
			p := b.Get(next)
			if p.Status != 200 || pages > 3 || p.Find("#org-q").AttrOr("value", "") != "シテン" {
				w.Fatalf("page %d: %d", pages, p.Status)
			}
			for _, a := range p.Find("#org-rows td.name a").EachIter() {
				names = append(names, strings.TrimSpace(a.Text()))
			}
			next = p.Find("#pager a").AttrOr("href", "")
		}
		for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
			got := program.Do("GET", "/organizations?limit=40&q="+url.QueryEscape("シテン")+"&cursor="+url.QueryEscape(cursor), nil)
			if got.Status != 200 || pages > 3 {
				w.Fatalf("page %d: %d %s", pages, got.Status, got.Body)
			}
			for _, o := range got.Items() {
				told = append(told, fmt.Sprint(o["name"]))
			}
			cursor, _ = got.JSON["next"].(string)
		}
		if !slices.Equal(names, want) || !slices.Equal(told, want) {
			w.Errorf("the page lists %d, REST %d, want %d in order", len(names), len(told), len(want))
		}
		if p := b.Get("/organizations?q=%25"); said(p, "#org-rows td.name") != "100%物産" {
			w.Errorf("a per cent sign finds %q", said(p, "#org-rows td.name"))
		}
		if p := b.Get("/organizations?q=<b>nobody"); !strings.Contains(said(p, "main .remark"), "「<b>nobody」にあてはまる顧客は見つかりません") {
			w.Errorf("a search in vain says %q", said(p, "main .remark"))
		}
		for _, cursor := range []string{"x", "e30"} {
			if p := b.Get("/organizations?cursor=" + cursor); p.Status != 422 || said(p, "main") == "" {
				w.Errorf("a cursor of elsewhere: %d", p.Status)
			}
			if got := program.Do("GET", "/organizations?cursor="+cursor, nil); got.Status != 422 || got.JSON["errors"].([]any)[0].(map[string]any)["field"] != "cursor" {
				w.Errorf("a cursor of elsewhere by REST: %d %s", got.Status, got.Body)
			}
		}
	})
}

// Contracts joined by mistake are split off: the name may be the same, and
// what follows by that name leaves them apart.
func TestSplit(t *testing.T) {
	each(t, func(w world) {
		b := w.Browser(who.Member)
		var last contract.Contract
		for _, name := range []string{"第一", "第二"} {
			c, err := w.Contracts.Create(w.Ctx, contract.Input{Name: name, Organization: "中央病院"})
			if err != nil {
				w.Fatal(err)
			}
			last = c
		}
		from := "/organizations/" + last.OrgID.String()
		split := "/contracts/" + last.ID.String() + "/split"
		if p := w.Browser(who.Viewer).Post(split, url.Values{"name": {"中央病院"}}); p.Status != 403 {
			w.Errorf("a viewer splits: %d", p.Status)
		}
		p := b.Post(split, url.Values{"name": {"中央病院"}})
		if p.Path == from || said(p, "h1") != "中央病院" || !strings.Contains(said(p, "#contracts tbody"), "第二") || strings.Contains(said(p, "#contracts tbody"), "第一") {
			w.Fatalf("%s %q %q", p.Path, said(p, "h1"), said(p, "#contracts"))
		}
		if rest := said(b.Get(from), "#contracts tbody"); !strings.Contains(rest, "第一") || strings.Contains(rest, "第二") {
			w.Errorf("%q is left", rest)
		}
		if list := b.Get("/organizations?q=中央病院"); list.Find("td.name a").Length() != 2 {
			w.Errorf("%d of the name", list.Find("td.name a").Length())
		}
		// The twin is edited without being called a double.
		if saved := b.Post(p.Path, with(formOf(b.Get(p.Path)), "closing_month", "3")); saved.Status != 200 || !strings.Contains(said(saved, "#facts dl"), "3月") {
			w.Errorf("%d %q", saved.Status, said(saved, ".error, .alarm"))
		}
		third, err := w.Contracts.Create(w.Ctx, contract.Input{Name: "第三", Organization: "中央病院"})
		if err != nil || "/organizations/"+third.OrgID.String() != from {
			w.Errorf("a third joined the split one: %v", err)
		}
	})
}
