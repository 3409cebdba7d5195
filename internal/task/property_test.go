package task_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
)

// TestPagesTogetherAreTheList: whatever the days and the page size, the pages
// hold each task once, in order.
func TestPagesTogetherAreTheList(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		rapid.Check(t, func(r *rapid.T) {
			w := newWorld(t, d)
			days := rapid.SliceOfN(rapid.SampledFrom([]cal.Date{"", "2026-02-28", "2026-03-01", "2028-02-29"}), 0, 12).Draw(r, "days")
			var want []string
			for i, due := range days {
				w.create(task.New{Title: fmt.Sprint(i), Due: due})
				order := string(due)
				if due == "" {
					order = "9999"
				}
				want = append(want, fmt.Sprintf("%s/%02d", order, i))
			}
			slices.Sort(want)
			var got []string
			q := task.Query{Limit: rapid.IntRange(1, 5).Draw(r, "limit")}
			for {
				p, err := w.List(w.ctx, q)
				if err != nil {
					r.Fatal(err)
				}
				for _, it := range p.Items {
					order := string(it.Due)
					if order == "" {
						order = "9999"
					}
					got = append(got, order+"/"+strings.Repeat("0", 2-len(it.Title))+it.Title)
				}
				if q.Cursor = p.Next; q.Cursor == "" {
					break
				}
			}
			if !slices.Equal(got, want) {
				r.Fatalf("%v, want %v", got, want)
			}
		})
	})
}

// TestManyHandsAtOnce: of many who are done with a task at once, one is.
func TestManyHandsAtOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		made := w.create(task.New{Contract: w.minato, Title: "a"})
		s := task.NewService(d, bus.New(), nil)
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := map[task.State]int{}
		for i := range 8 {
			wg.Go(func() {
				var got task.Task
				var err error
				if i%2 == 0 {
					got, err = s.Done(w.ctx, made.ID, "", false)
				} else {
					got, err = s.Skip(w.ctx, made.ID, "いらない")
				}
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done[got.State]++
				}
			})
		}
		wg.Wait()
		if it := w.get(made.ID); it.Task.Version != 2 || len(done) != 1 || done[it.State] != 4 {
			t.Error(it.State, it.Task.Version, done)
		}
	})
}
