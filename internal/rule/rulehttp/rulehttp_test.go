package rulehttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/rule"
	"kizuki/internal/task/taskhttp"
	"kizuki/internal/testkit"
	"kizuki/internal/web/words"
	"kizuki/internal/web/words/wordstest"
	"kizuki/internal/who"
)

func TestWords(t *testing.T) {
	wordstest.CheckCatalogues(t, os.DirFS("words"))
	words.Add(taskhttp.Words()) // the bounds of a task are said there
	wordstest.CheckTempl(t, "..")
}

func step(i int, n, unit, side, tasks string) url.Values {
	at := fmt.Sprint(".", i)
	return url.Values{"n" + at: {n}, "unit" + at: {unit}, "side" + at: {side}, "tasks" + at: {tasks}, "to" + at: {"owner"}}
}

func merged(list ...url.Values) url.Values {
	out := url.Values{"name": {"更新の4週前"}, "on": {"renewal_date"}, "do": {"save"}}
	for _, v := range list {
		for k, x := range v {
			out[k] = x
		}
	}
	return out
}

func TestTheEmptyPageTeaches(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	p := s.get("/rules")
	if p.status != 200 || p.Find(".empty h1").Length() != 1 || p.Find("a[href^='/rules/new?preset=']").Length() != 5 {
		t.Fatal(p.status, p.Find(".empty").Text())
	}
	p = s.get("/rules/new?preset=all")
	if p.Find("textarea").Length() != 4 || p.Find("input[name='n.0']").AttrOr("value", "") != "90" || p.Find("#name").AttrOr("value", "") != "更新までの4つの節目" {
		t.Error(p.Find("form").Text())
	}
	if s.do(who.Viewer, "GET", "/rules", nil, false).Find("a[href^='/rules/new']").Length() != 0 || s.do(who.Viewer, "GET", "/rules/new", nil, false).status != 403 {
		t.Error("a viewer only reads")
	}
}

func TestAPresetCanBeSavedAsItIs(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	for _, key := range []string{"all", "90", "60", "30", "14"} {
		p := s.get("/rules/new?preset=" + key)
		form := url.Values{"do": {"save"}}
		p.Find("form[action='/rules'] [name]").Each(func(_ int, e *goquery.Selection) {
			switch name := e.AttrOr("name", ""); goquery.NodeName(e) {
			case "input":
				form.Set(name, e.AttrOr("value", ""))
			case "textarea":
				form.Set(name, e.Text())
			case "select":
				form.Set(name, e.Find("option[selected]").AttrOr("value", ""))
			}
		})
		s.draft(form)
	}
	list, err := s.svc.List(s.ctx)
	if err != nil || len(list) != 5 {
		t.Fatal(err, len(list))
	}
	for _, r := range list {
		if st := r.Spec.Steps[0]; st.Offset >= 0 || len(st.Tasks) != 2 || st.Tasks[0].Minutes == 0 || strings.HasSuffix(st.Tasks[0].Title, "分") {
			t.Errorf("%+v", r.Spec)
		}
	}
	if p := s.get("/rules"); p.Find("li p a[href^='/rules/']").Length() < 5 || !strings.Contains(p.Text(), "更新日の90日前、60日前、30日前、14日前") {
		t.Error(p.Text())
	}
}

func TestRowsOfStepsWithoutAScript(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	form := merged(step(0, "９０", "days", "before", "聞く １０分\n\n見る"), step(1, "5", "business", "after", "送る"))
	form.Set("do", "add")
	p := s.post("/rules", form)
	if p.status != 200 || p.Find("textarea").Length() != 3 || p.Find("textarea").First().Text() != "聞く １０分\n\n見る" {
		t.Error(p.status, p.Find("textarea").Length())
	}
	form.Set("do", "remove.0")
	if p = s.post("/rules", form); p.Find("textarea").Length() != 1 || p.Find("textarea").Text() != "送る" || p.Find("select[name='side.0'] option[selected]").AttrOr("value", "") != "after" {
		t.Error(p.Find("textarea").Text())
	}
	if list, _ := s.svc.List(s.ctx); len(list) != 0 {
		t.Error("nothing is saved by that")
	}
	form.Set("do", "save")
	at := s.draft(form)
	list, _ := s.svc.List(s.ctx)
	st := list[0].Spec.Steps
	if st[0].Offset != -90 || st[0].Tasks[0] != (rule.Todo{Title: "聞く", Minutes: 10}) || st[0].Tasks[1].Title != "見る" || st[1].Offset != 5 || st[1].Unit != rule.Business {
		t.Errorf("%+v", st)
	}
	p = s.get(at)
	if p.Find("figure circle").Length() != 2 || p.Find("figure text").Length() != 3 || !strings.Contains(p.Find("figcaption").Text(), "更新日の90日前、5営業日後") || p.Find("[style]").Length() != 0 {
		t.Error(p.Find("figure").Text())
	}
}

func TestWhatIsWrongStandsWhereItIs(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	form := merged(step(0, "x", "days", "before", "聞く"))
	if p := s.post("/rules", form); p.status != 422 || p.Find("[id='n.0-error']").Length() != 1 {
		t.Error(p.status)
	}
	form = merged(step(0, "7", "days", "before", ""))
	form.Set("name", "")
	p := s.post("/rules", form)
	if p.status != 422 || p.Find("#name-error").Length() != 1 || p.Find("[id='tasks.0-error']").Length() != 1 {
		t.Error(p.status, p.Find(".error").Text())
	}
	if p = s.post("/rules", url.Values{"name": {"a"}, "on": {"renewal_date"}}); p.status != 422 || !strings.Contains(p.Text(), "節目をひとつは") {
		t.Error(p.status)
	}
}

func TestPreviewGoLivePause(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		form := merged(step(0, "42", "days", "before", "今日のこと"), step(1, "28", "days", "before", "意向を聞く"), step(2, "60", "days", "before", "過ぎたこと"))
		form.Set("do", "preview")
		p := s.post("/rules", form)
		if p.status != 200 || !strings.Contains(squeeze(p.Find("#preview-today").Text()), "2/17 火 みなと物流 本社契約 今日のこと 岡田 真帆") ||
			!strings.Contains(squeeze(p.Find("#preview-next").Text()), "3/3 火") || !strings.Contains(p.Find("#preview-today").Text(), "今日の分は作りません") {
			t.Fatal(p.status, squeeze(p.Text()))
		}
		form.Set("do", "save")
		at := s.draft(form)
		p = s.get(at)
		if !strings.Contains(p.Find("#live").Text(), "次の節目から始めます。過ぎた分は作りません。") || !strings.Contains(p.Find("#live").Text(), "1件あります") {
			t.Error(p.Find("#live").Text())
		}
		if p = s.post(at+"/live", url.Values{"from": {"next"}}); p.to != at {
			t.Error(p.status)
		}
		if p = s.get(at); !strings.Contains(p.Find("#live button").Text(), "止める") {
			t.Error(p.Find("#live").Text())
		}
		s.post(at+"/pause", nil)
		if list, _ := s.svc.List(s.ctx); list[0].State != rule.Paused {
			t.Error(list[0].State)
		}
		if p = s.post(at+"/delete", nil); p.to != at {
			t.Error("it is told why not", p.to)
		}
		form.Set("name", "べつの名前")
		form.Set("version", "1")
		if p = s.post(at, form); p.to != at {
			t.Error(p.status)
		}
		if p = s.post(at, form); p.status != http.StatusConflict || p.Find("#name").AttrOr("value", "") != "べつの名前" {
			t.Error("a stale form", p.status)
		}
		if p = s.get("/rules/7"); p.status != 404 {
			t.Error(p.status)
		}
	})
}

func TestCountsFromADateOfTheTeam(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	admin := who.With(s.ctx, who.System(s.ws, nil))
	_, err := s.fields.Create(admin, field.Input{Key: "opening", Type: field.Date, Labels: map[string]string{"ja": "開通日"}})
	if err != nil {
		t.Fatal(err)
	}
	if p := s.get("/rules/new"); p.Find("#on option[value='field:opening']").Text() != "開通日" {
		t.Error(p.Find("#on").Text())
	}
	form := merged(step(0, "5", "business", "after", "使い始めを聞く"))
	form.Set("on", "field:opening")
	if p := s.get(s.draft(form)); !strings.Contains(p.Find("figcaption").Text(), "開通日の5営業日後") {
		t.Error(p.Find("figcaption").Text())
	}
}

func TestREST(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		var status int
		call := func(method, path, body string) map[string]any {
			t.Helper()
			r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer member")
			w := httptest.NewRecorder()
			s.http.ServeHTTP(w, r)
			status = w.Code
			var out map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
				t.Fatal(err, w.Body.String())
			}
			return out
		}
		spec := `{"on": "renewal_date", "steps": [{"offset": -42, "tasks": [{"title": "聞く", "minutes": 10}]}, {"offset": -20, "unit": "business", "tasks": [{"title": "送る"}]}]}`
		made := call("POST", "/rules", `{"name": "更新の前", "spec": `+spec+`}`)
		if status != 201 || made["state"] != "draft" || made["version"] != 1.0 || made["owner_name"] != "岡田 真帆" {
			t.Fatal(status, made)
		}
		at := "/rules/" + made["id"].(string)
		if p := call("GET", at+"/preview", ""); p["today_count"] != 1.0 || p["today"].([]any)[0].(map[string]any)["contract"] != s.contract.String() {
			t.Error(status, p)
		}
		if p := call("POST", "/rules/preview", `{"spec": `+spec+`}`); p["today_count"] != 1.0 {
			t.Error(status, p)
		}
		if got := call("PATCH", at, `{"name": "更新の6週前", "version": 1}`); got["name"] != "更新の6週前" || got["version"] != 1.0 {
			t.Error(status, got)
		}
		if got := call("PATCH", at, `{"spec": `+spec+`, "version": 1}`); got["version"] != 2.0 {
			t.Error(status, got)
		}
		if call("PATCH", at, `{"spec": `+spec+`, "version": 1}`); status != 409 {
			t.Error(status)
		}
		if call("POST", "/rules", `{"name": "a", "spec": {"on": "renewal_date", "steps": []}}`); status != 422 {
			t.Error(status)
		}
		if got := call("POST", at+"/live", `{"from": "next"}`); got["state"] != "live" || got["live_from"] != "2026-02-17" {
			t.Error(status, got)
		}
		if got := call("POST", at+"/pause", ``); got["state"] != "paused" {
			t.Error(status, got)
		}
		if got := call("GET", "/rules", ``); len(got["items"].([]any)) != 1 {
			t.Error(status, got)
		}
		if call("GET", "/rules/7", ``); status != 404 {
			t.Error(status)
		}
	})
}

func TestTheBudgetIsAnAdmins(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	s.draft(merged(step(0, "28", "days", "before", "意向を聞く")))
	p := s.get("/rules")
	if !strings.Contains(p.Find("#budget").Text(), "ひとり1日15分") || p.Find("#budget form").Length() != 0 || p.Find("#budget a[href='/load']").Length() != 1 {
		t.Error(p.Find("#budget").Text())
	}
	if p = s.post("/rules/budget", url.Values{"minutes": {"20"}}); p.status != 403 {
		t.Error("a member's", p.status)
	}
	admin := func(minutes string) page {
		return s.do(who.Admin, "POST", "/rules/budget", url.Values{"minutes": {minutes}}, false)
	}
	for _, bad := range []string{"", "4", "481", "-5", "たくさん"} {
		if p = admin(bad); p.status != 422 || !strings.Contains(p.Find("#budget .error").Text(), "5から480まで") || p.Find("#minutes").AttrOr("value", "") != bad {
			t.Error(bad, p.status, p.Find("#budget").Text())
		}
	}
	if p = admin("20"); p.to != "/rules" {
		t.Error(p.status)
	}
	if p = s.do(who.Admin, "GET", "/rules", nil, false); p.Find("#minutes").AttrOr("value", "") != "20" || !strings.Contains(p.Find("#budget").Text(), "20分") {
		t.Error(p.Find("#budget").Text())
	}
}

func TestTheLoadPage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		at := s.draft(merged(step(0, "28", "days", "before", "意向を聞く 10分")))
		s.post(at+"/live", url.Values{"from": {"next"}})
		p := s.do(who.Viewer, "GET", "/load", nil, false)
		rows := p.Find("table.load tbody tr")
		if p.status != 200 || rows.Length() != 1 || rows.Find("th").Text() != "岡田 真帆" || rows.Find("td svg").Length() != 8 || p.Find("thead th").Length() != 9 {
			t.Fatal(p.status, squeeze(p.Find("table").Text()))
		}
		said := rows.Find("td .sr").Eq(2).Text()
		if said != "3/2 月の週：確認10分、タスク0分、目安75分" || rows.Find("td svg title").Eq(2).Text() != said {
			t.Error(said)
		}
		if h := rows.Find("td svg .checks").Eq(2).AttrOr("height", ""); h == "0" || h == "" || rows.Find("td svg .checks").Eq(1).AttrOr("height", "") != "0" {
			t.Error("the bar stands in its week", h)
		}
		if p.Find("[style]").Length() != 0 {
			t.Error("no style attributes")
		}
	})
	s := newSite(t, testkit.SQLite(t))
	if err := s.d.InTx(s.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, "UPDATE contract SET owner_id = NULL WHERE workspace_id = $1", s.ws)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if p := s.get("/load"); p.Find(".empty h1").Length() != 1 {
		t.Error("nobody: the page says what will stand here")
	}
}

func TestLoadOverREST(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		at := s.draft(merged(step(0, "28", "days", "before", "意向を聞く 10分")))
		s.post(at+"/live", url.Values{"from": {"next"}})
		call := func(role who.Role, method, path, body string) (int, map[string]any) {
			t.Helper()
			r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+string(role))
			w := httptest.NewRecorder()
			s.http.ServeHTTP(w, r)
			var out map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
				t.Fatal(err, w.Body.String())
			}
			return w.Code, out
		}
		status, got := call(who.Viewer, "GET", "/load?weeks=3", "")
		owners, _ := got["owners"].([]any)
		if status != 200 || got["budget"] != 15.0 || len(got["weeks"].([]any)) != 3 || len(owners) != 1 {
			t.Fatal(status, got)
		}
		weeks := owners[0].(map[string]any)["weeks"].([]any)
		if owners[0].(map[string]any)["member"] != s.okada.String() || weeks[2].(map[string]any)["checks"] != 10.0 || weeks[1].(map[string]any)["checks"] != 0.0 {
			t.Error(got)
		}
		if _, got = call(who.Viewer, "GET", "/load", ""); len(got["weeks"].([]any)) != 8 {
			t.Error(got)
		}
		for _, bad := range []string{"0", "13", "x"} {
			if status, _ = call(who.Member, "GET", "/load?weeks="+bad, ""); status != 422 {
				t.Error(bad, status)
			}
		}
		for role, want := range map[who.Role]int{who.Viewer: 403, who.Member: 403, who.Admin: 200} {
			if status, got = call(role, "PUT", "/load/budget", `{"minutes": 30}`); status != want {
				t.Error(role, status, got)
			}
		}
		if status, _ = call(who.Admin, "PUT", "/load/budget", `{"minutes": 2}`); status != 422 {
			t.Error(status)
		}
		if _, got = call(who.Viewer, "GET", "/load", ""); got["budget"] != 30.0 {
			t.Error(got["budget"])
		}
		if _, got = call(who.Member, "GET", at+"/preview", ""); got["next_30"].([]any)[0].(map[string]any)["plan"] != "2026-03-03" {
			t.Error(got)
		}
	})
}
