package bulkhttp_test

import (
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/bulk/bulkhttp"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/web/words/wordstest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func contracts(t *testing.T, a *apptest.App, phases ...string) (ids []id.ID) {
	t.Helper()
	for _, p := range phases {
		c, err := a.Contracts.Create(a.Ctx, contract.Input{Name: "契約" + p, Organization: "株式会社アルファ", Phase: p, RenewalDate: "2026-09-30"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	return ids
}

func has(t *testing.T, p *apptest.Page, selector string, n int) {
	t.Helper()
	if got := p.Find(selector).Length(); p.Status != 200 || got != n {
		t.Errorf("%s: %d, %q %d times, not %d", p.Path, p.Status, selector, got, n)
	}
}

func within(t *testing.T, p *apptest.Page, selector, want string) {
	t.Helper()
	if got := p.Find(selector).Text(); !strings.Contains(got, want) {
		t.Errorf("%s: %q is not in %q", p.Path, want, strings.Join(strings.Fields(got), " "))
	}
}

// Without a script: rows are ticked, what to change is chosen, looked at,
// written and taken back, all by forms.
func TestThreeByForms(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		ids := contracts(t, a, "導入", "定着", "活用拡大")
		b := a.Browser(who.Member)
		list := b.Get("/contracts")
		has(t, list, `td input[type=checkbox][form=picker][name=id]`, 3)
		within(t, list, `#picker button[name=all]`, "3件")
		has(t, a.Browser(who.Viewer).Get("/contracts"), `#picker, input[form=picker]`, 0)

		p := b.Post("/bulk", url.Values{"target": {"contracts"}, "query": {""}, "id": {ids[0].String(), ids[1].String()}})
		within(t, p, "#sheet", "選んだ契約2件")
		act := strings.TrimPrefix(p.Path, "/bulk/")
		p = b.Get("/bulk/" + act + "?change=phase")
		has(t, p, `form[action$="/stage"] input[name=new]`, 1)
		if p = b.Post("/bulk/"+act+"/stage", url.Values{"change": {"phase"}, "new": {""}}); p.Status != 422 || p.Find(".error").Length() != 1 {
			t.Error("emptied by a slip:", p.Status)
		}
		p = b.Post("/bulk/"+act+"/stage", url.Values{"change": {"phase"}, "new": {"定着"}})
		within(t, p, ".counts", "1件が変わります")
		within(t, p, "#bulk-rows", "導入")
		within(t, p, "#bulk-rows ins", "定着")
		p = b.Post("/bulk/"+act+"/apply", nil)
		within(t, p, "#toasts", "1件を変えました")
		has(t, p, `#toasts form[action$="/undo"], form[action$="/undo"]`, 2)
		within(t, b.Get("/contracts/"+ids[0].String()), "#trail", "一括編集で")
		has(t, b.Get("/contracts/"+ids[0].String()), `#trail a[href="/bulk/`+act+`"]`, 1)
		within(t, b.Get("/bulk"), "#acts", "段階を「定着」に")
		p = b.Post("/bulk/"+act+"/undo", nil)
		within(t, p, ".counts", "1件を元に戻しました")
		if c, err := a.Contracts.Get(a.Ctx, ids[0]); err != nil || c.Phase != "導入" {
			t.Error(c.Phase, err)
		}
		p = b.Post("/bulk", url.Values{"target": {"contracts"}})
		within(t, p, "#toasts", "ひとつも選ばれていません")
		if p := a.Browser(who.Viewer).Get("/bulk/" + act); p.Status != 404 {
			t.Error("somebody else's act:", p.Status)
		}
	})
}

// All that match are taken by the list's query; every attribute has its form.
func TestAllThatMatchByForm(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		ids := contracts(t, a, "導入", "導入", "定着")
		b := a.Browser(who.Member)
		p := b.Post("/bulk", url.Values{"target": {"contracts"}, "query": {"phase=" + url.QueryEscape("導入")}, "all": {"1"}})
		for _, link := range p.Find(".pick a").EachIter() {
			href, _ := link.Attr("href")
			has(t, b.Get(href), `form[action$="/stage"] [name=new]`, 1)
		}
		p = b.Post(p.Path+"/stage", url.Values{"change": {"outlook"}, "new": {"watch"}, "why": {"返信がない"}})
		within(t, p, ".counts", "2件が変わります")
		b.Post(p.Path+"/apply", nil)
		for i, ref := range ids {
			if c, _ := a.Contracts.Get(a.Ctx, ref); (c.OutlookWhy == "返信がない") != (i < 2) {
				t.Errorf("%d: %q", i, c.OutlookWhy)
			}
		}
	})
}

func TestTasksByForms(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		for _, title := range []string{"電話する", "見積もりを送る"} {
			if _, err := a.Tasks.Create(a.As(who.Member), task.New{Title: title, Due: "2026-02-20"}); err != nil {
				t.Fatal(err)
			}
		}
		b := a.Browser(who.Member)
		has(t, b.Get("/tasks?as=table"), `td input[form=picker]`, 2)
		p := b.Post("/bulk", url.Values{"target": {"tasks"}, "query": {"owner=me"}, "all": {"1"}})
		for _, link := range p.Find(".pick a").EachIter() {
			href, _ := link.Attr("href")
			has(t, b.Get(href), `form[action$="/stage"] [name=new]`, 1)
		}
		act := p.Path
		p = b.Post(act+"/stage", url.Values{"change": {"state"}, "new": {"skipped"}})
		if p.Status != 422 || p.Find("#bulk-why-error").Length() != 1 {
			t.Error("skipped without a word:", p.Status)
		}
		p = b.Post(act+"/stage", url.Values{"change": {"state"}, "new": {"done"}})
		within(t, p, "#bulk-rows", "電話する")
		b.Post(act+"/apply", nil)
		has(t, b.Get("/tasks?as=table"), `td input[form=picker]`, 0)
		b.Post(act+"/undo", nil)
		has(t, b.Get("/tasks?as=table"), `td input[form=picker]`, 2)
	})
}

func TestREST(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		ids := contracts(t, a, "導入", "定着")
		p := a.Program(who.Member, workspace.ScopeWrite)
		edits := []map[string]string{{"field": "phase", "new": "定着"}}
		got := p.Do("POST", "/bulk", map[string]any{"target": "contracts", "query": "", "edits": edits})
		if got.Status != 200 && got.Status != 201 {
			t.Fatal(got.Status, string(got.Body))
		}
		ref, _ := got.JSON["id"].(string)
		if counts, _ := got.JSON["counts"].(map[string]any); got.JSON["state"] != "staged" || counts["change"] != 1.0 || counts["same"] != 1.0 {
			t.Error(string(got.Body))
		}
		if _, err := a.Contracts.Update(a.Ctx, ids[0], []contract.Edit{{Field: "phase", New: "更新協議"}}); err != nil {
			t.Fatal(err)
		}
		got = p.Do("POST", "/bulk/"+ref+"/apply", nil)
		if !strings.Contains(string(got.Body), `"left":[{`) || !strings.Contains(string(got.Body), "ほかの人が段階を変えました") {
			t.Error(string(got.Body))
		}
		if got := p.Do("POST", "/bulk/"+ref+"/undo", nil); got.Status != 409 {
			t.Error("nothing was done:", got.Status)
		}
		for _, body := range []map[string]any{{"target": "contracts", "edits": edits}, {"target": "contracts", "ids": ids, "query": "", "edits": edits},
			{"target": "contracts", "query": "", "edits": []any{}}, {"target": "orgs", "query": "", "edits": edits}} {
			if got := p.Do("POST", "/bulk", body); got.Status != 422 {
				t.Error(body, got.Status)
			}
		}
		if got := p.Do("GET", "/bulk", nil); !strings.Contains(string(got.Body), ref) {
			t.Error(string(got.Body))
		}
	})
}

func TestWords(t *testing.T) {
	wordstest.CheckCatalogues(t, bulkhttp.Words())
	wordstest.CheckTempl(t, ".")
}
