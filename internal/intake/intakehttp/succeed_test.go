package intakehttp_test

import (
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/intake"
)

const (
	lastYear = "契約番号,契約名,会社名,部署,開始日,更新日\nA-001,サポート,みなと物流,情報システム部,2025-04-01,2026-03-31\nA-002,倉庫,綿雲ファブリック,,2025-06-01,2026-05-31\n"
	thisYear = "契約番号,契約名,会社名,部署,開始日,更新日\nB-101,サポート,みなと物流,情報システム部,2026-04-01,2027-03-31\nA-002,倉庫,綿雲ファブリック,,2025-06-01,2026-05-31\n"
)

func (s *site) bringPage(content string) {
	s.t.Helper()
	if p := s.post(s.upload(content).to+"/apply", url.Values{"confirm_absent": {"1"}}); p.status != 303 {
		s.t.Fatalf("%d %s", p.status, p.raw)
	}
}

// A new number is offered as a renewal, chosen, taken back, and chosen again.
func TestRenewalsOnThePage(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.bringPage(lastYear)
		at := s.upload(thisYear).to
		p := s.get(at)
		pick := p.Find("#renewals select")
		if pick.Length() != 1 || p.Find("#absent").Length() != 1 {
			t.Fatalf("no offer: %s", squeeze(p.Find("#renewals").Text()))
		}
		chosen := pick.Find("option[selected]")
		if !strings.Contains(chosen.Text(), "A-001 サポート") {
			t.Errorf("chosen is %q", chosen.Text())
		}
		name, _ := pick.Attr("name")
		contract, _ := chosen.Attr("value")
		choose := url.Values{name: {contract}}
		if p = s.post(at+"/successions", choose); p.status != 303 || p.to != at {
			t.Fatalf("%d %s", p.status, p.raw)
		}
		p = s.get(at)
		if p.Find("#absent").Length() != 0 || p.Find("#renewals select").Length() != 0 || !strings.Contains(p.Find("#updated").Text(), "B-101") {
			t.Errorf("%s", squeeze(p.Find("#sheet").Text()))
		}
		if s.post(at+"/successions/undo", nil); s.get(at).Find("#renewals select").Length() != 1 {
			t.Error("the choice was not taken back")
		}
		s.post(at+"/successions", choose)
		if p = s.post(at+"/apply", nil); p.status != 303 {
			t.Fatalf("%d %s", p.status, p.raw)
		}
		imp := s.upload(thisYear).to
		if p = s.get(imp); p.Find("#renewals, #absent, #created, #updated").Length() != 0 {
			t.Errorf("the same list again: %s", squeeze(p.Find("#sheet").Text()))
		}
	})
}

func TestRenewalsRefuse(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.bringPage(lastYear)
		at := s.upload(thisYear).to
		for _, form := range []url.Values{{"line.x": {"1"}}, {"line.2": {"nobody"}}, {"line.2": {"77"}}} {
			p := s.post(at+"/successions", form)
			if p.status != 422 || !strings.Contains(p.Find("[role=alert]").Text(), "選べない組み合わせです") {
				t.Errorf("%v: %d %s", form, p.status, squeeze(p.Find("[role=alert]").Text()))
			}
		}
		if p := s.do("viewer", "POST", at+"/successions", "application/x-www-form-urlencoded", strings.NewReader("")); p.status != 403 {
			t.Errorf("a viewer: %d", p.status)
		}
	})
}

func TestRenewalsInREST(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.bringPage(lastYear)
		a := s.send(thisYear, "dry_run", "1")
		at := strings.TrimPrefix(a.header.Get("Location"), "/api/v1")
		a = s.call("member", "GET", at+"/successions", "", nil)
		items, _ := a.body["items"].([]any)
		if a.status != 200 || len(items) != 1 {
			t.Fatalf("%d %s", a.status, a.raw)
		}
		offer := items[0].(map[string]any)
		old := offer["candidates"].([]any)[0].(map[string]any)
		if offer["certain"] != true || offer["key"] != "B-101" || old["key"] != "A-001" || old["renewal_date"] != "2026-03-31" {
			t.Errorf("%s", a.raw)
		}
		body := `{"successions": {"2": "` + old["contract"].(string) + `"}}`
		a = s.call("member", "POST", at+"/successions", "application/json", strings.NewReader(body))
		if n := a.body["counts"].(map[string]any); a.status != 200 || n["updated"] != 1.0 || n["absent"] != 0.0 || n["created"] != 0.0 {
			t.Errorf("%d %s", a.status, a.raw)
		}
		a = s.call("member", "DELETE", at+"/successions", "", nil)
		if n := a.body["counts"].(map[string]any); a.status != 200 || n["absent"] != 1.0 || n["created"] != 1.0 {
			t.Errorf("%d %s", a.status, a.raw)
		}
		for _, bad := range []string{`{"successions": {"x": "1"}}`, `{"successions": {"2": "77"}}`, `{"successions": {"2": "?"}}`} {
			if a = s.call("member", "POST", at+"/successions", "application/json", strings.NewReader(bad)); a.status != 422 {
				t.Errorf("%s: %d %s", bad, a.status, a.raw)
			}
		}
		if a = s.call("viewer", "POST", at+"/successions", "application/json", strings.NewReader(body)); a.status != 403 {
			t.Errorf("a viewer: %d", a.status)
		}
	})
}

// Rows copied in a spreadsheet are a list like any other.
func TestPaste(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		if p := s.get("/imports"); p.Find("textarea[name=pasted]").Length() != 1 {
			t.Fatal("no place to paste")
		}
		tabs := "契約番号\t契約名\t会社名\r\nA-001\tサポート\tみなと物流\r\nA-002\t\"倉庫\n（大阪）\"\t綿雲ファブリック\r\n"
		p := s.upload("", "pasted", tabs, "mode", "delta")
		if p.status != 303 {
			t.Fatalf("%d %s", p.status, p.raw)
		}
		list, err := s.svc.List(s.ctx, 0, 0, 1)
		if err != nil || len(list) != 1 || list[0].FileName != "貼り付け" || list[0].Mode != intake.Delta || list[0].Counts.Created != 2 {
			t.Errorf("%+v %v", list, err)
		}
		if p = s.upload("", "pasted", "  \n"); p.status != 422 || p.Find("#file-error").Length() != 1 {
			t.Errorf("nothing pasted: %d", p.status)
		}
		long := "契約番号,契約番号\nA," + strings.Repeat("x", 10)
		if p = s.upload("", "pasted", long, "mode", "nothing"); p.status != 422 || p.Find("textarea[name=pasted]").Text() != long {
			t.Errorf("what was pasted is lost: %d %q", p.status, p.Find("textarea[name=pasted]").Text())
		}
	})
}
