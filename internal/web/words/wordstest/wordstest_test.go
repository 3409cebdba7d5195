package wordstest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
)

func TestCatalogueSlips(t *testing.T) {
	dir := fstest.MapFS{
		"ja.json": {Data: []byte(`{"a.both": "契約", "a.ja": "顧客", "a.blank": "{{.Name}}さん", "a.empty": "", "a.day": "{{.Month}}/{{.Day}} {{.Weekday}}"}`)},
		"en.json": {Data: []byte(`{"a.both": "Contract", "a.en": "Customer", "a.blank": "someone", "a.empty": "x", "a.day": "{{.Weekday}}, {{.Name}} {{.Day}}"}`)},
	}
	want := []string{
		"a.blank fills other blanks in en.json than in ja.json",
		"a.empty is empty in ja.json",
		"a.en is in en.json, but not in ja.json",
		"a.ja is in ja.json, but not in en.json",
	}
	got := catalogueSlips(t, dir)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestScan(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a_templ.go", `package a
func Page() {
	templruntime.WriteString(buf, 1, "<p class=\"x\">")
	buf.WriteString(words.T(ctx, "a.hello"))
	templruntime.WriteString(buf, 2, "</p><p>契約</p><kbd>j</kbd><kbd>Esc</kbd><input placeholder=\"Your name\" name=\"n\"><a title=\"")
	buf.WriteString(x)
	templruntime.WriteString(buf, 3, "\">")
	Btn("保存").Render()
}`)
	write(t, dir, "b.go", `package a
var e = errs.New(errs.Invalid, "err.a"); var f = &errs.E{Key: "err.b"}; var g = errs.Field("name", "err.c"); var h = "日本語は自由"`)
	write(t, dir, "b_test.go", `package a
var e = words.T(ctx, "only.in.test")`)
	got, err := scan(dir)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "keys", got.keys, "a.hello", "err.a", "err.b", "err.c")
	expect(t, "literals", got.literals, "Esc", "Your name", "保存", "契約")
}

func expect(t *testing.T, what string, uses []use, want ...string) {
	t.Helper()
	var got []string
	for _, u := range uses {
		got = append(got, u.text)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func write(t *testing.T, dir, name, src string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
}
