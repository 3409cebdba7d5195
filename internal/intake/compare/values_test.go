package compare_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"kizuki/internal/contract"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/intake/columns"
	"kizuki/internal/intake/compare"
	"kizuki/internal/org"
	"kizuki/internal/workspace"
)

// every has a field of each type.
var every = []field.Field{{Key: "words", Type: field.Text}, {Key: "seats", Type: field.Number}, {Key: "live", Type: field.Date},
	{Key: "plan", Type: field.Choice, Options: []string{"松", "竹"}}, {Key: "tags", Type: field.Choices, Options: []string{"A", "B"}},
	{Key: "page", Type: field.Link}, {Key: "lead", Type: field.Member}, {Key: "vip", Type: field.Checkbox}, {Key: "fee", Type: field.Money}}

func everyDesk(t testing.TB, target, currency string) *desk {
	d := newDesk(t, "ID=key", "値="+target)
	d.reader = compare.NewReader(d.plan, every, currency, func(s string) (id.ID, bool) { return 77, s == "岡田" })
	d.reader.Owners = workspace.Owners{Found: map[string]id.ID{"岡田": 7, "中野": 8}}
	return d
}

// full is a contract with a value of every kind.
func full() contract.Contract {
	amount := int64(460000)
	return contract.Contract{ID: 11, Key: "A", Name: "配車", OrgID: 21, OrgName: "アルファ", OwnerID: 7, OwnerName: "岡田", Status: "契約中", Phase: "導入",
		Department: "物流", StartDate: "2025-04-01", RenewalDate: "2026-03-31", NoticeDate: "2026-01-31", AutoRenew: true, Amount: &amount,
		Currency: "JPY", AmountBasis: contract.Monthly, TermType: contract.Trial, EndedOn: "2026-03-31", Domain: "a.example", TermNo: 1, Version: 3, Fields: map[string]any{
			"words": "ひとこと", "seats": json.Number("30"), "live": "2025-05-01", "plan": "松", "tags": []string{"A"}, "page": "https://a.example/1",
			"lead": id.ID(77).String(), "vip": true, "fee": map[string]any{"amount": "100", "currency": "JPY"}}}
}

// Each kind of value: the same in other words is no change, another is shown
// as [old, new], and undoing it gives back what was, also where nothing was.
func TestEveryKindOfValue(t *testing.T) {
	for target, c := range map[string]struct {
		same, cell string
		from, to   any
	}{
		"name":         {"　配車 ", "倉庫", "配車", "倉庫"},
		"department":   {"物流", "総務", "物流", "総務"},
		"status":       {"契約中", "解約予定", "契約中", "解約予定"},
		"phase":        {"導入", "定着", "導入", "定着"},
		"start_date":   {"R7.4.1", "2025/4/2", "2025-04-01", "2025-04-02"},
		"renewal_date": {"令和8年3月31日", "20260430", "2026-03-31", "2026-04-30"},
		"notice_date":  {"2026年1月31日", "2026-02-28", "2026-01-31", "2026-02-28"},
		"auto_renew":   {"はい", "×", true, false},
		"term_type":    {"トライアル", "月ごと", "trial", "rolling"},
		"ended_on":     {"2026/3/31", "令和8年4月30日", "2026-03-31", "2026-04-30"},
		"amount":       {"￥460,000", "48万円", "460000", "480000"},
		"amount_basis": {"月次", "年額", "monthly", "yearly"},
		"currency":     {"ｊｐｙ", "USD", "JPY", "USD"},
		"domain":       {"@A.example", "b.example", "a.example", "b.example"},
		"owner":        {"岡田", "中野", "岡田", "中野"},
		"field:words":  {" ひとこと ", "ふたこと", "ひとこと", "ふたこと"},
		"field:seats":  {"30.0", "1,200", json.Number("30"), json.Number("1200")},
		"field:live":   {"2025/5/1", "令和7年6月1日", "2025-05-01", "2025-06-01"},
		"field:plan":   {" 松", "竹", "松", "竹"},
		"field:tags":   {"A、A", "B、A", []string{"A"}, []string{"B", "A"}},
		"field:page":   {"https://a.example/1", "https://a.example/2", "https://a.example/1", "https://a.example/2"},
		"field:vip":    {"○", "なし", true, false},
		"field:fee":    {"100円", "US$1.50", map[string]any{"amount": "100", "currency": "JPY"}, map[string]any{"amount": "1.50", "currency": "USD"}},
	} {
		was := full()
		compared := func(cell string, old contract.Contract) compare.Row {
			d := everyDesk(t, target, "JPY")
			d.known.Contracts["a"] = old
			return d.row(2, "A", cell)
		}
		if r := compared(c.same, was); r.Outcome != compare.Unchanged {
			t.Errorf("%s: %q is %s %v", target, c.same, r.Outcome, r.Problems)
		}
		r := compared(c.cell, was)
		d := everyDesk(t, target, "JPY")
		got := d.changes(r)[target]
		if r.Outcome != compare.Updated || !same(got[0], c.from) || !same(got[1], c.to) {
			t.Errorf("%s: %s %v %v", target, r.Outcome, d.changes(r), r.Problems)
			continue
		}
		undone(t, target, r, was)
		if key, ok := compare.CutField(target); ok { // and where it had none
			blank := full()
			delete(blank.Fields, key)
			r := compared(c.cell, blank)
			if got := d.changes(r)[target]; got[0] != nil || !same(got[1], c.to) {
				t.Errorf("%s on nothing: %v", target, got)
			}
			undone(t, target+" on nothing", r, blank)
		}
	}
}

func same(a, b any) bool { return (field.Field{}).Equal(a, b) }

// undone applies a row as it comes back from the database, and takes it off.
func undone(t *testing.T, name string, r compare.Row, was contract.Contract) {
	t.Helper()
	var err error
	if r.Before, err = compare.Decode(r.RawBefore); err == nil {
		r.After, err = compare.Decode(r.RawAfter)
	}
	if err != nil {
		t.Fatal(name, err)
	}
	now := was.Clone()
	if err := r.After.Write(&now); err != nil {
		t.Fatal(name, err)
	}
	if r.After.Owner != nil {
		now.OwnerID, now.OwnerName = 8, "中野"
	}
	if len(contract.Diff(was, now)) == 0 {
		t.Errorf("%s: applying changes nothing", name)
	}
	back, later, err := r.Back(now, compare.Meant{Owners: map[string]id.ID{"中野": 8}})
	if d := contract.Diff(was, back); err != nil || len(later) > 0 || len(d) > 0 {
		t.Errorf("%s: undone it differs by %v (later %v, %v)", name, d, later, err)
	}
}

// What cannot be read as its kind is told with the cell, and nothing of the row is taken.
func TestEveryKindOfProblem(t *testing.T) {
	for _, c := range []struct{ target, cell, want string }{
		{"start_date", "来月", "err.date"}, {"renewal_date", "2026/02/30", "err.no_such_day"}, {"amount", "要相談", "err.money"}, {"amount", "29.85", "err.money"},
		{"auto_renew", "たぶん", "contract.err.yes_no"}, {"currency", "銭", "contract.err.currency"}, {"domain", "a b", "contract.err.domain"},
		{"field:live", "いつか", "err.date"}, {"field:page", "a.example の頁", "field.err.link"}, {"field:lead", "誰か", "field.err.member"},
		{"field:vip", "たぶん", "field.err.checkbox"}, {"field:fee", "高い", "err.money"}, {"field:seats", "十二", "field.err.number"},
	} {
		d := everyDesk(t, c.target, "JPY")
		r := d.row(4, "new", c.cell)
		if r.Outcome != compare.Invalid || len(r.Problems) != 1 || r.Problems[0].Key != c.want {
			t.Errorf("%s %q: %s %+v", c.target, c.cell, r.Outcome, r.Problems)
			continue
		}
		if p := r.Problems[0]; p.Line != 4 || p.Column != "値" || p.Target != c.target || p.Value != c.cell {
			t.Errorf("%s: told as %+v", c.target, p)
		}
		if !slices.Equal(r.ErrorLine(func(p compare.Problem) string { return p.Key }), []string{"new", c.cell, "4", "値", c.want}) {
			t.Errorf("%s: %q", c.target, r.ErrorLine(func(p compare.Problem) string { return p.Key }))
		}
	}
}

// A file's own currency reads its amounts, whatever the order of its columns.
func TestAmountInTheCurrencyOfTheRow(t *testing.T) {
	for _, head := range [][]string{{"ID=key", "額=amount", "通貨=currency"}, {"ID=key", "通貨=currency", "額=amount"}} {
		d := newDesk(t, head...)
		cells := map[string]string{"額=amount": "1,200.50", "通貨=currency": "USD"}
		if got := d.changes(d.row(2, "n", cells[head[1]], cells[head[2]])); got["amount"][1] != "1200.50" || got["currency"][1] != "USD" {
			t.Errorf("%v: %v", head, got)
		}
	}
}

// References go back unless somebody has given the contract to another since.
func TestReferencesGoBack(t *testing.T) {
	r := compare.Row{Before: compare.Side{Org: &compare.OrgRef{ID: 21, Name: "アルファ"}, Owner: &compare.OwnerRef{ID: 7, Text: "岡田"}},
		After: compare.Side{Org: &compare.OrgRef{Name: "ベータ"}, Owner: &compare.OwnerRef{Text: "中野"}}}
	m := compare.Meant{Orgs: map[string]id.ID{compare.OrgRef{Name: "ベータ"}.Key(): 22}, Owners: map[string]id.ID{"中野": 8}}
	for name, c := range map[string]struct {
		org, owner, wantOrg, wantOwner id.ID
		later                          []string
	}{
		"as written":   {22, 8, 21, 7, nil},
		"moved since":  {23, 8, 23, 7, []string{"organization"}},
		"given away":   {22, 9, 21, 9, []string{"owner"}},
		"given back":   {21, 7, 21, 7, []string{"owner"}},
		"to nobody":    {22, 0, 21, 0, []string{"owner"}},
		"both changed": {23, 9, 23, 9, []string{"organization", "owner"}},
	} {
		back, later, err := r.Back(contract.Contract{ID: 11, OrgID: c.org, OwnerID: c.owner}, m)
		if err != nil || back.OrgID != c.wantOrg || back.OwnerID != c.wantOwner || !slices.Equal(later, c.later) {
			t.Errorf("%s: %d %d %v %v", name, back.OrgID, back.OwnerID, later, err)
		}
	}
}

// A name taken for another is told once, with the line it stood on first.
func TestJoinedOnce(t *testing.T) {
	d := newDesk(t, "ID=key", "会社=organization")
	d.reader.Orgs[org.Name{Name: "㈱アルファ"}] = org.Resolved{ID: 21, Name: "株式会社アルファ", Joined: true}
	d.row(2, "1", "㈱アルファ")
	d.row(3, "2", "㈱アルファ")
	if want := []columns.Joining{{Spelling: "㈱アルファ", Organization: "株式会社アルファ", ID: 21, Line: 2}}; !reflect.DeepEqual(d.plan.Joinings, want) {
		t.Errorf("%+v", d.plan.Joinings)
	}
}
