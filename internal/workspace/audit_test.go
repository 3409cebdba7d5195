package workspace

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

func TestAudit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.workspace("a")
		b := w.workspace("b")
		_, _, err := w.s.SignIn(ctx, mailA, "wrong password", "", "192.0.2.9")
		wants(t, err, errs.Invalid, "")
		_, tok, err := w.s.CreateToken(WithIP(as(a), "192.0.2.1\x00"), "", "CI", ScopeRead, time.Time{})
		ok(t, err)
		list, next, err := w.s.Audit(as(a), "", 10)
		ok(t, err)
		if len(list) != 2 || next != "" {
			t.Fatalf("got %+v, next %q", list, next)
		}
		made, failed := list[0], list[1]
		if made.Act != "token.created" || made.Member != a.Member || made.Object != tok.ID || made.ObjectKind != "token" ||
			made.IP != "192.0.2.1" || made.Data["name"] != "CI" || made.Data["member"] != a.Member.String() || !made.At.Equal(start) {
			t.Errorf("got %+v", made)
		}
		if failed.Act != "sign_in.failed" || failed.Member != 0 || failed.IP != "192.0.2.9" || failed.Object != a.Account {
			t.Errorf("got %+v", failed)
		}
		list, _, err = w.s.Audit(as(b), "", 10)
		ok(t, err)
		equal(t, "the other workspace's log", len(list), 0)
	})
}

func TestAuditPages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.workspace("a")
		for i := range 7 {
			if i%3 == 0 { // several at one moment
				w.pass(time.Second)
			}
			w.inTx(func(ctx context.Context, tx *db.Tx) error {
				return w.s.AuditIn(who.With(ctx, a), tx, "test", "thing", id.ID(i+1), nil)
			})
		}
		var got []string
		cursor := ""
		for pages := 1; ; pages++ {
			list, next, err := w.s.Audit(as(a), cursor, 3)
			ok(t, err)
			for _, e := range list {
				got = append(got, e.Object.String())
			}
			if cursor = next; next == "" {
				equal(t, "pages", pages, 3)
				break
			}
		}
		equal(t, "order", strings.Join(got, " "), "7 6 5 4 3 2 1")
		for _, bad := range []string{"x", "1", "1.", "1.x", ".1", "99999999999999999999.1"} {
			_, _, err := w.s.Audit(as(a), bad, 3)
			wants(t, err, errs.Invalid, "workspace.err.cursor")
		}
		list, _, err := w.s.Audit(as(a), "", -1)
		ok(t, err)
		equal(t, "a page has at least one line", len(list), 1)
	})
}

// TestSentences holds the catalogues to the keys of this package, both ways.
func TestSentences(t *testing.T) {
	used := map[string]bool{}
	files, err := filepath.Glob("*.go")
	ok(t, err)
	below, err := filepath.Glob("*/*.go")
	ok(t, err)
	for _, name := range append(files, below...) {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "workspacehttp/") {
			continue
		}
		src, err := os.ReadFile(name)
		ok(t, err)
		for _, key := range regexp.MustCompile(`workspace\.err\.\w+`).FindAllString(string(src), -1) {
			used[key] = true
		}
	}
	blanks := regexp.MustCompile(`\{\{\.\w+\}\}`)
	said := map[string]string{}
	for _, lang := range Langs {
		raw, err := os.ReadFile("workspacehttp/words/" + lang + ".json")
		ok(t, err)
		var all map[string]string
		ok(t, json.Unmarshal(raw, &all))
		for key := range used {
			if all[key] == "" {
				t.Errorf("%s: %s is not said", lang, key)
			}
		}
		for key, sentence := range all {
			if strings.HasPrefix(key, "workspace.err.") && !used[key] {
				t.Errorf("%s: %s is never used", lang, key)
			}
			fills := strings.Join(blanks.FindAllString(sentence, -1), "")
			if other, seen := said[key]; seen && other != fills {
				t.Errorf("%s is filled with %q and %q", key, other, fills)
			}
			said[key] = fills
		}
	}
}
