package timelinehttp

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
)

// named gives names to what rules and imports are called; 8 has none any more.
func (s *site) named() {
	for kind, name := range map[string]string{"rule": "更新90日前", "import": "契約管理"} {
		s.svc.Name(kind, func(context.Context, db.Queryer, id.ID, []id.ID) (map[id.ID]string, error) {
			return map[id.ID]string{7: name}, nil
		})
	}
}

// told is one change with the sentence it becomes in both languages.
type told struct {
	by     context.Context
	change bus.Change
	ja, en string
}

func (s *site) toldOf() []told {
	me, imp, rule := s.as("岡田"), s.because("import", 7), s.because("rule", 7)
	undo := bus.Because(me, bus.Cause{ActorKind: "member", ActorID: s.actors["岡田"].Member, Kind: "import_undo", ID: 7})
	kind := func(kind bus.Kind, kv ...any) bus.Change {
		data := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			data[kv[i].(string)] = kv[i+1]
		}
		return bus.Change{Kind: kind, Ref: 5, Data: data}
	}
	due := kind("task.changed", "title", "電話する")
	due.Fields = map[string][2]any{"due_date": {"2026-03-01", "2026-03-05"}}
	many := kind("task.changed", "title", "電話する")
	many.Fields = map[string][2]any{"due_date": {"", "2026-03-05"}, "owner": {"", s.actors["田村"].Member.String()}, "minutes": {"0", "30"}}
	moved := kind("task.changed", "title", "電話する")
	moved.Fields = map[string][2]any{"contract": {"", s.minato.ID.String()}}
	ended := kind("contract.ended", "words", "予算がなくなった")
	ended.Fields = map[string][2]any{"ended_on": {nil, "2026-03-31"}}
	return []told{
		{me, kind("task.snoozed", "title", "電話する", "until", "2026-03-02"), "タスク「電話する」を2026/3/2まで後回しにしました（岡田 真帆）", "Task “電話する” put off until Mar 2, 2026 (岡田 真帆)"},
		{me, kind("task.snoozed", "title", "電話する", "until", ""), "タスク「電話する」の後回しをやめました（岡田 真帆）", "Task “電話する” no longer put off (岡田 真帆)"},
		{me, due, "タスク「電話する」の期日が2026/3/1から2026/3/5に変わりました（岡田 真帆）", "Task “電話する”: Due date changed from Mar 1, 2026 to Mar 5, 2026 (岡田 真帆)"},
		{me, many, "タスク「電話する」の3か所が変わりました：担当 田村 健、期日 2026/3/5、見込みの分数 30（岡田 真帆）",
			"Task “電話する”: 3 changes: Owner 田村 健, Due date Mar 5, 2026, Minutes 30 (岡田 真帆)"},
		{me, moved, "タスク「電話する」の契約が変わりました（岡田 真帆）", "Task “電話する”: Contract changed (岡田 真帆)"},
		{me, kind("task.skipped", "title", "電話する", "why", "不在"), "タスク「電話する」を見送りました：不在（岡田 真帆）", "Task “電話する” skipped: 不在 (岡田 真帆)"},
		{me, kind("contact.changed", "name", "佐藤"), "先方担当者佐藤さんの情報が変わりました（岡田 真帆）", "What is known of the contact 佐藤 was updated (岡田 真帆)"},
		{me, ended, "契約が2026/3/31に終わりました：予算がなくなった（岡田 真帆）", "The contract ended on Mar 31, 2026: 予算がなくなった (岡田 真帆)"},
		{rule, kind("rule.fired", "rule", "更新90日前", "title", "電話する、資料"), "ルール「更新90日前」によりタスク「電話する、資料」が加わりました", "Task “電話する、資料” added (by the rule “更新90日前”)"},
		{s.because("rule", 8), kind("rule.fired", "rule", "むかしのルール", "title", "電話"), "ルール「むかしのルール」によりタスク「電話」が加わりました", "Task “電話” added (by the rule “むかしのルール”)"},
		{s.because("rule", 8), kind("rule.fired", "title", "電話"), "ルールによりタスク「電話」が加わりました", "Task “電話” added (by a rule)"},
		{imp, kind("import.absent", "source", "契約管理"), "「契約管理」の取り込みでこの契約が見あたりませんでした", "This contract was missing (by import of “契約管理”)"},
		{s.because("import", 8), kind("import.reappeared", "source", "旧台帳"), "「旧台帳」の取り込みでこの契約がまた見つかりました", "This contract is there again (by import of “旧台帳”)"},
		{imp, kind("import.unheard", "count", 3), "「契約管理」の取り込みで3件の変化がありました", "3 things changed (by import of “契約管理”)"},
		{rule, kind("rule.unheard", "count", 1), "ルール「更新90日前」により1件の変化がありました", "1 thing changed (by the rule “更新90日前”)"},
		{me, kind("rule.unheard", "rule", "更新90日前"), "ルール「更新90日前」により変化がありました", "Something changed (by the rule “更新90日前”)"},
		{undo, changed(map[string][2]any{"status": {"b", "a"}}), "取り込みの取り消しで状態がbからaに変わりました（岡田 真帆）", "Status changed from b to a (an import was undone) (岡田 真帆)"},
		{me, changed(map[string][2]any{"outlook_why": {"静かすぎる", "席を替えたと聞いた"}}), "見立てのわけが「静かすぎる」から「席を替えたと聞いた」に変わりました（岡田 真帆）", "Reason for the outlook changed from “静かすぎる” to “席を替えたと聞いた” (岡田 真帆)"},
		{context.Background(), changed(map[string][2]any{"auto_renew": {false, true}}), "自動更新がいいえからはいに変わりました", "Automatic renewal changed from no to yes"},
	}
}

// Each kind of news becomes one quiet sentence, in Japanese and in English.
func TestSentences(t *testing.T) {
	each(t, func(s *site) {
		s.named()
		list := s.toldOf()
		var ja, en []string
		for _, one := range list {
			s.now = s.now.Add(time.Hour)
			s.happen(one.by, one.change)
			ja, en = append(ja, one.ja), append(en, one.en)
		}
		slices.Reverse(ja)
		slices.Reverse(en)
		for name, want := range map[string][]string{"中野": append(ja, "契約が登録されました（岡田 真帆）"), "Ann": append(en, "Contract added (岡田 真帆)")} {
			got := s.remarks(name)
			if len(got) != len(want) {
				s.t.Fatalf("%d sentences, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
			}
			for i := range want {
				if got[i] != want[i] {
					s.t.Errorf("%s reads\n%s\nwant\n%s", name, got[i], want[i])
				}
			}
		}
	})
}

// Many fields of one import are one line; a few stay sentences; what others
// did, or did later, stands apart.
func TestChangesReadAsOne(t *testing.T) {
	each(t, func(s *site) {
		s.named()
		many := map[string][2]any{"renewal_date": {"2026-03-31", "2026-04-30"}, "amount": {"480000", "500000"}, "status": {"利用中", nil},
			"department": {nil, "配車課"}, "domain": {"a.example", "b.example"}, "outlook_why": {nil, strings.Repeat("長いわけ", 30)}}
		s.now = s.now.Add(time.Hour)
		s.happen(s.because("import", 7), changed(many))
		s.now = s.now.Add(10 * time.Second)
		s.happen(s.because("import", 7), changed(map[string][2]any{"phase": {"導入", "定着"}}),
			bus.Change{Kind: "contact.added", Ref: 5, Data: map[string]any{"name": "佐藤"}})
		s.now = s.now.Add(10 * time.Second)
		s.happen(s.because("import", 8), changed(map[string][2]any{"status": {nil, "契約中"}}))
		s.happen(s.as("岡田"), changed(map[string][2]any{"status": {"契約中", "交渉中"}, "phase": {"定着", "活用"}}))
		s.now = s.now.Add(2 * time.Minute)
		s.happen(s.as("岡田"), changed(map[string][2]any{"status": {"交渉中", "契約中"}}))

		page := s.browse("中野", s.path(""))
		want := [][]string{
			{"状態が交渉中から契約中に変わりました（岡田 真帆）"},
			{"状態が契約中から交渉中に変わりました（岡田 真帆）", "段階が定着から活用に変わりました（岡田 真帆）"},
			{"取り込みで状態が契約中になりました"},
			{"「契約管理」の取り込みで先方担当者に佐藤さんが加わりました",
				"「契約管理」の取り込みで7か所が変わりました：段階 導入→定着、更新日 2026/3/31→2026/4/30、金額 480,000円→500,000円、状態 利用中→なし、ほか3か所"},
			{"契約が登録されました（岡田 真帆）"},
		}
		events := page.Find(`#trail > [id^="event-"]`)
		if events.Length() != len(want) {
			s.t.Fatalf("%d entries: %q", events.Length(), s.remarks("中野"))
		}
		for i := range want {
			entry := answer{Document: page.Document}
			if got := entry.lines(`#` + events.Eq(i).AttrOr("id", "") + ` .remark`); !slices.Equal(got, want[i]) {
				s.t.Errorf("entry %d: %q, want %q", i, got, want[i])
			}
		}
	})
}

// An entry says at most so much, and counts the rest.
func TestLongEntriesEnd(t *testing.T) {
	each(t, func(s *site) {
		var list []bus.Change
		for range 12 {
			list = append(list, bus.Change{Kind: "task.done", Ref: 5, Data: map[string]any{"title": "電話する"}})
		}
		s.now = s.now.Add(time.Hour)
		s.happen(s.as("田村"), list...)
		got := s.remarks("中野")
		if len(got) != mostLines+2 || got[mostLines] != "ほかに4か所変わりました" {
			s.t.Errorf("%q", got)
		}
	})
}

// Amounts are said in the currency they had, though it changed since.
func TestAmountsKeepTheirCurrency(t *testing.T) {
	each(t, func(s *site) {
		steps := []map[string][2]any{
			{"amount": {"480000", "500000"}},
			{"currency": {"JPY", "USD"}, "amount": {"500000", "3500.50"}},
			{"amount": {"3500.50", nil}},
		}
		for _, fields := range steps {
			s.now = s.now.Add(time.Hour)
			s.happen(s.as("岡田"), changed(fields))
		}
		s.setCurrency("USD")
		want := []string{"金額が空になりました（前は3,500.50 USD）（岡田 真帆）",
			"金額が500,000円から3,500.50 USDに変わりました（岡田 真帆）", "通貨がJPYからUSDに変わりました（岡田 真帆）",
			"金額が480,000円から500,000円に変わりました（岡田 真帆）", "契約が登録されました（岡田 真帆）"}
		if got := s.remarks("中野"); !slices.Equal(got, want) {
			s.t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		list, _, err := s.svc.History(s.as("中野"), s.minato.ID, "amount", "", 0)
		if err != nil {
			s.t.Fatal(err)
		}
		said, err := s.h.Changes(s.as("中野"), list)
		if err != nil || len(said) != 3 || said[0].From != "3,500.50 USD" || said[0].To != "" || said[1].From != "500,000円" || said[2].To != "500,000円" {
			s.t.Errorf("history %+v, %v", said, err)
		}
	})
}

// setCurrency writes what the contract says now; the events stand already.
func (s *site) setCurrency(code string) {
	s.t.Helper()
	err := s.d.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, "UPDATE contract SET currency = $3 WHERE workspace_id = $1 AND id = $2", s.actors["岡田"].Workspace, s.minato.ID, code)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// Every type of field is said as people say it, customers and people by name.
func TestValuesAreSaid(t *testing.T) {
	each(t, func(s *site) {
		for _, f := range []field.Input{
			{Key: "fee", Type: field.Money, Labels: map[string]string{"ja": "手数料", "en": "Fee"}},
			{Key: "tags", Type: field.Choices, Labels: map[string]string{"ja": "札"}, Options: []string{"A", "B"}},
			{Key: "buddy", Type: field.Member, Labels: map[string]string{"ja": "相棒"}},
			{Key: "since", Type: field.Date, Labels: map[string]string{"ja": "開始"}},
			{Key: "seats", Type: field.Number, Labels: map[string]string{"ja": "席"}},
		} {
			if _, err := s.fields.Create(s.as("岡田"), f); err != nil {
				s.t.Fatal(err)
			}
		}
		was := s.minato.OrgID
		if _, err := s.contracts.Update(s.as("岡田"), s.minato.ID, []contract.Edit{{Field: "organization", New: "みなとホールディングス"}}); err != nil {
			s.t.Fatal(err)
		}
		for _, fields := range []map[string][2]any{
			{"field:fee": {nil, map[string]any{"amount": "1200.50", "currency": "USD"}}},
			{"field:tags": {[]string{"A"}, []string{"A", "B"}}},
			{"field:buddy": {s.actors["岡田"].Member.String(), "12345"}},
			{"field:since": {nil, "2026-04-01"}},
			{"field:seats": {1200, 1500.5}},
			{"field:gone": {"a", "b"}},
			{"amount_basis": {"monthly", "yearly"}},
			{"outlook": {"on_track", "danger"}},
			{"organization": {was.String(), "12345"}},
		} {
			s.now = s.now.Add(time.Hour)
			s.happen(context.Background(), changed(fields))
		}
		want := []string{"顧客がみなと物流から（いまはない名前）に変わりました", "見立てが順調から危ういに変わりました", "金額の単位が月額から年額に変わりました",
			"goneがaからbに変わりました", "席が1,200から1500.5に変わりました", "開始が2026/4/1になりました", "相棒が岡田 真帆から（いまはない名前）に変わりました",
			"札がAからA、Bに変わりました", "手数料が1,200.50 USDになりました",
			"顧客がみなと物流からみなとホールディングスに変わりました（岡田 真帆）", "契約が登録されました（岡田 真帆）"}
		if got := s.remarks("中野"); !slices.Equal(got, want) {
			s.t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// The history names the import behind a change.
func TestHistorySaysWho(t *testing.T) {
	each(t, func(s *site) {
		s.named()
		for _, by := range []context.Context{s.because("import", 7), s.because("rule", 7), context.Background(), s.as("田村")} {
			s.now = s.now.Add(time.Minute)
			s.happen(by, changed(map[string][2]any{"status": {"a", "b"}}))
		}
		list, _, err := s.svc.History(s.as("中野"), s.minato.ID, "status", "", 0)
		if err != nil {
			s.t.Fatal(err)
		}
		said, err := s.h.Changes(s.as("中野"), list)
		if err != nil || len(said) != 4 {
			s.t.Fatal(said, err)
		}
		for i, want := range []string{"田村 健", "自動", "ルール「更新90日前」", "取り込み「契約管理」"} {
			if said[i].By != want || (said[i].Import == 7) != (i == 3) || said[i].Field != "状態" {
				s.t.Errorf("%d: %+v, want %s", i, said[i], want)
			}
		}
	})
}
