package ui

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/a-h/templ"

	"kizuki/internal/cal"
	"kizuki/internal/web/words"
)

// TestLook writes the screens of the look, built from the parts, to the folder
// KIZUKI_LOOK names, so that a person can open them and compare.
func TestLook(t *testing.T) {
	dir := os.Getenv("KIZUKI_LOOK")
	if dir == "" {
		dir = t.TempDir() // rendering them is a test in itself
	}
	for _, lang := range words.Langs {
		ctx := words.With(context.Background(), words.Locale{Lang: lang})
		for name, page := range map[string]templ.Component{
			"signin": lookSignin(), "empty": lookEmpty(ctx), "contracts": lookContracts(ctx), "contract": lookContract(ctx),
			"today": lookToday(ctx), "import-preview": lookImport(ctx), "parts": lookParts(ctx), "error": ErrorPage("404", "見つかりませんでした", "ないか、あなたには見えないものです。", "01J9"),
		} {
			f, err := os.Create(filepath.Join(dir, name+"-"+lang+".html"))
			if err != nil {
				t.Fatal(err)
			}
			if err := page.Render(ctx, f); err != nil {
				t.Fatal(err)
			}
			_ = f.Close()
		}
	}
}

const lookDay = cal.Date("2026-02-17")

var lookNow = time.Date(2026, 2, 17, 0, 30, 0, 0, time.UTC)

// with renders a part around its children.
func with(part templ.Component, children ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return part.Render(templ.WithChildren(ctx, templ.Join(children...)), w)
	})
}

func lookText(html string) templ.Component { return templ.Raw(html) }

func lookPage(title, place string, body templ.Component) templ.Component {
	p := PageProps{Title: title, Name: "岡田 真帆", Islands: []string{"mention", "queue"}, InboxHref: "/inbox", Inbox: 2}
	for _, key := range []string{"today", "contracts", "imports", "rules", "members", "settings"} {
		p.Places = append(p.Places, Place{Key: key, Href: "/" + key + "-ja.html", Current: key == place, More: key == "members" || key == "settings"})
	}
	return Page(p, body)
}

func lookSignin() templ.Component {
	return Gate(GateProps{Title: "入る"}, templ.Join(lookText(`<form action="#">`),
		Field(FieldProps{Name: "email", Label: "メールアドレス", Type: "email", Autocomplete: "username", Required: true}),
		Field(FieldProps{Name: "password", Label: "パスワード", Type: "password", Autocomplete: "current-password", Required: true}),
		Btn(BtnProps{Label: "入る"}), lookText(`</form>`), Remark("困ったときは、この場所を用意した松井さんへ。")))
}

func lookEmpty(ctx context.Context) templ.Component {
	queue := with(Queue(QueueProps{Title: "今日", Remark: "まだ何もありません"}), lookText("<li>"), Ghost("更新日が近づいた契約"),
		Ghost("だれかの予感と、あなたへの呼びかけ"), Ghost("今日やると決めたこと"), lookText("</li>"))
	return lookPage("はじめに", "today", with(Desk(queue), with(Empty("まず、気になっている契約をひとつ", "全部そろえなくて大丈夫です。いちばん気になっている契約を1件書くと、そこから始まります。"),
		lookText(`<form action="#">`), Field(FieldProps{Name: "o", Label: "顧客企業", Placeholder: "例：株式会社みなと物流"}),
		with(Fields(), Field(FieldProps{Name: "k", Label: "契約", Placeholder: "例：配車クラウド 本社契約"}), Field(FieldProps{Name: "d", Label: "更新日", Placeholder: "例：2026/3/31、来年3月末"})),
		Field(FieldProps{Name: "n", Label: "いま思っていること", Optional: "（なくてもかまいません）", Placeholder: "例：返信がいつもより短い"}),
		lookText(`<div class="actions">`), Btn(BtnProps{Label: "この契約から始める"}), lookText(`</div></form>`),
		with(Steps("ほかの始め方"), with(Step("一覧がもうあるなら"), lookText(`<a href="#">Excel や CSV を取り込む</a>。書き換える前に、何がどう変わるかを必ず見せます。`)),
			with(Step("まず触ってみたいなら"), lookText(`<a href="#">見本の会社で試す</a>。`))))))
}

func lookContracts(ctx context.Context) templ.Component {
	words.Add(os.DirFS("testdata/words"))
	filter := Sentence("#", "しぼりこみ", "sample.filter", map[string]templ.Component{
		"Who":   with(Phrase(PhraseProps{ID: "who", Text: "岡田と田村"}), Choices("owner", "担当", true, []Option{{Value: "1", Label: "岡田 真帆", Selected: true}, {Value: "2", Label: "田村 健", Selected: true}})),
		"When":  with(Phrase(PhraseProps{ID: "when", Text: "更新日が180日以内"}), Choices("within", "更新日", false, []Option{{Value: "90", Label: "90日以内"}, {Value: "180", Label: "180日以内", Selected: true}})),
		"Order": with(Phrase(PhraseProps{ID: "order", Text: "更新日の近い順"})),
		"Add":   with(Phrase(PhraseProps{ID: "add", Text: "条件を足す", Add: true}), Field(FieldProps{Name: "q", Label: "名前"})),
	}, nil)
	rows := []templ.Component{GroupRow(GroupProps{Text: "2月", Remark: "2件、月額222,000円", Columns: 7})}
	for i, r := range [][4]string{{"木曽木材", "配車クラウド", "見積もり、社長の机に乗ったままらしい", "watch"}, {"つきのわ運送", "点呼クラウド", "「更新します」と電話口で即答。ありがたい", "good"},
		{"しらさぎ食品", "配車クラウド 関東契約", "担当が替わったらしい。引き継ぎの連絡が来ない", "risk"}, {"港南リース", "動態クラウド", "取り込みから消えた。聞くのがこわい", "none"}} {
		d := lookDay.AddDays(11 + 31*(i/2))
		due := Due(ctx, d, lookDay)
		if i == 2 {
			rows = append(rows, GroupRow(GroupProps{Text: "3月", Remark: "12件、月額2,553,000円", Columns: 7}))
		}
		rows = append(rows, with(Tr(""), TdName("#", r[0], r[1]), with(Td("num"), lookText(On(ctx, d, lookDay).Text+" "), Time(due)), with(Td("said full"), lookText(r[2])),
			with(Td(""), Health(r[3], words.T(ctx, "shell.health."+r[3]))), with(Td("nb drop"), lookText("更新協議")), with(Td("num drop"), lookText("180,000")), with(Td("nb dim fresh"), Chip("watch", "34日前、古い"))))
	}
	return lookPage("契約", "contracts", with(Sheet(), Title("契約", templ.Join(LinkBtn(BtnProps{Label: "取り込む", Kind: "quiet", Href: "#"}), Btn(BtnProps{Label: "契約を足す", Kind: "line"}))), filter,
		lookText(`<p class="remark tally">30件、月額4,636,000円。けさ5:10に契約管理から更新。</p>`),
		with(Table(TableProps{ID: "rows", Label: "契約の一覧", Columns: []Column{{Label: "契約"}, {Label: "更新日", Num: true, Sort: "ascending", Href: "?sort=-renewal"}, {Label: "最後の言葉"}, {Label: "見立て"}, {Label: "段階"}, {Label: "月額（円）", Num: true}, {Label: "データ"}}}), rows...),
		Pager(PagerProps{Href: "?cursor=x", Rows: "rows"})))
}

func lookTrail(ctx context.Context) templ.Component {
	at := func(days, h int) When {
		return Ago(ctx, time.Date(2026, 2, 17-days, h-9, 42, 0, 0, time.UTC), lookNow)
	}
	return with(Trail("trail"),
		with(Entry(EntryProps{Kind: "plan", When: On(ctx, "2026-03-31", lookDay)}), Words("更新日まであと42日")),
		with(Entry(EntryProps{Kind: "now", When: Due(ctx, lookDay, lookDay)}), Words("取り込み「契約管理」で、月額が460,000円から480,000円になりました"), Words("ルール「更新の6週前」が、岡田の今日に入れました")),
		with(Entry(EntryProps{Kind: "note", Mark: "sesame", When: at(1, 18)}), Said("担当の佐藤さん、返信がいつもより短い。なんとなく*嫌な予感*。"), By(ByProps{Name: "岡田 真帆", Hunch: "bad"}),
			with(Replies(), with(Reply("r1"), Said("@田村 健 先月の定例で村上部長がひと言もしゃべらなかったの、ずっと引っかかってる。異動の時期だし……。", "田村 健"), By(ByProps{Name: "田村 健", When: at(1, 19)})))),
		with(Entry(EntryProps{Kind: "note", When: at(5, 10)}), Said("次の繁忙期の話を振ったら「上と相談します」で止まった。\n前は自分で決めてた人なのに。\n\n- 見積もり\n- https://example.com/a_b を読む"), By(ByProps{Name: "岡田 真帆", Only: "東日本チームだけ"}), HunchOffer("#", nil)),
		with(Entry(EntryProps{Kind: "note", Mark: "sesame-open", When: at(21, 10)}), Said("千葉の現場の林さん、配車の画面を自分で並べ替えて使ってた。ああいう人がひとりいると強い。"), By(ByProps{Name: "中野 翔太", Hunch: "good"})),
		with(Entry(EntryProps{Kind: "system", When: at(90, 10)}), Words("利用者58人から61人。千葉営業所の3人が加わりました"), Silence("その前の34日間は、だれも書いていません")))
}

func lookAside(ctx context.Context) templ.Component {
	tasks := with(Section("t", "やること"), lookText("<ul>"),
		TaskRow(TaskProps{ID: "1", Title: "村上部長に電話する", Due: Due(ctx, lookDay, lookDay), Remark: "岡田、2月12日の会議で決めた", Action: "#"}),
		TaskRow(TaskProps{ID: "2", Title: "繁忙期の配車実績を1枚にまとめる", Due: On(ctx, "2026-02-20", lookDay), Remark: "中野", Action: "#"}),
		TaskRow(TaskProps{ID: "3", Title: "見積もりを送る", Due: Due(ctx, "2026-02-14", lookDay), Action: "#"}),
		TaskRow(TaskProps{ID: "4", Title: "12月の配車実績を送る", Done: true, Remark: "2月10日、岡田", Action: "#"}), lookText("</ul>"))
	due := Due(ctx, "2026-03-31", lookDay)
	facts := with(Section("f", "契約のこと"), with(Facts(), with(Fact("更新日", due.Exact), lookText("<b>"), Time(due), lookText("</b>")),
		with(Fact("見立て", "岡田、きのう"), Health("watch", "気がかり")), with(Fact("段階", ""), lookText("活用拡大")), with(Fact("月額", "けさ5:10、契約管理から"), lookText("480,000円")),
		with(Fact("先方", ""), lookText("佐藤 亮（配車課 係長）<br>村上 恒一（物流部長、決裁）"))))
	return templ.Join(facts, tasks)
}

func lookNote() templ.Component {
	return NoteBox(NoteBoxProps{Action: "#", To: "みなと物流 本社契約", MentionSrc: "/mention.json"})
}

func lookContract(ctx context.Context) templ.Component {
	title := with(Title("株式会社みなと物流 — 配車クラウド 本社契約", templ.Join(LinkBtn(BtnProps{Label: "履歴", Kind: "line", Href: "#"}), Btn(BtnProps{Label: "直す", Kind: "quiet", Key: "e"}))),
		Tabs("みなと物流の契約", []Tab{{"本社契約", "#", true}, {"千葉営業所契約", "#", false}, {"点呼クラウド 全社契約", "#", false}}),
		with(Glance(), lookText("<span>更新まであと42日</span>"), Health("watch", "気がかり"), lookText("<span>岡田</span>")))
	trail := templ.Join(lookText(`<section aria-labelledby="th">`), with(TrailHead("th", "タイムライン"), PickLinks("表示", []Tab{{"すべて", "#", true}, {"人の言葉だけ", "#", false}, {"予感だけ", "#", false}}, nil)), lookTrail(ctx), lookText("</section>"))
	return lookPage("みなと物流", "contracts", with(Sheet(), title, with(Split(lookAside(ctx)), trail), lookNote()))
}

func lookToday(ctx context.Context) templ.Component {
	rows := []templ.Component{
		QueueRow(QueueRowProps{ID: "q0", Href: "/contract-ja.html", Current: true, Icon: "sesame", IconLabel: "岡田のメモ", Who: "みなと物流 本社契約", Due: Due(ctx, "2026-03-31", lookDay), Why: "「返信がいつもより短い。なんとなく嫌な予感」", Said: true}),
		QueueRow(QueueRowProps{ID: "q1", Href: "/today-ja.html", Icon: "box", IconLabel: "タスク", Who: "三日月運輸 点呼クラウド", Due: Due(ctx, lookDay, lookDay), Why: "更新の見積もりを送る", Said: true}),
		QueueRow(QueueRowProps{ID: "q2", Href: "/contract-en.html", Icon: "risk", IconLabel: "要対応", Who: "しらさぎ食品 関東契約", Due: Due(ctx, "2026-02-14", lookDay), Why: "担当が替わってから34日、だれも連絡していません"}),
		QueueRow(QueueRowProps{ID: "q3", Href: "/3", Icon: "reply", IconLabel: "石川さんから", Who: "北つばめ急送 配車クラウド", Due: Ago(ctx, lookNow.Add(-2*time.Hour), lookNow), Why: "「岡田さん、これ去年のみなとさんと似てません？」", Said: true}),
	}
	for i := 4; i < 8; i++ {
		rows = append(rows, QueueRow(QueueRowProps{ID: "q" + strconv.Itoa(i), Href: "/" + strconv.Itoa(i), Icon: "sheet", IconLabel: "取り込み", Who: "港南リース 動態クラウド", Why: "取り込んだ一覧から消えました。解約か、入力もれか"}))
	}
	queue := with(Queue(QueueProps{Title: "今日", Remark: "あと9件、12分ほど", Keys: true}), rows...)
	title := with(TitleBeside("株式会社みなと物流 — 配車クラウド 本社契約", templ.Join(Btn(BtnProps{Label: "すんだ", Kind: "line", Key: "x", Attrs: Attrs{"hx-post": "/done", "hx-swap": "none"}}), Btn(BtnProps{Label: "あとで", Kind: "quiet", Key: "s"}))), Remark("ここにある理由：きのうの予感と、期日が重なりました。"))
	return lookPage("今日", "today", with(Desk(queue), title, with(Split(lookAside(ctx)), lookText(`<section aria-label="タイムライン">`), lookTrail(ctx), lookText("</section>")), lookNote()))
}

func lookImport(ctx context.Context) templ.Component {
	counts := Counts("結果の内訳", []Count{{N: 3, Label: "読めない", Href: "#bad"}, {N: 4, Label: "ファイルにない", Href: "#abs"}, {N: 18, Label: "書き換え", Href: "#upd"}, {N: 6, Label: "新しい", Href: "#new"}, {N: 1183, Label: "変わらない", Href: "#same"}})
	bad := with(Block("bad", "読めない行", "この3行だけ取り込みません。直したファイルをあとから入れられます。"), with(Table(TableProps{Label: "読めない行"}),
		with(Tr(""), with(Td(""), lookText("<b>行47</b> ひなた引越センター")), with(Td("nb dim"), lookText("更新日")), with(Td("full"), lookText(`<span class="late">「令和8年2月30日」</span>は、ない日付です`)))))
	gone := with(Block("abs", "ファイルにない4", "手もとにはあるのに、今回の一覧にない契約です。消しません。"), with(Table(TableProps{Label: "ファイルにない契約"}),
		with(Tr(""), TdName("#", "港南リース", "動態クラウド"), with(Td("nb dim drop"), lookText("最後は1月7日")), with(Td("full"), Pick(PickProps{Name: "a0", Legend: "どうするか", Options: []Option{{Value: "ask", Label: "担当に聞く", Selected: true}, {Value: "keep", Label: "このまま"}, {Value: "end", Label: "終わった契約にする"}}})))))
	changed := with(Block("upd", "書き換え18", ""), with(Table(TableProps{Label: "書き換わる契約"}), with(Tr(""), TdName("#", "みなと物流", "配車クラウド 本社契約"), with(Td("nb dim"), lookText("月額")), with(Td("full"), Change("460,000円", "480,000円")))))
	return lookPage("取り込みの確認", "imports", with(Sheet(), with(Title("取り込むと、こう変わります", nil), Remark("契約一覧_2026年2月.xlsx、210行。契約番号で照らし合わせました。まだ何も書き換えていません。")), counts, bad, gone, changed,
		with(Bar(), Btn(BtnProps{Label: "24件を取り込む"}), Btn(BtnProps{Label: "やめる", Kind: "quiet"}), Remark("取り込んだあとも、1日のあいだは元に戻せます。"))))
}

func lookParts(ctx context.Context) templ.Component {
	return lookPage("部品", "settings", with(Sheet(), Title("部品", nil),
		with(Block("toast", "知らせ", ""), Toast(ToastProps{Text: "みなと物流 本社契約に書きました", UndoHref: "#"})),
		with(Block("chips", "札", ""), lookText(`<p class="actions">`), Chip("", "活用拡大"), Chip("watch", "34日前、古い"), Chip("risk", "危うい"), Chip("good", "更新した"), Health("good", "順調"), Health("none", "わからない"), Hunch("bad"), Hunch("good"), lookText("</p>")),
		with(Block("field", "入力と誤り", ""), Alarm("直すところが2か所あります。"), Field(FieldProps{Name: "d", Label: "更新日", Value: "令和8年2月30日", Error: "2月に30日はありません。28日までです。", Hint: "例：2026/3/31"}),
			Field(FieldProps{Name: "t", Label: "経緯", Type: "textarea"}), Field(FieldProps{Name: "s", Label: "段階", Type: "select", Value: "b", Options: []Option{{Value: "a", Label: "導入"}, {Value: "b", Label: "定着"}}}),
			Field(FieldProps{Name: "c", Label: "自動で更新する", Type: "checkbox", Checked: true, Hint: "解約通知期限までに連絡がなければ続きます"})),
		lookText(`<button class="btn line" data-dialog="ask" type="button">終わりにする</button>`),
		with(Dialog(DialogProps{ID: "ask", Title: "この契約を終わりにしますか"}), lookText(`<p>書かれた言葉と記録はすべて残り、あとから戻せます。</p><form method="dialog" class="actions">`), Btn(BtnProps{Label: "やめる", Kind: "quiet"}), Btn(BtnProps{Label: "終わりにする"}), lookText("</form>"))))
}
