package cal

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anyDay draws a day of the whole calendar.
var anyDay = rapid.Custom(func(t *rapid.T) Date {
	return fromNum(rapid.IntRange(minNum, maxNum).Draw(t, "day"))
})

// nearDay draws a day far from the calendar's ends, where Add has room.
var nearDay = rapid.Custom(func(t *rapid.T) Date {
	return Date("1990-01-01").AddDays(rapid.IntRange(0, 40000).Draw(t, "day"))
})

func TestValid(t *testing.T) {
	for d, want := range map[Date]bool{
		"2024-02-29": true, "0001-01-01": true, "9999-12-31": true,
		"": false, "2023-02-29": false, "2024-13-01": false, "0000-01-01": false,
		"2024-4-01": false, "2024/04/01": false, "20a4-04-01": false, "2024-04-011": false,
	} {
		if d.Valid() != want {
			t.Errorf("%q: Valid = %v", d, !want)
		}
	}
}

func TestUnknownAnswersNothing(t *testing.T) {
	for _, d := range []Date{"", "2024-02-30"} {
		if d.AddDays(1) != "" || d.AddMonths(1) != "" || !d.Time().IsZero() ||
			d.DaysUntil("2024-01-01") != 0 || Date("2024-01-01").DaysUntil(d) != 0 ||
			d.Year()+d.Month()+d.Day()+int(d.Weekday()) != 0 {
			t.Errorf("%q answered", d)
		}
	}
	if !Date("").IsZero() || Date("2024-01-01").IsZero() {
		t.Error("IsZero")
	}
}

func TestAddMonths(t *testing.T) {
	for _, c := range []struct {
		d    Date
		n    int
		want Date
	}{
		{"2024-01-31", 1, "2024-02-29"},
		{"2023-01-31", 1, "2023-02-28"},
		{"2024-03-31", -1, "2024-02-29"},
		{"2024-12-15", 1, "2025-01-15"},
		{"2024-02-29", 12, "2025-02-28"},
		{"2024-01-01", -13, "2022-12-01"},
		{"0001-01-01", -1, ""},
		{"9999-12-01", 1, ""},
		{"2024-01-01", 1 << 62, ""},
	} {
		if got := c.d.AddMonths(c.n); got != c.want {
			t.Errorf("%s + %d months = %q, want %q", c.d, c.n, got, c.want)
		}
	}
}

func TestAddDays(t *testing.T) {
	if got := Date("2024-02-28").AddDays(2); got != "2024-03-01" {
		t.Error(got)
	}
	for _, n := range []int{-1, 1 << 62, -1 << 63} {
		if got := Date("0001-01-01").AddDays(n); got != "" {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestOf(t *testing.T) {
	at := time.Date(2024, 3, 31, 15, 0, 0, 0, time.UTC)
	if got := Of(at.In(time.FixedZone("JST", 9*3600))); got != "2024-04-01" || Of(at) != "2024-03-31" {
		t.Error(got)
	}
}

func TestDaysAreADayApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyDay.Draw(t, "a"), anyDay.Draw(t, "b")
		n := a.DaysUntil(b)
		if a.AddDays(n) != b || (n > 0) != (a < b) {
			t.Fatalf("%s to %s: %d days", a, b, n)
		}
		if Of(a.Time()) != a || a.Weekday() != a.Time().Weekday() {
			t.Fatalf("%s: %s %s", a, a.Time(), a.Weekday())
		}
		if d, ok := New(a.Year(), a.Month(), a.Day()); !ok || d != a {
			t.Fatalf("%s: New gives %q", a, d)
		}
	})
}
