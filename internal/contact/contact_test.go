package contact

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

// world is a workspace with services.
type world struct {
	*Service
	d    *db.DB
	ctx  context.Context
	ws   id.ID
	news []bus.Change
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{d: d, ws: id.New()}
	b := bus.New()
	w.Service = New(d, b, contract.New(d, b, field.New(d, b), org.New(d, b)))
	b.Subscribe(func(_ context.Context, _ *db.Tx, list []bus.Change) error {
		w.news = append(w.news, list...)
		return nil
	})
	w.ctx = w.as(who.Admin)
	w.tx(t, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `INSERT INTO workspace (id, name, zone, currency, language, fiscal_start_month, created_at)
			VALUES ($1, 'CS', 'Asia/Tokyo', 'JPY', 'ja', 4, 1)`, w.ws)
		return err
	})
	return w
}

func (w *world) as(r who.Role) context.Context {
	return who.With(context.Background(), who.Actor{Workspace: w.ws, Role: r, Zone: time.UTC})
}

func (w *world) tx(t testing.TB, f func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	if err := w.d.InTx(w.ctx, f); err != nil {
		t.Fatal(err)
	}
}

func (w *world) create(t testing.TB, organization string) contract.Contract {
	t.Helper()
	c, err := w.contracts.Create(w.ctx, contract.Input{Name: "契約", Organization: organization})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) heard(kind bus.Kind) (out []bus.Change) {
	for _, ch := range w.news {
		if ch.Kind == kind {
			out = append(out, ch)
		}
	}
	return out
}

func wants(t testing.TB, err error, code errs.Code, key string) {
	t.Helper()
	if e := errs.As(err); err == nil || e.Code != code || e.Key != key {
		t.Errorf("got %v, want %v %s", err, code, key)
	}
}

func TestContacts(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a, b := w.create(t, "アルファ"), w.create(t, "アルファ")
		w.news = nil
		p, err := w.Add(w.ctx, a.ID, Contact{Name: "鈴木 一郎", Mail: "ichiro@alpha.jp"}, "決裁者")
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.Add(w.ctx, b.ID, Contact{Name: "鈴木", Mail: "ICHIRO@alpha.jp"}, "窓口")
		if err != nil || again.ID != p.ID {
			t.Error("the organization has one person of that mail", again, err)
		}
		_, err = w.Add(w.ctx, a.ID, Contact{Name: "鈴木 一郎"}, "")
		wants(t, err, errs.Conflict, "contract.err.contact_there")
		p.Title, p.Role = "部長", "推進役"
		if _, err := w.Update(w.ctx, a.ID, p); err != nil {
			t.Fatal(err)
		}
		list, err := w.Of(w.ctx, b.ID)
		if err != nil || len(list) != 1 || list[0].Title != "部長" || list[0].Role != "窓口" {
			t.Error(list, err)
		}
		if news := w.heard(Changed); len(news) != 1 || !reflect.DeepEqual(news[0].Fields, map[string][2]any{"title": {nil, "部長"}, "role": {"決裁者", "推進役"}}) {
			t.Error(news)
		}
		for _, c := range []id.ID{a.ID, b.ID} {
			if err := w.Remove(w.ctx, c, p.ID); err != nil {
				t.Fatal(err)
			}
			wants(t, w.Remove(w.ctx, c, p.ID), errs.NotFound, "err.not_found")
		}
		for _, c := range []struct {
			p   Contact
			key string
		}{{Contact{}, "err.required"}, {Contact{Mail: "x"}, "contract.err.mail"}, {Contact{Name: strings.Repeat("あ", 101)}, "err.too_long"}} {
			_, err := w.Add(w.ctx, a.ID, c.p, "")
			wants(t, err, errs.Invalid, c.key)
		}
	})
}

func TestAddManyIn(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a, b := w.create(t, "アルファ"), w.create(t, "ベータ")
		link := func(c contract.Contract, name, mail string) Link {
			return Link{ContractID: c.ID, OrgID: c.OrgID, Contact: Contact{Name: name, Mail: mail}}
		}
		links := []Link{link(a, "鈴木", "s@a.jp"), link(a, "鈴木", ""), link(b, "鈴木", "s@a.jp"), link(a, "", "t@a.jp"), link(a, "鈴木", "s@a.jp")}
		w.tx(t, func(ctx context.Context, tx *db.Tx) error { return w.AddManyIn(ctx, tx, w.ws, links) })
		var did []string
		for _, l := range links {
			did = append(did, fmt.Sprint(l.Made, l.Linked))
		}
		if want := []string{"true true", "false false", "true true", "true true", "false false"}; !reflect.DeepEqual(did, want) {
			t.Error(did)
		}
		w.tx(t, func(ctx context.Context, tx *db.Tx) error { return w.RemoveManyIn(ctx, tx, w.ws, links) })
		n, _, err := db.One(w.ctx, d, db.Value[int], `SELECT count(*) FROM contact WHERE workspace_id = $1`, w.ws)
		if err != nil || n != 0 {
			t.Error(n, "people left", err)
		}
	})
}

// Nothing is seen or changed from another workspace, nor by who may not.
func TestIsolation(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w, other := newWorld(t, d), newWorld(t, d)
		c := w.create(t, "アルファ")
		p, err := w.Add(w.ctx, c.ID, Contact{Name: "鈴木"}, "")
		if err != nil {
			t.Fatal(err)
		}
		acts := map[string]func(ctx context.Context) error{
			"of":      func(ctx context.Context) error { _, err := w.Of(ctx, c.ID); return err },
			"+add":    func(ctx context.Context) error { _, err := w.Add(ctx, c.ID, Contact{Name: "x"}, ""); return err },
			"+change": func(ctx context.Context) error { _, err := w.Update(ctx, c.ID, p); return err },
			"+remove": func(ctx context.Context) error { return w.Remove(ctx, c.ID, p.ID) },
		}
		for name, act := range acts {
			wants(t, act(other.ctx), errs.NotFound, "err.not_found")
			wants(t, act(context.Background()), errs.Unauthorized, "err.unauthorized")
			if strings.HasPrefix(name, "+") {
				wants(t, act(w.as(who.Viewer)), errs.Forbidden, "err.forbidden")
			}
		}
		if list, err := w.Of(w.as(who.Viewer), c.ID); err != nil || len(list) != 1 {
			t.Error(list, err)
		}
	})
}
