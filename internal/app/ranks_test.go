package app_test

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// ranks is the order in which packages stand on each other. A package imports
// its own rank's domain packages and lower ones, never a higher one.
var ranks = [][]string{
	0: {"errs", "id", "who", "db", "bus", "job", "text", "cal", "money", "db/migrations"},
	1: {"web", "web/words", "web/ui", "web/assets", "web/words/wordstest", "api"},
	2: {"workspace"},
	3: {"field", "org", "contract"},
	4: {"timeline", "task"},
	5: {"rule"},
	6: {"today"},
	7: {"intake", "intake/sheet"},
	8: {"demo"},
	9: {"app"},
}

// exceptions are imports against the order, with the reason.
var exceptions = map[string]string{}

const module = "kizuki/internal/"

type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "kizuki/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// feature is the domain package of an …http package, itself otherwise.
func feature(name string) string {
	if i := strings.LastIndex(name, "/"); strings.HasSuffix(name, "http") && i > 0 {
		return name[:i]
	}
	return name
}

func TestNobodyImportsUpwardOrSideways(t *testing.T) {
	rank := map[string]int{}
	for i, names := range ranks {
		for _, n := range names {
			rank[n] = i
		}
	}
	for _, p := range packages(t) {
		from, ok := strings.CutPrefix(p.ImportPath, module)
		if !ok || strings.HasPrefix(from, "testkit") {
			continue // cmd and bench stand on top of everything
		}
		if _, known := rank[feature(from)]; !known {
			t.Errorf("%s has no rank: say in ranks where it stands", from)
		}
		for _, imp := range p.Imports {
			to, ok := strings.CutPrefix(imp, module)
			if !ok || exceptions[from+" → "+to] != "" {
				continue
			}
			switch {
			case strings.HasPrefix(to, "testkit"):
				t.Errorf("%s imports %s: test code in the product", from, to)
			case rank[feature(to)] > rank[feature(from)]:
				t.Errorf("%s imports %s, which stands above it: declare the small interface it needs and let app hand it in", from, to)
			case to != feature(to) && feature(to) != feature(from) && from != "app":
				t.Errorf("%s imports %s, another feature's pages: a feature must stay deletable; let app hand a function in", from, to)
			case to != feature(to) && from == feature(from) && from != "app":
				t.Errorf("%s imports %s: HTTP in a domain package", from, to)
			}
		}
	}
}

// Libraries that only some rooms may touch, and why.
var forbidden = []struct{ lib, only, why string }{
	{"net/http", "http web api app", "HTTP belongs to the …http packages, web and api; a domain package is called by commands and jobs, too"},
	{"github.com/danielgtaylor/huma/v2", "http api", "OpenAPI is made in the …http packages"},
	{"database/sql", "db", "db is the one door to the databases: it keeps the traps closed"},
	{"github.com/a-h/templ", "http web app", "templ files are pages"},
	{"os/exec", "", "the server starts no other programs"},
	{"encoding/gob", "", "what is stored is JSON, which a later version can still read"},
}

func TestForbiddenImports(t *testing.T) {
	for _, p := range packages(t) {
		from, ok := strings.CutPrefix(p.ImportPath, module)
		if !ok || strings.HasPrefix(from, "testkit") {
			continue
		}
		room, _, _ := strings.Cut(from, "/")
		if from != feature(from) {
			room = "http"
		}
		for _, f := range forbidden {
			for _, imp := range p.Imports {
				if imp == f.lib && !strings.Contains(" "+f.only+" ", " "+room+" ") {
					t.Errorf("%s imports %s: %s", from, f.lib, f.why)
				}
			}
		}
	}
}
