package fulltext

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
)

// A walk gives every row that meets the condition, once and the newest first,
// however hits lie: near each other, far apart, in heaps, and before and after
// the range.
func TestWalk(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		full := Of(d)
		want := fillIndex(t, d, full)
		for word, rows := range want {
			for _, r := range [][2]int64{{EveryRow, LastRow}, {rows[len(rows)/2], LastRow}, {rows[len(rows)-1], rows[len(rows)/3]}} {
				var got, expect []int64
				for _, v := range rows {
					if r[0] <= v && v < r[1] {
						expect = append(expect, v)
					}
				}
				w := NewWalk(1, full.Combine(And, []string{full.Tag(word)}), r[0], r[1])
				for done, n := false, 1; !done; n = min(3*n, 700) {
					rows, end, err := full.Next(context.Background(), d, w, n)
					if err != nil {
						t.Fatal(err)
					}
					if !end && len(rows) > 0 && w.To > rows[len(rows)-1] {
						t.Fatalf("%s: the Walk stands at %d, above %d, which it gave", word, w.To, rows[len(rows)-1])
					}
					got, done = append(got, rows...), end
				}
				if !slices.Equal(got, expect) {
					t.Errorf("%s in %v: %d rows, want %d; in order %v", word, r, len(got), len(expect), slices.IsSortedFunc(got, func(a, b int64) int { return int(b - a) }))
				}
			}
		}
	})
}

// What is frequent is told from what is rare, and of both some rows are given.
func TestSample(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		full := Of(d)
		want := fillIndex(t, d, full)
		words := []string{"every", "third", "heap", "old", "once", "none"}
		conds := make([]string, len(words))
		for i, w := range words {
			conds[i] = full.Tag(w)
		}
		found, err := full.Sample(context.Background(), d, Span{Workspace: 1, From: EveryRow, To: LastRow}, float64(len(want["every"])), conds, 500)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range found {
			many := max(float64(len(s.Rows)), s.Many)
			if n := len(want[words[i]]); n <= 500 && len(s.Rows) != n || n > 5000 && many <= 500 {
				t.Errorf("%s: %d rows, said to be %.0f; there are %d", words[i], len(s.Rows), many, n)
			}
			for _, r := range s.Rows {
				if !slices.Contains(want[words[i]], r) {
					t.Fatalf("%s: row %d does not hold it", words[i], r)
				}
			}
		}
	})
}

// fillIndex writes 20,000 rows of three years and gives those of each word, the
// newest first.
func fillIndex(t *testing.T, d *db.DB, full Engine) map[string][]int64 {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	start := FirstRow(time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC))
	all := make([]Entry, 20_000)
	want := map[string][]int64{}
	for i := range all {
		all[i] = Entry{Workspace: 1, Kind: "note", Ref: id.ID(i + 1), Parts: 1, ID: start + int64(i)*4700<<slotBits}
		if i/6000 == 1 {
			all[i].ID = start + 6000*4700<<slotBits + int64(i-6000) // six thousand within seconds
		}
		words := []string{"every"}
		for word, holds := range map[string]bool{"third": i%3 == 0, "some": r.IntN(60) == 0, "rare": r.IntN(2000) == 0, "once": i == 7,
			"heap": i/6000 == 1, "old": i < 4000 && i%2 == 0, "new": i > 19_500} {
			if holds {
				words = append(words, word)
			}
		}
		all[i].Tags = words
		for _, w := range words {
			want[w] = append(want[w], all[i].ID)
		}
	}
	for _, list := range want {
		slices.SortFunc(list, func(a, b int64) int { return int(b - a) })
	}
	for part := range slices.Chunk(all, 1000) {
		if err := d.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return full.Insert(ctx, tx, part) }); err != nil {
			t.Fatal(fmt.Errorf("fill: %w", err))
		}
	}
	return want
}

func TestCover(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		from := r.Int64N(1<<45) - 1<<44
		to := from + 1 + r.Int64N(farthest)
		tags := cover(from, to)
		if len(tags) == 0 || len(tags) > mostSlots {
			t.Fatalf("%d tags for [%d, %d)", len(tags), from, to)
		}
		for _, row := range []int64{from, to - 1, from + r.Int64N(to-from)} {
			if !slices.ContainsFunc(slotsOf(row), func(tag string) bool { return slices.Contains(tags, tag) }) {
				t.Fatalf("[%d, %d): row %d has none of %v", from, to, row, tags)
			}
		}
	}
	if cover(0, farthest*8) != nil {
		t.Error("a range of many slots is asked for without")
	}
}
