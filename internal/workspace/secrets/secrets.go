// Package secrets makes and checks what lets people and programs in: passwords
// are hashed with argon2id, links and tokens stored as their digest.
package secrets

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/argon2"
)

// cost of argon2id. It is written into each hash, so that a later change leaves
// old ones readable.
type cost struct {
	memory uint32 // kB
	time   uint32 // passes
}

// advised is what OWASP advises for servers.
var advised = cost{memory: 19 * 1024, time: 2}

const hashThreads = 1

// cheap is what tests pay, which sign in thousands of times.
var cheap = cost{memory: 8, time: 1}

var hashCost = advised

// Cheap makes new hashes cost next to nothing for the rest of a test's process.
// Outside of tests it panics.
func Cheap() {
	if !testing.Testing() {
		panic("secrets: cheap hashes outside of a test")
	}
	hashCost = cheap
}

// Hash is a password as it is stored.
func Hash(password string) string { return hashCost.hash(password) }

func (c cost) hash(password string) string {
	salt := make([]byte, 16)
	rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, c.time, c.memory, hashThreads, 32)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, hashThreads, b64(salt), b64(key))
}

// Verify tells whether a password is the one that was hashed.
func Verify(hash, password string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	var memory, time uint32
	var threads uint8
	_, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads)
	salt, err2 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err3 := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || err2 != nil || err3 != nil || len(want) == 0 || time == 0 || threads == 0 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, time, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}

// Nobodys is checked for a mail nobody has, so that the answer takes as
// long as for one somebody has.
var Nobodys = sync.OnceValue(func() string { return Hash(rand.Text()) })

// New makes 256 random bits for a cookie, a link or a program, and the
// digest that is stored instead of them.
func New(prefix string) (secret, hash string) {
	raw := make([]byte, 32)
	rand.Read(raw)
	secret = prefix + base64.RawURLEncoding.EncodeToString(raw)
	return secret, Digest(secret)
}

// Digest is what is stored of a secret, and looked up.
func Digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
