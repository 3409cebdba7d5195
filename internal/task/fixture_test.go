package task_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/who"
)

var tokyo = time.FixedZone("JST", 9*3600)

// world is one workspace with two members and two contracts, standing on
// Tuesday 17 February 2026.
type world struct {
	*task.Service
	t          *testing.T
	d          *db.DB
	bus        *bus.Bus
	ctx        context.Context // as okada
	ws         id.ID
	okada, abe id.ID
	minato     id.ID // okada's contract
	sirasagi   id.ID // nobody's
	today      cal.Date
	notes      []string
	heard      []bus.Change
}

func newWorld(t *testing.T, d *db.DB) *world {
	w := &world{t: t, d: d, bus: bus.New(), ws: id.New()}
	org := id.New()
	w.exec("INSERT INTO workspace (id, name, zone, currency, language, fiscal_start_month, created_at) VALUES ($1, 'w', 'Asia/Tokyo', 'JPY', 'ja', 4, 0)", w.ws)
	w.okada, w.abe = w.member("岡田 真帆"), w.member("阿部 航")
	w.exec("INSERT INTO organization (workspace_id, id, name, name_fold, name_key, created_at) VALUES ($1, $2, 'みなと物流', 'みなと物流', 'みなと物流', 0)", w.ws, org)
	w.minato, w.sirasagi = w.contract(org, "本社契約", w.okada), w.contract(org, "関東契約", 0)
	w.Service = task.NewService(d, w.bus, task.NotesFunc(
		func(_ context.Context, _ *db.Tx, contract id.ID, body, kind string, about id.ID) error {
			w.notes = append(w.notes, fmt.Sprintf("%s %s", kind, body))
			return nil
		}))
	w.Now = func() time.Time { return w.today.Time().Add(3 * time.Hour) } // noon in Tokyo
	w.ctx = w.as(w.okada, who.Member)
	w.bus.Subscribe(func(_ context.Context, _ *db.Tx, cs []bus.Change) error {
		w.heard = append(w.heard, cs...)
		return nil
	})
	w.today = "2026-02-17"
	return w
}

func (w *world) exec(stmt string, args ...any) {
	w.t.Helper()
	err := w.d.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, stmt, args...)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) member(name string) id.ID {
	m := id.New()
	w.exec("INSERT INTO member (workspace_id, id, role, name, name_fold, state, created_at) VALUES ($1, $2, 'member', $3, $3, 'active', 0)", w.ws, m, name)
	return m
}

func (w *world) contract(org id.ID, name string, owner id.ID) id.ID {
	c := id.New()
	w.exec(`INSERT INTO contract (workspace_id, id, key, key_fold, name, name_fold, org_id, owner_id, currency, fields, created_at)
		VALUES ($1, $2, $3, $3, $3, $3, $4, $5, 'JPY', '{}', 0)`, w.ws, c, name, org, owner)
	return c
}

func (w *world) as(member id.ID, role who.Role) context.Context {
	return who.With(context.Background(), who.Actor{Workspace: w.ws, Member: member, Role: role, Zone: tokyo})
}

func (w *world) create(n task.New) task.Task {
	w.t.Helper()
	t, err := w.Create(w.ctx, n)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

// in runs f in a transaction as okada.
func (w *world) in(f func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	if err := w.d.InTx(w.ctx, f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) get(t id.ID) task.Item {
	w.t.Helper()
	it, err := w.Get(w.ctx, t)
	if err != nil {
		w.t.Fatal(err)
	}
	return it
}

// news gives the kinds heard since the last call.
func (w *world) news() string {
	s := ""
	for _, c := range w.heard {
		s += string(c.Kind) + " "
	}
	w.heard = nil
	return s
}
