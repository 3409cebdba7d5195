package orghttp_test

import (
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func TestOrganizationsInREST(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		p := a.Program(who.Member, workspace.ScopeWrite)
		made := p.Do("POST", "/organizations", map[string]any{"name": "株式会社アルファ", "corporate_number": "7000012050002"})
		if made.Status != 201 || made.JSON["name"] != "株式会社アルファ" {
			t.Fatalf("%d %s", made.Status, made.Body)
		}
		path := "/organizations/" + made.JSON["id"].(string)
		if got := p.Do("PATCH", path, map[string]any{"set": map[string]any{"kana": "あるふぁ"}, "was": map[string]any{"kana": ""}}); got.JSON["kana"] != "あるふぁ" {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		stale := p.Do("PATCH", path, map[string]any{"set": map[string]any{"kana": "べつ"}, "was": map[string]any{"kana": ""}})
		if stale.Status != 409 || !strings.Contains(stale.Body, "あるふぁ") {
			t.Errorf("%d %s", stale.Status, stale.Body)
		}
		for body, want := range map[string]int{`{}`: 422, `{"name":""}`: 422, `{"name":"x","boss":1}`: 422, `{"name":"x","corporate_number":"123"}`: 422,
			`{"name":"x","closing_month":13}`: 422, `{"name":"㈱アルファ","corporate_number":"7000012050002"}`: 409, `{`: 400} {
			if got := p.Do("POST", "/organizations", body); got.Status != want {
				t.Errorf("%s: %d %s", body, got.Status, got.Body)
			}
		}
		if list := p.Do("GET", "/organizations?q=%E3%81%82%E3%82%8B&limit=1&cursor=", nil).Items(); len(list) != 1 {
			t.Errorf("found %v by its reading", list)
		}
		if got := p.Do("GET", "/organizations?limit=0", nil); got.Status != 422 {
			t.Errorf("%d", got.Status)
		}
	})
}

func TestOrganizationPage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		var last contract.Contract
		for _, name := range []string{"株式会社アルファ", "㈱アルファ"} {
			c, err := a.Contracts.Create(a.Ctx, contract.Input{Name: "配車 <b>", Organization: name})
			if err != nil {
				t.Fatal(err)
			}
			last = c
		}
		path := "/organizations/" + last.OrgID.String()
		page := a.Browser(who.Member).Get(path)
		if page.Find("#contracts tbody tr").Length() != 2 || page.Find("#contracts b b").Length() != 0 {
			t.Fatalf("%d %s", page.Status, page.Body)
		}
		if a.Browser(who.Viewer).Get(path).Find("main form").Length() != 0 {
			t.Error("a viewer is shown a form")
		}
		split := a.Browser(who.Member).Post("/contracts/"+last.ID.String()+"/split", url.Values{"name": {"㈱アルファ"}})
		if split.Path == path || split.Find("#contracts tbody tr").Length() != 1 {
			t.Errorf("%s %d", split.Path, split.Find("#contracts tbody tr").Length())
		}
		b := a.Browser(who.Member)
		wrong := b.Post(path, url.Values{"name": {""}, "was_name": {"株式会社アルファ"}})
		if wrong.Status != 422 || wrong.Find("#name-error").Length() != 1 {
			t.Errorf("%d %s", wrong.Status, wrong.Find("form").Text())
		}
		saved := b.Post(path, url.Values{"name": {"アルファ商事"}, "was_name": {"株式会社アルファ"}, "closing_month": {"3"}, "was_closing_month": {""}})
		if saved.Find("h1").Text() != "アルファ商事" || saved.Find("#toasts .toast").Length() != 1 {
			t.Errorf("%d %s", saved.Status, saved.Find("h1").Text())
		}
		if list := b.Get("/organizations?q=アルファ"); list.Find("td.name a").Length() != 2 {
			t.Errorf("%d found", list.Find("td.name a").Length())
		}
	})
}
