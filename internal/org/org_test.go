package org

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

const (
	taxAgency = "7000012050002" // 国税庁
	diet      = "7000012010009"
)

func TestParseNumber(t *testing.T) {
	for in, want := range map[string]string{
		"": "", taxAgency: taxAgency, "７０００－０１２０５０００２": taxAgency, " T7000012050002 ": taxAgency, "7-0000-1205-0002": taxAgency,
	} {
		if got, err := ParseNumber(in); err != nil || got != want {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
	for _, in := range []string{"7000012050003", "700001205000", "70000120500022", "700001205000a", "なし"} {
		if got, err := ParseNumber(in); errs.As(err).Key != "org.err.number" || got != "" {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
}

// One wrong digit, and two neighbours changed places, are found (but for the
// pairs the rule of nines cannot tell: 0 and 9).
func TestCheckDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.StringMatching(`[0-9]{12}`).Draw(t, "base")
		number := fmt.Sprint(checkDigit(base)) + base
		if _, err := ParseNumber(number); err != nil {
			t.Fatal(err)
		}
		i := rapid.IntRange(1, 12).Draw(t, "i")
		other := rapid.ByteRange('1', '8').Draw(t, "other")
		if number[i] == other || number[i] == '0' || number[i] == '9' {
			return
		}
		if _, err := ParseNumber(number[:i] + string(other) + number[i+1:]); err == nil {
			t.Fatalf("%s with %c at %d passes", number, other, i)
		}
	})
}

func TestPlan(t *testing.T) {
	const a, b = taxAgency, diet
	for _, c := range []struct {
		name string
		have []Organization // oldest first
		in   []Name
		want string // which: index, + created, # takes the number
	}{
		{"spellings join", nil, []Name{{"㈱アルファ", ""}, {"(株)アルファ", ""}, {"株式会社　アル・ファ", ""}, {"アルファ株式会社", ""}}, "0+ 0 0 1+"},
		{"numbers keep apart", nil, []Name{{"アルファ", a}, {"アルファ", b}, {"アルファ", a}}, "0+ 1+ 0"},
		{"the only one takes a number", []Organization{{Name: "アルファ"}}, []Name{{"アルファ", a}, {"アルファ", b}, {"アルファ", ""}}, "0# 1+ 0"},
		{"no number joins the only one", []Organization{{Name: "アルファ", CorporateNumber: a}}, []Name{{"アルファ", ""}}, "0"},
		{"no number prefers the one without", []Organization{{Name: "アルファ", CorporateNumber: a}, {Name: "アルファ"}}, []Name{{"アルファ", ""}, {"アルファ", b}}, "1 2+"},
		{"else the oldest", []Organization{{Name: "アルファ", CorporateNumber: a}, {Name: "アルファ", CorporateNumber: b}}, []Name{{"アルファ", ""}}, "0"},
	} {
		next := id.ID(100)
		byKey := map[string][]Organization{}
		for i, o := range c.have {
			o.ID = id.ID(100 + i)
			next++
			byKey["アルファ"] = append(byKey["アルファ"], o)
		}
		var got []string
		for _, r := range plan(c.in, byKey, func() id.ID { next++; return next - 1 }) {
			s := fmt.Sprint(int64(r.ID) - 100)
			if r.Created {
				s += "+"
			}
			if r.Numbered {
				s += "#"
			}
			got = append(got, s)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

func TestAnswers(t *testing.T) {
	o := Organization{Name: "アルファ東日本", SplitKey: "株式会社アルファ", CorporateNumber: taxAgency}
	for n, want := range map[Name]bool{
		{"アルファ 東日本", ""}: true, {"㈱アルファ", ""}: true, {"㈱アルファ", taxAgency}: true, {"㈱アルファ", diet}: false, {"ベータ", ""}: false,
	} {
		if o.Answers(n) != want {
			t.Errorf("%v: %v", n, !want)
		}
	}
}

type world struct {
	*Service
	d    *db.DB
	ws   id.ID
	ctx  context.Context
	news []bus.Change
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	b := bus.New()
	w := &world{Service: New(d, b), d: d, ws: id.New()}
	w.ctx = w.as(who.Member)
	b.Subscribe(func(_ context.Context, _ *db.Tx, list []bus.Change) error {
		w.news = append(w.news, list...)
		return nil
	})
	w.tx(t, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `INSERT INTO workspace (id, name, zone, currency, language, fiscal_start_month, created_at)
			VALUES ($1, 'CS', 'Asia/Tokyo', 'JPY', 'ja', 4, 1)`, w.ws)
		return err
	})
	return w
}

func (w *world) as(r who.Role) context.Context {
	return who.With(context.Background(), who.Actor{Workspace: w.ws, Member: 1, Role: r})
}

func (w *world) tx(t *testing.T, f func(context.Context, *db.Tx) error) {
	t.Helper()
	if err := w.d.InTx(w.ctx, f); err != nil {
		t.Fatal(err)
	}
}

func (w *world) create(t *testing.T, o Organization) Organization {
	t.Helper()
	o, err := w.Create(w.ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (w *world) resolve(t *testing.T, names ...Name) (out []Resolved) {
	t.Helper()
	w.tx(t, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = w.ResolveIn(ctx, tx, w.ws, names)
		return err
	})
	return out
}

func wants(t *testing.T, err error, code errs.Code, key string) {
	t.Helper()
	if e := errs.As(err); err == nil || e.Code != code || e.Key != key {
		t.Errorf("got %v, want %s %s", err, code, key)
	}
}

func TestCreate(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		parent := w.create(t, Organization{Name: " みなと市 ", Kana: "みなとし", CorporateNumber: "T" + taxAgency, ClosingMonth: 3})
		child := w.create(t, Organization{Name: "みなと市水道局", ParentID: parent.ID})
		got, err := w.Get(w.ctx, child.ID)
		if err != nil || got.ParentID != parent.ID || got.Version != 1 {
			t.Fatal(got, err)
		}
		if got, _ := w.Get(w.ctx, parent.ID); got.Name != "みなと市" || got.CorporateNumber != taxAgency || got.ClosingMonth != 3 {
			t.Error(got)
		}
		for _, c := range []struct {
			o    Organization
			code errs.Code
			key  string
		}{
			{Organization{Name: " ・ "}, errs.Invalid, "err.required"},
			{Organization{Name: strings.Repeat("あ", 201)}, errs.Invalid, "err.too_long"},
			{Organization{Name: strings.Repeat("\ufdfa", 190)}, errs.Invalid, "err.too_long"}, // folds to many times its length
			{Organization{Name: "a", Kana: strings.Repeat("あ", 201)}, errs.Invalid, "err.too_long"},
			{Organization{Name: "a", CorporateNumber: "123"}, errs.Invalid, "org.err.number"},
			{Organization{Name: "a", ClosingMonth: 13}, errs.Invalid, "org.err.month"},
			{Organization{Name: "a", ParentID: 99}, errs.Invalid, "org.err.parent"},
			{Organization{Name: "みなと 市", CorporateNumber: taxAgency}, errs.Conflict, "org.err.taken"},
		} {
			_, err := w.Create(w.ctx, c.o)
			wants(t, err, c.code, c.key)
		}
	})
}

func TestUpdate(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		o := w.create(t, Organization{Name: "アルファ"})
		child := w.create(t, Organization{Name: "アルファ子", ParentID: o.ID})
		w.create(t, Organization{Name: "ベータ"})
		w.news = nil
		o, err := w.Update(w.ctx, o.ID, []Edit{{Field: "kana", New: "あるふぁ"}, {Field: "closing_month", New: 3, Old: "", HasOld: true}, {Field: "name", New: "アルファ"}})
		want := map[string][2]any{"kana": {nil, "あるふぁ"}, "closing_month": {nil, "3"}}
		if err != nil || o.Version != 2 || len(w.news) != 1 || !reflect.DeepEqual(w.news[0].Fields, want) {
			t.Fatal(o, err, w.news)
		}
		if o, err = w.Update(w.ctx, o.ID, []Edit{{Field: "kana", New: "あるふぁ", Old: "べつ", HasOld: true}}); err != nil || o.Version != 2 || len(w.news) != 1 {
			t.Error("both want the same: no conflict, no news", err)
		}
		_, err = w.Update(w.ctx, o.ID, []Edit{{Field: "kana", New: "x", Old: "べつ", HasOld: true}})
		wants(t, err, errs.Conflict, "org.err.changed")
		if a := errs.As(err).Args; a["Theirs"] != "あるふぁ" || a["Yours"] != "x" || a["Field"] != "kana" {
			t.Error(a)
		}
		for _, c := range []struct {
			e    Edit
			code errs.Code
			key  string
		}{
			{Edit{Field: "color", New: "x"}, errs.Invalid, "err.unknown_field"},
			{Edit{Field: "name", New: nil}, errs.Invalid, "err.required"},
			{Edit{Field: "name", New: "ベータ"}, errs.Conflict, "org.err.taken"},
			{Edit{Field: "closing_month", New: "三"}, errs.Invalid, "org.err.month"},
			{Edit{Field: "parent", New: o.ID.String()}, errs.Invalid, "org.err.cycle"},
			{Edit{Field: "parent", New: child.ID.String()}, errs.Invalid, "org.err.cycle"},
			{Edit{Field: "parent", New: "x"}, errs.Invalid, "org.err.parent"},
		} {
			_, err := w.Update(w.ctx, o.ID, []Edit{c.e})
			wants(t, err, c.code, c.key)
		}
	})
}

func TestList(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var want []string
		for i := range 7 {
			name := fmt.Sprintf("株式会社 %c", 'a'+i*3%7)
			w.create(t, Organization{Name: name, Kana: "かぶ"})
			want = append(want, name)
		}
		w.create(t, Organization{Name: "100%"})
		slices.Sort(want)
		for _, q := range []string{"㈱", "カブ", "(株)"} {
			var got []string
			for cursor, n := "", 0; n == 0 || cursor != ""; n++ {
				p, err := w.List(w.ctx, q, cursor, 3)
				if err != nil || n > 3 {
					t.Fatal(err, n)
				}
				for _, o := range p.Items {
					got = append(got, o.Name)
				}
				cursor = p.Next
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v", q, got)
			}
		}
		if p, err := w.List(w.ctx, "%", "", 0); err != nil || len(p.Items) != 1 {
			t.Error(p, err)
		}
		for _, cursor := range []string{"?", "e30", "eyJ2IjoxLCJuIjoiXHUwMDAwIiwiaSI6IjEifQ"} {
			_, err := w.List(w.ctx, "", cursor, 1)
			wants(t, err, errs.Invalid, "err.cursor")
		}
	})
}

func TestResolve(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		names := []Name{{"㈱アルファ", ""}, {"株式会社アルファ", ""}, {"アルファ株式会社", ""}, {"株式会社アルファ", taxAgency}, {"株式会社アルファ", diet}}
		dry, err := w.Lookup(w.ctx, d, w.ws, names)
		if err != nil || !dry[0].Created || dry[0].ID != 0 || dry[1].Created || !dry[1].Joined {
			t.Fatal(dry, err)
		}
		first := w.resolve(t, names...)
		if first[0].ID != first[1].ID || first[2].ID == first[0].ID || first[3].ID != first[0].ID || !first[3].Numbered || !first[4].Created {
			t.Fatalf("%+v", first)
		}
		for i, r := range w.resolve(t, names...) {
			if i == 0 && r.ID != first[0].ID || r.Created || r.Numbered || i > 1 && r.ID != first[i].ID {
				t.Errorf("again %d: %+v", i, r)
			}
		}
		var made []id.ID
		for _, r := range first {
			if r.Created {
				made = append(made, r.ID)
			}
		}
		w.tx(t, func(ctx context.Context, tx *db.Tx) error { return w.ForgetIn(ctx, tx, w.ws, made, nil) })
		if p, err := w.List(w.ctx, "", "", 0); err != nil || len(p.Items) != 0 {
			t.Error("not forgotten", p, err)
		}
	})
}

func TestResolveMany(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var names []Name
		for i := range 1300 { // more than one part
			names = append(names, Name{Name: fmt.Sprint("顧客", i)})
		}
		first, again := w.resolve(t, names...), w.resolve(t, names...)
		for i := range first {
			if first[i].ID != again[i].ID || again[i].Created {
				t.Fatal(i, first[i], again[i])
			}
		}
	})
}

func TestSplit(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		o := w.create(t, Organization{Name: "株式会社アルファ"})
		var split [3]Organization
		for i, name := range []string{"", "㈱アルファ", "アルファ東"} {
			w.tx(t, func(ctx context.Context, tx *db.Tx) (err error) {
				split[i], err = w.SplitIn(ctx, tx, o.ID, name)
				return err
			})
			if split[i].ID == o.ID || !split[i].Answers(Name{Name: "株式会社アルファ"}) {
				t.Errorf("%+v", split[i])
			}
		}
		if r := w.resolve(t, Name{Name: "株式会社アルファ"}); r[0].ID != o.ID {
			t.Error("new rows go to the oldest", r)
		}
		if _, err := w.Update(w.ctx, split[0].ID, []Edit{{Field: "kana", New: "x"}}); err != nil {
			t.Error("a split one can be edited beside its namesake:", err)
		}
	})
}

// Two people who put each of two under the other at once tie no knot.
func TestMovesAtOnceTieNoKnot(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		silent := New(d, bus.New()) // w.news is for one at a time
		for round := range 10 {
			a := w.create(t, Organization{Name: fmt.Sprint("甲", round)})
			b := w.create(t, Organization{Name: fmt.Sprint("乙", round)})
			under := w.create(t, Organization{Name: fmt.Sprint("丙", round), ParentID: b.ID})
			var both sync.WaitGroup
			errors := make([]error, 2)
			for i, move := range [][2]Organization{{a, under}, {b, a}} {
				both.Go(func() {
					_, errors[i] = silent.Update(w.ctx, move[0].ID, []Edit{{Field: "parent", New: move[1].ID.String()}})
				})
			}
			both.Wait()
			if errors[0] == nil {
				errors[0], errors[1] = errors[1], errors[0]
			}
			if wants(t, errors[0], errs.Invalid, "org.err.cycle"); errors[1] != nil {
				t.Error(errors[1])
			}
		}
	})
}

func TestWhoMay(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w, other := newWorld(t, d), newWorld(t, d)
		o := w.create(t, Organization{Name: "アルファ"})
		_, err := w.Get(other.ctx, o.ID)
		wants(t, err, errs.NotFound, "err.not_found")
		_, err = w.Update(other.ctx, o.ID, []Edit{{Field: "name", New: "x"}})
		wants(t, err, errs.NotFound, "err.not_found")
		_, err = other.Create(other.ctx, Organization{Name: "a", ParentID: o.ID})
		wants(t, err, errs.Invalid, "org.err.parent")
		if p, err := other.List(other.ctx, "", "", 0); err != nil || len(p.Items) != 0 {
			t.Error(p, err)
		}
		if found, err := other.Load(other.ctx, d, other.ws, []id.ID{o.ID}); err != nil || len(found) != 0 {
			t.Error(found, err)
		}
		viewer := w.as(who.Viewer)
		if _, err := w.Get(viewer, o.ID); err != nil {
			t.Error(err)
		}
		_, err = w.Create(viewer, Organization{Name: "a"})
		wants(t, err, errs.Forbidden, "err.forbidden")
		_, err = w.List(context.Background(), "", "", 0)
		wants(t, err, errs.Unauthorized, "err.unauthorized")
	})
}
