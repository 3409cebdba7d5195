package ui

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	nethtml "golang.org/x/net/html"
)

// People mumble; they do not typeset. Left out of Markdown is what would turn
// their words into something they did not mean or shout over the page: headings,
// indented code, raw HTML, pictures.
var mumble = goldmark.New(
	goldmark.WithParser(parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(fence{parser.NewFencedCodeBlockParser()}, 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(indented{parser.NewParagraphParser()}, 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewEmphasisParser(), 500),
		),
	)),
	goldmark.WithExtensions(extension.Strikethrough),
	goldmark.WithRendererOptions(html.WithHardWraps()),
)

// indented makes a paragraph of deeply indented words too; left to itself,
// goldmark drops them once indented code is out.
type indented struct{ parser.BlockParser }

// CanAcceptIndentedLine implements parser.BlockParser.
func (indented) CanAcceptIndentedLine() bool { return true }

// fence begins a block of code only with backquotes alone on their line: words
// after them would be taken for the name of a language and dropped, and ~~~ is
// how people draw out a word.
type fence struct{ parser.BlockParser }

// Trigger implements parser.BlockParser.
func (fence) Trigger() []byte { return []byte{'`'} }

// Open implements parser.BlockParser.
func (f fence) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	if line, _ := r.PeekLine(); len(bytes.Trim(line, "` \t\r\n")) > 0 {
		return nil, parser.NoChildren
	}
	return f.BlockParser.Open(parent, r, pc)
}

var safe = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "em", "strong", "del", "code", "pre", "blockquote", "ul", "ol", "li", "hr")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^mention$`)).OnElements("span")
	return p
}()

// Markdown turns a person's words into safe HTML: *強調* becomes em, shown with
// 傍点; addresses become links; names, where given and written after @ or ＠, are
// marked.
func Markdown(src string, names ...string) string {
	var out bytes.Buffer
	if err := mumble.Convert([]byte(src), &out); err != nil {
		return "<p>" + nethtml.EscapeString(src) + "</p>"
	}
	return strings.TrimSpace(safe.Sanitize(decorate(out.String(), names)))
}

// decorate marks addresses and names in the text of finished HTML. goldmark's
// own autolink wants a space before an address, and Japanese has none.
func decorate(markup string, names []string) string {
	marks := marker(names)
	var b strings.Builder
	z := nethtml.NewTokenizer(strings.NewReader(markup))
	var inside []string // elements whose text stays as it is
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return b.String()
		case nethtml.TextToken:
			if len(inside) > 0 {
				b.Write(z.Raw())
				continue
			}
			markText(&b, string(z.Text()), marks)
			continue
		case nethtml.StartTagToken:
			raw := slices.Clone(z.Raw())
			if name, _ := z.TagName(); keepsText(string(name)) {
				inside = append(inside, string(name))
			}
			b.Write(raw)
			continue
		case nethtml.EndTagToken:
			raw := slices.Clone(z.Raw())
			if name, _ := z.TagName(); keepsText(string(name)) && len(inside) > 0 {
				inside = inside[:len(inside)-1]
			}
			b.Write(raw)
			continue
		}
		b.Write(z.Raw())
	}
}

func keepsText(tag string) bool { return tag == "a" || tag == "code" || tag == "pre" }

// An address ends before Japanese; markText takes back the punctuation that closes a sentence.
var address = regexp.MustCompile(`https?://[!-;=?-~]+`)

// marker finds addresses and, longest first, the names after @ or ＠.
func marker(names []string) *regexp.Regexp {
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" })
	if len(names) == 0 {
		return address
	}
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	for i, n := range names {
		names[i] = regexp.QuoteMeta(n)
	}
	return regexp.MustCompile(address.String() + `|[@＠](?:` + strings.Join(names, "|") + `)`)
}

func markText(b *strings.Builder, said string, marks *regexp.Regexp) {
	for {
		at := marks.FindStringIndex(said)
		if at == nil {
			b.WriteString(nethtml.EscapeString(said))
			return
		}
		found := said[at[0]:at[1]]
		if strings.HasPrefix(found, "http") {
			found = strings.TrimRight(found, `.,;:!?'")]`)
		}
		b.WriteString(nethtml.EscapeString(said[:at[0]]))
		b.WriteString(marked(found))
		said = said[at[0]+len(found):]
	}
}

func marked(found string) string {
	said := nethtml.EscapeString(found)
	if strings.HasPrefix(found, "http") {
		return `<a href="` + said + `">` + said + `</a>`
	}
	return `<span class="mention">` + said + `</span>`
}
