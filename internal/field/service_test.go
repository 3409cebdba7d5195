package field_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

type world struct {
	*field.Service
	d    *db.DB
	ctx  context.Context
	news []bus.Change
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	b, ws := bus.New(), id.New()
	w := &world{Service: field.New(d, b), d: d, ctx: as(ws, who.Admin)}
	b.Subscribe(func(_ context.Context, _ *db.Tx, list []bus.Change) error {
		w.news = append(w.news, list...)
		return nil
	})
	if err := d.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `INSERT INTO workspace (id, name, zone, currency, language, fiscal_start_month, created_at)
			VALUES ($1, 'CS', 'Asia/Tokyo', 'JPY', 'ja', 4, 1)`, ws)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return w
}

func as(ws id.ID, r who.Role) context.Context {
	return who.With(context.Background(), who.Actor{Workspace: ws, Member: 1, Role: r})
}

func ja(label string) map[string]string { return map[string]string{"ja": label} }

func (w *world) create(t *testing.T, in field.Input) field.Field {
	t.Helper()
	f, err := w.Create(w.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return f
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
		for _, c := range []struct {
			in  field.Input
			key string
		}{
			{field.Input{Type: field.Text, Labels: ja("プラン")}, "field_1"},
			{field.Input{Type: field.Text, Labels: ja("別の")}, "field_2"},
			{field.Input{Type: field.Number, Labels: map[string]string{"ja": "席", "en": " Seats (paid)! "}}, "seats_paid"},
			{field.Input{Type: field.Number, Labels: ja("Ｓｅａｔｓ　ｐａｉｄ")}, "seats_paid_2"},
			{field.Input{Type: field.Text, Labels: ja("Status")}, "status_2"},
			{field.Input{Type: field.Choice, Labels: ja("色"), Key: "color", Options: []string{" 赤 ", "青", ""}}, "color"},
		} {
			if f := w.create(t, c.in); f.Key != c.key {
				t.Errorf("%v: key %s, want %s", c.in.Labels, f.Key, c.key)
			}
		}
		list, err := w.List(w.ctx)
		if err != nil || len(list) != 6 {
			t.Fatal(len(list), err)
		}
		last := list[5]
		if last.Position != 5 || !reflect.DeepEqual(last.Options, []string{"赤", "青"}) || last.Label("en") != "色" {
			t.Errorf("%+v", last)
		}
		if w.news[5].Kind != field.Created || w.news[5].Ref != last.ID {
			t.Error("news", w.news[5])
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.create(t, field.Input{Type: field.Text, Labels: ja("a"), Key: "plan"})
		choice := func(typ field.Type, options ...string) field.Input {
			return field.Input{Type: typ, Labels: ja("a"), Options: options}
		}
		for _, c := range []struct {
			in   field.Input
			code errs.Code
			key  string
		}{
			{field.Input{Labels: ja("a")}, errs.Invalid, "err.required"},
			{field.Input{Type: "color", Labels: ja("a")}, errs.Invalid, "field.err.type_unknown"},
			{field.Input{Type: field.Text}, errs.Invalid, "err.required"},
			{field.Input{Type: field.Text, Labels: ja(strings.Repeat("あ", 61))}, errs.Invalid, "err.too_long"},
			{field.Input{Type: field.Text, Labels: ja("a"), Key: "Plan"}, errs.Invalid, "field.err.key"},
			{field.Input{Type: field.Text, Labels: ja("a"), Key: "renewal_date"}, errs.Invalid, "field.err.key_reserved"},
			{field.Input{Type: field.Text, Labels: ja("a"), Key: "plan"}, errs.Conflict, "field.err.key_taken"},
			{choice(field.Choice), errs.Invalid, "err.required"},
			{choice(field.Choice, "A", "ａ"), errs.Invalid, "field.err.option_twice"},
			{choice(field.Choices, "A/B"), errs.Invalid, "field.err.option_separator"},
			{choice(field.Choice, strings.Repeat("あ", 101)), errs.Invalid, "err.too_long"},
			{choice(field.Choice, strings.Fields(strings.Repeat("a ", 501))...), errs.Invalid, "field.err.options_many"},
		} {
			_, err := w.Create(w.ctx, c.in)
			wants(t, err, c.code, c.key)
		}
	})
}

func TestUpdate(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		f := w.create(t, field.Input{Type: field.Choice, Labels: ja("プラン"), Options: []string{"標準", "上位"}})
		w.news = nil
		yes, third := true, 3
		f, err := w.Update(w.ctx, f.ID, field.Patch{Labels: ja("契約プラン"), Options: []string{"上位", "標準", "特別"}, Indexed: &yes, Position: &third})
		if err != nil {
			t.Fatal(err)
		}
		stored, err := w.Get(w.ctx, f.ID)
		if err != nil || !reflect.DeepEqual(stored, f) || stored.Labels["ja"] != "契約プラン" || stored.Options[0] != "上位" || !stored.Indexed {
			t.Fatalf("%+v %v", stored, err)
		}
		if len(w.news) != 1 || w.news[0].Fields["indexed"] != [2]any{false, true} || len(w.news[0].Fields) != 4 {
			t.Errorf("news %+v", w.news)
		}
		if _, err := w.Update(w.ctx, f.ID, field.Patch{Indexed: &yes}); err != nil || len(w.news) != 1 {
			t.Error("a change that is none makes no news", err, len(w.news))
		}
		_, err = w.Update(w.ctx, f.ID, field.Patch{Options: []string{"上位"}})
		wants(t, err, errs.Invalid, "field.err.option_gone")
		_, err = w.Update(w.ctx, f.ID, field.Patch{Labels: map[string]string{"fr": "plan"}})
		wants(t, err, errs.Invalid, "err.required")
	})
}

func TestAddOptions(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		f := w.create(t, field.Input{Type: field.Choice, Labels: ja("プラン"), Options: []string{"標準"}})
		for range 2 {
			if err := d.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) error {
				return w.AddOptionsIn(ctx, tx, f.ID, []string{"Premium", "標準", "ｐremium"})
			}); err != nil {
				t.Fatal(err)
			}
		}
		if f, _ = w.Get(w.ctx, f.ID); !reflect.DeepEqual(f.Options, []string{"標準", "Premium"}) {
			t.Error(f.Options)
		}
	})
}

func TestRetire(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		f := w.create(t, field.Input{Type: field.Text, Labels: ja("a")})
		w.news = nil
		for range 2 {
			if err := w.Retire(w.ctx, f.ID); err != nil {
				t.Fatal(err)
			}
		}
		if f, _ = w.Get(w.ctx, f.ID); !f.Retired() || len(w.news) != 1 {
			t.Error("not retired once", w.news)
		}
		if err := w.Restore(w.ctx, f.ID); err != nil {
			t.Fatal(err)
		}
		if f, _ = w.Get(w.ctx, f.ID); f.Retired() {
			t.Error("not restored")
		}
		if err := d.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) error { return w.DeleteIn(ctx, tx, []id.ID{f.ID}) }); err != nil {
			t.Fatal(err)
		}
		_, err := w.Get(w.ctx, f.ID)
		wants(t, err, errs.NotFound, "err.not_found")
	})
}

func TestWhoMay(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w, other := newWorld(t, d), newWorld(t, d)
		f := w.create(t, field.Input{Type: field.Text, Labels: ja("a")})
		ws := who.From(w.ctx).Workspace
		for name, c := range map[string]struct {
			ctx         context.Context
			read, write errs.Code
		}{
			"nobody":            {context.Background(), errs.Unauthorized, errs.Unauthorized},
			"a member":          {as(ws, who.Member), "", errs.Forbidden},
			"another workspace": {other.ctx, errs.NotFound, errs.NotFound},
		} {
			_, err := w.Get(c.ctx, f.ID)
			if c.read == "" && err != nil || c.read != "" && !errs.Is(err, c.read) {
				t.Errorf("%s reads: %v", name, err)
			}
			_, err = w.Update(c.ctx, f.ID, field.Patch{Labels: ja("b")})
			for _, err := range []error{err, w.Retire(c.ctx, f.ID)} {
				if !errs.Is(err, c.write) {
					t.Errorf("%s writes: %v", name, err)
				}
			}
		}
		if list, err := other.List(other.ctx); err != nil || len(list) != 0 {
			t.Error("another workspace lists", list, err)
		}
	})
}
