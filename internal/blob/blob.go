// Package blob keeps bytes by key: in a folder, or in a bucket of an S3 server.
// It knows nothing of what they are or who may read them.
package blob

import (
	"context"
	"errors"
	"io"
	"regexp"
)

// Store is a place for bytes. Whatever was put can be read whole or not at all;
// putting again replaces, deleting what is not there is no error.
type Store interface {
	Put(ctx context.Context, key string, data []byte) error
	// Get gives ErrMissing for what is not there; the caller closes.
	Get(ctx context.Context, key string) (io.ReadSeekCloser, error)
	Delete(ctx context.Context, key string) error
}

// ErrMissing says that there are no bytes under a key.
var ErrMissing = errors.New("blob: nothing under this key")

// errKey is a mistake of the program: keys are made of ids, never of what
// somebody sent.
var errKey = errors.New("blob: not a key")

// key is what a key may look like: names of letters, digits, - and ., none
// beginning with a dot, with slashes between.
var key = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*)*$`)

func check(k string) error {
	if len(k) > 200 || !key.MatchString(k) {
		return errKey
	}
	return nil
}
