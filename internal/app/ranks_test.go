package app_test

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// ranks is the order in which the rooms stand on each other. A package imports
// its own rank's domain packages and lower ones, never a higher one.
var ranks = [][]string{
	{"errs", "id", "who", "db", "bus", "job", "text", "cal", "money", "live", "mail", "outbound", "slackout", "blob", "seal"},
	{"web", "api"},
	{"workspace", "audience"},
	{"field", "org", "contract", "contact", "renewal", "revenue"},
	{"timeline", "task", "file"},
	{"rule", "handover"},
	{"today", "everyone", "search", "view", "digest", "bulk"},
	{"intake"},
	{"demo"},
	{"app"},
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

// room is the feature a package belongs to, and whether it is of its pages.
func room(name string) (feature string, pages bool) {
	feature, _, _ = strings.Cut(name, "/")
	for part := range strings.SplitSeq(name, "/") {
		pages = pages || strings.HasSuffix(part, "http")
	}
	return feature, pages
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
		here, herePages := room(from)
		if _, known := rank[here]; !known {
			t.Errorf("%s has no rank: say in ranks where it stands", from)
		}
		for _, imp := range p.Imports {
			to, ok := strings.CutPrefix(imp, module)
			if !ok || exceptions[from+" → "+to] != "" {
				continue
			}
			there, therePages := room(to)
			switch {
			case there == "testkit":
				t.Errorf("%s imports %s: test code in the product", from, to)
			case rank[there] > rank[here]:
				t.Errorf("%s imports %s, which stands above it: declare the small interface it needs and let app hand it in", from, to)
			case therePages && there != here && here != "app":
				t.Errorf("%s imports %s, another feature's pages: a feature must stay deletable; let app hand a function in", from, to)
			case therePages && !herePages && here != "app":
				t.Errorf("%s imports %s: HTTP in a domain package", from, to)
			}
		}
	}
}

// Libraries that only some rooms may touch, and why.
var forbidden = []struct{ lib, only, why string }{
	{"net/http", "http web api app outbound slackout", "HTTP belongs to the …http packages, web and api; a domain package is called by commands and jobs, too"},
	{"github.com/danielgtaylor/huma/v2", "http api", "OpenAPI is made in the …http packages"},
	{"database/sql", "db", "db is the one door to the databases: it keeps the traps closed"},
	{"github.com/a-h/templ", "http web api app", "templ files are pages"},
	{"github.com/wneessen/go-mail", "mail", "letters leave by one door"},
	{"github.com/slack-go/slack", "slackout", "letters leave by one door"},
	{"os/exec", "", "the server starts no other programs"},
	{"encoding/gob", "", "what is stored is JSON, which a later version can still read"},
}

func TestForbiddenImports(t *testing.T) {
	for _, p := range packages(t) {
		from, ok := strings.CutPrefix(p.ImportPath, module)
		if !ok || strings.HasPrefix(from, "testkit") {
			continue
		}
		here, pages := room(from)
		if pages {
			here = "http"
		}
		for _, f := range forbidden {
			for _, imp := range p.Imports {
				if imp == f.lib && !strings.Contains(" "+f.only+" ", " "+here+" ") {
					t.Errorf("%s imports %s: %s", from, f.lib, f.why)
				}
			}
		}
	}
}
