package live_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/live"
	"kizuki/internal/testkit"
)

const ws id.ID = 7

// node is a hub with a bus of its own, running.
func node(t *testing.T, d *db.DB) (*live.Hub, *bus.Bus) {
	t.Helper()
	h, b := live.New(d, slog.New(slog.DiscardHandler)), bus.New()
	h.Subscribe(b, "note.created")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { h.Run(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done })
	return h, b
}

func write(t *testing.T, d *db.DB, b *bus.Bus, fail error, refs ...id.ID) {
	t.Helper()
	err := d.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		list := make([]bus.Change, len(refs))
		for i, r := range refs {
			list[i] = bus.Change{Kind: "note.created", Workspace: ws, Contract: 1, Ref: r}
		}
		if err := b.Publish(ctx, tx, list...); err != nil {
			return err
		}
		return fail
	})
	if !errors.Is(err, fail) {
		t.Fatal(err)
	}
}

// next waits for a message that is no Refresh of a fresh connection.
func next(t *testing.T, in <-chan live.Message) live.Message {
	t.Helper()
	for {
		select {
		case m, ok := <-in:
			if !ok {
				t.Fatal("the stream ended")
			}
			if m.Kind != live.Refresh {
				return m
			}
		case <-time.After(10 * time.Second):
			t.Fatal("nothing came")
		}
	}
}

func silent(t *testing.T, in <-chan live.Message) {
	t.Helper()
	for {
		select {
		case m := <-in:
			if m.Kind != live.Refresh {
				t.Fatalf("%+v came", m)
			}
		case <-time.After(300 * time.Millisecond):
			return
		}
	}
}

// What is committed is told, in order, in its workspace only; what is rolled
// back is not.
func TestCommitted(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		h, b := node(t, d)
		ctx, leave := context.WithCancel(context.Background())
		mine, other := h.Stream(ctx, ws), h.Stream(ctx, ws+1)
		write(t, d, b, errors.New("no"), 1)
		write(t, d, b, nil, 2, 3)
		write(t, d, b, nil, 4)
		for _, want := range []id.ID{2, 3, 4} {
			if m := next(t, mine); m.Ref != want || m.Contract != 1 || m.Kind != "note.created" {
				t.Errorf("%+v, want %d", m, want)
			}
		}
		silent(t, mine)
		silent(t, other)
		leave()
		for range mine { // ends
		}
		h.Close()
		if _, open := <-h.Stream(context.Background(), ws); open {
			t.Error("a closed hub gives streams")
		}
	})
}

// A reader who does not read gets one Refresh instead of what was missed, and
// nobody waits for them.
func TestSlowReader(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		h, b := node(t, d)
		in := h.Stream(context.Background(), ws)
		for i := range 100 {
			write(t, d, b, nil, id.ID(i+1))
		}
		got, refreshed := 0, false
		for {
			select {
			case m := <-in:
				got++
				refreshed = refreshed || m.Kind == live.Refresh
				continue
			case <-time.After(200 * time.Millisecond):
			}
			break
		}
		if !refreshed || got > 40 {
			t.Errorf("%d messages, refresh: %v", got, refreshed)
		}
	})
}

// Two nodes on one PostgreSQL hear of each other; too much at once becomes a
// Refresh, and so does a broken connection.
func TestAcrossNodes(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		if !d.Postgres() {
			t.Skip("SQLite has one node")
		}
		_, here := node(t, d)
		there, _ := node(t, d)
		in := there.Stream(context.Background(), ws)
		if m := wait(t, in); m.Kind != live.Refresh { // it listens now
			t.Fatalf("%+v", m)
		}
		write(t, d, here, nil, 42)
		if m := next(t, in); m.Ref != 42 || m.Workspace != ws {
			t.Errorf("%+v", m)
		}
		var many []id.ID
		for i := range 400 {
			many = append(many, 1<<60+id.ID(i))
		}
		write(t, d, here, nil, many...)
		if m := wait(t, in); m.Kind != live.Refresh {
			t.Errorf("%+v", m)
		}
		drop(t, d)
		if m := wait(t, in); m.Kind != live.Refresh {
			t.Errorf("%+v", m)
		}
		for deadline := time.Now().Add(15 * time.Second); ; { // both connections come back
			write(t, d, here, nil, 43)
			select {
			case m := <-in:
				if m.Ref == 43 {
					return
				}
			case <-time.After(300 * time.Millisecond):
			}
			if time.Now().After(deadline) {
				t.Fatal("the nodes did not find each other again")
			}
		}
	})
}

func wait(t *testing.T, in <-chan live.Message) live.Message {
	t.Helper()
	select {
	case m := <-in:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		return live.Message{}
	}
}

// drop breaks the connections of LISTEN and NOTIFY.
func drop(t *testing.T, d *db.DB) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), d.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%kizuki_live%'`); err != nil {
		t.Fatal(err)
	}
}
