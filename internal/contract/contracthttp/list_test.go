package contracthttp_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/testkit"
	"kizuki/internal/web/words"
	"kizuki/internal/web/words/wordstest"
)

func TestCatalogues(t *testing.T) {
	words.Add(contracthttp.Words())
	wordstest.CheckCatalogues(t, contracthttp.Words())
	wordstest.CheckTempl(t, ".")
}

// TestMain fails for a sentence a page asked for and nobody wrote: keys put
// together at run time are found by no scan. Sentences of other packages are
// theirs to check.
func TestMain(m *testing.M) {
	code := m.Run()
	for _, key := range words.Missing() {
		if strings.Contains(key, " contract.") || strings.Contains(key, " shell.") {
			fmt.Fprintln(os.Stderr, "nobody wrote:", key)
			code = 1
		}
	}
	os.Exit(code)
}

func TestEnglish(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	w.field(field.Input{Key: "plan", Type: field.Choice, Options: []string{"A"}, Indexed: true})
	c := w.add(func(in *contract.Input) {
		in.RenewalDate, in.Amount, in.AmountBasis, in.Outlook, in.AutoRenew = "2026-03-31", "1200", "yearly", "watch", true
	})
	at := "/contracts/" + c.ID.String()
	for _, path := range []string{"/contracts?owner=me&within=30&outlook=watch&sort=-field:plan&ended=1&f.plan=-", at, at + "/edit", at + "/edit/outlook", at + "/contacts", at + "/end", at + "/archive", "/contracts/new"} {
		w.send(httptest.NewRequest("GET", path, nil), "english").want(t, 200)
	}
	p := w.send(httptest.NewRequest("GET", "/contracts", nil), "english")
	if got := text(p.Find(".tally")); !strings.HasPrefix(got, "1 contract, ¥1,200 a year. Updated this morning 5:00 from 契約管理.") {
		t.Errorf("tally: %s", got)
	}
	if got := text(p.Find("tr.month")); got != "March 1 contract, ¥1,200 a year" {
		t.Errorf("month: %s", got)
	}
}

func TestListShowsContractsByMonth(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		minato := w.add(func(in *contract.Input) {
			in.RenewalDate, in.Amount, in.AmountBasis, in.Owner = "2026-03-31", "480000", "monthly", w.me.Member.String()
			in.Outlook, in.Phase = "watch", "活用拡大"
		})
		w.add(func(in *contract.Input) {
			in.Name, in.RenewalDate, in.Amount, in.AmountBasis = "点呼クラウド", "2026-03-01", "1200000", "yearly"
		})
		w.add(func(in *contract.Input) { in.Name = "いつまでか不明" })
		w.said[minato.ID] = contracthttp.Said{Text: "返信が<b>短い</b>", By: "田村 健", At: start, Hunch: "bad"}
		p := w.get("/contracts").want(t, 200)
		heads := p.Find("tr.month").Map(func(_ int, s *goquery.Selection) string { return text(s) })
		if got := strings.Join(heads, "|"); got != "3月 2件、年額1,200,000円、月額480,000円|更新日なし 1件" {
			t.Errorf("months: %s", got)
		}
		if got := text(p.Find(".tally")); !strings.HasPrefix(got, "3件、月額480,000円、年額1,200,000円。けさ5:00に契約管理から更新。") {
			t.Errorf("tally: %s", got)
		}
		row := p.Find("#rows tr").FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.Contains(s.Text(), "本社契約") })
		for selector, want := range map[string]string{".name b": "株式会社みなと物流", ".num time": "3/31 あと42日", ".said": "返信が<b>短い</b>",
			".health.watch": "気がかり", `[id$="-phase"] summary`: "活用拡大", `[id$="-owner"] summary`: "岡田"} {
			if got := text(row.Find(selector)); got != want {
				t.Errorf("%s: %q, want %q", selector, got, want)
			}
		}
		if href, _ := row.Find(".name a").Attr("href"); href != "/contracts/"+minato.ID.String() || row.Find(".said b").Length() != 0 {
			t.Errorf("leads to %s, or lets markup through", href)
		}
		if p.Find(`a[href="/import"]`).Length() != 1 || p.Find(`a[href="/contracts/new"]`).Length() != 1 {
			t.Error("the ways to more contracts are missing")
		}
	})
}

func TestListSaysHowOldDataIs(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	for _, days := range []int{0, 34} {
		c := w.add(nil)
		w.svc.Now = func() time.Time { return start.AddDate(0, 0, -days) }
		w.touch(c)
		w.svc.Now = now
	}
	p := w.get("/contracts")
	if got := text(p.Find(".fresh").First()); got != "たった今" {
		t.Errorf("fresh data: %q", got)
	}
	if got := text(p.Find(".fresh .chip.watch")); got != "34日前、古い" {
		t.Errorf("old data: %q", got)
	}
}

func TestFilterReadsAsASentence(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	w.field(field.Input{Key: "plan", Type: field.Choice, Options: []string{"松", "竹"}, Indexed: true})
	w.field(field.Input{Key: "seats", Type: field.Number, Indexed: true})
	w.field(field.Input{Key: "memo", Type: field.Text, Indexed: true})
	w.add(func(in *contract.Input) {
		in.Owner, in.RenewalDate, in.Phase, in.Outlook = w.me.Member.String(), "2026-03-31", "定着", "danger"
		in.Fields = map[string]any{"plan": "竹", "seats": "12", "memo": "大事"}
	})
	w.add(func(in *contract.Input) { in.Name, in.RenewalDate = "過ぎたもの", "2026-01-31" })
	for _, c := range []struct{ query, sentence, names string }{
		{"", "みんなの、すべての契約を、月ごとに、更新日の近い順に。", "過ぎたもの 本社契約"},
		{"owner=me&within=180", "自分が担当していて、更新日が180日以内の契約を、月ごとに、更新日の近い順に。", "本社契約"},
		{"owner=none&within=past&sort=name", "担当なしの、更新日が過ぎたままの契約を、分けずに、名前の順に。", "過ぎたもの"},
		{"within=45", "みんなの、更新日が45日以内の契約を、月ごとに、更新日の近い順に。", "本社契約"},
		{"phase=定着&outlook=danger&q=みなと", "みんなの、名前や契約番号が「みなと」で、見立てが「危うい」で、段階が「定着」で、すべての契約を、月ごとに、更新日の近い順に。", "本社契約"},
		{"f.plan=竹&f.seats.from=10&f.seats.to=20&f.memo.has=大", "みんなの、planの名前が「竹」で、seatsの名前が「10から20」で、memoの名前が「大」で、すべての契約を、月ごとに、更新日の近い順に。", "本社契約"},
		{"f.plan=-", "みんなの、planの名前が「なし」で、すべての契約を、月ごとに、更新日の近い順に。", "過ぎたもの"},
		{"f.seats.from=13", "みんなの、seatsの名前が「13以上」で、すべての契約を、月ごとに、更新日の近い順に。", ""},
	} {
		q, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		p := w.get("/contracts?"+q.Encode()).want(t, 200)
		filter := p.Find("form.sentence").Clone()
		filter.Find(".pop, .add").Remove()
		if got := strings.ReplaceAll(text(filter), " ", ""); got != strings.ReplaceAll(c.sentence, " ", "") {
			t.Errorf("%s: %s", c.query, got)
		}
		var names []string
		p.Find("#rows .name a").Each(func(_ int, s *goquery.Selection) {
			names = append(names, strings.TrimPrefix(strings.TrimSpace(strings.TrimPrefix(text(s), "株式会社みなと物流")), "配車クラウド "))
		})
		if got := strings.Join(names, " "); got != c.names {
			t.Errorf("%s finds %q", c.query, got)
		}
		if c.names == "" && p.Find(`.empty a[href="/contracts"]`).Length() != 1 {
			t.Errorf("%s: no way to clear", c.query)
		}
	}
}

func TestFilterKeepsWhatItWasAskedFor(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	w.field(field.Input{Key: "plan", Type: field.Choice, Options: []string{"松", "竹"}, Indexed: true})
	w.add(func(in *contract.Input) { in.Status = "継続"; in.Fields = map[string]any{"plan": "松"} })
	p := w.get("/contracts?col=plan&col=status&col=key&col=department&col=next&col=since&status=" + url.QueryEscape("継続") + "&sort=-amount")
	f := p.Find("form.sentence")
	for selector, want := range map[string]int{`input[name=col][value=plan]:not([checked])`: 1, `input[name=col][checked]`: 5,
		`select[name=status] option[selected]`: 1, `input[name=sort][value="-amount"][checked]`: 1, `select[name="f.plan"]`: 1} {
		if f.Find(selector).Length() != want {
			t.Errorf("%s: %d", selector, f.Find(selector).Length())
		}
	}
	if got := p.Find("thead th").Length(); got != 9+5 { // one to tick
		t.Errorf("%d columns; five may be added", got)
	}
	if href, _ := p.Find("th[aria-sort] a").Attr("href"); !strings.Contains(href, "sort=amount") || !strings.Contains(href, "col=plan") {
		t.Errorf("sorting leads to %s", href)
	}
	if w.get("/contracts?organization="+w.add(nil).OrgID.String()).want(t, 200).Find("#rows .name").Length() != 2 {
		t.Error("one customer's contracts are not found")
	}
}

func TestListTurnsPagesWithoutSayingAMonthTwice(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.many(70)
		p := w.get("/contracts").want(t, 200)
		months := p.Find("tr.month").Map(func(_ int, s *goquery.Selection) string { return text(s) })
		if got := strings.Join(months, "|"); got != "2月 12件、月額12,000円|3月 31件、月額31,000円|4月 27件、月額27,000円" {
			t.Errorf("first page: %s", got)
		}
		if got := text(p.Find(".tally")); !strings.HasPrefix(got, "70件、月額70,000円。") {
			t.Errorf("tally: %s", got)
		}
		if got := text(p.Find("thead")); !strings.Contains(got, "月額（円）") || text(p.Find("#rows .num.drop").First()) != "1,000" {
			t.Errorf("amounts: %s", got)
		}
		next, _ := p.Find("#pager a").Attr("href")
		p = w.get(next).want(t, 200)
		if p.Find("tr.month").Length() != 0 || p.Find("#rows .name").Length() != 20 || p.Find("#pager a").Length() != 0 || p.Find(".tally").Length() != 0 {
			t.Errorf("second page: %s", text(p.Find("#rows")))
		}
		w.get("/contracts?cursor=broken").want(t, 422)
		w.get("/contracts?owner=nobody").want(t, 422)
		w.get("/contracts?within=soon").want(t, 422)
	})
}

// Quarters and years are the team's own; a head leads to what is under it, and
// says what that comes to even where it goes on behind the page.
func TestListStandsInFiscalPeriods(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.many(70) // of 17 February to 27 April 2026, a day each
		w.add(func(in *contract.Input) { in.Name, in.RenewalDate = "来年度", "2027-04-01" })
		w.add(func(in *contract.Input) { in.Name = "いつまでか不明" })
		p := w.get("/contracts?by=quarter").want(t, 200)
		if got := heads(p); got != "2025年度 第4四半期 43件、月額43,000円|2026年度 第1四半期 27件、月額27,000円" {
			t.Errorf("quarters: %s", got)
		}
		if got := text(p.Find("#by-by summary")); got != "四半期ごと" {
			t.Errorf("the sentence says %q", got)
		}
		next, _ := p.Find("#pager a").Attr("href")
		if got := heads(w.get(next).want(t, 200)); got != "2027年度 第1四半期 1件|更新日なし 1件" {
			t.Errorf("quarters of the second page: %s", got)
		}
		p = w.get("/contracts?by=year").want(t, 200)
		if got := heads(p); got != "2025年度 43件、月額43,000円|2026年度 27件、月額27,000円" {
			t.Errorf("years: %s", got)
		}
		to, _ := p.Find("tr.month a").Last().Attr("href")
		p = w.get(to).want(t, 200)
		if got := text(p.Find("#by-within summary")); heads(p) != "2026年度 27件、月額27,000円" || got != "更新日が2026年度" || p.Find("#rows .name").Length() != 27 || p.Find("tr.month a").Length() != 0 {
			t.Errorf("the head leads to %s: %q, %s", to, got, heads(p))
		}
		if p = w.get("/contracts?by=quarter&sort=name").want(t, 200); heads(p) != "" || text(p.Find("#by-by summary")) != "分けず" {
			t.Errorf("heads in another order: %s", heads(p))
		}
		if got := heads(w.get("/contracts?by=quarter&sort=-renewal").want(t, 200)); !strings.HasPrefix(got, "2027年度 第1四半期 1件|2026年度 第1四半期 27件、月額27,000円|2025年度 第4四半期 43件") {
			t.Errorf("the latest first: %s", got)
		}
	})
}

// A group larger than what is summed says nothing of its size.
func TestListKeepsQuietAboutWhatItDidNotRead(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	for range 1_100 {
		w.add(func(in *contract.Input) { in.RenewalDate = "2026-06-30" })
	}
	p := w.get("/contracts?by=year").want(t, 200)
	if got := text(p.Find("tr.month")); got != "2026年度" || !strings.HasPrefix(text(p.Find(".tally")), "1,000件以上") {
		t.Errorf("%q, %s", got, text(p.Find(".tally")))
	}
}

func TestListAsksAFixedNumberOfQuestions(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.field(field.Input{Key: "plan", Type: field.Choice, Options: []string{"松"}, Indexed: true})
		count := func(path string) int64 {
			ctx, n := db.Counting(t.Context())
			w.send(httptest.NewRequest("GET", path, nil).WithContext(ctx), "owner").want(t, 200)
			return n.Load()
		}
		w.many(2)
		sheet := "/contracts/" + w.add(nil).ID.String()
		few, fewSheet := count("/contracts?owner=me&sort=name"), count(sheet)
		w.manyFrom(2, 38)
		if many := count("/contracts?owner=me&sort=name"); many != few || few > 14 {
			t.Errorf("%d questions for 2 contracts, %d for 40", few, many)
		}
		if many := count(sheet); many != fewSheet || fewSheet > 9 {
			t.Errorf("the sheet: %d, then %d", fewSheet, many)
		}
	})
}

// Where all contracts have ended, the list says so and how to see them.
func TestListOfWhatHasEnded(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	c := w.add(nil)
	w.post("/contracts/"+c.ID.String()+"/end", url.Values{"on": {"2026-02-01"}}).want(t, 303)
	for _, as := range []string{"", "?as=board", "?as=calendar", "?by=owner"} {
		p := w.get("/contracts"+as).want(t, 200)
		if p.Find(".empty").Length() != 1 || p.Find("#rows, .board, .calendar").Length() != 0 {
			t.Errorf("%q: %s", as, text(p.Find("#sheet")))
		}
	}
	if p := w.get("/contracts?ended=1").want(t, 200); p.Find("#rows .name").Length() != 1 {
		t.Errorf("with those that have ended: %s", text(p.Find("#sheet")))
	}
}

func TestEmptyWorkspaceOffersTheFirstContract(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.get("/contracts").want(t, 200)
		if p.Find(`form[action="/contracts/first"] input`).Length() != 4 || p.Find(".steps li").Length() != 2 {
			t.Fatalf("no way to begin: %s", text(p.Find("#sheet")))
		}
		bad := w.post("/contracts/first", url.Values{"organization": {"みなと"}, "name": {""}, "renewal_date": {"2月30日"}, "body": {"ひとこと"}}).want(t, 422)
		if bad.Find("#name-error").Length() != 1 || bad.Find("#renewal_date-error").Length() != 1 || bad.Find(`input[name=body][value="ひとこと"]`).Length() != 1 {
			t.Errorf("errors have no place: %s", text(bad.Find("#sheet")))
		}
		done := w.post("/contracts/first", url.Values{"organization": {"みなと"}, "name": {"本社契約"}, "renewal_date": {"来月末"}, "body": {"返信が短い"}}).want(t, 303)
		list, err := w.svc.List(w.ctx, contract.Query{})
		if err != nil || len(list.Items) != 1 {
			t.Fatal(list, err)
		}
		c := list.Items[0]
		if done.header.Get("Location") != "/contracts/"+c.ID.String() || c.RenewalDate != "2026-03-31" || c.OwnerID != w.me.Member || w.posted[c.ID] != "返信が短い" {
			t.Errorf("%+v, posted %q", c, w.posted)
		}
		w.post("/contracts/first", url.Values{"organization": {"x"}, "name": {"y"}, "body": {"refuse"}}).want(t, 303)
	})
}

func TestViewerSeesNoControls(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	c := w.add(nil)
	at := "/contracts/" + c.ID.String()
	for _, path := range []string{"/contracts", at} {
		p := w.send(httptest.NewRequest("GET", path, nil), "viewer").want(t, 200)
		if n := p.Find(`#sheet details.cell, #sheet .change-here, #note-box, a[href$="/edit"], a[href="/contracts/new"], #sheet form[method=post]`).Length(); n != 0 {
			t.Errorf("%s: %d controls for a viewer", path, n)
		}
	}
	for _, path := range []string{"/contracts/new", at + "/edit", at + "/edit/phase", at + "/end", at + "/contacts"} {
		w.send(httptest.NewRequest("GET", path, nil), "viewer").want(t, 403)
	}
	for _, path := range []string{"/contracts/new", "/contracts/first", at + "/edit", at + "/edit/phase", at + "/outlook", at + "/end", at + "/reopen", at + "/archive", at + "/contacts"} {
		w.send(form(path, nil), "viewer").want(t, 403)
	}
	if w.now(c).Version != c.Version {
		t.Error("a viewer changed it")
	}
}

func TestOtherWorkspaceSeesNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.add(nil)
		at := "/contracts/" + c.ID.String()
		for _, path := range []string{at, at + "/edit", at + "/edit/phase", at + "/history", at + "/contacts", at + "/end", "/contracts/abc", "/contracts/99"} {
			w.send(httptest.NewRequest("GET", path, nil), "other").want(t, 404)
		}
		for _, path := range []string{at + "/edit", at + "/edit/phase", at + "/outlook", at + "/end", at + "/archive", at + "/contacts"} {
			r := form(path, url.Values{"new": {"導入"}, "name": {"よそ"}})
			if p := w.send(r, "other"); p.status != 404 {
				t.Errorf("POST %s: %d", path, p.status)
			}
		}
		if p := w.send(httptest.NewRequest("GET", "/contracts", nil), "other"); strings.Contains(p.body, c.ID.String()) {
			t.Error("another workspace lists it")
		}
		if w.now(c).Version != c.Version {
			t.Error("another workspace changed it")
		}
	})
}
