package columns_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/intake/columns"
)

// Headers as the tools that lists come from write them; the data is invented.
// What is wanted is the whole mapping: what is not named stays a field.
func TestGuessByTool(t *testing.T) {
	for _, c := range []struct {
		name, head, rows string
		want             map[string]string
	}{
		{"salesforce in japanese", "取引先 ID,取引先名,商談名,商談所有者,フェーズ,契約開始日,契約終了日,金額,金額 通貨",
			"0015g01,アルファ商事,配車 2026,岡田,Closed Won,2025/04/01,2026/03/31,480000,JPY\n0015g02,ベータ物流,倉庫 2026,中野,Closed Won,2025/05/01,2026/04/30,120000,JPY",
			map[string]string{"取引先 ID": "key", "取引先名": "organization", "商談名": "name", "商談所有者": "owner", "フェーズ": "phase", "契約開始日": "start_date",
				"契約終了日": "renewal_date", "金額": "amount", "金額 通貨": "currency"}},
		{"salesforce in english", "Account ID,Account Name,Opportunity Name,Opportunity Owner,Stage,Contract Start Date,Contract End Date,Amount",
			"0015g01,Alpha,Dispatch,Okada,Won,2025-04-01,2026-03-31,480000\n0015g02,Beta,Storage,Nakano,Won,2025-05-01,2026-04-30,120000",
			map[string]string{"Account ID": "key", "Account Name": "organization", "Opportunity Name": "name", "Opportunity Owner": "owner", "Stage": "phase",
				"Contract Start Date": "start_date", "Contract End Date": "renewal_date", "Amount": "amount"}},
		{"hubspot", "Record ID,Deal Name,Deal Stage,Deal owner,Amount,Currency,Associated Company,Renewal Date",
			"101,Dispatch,live,okada@us.example,480000,JPY,Alpha,2026-03-31\n102,Storage,live,okada@us.example,120000,JPY,Beta,2026-04-30",
			map[string]string{"Record ID": "key", "Deal Name": "name", "Deal Stage": "phase", "Deal owner": "owner", "Amount": "amount", "Currency": "currency",
				"Associated Company": "organization", "Renewal Date": "renewal_date"}},
		{"kintone", "レコード番号,契約番号,会社名,部署名,担当者,契約状況,更新予定日,月額（税抜）,備考",
			"1,K-1,アルファ,総務部,岡田,契約中,2026-03-31,480000,\n2,K-2,ベータ,物流部,中野,契約中,2026-04-30,120000,静か",
			map[string]string{"契約番号": "key", "会社名": "organization", "部署名": "department", "担当者": "owner", "契約状況": "status", "更新予定日": "renewal_date",
				"月額（税抜）": "amount", "備考": "note"}},
		{"freee", "取引先コード,取引先名,部門,契約開始日,契約満了日,自動更新,契約金額,請求サイクル,メールアドレス",
			"T001,アルファ,本社,2025/4/1,2026/3/31,あり,480000,月額,sato@alpha.example\nT002,ベータ,本社,2025/5/1,2026/4/30,なし,120000,年額,kato@beta.example",
			map[string]string{"取引先コード": "key", "取引先名": "organization", "部門": "department", "契約開始日": "start_date", "契約満了日": "renewal_date",
				"自動更新": "auto_renew", "契約金額": "amount", "請求サイクル": "amount_basis", "メールアドレス": "contact_mail"}},
		{"a sheet with marks", "★契約No.,【必須】顧客名,弊社担当,先方担当者様,解約通知 期限,法人番号",
			"A-1,アルファ,岡田,佐藤,2026/1/31,3010401011971\nA-2,ベータ,中野,加藤,2026/2/28,",
			map[string]string{"★契約No.": "key", "【必須】顧客名": "organization", "弊社担当": "owner", "先方担当者様": "contact_name", "解約通知 期限": "notice_date", "法人番号": "corporate_number"}},
		{"a bi tool with snake case", "contract_id,company_name,csm_name,mrr,billing_period,mail_domain,cancellation_deadline,lifecycle_stage",
			"c1,Alpha,Okada,480000,monthly,alpha.example,2026-01-31,live\nc2,Beta,Nakano,120000,yearly,beta.example,2026-02-28,live",
			map[string]string{"contract_id": "key", "company_name": "organization", "csm_name": "owner", "mrr": "amount",
				"mail_domain": "domain", "cancellation_deadline": "notice_date", "lifecycle_stage": "phase"}},
		{"a billing system", "subscription_id,account_id,start_date,end_date,plan_tier,mrr_amount,arr_amount,is_trial,churn_flag,billing_frequency,auto_renew_flag",
			"S-1,A-1,2024-01-01,2025-01-01,Pro,100,1200,False,True,annual,True\nS-2,A-2,2024-02-01,2025-02-01,Basic,0,0,True,False,monthly,False\nS-3,A-1,2024-03-01,2025-03-01,Pro,5,60,False,False,annual,True",
			map[string]string{"subscription_id": "key", "account_id": "organization", "start_date": "start_date", "end_date": "renewal_date",
				"mrr_amount": "amount", "is_trial": "term_type", "churn_flag": "churned", "auto_renew_flag": "auto_renew"}},
		{"an end in a column of its own", "契約ID,顧客ID,会社名,契約種別,更新日,解約日,解約フラグ", "1,9,アルファ,新規,2026-01-01,2026-02-01,はい\n2,8,ベータ,増額,2026-01-02,,いいえ",
			map[string]string{"契約ID": "key", "会社名": "organization", "更新日": "renewal_date", "解約日": "ended_on", "解約フラグ": "churned"}},
		{"a head that the values belie", "契約ID,更新日,月額,法人番号,メール",
			"1,毎年,要相談,あり,あり\n2,未定,応相談,なし,なし", map[string]string{"契約ID": "key"}},
	} {
		m := columns.Guess(survey(t, c.head+"\n"+c.rows+"\n"), "JPY")
		if !maps.Equal(m.Columns, c.want) {
			for _, name := range strings.Split(c.head, ",") {
				if m.Columns[name] != c.want[name] {
					t.Errorf("%s: %s is %q, want %q", c.name, name, m.Columns[name], c.want[name])
				}
			}
		}
	}
}

// What stands in a column decides what field it becomes, and a type that one
// cell does not have is not given.
func TestTypesByValues(t *testing.T) {
	for want, cells := range map[field.Type][]string{
		field.Number:   {"1,200", "-5", "０．５"},
		field.Date:     {"令和8年3月31日", "2026/4/1", "2026年5月1日"},
		field.Checkbox: {"はい", "いいえ", "はい"},
		field.Link:     {"https://a.example/x", "http://b.example", "https://c.example"},
		field.Choice:   {"松", "竹", "松", "竹", "松", " 松 "},
		field.Text:     {"1", "二", "3"},
	} {
		c := survey(t, "a,b\n"+strings.Join(quoted(cells), ",z\n")+",z\n")[0]
		if c.Type != want {
			t.Errorf("%v is %s, want %s", cells, c.Type, want)
		}
	}
}

func quoted(cells []string) (out []string) {
	for _, c := range cells {
		out = append(out, `"`+c+`"`)
	}
	return out
}

func TestMappingErrors(t *testing.T) {
	fields := []field.Field{{Key: "plan", Type: field.Text}, {Key: "old", Type: field.Text, RetiredAt: time.Unix(1, 0)}}
	for name, c := range map[string]struct{ mapping, want string }{
		"all is well":             {`{"columns": {"ID": "key", "A": "field:plan", "B": "field:made", "C": "ignore"}, "rest": "ignore"}`, ""},
		"an unknown target":       {`{"columns": {"ID": "key", "A": "sausage"}}`, "mapping.A intake.err.target"},
		"the outlook is a CSM's":  {`{"columns": {"ID": "key", "A": "outlook"}}`, "mapping.A intake.err.target"},
		"a blank target":          {`{"columns": {"ID": "key", "A": ""}}`, "mapping.A intake.err.target"},
		"a field that is retired": {`{"columns": {"ID": "key", "A": "field:old"}}`, "mapping.A intake.err.target"},
		"a field key of no form":  {`{"columns": {"ID": "key", "A": "field:Plan A"}}`, "mapping.A intake.err.target"},
		"a reserved field key":    {`{"columns": {"ID": "key", "A": "field:name"}}`, "mapping.A intake.err.target"},
		"no such column":          {`{"columns": {"ID": "key", "Z": "note"}}`, "mapping.Z intake.err.no_column"},
		"the key's is missing":    {`{"columns": {"Z": "key"}}`, "mapping.Z intake.err.no_column;mapping intake.err.no_key"},
		"twice the same":          {`{"columns": {"ID": "key", "A": "note", "B": "note"}}`, "mapping.B intake.err.target_twice"},
		"twice the same field":    {`{"columns": {"ID": "key", "A": "field:plan", "C": "field:plan"}}`, "mapping.C intake.err.target_twice"},
		"ignored as often":        {`{"columns": {"ID": "key", "A": "ignore", "B": "ignore"}}`, ""},
		"no key":                  {`{"columns": {"A": "note"}}`, "mapping intake.err.no_key"},
		"rest is no word":         {`{"columns": {"ID": "key"}, "rest": "all"}`, "mapping.rest intake.err.rest"},
		"all that is wrong":       {`{"columns": {"A": "x", "Z": "note"}, "rest": "?"}`, "mapping.A intake.err.target;mapping.Z intake.err.no_column;mapping intake.err.no_key;mapping.rest intake.err.rest"},
		"no JSON":                 {`{`, "mapping intake.err.mapping_json"},
		"a list":                  {`["key"]`, "mapping intake.err.mapping_json"},
		"a number for a target":   {`{"columns": {"ID": 1}}`, "mapping intake.err.mapping_json"},
		"two values":              {`{"columns": {"ID": "key"}} {}`, "mapping intake.err.mapping_json"},
	} {
		m, err := columns.Read([]byte(c.mapping))
		if err == nil {
			err = m.Check([]string{"ID", "A", "B", "C"}, fields)
		}
		var got []string
		if err != nil {
			e := errs.As(err)
			for _, f := range slices.Concat([]*errs.E{e}[:min(1, max(0, 1-len(e.Fields)))], e.Fields) {
				got = append(got, f.Field+" "+f.Key)
			}
		}
		if s := strings.Join(got, ";"); s != c.want {
			t.Errorf("%s: %q, want %q", name, s, c.want)
		}
	}
	if m, err := columns.Read([]byte(" \n")); m != nil || err != nil {
		t.Error("blank is no mapping: ", m, err)
	}
	if !(columns.Mapping{}).Empty() || (columns.Mapping{Rest: "ignore"}).Empty() {
		t.Error("what is empty")
	}
}

// What was remembered for a source is followed; only columns it never saw are
// guessed, and none gets a meaning that is taken.
func TestARememberedMappingGrows(t *testing.T) {
	found := survey(t, "ID,顧客,備考,メモ,更新日\n1,アルファ,x,y,2026-03-31\n2,ベータ,x,z,2026-04-30\n")
	m := columns.Mapping{Columns: map[string]string{"ID": "key", "顧客": "ignore", "備考": "note"}, Rest: columns.RestFields}.Extend(found, "JPY")
	want := map[string]string{"ID": "key", "顧客": "ignore", "備考": "note", "更新日": "renewal_date"}
	if !maps.Equal(m.Columns, want) {
		t.Errorf("%v", m.Columns)
	}
	p, err := m.Resolve(found, nil)
	if err != nil || p.Name("organization") != "" || len(p.NewFields) != 1 || p.NewFields[0].Label != "メモ" {
		t.Errorf("%+v %v", p, err)
	}
	again, err := p.Mapping().Resolve(found, []field.Field{{Key: p.NewFields[0].Key, Type: field.Text}})
	if err != nil || len(again.NewFields) != 0 || again.Columns[3].Target != "field:"+p.NewFields[0].Key {
		t.Errorf("what was made is not found again: %+v %v", again, err)
	}
}

// The header of the amount tells what it is for, unless a column does.
func TestBasis(t *testing.T) {
	for head, want := range map[string]contract.Basis{"月額（税抜）": contract.Monthly, "MRR": contract.Monthly, "Monthly Fee": contract.Monthly, "年間契約金額": contract.Yearly,
		"ARR (JPY)": contract.Yearly, "Annual amount": contract.Yearly, "契約金額": "", "金額（月額）": contract.Monthly, "年額（月額換算あり）": contract.Yearly} {
		p := columns.Plan{Columns: []columns.Column{{Name: "x", Target: "key"}, {Name: head, Target: "amount"}}}
		if got := p.Basis(); got != want {
			t.Errorf("%s: %q, want %q", head, got, want)
		}
		if p.Columns[0].Target = "amount_basis"; p.Basis() != "" {
			t.Errorf("%s: the column is not asked", head)
		}
	}
}
