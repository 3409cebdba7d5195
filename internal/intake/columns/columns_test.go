package columns_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/contract"
	"kizuki/internal/field"
	"kizuki/internal/intake/columns"
	"kizuki/internal/intake/sheet"
)

func survey(t testing.TB, content string) []columns.Surveyed {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return surveyFile(t, path)
}

func surveyFile(t testing.TB, path string) []columns.Surveyed {
	t.Helper()
	f, err := sheet.Open(path, sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found, _, err := columns.Survey(f)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestGuess(t *testing.T) {
	for name, c := range map[string]struct {
		file, currency, want string // column=target
	}{
		"japanese": {"No,契約番号,契約名,顧客名,部署名,担当者,契約開始日,契約終了日,月額（税抜）,フェーズ,備考,利用人数\n" +
			"1,K-1,配車,アルファ,物流部,岡田,2025/4/1,2026/3/31,480000,導入,ひとこと,10\n2,K-2,倉庫,ベータ,総務部,岡田,R7.4.1,2026年3月末,12万,定着,,20\n", "JPY",
			"契約番号=key 契約名=name 顧客名=organization 部署名=department 担当者=owner 契約開始日=start_date 契約終了日=renewal_date 月額（税抜）=amount フェーズ=phase 備考=note No= 利用人数="},
		"english": {"id,Account Name,Owner Email,Status,Start Date,Renewal Date,ARR,Currency,Notes\n" +
			"a-1,Alpha,o@example.com,active,2025-04-01,2026-04-01,\"1,200.50\",USD,x\na-2,Beta,o@example.com,active,2025-04-01,2026-04-01,10,USD,\n", "USD",
			"id=key Account Name=organization Owner Email=owner Status=status Start Date=start_date Renewal Date=renewal_date ARR=amount Currency=currency Notes=note"},
		"by values": {"x,y,z,w,n\n" +
			"A-1,アルファ,taro@alpha.example.jp,okada@example.com,3010401011971\nA-2,ベータ,jiro@beta.example.jp,okada@example.com,\nA-3,ガンマ,hana@gamma.example.jp,okada@example.com,3010401011971\n", "JPY",
			"x=key z=contact_mail w=owner n=corporate_number y="},
		"the name is the key": {"会社名,売上\nアルファ,3\nベータ,3\n", "JPY", "会社名=key 売上="},
		"no key":              {"a,b\nx,1\nx,1\n", "JPY", "a= b="},
		"yen have no sen":     {"customerID,MonthlyCharges\nA,29.85\nB,56\n", "JPY", "customerID=key MonthlyCharges="},
		"dollars have cents":  {"customerID,MonthlyCharges\nA,29.85\nB,56\n", "USD", "customerID=key MonthlyCharges=amount"},
		"終了 is no date here":  {"契約ID,終了\nA,はい\nB,いいえ\n", "JPY", "契約ID=key 終了="},
	} {
		m := columns.Guess(survey(t, c.file), c.currency)
		if m.Rest != columns.RestFields {
			t.Errorf("%s: rest is %s", name, m.Rest)
		}
		for _, pair := range strings.Split(c.want, " ") {
			column, target, ok := strings.Cut(pair, "=")
			if strings.HasPrefix(pair, "Name=") || !ok { // a header of two words
				continue
			}
			if got := m.Columns[column]; got != target && m.Columns["Account "+column] != target && m.Columns["Owner "+column] != target &&
				m.Columns["Start "+column] != target && m.Columns["Renewal "+column] != target {
				t.Errorf("%s: %s is %q, want %q", name, column, got, target)
			}
		}
	}
}

func TestGuessOnRealLists(t *testing.T) {
	shared := "../../../../shared/data/"
	if _, err := os.Stat(shared); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err) // nothing is skipped there
		}
		t.Skip("the shared data is not on this machine")
	}
	gov := columns.Guess(surveyFile(t, shared+"localgovjp-2017-sjis.csv"), "JPY").Columns
	if gov["cid"] != "key" || gov["city"] != "organization" || len(gov) != 2 {
		t.Errorf("%v", gov)
	}
	telco := columns.Guess(surveyFile(t, shared+"Telco-Customer-Churn.csv"), "JPY").Columns
	if telco["customerID"] != "key" || telco["MonthlyCharges"] != "" || telco["Contract"] != "" {
		t.Errorf("%v", telco)
	}
}

func TestResolve(t *testing.T) {
	fields := []field.Field{{Key: "plan", Type: field.Choice, Labels: map[string]string{"ja": "プラン"}, Options: []string{"松"}},
		{Key: "old", Type: field.Text, Labels: map[string]string{"en": "Old"}, RetiredAt: contract.Contract{}.DataAt.AddDate(2020, 0, 0)}}
	found := survey(t, "契約ID,プラン,Seats,Seats,old,空,席 数,年額\nA,松,1,2,x,,5,100\nB,竹,1,2,y,,6,200\n")
	p, err := columns.Guess(found, "JPY").Resolve(found, fields)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range p.Columns {
		got = append(got, c.Name+"="+c.Target)
	}
	want := "契約ID=key プラン=field:plan Seats=field:seats Seats (2)=field:seats_2 old= 空= 席 数=field:field_1 年額=amount"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
	if len(p.NewFields) != 3 || p.Basis() != contract.Yearly || p.Name("key") != "契約ID" || p.Name("note") != "" {
		t.Errorf("%+v %s", p.NewFields, p.Basis())
	}
	if !p.Mapping().Fits([]string{"契約ID", "プラン", "Seats", "Seats (2)", "old", "空", "席 数", "年額", "more"}) || p.Mapping().Fits([]string{"契約ID"}) {
		t.Error("fits")
	}
}

// A type is only guessed when every cell of the whole column can be read as it.
func TestTypesHoldForTheWholeColumn(t *testing.T) {
	var b strings.Builder
	b.WriteString("数,日付,コード,選ぶ\n")
	for range 1500 {
		b.WriteString("1,2026-01-01,12,松\n")
	}
	b.WriteString("たくさん,未定,007,竹\n")
	for i, c := range survey(t, b.String()) {
		want := []field.Type{field.Text, field.Text, field.Text, field.Choice}[i]
		if i < 3 && c.Type != want {
			t.Errorf("%s is %s", c.Name, c.Type)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		cells := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2.5", "2026-01-01", "yes", "no", "https://a.example", "x", "007"}), 2, 30).Draw(rt, "cells")
		c := survey(t, "a,b\n"+strings.Join(cells, ",z\n")+",z\n")[0]
		f := field.Field{Type: c.Type, Options: []string{}}
		for _, cell := range cells {
			if _, err := f.Parse(cell, field.ParseCtx{AnyOption: true}); err != nil {
				rt.Fatalf("%s: %q: %v", c.Type, cell, err)
			}
		}
	})
}

// A text read as a table of one column is no list of contracts.
func TestProseIsNoList(t *testing.T) {
	found := survey(t, "# The look\nNothing is larger than a person's words.\nOne mark: the dot.\nFeelings are ink.\n")
	if _, err := columns.Guess(found, "JPY").Resolve(found, nil); err == nil {
		t.Error("prose was taken for contracts")
	}
	list := survey(t, "会社名,メモ\nアルファ,静か\nベータ,ヤバい\n")
	if m := columns.Guess(list, "JPY").Columns; m["会社名"] != "key" {
		t.Errorf("a list of names alone: %v", m)
	}
}
