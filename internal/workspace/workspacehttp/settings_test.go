package workspacehttp_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
)

func TestSettingsSayWhatIsWrong(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(who.Admin)
		good := url.Values{"name": {"みなと"}, "zone": {"Asia/Tokyo"}, "currency": {"usd"}, "lang": {"ja"}, "fiscal": {"10"}}
		for _, c := range []struct{ name, value, want string }{
			{"name", "", "入力してください"},
			{"name", strings.Repeat("あ", 101), "100"},
			{"currency", "YENS", "3文字"},
			{"lang", "fr", "日本語か英語"},
			{"fiscal", "13", "1から12"},
			{"fiscal", "0", "1から12"},
			{"fiscal", "四月", "1から12"},
		} {
			p := b.Post("/settings", with(good, c.name, c.value))
			if p.Status != 422 || !strings.Contains(said(p, "#"+c.name+"-error"), c.want) {
				t.Errorf("%s=%.9q: %d %q", c.name, c.value, p.Status, said(p, ".error"))
			}
		}
		saved := b.Post("/settings", good)
		got := fmt.Sprint(saved.Find(`input[name="currency"]`).AttrOr("value", ""), saved.Find(`select[name="fiscal"] option[selected]`).AttrOr("value", ""))
		if saved.Status != 200 || got != "USD10" {
			t.Errorf("%d %s", saved.Status, got)
		}
	})
}

// The log says who did what to whom in the reader's words, and is read to its
// end.
func TestAuditLog(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		owner := a.Browser(who.Owner)
		viewer := a.Actors[who.Viewer].Member
		owner.Post("/members/"+viewer.String()+"/role", url.Values{"role": {"member"}})
		a.Guest().Post("/signin", url.Values{"mail": {"admin@example.com"}, "password": {"wrong wrong"}})
		rows := said(owner.Get("/settings"), "#audit-rows")
		for _, want := range []string{"岡田 真帆 役割を変えました、北原 光、閲覧 → メンバー", "システム 入れませんでした", "招待しました、viewer@example.com、閲覧", "北原 光 参加しました、閲覧"} {
			if !strings.Contains(rows, want) {
				t.Errorf("%q is not in the log: %s", want, rows)
			}
		}
		owner.Post("/me", url.Values{"name": {"岡田 真帆"}, "lang": {"en"}, "zone": {"Asia/Tokyo"}})
		if en := said(owner.Get("/settings"), "#audit-rows"); !strings.Contains(en, "changed a role, 北原 光, Viewer → Member") {
			t.Errorf("in English: %s", en)
		}
		for i := range 60 {
			if _, err := a.Workspace.CreateUnit(a.Ctx, fmt.Sprintf("チーム%02d", i), 0); err != nil {
				t.Fatal(err)
			}
		}
		first := owner.Get("/settings")
		next := first.Find("#pager a").AttrOr("href", "none")
		second := owner.Get(next)
		lines := first.Find("#audit-rows tr").Length()
		made := strings.Count(first.Find("#audit-rows").Text()+second.Find("#audit-rows").Text(), "made a team")
		if lines != 50 || made != 60 || second.Find("#pager a").Length() != 0 || !strings.Contains(said(second, "#audit-rows"), "created the workspace") {
			t.Errorf("%d lines on the first page, %d teams on both, then %q", lines, made, said(second, "#audit-rows"))
		}
		if p := owner.Get("/settings?audit=x"); p.Status != 422 || said(p, "main") == "" {
			t.Errorf("a cursor of elsewhere: %d", p.Status)
		}
	})
}
