package viewhttp_test

import (
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/view/viewhttp"
	"kizuki/internal/web/words/wordstest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func TestWords(t *testing.T) {
	wordstest.CheckCatalogues(t, viewhttp.Words())
	wordstest.CheckTempl(t, ".")
}

func each(t *testing.T, f func(t *testing.T, w *apptest.App)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := apptest.New(t, d)
		if _, err := w.Contracts.Create(w.Ctx, contract.Input{Name: "配車", Organization: "みなと物流", RenewalDate: "2026-04-01"}); err != nil {
			t.Fatal(err)
		}
		f(t, w)
	})
}

func said(p *apptest.Page, selector string) string {
	return strings.Join(strings.Fields(p.Find(selector).Text()), " ")
}

// A list is kept as it is looked at, opens again by its tab and its link, and is
// named anew and taken away without a script.
func TestKeepingAView(t *testing.T) {
	each(t, func(t *testing.T, w *apptest.App) {
		b := w.Browser(who.Member)
		if p := b.Get("/contracts"); p.Find(".keep").Length() != 0 {
			t.Error("there is nothing to keep of the whole list")
		}
		p := b.Get("/contracts?within=90&sort=name&col=status&cursor=")
		form := p.Find(`form[action="/views"]`)
		query, _ := form.Find(`input[name=query]`).Attr("value")
		place, _ := form.Find(`input[name=place]`).Attr("value")
		if query != "col=status&sort=name&within=90" || place != "contracts" {
			t.Fatalf("keeps %q of %q", query, place)
		}
		p = b.Post("/views", url.Values{"place": {place}, "query": {query}, "name": {" 更新会議 "}, "shared": {"1"}})
		if p.Status != 200 || said(p, ".sheet > .pick [aria-current]") != "更新会議" || !strings.HasPrefix(p.Path, "/contracts?col=status&saved=") ||
			!strings.Contains(said(p, "#toasts"), "「更新会議」を保存しました。") {
			t.Fatalf("%d %s: %s", p.Status, p.Path, said(p, "#toasts"))
		}
		edit, _ := p.Find(`.tally a[href^="/views/"]`).Attr("href")
		link := strings.TrimSuffix(edit, "/edit")
		if p = b.Get(link); said(p, "#by-sort summary") != "名前の順" {
			t.Errorf("the link opens %s", p.Path)
		}
		if v, _ := p.Find(`form.sentence input[name=saved]`).Attr("value"); link != "/views/"+v {
			t.Errorf("the sentence forgets the view: %q", v)
		}
		p = b.Post(link, url.Values{"name": {"会議"}, "shared": {"1"}})
		if said(p, ".sheet > .pick [aria-current]") != "会議" {
			t.Errorf("renamed: %s", said(p, ".pick"))
		}
		p = b.Post(link+"/delete", nil)
		if undo, _ := p.Find("#toasts form").Attr("action"); p.Path != "/contracts" || undo != link+"/restore" || strings.Contains(said(p, ".pick"), "会議") {
			t.Errorf("deleted: %s, undo by %s", p.Path, undo)
		}
		if p = b.Post(link+"/restore", nil); said(p, ".sheet > .pick [aria-current]") != "会議" {
			t.Errorf("restored: %s", said(p, ".pick"))
		}
	})
}

// What a view shows can be put in its place once it looks different, by those
// who may.
func TestChangingAView(t *testing.T) {
	each(t, func(t *testing.T, w *apptest.App) {
		owner, viewer := w.Browser(who.Owner), w.Browser(who.Viewer)
		p := owner.Post("/views", url.Values{"place": {"contracts"}, "query": {"within=90"}, "name": {"会議"}, "shared": {"1"}})
		changed := p.Path + "&by=quarter"
		form := owner.Get(changed).Find(`form.keep`)
		action, _ := form.Attr("action")
		query, _ := form.Find("input").Attr("value")
		if query != "by=quarter&within=90" || !strings.HasSuffix(action, "/query") {
			t.Fatalf("%q to %s", query, action)
		}
		if p = viewer.Get(changed); p.Find("form.keep").Length() != 0 || p.Find(`.keep input[name=shared]`).Length() != 0 || p.Find(`form[action="/views"]`).Length() != 1 ||
			said(p, ".sheet > .pick [aria-current]") != "会議（岡田 真帆）" {
			t.Errorf("a viewer is offered %s", said(p, ".tally"))
		}
		if p = viewer.Post(action, url.Values{"query": {query}}); p.Status != 403 {
			t.Errorf("a viewer changes it: %d", p.Status)
		}
		if p = owner.Post(action, url.Values{"query": {query}}); said(p, "#by-by summary") != "四半期ごと" || p.Find("form.keep").Length() != 0 {
			t.Errorf("changed: %s", p.Path)
		}
	})
}

func TestWhatIsWrongIsSaidInPlace(t *testing.T) {
	each(t, func(t *testing.T, w *apptest.App) {
		b := w.Browser(who.Member)
		p := b.Post("/views", url.Values{"place": {"contracts"}, "query": {"within=90"}, "name": {""}})
		if q, _ := p.Find(`input[name=query]`).Attr("value"); p.Status != 422 || p.Find("#view-name-error").Length() != 1 || q != "within=90" {
			t.Errorf("%d: %s", p.Status, said(p, "#sheet"))
		}
		b.Post("/views", url.Values{"place": {"contracts"}, "query": {"within=90"}, "name": {"会議"}})
		p = b.Post("/views", url.Values{"place": {"contracts"}, "query": {"within=30"}, "name": {"会議"}})
		if p.Status != 422 || said(p, "#view-name-error") != "「会議」はもうあります。別の名前にしてください。" {
			t.Errorf("%d: %s", p.Status, said(p, "#sheet"))
		}
		for _, path := range []string{"/views/1", "/views/x", "/views/1/edit"} {
			if p := b.Get(path); p.Status != 404 {
				t.Errorf("%s: %d", path, p.Status)
			}
		}
	})
}

func TestREST(t *testing.T) {
	each(t, func(t *testing.T, w *apptest.App) {
		p := w.Program(who.Member, workspace.ScopeWrite)
		made := p.Do("POST", "/views", map[string]any{"place": "contracts", "name": "会議", "query": "sort=name&cursor=x", "shared": true})
		ref, _ := made.JSON["id"].(string)
		if made.JSON["query"] != "sort=name" || made.JSON["url"] != "/views/"+ref {
			t.Fatalf("%d %s", made.Status, made.Body)
		}
		if a := p.Do("PATCH", "/views/"+ref, map[string]any{"query": "owner=me"}); a.JSON["query"] != "owner=me" || a.JSON["name"] != "会議" {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if items := w.Program(who.Viewer, workspace.ScopeRead).Do("GET", "/views?place=contracts", nil).Items(); len(items) != 1 || items[0]["shared"] != true {
			t.Errorf("%v", items)
		}
		if a := w.Program(who.Viewer, workspace.ScopeWrite).Do("DELETE", "/views/"+ref, nil); a.Status != 403 {
			t.Errorf("a viewer deletes: %d", a.Status)
		}
		if a := p.Do("DELETE", "/views/"+ref, nil); a.Status != 204 || len(p.Do("GET", "/views?place=contracts", nil).Items()) != 0 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		for _, body := range []any{map[string]any{"place": "x", "name": "y"}, map[string]any{"place": "contracts", "name": ""}, "{"} {
			if a := p.Do("POST", "/views", body); a.Status != 422 && a.Status != 400 {
				t.Errorf("%v: %d", body, a.Status)
			}
		}
	})
}
