package intakehttp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

// The main journey without a script: choose a file, look, decide, apply, undo.
func TestJourney(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		p := s.upload(february, "source", "基幹システム", "mode", "snapshot")
		if p.status != http.StatusSeeOther || !strings.HasPrefix(p.to, "/imports/") {
			t.Fatal(p.status, p.raw)
		}
		first := p.to
		p = s.get(first)
		if h := p.Find("h1").Text(); h != "取り込むと、こう変わります" {
			t.Errorf("%s", h)
		}
		if b := squeeze(p.Find(".bar .btn").First().Text()); b != "3件を取り込む" {
			t.Errorf("%q", b)
		}
		if p = s.post(first+"/apply", nil); p.status != http.StatusSeeOther {
			t.Fatal(p.status, p.raw)
		}

		second := s.upload(march, "source", "基幹システム").to
		p = s.get(second)
		for id, want := range map[string]string{"#invalid": "行5", "#absent": "港南リース", "#updated": "460,000円", "#created": "㈱野分土木 点呼クラウド。"} {
			if got := squeeze(p.Find(id).Text()); !strings.Contains(got, want) {
				t.Errorf("%s: %s", id, got)
			}
		}
		if !strings.Contains(squeeze(p.Find("#updated").Text()), "後ろに戻ります") {
			t.Error("nobody says that the phase goes back")
		}
		pick := p.Find(`#absent input[type=radio]`)
		if pick.Length() != 3 || p.Find(`#absent input[checked]`).AttrOr("value", "x") != "" {
			t.Error("asking the owner is not preselected")
		}
		if p.Find(`input[name=confirm_absent]`).Length() != 1 {
			t.Error("a third is missing and nobody asks")
		}
		name, _ := pick.Attr("name")
		if p = s.post(second+"/apply", url.Values{name: {"kept"}}); p.status != http.StatusConflict || !strings.Contains(p.Find(".alarm").Text(), "3件のうち1件") {
			t.Errorf("%d %s", p.status, p.Find(".alarm").Text())
		}
		if p = s.post(second+"/apply", url.Values{"confirm_absent": {"1"}, name: {""}}); p.status != http.StatusSeeOther {
			t.Fatal(p.status, p.raw)
		}
		p = s.get(second)
		if p.Find("form[action$='/undo']").Length() != 1 || p.Find("a[href$='/errors.csv']").Length() != 1 {
			t.Error("no undo, no error file")
		}
		if raw := s.get(second + "/errors.csv").raw; !strings.Contains(raw, "令和8年2月30日") || !strings.HasPrefix(raw, "\ufeff契約番号") {
			t.Error(raw)
		}
		if s.get(first).Find("form[action$='/undo']").Length() != 0 {
			t.Error("an import with a newer one behind it offers to be undone")
		}
		s.absent()
		if p = s.post(first+"/undo", nil); p.status != http.StatusConflict {
			t.Errorf("undone out of order: %d", p.status)
		}
		if p = s.post(second+"/undo", nil); p.status != http.StatusSeeOther {
			t.Errorf("%d %s", p.status, p.raw)
		}
		if h := s.get(second).Find("h1").Text(); h != "取り込みを元に戻しました" {
			t.Error(h)
		}
	})
}

// absent walks the review of the row that vanished.
func (s *site) absent() {
	s.t.Helper()
	form := s.get("/imports").Find("#absent form").First()
	action := form.AttrOr("action", "")
	if form.Length() != 1 {
		s.t.Fatal("nothing waits")
	}
	if p := s.post(action, url.Values{"review": {"kept"}, "back": {"/today"}}); p.status != http.StatusSeeOther || p.to != "/today" {
		s.t.Errorf("%d %s", p.status, p.to)
	}
	if s.get("/imports").Find("#absent form").Length() != 0 {
		s.t.Error("it still waits")
	}
	if p := s.post(action, nil); p.status != http.StatusSeeOther { // takes it back
		s.t.Errorf("%d", p.status)
	}
	if p := s.post("/absent/1/2/review", url.Values{"review": {"kept"}}); p.status != http.StatusNotFound {
		s.t.Errorf("%d", p.status)
	}
}

func TestMappingPage(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	p := s.upload("a,b,c\nx,x,1\nx,x,2\nx,x,2\n")
	if p.status != http.StatusSeeOther {
		t.Fatal(p.status, p.raw)
	}
	at := p.to
	if p = s.get(at); p.Find("h1").Text() != "このままでは取り込めません" || p.Find("select").Length() != 3 || p.Find(".alarm").Length() != 1 {
		t.Fatal(p.raw)
	}
	form := url.Values{"column.0": {"key"}, "column.1": {"key"}, "column.2": {"ignore"}}
	if p = s.post(at+"/mapping", form); p.status != http.StatusUnprocessableEntity || p.Find("[aria-invalid]").Length() != 1 {
		t.Errorf("%d %s", p.status, p.Find(".late").Text())
	}
	form = url.Values{"column.0": {"organization"}, "column.1": {"new"}, "column.2": {"key"}}
	if p = s.post(at+"/mapping", form); p.status != http.StatusSeeOther {
		t.Fatal(p.status, p.raw)
	}
	p = s.get(at)
	if got := squeeze(p.Find("#invalid").Text()); !strings.Contains(got, "行4") {
		t.Errorf("%s", got)
	}
	if got := squeeze(p.Find("#new-fields").Text()); !strings.Contains(got, "b（") {
		t.Errorf("%s", got)
	}
	if p = s.post(at+"/drop", nil); p.status != http.StatusSeeOther || p.to != "/imports" {
		t.Error(p.status, p.to)
	}
}

func TestBadUploads(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	for want, p := range map[int]page{
		http.StatusUnprocessableEntity:  s.upload("", "source", "x"),
		http.StatusUnsupportedMediaType: s.upload("\x89PNG\r\n\x1a\n000"),
		http.StatusForbidden:            s.do(who.Viewer, "POST", "/import", "text/plain", strings.NewReader("x")),
		http.StatusNotFound:             s.get("/imports/77"),
	} {
		if p.status != want {
			t.Errorf("%d, want %d: %s", p.status, want, squeeze(p.Text()))
		}
	}
	if p := s.upload("\x89PNG\r\n\x1a\n000"); !strings.Contains(p.Find("#file-error").Text(), "表のファイルではありません") {
		t.Error(p.raw)
	}
}

func TestREST(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		dry := s.send(february, "dry_run", "1")
		if dry.status != 201 || dry.body["created"] != 3.0 || dry.body["id"] != nil || dry.body["errors"] != 0.0 {
			t.Fatal(dry.status, dry.raw)
		}
		at := strings.TrimPrefix(dry.header.Get("Location"), "/api/v1")
		if a := s.call("viewer", "GET", at+"/rows?outcome=created&limit=2", "", nil); a.status != 200 || len(a.body["items"].([]any)) != 2 || a.body["next"] == "" {
			t.Error(a.status, a.raw)
		}
		if a := s.call("member", "POST", at+"/apply", "application/json", strings.NewReader(`{}`)); a.status != 200 || a.body["id"] == nil {
			t.Error(a.status, a.raw)
		}
		if a := s.call("member", "POST", at+"/apply", "", nil); a.status != 409 || a.header.Get("Content-Type") != "application/problem+json" {
			t.Error(a.status, a.raw)
		}
		stopped := s.send(march)
		if stopped.status != 409 || stopped.body["key"] != "intake.err.absent_guard" || stopped.header.Get("Location") == "" {
			t.Error(stopped.status, stopped.raw)
		}
		done := s.send(march, "confirm_absent", "true", "mapping", `{"columns": {"契約番号": "key", "会社名": "organization", "更新日": "renewal_date"}, "rest": "ignore"}`)
		if done.status != 201 || done.body["absent"] != 1.0 || done.body["invalid"] != 1.0 || len(done.body["problems"].([]any)) != 1 {
			t.Fatal(done.status, done.raw)
		}
		at = strings.TrimPrefix(done.header.Get("Location"), "/api/v1")
		if a := s.call("viewer", "GET", at, "", nil); a.body["state"] != "applied" {
			t.Error(a.raw)
		}
		if a := s.call("viewer", "GET", at+"/errors.csv", "", nil); a.status != 200 || !strings.Contains(a.raw, "令和8年2月30日") {
			t.Error(a.status, a.raw)
		}
		if a := s.call("member", "POST", at+"/undo", "", nil); a.status != 200 || a.body["state"] != "undone" || len(a.body["kept"].([]any)) != 0 {
			t.Error(a.status, a.raw)
		}
		if a := s.call("viewer", "GET", "/imports?limit=1", "", nil); len(a.body["items"].([]any)) != 1 || a.body["next"] == "" {
			t.Error(a.raw)
		}
	})
}

func TestRESTRefuses(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	contentType, body := multi(t, february)
	for _, c := range []struct {
		name string
		a    answer
		want int
	}{
		{"viewer", s.call("viewer", "POST", "/imports", contentType, body), 403},
		{"no multipart", s.call("member", "POST", "/imports", "application/json", strings.NewReader("{}")), 415},
		{"no file", s.send(""), 422},
		{"mapping is no JSON", s.send(february, "mapping", "{"), 422},
		{"mode", s.send(february, "mode", "all"), 422},
		{"unknown target", s.send(february, "mapping", `{"columns": {"契約番号": "key", "会社名": "sausage"}}`), 422},
		{"unknown import", s.call("member", "GET", "/imports/1", "", nil), 404},
		{"no id", s.call("member", "GET", "/imports/x", "", nil), 404},
		{"outcome", s.call("member", "GET", "/imports/1/rows?outcome=x", "", nil), 422},
		{"method", s.call("member", "DELETE", "/imports/1", "", nil), 405},
	} {
		if c.a.status != c.want || c.a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", c.name, c.a.status, c.a.raw)
		}
	}
}

func TestRespondAsync(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	contentType, body := multi(t, february)
	a := s.call("member", "POST", "/imports", contentType, body, "Prefer", "respond-async")
	if a.status != 202 || a.header.Get("Location") == "" {
		t.Fatal(a.status, a.raw)
	}
	at := strings.TrimPrefix(a.header.Get("Location"), "/api/v1")
	if p := s.get(at); p.Find("[hx-trigger='every 1s']").Length() != 1 || p.Find("a.btn[href='"+at+"']").Length() != 1 {
		t.Error("no progress is shown")
	}
	stop := s.work()
	defer stop()
	testkit.Eventually(t, "the job applies it", func() bool { return s.call("member", "GET", at, "", nil).body["state"] == "applied" })
}
