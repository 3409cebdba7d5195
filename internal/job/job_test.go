package job

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

var ctx = context.Background()

// clock is a clock the test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func queue(d *db.DB, c *clock) *Queue {
	q := New(d, slog.New(slog.DiscardHandler))
	if c != nil {
		q.now = c.now
	}
	return q
}

func add(t testing.TB, q *Queue, a Add) {
	t.Helper()
	inTx(t, q.db, func(ctx context.Context, tx *db.Tx) error { return q.AddIn(ctx, tx, a) })
}

func inTx(t testing.TB, d *db.DB, f func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	if err := d.InTx(ctx, f); err != nil {
		t.Fatal(err)
	}
}

func exec(t testing.TB, d *db.DB, stmt string, args ...any) {
	t.Helper()
	inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, stmt, args...)
		return err
	})
}

func number(t testing.TB, d *db.DB, stmt string, args ...any) int64 {
	t.Helper()
	n, _, err := db.One(ctx, d, db.Value[int64], stmt, args...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func count(t testing.TB, d *db.DB, state string) int64 {
	t.Helper()
	return number(t, d, "SELECT count(*) FROM job WHERE state = $1 AND kind <> $2", state, cleanupKind)
}

func drain(t testing.TB, q *Queue) {
	t.Helper()
	if err := q.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

func claimOne(t testing.TB, q *Queue) Job {
	t.Helper()
	jobs, err := q.claim(ctx, 1)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("claimed %d jobs: %v", len(jobs), err)
	}
	return jobs[0]
}

func nothing(context.Context, Job) error { return nil }

func TestDrainRunsWhatIsDue(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := queue(d, c)
		var got []string
		q.Handle("greet", func(ctx context.Context, j Job) error {
			a := who.From(ctx)
			if a.Workspace != j.Workspace || !a.System || a.May(who.Own) != (j.Workspace != 0) {
				t.Errorf("the actor is %+v", a)
			}
			got = append(got, string(j.Payload))
			if len(got) == 1 { // what a job adds is drained too
				add(t, q, Add{Kind: "greet", Payload: "more"})
			}
			return nil
		})
		add(t, q, Add{Workspace: 7, Kind: "greet", Payload: map[string]int{"n": 1}})
		add(t, q, Add{Kind: "greet", RunAt: c.now().Add(time.Hour), Payload: "later"})
		add(t, q, Add{Kind: "unknown"})
		drain(t, q)
		if len(got) != 2 || got[0] != `{"n":1}` || got[1] != `"more"` {
			t.Fatalf("ran %q", got)
		}
		c.add(time.Hour)
		drain(t, q)
		if len(got) != 3 || count(t, d, "done") != 3 || count(t, d, "ready") != 1 {
			t.Fatalf("ran %q; %d ready", got, count(t, d, "ready"))
		}
	})
}

func TestRolledBackJobNeverRuns(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		q := queue(d, nil)
		q.Handle("k", func(context.Context, Job) error { t.Error("it ran"); return nil })
		sorry := errors.New("no")
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := q.AddIn(ctx, tx, Add{Kind: "k"}); err != nil {
				return err
			}
			return sorry
		})
		if !errors.Is(err, sorry) {
			t.Fatal(err)
		}
		drain(t, q)
		if len(q.wake) != 0 {
			t.Error("workers were woken")
		}
	})
}

func TestUniqueKey(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := queue(d, c)
		q.Handle("k", nothing)
		runAt := func() time.Duration {
			n := number(t, d, "SELECT run_at FROM job WHERE kind = 'k' AND state IN ('ready', 'running')")
			return db.FromMicros(n).Sub(c.now())
		}
		at := func(d time.Duration) Add { return Add{Kind: "k", Key: "a", RunAt: c.now().Add(d)} }
		add(t, q, at(time.Hour))
		add(t, q, at(2*time.Hour))
		if count(t, d, "ready") != 1 || runAt() != time.Hour {
			t.Fatalf("%d jobs, in %s", count(t, d, "ready"), runAt())
		}
		add(t, q, at(0))
		if count(t, d, "ready") != 1 || runAt() != 0 {
			t.Fatalf("%d jobs, in %s", count(t, d, "ready"), runAt())
		}
		j := claimOne(t, q)
		add(t, q, at(-time.Hour)) // running: nothing changes
		if count(t, d, "ready") != 0 || runAt() != 0 {
			t.Fatal("a running job was doubled or moved")
		}
		inTx(t, d, j.DoneIn)
		add(t, q, at(0))
		add(t, q, Add{Kind: "k", Key: "b"})
		add(t, q, Add{Kind: "k"})
		add(t, q, Add{Kind: "k"})
		if n := count(t, d, "ready"); n != 4 {
			t.Fatalf("%d ready", n)
		}
	})
}

func TestZombieCannotComplete(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		exec(t, d, "CREATE TABLE effect (who TEXT NOT NULL)")
		c := newClock()
		a, b := queue(d, c), queue(d, c)
		a.Handle("k", nothing)
		b.Handle("k", nothing)
		complete := func(j Job, name string) error {
			return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
				if _, err := db.Exec(ctx, tx, "INSERT INTO effect (who) VALUES ($1)", name); err != nil {
					return err
				}
				return j.DoneIn(ctx, tx)
			})
		}
		add(t, a, Add{Kind: "k", Key: "x"})
		zombie := claimOne(t, a)
		c.add(a.leaseFor + time.Second)
		heir := claimOne(t, b)
		if heir.ID != zombie.ID || heir.Tries != 1 || heir.Error == "" {
			t.Fatalf("got %+v", heir)
		}
		if err := complete(zombie, "zombie"); !errors.Is(err, ErrLost) {
			t.Fatalf("the zombie completed: %v", err)
		}
		a.settle(ctx, zombie, nil)                  // nor by returning nil,
		a.settle(ctx, zombie, errors.New("failed")) // nor by failing
		if count(t, d, "running") != 1 {
			t.Fatal("the zombie changed the row")
		}
		if err := complete(heir, "heir"); err != nil {
			t.Fatal(err)
		}
		if err := complete(heir, "heir again"); !errors.Is(err, ErrLost) {
			t.Fatalf("completed twice: %v", err)
		}
		if n := number(t, d, "SELECT count(*) FROM effect"); n != 1 {
			t.Fatalf("%d effects", n)
		}
		if err := d.InTx(ctx, Job{ID: heir.ID}.DoneIn); !errors.Is(err, ErrLost) {
			t.Fatalf("a listed job was completed: %v", err)
		}
	})
}

func TestRetryBackoffDeadRetry(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := queue(d, c)
		runs, fail := 0, true
		q.Handle("k", func(context.Context, Job) error {
			runs++
			if fail {
				return errors.New("broken \x00 pipe \xff")
			}
			return nil
		})
		add(t, q, Add{Workspace: 7, Kind: "k"})
		for n := 1; n < maxTries; n++ {
			drain(t, q)
			want := delays[min(n, len(delays))-1]
			got := db.FromMicros(number(t, d, "SELECT run_at FROM job WHERE state = 'ready'")).Sub(c.now())
			if runs != n || got < want*4/5 || got > want*6/5 {
				t.Fatalf("after %d runs (of %d) it waits %s, want about %s", runs, n, got, want)
			}
			c.add(got - time.Microsecond)
			drain(t, q)
			if runs != n {
				t.Fatal("it ran too early")
			}
			c.add(time.Microsecond)
		}
		drain(t, q)
		admin := who.With(ctx, who.Actor{Workspace: 7, Role: who.Admin})
		dead, err := q.Dead(admin)
		if err != nil || len(dead) != 1 || dead[0].Error != "broken  pipe " || dead[0].Tries != maxTries || !dead[0].Finished.Equal(c.now()) {
			t.Fatalf("dead: %+v, %v", dead, err)
		}
		fail = false
		if err := q.Retry(admin, dead[0].ID); err != nil {
			t.Fatal(err)
		}
		drain(t, q)
		if runs != maxTries+1 || count(t, d, "done") != 1 {
			t.Fatalf("%d runs", runs)
		}
	})
}

func TestDeadLettersAreTheWorkspacesOwn(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		q := queue(d, nil)
		q.Handle("k", func(_ context.Context, j Job) error { return Never(errors.New(j.Key)) })
		for _, key := range []string{"a", "b"} {
			add(t, q, Add{Workspace: 7, Kind: "k", Key: key})
			drain(t, q)
		}
		as := func(ws id.ID, r who.Role) context.Context {
			return who.With(ctx, who.Actor{Workspace: ws, Role: r})
		}
		dead, err := q.Dead(as(7, who.Admin))
		if err != nil || len(dead) != 2 || dead[0].Error != "b" || dead[1].Error != "a" || dead[0].Tries != 1 {
			t.Fatalf("dead: %+v, %v", dead, err)
		}
		if others, err := q.Dead(as(8, who.Admin)); err != nil || len(others) != 0 {
			t.Fatalf("another workspace sees %v, %v", others, err)
		}
		if err := q.Retry(as(8, who.Owner), dead[0].ID); !errs.Is(err, errs.NotFound) {
			t.Fatalf("another workspace retried: %v", err)
		}
		if _, err := q.Dead(as(7, who.Member)); !errs.Is(err, errs.Forbidden) {
			t.Fatalf("a member saw them: %v", err)
		}
		if err := q.Retry(as(7, who.Member), dead[0].ID); !errs.Is(err, errs.Forbidden) {
			t.Fatalf("a member retried: %v", err)
		}
		add(t, q, Add{Workspace: 7, Kind: "k", Key: "b"})
		if err := q.Retry(as(7, who.Admin), dead[0].ID); !errs.Is(err, errs.Conflict) {
			t.Fatalf("two of one key: %v", err)
		}
	})
}

func TestPanicCountsAsAnError(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := queue(d, c)
		runs := 0
		q.Handle("k", func(context.Context, Job) error {
			if runs++; runs == 1 {
				panic("oh")
			}
			return nil
		})
		add(t, q, Add{Kind: "k"})
		drain(t, q)
		if n := number(t, d, "SELECT tries FROM job WHERE state = 'ready' AND error = 'panic: oh'"); n != 1 {
			t.Fatalf("%d tries", n)
		}
		c.add(time.Minute)
		drain(t, q)
		if runs != 2 || count(t, d, "done") != 1 {
			t.Fatalf("%d runs", runs)
		}
	})
}

// A job that kills its process each time leaves nothing but expired leases.
func TestJobThatKillsItsWorkersDies(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := queue(d, c)
		q.Handle("k", nothing)
		add(t, q, Add{Workspace: 7, Kind: "k"})
		for range maxTries {
			claimOne(t, q)
			c.add(q.leaseFor + time.Second)
		}
		drain(t, q)
		if count(t, d, "dead") != 1 || number(t, d, "SELECT finished_at FROM job") != db.Micros(c.now()) {
			t.Fatal("it lives on")
		}
	})
}

func TestErrorTextIsCleanedAndCut(t *testing.T) {
	long := make([]byte, 5000)
	for i := range long {
		long[i] = "あ"[i%3]
	}
	if got := clean(string(long)); len(got) != 3999 {
		t.Fatalf("%d bytes", len(got))
	}
}
