package bus_test

import (
	"context"
	"errors"
	"testing"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

var ctx = context.Background()

func TestSubscribersHearTheirKindsInTheTransaction(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		b := bus.New()
		var heard []bus.Kind
		b.Subscribe(func(_ context.Context, _ *db.Tx, cs []bus.Change) error {
			for _, c := range cs {
				heard = append(heard, c.Kind)
			}
			return nil
		}, "note.created")
		b.Subscribe(func(ctx context.Context, tx *db.Tx, cs []bus.Change) error {
			_, err := db.Exec(ctx, tx, "INSERT INTO cron (name, last_slot) VALUES ($1, $2)", string(cs[0].Kind), len(cs))
			return err
		})
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return b.Publish(ctx, tx, bus.Change{Kind: "task.done"}, bus.Change{Kind: "note.created"})
		})
		n, _, _ := db.One(ctx, d, db.Value[int64], "SELECT last_slot FROM cron WHERE name = 'task.done'")
		if err != nil || n != 2 || len(heard) != 1 || heard[0] != "note.created" {
			t.Fatal(err, n, heard)
		}
	})
}

func TestAFailingSubscriberTakesEverythingBack(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		b := bus.New()
		want := errors.New("no")
		b.Subscribe(func(context.Context, *db.Tx, []bus.Change) error { return want })
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := db.Exec(ctx, tx, "INSERT INTO cron (name, last_slot) VALUES ('a', 1)"); err != nil {
				return err
			}
			return b.Publish(ctx, tx, bus.Change{Kind: "x"})
		})
		n, _, _ := db.One(ctx, d, db.Value[int64], "SELECT count(*) FROM cron")
		if !errors.Is(err, want) || n != 0 {
			t.Fatal(err, n)
		}
	})
}

func TestCause(t *testing.T) {
	b := bus.New()
	var by bus.Cause
	b.Subscribe(func(_ context.Context, _ *db.Tx, cs []bus.Change) error { by = cs[0].By; return nil })
	member := who.With(ctx, who.Actor{Workspace: 1, Member: 5, Role: who.Member})
	rule := bus.Because(member, bus.Cause{ActorKind: "rule", ActorID: 9, Kind: "rule_firing", ID: 11, Depth: 1})
	for _, c := range []struct {
		ctx  context.Context
		want bus.Cause
	}{
		{ctx, bus.Cause{ActorKind: "system"}},
		{member, bus.Cause{ActorKind: "member", ActorID: 5}},
		{rule, bus.Cause{ActorKind: "rule", ActorID: 9, Kind: "rule_firing", ID: 11, Depth: 1}},
	} {
		if err := b.Publish(c.ctx, nil, bus.Change{Kind: "x"}); err != nil || by != c.want {
			t.Errorf("got %v %v, want %v", by, err, c.want)
		}
	}
}

func TestRulesThatAnswerEachOtherStop(t *testing.T) {
	b := bus.New()
	calls := 0
	b.Subscribe(func(ctx context.Context, tx *db.Tx, cs []bus.Change) error {
		calls++
		return b.Publish(bus.Because(ctx, bus.Cause{ActorKind: "rule", Depth: cs[0].By.Depth + 1}), tx, bus.Change{Kind: "x"})
	})
	if err := b.Publish(ctx, nil, bus.Change{Kind: "x"}); !errors.Is(err, bus.ErrTooDeep) || calls != bus.MaxDepth+1 {
		t.Fatal(err, calls)
	}
}
