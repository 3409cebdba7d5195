package job

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
)

// maxTries is how often a job may fail; after that it is dead.
const maxTries = 8

var delays = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour}

// backoff is the pause after the n-th failure, a fifth more or less, so that
// jobs that failed together do not come back together.
func backoff(n int) time.Duration {
	d := delays[min(n, len(delays))-1]
	return d - d/5 + rand.N(2*d/5)
}

const columns = "id, workspace_id, kind, key, payload, run_at, tries, error, created_at, finished_at"

func scan(r db.Row) (j Job, err error) {
	var payload string
	err = r.Scan(&j.ID, &j.Workspace, &j.Kind, &j.Key, &payload, (*db.Time)(&j.RunAt), &j.Tries, &j.Error,
		(*db.Time)(&j.Created), (*db.Time)(&j.Finished))
	j.Payload = []byte(payload)
	return j, err
}

// skipLocked is the dialect's difference: SQLite has one writer and no row locks.
func skipLocked(tx *db.Tx) string {
	if tx.Postgres() {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// fresh is a transaction that sees each row as it is now. Under REPEATABLE
// READ a claim would fail on every row another node took after its snapshot;
// here the guards are repeated in each statement instead.
func (q *Queue) fresh(ctx context.Context, f func(ctx context.Context, tx *db.Tx) error) error {
	return q.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if tx.Postgres() {
			if _, err := db.Exec(ctx, tx, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"); err != nil {
				return err
			}
		}
		return f(ctx, tx)
	})
}

// claim takes up to n due jobs under a new lease. It looks before it writes:
// an idle node must not hold SQLite's one writer every second.
func (q *Queue) claim(ctx context.Context, n int) ([]Job, error) {
	now := q.now()
	if due, err := q.due(ctx, now); err != nil || !due {
		return nil, err
	}
	token := id.New()
	var jobs, gone []Job
	err := q.fresh(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if gone, err = expire(ctx, tx, now); err != nil {
			return err
		}
		jobs, err = q.take(ctx, tx, n, token, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, j := range gone {
		q.logger(j).Warn("a job's lease ran out", "dead", !j.Finished.IsZero())
	}
	for i := range jobs {
		jobs[i].lease = &lease{queue: q, token: token}
	}
	slices.SortFunc(jobs, func(a, b Job) int { return a.RunAt.Compare(b.RunAt) }) // RETURNING has no order
	return jobs, nil
}

// ready is the condition of the jobs this queue may claim.
func (q *Queue) ready(now time.Time) *db.Where {
	w := &db.Where{}
	w.And("state = 'ready' AND run_at <= ?", db.Micros(now))
	db.In(w, "kind", slices.Sorted(maps.Keys(q.handlers)))
	return w
}

func (q *Queue) due(ctx context.Context, now time.Time) (bool, error) {
	w := q.ready(now)
	_, found, err := db.One(ctx, q.db, db.Value[int64], "SELECT 1 FROM job WHERE "+w.SQL()+
		" UNION ALL SELECT 1 FROM job WHERE state = 'running' AND lease_until < $1 LIMIT 1", w.Args()...)
	return found, err
}

// take claims. The rows are picked in a CTE because PostgreSQL may evaluate a
// plain subquery with LIMIT more than once, and take more than n; the guard is
// repeated because without it 368 of 400 jobs were claimed twice.
func (q *Queue) take(ctx context.Context, tx *db.Tx, n int, token id.ID, now time.Time) ([]Job, error) {
	w := q.ready(now)
	where, limit := w.SQL(), w.Arg(n)
	stmt := "WITH picked AS MATERIALIZED (SELECT id FROM job WHERE " + where + " ORDER BY run_at LIMIT " + limit +
		skipLocked(tx) + ") UPDATE job SET state = 'running', lease_token = " + w.Arg(token) +
		", lease_until = " + w.Arg(db.Micros(now.Add(q.leaseFor))) +
		" WHERE id IN (SELECT id FROM picked) AND state = 'ready' RETURNING " + columns
	return db.All(ctx, tx, scan, stmt, w.Args()...)
}

// expire gives back what a dead worker held. Without its token the worker, if
// it lives after all, cannot complete. A running row that is locked is just
// being completed. It counts as a failure, so that a job that kills its
// process comes to an end.
func expire(ctx context.Context, tx *db.Tx, now time.Time) ([]Job, error) {
	return db.All(ctx, tx, scan, `UPDATE job SET tries = tries + 1, lease_token = 0, lease_until = 0,
		state = CASE WHEN tries + 1 >= $2 THEN 'dead' ELSE 'ready' END,
		finished_at = CASE WHEN tries + 1 >= $2 THEN $1 ELSE finished_at END,
		error = 'the lease ran out: the worker stopped or was cut off'
		WHERE id IN (SELECT id FROM job WHERE state = 'running' AND lease_until < $1`+skipLocked(tx)+`)
		AND state = 'running' AND lease_until < $1 RETURNING `+columns, db.Micros(now), maxTries)
}

// renew extends the lease and tells whether it is still held.
func (q *Queue) renew(ctx context.Context, j Job) (held bool, err error) {
	err = q.fresh(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `UPDATE job SET lease_until = $1
			WHERE id IN (SELECT id FROM job WHERE id = $2 AND lease_token = $3 AND state = 'running'`+skipLocked(tx)+`)
			AND lease_token = $3 AND state = 'running'`, db.Micros(q.now().Add(q.leaseFor)), j.ID, j.lease.token)
		if held = n > 0; held || err != nil {
			return err
		}
		// Locked by its own completion (which renewing must not make fail), done, or lost.
		_, held, err = db.One(ctx, tx, db.Value[int64], "SELECT 1 FROM job WHERE id = $1 AND lease_token = $2",
			j.ID, j.lease.token)
		return err
	})
	return held, err
}

// failIn puts the job back for later, or buries it.
func (q *Queue) failIn(ctx context.Context, tx *db.Tx, j Job, text string, dead bool) error {
	now := q.now()
	state, runAt, finished := "ready", now.Add(backoff(j.Tries+1)), time.Time{}
	if dead {
		state, runAt, finished = "dead", j.RunAt, now
	}
	n, err := db.Exec(ctx, tx, `UPDATE job SET state = $1, run_at = $2, finished_at = $3, error = $4, tries = $5,
		lease_token = 0, lease_until = 0 WHERE id = $6 AND lease_token = $7 AND state = 'running'`,
		state, db.Micros(runAt), db.Micros(finished), text, j.Tries+1, j.ID, j.lease.token)
	if err == nil && n == 0 {
		err = ErrLost
	}
	return err
}

// clean makes an error's text storable: PostgreSQL refuses NUL and bad UTF-8.
func clean(s string) string {
	const most = 4000
	s = strings.ReplaceAll(s[:min(len(s), most)], "\x00", "")
	return strings.ToValidUTF8(s, "")
}
