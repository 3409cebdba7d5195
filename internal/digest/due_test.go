package digest

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"kizuki/internal/cal"
)

// Over a whole day the message is due at some moment unless the quiet hours
// cover all that is left of it, and never in them or before its hour.
func TestDue(t *testing.T) {
	hours := rapid.IntRange(0, 23)
	rapid.Check(t, func(t *rapid.T) {
		c := Choice{Way: ByMail, Hour: hours.Draw(t, "hour"), QuietFrom: hours.Draw(t, "from"), QuietTo: hours.Draw(t, "to")}
		day := time.Date(2026, 2, 16, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 400).Draw(t, "day"))
		quiet := map[int]bool{}
		for h := c.QuietFrom; h != c.QuietTo; h = (h + 1) % 24 {
			quiet[h] = true
		}
		for h := range 24 {
			at := day.Add(time.Duration(h)*time.Hour + time.Minute)
			want := cal.Japan().Business(cal.Of(at)) && h >= c.Hour && !quiet[h]
			if got := c.due(at, cal.Japan()); got != want {
				t.Fatalf("%+v at %s: %v", c, at, got)
			}
		}
		if c.Way = None; c.due(day.Add(12*time.Hour), cal.Japan()) {
			t.Fatal("who wants none")
		}
	})
}
