package taskhttp_test

import (
	"net/http/httptest"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"kizuki/internal/task"
	"kizuki/internal/testkit"
)

func TestZZ(t *testing.T) {
	s := newSite(t, testkit.SQLite(t))
	dump := func(name, path string) {
		r := httptest.NewRequest("GET", path, nil)
		r.AddCookie(&http.Cookie{Name: "kizuki_session", Value: "member"})
		w := httptest.NewRecorder()
		s.http.ServeHTTP(w, r)
		h := w.Body.String()
		i := strings.Index(h, `rel="stylesheet" href="`) + len(`rel="stylesheet" href="`)
		j := i + strings.Index(h[i:], `"`)
		h = h[:i] + "/work/main/internal/web/assets/dist/app.css" + h[j:]
		os.WriteFile("/tmp/"+name+".html", []byte(h), 0o644)
	}
	for _, n := range []task.New{{Title: "村上部長に電話する", Due: "2026-02-17", Contract: s.contract}, {Title: "見積もりを送る", Due: "2026-02-13", Contract: s.contract, OriginKind: task.RuleOrigin, OriginID: 4}, {Title: "実績を1枚にまとめる", Due: "2026-02-20"}, {Title: "更新の意向を聞く", Due: "2026-03-03", Contract: s.contract, Owner: s.abe}} {
		s.create(n)
	}
	at := s.create(task.New{Title: "資料", Contract: s.contract, Minutes: 30})
	s.create(task.New{Title: "図", Parent: s.task(at).ID})
	s.touch(s.create(task.New{Title: "12月の実績を送る", Contract: s.contract})+"/done", url.Values{"done": {"1"}})
	dump("tasks", "/tasks?owner=all")
	dump("task", at)
	dump("panel", "/contracts/"+s.contract.String())
}

