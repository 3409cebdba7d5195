package taskhttp_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

func said(s *goquery.Selection) string {
	return strings.Join(s.Map(func(_ int, e *goquery.Selection) string { return squeeze(e.Text()) }), "|")
}

func lanes(p page) string {
	return strings.Join(p.Find(".lane").Map(func(_ int, s *goquery.Selection) string {
		return squeeze(s.Find("h2").Text()+" "+s.Find("h2 + .remark").Text()) + ": " + said(s.Find(".card .name"))
	}), " / ")
}

// sentence is the filter without what its phrases open.
func sentence(p page) string {
	form := p.Find("form.sentence").Clone()
	form.Find(".pop").Remove()
	return strings.ReplaceAll(squeeze(form.Text()), " ", "")
}

func TestTable(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.create(task.New{Contract: s.contract, Title: "送る", Due: "2026-02-20", Minutes: 20})
		s.create(task.New{Contract: s.contract, Title: "聞く", Due: "2026-02-18", OriginKind: task.RuleOrigin, OriginID: 5})
		p := s.get("/tasks?as=table")
		if got := said(p.Find("th[scope=col]")); p.status != 200 || got != "選ぶ|すること|契約|担当|期日|見込み（分）|どこから" {
			t.Fatal(p.status, got)
		}
		if got := said(p.Find("#rows tr").First().Find("td")); !strings.Contains(got, "聞く") || !strings.Contains(got, "みなと物流 本社契約") || !strings.Contains(got, "ルール「更新の4週前」") {
			t.Error(got)
		}
		if got := said(p.Find(".tally")); !strings.HasPrefix(got, "2件、見込み25分") {
			t.Error(got)
		}
		p = s.get("/tasks?as=table&col=minutes&col=due&col=x&sort=-minutes")
		if got := said(p.Find("th[scope=col]")); got != "選ぶ|すること|見込み（分）|期日" || p.Find("th[aria-sort=descending]").Length() != 1 || !strings.HasPrefix(said(p.Find("#rows tr")), "送る") {
			t.Error(got, said(p.Find("#rows tr")))
		}
		left, _ := p.Find("#by-columns a").First().Attr("href")
		if p = s.get(left); said(p.Find("th[scope=col]")) != "選ぶ|すること|期日|見込み（分）" {
			t.Error(left)
		}
		if p = s.do(who.Viewer, "GET", "/tasks?as=table", nil, false); p.Find("details.cell").Length() != 0 || p.Find("#rows tr").Length() != 2 {
			t.Error("a viewer may change cells")
		}
		for range 60 {
			s.create(task.New{Title: "もっと", Due: "2026-03-01"})
		}
		p = s.get("/tasks?as=table&col=due")
		next, _ := p.Find("#pager a").Attr("href")
		if q := s.get(next); p.Find("#rows tr").Length() != 50 || q.Find("#rows tr").Length() != 12 || said(q.Find("th[scope=col]")) != "選ぶ|すること|期日" {
			t.Error(next, q.Find("#rows tr").Length())
		}
	})
}

func TestSentence(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	s.create(task.New{Contract: s.contract, Title: "見積もりを送る", Owner: s.abe, Due: "2026-02-20"})
	for address, want := range map[string]string{
		"":                                      "自分の、期日を問わない、これからのタスクを、期日の早い順に。条件を足す",
		"owner=" + s.abe.String() + "&due=week": "阿部航さんの、今週が期日の、これからのタスクを、期日の早い順に。条件を足す",
		"owner=all&state=done&done=7":           "みんなの、ここ7日で片づいた、期日を問わない、すんだタスクを、片づいた日の新しい順に。条件を足す",
		"q=送る&minutes.from=10&due.to=3/15":      "自分の、「送る」を含む、見込み（分）が10からの、期日が3/15までの、これからのタスクを、期日の早い順に。条件を足す",
		"contract=" + s.contract.String() + "&outlook=watch&as=table&by=phase": "自分の、「みなと物流本社契約」の、契約の見立てが「気がかり」の、期日を問わない、これからのタスクを、契約の段階ごとに、期日の早い順に。条件を足す列を選ぶ",
		"as=board":       "自分の、これからのタスクを、期日ごとに、期日の早い順に。条件を足す",
		"due=2026-02-20": "自分の、期日が2026年2月20日（金）の、これからのタスクを、期日の早い順に。条件を足す",
		"contract=77":    "自分の、「見られないもの」の、期日を問わない、これからのタスクを、期日の早い順に。条件を足す",
	} {
		p := s.get("/tasks?" + address)
		if got := sentence(p); p.status != 200 || got != want {
			t.Errorf("%s: %d %s", address, p.status, got)
		}
		for i := range p.Find(".pop .remark a").Length() { // each part can be removed
			href, _ := p.Find(".pop .remark a").Eq(i).Attr("href")
			if q := s.get(href); q.status != 200 || sentence(q) == want {
				t.Errorf("%s removes nothing of %s", href, address)
			}
		}
	}
	for _, bad := range []string{"due=x", "due.from=x", "minutes.to=x", "sort=x", "unit=x", "done=x", "owner=x"} {
		if p := s.get("/tasks?" + bad); p.status != 422 {
			t.Error(bad, p.status)
		}
	}
}

func TestBoardOfTasks(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		late := s.create(task.New{Title: "遅い", Due: "2026-02-10", Minutes: 10})
		s.create(task.New{Title: "今", Due: "2026-02-17"})
		s.create(task.New{Title: "来週", Due: "2026-02-24", Owner: s.abe})
		s.create(task.New{Title: "いつか", Owner: s.abe})
		p := s.get("/tasks?as=board&owner=all")
		if got := lanes(p); got != "期限切れ 1件、見込み10分: 遅い / 今日 1件、見込み5分: 今 / 今週:  / 来週 1件、見込み5分: 来週 / それ以降:  / 期日なし 1件、見込み5分: いつか" {
			t.Error(got)
		}
		values := strings.Join(p.Find(".lane ol").Map(func(_ int, o *goquery.Selection) string { return o.AttrOr("data-value", "takes none") }), " ")
		if values != "takes none 2026-02-17 2026-02-20 2026-02-27 2026-03-02 " {
			t.Error("a drop writes", values)
		}
		card := p.Find(".card").First()
		if p.Find("k-board").AttrOr("data-field", "") != "due" || card.AttrOr("data-was", "") != "2026-02-10" || card.AttrOr("data-at", "") != late || card.Find("details.cell").Length() != 1 {
			t.Error("a card does not say where it comes from")
		}
		if p = s.touch(late+"/edit/due", url.Values{"new": {"2026-02-20"}, "was": {"2026-02-10"}}); p.status != 200 || s.task(late).Due != "2026-02-20" || !strings.Contains(p.undo, "was=2026-02-20") {
			t.Error(p.status, s.task(late).Due, p.undo)
		}
		if s.touch(p.undo, nil); s.task(late).Due != "2026-02-10" {
			t.Error("undone", s.task(late).Due)
		}
		if got := lanes(s.get("/tasks?as=board&by=owner&owner=all")); got != "岡田 真帆: 遅い|今 / 阿部 航: 来週|いつか" {
			t.Error("people have figures", got)
		}
		s.post(late+"/done", url.Values{"done": {"1"}})
		if got := lanes(s.get("/tasks?as=board&by=state&owner=all")); got != "これから 3件: 今|来週|いつか / すんだ 1件: 遅い / 見送り: " {
			t.Error(got)
		}
		if got := squeeze(s.get("/tasks?owner=" + s.abe.String() + "&state=done&as=table").Find(".tally").Text()); strings.Contains(got, "件") {
			t.Error("how much somebody else has done is told:", got)
		}
		for i := range 25 {
			s.create(task.New{Title: fmt.Sprint(i), Due: "2026-02-17"})
		}
		p = s.get("/tasks?as=board")
		more, _ := p.Find(".lane").Eq(1).Find("p.remark a").Attr("href")
		if q := s.get(more); p.Find(".lane").Eq(1).Find(".card").Length() != 20 || q.Find("#rows tr").Length() != 26 {
			t.Error(more)
		}
	})
}

// A state is changed by the card's phrase, with a word where one is needed.
func TestStateCell(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	at := s.create(task.New{Contract: s.contract, Title: "送る"})
	p := s.touch(at+"/edit/state", url.Values{"new": {"skipped"}, "was": {"open"}})
	if p.status != 422 || !strings.HasSuffix(p.header.Get("HX-Retarget"), "-state .pop") || p.Find("form [aria-invalid]").Length() != 1 || p.Find("input[value=skipped][checked]").Length() != 1 {
		t.Error(p.status, p.Text())
	}
	if p = s.touch(at+"/edit/state", url.Values{"new": {"skipped"}, "was": {"open"}, "why": {"先方が済ませた"}}); p.status != 200 || s.task(at).State != task.StateSkipped || s.task(at).Why != "先方が済ませた" {
		t.Error(p.status, s.task(at).State)
	}
	if p = s.touch(at+"/edit/state", url.Values{"new": {"done"}, "was": {"open"}}); p.status != 409 || !strings.Contains(p.Find("[role=alert]").Text(), "見送り") {
		t.Error("somebody else settled it", p.status, p.Text())
	}
	if p = s.touch(at+"/edit/state", url.Values{"new": {"open"}, "was": {"skipped"}}); p.status != 200 || !s.task(at).Open() || p.undo != "" {
		t.Error(p.status, p.undo)
	}
	s.create(task.New{Title: "図", Parent: s.task(at).ID})
	p = s.post(at+"/edit/state", url.Values{"new": {"done"}, "was": {"open"}})
	if p.status != 409 || p.Find("button[name=all]").Length() != 1 || p.Find("input[value=done][checked]").Length() != 1 {
		t.Error(p.status, p.Text())
	}
	if p = s.post(at+"/edit/state", url.Values{"new": {"done"}, "was": {"open"}, "all": {"1"}, "back": {"/tasks?as=board"}}); p.status != 303 || p.to != "/tasks?as=board" || s.task(at).State != task.StateDone {
		t.Error(p.status, p.to)
	}
}

func TestCells(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		at := s.create(task.New{Contract: s.contract, Title: "送る", Due: "2026-02-20", Minutes: 20})
		for field, form := range map[string]url.Values{
			"title": {"new": {"届ける"}, "was": {"送る"}}, "owner": {"new": {s.abe.String()}, "was": {s.okada.String()}},
			"due": {"new": {"明日"}, "was": {"2026-02-20"}}, "minutes": {"new": {"１５分"}, "was": {"20"}},
		} {
			if p := s.get(at + "/edit/" + field); p.status != 200 || p.Find("[name=new]").Length() != 1 || p.Find("input[name=was]").AttrOr("value", "") != form.Get("was") {
				t.Error(field, p.status)
			}
			p := s.touch(at+"/edit/"+field, form)
			if p.status != 200 || p.undo == "" || p.Find("details.cell").Length() != 1 {
				t.Error(field, p.status, p.Text())
			}
			if p = s.touch(at+"/edit/"+field, form); p.status != 409 || p.Find("[role=alert]").Length() != 1 || p.Find("input[name=was]").AttrOr("value", "") == form.Get("was") {
				t.Error(field, "a stale change is taken", p.status)
			}
		}
		if it := s.task(at); it.Title != "届ける" || it.Owner != s.abe || it.Due != "2026-02-18" || it.Minutes != 15 {
			t.Errorf("%+v", it)
		}
		for field, form := range map[string]url.Values{"due": {"new": {"そのうち"}}, "minutes": {"new": {"x"}}, "title": {"new": {""}}, "owner": {"new": {"7"}}} {
			if p := s.post(at+"/edit/"+field, form); p.status != 422 || p.Find("[aria-invalid]").Length() != 1 {
				t.Error(field, p.status)
			}
		}
		p := s.touch(at+"/edit/owner", url.Values{"new": {""}, "was": {s.abe.String()}})
		if s.task(at).Owner != 0 || p.status != 200 {
			t.Error("nobody", p.status)
		}
		if s.touch(p.undo, nil); s.task(at).Owner != s.abe {
			t.Error("undone from nobody", p.undo)
		}
		for _, path := range []string{at + "/edit/why", "/tasks/7/edit/due"} {
			if p := s.get(path); p.status != 404 {
				t.Error(path, p.status)
			}
		}
		if p := s.do(who.Viewer, "POST", at+"/edit/due", url.Values{"new": {""}}, false); p.status != 403 {
			t.Error(p.status)
		}
	})
}

func TestExportOfTasks(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		for i := range 230 {
			s.create(task.New{Contract: s.contract, Title: fmt.Sprint(i), Due: "2026-03-01", Minutes: 5})
		}
		s.create(task.New{Title: "=1+1", Due: "2026-02-01", Owner: s.abe})
		p := s.get("/tasks?as=table&owner=all&col=due&col=owner")
		to, _ := p.Find(".tally a[download]").First().Attr("href")
		r := httptest.NewRequest("GET", to, nil)
		r.Header.Set("Cookie", "kizuki_session=member")
		w := httptest.NewRecorder()
		s.http.ServeHTTP(w, r)
		lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
		if w.Code != 200 || lines[0] != "\ufeffすること,期日,担当" || lines[1] != "'=1+1,2026-02-01,阿部 航" || len(lines) != 232 {
			t.Errorf("%s: %d, %d lines, %q", to, w.Code, len(lines), lines[:2])
		}
		r = httptest.NewRequest("GET", strings.Replace(to, "csv", "xlsx", 1), nil)
		r.Header.Set("Cookie", "kizuki_session=member")
		w = httptest.NewRecorder()
		s.http.ServeHTTP(w, r)
		if w.Code != 200 || !strings.HasPrefix(w.Body.String(), "PK") {
			t.Error(w.Code)
		}
	})
}

// A page asks as many questions for many tasks as for few.
func TestPagesOfTasksAskAFixedNumberOfQuestions(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		count := func(path string) int64 {
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("Cookie", "kizuki_session=member")
			ctx, n := db.Counting(r.Context())
			w := httptest.NewRecorder()
			s.http.ServeHTTP(w, r.WithContext(ctx))
			if w.Code != 200 {
				t.Fatal(path, w.Code)
			}
			return n.Load()
		}
		paths := []string{"/tasks?as=board&owner=all", "/tasks?as=board&by=state&owner=all", "/tasks?as=table&by=owner&owner=all", "/tasks?as=table&by=contract"}
		few := map[string]int64{}
		for i := range 300 {
			s.create(task.New{Title: fmt.Sprint(i), Due: dateOf("2026-02-10").AddDays(i % 40), Contract: []id.ID{0, s.contract}[i%2], Owner: []id.ID{s.okada, s.abe}[i%2]})
			if i == 1 {
				for _, path := range paths {
					few[path] = count(path)
				}
			}
		}
		for _, path := range paths {
			if n := count(path); n > few[path] || n > 16 {
				t.Errorf("%s: %d questions, and %d before", path, n, few[path])
			}
		}
	})
}
