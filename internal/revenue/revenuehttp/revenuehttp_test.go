package revenuehttp_test

import (
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/revenue"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/web/words/wordstest"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func TestWords(t *testing.T) { wordstest.CheckTempl(t, ".") }

// furnished is an app with two contracts, one past its date; it is 17 February
// 2026. It gives the addresses of both.
func furnished(t *testing.T, d *db.DB) (a *apptest.App, soon, past contract.Contract) {
	t.Helper()
	a = apptest.New(t, d)
	create := func(in contract.Input) contract.Contract {
		c, err := a.Contracts.Create(a.Ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	soon = create(contract.Input{Name: "配車クラウド", Organization: "みなと物流", StartDate: "2025-04-01", RenewalDate: "2026-03-31", Amount: "480000", AmountBasis: "monthly"})
	past = create(contract.Input{Name: "倉庫クラウド", Organization: "ベータ", StartDate: "2025-02-01", RenewalDate: "2026-01-31", Amount: "120000"})
	return a, soon, past
}

func TestRenewalsPage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a, soon, past := furnished(t, d)
		b := a.Browser(who.Member)
		p := b.Get("/renewals")
		if got := p.Find("#period").Text(); got != "2025年度" {
			t.Error(got)
		}
		if rows := p.Find("#rows tr:not(.month)"); rows.Length() != 2 || !strings.Contains(rows.Last().Text(), "5,760,000円") {
			t.Error(rows.Text())
		}
		if link, _ := p.Find("#unasked a[href$='/renew']").Attr("href"); link != "/contracts/"+past.ID.String()+"/renew" {
			t.Error(link)
		}
		if !strings.Contains(p.Find("main").Text(), "何の金額か書かれていない契約1件は、年額として数えています") {
			t.Error("it does not say what it takes for granted")
		}
		for query, rows := range map[string]int{"period=fy2026": 0, "period=fy2025q4": 2, "period=2026-03": 1, "owner=none": 2, "owner=me": 0, "call=none": 2, "call=lose": 0, "outlook=danger": 0, "outcome=open": 2} {
			if got := b.Get("/renewals?" + query).Find("#rows tr:not(.month)").Length(); got != rows {
				t.Errorf("%s: %d rows", query, got)
			}
		}
		if got := b.Get("/renewals?period=nonsense").Status; got != 422 {
			t.Error(got)
		}
		form := "/contracts/" + soon.ID.String() + "/forecast"
		wrong := b.Post(form, url.Values{"call": {"grow"}, "why": {"席が増える"}})
		if wrong.Status != 422 || wrong.Find("#forecast-amount-error").Text() != "次の金額を書いてください。" || wrong.Find("#forecast-why").AttrOr("value", "") != "席が増える" {
			t.Error(wrong.Status, wrong.Find("form").Text())
		}
		said := b.Post(form, url.Values{"call": {"grow"}, "amount": {"50万"}, "why": {"席が増える"}, "back": {"/renewals?period=2026-03"}})
		if said.Path != "/renewals?period=2026-03" || !strings.Contains(said.Find("#rows").Text(), "増額 月額500,000円") || !strings.Contains(said.Find("#rows").Text(), "席が増える") {
			t.Error(said.Path, said.Find("#rows").Text())
		}
		sheet := b.Get("/contracts/" + soon.ID.String())
		if got := sheet.Find("#worth").Text(); !strings.Contains(got, "5,760,000円") || !strings.Contains(got, "480,000円") || !strings.Contains(got, "席が増える") {
			t.Error(got)
		}
		if !strings.Contains(sheet.Find("#trail-panel").Text(), "更新の見通しを「増額（500,000円）」としました") {
			t.Error(sheet.Find("#trail-panel").Text())
		}
		if got := b.Post(form+"/drop", nil); got.Status != 200 || strings.Contains(got.Find("#worth").Text(), "席が増える") {
			t.Error(got.Find("#worth").Text())
		}
		viewer := a.Browser(who.Viewer).Get("/renewals")
		if viewer.Find("a[href*='/forecast']").Length() != 0 || viewer.Find("#rows tr:not(.month)").Length() != 2 {
			t.Error("a viewer is offered what they may not")
		}
		if got := b.Get("/organizations/" + soon.OrgID.String()).Find(".worth").Text(); !strings.Contains(got, "ARR 5,760,000円") {
			t.Error(got)
		}
	})
}

func TestRetentionPage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a, _, past := furnished(t, d)
		if err := a.Contracts.End(a.Ctx, past.ID, "2026-02-01", ""); err != nil {
			t.Fatal(err)
		}
		b := a.Browser(who.Viewer)
		p := b.Get("/renewals/retention")
		january := p.Find("tbody tr").Eq(1)
		if got := strings.Join(strings.Fields(january.Text()), " "); !strings.HasPrefix(got, "2026年1月 NRR 98.0% GRR 98.0% 顧客維持率 50.0% 5,880,000円 1社 120,000円") {
			t.Error(got)
		}
		link, _ := january.Find("a[href*='figure=churned']").Attr("href")
		behind := b.Get(link)
		if got := behind.Find("tbody tr"); got.Length() != 1 || !strings.Contains(got.Text(), "ベータ") || !strings.Contains(got.Text(), "倉庫クラウド") {
			t.Error(link, got.Text())
		}
		for _, by := range []string{"quarter", "year", "x"} {
			if got := b.Get("/renewals/retention?by=" + by); got.Status != 200 || got.Find("tbody tr").Length() < 3 {
				t.Error(by, got.Status)
			}
		}
		if got := b.Get("/renewals/behind?figure=x&period=2026-01").Status; got != 422 {
			t.Error(got)
		}
		csv := b.Get("/renewals/terms.csv")
		if !strings.HasPrefix(csv.Body, "\ufeffcontract_id,") || strings.Count(csv.Body, "\n") != 3 || !strings.Contains(csv.Header.Get("Content-Disposition"), "terms-2026-02-17.csv") {
			t.Errorf("%q", csv.Body)
		}
	})
}

func TestMoneySettings(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a, _, _ := furnished(t, d)
		b := a.Browser(who.Admin)
		if got := b.Post("/settings/money/rate", url.Values{"currency": {"usd"}, "rate": {"150"}, "from": {"今日"}}); got.Status != 200 || !strings.Contains(got.Find("#rates").Text(), "1 USD = 150 JPY") {
			t.Error(got.Status, got.Find("#rates").Text())
		}
		wrong := b.Post("/settings/money/rate", url.Values{"currency": {"JPY"}, "rate": {"0"}, "from": {"2026-01-01"}})
		if wrong.Status != 422 || wrong.Find("#rate-rate-error").Length() == 0 {
			t.Error(wrong.Status)
		}
		if got := b.Post("/settings/money/rate", url.Values{"currency": {"USD"}, "from": {"2026-02-17"}, "drop": {"1"}}); strings.Contains(got.Find("#rates").Text(), "150") {
			t.Error(got.Find("#rates").Text())
		}
		if got := b.Post("/settings/money", url.Values{"unstated": {"monthly"}}); got.Find("input[name=unstated][checked]").AttrOr("value", "") != "monthly" {
			t.Error(got.Find("form").Text())
		}
	})
}

func TestREST(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a, soon, _ := furnished(t, d)
		p := a.Program(who.Member, workspace.ScopeWrite)
		at := "/contracts/" + soon.ID.String()
		for _, c := range []struct {
			method, path string
			body         any
			status       int
			says         string
		}{
			{"GET", "/renewals?period=fy2025&limit=1", nil, 200, `"next":"2026-01-31.`},
			{"GET", "/renewals?period=x", nil, 422, "revenue.err.period"},
			{"GET", "/renewals?owner=x", nil, 422, ""},
			{"GET", "/retention?period=2026-02", nil, 200, `"nrr":1`},
			{"GET", "/terms?limit=1", nil, 200, `"outcome":"open"`},
			{"GET", at + "/revenue", nil, 200, `"arr":"5760000","mrr":"480000"`},
			{"PUT", at + "/forecast", map[string]any{"call": "lose", "why": "予算"}, 200, `"call":"lose"`},
			{"PUT", at + "/forecast", map[string]any{"call": "grow"}, 422, "revenue.err.amount"},
			{"GET", at + "/revenue", nil, 200, `"why":"予算"`},
			{"DELETE", at + "/forecast", nil, 204, ""},
			{"DELETE", at + "/forecast", nil, 404, ""},
			{"GET", "/rates", nil, 200, `"items":[]`},
			{"PUT", "/rates", map[string]any{"currency": "USD", "from": "2026-01-01", "rate": "150"}, 403, ""},
		} {
			if got := p.Do(c.method, c.path, c.body); got.Status != c.status || !strings.Contains(got.Body, c.says) {
				t.Errorf("%s %s: %d %s", c.method, c.path, got.Status, got.Body)
			}
		}
		admin := a.Program(who.Admin, workspace.ScopeWrite)
		if got := admin.Do("PUT", "/rates", map[string]any{"currency": "USD", "from": "2026-01-01", "rate": "150"}); got.Status != 200 || !strings.Contains(got.Body, `"rate":"150"`) {
			t.Error(got.Status, got.Body)
		}
		if got := admin.Do("PUT", "/rates", map[string]any{"currency": "USD", "from": "someday", "rate": "150"}); got.Status != 422 {
			t.Error(got.Status, got.Body)
		}
		if _, err := a.Revenue.Settings(a.Ctx); err != nil || revenue.NoCall == "" {
			t.Error(err)
		}
	})
}
