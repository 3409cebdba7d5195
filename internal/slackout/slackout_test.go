package slackout

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slacktest"

	"kizuki/internal/mail"
	"kizuki/internal/outbound"
)

var ctx = context.Background()

var loopback = netip.MustParsePrefix("127.0.0.0/8")

var letter = mail.Message{Subject: "今日は2件・約8分", Parts: []mail.Part{{Lines: []mail.Line{
	{Text: "みなと物流 | 本社", Href: "https://k.example/today?at=c1&x=2", More: "「<!channel> & <https://evil.example|ここ>」"}}},
	{Text: "受け取り方を変える", Href: "https://k.example/me"}}}

const said = "*今日は2件・約8分*\n• <https://k.example/today?at=c1&amp;x=2|みなと物流 ｜ 本社>\n   「&lt;!channel&gt; &amp; &lt;https://evil.example|ここ&gt;」\n<https://k.example/me|受け取り方を変える>\n"

func TestABotWritesToAPerson(t *testing.T) {
	asked := ""
	s := slacktest.NewTestServer(func(c slacktest.Customize) {
		c.Handle("/users.lookupByEmail", func(w http.ResponseWriter, r *http.Request) {
			if asked = r.FormValue("email"); strings.HasPrefix(asked, "nobody") {
				_, _ = io.WriteString(w, `{"ok":false,"error":"users_not_found"}`)
				return
			}
			_, _ = io.WriteString(w, `{"ok":true,"user":{"id":"U777"}}`)
		})
	})
	s.Start()
	defer s.Stop()
	reader := s.GetTestRTMInstance() // sees what is posted, as everybody in Slack would
	go reader.ManageConnection()
	defer func() { _ = reader.Disconnect() }()
	c := New(outbound.Client(loopback), "xoxb-test", s.GetAPIURL())
	if err := c.Direct(ctx, "okada@example.com", letter); err != nil {
		t.Fatal(err)
	}
	if got := posted(t, reader); got.Channel != "U777" || got.Text != said || asked != "okada@example.com" {
		t.Errorf("asked for %s, posted to %s: %s", asked, got.Channel, got.Text)
	}
	if err := c.Direct(ctx, "nobody@example.com", letter); !Permanent(err) {
		t.Error("somebody Slack does not know:", err)
	}
	if none := New(outbound.Client(), "", ""); none.Bot() || none.Direct(ctx, "x@example.com", letter) == nil {
		t.Error("a bot without a token")
	}
	if err := New(outbound.Client(), "xoxb-test", s.GetAPIURL()).Direct(ctx, "okada@example.com", letter); !errors.Is(err, outbound.ErrPrivate) || Permanent(err) {
		t.Error("the fence:", err)
	}
}

func posted(t *testing.T, reader *slack.RTM) *slack.MessageEvent {
	t.Helper()
	for late := time.After(10 * time.Second); ; {
		select {
		case e := <-reader.IncomingEvents:
			if m, ok := e.Data.(*slack.MessageEvent); ok {
				return m
			}
		case <-late:
			t.Fatal("nothing was posted")
		}
	}
}

// hook speaks the protocol of incoming webhooks.
func hook(t *testing.T, got *[]string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct{ Text string }
		switch err := json.NewDecoder(r.Body).Decode(&m); {
		case r.Method != "POST" || r.Header.Get("Content-Type") != "application/json" || err != nil || m.Text == "":
			http.Error(w, "invalid_payload", http.StatusBadRequest)
		case strings.HasSuffix(r.URL.Path, "/gone"):
			http.Error(w, "no_service", http.StatusNotFound)
		case strings.HasSuffix(r.URL.Path, "/busy"):
			w.Header().Set("Retry-After", "30")
			http.Error(w, "rate_limited", http.StatusTooManyRequests)
		case strings.HasSuffix(r.URL.Path, "/ill"):
			http.Error(w, "rollup_error", http.StatusInternalServerError)
		default:
			*got = append(*got, m.Text)
			_, _ = io.WriteString(w, "ok")
		}
	}))
	t.Cleanup(s.Close)
	return s.URL + "/services/T000/B000/SECRET"
}

func TestAWebhook(t *testing.T) {
	var got []string
	address := hook(t, &got)
	c := New(outbound.Client(loopback), "", "")
	if err := c.Webhook(ctx, address, letter); err != nil || len(got) != 1 || got[0] != said {
		t.Fatal(got, err)
	}
	for end, permanent := range map[string]bool{"/gone": true, "/busy": false, "/ill": false} {
		if err := c.Webhook(ctx, address+end, letter); err == nil || Permanent(err) != permanent {
			t.Errorf("%s: %v", end, err)
		}
	}
	err := New(outbound.Client(), "", "").Webhook(ctx, address, letter)
	if !errors.Is(err, outbound.ErrPrivate) || strings.Contains(err.Error(), "SECRET") {
		t.Error("the fence:", err)
	}
	if len(got) != 1 {
		t.Error("more arrived", got)
	}
}

func TestCheckWebhook(t *testing.T) {
	for address, ok := range map[string]bool{"https://hooks.slack.com/services/T/B/x": true, "": false, "hooks.slack.com": false,
		"ftp://x.example/y": false, "https://user:pass@x.example/": false, "https://": false, "javascript:alert(1)": false,
		"https://x.example/" + strings.Repeat("x", 500): false} {
		if CheckWebhook(address) != ok {
			t.Error(address)
		}
	}
}
