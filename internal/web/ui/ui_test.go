package ui

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"pgregory.net/rapid"

	"kizuki/internal/web/words"
	"kizuki/internal/web/words/wordstest"
)

func TestWords(t *testing.T) { wordstest.CheckTempl(t, ".") }

func in(lang string) context.Context {
	return words.With(context.Background(), words.Locale{Lang: lang})
}

func render(t *testing.T, ctx context.Context, c templ.Component) *goquery.Document {
	t.Helper()
	var b strings.Builder
	if err := c.Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// want fails unless selector finds n elements.
func want(t *testing.T, doc *goquery.Document, n int, selectors ...string) {
	t.Helper()
	for _, s := range selectors {
		if got := doc.Find(s).Length(); got != n {
			html, _ := doc.Find("body").Html()
			t.Errorf("%d of %q, want %d in\n%s", got, s, n, html)
		}
	}
}

func TestPage(t *testing.T) {
	p := PageProps{Title: "<契約>", Name: "岡田", Query: `"みなと"`, Theme: "dark", Islands: []string{"mention"}, Places: []Place{
		{Key: "today", Href: "/today"}, {Key: "contracts", Href: "/contracts", Current: true}, {Key: "members", Href: "/members", More: true},
	}, Toast: &ToastProps{Text: "書きました", UndoHref: "/undo/1"}}
	doc := render(t, in("en"), Page(p, Sheet()))
	want(t, doc, 1, `html[lang=en][data-theme=dark]`, `meta[name=htmx-config]`, `main#sheet`, `a.skip[href="#sheet"]`,
		`.places a[aria-current=page]`, `.places a[href="/contracts"][data-go=c]`, `.places .phone a[href="/more"]`, `.places li.more`,
		`#search[value='"みなと"']`, `a.btn[href="#note"][data-key=c]`, `#toasts[data-failed][data-offline][data-undo] form[action="/undo/1"]`, `dialog#help`, `dialog#dialog`)
	if got := doc.Find("title").Text(); got != "<契約> | Kizuki" {
		t.Errorf("title %q", got)
	}
	want(t, render(t, in("ja"), Page(PageProps{Title: "x"}, Sheet())), 0, `html[data-theme]`, `.places`, `.search`, `.me`, `.toast`)
	want(t, render(t, in("ja"), Page(PageProps{Title: "x"}, Sheet())), 1, `html[lang=ja]`)
}

// The content policy forbids inline scripts and styles; nothing may need them.
func TestNothingInline(t *testing.T) {
	ctx := in("ja")
	for name, page := range map[string]templ.Component{"contract": lookContract(ctx), "today": lookToday(ctx), "parts": lookParts(ctx), "contracts": lookContracts(ctx), "signin": lookSignin()} {
		doc := render(t, ctx, page)
		want(t, doc, 0, `[style]`, `style`, `script:not([src])`, `[onclick]`, `[hx-on]`)
		ids := map[string]bool{}
		doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
			id, _ := s.Attr("id")
			if ids[id] {
				t.Errorf("%s: the id %q stands twice", name, id)
			}
			ids[id] = true
		})
		doc.Find("label[for]").Each(func(_ int, s *goquery.Selection) {
			if id, _ := s.Attr("for"); !ids[id] {
				t.Errorf("%s: a label for %q, which is not there", name, id)
			}
		})
	}
}

func TestField(t *testing.T) {
	doc := render(t, in("ja"), Field(FieldProps{Name: "date", Label: "更新日", Value: `"><b>`, Error: "ない日付です", Hint: "例", Required: true, Autocomplete: "off"}))
	want(t, doc, 1, `label[for=date]`, `input#date[type=text][name=date][aria-invalid=true][aria-describedby="date-error date-hint"][required][autocomplete=off]`, `#date-error.error`, `#date-hint`)
	want(t, doc, 0, `b`)
	if v, _ := doc.Find("input").Attr("value"); v != `"><b>` {
		t.Errorf("value %q", v)
	}
	doc = render(t, in("ja"), Field(FieldProps{Name: "x", ID: "y", Label: "x"}))
	want(t, doc, 1, `input#y[name=x]`)
	want(t, doc, 0, `[aria-invalid]`, `[aria-describedby]`, `[required]`, `.error`)
	want(t, render(t, in("ja"), Field(FieldProps{Name: "p", Type: "password", Value: "secret"})), 0, `input[value]`)
	doc = render(t, in("ja"), Field(FieldProps{Name: "s", Type: "select", Value: "b", Options: []Option{{Value: "a"}, {Value: "b"}}}))
	want(t, doc, 1, `option[selected]`, `option[value=b][selected]`)
	want(t, render(t, in("ja"), Field(FieldProps{Name: "c", Type: "checkbox", Checked: true})), 1, `.field.check input[type=checkbox][value="1"][checked]`)
}

func TestButtons(t *testing.T) {
	doc := render(t, in("ja"), Btn(BtnProps{Label: "すんだ", Kind: "line", Key: "x", Attrs: Attrs{"hx-post": "/done"}}))
	want(t, doc, 1, `button.btn.line[type=submit][data-key=x][aria-keyshortcuts=x][hx-post="/done"] kbd[aria-hidden]`)
	doc = render(t, in("ja"), LinkBtn(BtnProps{Label: "x", Href: "javascript:alert(1)"}))
	want(t, doc, 0, `kbd`)
}

func TestNoteBox(t *testing.T) {
	doc := render(t, in("ja"), NoteBox(NoteBoxProps{Action: "/contracts/1/notes", To: "みなと", MentionSrc: "/mention", Value: "</textarea><script>", Hunch: "bad", Hidden: []Option{{Value: "show", Label: "all"}}, Attrs: Attrs{"hx-post": "/x"}}))
	want(t, doc, 1, `form.note-box[method=post][hx-post] k-mention[src="/mention"] textarea#note[name=body]`, `input[type=hidden][name=show][value=all]`, `input[name=hunch][value=bad][checked]`, `input[checked]`)
	want(t, doc, 0, `script`, `[required]`)
	doc = render(t, in("ja"), NoteBox(NoteBoxProps{Action: "/x", ID: "r1", Reply: true, Error: "長すぎます"}))
	want(t, doc, 1, `.note-box.reply textarea#r1[aria-invalid=true][aria-describedby=r1-error]`, `#r1-error`)
	want(t, doc, 0, `k-mention`, `input[name=hunch]`)
}

func TestAttach(t *testing.T) {
	chip := Upload(FileProps{ID: "7", Name: "<b>.pdf", Size: "1 KB"})
	doc := render(t, in("ja"), NoteBox(NoteBoxProps{Action: "/x", Attach: &AttachProps{Src: "/files", Draft: "1.2", Chips: chip}}))
	want(t, doc, 1, `form[enctype="multipart/form-data"] k-attach[src="/files"][draft="1.2"] ul > li#upload-7 input[type=checkbox][name=file][value="7"][checked]`,
		`.actions label.attach input[type=file][name=upload][multiple]`)
	want(t, render(t, in("ja"), NoteBox(NoteBoxProps{Action: "/x"})), 0, `[enctype]`, `k-attach`, `input[type=file]`)
	doc = render(t, in("ja"), Files([]FileProps{{Href: "/files/1", Name: "画面.png", Preview: "/files/1/preview", Width: 320, Height: 80}, {Href: "/files/2", Name: "<b>.pdf", Size: "1.2 MB"}}))
	want(t, doc, 1, `li a.picture[href="/files/1"] img[src="/files/1/preview"][alt="画面.png"][width="320"][height="80"]`, `li a[href="/files/2"]`, `li use[href="#i-clip"]`)
	want(t, doc, 0, `b`)
}

func TestMarks(t *testing.T) {
	ctx := in("ja")
	want(t, render(t, ctx, Entry(EntryProps{Kind: "note", Mark: "sesame-open"})), 1, `li.entry.note .strip use.said.open[href="#i-sesame-open"]`)
	want(t, render(t, ctx, Entry(EntryProps{Kind: "note"})), 1, `.strip circle.said`)
	want(t, render(t, ctx, Entry(EntryProps{Kind: "plan"})), 1, `li.entry.system.plan .strip line.plan`, `.strip line.tick`)
	want(t, render(t, ctx, Hunch("none")), 0, `.hunch`)
	want(t, render(t, ctx, Health("", "わからない")), 1, `.health.none use[href="#i-none"]`)
	now := time.Date(2026, 2, 17, 0, 30, 0, 0, time.UTC)
	want(t, render(t, ctx, Time(Ago(ctx, now.Add(-48*time.Hour), now))), 1, `time[datetime="2026-02-15T09:30:00+09:00"][title="2026年2月15日（日）9:30"]`)
	want(t, render(t, ctx, Time(Due(ctx, "2026-02-14", lookDay))), 1, `time.late[datetime="2026-02-14"]`)
}

func TestTaskWorksWithoutScript(t *testing.T) {
	doc := render(t, in("ja"), TaskRow(TaskProps{ID: "7", Title: "電話する", Done: true, Action: "/tasks/7"}))
	want(t, doc, 1, `#task-7 input[form=task-7-form][checked][hx-post="/tasks/7"][hx-target="#task-7"]`, `form#task-7-form[method=post][action="/tasks/7"]`, `label[for=task-7-box]`)
}

func TestPager(t *testing.T) {
	want(t, render(t, in("ja"), Pager(PagerProps{Href: "?cursor=2", Rows: "rows"})), 1, `#pager a[href="?cursor=2"][hx-get="?cursor=2"][hx-target="#rows"][hx-select="#rows > *"][hx-select-oob="#pager"]`)
	doc := render(t, in("ja"), Pager(PagerProps{Rows: "rows"}))
	want(t, doc, 1, `#pager`)
	want(t, doc, 0, `a`)
}

func TestGateAndErrorPage(t *testing.T) {
	want(t, render(t, in("en"), Gate(GateProps{Title: "Sign in"}, templ.Raw(`<form></form>`))), 1, `body.gate main#sheet form`, `.saying em`)
	doc := render(t, in("ja"), ErrorPage("500", "こちらの不具合です", "<x>", "01J"))
	want(t, doc, 1, `body.shell main h1`, `main a[href="/"]`)
	if !strings.Contains(doc.Find("main").Text(), "01J") {
		t.Error("the request id is missing")
	}
	want(t, doc, 0, `x`)
}

func TestMarkdown(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"ただの言葉。", "<p>ただの言葉。</p>"},
		{"一行目\n二行目", "<p>一行目<br>\n二行目</p>"},
		{"なんとなく*嫌な予感*。", "<p>なんとなく<em>嫌な予感</em>。</p>"},
		{"~~中止~~ **大事**", "<p><del>中止</del> <strong>大事</strong></p>"},
		{"# 見出しではない", "<p># 見出しではない</p>"},
		{"言葉\n---", "<p>言葉</p>\n<hr>"},
		{"    字下げ", "<p>字下げ</p>"},
		{"- 一\n- 二", "<ul>\n<li>一</li>\n<li>二</li>\n</ul>"},
		{"資料はhttps://example.com/a_b?x=1&y=2を見て", `<p>資料は<a href="https://example.com/a_b?x=1&amp;y=2" rel="nofollow noreferrer">https://example.com/a_b?x=1&amp;y=2</a>を見て</p>`},
		{"(https://example.com).", `<p>(<a href="https://example.com" rel="nofollow noreferrer">https://example.com</a>).</p>`},
		{"`https://example.com`", "<p><code>https://example.com</code></p>"},
		{"[ここ](/contracts/1)", `<p><a href="/contracts/1" rel="nofollow noreferrer">ここ</a></p>`},
		{"@田村 健 と＠田村へ", `<p><span class="mention">@田村 健</span> と<span class="mention">＠田村</span>へ</p>`},
		{"@岡田", "<p>@岡田</p>"},
		{"a < b && c > d", "<p>a &lt; b &amp;&amp; c &gt; d</p>"},
		{"", ""},
	} {
		if got := Markdown(tt.src, "田村", "田村 健", ""); got != tt.want {
			t.Errorf("Markdown(%q)\n got %s\nwant %s", tt.src, got, tt.want)
		}
	}
}

func TestMarkdownIsSafe(t *testing.T) {
	for _, src := range []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `[x](javascript:alert(1))`, `[x](JaVaScRiPt:alert(1))`,
		`[x](data:text/html,<script>alert(1)</script>)`, `![x](https://evil/x.png)`, `<a href="javascript:alert(1)">x</a>`,
		`[x](https://a" onclick="alert(1))`, "```\n<script>alert(1)</script>\n```", `https://a/"onmouseover="alert(1)`, `https://a/'><script>alert(1)</script>`,
		`<svg/onload=alert(1)>`, `<style>*{display:none}</style>`, `@<b onclick=alert(1)>x</b>`, `[a](vbscript:x)`, `<iframe src=//evil>`, `&lt;script&gt;`, "[x]\n\n[x]: javascript:alert(1)",
	} {
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(Markdown(src, "<b onclick=alert(1)>x</b>")))
		if err != nil {
			t.Fatal(err)
		}
		doc.Find("body *").Each(func(_ int, s *goquery.Selection) {
			tag := goquery.NodeName(s)
			if !strings.Contains(" p br em strong del code pre blockquote ul ol li hr a span ", " "+tag+" ") {
				t.Errorf("%q lets %s through", src, tag)
			}
			for _, a := range s.Nodes[0].Attr {
				ok := a.Key == "href" && (strings.HasPrefix(a.Val, "http") || strings.HasPrefix(a.Val, "/")) || a.Key == "rel" || a.Key == "class" && a.Val == "mention"
				if !ok {
					t.Errorf("%q lets %s=%q through", src, a.Key, a.Val)
				}
			}
		})
	}
}

// Whatever people type, no word of it is lost, and nothing runs.
func TestMarkdownKeepsEveryWord(t *testing.T) {
	piece := rapid.SampledFrom([]string{"言葉", "word", " ", "    ", "\t", "　", "\n", "\n\n", "*", "**", "_", "~~", "~~~", "```", "- ", "1. ", "> ", "# ", "---", "<b>", "&amp", "@田村", "！", ":", "|", "=="})
	rapid.Check(t, func(t *rapid.T) {
		src := strings.Join(rapid.SliceOfN(piece, 0, 20).Draw(t, "pieces"), "")
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(Markdown(src, "田村")))
		if err != nil {
			t.Fatal(err)
		}
		said := doc.Text()
		for _, w := range []string{"言葉", "word", "田村"} {
			if got, want := strings.Count(said, w), strings.Count(src, w); got != want {
				t.Fatalf("%q: %s stands %d times, want %d, in %q", src, w, got, want, said)
			}
		}
	})
}
