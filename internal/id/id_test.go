package id

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTextForms(t *testing.T) {
	for _, bad := range []string{"", "0", "-1", "+1", "01", " 1", "1 ", "9223372036854775808", "1.0", "１", "x"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	var got struct{ A, B ID }
	if err := json.Unmarshal([]byte(`{"A":"9007199254740993","B":null}`), &got); err != nil {
		t.Fatal(err)
	}
	out, _ := json.Marshal(got)
	if string(out) != `{"A":"9007199254740993","B":null}` {
		t.Fatalf("got %s", out)
	}
	if json.Unmarshal([]byte(`{"A":12}`), &got) == nil {
		t.Fatal("a JSON number was accepted as an id")
	}
}

func TestDatabaseForms(t *testing.T) {
	if v, _ := ID(0).Value(); v != nil {
		t.Fatalf("none is stored as %v", v)
	}
	i := ID(7)
	if err := i.Scan(nil); err != nil || i != 0 {
		t.Fatal("NULL is not none")
	}
	if err := i.Scan("7"); err == nil {
		t.Fatal("a text was scanned")
	}
}

// Ids never repeat and only go up, whatever the clock does.
func TestClockJumps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := int64(epochMs + 1_000_000)
		s := NewSource(3, 0, MaxMs)
		s.now = func() int64 { return now }
		last := ID(0)
		for range rapid.IntRange(1, 400).Draw(t, "ids") {
			now += rapid.Int64Range(-5000, 5000).Draw(t, "jump")
			v := s.New()
			if v <= last {
				t.Fatalf("%d after %d", v, last)
			}
			last = v
		}
	})
}

func TestFullMillisecondBorrowsTheNext(t *testing.T) {
	s := NewSource(1, 0, MaxMs)
	s.now = func() int64 { return epochMs + 5 }
	seen := map[ID]bool{}
	for range 10_000 {
		v := s.New()
		if seen[v] {
			t.Fatalf("%d came twice", v)
		}
		seen[v] = true
	}
}

func TestNextHolderStartsAboveTheFormerLimit(t *testing.T) {
	now := int64(epochMs + 5000)
	first := NewSource(9, 0, now+100)
	first.now = func() int64 { return now }
	a := first.New()
	second := NewSource(9, now+100, now+1000) // the clock has not moved
	second.now = first.now
	if b := second.New(); b <= a || b.Time().UnixMilli() < now+100 {
		t.Fatalf("%d may repeat an id of the former holder", b)
	}
}

func TestRunOutLease(t *testing.T) {
	now := int64(epochMs + 5000)
	s := NewSource(1, 0, now)
	s.now = func() int64 { return now }
	s.sleep = func(time.Duration) { s.Extend(now + 10) }
	s.New() // renewed while it waits
	s.sleep = func(time.Duration) {}
	now += 10
	defer func() {
		if recover() == nil {
			t.Fatal("an id was made outside the lease")
		}
	}()
	s.New()
}

func TestConcurrentIdsDiffer(t *testing.T) {
	s := NewSource(1, 0, MaxMs)
	var mu sync.Mutex
	seen := map[ID]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				v := s.New()
				mu.Lock()
				if seen[v] {
					t.Errorf("%d came twice", v)
				}
				seen[v] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}
