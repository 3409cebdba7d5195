package job

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/testkit"
)

// start runs the queue until the returned stop, or the end of the test.
func start(t testing.TB, q *Queue) (stop func()) {
	t.Helper()
	run, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- q.Run(run) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func TestEachJobRunsOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		const jobs = 400
		exec(t, d, "CREATE TABLE effect (job BIGINT NOT NULL)")
		var runs atomic.Int64
		work := func(ctx context.Context, j Job) error {
			runs.Add(1)
			if j.ID%2 == 0 { // the other half is marked done by Run
				return nil
			}
			return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
				if err := j.DoneIn(ctx, tx); err != nil {
					return err
				}
				_, err := db.Exec(ctx, tx, "INSERT INTO effect (job) VALUES ($1)", j.ID)
				return err
			})
		}
		a, b := queue(d, nil), queue(d, nil)
		for _, q := range []*Queue{a, b} {
			q.workers, q.poll = 4, 20*time.Millisecond
			q.Handle("k", work)
		}
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			for range jobs {
				if err := a.AddIn(ctx, tx, Add{Kind: "k"}); err != nil {
					return err
				}
			}
			return nil
		})
		start(t, a)
		start(t, b)
		testkit.Eventually(t, "all are done", func() bool { return count(t, d, "done") == jobs })
		odd := number(t, d, "SELECT count(*) FROM job WHERE kind = 'k' AND id % 2 = 1")
		effects := number(t, d, "SELECT count(*) FROM effect")
		if runs.Load() != jobs || effects != odd {
			t.Fatalf("%d runs of %d jobs; %d effects of %d", runs.Load(), jobs, effects, odd)
		}
	})
}

func TestWakeUpArrivesBeforeThePoll(t *testing.T) {
	t.Parallel()
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		here, there := queue(d, nil), queue(d, nil)
		ran := make(chan string, 4)
		here.Handle("here", func(context.Context, Job) error { ran <- "here"; return nil })
		there.Handle("there", func(context.Context, Job) error { ran <- "there"; return nil })
		here.poll, there.poll = time.Hour, time.Hour
		start(t, here)
		kinds := []string{"here"}
		if d.Postgres() { // another node hears of it, too
			start(t, there)
			kinds = append(kinds, "there")
		}
		time.Sleep(300 * time.Millisecond) // their first looks are over
		for _, kind := range kinds {
			began := time.Now()
			add(t, here, Add{Kind: kind})
			select {
			case <-ran:
				t.Logf("%s: %s", kind, time.Since(began))
			case <-time.After(5 * time.Second):
				t.Fatalf("nobody woke %s", kind)
			}
		}
	})
}

func TestBrokenConnectionsComeBack(t *testing.T) {
	t.Parallel()
	d := testkit.Postgres(t)
	here, there := queue(d, nil), queue(d, nil)
	ran := make(chan struct{}, 1)
	there.Handle("k", func(context.Context, Job) error { ran <- struct{}{}; return nil })
	here.poll, there.poll = time.Hour, time.Hour
	start(t, here)
	start(t, there)
	for _, broken := range []string{"nothing", "LISTEN%", "NOTIFY%"} {
		time.Sleep(200 * time.Millisecond)
		number(t, d, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE $1", broken)
		add(t, here, Add{Kind: "k"})
		select {
		case <-ran:
		case <-time.After(5 * time.Second):
			t.Fatalf("the wake-up was lost with %s", broken)
		}
	}
}

func TestStopWaitsForRunningJobs(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		q := queue(d, nil)
		began, release := make(chan struct{}), make(chan struct{})
		q.Handle("k", func(ctx context.Context, _ Job) error {
			close(began)
			<-release
			return ctx.Err() // the stop has not cut it off
		})
		add(t, q, Add{Kind: "k"})
		stop := start(t, q)
		<-began
		stopped := make(chan struct{})
		go func() { stop(); close(stopped) }()
		select {
		case <-stopped:
			t.Fatal("Run left a running job")
		case <-time.After(100 * time.Millisecond):
		}
		close(release)
		<-stopped
		if count(t, d, "done") != 1 {
			t.Fatal("the job's end was not written")
		}
	})
}

func TestStopAfterTheGraceLeavesTheLease(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q, next := queue(d, c), queue(d, c)
		began, cut := make(chan struct{}), make(chan struct{})
		q.grace = 20 * time.Millisecond
		q.Handle("k", func(ctx context.Context, _ Job) error {
			close(began)
			<-ctx.Done()
			close(cut)
			return ctx.Err()
		})
		next.Handle("k", nothing)
		add(t, q, Add{Kind: "k"})
		stop := start(t, q)
		<-began
		stop()
		<-cut
		if count(t, d, "running") != 1 {
			t.Fatal("the lease did not stay")
		}
		c.add(q.leaseFor + time.Second)
		if j := claimOne(t, next); j.Tries != 1 {
			t.Fatalf("tries: %d", j.Tries)
		}
	})
}

func TestLostLeaseEndsTheHandler(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		q := queue(d, nil)
		q.renewEvery = 10 * time.Millisecond
		cause := make(chan error, 1)
		q.Handle("k", func(ctx context.Context, j Job) error {
			exec(t, d, "UPDATE job SET lease_token = 1 WHERE id = $1", j.ID) // another took it
			<-ctx.Done()
			cause <- context.Cause(ctx)
			return ctx.Err()
		})
		add(t, q, Add{Kind: "k"})
		drain(t, q)
		if err := <-cause; !errors.Is(err, ErrLost) {
			t.Fatalf("ended by %v", err)
		}
		if n := number(t, d, "SELECT lease_token FROM job WHERE state = 'running'"); n != 1 {
			t.Fatal("the other's row was changed")
		}
	})
}

// Renewals keep a long job from being claimed again, and do not disturb a long
// completing transaction that calls DoneIn first.
func TestRenewal(t *testing.T) {
	t.Parallel()
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a, b := queue(d, nil), queue(d, nil)
		var runs, closures atomic.Int64
		commit := 300 * time.Millisecond
		if d.Postgres() { // where the row's lock outlives the lease
			commit = 2500 * time.Millisecond
		}
		for _, q := range []*Queue{a, b} {
			q.leaseFor, q.renewEvery, q.poll = 2*time.Second, 200*time.Millisecond, 20*time.Millisecond
			q.Handle("long", func(ctx context.Context, j Job) error {
				runs.Add(1)
				pause(ctx, 2500*time.Millisecond)
				return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
					closures.Add(1)
					err := j.DoneIn(ctx, tx)
					pause(ctx, commit)
					return err
				})
			})
		}
		add(t, a, Add{Kind: "long"})
		start(t, a)
		start(t, b)
		testkit.Eventually(t, "it is done", func() bool { return count(t, d, "done") == 1 })
		if runs.Load() != 1 || closures.Load() > 2 { // one renewal may be just on its way
			t.Fatalf("%d runs, %d completions tried", runs.Load(), closures.Load())
		}
	})
}

func TestRunRefusesACronNobodyHandles(t *testing.T) {
	q := queue(testkit.SQLite(t), nil)
	q.Cron("c", "@daily", nil, "nobody's")
	if err := q.Run(ctx); err == nil {
		t.Fatal("it ran")
	}
}
