package compare_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/contract"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/intake/columns"
	"kizuki/internal/intake/compare"
	"kizuki/internal/intake/sheet"
	"kizuki/internal/org"
	"kizuki/internal/testkit"
	"kizuki/internal/text"
	"kizuki/internal/workspace"
)

// desk compares files with contracts held in memory.
type desk struct {
	t      testing.TB
	reader *compare.Reader
	plan   *columns.Plan
	known  compare.Known
}

var plans = []field.Field{{Key: "plan", Type: field.Choice, Labels: map[string]string{"ja": "プラン"}, Options: []string{"松", "竹"}},
	{Key: "seats", Type: field.Number, Labels: map[string]string{"ja": "人数"}}}

func newDesk(t testing.TB, head ...string) *desk {
	t.Helper()
	testkit.SQLite(t) // ids
	p := &columns.Plan{}
	for _, h := range head {
		name, target, _ := strings.Cut(h, "=")
		p.Columns = append(p.Columns, columns.Column{Name: name, Target: target})
	}
	d := &desk{t: t, plan: p, known: compare.Known{Contracts: map[string]contract.Contract{}, Seen: map[string]compare.Seen{},
		Orgs: map[id.ID]org.Organization{}, Today: "2026-02-17"}}
	d.reader = compare.NewReader(p, plans, "JPY", func(string) (id.ID, bool) { return 0, false })
	d.reader.Owners = workspace.Owners{Found: map[string]id.ID{"岡田": 7}, Ambiguous: map[string][]id.ID{"佐藤": {1, 2}}}
	return d
}

func (d *desk) row(no int, cells ...string) compare.Row {
	d.t.Helper()
	r, err := d.reader.Compare(d.reader.Read(sheet.Row{Line: no, Cells: cells}), d.known)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *desk) changes(r compare.Row) map[string][2]any {
	d.t.Helper()
	out, err := compare.Changes(r.Before, r.After)
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

func TestCreated(t *testing.T) {
	d := newDesk(t, "契約ID=key", "会社名=organization", "月額=amount", "プラン=field:plan", "人数=field:seats", "担当=owner", "備考=note")
	r := d.row(2, " Ｋ-1 ", "㈱アルファ", "48万", "梅", "1,200", "岡田", "はじめまして")
	want := map[string][2]any{"key": {nil, "Ｋ-1"}, "name": {nil, "㈱アルファ"}, "organization": {nil, "㈱アルファ"}, "amount": {nil, "480000"},
		"amount_basis": {nil, "monthly"}, "currency": {nil, "JPY"}, "field:plan": {nil, "梅"}, "field:seats": {nil, json.Number("1200")},
		"owner": {nil, "岡田"}, "note": {nil, "はじめまして"}}
	if got := d.changes(r); r.Outcome != compare.Created || !reflect.DeepEqual(got, want) {
		t.Errorf("%s %v", r.Outcome, got)
	}
	if r.KeyFold != "k-1" || r.Contract == 0 || r.Brought == "" {
		t.Errorf("%+v", r)
	}
	if !slices.Contains(d.plan.Options, columns.NewOption{Field: "plan", Option: "梅"}) {
		t.Errorf("%v", d.plan.Options)
	}
	// a later spelling becomes the option learned
	if got := d.changes(d.row(3, "K-2", "ベータ", "", "梅 ", "", "", "")); got["field:plan"][1] != "梅" {
		t.Errorf("%v", got)
	}
	if len(d.plan.Options) != 1 {
		t.Errorf("%v", d.plan.Options)
	}
}

func TestNamesOfNewContracts(t *testing.T) {
	for name, c := range map[string]struct{ head, cells, org, name string }{
		"both":        {"i=key n=name o=organization", "1 契約 会社", "会社", "契約"},
		"no name":     {"i=key o=organization", "1 会社", "会社", "会社"},
		"no customer": {"i=key n=name", "1 契約", "契約", "契約"},
		"only a key":  {"i=key", "K-1", "K-1", "K-1"},
	} {
		d := newDesk(t, strings.Fields(c.head)...)
		got := d.changes(d.row(2, strings.Fields(c.cells)...))
		if got["organization"][1] != c.org || got["name"][1] != c.name {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// alpha is a contract that is there already.
func (d *desk) alpha() contract.Contract {
	amount := int64(460000)
	c := contract.Contract{ID: 11, Key: "A", Name: "配車", OrgID: 21, OrgName: "株式会社アルファ", OwnerID: 7, OwnerName: "岡田", Status: "契約中",
		RenewalDate: "2026-01-31", Amount: &amount, Currency: "JPY", AmountBasis: contract.Monthly, TermNo: 1, Version: 3,
		Fields: map[string]any{"plan": "松", "seats": json.Number("30")}}
	d.known.Contracts["a"] = c
	d.known.Orgs[21] = org.Organization{ID: 21, Name: "株式会社アルファ"}
	d.reader.Orgs[org.Name{Name: "㈱アルファ"}] = org.Resolved{ID: 21, Name: "株式会社アルファ", Joined: true}
	d.reader.Orgs[org.Name{Name: "ベータ"}] = org.Resolved{ID: 22, Name: "ベータ"}
	return c
}

func TestChanged(t *testing.T) {
	head := []string{"ID=key", "会社=organization", "状態=status", "金額=amount", "更新日=renewal_date", "プラン=field:plan", "人数=field:seats", "担当=owner"}
	for name, c := range map[string]struct {
		cells   []string
		outcome compare.Outcome
		want    map[string][2]any
		term    int
	}{
		"the same in other words": {[]string{"ａ", "㈱アルファ", "契約中", "46万円", "令和8年1月31日", " 松", "30.0", "岡田"}, compare.Unchanged, map[string][2]any{}, 0},
		"blanks say nothing":      {[]string{"A", "", "", "", "", "", "", ""}, compare.Unchanged, map[string][2]any{}, 0},
		"values": {[]string{"A", "", "解約予定", "480000", "", "竹", "45", ""}, compare.Updated, map[string][2]any{"status": {"契約中", "解約予定"},
			"amount": {"460000", "480000"}, "field:plan": {"松", "竹"}, "field:seats": {json.Number("30"), json.Number("45")}}, 0},
		"the next term":   {[]string{"A", "", "", "", "2027-01-31", "", "", ""}, compare.Updated, map[string][2]any{"renewal_date": {"2026-01-31", "2027-01-31"}}, 2},
		"another company": {[]string{"A", "ベータ", "", "", "", "", "", ""}, compare.Updated, map[string][2]any{"organization": {"株式会社アルファ", "ベータ"}}, 0},
		"a new owner":     {[]string{"A", "", "", "", "", "", "", "中野"}, compare.Updated, map[string][2]any{"owner": {"岡田", "中野"}}, 0},
	} {
		d := newDesk(t, head...)
		d.alpha()
		r := d.row(2, c.cells...)
		if got := d.changes(r); r.Outcome != c.outcome || !reflect.DeepEqual(got, c.want) || r.After.Term != c.term {
			t.Errorf("%s: %s %v %d", name, r.Outcome, got, r.After.Term)
		}
	}
}

// A contract whose organization a person has split off stays there.
func TestSplitStays(t *testing.T) {
	d := newDesk(t, "ID=key", "会社=organization")
	c := d.alpha()
	c.OrgID = 33
	d.known.Contracts["a"] = c
	d.known.Orgs[33] = org.Organization{ID: 33, Name: "アルファ西日本", SplitKey: "株式会社アルファ"}
	if r := d.row(2, "A", "㈱アルファ"); r.Outcome != compare.Unchanged {
		t.Errorf("%s %v", r.Outcome, d.changes(r))
	}
}

func TestNoteAndContactComeOnce(t *testing.T) {
	d := newDesk(t, "ID=key", "備考=note", "先方=contact_name", "メール=contact_mail")
	d.alpha()
	first := d.row(2, "A", "経緯", "小田切", "o@alpha.example.jp")
	if first.After.Note != "経緯" || first.After.Contact == nil || first.Outcome != compare.Updated {
		t.Fatalf("%+v", first)
	}
	again := func(cells ...string) compare.Row {
		d := newDesk(t, "ID=key", "備考=note", "先方=contact_name", "メール=contact_mail")
		d.alpha()
		d.known.Seen["a"] = compare.Seen{Contract: 11, LastImport: 1, Brought: first.Brought}
		return d.row(2, cells...)
	}
	if r := again("A", "経緯", "小田切", "o@alpha.example.jp"); r.Outcome != compare.Unchanged || r.Brought != first.Brought {
		t.Errorf("%+v", r)
	}
	if r := again("A", "", "", ""); r.Outcome != compare.Unchanged || r.Brought != first.Brought {
		t.Errorf("blank forgets: %+v", r)
	}
	if r := again("A", "経緯、つづき", "小田切", "o@alpha.example.jp"); r.After.Note != "経緯、つづき" || r.After.Contact != nil {
		t.Errorf("%+v", r)
	}
}

func TestProblems(t *testing.T) {
	d := newDesk(t, "ID=key", "更新日=renewal_date", "担当=owner", "メール=contact_mail", "法人番号=corporate_number", "人数=field:seats", "基準=amount_basis")
	for cells, want := range map[string]string{
		"1,2026/2/30,,,,,":     "更新日 err.no_such_day",
		"2,,佐藤,,,,":            "担当 intake.err.owner_ambiguous",
		"3,,,x,,,":             "メール contract.err.mail",
		"4,,,,1234567890123,,": "法人番号 org.err.number",
		"5,,,,,たくさん,":          "人数 field.err.number",
		"6,,,,,,ときどき":          "基準 contract.err.basis",
		",,,,,,":               "ID intake.err.blank_key",
		"7,よくわからない,,,,いっぱい,月額": "人数 field.err.number;更新日 err.date",
	} {
		r := d.row(2, strings.Split(cells, ",")...)
		var got []string
		for _, p := range r.Problems {
			got = append(got, p.Column+" "+p.Key)
		}
		slices.Sort(got)
		if r.Outcome != compare.Invalid || strings.Join(got, ";") != want || r.Contract != 0 || len(r.After.Cells) != 7 {
			t.Errorf("%s: %s %q", cells, r.Outcome, got)
		}
	}
	d.row(10, "same", "", "", "", "", "", "")
	if r := d.row(11, "ＳＡＭＥ", "", "", "", "", "", ""); len(r.Problems) != 1 || r.Problems[0].Args["Line"] != 10 {
		t.Errorf("%+v", r.Problems)
	}
	if !d.reader.Has("same") || d.reader.Has("other") {
		t.Error("Has")
	}
}

// What a row wrote comes off again, whatever else has changed, and what has
// changed stays.
func TestBack(t *testing.T) {
	attrs := []string{"status", "phase", "department", "amount", "renewal_date", "field:plan", "field:seats"}
	values := map[string][]string{"status": {"", "契約中", "試用"}, "phase": {"", "導入", "定着"}, "department": {"", "総務"}, "amount": {"", "100", "200"},
		"renewal_date": {"", "2026-03-31", "2026-04-10"}, "field:plan": {"", "松", "竹"}, "field:seats": {"", "1", "2"}}
	set := contract.Setter{Form: true, Fields: map[string]field.Field{"plan": plans[0], "seats": plans[1]}}
	random := func(rt *rapid.T, label string) map[string]any {
		out := map[string]any{}
		for _, a := range attrs {
			if rapid.Bool().Draw(rt, label+" has "+a) {
				out[a] = rapid.SampledFrom(values[a]).Draw(rt, label+" "+a)
			}
		}
		return out
	}
	rapid.Check(t, func(rt *rapid.T) {
		old := contract.Contract{Currency: "JPY", TermNo: 1, Fields: map[string]any{}}
		set.Apply(&old, random(rt, "old"))
		now := old.Clone()
		set.Apply(&now, random(rt, "file"))
		r := compare.Row{}
		var err error
		if r.Before, r.After, err = compare.Sides(contract.Diff(old, now)); err != nil {
			rt.Fatal(err)
		}
		edited := now.Clone()
		edits := random(rt, "edit")
		set.Apply(&edited, edits)
		back, later, err := r.Back(edited, compare.Meant{})
		if err != nil {
			rt.Fatal(err)
		}
		want := edited.Clone()
		changed := contract.Diff(old, now)
		for name := range maps.Keys(changed) {
			if (field.Field{}).Equal(edited.Value(name), now.Value(name)) && !togetherWith(name, later) {
				restore(&want, old, name)
			} else if !slices.Contains(later, name) {
				rt.Fatalf("%s was edited and is not listed in %v", name, later)
			}
		}
		if d := contract.Diff(want, back); len(d) > 0 {
			rt.Fatalf("differs: %v (later %v)", d, later)
		}
	})
}

func togetherWith(name string, later []string) bool { return slices.Contains(later, name) }

func restore(c *contract.Contract, old contract.Contract, name string) {
	if key, ok := strings.CutPrefix(name, "field:"); ok {
		if v := old.Fields[key]; v != nil {
			c.Fields[key] = v
		} else {
			delete(c.Fields, key)
		}
		return
	}
	(contract.Setter{}).Apply(c, map[string]any{name: old.Value(name)})
}

func TestGuarded(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "-5": "-5", "-1,200.5": "-1,200.5", "-x": "'-x", "@a": "'@a", "+81 3": "'+81 3",
		"\tx": "'\tx", "ふつう": "ふつう", "": "", "1=2": "1=2", "+5": "+5"} {
		if got := text.Cell(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// Cells of any kind never panic, and every row has an outcome.
func FuzzRead(f *testing.F) {
	f.Add("K-1", "48万", "令和8年3月31日", "松", "a@b.example")
	f.Add("", "\x00", "=1", "'", "@")
	d := newDesk(f, "a=key", "b=amount", "c=renewal_date", "d=field:plan", "e=contact_mail", "f=note")
	f.Fuzz(func(t *testing.T, a, b, c, p, m string) {
		d.t = t
		r := d.row(1, a, b, c, p, m, a+b)
		if r.Outcome != compare.Created && r.Outcome != compare.Invalid || r.Outcome == compare.Invalid && len(r.Problems) == 0 {
			t.Fatalf("%+v", r)
		}
		if _, err := compare.Decode(r.RawAfter); err != nil {
			t.Fatal(err)
		}
	})
}
