package workspacehttp_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// What each role is shown of the people: nothing that would be refused.
func TestWhatEachRoleIsOffered(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		if _, err := a.Workspace.CreateUnit(a.Ctx, "東日本チーム", 0); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			role                    who.Role
			selects, removes, teams int
			invite, settings        int
			gives                   string
		}{
			{who.Viewer, 0, 0, 0, 0, 0, ""},
			{who.Member, 0, 0, 0, 0, 0, ""},
			{who.Admin, 3, 2, 3, 1, 1, "閲覧 メンバー 管理者"},
			{who.Owner, 4, 3, 3, 1, 1, "閲覧 メンバー 管理者 オーナー"},
		} {
			p := a.Browser(c.role).Get("/members")
			var gives []string
			for _, o := range p.Find(`#invite select[name="role"] option`).EachIter() {
				gives = append(gives, o.Text())
			}
			got := fmt.Sprint(p.Find(`#people select`).Length(), p.Find(`#people form[action$="/remove"]`).Length(), p.Find("#teams form").Length(),
				p.Find("#invite").Length(), p.Find(`nav a[href="/settings"]`).Length() > 0, strings.Join(gives, " "))
			if want := fmt.Sprint(c.selects, c.removes, c.teams, c.invite, c.settings > 0, c.gives); got != want {
				t.Errorf("%s is offered %s, want %s", c.role, got, want)
			}
			if owner := p.Find("#m" + a.Actors[who.Owner].Member.String()); c.role != who.Owner && !strings.Contains(owner.Text(), "オーナー") {
				t.Errorf("%s is not told who the owner is: %q", c.role, owner.Text())
			}
		}
	})
}

func TestRolesAndLeaving(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		owner, admin, member := a.Browser(who.Owner), a.Browser(who.Admin), a.Browser(who.Member)
		program := a.Program(who.Member, workspace.ScopeRead)
		at := func(role who.Role, act string) string {
			return "/members/" + a.Actors[role].Member.String() + "/" + act
		}
		roleOf := func(role who.Role) string {
			return owner.Get("/members").Find("#role"+a.Actors[role].Member.String()+" option[selected]").AttrOr("value", "none")
		}
		stranger := who.From(a.Other()).Member.String()
		for _, c := range []struct {
			by         *apptest.Browser
			path, role string
			status     int
			toast      string
		}{
			{owner, at(who.Owner, "role"), "admin", 200, "オーナーがいなくなってしまいます"},
			{owner, at(who.Owner, "remove"), "", 200, "オーナーがいなくなってしまいます"},
			{owner, at(who.Member, "role"), "boss", 200, "役割を選んでください"},
			{admin, at(who.Owner, "role"), "viewer", 403, ""},
			{admin, at(who.Owner, "remove"), "", 403, ""},
			{admin, at(who.Member, "role"), "owner", 403, ""},
			{admin, at(who.Admin, "role"), "owner", 403, ""},
			{member, at(who.Member, "role"), "admin", 403, ""},
			{admin, "/members/x/role", "viewer", 404, ""},
			{admin, "/members/" + stranger + "/role", "viewer", 404, ""},
			{owner, "/members/" + stranger + "/remove", "", 404, ""},
		} {
			p := c.by.Post(c.path, url.Values{"role": {c.role}})
			if p.Status != c.status || c.toast != "" && !strings.Contains(said(p, "#toasts .toast.error"), c.toast) {
				t.Errorf("%s %s: %d %q", c.path, c.role, p.Status, said(p, "#toasts"))
			}
		}
		if got := roleOf(who.Owner) + " " + roleOf(who.Admin) + " " + roleOf(who.Member); got != "owner admin member" {
			t.Fatalf("something changed: %s", got)
		}
		// With a second owner the first may step down, and is an admin at once.
		owner.Post(at(who.Admin, "role"), url.Values{"role": {"owner"}})
		owner.Post(at(who.Owner, "role"), url.Values{"role": {"admin"}})
		if got := roleOf(who.Owner); got != "admin" {
			t.Errorf("the first owner is %s", got)
		}
		if p := owner.Post(at(who.Admin, "role"), url.Values{"role": {"viewer"}}); p.Status != 403 {
			t.Errorf("a former owner lowers the owner: %d", p.Status)
		}
		// A member who is lowered or removed feels it with the next click.
		admin.Post(at(who.Viewer, "role"), url.Values{"role": {"admin"}})
		if p := a.Browser(who.Viewer).Get("/settings"); p.Status != 200 {
			t.Errorf("a new admin may not see the settings: %d", p.Status)
		}
		if p := admin.Post(at(who.Member, "remove"), nil); said(p, "#toasts .toast") == "" || p.Find("#m"+a.Actors[who.Member].Member.String()).Length() != 0 {
			t.Errorf("%d %q", p.Status, said(p, "#toasts"))
		}
		if p := member.Get("/members"); !strings.HasPrefix(p.Path, "/signin") {
			t.Errorf("removed and still in: %s", p.Path)
		}
		if got := program.Do("GET", "/members", nil); got.Status != 401 {
			t.Errorf("the token of one who left: %d", got.Status)
		}
		if p := admin.Post(at(who.Member, "remove"), nil); p.Status != 404 {
			t.Errorf("removed twice: %d", p.Status)
		}
		if p := a.Guest().Post("/signin", url.Values{"mail": {"member@example.com"}, "password": {apptest.Password}}); p.Status != 403 || said(p, "main") == "" {
			t.Errorf("signing in without a workspace: %d", p.Status)
		}
		states := map[any]any{}
		for _, m := range a.Program(who.Viewer, workspace.ScopeRead).Do("GET", "/members", nil).Items() {
			states[m["mail"]] = fmt.Sprint(m["role"], " ", m["state"])
		}
		if states["member@example.com"] != "member left" || states["admin@example.com"] != "owner active" || len(states) != 4 {
			t.Errorf("REST tells %v", states)
		}
	})
}

func TestTeams(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		admin, me := a.Browser(who.Admin), a.Actors[who.Member].Member.String()
		other := a.Other()
		foreign, err := a.Workspace.CreateUnit(other, "よそのチーム", 0)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"": "入力してください。", " 　": "入力してください。", strings.Repeat("あ", 101): "長すぎます。100文字までにしてください。"} {
			if p := admin.Post("/units", url.Values{"unit": {name}}); p.Status != 422 || said(p, "#unit-name-error") != want {
				t.Errorf("%.9q: %d %q", name, p.Status, said(p, "#unit-name-error"))
			}
		}
		admin.Post("/units", url.Values{"unit": {"西"}})
		at := admin.Post("/units", url.Values{"unit": {"東 <b>"}}).Find(`#teams summary:contains("東 <b>") ~ form`).First().AttrOr("action", "none")
		summary := func() string { return said(a.Browser(who.Viewer).Get("/members"), "#teams summary") }
		if got := summary(); !strings.Contains(got, "東 <b> まだだれもいません") {
			t.Errorf("%q", got)
		}
		admin.Post(at, url.Values{"name": {"東 <b>"}, "member": {me, me, a.Actors[who.Owner].Member.String()}})
		if got := summary(); !strings.Contains(got, "岡田 真帆、田村 健") && !strings.Contains(got, "田村 健、岡田 真帆") {
			t.Errorf("%q", got)
		}
		before := summary()
		for _, c := range []struct {
			path   string
			form   url.Values
			status int
		}{
			{at, url.Values{"name": {"西"}, "member": {me}}, 200}, // taken: said in a toast
			{at, url.Values{"name": {""}}, 200},
			{at, url.Values{"name": {"東 <b>"}, "member": {"x"}}, 422},
			{at, url.Values{"name": {"東 <b>"}, "member": {who.From(other).Member.String()}}, 404},
			{"/units/" + foreign.ID.String(), url.Values{"name": {"取った"}}, 404},
			{"/units/" + foreign.ID.String() + "/delete", nil, 404},
			{"/units/0/delete", nil, 404},
		} {
			p := admin.Post(c.path, c.form)
			if p.Status != c.status || c.status == 200 && p.Find("#toasts .toast.error").Length() != 1 {
				t.Errorf("%s %v: %d %q", c.path, c.form, p.Status, said(p, "#toasts"))
			}
		}
		if after := summary(); after != before {
			t.Errorf("it was %q, and is %q", before, after)
		}
		admin.Post(at, url.Values{"name": {"東 <b>"}})
		if got := summary(); !strings.Contains(got, "東 <b> まだだれもいません") {
			t.Errorf("nobody ticked, and still %q", got)
		}
		if p := admin.Post(at+"/delete", nil); said(p, "#teams summary b") != "西" || said(p, "#toasts") == "" {
			t.Errorf("%q are left", said(p, "#teams summary b"))
		}
		// htmx is sent on, too, instead of getting a page into its target.
		if p := admin.Fragment("POST", "/units", url.Values{"unit": {"南"}}); p.Status != 204 || p.Header.Get("HX-Redirect") != "/members#teams" {
			t.Errorf("%d %q", p.Status, p.Header.Get("HX-Redirect"))
		}
	})
}

func TestTokensOnThePage(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		member, admin := a.Browser(who.Member), a.Browser(who.Admin)
		for name, form := range map[string]url.Values{
			"no name":    {"name": {""}, "scope": {"read"}},
			"long name":  {"name": {strings.Repeat("あ", 101)}, "scope": {"read"}},
			"all rights": {"name": {"BI"}, "scope": {"admin"}},
		} {
			if p := member.Post("/me/tokens", form); p.Status != 422 || said(p, "#token-name-error") == "" || p.Find("#tokens code, #tokens tbody tr").Length() != 0 {
				t.Errorf("%s: %d %q", name, p.Status, said(p, "#tokens"))
			}
		}
		make := func(name, scope string) *apptest.Program {
			secret := said(member.Post("/me/tokens", url.Values{"name": {name}, "scope": {scope}}), "#tokens code")
			program := a.Program(who.Viewer, workspace.ScopeRead)
			program.Token = secret
			return program
		}
		reads, writes := make("読む", "read"), make("書く", "write")
		body := map[string]any{"name": "みなと物流"}
		if got := reads.Do("GET", "/organizations", nil); got.Status != 200 {
			t.Errorf("the reading token reads: %d", got.Status)
		}
		if got := reads.Do("POST", "/organizations", body); got.Status != 403 || got.JSON["detail"] != "このトークンは読み取り専用です。" {
			t.Errorf("the reading token writes: %d %s", got.Status, got.Body)
		}
		if got := writes.Do("POST", "/organizations", body); got.Status != 201 {
			t.Errorf("the writing token: %d %s", got.Status, got.Body)
		}
		if got := writes.Do("POST", "/organizations", `{"name":"`+strings.Repeat("x", 2<<20)+`"}`); got.Status != 413 || got.JSON["code"] != "too_large" {
			t.Errorf("two megabytes: %d %s", got.Status, got.Body)
		}
		rows := said(member.Get("/me"), "#tokens tbody")
		if !strings.Contains(rows, "読むだけ") || !strings.Contains(rows, "読み書き") || strings.Contains(rows, "まだ") {
			t.Errorf("%q", rows)
		}
		if seen := admin.Get("/me"); strings.Count(said(seen, "#tokens tbody"), "田村 健") != 2 {
			t.Errorf("an admin sees %q", said(seen, "#tokens"))
		}
		if seen := a.Browser(who.Viewer).Get("/me"); strings.Contains(said(seen, "#tokens"), "書く") {
			t.Error("a viewer sees the tokens of others")
		}
		revoke := member.Get("/me").Find(`#tokens tr:contains("書く") form`).AttrOr("action", "none")
		if p := admin.Post(revoke, nil); p.Status != 200 {
			t.Errorf("an admin revokes: %d", p.Status)
		}
		for range 2 { // once more is no way to learn more
			if got := writes.Do("GET", "/organizations", nil); got.Status != 401 || got.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("revoked: %d", got.Status)
			}
		}
		for _, path := range []string{revoke, "/tokens/x/revoke", "/tokens/7/revoke"} {
			if p := member.Post(path, nil); p.Status != 404 {
				t.Errorf("%s: %d", path, p.Status)
			}
		}
		a.Travel(365 * 24 * time.Hour)
		if got := reads.Do("GET", "/organizations", nil); got.Status != 401 || !strings.Contains(got.JSON["detail"].(string), "期限切れ") {
			t.Errorf("after a year: %d %s", got.Status, got.Body)
		}
	})
}

func TestOwnPage(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(who.Viewer)
		good := url.Values{"name": {"北原 光"}, "kana": {"きたはら ひかる"}, "lang": {"en"}, "zone": {"Asia/Tokyo"}}
		b.Post("/me", good)
		for _, c := range []struct{ name, value, want string }{
			{"name", "", "Please"},
			{"kana", strings.Repeat("あ", 101), "100"},
			{"zone", "Mars/Base", "time zone"},
			{"lang", "fr", "Japanese or English"},
		} {
			p := b.Post("/me", with(good, c.name, c.value))
			if p.Status != 422 || !strings.Contains(said(p, "#"+c.name+"-error"), c.want) {
				t.Errorf("%s=%.9q: %d %q", c.name, c.value, p.Status, said(p, ".error"))
			}
			if box := p.Find(`input[name="` + c.name + `"]`); box.Length() == 1 && box.AttrOr("value", "") != c.value {
				t.Errorf("%s=%.9q was not kept: %q", c.name, c.value, box.AttrOr("value", ""))
			}
		}
		if people := said(a.Browser(who.Member).Get("/members"), "#people"); !strings.Contains(people, "北原 光 きたはら ひかる") {
			t.Errorf("%q", people)
		}
		zone := func() string { return b.Get("/me").Find(`input[name="zone"]`).AttrOr("value", "") }
		move := func(zone string) {
			a.Browser(who.Owner).Post("/settings", url.Values{"name": {"テスト"}, "zone": {zone}, "currency": {"JPY"}, "lang": {"ja"}, "fiscal": {"4"}})
		}
		// Who never chose a zone goes on following the workspace.
		if move("America/New_York"); zone() != "America/New_York" {
			t.Errorf("saving the page chose the zone %s", zone())
		}
		b.Post("/me", with(good, "zone", "Europe/Paris"))
		if move("Asia/Seoul"); zone() != "Europe/Paris" {
			t.Errorf("the chosen zone became %s", zone())
		}
		if b.Post("/me", with(good, "zone", "")); zone() != "Asia/Seoul" {
			t.Errorf("given up, the zone is %s", zone())
		}
	})
}

// One's own page tells where one is signed in; the others can be ended from it.
func TestSessionsOnOnesOwnPage(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		here, there := a.Browser(who.Viewer), a.Browser(who.Viewer)
		p := here.Get("/me")
		if n := p.Find("#sessions tbody tr").Length(); n < 2 || p.Find("#sessions tbody form").Length() != n-1 || p.Find(`#sessions form[action="/me/sessions/end"]`).Length() != 1 {
			t.Fatalf("%d rows: %s", n, p.Find("#sessions").Text())
		}
		if p = there.Get("/today"); p.Path != "/today" {
			t.Fatal(p.Path)
		}
		if p = here.Post("/me/sessions/end", nil); p.Status != 200 || p.Find("#sessions tbody tr").Length() != 1 || !strings.Contains(p.Find("#toasts").Text(), "か所のサインインを終わらせました。") {
			t.Errorf("%d: %s", p.Status, p.Find("#toasts").Text())
		}
		if p = there.Get("/today"); !strings.HasPrefix(p.Path, "/signin") {
			t.Errorf("the other is still in: %s", p.Path)
		}
		if p = here.Post("/me/sessions/0000000000000000/end", nil); p.Status != 404 {
			t.Errorf("a session that is none: %d", p.Status)
		}
	})
}

// One chooses how pages look and on which day weeks begin.
func TestLook(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(who.Viewer)
		form := url.Values{"name": {"北原 光"}, "kana": {""}, "lang": {"ja"}, "zone": {"Asia/Tokyo"}}
		for theme, shown := range map[string]string{"dark": "dark", "light": "light", "": ""} {
			form.Set("theme", theme)
			form.Set("week", map[bool]string{true: "sunday", false: "monday"}[theme == "dark"])
			p := b.Post("/me", form)
			if got := p.Find("html").AttrOr("data-theme", ""); got != shown || p.Find(`select[name=theme] option[selected]`).AttrOr("value", "") != theme {
				t.Errorf("%q looks %q", theme, got)
			}
			first := strings.TrimSpace(b.Get("/tasks?as=calendar").Find(".calendar th").First().Text())
			if want := map[bool]string{true: "日", false: "月"}[theme == "dark"]; first != want {
				t.Errorf("weeks begin on %s, want %s", first, want)
			}
		}
		form.Set("theme", "pink")
		if p := b.Post("/me", form); p.Status != 422 || p.Find("#theme-error").Length() != 1 {
			t.Errorf("pink: %d", p.Status)
		}
	})
}
