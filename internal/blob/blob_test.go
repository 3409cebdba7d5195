package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// server is a real S3 server on a port of its own.
func server(t *testing.T) S3Config {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("kizuki"); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(s.Close)
	return S3Config{Endpoint: s.URL, Bucket: "kizuki", Region: "ap-northeast-1", Key: "key", Secret: "secret", PathStyle: true}
}

// each runs f on both kinds of stores: they must not be told apart.
func each(t *testing.T, f func(t *testing.T, s Store)) {
	t.Run("folder", func(t *testing.T) { f(t, Folder(filepath.Join(t.TempDir(), "files"))) })
	t.Run("s3", func(t *testing.T) {
		s, err := S3(context.Background(), server(t))
		if err != nil {
			t.Fatal(err)
		}
		f(t, s)
	})
}

func read(t *testing.T, s Store, key string) []byte {
	t.Helper()
	r, err := s.Get(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWhatIsPutIsThere(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		ctx := context.Background()
		big := bytes.Repeat([]byte("気づき"), 2<<20) // over the size at which S3 takes several parts
		for key, data := range map[string][]byte{"1/2": []byte("一つ"), "1/2.preview": {0, 255}, "1/big": big} {
			if err := s.Put(ctx, key, data); err != nil {
				t.Fatal(key, err)
			}
			if got := read(t, s, key); !bytes.Equal(got, data) {
				t.Errorf("%s: %d bytes, want %d", key, len(got), len(data))
			}
		}
		if err := s.Put(ctx, "1/2", []byte("another")); err != nil || string(read(t, s, "1/2")) != "another" {
			t.Error("putting again does not replace", err)
		}
		r, err := s.Get(ctx, "1/big")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		part := make([]byte, 9)
		size, err := r.Seek(0, io.SeekEnd)
		if _, err2 := r.Seek(9, io.SeekStart); err != nil || err2 != nil || size != int64(len(big)) {
			t.Fatal(size, err, err2)
		}
		if _, err := io.ReadFull(r, part); err != nil || string(part) != "気づき" {
			t.Errorf("a part is %q, %v", part, err)
		}
	})
}

func TestWhatIsDeletedIsGone(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		ctx := context.Background()
		if _, err := s.Get(ctx, "1/none"); !errors.Is(err, ErrMissing) {
			t.Error(err)
		}
		if err := s.Put(ctx, "1/2", []byte("x")); err != nil {
			t.Fatal(err)
		}
		for range 2 { // a sweep that was cut off deletes again
			if err := s.Delete(ctx, "1/2"); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.Get(ctx, "1/2"); !errors.Is(err, ErrMissing) {
			t.Error(err)
		}
	})
}

func TestKeysStayInside(t *testing.T) {
	each(t, func(t *testing.T, s Store) {
		for _, key := range []string{"", "..", "../1", "1/../2", "/1", "1/", "1//2", ".put-1", "1/.x", `1\2`, "A", "1 2", "あ", "1\n", strings.Repeat("1", 201)} {
			_, err := s.Get(context.Background(), key)
			if put, del := s.Put(context.Background(), key, []byte("x")), s.Delete(context.Background(), key); err != errKey || put != errKey || del != errKey {
				t.Errorf("%q: %v, %v, %v", key, err, put, del)
			}
		}
	})
}

// Readers of a file that is written over again and again find one whole state.
// S3 promises that by itself; the server of these tests does not keep it when
// one object is written and read at once, which nothing here does.
func TestNobodyReadsHalf(t *testing.T) {
	s, ctx := Folder(filepath.Join(t.TempDir(), "files")), context.Background()
	states := [][]byte{bytes.Repeat([]byte("a"), 1<<18), bytes.Repeat([]byte("b"), 1<<17)}
	if err := s.Put(ctx, "1/2", states[0]); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 8 {
				if err := s.Put(ctx, "1/2", states[i%2]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 16 {
		if got := read(t, s, "1/2"); !bytes.Equal(got, states[0]) && !bytes.Equal(got, states[1]) {
			t.Fatalf("%d bytes that nobody wrote", len(got))
		}
	}
	wg.Wait()
}

// A write that cannot be finished leaves what was there, and no litter.
func TestAFailedPutLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := Folder(dir)
	if err := os.MkdirAll(filepath.Join(dir, "1", "2", "in-the-way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(context.Background(), "1/2", []byte("x")); err == nil {
		t.Error("a folder was written over")
	}
	left, err := os.ReadDir(filepath.Join(dir, "1"))
	if err != nil || len(left) != 1 {
		t.Error(left, err)
	}
}

func TestWrongSettingsAreFoundAtTheStart(t *testing.T) {
	good := server(t)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for says, spoil := range map[string]func(*S3Config){
		"no bucket":  func(c *S3Config) { c.Bucket = "elsewhere" },
		"no address": func(c *S3Config) { c.Endpoint = "s3.example.com" },
		"s3: bucket": func(c *S3Config) { c.Endpoint = closed.URL },
	} {
		c := good
		spoil(&c)
		ctx, cancel := context.WithCancel(context.Background())
		if c.Endpoint == closed.URL {
			cancel() // minio tries for a while
		}
		if _, err := S3(ctx, c); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
		cancel()
	}
}
