package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/who"
)

// Run works until ctx is done, then waits for the running jobs, 20 seconds at
// most; the leases of those left simply expire.
func (q *Queue) Run(ctx context.Context) error {
	for _, c := range q.crons {
		if q.handlers[c.kind] == nil {
			return fmt.Errorf("job: cron %s: nobody handles %s", c.name, c.kind)
		}
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var loops, running sync.WaitGroup
	loops.Go(func() { q.cronLoop(ctx) })
	if q.db.Postgres() {
		loops.Go(func() { q.db.Connected(ctx, q.log, q.listen) })
		loops.Go(func() { q.db.Connected(ctx, q.log, q.notify) })
	}
	q.dispatch(ctx, work, &running)
	loops.Wait()
	if !within(q.grace, running.Wait) {
		q.log.Warn("jobs were still running at the stop; their leases will expire")
	}
	return nil
}

func within(d time.Duration, f func()) bool {
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
		return true
	case <-time.After(d):
		return false
	}
}

// dispatch claims as many jobs as there are free workers, each time something
// may be due or a worker became free.
func (q *Queue) dispatch(ctx, work context.Context, running *sync.WaitGroup) {
	var busy atomic.Int64
	for ctx.Err() == nil {
		if free := q.workers - int(busy.Load()); free > 0 {
			jobs, err := q.claim(work, free) // not ctx: a claim cut off may have been committed
			if err != nil {
				q.log.Error("claiming jobs", "error", err)
			}
			for _, j := range jobs {
				busy.Add(1)
				running.Go(func() {
					q.run(work, j)
					busy.Add(-1)
					signal(q.wake)
				})
			}
		}
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-time.After(q.poll):
		}
	}
}

// Drain runs everything due now in this goroutine until nothing is due; it is
// for tests and command-line acts. Cron slots are not looked at, and a job
// that fails waits for its next try.
func (q *Queue) Drain(ctx context.Context) error {
	for {
		jobs, err := q.claim(ctx, 1)
		if err != nil || len(jobs) == 0 {
			return err
		}
		q.run(ctx, jobs[0])
	}
}

func (q *Queue) run(ctx context.Context, j Job) {
	// Without a workspace this actor may do nothing, whoever called Drain.
	ctx, lost := context.WithCancelCause(who.With(ctx, who.System(j.Workspace, nil)))
	defer lost(nil)
	go q.keep(ctx, j, lost)
	q.settle(ctx, j, q.call(ctx, j))
}

func (q *Queue) call(ctx context.Context, j Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			q.logger(j).Error("a job panicked", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return q.handlers[j.Kind](ctx, j)
}

// keep renews the lease while the handler runs, and ends its ctx when the
// lease is lost or could not be renewed in time.
func (q *Queue) keep(ctx context.Context, j Job, lost context.CancelCauseFunc) {
	tick := time.NewTicker(q.renewEvery)
	defer tick.Stop()
	until := q.now().Add(q.leaseFor)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		next := q.now().Add(q.leaseFor)
		try, cancel := context.WithTimeout(ctx, q.renewEvery)
		held, err := q.renew(try, j)
		cancel()
		switch {
		case err == nil && held:
			until = next
		case err == nil || q.now().After(until):
			lost(ErrLost)
			return
		}
	}
}

// settle writes down how the job ended, unless DoneIn has, or the lease is not
// ours any more.
func (q *Queue) settle(ctx context.Context, j Job, err error) {
	log := q.logger(j)
	switch {
	case j.lease.done.Load():
		if err != nil {
			log.Warn("a job failed after it was done", "error", err)
		}
		return
	case err != nil && (ctx.Err() != nil || errors.Is(err, ErrLost)):
		log.Warn("a job was cut off; it comes back when its lease expires", "error", err, "cause", context.Cause(ctx))
		return
	}
	dead := j.Tries+1 >= maxTries || errors.As(err, new(never))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.leaseFor)
	defer cancel()
	failed := q.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err == nil {
			return j.DoneIn(ctx, tx)
		}
		return q.failIn(ctx, tx, j, clean(err.Error()), dead)
	})
	switch {
	case failed != nil:
		log.Error("a job's end could not be written", "error", failed, "result", err)
	case err != nil && dead:
		log.Error("a job died", "error", err)
	case err != nil:
		log.Warn("a job failed and will be tried again", "error", err)
	}
}

func (q *Queue) logger(j Job) *slog.Logger {
	return q.log.With("job", j.ID, "kind", j.Kind, "workspace", j.Workspace, "tries", j.Tries)
}
