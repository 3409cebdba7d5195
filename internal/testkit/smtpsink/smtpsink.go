// Package smtpsink is a real SMTP server for tests that keeps what it gets.
package smtpsink

import (
	"crypto/tls"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Letter is a mail as it arrived, read again by the standard library.
type Letter struct {
	From, To string // of the envelope
	Header   mail.Header
	Subject  string // decoded
	ID       string
	Text     string
	HTML     string
	Secured  bool
	User     string
}

// Sink is the server.
type Sink struct {
	Addr string
	User string // asked for, if set
	Pass string

	mu      sync.Mutex
	letters []Letter
	deaf    int // how many letters are taken without an answer
	server  *smtp.Server
}

// Start runs a server until the test ends; with a TLS configuration it offers
// STARTTLS.
func Start(t testing.TB, conf *tls.Config, user, password string) *Sink {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Sink{Addr: ln.Addr().String(), User: user, Pass: password}
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{sink: s, conn: c}, nil
	}))
	s.server.Domain, s.server.TLSConfig, s.server.AllowInsecureAuth = "localhost", conf, conf == nil
	s.server.ErrorLog = quiet{}
	go func() { _ = s.server.Serve(ln) }()
	t.Cleanup(func() { _ = s.server.Close() })
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// Letters are those that arrived so far.
func (s *Sink) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Letter(nil), s.letters...)
}

// To are those that went to an address.
func (s *Sink) To(address string) (out []Letter) {
	for _, l := range s.Letters() {
		if l.To == address {
			out = append(out, l)
		}
	}
	return out
}

// LoseAnswers lets the next letters be taken and the connection be lost before
// the answer: the sender cannot know.
func (s *Sink) LoseAnswers(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = n
}

// Stop lets nobody in any more.
func (s *Sink) Stop() { _ = s.server.Close() }

type session struct {
	sink     *Sink
	conn     *smtp.Conn
	user     string
	from, to string
}

func (s *session) AuthMechanisms() []string {
	if s.sink.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.sink.User || password != s.sink.Pass {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no"}
		}
		s.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.sink.User != "" && s.user == "" {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such person"}
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	_, secured := s.conn.TLSConnectionState()
	l := Letter{From: s.from, To: s.to, Header: m.Header, ID: m.Header.Get("Message-Id"), Secured: secured, User: s.user}
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return err
	}
	if err := l.read(m); err != nil {
		return err
	}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.letters = append(s.sink.letters, l)
	if s.sink.deaf > 0 {
		s.sink.deaf--
		return s.conn.Conn().Close()
	}
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// read takes the two parts apart.
func (l *Letter) read(m *mail.Message) error {
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return errors.Join(err, errors.New("not two ways to say it: "+kind))
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		var body io.Reader = p
		if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
			body = quotedprintable.NewReader(p)
		}
		raw, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(raw), "\r\n", "\n")
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			l.HTML = text
		} else {
			l.Text = text
		}
	}
}

// Wait waits until n letters have arrived, and then some, lest there be more.
func (s *Sink) Wait(t testing.TB, n int) []Letter {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); len(s.Letters()) < n && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	got := s.Letters()
	if len(got) != n {
		t.Fatalf("%d letters, want %d", len(got), n)
	}
	return got
}
