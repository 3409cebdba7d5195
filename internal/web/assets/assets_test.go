package assets

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

var sample = read(fstest.MapFS{
	"dist/.gitkeep": {}, "dist/app.css": {Data: []byte("body{color:red}")}, "dist/base.js": {Data: []byte(strings.Repeat("let a;", 100))},
}, "dist")

func get(t *testing.T, url string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, url, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler(func() map[string]asset { return sample }).ServeHTTP(w, r)
	return w.Result()
}

func TestServe(t *testing.T) {
	hash := sample["app.css"].hash
	res := get(t, "/assets/app.css?v="+hash)
	body, _ := io.ReadAll(res.Body)
	if string(body) != "body{color:red}" || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/css") {
		t.Errorf("got %s %q", res.Header.Get("Content-Type"), body)
	}
	if c := res.Header.Get("Cache-Control"); !strings.Contains(c, "immutable") {
		t.Errorf("with its hash: Cache-Control %q", c)
	}
	for _, url := range []string{"/assets/app.css", "/assets/app.css?v=00000000"} {
		if c := get(t, url).Header.Get("Cache-Control"); c != "no-cache" {
			t.Errorf("%s: Cache-Control %q", url, c)
		}
	}
	if res := get(t, "/assets/app.css", "If-None-Match", `"`+hash+`"`); res.StatusCode != http.StatusNotModified {
		t.Errorf("known content: %d", res.StatusCode)
	}
	for _, name := range []string{"", ".gitkeep", "none.js", "../assets.go"} {
		if res := get(t, "/assets/"+name); res.StatusCode != http.StatusNotFound {
			t.Errorf("%q: %d", name, res.StatusCode)
		}
	}
}

func TestGzip(t *testing.T) {
	res := get(t, "/assets/base.js", "Accept-Encoding", "br, gzip")
	if res.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal("not compressed")
	}
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(z); len(body) != 600 {
		t.Errorf("%d bytes", len(body))
	}
}

func TestURL(t *testing.T) {
	if got := URL("nothing.js"); got != "/assets/nothing.js" {
		t.Error(got)
	}
	if Built() != strings.Contains(URL("base.js"), "?v=") {
		t.Error("Built and URL disagree")
	}
}
