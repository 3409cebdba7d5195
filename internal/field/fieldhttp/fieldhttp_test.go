package fieldhttp_test

import (
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func each(t *testing.T, f func(t *testing.T, a *apptest.App)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(t, apptest.New(t, d)) })
}

func TestFieldsOnThePage(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(who.Admin)
		made := b.Post("/fields", url.Values{"label_ja": {"プラン <b>"}, "type": {"choice"}, "key": {"plan"}, "options": {"A\nB\n"}, "indexed": {"1"}})
		if made.Find("details.team > summary").Length() != 1 || made.Find("summary b b").Length() != 0 || !strings.Contains(made.Find("summary").Text(), "プラン <b>") {
			t.Fatalf("%d %s", made.Status, made.Find("main").Text())
		}
		wrong := b.Post("/fields", url.Values{"label_ja": {"もうひとつ"}, "type": {"choice"}, "key": {"plan"}})
		if wrong.Status != 422 && wrong.Status != 409 || wrong.Find("#new .error, #new .alarm").Length() == 0 {
			t.Errorf("%d: a key taken twice", wrong.Status)
		}
		action, _ := made.Find(`form[action^="/fields/"]`).First().Attr("action")
		saved := b.Post(action, url.Values{"label_ja": {"契約プラン"}, "options": {"A\nB\nC"}})
		if !strings.Contains(saved.Find("summary").Text(), "契約プラン") || saved.Find("details textarea").First().Text() != "A\nB\nC" {
			t.Errorf("%d %q", saved.Status, saved.Find("details textarea").First().Text())
		}
		if gone := b.Post(action, url.Values{"label_ja": {"契約プラン"}, "options": {"A"}}); gone.Status != 422 || gone.Find("details[open]").Length() != 1 {
			t.Errorf("%d: an option with values vanished", gone.Status)
		}
		if away := b.Post(action+"/retire", nil); away.Find("#retired li").Length() != 1 {
			t.Error("it was not put away")
		}
		if back := b.Post(action+"/restore", nil); back.Find("#retired").Length() != 0 {
			t.Error("it did not come back")
		}
		if a.Browser(who.Member).Get("/fields").Find("main form").Length() != 0 {
			t.Error("a member is shown forms")
		}
	})
}

func TestFieldsInREST(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		p := a.Program(who.Admin, workspace.ScopeWrite)
		made := p.Do("POST", "/fields", map[string]any{"key": "users", "type": "number", "labels": map[string]string{"ja": "利用者数"}, "indexed": true})
		if made.Status != 201 || made.JSON["key"] != "users" || made.JSON["retired"] != false {
			t.Fatalf("%d %s", made.Status, made.Body)
		}
		path := "/fields/" + made.JSON["id"].(string)
		if got := p.Do("PATCH", path, map[string]any{"retired": true}); got.JSON["retired"] != true {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if got := p.Do("PATCH", path, map[string]any{"retired": false, "labels": map[string]string{"en": "Users"}}); got.JSON["retired"] != false {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		for body, want := range map[string]int{`{"type":"number"}`: 422, `{"type":"spell","labels":{"ja":"x"}}`: 422, `{"type":"text","labels":{}}`: 422,
			`{"type":"text","labels":{"ja":"x"},"key":"Not OK"}`: 422, `{"type":"text","labels":{"ja":"x"},"key":"owner"}`: 422} {
			if got := p.Do("POST", "/fields", body); got.Status != want {
				t.Errorf("%s: %d %s", body, got.Status, got.Body)
			}
		}
		if list := p.Do("GET", "/fields", nil).Items(); len(list) != 1 {
			t.Errorf("%v", list)
		}
	})
}
