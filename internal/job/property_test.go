package job

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kizuki/internal/db"
	"kizuki/internal/testkit"
)

// world is two queues over one table, and the claims their workers hold or
// believe to hold.
type world struct {
	*rapid.T
	db    *db.DB
	clock *clock
	kind  string
	nodes []*Queue
	held  []Job
	added int
}

func (w *world) node() *Queue { return rapid.SampledFrom(w.nodes).Draw(w.T, "node") }

// pick draws a claim and forgets it; ok is false if there is none.
func (w *world) pick() (j Job, ok bool) {
	if len(w.held) == 0 {
		return j, false
	}
	i := rapid.IntRange(0, len(w.held)-1).Draw(w.T, "claim")
	j = w.held[i]
	if rapid.Bool().Draw(w.T, "forget") { // else the same worker comes again
		w.held = append(w.held[:i:i], w.held[i+1:]...)
	}
	return j, true
}

func (w *world) must(err error) {
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) add(*rapid.T) {
	key := rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(w.T, "key")
	roll := rapid.IntRange(0, 4).Draw(w.T, "roll back") == 0
	q := w.node()
	err := w.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := q.AddIn(ctx, tx, Add{Kind: w.kind, Key: key})
		if err == nil && roll {
			err = errRolled
		}
		return err
	})
	if !errors.Is(err, errRolled) {
		w.must(err)
	}
}

var errRolled = errors.New("rolled back")

func (w *world) claim(*rapid.T) {
	jobs, err := w.node().claim(ctx, rapid.IntRange(1, 3).Draw(w.T, "n"))
	w.must(err)
	w.held = append(w.held, jobs...)
}

func (w *world) pass(*rapid.T) {
	w.clock.add(time.Duration(rapid.IntRange(1, 45).Draw(w.T, "seconds")) * time.Second)
}

// complete does the work and says so in one transaction, which may also fail.
func (w *world) complete(*rapid.T) {
	j, ok := w.pick()
	if !ok {
		return
	}
	roll := rapid.IntRange(0, 3).Draw(w.T, "roll back") == 0
	err := w.effect(j, roll)
	if !errors.Is(err, ErrLost) && !errors.Is(err, errRolled) {
		w.must(err)
	}
}

func (w *world) effect(j Job, roll bool) error {
	return w.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, "INSERT INTO effect (kind, job) VALUES ($1, $2)", w.kind, j.ID); err != nil {
			return err
		}
		if err := j.DoneIn(ctx, tx); err != nil {
			return err
		}
		if roll {
			return errRolled
		}
		return nil
	})
}

func (w *world) fail(*rapid.T) {
	if j, ok := w.pick(); ok {
		j.lease.queue.settle(ctx, j, errors.New("failed"))
	}
}

func (w *world) renew(*rapid.T) {
	if j, ok := w.pick(); ok {
		_, err := j.lease.queue.renew(ctx, j)
		w.must(err)
	}
}

// check holds every job to "done = its effect is there once, else not at all".
func (w *world) check(*rapid.T) {
	n, _, err := db.One(ctx, w.db, db.Value[int64], `SELECT count(*) FROM job j WHERE kind = $1
		AND (SELECT count(*) FROM effect e WHERE e.job = j.id) <> CASE WHEN state = 'done' THEN 1 ELSE 0 END`, w.kind)
	w.must(err)
	if n != 0 {
		w.Fatalf("%d jobs whose effect and state do not agree", n)
	}
	n, _, err = db.One(ctx, w.db, db.Value[int64], `SELECT count(*) FROM (SELECT key FROM job
		WHERE kind = $1 AND key <> '' AND state IN ('ready', 'running') GROUP BY key HAVING count(*) > 1) x`, w.kind)
	w.must(err)
	if n != 0 {
		w.Fatal("a key is there twice")
	}
}

// finish lets all leases run out and works off what is left.
func (w *world) finish() {
	q := w.nodes[0]
	for range maxTries {
		w.clock.add(2 * time.Hour)
		w.must(q.Drain(ctx))
	}
	n, _, err := db.One(ctx, w.db, db.Value[int64],
		"SELECT count(*) FROM job WHERE kind = $1 AND state IN ('ready', 'running')", w.kind)
	w.must(err)
	if n != 0 {
		w.Fatalf("%d jobs never ended", n)
	}
}

func TestEffectsAreCommittedExactlyOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		exec(t, d, "CREATE TABLE effect (kind TEXT NOT NULL, job BIGINT NOT NULL)")
		exec(t, d, "CREATE INDEX effect_job ON effect (job)")
		var round atomic.Int64
		rapid.Check(t, func(r *rapid.T) {
			w := &world{T: r, db: d, clock: newClock(), kind: fmt.Sprintf("k%d", round.Add(1))}
			for range 2 {
				q := queue(d, w.clock)
				q.Handle(w.kind, func(_ context.Context, j Job) error { return w.effect(j, false) })
				w.nodes = append(w.nodes, q)
			}
			r.Repeat(map[string]func(*rapid.T){
				"add": w.add, "claim": w.claim, "claim again": w.claim, "pass": w.pass,
				"complete": w.complete, "fail": w.fail, "renew": w.renew, "": w.check,
			})
			w.finish()
			w.check(r)
		})
	})
}
