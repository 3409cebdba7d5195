package contracthttp_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
)

// joined puts together what f says of the found elements.
func joined(s *goquery.Selection, f func(*goquery.Selection) string) string {
	return strings.Join(s.Map(func(_ int, e *goquery.Selection) string { return f(e) }), "|")
}

func lanes(p *page) string {
	return joined(p.Find(".lane"), func(s *goquery.Selection) string {
		return text(s.Find("h2")) + " " + text(s.Find("h2 + .remark")) + ": " + joined(s.Find(".card .name"), text)
	})
}

func heads(p *page) string { return joined(p.Find("tr.month"), text) }

// A board has a lane for each value, empty ones too; a card changes its place by
// its own phrase, and the lane says what a drop would write.
func TestBoard(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.field(field.Input{Key: "plan", Type: field.Choice, Options: []string{"松", "竹"}, Indexed: true})
		c := w.add(func(in *contract.Input) {
			in.Phase, in.Outlook, in.Amount, in.AmountBasis, in.RenewalDate = "定着", "danger", "1000", "monthly", "2026-03-31"
			in.Fields = map[string]any{"plan": "竹"}
		})
		w.add(func(in *contract.Input) { in.Name = "段階なし" })
		p := w.get("/contracts?as=board").want(t, 200)
		if got := lanes(p); !strings.Contains(got, "|定着 1件、月額1,000円: 株式会社みなと物流 配車クラウド 本社契約|") || !strings.HasSuffix(got, "|なし 1件: 株式会社みなと物流 段階なし") {
			t.Errorf("by phase: %s", got)
		}
		if attr, _ := p.Find("k-board").Attr("data-field"); attr != "phase" || p.Find(`ol[data-value="定着"] .card[data-contract="`+c.ID.String()+`"] details.cell`).Length() != 1 {
			t.Errorf("a drop writes %q", attr)
		}
		for by, want := range map[string]string{
			"outlook":    "順調 0件: |気がかり 0件: |危うい 1件、月額1,000円: 株式会社みなと物流 配車クラウド 本社契約|わからない 1件: 株式会社みなと物流 段階なし",
			"field:plan": "松 0件: |竹 1件、月額1,000円: 株式会社みなと物流 配車クラウド 本社契約|なし 1件: 株式会社みなと物流 段階なし",
		} {
			if got := lanes(w.get("/contracts?as=board&by=" + by)); got != want {
				t.Errorf("by %s: %s", by, got)
			}
		}
		if got := lanes(w.get("/contracts?as=board&by=field:plan&f.plan=竹")); got != "竹 1件、月額1,000円: 株式会社みなと物流 配車クラウド 本社契約" {
			t.Errorf("one value asked for: %s", got)
		}
		viewer := w.send(httptest.NewRequest("GET", "/contracts?as=board", nil), "viewer")
		if _, drags := viewer.Find("k-board").Attr("data-field"); drags || viewer.Find(".card details").Length() != 0 {
			t.Error("a viewer may move cards")
		}
		form := w.get("/contracts?as=board").Find("form.sentence")
		if v, _ := form.Find(`input[name=as]`).Attr("value"); v != "board" {
			t.Error("the sentence leaves the board")
		}
	})
}

// Lists stand by person and team in the order of names, without what their
// contracts are worth.
func TestListByPeople(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		u, err := w.people.CreateUnit(w.ctx, "ハイタッチ", 0)
		if err == nil {
			err = w.people.SetUnitMembers(w.ctx, u.ID, []id.ID{w.me.Member})
		}
		if err != nil {
			t.Fatal(err)
		}
		w.many(23)
		w.add(func(in *contract.Input) { in.Name = "担当のいない契約" })
		p := w.get("/contracts?by=owner").want(t, 200)
		if got := heads(p); got != "岡田 真帆 23件|担当なし 1件" || p.Find("#rows .name").Length() != 21 || text(p.Find("tr.rest")) != "「岡田 真帆」をすべて見る" {
			t.Errorf("by owner: %s, %d rows", got, p.Find("#rows .name").Length())
		}
		to, _ := p.Find("tr.rest a").Attr("href")
		if p = w.get(to); p.Find("#rows .name").Length() != 23 || !strings.HasPrefix(heads(p), "2月") {
			t.Errorf("the rest is at %s: %s", to, heads(p))
		}
		if p = w.get("/contracts?by=unit"); heads(p) != "ハイタッチ 23件|チームなし 1件" {
			t.Errorf("by team: %s", heads(p))
		}
		to, _ = p.Find("tr.month a").Last().Attr("href")
		if p = w.get(to); p.Find("#rows .name").Length() != 1 || text(p.Find("#by-unit summary")) != "担当のチームが「なし」" {
			t.Errorf("without a team: %s", text(p.Find("form.sentence summary")))
		}
		if p = w.get("/contracts?unit=" + u.ID.String()); p.Find("#rows .name").Length() != 23 || text(p.Find("#by-unit summary")) != "担当のチームが「ハイタッチ」" {
			t.Errorf("of a team: %s", text(p.Find("#by-unit summary")))
		}
		for _, none := range []string{"phase", "status", "outlook"} {
			if p = w.get("/contracts?" + none + "=-"); p.Find("#rows .name").Length() == 0 || text(p.Find("#by-"+none+" summary")) == "" {
				t.Errorf("without %s: %s", none, text(p.Find("#rows")))
			}
		}
	})
}

// A list is divided into so many parts at most, and says so.
func TestTooManyParts(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	options := make([]string, 70)
	for i := range options {
		options[i] = fmt.Sprint("案", i)
	}
	w.field(field.Input{Key: "plan", Type: field.Choice, Options: options, Indexed: true})
	w.add(nil)
	p := w.get("/contracts?as=board&by=field:plan").want(t, 200)
	if n := p.Find(".lane").Length(); n != 60 || !strings.HasSuffix(lanes(p), "|なし 1件: 株式会社みなと物流 配車クラウド 本社契約") || !strings.Contains(text(p.Find("#sheet")), "分けて出せるのは60までです。") {
		t.Errorf("%d lanes: %s", n, lanes(p))
	}
}

// Programs ask for the same: by team, and for what has no value.
func TestListForPrograms(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		u, err := w.people.CreateUnit(w.ctx, "ハイタッチ", 0)
		if err == nil {
			err = w.people.SetUnitMembers(w.ctx, u.ID, []id.ID{w.me.Member})
		}
		if err != nil {
			t.Fatal(err)
		}
		w.add(func(in *contract.Input) { in.Name, in.Owner, in.Phase = "担当あり", w.me.Member.String(), "定着" })
		w.add(func(in *contract.Input) { in.Name = "担当なし" })
		for query, want := range map[string]string{"unit=" + u.ID.String(): "担当あり", "unit=none": "担当なし", "without=phase,outlook": "担当なし", "without=status": "担当あり 担当なし"} {
			var got []string
			for _, it := range w.call("viewer", "GET", "?sort=name&"+query, nil).want(t, 200).items() {
				got = append(got, it["name"].(string))
			}
			slices.Sort(got)
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %v", query, got)
			}
		}
		w.call("viewer", "GET", "?without=secret", nil).want(t, 422)
		w.call("viewer", "GET", "?unit=x", nil).want(t, 422)
	})
}

// The calendar shows a month of renewals, those of a busy day behind its link.
func TestCalendar(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for i := range 7 {
			w.add(func(in *contract.Input) { in.Name, in.RenewalDate = fmt.Sprint("三月末", i), "2026-03-31" })
		}
		w.add(func(in *contract.Input) { in.Name, in.RenewalDate = "春分", "2026-03-20" })
		w.add(func(in *contract.Input) { in.Name, in.RenewalDate = "二月", "2026-02-17" })
		p := w.get("/contracts?as=calendar").want(t, 200)
		if got := text(p.Find("[aria-current=date]")); text(p.Find(".months h2")) != "2026年2月" || got != "17 火" || p.Find(".calendar li").Length() != 1 {
			t.Errorf("%s, today is %q", text(p.Find(".months h2")), got)
		}
		next, _ := p.Find(".months a[rel=next]").Attr("href")
		p = w.get(next).want(t, 200)
		busy := p.Find("td").FilterFunction(func(_ int, s *goquery.Selection) bool { return s.Find(`time[datetime="2026-03-31"]`).Length() > 0 })
		if busy.Find("li").Length() != 5 || text(busy.Find("p.remark")) != "ほか2件" {
			t.Errorf("the last of March: %s", text(busy))
		}
		if day := p.Find(`td.closed time[datetime="2026-03-20"]`).Parent(); text(day) != "20 金 春分の日" {
			t.Errorf("a holiday: %q", text(day))
		}
		to, _ := busy.Find("p.remark a").Attr("href")
		if p = w.get(to).want(t, 200); p.Find("#rows .name").Length() != 7 || text(p.Find("#by-within summary")) != "更新日が2026年3月31日（火）" {
			t.Errorf("%s: %s", to, text(p.Find("#by-within summary")))
		}
		if p = w.get("/contracts?as=calendar&month=2026-03&within=2026-03-20"); p.Find(".calendar li").Length() != 1 {
			t.Errorf("narrowed: %s", text(p.Find(".calendar")))
		}
		w.get("/contracts?as=calendar&month=nonsense").want(t, 200)
	})
}

// However many renew on one day, the month asks for no more than a page a day.
func TestCalendarOfABusyMonth(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	for i := range 450 {
		w.add(func(in *contract.Input) { in.RenewalDate = []string{"2026-03-30", "2026-03-31"}[i/400] })
	}
	p := w.get("/contracts?as=calendar&month=2026-03").want(t, 200)
	if got := joined(p.Find(".calendar p.remark"), text); got != "ほか多数|ほか45件" {
		t.Errorf("the busy days say %s", got)
	}
}
