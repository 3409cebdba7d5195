// Package totp is the second step of signing in: a code that an app on a phone
// shows for thirty seconds, or a recovery code, each good once.
package totp

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
	"golang.org/x/text/unicode/norm"

	"kizuki/internal/workspace/secrets"
)

const (
	issuer  = "Kizuki"
	period  = 30 // seconds a code is shown
	drift   = 1  // steps a phone's clock may be off, either way
	recover = 10 // recovery codes made at once
	qrSize  = 220
)

// Enrolment is what somebody needs to set an app up.
type Enrolment struct {
	Secret string // to type where nothing can be scanned, in groups of four
	QR     string // the address of the picture to scan, which is its own content
}

func newKey(mail string) (*otp.Key, error) {
	return totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: mail, Period: period})
}

// enrolmentOf draws a key as an app scans it.
func enrolmentOf(key *otp.Key) (Enrolment, error) {
	img, err := key.Image(qrSize, qrSize)
	if err != nil {
		return Enrolment{}, err
	}
	var raw bytes.Buffer
	if err := png.Encode(&raw, img); err != nil {
		return Enrolment{}, err
	}
	return Enrolment{Secret: inFours(key.Secret(), " "), QR: "data:image/png;base64," + base64.StdEncoding.EncodeToString(raw.Bytes())}, nil
}

// stepOf is the step a code of the secret belongs to, looked for as far as the
// clocks may differ; 0 if it is none.
func stepOf(secret, code string, now time.Time) int64 {
	at := now.Unix() / period
	for _, step := range []int64{at, at - drift, at + drift} {
		want, err := hotp.GenerateCode(secret, uint64(step))
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return step
		}
	}
	return 0
}

// clean takes what people put between digits and letters away; full-width ones
// are what they look like.
func clean(code string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == 'ー' || r == '−' {
			return -1
		}
		return r
	}, norm.NFKC.String(strings.TrimSpace(code))))
}

// newRecovery makes recovery codes as they are shown and as they are stored. With
// 80 random bits each a digest keeps them.
func newRecovery() (shown, hashes []string) {
	for range recover {
		code := strings.ToLower(rand.Text()[:16]) // 5 bits a character
		shown, hashes = append(shown, inFours(code, "-")), append(hashes, secrets.Digest(code))
	}
	return shown, hashes
}

func inFours(s, between string) string {
	var out strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			out.WriteString(between)
		}
		out.WriteRune(r)
	}
	return out.String()
}
