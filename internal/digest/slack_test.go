package digest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slacktest"

	"kizuki/internal/app"
	"kizuki/internal/db"
	"kizuki/internal/digest"
	"kizuki/internal/seal"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

var loopback = netip.MustParsePrefix("127.0.0.0/8")

func TestToAWebhookOfOnesOwn(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		var got []string
		answer := http.StatusOK
		hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var m struct{ Text string }
			if err := json.NewDecoder(r.Body).Decode(&m); err != nil || r.URL.Path != "/services/T0/B0/geheim" {
				http.Error(w, "invalid_payload", http.StatusBadRequest)
				return
			}
			w.WriteHeader(answer)
			if answer == http.StatusOK {
				got = append(got, m.Text)
				_, _ = io.WriteString(w, "ok")
			}
		}))
		defer hook.Close()
		w := newWorld(t, d, func(c *app.Config) { c.Private = []netip.Prefix{loopback} })
		w.choose(who.Member, func(c *digest.Choice) { c.Way, c.Webhook = digest.ByWebhook, hook.URL+"/services/T0/B0/geheim" })
		w.task("見積もり <!channel>")
		if len(w.morning()) != 0 || len(got) != 1 || w.outcome(who.Member) != "sent" {
			t.Fatal(got, w.outcome(who.Member))
		}
		if !strings.HasPrefix(got[0], "*今日は1件・約") || !strings.Contains(got[0], "|株式会社みなと物流 みなと物流 本社契約>\n   見積もり &lt;!channel&gt;\n") {
			t.Error(got[0])
		}
		// A webhook that is gone ends the matter; an admin sees it, not the address.
		answer = http.StatusNotFound
		w.Travel(day)
		w.morning()
		dead, err := w.Jobs.Dead(w.Ctx)
		if err != nil || len(dead) != 1 || strings.Contains(dead[0].Error, "geheim") {
			t.Error(dead, err)
		}
	})
}

// The address of a webhook is a secret: the database alone does not tell it,
// and one from before there was a key is sealed at the next start.
func TestWebhooksAreStoredSealed(t *testing.T) {
	const address, older = "https://hooks.slack.com/services/T0/B0/geheim", "https://hooks.slack.com/services/T0/B0/alt"
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.choose(who.Member, func(c *digest.Choice) { c.Way, c.Webhook = digest.ByWebhook, address })
		stored := func(role who.Role) string {
			s, _, err := db.One(t.Context(), d, db.Value[string], "SELECT webhook FROM digest_choice WHERE member_id = $1", w.Actors[role].Member)
			w.must(err)
			return s
		}
		if !seal.Sealed(stored(who.Member)) || strings.Contains(stored(who.Member), "geheim") {
			t.Errorf("stored: %q", stored(who.Member))
		}
		w.choose(who.Admin, func(c *digest.Choice) {})
		w.must(d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, "UPDATE digest_choice SET webhook = $1 WHERE member_id = $2", older, w.Actors[who.Admin].Member)
			return err
		}))
		before := stored(who.Member)
		w.must(w.Digest.SealWebhooks(t.Context()))
		if !seal.Sealed(stored(who.Admin)) || stored(who.Member) != before {
			t.Errorf("after the start: %q", stored(who.Admin))
		}
		for role, want := range map[who.Role]string{who.Member: address, who.Admin: older} {
			if c, err := w.Digest.Choice(w.As(role)); err != nil || c.Webhook != want {
				t.Errorf("%s: %q %v", role, c.Webhook, err)
			}
		}
	})
}

// Without the operator's word a webhook leads to no private network.
func TestAWebhookInside(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		hits := 0
		inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits++ }))
		defer inside.Close()
		w := newWorld(t, d)
		w.choose(who.Member, func(c *digest.Choice) { c.Way, c.Webhook = digest.ByWebhook, inside.URL })
		w.task("見積もり")
		w.morning()
		if hits != 0 || w.outcome(who.Member) != "" {
			t.Error(hits, w.outcome(who.Member))
		}
	})
}

func TestByTheBot(t *testing.T) {
	asked := make(chan string, 1)
	s := slacktest.NewTestServer(func(c slacktest.Customize) {
		c.Handle("/users.lookupByEmail", func(w http.ResponseWriter, r *http.Request) {
			asked <- r.FormValue("email")
			_, _ = io.WriteString(w, `{"ok":true,"user":{"id":"U777"}}`)
		})
	})
	s.Start()
	defer s.Stop()
	reader := s.GetTestRTMInstance()
	go reader.ManageConnection()
	defer func() { _ = reader.Disconnect() }()
	w := newWorld(t, testkit.SQLite(t), func(c *app.Config) {
		c.SlackToken, c.SlackAPI, c.Private = "xoxb-test", s.GetAPIURL(), []netip.Prefix{loopback}
	})
	w.choose(who.Member, func(c *digest.Choice) { c.Way = digest.BySlack })
	w.task("見積もり")
	if len(w.morning()) != 0 || w.outcome(who.Member) != "sent" || <-asked != tamura {
		t.Fatal(w.outcome(who.Member))
	}
	for late := time.After(10 * time.Second); ; {
		select {
		case e := <-reader.IncomingEvents:
			if m, ok := e.Data.(*slack.MessageEvent); ok {
				if m.Channel != "U777" || !strings.HasPrefix(m.Text, "*今日は1件・約") {
					t.Error(m.Channel, m.Text)
				}
				return
			}
		case <-late:
			t.Fatal("nothing was posted")
		}
	}
}

// Who had chosen the bot gets mail once there is no bot any more, and nothing
// where there is no mail either.
func TestAWayThatIsGone(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, func(c *app.Config) { c.SlackToken = "xoxb-test" })
		w.choose(who.Member, func(c *digest.Choice) { c.Way = digest.BySlack })
		w.task("見積もり")
		config := w.Config
		config.SlackToken, config.Now = "", w.Now
		w.App.App = app.New(d, w.Blobs, config)
		w.one()
		config.Mail = nil
		w.App.App = app.New(d, w.Blobs, config)
		w.Travel(day)
		if c, err := w.Digest.Choice(w.As(who.Member)); len(w.morning()) != 0 || c.Way != digest.None || err != nil {
			t.Error(c.Way, err)
		}
	})
}
