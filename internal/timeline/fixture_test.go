package timeline

import (
	"context"
	"strings"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// world is a workspace with a few people and contracts, and a clock that only
// goes when told. Another workspace stands beside it.
type world struct {
	t   *testing.T
	d   *db.DB
	s   *Service
	bus *bus.Bus
	now time.Time
	ws  id.ID
	// people by surname
	people map[string]who.Actor
	team   id.ID
	minato id.ID // a contract that renews on 2026-03-31, outlook watch
	kita   id.ID // a contract without date
	other  who.Actor
	far    id.ID // a contract of the other workspace
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(newWorld(t, d)) })
}

func newWorld(t *testing.T, d *db.DB) *world {
	w := &world{t: t, d: d, bus: bus.New(), ws: id.New(), people: map[string]who.Actor{},
		now: time.Date(2026, 2, 17, 1, 0, 0, 0, time.UTC)} // 10:00 in Japan
	w.s = New(d, w.bus)
	w.s.Now = func() time.Time { return w.now }
	w.s.Subscribe(w.bus)
	w.tx(context.Background(), func(ctx context.Context, tx *db.Tx) {
		w.workspace(tx, w.ws)
		w.person(tx, "岡田 真帆", "おかだ まほ", who.Member)
		w.person(tx, "田村 健", "たむら けん", who.Member)
		w.person(tx, "石川 由香", "いしかわ ゆか", who.Admin)
		w.person(tx, "Ann Lee", "", who.Member)
		w.person(tx, "中野 翔太", "なかの しょうた", who.Viewer)
		w.team = id.New()
		w.exec(tx, "INSERT INTO unit (workspace_id, id, name, name_fold) VALUES ($1, $2, $3, $4)", w.ws, w.team, "東京チーム", text.Fold("東京チーム"))
		for _, name := range []string{"田村", "石川"} {
			w.exec(tx, "INSERT INTO unit_member (workspace_id, unit_id, member_id) VALUES ($1, $2, $3)", w.ws, w.team, w.people[name].Member)
		}
		w.minato = w.contract(tx, w.ws, "みなと物流 本社契約", "2026-03-31", "watch")
		w.kita = w.contract(tx, w.ws, "北つばめ急送", "", "")
		ws := id.New()
		w.workspace(tx, ws)
		w.other = who.Actor{Workspace: ws, Role: who.Owner, Member: w.member(tx, ws, "岡田 真帆", "", who.Owner), Name: "岡田 真帆"}
		w.far = w.contract(tx, ws, "よその契約", "", "")
	})
	return w
}

func (w *world) exec(tx *db.Tx, stmt string, args ...any) {
	w.t.Helper()
	if _, err := db.Exec(context.Background(), tx, stmt, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) tx(ctx context.Context, f func(ctx context.Context, tx *db.Tx)) {
	w.t.Helper()
	err := w.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { f(ctx, tx); return nil })
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) workspace(tx *db.Tx, ws id.ID) {
	w.exec(tx, `INSERT INTO workspace (id, name, zone, currency, language, fiscal_start_month, created_at)
		VALUES ($1, 'CS', 'Asia/Tokyo', 'JPY', 'ja', 4, 0)`, ws)
}

func (w *world) member(tx *db.Tx, ws id.ID, name, kana string, role who.Role) id.ID {
	m := id.New()
	w.exec(tx, `INSERT INTO member (workspace_id, id, role, name, name_fold, kana, kana_fold, state, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', 0)`, ws, m, string(role), name, text.Fold(name), kana, text.FoldKana(kana))
	return m
}

func (w *world) person(tx *db.Tx, name, kana string, role who.Role) {
	key, _, _ := strings.Cut(name, " ")
	w.people[key] = who.Actor{Workspace: w.ws, Member: w.member(tx, w.ws, name, kana, role), Name: name, Role: role,
		Zone: time.FixedZone("JST", 9*3600)}
}

func (w *world) contract(tx *db.Tx, ws id.ID, name, renewal, outlook string) id.ID {
	c, o := id.New(), id.New()
	w.exec(tx, `INSERT INTO organization (workspace_id, id, name, name_fold, name_key, created_at) VALUES ($1, $2, $3, $3, $3, 0)`, ws, o, name)
	w.exec(tx, `INSERT INTO contract (workspace_id, id, key, key_fold, name, name_fold, org_id, outlook, renewal_date, currency, fields, created_at)
		VALUES ($1, $2, $3, $3, $3, $3, $4, $5, $6, 'JPY', '{}', 0)`, ws, c, name, o, outlook, renewal)
	return c
}

func (w *world) as(name string) context.Context {
	a, ok := w.people[name]
	if !ok {
		w.t.Fatalf("nobody is called %s", name)
	}
	return who.With(context.Background(), a)
}

// say posts a note on みなと物流 a minute later.
func (w *world) say(name, body string, more ...func(*PostInput)) Note {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	in := PostInput{Contract: w.minato, Body: body}
	for _, f := range more {
		f(&in)
	}
	n, err := w.s.Post(w.as(name), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func under(n Note) func(*PostInput)    { return func(in *PostInput) { in.Parent = n.ID } }
func feeling(h Hunch) func(*PostInput) { return func(in *PostInput) { in.Hunch = h } }
func hidden(in *PostInput)             { in.Visibility = AuthorOnly }

func (w *world) trail(name string, show Show) Page {
	w.t.Helper()
	p, err := w.s.Trail(w.as(name), w.minato, show, "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// inbox is what waits for somebody: "kind: text".
func (w *world) inbox(name string) []string {
	w.t.Helper()
	list, _, err := w.s.Inbox(w.as(name), "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, x := range list {
		out = append(out, x.Kind+": "+x.Text)
	}
	return out
}

func wantErr(t *testing.T, err error, code errs.Code, key string) {
	t.Helper()
	if e := errs.As(err); err == nil || e.Code != code || e.Key != key {
		t.Fatalf("got %v, want %s %s", err, code, key)
	}
}

func texts(entries []Entry) (out []string) {
	for _, e := range entries {
		if e.Note != nil {
			out = append(out, e.Note.Body)
		} else {
			out = append(out, e.Event.Kind)
		}
	}
	return out
}
