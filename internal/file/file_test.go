package file

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestTypesAreSniffed(t *testing.T) {
	pixel := image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.White})
	var asPNG, asGIF bytes.Buffer
	if err := png.Encode(&asPNG, pixel); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&asGIF, pixel, nil); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ name, data, want string }{
		{"a.png", asPNG.String(), "image/png"},
		{"a.html", asPNG.String(), "image/png"}, // the name says nothing
		{"a.gif", asGIF.String(), "image/gif"},
		{"a.jpg", string(photo(t, 2, 2, 0)), "image/jpeg"},
		{"a.webp", string(dot(t)), "image/webp"},
		{"a.pdf", "%PDF-1.4\n", "application/pdf"},
		{"a.xlsx", string(zipOf(t, "[Content_Types].xml", "xl/workbook.xml")), office + "spreadsheetml.sheet"},
		{"a.docx", string(zipOf(t, "word/document.xml")), office + "wordprocessingml.document"},
		{"a.pptx", string(zipOf(t, "something")), office + "presentationml.presentation"}, // the name of a container is believed
		{"a.zip", string(zipOf(t, "a.html")), "application/zip"},
		{"a.jar", string(zipOf(t, "META-INF/MANIFEST.MF")), "application/zip"},
		{"a.xlsx", "<html>", "text/plain"},
		{"a.png", "<!DOCTYPE html><script>alert(1)</script>", "text/plain"},
		{"a.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "text/plain"},
		{"a.svg", `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`, "text/plain"},
		{"a.xhtml", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>`, "text/plain"},
		{"a.js", "#!/usr/bin/env node\nalert(1)", "text/plain"},
		{"a.csv", "契約ID,会社名\n1,みなと", "text/plain"},
		{"a.json", `{"a": 1}`, "text/plain"},
		{"a.exe", "MZ\x90\x00\x03\x00", "application/octet-stream"},
		{"a", "\x00\x01\x02", "application/octet-stream"},
	} {
		if got := sniff(x.name, []byte(x.data)); got != x.want {
			t.Errorf("%s %.20q is %s, want %s", x.name, x.data, got, x.want)
		}
	}
}

func zipOf(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write([]byte("x"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// dot is one point of WebP.
func dot(t testing.TB) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestNamesAreCleaned(t *testing.T) {
	long := strings.Repeat("あ", 300)
	for in, want := range map[string]string{
		"議事録.pdf": "議事録.pdf", "  a\tb\n.txt ": "a b .txt", `C:\Users\岡田\メモ.txt`: "メモ.txt", "../../etc/passwd": "passwd", "a/": "file",
		"": "file", "..": "file", ". .": "file", "見積\u202efdp.exe": "見積fdp.exe", "\x00a": "a", "\xff.txt": "\ufffd.txt",
		long + ".pdf":                       strings.Repeat("あ", 196) + ".pdf",
		long:                                strings.Repeat("あ", 200),
		"a." + strings.Repeat("x", 300):     "a." + strings.Repeat("x", 198),
		strings.Repeat("a ", 150) + " .txt": strings.TrimSpace(strings.Repeat("a ", 98)) + ".txt",
	} {
		if got := cleanName(in); got != want {
			t.Errorf("%.40q became %q, want %q", in, got, want)
		}
	}
}

func FuzzNameAndType(f *testing.F) {
	f.Add("a.xlsx", []byte("PK\x03\x04"))
	f.Add("../\u202e\x00", []byte("<svg>"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		got := cleanName(name)
		if got == "" || !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxName || strings.ContainsAny(got, "/\\\n\r\x00") ||
			strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%q became %q", name, got)
		}
		if again := cleanName(got); again != got {
			t.Errorf("%q became %q, and then %q", name, got, again)
		}
		if kind := sniff(got, data); !named[kind] && kind != plain && kind != unknown {
			t.Errorf("%q is given out as %s", data, kind)
		}
	})
}

func FuzzPicture(f *testing.F) {
	f.Add([]byte("GIF89a"))
	f.Add(dot(f))
	f.Add(photo(f, 20, 10, 6))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := drawPreview(data)
		if p.preview == nil {
			return
		}
		c, _, err := image.DecodeConfig(bytes.NewReader(p.preview))
		if err != nil || max(c.Width, c.Height) > previewSide || p.width < 1 || p.height < 1 {
			t.Error(c, p.width, p.height, err)
		}
	})
}

// photo is a JPEG, red on its left half and blue on its right, as a camera held
// in a way (0: it does not say) writes it, with where it was taken.
func photo(t testing.TB, w, h, turn int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{200, 20, 20, 255}
			if x >= w/2 {
				c = color.RGBA{20, 20, 200, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	if turn == 0 {
		return b.Bytes()
	}
	place := "Shibuya 35.6595N"
	tiff := "II*\x00\x08\x00\x00\x00" + "\x02\x00" +
		"\x0e\x01\x02\x00" + string(rune(len(place)+1)) + "\x00\x00\x00" + "\x26\x00\x00\x00" + // ImageDescription, at 38
		"\x12\x01\x03\x00\x01\x00\x00\x00" + string(rune(turn)) + "\x00\x00\x00" + // Orientation
		"\x00\x00\x00\x00" + place + "\x00"
	body := "Exif\x00\x00" + tiff
	head := "\xff\xe1" + string([]byte{byte((len(body) + 2) >> 8), byte(len(body) + 2)})
	return append([]byte("\xff\xd8"+head+body), b.Bytes()[2:]...)
}

func TestPreviews(t *testing.T) {
	for turn, want := range map[int]struct {
		w, h   int
		red    image.Point // a place of the left half of what the camera saw, in the preview
		pw, ph int
	}{
		0: {1000, 500, image.Pt(10, 160), 640, 320}, 1: {1000, 500, image.Pt(10, 160), 640, 320},
		2: {1000, 500, image.Pt(630, 160), 640, 320}, 3: {1000, 500, image.Pt(630, 160), 640, 320}, 4: {1000, 500, image.Pt(10, 160), 640, 320},
		5: {500, 1000, image.Pt(160, 10), 320, 640}, 6: {500, 1000, image.Pt(160, 10), 320, 640},
		7: {500, 1000, image.Pt(160, 630), 320, 640}, 8: {500, 1000, image.Pt(160, 630), 320, 640},
	} {
		p := drawPreview(photo(t, 1000, 500, turn))
		m, _, err := image.Decode(bytes.NewReader(p.preview))
		if err != nil || p.kind != "image/jpeg" || p.width != want.w || p.height != want.h || m.Bounds().Dx() != want.pw || m.Bounds().Dy() != want.ph {
			t.Fatalf("turned %d: %s %d × %d, %v", turn, p.kind, p.width, p.height, err)
		}
		if r, _, b, _ := m.At(want.red.X, want.red.Y).RGBA(); r < b {
			t.Errorf("turned %d: the red half is elsewhere", turn)
		}
		if bytes.Contains(p.preview, []byte("Exif")) || bytes.Contains(p.preview, []byte("Shibuya")) {
			t.Errorf("turned %d: the preview tells where it was taken", turn)
		}
	}
	if !bytes.Contains(photo(t, 10, 10, 6), []byte("Shibuya")) {
		t.Error("the photo of this test tells nothing itself")
	}
}

func TestPreviewsOfOtherKinds(t *testing.T) {
	if p := drawPreview(dot(t)); p.preview == nil || p.width == 0 {
		t.Error("no preview of WebP")
	}
	clear := image.NewNRGBA(image.Rect(0, 0, 30, 3000))
	var b bytes.Buffer
	if err := png.Encode(&b, clear); err != nil {
		t.Fatal(err)
	}
	p := drawPreview(b.Bytes())
	if m, err := png.Decode(bytes.NewReader(p.preview)); err != nil || p.kind != "image/png" || m.Bounds().Dx() != 6 || m.Bounds().Dy() != 640 {
		t.Error("what can be seen through became", p.kind, err)
	}
	if p := drawPreview(b.Bytes()[:len(b.Bytes())/2]); p.preview != nil || p.kind != "" {
		t.Error("half a picture has a preview")
	}
	for _, junk := range []string{"", "GIF89a", "<svg/>", "\xff\xd8\xff"} {
		if p := drawPreview([]byte(junk)); p.preview != nil || p.width != 0 {
			t.Errorf("%q has a preview", junk)
		}
	}
}

// A few bytes that would unpack to gigabytes are not unpacked, and kept as any
// file.
func TestBombsAreNotUnpacked(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, 10000, 4001), color.Palette{color.White})); err != nil {
		t.Fatal(err)
	}
	if p := drawPreview(b.Bytes()); p.preview != nil || p.width != 10000 || p.height != 4001 {
		t.Error("a picture of", p.width, "×", p.height, "was unpacked")
	}
	each(t, func(t *testing.T, w *world) {
		f, err := w.s.Upload(w.as("田村"), "大きい.png", reader(b.Bytes()))
		w.must(err)
		if f.Picture() || f.Type != "image/png" || len(w.read("田村", f)) != b.Len() {
			t.Errorf("%+v", f)
		}
		if _, _, err := w.s.Open(w.as("田村"), f.ID, true); err == nil {
			t.Error("there is a preview")
		}
	})
}
