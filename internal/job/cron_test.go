package job

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/testkit"
)

func TestCronRunsEachSlotOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock() // 09:00 UTC = 18:00 in Tokyo
		tokyo, err := time.LoadLocation("Asia/Tokyo")
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var slots []string
		a, b := queue(d, c), queue(d, c)
		for _, q := range []*Queue{a, b} {
			q.Cron("evening", "30 18 * * *", tokyo, "digest")
			q.Handle("digest", func(_ context.Context, j Job) error {
				var s Slot
				if err := json.Unmarshal(j.Payload, &s); err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				slots = append(slots, s.Slot.Format("01-02 15:04 -0700"))
				return nil
			})
		}
		both := func() []string {
			var wg sync.WaitGroup
			wg.Go(func() { a.tick(ctx) })
			wg.Go(func() { b.tick(ctx) })
			wg.Wait()
			a.tick(ctx) // a tick that failed comes again
			b.tick(ctx)
			drain(t, a)
			got := slots
			slots = nil
			return got
		}
		want := func(when string, slot ...string) {
			t.Helper()
			got := both()
			if len(got) != len(slot) || len(got) == 1 && got[0] != slot[0] {
				t.Fatalf("%s: ran %q, want %q", when, got, slot)
			}
		}
		want("seen for the first time")
		c.add(29 * time.Minute)
		want("too early")
		c.add(time.Minute)
		want("on time", "04-01 18:30 +0900")
		want("again")
		c.add(24 * time.Hour)
		want("next day", "04-02 18:30 +0900")
		c.add(10*24*time.Hour + time.Hour)
		want("ten days down: one for the latest", "04-12 18:30 +0900")
		want("and no more")
		c.add(-48 * time.Hour)
		want("the clock went back")
	})
}

func TestCronAfterARestart(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		runs := 0
		for range 3 { // a process each, an hour apart
			q := queue(d, c)
			q.Cron("often", "*/5 * * * *", time.UTC, "k")
			q.Handle("k", func(context.Context, Job) error { runs++; return nil })
			q.tick(ctx)
			drain(t, q)
			c.add(time.Hour)
		}
		if runs != 2 {
			t.Fatalf("%d runs, want one catch-up at each restart", runs)
		}
	})
}

func TestCronAsksTheDatabaseOnlyWhenDue(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		q := queue(d, newClock())
		q.tick(ctx)
		counted, n := db.Counting(ctx)
		q.tick(counted)
		if n.Load() != 0 {
			t.Fatalf("%d statements", n.Load())
		}
	})
}

func TestCronRefusesNonsense(t *testing.T) {
	q := queue(testkit.SQLite(t), nil)
	for _, spec := range []string{"", "61 * * * *", "0 0 30 2 *"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was accepted", spec)
				}
			}()
			q.Cron("c", spec, nil, "k")
		}()
	}
}

func TestCleanup(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		q := queue(d, c)
		q.Handle("k", nothing)
		q.Handle("bad", func(context.Context, Job) error { return Never(context.DeadlineExceeded) })
		q.tick(ctx) // the clean-up is known from here on
		add(t, q, Add{Kind: "k"})
		add(t, q, Add{Kind: "bad"})
		add(t, q, Add{Kind: "k", RunAt: c.now().Add(1000 * time.Hour * 24)})
		drain(t, q)
		left := func(after time.Duration) [3]int64 {
			c.add(after)
			q.tick(ctx)
			drain(t, q)
			return [3]int64{count(t, d, "done"), count(t, d, "dead"), count(t, d, "ready")}
		}
		if got := left(23 * time.Hour); got != [3]int64{1, 1, 1} {
			t.Fatalf("after 23 hours %v", got)
		}
		if got := left(2 * time.Hour); got != [3]int64{0, 1, 1} {
			t.Fatalf("after 25 hours %v", got)
		}
		if got := left(88 * 24 * time.Hour); got != [3]int64{0, 1, 1} {
			t.Fatalf("after 89 days %v", got)
		}
		if got := left(2 * 24 * time.Hour); got != [3]int64{0, 0, 1} {
			t.Fatalf("after 91 days %v", got)
		}
	})
}
