package contract

import (
	"context"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// world is a workspace with services and two members.
type world struct {
	*Service
	d          *db.DB
	ctx        context.Context
	ws         id.ID
	hana, taro id.ID
	news       []bus.Change
	now        time.Time
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{d: d, ws: id.New(), now: time.Date(2026, 4, 10, 3, 0, 0, 0, time.UTC)}
	b := bus.New()
	fields, orgs := field.New(d, b), org.New(d, b)
	w.Service = New(d, b, fields, orgs)
	w.Now = func() time.Time { return w.now }
	b.Subscribe(func(_ context.Context, _ *db.Tx, list []bus.Change) error {
		w.news = append(w.news, list...)
		return nil
	})
	w.tx(t, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `INSERT INTO workspace (id, name, zone, currency, language, fiscal_start_month, created_at)
			VALUES ($1, 'CS', 'Asia/Tokyo', 'JPY', 'ja', 4, 1)`, w.ws)
		return err
	})
	w.hana, w.taro = w.member(t, "山田 花子", "hana@example.jp"), w.member(t, "佐藤 太郎", "")
	w.ctx = w.as(who.Admin)
	return w
}

func (w *world) as(r who.Role) context.Context {
	zone := time.FixedZone("JST", 9*3600)
	return who.With(context.Background(), who.Actor{Workspace: w.ws, Member: w.hana, Role: r, Zone: zone})
}

func (w *world) member(t testing.TB, name, mail string) id.ID {
	t.Helper()
	m := id.New()
	w.tx(t, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `INSERT INTO member (workspace_id, id, role, name, name_fold, mail_fold, state, created_at)
			VALUES ($1, $2, 'member', $3, $4, $5, 'active', 1)`, w.ws, m, name, text.Fold(name), text.Fold(mail))
		return err
	})
	return m
}

func (w *world) tx(t testing.TB, f func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	ctx := w.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	if err := w.d.InTx(ctx, f); err != nil {
		t.Fatal(err)
	}
}

func (w *world) field(t testing.TB, key string, typ field.Type, options ...string) field.Field {
	t.Helper()
	f, err := w.fields.Create(w.ctx, field.Input{Key: key, Type: typ, Labels: map[string]string{"ja": key},
		Options: options, Indexed: true})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (w *world) create(t testing.TB, in Input) Contract {
	t.Helper()
	if in.Name == "" {
		in.Name = "契約"
	}
	if in.Organization == "" {
		in.Organization = "株式会社アルファ"
	}
	c, err := w.Create(w.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// heard gives the changes of a kind since the last call for any kind.
func (w *world) heard(k bus.Kind) (out []bus.Change) {
	for _, c := range w.news {
		if c.Kind == k {
			out = append(out, c)
		}
	}
	w.news = nil
	return out
}
