package timelinehttp

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/contract"
	"kizuki/internal/field"
	"kizuki/internal/timeline"
	"kizuki/internal/web/words/wordstest"
)

func TestWords(t *testing.T) {
	wordstest.CheckCatalogues(t, Words())
	wordstest.CheckTempl(t, "..")
}

func TestPanelReadsAsDrawn(t *testing.T) {
	each(t, func(s *site) {
		first := s.say("田村", "年始から電話が1本もない", "", 0)
		s.say("岡田", "*静かすぎる*", "", first.ID)
		s.now = s.now.Add(34 * 24 * time.Hour)
		s.say("岡田", "なんとなく嫌な予感 @田村 健", timeline.Bad, 0)
		s.now = s.now.Add(24 * time.Hour)
		p := s.browse("中野", s.path(""))
		if p.status != http.StatusOK {
			s.t.Fatal(p.status, p.body)
		}
		if got := p.lines("#trail > li > time"); !slices.Equal(got, []string{"3/31 火", "今日", "きのう", "2/17 火", "2/17 火"}) {
			s.t.Errorf("times %q", got)
		}
		if got := p.lines("#trail .remark"); !slices.Equal(got, []string{"更新日まであと7日", "その前の34日間は、だれも書いていません",
			"契約が登録されました（岡田 真帆）"}) {
			s.t.Errorf("the system says %q", got)
		}
		if got := p.lines(".voice"); !slices.Equal(got, []string{"なんとなく嫌な予感 @田村 健", "年始から電話が1本もない", "静かすぎる"}) {
			s.t.Errorf("people say %q", got)
		}
		if p.Find("#trail .mention").Text() != "@田村 健" || p.Find(".replies em").Length() != 1 || p.Find(".hunch").Text() == "" {
			s.t.Error("mention, emphasis or hunch is not marked")
		}
		if p.Find("#note-box").Length() != 0 || p.Find(".acts").Length() != 0 {
			s.t.Error("a viewer is offered to write")
		}
		when, _ := p.Find("#trail > li.note > time").First().Attr("title")
		if !strings.HasSuffix(when, "。書いたとき：更新まで8日、見立ては気がかり") {
			s.t.Errorf("how it stood: %q", when)
		}
		if got := p.lines(".strip text"); len(got) != 1 || got[0] != "3月" {
			s.t.Errorf("months %q", got)
		}
		own := s.browse("岡田", s.path("?show=hunches"))
		if got := own.lines(".voice"); len(got) != 1 || own.Find(`.pick [aria-current]`).Text() != "予感だけ" ||
			own.Find("#note-box label.to").Text() != "みなと物流 本社契約に書く" {
			s.t.Errorf("hunches only: %q", got)
		}
	})
}

func TestPostingWithAndWithoutScript(t *testing.T) {
	each(t, func(s *site) {
		form := url.Values{"body": {"ちょっとヤバいかも"}, "hunch": {""}, "to": {"みなと"}, "show": {"all"}}
		a := s.browse("岡田", "hx "+s.path("/notes"), form)
		if a.status != 200 || a.Find("#trail .voice").Text() != "ちょっとヤバいかも" || a.Find(`#note-box[hx-swap-oob="morph"] textarea`).Text() != "" ||
			a.Find("#note-box label.to").Text() != "みなとに書く" {
			s.t.Fatalf("%d %s", a.status, a.body)
		}
		offer := a.Find("#trail form.by")
		action, _ := offer.Attr("action")
		if offer.Length() != 1 || !strings.HasSuffix(action, "/hunch") {
			s.t.Fatal("no hunch is offered")
		}
		a = s.browse("岡田", "hx "+action, url.Values{"hunch": {"bad"}})
		if a.status != 200 || a.Find(".by .hunch").Length() != 1 || a.Find("form.by").Length() != 0 || !strings.HasPrefix(a.header.Get("HX-Retarget"), "#note-") {
			s.t.Fatalf("%d %s", a.status, a.body)
		}
		plain := s.browse("田村", s.path("/notes"), url.Values{"body": {"JavaScriptなし"}, "back": {"//evil.example"}})
		if to := plain.header.Get("Location"); plain.status != http.StatusSeeOther || !strings.HasPrefix(to, s.path("#note-")) {
			s.t.Errorf("%d to %q", plain.status, to)
		}
		for _, mode := range []string{"", "hx "} {
			wrong := s.browse("岡田", mode+s.path("/notes"), url.Values{"body": {" "}})
			if wrong.status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Find("#note-box .error").Text(), "ひとこと") {
				s.t.Errorf("%q: %d %s", mode, wrong.status, wrong.body)
			}
			tooLong := s.browse("岡田", mode+s.path("/notes"), url.Values{"body": {strings.Repeat("長", timeline.MaxBody+1)}})
			if tooLong.status != http.StatusUnprocessableEntity || len([]rune(tooLong.Find("#note-box textarea").Text())) != timeline.MaxBody+1 {
				s.t.Errorf("%q: words are lost, %d", mode, tooLong.status)
			}
		}
		for path, want := range map[string]int{s.path("/notes"): 403, "/contracts/123/notes": 403, "/inbox/read": 303} {
			if got := s.browse("中野", path, url.Values{"body": {"x"}}).status; got != want {
				s.t.Errorf("viewer, %s: %d, want %d", path, got, want)
			}
		}
		for _, path := range []string{"/contracts/123/notes", "/contracts/x/notes"} {
			if got := s.browse("岡田", path, url.Values{"body": {"x"}}).status; got != 404 {
				s.t.Errorf("%s: %d", path, got)
			}
		}
	})
}

func TestActsOnNotes(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "はじめの言葉", timeline.Bad, 0)
		at := "/notes/" + n.ID.String()
		box := s.browse("田村", "hx "+at+"/reply")
		if box.Find(`form input[name=parent]`).AttrOr("value", "") != n.ID.String() {
			s.t.Fatal(box.body)
		}
		a := s.browse("田村", "hx "+s.path("/notes"), url.Values{"parent": {n.ID.String()}, "body": {"返事です"}})
		if a.Find(".replies .voice").Text() != "返事です" || a.header.Get("HX-Retarget") != "#note-"+n.ID.String() {
			s.t.Fatal(a.status, a.body)
		}
		form := s.browse("岡田", "hx "+at+"/edit")
		if form.Find("textarea").Text() != "はじめの言葉" || form.Find("input[type=radio]").Length() != 3 {
			s.t.Fatal(form.body)
		}
		a = s.browse("岡田", "hx "+at+"/edit", url.Values{"body": {"次の言葉"}, "version": {"1"}, "hunch": {"good"}})
		if a.status != 200 || a.Find(".voice").First().Text() != "次の言葉" || !strings.Contains(a.body, "sesame-open") || !strings.Contains(a.body, "書き直しました") {
			s.t.Fatal(a.status, a.body)
		}
		stale := s.browse("岡田", "hx "+at+"/edit", url.Values{"body": {"古い窓"}, "version": {"1"}})
		if stale.status != 409 || stale.Find("textarea").Text() != "古い窓" || !strings.Contains(stale.body, "次の言葉") ||
			stale.Find("input[name=version]").AttrOr("value", "") != "2" || stale.header.Get("HX-Retarget") == "" {
			s.t.Fatal(stale.status, stale.body)
		}
		if p := s.browse("中野", at+"/history"); !slices.Equal(p.lines(".voice"), []string{"次の言葉", "はじめの言葉"}) {
			s.t.Error(p.body)
		}
		if got := s.browse("田村", at+"/edit", url.Values{"body": {"x"}, "version": {"2"}}).status; got != 403 {
			s.t.Errorf("someone else's note: %d", got)
		}
		gone := s.browse("岡田", "hx "+at+"/delete", url.Values{})
		if gone.status != 200 || !strings.Contains(gone.body, "消したメモ") || strings.Contains(gone.body, "次の言葉") ||
			!strings.Contains(gone.header.Get("HX-Trigger"), at+"/restore") {
			s.t.Fatal(gone.status, gone.body)
		}
		back := s.browse("岡田", "hx "+at+"/restore", url.Values{})
		if !strings.HasPrefix(back.header.Get("HX-Retarget"), "#trail-panel[") || !strings.Contains(back.body, "次の言葉") {
			s.t.Error(back.body)
		}
		alone := s.say("岡田", "返事のないメモ", "", 0)
		if a := s.browse("岡田", "hx /notes/"+alone.ID.String()+"/delete", url.Values{}); a.header.Get("HX-Reswap") != "delete" {
			s.t.Error(a.header)
		}
		s.now = s.now.Add(timeline.HunchFreeze)
		if got := s.browse("岡田", "hx "+at+"/hunch", url.Values{"hunch": {""}}); got.status != 409 {
			s.t.Errorf("frozen: %d", got.status)
		}
	})
}

func TestLinksAndPages(t *testing.T) {
	each(t, func(s *site) {
		old := s.say("岡田", "いちばん古い @田村 健", "", 0)
		reply := s.say("岡田", "古い返事", "", old.ID)
		for i := range pageSize + 5 {
			s.say("岡田", fmt.Sprint("メモ", i), "", 0)
		}
		to := s.browse("田村", "/notes/"+reply.ID.String()).header.Get("Location")
		path, anchor, _ := strings.Cut(to, "#")
		p := s.browse("田村", path)
		if anchor != "note-"+reply.ID.String() || p.Find("#"+anchor).Length() != 1 || p.lines(".voice")[0] != "いちばん古い @田村 健" {
			s.t.Errorf("the link leads to %q: %v", to, p.lines(".voice"))
		}
		if p.Find("#note-"+old.ID.String()).Length() != 1 || p.Find(".earlier a").Length() != 1 {
			s.t.Error("no way back to the newest")
		}
		first := s.browse("田村", s.path(""))
		next, _ := first.Find("#pager a").Attr("href")
		if got := first.lines(".voice"); len(got) != pageSize {
			s.t.Errorf("%d notes on the first page", len(got))
		}
		for _, mode := range []string{"", "hx "} {
			more := s.browse("田村", mode+next)
			if got := more.lines("#trail .voice"); more.status != 200 || len(got) != 7 || more.Find("#pager a").Length() != 0 || more.Find(".now").Length() != 0 {
				s.t.Errorf("%q: %d, %q", mode, more.status, got)
			}
		}
		for path, want := range map[string]int{"/notes/1": 404, "/notes/x": 404, s.path("/trail?cursor=x"): 422, s.path("/trail?show=x"): 200,
			"/contracts/1/trail": 404, "/inbox?cursor=x": 422} {
			if got := s.browse("田村", path).status; got != want {
				s.t.Errorf("%s: %d, want %d", path, got, want)
			}
		}
	})
}

func TestInboxPage(t *testing.T) {
	each(t, func(s *site) {
		n := s.say("岡田", "@田村 健 見てください", timeline.Good, 0)
		s.say("岡田", "＠田村健 もうひとつ", "", 0)
		p := s.browse("田村", "/inbox")
		if got := p.lines("#inbox .voice"); !slices.Equal(got, []string{"＠田村健 もうひとつ", "@田村 健 見てください"}) ||
			p.Find("#inbox .chip").Length() != 2 || !strings.Contains(p.body, "あなたを呼びました") || !strings.Contains(p.body, "みなと物流 本社契約") {
			s.t.Fatal(p.body)
		}
		s.browse("田村", "/notes/"+n.ID.String()) // opening it is reading it
		if p := s.browse("田村", "/inbox"); p.Find("#inbox .chip").Length() != 1 {
			s.t.Error("the opened one is still unread")
		}
		s.browse("田村", "/inbox/read", url.Values{})
		if p := s.browse("田村", "/inbox"); p.Find("#inbox .chip").Length() != 0 || p.Find("form[action='/inbox/read']").Length() != 0 {
			s.t.Error("not all are read")
		}
		if p := s.browse("中野", "/inbox"); p.Find(".empty").Length() != 1 {
			s.t.Error("an empty inbox says nothing")
		}
		people := s.browse("田村", "/people?q="+url.QueryEscape("おかだ"))
		if !strings.Contains(people.body, `"name":"岡田 真帆"`) || !strings.Contains(s.browse("田村", "/people?q="+url.QueryEscape("東京")).body, `"kindName":"チーム"`) {
			s.t.Error(people.body)
		}
		for _, c := range [][]string{{"1", "お知らせを止める", "フォローをやめる"}, {"mute", "お知らせを受け取る", "フォローをやめる"},
			{"aloud", "お知らせを止める", "フォローをやめる"}, {"", "フォローする"}, {"mute", "お知らせを受け取る", "フォローをやめる"}} {
			a := s.browse("中野", "hx "+s.path("/follow"), url.Values{"follow": {c[0]}})
			if got := a.lines("#follow button"); !slices.Equal(got, c[1:]) {
				s.t.Errorf("follow=%q: %q", c[0], got)
			}
		}
	})
}

func TestEventsAreSaid(t *testing.T) {
	each(t, func(s *site) {
		if _, err := s.fields.Create(s.as("岡田"), field.Input{Key: "plan", Type: field.Choice, Labels: map[string]string{"ja": "プラン"}, Options: []string{"A", "B"}}); err != nil {
			s.t.Fatal(err)
		}
		change := func(at time.Duration, edits ...contract.Edit) {
			s.t.Helper()
			s.now = s.now.Add(at)
			if _, err := s.contracts.Update(s.as("岡田"), s.minato.ID, edits); err != nil {
				s.t.Fatal(err)
			}
		}
		change(time.Hour, contract.Edit{Field: "owner", New: s.actors["田村"].Member.String()}, contract.Edit{Field: "amount", New: "500000"},
			contract.Edit{Field: "outlook", New: "danger"}, contract.Edit{Field: "field:plan", New: "A"})
		s.now = s.now.Add(time.Hour)
		s.happen(s.because("import", 7), changed(map[string][2]any{"renewal_date": {"2026-03-31", "2026-04-30"}, "status": {"利用中", nil}}),
			bus.Change{Kind: "task.done", Ref: 5, Data: map[string]any{"title": "電話する"}},
			bus.Change{Kind: "usage.unheard", Ref: 5, Data: map[string]any{"x": 1}})
		p := s.browse("中野", s.path(""))
		want := []string{"更新日まであと42日", "まだだれも書いていません。思ったことを、ひとことどうぞ",
			"取り込みでタスク「電話する」をすませました",
			"取り込みで更新日が2026/3/31から2026/4/30に変わりました", "取り込みで状態が空になりました（前は利用中）",
			"4か所が変わりました：担当 岡田 真帆→田村 健、見立て 気がかり→危うい、金額 480,000円→500,000円、プラン A（岡田 真帆）",
			"契約が登録されました（岡田 真帆）"}
		if got := p.lines("#trail .remark"); !slices.Equal(got, want) {
			s.t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		list, _, err := s.svc.History(s.as("中野"), s.minato.ID, "owner", "", 0)
		if err != nil {
			s.t.Fatal(err)
		}
		said, err := s.h.Changes(s.as("中野"), list)
		if err != nil || len(said) == 0 || said[0].Field != "担当" || said[0].From != "岡田 真帆" || said[0].To != "田村 健" || said[0].By != "岡田 真帆" {
			s.t.Errorf("history %+v, %v", said, err)
		}
	})
}
