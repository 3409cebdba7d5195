package secrets

import (
	"strings"
	"testing"
)

const password = "そらは青い空の色です"

func TestHashes(t *testing.T) {
	h := advised.hash(password)
	if !strings.HasPrefix(h, "$argon2id$v=19$m=19456,t=2,p=1$") || h == advised.hash(password) {
		t.Error("hash", h)
	}
	if !Verify(h, password) || Verify(h, password+"x") || Verify(h, "") {
		t.Error("verification is wrong")
	}
	// A former cost stays readable.
	if !Verify("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$55PWTvddWPUD1GMbKxSff4ASfF85k9ibHJt4HlHQtBM", "password") {
		t.Error("another cost is not read")
	}
	for _, bad := range []string{"", "x", "$argon2id$v=19$m=64,t=0,p=1$c29tZQ$c29tZQ", "$argon2id$v=19$m=64,t=1,p=0$c29tZQ$c29tZQ",
		"$argon2id$v=19$m=64,t=1,p=1$c29tZQ$", "$argon2i$v=19$m=64,t=1,p=1$c29tZQ$c29tZQ", "$argon2id$v=19$m=64,t=1,p=1$!$!"} {
		if Verify(bad, "") {
			t.Errorf("%q let somebody in", bad)
		}
	}
}

func TestSecrets(t *testing.T) {
	made, hash := New("kzk_")
	other, _ := New("kzk_")
	if len(made) != 4+43 || made == other || hash != Digest(made) || strings.Contains(hash, made) {
		t.Error(made, other, hash)
	}
}
