package wordstest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// found is what one scan of a tree brings back.
type found struct{ keys, literals []use }

type use struct{ place, text string }

// The functions that take a key, and where in their arguments it stands.
var keyArg = map[string]int{
	"words.T": 1, "words.Say": 1, "words.Pieces": 1, "T": 1, "Say": 1, "errs.New": 1, "errs.Field": 1,
}

// hole stands where a page fills something in.
const hole = "\x00"

// scan reads the Go files under root. Templates are read as templ generated
// them: there the fixed HTML is told apart from expressions without guessing.
func scan(root string) (found, error) {
	var all found
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		return all.file(path)
	})
	return all, err
}

func (f *found) file(path string) error {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	page := strings.HasSuffix(path, "_templ.go")
	for _, decl := range file.Decls {
		place := path
		if fn, ok := decl.(*ast.FuncDecl); ok {
			place += " " + fn.Name.Name
		}
		f.decl(place, decl, page)
	}
	return nil
}

func (f *found) decl(place string, decl ast.Decl, page bool) {
	var markup strings.Builder
	fixed := map[*ast.BasicLit]bool{}
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if lit := written(n); page && lit != nil {
				fixed[lit] = true
				markup.WriteString(text(lit) + hole)
			} else if lit := keyOf(n); lit != nil {
				f.keys = append(f.keys, use{place, text(lit)})
			}
		case *ast.CompositeLit:
			if lit := errKey(n); lit != nil {
				f.keys = append(f.keys, use{place, text(lit)})
			}
		case *ast.BasicLit:
			if page && n.Kind == token.STRING && !fixed[n] && japanese(text(n)) {
				f.literals = append(f.literals, use{place, text(n)})
			}
		}
		return true
	})
	for _, s := range sentences(markup.String()) {
		f.literals = append(f.literals, use{place, s})
	}
}

// written finds the fixed HTML in templruntime.WriteString(buffer, n, "…").
func written(call *ast.CallExpr) *ast.BasicLit {
	if name(call.Fun) != "templruntime.WriteString" || len(call.Args) != 3 {
		return nil
	}
	lit, _ := call.Args[2].(*ast.BasicLit)
	return lit
}

func keyOf(call *ast.CallExpr) *ast.BasicLit {
	at, ok := keyArg[name(call.Fun)]
	if !ok || len(call.Args) <= at {
		return nil
	}
	lit, _ := call.Args[at].(*ast.BasicLit)
	if lit == nil || lit.Kind != token.STRING {
		return nil
	}
	return lit
}

func errKey(c *ast.CompositeLit) *ast.BasicLit {
	if name(c.Type) != "errs.E" {
		return nil
	}
	for _, el := range c.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if ok && name(kv.Key) == "Key" {
			lit, _ := kv.Value.(*ast.BasicLit)
			return lit
		}
	}
	return nil
}

func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return name(e.X) + "." + e.Sel.Name
	}
	return ""
}

func text(lit *ast.BasicLit) string {
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return lit.Value
	}
	return s
}

// Attributes a person reads or hears.
var read = map[string]bool{"placeholder": true, "aria-label": true, "title": true, "alt": true, "aria-description": true}

// sentences finds the words a person would read in fixed HTML. A single Latin
// letter in a kbd is a key, not a word.
func sentences(markup string) []string {
	var list []string
	inKbd := false
	z := html.NewTokenizer(strings.NewReader(markup))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return list
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			inKbd = tok.Data == "kbd"
			for _, a := range tok.Attr {
				if read[a.Key] && spoken(a.Val) {
					list = append(list, clean(a.Val))
				}
			}
		case html.EndTagToken:
			inKbd = false
		case html.TextToken:
			s := clean(z.Token().Data)
			if spoken(s) && !(inKbd && len(s) <= 1) {
				list = append(list, s)
			}
		}
	}
}

func clean(s string) string {
	return strings.TrimSpace(strings.NewReplacer(hole, "", "\ufffd", "").Replace(s))
}

func spoken(s string) bool { return strings.ContainsFunc(clean(s), unicode.IsLetter) }

func japanese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) })
}
