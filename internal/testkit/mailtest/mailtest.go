// Package mailtest gives an app a mail server for a test.
package mailtest

import (
	"testing"

	"kizuki/internal/app"
	"kizuki/internal/mail"
	"kizuki/internal/testkit/smtpsink"
)

// URL is what links in letters begin with.
const URL = "https://kizuki.example"

// On starts a server and configures the app to send through it.
func On(t testing.TB) (*smtpsink.Sink, func(*app.Config)) {
	t.Helper()
	s := smtpsink.Start(t, nil, "", "")
	c, err := mail.ParseURL("smtp://" + s.Addr + "?tls=none&from=kizuki@example.com")
	if err != nil {
		t.Fatal(err)
	}
	sender, err := mail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s, func(c *app.Config) { c.Mail, c.URL = sender, URL }
}
