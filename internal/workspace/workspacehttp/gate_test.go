package workspacehttp_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kizuki/internal/app"
	"kizuki/internal/blob"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
)

// with is a form with some values changed; pairs of name and value.
func with(form url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for name, v := range form {
		out[name] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

func said(p *apptest.Page, selector string) string {
	return strings.Join(strings.Fields(p.Find(selector).Text()), " ")
}

func TestSetupSaysWhatIsWrong(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		b := apptest.Visit(t, app.New(d, blob.Folder(t.TempDir()), app.Config{Version: "test"}))
		good := url.Values{"workspace": {"Harbour"}, "name": {"Ann Lee"}, "mail": {"ann＠example.com"}, "password": {apptest.Password}}
		if p := b.Post("/setup", with(good, "workspace", "")); said(p, "#workspace-error") != "入力してください。" {
			t.Errorf("%d %q", p.Status, said(p, "form"))
		}
		if p := b.Post("/language", url.Values{"lang": {"en"}, "back": {"/setup"}}); p.Path != "/setup" {
			t.Errorf("led to %s", p.Path)
		}
		for _, c := range []struct{ field, value, want string }{
			{"workspace", "\u200b", "Please"},
			{"name", strings.Repeat("あ", 101), "100"},
			{"kana", strings.Repeat("あ", 101), "100"},
			{"mail", "ann", "email address"},
			{"mail", "Ann <ann@example.com>", "email address"},
			{"password", "123456789", "10 characters"},
			{"password", strings.Repeat("x", 201), "200"},
		} {
			p := b.Post("/setup", with(good, c.field, c.value))
			if p.Status != 422 || !strings.Contains(said(p, "#"+c.field+"-error"), c.want) || p.Find(".error, .alarm").Length() != 1 {
				t.Errorf("%s=%.20q: %d %q", c.field, c.value, p.Status, said(p, ".error, .alarm"))
			}
			if strings.Contains(p.Body, apptest.Password) {
				t.Error("the password comes back in the page")
			}
		}
		all := b.Post("/setup", url.Values{"kana": {"よみ"}})
		if all.Find(".error").Length() != 4 || all.Find(`input[name="kana"]`).AttrOr("value", "") != "よみ" {
			t.Errorf("%d wrong: %s", all.Find(".error").Length(), said(all, ".error"))
		}
		if in := b.Post("/setup", good); in.Path != "/contracts" || in.Find("html").AttrOr("lang", "") != "en" {
			t.Fatalf("%s in %s: %s", in.Path, in.Find("html").AttrOr("lang", ""), said(in, "form"))
		}
		late := apptest.Visit(t, app.New(d, blob.Folder(t.TempDir()), app.Config{Version: "test"}))
		second := late.Post("/setup", with(good, "mail", "late@example.com"))
		if second.Status != 409 || said(second, ".alarm") == "" {
			t.Errorf("a second setup: %d %q", second.Status, said(second, ".alarm"))
		}
		if p := late.Post("/signin", url.Values{"mail": {"late@example.com"}, "password": {apptest.Password}}); p.Status != 422 {
			t.Errorf("the second owner came in: %d %s", p.Status, p.Path)
		}
	})
}

func TestGuessingIsStopped(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		b := a.Guest()
		b.Post("/language", url.Values{"lang": {"en"}})
		if p := b.Post("/signin", url.Values{"mail": {""}, "password": {""}}); p.Find("#mail-error, #password-error").Length() != 2 {
			t.Errorf("%d %q", p.Status, said(p, "form"))
		}
		form := url.Values{"mail": {"member@example.com"}, "password": {"guess guess guess"}}
		for i := range 5 {
			if p := b.Post("/signin", form); p.Status != 422 || !strings.HasPrefix(said(p, ".alarm"), "The email address or the password") {
				t.Fatalf("guess %d: %d %q", i+1, p.Status, said(p, ".alarm"))
			}
		}
		form.Set("password", apptest.Password)
		p := b.Post("/signin", form)
		if p.Status != 429 || !strings.Contains(said(p, ".alarm"), "15 min") || p.Find(`input[name="mail"]`).AttrOr("value", "") != "member@example.com" {
			t.Errorf("after five guesses: %d %q", p.Status, said(p, ".alarm"))
		}
		a.Travel(15 * time.Minute)
		if p := b.Post("/signin", form); p.Status != 200 || p.Path != "/today" {
			t.Errorf("after a quarter of an hour: %d %s", p.Status, p.Path)
		}
	})
}

// invite makes a link as a role and gives its path.
func invite(t *testing.T, b *apptest.Browser, form url.Values) string {
	t.Helper()
	p := b.Post("/members/invite", form)
	_, token, ok := strings.Cut(said(p, "#invite code"), "/invite/")
	if !ok {
		t.Fatalf("no link: %d %s", p.Status, said(p, "main"))
	}
	return "/invite/" + token
}

func TestInvitationsThatAreRefused(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		admin, good := a.Browser(who.Admin), url.Values{"mail": {"new@example.com"}, "role": {"member"}, "placeholder": {""}}
		for _, c := range []struct {
			name, value string
			status      int
			at          string
		}{
			{"mail", "", 422, "#mail-error"},
			{"mail", "new", 422, "#mail-error"},
			{"mail", "viewer@example.com", 409, ".alarm"},
			{"role", "boss", 422, "#role-error"},
			{"role", "owner", 403, "h1"},
			{"placeholder", "x", 422, "#placeholder-error"},
			{"placeholder", a.Actors[who.Viewer].Member.String(), 404, "h1"},
		} {
			p := admin.Post("/members/invite", with(good, c.name, c.value))
			if p.Status != c.status || said(p, c.at) == "" || p.Find("#invite code").Length() != 0 {
				t.Errorf("%s=%q: %d %q", c.name, c.value, p.Status, said(p, "main"))
			}
		}
		again := admin.Post("/members/invite", url.Values{"mail": {"new"}, "role": {"viewer"}})
		if got := again.Find(`#invite select[name="role"] option[selected]`).AttrOr("value", ""); got != "viewer" {
			t.Errorf("the chosen role is lost: %q", got)
		}
		gone := func(what, link string) {
			t.Helper()
			guest := a.Guest()
			p := guest.Post(link, url.Values{"name": {"新人"}, "password": {apptest.Password}})
			if p.Status != 404 || guest.Get(link).Status != 404 || !strings.HasPrefix(guest.Get("/me").Path, "/signin") {
				t.Errorf("a link that is %s: %d", what, p.Status)
			}
		}
		first := invite(t, admin, good)
		second := invite(t, admin, with(good, "role", "viewer"))
		gone("replaced", first)
		short := a.Guest().Post(second, url.Values{"name": {"新人"}, "password": {"short"}})
		if short.Status != 422 || short.Find("#password-error").Length() != 1 || short.Find(`input[name="name"]`).AttrOr("value", "") != "新人" {
			t.Errorf("%d %q", short.Status, said(short, "form"))
		}
		waiting := admin.Get("/members").Find(`#invite form[action^="/invites/"]`)
		if waiting.Length() != 1 {
			t.Fatalf("%d invitations wait", waiting.Length())
		}
		if p := admin.Post(waiting.AttrOr("action", ""), nil); p.Find(`#invite form[action^="/invites/"]`).Length() != 0 {
			t.Error("it waits still")
		}
		gone("revoked", second)
		third := invite(t, admin, good)
		a.Travel(14 * 24 * time.Hour)
		gone("expired", third)
		gone("made up", "/invite/x")
	})
}

// An owner an import named is waited for: the page knows the name, and who
// joins has the contracts.
func TestJoiningAsAnOwnerWhoWasNamed(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		err := a.DB.InTx(a.Ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := a.Workspace.ResolveOwners(ctx, tx, a.Actors[who.Owner].Workspace, []string{"中野 翔太"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		admin := a.Browser(who.Admin)
		option := admin.Get("/members").Find(`select[name="placeholder"] option`).Last()
		named := option.AttrOr("value", "")
		if option.Text() != "中野 翔太" {
			t.Fatalf("nobody waits: %q", option.Text())
		}
		c, err := a.Contracts.Create(a.Ctx, contract.Input{Name: "本社契約", Organization: "みなと物流", Owner: named})
		if err != nil {
			t.Fatal(err)
		}
		link := invite(t, admin, url.Values{"mail": {"nakano@example.com"}, "role": {"member"}, "placeholder": {named}})
		guest := a.Guest()
		if got := guest.Get(link).Find(`input[name="name"]`).AttrOr("value", ""); got != "中野 翔太" {
			t.Errorf("the page does not know who comes: %q", got)
		}
		guest.Post(link, url.Values{"name": {"中野 翔太"}, "password": {apptest.Password}})
		row := admin.Get("/members").Find("#m" + named)
		if !strings.Contains(row.Text(), "nakano@example.com") {
			t.Errorf("the placeholder is not the person: %q", row.Text())
		}
		if got, err := a.Contracts.Get(a.Ctx, c.ID); err != nil || got.OwnerID.String() != named {
			t.Errorf("the contract is not theirs: %v %v", got.OwnerID, err)
		}
	})
}

func TestJoiningASecondWorkspace(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		other := a.Other()
		member, err := a.Workspace.Member(other, who.From(other).Member)
		if err != nil {
			t.Fatal(err)
		}
		link := invite(t, a.Browser(who.Admin), url.Values{"mail": {member.Mail}, "role": {"viewer"}})
		b := a.Guest()
		if b.Get(link).Find(`input[autocomplete="current-password"]`).Length() != 1 {
			t.Error("the page asks for a new password")
		}
		wrong := b.Post(link, url.Values{"name": {"よその人"}, "password": {"a password of my own"}})
		if wrong.Status != 422 || said(wrong, ".alarm")+said(wrong, "#password-error") == "" {
			t.Errorf("%d %q", wrong.Status, said(wrong, "form"))
		}
		if in := b.Post(link, url.Values{"name": {"よその人"}, "password": {apptest.Password}}); in.Path != "/today" {
			t.Fatalf("%d %q", in.Status, said(in, "form"))
		}
		if list := said(b.Get("/me"), "#workspaces"); !strings.Contains(list, "テスト いまここ") || !strings.Contains(list, "よそ") {
			t.Errorf("%q", list)
		}
		home := who.From(other).Workspace.String()
		if p := b.Post("/me/workspace", url.Values{"workspace": {home}}); p.Path != "/today" || !strings.Contains(said(b.Get("/me"), "#workspaces"), "よそ いまここ") {
			t.Errorf("%d %s", p.Status, p.Path)
		}
		// An owner there is a viewer here, and the roles do not mix.
		if p := b.Get("/settings"); p.Status != 200 {
			t.Errorf("the owner at home: %d", p.Status)
		}
		b.Post("/me/workspace", url.Values{"workspace": {a.Actors[who.Owner].Workspace.String()}})
		if p := b.Get("/settings"); p.Status != 403 {
			t.Errorf("the viewer here: %d", p.Status)
		}
		for value, want := range map[string]int{"x": 422, "": 404, "7": 404} {
			if p := b.Post("/me/workspace", url.Values{"workspace": {value}}); p.Status != want {
				t.Errorf("workspace %q: %d", value, p.Status)
			}
		}
		if p := a.Browser(who.Member).Post("/me/workspace", url.Values{"workspace": {home}}); p.Status != 404 {
			t.Errorf("a workspace one is not in: %d", p.Status)
		}
	})
}

// What no form of ours sends changes nothing and is said to be wrong.
func TestRequestsFromElsewhere(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		owner, self := a.Browser(who.Owner), a.Actors[who.Member].Member.String()
		cross, err := http.NewRequest("POST", a.Server.URL+"/members/"+self+"/role", strings.NewReader("role=owner"))
		if err != nil {
			t.Fatal(err)
		}
		cross.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		cross.Header.Set("Origin", "https://evil.example")
		cross.Header.Set("Sec-Fetch-Site", "cross-site")
		if p := owner.Do(cross); p.Status != 403 {
			t.Errorf("another site may post: %d", p.Status)
		}
		if p := owner.Post("/me", url.Values{"name": {strings.Repeat("x", 1<<20)}}); p.Status != 413 || said(p, "main") == "" {
			t.Errorf("a megabyte: %d", p.Status)
		}
		broken, err := http.NewRequest("POST", a.Server.URL+"/me", strings.NewReader("name=%zz"))
		if err != nil {
			t.Fatal(err)
		}
		broken.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if p := owner.Do(broken); p.Status != 400 {
			t.Errorf("a broken form: %d", p.Status)
		}
		page := owner.Get("/members")
		if got := page.Find("#role"+self+" option[selected]").AttrOr("value", ""); got != "member" || !strings.Contains(page.Find("#people").Text(), "岡田 真帆") {
			t.Errorf("something changed: %q", got)
		}
	})
}
