package workspacehttp_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/testkit/mailtest"
	"kizuki/internal/testkit/smtpsink"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

const newPassword = "新しいパスワードです123"

func mailed(t *testing.T, f func(t *testing.T, a *apptest.App, s *smtpsink.Sink)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s, on := mailtest.On(t)
		a := apptest.New(t, d, on)
		drain(t, a) // the members have joined: no invitation goes out
		f(t, a, s)
	})
}

func drain(t *testing.T, a *apptest.App) {
	t.Helper()
	if err := a.Jobs.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
}

var linkIn = regexp.MustCompile(regexp.QuoteMeta(mailtest.URL) + `(/(?:reset|invite)/\S+)`)

// link is the path of the link in the newest letter to an address.
func link(t *testing.T, s *smtpsink.Sink, to string) string {
	t.Helper()
	list := s.To(to)
	if len(list) == 0 {
		t.Fatalf("no letter to %s", to)
	}
	m := linkIn.FindStringSubmatch(list[len(list)-1].Text)
	if m == nil {
		t.Fatal(list[len(list)-1].Text)
	}
	return m[1]
}

func TestANewPasswordByMail(t *testing.T) {
	mailed(t, func(t *testing.T, a *apptest.App, s *smtpsink.Sink) {
		before := a.Browser(who.Member)
		guest := a.Guest()
		if got := guest.Get("/signin").Find(`a[href="/forgot"]`).Text(); got != "パスワードを忘れたとき" {
			t.Errorf("the way is called %q", got)
		}
		// The host a request names must not be where the letter leads.
		r, err := http.NewRequest("POST", a.Server.URL+"/forgot", strings.NewReader("mail=MEMBER%40example.com"))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "evil.example"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if p := guest.Do(r); p.Find("#sent").Length() != 1 {
			t.Fatalf("%d %s", p.Status, p.Body)
		}
		drain(t, a)
		l := s.To("member@example.com")[0]
		if l.Subject != "新しいパスワードを決めてください" || strings.Contains(l.Text, "evil") || !strings.Contains(l.Text, "60分のあいだ、1回だけ") {
			t.Errorf("%q %q", l.Subject, l.Text)
		}
		path := link(t, s, "member@example.com")
		if p := guest.Post(path, url.Values{"password": {"short"}}); p.Status != 422 || p.Find("#password-error").Length() != 1 {
			t.Errorf("a short one: %d", p.Status)
		}
		p := guest.Post(path, url.Values{"password": {newPassword}})
		if p.Path != "/today" || p.Status != 200 {
			t.Fatalf("%d %s", p.Status, p.Path)
		}
		if p := before.Get("/today"); !strings.HasPrefix(p.Path, "/signin") {
			t.Error("the other session lives on:", p.Path)
		}
		for _, again := range []*apptest.Page{a.Guest().Get(path), a.Guest().Post(path, url.Values{"password": {newPassword + "!"}})} {
			if again.Status != 404 {
				t.Errorf("the link works twice: %d", again.Status)
			}
		}
		other := a.Guest()
		if p := other.Post("/signin", url.Values{"mail": {"member@example.com"}, "password": {apptest.Password}}); p.Status != 422 {
			t.Errorf("the old password: %d", p.Status)
		}
		if p := other.Post("/signin", url.Values{"mail": {"member@example.com"}, "password": {newPassword}}); p.Path != "/today" {
			t.Errorf("the new password: %s", p.Path)
		}
		list, _, err := a.Workspace.Audit(a.Ctx, "", 50)
		if err != nil || !slices.ContainsFunc(list, func(e workspace.Entry) bool {
			return e.Act == "password.reset" && e.Object == a.Actors[who.Member].Account
		}) {
			t.Error("nothing in the log", err)
		}
		if text := a.Browser(who.Owner).Get("/settings").Find("#audit-rows").Text(); !strings.Contains(text, "メールのリンクでパスワードを決めなおしました") {
			t.Error(text)
		}
	})
}

func TestALinkLivesForAnHour(t *testing.T) {
	mailed(t, func(t *testing.T, a *apptest.App, s *smtpsink.Sink) {
		guest := a.Guest()
		ask := func() string {
			guest.Post("/forgot", url.Values{"mail": {"viewer@example.com"}})
			drain(t, a)
			return link(t, s, "viewer@example.com")
		}
		first := ask()
		a.Travel(30 * time.Minute)
		second := ask()
		a.Travel(29 * time.Minute)
		if p := guest.Get(first); p.Status != 200 {
			t.Errorf("after 59 minutes: %d", p.Status)
		}
		a.Travel(time.Minute)
		if p := guest.Get(first); p.Status != 404 || guest.Post(first, url.Values{"password": {newPassword}}).Status != 404 {
			t.Errorf("after 60 minutes: %d", p.Status)
		}
		third := ask()
		if p := guest.Post(second, url.Values{"password": {newPassword}}); p.Path != "/today" {
			t.Errorf("%d %s", p.Status, p.Path)
		}
		if p := guest.Get(third); p.Status != 404 {
			t.Error("another link of the account still works")
		}
		tables, err := db.All(context.Background(), a.DB, db.Value[string], "SELECT hash FROM password_reset UNION ALL SELECT payload || error FROM job")
		for _, path := range []string{first, second, third} {
			if err != nil || strings.Contains(strings.Join(tables, " "), strings.TrimPrefix(path, "/reset/")) {
				t.Error("a link is stored", err)
			}
		}
		a.Travel(2 * time.Hour)
		if err := a.Workspace.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n, _, err := db.One(context.Background(), a.DB, db.Value[int], "SELECT count(*) FROM password_reset"); n != 0 || err != nil {
			t.Errorf("%d links are kept, %v", n, err)
		}
	})
}

// Nobody learns who has an account: not by the answer, nor by the work.
func TestAskingTellsNothing(t *testing.T) {
	mailed(t, func(t *testing.T, a *apptest.App, s *smtpsink.Sink) {
		letters := len(s.Letters())
		work := func(mail string) (body string, statements []string) {
			ctx, trace := db.Counting(workspace.WithIP(context.Background(), "192.0.2.1"))
			if err := a.Workspace.AskReset(ctx, mail); err != nil {
				t.Fatal(err)
			}
			for _, st := range trace.Statements() {
				statements = append(statements, st.SQL)
			}
			return a.Guest().Post("/forgot", url.Values{"mail": {mail}}).Body, statements
		}
		known, one := work("member@example.com")
		unknown, other := work("nobody-has@example.com")
		if known != unknown {
			t.Errorf("the answers differ:\n%s\n%s", known, unknown)
		}
		if len(one) == 0 || !slices.Equal(one, other) {
			t.Errorf("the work differs:\n%q\n%q", one, other)
		}
		drain(t, a)
		if got := len(s.Letters()) - letters; got != 2 || len(s.To("nobody-has@example.com")) != 0 {
			t.Errorf("%d letters", got)
		}
		// An account that is a member nowhere any more gets none either.
		if err := a.Workspace.Remove(a.Ctx, a.Actors[who.Member].Member); err != nil {
			t.Fatal(err)
		}
		a.Travel(time.Hour)
		a.Guest().Post("/forgot", url.Values{"mail": {"member@example.com"}})
		drain(t, a)
		if got := len(s.Letters()) - letters; got != 2 {
			t.Errorf("who left got a letter: %d", got)
		}
	})
}

func TestAskingTooOften(t *testing.T) {
	mailed(t, func(t *testing.T, a *apptest.App, s *smtpsink.Sink) {
		b := a.Guest()
		for _, mail := range []string{"member@example.com", "nobody-has@example.com"} {
			for i := range 4 {
				if p := b.Post("/forgot", url.Values{"mail": {mail}}); (p.Status == 429) != (i == 3) {
					t.Errorf("%s, %d times: %d", mail, i+1, p.Status)
				}
			}
		}
		for i := range 25 { // the address has its own count
			if p := b.Post("/forgot", url.Values{"mail": {strings.Repeat("x", i+1) + "@example.com"}}); (p.Status == 429) != (i == 24) {
				t.Errorf("mail %d: %d", i, p.Status)
			}
		}
		if p := b.Post("/forgot", url.Values{"mail": {"x"}}); p.Status != 422 || p.Find("#mail-error").Length() != 1 {
			t.Errorf("no address: %d", p.Status)
		}
		if p := b.Post("/signin", url.Values{"mail": {"member@example.com"}, "password": {apptest.Password}}); p.Path != "/today" {
			t.Error("asking for a link locks the door:", p.Status)
		}
	})
}

func TestWithoutMailThereIsNoWay(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		b := a.Guest()
		if b.Get("/signin").Find(`a[href="/forgot"]`).Length() != 0 {
			t.Error("a way that leads nowhere")
		}
		if b.Get("/forgot").Status != 404 || b.Post("/forgot", url.Values{"mail": {"member@example.com"}}).Status != 404 || b.Get("/reset/x").Status != 404 {
			t.Error("it is there all the same")
		}
	})
}

// An invitation goes out by mail, in the words of the one who invites; the link
// shown to copy works, too, and either only once.
func TestAnInvitationByMail(t *testing.T) {
	mailed(t, func(t *testing.T, a *apptest.App, s *smtpsink.Sink) {
		admin := a.Browser(who.Admin)
		admin.Post("/me", url.Values{"name": {"松井 里佳\u202e"}, "lang": {"en"}, "zone": {"Asia/Tokyo"}})
		p := admin.Post("/members/invite", url.Values{"mail": {"new@example.com"}, "role": {"member"}})
		if !strings.Contains(p.Find("#invite .notice").Text(), "by email, too") {
			t.Error(p.Find("#invite").Text())
		}
		_, shown, _ := strings.Cut(p.Find("#invite code").Text(), "/invite/")
		drain(t, a)
		l := s.To("new@example.com")[0]
		if l.Subject != "You are invited to テスト" || !strings.Contains(l.Text, "松井 里佳") || !strings.Contains(l.HTML, `lang="en"`) {
			t.Errorf("%q %q", l.Subject, l.Text)
		}
		path := link(t, s, "new@example.com")
		if path == "/invite/"+shown || a.Guest().Get("/invite/"+shown).Status != 200 {
			t.Error("the link to copy:", path, shown)
		}
		guest := a.Guest()
		if in := guest.Post(path, url.Values{"name": {"新人"}, "password": {apptest.Password}}); in.Path != "/today" {
			t.Fatalf("%d %s", in.Status, in.Path)
		}
		if a.Guest().Get(path).Status != 404 || a.Guest().Get("/invite/"+shown).Status != 404 {
			t.Error("a link works twice")
		}
		// One that was revoked before the letter left is not sent.
		admin.Post("/members/invite", url.Values{"mail": {"late@example.com"}, "role": {"member"}})
		open, err := a.Workspace.Invites(a.Ctx)
		if err != nil || len(open) != 1 {
			t.Fatal(open, err)
		}
		if err := a.Workspace.RevokeInvite(a.Ctx, open[0].ID); err != nil {
			t.Fatal(err)
		}
		drain(t, a)
		if len(s.To("late@example.com")) != 0 {
			t.Error("a revoked invitation was sent")
		}
	})
}
