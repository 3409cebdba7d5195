package cal

import (
	"testing"

	"pgregory.net/rapid"
)

func TestBusiness(t *testing.T) {
	for d, want := range map[Date]bool{
		"2024-04-01": true,
		"2024-04-06": false, // Saturday
		"2024-05-06": false, // substitute holiday
		"2024-12-27": true,
		"2024-12-30": false, // year-end closing
		"2025-01-03": false,
		"2025-01-06": true,
		"2029-02-12": false, // beyond the table
		"":           false,
	} {
		if got := Japan().Business(d); got != want {
			t.Errorf("Business(%q) = %v", d, got)
		}
	}
}

func TestAdd(t *testing.T) {
	for _, c := range []struct {
		d    Date
		n    int
		want Date
	}{
		{"2024-04-26", 1, "2024-04-30"},
		{"2024-05-02", 1, "2024-05-07"},
		{"2024-12-27", 1, "2025-01-06"},
		{"2025-01-06", -1, "2024-12-27"},
		{"2024-05-04", 0, "2024-05-04"},
		{"2024-05-04", -1, "2024-05-02"},
		{"", 3, ""},
		{"9999-12-30", 5, ""},
		{"0001-01-04", -5, ""},
	} {
		if got := Japan().Add(c.d, c.n); got != c.want {
			t.Errorf("Add(%q, %d) = %q, want %q", c.d, c.n, got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	j := Japan()
	if a, b := j.OnOrAfter("2024-05-03"), j.OnOrBefore("2024-05-03"); a != "2024-05-07" || b != "2024-05-02" {
		t.Error(a, b)
	}
	if a, b := j.OnOrAfter("2024-05-07"), j.OnOrBefore("2024-05-07"); a != b || a != "2024-05-07" {
		t.Error(a, b)
	}
	if j.OnOrAfter("") != "" || j.OnOrBefore("") != "" {
		t.Error("unknown became known")
	}
}

func TestBetween(t *testing.T) {
	for _, c := range []struct {
		a, b Date
		want int
	}{
		{"2024-05-02", "2024-05-07", 1},
		{"2024-05-07", "2024-05-02", -1},
		{"2024-05-03", "2024-05-06", 0},
		{"2024-04-01", "2024-04-01", 0},
		{"", "2024-04-01", 0},
	} {
		if got := Japan().Between(c.a, c.b); got != c.want {
			t.Errorf("Between(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestWith(t *testing.T) {
	own := Japan().With("2024-08-13", "2024-08-14", "")
	more := own.With("2024-08-15")
	if got := more.Add("2024-08-09", 1); got != "2024-08-16" {
		t.Error(got)
	}
	if own.Business("2024-08-14") || !own.Business("2024-08-15") || !Japan().Business("2024-08-14") {
		t.Error("With changed another calendar")
	}
}

func TestAddAndBack(t *testing.T) {
	c := Japan().With("2031-08-13", "2031-08-14")
	rapid.Check(t, func(t *rapid.T) {
		d, n := nearDay.Draw(t, "d"), rapid.IntRange(-300, 300).Draw(t, "n")
		there := c.Add(d, n)
		back := c.Add(there, -n)
		if n != 0 && (!c.Business(there) || !c.Business(back)) {
			t.Fatalf("%s + %d = %s, back %s: not business days", d, n, there, back)
		}
		if c.Business(d) && back != d {
			t.Fatalf("%s + %d = %s, back %s", d, n, there, back)
		}
		if c.Business(d) && c.Between(d, there) != n {
			t.Fatalf("Between(%s, %s) = %d, want %d", d, there, c.Between(d, there), n)
		}
	})
}

func TestAddKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, n := nearDay.Draw(t, "a"), rapid.IntRange(1, 60).Draw(t, "n")
		b := a.AddDays(rapid.IntRange(0, 30).Draw(t, "later"))
		j := Japan()
		if j.Add(a, n) > j.Add(b, n) || j.Add(a, -n) > j.Add(b, -n) || j.Add(a, n) <= a || j.Add(a, -n) >= a {
			t.Fatalf("%s, %s by %d: order lost", a, b, n)
		}
		if before, after := j.OnOrBefore(a), j.OnOrAfter(a); before > a || after < a {
			t.Fatalf("%s: before %s, after %s", a, before, after)
		}
	})
}

func TestAddAllocatesOnce(t *testing.T) {
	few := testing.AllocsPerRun(10, func() { Japan().Add("2024-04-01", 1) })
	many := testing.AllocsPerRun(10, func() { Japan().Add("2027-04-01", 250) })
	if many > few {
		t.Errorf("250 days: %v allocations, 1 day: %v", many, few)
	}
}

func BenchmarkAddYear(b *testing.B) {
	for b.Loop() {
		Japan().Add("2027-04-01", 250)
	}
}
