package timelinehttp

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/timeline"
)

// Whoever only reads is offered nothing to write with, and refused if they try.
func TestViewersOnlyRead(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "ちょっとヤバいかも", "", 0)
		s.say("田村", "たしかに", "", n.ID)
		at := "/notes/" + n.ID.String()
		for _, path := range []string{s.path(""), "hx " + s.path("/trail"), s.path("/trail"), "hx " + at, at + "/history"} {
			a := s.browse("中野", path)
			if got := a.Find("#sheet form:not(#acts), #sheet textarea, .acts, [hx-post], .note-box").Length(); a.status >= 400 || got != 0 {
				s.t.Errorf("%s: %d, %d ways to write: %s", path, a.status, got, a.body)
			}
		}
		for _, path := range []string{at + "/edit", at + "/reply"} {
			if got := s.browse("中野", path).status; got != 403 {
				s.t.Errorf("GET %s: %d", path, got)
			}
		}
		for path, form := range map[string]url.Values{
			s.path("/notes"): {"body": {"x"}}, at + "/edit": {"body": {"x"}, "version": {"1"}}, at + "/delete": {}, at + "/restore": {}, at + "/pin": {}, at + "/unpin": {}, at + "/hunch": {"hunch": {"bad"}},
		} {
			for _, mode := range []string{"", "hx "} {
				if a := s.browse("中野", mode+path, form); a.status != 403 {
					s.t.Errorf("POST %s%s: %d", mode, path, a.status)
				}
			}
		}
		// A member is offered only what they may do: 田村 answers, and edits his own.
		a := s.browse("田村", s.path(""))
		if got := a.lines("#words-" + n.ID.String() + " .acts > *"); !slices.Equal(got, []string{"返事", "ピンどめ"}) {
			s.t.Errorf("on another's note: %q", got)
		}
		if got := a.lines(".replies .acts > *"); !slices.Equal(got, []string{"直す", "消す"}) {
			s.t.Errorf("on his own reply: %q", got)
		}
		if got := s.browse("石川", s.path("")).lines(".replies .acts > *"); !slices.Equal(got, []string{"消す"}) {
			s.t.Errorf("an admin: %q", got)
		}
	})
}

// Two windows of one author: the later one sees both wordings, keeps what it
// wrote and may save it after all. The hunch goes with the words or not at all.
func TestEditConflictPages(t *testing.T) {
	each(t, func(s *site) {
		for _, mode := range []string{"", "hx "} {
			n := s.say("岡田", "はじめ", timeline.Bad, 0)
			at := mode + "/notes/" + n.ID.String() + "/edit"
			if a := s.browse("岡田", at, url.Values{"body": {"先に保存"}, "version": {"1"}, "hunch": {"bad"}}); a.status >= 400 {
				s.t.Fatal(a.status, a.body)
			}
			late := s.browse("岡田", at, url.Values{"body": {"<b>あとの窓</b>"}, "version": {"1"}, "hunch": {"good"}})
			if late.status != 409 || late.Find("form textarea").Text() != "<b>あとの窓</b>" || late.Find("form .voice").Text() != "先に保存" ||
				late.Find("form .error").Text() == "" || late.Find("input[name=hunch][checked]").AttrOr("value", "") != "good" {
				s.t.Fatalf("%q: %d %s", mode, late.status, late.body)
			}
			if got, err := s.svc.Get(s.as("岡田"), n.ID); err != nil || got.Hunch != timeline.Bad || got.Body != "先に保存" {
				s.t.Errorf("%q: half of it was saved: %+v, %v", mode, got, err)
			}
			version := late.Find("input[name=version]").AttrOr("value", "")
			again := s.browse("岡田", at, url.Values{"body": {"両方見た"}, "version": {version}, "hunch": {"good"}})
			if got, err := s.svc.Get(s.as("岡田"), n.ID); err != nil || again.status >= 400 || got.Body != "両方見た" || got.Hunch != timeline.Good {
				s.t.Errorf("%q: %d, %+v, %v", mode, again.status, got, err)
			}
		}
	})
}

func TestEditRefuses(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "はじめ", "", 0)
		at := "/notes/" + n.ID.String() + "/edit"
		for _, mode := range []string{"", "hx "} {
			empty := s.browse("岡田", mode+at, url.Values{"body": {" "}, "version": {"1"}})
			if empty.status != 422 || !strings.Contains(empty.Find(".error").Text(), "ひとこと") {
				s.t.Errorf("%q: %d %s", mode, empty.status, empty.body)
			}
			long := s.browse("岡田", mode+at, url.Values{"body": {strings.Repeat("長", timeline.MaxBody+1)}, "version": {"1"}})
			if long.status != 422 || len([]rune(long.Find("textarea").Text())) != timeline.MaxBody+1 {
				s.t.Errorf("%q: words are lost, %d", mode, long.status)
			}
			for _, form := range []url.Values{{"body": {"x"}}, {"body": {"x"}, "version": {"x"}}, {"body": {"x"}, "version": {"1"}, "hunch": {"meh"}}} {
				if a := s.browse("岡田", mode+at, form); a.status != 422 {
					s.t.Errorf("%q, %v: %d", mode, form, a.status)
				}
			}
		}
		if got, err := s.svc.Get(s.as("岡田"), n.ID); err != nil || got.Version != 1 || got.Body != "はじめ" {
			s.t.Errorf("%+v, %v", got, err)
		}
		page := s.browse("岡田", at)
		if page.status != 200 || page.Find("form#words-"+n.ID.String()+"[action='"+at+"'] textarea").Text() != "はじめ" ||
			page.Find("form a[href='/notes/"+n.ID.String()+"']").Length() != 1 {
			s.t.Error(page.body)
		}
		// The form on a page of its own is plain: htmx would find no trail there.
		if page.Find("#sheet [hx-post], #sheet [hx-get]").Length() != 0 || s.browse("岡田", "hx "+at).Find("[hx-post]").Length() != 1 {
			s.t.Error(page.body)
		}
		if got := s.browse("岡田", at, url.Values{"body": {"つぎ"}, "version": {"1"}}); got.status != 303 || got.header.Get("Location") != "/notes/"+n.ID.String() {
			s.t.Errorf("%d to %s", got.status, got.header.Get("Location"))
		}
	})
}

// A reply written on a page of its own: plain there, and kept when refused.
func TestReplyPage(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "上の言葉", "", 0)
		page := s.browse("田村", "/notes/"+n.ID.String()+"/reply")
		if page.status != 200 || page.Find(".voice").Text() != "上の言葉" || page.Find("#sheet [hx-post]").Length() != 0 ||
			page.Find("form.reply input[name=parent]").AttrOr("value", "") != n.ID.String() {
			s.t.Error(page.status, page.body)
		}
		refused := s.browse("田村", s.path("/notes"), url.Values{"parent": {n.ID.String()}, "body": {strings.Repeat("長", timeline.MaxBody+1)}})
		if refused.status != 422 || len([]rune(refused.Find("form.reply textarea").Text())) != timeline.MaxBody+1 || refused.Find("form.reply .error").Text() == "" ||
			refused.Find("#sheet [hx-post]").Length() != 0 {
			s.t.Error(refused.status)
		}
		small := s.browse("田村", "hx "+s.path("/notes"), url.Values{"parent": {n.ID.String()}, "body": {""}})
		if small.status != 422 || small.header.Get("HX-Retarget") != "#answering-"+n.ID.String() || small.Find("form.reply[hx-post]").Length() != 1 {
			s.t.Error(small.status, small.header)
		}
		done := s.browse("田村", s.path("/notes"), url.Values{"parent": {n.ID.String()}, "body": {"返事"}})
		if done.status != 303 || !strings.HasPrefix(done.header.Get("Location"), s.path("#note-")) {
			s.t.Error(done.status, done.header)
		}
		for form, want := range map[string]int{"parent=x": 422, "parent=1": 404, "about_id=x": 422} {
			values, _ := url.ParseQuery(form + "&body=x")
			if got := s.browse("田村", s.path("/notes"), values).status; got != want {
				s.t.Errorf("%s: %d, want %d", form, got, want)
			}
		}
	})
}

// Ten minutes after it was felt a hunch is no longer offered to be changed, and
// whoever had the page open all the while is told why.
func TestHunchFreezeOnThePage(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "なんとなく", timeline.Bad, 0)
		at := "/notes/" + n.ID.String()
		back := `.acts button[formaction="` + at + `/hunch"]`
		s.now = s.now.Add(timeline.HunchFreeze - time.Second)
		if a := s.browse("岡田", s.path("")); a.Find(back).Length() != 1 {
			s.t.Error("it cannot be taken back")
		}
		if a := s.browse("田村", s.path("")); a.Find(back).Length() != 0 {
			s.t.Error("anybody may take it back")
		}
		if a := s.browse("岡田", at+"/edit"); a.Find("input[name=hunch]").Length() != 3 {
			s.t.Error("the form does not offer it")
		}
		s.now = s.now.Add(time.Second)
		if a := s.browse("岡田", s.path("")); a.Find(back).Length() != 0 || a.Find(".by .hunch").Length() != 1 {
			s.t.Error("a frozen hunch is offered to be taken back")
		}
		if a := s.browse("岡田", at+"/edit"); a.Find("input[name=hunch]").Length() != 0 {
			s.t.Error("the form still offers it")
		}
		for _, mode := range []string{"", "hx "} {
			if a := s.browse("岡田", mode+at+"/hunch", url.Values{"hunch": {""}}); a.status != 409 {
				s.t.Errorf("%q: %d", mode, a.status)
			}
			a := s.browse("岡田", mode+at+"/edit", url.Values{"body": {"開いたまま"}, "version": {"1"}, "hunch": {"good"}})
			if a.status != 409 || a.Find("textarea").Text() != "開いたまま" || !strings.Contains(a.Find(".error").Text(), "10分") || a.Find("input[name=hunch]").Length() != 0 {
				s.t.Errorf("%q: %d %s", mode, a.status, a.body)
			}
		}
		if a := s.browse("岡田", "hx "+at+"/edit", url.Values{"body": {"言葉だけ"}, "version": {"1"}}); a.status != 200 || a.Find(".hunch").Length() != 1 {
			s.t.Error(a.status, a.body)
		}
		// After worried words the offer stands for ten minutes, to their author only.
		s.say("岡田", "ちょっと不安", "", 0)
		if s.browse("岡田", s.path("")).Find("form.by").Length() != 1 || s.browse("田村", s.path("")).Find("form.by").Length() != 0 {
			s.t.Error("the offer is not the author's")
		}
		s.now = s.now.Add(timeline.HunchFreeze)
		if s.browse("岡田", s.path("")).Find("form.by").Length() != 0 {
			s.t.Error("the offer does not end")
		}
	})
}

// The toast takes a deletion back: with htmx where the trail stands, without
// it by the next page.
func TestUndoOfDelete(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "消して戻す", timeline.Good, 0)
		at := "/notes/" + n.ID.String()
		plain := s.browse("岡田", at+"/delete", url.Values{})
		if plain.status != 303 || plain.header.Get("Location") != s.path("") || !strings.Contains(plain.header.Get("Set-Cookie"), "kizuki_said=") {
			s.t.Fatal(plain.status, plain.header)
		}
		if got := s.browse("岡田", s.path("")).lines(".voice"); len(got) != 0 {
			s.t.Errorf("still there: %q", got)
		}
		if a := s.browse("岡田", at); a.status != 404 {
			s.t.Error(a.status)
		}
		if a := s.browse("岡田", at+"/restore", url.Values{}); a.status != 303 || a.header.Get("Location") != at {
			s.t.Error(a.status, a.header)
		}
		gone := s.browse("岡田", "hx "+at+"/delete", url.Values{})
		if !strings.Contains(gone.header.Get("HX-Trigger"), `"undo":"`+at+`/restore"`) {
			s.t.Error(gone.header)
		}
		back := s.browse("岡田", "hx "+at+"/restore", url.Values{})
		// Aimed at this contract's trail: beside a list another may be open by then.
		if back.header.Get("HX-Retarget") != `#trail-panel[data-contract="`+s.minato.ID.String()+`"]` ||
			back.Find("#trail-panel").AttrOr("data-contract", "") != s.minato.ID.String() || back.Find(".voice").Text() != "消して戻す" || back.Find(".by .hunch").Length() != 1 {
			s.t.Error(back.header, back.body)
		}
		if a := s.browse("田村", at+"/delete", url.Values{}); a.status != 403 {
			s.t.Error(a.status)
		}
		s.browse("岡田", at+"/delete", url.Values{})
		if a := s.browse("田村", at+"/restore", url.Values{}); a.status != 403 {
			s.t.Error(a.status)
		}
		s.now = s.now.Add(timeline.RestoreFor)
		for _, mode := range []string{"", "hx "} {
			if a := s.browse("岡田", mode+at+"/restore", url.Values{}); a.status != 409 {
				s.t.Errorf("a day later: %d", a.status)
			}
		}
	})
}

func TestBodiesHaveALimit(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "言葉", "", 0)
		form := url.Values{"body": {strings.Repeat("x", 2<<20)}, "version": {"1"}}
		for _, path := range []string{s.path("/notes"), "/notes/" + n.ID.String() + "/edit", "/notes/" + n.ID.String() + "/hunch", s.path("/follow"), "/inbox/read"} {
			for _, mode := range []string{"", "hx "} {
				if a := s.browse("岡田", mode+path, form); a.status != 413 {
					s.t.Errorf("%s%s: %d", mode, path, a.status)
				}
			}
		}
		body := fmt.Sprintf(`{"body": %q}`, form.Get("body"))
		if code, got := s.call("岡田", "POST", s.path("/notes"), body); code != 413 {
			s.t.Error(code, got)
		}
		if got := s.browse("岡田", s.path("")).lines(".voice"); !slices.Equal(got, []string{"言葉"}) {
			s.t.Errorf("%q", got)
		}
	})
}

// Whatever people or imports put into words, names or values is text on the
// page, never markup.
func TestNothingIsMarkup(t *testing.T) {
	each(t, func(s *site) {
		const evil = `<img src=x onerror=alert(1)><script>alert(1)</script>"'&`
		err := s.d.InTx(s.as("岡田"), func(ctx context.Context, tx *db.Tx) error {
			for _, table := range []string{"member", "organization"} {
				if _, err := db.Exec(ctx, tx, "UPDATE "+table+" SET name = $2 WHERE workspace_id = $1", s.actors["岡田"].Workspace, evil); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			s.t.Fatal(err)
		}
		n := s.say("岡田", "@"+evil+"\n[押す](javascript:alert(1)) <a href='javascript:x'>x</a> "+evil, timeline.Bad, 0)
		if _, err := s.svc.Edit(s.as("岡田"), n.ID, timeline.EditInput{Body: n.Body + evil, Version: 1}); err != nil {
			s.t.Fatal(err)
		}
		s.say("田村", evil, "", n.ID)
		s.happen(s.because("import", 7), changed(map[string][2]any{"status": {evil, "x" + evil}, "field:" + evil: {evil, nil}}))
		s.now = s.now.Add(time.Hour)
		s.happen(s.as("岡田"), bus.Change{Kind: "task.skipped", Ref: 5, Data: map[string]any{"title": evil, "why": evil}},
			bus.Change{Kind: "rule.fired", Ref: 5, Data: map[string]any{"rule": evil, "title": evil}})
		at := "/notes/" + n.ID.String()
		for _, path := range []string{s.path(""), "hx " + s.path("/trail?base="+url.QueryEscape("/x?"+evil)), s.path("/trail"), "hx " + at, at + "/history",
			at + "/edit", at + "/reply", "/inbox", s.path("/trail?show=" + url.QueryEscape(evil))} {
			a := s.browse("岡田", path)
			if a.status != 200 {
				s.t.Errorf("%s: %d", path, a.status)
			}
			if bad := a.Find("img, script:not([src]), [onerror], a[href^=javascript], [style]"); bad.Length() != 0 {
				html, _ := bad.First().Html()
				s.t.Errorf("%s: markup came through: %s %s", path, bad.First().Text(), html)
			}
		}
		if a := s.browse("岡田", s.path("/notes"), url.Values{"body": {""}, "to": {evil}, "back": {"javascript:alert(1)"}}); a.Find("img").Length() != 0 || a.status != 422 {
			s.t.Error(a.status, a.body)
		}
	})
}

// The note box leads back where it was filled in, but to the newest place, and
// never out of the site.
func TestWhereAPostLeads(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "古い", "", 0)
		a := s.browse("岡田", s.path("?show=words&cursor="+timeline.CursorAt(n)))
		if got := a.Find("#note-box input[name=back]").AttrOr("value", ""); got != s.path("?show=words") {
			s.t.Errorf("back is %q", got)
		}
		if got := a.Find(".earlier a").AttrOr("href", ""); got != s.path("?show=words") {
			s.t.Errorf("the way to the newest is %q", got)
		}
		if got := a.Find(`.pick a[aria-current]`).AttrOr("href", ""); strings.Contains(got, "cursor") {
			s.t.Errorf("the filter keeps the place: %q", got)
		}
		for back, want := range map[string]string{"": s.path(""), s.path("?show=words"): s.path("?show=words"), "//evil.example": s.path(""),
			`/\evil.example`: s.path(""), "https://evil.example/": s.path(""), "javascript:alert(1)": s.path("")} {
			a := s.browse("岡田", s.path("/notes"), url.Values{"body": {"ひとこと"}, "back": {back}})
			if to, _, _ := strings.Cut(a.header.Get("Location"), "#note-"); a.status != 303 || to != want {
				s.t.Errorf("%q leads to %d %q", back, a.status, to)
			}
		}
		// With the hunches on show, words without one would vanish on being posted.
		a = s.browse("岡田", "hx "+s.path("/notes"), url.Values{"body": {"見えるはず"}, "show": {"hunches"}})
		if got := a.lines("#trail .voice"); len(got) == 0 || got[0] != "見えるはず" || a.Find(".pick [aria-current]").Text() != "すべて" {
			s.t.Errorf("%q", got)
		}
		a = s.browse("岡田", "hx "+s.path("/notes"), url.Values{"body": {"予感つき"}, "hunch": {"bad"}, "show": {"hunches"}})
		if got := a.lines("#trail .voice"); !slices.Equal(got, []string{"予感つき"}) || a.Find(".pick [aria-current]").Text() != "予感だけ" {
			s.t.Errorf("%q", got)
		}
	})
}
