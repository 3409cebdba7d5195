// Package seal keeps small secrets unreadable in the database: what leaves it
// in a backup or a copied table is of no use without the key, which is a file
// beside the data or a variable of the process.
package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// KeyFile is the name of the key in the data folder.
const KeyFile = "secret.key"

// mark begins every sealed text, so that one stored before there was a key can
// be told from it.
const mark = "sealed:"

// Keeper seals and opens with the key of the installation.
type Keeper struct{ key *age.X25519Identity }

// New is a keeper with a key that ends with it: for tests and for what is
// never closed and opened again.
func New() *Keeper {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err) // the machine gives no random numbers
	}
	return &Keeper{key}
}

// Open takes the key as text, or, if that is empty, the one in the data folder,
// which is made when there is none yet. Several processes may start at once.
func Open(dir, key string) (*Keeper, error) {
	if key != "" {
		return parse(key)
	}
	path := filepath.Join(dir, KeyFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = place(path); err == nil {
			raw, err = os.ReadFile(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the key of the installation: %w", err)
	}
	return parse(string(raw))
}

// parse never shows what it could not read: it may be most of a key.
func parse(text string) (*Keeper, error) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if key, err := age.ParseX25519Identity(line); err == nil {
			return &Keeper{key}, nil
		}
		break
	}
	return nil, errors.New("the key of the installation is none: it is one line that begins with AGE-SECRET-KEY-1")
}

// place makes a key file, whole or not at all; one that came in between stays.
func place(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), KeyFile+".*") // only its owner reads it
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString("# Keep a copy of this file with your backups.\n" + New().key.String() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// Seal makes a text that only Open reads; "" stays what it is.
func (k *Keeper) Seal(plain string) (string, error) {
	if plain == "" {
		return "", nil
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, k.key.Recipient())
	if err == nil {
		_, err = io.WriteString(w, plain)
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		return "", err
	}
	return mark + base64.RawURLEncoding.EncodeToString(out.Bytes()), nil
}

// Open gives back what was sealed; "" is "". It fails for what another key has
// sealed, and for what is not sealed.
func (k *Keeper) Open(sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	coded, ok := strings.CutPrefix(sealed, mark)
	if !ok {
		return "", errors.New("a secret that is not sealed")
	}
	raw, err := base64.RawURLEncoding.DecodeString(coded)
	if err != nil {
		return "", errors.New("a sealed secret that is broken")
	}
	r, err := age.Decrypt(bytes.NewReader(raw), k.key)
	if err != nil {
		return "", fmt.Errorf("a secret sealed with another key: %w", err)
	}
	plain, err := io.ReadAll(r)
	return string(plain), err
}

// Sealed tells whether a stored text is sealed.
func Sealed(text string) bool { return strings.HasPrefix(text, mark) }
