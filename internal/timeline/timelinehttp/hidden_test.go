package timelinehttp

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/id"
	"kizuki/internal/timeline"
)

// secrets are notes of 岡田's for herself: a top note, words under it, and a
// reply under an open note. All of them say 内緒 and call 田村.
func (s *site) secrets(open timeline.Note) []timeline.Note {
	s.t.Helper()
	var list []timeline.Note
	for _, under := range []string{"", "first", "open"} {
		in := timeline.PostInput{Contract: s.minato.ID, Body: "@田村 健 には内緒", Hunch: timeline.Bad, Visibility: timeline.AuthorOnly}
		switch under {
		case "first":
			in.Parent = list[0].ID
		case "open":
			in.Parent = open.ID
		}
		n, err := s.svc.Post(s.as("岡田"), in)
		if err != nil {
			s.t.Fatal(err)
		}
		list = append(list, n)
	}
	edited, err := s.svc.Edit(s.as("岡田"), list[0].ID, timeline.EditInput{Body: "@田村 健 にはもっと内緒", Version: 1})
	if err != nil {
		s.t.Fatal(err)
	}
	list[0] = edited
	return list
}

// pagesOf are the pages that could show a note, and its own.
func (s *site) pagesOf(list []timeline.Note) []string {
	out := []string{s.path(""), s.path("?show=words"), s.path("?show=hunches"), s.path("/trail"), "hx " + s.path("/trail?show=hunches"),
		"/inbox", "/people?q=" + url.QueryEscape("内緒")}
	for _, n := range list {
		at := "/notes/" + n.ID.String()
		out = append(out, at, "hx "+at, at+"/history", at+"/edit", "hx "+at+"/edit", at+"/reply", "hx "+at+"/reply",
			s.path("?cursor="+timeline.CursorAt(n)))
	}
	return out
}

// Nobody but its author finds a hidden note, on any page, nor can tell that it
// is there; an admin neither.
func TestHiddenNotesOnPages(t *testing.T) {
	each(t, func(s *site) {
		open := s.say("岡田", "見える言葉", "", 0)
		before := map[string]string{}
		for _, name := range []string{"田村", "石川", "中野"} {
			before[name] = s.browse(name, s.path("")).body
		}
		list := s.secrets(open)
		for _, name := range []string{"田村", "石川", "中野", "よそ"} {
			for _, path := range s.pagesOf(list) {
				a := s.browse(name, path)
				if strings.Contains(a.body, "内緒") || a.status >= 500 {
					s.t.Errorf("%s, %s: %d %s", name, path, a.status, a.body)
				}
				for _, n := range list {
					if strings.Contains(a.body, "note-"+n.ID.String()) || strings.Contains(a.header.Get("Location"), n.ID.String()) {
						s.t.Errorf("%s, %s: the note's id shows", name, path)
					}
				}
			}
			// Apart from what is random, the page is what it was.
			if was := before[name]; was != "" && s.browse(name, s.path("")).body != was {
				s.t.Errorf("%s can tell that something was written", name)
			}
		}
		for _, name := range []string{"田村", "石川", "中野"} {
			for _, n := range list {
				if got := s.browse(name, "/notes/"+n.ID.String()).status; got != 404 {
					s.t.Errorf("%s, the permanent link: %d", name, got)
				}
			}
		}
		own := s.browse("岡田", s.path(""))
		if got := strings.Count(own.body, "内緒"); got != 3 || own.Find("#i-lock").Length() != 1 || strings.Count(own.body, "自分だけ") != 3 {
			s.t.Errorf("the author sees %d of them: %s", got, own.body)
		}
	})
}

// Nor can anybody else act on one: it is not there, whatever is posted.
func TestHiddenNotesTakeNoActs(t *testing.T) {
	each(t, func(s *site) {
		list := s.secrets(s.say("岡田", "見える言葉", "", 0))
		for _, n := range list {
			at := "/notes/" + n.ID.String()
			for _, mode := range []string{"", "hx "} {
				for path, form := range map[string]url.Values{
					at + "/edit":     {"body": {"x"}, "version": {"1"}},
					at + "/delete":   {},
					at + "/restore":  {},
					at + "/hunch":    {"hunch": {"good"}},
					s.path("/notes"): {"body": {"x"}, "parent": {n.ID.String()}},
				} {
					if a := s.browse("石川", mode+path, form); a.status != 404 || strings.Contains(a.body, "内緒") {
						s.t.Errorf("%s%s: %d %s", mode, path, a.status, a.body)
					}
				}
			}
			if got, err := s.svc.Get(s.as("岡田"), n.ID); err != nil || got.Body != n.Body || got.Hunch != timeline.Bad {
				s.t.Errorf("changed: %+v, %v", got, err)
			}
		}
	})
}

// REST tells no more than the pages: the raw JSON is searched.
func TestHiddenNotesOverREST(t *testing.T) {
	each(t, func(s *site) {
		open := s.say("岡田", "見える言葉", "", 0)
		list := s.secrets(open)
		paths := []string{s.path("/notes"), s.path("/notes?limit=1"), s.path("/events"), "/inbox", "/notes/" + open.ID.String()}
		for _, n := range list {
			paths = append(paths, "/notes/"+n.ID.String(), s.path("/notes?cursor="+timeline.CursorAt(n)), s.path("/events?cursor="+timeline.CursorAt(n)))
		}
		for _, name := range []string{"田村", "石川", "中野", "よそ"} {
			for _, path := range paths {
				code, got := s.call(name, "GET", path, "")
				raw, err := json.Marshal(got)
				if err != nil || code >= 500 || strings.Contains(string(raw), "内緒") {
					s.t.Errorf("%s, %s: %d %s, %v", name, path, code, raw, err)
				}
				for _, n := range list {
					if strings.Contains(string(raw), n.ID.String()) {
						s.t.Errorf("%s, %s: the note's id shows in %s", name, path, raw)
					}
				}
			}
		}
		for _, name := range []string{"田村", "中野"} {
			if _, got := s.call(name, "GET", s.path("/notes?limit=1"), ""); len(got["items"].([]any)) != 1 || got["next"] != "" {
				s.t.Errorf("%s can count: %v", name, got)
			}
		}
		if _, got := s.call("岡田", "GET", s.path("/notes"), ""); len(got["items"].([]any)) != 4 {
			s.t.Errorf("the author reads %v", got)
		}
		if last, err := s.svc.LastWords(s.as("石川"), s.d, []id.ID{s.minato.ID}); err != nil || last[s.minato.ID].Text != "見える言葉" {
			s.t.Errorf("last words %v, %v", last, err)
		}
	})
}

// Another workspace's people find neither the contract nor its notes.
func TestOtherWorkspaces(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "うちの言葉", "", 0)
		at := "/notes/" + n.ID.String()
		for _, path := range []string{s.path(""), s.path("/trail"), at, at + "/history", at + "/edit", at + "/reply"} {
			for _, mode := range []string{"", "hx "} {
				if a := s.browse("よそ", mode+path); a.status != 404 || strings.Contains(a.body, "うちの言葉") || strings.Contains(a.body, "みなと") {
					s.t.Errorf("GET %s%s: %d %s", mode, path, a.status, a.body)
				}
			}
		}
		for path, form := range map[string]url.Values{
			s.path("/notes"): {"body": {"x"}}, s.path("/follow"): {"follow": {"1"}}, at + "/edit": {"body": {"x"}, "version": {"1"}},
			at + "/delete": {}, at + "/restore": {}, at + "/hunch": {"hunch": {"bad"}},
		} {
			if a := s.browse("よそ", path, form); a.status != 404 {
				s.t.Errorf("POST %s: %d", path, a.status)
			}
		}
		rest := "/notes/" + n.ID.String()
		for _, c := range [][3]string{{"GET", s.path("/notes"), ""}, {"GET", s.path("/events"), ""}, {"POST", s.path("/notes"), `{"body": "x"}`},
			{"GET", rest, ""}, {"PATCH", rest, `{"body": "x", "version": 1}`}, {"DELETE", rest, ""}, {"POST", rest + "/hunch", `{"hunch": "bad"}`}} {
			if code, got := s.call("よそ", c[0], c[1], c[2]); code != 404 || strings.Contains(fmt.Sprint(got), "うちの") {
				s.t.Errorf("%v: %d %v", c, code, got)
			}
		}
		if got, err := s.svc.Get(s.as("岡田"), n.ID); err != nil || got.Version != 1 || got.Hunch != "" {
			s.t.Errorf("changed: %+v, %v", got, err)
		}
		if a := s.browse("よそ", "/people?q="+url.QueryEscape("岡田")); strings.Contains(a.body, "岡田") {
			s.t.Error(a.body)
		}
	})
}
