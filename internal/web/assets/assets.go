// Package assets serves the style sheet and the scripts that npm builds into
// dist. Addresses carry a hash of the content, so browsers keep them for ever.
package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// Prefix is where Handler is mounted.
const Prefix = "/assets/"

//go:embed all:dist
var dist embed.FS

// asset is one file, ready to be sent plain or compressed.
type asset struct {
	plain, gzipped []byte
	hash, kind     string
}

// Loaded once and kept: a few files of a few kilobytes.
var load = sync.OnceValue(func() map[string]asset { return read(dist, "dist") })

func read(files fs.FS, dir string) map[string]asset {
	all := map[string]asset{}
	entries, _ := fs.ReadDir(files, dir) // the folder is embedded: it is there
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if buf, err := fs.ReadFile(files, path.Join(dir, e.Name())); err == nil {
			all[e.Name()] = newAsset(e.Name(), buf)
		}
	}
	return all
}

func newAsset(name string, buf []byte) asset {
	sum := sha256.Sum256(buf)
	return asset{plain: buf, gzipped: compress(buf), hash: hex.EncodeToString(sum[:4]), kind: mime.TypeByExtension(path.Ext(name))}
}

func compress(buf []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is a valid one
	_, _ = w.Write(buf)                                     // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// Built tells whether npm has built the assets into this binary.
func Built() bool {
	_, css := load()["app.css"]
	_, js := load()["base.js"]
	return css && js
}

// URL is the address of a built file, with the hash of its content.
func URL(name string) string {
	if a, ok := load()[name]; ok {
		return Prefix + name + "?v=" + a.hash
	}
	return Prefix + name
}

// Handler serves Prefix.
func Handler() http.Handler { return handler(load) }

func handler(load func() map[string]asset) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := load()[strings.TrimPrefix(r.URL.Path, Prefix)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		a.serve(w, r)
	})
}

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	body, tag := a.plain, `"`+a.hash+`"`
	h := w.Header()
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		body, tag = a.gzipped, `"`+a.hash+`-gz"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", a.kind)
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", tag)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.hash { // another hash may be an older binary's: never cache this content under it
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == tag {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // a reader who left is no error
	}
}
