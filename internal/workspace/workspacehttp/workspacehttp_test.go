package workspacehttp_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/app"
	"kizuki/internal/blob"
	"kizuki/internal/db"
	"kizuki/internal/job"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
)

func each(t *testing.T, f func(t *testing.T, a *apptest.App)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(t, apptest.New(t, d)) })
}

func TestFirstStart(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		b := apptest.Visit(t, app.New(d, blob.Folder(t.TempDir()), app.Config{Version: "test"}))
		if p := b.Get("/contracts"); p.Path != "/setup" {
			t.Fatalf("a fresh installation leads to %s", p.Path)
		}
		form := url.Values{"workspace": {"みなとラボ"}, "name": {"岡田"}, "mail": {"o@example.com"}, "password": {"short"}}
		wrong := b.Post("/setup", form)
		if wrong.Status != 422 || wrong.Find("#password-error").Length() != 1 || wrong.Find(`input[name="name"]`).AttrOr("value", "") != "岡田" {
			t.Errorf("%d %s", wrong.Status, wrong.Find("form").Text())
		}
		form.Set("password", apptest.Password)
		if in := b.Post("/setup", form); in.Path != "/contracts" || in.Status != 200 {
			t.Errorf("%d %s", in.Status, in.Path)
		}
		if again := b.Get("/setup"); again.Path == "/setup" {
			t.Error("it can be set up twice")
		}
	})
}

func TestSignInAndOut(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		b := a.Guest()
		wrong := b.Post("/signin", url.Values{"mail": {"owner@example.com"}, "password": {"wrong password"}})
		unknown := b.Post("/signin", url.Values{"mail": {"nobody@example.com"}, "password": {"wrong password"}})
		if wrong.Status != 422 || wrong.Find(".alarm").Text() == "" || wrong.Find(".alarm").Text() != unknown.Find(".alarm").Text() {
			t.Errorf("%d %q, %q", wrong.Status, wrong.Find(".alarm").Text(), unknown.Find(".alarm").Text())
		}
		in := b.Post("/signin", url.Values{"mail": {"owner@example.com"}, "password": {apptest.Password}, "next": {"/members"}})
		if in.Path != "/members" {
			t.Errorf("led to %s", in.Path)
		}
		evil := a.Guest().Post("/signin", url.Values{"mail": {"owner@example.com"}, "password": {apptest.Password}, "next": {"//evil.example"}})
		if !strings.HasPrefix(evil.Path, "/today") {
			t.Errorf("led to %s", evil.Path)
		}
		b.Post("/signout", nil)
		if out := b.Get("/members"); !strings.HasPrefix(out.Path, "/signin") {
			t.Errorf("still in: %s", out.Path)
		}
		if en := a.Guest().Post("/language", url.Values{"lang": {"en"}, "back": {"/signin"}}); en.Find("html").AttrOr("lang", "") != "en" {
			t.Error("a guest cannot choose the language")
		}
	})
}

func TestInvitation(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		admin := a.Browser(who.Admin)
		made := admin.Post("/members/invite", url.Values{"mail": {"new@example.com"}, "role": {"member"}})
		link := made.Find("#invite code").Text()
		_, path, ok := strings.Cut(link, "/invite/")
		if !ok {
			t.Fatalf("no link in %s", made.Find("#invite").Text())
		}
		guest := a.Guest()
		if p := guest.Get("/invite/" + path); p.Status != 200 || !strings.Contains(p.Find("main").Text(), "new@example.com") {
			t.Fatalf("%d", p.Status)
		}
		in := guest.Post("/invite/"+path, url.Values{"name": {"新人 <i>"}, "password": {apptest.Password}})
		if in.Path != "/today" {
			t.Fatalf("%d %s", in.Status, in.Path)
		}
		if again := a.Guest().Get("/invite/" + path); again.Status < 400 {
			t.Errorf("the link works twice: %d", again.Status)
		}
		people := admin.Get("/members").Find("#people")
		if !strings.Contains(people.Text(), "新人 <i>") || people.Find("i").Length() != 0 {
			t.Error("the new member is not there as written")
		}
		if owner := admin.Post("/members/invite", url.Values{"mail": {"x@example.com"}, "role": {"owner"}}); owner.Find("#invite code").Length() != 0 {
			t.Errorf("an admin invited an owner: %d", owner.Status)
		}
	})
}

func TestOwnPageAndTokens(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(who.Member)
		if p := b.Post("/me", url.Values{"name": {"田村 健"}, "lang": {"en"}, "zone": {"Asia/Tokyo"}}); p.Find("html").AttrOr("lang", "") != "en" {
			t.Error("the language did not change")
		}
		made := b.Post("/me/tokens", url.Values{"name": {"BI"}, "scope": {"read"}})
		secret := made.Find("#tokens code").Text()
		if !strings.HasPrefix(secret, "kzk_") || strings.Contains(b.Get("/me").Body, secret) {
			t.Errorf("the secret %q is not shown once", secret)
		}
		action := made.Find(`#tokens form[action$="/revoke"]`).AttrOr("action", "")
		if p := a.Browser(who.Viewer).Post(action, nil); p.Status != 404 && p.Status != 403 {
			t.Errorf("somebody else revoked it: %d", p.Status)
		}
		if p := b.Post(action, nil); p.Find("#tokens table").Length() != 0 {
			t.Error("it is still there")
		}
	})
}

func TestTeamsAndSettings(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		admin := a.Browser(who.Admin)
		made := admin.Post("/units", url.Values{"unit": {"東日本チーム"}})
		action := made.Find(`#teams form[action^="/units/"]`).First().AttrOr("action", "")
		saved := admin.Post(action, url.Values{"name": {"西日本チーム"}, "member": {a.Actors[who.Member].Member.String()}})
		if text := saved.Find("#teams summary").Text(); !strings.Contains(text, "西日本チーム") || !strings.Contains(text, "田村 健") {
			t.Errorf("%q", text)
		}
		if taken := admin.Post("/units", url.Values{"unit": {"西日本チーム"}}); taken.Find("#unit-name-error").Length() != 1 {
			t.Errorf("%d", taken.Status)
		}
		wrong := admin.Post("/settings", url.Values{"name": {"x"}, "zone": {"Mars/Base"}, "currency": {"JPY"}, "lang": {"ja"}, "fiscal": {"4"}})
		if wrong.Status != 422 || wrong.Find("#zone-error").Length() != 1 {
			t.Errorf("%d", wrong.Status)
		}
		p := admin.Post("/settings", url.Values{"name": {"新しい名前"}, "zone": {"Asia/Tokyo"}, "currency": {"JPY"}, "lang": {"ja"}, "fiscal": {"1"}})
		if p.Find(`input[name="name"]`).AttrOr("value", "") != "新しい名前" || p.Find("#audit-rows tr").Length() < 5 {
			t.Errorf("%d, %d lines in the log", p.Status, p.Find("#audit-rows tr").Length())
		}
	})
}

// Work that stopped for good is shown to an admin, who may have it tried again.
func TestStoppedWork(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		tries := 0
		a.Jobs.Handle("test.stop", func(context.Context, job.Job) error {
			if tries++; tries == 1 {
				return job.Never(errors.New("no <b> way"))
			}
			return nil
		})
		err := d.InTx(a.Ctx, func(ctx context.Context, tx *db.Tx) error {
			return a.Jobs.AddIn(ctx, tx, job.Add{Workspace: a.Actors[who.Owner].Workspace, Kind: "test.stop"})
		})
		if err == nil {
			err = a.Jobs.Drain(context.Background())
		}
		if err != nil {
			t.Fatal(err)
		}
		admin := a.Browser(who.Admin)
		p := admin.Get("/settings")
		if !strings.Contains(p.Find("#jobs li").Text(), "no <b> way") {
			t.Fatalf("%q", p.Find("#jobs").Text())
		}
		if again := admin.Post(p.Find("#jobs form").AttrOr("action", ""), nil); again.Find("#jobs li").Length() != 0 {
			t.Errorf("%d: it is still there", again.Status)
		}
		if err := a.Jobs.Drain(context.Background()); err != nil || tries != 2 {
			t.Errorf("tried %d times, %v", tries, err)
		}
	})
}
