package contracthttp_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"github.com/google/go-cmp/cmp"

	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/testkit"
)

func TestSheetShowsTheFacts(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.field(field.Input{Key: "dash", Type: field.Link})
		w.field(field.Input{Key: "seats", Type: field.Number})
		w.field(field.Input{Key: "unused", Type: field.Text})
		c := w.add(func(in *contract.Input) {
			in.Key, in.RenewalDate, in.NoticeDate, in.AutoRenew = "MN-1", "2026-03-31", "2026-02-10", true
			in.Amount, in.AmountBasis, in.Owner = "480000", "monthly", w.me.Member.String()
			in.Outlook, in.OutlookWhy, in.Phase, in.Department, in.Domain = "watch", "返信が短い", "活用拡大", "物流部", "minato.example.jp"
			in.Fields = map[string]any{"dash": "https://example.com/d", "seats": "1234"}
		})
		w.origins = map[string]contracthttp.Origin{
			"amount":      {At: start.Add(-5 * time.Hour), By: "契約管理", Import: true},
			"phase":       {At: start.Add(-72 * time.Hour), By: "岡田 真帆", Member: w.me.Member},
			"field:seats": {At: start.Add(-42 * 24 * time.Hour), By: "契約管理", Import: true},
			"department":  {At: start.Add(-24 * time.Hour), By: "佐々木 望"}, // not a member any more
			"owner":       {At: start.Add(-24 * time.Hour)},
			"status":      {At: start.Add(-24 * time.Hour), By: "契約管理", Import: true}, // has no value
		}
		sibling := w.add(func(in *contract.Input) { in.Name = "配車クラウド 千葉営業所契約" })
		if _, err := w.book.Add(w.ctx, c.ID, contact.Contact{Name: "佐藤 亮", Title: "配車課 係長"}, "推進役"); err != nil {
			t.Fatal(err)
		}
		p := w.get("/contracts/"+c.ID.String()+"?show=words").want(t, 200)
		want := map[string]string{"更新日": "あと42日2026年3月31日（火）以前から", "見立て": "気がかり返信が短い岡田、たった今", "段階": "活用拡大岡田、3日前", "月額": "480,000円けさ5:00、契約管理から",
			"担当CSM": "岡田 真帆 きのうから", "部署": "物流部 佐々木 望、きのう", "解約通知期限": "7日過ぎ2026年2月10日（火）以前から", "自動更新": "連絡がなければ続く以前から", "先方": "佐藤 亮（配車課 係長、推進役）先方を直す",
			"dashの名前": "https://example.com/d以前から", "seatsの名前": "1,2341/6 火、契約管理から", "ドメイン": "minato.example.jp以前から", "契約番号": "MN-1以前から"}
		got := map[string]string{}
		p.Find("#facts dl > div").Each(func(_ int, s *goquery.Selection) {
			dd := s.Find("dd").Clone()
			dd.Find("details").Remove()
			got[text(s.Find("dt"))] = strings.ReplaceAll(text(dd), " ", "")
		})
		for name, v := range want {
			if got[name] != strings.ReplaceAll(v, " ", "") {
				t.Errorf("%s: %q", name, got[name])
			}
			delete(got, name)
		}
		if len(got) > 0 {
			t.Errorf("shown, too: %v", got)
		}
		wantMoments(t, p)
		old := contracthttp.Origin{At: start.Add(-20 * 24 * time.Hour), By: "契約管理", Import: true}
		w.origins["amount"], w.origins["renewal_date"], w.origins["phase"] = old, old, old
		chips := w.get("/contracts/" + c.ID.String()).Find("#facts .chip.watch").Map(func(_ int, s *goquery.Selection) string {
			return text(s.Closest("div").Find("dt")) + " " + text(s)
		})
		if diff := cmp.Diff([]string{"更新日 20日前、古い", "月額 20日前、古い"}, chips); diff != "" {
			t.Errorf("what its source has not said for long: %s", diff)
		}
		if text(p.Find("h1")) != "株式会社みなと物流 — 配車クラウド 本社契約" || text(p.Find(".siblings a[aria-current]")) != "本社契約" ||
			text(p.Find(`.siblings a[href="/contracts/`+sibling.ID.String()+`"]`)) != "千葉営業所契約" || text(p.Find(".glance")) != "更新まであと42日 気がかり 岡田" {
			t.Errorf("title: %s", text(p.Find(".title")))
		}
		for _, part := range []string{"#trail", "#tasks", "#note-box"} {
			if v, _ := p.Find(part).Attr("data-query"); v != "show=words" {
				t.Errorf("%s was not asked with the request", part)
			}
		}
		if key, _ := p.Find(`a[href$="/edit"]`).Attr("data-key"); key != "e" || p.Find(`dt a[href$="history?field=field:seats"]`).Length() != 1 {
			t.Error("no key to edit, or no way to the history")
		}
	})
}

// wantMoments: each age holds its exact moment, and each fact leads to its history.
func wantMoments(t *testing.T, p *page) {
	t.Helper()
	moments := map[string]string{}
	p.Find("#facts .age, #facts .remark time").Each(func(_ int, s *goquery.Selection) {
		moments[text(s.Closest("div").Find("dt"))] = s.AttrOr("datetime", "") + " " + s.AttrOr("title", "")
	})
	for name, want := range map[string]string{
		"段階":  "2026-02-14T10:00:00+09:00 2026年2月14日（土）10:00、岡田、3日前",
		"月額":  "2026-02-17T05:00:00+09:00 2026年2月17日（火）5:00、けさ5:00、契約管理から",
		"見立て": "2026-02-17T10:00:00+09:00 2026年2月17日（火）10:00",
		"更新日": " 最近の変更より前から。契約ができたのは2026年2月17日（火）10:00",
	} {
		if moments[name] != want {
			t.Errorf("%s: %q", name, moments[name])
		}
	}
	if facts, leads := p.Find("#facts dl > div").Length(), p.Find(`#facts dt a[href*="/history?field="]`).Length(); leads != facts-1 { // the people have none
		t.Errorf("%d of %d facts lead to their history", leads, facts)
	}
}

func TestSheetForToday(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	c := w.add(nil)
	r := httptest.NewRequest("GET", "/today", nil).WithContext(w.ctx)
	part, err := w.pages.Sheet(w.ctx, c.ID, r, "きのうの予感", templ.Raw(`<button id="done"></button>`))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := part.Render(w.ctx, &b); err != nil {
		t.Fatal(err)
	}
	p, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if p.Find("h1").Length() != 0 || p.Find("h2.h1").Length() != 1 || text(p.Find(".title > .remark")) != "きのうの予感" || p.Find(".title #done").Length() != 1 || p.Find("body > #note-box, #facts").Length() != 2 {
		t.Errorf("%s", b.String())
	}
}

func TestHistory(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	at := "/contracts/" + w.add(nil).ID.String() + "/history?field=phase"
	if p := w.get(at).want(t, 200); p.Find("#history").Length() != 1 || text(p.Find("h1")) != "段階の記録" {
		t.Error(text(p.Find("#sheet")))
	}
}

// cell is the address of an attribute's form.
func cell(c contract.Contract, name string) string {
	return "/contracts/" + c.ID.String() + "/edit/" + name
}

func TestCellsAreChangedWhereTheyStand(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.field(field.Input{Key: "plan", Type: field.Choices, Options: []string{"松", "竹", "梅"}})
		c := w.add(func(in *contract.Input) { in.Phase, in.Owner = "導入", w.me.Member.String() })
		for _, x := range []struct {
			name, was string
			new       []string
			shown     string
		}{{"phase", "導入", []string{"定着"}, "定着"}, {"status", "", []string{"継続"}, "継続"}, {"outlook", "", []string{"danger"}, "危うい"},
			{"owner", c.OwnerID.String(), []string{""}, "—"}, {"field:plan", "", []string{"竹", "松"}, "松、竹"}} {
			get := fragment(httptest.NewRequest("GET", cell(c, x.name), nil))
			opened := w.send(get, "owner").want(t, 200)
			if opened.Find(`form[hx-post] [name=new]`).Length() == 0 || opened.Find("main").Length() != 0 {
				t.Fatalf("%s: no form: %s", x.name, opened.body)
			}
			if was, _ := opened.Find("input[name=was]").Attr("value"); was != x.was {
				t.Errorf("%s starts from %q", x.name, was)
			}
			p := w.hxPost(cell(c, x.name), url.Values{"was": {x.was}, "new": x.new}).want(t, 200)
			if got := text(p.Find("details.cell > summary")); got != x.shown {
				t.Errorf("%s shows %q", x.name, got)
			}
			undo := p.toast(t).Undo
			back := w.hxPost(undo, nil).want(t, 200)
			if back.Find(`details[hx-swap-oob]`).Length() != 1 {
				t.Errorf("%s: the undo brings no cell: %s", x.name, back.body)
			}
		}
		if got := w.now(c); got.Phase != "導入" || got.Status != "" || got.Outlook != "" || got.OwnerID != c.OwnerID || len(got.Fields) != 0 {
			t.Errorf("not undone: %+v", got)
		}
		w.get(cell(c, "version")).want(t, 404)
		w.get(cell(c, "field:other")).want(t, 404)
	})
}

func TestStaleCellShowsTheOthersValue(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.add(func(in *contract.Input) { in.Phase = "定着" })
		p := w.hxPost(cell(c, "phase"), url.Values{"was": {"導入"}, "new": {"更新協議"}}).want(t, 409)
		if !strings.Contains(text(p.Find(".alarm")), "「定着」") || p.header.Get("HX-Retarget") == "" || w.now(c).Phase != "定着" {
			t.Errorf("%s", p.body)
		}
		was, _ := p.Find("input[name=was]").Attr("value")
		mine, _ := p.Find("input[name=new]").Attr("value")
		keep, _ := p.Find("a[hx-get]").Attr("hx-get")
		kept := w.send(fragment(httptest.NewRequest("GET", keep, nil)), "owner").want(t, 200)
		if text(kept.Find("summary")) != "定着" || mine != "更新協議" {
			t.Error("one cannot choose")
		}
		w.hxPost(cell(c, "phase"), url.Values{"was": {was}, "new": {mine}}).want(t, 200)
		if w.now(c).Phase != "更新協議" {
			t.Error("mine was not taken")
		}
	})
}

func TestCellsWithoutJavaScript(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	c := w.add(nil)
	r := httptest.NewRequest("GET", cell(c, "outlook"), nil)
	r.Header.Set("Referer", "http://example.com/contracts?owner=me")
	p := w.send(r, "owner").want(t, 200)
	back, _ := p.Find("input[name=back]").Attr("value")
	if back != "/contracts?owner=me" || p.Find("main form:not([hx-post]) input[name=new]").Length() != 4 {
		t.Fatalf("back to %q", back)
	}
	done := w.post(cell(c, "outlook"), url.Values{"was": {""}, "new": {"watch"}, "why": {"静か"}, "back": {back}}).want(t, 303)
	if got := w.now(c); done.header.Get("Location") != back || got.Outlook != contract.Watch || got.OutlookWhy != "静か" {
		t.Errorf("%s %+v", done.header, got)
	}
	wrong := w.post(cell(c, "outlook"), url.Values{"was": {"watch"}, "new": {"great"}, "back": {"//evil.example"}}).want(t, 422)
	if back, _ := wrong.Find("input[name=back]").Attr("value"); back != "/contracts/"+c.ID.String() {
		t.Errorf("leads to %q", back)
	}
	if wrong.Find(".error").Length() != 1 {
		t.Error("the error is not said")
	}
}

func TestOutlookInTheFacts(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.add(nil)
		at := "/contracts/" + c.ID.String() + "/outlook"
		p := w.hxPost(at, url.Values{"was": {""}, "new": {"danger"}, "why": {"部長が替わった"}}).want(t, 200)
		if text(p.Find("#facts .health.risk")) != "危うい" || text(p.Find("#facts .why")) != "部長が替わった" {
			t.Errorf("%s", p.body)
		}
		clash := w.hxPost(at, url.Values{"was": {""}, "new": {"on_track"}}).want(t, 409)
		if clash.header.Get("HX-Retarget") != "#facts" || !strings.Contains(text(clash.Find(".alarm")), "危うい") || clash.Find("details[open]").Length() != 1 {
			t.Errorf("%s", clash.body)
		}
		w.post(at, url.Values{"was": {""}, "new": {"on_track"}}).want(t, 409)
		w.post(at, url.Values{"was": {"danger"}, "new": {"great"}}).want(t, 422)
		undo := p.toast(t).Undo
		r := fragment(form(undo, nil))
		r.Header.Set("HX-Current-URL", "http://example.com/contracts/"+c.ID.String())
		back := w.send(r, "owner").want(t, 204)
		if back.header.Get("HX-Redirect") != "/contracts/"+c.ID.String() || w.now(c).Outlook != "" {
			t.Errorf("not undone: %v", back.header)
		}
	})
}

func TestNewAndEdit(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.field(field.Input{Key: "plan", Type: field.Choices, Options: []string{"松", "竹"}})
		w.field(field.Input{Key: "live", Type: field.Checkbox})
		if w.get("/contracts/new").want(t, 200).Find(`select[name=owner] option[selected]`).Length() != 1 {
			t.Error("the owner is not oneself")
		}
		in := url.Values{"organization": {"みなと"}, "name": {"本社契約"}, "amount": {"48万円"}, "amount_basis": {"monthly"}, "renewal_date": {"来月末"},
			"auto_renew": {"true"}, "field:plan": {"竹", "松"}, "field:live": {"true"}, "owner": {w.me.Member.String()}}
		to := w.post("/contracts/new", in).want(t, 303).header.Get("Location")
		list, err := w.svc.List(w.ctx, contract.Query{})
		if err != nil {
			t.Fatal(err)
		}
		c := list.Items[0]
		if *c.Amount != 480000 || c.RenewalDate != "2026-03-31" || !c.AutoRenew || c.Fields["live"] != true {
			t.Errorf("%+v", c)
		}
		bad := w.post("/contracts/new", url.Values{"organization": {""}, "name": {"<b>"}, "amount": {"たくさん"}, "key": {c.Key}}).want(t, 422)
		if bad.Find("#organization-error, #amount-error").Length() != 2 || bad.Find(`input[name=name][value="<b>"]`).Length() != 1 {
			t.Errorf("%s", text(bad.Find("#sheet")))
		}
		w.post("/contracts/new", url.Values{"organization": {"みなと"}, "name": {"二つめ"}, "key": {c.Key}}).want(t, 409)

		edit := w.get(to+"/edit").want(t, 200)
		sent := formOf(edit)
		sent.Set("phase", "定着")
		sent.Del("auto_renew")
		sent.Del("field:plan")
		w.post(to+"/edit", sent).want(t, 303)
		if got := w.now(c); got.Phase != "定着" || got.AutoRenew || got.Fields["plan"] != nil || got.OrgID != c.OrgID || got.Version != c.Version+1 {
			t.Errorf("%+v", got)
		}
		unchanged := formOf(w.get(to + "/edit"))
		w.post(to+"/edit", unchanged).want(t, 303)
		if got := w.now(c); got.Version != c.Version+1 {
			t.Error("a form nobody touched changed something")
		}
	})
}

// formOf is what a browser would send.
func formOf(p *page) url.Values {
	v := url.Values{}
	p.Find("main form input[name], main form textarea[name]").Each(func(_ int, s *goquery.Selection) {
		name, _ := s.Attr("name")
		value, _ := s.Attr("value")
		if kind, _ := s.Attr("type"); kind == "checkbox" {
			if _, on := s.Attr("checked"); !on {
				return
			}
		}
		v.Add(name, value)
	})
	p.Find("main form select[name]").Each(func(_ int, s *goquery.Selection) {
		name, _ := s.Attr("name")
		chosen := s.Find("option[selected]")
		if _, several := s.Attr("multiple"); chosen.Length() == 0 && !several {
			chosen = s.Find("option").First()
		}
		chosen.Each(func(_ int, o *goquery.Selection) {
			value, _ := o.Attr("value")
			v.Add(name, value)
		})
	})
	return v
}

func TestEditKeepsWhatOthersWroteMeanwhile(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.add(func(in *contract.Input) { in.Phase, in.Status = "導入", "新規" })
		to := "/contracts/" + c.ID.String() + "/edit"
		mine := formOf(w.get(to))
		if _, err := w.svc.Update(w.ctx, c.ID, []contract.Edit{{Field: "phase", New: "定着"}, {Field: "status", New: "継続"}}); err != nil {
			t.Fatal(err)
		}
		mine.Set("phase", "更新協議")
		mine.Set("department", "物流部")
		p := w.post(to, mine).want(t, 409)
		if !strings.Contains(text(p.Find("#phase-error")), "「定着」") || w.now(c).Department != "" {
			t.Errorf("%s", text(p.Find("#sheet")))
		}
		again := formOf(p)
		if again.Get("phase") != "更新協議" || again.Get("status") != "継続" || again.Get("department") != "物流部" {
			t.Errorf("the form lost something: %v", again)
		}
		w.post(to, again).want(t, 303)
		if got := w.now(c); got.Phase != "更新協議" || got.Status != "継続" || got.Department != "物流部" {
			t.Errorf("%+v", got)
		}
	})
}

func TestLeavingAndComingBack(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.add(func(in *contract.Input) { in.RenewalDate = "2026-03-31" })
		at := "/contracts/" + c.ID.String()
		ask := w.send(fragment(httptest.NewRequest("GET", at+"/end", nil)), "owner").want(t, 200)
		if ask.Find("main").Length() != 0 || ask.Find(`h2[id] ~ form input[name=on][value="2026-03-31"]`).Length() != 1 || ask.Find("[data-close]").Length() != 1 {
			t.Errorf("%s", ask.body)
		}
		if w.post(at+"/end", url.Values{"on": {"2月30日"}}).want(t, 422).Find("#ended-on-error").Length() != 1 {
			t.Error("a day that is none has no error")
		}
		w.post(at+"/end", url.Values{"on": {"2026/2/10"}, "words": {"予算"}}).want(t, 303)
		w.post(at+"/end", url.Values{"on": {"2026/2/10"}}).want(t, 409)
		if p := w.get(at); !strings.Contains(text(p.Find(".over")), "2026年2月10日（火）に終わった契約です。") || p.Find(`form[action$="/reopen"] button`).Length() != 1 {
			t.Errorf("%s", text(p.Find(".title")))
		}
		if w.get("/contracts").Find("#rows .name").Length() != 0 || text(w.get("/contracts?ended=1").Find("#rows .chip")) != "終わった" {
			t.Error("the list shows it, or does not when asked")
		}
		w.post(at+"/reopen", nil).want(t, 303)
		w.post(at+"/reopen", nil).want(t, 303) // already open: said on the page, nothing breaks
		if w.now(c).EndedOn != "" {
			t.Error("not open again")
		}
		w.get(at+"/archive").want(t, 200)
		w.post(at+"/archive", nil).want(t, 303)
		if p := w.get(at); p.Find(`form[action$="/unarchive"]`).Length() != 1 || w.get("/contracts").Find("#rows .name").Length() != 0 {
			t.Error("not put away")
		}
		w.post(at+"/unarchive", nil).want(t, 303)
		if !w.now(c).ArchivedAt.IsZero() {
			t.Error("not brought back")
		}
	})
}

func TestContacts(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		at := "/contracts/" + w.add(nil).ID.String() + "/contacts"
		w.post(at, url.Values{"name": {"佐藤 亮"}, "title": {"係長"}, "role": {"推進役"}, "mail": {"sato@example.jp"}}).want(t, 303)
		bad := w.post(at, url.Values{"mail": {"nomail"}, "phone": {"03"}}).want(t, 422)
		if bad.Find(".error").Length() != 1 || bad.Find(`#add input[name=phone][value="03"]`).Length() != 1 {
			t.Errorf("%s", text(bad.Find("#sheet")))
		}
		p := w.get(at)
		to, _ := p.Find("details form").First().Attr("action")
		w.post(to, url.Values{"name": {"佐藤 亮"}, "title": {"課長"}, "mail": {"sato@example.jp"}}).want(t, 303)
		if p := w.get(at); text(p.Find("summary b")) != "佐藤 亮（課長）" {
			t.Errorf("%s", text(p.Find("summary")))
		}
		if p := w.post(to, url.Values{"mail": {"x"}}).want(t, 422); p.Find("details[open] .error").Length() != 1 {
			t.Error("the form with the error is folded")
		}
		w.post(to+"/remove", nil).want(t, 303)
		if w.get(at).Find("details.team").Length() != 0 {
			t.Error("still there")
		}
		w.post(to+"/remove", nil).want(t, 404)
		w.post(at+"/abc", nil).want(t, 404)
	})
}

// TestNothingShownIsMarkup fills every text with markup and looks at every page.
func TestNothingShownIsMarkup(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	evil := func(s string) string { return s + `<script>alert(1)</script>"'><img src=x>` }
	if _, err := w.fields.Create(w.ctx, field.Input{Key: "memo", Type: field.Text, Indexed: true, Labels: map[string]string{"ja": evil("L")}}); err != nil {
		t.Fatal(err)
	}
	w.field(field.Input{Key: "dash", Type: field.Link})
	c := w.add(func(in *contract.Input) {
		in.Name, in.Organization, in.Department, in.Status, in.Phase = evil("N"), evil("O"), evil("D"), evil("S"), evil("P")
		in.Outlook, in.OutlookWhy, in.Key, in.Owner = "watch", evil("W"), evil("K"), w.me.Member.String()
		in.Fields = map[string]any{"memo": evil("M"), "dash": "https://example.com/?" + url.QueryEscape(evil("U"))}
	})
	w.add(func(in *contract.Input) { in.Organization = c.OrgID.String() })
	if _, err := w.book.Add(w.ctx, c.ID, contact.Contact{Name: evil("C"), Title: evil("T"), Phone: "03"}, evil("R")); err != nil {
		t.Fatal(err)
	}
	w.said[c.ID] = contracthttp.Said{Text: evil("V"), By: evil("B"), At: start}
	at, q := "/contracts/"+c.ID.String(), url.QueryEscape(evil(""))
	pages := []string{"/contracts", "/contracts?col=memo&col=status&f.memo.has=" + q, "/contracts?q=" + q + "&phase=" + q + "&status=" + q, "/contracts?group=" + q + "&amounts=" + q + "&as=" + q + "&by=" + q,
		"/contracts/new?organization=" + q, at, at + "/edit", at + "/edit/phase", at + "/edit/field:memo", at + "/contacts", at + "/end", at + "/archive", at + "/history?field=" + q}
	for _, path := range pages {
		p := w.get(path).want(t, 200)
		if strings.Contains(p.body, "<script>alert") || p.Find("img").Length() != 0 || p.Find("script:not([src]), [style], [onclick]").Length() != 0 {
			t.Errorf("%s lets markup through", path)
		}
	}
	clash := w.hxPost(cell(c, "phase"), url.Values{"was": {"x"}, "new": {evil("mine")}}).want(t, 409)
	if clash.Find("script, img").Length() != 0 {
		t.Error("a conflict lets markup through")
	}
	w.hxPost(cell(c, "field:dash"), url.Values{"new": {"javascript:alert(1)"}}).want(t, 422)
}

func TestOversizedForm(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	w.post("/contracts/new", url.Values{"name": {strings.Repeat("長", 1<<20)}}).want(t, 413)
}
