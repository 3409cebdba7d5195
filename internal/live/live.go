// Package live tells open pages that something has changed: on the node where it
// was written after the commit, on the others by LISTEN and NOTIFY. It carries
// ids, never words; whoever shows something asks for it again, and with that
// for the permission.
package live

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/id"
)

// Refresh as Kind says that more happened than could be told: ask again for
// everything.
const Refresh = "refresh"

// Message is one thing that changed.
type Message struct {
	Workspace id.ID  `json:"w"` // 0 with Refresh: any
	Kind      string `json:"k"`
	Contract  id.ID  `json:"c,omitzero"`
	Ref       id.ID  `json:"r,omitzero"`
	// Nth counts what this node delivered: all its streams get one message with
	// one number.
	Nth uint64 `json:"-"`
}

const (
	channel    = "kizuki_live"
	pace       = 50 * time.Millisecond // NOTIFY inside the transactions cost 35 % of note writing
	maxPayload = 7000                  // bytes; PostgreSQL takes 8,000
	buffer     = 32                    // messages a slow reader may fall behind
	look       = time.Second           // how often SQLite is asked whether another process wrote
)

// Hub passes messages to the streams of this node and to other nodes.
type Hub struct {
	db   *db.DB
	log  *slog.Logger
	name string // tells what this node said from what others did
	tell chan struct{}

	mu      sync.Mutex
	streams map[*stream]struct{}
	pending []Message
	nth     uint64
	closed  bool
}

// stream is one reader. behind is set when it was too slow: it gets one Refresh
// instead of what it missed.
type stream struct {
	workspace id.ID
	out       chan Message
}

// New makes a hub; Run connects it to the other nodes.
func New(d *db.DB, log *slog.Logger) *Hub {
	return &Hub{db: d, log: log, name: strconv.FormatInt(time.Now().UnixNano(), 36), tell: make(chan struct{}, 1), streams: map[*stream]struct{}{}}
}

// Subscribe lets the hub pass on news of kinds, each once its transaction is
// committed.
func (h *Hub) Subscribe(b *bus.Bus, kinds ...bus.Kind) {
	b.Subscribe(func(_ context.Context, tx *db.Tx, changes []bus.Change) error {
		list := make([]Message, len(changes))
		for i, c := range changes {
			list[i] = Message{Workspace: c.Workspace, Kind: string(c.Kind), Contract: c.Contract, Ref: c.Ref}
		}
		tx.AfterCommit(func() {
			h.deliver(list)
			if h.db.Postgres() {
				h.later(list)
			}
		})
		return nil
	}, kinds...)
}

// Stream gives the messages of a workspace until ctx ends or the hub is closed;
// then its channel is closed.
func (h *Hub) Stream(ctx context.Context, workspace id.ID) <-chan Message {
	s := &stream{workspace: workspace, out: make(chan Message, buffer)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(s.out)
		return s.out
	}
	h.streams[s] = struct{}{}
	context.AfterFunc(ctx, func() { h.leave(s) })
	return s.out
}

func (h *Hub) leave(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, there := h.streams[s]; there {
		delete(h.streams, s)
		close(s.out)
	}
}

// Close ends all streams, so that a server can stop.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.streams {
		delete(h.streams, s)
		close(s.out)
	}
}

// deliver passes messages to the streams of this node.
func (h *Hub) deliver(list []Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list = slices.Clone(list)
	for i := range list {
		h.nth++
		list[i].Nth = h.nth
	}
	for s := range h.streams {
		for _, m := range list {
			if m.Workspace == s.workspace || m.Workspace == 0 {
				s.put(m)
			}
		}
	}
}

// put never waits for a reader: one that is full is emptied and told to ask for
// everything.
func (s *stream) put(m Message) {
	select {
	case s.out <- m:
		return
	default:
	}
	for {
		select {
		case <-s.out:
			continue
		default:
		}
		break
	}
	s.out <- Message{Workspace: s.workspace, Kind: Refresh}
}

func (h *Hub) later(list []Message) {
	h.mu.Lock()
	h.pending = append(h.pending, list...)
	h.mu.Unlock()
	select {
	case h.tell <- struct{}{}:
	default:
	}
}

// Run connects the hub to the other nodes, and on SQLite to other processes,
// until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	if !h.db.Postgres() {
		h.watch(ctx)
		return
	}
	var both sync.WaitGroup
	both.Go(func() { h.db.Connected(ctx, h.log, h.notify) })
	both.Go(func() { h.db.Connected(ctx, h.log, h.listen) })
	both.Wait()
}

// watch asks SQLite whether another process has written.
func (h *Hub) watch(ctx context.Context) {
	last, err := h.db.Changed(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(look):
		}
		now, failed := h.db.Changed(ctx)
		if failed == nil && err == nil && now != last {
			h.deliver([]Message{{Kind: Refresh}})
		}
		last, err = now, failed
	}
}

// envelope is what goes over the wire.
type envelope struct {
	From string    `json:"n"`
	List []Message `json:"m"`
}

// notify tells the other nodes what has gathered, at most every 50 ms.
func (h *Hub) notify(ctx context.Context, conn *pgx.Conn) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-h.tell:
		}
		h.mu.Lock()
		list := h.pending
		h.pending = nil
		h.mu.Unlock()
		if _, err := conn.Exec(ctx, "SELECT pg_notify($1, $2)", channel, h.payload(list)); err != nil {
			h.later([]Message{{Kind: Refresh}}) // the next connection says that something was lost
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pace):
		}
	}
}

// payload writes messages for the wire; too many become one Refresh.
func (h *Hub) payload(list []Message) string {
	raw, err := json.Marshal(envelope{h.name, list})
	if err != nil || len(raw) > maxPayload {
		raw, _ = json.Marshal(envelope{h.name, []Message{{Kind: Refresh}}})
	}
	return string(raw)
}

// listen passes on what other nodes say. Whatever was said while nobody
// listened is made up for by a Refresh.
func (h *Hub) listen(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	h.deliver([]Message{{Kind: Refresh}})
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		var e envelope
		if json.Unmarshal([]byte(n.Payload), &e) != nil {
			e.List = []Message{{Kind: Refresh}}
		}
		if e.From != h.name {
			h.deliver(e.List)
		}
	}
}
