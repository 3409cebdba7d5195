package todayhttp_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/today"
	"kizuki/internal/who"
)

// day is a member's Today with an overdue task, two of one contract, a free
// one, a mention and one that is not due yet.
func day(t *testing.T, a *apptest.App) contract.Contract {
	t.Helper()
	ctx := a.As(who.Member)
	c, err := a.Contracts.Create(ctx, contract.Input{Name: "配車 <b>", Organization: "株式会社みなと物流", RenewalDate: "2026-03-31"})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []task.New{
		{Contract: c.ID, Title: "古い約束", Due: "2026-02-10", Minutes: 10},
		{Contract: c.ID, Title: "電話する", Due: "2026-02-17"},
		{Title: "本を読む", Due: "2026-02-16", Minutes: 30},
		{Contract: c.ID, Title: "まだ先", Due: "2026-02-18"},
	} {
		if _, err := a.Tasks.Create(ctx, n); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Timeline.Post(a.As(who.Admin), timeline.PostInput{Contract: c.ID, Body: "@田村 健 これ、見てもらえますか"}); err != nil {
		t.Fatal(err)
	}
	return c
}

func keys(t *testing.T, a *apptest.App) (today.Queue, []string) {
	t.Helper()
	q, err := a.Today.Queue(a.As(who.Member))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range q.Matters {
		out = append(out, string(m.Kind)+" "+string(m.Since))
	}
	return q, out
}

func each(t *testing.T, f func(t *testing.T, a *apptest.App)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(t, apptest.New(t, d)) })
}

func TestQueue(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		day(t, a)
		q, got := keys(t, a)
		if want := "tasks 2026-02-10|tasks 2026-02-16|called 2026-02-17"; strings.Join(got, "|") != want {
			t.Fatalf("got %v", got)
		}
		// one line for both tasks of the contract: 10 + 30 minutes, 5 assumed, 1 for the word
		if q.Count != 3 || q.Minutes != 46 || len(q.Matters[0].Tasks) != 2 || q.Matters[0].Org != "株式会社みなと物流" {
			t.Errorf("%d, %d min, %+v", q.Count, q.Minutes, q.Matters[0])
		}
		if other, err := a.Today.Queue(a.As(who.Owner)); err != nil || other.Count != 0 {
			t.Errorf("somebody else's day: %v %v", other.Matters, err)
		}
	})
}

func TestPageShowsEachMatterBesideTheQueue(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		day(t, a)
		b := a.Browser(who.Member)
		p := b.Get("/today")
		rows := p.Find("#queue > li > a")
		if rows.Length() != 3 || p.Find("#queue b").Length() != 0 || rows.First().AttrOr("aria-current", "") != "true" {
			t.Fatalf("%d rows", rows.Length())
		}
		for i := range rows.Length() {
			at := b.Get(rows.Eq(i).AttrOr("href", ""))
			if at.Status != 200 || at.Find("#sheet").Length() != 1 || at.Find("#sheet .title .actions").Length() == 0 {
				t.Errorf("row %d: %d", i, at.Status)
			}
		}
		if !strings.Contains(rows.First().Text(), "みなと物流 配車 <b>") {
			t.Errorf("%q", rows.First().Text())
		}
	})
}

func TestDoneWithoutAScript(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		c := day(t, a)
		b := a.Browser(who.Member)
		q, _ := keys(t, a)
		first := q.Matters[0].Key
		p := b.Post("/today/"+first+"/done", url.Values{"words": {"つながった"}})
		if p.Path != "/today" || !strings.Contains(p.Find(".toast").Text(), "古い約束") || p.Find("#queue > li").Length() != 3 {
			t.Fatalf("%s %q", p.Path, p.Find(".toast").Text())
		}
		trail := b.Get("/contracts/" + c.ID.String()).Find("#trail").Text()
		if !strings.Contains(trail, "つながった") || !strings.Contains(trail, "古い約束") {
			t.Error("the trail does not keep it")
		}
		undone := b.Post(p.Find(".toast form").AttrOr("action", ""), nil)
		if q, _ := keys(t, a); undone.Status >= 400 || len(q.Matters[0].Tasks) != 2 {
			t.Errorf("%d: undo did not bring the task back", undone.Status)
		}
		for _, m := range q.Matters {
			for range m.Tasks {
				b.Post("/today/"+m.Key+"/done", nil)
			}
			if m.Kind == today.Called {
				b.Post("/today/"+m.Key+"/done", nil)
			}
		}
		if p := b.Get("/today"); p.Find("#queue > li").Length() != 0 || p.Find("#sheet .empty h1").Length() != 1 {
			t.Errorf("%d left", p.Find("#queue > li").Length())
		}
	})
}

func TestDoneWithAScript(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		day(t, a)
		b := a.Browser(who.Member)
		q, _ := keys(t, a)
		two := b.Fragment("POST", "/today/"+q.Matters[0].Key+"/done", nil)
		if two.Header.Get("HX-Retarget") != "#sheet" || two.Find("#sheet").Length() != 1 || two.Header.Get("HX-Trigger") == "" {
			t.Errorf("what is left of the matter is not shown: %v", two.Header)
		}
		last := b.Fragment("POST", "/today/"+q.Matters[0].Key+"/done", nil)
		if last.Find(`li[hx-swap-oob="delete"]`).AttrOr("id", "") != "m-"+q.Matters[0].Key {
			t.Errorf("%s", last.Body)
		}
		fresh := b.Fragment("GET", "/today/queue", nil)
		if fresh.Find("#queue li").Length() != 2 || fresh.Find("#queue-head[hx-swap-oob]").Length() != 1 {
			t.Errorf("%s", fresh.Body)
		}
	})
}

func TestSnooze(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		day(t, a)
		b := a.Browser(who.Member)
		q, _ := keys(t, a)
		b.Post("/today/"+q.Matters[0].Key+"/snooze", url.Values{"until": {"2026-02-21"}}) // a Saturday; Monday is a holiday
		after, got := keys(t, a)
		if after.Count != 2 {
			t.Fatalf("%v", got)
		}
		a.Travel(7 * 24 * time.Hour) // Tuesday 24th
		back, got := keys(t, a)      // the third of the contract has waited since it was due
		if m, ok := back.Find(q.Matters[0].Key); back.Count != 3 || !ok || m.Since != "2026-02-18" || len(m.Tasks) != 3 || m.Tasks[0].SnoozeUntil != "2026-02-24" {
			t.Errorf("%v", got)
		}
		if p := b.Post("/today/"+q.Matters[2].Key+"/snooze", nil); p.Status != 409 {
			t.Errorf("a word was put off: %d", p.Status)
		}
	})
}

func TestRights(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		day(t, a)
		q, _ := keys(t, a)
		for _, role := range []who.Role{who.Viewer, who.Admin} { // a matter of somebody else is not there
			if p := a.Browser(role).Post("/today/"+q.Matters[0].Key+"/done", nil); p.Status != 404 {
				t.Errorf("%s: %d", role, p.Status)
			}
		}
		if p := a.Browser(who.Viewer).Post("/today/"+q.Matters[0].Key+"/snooze", nil); p.Status != 403 {
			t.Errorf("a viewer put something off: %d", p.Status)
		}
		if p := a.Browser(who.Member).Get("/today?at=%22%3E%3Cscript%3E"); p.Status != 200 || p.Find("script:not([src])").Length() != 0 {
			t.Errorf("%d", p.Status)
		}
	})
}

// However much there is to do, the page asks the same number of questions.
func TestQueriesAreFixed(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		c := day(t, a)
		ask := func() int64 {
			ctx, n := db.Counting(a.As(who.Member))
			if _, err := a.Today.Queue(ctx); err != nil {
				t.Fatal(err)
			}
			return n.Load()
		}
		few := ask()
		for i := range 60 {
			if _, err := a.Tasks.Create(a.As(who.Member), task.New{Contract: c.ID, Title: fmt.Sprint("t", i), Due: "2026-02-01"}); err != nil {
				t.Fatal(err)
			}
		}
		if many := ask(); many != few || few > 9 {
			t.Errorf("%d queries, then %d", few, many)
		}
	})
}

// A viewer reads the word that called; what is work is not offered.
func TestAViewerSettlesWords(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		c, err := a.Contracts.Create(a.Ctx, contract.Input{Key: "A-1", Name: "配車クラウド", Organization: "みなと物流"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Timeline.Post(a.Ctx, timeline.PostInput{Contract: c.ID, Body: "見てみて @北原 光"}); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Tasks.Create(a.Ctx, task.New{Contract: c.ID, Title: "電話", Due: "2026-02-17", Owner: a.Actors[who.Viewer].Member}); err != nil {
			t.Fatal(err)
		}
		b := a.Browser(who.Viewer)
		forms := map[string]int{}
		var word, work string
		b.Get("/today").Find("#queue a").Each(func(_ int, s *goquery.Selection) {
			href, _ := s.Attr("href")
			p := b.Get(href)
			key := strings.TrimPrefix(href, "/today?at=")
			forms[key] = p.Find(`form.acts, details.later`).Length()
			if forms[key] > 0 {
				word = key
			} else {
				work = key
			}
		})
		if len(forms) != 2 || word == "" || work == "" {
			t.Fatal(forms)
		}
		if p := b.Post("/today/"+work+"/done", nil); p.Status != 403 {
			t.Errorf("work done by a viewer: %d", p.Status)
		}
		if p := b.Post("/today/"+word+"/done", nil); p.Status != 200 || p.Find("#queue li").Length() != 1 {
			t.Errorf("a word read: %d", p.Status)
		}
	})
}
