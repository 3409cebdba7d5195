package everyonehttp_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/audience"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/everyone"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/web/words/wordstest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func TestWords(t *testing.T) { wordstest.CheckTempl(t, ".") }

// team is an app with two contracts, of which one is only for its owner, and a
// team of the member alone.
type team struct {
	*apptest.App
	t            *testing.T
	open, closed contract.Contract
	unit         id.ID
}

func each(t *testing.T, f func(w *team)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := &team{App: apptest.New(t, d), t: t}
		var err error
		w.open, err = w.Contracts.Create(w.Ctx, contract.Input{Name: "配車", Organization: "みなと物流"})
		w.must(err)
		w.closed, err = w.Contracts.Create(w.Ctx, contract.Input{Name: "秘密", Organization: "ベータ", Owner: w.Actors[who.Owner].Member.String()})
		w.must(err)
		w.must(w.Contracts.Limit(w.Ctx, w.closed.ID, true, nil))
		u, err := w.Workspace.CreateUnit(w.Ctx, "ハイタッチ", 0)
		w.must(err)
		w.must(w.Workspace.SetUnitMembers(w.Ctx, u.ID, []id.ID{w.Actors[who.Member].Member}))
		w.unit = u.ID
		f(w)
	})
}

func (w *team) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *team) say(by who.Role, in timeline.PostInput) timeline.Note {
	w.t.Helper()
	w.Travel(time.Minute)
	if in.Contract == 0 {
		in.Contract = w.open.ID
	}
	n, err := w.Timeline.Post(w.As(by), in)
	w.must(err)
	return n
}

// read gives the words of a page as its reader sees them.
func (w *team) read(by who.Role, q everyone.Query) string {
	w.t.Helper()
	var out []string
	for {
		p, err := w.Everyone.Read(w.As(by), q)
		w.must(err)
		for _, c := range p.Items {
			said := c.Note.Body
			for _, r := range c.Note.Replies {
				said += ">" + r.Body
			}
			out = append(out, said)
		}
		if q.Cursor = p.Next; p.Next == "" {
			return strings.Join(out, " ")
		}
	}
}

func TestWhoseWords(t *testing.T) {
	each(t, func(w *team) {
		a := w.say(who.Member, timeline.PostInput{Body: "い"})
		w.say(who.Admin, timeline.PostInput{Body: "ろ"})
		w.say(who.Owner, timeline.PostInput{Contract: w.closed.ID, Body: "ひみつ"})
		w.say(who.Admin, timeline.PostInput{Parent: a.ID, Body: "は"})
		w.say(who.Owner, timeline.PostInput{Body: "にほ", Visibility: timeline.AuthorOnly, Readers: []audience.Reader{{Kind: "unit", ID: w.unit}}})
		me, admin := w.Actors[who.Member].Member, w.Actors[who.Admin].Member
		for name, c := range map[string]struct {
			by   who.Role
			q    everyone.Query
			want string
		}{
			"everybody":               {who.Member, everyone.Query{}, "にほ い>は ろ"},
			"page by page":            {who.Member, everyone.Query{Limit: 1}, "にほ い>は ろ"},
			"the owner":               {who.Owner, everyone.Query{}, "にほ い>は ひみつ ろ"},
			"who may read less":       {who.Viewer, everyone.Query{}, "い>は ろ"},
			"a colleague":             {who.Viewer, everyone.Query{By: admin}, "い>は ろ"},
			"a colleague's first":     {who.Viewer, everyone.Query{By: me}, "い>は"},
			"a team":                  {who.Owner, everyone.Query{Unit: w.unit}, "い>は"},
			"nobody is followed":      {who.Viewer, everyone.Query{Following: true}, ""},
			"a colleague, one a page": {who.Viewer, everyone.Query{By: admin, Limit: 1}, "い>は ろ"},
		} {
			if got := w.read(c.by, c.q); got != c.want {
				w.t.Errorf("%s: %s", name, got)
			}
		}
		w.must(w.Everyone.Follow(w.As(who.Viewer), me, true))
		w.must(w.Everyone.Follow(w.As(who.Viewer), me, true)) // twice is once
		if got := w.read(who.Viewer, everyone.Query{Following: true}); got != "い>は" {
			w.t.Error(got)
		}
		w.must(w.Everyone.Follow(w.As(who.Viewer), me, false))
		if got, err := w.Everyone.Following(w.As(who.Viewer)); len(got) != 0 || err != nil {
			w.t.Error(got, err)
		}
		for _, err := range []error{w.Everyone.Follow(w.Ctx, 99, true), second(w.Everyone.Read(w.Ctx, everyone.Query{By: 99})), second(w.Everyone.Read(w.Ctx, everyone.Query{Unit: 99})), w.Everyone.Follow(w.Other(), me, true)} {
			if !errs.Is(err, errs.NotFound) {
				w.t.Error(err)
			}
		}
		if err := w.Everyone.Follow(w.As(who.Member), me, true); errs.As(err).Key != "everyone.err.self" {
			w.t.Error(err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// What is new since one looked is told apart, and the rail says so without a
// number; one's own words are not news.
func TestSinceILastLooked(t *testing.T) {
	each(t, func(w *team) {
		w.say(who.Admin, timeline.PostInput{Body: "むかしのことば"})
		b := w.Browser(who.Member)
		dot := func() bool { return b.Get("/tasks").Find(`.places a[href="/everyone"] .fresh-dot`).Length() == 1 }
		if !dot() {
			w.t.Error("something new is not announced")
		}
		if p := b.Get("/everyone"); p.Find("#feed .seen").Length() != 0 || !strings.Contains(p.Find("#feed").Text(), "むかしのことば") {
			w.t.Error(p.Find("#feed").Text())
		}
		if dot() {
			w.t.Error("what was seen is still new")
		}
		w.say(who.Member, timeline.PostInput{Body: "じぶんのことば"})
		w.say(who.Owner, timeline.PostInput{Contract: w.closed.ID, Body: "ひみつ"})
		if dot() {
			w.t.Error("own words are news, or what may not be read")
		}
		w.say(who.Admin, timeline.PostInput{Body: "あたらしいことば"})
		p := b.Get("/everyone")
		order := strings.Join(p.Find("#feed .uttered .voice, #feed .seen").Map(func(_ int, s *goquery.Selection) string { return strings.TrimSpace(s.Text()) }), "|")
		if order != "あたらしいことば|じぶんのことば|ここから先は、前に見ました|むかしのことば" {
			w.t.Error(order)
		}
		if link, _ := p.Find("#feed .where a").First().Attr("href"); link != "/contracts/"+w.open.ID.String() {
			w.t.Error(link)
		}
	})
}

// A reply is given in place, and leads on to all words of its author.
func TestReplyAndFollowOnThePage(t *testing.T) {
	each(t, func(w *team) {
		n := w.say(who.Admin, timeline.PostInput{Body: "どう思う"})
		b := w.Browser(who.Member)
		box := b.Fragment("GET", "/notes/"+n.ID.String()+"/reply", nil)
		target, _ := box.Find("form").Attr("hx-target")
		if b.Get("/everyone").Find(target).Length() != 1 {
			w.t.Errorf("the answer would go to %s, which is not on the page", target)
		}
		b.Post("/contracts/"+w.open.ID.String()+"/notes", url.Values{"parent": {n.ID.String()}, "body": {"いいと思う"}, "back": {"/everyone"}})
		p := b.Get("/everyone")
		if !strings.Contains(p.Find("#feed .replies").Text(), "いいと思う") {
			w.t.Error(p.Find("#feed").Text())
		}
		by, _ := p.Find(`#feed .where a[href*="by="]`).Attr("href")
		his := b.Get(by)
		if his.Find("h1").Text() != "松井 里佳のことば" || his.Find(`form[action="/everyone/follow"]`).Length() != 1 {
			w.t.Error(his.Find("h1").Text())
		}
		followed := b.Post("/everyone/follow", url.Values{"member": {w.Actors[who.Admin].Member.String()}, "on": {"1"}})
		if followed.Find(`input[name="on"]`).Length() != 0 || !strings.Contains(b.Get("/everyone?following=1").Find("#feed").Text(), "どう思う") {
			w.t.Error(followed.Body)
		}
		for _, digits := range []string{"2件", "1件", "人"} {
			if strings.Contains(his.Find("main").Text(), digits) {
				w.t.Errorf("somebody is counted: %s", digits)
			}
		}
	})
}

func TestREST(t *testing.T) {
	each(t, func(w *team) {
		n := w.say(who.Admin, timeline.PostInput{Body: "REST", Hunch: "bad"})
		w.say(who.Owner, timeline.PostInput{Parent: n.ID, Body: "返信"})
		p := w.Program(who.Member, workspace.ScopeWrite)
		admin := w.Actors[who.Admin].Member.String()
		for _, c := range []struct {
			method, path string
			status       int
			says         string
		}{
			{"GET", "/words", 200, `"body":"返信"`}, {"GET", "/words?by=" + admin, 200, `"hunch":"bad"`}, {"GET", "/words?by=x", 422, ""}, {"GET", "/words?by=99", 404, ""},
			{"GET", "/words?cursor=x", 422, "timeline.err.cursor"}, {"PUT", "/people/" + admin + "/follow", 204, ""}, {"GET", "/words?following=true", 200, "REST"},
			{"DELETE", "/people/" + admin + "/follow", 204, ""}, {"GET", "/words?following=true", 200, `"items":[]`}, {"PUT", "/people/99/follow", 404, ""},
		} {
			if got := p.Do(c.method, c.path, nil); got.Status != c.status || !strings.Contains(got.Body, c.says) {
				w.t.Errorf("%s %s: %d %s", c.method, c.path, got.Status, got.Body)
			}
		}
	})
}

// The stream tells ids of what its reader may read, and nothing of the rest.
func TestLive(t *testing.T) {
	each(t, func(w *team) {
		ctx, leave := context.WithTimeout(context.Background(), 20*time.Second)
		defer leave()
		m, err := w.Workspace.Member(w.As(who.Viewer), w.Actors[who.Viewer].Member)
		w.must(err)
		token, _, err := w.Workspace.SignIn(ctx, m.Mail, apptest.Password, "test", "127.0.0.1")
		w.must(err)
		r, err := http.NewRequestWithContext(ctx, "GET", w.Server.URL+"/live", nil)
		w.must(err)
		r.AddCookie(&http.Cookie{Name: "kizuki_session", Value: token})
		res, err := http.DefaultClient.Do(r)
		w.must(err)
		defer res.Body.Close()
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
			w.t.Fatal(res.StatusCode, res.Header)
		}
		lines := bufio.NewScanner(res.Body)
		lines.Scan() // retry
		w.say(who.Owner, timeline.PostInput{Contract: w.closed.ID, Body: "ひみつ"})
		w.say(who.Owner, timeline.PostInput{Body: "わたしだけ", Visibility: timeline.AuthorOnly})
		n := w.say(who.Admin, timeline.PostInput{Body: "みんなに"})
		for lines.Scan() {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				continue
			}
			if want := fmt.Sprintf(`{"contract":"%s","kind":"note.created","note":"%s"}`, w.open.ID, n.ID); data != want {
				w.t.Errorf("%s, want %s", data, want)
			}
			break
		}
		w.Live.Close() // the server stops: streams end
		for lines.Scan() {
		}
		if ctx.Err() != nil {
			w.t.Error("the stream did not end")
		}
	})
}
