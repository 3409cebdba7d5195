package handoverhttp_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/handover"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func each(t *testing.T, f func(t *testing.T, a *apptest.App)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(t, apptest.New(t, d)) })
}

// furnish gives 田村 (the member) contracts with a task by hand on each.
func furnish(t *testing.T, a *apptest.App, n int) []contract.Contract {
	t.Helper()
	var out []contract.Contract
	for i := range n {
		c, err := a.Contracts.Create(a.As(who.Member), contract.Input{Key: fmt.Sprint("A-", i), Name: fmt.Sprintf("配車 <b>%d", i),
			Organization: "みなと物流", Owner: a.Actors[who.Member].Member.String(), RenewalDate: "2026-03-31", Amount: "480000", AmountBasis: "monthly"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Tasks.Create(a.As(who.Member), task.New{Contract: c.ID, Title: fmt.Sprint("電話 ", i), Due: "2026-02-20"}); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func form(to who.Actor, words string, list ...contract.Contract) url.Values {
	v := url.Values{"to": {to.Member.String()}, "words": {words}}
	for _, c := range list {
		v.Add("contract", c.ID.String())
	}
	return v
}

// Without a script: choose, hand over, see it, take it back.
func TestHandOverOnThePage(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		list := furnish(t, a, 20)
		b := a.Browser(who.Member)
		p := b.Get("/handover")
		if p.Find(`input[name="contract"][checked]`).Length() != 20 || p.Find(".picks b b").Length() != 0 ||
			line(p) != "20件の契約を引き継ぎます。手で作ったタスク20件は、引き取るかを聞きます。" {
			t.Errorf("%d ticked, %q", p.Find(`input[name="contract"][checked]`).Length(), p.Find("#handover-line").Text())
		}
		if p = b.Post("/handover", form(who.Actor{}, "", list...)); p.Status != 422 || p.Find("#handover-to-error").Length() != 1 ||
			p.Find(`input[name="contract"][checked]`).Length() != 20 {
			t.Errorf("to nobody: %d", p.Status)
		}
		if p = b.Post("/handover", form(a.Actors[who.Admin], "ことば")); p.Status != 422 || p.Find(".alarm").Text() != "引き継ぐ契約を選んでください。" ||
			p.Find("#handover-words").Text() != "ことば" {
			t.Errorf("nothing: %d %q", p.Status, p.Find(".alarm").Text())
		}
		p = b.Post("/handover", form(a.Actors[who.Admin], "来週から <休み>", list...))
		if !strings.HasPrefix(p.Path, "/handover/acts/") || p.Find("#sheet ul a").Length() != 20 || !strings.Contains(p.Find("#sheet .voice").Text(), "来週から") ||
			p.Find(".toast").Length() != 1 || !strings.Contains(p.Find(".toast").Text(), "20件の契約を松井 里佳さんに引き継ぎました。") {
			t.Fatalf("%s %q", p.Path, p.Find(".toast").Text())
		}
		act := p.Path
		if got := b.Get("/handover").Find("#recent a").AttrOr("href", ""); got != act {
			t.Errorf("the last act is not offered: %s", got)
		}
		if a.Browser(who.Viewer).Get(act).Find("form[action$='/undo']").Length() != 0 {
			t.Error("a viewer is offered to take it back")
		}
		if p = a.Browser(who.Viewer).Post(act+"/undo", nil); p.Status != 403 {
			t.Errorf("a viewer took it back: %d", p.Status)
		}
		if _, err := a.Contracts.Update(a.Ctx, list[3].ID, []contract.Edit{{Field: "owner", New: a.Actors[who.Owner].Member.String()}}); err != nil {
			t.Fatal(err)
		}
		p = b.Post(b.Get(act).Find("form[action$='/undo']").AttrOr("action", ""), nil)
		if p.Path != "/handover" || !strings.Contains(p.Find(".toast").Text(), "19件の担当を元に戻しました。1件は") || !strings.Contains(p.Find(".toast").Text(), "配車 <b>3") {
			t.Errorf("%s %q", p.Path, p.Find(".toast").Text())
		}
		if n := p.Find(`input[name="contract"]`).Length(); n != 19 {
			t.Errorf("%d are 田村's again", n)
		}
	})
}

func line(p *apptest.Page) string { return strings.TrimSpace(p.Find("#handover-line").Text()) }

func TestPreview(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		list := furnish(t, a, 3)
		b := a.Browser(who.Member)
		if p := b.Fragment("POST", "/handover/preview", form(who.Actor{}, "", list[0])); p.Status != 200 || p.Find("#sheet").Length() != 0 ||
			strings.TrimSpace(p.Body) != "1件の契約を引き継ぎます。手で作ったタスク1件は、引き取るかを聞きます。" {
			t.Errorf("%d %s", p.Status, p.Body)
		}
		p := b.Post("/handover/preview", form(a.Actors[who.Admin], "ことば", list[0], list[1]))
		if p.Find(`input[name="contract"][checked]`).Length() != 2 || p.Find(`input[name="contract"]`).Length() != 3 || p.Find("#handover-words").Text() != "ことば" ||
			p.Find("#handover-to option[selected]").Text() != "松井 里佳" || !strings.HasPrefix(line(p), "2件") {
			t.Error(p.Find("#sheet").Text())
		}
		if p := b.Post("/handover/preview", url.Values{"contract": {"x", "9"}}); line(p) != "引き継ぐ契約を選んでください。" {
			t.Errorf("%d %q", p.Status, p.Find("#handover-line").Text())
		}
		tooMany := url.Values{}
		for i := range handover.MaxContracts + 1 {
			tooMany.Add("contract", fmt.Sprint(i+1))
		}
		if p := b.Post("/handover", tooMany); p.Status != 422 {
			t.Errorf("too many: %d", p.Status)
		}
	})
}

func TestWhoseContracts(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		list := furnish(t, a, 2)
		if _, err := a.Contracts.Create(a.Ctx, contract.Input{Name: "だれのでもない", Organization: "北つばめ急送"}); err != nil {
			t.Fatal(err)
		}
		b := a.Browser(who.Admin)
		if p := b.Get("/handover"); p.Find(".picks").Length() != 0 || !strings.Contains(p.Find("#give").Text(), "松井 里佳の契約は、いまありません。") {
			t.Error(p.Find("#give").Text())
		}
		if p := b.Get("/handover?from=none"); p.Find(".picks li").Length() != 1 || !strings.Contains(p.Find(".picks").Text(), "だれのでもない") {
			t.Error(p.Find(".picks").Text())
		}
		one := b.Get("/handover?contract=" + list[1].ID.String())
		if one.Find(".picks li").Length() != 1 || one.Find("#from option[selected]").Text() != "田村 健" || one.Find("#handover-to option:contains('田村')").Length() != 0 {
			t.Error(one.Find("#give").Text())
		}
		if got := b.Get("/contracts/" + list[1].ID.String()).Find("#facts a[href^='/handover?contract=']").Length(); got != 1 {
			t.Errorf("the contract's page leads nowhere: %d", got)
		}
		for _, bad := range []string{"?from=x", "?from=9", "?contract=x", "?contract=9"} {
			if p := b.Get("/handover" + bad); p.Status != 404 {
				t.Errorf("%s: %d", bad, p.Status)
			}
		}
		v := a.Browser(who.Viewer).Get("/handover")
		if v.Status != 200 || v.Find("#give").Length() != 0 || v.Find("#workload tbody tr").Length() < 3 {
			t.Errorf("a viewer sees %s", v.Find("#sheet").Text())
		}
		for _, from := range []string{"/contracts", "/members"} {
			if b.Get(from).Find(`#sheet a[href="/handover"]`).Length() == 0 {
				t.Errorf("%s does not lead there", from)
			}
		}
		if b.Get("/settings").Find(`#sheet a[href="/handover"]`).Length() == 0 {
			t.Error("the settings do not lead there")
		}
	})
}

// The table is by name and knows no figure of what somebody finished.
func TestWorkload(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		furnish(t, a, 2)
		p := a.Browser(who.Viewer).Get("/handover")
		var rows []string
		p.Find("#workload tbody tr").Each(func(_ int, s *goquery.Selection) { rows = append(rows, strings.Join(strings.Fields(s.Text()), " ")) })
		want := "岡田 真帆 0 0 0 0分|松井 里佳 0 0 0 0分|田村 健 2 2 2 10分"
		if got := strings.Join(rows, "|"); got != want {
			t.Errorf("%s", got)
		}
	})
}

func TestTodayOpensWithHandovers(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		list := furnish(t, a, 7)
		if _, err := a.Timeline.Post(a.As(who.Member), timeline.PostInput{Contract: list[6].ID, Body: "返信が **短い**", Hunch: "bad"}); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Contacts.Add(a.Ctx, list[6].ID, contact.Contact{Name: "佐藤 亮"}, "推進役"); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Tasks.Create(a.As(who.Admin), task.New{Title: "松井の用", Due: "2026-02-10"}); err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if _, err := a.Contracts.Update(a.As(who.Member), c.ID, []contract.Edit{{Field: "owner", New: a.Actors[who.Admin].Member.String()}}); err != nil {
				t.Fatal(err)
			}
			a.Travel(time.Minute)
		}
		b := a.Browser(who.Admin)
		p := b.Get("/today")
		rows := p.Find("#queue > li")
		if rows.Length() != 7 || !strings.Contains(rows.First().Text(), "配車 <b>6") || !strings.Contains(rows.Last().Text(), "松井の用") ||
			rows.Eq(5).Find("a").AttrOr("href", "") != "/handover/mine" || !strings.Contains(rows.Eq(5).Text(), "ほか2件") {
			t.Fatalf("%d: %s", rows.Length(), rows.Text())
		}
		sheet := p.Find("#sheet")
		for _, want := range []string{"田村 健さんから受け取りました", "あと42日", "月額480,000円", "佐藤 亮、推進役", "電話 6", "嫌な予感"} {
			if !strings.Contains(sheet.Text(), want) {
				t.Errorf("%s is not on the sheet", want)
			}
		}
		if sheet.Find(".voice strong").Length() == 0 || sheet.Find("b b").Length() != 0 {
			t.Error("words are not set as words")
		}
		if mine := b.Get("/handover/mine"); mine.Find("details.handed-card").Length() != 7 {
			t.Errorf("%d cards", mine.Find("details.handed-card").Length())
		}
		if fresh := b.Fragment("GET", "/today/queue", nil); fresh.Find("#queue li").Length() != 7 {
			t.Error("the queue that comes anew has lost them")
		}
		take := sheet.Find("form[action$='/take']").First()
		p = b.Post(take.AttrOr("action", ""), url.Values{"back": {take.Find(`[name="back"]`).AttrOr("value", "")}, "task": {take.Find(`[name="task"]`).AttrOr("value", "")}})
		if !strings.HasPrefix(p.Path, "/today?at=h") || p.Find("#sheet form[action$='/take']").Length() != 0 || !strings.Contains(p.Find(".toast").Text(), "電話 6") {
			t.Fatalf("%s %q", p.Path, p.Find(".toast").Text())
		}
		p = b.Post(p.Find(".toast form").AttrOr("action", ""), nil)
		if p.Find("#sheet form[action$='/take']").Length() != 1 {
			t.Errorf("%s: it was not given back", p.Path)
		}
		settle := p.Find("#sheet form[action$='/settle']")
		p = b.Post(settle.AttrOr("action", ""), url.Values{"back": {settle.Find(`[name="back"]`).AttrOr("value", "")}})
		if p.Path != "/today" || strings.Contains(p.Find("#queue").Text(), "配車 <b>6") || !strings.Contains(p.Find("#sheet h2").First().Text(), "配車 <b>5") {
			t.Errorf("%s: %s", p.Path, p.Find("#queue").Text())
		}
		p = b.Post(p.Find(".toast form").AttrOr("action", ""), nil)
		if !strings.Contains(p.Find("#queue > li").First().Text(), "配車 <b>6") {
			t.Error("settling was not taken back")
		}
	})
}

func TestTodayWithAScript(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		list := furnish(t, a, 1)
		if _, err := a.Tasks.Create(a.As(who.Member), task.New{Contract: list[0].ID, Title: "もうひとつ"}); err != nil {
			t.Fatal(err)
		}
		act, err := a.Handovers.Give(a.As(who.Member), handover.Input{Contracts: []id.ID{list[0].ID}, To: a.Actors[who.Admin].Member})
		if err != nil {
			t.Fatal(err)
		}
		path, back := "/handovers/"+act.List[0].ID.String(), url.Values{"back": {"/today?at=h" + act.List[0].ID.String()}}
		b := a.Browser(who.Admin)
		if p := b.Fragment("POST", path+"/take", back); p.Status != 200 || p.Header.Get("HX-Trigger") == "" || p.Find(".handed").Length() != 1 ||
			p.Find("form[action$='/take']").Length() != 0 || p.Find("#sheet").Length() != 0 {
			t.Errorf("%d %s", p.Status, p.Body)
		}
		if p := b.Fragment("POST", path+"/take", back); p.Status != 409 {
			t.Errorf("taken twice: %d", p.Status)
		}
		if p := b.Fragment("POST", path+"/settle", back); p.Status != 200 || p.Header.Get("HX-Trigger") == "" || strings.TrimSpace(p.Body) != "" {
			t.Errorf("%d %q", p.Status, p.Body)
		}
		if p := b.Get("/today"); p.Find("#queue li").Length() != 0 {
			t.Error("it still waits")
		}
		if p := a.Browser(who.Member).Post(path+"/settle", nil); p.Status != 403 {
			t.Errorf("somebody else settled it: %d", p.Status)
		}
		if p := a.Browser(who.Member).Get("/today?at=h" + act.List[0].ID.String()); p.Status != 200 || p.Find(".handed").Length() != 0 {
			t.Errorf("somebody else's card: %d", p.Status)
		}
		for _, bad := range []string{"hx", "v9", "h"} {
			if p := b.Get("/today?at=" + bad); p.Status != 200 {
				t.Errorf("%s: %d", bad, p.Status)
			}
		}
	})
}

// The whole page asks no more with twenty handovers than with six.
func TestTodayAsksAFixedNumberOfQuestions(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		list := furnish(t, a, 20)
		give := func(part []contract.Contract) {
			var refs []id.ID
			for _, c := range part {
				refs = append(refs, c.ID)
			}
			if _, err := a.Handovers.Give(a.As(who.Member), handover.Input{Contracts: refs, To: a.Actors[who.Admin].Member}); err != nil {
				t.Fatal(err)
			}
		}
		ask := func() int64 {
			ctx, n := db.Counting(a.As(who.Admin))
			waiting, _, err := a.Handovers.Waiting(ctx, 5)
			if err == nil {
				_, err = a.Handovers.Card(ctx, waiting[0].ID)
			}
			if err != nil {
				t.Fatal(err)
			}
			return n.Load()
		}
		give(list[:6])
		few := ask()
		give(list[6:])
		if many := ask(); many != few || few > 7 {
			t.Errorf("%d questions, then %d", few, many)
		}
	})
}

func TestCoverOnThePages(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		list := furnish(t, a, 1)
		boss := a.Actors[who.Admin].Member.String()
		b := a.Browser(who.Member)
		if p := b.Get("/me"); p.Find(`#cover form[action="/covers"]`).Length() != 1 || p.Find("#cover-deputy option:contains('田村')").Length() != 0 ||
			p.Find("#cover-deputy option:contains('北原')").Length() != 0 || p.Find("#cover-member").Length() != 0 {
			t.Error("one's own page offers the wrong people")
		}
		p := b.Post("/covers", url.Values{"deputy": {boss}, "from": {"来週火曜"}, "to": {"きのう"}, "back": {"/me"}})
		if p.Status != 422 || p.Find("#cover-to-error").Text() != "終わりの日は、始まりの日より後にしてください。" || p.Find("#cover-from").AttrOr("value", "") != "来週火曜" ||
			p.Find("#cover-deputy option[selected]").Text() != "松井 里佳" {
			t.Errorf("%d %q", p.Status, p.Find(".error").Text())
		}
		p = b.Post("/covers", url.Values{"deputy": {boss}, "from": {"今日"}, "to": {"2/20"}, "words": {"夏休み"}, "back": {"/me"}})
		if p.Path != "/me" || !strings.Contains(p.Find("#cover .covers").Text(), "松井 里佳さんが田村 健さんの代理") || !strings.Contains(p.Find("#cover .covers").Text(), "夏休み") {
			t.Fatalf("%s %s", p.Path, p.Find("#cover").Text())
		}
		if p := b.Post("/covers", url.Values{"deputy": {boss}, "from": {"2/20"}}); p.Status != 409 || p.Find("#cover-from-error").Length() != 1 {
			t.Errorf("twice: %d", p.Status)
		}
		facts := a.Browser(who.Viewer).Get("/contracts/" + list[0].ID.String()).Find("#facts")
		if !strings.Contains(facts.Text(), "代理：松井 里佳") || !strings.Contains(facts.Text(), "2/17") || facts.Find("a[href^='/handover']").Length() != 0 {
			t.Errorf("%s", facts.Text())
		}
		a.Travel(4 * 24 * time.Hour) // 2026-02-21, a Saturday
		if strings.Contains(b.Get("/contracts/"+list[0].ID.String()).Find("#facts").Text(), "代理") {
			t.Error("the cover goes on")
		}
	})
}

func TestDeputyOnToday(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		furnish(t, a, 1)
		cover, err := a.Handovers.SetCover(a.As(who.Member), handover.CoverInput{Deputy: a.Actors[who.Admin].Member, From: "2026-02-17", To: "2026-02-20"})
		if err != nil {
			t.Fatal(err)
		}
		a.Travel(3 * 24 * time.Hour) // the task is due, on the last day
		b := a.Browser(who.Admin)
		p := b.Get("/today")
		if row := p.Find("#queue > li"); row.Length() != 1 || !strings.Contains(row.Text(), "田村 健さんの代理") || !strings.Contains(p.Find("#sheet .title").Text(), "田村 健さんの代理です。") {
			t.Fatalf("%s", p.Find("#queue").Text())
		}
		done := p.Find("#sheet form[action$='/done']").First().AttrOr("action", "")
		if p = b.Post(done, url.Values{"words": {"つながりました"}}); p.Path != "/today" || p.Find("#queue > li").Length() != 0 {
			t.Errorf("%s %s", p.Path, p.Find("#queue").Text())
		}
		a.Travel(24 * time.Hour)
		back := a.Browser(who.Member)
		p = back.Get("/today")
		if row := p.Find("#queue > li").First(); !strings.Contains(row.Text(), "松井 里佳さんが代理をしてくれました") {
			t.Fatalf("%s", row.Text())
		}
		sheet := p.Find("#sheet").Text()
		if !strings.Contains(sheet, "電話 0") || !strings.Contains(sheet, "つながりました") || p.Find("#sheet a[href^='/tasks/']").Length() != 1 {
			t.Errorf("%s", sheet)
		}
		if page := b.Get("/covers/" + cover.ID.String()); page.Status != 200 || !strings.Contains(page.Find("#sheet").Text(), "電話 0") {
			t.Errorf("the deputy's page: %d", page.Status)
		}
		if page := a.Browser(who.Viewer).Get("/covers/" + cover.ID.String()); page.Status != 404 {
			t.Errorf("somebody else: %d", page.Status)
		}
		read := p.Find("#sheet form[action$='/read']").AttrOr("action", "")
		if p = back.Post(read, nil); p.Path != "/today" || p.Find("#queue > li").Length() != 0 {
			t.Errorf("%s %s", p.Path, p.Find("#queue").Text())
		}
		if p = back.Post(p.Find(".toast form").AttrOr("action", ""), nil); p.Find("#queue > li").Length() != 1 {
			t.Error("it did not come back")
		}
	})
}

func TestEndACover(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		me, boss := a.Actors[who.Member].Member, a.Actors[who.Admin].Member
		b := a.Browser(who.Admin)
		p := b.Post("/covers", url.Values{"member": {me.String()}, "deputy": {boss.String()}, "from": {"2026-02-17"}, "to": {"2026-03-01"}})
		if p.Path != "/covers" || p.Find(".covers form").Length() != 1 {
			t.Fatalf("%s %s", p.Path, p.Find(".covers").Text())
		}
		if v := a.Browser(who.Viewer).Get("/covers"); v.Find(".covers li").Length() != 1 || v.Find("main form").Length() != 0 {
			t.Error("a viewer is offered acts")
		}
		a.Travel(48 * time.Hour)
		end := b.Get("/covers").Find("form[action$='/end']").AttrOr("action", "")
		if p = b.Post(end, url.Values{"back": {"/covers"}}); p.Path != "/covers" || p.Find(".covers").Length() != 0 || p.Find(".toast").Length() != 1 {
			t.Errorf("%s %s", p.Path, p.Find("#covers").Text())
		}
		p = b.Post("/covers", url.Values{"member": {me.String()}, "deputy": {boss.String()}, "from": {"2026-03-01"}})
		if p = b.Post(p.Find(".toast form").AttrOr("action", ""), nil); p.Find(".covers").Length() != 0 {
			t.Error("naming was not taken back")
		}
		if p := a.Browser(who.Member).Post("/covers", url.Values{"member": {boss.String()}, "deputy": {me.String()}, "from": {"2026-03-01"}}); p.Status != 403 {
			t.Errorf("a member for somebody else: %d", p.Status)
		}
	})
}

func TestREST(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		list := furnish(t, a, 3)
		me, boss := a.Program(who.Member, workspace.ScopeWrite), a.Program(who.Admin, workspace.ScopeWrite)
		to := a.Actors[who.Admin].Member.String()
		ids := []string{list[0].ID.String(), list[1].ID.String()}
		for _, c := range []struct {
			name   string
			body   any
			status int
			field  string
		}{
			{"nothing", map[string]any{"contracts": []string{}, "to": to}, 422, "contracts"},
			{"to nobody", map[string]any{"contracts": ids, "to": ""}, 422, "to"},
			{"to no id", map[string]any{"contracts": ids, "to": "松井"}, 422, "to"},
			{"no contract", map[string]any{"contracts": []string{"x"}, "to": to}, 422, "contracts"},
			{"no such contract", map[string]any{"contracts": []string{"4611686018427387904"}, "to": to}, 404, ""},
			{"theirs", map[string]any{"contracts": ids, "to": a.Actors[who.Member].Member.String()}, 422, "contracts"},
		} {
			got := me.Do("POST", "/handovers", c.body)
			errors, _ := got.JSON["errors"].([]any)
			if got.Status != c.status || c.field != "" && (len(errors) != 1 || errors[0].(map[string]any)["field"] != c.field) {
				t.Errorf("%s: %d %s", c.name, got.Status, got.Body)
			}
		}
		body := map[string]any{"contracts": ids, "to": to, "words": "よろしく"}
		if got := a.Program(who.Viewer, workspace.ScopeWrite).Do("POST", "/handovers", body); got.Status != 403 {
			t.Errorf("a viewer: %d", got.Status)
		}
		made := me.Do("POST", "/handovers", body)
		items := made.Items()
		if made.Status != 201 || len(items) != 2 || made.JSON["offered_tasks"] != 2.0 || made.JSON["rule_tasks"] != 0.0 || items[0]["words"] != "よろしく" ||
			items[0]["from_name"] != "田村 健" || items[0]["settled_at"] != nil || made.JSON["undo_until"] != "2026-02-18T01:00:00Z" {
			t.Fatalf("%d %s", made.Status, made.Body)
		}
		one := "/handovers/" + items[0]["id"].(string)
		if got := me.Do("POST", one+"/settle", nil); got.Status != 403 {
			t.Errorf("not theirs: %d %s", got.Status, got.Body)
		}
		if got := boss.Do("POST", one+"/settle", nil); got.Status != 200 || got.JSON["settled_at"] == nil {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if got := boss.Do("GET", "/handovers?open=true&to=me", nil).Items(); len(got) != 1 || got[0]["id"] != items[1]["id"] {
			t.Errorf("%v", got)
		}
		first := boss.Do("GET", "/handovers?limit=1", nil)
		second := boss.Do("GET", "/handovers?limit=1&cursor="+first.JSON["next"].(string), nil)
		if len(first.Items()) != 1 || len(second.Items()) != 1 || first.Items()[0]["id"] == second.Items()[0]["id"] || second.JSON["next"] != "" {
			t.Errorf("%s %s", first.Body, second.Body)
		}
		if got := boss.Do("GET", "/handovers?to=x", nil); got.Status != 422 {
			t.Errorf("%d", got.Status)
		}
		if got := a.Program(who.Viewer, workspace.ScopeWrite).Do("DELETE", one, nil); got.Status != 403 {
			t.Errorf("a viewer: %d", got.Status)
		}
		undone := me.Do("DELETE", one, nil)
		if restored, _ := undone.JSON["restored"].([]any); undone.Status != 200 || len(restored) != 2 {
			t.Errorf("%d %s", undone.Status, undone.Body)
		}
		if got := me.Do("DELETE", one, nil); got.Status != 404 {
			t.Errorf("undone twice: %d", got.Status)
		}
		if c := me.Do("GET", "/contracts/"+ids[0], nil); c.JSON["owner"].(map[string]any)["id"] != a.Actors[who.Member].Member.String() {
			t.Errorf("%s", c.Body)
		}
	})
}

func TestCoversByREST(t *testing.T) {
	each(t, func(t *testing.T, a *apptest.App) {
		me := a.Program(who.Member, workspace.ScopeWrite)
		boss := a.Actors[who.Admin].Member.String()
		made := me.Do("POST", "/covers", map[string]any{"deputy": boss, "from_date": "2026-02-17", "to_date": "2026-02-20", "words": "休み"})
		if made.Status != 201 || made.JSON["deputy_name"] != "松井 里佳" || made.JSON["to_date"] != "2026-02-20" {
			t.Fatalf("%d %s", made.Status, made.Body)
		}
		if got := me.Do("POST", "/covers", map[string]any{"deputy": boss, "from_date": "2026-02-20", "to_date": "2026-02-21"}); got.Status != 409 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if got := me.Do("POST", "/covers", map[string]any{"deputy": boss, "from_date": "明日", "to_date": "2026-02-28"}); got.Status != 422 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if got := me.Do("GET", "/covers", nil).Items(); len(got) != 1 {
			t.Errorf("%v", got)
		}
		path := "/covers/" + made.JSON["id"].(string)
		a.Travel(24 * time.Hour)
		if got := me.Do("POST", path+"/end", nil); got.Status != 200 || got.JSON["to_date"] != "2026-02-17" {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if got := a.Program(who.Viewer, workspace.ScopeWrite).Do("DELETE", path, nil); got.Status != 403 {
			t.Errorf("%d", got.Status)
		}
		if got := me.Do("DELETE", path, nil); got.Status != 200 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if got := me.Do("DELETE", path, nil); got.Status != 404 {
			t.Errorf("%d", got.Status)
		}
	})
}
