package throttle

import (
	"context"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/testkit"
)

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "": "", "office": "",
		"2001:db8::1": "2001:db8::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := Network(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestCounting(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		ctx, now := context.Background(), time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
		limits := []Limit{{"a", 2}, {"b", 5}}
		for i := range 3 {
			if err := Count(ctx, d, now, limits); errs.Is(err, errs.Limited) != (i == 2) {
				t.Errorf("try %d: %v", i, err)
			}
		}
		if n, _, err := tries(ctx, d, "b"); n != 2 || err != nil {
			t.Error("what was refused is counted in others:", n, err)
		}
		if err := Count(ctx, d, now.Add(Window), limits); err != nil {
			t.Error("after the window:", err)
		}
	})
}
