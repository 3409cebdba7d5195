package searchhttp_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

func options(p *apptest.Page) string {
	return strings.Join(p.Find("[role=option]").Map(func(_ int, s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }), "|")
}

// The commands are those the member may give, and every one of them leads
// somewhere they may go.
func TestPaletteCommands(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a, _ := furnished(t, d)
		for role, hidden := range map[who.Role][]string{who.Viewer: {"/contracts/new", "/import", "/settings"}, who.Member: {"/settings"}, who.Admin: nil} {
			b := a.Browser(role)
			p := b.Get("/palette")
			if p.Find("dialog#palette input[role=combobox]").Length() != 1 || p.Find("[role=listbox]").Length() != 1 {
				t.Fatalf("%s: %s", role, p.Body)
			}
			p.Find("a[role=option]").Each(func(_ int, o *goquery.Selection) {
				href, _ := o.Attr("href")
				said, _ := o.Attr("data-words")
				for _, h := range hidden {
					if strings.HasPrefix(href, h) {
						t.Errorf("a %s is offered %s", role, href)
					}
				}
				if said == "" || strings.TrimSpace(o.Text()) == "" {
					t.Errorf("%s has no words", href)
				}
				if _, post := o.Attr("data-post"); post {
					return
				}
				if got := b.Get(href); got.Status != 200 {
					t.Errorf("%s leads a %s to %d", href, role, got.Status)
				}
			})
		}
		if p := a.Guest().Get("/palette"); p.Find("dialog").Length() != 0 {
			t.Error("nobody is given commands")
		}
	})
}

// Contracts and customers are found by their names first, then the newest of
// everything, each once; what is closed to the member is not.
func TestPaletteFinds(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a, n := furnished(t, d)
		closed, err := a.Contracts.Create(a.Ctx, contract.Input{Name: "配車クラウド 秘密", Organization: "ベータ", Owner: a.Actors[who.Owner].Member.String()})
		if err == nil {
			_, err = a.Timeline.Post(a.Ctx, timeline.PostInput{Contract: closed.ID, Body: "配車の秘密の話"})
		}
		if err == nil {
			err = a.Contracts.Limit(a.Ctx, closed.ID, true, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		b := a.Browser(who.Member)
		find := func(q string) *apptest.Page {
			t.Helper()
			p := b.Fragment("GET", "/palette/found?q="+url.QueryEscape(q), nil)
			if p.Status != 200 {
				t.Fatalf("%q: %d", q, p.Status)
			}
			return p
		}
		if got := options(find("配車")); got != "㈱みなと物流 配車クラウド 契約|「配車」をすべてからさがす" {
			t.Errorf("by name: %s", got)
		}
		p := find("サーバー")
		if got := options(p); got != "ｻｰﾊﾞｰの更新を<b>3月</b>に相談したい ㈱みなと物流 配車クラウド・岡田 真帆|「サーバー」をすべてからさがす" {
			t.Errorf("a note: %s", got)
		}
		if href, _ := p.Find("a").First().Attr("href"); href != "/notes/"+n.ID.String() || p.Find("mark").Text() != "ｻｰﾊﾞ" {
			t.Errorf("leads to %s, marks %q", href, p.Find("mark").Text())
		}
		if got := options(find("みなと")); !strings.HasPrefix(got, "㈱みなと物流 配車クラウド 契約|㈱みなと物流 顧客|") {
			t.Errorf("a customer: %s", got)
		}
		if got := options(find("   ")); got != "" {
			t.Errorf("nothing: %s", got)
		}
		if got := options(find("期間:いつか")); got != "「期間:いつか」をすべてからさがす" {
			t.Errorf("half a filter: %s", got)
		}
		if got := options(a.Browser(who.Owner).Fragment("GET", "/palette/found?q="+url.QueryEscape("秘密"), nil)); !strings.Contains(got, "配車の秘密の話") {
			t.Errorf("its owner finds %s", got)
		}
	})
}
