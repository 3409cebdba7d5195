package timelinehttp

import (
	"fmt"
	"testing"
	"time"

	"kizuki/internal/timeline"
)

func TestREST(t *testing.T) {
	each(t, func(s *site) {
		at := s.path("/notes")
		code, n := s.call("岡田", "POST", at, `{"body": "返信がいつもより短い @田村 健", "hunch": "bad"}`)
		if code != 201 || n["hunch"] != "bad" || n["version"] != 1.0 || n["edited"] != false || n["parent"] != nil ||
			n["contract"] != s.minato.ID.String() || n["author"].(map[string]any)["name"] != "岡田 真帆" ||
			n["context"].(map[string]any)["days_to_renewal"] != 42.0 || n["context"].(map[string]any)["outlook"] != "watch" {
			s.t.Fatal(code, n)
		}
		s.now = s.now.Add(time.Minute)
		code, reply := s.call("田村", "POST", at, fmt.Sprintf(`{"body": "同感", "parent": "%s"}`, n["id"]))
		if code != 201 || reply["parent"] != n["id"] {
			s.t.Fatal(code, reply)
		}
		note := "/notes/" + n["id"].(string)
		if code, got := s.call("中野", "GET", note, ""); code != 200 || got["body"] != n["body"] {
			s.t.Error(code, got)
		}
		if code, got := s.call("岡田", "PATCH", note, `{"body": "長くなった", "version": 1}`); code != 200 || got["version"] != 2.0 || got["edited"] != true {
			s.t.Error(code, got)
		}
		code, conflict := s.call("岡田", "PATCH", note, `{"body": "古い", "version": 1}`)
		if code != 409 || fmt.Sprint(conflict["errors"].([]any)[0].(map[string]any)["args"].(map[string]any)["Theirs"]) != "長くなった" {
			s.t.Error(code, conflict)
		}
		if code, got := s.call("岡田", "POST", note+"/hunch", `{"hunch": ""}`); code != 200 || got["hunch"] != "" {
			s.t.Error(code, got)
		}
		code, list := s.call("中野", "GET", at+"?limit=1&cursor=", "")
		items := list["items"].([]any)
		if code != 200 || len(items) != 1 || items[0].(map[string]any)["id"] != reply["id"] || list["next"] == "" {
			s.t.Fatal(code, list)
		}
		if _, list = s.call("中野", "GET", at+"?limit=1&cursor="+list["next"].(string), ""); len(list["items"].([]any)) != 1 || list["next"] != "" {
			s.t.Error(list)
		}
		code, inbox := s.call("田村", "GET", "/inbox", "")
		if items := inbox["items"].([]any); code != 200 || len(items) != 1 || items[0].(map[string]any)["note"] != n["id"] {
			s.t.Error(code, inbox)
		}
		for body, want := range map[string][2]bool{`{"follows": true, "muted": true}`: {true, true}, `{"follows": true, "muted": false}`: {true, false},
			`{"follows": false, "muted": false}`: {}} {
			code, put := s.call("中野", "PUT", s.path("/following"), body)
			_, got := s.call("中野", "GET", s.path("/following"), "")
			if code != 200 || put["follows"] != want[0] || got["follows"] != want[0] || got["muted"] != want[1] {
				s.t.Error(code, put, got)
			}
		}
		code, events := s.call("中野", "GET", s.path("/events"), "")
		if items := events["items"].([]any); code != 200 || len(items) != 1 || items[0].(map[string]any)["kind"] != "contract.created" {
			s.t.Error(code, events)
		}
		if code, got := s.call("岡田", "DELETE", note, ""); code != 204 || got != nil {
			s.t.Error(code, got)
		}
		if code, _ := s.call("岡田", "GET", note, ""); code != 404 {
			s.t.Error("deleted, but answered with", code)
		}
	})
}

func TestRESTRefuses(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "岡田の言葉", "", 0)
		secret, err := s.svc.Post(s.as("岡田"), timeline.PostInput{Contract: s.minato.ID, Body: "内緒", Visibility: timeline.AuthorOnly})
		if err != nil {
			s.t.Fatal(err)
		}
		at, note, hidden := s.path("/notes"), "/notes/"+n.ID.String(), "/notes/"+secret.ID.String()
		for _, c := range []struct {
			by, method, path, body string
			want                   int
		}{
			{"だれか", "GET", at, "", 401},
			{"中野", "POST", at, `{"body": "x"}`, 403},
			{"田村", "PATCH", note, `{"body": "x", "version": 1}`, 403},
			{"田村", "DELETE", note, "", 403},
			{"田村", "GET", hidden, "", 404},
			{"田村", "DELETE", hidden, "", 404},
			{"田村", "POST", hidden + "/hunch", `{"hunch": "bad"}`, 404},
			{"田村", "POST", at, fmt.Sprintf(`{"body": "x", "parent": "%s"}`, secret.ID), 404},
			{"田村", "POST", at, `{"body": "x", "parent": "x"}`, 422},
			{"田村", "POST", at, `{"body": ""}`, 422},
			{"田村", "POST", at, `{"body": "x", "hunch": "meh"}`, 422},
			{"田村", "POST", at, `{"body": 1}`, 422},
			{"田村", "POST", at, `{`, 400},
			{"田村", "POST", "/contracts/1/notes", `{"body": "x"}`, 404},
			{"田村", "POST", "/contracts/x/notes", `{"body": "x"}`, 404},
			{"田村", "GET", at + "?limit=0", "", 422},
			{"田村", "GET", at + "?cursor=x", "", 422},
			{"田村", "GET", "/notes/1", "", 404},
			{"田村", "PUT", note, "", 405},
		} {
			if code, got := s.call(c.by, c.method, c.path, c.body); code != c.want {
				s.t.Errorf("%s %s %s %s: %d, want %d: %v", c.by, c.method, c.path, c.body, code, c.want, got)
			}
		}
	})
}
