// Package job runs work outside the request: a table of jobs written in the
// caller's own transaction, claimed under a lease with a fence token. A job
// that completes in its work's transaction (DoneIn) takes effect exactly once;
// effects outside the database happen at least once.
package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
)

// Add is a job to be added.
type Add struct {
	Workspace id.ID // 0 for the system's own
	Kind      string
	Key       string // at most one ready or running job of a kind has it, over all workspaces; "" = no limit
	Payload   any    // stored as JSON
	RunAt     time.Time
}

// Job is a job as its handler and the list of dead letters see it.
type Job struct {
	ID        id.ID
	Workspace id.ID
	Kind, Key string
	Payload   json.RawMessage
	RunAt     time.Time
	Tries     int    // how often it has failed so far
	Error     string // of the last failure
	Created   time.Time
	Finished  time.Time // when it was done or died

	lease *lease
}

// lease is the right to run a job and to write down its end.
type lease struct {
	queue *Queue
	token id.ID
	done  atomic.Bool // DoneIn was called and committed
}

// Handler does the work of one kind of job, outside a transaction, as the
// system in the job's workspace. Its ctx ends when the lease is lost.
type Handler func(ctx context.Context, j Job) error

// ErrLost says that the job's lease went to another worker: what was done
// under it must be rolled back.
var ErrLost = errors.New("job: the lease was lost")

type never struct{ error }

func (n never) Unwrap() error { return n.error }

// Never marks an error that trying again cannot mend: the job is dead at once.
func Never(err error) error {
	if err == nil {
		return nil
	}
	return never{err}
}

// Queue adds and runs jobs. Every process has one; all share the table.
type Queue struct {
	db       *db.DB
	log      *slog.Logger
	handlers map[string]Handler
	crons    []*cronEntry

	wake chan struct{} // something may be due
	tell chan struct{} // the other nodes should hear of it (PostgreSQL)

	workers    int
	leaseFor   time.Duration
	renewEvery time.Duration
	poll       time.Duration // finds what no wake-up told of: later jobs, other processes, expired leases
	grace      time.Duration // how long Run waits for running jobs
	now        func() time.Time
}

// New makes a queue; Run starts it.
func New(d *db.DB, log *slog.Logger) *Queue {
	q := &Queue{db: d, log: log, handlers: map[string]Handler{},
		wake: make(chan struct{}, 1), tell: make(chan struct{}, 1),
		workers: 2, leaseFor: 30 * time.Second, renewEvery: 10 * time.Second,
		poll: time.Second, grace: 20 * time.Second, now: time.Now}
	if d.Postgres() {
		q.workers = 4
	}
	q.Handle(cleanupKind, q.cleanup)
	q.Cron(cleanupKind, "23 * * * *", time.UTC, cleanupKind)
	return q
}

// Handle names the handler of a kind. All are named before Run. A queue claims
// only kinds it has handlers for, so that an older node leaves a newer one's
// jobs alone.
func (q *Queue) Handle(kind string, f Handler) {
	if q.handlers[kind] != nil {
		panic("job: two handlers for " + kind)
	}
	q.handlers[kind] = f
}

// AddIn adds a job in the caller's transaction: it exists if and only if the
// transaction commits.
//
// With a key, adding what is already ready or running changes nothing, except
// that a ready job moves to an earlier RunAt. The one that is there does not
// miss what this transaction wrote: a ready one is not claimed before the
// transaction ends; a running one that reads its work and calls DoneIn in one
// transaction is made to read again (on SQLite the two never overlap). The
// price is that transactions adding the same key wait for each other, so a key
// shared by all writers has no place on a hot path.
func (q *Queue) AddIn(ctx context.Context, tx *db.Tx, a Add) error {
	if a.Kind == "" {
		return errors.New("job: a job without a kind")
	}
	payload, err := json.Marshal(a.Payload)
	if err != nil {
		return fmt.Errorf("job: payload of %s: %w", a.Kind, err)
	}
	now := q.now()
	if a.RunAt.IsZero() {
		a.RunAt = now
	}
	// Writing the running row, even with what it held, is what makes its
	// DoneIn conflict with us; a ready row needs only the lock.
	_, err = db.Exec(ctx, tx, `INSERT INTO job (id, workspace_id, kind, key, payload, state, run_at, created_at)
		VALUES ($1, $2, $3, $4, $5, 'ready', $6, $7)
		ON CONFLICT (kind, key) WHERE key <> '' AND state IN ('ready', 'running') DO UPDATE
		SET run_at = CASE WHEN job.state = 'ready' THEN excluded.run_at ELSE job.run_at END
		WHERE job.state = 'running' OR excluded.run_at < job.run_at`,
		id.New(), int64(a.Workspace), a.Kind, a.Key, string(payload), db.Micros(a.RunAt), db.Micros(now))
	if err != nil {
		return err
	}
	if !a.RunAt.After(now) {
		tx.AfterCommit(q.nudge)
	}
	return nil
}

// DoneIn writes down that the job is done in the transaction of its work, so
// that both are stored or neither. If the lease went to another it gives
// ErrLost, and the transaction must be rolled back. In a transaction that
// takes seconds call it first: it also keeps the lease until the commit.
func (j Job) DoneIn(ctx context.Context, tx *db.Tx) error {
	if j.lease == nil {
		return ErrLost
	}
	// The token stays, so that a renewal under way sees whose the row was.
	n, err := db.Exec(ctx, tx, `UPDATE job SET state = 'done', finished_at = $1
		WHERE id = $2 AND lease_token = $3 AND state = 'running'`,
		db.Micros(j.lease.queue.now()), j.ID, j.lease.token)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrLost
	}
	tx.AfterCommit(func() { j.lease.done.Store(true) })
	return nil
}
