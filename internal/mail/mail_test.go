package mail

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kizuki/internal/testkit/smtpsink"
)

var secured *tls.Config

// TestMain makes a certificate this process trusts: the system's own way to
// name one.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "mail-")
	if err != nil {
		panic(err)
	}
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	made := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	raw, err := x509.CreateCertificate(rand.Reader, made, made, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	secured = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		panic(err)
	}
	os.Setenv("SSL_CERT_FILE", file)
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func sender(t *testing.T, s *smtpsink.Sink, how string) *Sender {
	t.Helper()
	c, err := ParseURL("smtp://" + s.Addr + "?from=%E6%B0%97%E3%81%A5%E3%81%8D%20%3Ckizuki@example.com%3E&tls=" + how)
	if err != nil {
		t.Fatal(err)
	}
	c.User, c.Password = s.User, s.Pass
	out, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var letter = Message{ID: "digest.1", To: "okada@example.com", Lang: "ja", Subject: "今日は5件・約12分。とても長い件名でも、折り返して正しく届くこと",
	Parts: []Part{{Text: "おはようございます。"}, {Lines: []Line{{Text: "みなと物流 <本社>", Href: "https://k.example/today?at=c1&x=2", More: "「見積もりを送る」"}}},
		{Text: "お知らせの受け取り方", Href: "https://k.example/me", Small: true}}}

func TestALetterArrivesAsItWasWritten(t *testing.T) {
	for name, c := range map[string]struct {
		conf       *tls.Config
		user, how  string
		wantSecure bool
	}{
		"plain": {nil, "", Plain, false}, "if any, none": {nil, "", IfAny, false}, "if any": {secured, "", IfAny, true},
		"STARTTLS": {secured, "", StartTLS, true}, "STARTTLS and password": {secured, "kizuki", StartTLS, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := smtpsink.Start(t, c.conf, c.user, "秘密 p@ss:w/rd")
			if err := sender(t, s, c.how).Send(context.Background(), letter); err != nil {
				t.Fatal(err)
			}
			l := s.Wait(t, 1)[0]
			if l.From != "kizuki@example.com" || l.To != "okada@example.com" || l.Subject != letter.Subject || l.Secured != c.wantSecure || l.User != c.user {
				t.Errorf("%+v", l)
			}
			if from, err := l.Header.AddressList("From"); err != nil || from[0].Name != "気づき" {
				t.Error(from, err)
			}
			if l.ID != "<digest.1@example.com>" || l.Header.Get("Auto-Submitted") != "auto-generated" {
				t.Error(l.Header)
			}
			if raw := l.Header.Get("Subject"); strings.ContainsFunc(raw, func(r rune) bool { return r > 126 }) {
				t.Errorf("the subject is not encoded: %q", raw)
			}
			if !strings.Contains(l.Text, "・みなと物流 <本社>\n  「見積もりを送る」\n  https://k.example/today?at=c1&x=2\n") || !strings.HasPrefix(l.Text, "おはようございます。\n") {
				t.Errorf("%q", l.Text)
			}
			if !strings.Contains(l.HTML, `<a href="https://k.example/today?at=c1&amp;x=2">みなと物流 &lt;本社&gt;</a><br>「見積もりを送る」`) || !strings.Contains(l.HTML, `<html lang="ja">`) {
				t.Errorf("%q", l.HTML)
			}
		})
	}
}

func TestNothingIsSentUnsecuredUnasked(t *testing.T) {
	s := smtpsink.Start(t, nil, "kizuki", "x")
	if err := sender(t, s, StartTLS).Send(context.Background(), letter); err == nil || Permanent(err) {
		t.Error("sent without TLS:", err)
	}
	wrong := smtpsink.Start(t, secured, "kizuki", "right")
	from := sender(t, wrong, StartTLS)
	from.config.Password = "hunter2-wrong"
	if err := from.Send(context.Background(), letter); err == nil || Permanent(err) || strings.Contains(err.Error(), "hunter2") {
		t.Error("a wrong password:", err)
	}
	if len(s.Letters())+len(wrong.Letters()) != 0 {
		t.Error("something arrived")
	}
}

func TestWhomNobodyKnows(t *testing.T) {
	s := smtpsink.Start(t, nil, "", "")
	m := letter
	for to, permanent := range map[string]bool{"nobody@example.com": true, "a b": true, "": true, "x@example.com, y@example.com": true} {
		m.To = to
		if err := sender(t, s, Plain).Send(context.Background(), m); Permanent(err) != permanent {
			t.Errorf("%q: %v", to, err)
		}
	}
	down, err := New(Config{Host: "127.0.0.1", Port: 1, TLS: Plain, From: "k@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if err := down.Send(context.Background(), letter); err == nil || Permanent(err) {
		t.Error("a server that is down:", err)
	}
}

// What people call themselves and write cannot begin a header of its own.
func TestHeadersCannotBeInjected(t *testing.T) {
	s := smtpsink.Start(t, nil, "", "")
	for _, evil := range []string{"a\r\nBcc: evil@example.com", "a\nBcc: evil@example.com", "a\r\n\r\n<p>evil", "a\rBcc: evil@example.com", "a\u2028Bcc: evil@example.com",
		"=?utf-8?q?a=0D=0ABcc:_evil@example.com?=", "a\x00\x0b\x0cBcc: x", strings.Repeat("長", 500) + "\r\nBcc: evil@example.com"} {
		m := letter
		m.Subject = evil
		if strings.ContainsAny(evil, "\r\n") {
			m.ID, m.Lang = "x"+evil, evil
		}
		before := len(s.Letters())
		if err := sender(t, s, Plain).Send(context.Background(), m); err != nil {
			t.Errorf("%q: %v", evil, err)
			continue
		}
		l := s.Wait(t, before+1)[before]
		if len(l.Header["Bcc"]) != 0 || l.To != letter.To || !strings.HasPrefix(l.Text, "おはようございます。") || strings.ContainsAny(l.Subject, "\r\n") {
			t.Errorf("%q became %+v", evil, l.Header)
		}
		m.To = "okada@example.com" + strings.TrimPrefix(evil, "a")
		if err := sender(t, s, Plain).Send(context.Background(), m); err == nil {
			t.Errorf("an address with more in it was taken: %q", m.To)
		}
	}
}

func TestParseURL(t *testing.T) {
	for in, want := range map[string]Config{
		"smtp://u:p%40ss@mail.example.com?from=a@b.example": {"mail.example.com", 587, "u", "p@ss", StartTLS, "a@b.example"},
		"smtps://mail.example.com?from=a@b.example":         {"mail.example.com", 465, "", "", Implicit, "a@b.example"},
		"smtp://[::1]:25?tls=none&from=a@b.example":         {"::1", 25, "", "", Plain, "a@b.example"},
	} {
		if got, err := ParseURL(in); err != nil || got != want {
			t.Errorf("%s: %+v %v", in, got, err)
		}
	}
	for _, in := range []string{"", "mail.example.com", "http://x", "smtp://", "smtp://u:secret-password@h:x", "smtp://u:secret-password@%zz"} {
		if _, err := ParseURL(in); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", in, err)
		}
	}
	for _, c := range []Config{{Host: "h", TLS: StartTLS}, {Host: "h", TLS: "maybe", From: "a@b.example"}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v", c)
		}
	}
}
