package renewalhttp_test

import (
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// furnished is an app with a contract and a note that saw it coming.
func furnished(t *testing.T, d *db.DB) (a *apptest.App, path string, note timeline.Note) {
	t.Helper()
	a = apptest.New(t, d)
	c, err := a.Contracts.Create(a.Ctx, contract.Input{Key: "A-1", Name: "配車クラウド", Organization: "みなと物流", StartDate: "2025-04-01",
		RenewalDate: "2026-03-31", Amount: "480000", AmountBasis: "monthly"})
	if err != nil {
		t.Fatal(err)
	}
	note, err = a.Timeline.Post(a.Ctx, timeline.PostInput{Contract: c.ID, Body: "返信がいつもより短い", Hunch: "bad"})
	if err != nil {
		t.Fatal(err)
	}
	return a, "/contracts/" + c.ID.String(), note
}

func TestRecordOnThePage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a, path, note := furnished(t, d)
		b := a.Browser(who.Member)
		link, _ := b.Get(path).Find(`#terms a[href$="/renew"]`).Attr("href")
		if link != path+"/renew" {
			t.Fatalf("the contract leads to %q", link)
		}
		p := b.Get(link)
		for name, want := range map[string]string{"start": "2026/4/1", "end": "2027/3/31", "amount": "480000"} {
			if got, _ := p.Find(`input[name="` + name + `"]`).Attr("value"); got != want {
				t.Errorf("%s is filled with %q, want %q", name, got, want)
			}
		}
		if p.Find(`input[name="outcome"]`).Length() != 4 || p.Find(`input[name="leave"]`).Length() < 3 ||
			!strings.Contains(p.Find(`input[name="sign"][value="`+note.ID.String()+`"]`).Parent().Text(), "返信がいつもより短い") {
			t.Error("what can be chosen is not there")
		}
		form := url.Values{"outcome": {"downsell"}, "start": {"2026/4/1"}, "end": {"2027/3/31"}, "amount": {"60万"}, "basis": {"monthly"}, "currency": {"JPY"},
			"leave": {"予算の縮小"}, "stay": {"成果が出た"}, "sign": {note.ID.String()}, "words": {"席を減らす"}}
		p = b.Post(link, form)
		if p.Status != 422 || p.Find("#next-amount-error").Text() != "減額なら、いまより小さい金額にしてください。" ||
			p.Find(`input[name="leave"][value="予算の縮小"][checked]`).Length() != 1 || p.Find("#renew-words").Text() != "席を減らす" {
			t.Errorf("%d %q", p.Status, p.Find(".error").Text())
		}
		form.Set("amount", "30万")
		p = b.Post(link, form)
		terms := p.Find("#terms").Text()
		for _, want := range []string{"2026/4/1〜2027/3/31", "月額300,000円", "減額して更新、予算の縮小、田村 健", "席を減らす"} {
			if !strings.Contains(terms, want) {
				t.Errorf("%s is not in %s", want, terms)
			}
		}
		if p.Path != path || p.Find(`#terms a[href="/notes/`+note.ID.String()+`"]`).Length() != 1 ||
			!strings.Contains(p.Find("#trail").Text(), "減額して契約を更新しました：予算の縮小。席を減らす（田村 健）") {
			t.Errorf("%s: %s", p.Path, p.Find("#trail").Text())
		}
		undo, _ := p.Find("#terms form").Attr("action")
		if p = b.Post(undo, nil); p.Path != path || strings.Contains(p.Find("#terms").Text(), "2027") {
			t.Errorf("%s: %s", p.Path, p.Find("#terms").Text())
		}
		if p = b.Post(undo, nil); p.Status != 404 {
			t.Errorf("undone twice: %d", p.Status)
		}
		if a.Browser(who.Viewer).Get(path).Find("#terms a, #terms form").Length() != 0 {
			t.Error("a viewer is offered to record")
		}
	})
}

func TestReasonsPage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a, path, _ := furnished(t, d)
		b := a.Browser(who.Admin)
		if b.Get(path+"/renew").Find(`a[href="/settings/reasons"]`).Length() != 1 {
			t.Error("an admin finds no way to the reasons")
		}
		if p := b.Post("/settings/reasons", url.Values{"stay": {"好き\r\n\r\n便利"}, "leave": {strings.Repeat("長", 61)}}); p.Status != 422 ||
			!strings.Contains(p.Find("#leave-error").Text(), "60文字") || !strings.HasPrefix(p.Find("#stay").Text(), "好き") {
			t.Errorf("%d %s", p.Status, p.Find(".error").Text())
		}
		b.Post("/settings/reasons", url.Values{"stay": {"好き\n便利"}, "leave": {""}})
		p := a.Browser(who.Member).Get(path + "/renew")
		if p.Find(`input[name="stay"]`).Length() != 2 || p.Find(`input[name="leave"][value="予算の縮小"]`).Length() != 1 {
			t.Error("the reasons are not those set")
		}
	})
}

func TestREST(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a, path, note := furnished(t, d)
		p := a.Program(who.Member, workspace.ScopeWrite)
		list := path + "/renewals"
		for _, c := range []struct {
			name, body string
			status     int
			field      string
		}{
			{"no outcome", `{}`, 422, "body.outcome"},
			{"another outcome", `{"outcome":"lost"}`, 422, "body.outcome"},
			{"no day", `{"outcome":"churned","effective_date":"soon"}`, 422, "effective_date"},
			{"no more", `{"outcome":"upsell","next_term":{"start":"2026-04-01","end":"2027-03-31","amount":"480000","basis":"monthly"}}`, 422, "next_term.amount"},
			{"no sign", `{"outcome":"churned","sign":"x"}`, 422, "sign"},
			{"broken", `{`, 400, "body"},
		} {
			got := p.Do("POST", list, c.body)
			errors, _ := got.JSON["errors"].([]any)
			if got.Status != c.status || got.Header.Get("Content-Type") != "application/problem+json" || len(errors) != 1 ||
				errors[0].(map[string]any)["field"] != c.field {
				t.Errorf("%s: %d %s", c.name, got.Status, got.Body)
			}
		}
		made := p.Do("POST", list, map[string]any{"outcome": "upsell", "effective_date": "2026-04-01", "reasons": []string{"使う人が増えた"},
			"next_term": map[string]any{"start": "2026-04-01", "end": "2027-03-31", "amount": "600000", "basis": "monthly"}, "sign": note.ID.String()})
		if made.Status != 201 || made.JSON["term"] != 1.0 || made.JSON["sign"] != note.ID.String() || made.JSON["undoable"] != true {
			t.Fatalf("%d %s", made.Status, made.Body)
		}
		if c := p.Do("GET", path, nil); c.JSON["renewal_date"] != "2027-03-31" || c.JSON["amount"] != "600000" || c.JSON["term"] != 2.0 {
			t.Error(c.Body)
		}
		if got := p.Do("GET", list, nil).Items(); len(got) != 1 || got[0]["outcome"] != "upsell" {
			t.Error(got)
		}
		if got := a.Program(who.Viewer, workspace.ScopeWrite).Do("POST", list, `{"outcome":"churned"}`); got.Status != 403 {
			t.Errorf("a viewer: %d", got.Status)
		}
		if got := p.Do("POST", "/renewals/"+made.JSON["id"].(string)+"/undo", nil); got.Status != 200 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if c := p.Do("GET", path, nil); c.JSON["renewal_date"] != "2026-03-31" || c.JSON["term"] != 1.0 {
			t.Error(c.Body)
		}
		admin := a.Program(who.Admin, workspace.ScopeWrite)
		if got := admin.Do("PUT", "/renewal-reasons", `{"stay":["好き"],"leave":[]}`); got.Status != 200 || len(got.JSON["stay"].([]any)) != 1 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if got := p.Do("PUT", "/renewal-reasons", `{"stay":[],"leave":[]}`); got.Status != 403 {
			t.Errorf("a member: %d", got.Status)
		}
	})
}
