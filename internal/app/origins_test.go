package app_test

import (
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
)

// Every fact tells how old it is and who said so: a source when it last did, a
// person when they changed it.
func TestFactsTellTheirAge(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		c := imported(t, a, "契約ID,会社名,更新日,段階,金額\nB-1,しらさぎ食品,2026/9/30,導入,30000\n")
		a.Travel(24 * time.Hour)
		if _, err := a.Contracts.Update(a.As(who.Member), c, []contract.Edit{{Field: "phase", New: "定着"}}); err != nil {
			t.Fatal(err)
		}
		a.Travel(48 * time.Hour)
		b := a.Browser(who.Viewer)
		at := "/contracts/" + c.String()
		p := b.Get(at)
		ages := map[string]string{}
		p.Find("#facts time.age").Each(func(_ int, s *goquery.Selection) {
			ages[s.Closest("div").Find("dt").Text()], _ = s.Attr("title")
		})
		for name, want := range map[string]string{"段階": "2026年2月18日（水）10:00、田村、2日前", "更新日": "2026年2月17日（火）10:00、3日前、契約管理から"} {
			if ages[name] != want {
				t.Errorf("%s: %q", name, ages[name])
			}
		}
		imported(t, a, "契約ID,会社名,更新日,段階,金額\nB-1,しらさぎ食品,2026/9/30,,30000\n") // seen again, the phase blank
		p = b.Get(at)
		if got := p.Find("#facts div:has(a[href$='field=amount']) .remark").Text(); got != "たった今、契約管理から" {
			t.Errorf("seen again, the amount is of %q", got)
		}
		if got := p.Find("#facts div:has(a[href$='field=phase']) time.age").Text(); got != "田村、2日前" {
			t.Errorf("a blank cell said nothing of the phase, which is of %q", got)
		}
	})
}
