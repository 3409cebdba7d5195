package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kizuki/internal/seal"
)

const secret = "https://hooks.slack.example/services/T/B/秘密"

func open(t *testing.T, dir, key string) *seal.Keeper {
	t.Helper()
	k, err := seal.Open(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealed(t *testing.T, k *seal.Keeper, plain string) string {
	t.Helper()
	s, err := k.Seal(plain)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsSealedOpensAgainAfterARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := sealed(t, open(t, dir, ""), secret)
	if strings.Contains(s, "hooks") || !seal.Sealed(s) || seal.Sealed(secret) {
		t.Errorf("sealed: %q", s)
	}
	if s == sealed(t, open(t, dir, ""), secret) {
		t.Error("the same secret looks the same twice")
	}
	if got, err := open(t, dir, "").Open(s); err != nil || got != secret {
		t.Errorf("%q, %v", got, err)
	}
	info, err := os.Stat(filepath.Join(dir, seal.KeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	key, err := os.ReadFile(filepath.Join(dir, seal.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := open(t, t.TempDir(), string(key)).Open(s); err != nil || got != secret {
		t.Errorf("the key given as a variable: %q, %v", got, err)
	}
}

func TestNothingStaysNothing(t *testing.T) {
	k := seal.New()
	if s := sealed(t, k, ""); s != "" {
		t.Errorf("%q", s)
	}
	if got, err := k.Open(""); err != nil || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	k := seal.New()
	s := sealed(t, k, secret)
	for name, text := range map[string]string{"another key": sealed(t, seal.New(), secret), "plain": secret, "cut": s[:len(s)-4],
		"changed": s[:len(s)-6] + "AAAAAA", "only the mark": "sealed:", "not base64": "sealed:%%%"} {
		if got, err := k.Open(text); err == nil || got == secret {
			t.Errorf("%s: %q, %v", name, got, err)
		} else if strings.Contains(err.Error(), "hooks") {
			t.Errorf("%s: the error tells the secret: %v", name, err)
		}
	}
}

func TestAWrongKeyStopsTheStartAndIsNotShown(t *testing.T) {
	const most = "AGE-SECRET-KEY-1QQQQQQQQ"
	if _, err := seal.Open(t.TempDir(), most); err == nil || strings.Contains(err.Error(), "QQQQ") {
		t.Errorf("%v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, seal.KeyFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(dir, ""); err == nil {
		t.Error("an empty file was taken, or another key made in its place")
	}
}

func TestProcessesThatStartAtOnceAgreeOnTheKey(t *testing.T) {
	dir := t.TempDir()
	list := make([]*seal.Keeper, 8)
	var wg sync.WaitGroup
	for i := range list {
		wg.Go(func() { list[i], _ = seal.Open(dir, "") })
	}
	wg.Wait()
	s := sealed(t, list[0], secret)
	for i, k := range list {
		if got, err := k.Open(s); err != nil || got != secret {
			t.Errorf("%d: %v", i, err)
		}
	}
}
