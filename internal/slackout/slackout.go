// Package slackout posts to Slack: to an incoming webhook, or as a bot to the
// person with a mail address. It knows no feature.
package slackout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/slack-go/slack"

	"kizuki/internal/mail"
)

// Client posts through an HTTP client that the operator has fenced in.
type Client struct {
	http *http.Client
	bot  *slack.Client // nil without a token
}

// New makes the client; api is Slack's own address if empty.
func New(h *http.Client, token, api string) *Client {
	c := &Client{http: h}
	if token != "" {
		options := []slack.Option{slack.OptionHTTPClient(h)}
		if api != "" {
			options = append(options, slack.OptionAPIURL(api))
		}
		c.bot = slack.New(token, options...)
	}
	return c
}

// Bot tells whether there is a bot that can write to people.
func (c *Client) Bot() bool { return c.bot != nil }

// CheckWebhook tells whether an address may be a webhook's.
func CheckWebhook(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && len(address) <= 500
}

// Webhook posts to an incoming webhook.
func (c *Client) Webhook(ctx context.Context, address string, m mail.Message) error {
	quiet := false
	err := slack.PostWebhookCustomHTTPContext(ctx, address, c.http, &slack.WebhookMessage{Text: Text(m), UnfurlLinks: &quiet, UnfurlMedia: &quiet})
	if wrapped := new(url.Error); errors.As(err, &wrapped) {
		err = wrapped.Err // without the address, which is a secret
	}
	if err != nil {
		return fmt.Errorf("slack: %w", err)
	}
	return nil
}

// Direct writes to the person whose mail address Slack knows.
func (c *Client) Direct(ctx context.Context, address string, m mail.Message) error {
	if c.bot == nil {
		return errors.New("slack: there is no bot")
	}
	u, err := c.bot.GetUserByEmailContext(ctx, address)
	if err == nil {
		_, _, err = c.bot.PostMessageContext(ctx, u.ID, slack.MsgOptionText(Text(m), false), slack.MsgOptionDisableLinkUnfurl(),
			slack.MsgOptionDisableMediaUnfurl())
	}
	if err != nil {
		return fmt.Errorf("slack: %w", err)
	}
	return nil
}

// Permanent tells whether trying again cannot help: Slack understood and
// refused.
func Permanent(err error) bool {
	var said slack.SlackErrorResponse
	var status slack.StatusCodeError
	switch {
	case errors.As(err, &said):
		return said.Err != "internal_error" && said.Err != "fatal_error" && said.Err != "service_unavailable" && said.Err != "ratelimited"
	case errors.As(err, &status):
		return status.Code >= 400 && status.Code < 500 && status.Code != http.StatusTooManyRequests && status.Code != http.StatusRequestTimeout
	}
	return false
}

// escape keeps what people wrote from calling anybody (<!channel>) or leading
// anywhere.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Text is a letter as Slack writes it; the subject is its first line.
func Text(m mail.Message) string {
	var b strings.Builder
	if m.Subject != "" {
		b.WriteString("*" + escape.Replace(m.Subject) + "*\n")
	}
	for _, p := range m.Parts {
		if p.Text != "" {
			b.WriteString(link(p.Text, p.Href) + "\n")
		}
		for _, l := range p.Lines {
			b.WriteString("• " + link(l.Text, l.Href) + "\n")
			if l.More != "" {
				b.WriteString("   " + escape.Replace(l.More) + "\n")
			}
		}
	}
	return b.String()
}

func link(said, href string) string {
	said = escape.Replace(said)
	if href == "" {
		return said
	}
	return "<" + escape.Replace(href) + "|" + strings.ReplaceAll(said, "|", "｜") + ">"
}
