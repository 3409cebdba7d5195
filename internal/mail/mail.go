// Package mail sends letters: plain text, and simple HTML made of the same
// words. It knows no feature.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"kizuki/internal/text"
)

// How the connection to the server is secured.
const (
	StartTLS = "starttls" // or nothing is sent
	Implicit = "tls"      // from the first byte, smtps://
	IfAny    = "try"      // STARTTLS if the server offers it
	Plain    = "none"     // for a server on the same machine
)

// Config is the mail server and who writes.
type Config struct {
	Host     string
	Port     int
	User     string // without one nobody signs in
	Password string
	TLS      string
	From     string // an address, or a name with one: 気づき <kizuki@example.com>
}

// ParseURL reads a configuration from one address:
//
//	smtp://user:password@host:587?from=気づき <kizuki@example.com>&tls=starttls
//
// smtps:// is TLS from the first byte. What is wrong is said without the
// password.
func ParseURL(s string) (Config, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return Config{}, errors.New("mail: the address must read smtp://user:password@host:port?from=ADDRESS")
	}
	c := Config{Host: u.Hostname(), Port: 587, User: u.User.Username(), TLS: StartTLS, From: u.Query().Get("from")}
	c.Password, _ = u.User.Password()
	if u.Scheme == "smtps" {
		c.Port, c.TLS = 465, Implicit
	}
	if t := u.Query().Get("tls"); t != "" {
		c.TLS = t
	}
	if p := u.Port(); p != "" {
		if c.Port, err = strconv.Atoi(p); err != nil {
			return Config{}, fmt.Errorf("mail: port %q", p)
		}
	}
	return c, nil
}

// Sender sends through one server.
type Sender struct {
	config Config
	from   *mail.Address
	tls    []gomail.Option
}

// New checks the configuration; nothing is connected yet.
func New(c Config) (*Sender, error) {
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("mail: from=%q is no address", c.From)
	}
	tls, ok := map[string][]gomail.Option{
		StartTLS: {gomail.WithTLSPolicy(gomail.TLSMandatory)}, Implicit: {gomail.WithSSL()},
		IfAny: {gomail.WithTLSPolicy(gomail.TLSOpportunistic)}, Plain: {gomail.WithTLSPolicy(gomail.NoTLS)},
	}[c.TLS]
	if !ok {
		return nil, fmt.Errorf("mail: tls=%q is none of starttls, tls, try, none", c.TLS)
	}
	return &Sender{config: c, from: from, tls: tls}, nil
}

// Server is where the mail goes, for the operator to see.
func (s *Sender) Server() string { return fmt.Sprintf("%s:%d", s.config.Host, s.config.Port) }

// From is the address that writes.
func (s *Sender) From() string { return s.from.Address }

// Message is a letter to one person.
type Message struct {
	ID      string // the same for each try of one letter, so that a mailbox may drop a second one
	To      string // an address
	Lang    string
	Subject string
	Parts   []Part
}

// timeout is how long one letter may take, from the connection on.
const timeout = 20 * time.Second

// Send gives the letter to the server. It is tried again by who calls it,
// unless Permanent.
func (s *Sender) Send(ctx context.Context, m Message) error {
	msg, err := s.compose(m)
	if err != nil {
		return err
	}
	options := append([]gomail.Option{gomail.WithPort(s.config.Port), gomail.WithTimeout(timeout)}, s.tls...)
	if s.config.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.config.User),
			gomail.WithPassword(s.config.Password))
	}
	c, err := gomail.NewClient(s.config.Host, options...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := c.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}

// compose makes the message. Every header is one line: what people chose as a
// name cannot begin another.
func (s *Sender) compose(m Message) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(text.Line(m.To))
	if err != nil || to.Address != text.Line(m.To) {
		return nil, refused{fmt.Errorf("mail: %q is no address", m.To)}
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(&mail.Address{Address: to.Address})
	// What looks like an encoded word in it must not be read as one.
	msg.Subject(strings.ReplaceAll(text.Line(m.Subject), "=?", "=\u200b?"))
	msg.SetDate()
	_, domain, _ := strings.Cut(s.from.Address, "@")
	msg.SetMessageIDWithValue(text.Line(m.ID) + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("Content-Language", text.Line(m.Lang))
	msg.SetBodyString(gomail.TypeTextPlain, Text(m.Parts))
	page, err := html(m)
	msg.AddAlternativeString(gomail.TypeTextHTML, page)
	return msg, err
}

type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// Permanent tells whether trying again cannot help: the server knows no such
// person, or the address is none.
func Permanent(err error) bool {
	var e *gomail.SendError
	if errors.As(err, &e) {
		return e.Reason == gomail.ErrSMTPRcptTo && !e.IsTemp()
	}
	return errors.As(err, new(refused))
}
