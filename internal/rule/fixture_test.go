package rule_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

var tokyo = time.FixedZone("JST", 9*3600)

// world is one workspace with two members, standing on some day at noon in
// Tokyo.
type world struct {
	*rule.Service
	t          testing.TB
	d          *db.DB
	bus        *bus.Bus
	jobs       *job.Queue
	tasks      *task.Service
	fields     *field.Service
	ctx        context.Context // as okada, an admin
	ws, org    id.ID
	okada, abe id.ID
	today      cal.Date
	hour       int
	heard      []bus.Change
}

func newWorld(t testing.TB, d *db.DB, today cal.Date) *world {
	w := &world{t: t, d: d, bus: bus.New(), ws: id.New(), org: id.New(), today: today, hour: 12}
	w.jobs = job.New(d, slog.New(slog.DiscardHandler))
	w.exec("INSERT INTO workspace (id, name, zone, currency, language, fiscal_start_month, created_at) VALUES ($1, 'w', 'Asia/Tokyo', 'JPY', 'ja', 4, 0)", w.ws)
	w.okada, w.abe = w.member("岡田 真帆"), w.member("阿部 航")
	w.exec("INSERT INTO organization (workspace_id, id, name, name_fold, name_key, created_at) VALUES ($1, $2, 'みなと物流', 'みなと物流', 'みなと物流', 0)", w.ws, w.org)
	w.tasks = task.NewService(d, w.bus, nil)
	w.fields = field.New(d, w.bus)
	w.Service = rule.New(d, w.bus, w.jobs, workspace.New(d, w.bus), w.fields, w.tasks)
	w.Now = func() time.Time { return w.today.Time().Add(time.Duration(w.hour-9) * time.Hour) }
	w.tasks.Now = w.Now
	w.ctx = w.as(w.okada, who.Admin)
	w.bus.Subscribe(func(_ context.Context, _ *db.Tx, cs []bus.Change) error {
		w.heard = append(w.heard, cs...)
		return nil
	}, rule.Fired, task.Created)
	return w
}

func (w *world) exec(stmt string, args ...any) {
	w.t.Helper()
	w.in(func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, stmt, args...)
		return err
	})
}

// in runs f in a transaction as the system.
func (w *world) in(f func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	if err := w.d.InTx(who.With(context.Background(), who.System(w.ws, tokyo)), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) member(name string) id.ID {
	m := id.New()
	w.exec("INSERT INTO member (workspace_id, id, role, name, name_fold, state, created_at) VALUES ($1, $2, 'member', $3, $3, 'active', 0)", w.ws, m, name)
	return m
}

func (w *world) as(member id.ID, role who.Role) context.Context {
	return who.With(context.Background(), who.Actor{Workspace: w.ws, Member: member, Name: "岡田 真帆", Role: role, Zone: tokyo})
}

// contract makes one of okada's that arrives now.
func (w *world) contract(renewal cal.Date) id.ID {
	c := id.New()
	w.exec(`INSERT INTO contract (workspace_id, id, key, key_fold, name, name_fold, org_id, owner_id, currency, fields, created_at, renewal_date)
		VALUES ($1, $2, $3, $3, $3, $3, $4, $5, 'JPY', '{}', $6, $7)`, w.ws, c, c.String(), w.org, w.okada, db.Time(w.Now()), string(renewal))
	return c
}

// set changes a column of a contract and tells of it as contract does.
func (w *world) set(c id.ID, column string, v string) {
	w.exec("UPDATE contract SET "+column+" = $3 WHERE workspace_id = $1 AND id = $2", w.ws, c, v)
	w.publish(bus.Change{Kind: contract.Changed, Contract: c, Fields: map[string][2]any{column: {nil, v}}})
}

func (w *world) publish(c bus.Change) {
	w.t.Helper()
	c.Workspace = w.ws
	w.in(func(ctx context.Context, tx *db.Tx) error { return w.bus.Publish(ctx, tx, c) })
}

// nextTerm opens the next term of a contract.
func (w *world) nextTerm(c id.ID, renewal cal.Date) {
	w.exec("UPDATE contract SET term_no = term_no + 1, renewal_date = $3 WHERE workspace_id = $1 AND id = $2", w.ws, c, string(renewal))
	w.publish(bus.Change{Kind: contract.Changed, Contract: c, Fields: map[string][2]any{"renewal_date": {nil, string(renewal)}}})
	w.publish(bus.Change{Kind: contract.TermOpened, Contract: c})
}

func (w *world) end(c id.ID) {
	w.exec("UPDATE contract SET ended_on = $3, live = FALSE WHERE workspace_id = $1 AND id = $2", w.ws, c, string(w.today))
	w.publish(bus.Change{Kind: contract.Ended, Contract: c})
}

func (w *world) run() rule.Result {
	w.t.Helper()
	return w.runTo(w.today)
}

func (w *world) runTo(day cal.Date) rule.Result {
	w.t.Helper()
	r, err := w.Run(w.ctx, w.ws, day)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// steps makes steps of one task each, in calendar days.
func steps(offsets ...int) []rule.Step {
	var list []rule.Step
	for _, o := range offsets {
		list = append(list, rule.Step{Offset: o, Unit: rule.Calendar, Tasks: []rule.Todo{{Title: "更新の意向を聞く", Minutes: 10}}})
	}
	return list
}

func (w *world) draft(spec rule.Spec) rule.Rule {
	w.t.Helper()
	r, err := w.Create(w.ctx, rule.Input{Name: "更新の4週前", Spec: spec})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) live(spec rule.Spec) rule.Rule {
	w.t.Helper()
	r, err := w.GoLive(w.ctx, w.draft(spec).ID, rule.FromNext)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// due gives the due days of a contract's open tasks, in their order.
func (w *world) due(c id.ID) string {
	w.t.Helper()
	p, err := w.tasks.ForContract(w.ctx, c)
	if err != nil {
		w.t.Fatal(err)
	}
	s := ""
	for _, it := range p.Open {
		s += string(it.Due) + " "
	}
	return s
}
