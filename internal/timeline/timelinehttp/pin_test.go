package timelinehttp

import (
	"net/url"
	"slices"
	"testing"
)

// A pinned note stands above the trail for everybody, and anybody may let it go.
func TestPin(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "毎月10日に定例", "", 0)
		s.say("田村", "電話が早い", "", 0)
		reply := s.say("田村", "承知しました", "", n.ID)
		at := "/notes/" + n.ID.String()
		if a := s.browse("田村", "hx "+at+"/pin", url.Values{}); a.status != 200 || !slices.Contains(a.lines(".acts > *"), "ピンを外す") {
			t.Errorf("%d %s", a.status, a.body)
		}
		if got := s.browse("岡田", s.path("")).lines(".pinned .voice"); !slices.Equal(got, []string{"毎月10日に定例"}) {
			t.Errorf("above the trail: %q", got)
		}
		if status, body := s.call("岡田", "POST", at+"/pin", `{"pinned": false}`); status != 200 || body["pinned"] != false {
			t.Errorf("%d %v", status, body)
		}
		if got := s.browse("岡田", s.path("")).Find(".pinned").Length(); got != 0 {
			t.Error("it was not let go")
		}
		if a := s.browse("田村", "/notes/"+reply.ID.String()+"/pin", url.Values{}); a.status != 409 {
			t.Errorf("a reply: %d", a.status)
		}
		if status, _ := s.call("中野", "POST", at+"/pin", `{"pinned": true}`); status != 403 {
			t.Errorf("a viewer: %d", status)
		}
	})
}

// A limited note stays limited when it is pinned.
func TestPinnedForItsReadersOnly(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "ここだけの話", "", 0)
		if _, err := s.svc.Limit(s.as("岡田"), n.ID, "author", nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.svc.Pin(s.as("岡田"), n.ID, true); err != nil {
			t.Fatal(err)
		}
		if got := s.browse("岡田", s.path("")).Find(".pinned").Length(); got != 1 {
			t.Error("its author does not see it")
		}
		if got := s.browse("田村", s.path("")).Find(".pinned").Length(); got != 0 {
			t.Error("somebody else does")
		}
		if a := s.browse("田村", "/notes/"+n.ID.String()+"/pin", url.Values{}); a.status != 404 {
			t.Errorf("somebody else pins it: %d", a.status)
		}
	})
}
