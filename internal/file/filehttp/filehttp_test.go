package filehttp_test

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// site is the whole app with a contract, and a member's browser and program.
type site struct {
	*apptest.App
	t        *testing.T
	contract contract.Contract
	browser  *apptest.Browser
	program  *apptest.Program
}

func each(t *testing.T, f func(t *testing.T, s *site)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := &site{App: apptest.New(t, d), t: t}
		c, err := s.Contracts.Create(s.Ctx, contract.Input{Key: "A-1", Name: "配車クラウド", Organization: "みなと物流"})
		if err != nil {
			t.Fatal(err)
		}
		s.contract, s.browser, s.program = c, s.Browser(who.Member), s.Program(who.Member, workspace.ScopeWrite)
		f(t, s)
	})
}

// sent is a form with files.
func (s *site) sent(path string, values url.Values, field string, files map[string]string) *http.Request {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, list := range values {
		for _, v := range list {
			_ = w.WriteField(name, v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		part, err := w.CreateFormFile(field, name)
		if err == nil {
			_, err = io.WriteString(part, files[name])
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	w.Close()
	r, err := http.NewRequest("POST", s.Server.URL+path, &b)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

func (s *site) notesPath() string { return "/contracts/" + s.contract.ID.String() + "/notes" }

// attached posts a note with one file and gives the file's address.
func (s *site) attached(name, data string) string {
	s.t.Helper()
	p := s.browser.Do(s.sent(s.notesPath(), url.Values{"body": {"添えます"}}, "upload", map[string]string{name: data}))
	href, _ := p.Find("#trail .entry.note").First().Find(".files a").Attr("href")
	if p.Status != 200 || href == "" {
		s.t.Fatal(p.Status, p.Body)
	}
	return href
}

func screenshot(t *testing.T) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 1200, 300))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Without JavaScript the files go with the form of the note.
func TestWithoutAScript(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		box := s.browser.Get("/contracts/" + s.contract.ID.String()).Find("form.note-box")
		if box.AttrOr("enctype", "") != "multipart/form-data" || box.Find(`label.attach input[type=file][name=upload][multiple]`).Length() != 1 {
			t.Error("the form does not take files")
		}
		p := s.browser.Do(s.sent(s.notesPath(), url.Values{"body": {"議事録です"}}, "upload",
			map[string]string{"議事録.pdf": "%PDF-1.7" + strings.Repeat(" ", 1300<<10), "画面.png": screenshot(t)}))
		files := p.Find("#trail .entry.note .uttered .files")
		line := strings.Join(strings.Fields(files.Find("li:not(:has(img))").Text()), " ")
		img := files.Find("a.picture img")
		if p.Status != 200 || line != "議事録.pdf 1.3 MB" || img.AttrOr("alt", "") != "画面.png" || img.AttrOr("width", "") != "320" || img.AttrOr("height", "") != "80" {
			t.Error(p.Status, line, img.AttrOr("alt", ""), img.AttrOr("width", ""), img.AttrOr("height", ""))
		}
		if p := s.browser.Post(s.notesPath(), url.Values{"body": {strings.Repeat("x", 2<<20)}}); p.Status != 413 {
			t.Error("words as large as files were taken", p.Status)
		}
		small := s.browser.Get(img.AttrOr("src", ""))
		if c, kind, err := image.DecodeConfig(strings.NewReader(small.Body)); err != nil || kind != "jpeg" || c.Width != 640 || small.Header.Get("Content-Type") != "image/jpeg" {
			t.Error(kind, c.Width, err)
		}
	})
}

// What is refused for its words keeps its files, and posts them the second time.
func TestARefusedNoteKeepsItsFiles(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		p := s.browser.Do(s.sent(s.notesPath(), url.Values{"body": {""}}, "upload", map[string]string{"a.txt": "a", "b.txt": "b"}))
		chips := p.Find(".note-box .uploads .upload input[type=checkbox][name=file][checked]")
		if p.Status != 422 || chips.Length() != 2 || !strings.Contains(p.Find(".note-box .error").Text(), "ひとこと添えて") {
			t.Fatal(p.Status, chips.Length(), p.Find(".note-box .error").Text())
		}
		if p = s.browser.Post("/files/"+chips.Eq(1).AttrOr("value", "")+"/delete", nil); p.Status != 200 {
			t.Error(p.Status)
		}
		p = s.browser.Fragment("POST", s.notesPath(), url.Values{"body": {"今度こそ"}, "file": {chips.Eq(0).AttrOr("value", "")}})
		if got := p.Find("#trail .entry.note .files li"); p.Status != 200 || got.Length() != 1 || p.Find(".upload").Length() != 0 {
			t.Error(p.Status, got.Text())
		}
		for says, form := range map[string]*http.Request{
			"空です":    s.sent(s.notesPath(), url.Values{"body": {"x"}}, "upload", map[string]string{"a.txt": "", "c.txt": "c"}),
			"大きすぎます": s.sent(s.notesPath(), url.Values{"body": {"x"}}, "upload", map[string]string{"a.bin": strings.Repeat("x", 20<<20+1)}),
			"10個まで":  s.sent(s.notesPath(), url.Values{"body": {"x"}}, "upload", many(11)),
		} {
			p := s.browser.Do(form)
			if said := p.Find(".note-box .error").Text(); p.Status != 422 || !strings.Contains(said, says) || p.Find(".note-box textarea").Text() != "x" {
				t.Errorf("%d %q, want %s", p.Status, said, says)
			}
		}
	})
}

func many(n int) map[string]string {
	out := map[string]string{}
	for i := range n {
		out[string(rune('a'+i))+".txt"] = "x"
	}
	return out
}

// The island sends files ahead and gets chips for them.
func TestChips(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		r := s.sent("/files", nil, "upload", map[string]string{"<b>.txt": "x"})
		r.Header.Set("HX-Request", "true")
		p := s.browser.Do(r)
		chip := p.Find("li.upload")
		if p.Status != 201 || strings.Join(strings.Fields(chip.Text()), " ") != "<b>.txt 1 KB" || chip.Find("b").Length() != 0 {
			t.Error(p.Status, p.Body)
		}
		ref := chip.Find("input[name=file]").AttrOr("value", "")
		reply := s.reply(ref)
		if reply.Find(".replies .files").Length() != 1 {
			t.Error(reply.Body)
		}
		for name, r := range map[string]*http.Request{
			"empty":  s.sent("/files", nil, "upload", map[string]string{"a": ""}),
			"none":   s.sent("/files", nil, "other", map[string]string{"a": "x"}),
			"eleven": s.sent("/files", nil, "upload", many(11)),
		} {
			r.Header.Set("HX-Request", "true")
			if p := s.browser.Do(r); p.Status != 422 || !strings.Contains(p.Header.Get("HX-Trigger"), "toast") {
				t.Error(name, p.Status, p.Header)
			}
		}
		if p := s.browser.Post("/files", url.Values{"x": {"y"}}); p.Status != 415 {
			t.Error(p.Status)
		}
	})
}

// reply answers a note with an upload.
func (s *site) reply(ref string) *apptest.Page {
	s.t.Helper()
	top, err := s.Timeline.Post(s.Ctx, timeline.PostInput{Contract: s.contract.ID, Body: "どう思う"})
	if err != nil {
		s.t.Fatal(err)
	}
	box := s.browser.Fragment("GET", "/notes/"+top.ID.String()+"/reply", nil)
	if box.Find("form.note-box.reply k-attach[draft] .uploads").Length() != 1 {
		s.t.Error(box.Body)
	}
	return s.browser.Fragment("POST", s.notesPath(), url.Values{"parent": {top.ID.String()}, "body": {"こう思う"}, "file": {ref}})
}

// Whatever somebody sends, a browser that is led to it runs none of it.
func TestNothingSentCanRun(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		for name, data := range map[string]string{
			"a.html": "<!DOCTYPE html><script>alert(1)</script>", "a.svg": `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
			"a.png": "<html><body onload=alert(1)>", "a.xhtml": `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>`,
			"a.pdf": "%PDF-1.7 /JS (app.alert(1))", "a.js": "alert(1)", "a.xml": `<?xml version="1.0"?><?xml-stylesheet href="x"?><a/>`,
			"a.gif": "GIF89a/*", "a.jpg": screenshot(t),
		} {
			href := s.attached(name, data)
			for _, got := range []*apptest.Page{s.browser.Get(href), s.raw(href)} {
				h := got.Header
				kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
				if err != nil || slices.Contains([]string{"text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/xml", "text/javascript"}, kind) {
					t.Errorf("%s is served as %s, %v", name, kind, err)
				}
				csp := h.Get("Content-Security-Policy")
				if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(csp, "sandbox") || strings.Contains(csp, "allow-") || !strings.Contains(csp, "default-src 'none'") {
					t.Errorf("%s: %s, %s", name, csp, h.Get("X-Content-Type-Options"))
				}
				if how, _, _ := strings.Cut(h.Get("Content-Disposition"), ";"); how != "attachment" && kind != "image/png" {
					t.Errorf("%s is shown: %s as %s", name, how, kind)
				}
				if got.Status != 200 || got.Body != data {
					t.Errorf("%s: %d, %d bytes", name, got.Status, len(got.Body))
				}
			}
		}
	})
}

// raw reads a file by REST.
func (s *site) raw(href string) *apptest.Page {
	s.t.Helper()
	r, err := http.NewRequest("GET", s.Server.URL+"/api/v1"+href, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	a := s.program.Send(r)
	return &apptest.Page{Status: a.Status, Header: a.Header, Body: a.Body}
}

func TestNamesRangesAndStates(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		name := `見積書 (最終) "100%";'.txt`
		href := s.attached(name, "0123456789")
		p := s.browser.Get(href)
		_, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
		if err != nil || params["filename"] != name || p.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%v %q %s", err, params["filename"], p.Header.Get("Content-Disposition"))
		}
		ask := func(path, header, value string) *apptest.Page {
			r, err := http.NewRequest("GET", s.Server.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set(header, value)
			return s.browser.Do(r)
		}
		if p := ask(href, "Range", "bytes=2-4"); p.Status != 206 || p.Body != "234" {
			t.Error(p.Status, p.Body)
		}
		if p := ask(href, "If-None-Match", p.Header.Get("Etag")); p.Status != 304 || p.Body != "" {
			t.Error(p.Status)
		}
		if p := s.browser.Get(href + "/preview"); p.Status != 404 {
			t.Error("a text has a preview", p.Status)
		}
		if p := s.browser.Get(href + "/note"); p.Status != 200 || !strings.Contains(p.Path, "/contracts/"+s.contract.ID.String()) {
			t.Error(p.Status, p.Path)
		}
		if p := s.Guest().Get(href); !strings.HasPrefix(p.Path, "/signin") {
			t.Error("a stranger gets", p.Path)
		}
	})
}

func TestREST(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := s.program.Send(s.sent("/api/v1/files", nil, "file", map[string]string{"a.html": "<html>", "b.png": screenshot(t)}))
		items := got.Items()
		if got.Status != 201 || len(items) != 2 || items[0]["type"] != "text/plain" || items[0]["note"] != nil || items[1]["width"] != 1200.0 || len(items[1]["sha256"].(string)) != 64 {
			t.Fatal(got.Status, got.Body)
		}
		files := []any{items[0]["id"], items[1]["id"]}
		path := s.notesPath()
		if got := s.program.Do("POST", path, map[string]any{"files": files}); got.Status != 422 || !strings.Contains(got.Body, "ひとこと") {
			t.Error(got.Status, got.Body)
		}
		note := s.program.Do("POST", path, map[string]any{"body": "添えます", "files": files})
		if list, _ := note.JSON["files"].([]any); note.Status != 201 || len(list) != 2 {
			t.Fatal(note.Status, note.Body)
		}
		for _, again := range []any{files, []any{"x"}} {
			if got := s.program.Do("POST", path, map[string]any{"body": "もう一度", "files": again}); got.Status != 404 && got.Status != 422 {
				t.Error(got.Status, got.Body)
			}
		}
		list := s.program.Do("GET", path, nil).Items()
		first, _ := list[0]["files"].([]any)
		if len(list) != 1 || len(first) != 2 || first[0].(map[string]any)["name"] != "a.html" {
			t.Error(list)
		}
		words := s.program.Do("GET", "/words", nil).Items()
		if said, _ := words[0]["files"].([]any); len(words) != 1 || len(said) != 2 {
			t.Error(words)
		}
		noteID := note.JSON["id"].(string)
		edited := s.program.Do("PATCH", "/notes/"+noteID, map[string]any{"body": "直しました", "version": 1})
		if list, _ := edited.JSON["files"].([]any); len(list) != 2 {
			t.Error(edited.Body)
		}
		if got := s.raw("/files/" + items[1]["id"].(string) + "/preview"); got.Status != 200 || got.Header.Get("Content-Type") != "image/jpeg" {
			t.Error(got.Status, got.Header)
		}
		for name, r := range map[string]*http.Request{"empty": s.sent("/api/v1/files", nil, "file", map[string]string{"a": ""}), "none": s.sent("/api/v1/files", nil, "x", nil)} {
			if got := s.program.Send(r); got.Status != 422 || got.Header.Get("Content-Type") != "application/problem+json" {
				t.Error(name, got.Status, got.Body)
			}
		}
	})
}

// A file is found by its name, leads to its note, and goes with it.
func TestSearch(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		s.attached("点呼システム見積.xlsx", "x")
		find := func(as *apptest.Browser) []string {
			p := as.Get("/search?q=" + url.QueryEscape("点呼システム") + "&kind=file")
			var out []string
			for _, a := range p.Find("#hits a").EachIter() {
				if href := a.AttrOr("href", ""); strings.HasPrefix(href, "/files/") {
					out = append(out, href)
				}
			}
			return out
		}
		hits := find(s.browser)
		if len(hits) != 1 {
			t.Fatal(hits)
		}
		p := s.browser.Get(hits[0])
		if p.Status != 200 || !strings.HasPrefix(p.Path, "/contracts/") {
			t.Error(p.Status, p.Path)
		}
		list, _, err := s.Timeline.Notes(s.As(who.Member), s.contract.ID, "", 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Timeline.Limit(s.As(who.Member), list[0].ID, timeline.AuthorOnly, nil); err != nil {
			t.Fatal(err)
		}
		if got := find(s.Browser(who.Owner)); len(got) != 0 || len(find(s.browser)) != 1 {
			t.Error("a limited note's file is found", got)
		}
		if _, err := s.Timeline.Delete(s.As(who.Member), list[0].ID); err != nil {
			t.Fatal(err)
		}
		if got := find(s.browser); len(got) != 0 {
			t.Error("a deleted note's file is found", got)
		}
	})
}
