package intakehttp_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/japanese"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// file is the multipart body of an upload: name, value, …
func file(t *testing.T, a *apptest.App, path, name, content string, values ...string) *http.Request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(values); i += 2 {
		_ = w.WriteField(values[i], values[i+1])
	}
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte(content))
	_ = w.Close()
	r, err := http.NewRequest("POST", a.Server.URL+path, &b)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

// workbook has a sheet to be read first and the one that is meant.
func workbook(t *testing.T) string {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	for at, v := range map[string]string{"A1": "部署コード", "B1": "会社名", "A2": "D1", "B2": "目次商事", "A3": "D2", "B3": "表紙工業"} {
		if err := book.SetCellStr("Sheet1", at, v); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := book.NewSheet("契約 2026"); err != nil {
		t.Fatal(err)
	}
	for at, v := range map[string]string{"A1": "契約番号", "B1": "会社名", "C1": "更新日", "A2": "X-1", "B2": "霞運輸", "C2": "2026-04-30"} {
		if err := book.SetCellStr("契約 2026", at, v); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := book.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func said(s *goquery.Selection) string { return squeeze(s.Text()) }

// A file's form is its owner's: encodings, sheets, what is no list.
func TestFilesAsPeopleHaveThem(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		b := a.Browser(who.Member)
		cp932, err := japanese.ShiftJIS.NewEncoder().String("契約番号,会社名\r\n1,㈱髙野\r\n")
		if err != nil {
			t.Fatal(err)
		}
		p := b.Do(file(t, a, "/import", "一覧.csv", cp932))
		if p.Status != 200 || !strings.Contains(said(p.Find("#created")), "㈱髙野") {
			t.Errorf("CP932: %d %s", p.Status, said(p.Find("#created")))
		}
		p = b.Do(file(t, a, "/import", "台帳.xlsx", workbook(t)))
		if got := said(p.Find("#created")); !strings.Contains(got, "目次商事") {
			t.Errorf("the first sheet: %s", got)
		}
		if got := p.Find("select[name=sheet] option").Map(func(_ int, s *goquery.Selection) string { return s.Text() }); !slices.Equal(got, []string{"Sheet1", "契約 2026"}) {
			t.Errorf("sheets to choose from: %q", got)
		}
		p = b.Post(p.Path+"/mapping", url.Values{"sheet": {"契約 2026"}, "column.0": {"ignore"}})
		if got := said(p.Find("#created")); p.Status != 200 || !strings.Contains(got, "霞運輸") || p.Find("select[name=sheet] option[selected]").Text() != "契約 2026" {
			t.Errorf("the other sheet: %d %s", p.Status, got)
		}
		p = b.Post(p.Path+"/mapping", url.Values{"sheet": {"無い"}})
		if p.Status != 422 || !strings.Contains(p.Find(".alarm").Text(), "Sheet1、契約 2026") {
			t.Errorf("no such sheet: %d %s", p.Status, p.Find(".alarm").Text())
		}
		for name, c := range map[string]struct{ content, why string }{
			"empty.csv":   {"", "ファイルが空です"},
			"写真.png":      {"\x89PNG\r\n\x1a\n000", "表のファイルではありません"},
			"quote.csv":   {"契約番号,会社名\n1,\"閉じない\n2,x\n", "引用符"},
			"broken.xlsx": {"PK\x03\x04oh", "壊れている"},
		} {
			p := b.Do(file(t, a, "/import", name, c.content, "source", "台帳", "mode", "delta"))
			if got := said(p.Find("#file-error, .alarm")); p.Status < 400 && !strings.Contains(p.Path, "/imports/") || !strings.Contains(got, c.why) {
				t.Errorf("%s: %d %s %q", name, p.Status, p.Path, got)
			}
			if p.Path == "/import" && (p.Find("input[name=source]").AttrOr("value", "") != "台帳" || p.Find("input[name=mode][checked]").AttrOr("value", "") != "delta") {
				t.Errorf("%s: what was written beside the file is gone", name)
			}
		}
	})
}

// staged brings the first list in and stages the second.
func staged(t *testing.T, a *apptest.App, b *apptest.Browser) (path string) {
	t.Helper()
	p := b.Do(file(t, a, "/import", "二月.csv", february, "source", "基幹"))
	if p = b.Post(p.Path+"/apply", nil); p.Status != 200 || p.Find("form[action$='/undo']").Length() == 0 {
		t.Fatal(p.Status, p.Body)
	}
	p = b.Do(file(t, a, "/import", "三月.csv", march, "source", "基幹"))
	if p.Status != 200 {
		t.Fatal(p.Status, p.Body)
	}
	return p.Path
}

// The preview in both languages: what needs a person comes first, and each row
// says where, what and why.
func TestPreviewReads(t *testing.T) {
	a := apptest.New(t, testkit.SQLite(t))
	b := a.Browser(who.Member)
	at := staged(t, a, b)
	for lang, want := range map[string]map[string][]string{
		"ja": {"#invalid": {"行5", "更新日", "「令和8年2月30日」"}, "#absent": {"港南リース", "担当に聞く", "このまま", "終わった契約にする"},
			"#updated": {"金額 460,000円 →", "480,000円", "段階 定着 →"}, "#created": {"㈱野分土木 点呼クラウド"}, ".bar": {"3件を取り込む", "1件が一覧から消えています"}},
		"en": {"#invalid": {"更新日", "令和8年2月30日"}, "#absent": {"港南リース", "Ask the owner", "Keep as it is", "It has ended"},
			"#updated": {"Amount ¥460,000 →", "¥480,000"}, "#created": {"㈱野分土木 点呼クラウド"}, ".bar": {"3"}},
	} {
		if err := a.Workspace.SetLanguage(a.As(who.Member), lang); err != nil {
			t.Fatal(err)
		}
		p := b.Get(at)
		for where, list := range want {
			for _, w := range list {
				if got := said(p.Find(where)); !strings.Contains(got, w) {
					t.Errorf("%s %s: no %q in %s", lang, where, w, got)
				}
			}
		}
		got := p.Find("section.block").Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("id", "") })
		if n := slices.Index(got, "unchanged"); n < 0 || !slices.Equal(got[:n+1], []string{"invalid", "absent", "updated", "created", "unchanged"}) {
			t.Errorf("%s: %v", lang, got)
		}
		if del := said(p.Find("#updated tr").First().Find("del")) + said(p.Find("#updated tr").First().Find("ins")); !strings.Contains(del, "460,000") || !strings.Contains(del, "480,000") {
			t.Errorf("%s: %s", lang, del)
		}
		for _, o := range []string{"invalid", "absent", "updated", "created", "unchanged"} {
			if n := b.Get(at + "?outcome=" + o).Find("#rows tr").Length(); (n == 0) != (o == "unchanged") {
				t.Errorf("%s: %d rows of %s", lang, n, o)
			}
		}
	}
	if p := b.Get(at + "?outcome=sausage"); p.Status != 422 {
		t.Errorf("an outcome there is not: %d", p.Status)
	}
}

// A meaning given by hand is remembered for the source, not for another.
func TestAMappingIsRemembered(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		b := a.Browser(who.Member)
		list := "契約番号,会社名,区分\n1,アルファ,大口\n2,ベータ,小口\n"
		meaning := func(p *apptest.Page) string {
			return p.Find("#column-2 option[selected]").AttrOr("value", "")
		}
		p := b.Do(file(t, a, "/import", "a.csv", list, "source", "基幹"))
		if got := meaning(p); got != "new" {
			t.Fatalf("guessed as %q", got)
		}
		at := p.Path
		p = b.Post(at+"/mapping", url.Values{"column.0": {"key"}, "column.1": {"organization"}, "column.2": {"status"}})
		if p.Path != at || meaning(p) != "status" || p.Find("#new-fields").Length() != 0 {
			t.Errorf("by hand: %s %q", p.Path, meaning(p))
		}
		b.Post(at+"/apply", nil)
		if got := meaning(b.Do(file(t, a, "/import", "b.csv", list, "source", "基幹"))); got != "status" {
			t.Errorf("the next time: %q", got)
		}
		if got := meaning(b.Do(file(t, a, "/import", "c.csv", list, "source", "別の"))); got != "new" {
			t.Errorf("another source: %q", got)
		}
		if p := b.Post(at+"/mapping", url.Values{"column.0": {"key"}}); p.Status != 409 {
			t.Errorf("after it was applied: %d", p.Status)
		}
	})
}

// What becomes of an absent row is its reader's choice; undo brings all back,
// once.
func TestDecideApplyUndo(t *testing.T) {
	for decision, wantEnded := range map[string]bool{"": false, "kept": false, "ended": true} {
		t.Run("decision "+decision, func(t *testing.T) {
			testkit.Each(t, func(t *testing.T, d *db.DB) {
				a := apptest.New(t, d)
				b := a.Browser(who.Owner)
				at := staged(t, a, b)
				field := b.Get(at).Find("#absent input[type=radio]").AttrOr("name", "")
				form := url.Values{field: {decision}, "confirm_absent": {"1"}}
				p := b.Post(at+"/apply", form)
				if p.Path != at || !strings.Contains(said(p.Find("body")), "3件を取り込みました") {
					t.Errorf("%s %s", p.Path, said(p.Find("h1")))
				}
				if p := b.Post(at+"/apply", form); p.Status != 409 || !strings.Contains(p.Find(".alarm").Text(), "もうすんでいます") {
					t.Errorf("applied twice: %d %s", p.Status, p.Find(".alarm").Text())
				}
				ended := func() bool {
					page, err := a.Contracts.List(a.Ctx, contract.Query{Ended: true, Q: "港南"})
					if err != nil || len(page.Items) != 1 {
						t.Fatal(len(page.Items), err)
					}
					return page.Items[0].EndedOn != ""
				}
				if ended() != wantEnded {
					t.Errorf("ended: %v", ended())
				}
				if waits := b.Get("/imports").Find("#absent form").Length() > 0; waits != (decision == "") {
					t.Errorf("waits: %v", waits)
				}
				undo := b.Get(at).Find("form[action$='/undo']").AttrOr("action", "")
				if p := b.Post(undo, nil); p.Status != 200 || said(p.Find("h1")) != "取り込みを元に戻しました" || p.Find("form[action$='/undo']").Length() != 0 {
					t.Errorf("undo: %d %s", p.Status, said(p.Find("h1")))
				}
				if p := b.Post(undo, nil); p.Status != 409 || !strings.Contains(p.Find(".alarm").Text(), "元に戻せる状態ではありません") {
					t.Errorf("a second click: %d %s", p.Status, p.Find(".alarm").Text())
				}
				if page, err := a.Contracts.List(a.Ctx, contract.Query{Ended: true}); err != nil || len(page.Items) != 3 {
					t.Errorf("%d contracts left, %v", len(page.Items), err)
				}
			})
		})
	}
}

// An organization taken for another is listed, and can be split afterwards.
func TestJoinedIsListed(t *testing.T) {
	a := apptest.New(t, testkit.SQLite(t))
	b := a.Browser(who.Member)
	p := b.Do(file(t, a, "/import", "a.csv", "契約番号,会社名\n1,株式会社アルファ\n2,㈱アルファ\n3,ベータ\n"))
	if got := said(p.Find("#joined")); p.Find("#joined tr").Length() != 1 || !strings.Contains(got, "㈱アルファ 行3 株式会社アルファ と同じ") {
		t.Errorf("%s", got)
	}
	b.Post(p.Path+"/apply", nil)
	got := a.Program(who.Viewer, workspace.ScopeRead).Do("GET", p.Path, nil)
	joined, _ := got.JSON["joinings"].([]any)
	if len(joined) != 1 || joined[0].(map[string]any)["spelling"] != "㈱アルファ" || joined[0].(map[string]any)["line"] != 3.0 {
		t.Errorf("%v", got.Body)
	}
	page, err := a.Contracts.List(a.Ctx, contract.Query{Q: "2", Sort: "key"})
	if err != nil || len(page.Items) != 1 {
		t.Fatal(len(page.Items), err)
	}
	if split := b.Post("/contracts/"+page.Items[0].ID.String()+"/split", url.Values{"name": {"アルファ西日本"}}); split.Status != 200 {
		t.Fatal(split.Status, split.Body)
	}
	p = b.Do(file(t, a, "/import", "b.csv", "契約番号,会社名\n1,株式会社アルファ\n2,㈱アルファ\n3,ベータ\n"))
	if p.Find("#joined").Length() != 0 || !strings.Contains(said(p.Find("#unchanged")), "3") || p.Find("#updated").Length() != 0 {
		t.Errorf("the next list joins it again: %s", said(p.Find("#sheet")))
	}
}

// What a person has changed since stays, and the undo says what it is.
func TestUndoSaysWhatItKept(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		b, prog := a.Browser(who.Member), a.Program(who.Member, workspace.ScopeWrite)
		at := staged(t, a, b)
		b.Post(at+"/apply", url.Values{"confirm_absent": {"1"}})
		page, err := a.Contracts.List(a.Ctx, contract.Query{Q: "配車"})
		if err != nil || len(page.Items) != 1 {
			t.Fatal(len(page.Items), err)
		}
		c := page.Items[0]
		if _, err := a.Contracts.Update(a.As(who.Member), c.ID, []contract.Edit{{Field: "amount", New: "500000"}}); err != nil {
			t.Fatal(err)
		}
		p := b.Post(at+"/undo", nil)
		if got := said(p.Find("#kept")); p.Status != 200 || p.Find("#kept tr").Length() != 1 || !strings.Contains(got, "配車クラウド 1 金額") {
			t.Errorf("%d %s", p.Status, got)
		}
		if a := prog.Do("POST", at+"/undo", nil); a.Status != 409 || a.JSON["key"] != "intake.err.not_applied" {
			t.Errorf("undone twice by a program: %d %s", a.Status, a.Body)
		}
	})
}

// Programs decide about absent rows, too, and are told what is no decision.
func TestDecideInREST(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		at := staged(t, a, a.Browser(who.Member))
		prog := a.Program(who.Member, workspace.ScopeWrite)
		rows := prog.Do("GET", at+"/rows?outcome=absent", nil).Items()
		if len(rows) != 1 {
			t.Fatal(rows)
		}
		gone := rows[0]["contract"].(string)
		for name, c := range map[string]struct {
			body any
			want int
		}{
			"not confirmed":    {map[string]any{"absent": map[string]string{gone: "ended"}}, 409},
			"no decision":      {map[string]any{"confirm_absent": true, "absent": map[string]string{gone: "sausage"}}, 422},
			"no contract's id": {map[string]any{"confirm_absent": true, "absent": map[string]string{"?": "ended"}}, 422},
		} {
			if got := prog.Do("POST", at+"/apply", c.body); got.Status != c.want {
				t.Errorf("%s: %d %s", name, got.Status, got.Body)
			}
		}
		got := prog.Do("POST", at+"/apply", map[string]any{"confirm_absent": true, "absent": map[string]string{gone: "ended"}})
		if got.Status != 200 || got.JSON["absent"] != 1.0 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if got := prog.Do("GET", "/contracts/"+gone, nil); got.JSON["ended_on"] != "2026-02-17" {
			t.Errorf("%s", got.Body)
		}
	})
}

// Nobody sees or touches an import of another workspace, and a viewer writes none.
func TestWhoMay(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		at := staged(t, a, a.Browser(who.Member))
		viewer, read := a.Browser(who.Viewer), a.Program(who.Viewer, workspace.ScopeRead)
		other := a.BrowserOf(who.From(a.Other()))
		if p := viewer.Get(at); p.Status != 200 || p.Find("#absent").Length() != 1 || p.Find("#sheet button, #sheet input, #sheet select").Length() != 0 {
			t.Errorf("a viewer is offered %s", said(p.Find("#sheet button, #sheet input, #sheet select")))
		}
		if viewer.Get("/imports").Find("input[type=file]").Length() != 0 {
			t.Error("a viewer is asked for a file")
		}
		for _, c := range []struct{ method, path string }{{"GET", ""}, {"GET", "/errors.csv"}, {"POST", "/mapping"}, {"POST", "/apply"}, {"POST", "/undo"}, {"POST", "/drop"}} {
			if got := other.Fragment(c.method, at+c.path, nil).Status; got != 404 {
				t.Errorf("another workspace: %s %s %d", c.method, c.path, got)
			}
			if c.method == "POST" {
				if got := viewer.Post(at+c.path, nil).Status; got != 403 {
					t.Errorf("a viewer: %s %d", c.path, got)
				}
			}
		}
		for _, path := range []string{"/apply", "/undo"} {
			if got := read.Do("POST", at+path, nil).Status; got != 403 {
				t.Errorf("a viewer's program: %s %d", path, got)
			}
		}
		if said(a.Browser(who.Member).Get(at).Find("h1")) != "取り込むと、こう変わります" {
			t.Error("somebody touched it")
		}
	})
}

// With htmx an act answers where to go, and a refusal the page with what is wrong.
func TestWithHtmx(t *testing.T) {
	a := apptest.New(t, testkit.SQLite(t))
	b := a.Browser(who.Member)
	at := staged(t, a, b)
	if p := b.Fragment("POST", at+"/apply", nil); p.Status != 409 || !strings.Contains(p.Find(".alarm").Text(), "3件のうち1件") {
		t.Errorf("without a confirmation: %d %s", p.Status, p.Body)
	}
	if p := b.Fragment("POST", at+"/apply", url.Values{"confirm_absent": {"1"}}); p.Status != 204 || p.Header.Get("HX-Redirect") != at {
		t.Errorf("%d %q", p.Status, p.Header.Get("HX-Redirect"))
	}
	if p := b.Fragment("POST", at+"/undo", nil); p.Status != 204 || p.Header.Get("HX-Redirect") != at {
		t.Errorf("%d %q", p.Status, p.Header.Get("HX-Redirect"))
	}
}

// A program is answered at once, asks, and learns the counts; what stopped the
// job is said there too, and confirm_absent lets it pass.
func TestAskLater(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	defer s.work()()
	later := func(content string, values ...string) (at string, got map[string]any) {
		contentType, body := multi(t, content, values...)
		a := s.call("member", "POST", "/imports", contentType, body, "Prefer", "respond-async, wait=5")
		if a.status != 202 {
			t.Fatal(a.status, a.raw)
		}
		at = strings.TrimPrefix(a.header.Get("Location"), "/api/v1")
		testkit.Eventually(t, "it is done", func() bool {
			got = s.call("viewer", "GET", at, "", nil).body
			return got["state"] == "applied" || got["problem"] != nil || got["state"] == "staged" && slices.Contains(values, "dry_run")
		})
		return at, got
	}
	counts := func(got map[string]any, name string) any { return got["counts"].(map[string]any)[name] }
	if _, got := later(february, "dry_run", "1"); got["state"] != "staged" || counts(got, "created") != 3.0 {
		t.Errorf("dry run: %v", got)
	}
	if _, got := later(february); got["state"] != "applied" || counts(got, "created") != 3.0 || got["applied_at"] == nil {
		t.Errorf("%v", got)
	}
	at, got := later(march)
	problem, _ := got["problem"].(map[string]any)
	if got["state"] != "staged" || problem["key"] != "intake.err.absent_guard" || problem["detail"] != "3件のうち1件が一覧から消えています。多いので止めました。確かめてから、もう一度どうぞ。" {
		t.Errorf("%v", got)
	}
	a := s.call("member", "POST", at+"/apply", "application/json", strings.NewReader(`{"confirm_absent": true}`), "Prefer", "respond-async")
	if a.status != 202 || a.header.Get("Location") != "/api/v1"+at {
		t.Fatal(a.status, a.raw)
	}
	testkit.Eventually(t, "it is applied", func() bool {
		got = s.call("viewer", "GET", at, "", nil).body
		return got["state"] == "applied"
	})
	if counts(got, "updated") != 2.0 || counts(got, "created") != 1.0 || counts(got, "absent") != 1.0 || counts(got, "invalid") != 1.0 || got["problem"] != nil {
		t.Errorf("%v", got)
	}
}
