package taskhttp_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/web/words/wordstest"
	"kizuki/internal/who"
)

func TestWords(t *testing.T) {
	wordstest.CheckCatalogues(t, os.DirFS("words"))
	wordstest.CheckTempl(t, "..")
}

func TestPanel(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	if !strings.Contains(s.panel().Text(), "やることはありません") {
		t.Error("an empty panel says so")
	}
	s.create(task.New{Contract: s.contract, Title: "村上部長に電話する", Due: "2026-02-17"})
	s.create(task.New{Contract: s.contract, Title: "意向を聞く", Due: "2026-03-03", Owner: s.abe, OriginKind: task.RuleOrigin, OriginID: 5})
	s.create(task.New{Contract: s.contract, Title: "送る", Due: "2026-02-13"})
	s.post(s.create(task.New{Contract: s.contract, Title: "12月の実績を送る"})+"/done", url.Values{"done": {"1"}})
	p := s.panel()
	rows := p.Find("li.task")
	want := []string{"送る 4日過ぎ 岡田 真帆", "村上部長に電話する 今日 岡田 真帆", "意向を聞く 3/3 火 阿部 航、ルール「更新の4週前」", "12月の実績を送る 今日、岡田 真帆"}
	for i, w := range want {
		row := rows.Eq(i)
		got := squeeze(row.Find("label").First().Text() + " " + row.Find(".due").Text() + " " + row.Find(".more.remark, .more > summary").First().Text())
		if got != w {
			t.Errorf("row %d: %q, want %q", i, got, w)
		}
	}
	if rows.Eq(0).Find(".due.late").Length() != 1 || rows.Eq(1).Find(".due.soon").Length() != 1 || rows.Eq(2).Find(".due.soon").Length() != 0 {
		t.Error("amber is for today, vermilion for what has passed")
	}
	if _, ticked := rows.Eq(3).Find("input[type=checkbox]").Attr("checked"); !ticked {
		t.Error("what is done is ticked")
	}
	if p.Find("[style], #contract-tasks script").Length() > 0 {
		t.Error("the policy allows no inline style")
	}
}

// The calendar shows what is due in a month, open or done as the filter says.
func TestCalendar(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		for i := range 7 {
			s.create(task.New{Contract: s.contract, Title: fmt.Sprint("確かめる", i), Due: "2026-02-20"})
		}
		s.create(task.New{Contract: s.contract, Title: "三月の話", Due: "2026-03-02"})
		s.create(task.New{Contract: s.contract, Title: "日のないもの"})
		p := s.get("/tasks?owner=all&state=open&as=calendar")
		if text := squeeze(p.Find(".months h2").Text()); text != "2026年2月" || p.Find(".calendar li").Length() != 5 || squeeze(p.Find(".calendar td p.remark").Text()) != "ほか2件" {
			t.Errorf("%s: %s", text, squeeze(p.Find(".calendar").Text()))
		}
		if href, _ := p.Find(".calendar li a").First().Attr("href"); !strings.HasPrefix(href, "/tasks/") {
			t.Errorf("a day leads to %s", href)
		}
		next, _ := p.Find(".months a[rel=next]").Attr("href")
		if p = s.get(next); squeeze(p.Find(".calendar li").Text()) != "三月の話 みなと物流" || p.Find(`form input[name=as][value=calendar]`).Length() != 1 {
			t.Errorf("%s: %s", next, squeeze(p.Find(".calendar li").Text()))
		}
		if p = s.get("/tasks?owner=all&state=done&as=calendar"); p.Find(".calendar li").Length() != 0 {
			t.Error("what is open is done")
		}
		if p = s.get("/tasks?owner=all&as=calendar&month=x"); p.Find(".calendar").Length() != 1 || p.Find(`.tally a[aria-current]`).Text() != "カレンダー" {
			t.Errorf("%d", p.status)
		}
	})
}

func TestAddToAContract(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	form := url.Values{"contract": {s.contract.String()}, "back": {"/contracts/" + s.contract.String()},
		"title": {"見積もりを送る"}, "due": {"来週金曜"}, "minutes": {"１５分"}}
	p := s.post("/tasks", form)
	if p.status != http.StatusSeeOther || p.to != "/contracts/"+s.contract.String() {
		t.Error(p.status, p.to)
	}
	list, _ := s.svc.ForContract(s.ctx, s.contract)
	if it := list.Open[0]; it.Due != "2026-02-27" || it.Minutes != 15 || it.Owner != s.okada {
		t.Errorf("%+v", it)
	}
	p = s.touch("/tasks", form)
	if p.status != 200 || p.Find("#contract-tasks li.task").Length() != 2 || p.toast != "「見積もりを送る」を足しました" || !strings.HasSuffix(p.undo, "/delete") {
		t.Error(p.status, p.toast, p.undo)
	}
	if undone := s.touch(p.undo, nil); undone.status != 200 || undone.header.Get("HX-Reswap") != "none" {
		t.Error(undone.status)
	}
	if list, _ := s.svc.ForContract(s.ctx, s.contract); len(list.Open) != 1 {
		t.Error("an undo takes it away again")
	}
	form.Set("due", "そのうち")
	p = s.touch("/tasks", form)
	if p.status != 422 || !strings.Contains(p.Find("#task-due-error").Text(), "日付を読み取れません") || p.Find("#task-title").AttrOr("value", "") != "見積もりを送る" {
		t.Error("what was typed stays", p.status)
	}
	if p = s.post("/tasks", form); p.status != 422 || p.Find("#task-due-error").Length() != 1 || p.Find("input[name=contract]").AttrOr("value", "") == "" {
		t.Error("without a script, too", p.status)
	}
	form.Set("back", "https://evil.example")
	form.Set("due", "")
	if p = s.post("/tasks", form); p.to != "/contracts/"+s.contract.String() {
		t.Error("back stays on this site", p.to)
	}
}

func TestTickAndUntick(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		at := s.create(task.New{Contract: s.contract, Title: "電話する"})
		back := "?back=%2Fcontracts%2F" + s.contract.String()
		p := s.touch(at+"/done"+back, url.Values{"done": {"1"}})
		if p.status != 200 || p.Find("li.task input[checked]").Length() != 1 || p.toast != "「電話する」をすませました" || s.task(at).State != task.StateDone {
			t.Fatal(p.status, p.toast)
		}
		undone := s.touch(p.undo, nil)
		if undone.header.Get("HX-Reswap") != "none" || undone.Find("div[hx-swap-oob] li.task").Length() != 1 || !s.task(at).Open() {
			t.Error("an undo puts the row in its place", p.undo)
		}
		s.touch(at+"/done"+back, url.Values{"done": {"1"}})
		if p := s.touch(at+"/done"+back, nil); p.Find("li.task input[checked]").Length() != 0 || !s.task(at).Open() {
			t.Error("unticked is open again")
		}
		p = s.post(at+"/done"+back, url.Values{"done": {"1"}, "words": {"明るい声だった"}})
		if p.status != http.StatusSeeOther || p.to != "/contracts/"+s.contract.String() || len(s.notes) != 1 {
			t.Error(p.status, p.to, s.notes)
		}
	})
}

func TestOpenPartsAreAskedFor(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	at := s.create(task.New{Title: "資料"})
	s.create(task.New{Title: "図", Parent: s.task(at).ID})
	p := s.touch(at+"/done", url.Values{"done": {"1"}})
	if p.status != 200 || !strings.Contains(p.Find("[role=alert]").Text(), "1件残っています") || p.Find("button[name=all]").Length() != 1 ||
		p.Find("input[checked]").Length() != 0 || !s.task(at).Open() {
		t.Error(p.status, p.Text())
	}
	p = s.post(at+"/done", url.Values{"done": {"1"}})
	if p.status != http.StatusConflict || p.Find("button[name=all]").Length() != 1 {
		t.Error("a page asks, too", p.status)
	}
	if p = s.post(at+"/done", url.Values{"done": {"1"}, "all": {"1"}}); p.status != http.StatusSeeOther || s.task(at).Open() {
		t.Error(p.status)
	}
}

func TestSkipAndSnooze(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	at := s.create(task.New{Contract: s.contract, Title: "電話する", Due: "2026-02-17"})
	row := s.panel().Find("li.task").First()
	monday := row.Find("button[name=until]").Eq(1).AttrOr("value", "")
	if monday != "2026-02-23" {
		t.Error(monday)
	}
	p := s.touch(at+"/snooze", url.Values{"until": {monday}})
	if s.task(at).SnoozeUntil != "2026-02-24" || p.toast != "「電話する」を後回しにしました（あと7日）" || !strings.Contains(p.Find(".remark").Text(), "2/24 火まで後回し") {
		t.Error("the 23rd is a holiday", s.task(at).SnoozeUntil, p.toast)
	}
	s.touch(p.undo, nil)
	if s.task(at).SnoozeUntil != "" {
		t.Error(p.undo)
	}
	if p = s.post(at+"/snooze", url.Values{"until": {""}, "day": {"3/15"}}); p.status != http.StatusSeeOther || s.task(at).SnoozeUntil != "2026-03-16" {
		t.Error(p.status, s.task(at).SnoozeUntil)
	}
	if p = s.post(at+"/snooze", url.Values{"until": {""}, "day": {"きのう"}}); p.status != 422 || !strings.Contains(p.Text(), "過ぎた日には延ばせません") {
		t.Error(p.status)
	}
	if p = s.touch(at+"/snooze", url.Values{}); p.status != 422 {
		t.Error(p.status)
	}
	if p = s.post(at+"/skip", url.Values{"why": {""}}); p.status != 422 || p.Find("#why-error").Length() != 1 {
		t.Error(p.status)
	}
	p = s.touch(at+"/skip", url.Values{"why": {"先方が済ませた"}})
	if p.status != 200 || s.task(at).State != task.StateSkipped || !strings.Contains(p.Find(".remark").Text(), "見送り、先方が済ませた") {
		t.Error(p.status, p.Find(".remark").Text())
	}
}

func TestListGroups(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	for due, n := range map[string]int{"2026-02-16": 2, "2026-02-17": 1, "2026-02-22": 1, "2026-02-23": 60, "": 1} {
		for i := range n {
			s.create(task.New{Title: fmt.Sprint(due, i), Due: dateOf(due)})
		}
	}
	s.create(task.New{Title: "hers", Owner: s.abe})
	p := s.get("/tasks")
	heads := squeeze(strings.Join(p.Find("#task-rows h2").Map(text), " "))
	if p.status != 200 || heads != "過ぎた 今日 今週 これから" || p.Find("#task-rows li.task").Length() != 50 || strings.Contains(p.Text(), "hers") {
		t.Error(p.status, heads)
	}
	next := p.Find("#pager a").AttrOr("href", "")
	p = s.get(next)
	if heads := squeeze(strings.Join(p.Find("#task-rows h2").Map(text), " ")); heads != "期日なし" || p.Find("#task-rows li.task").Length() != 15 || p.Find("#pager a").Length() != 0 {
		t.Error(next, heads, p.Find("#task-rows li.task").Length())
	}
	if p = s.get("/tasks?owner=" + s.abe.String()); p.Find("#task-rows li.task").Length() != 1 || p.Find("#by-owner > summary").Text() != "阿部 航さん" {
		t.Error(p.Find("form.sentence").Text())
	}
	if p = s.get("/tasks?owner=all&state=done"); !strings.Contains(p.Text(), "まだありません") || p.Find(".siblings a[aria-current]").Text() != "すんだ" {
		t.Error(p.Text())
	}
	if p = s.do(who.Viewer, "GET", "/tasks", nil, false); p.Find("form[method=post]").Length() != 0 || p.status != 200 {
		t.Error("a viewer only reads")
	}
	if p = s.do(who.Viewer, "POST", "/tasks", url.Values{"title": {"a"}}, false); p.status != 403 {
		t.Error(p.status)
	}
}

func TestDetailAndEdit(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	at := s.create(task.New{Contract: s.contract, Title: "資料", Due: "2026-02-17", Minutes: 30})
	p := s.get(at)
	if p.status != 200 || p.Find("h1").Text() != "資料" || p.Find("dl a").AttrOr("href", "") != "/contracts/"+s.contract.String() {
		t.Error(p.status, p.Find("h1").Text())
	}
	if p = s.get("/tasks/7"); p.status != 404 {
		t.Error(p.status)
	}
	form := url.Values{"title": {"資料を送る"}, "owner": {s.abe.String()}, "due": {"明日"}, "minutes": {"20"},
		"old_title": {"資料"}, "old_owner": {s.okada.String()}, "old_due_date": {"2026-02-17"}, "old_minutes": {"30"}}
	if p = s.post(at+"/edit", form); p.status != http.StatusSeeOther {
		t.Fatal(p.status, p.Text())
	}
	if it := s.task(at); it.Title != "資料を送る" || it.Owner != s.abe || it.Due != "2026-02-18" || it.Minutes != 20 {
		t.Errorf("%+v", it)
	}
	form.Set("title", "資料を届ける")
	p = s.post(at+"/edit", form)
	if p.status != http.StatusConflict || p.Find("#title-error").Length() != 1 || p.Find("#title").AttrOr("value", "") != "資料を届ける" ||
		p.Find("input[name=old_title]").AttrOr("value", "") != "資料を送る" {
		t.Error("a stale form comes back with what is there now", p.status)
	}
	form.Set("due", "x")
	if p = s.post(at+"/edit", form); p.status != 422 || p.Find("#due-error").Length() != 1 {
		t.Error(p.status)
	}
	part := s.post("/tasks", url.Values{"parent": {s.task(at).ID.String()}, "title": {"図"}})
	if part.to != at || s.get(at).Find("#parts li.task").Length() != 1 {
		t.Error(part.to)
	}
	if p = s.post(at+"/delete", nil); p.status != http.StatusSeeOther || s.task(at).State != task.StateClosed {
		t.Error(p.status)
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
		made := call("POST", "/tasks", `{"title": "電話する", "contract": "`+s.contract.String()+`", "due_date": "2026-02-18"}`)
		if status != 201 || made["owner_name"] != "岡田 真帆" || made["contract"] != s.contract.String() || made["state"] != "open" || made["parent"] != nil {
			t.Fatal(status, made)
		}
		at := "/tasks/" + made["id"].(string)
		got := call("PATCH", at, `{"set": {"title": "訪ねる", "minutes": 30}, "was": {"title": "電話する"}}`)
		if status != 200 || got["title"] != "訪ねる" || got["minutes"] != 30.0 || got["version"] != 2.0 {
			t.Error(status, got)
		}
		got = call("PATCH", at, `{"set": {"title": "x"}, "was": {"title": "電話する"}}`)
		if status != 409 || !strings.Contains(fmt.Sprint(got["errors"]), "訪ねる") {
			t.Error(status, got)
		}
		if got = call("POST", at+"/snooze", `{"until": "2026-02-21"}`); got["snooze_until"] != "2026-02-24" {
			t.Error(status, got)
		}
		if got = call("POST", at+"/skip", `{"why": ""}`); status != 422 {
			t.Error(status, got)
		}
		if got = call("POST", at+"/done", `{"words": "よかった"}`); got["state"] != "done" || got["done_at"] != "2026-02-17T01:00:00Z" || len(s.notes) != 1 {
			t.Error(status, got)
		}
		if got = call("POST", at+"/reopen", ``); got["state"] != "open" || got["done_at"] != nil {
			t.Error(status, got)
		}
		call("POST", "/tasks", `{"title": "b"}`)
		got = call("GET", "/tasks?owner=me&state=open&limit=1", "")
		if items := got["items"].([]any); status != 200 || len(items) != 1 || got["next"] == "" {
			t.Error(status, got)
		}
		got = call("GET", "/tasks?limit=1&cursor="+url.QueryEscape(got["next"].(string)), "")
		if items := got["items"].([]any); len(items) != 1 || items[0].(map[string]any)["title"] != "b" || got["next"] != "" {
			t.Error(status, got)
		}
		if call("GET", "/tasks/7", ""); status != 404 {
			t.Error(status)
		}
	})
}
