package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder keeps bytes as files under dir, which is made when first needed.
func Folder(dir string) Store { return folder(dir) }

type folder string

func (f folder) path(k string) string { return filepath.Join(string(f), filepath.FromSlash(k)) }

// Put writes beside the place and moves: a reader never meets half a file, and
// a power cut leaves the old one or the new one.
func (f folder) Put(_ context.Context, k string, data []byte) error {
	if err := check(k); err != nil {
		return err
	}
	path := f.path(k)
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".put-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return syncDir(dir)
}

// syncDir makes the new name last through a power cut, too.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (f folder) Get(_ context.Context, k string) (io.ReadSeekCloser, error) {
	if err := check(k); err != nil {
		return nil, err
	}
	file, err := os.Open(f.path(k))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, err
	}
	return file, nil
}

func (f folder) Delete(_ context.Context, k string) error {
	if err := check(k); err != nil {
		return err
	}
	if err := os.Remove(f.path(k)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
