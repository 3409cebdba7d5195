package timelinehttp

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
)

// busy fills the trail with everything a panel may have to name.
func (s *site) busy(times int) {
	s.t.Helper()
	people := []string{"岡田", "田村", "石川"}
	for i := range times {
		n := s.say(people[i%3], fmt.Sprintf("メモ%d @東京チーム", i), timeline.Bad, 0)
		s.say(people[(i+1)%3], "返事", "", n.ID)
		_, err := s.svc.Post(s.as("岡田"), timeline.PostInput{Contract: s.minato.ID, Body: "済ませた", AboutKind: "task", AboutID: id.ID(100 + i)})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, by := range []string{"import", "rule", "member"} { // each kind of actor is one query for its names
			actor := id.ID(10 + i)
			if by == "member" {
				actor = s.actors["田村"].Member
			}
			s.now = s.now.Add(2 * time.Minute)
			s.happen(s.because(by, actor), changed(map[string][2]any{"owner": {s.actors["岡田"].Member.String(), s.actors[people[i%3]].Member.String()},
				"organization": {s.minato.OrgID.String(), "77"}, "amount": {"1", "2"}, "field:plan": {nil, "A"}}))
		}
	}
}

// The panel makes a fixed number of queries, however much it shows.
func TestPanelQueriesAreFixed(t *testing.T) {
	each(t, func(s *site) {
		s.named()
		s.svc.Name("task", s.tasks)
		if _, err := s.fields.Create(s.as("岡田"), field.Input{Key: "plan", Type: field.Choice, Labels: map[string]string{"ja": "プラン"}, Options: []string{"A"}}); err != nil {
			s.t.Fatal(err)
		}
		counted := func(show timeline.Show) (int64, int) {
			ctx, n := db.Counting(s.as("中野"))
			c, err := s.h.Panel(ctx, s.minato.ID, PanelQuery{Show: show})
			if err != nil {
				s.t.Fatal(err)
			}
			reading := n.Load()
			var b strings.Builder
			if err := c.Render(ctx, &b); err != nil {
				s.t.Fatal(err)
			}
			if n.Load() != reading {
				s.t.Error("drawing reads from the database")
			}
			return n.Load(), b.Len()
		}
		s.busy(1)
		few := map[timeline.Show]int64{}
		size := map[timeline.Show]int{}
		for _, show := range []timeline.Show{timeline.All, timeline.Words, timeline.Hunches} {
			few[show], size[show] = counted(show)
		}
		s.busy(14)
		for show, was := range few {
			if now, grown := counted(show); now != was || now > 12 || grown < 4*size[show] {
				s.t.Errorf("%s: %d queries for few, %d for many; %d and %d bytes", show, was, now, size[show], grown)
			}
		}
	})
}

// tasks names what notes are about without asking the database.
func (s *site) tasks(_ context.Context, _ db.Queryer, _ id.ID, ids []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for _, i := range ids {
		out[i] = "電話する"
	}
	return out, nil
}

func TestPanelInEnglish(t *testing.T) {
	each(t, func(s *site) {
		first := s.say("田村", "no calls since January", "", 0)
		s.say("岡田", "too quiet", "", first.ID)
		s.now = s.now.Add(34 * 24 * time.Hour)
		s.say("岡田", "a bad feeling", timeline.Bad, 0)
		if _, err := s.svc.Edit(s.as("田村"), first.ID, timeline.EditInput{Body: "no calls", Version: 1}); err != nil {
			s.t.Fatal(err)
		}
		s.now = s.now.Add(24 * time.Hour)
		p := s.browse("Ann", s.path(""))
		if got := p.lines("#trail .remark"); !slices.Equal(got, []string{"7 days to the renewal", "For 34 days before that, nobody wrote", "Contract added (岡田 真帆)"}) {
			s.t.Errorf("%q", got)
		}
		if got := p.lines(".pick a"); !slices.Equal(got, []string{"Everything", "People's words", "Hunches"}) || !strings.Contains(p.body, ">edited<") {
			s.t.Errorf("%q", got)
		}
		when, _ := p.Find("#trail > li.note > time").First().Attr("title")
		if !strings.HasSuffix(when, "When it was written: 8 days to the renewal, outlook Watch") {
			s.t.Errorf("how it stood: %q", when)
		}
		for path, want := range map[string]string{
			"/notes/" + first.ID.String() + "/history": "Earlier wordings", "/inbox": "Nothing waits for you", "/notes/1": "",
		} {
			if a := s.browse("Ann", path); !strings.Contains(a.body, want) || strings.Contains(a.body, "timeline.") {
				s.t.Errorf("%s: %s", path, a.body)
			}
		}
		s.now = s.now.Add(30 * 24 * time.Hour)
		if got := s.browse("Ann", s.path("")).lines("#trail .now .remark"); !slices.Equal(got, []string{"The renewal date passed 23 days ago", "Nobody has written for 31 days"}) {
			s.t.Errorf("%q", got)
		}
	})
}

// The line of today says what is the matter with the contract.
func TestTheLineOfToday(t *testing.T) {
	each(t, func(s *site) {
		at := func(day string) []string {
			when, err := time.Parse(time.RFC3339, day+"T10:00:00+09:00")
			if err != nil {
				s.t.Fatal(err)
			}
			s.now = when
			return s.browse("中野", s.path("")).lines("#trail .now .remark, #trail .plan .remark")
		}
		silent := "まだだれも書いていません。思ったことを、ひとことどうぞ"
		for _, c := range []struct {
			day  string
			want []string
		}{
			{"2026-02-28", []string{"更新日まであと31日", silent}},
			{"2026-03-30", []string{"更新日まであと1日", silent}},
			{"2026-03-31", []string{"今日が更新日です", silent}},
			{"2026-04-02", []string{"更新日を2日過ぎています", silent}},
		} {
			if got := at(c.day); !slices.Equal(got, c.want) {
				s.t.Errorf("%s: %q, want %q", c.day, got, c.want)
			}
		}
		s.say("岡田", "ひとこと", "", 0)
		if got := at("2026-04-15"); !slices.Equal(got, []string{"更新日を15日過ぎています"}) {
			s.t.Errorf("%q", got)
		}
		if got := at("2026-04-16"); !slices.Equal(got, []string{"更新日を16日過ぎています", "この14日間、だれも書いていません"}) {
			s.t.Errorf("%q", got)
		}
	})
}

// A note says what it is about, and who brought it if nobody here wrote it.
func TestWhatNotesAreAbout(t *testing.T) {
	each(t, func(s *site) {
		s.svc.Name("task", s.tasks)
		n, err := s.svc.Post(s.as("岡田"), timeline.PostInput{Contract: s.minato.ID, Body: "済ませた", AboutKind: "task", AboutID: 5})
		if err != nil {
			s.t.Fatal(err)
		}
		err = s.d.InTx(s.because("import", 7), func(ctx context.Context, tx *db.Tx) error {
			_, err := s.svc.AddNotesIn(ctx, tx, []timeline.ImportedNote{{Contract: s.minato.ID, Body: "これまでの経緯", At: s.now.Add(-time.Hour)}})
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
		p := s.browse("岡田", s.path(""))
		if got := p.lines("#words-" + n.ID.String() + " .by > span:not(.acts)"); !slices.Equal(got, []string{"「電話する」について"}) {
			s.t.Errorf("about %q", got)
		}
		if got := p.lines(".by > b"); !slices.Equal(got, []string{"岡田 真帆", "取り込み"}) {
			s.t.Errorf("by %q", got)
		}
	})
}

// Notes and events page together through the page itself, with and without
// htmx: everything once, in order.
func TestPagingThroughThePage(t *testing.T) {
	each(t, func(s *site) {
		var want []string
		for i := range 2*pageSize + 7 {
			if i%3 == 0 {
				s.happen(s.as([]string{"岡田", "田村"}[i%2]), bus.Change{Kind: "task.done", Ref: 5, Data: map[string]any{"title": fmt.Sprint("仕事", i)}})
				want = append(want, fmt.Sprintf("タスク「仕事%d」をすませました（%s）", i, []string{"岡田 真帆", "田村 健"}[i%2]))
				s.now = s.now.Add(2 * time.Minute)
				continue
			}
			s.say("岡田", fmt.Sprint("メモ", i), "", 0)
			want = append(want, fmt.Sprint("メモ", i))
		}
		slices.Reverse(want)
		want = append(want, "契約が登録されました（岡田 真帆）")
		for _, mode := range []string{"", "hx "} {
			var got []string
			labels := 0
			for path := s.path(""); path != ""; {
				a := s.browse("中野", mode+path)
				if a.status != http.StatusOK {
					s.t.Fatal(path, a.status)
				}
				got = append(got, a.lines(`#trail > .note .voice, #trail > [id^="event-"] .remark`)...)
				next := a.Find("#pager a")
				if path = next.AttrOr("href", ""); path != "" {
					labels++
					if !strings.Contains(next.Text(), "より前を読む") {
						s.t.Errorf("the way on is called %q", next.Text())
					}
				}
			}
			if !slices.Equal(got, want) || labels != 2 {
				s.t.Errorf("%q: %d pages, %d of %d entries", mode, labels+1, len(got), len(want))
			}
		}
		s.cursors()
	})
}

// cursors that are none are told so, on pages and in REST.
func (s *site) cursors() {
	s.t.Helper()
	for _, bad := range []string{"x", "1", "1-", "-1", "1-x", "99999999999999999999-1", "1-1 OR 1=1"} {
		q := "?cursor=" + url.QueryEscape(bad)
		for _, path := range []string{s.path(q), s.path("/trail" + q), "/inbox" + q} {
			if a := s.browse("中野", path); a.status != 422 || !strings.Contains(a.body, "つづきの場所") {
				s.t.Errorf("%s: %d", path, a.status)
			}
		}
		for _, path := range []string{s.path("/notes" + q), s.path("/events" + q), "/inbox" + q} {
			if code, got := s.call("中野", "GET", path, ""); code != 422 {
				s.t.Errorf("%s: %d %v", path, code, got)
			}
		}
	}
	// A place where nothing stands is a place all the same.
	if a := s.browse("中野", s.path("?cursor=1-1")); a.status != 200 || a.Find("#trail > li").Length() != 0 || a.Find(".earlier a").Length() != 1 {
		s.t.Error(a.status, a.body)
	}
}

// The permanent link leads to the note in its trail, a reply's too, and opening
// it is reading what waited about it.
func TestPermanentLinks(t *testing.T) {
	each(t, func(s *site) {
		top := s.say("岡田", "上の言葉", "", 0)
		reply := s.say("石川", "@田村 健 返事", "", top.ID)
		if got := s.browse("田村", "/notes/"+reply.ID.String()); got.status != 303 || got.header.Get("Location") != s.path("#note-"+reply.ID.String()) {
			s.t.Error(got.status, got.header)
		}
		if n, err := s.svc.Unread(s.as("田村")); n != 0 || err != nil {
			s.t.Errorf("%d unread, %v", n, err)
		}
		// With htmx it is the entry, for whoever left a form.
		entry := s.browse("岡田", "hx /notes/"+reply.ID.String())
		if entry.header.Get("HX-Retarget") != "#note-"+top.ID.String() || !slices.Equal(entry.lines(".voice"), []string{"上の言葉", "@田村 健 返事"}) {
			s.t.Error(entry.header, entry.body)
		}
		// A reply stays reachable when its top note is gone.
		if _, err := s.svc.Delete(s.as("岡田"), top.ID); err != nil {
			s.t.Fatal(err)
		}
		page := s.browse("田村", s.path(""))
		if !slices.Equal(page.lines("#trail .voice"), []string{"@田村 健 返事"}) || !strings.Contains(page.body, "消したメモ") {
			s.t.Error(page.body)
		}
		if got := s.browse("田村", "/notes/"+reply.ID.String()).status; got != 303 {
			s.t.Error(got)
		}
		if got := s.browse("田村", "/notes/"+top.ID.String()).status; got != 404 {
			s.t.Error(got)
		}
	})
}

// Every route of the table asks for a member: without a session it is the way
// to sign in, or 401.
func TestRoutesNeedAMember(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "言葉", "", 0)
		for _, r := range s.h.Routes() {
			path := strings.ReplaceAll(r.Path, "{id}", n.ID.String())
			if strings.HasPrefix(path, "/contracts/") {
				path = strings.ReplaceAll(r.Path, "{id}", s.minato.ID.String())
			}
			req := httptest.NewRequest(r.Method, path, nil)
			w := httptest.NewRecorder()
			s.pages.ServeHTTP(w, req)
			if want := map[string]int{"GET": 303, "POST": 401}[r.Method]; w.Code != want || strings.Contains(w.Body.String(), "言葉") {
				s.t.Errorf("%s %s: %d, want %d", r.Method, path, w.Code, want)
			}
		}
	})
}
