package job

import (
	"context"
	"sync"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/testkit"
)

// leave writes a piece of work and adds the job that sweeps it up.
func leave(ctx context.Context, tx *db.Tx, q *Queue) error {
	if err := q.AddIn(ctx, tx, Add{Kind: "sweep", Key: "all"}); err != nil {
		return err
	}
	_, err := db.Exec(ctx, tx, "INSERT INTO work (n) VALUES (1)")
	return err
}

// sweep reads the work and completes in one transaction.
func sweep(d *db.DB, between func()) Handler {
	return func(ctx context.Context, j Job) error {
		return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := db.Exec(ctx, tx, "DELETE FROM work"); err != nil {
				return err
			}
			between()
			return j.DoneIn(ctx, tx)
		})
	}
}

// Many writers add the same key beside the handler. Nothing may stay behind.
func TestWorkAddedWhileRunningIsNotMissed(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		exec(t, d, "CREATE TABLE work (n BIGINT NOT NULL)")
		q := queue(d, nil)
		q.poll = 20 * time.Millisecond
		q.Handle("sweep", sweep(d, func() {}))
		start(t, q)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for range 30 {
					if err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return leave(ctx, tx, q) }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		testkit.Eventually(t, "the last job ends", func() bool {
			return count(t, d, "ready")+count(t, d, "running") == 0
		})
		if n := number(t, d, "SELECT count(*) FROM work"); n != 0 || count(t, d, "dead") != 0 {
			t.Fatalf("%d pieces of work stayed behind", n)
		}
	})
}

// The same in the worst moment: after the handler has read.
func TestWorkAddedAfterTheHandlerHasRead(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		exec(t, d, "CREATE TABLE work (n BIGINT NOT NULL)")
		q := queue(d, nil)
		reads, left := 0, make(chan error, 1)
		q.Handle("sweep", sweep(d, func() {
			if reads++; reads > 1 {
				return
			}
			go func() {
				left <- d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return leave(ctx, tx, q) })
			}()
			if d.Postgres() { // on SQLite it has to wait for us
				if err := <-left; err != nil {
					t.Error(err)
				}
			}
		}))
		add(t, q, Add{Kind: "sweep", Key: "all"})
		drain(t, q)
		if !d.Postgres() {
			if err := <-left; err != nil {
				t.Fatal(err)
			}
			drain(t, q)
		}
		if n := number(t, d, "SELECT count(*) FROM work"); n != 0 || reads != 2 {
			t.Fatalf("%d pieces of work stayed behind after %d reads", n, reads)
		}
	})
}

// A ready job is not claimed while a transaction that counts on it is open:
// its handler could not see what that transaction wrote.
func TestReadyJobWaitsForThoseWhoAddIt(t *testing.T) {
	d := testkit.Postgres(t) // on SQLite a claim waits for every writer
	q := queue(d, nil)
	q.Handle("k", nothing)
	add(t, q, Add{Kind: "k", Key: "a"})
	inTx(t, d, func(inner context.Context, tx *db.Tx) error {
		if err := q.AddIn(inner, tx, Add{Kind: "k", Key: "a"}); err != nil {
			return err
		}
		if jobs, err := q.claim(ctx, 1); err != nil || len(jobs) != 0 {
			t.Errorf("claimed %d, %v", len(jobs), err)
		}
		return nil
	})
	claimOne(t, q)
}

func TestClaimsSeeRowsAsTheyAreNow(t *testing.T) {
	q := queue(testkit.Postgres(t), nil)
	err := q.fresh(ctx, func(ctx context.Context, tx *db.Tx) error {
		level, _, err := db.One(ctx, tx, db.Value[string], "SHOW transaction_isolation")
		if level != "read committed" {
			t.Errorf("isolation is %q", level)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
