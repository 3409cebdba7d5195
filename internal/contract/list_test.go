package contract

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/cal"
	"kizuki/internal/contract/walk"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/testkit"
	"kizuki/internal/text"
)

// shelf is a workspace full of random contracts, known in memory too.
type shelf struct {
	*world
	all    []Contract
	fields map[string]field.Field
	orgs   []id.ID
}

func newShelf(t *testing.T, d *db.DB, n int) *shelf {
	s := &shelf{world: newWorld(t, d), fields: map[string]field.Field{}}
	for _, f := range []field.Field{
		s.field(t, "seats", field.Number), s.field(t, "live_on", field.Date), s.field(t, "memo", field.Text),
		s.field(t, "plan", field.Choice, "標準", "上位", "試用"), s.field(t, "tags", field.Choices, "A", "B", "C"),
		s.field(t, "fee", field.Money), s.field(t, "vip", field.Checkbox), s.field(t, "lead", field.Member),
	} {
		s.fields[f.Key] = f
	}
	r := rapid.Custom(func(t *rapid.T) Contract { return s.random(t) })
	s.tx(t, func(ctx context.Context, tx *db.Tx) error {
		names := []org.Name{{Name: "株式会社アルファ"}, {Name: "みなと市役所"}, {Name: "100%果汁_会"}}
		made, err := s.Service.orgs.ResolveIn(ctx, tx, s.ws, names)
		if err != nil {
			return err
		}
		var saves []Save
		for i := range n {
			c := r.Example(i)
			c.ID, c.Key = id.New(), fmt.Sprintf("Ｋ%c-%d", 'a'+i*7%26, i)
			o := made[i*5%3]
			c.OrgID, c.OrgName = o.ID, o.Name
			saves = append(saves, Save{Contract: c, New: true})
		}
		for _, o := range made {
			s.orgs = append(s.orgs, o.ID)
		}
		if err := s.ApplyIn(ctx, tx, saves); err != nil {
			return err
		}
		s.all = nil
		for _, sv := range saves {
			s.all = append(s.all, sv.Contract)
		}
		return nil
	})
	return s
}

func (s *shelf) random(t *rapid.T) Contract {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	date := func(label string) cal.Date {
		return cal.Date("2026-01-01").AddDays(rapid.IntRange(0, 40).Draw(t, label))
	}
	c := Contract{Currency: "JPY", Fields: map[string]any{},
		Name:    pick("name", "導入支援", "ＡＢＣ 保守", "サーバー", "50%引き", "a_b", "x") + pick("tail", "", "1", "2"),
		Status:  pick("status", "", "契約中", "停止", "試用"),
		Phase:   pick("phase", "", "導入", "定着"),
		Outlook: Outlook(pick("outlook", "", "", "watch", "danger")),
		OwnerID: rapid.SampledFrom([]id.ID{0, s.hana, s.taro}).Draw(t, "owner")}
	if rapid.IntRange(0, 4).Draw(t, "dated") > 0 {
		c.RenewalDate = date("renewal")
	}
	if rapid.Bool().Draw(t, "priced") {
		n := rapid.Int64Range(-3, 8).Draw(t, "amount")
		c.Amount = &n
	}
	switch rapid.IntRange(0, 9).Draw(t, "state") {
	case 0:
		c.EndedOn = "2026-01-05"
	case 1:
		c.ArchivedAt = s.now
	case 2:
		c.EndedOn, c.ArchivedAt = "2026-01-05", s.now
	}
	set := func(key string, v any) {
		if rapid.IntRange(0, 3).Draw(t, key) > 0 {
			c.Fields[key] = v
		}
	}
	set("seats", json.Number(pick("n", "-12.5", "-12", "0", "0.1", "3", "12", "123456789012345678901", "123456789012345678902")))
	set("live_on", string(date("live_on")))
	set("memo", pick("m", "ヤバい", "嫌な予感", "100%", "a_b", "サーバー "+strings.Repeat("長", 90)))
	set("plan", pick("p", "標準", "上位", "試用"))
	set("tags", rapid.SampledFrom([][]string{{"A"}, {"A", "B"}, {"B", "C"}, {"A", "B", "C"}}).Draw(t, "g"))
	amount, currency := pick("f", "100", "99", "-5"), pick("c", "JPY", "USD")
	if currency == "USD" {
		amount += ".00"
	}
	set("fee", map[string]any{"amount": amount, "currency": currency})
	set("vip", rapid.Bool().Draw(t, "v"))
	set("lead", s.taro.String())
	return c
}

// want is List done naively: filter all, sort all.
func (s *shelf) want(q Query) []id.ID {
	var hits []Contract
	for _, c := range s.all {
		if s.matches(c, q) {
			hits = append(hits, c)
		}
	}
	name, desc := strings.CutPrefix(cmp.Or(q.Sort, "renewal"), "-")
	slices.SortFunc(hits, func(a, b Contract) int {
		x, y := s.sortKey(a, name), s.sortKey(b, name)
		if (x == nil) != (y == nil) {
			return map[bool]int{true: 1, false: -1}[x == nil]
		}
		n := cmp.Or(bytes.Compare(x, y), cmp.Compare(a.ID, b.ID))
		if desc {
			return -n
		}
		return n
	})
	ids := make([]id.ID, len(hits))
	for i, c := range hits {
		ids[i] = c.ID
	}
	return ids
}

func (s *shelf) sortKey(c Contract, name string) []byte {
	switch name {
	case "renewal":
		if c.RenewalDate == "" {
			return nil
		}
		return []byte(c.RenewalDate)
	case "name":
		return []byte(text.Fold(c.Name))
	case "key":
		return []byte(text.Fold(c.Key))
	case "amount":
		if c.Amount == nil {
			return nil
		}
		return []byte(strconv.FormatInt(*c.Amount+5000, 10)) // of one length
	}
	f := s.fields[strings.TrimPrefix(name, FieldPrefix)]
	if k := f.Keys(c.Fields[f.Key]); len(k) > 0 {
		return k[0]
	}
	return nil
}

func (s *shelf) matches(c Contract, q Query) bool {
	words := text.Fold(q.Q)
	switch {
	case q.Owner == NoOwner && c.OwnerID != 0, q.Owner > 0 && c.OwnerID != q.Owner,
		q.Status != "" && c.Status != q.Status, q.Phase != "" && c.Phase != q.Phase,
		q.Outlook != "" && c.Outlook != q.Outlook, q.Org != 0 && c.OrgID != q.Org,
		q.RenewalFrom != "" && (c.RenewalDate == "" || c.RenewalDate < q.RenewalFrom),
		q.RenewalTo != "" && (c.RenewalDate == "" || c.RenewalDate >= q.RenewalTo),
		!q.Ended && c.EndedOn != "", !q.Archived && !c.ArchivedAt.IsZero(),
		!strings.HasPrefix(text.Fold(c.Key), words) && !strings.Contains(text.Fold(c.Name), words) &&
			!strings.Contains(text.Fold(c.OrgName), words):
		return false
	}
	for _, ff := range q.Fields {
		if !s.meets(c, ff) {
			return false
		}
	}
	return true
}

func (s *shelf) meets(c Contract, ff FieldFilter) bool {
	f := s.fields[ff.Key]
	have := f.Keys(c.Fields[f.Key])
	var keys [][]byte
	for _, w := range ff.Values {
		v, err := f.Parse(w, field.ParseCtx{Currency: "JPY", Member: func(string) (id.ID, bool) { return s.taro, true }})
		if err != nil {
			panic(err)
		}
		keys = append(keys, f.Keys(v)...)
	}
	any := slices.ContainsFunc(have, func(k []byte) bool {
		return slices.ContainsFunc(keys, func(x []byte) bool { return bytes.Equal(k, x) })
	})
	money := func(k []byte) bool { return f.Type != field.Money || string(k[:3]) == string(keys[0][:3]) }
	switch ff.Op {
	case Is:
		return any
	case Not:
		return !any
	case Unset:
		return len(have) == 0
	case From:
		return len(have) > 0 && money(have[0]) && bytes.Compare(have[0], keys[0]) >= 0
	case To:
		return len(have) > 0 && money(have[0]) && bytes.Compare(have[0], keys[0]) <= 0
	case Has:
		return len(have) > 0 && bytes.Contains(have[0], []byte(text.Fold(ff.Values[0])))
	}
	return false
}

func (s *shelf) query(t *rapid.T) Query {
	maybe := func(label string) bool { return rapid.IntRange(0, 4).Draw(t, label) == 0 }
	var q Query
	if maybe("q") {
		q.Q = rapid.SampledFrom([]string{"ｋｂ", "サーバ", "%", "_", "市役所", "無い", "保守"}).Draw(t, "words")
	}
	if maybe("by owner") {
		q.Owner = rapid.SampledFrom([]id.ID{NoOwner, s.hana, s.taro}).Draw(t, "owner")
	}
	if maybe("by status") {
		q.Status = rapid.SampledFrom([]string{"契約中", "停止", "無い"}).Draw(t, "status")
	}
	if maybe("by phase") {
		q.Phase = "導入"
	}
	if maybe("by outlook") {
		q.Outlook = Danger
	}
	if maybe("by org") {
		q.Org = s.orgs[rapid.IntRange(0, 2).Draw(t, "org")]
	}
	if maybe("from") {
		q.RenewalFrom = "2026-01-10"
	}
	if maybe("to") {
		q.RenewalTo = "2026-01-25"
	}
	q.Ended, q.Archived = maybe("ended"), maybe("archived")
	filters := []FieldFilter{{"seats", From, []string{"0.1"}}, {"seats", To, []string{"１２"}}, {"seats", Is, []string{"3", "0"}},
		{"seats", Not, []string{"3"}}, {"seats", Unset, nil}, {"live_on", From, []string{"2026/1/20"}},
		{"memo", Has, []string{"予感"}}, {"memo", Has, []string{"%"}}, {"memo", Has, []string{"_"}}, {"memo", Is, []string{"ヤバイ"}},
		{"plan", Is, []string{"標準", "上位"}}, {"plan", Not, []string{"標準"}}, {"tags", Is, []string{"B"}}, {"tags", Not, []string{"A"}},
		{"tags", Is, []string{"A", "C"}}, {"fee", From, []string{"99"}}, {"fee", To, []string{"99 USD"}}, {"fee", To, []string{"-5"}},
		{"vip", Is, []string{"はい"}}, {"lead", Is, []string{"佐藤 太郎"}}, {"lead", Unset, nil}}
	q.Fields = rapid.SliceOfN(rapid.SampledFrom(filters), 0, 2).Draw(t, "fields")
	q.Sort = rapid.SampledFrom([]string{"", "renewal", "name", "key", "amount", "field:seats", "field:live_on",
		"field:memo", "field:fee", "field:plan", "field:vip"}).Draw(t, "sort")
	if q.Sort != "" && rapid.Bool().Draw(t, "desc") {
		q.Sort = "-" + q.Sort
	}
	q.Limit = rapid.SampledFrom([]int{4, 30, 200}).Draw(t, "limit")
	return q
}

// pages walks a query to its end.
func (s *shelf) pages(q Query) (ids []id.ID, err error) {
	for range 10000 {
		p, err := s.List(s.ctx, q)
		if err != nil {
			return nil, err
		}
		if len(p.Items) > q.Limit {
			return nil, fmt.Errorf("a page of %d", len(p.Items))
		}
		for _, c := range p.Items {
			ids = append(ids, c.ID)
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			return ids, nil
		}
	}
	return nil, fmt.Errorf("no end")
}

// Every walk of pages finds what a naive filter and sort finds, in its order.
// The limits are made small, so that few contracts go through all plans.
func TestListWalks(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d, 160)
		rapid.Check(t, func(t *rapid.T) {
			q := s.query(t)
			s.limits = rapid.SampledFrom([]walk.Limits{walk.Usual, {Probe: 5, Step: 20, Walk: 45}, {Probe: 60, Step: 40, Walk: 100}}).Draw(t, "limits")
			want := s.want(q)
			got, err := s.pages(q)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%+v:\n got %d %v\nwant %d %v", q, len(got), got, len(want), want)
			}
			n, exact, err := s.Count(s.ctx, q)
			if err != nil || n != len(want) || !exact {
				t.Fatalf("count %d %v %v, want %d", n, exact, err, len(want))
			}
		})
	})
}

func TestListCursors(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d, 30)
		p, err := s.List(s.ctx, Query{Limit: 5})
		if err != nil || p.Next == "" {
			t.Fatal(p.Next, err)
		}
		for _, q := range []Query{{Cursor: "?"}, {Cursor: "e30"}, {Cursor: p.Next, Sort: "-renewal"}, {Cursor: p.Next, Sort: "name"},
			{Cursor: p.Next, Sort: "field:seats"}, {Sort: "field:tags"}, {Sort: "color"}, {Fields: []FieldFilter{{"none", Is, []string{"1"}}}},
			{Fields: []FieldFilter{{"plan", From, []string{"標準"}}}}, {Fields: []FieldFilter{{"seats", Is, nil}}}, {Fields: []FieldFilter{{"seats", Is, []string{"x"}}}}} {
			if _, err := s.List(s.ctx, q); !errs.Is(err, errs.Invalid) {
				t.Errorf("%+v: %v", q, err)
			}
		}
		other := newWorld(t, d)
		if p, err := other.List(other.ctx, Query{Ended: true, Archived: true}); err != nil || len(p.Items) > 0 {
			t.Fatal("another workspace sees", len(p.Items), err)
		}
	})
}

func TestListQueries(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d, 300)
		for _, q := range []Query{{}, {Sort: "-field:seats"}, {Q: "サーバ", Fields: []FieldFilter{{"plan", Is, []string{"標準"}}}, Sort: "field:seats"}} {
			ctx, n := db.Counting(s.ctx)
			if _, err := s.List(ctx, q); err != nil {
				t.Fatal(err)
			}
			if n.Load() > 9 {
				t.Errorf("%+v: %d queries", q, n.Load())
			}
		}
	})
}

func TestDistinct(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d, 100)
		got, err := s.Distinct(s.ctx, "status")
		if want := []string{"停止", "契約中", "試用"}; err != nil || !slices.Equal(got, want) {
			t.Fatal(got, err)
		}
		if _, err := s.Distinct(s.ctx, "key"); !errs.Is(err, errs.Invalid) {
			t.Fatal(err)
		}
	})
}
