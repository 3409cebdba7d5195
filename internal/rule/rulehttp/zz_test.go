package rulehttp_test

import (
	"net/http/httptest"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

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
	dump("rules-empty", "/rules")
	dump("rules-new", "/rules/new?preset=all")
	form := merged(step(0, "90", "days", "before", "使われ方を見る 5分"), step(1, "42", "days", "before", "意向を聞く 10分"), step(2, "14", "days", "before", "電話する"), step(3, "5", "business", "after", "お礼を言う"))
	at := s.draft(form)
	dump("rule", at)
	s.post(at+"/live", url.Values{"from": {"next"}})
	dump("rules", "/rules")
}
