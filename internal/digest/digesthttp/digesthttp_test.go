package digesthttp_test

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/app"
	"kizuki/internal/db"
	"kizuki/internal/digest/digesthttp"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/testkit/mailtest"
	"kizuki/internal/testkit/smtpsink"
	"kizuki/internal/web/words/wordstest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func TestWords(t *testing.T) { wordstest.CheckCatalogues(t, digesthttp.Words()) }

func mailed(t *testing.T, f func(t *testing.T, a *apptest.App, s *smtpsink.Sink)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s, on := mailtest.On(t)
		f(t, apptest.New(t, d, on), s)
	})
}

// choice is what the form sends.
func choice(pairs ...string) url.Values {
	form := url.Values{"way": {"mail"}, "hour": {"8"}, "quiet_from": {"19"}, "quiet_to": {"6"}, "webhook": {""}, "inbox_mention": {"1"}, "message_mention": {"1"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func selected(p *apptest.Page, name string) string {
	return p.Find(`select[name="`+name+`"] option[selected]`).AttrOr("value", "")
}

func TestOnesOwnPage(t *testing.T) {
	mailed(t, func(t *testing.T, a *apptest.App, _ *smtpsink.Sink) {
		b := a.Browser(who.Viewer)
		p := b.Get("/me")
		if p.Find("#message form[action='/me/message']").Length() != 1 || selected(p, "way") != "mail" || selected(p, "hour") != "9" ||
			selected(p, "quiet_from") != "20" || p.Find("#message-kinds input[checked]").Length() != 6 {
			t.Fatal(p.Find("#message").Text())
		}
		if ways := p.Find(`select[name="way"] option`).Length(); ways != 3 {
			t.Errorf("%d ways without a bot", ways)
		}
		unnamed := 0
		p.Find("#message-kinds input").Each(func(i int, s *goquery.Selection) {
			if s.AttrOr("aria-label", "") == "" {
				unnamed++
			}
		})
		if unnamed != 0 {
			t.Errorf("%d boxes have no name", unnamed)
		}
		if saved := b.Post("/me/message", choice()); saved.Path != "/me/message" || selected(saved, "hour") != "8" || selected(saved, "quiet_to") != "6" ||
			!slices.Equal(saved.Find("#message-kinds input[checked]").Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("name", "") }),
				[]string{"inbox_mention", "message_mention"}) {
			t.Error(saved.Status, saved.Path)
		}
		for field, value := range map[string]string{"hour": "24", "quiet-from": "x", "quiet-to": "-1", "way": "pigeon", "webhook": "ftp://x"} {
			wrong := b.Post("/me/message", choice(strings.ReplaceAll(field, "-", "_"), value))
			if wrong.Status != 422 || wrong.Find("#message-"+field+"-error").Length() != 1 {
				t.Errorf("%s=%s: %d", field, value, wrong.Status)
			}
		}
		if selected(b.Get("/me/message"), "hour") != "8" {
			t.Error("a wrong form changed something")
		}
	})
}

// A webhook is a secret: it is taken, kept while it is used, and never shown.
func TestTheWebhookIsNotShown(t *testing.T) {
	mailed(t, func(t *testing.T, a *apptest.App, _ *smtpsink.Sink) {
		b := a.Browser(who.Member)
		const hook = "https://hooks.slack.com/services/T0/B0/geheim"
		if p := b.Post("/me/message", choice("way", "webhook")); p.Status != 422 || p.Find("#message-webhook-error").Length() != 1 {
			t.Errorf("a webhook without one: %d", p.Status)
		}
		p := b.Post("/me/message", choice("way", "webhook", "webhook", hook))
		if p.Status != 200 || strings.Contains(p.Body, "geheim") || !strings.Contains(p.Find("#message-webhook-hint").Text()+p.Body, "保存されています") {
			t.Error(p.Status, strings.Contains(p.Body, "geheim"))
		}
		b.Post("/me/message", choice("way", "webhook", "hour", "10"))
		c, err := a.Digest.Choice(a.As(who.Member))
		if err != nil || c.Webhook != hook || c.Hour != 10 {
			t.Errorf("%+v %v", c, err)
		}
		b.Post("/me/message", choice())
		if c, err := a.Digest.Choice(a.As(who.Member)); c.Webhook != "" || err != nil {
			t.Errorf("it is kept though it is not used: %v", err)
		}
	})
}

func TestOverREST(t *testing.T) {
	mailed(t, func(t *testing.T, a *apptest.App, _ *smtpsink.Sink) {
		p := a.Program(who.Member, workspace.ScopeWrite)
		got := p.Do("GET", "/me/message", nil)
		if got.Status != 200 || got.JSON["way"] != "mail" || got.JSON["hour"] != 9.0 {
			t.Fatal(got.Status, got.Body)
		}
		put := map[string]any{"way": "webhook", "hour": 7, "quiet_from": 0, "quiet_to": 0, "webhook": "https://hooks.slack.com/services/geheim",
			"kinds": map[string]any{"reply": map[string]any{"inbox": true, "message": false}}}
		if got = p.Do("PUT", "/me/message", put); got.Status != 200 || strings.Contains(got.Body, "geheim") {
			t.Fatal(got.Status, got.Body)
		}
		delete(put, "webhook")
		put["hour"] = 6
		if got = p.Do("PUT", "/me/message", put); got.Status != 200 {
			t.Error(got.Status, got.Body)
		}
		put["kinds"] = map[string]any{"x": map[string]any{"inbox": true, "message": true}}
		if got = p.Do("PUT", "/me/message", put); got.Status != 422 {
			t.Error(got.Status, got.Body)
		}
		if got = a.Program(who.Member, workspace.ScopeRead).Do("PUT", "/me/message", put); got.Status != 403 {
			t.Error("a token that reads:", got.Status)
		}
		c, err := a.Digest.Choice(a.As(who.Member))
		if err != nil || c.Hour != 6 || c.Webhook == "" || c.Kinds["reply"].Message || !c.Kinds["reply"].Inbox {
			t.Errorf("%+v %v", c, err)
		}
	})
}

func TestAnAdminTriesTheMail(t *testing.T) {
	mailed(t, func(t *testing.T, a *apptest.App, s *smtpsink.Sink) {
		admin := a.Browser(who.Admin)
		if admin.Get("/settings").Find(`a[href="/settings/mail"]`).Length() != 1 {
			t.Error("no way from the settings")
		}
		p := admin.Get("/settings/mail")
		if text := p.Find("#mail-state").Text(); !strings.Contains(text, s.Addr) || !strings.Contains(text, "kizuki@example.com") || !strings.Contains(p.Body, mailtest.URL) {
			t.Error(text)
		}
		if sent := admin.Post("/settings/mail/test", nil); sent.Status != 200 || !strings.Contains(sent.Body, "admin@example.comに送りました") {
			t.Error(sent.Status)
		}
		if got := s.To("admin@example.com"); len(got) != 1 || got[0].Subject != "気づき：メールのテスト" {
			t.Errorf("%+v", got)
		}
		if got := a.Browser(who.Member).Post("/settings/mail/test", nil); got.Status != 403 {
			t.Error("a member:", got.Status)
		}
	})
}

// What the server answers is what helps; where there is none, the page says how
// to get one.
func TestMailThatDoesNotWork(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s, on := mailtest.On(t)
		a := apptest.New(t, d, on, func(c *app.Config) { c.SlackToken, c.Private = "xoxb-geheim", []netip.Prefix{} })
		s.Stop()
		p := a.Browser(who.Admin).Post("/settings/mail/test", nil)
		if p.Status != 502 || !strings.Contains(p.Find("[role=alert], .alarm").Text(), "メールサーバーの答え") || strings.Contains(p.Body, "geheim") {
			t.Error(p.Status, p.Find("main").Text())
		}
		if !strings.Contains(p.Find("#slack-state").Text(), "ボットがメンバーに") {
			t.Error(p.Find("#slack-state").Text())
		}
	})
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		admin := a.Browser(who.Admin)
		if p := admin.Get("/settings/mail"); !strings.Contains(p.Find("#mail-state").Text(), "KIZUKI_SMTP_URL") || p.Find("form[action='/settings/mail/test']").Length() != 0 {
			t.Error(p.Find("#mail-state").Text())
		}
		if p := admin.Post("/settings/mail/test", nil); p.Status != 409 {
			t.Error(p.Status)
		}
		if selected(admin.Get("/me"), "way") != "none" {
			t.Error("mail is chosen where there is none")
		}
	})
}
