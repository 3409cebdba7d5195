package searchhttp_test

import (
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func furnished(t *testing.T, d *db.DB) (*apptest.App, timeline.Note) {
	t.Helper()
	a := apptest.New(t, d)
	c, err := a.Contracts.Create(a.Ctx, contract.Input{Key: "A-1", Name: "配車クラウド", Organization: "㈱みなと物流",
		Owner: a.Actors[who.Member].Member.String()})
	if err != nil {
		t.Fatal(err)
	}
	n, err := a.Timeline.Post(a.Ctx, timeline.PostInput{Contract: c.ID, Body: "ｻｰﾊﾞｰの更新を<b>3月</b>に相談したい"})
	if err == nil {
		_, err = a.Timeline.Post(a.As(who.Member), timeline.PostInput{Contract: c.ID, Body: "別の相談があった"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return a, n
}

func TestEndpoint(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a, n := furnished(t, d)
		p := a.Program(who.Viewer, workspace.ScopeRead)
		got := p.Do("GET", "/search?q="+url.QueryEscape("サーバー 3月")+"&facets=true", nil)
		items := got.Items()
		if got.Status != 200 || len(items) != 1 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		h := items[0]
		if h["kind"] != "note" || h["id"] != n.ID.String() || h["url"] != "/notes/"+n.ID.String() || h["at"] != "2026-02-17T01:00:00Z" ||
			h["extract"] != "ｻｰﾊﾞｰの更新を<b>3月</b>に相談したい" || h["title"] != "㈱みなと物流 配車クラウド" {
			t.Errorf("%v", h)
		}
		marks, _ := h["marks"].([]any)
		if len(marks) != 2 {
			t.Errorf("marks %v", marks)
		}
		if got.JSON["facets"] == nil || got.JSON["loose"] != false {
			t.Errorf("%s", got.Body)
		}
		first := p.Do("GET", "/search?q="+url.QueryEscape("相談")+"&limit=1", nil)
		second := p.Do("GET", "/search?q="+url.QueryEscape("相談")+"&limit=1&cursor="+first.JSON["next"].(string), nil)
		if len(first.Items()) != 1 || len(second.Items()) != 1 || first.Items()[0]["id"] == second.Items()[0]["id"] || second.JSON["next"] != "" {
			t.Errorf("%s then %s", first.Body, second.Body)
		}
		for query, want := range map[string]int{"kind=note": 2, "kind=contract&q=%E9%85%8D%E8%BB%8A": 1, "author=" + a.Actors[who.Member].Member.String(): 1,
			"q=%E7%9B%B8%E8%AB%87&from=2026-02-18": 0, "q=%E7%9B%B8%E8%AB%87&to=2026-02-17&sort=best": 2} {
			if got := p.Do("GET", "/search?"+query, nil); got.Status != 200 || len(got.Items()) != want {
				t.Errorf("%s: %d, %d items: %s", query, got.Status, len(got.Items()), got.Body)
			}
		}
		for _, query := range []string{"kind=x", "author=x", "contract=0", "from=soon", "sort=odd", "limit=0", "cursor=x", "q=" + url.QueryEscape("担当:だれ")} {
			if got := p.Do("GET", "/search?"+query, nil); got.Status != 422 || got.JSON["detail"] == "" {
				t.Errorf("%s: %d %s", query, got.Status, got.Body)
			}
		}
	})
}

func TestPage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a, n := furnished(t, d)
		b := a.Browser(who.Viewer)
		empty := b.Get("/search")
		if empty.Status != 200 || empty.Find(".search-help dt a").Length() < 5 || empty.Find(`form.search-box input[name=q][autofocus]`).Length() != 1 {
			t.Error("the empty page does not teach")
		}
		if to := empty.Find("form.search").AttrOr("action", ""); to != "/search" {
			t.Errorf("the box at the top leads to %q", to)
		}
		p := b.Get("/search?q=" + url.QueryEscape("サーバー"))
		hit := p.Find("#hits .hit")
		if hit.Length() != 1 || hit.Find("a").AttrOr("href", "") != "/notes/"+n.ID.String() || hit.Find("mark").Text() != "ｻｰﾊﾞ" || hit.Find("b").Length() != 0 {
			t.Errorf("%s", hit.Text())
		}
		if opened := b.Get(hit.Find("a").AttrOr("href", "")); opened.Status != 200 || !strings.Contains(opened.Body, "更新を") {
			t.Errorf("the hit opens %d", opened.Status)
		}
		p = b.Get("/search?q=" + url.QueryEscape("相談"))
		if p.Find("#hits .hit").Length() != 2 || p.Find(".tally").Text() != "2件" {
			t.Errorf("%q", p.Find(".tally").Text())
		}
		narrow := p.Find(`.sides a:contains("田村 健")`).AttrOr("href", "")
		if p := b.Get(narrow); p.Find("#hits .hit").Length() != 1 || !strings.Contains(p.Find("#words").AttrOr("value", ""), `書いた人:"田村 健"`) {
			t.Errorf("%s: %s", narrow, p.Find("#found").Text())
		}
		if p := b.Get("/search?q=" + url.QueryEscape("どこにもない")); p.Find(".empty").Length() != 1 || p.Status != 200 {
			t.Error("nothing found says nothing")
		}
		if p := b.Fragment("GET", "/search?q="+url.QueryEscape("どこにもな"), nil); p.Find(".empty").Length() != 1 {
			t.Error("no answer while typing")
		}
		if missed, err := a.Search.Missed(a.Ctx, "", 5); err != nil || len(missed) != 1 || missed[0].Words != "どこにもない" {
			t.Errorf("%v %v", missed, err)
		}
		if p := b.Get("/search?q=" + url.QueryEscape("期間:いつか")); p.Status != 422 || !strings.Contains(p.Find("#found").Text(), "いつか") || p.Find("#words").AttrOr("value", "") != "期間:いつか" {
			t.Errorf("%d %s", p.Status, p.Find("#found").Text())
		}
		if p := b.Get("/search?kind=odd&sort=odd&q=x"); p.Status != 200 {
			t.Errorf("%d", p.Status)
		}
		if p := a.Guest().Get("/search?q=a"); p.Path == "/search?q=a" {
			t.Error("a guest searches")
		}
	})
}
