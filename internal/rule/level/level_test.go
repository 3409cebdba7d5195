package level_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/cal"
	"kizuki/internal/rule/level"
)

var japan = cal.Japan()

func desk(today cal.Date, budget int) level.Desk {
	return level.Desk{Today: today, Budget: budget, Business: japan.Business}
}

func TestFortyOnOneDay(t *testing.T) {
	var items []level.Item
	for i := range 40 {
		items = append(items, level.Item{ID: fmt.Sprintf("c%02d", i), Due: "2026-03-31", Minutes: 10})
	}
	d := desk("2026-01-05", 15)
	plan := level.Plan(d, items)
	day := cal.Date("2026-03-31")
	for i := range 40 { // one a day, back from the last, c00 the latest
		if got := plan[fmt.Sprintf("c%02d", i)]; got != day {
			t.Fatalf("c%02d stands on %s, not on %s", i, got, day)
		}
		day = japan.Add(day, -1)
	}
}

func TestPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		today    cal.Date
		standing map[cal.Date]int
		items    []level.Item
		want     string // days in the order of the items
	}{
		"alone it waits for its day":                    {"2026-03-02", nil, []level.Item{{"a", "2026-03-10", 10}}, "[03-10]"},
		"a Sunday is the Friday before":                 {"2026-03-02", nil, []level.Item{{"a", "2026-03-08", 10}}, "[03-06]"},
		"a holiday is the day before":                   {"2026-03-02", nil, []level.Item{{"a", "2026-03-20", 10}}, "[03-19]"},
		"late is today":                                 {"2026-03-02", nil, []level.Item{{"a", "2026-02-10", 10}}, "[03-02]"},
		"no business day left is today":                 {"2026-03-07", nil, []level.Item{{"a", "2026-03-08", 10}}, "[03-07]"},
		"due latest stays latest":                       {"2026-03-02", nil, []level.Item{{"a", "2026-03-05", 10}, {"b", "2026-03-06", 10}, {"c", "2026-03-06", 10}}, "[03-04 03-06 03-05]"},
		"what stands there takes room":                  {"2026-03-02", map[cal.Date]int{"2026-03-06": 10, "2026-03-05": 5}, []level.Item{{"a", "2026-03-06", 10}}, "[03-05]"},
		"what stood before stands today":                {"2026-03-02", map[cal.Date]int{"2026-02-20": 10}, []level.Item{{"a", "2026-03-02", 5}, {"b", "2026-03-03", 15}, {"c", "2026-03-03", 5}}, "[03-02 03-03 03-03]"},
		"what stands on a Saturday is there on Monday":  {"2026-03-02", map[cal.Date]int{"2026-03-07": 15}, []level.Item{{"a", "2026-03-09", 5}}, "[03-06]"},
		"larger than the budget: a day of its own":      {"2026-03-02", nil, []level.Item{{"a", "2026-03-06", 30}, {"b", "2026-03-06", 30}, {"c", "2026-03-06", 5}}, "[03-06 03-05 03-04]"},
		"too much: today keeps to the budget":           {"2026-03-02", nil, []level.Item{{"a", "2026-03-03", 15}, {"b", "2026-03-03", 15}, {"c", "2026-03-03", 15}, {"d", "2026-03-03", 15}}, "[03-03 03-02 03-03 03-03]"},
		"too much today has no other day":               {"2026-03-02", nil, []level.Item{{"a", "2026-03-02", 15}, {"b", "2026-03-02", 15}, {"c", "2026-03-04", 15}, {"d", "2026-03-04", 15}}, "[03-02 03-02 03-04 03-03]"},
		"what could wait takes no place of what cannot": {"2026-03-02", nil, []level.Item{{"a", "2026-03-02", 10}, {"b", "2026-03-03", 10}, {"c", "2026-03-03", 10}}, "[03-02 03-03 03-03]"},
		"too much is spread":                            {"2026-03-02", nil, []level.Item{{"a", "2026-03-04", 15}, {"b", "2026-03-04", 15}, {"c", "2026-03-04", 15}, {"d", "2026-03-04", 15}, {"e", "2026-03-04", 15}}, "[03-04 03-03 03-02 03-04 03-03]"},
	} {
		d := desk(c.today, 15)
		d.Standing = c.standing
		plan := level.Plan(d, c.items)
		var got []string
		for _, it := range c.items {
			got = append(got, string(plan[it.ID][5:]))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func draw(r *rapid.T, most int, sizes ...int) (level.Desk, []level.Item) {
	d := desk(cal.Date("2026-04-20").AddDays(rapid.IntRange(0, 30).Draw(r, "today")), rapid.SampledFrom([]int{10, 15, 20}).Draw(r, "budget"))
	d.Standing = map[cal.Date]int{}
	for range rapid.IntRange(0, 3).Draw(r, "standing") {
		d.Standing[d.Today.AddDays(rapid.IntRange(-3, 9).Draw(r, "on"))] = rapid.IntRange(0, 25).Draw(r, "minutes")
	}
	var items []level.Item
	for i := range rapid.IntRange(0, most).Draw(r, "items") {
		items = append(items, level.Item{ID: fmt.Sprintf("i%02d", i), Due: d.Today.AddDays(rapid.IntRange(-2, 12).Draw(r, "due")),
			Minutes: rapid.SampledFrom(sizes).Draw(r, "size")})
	}
	return d, items
}

// loads is what each day holds with the plan; what stood before today stands
// today, and what stands on a closed day when work begins again.
func loads(d level.Desk, items []level.Item, plan map[string]cal.Date) map[cal.Date]int {
	out := map[cal.Date]int{}
	for on, n := range d.Standing {
		out[japan.OnOrAfter(max(on, d.Today))] += n
	}
	for _, it := range items {
		out[plan[it.ID]] += it.Minutes
	}
	return out
}

func TestNeverPastDueNeverBeforeToday(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d, items := draw(r, 40, 0, 5, 10, 15, 30)
		plan := level.Plan(d, items)
		for _, it := range items {
			day := plan[it.ID]
			if day < d.Today || day > max(it.Due, d.Today) {
				r.Fatalf("%v on %s, today is %s", it, day, d.Today)
			}
			if !japan.Business(day) && day != d.Today {
				r.Fatalf("%v on %s, when nobody works", it, day)
			}
			if !japan.Business(day) && japan.OnOrAfter(day) <= it.Due {
				r.Fatalf("%v on %s though %s is open", it, day, japan.OnOrAfter(day))
			}
		}
		again := slices.Clone(items)
		slices.Reverse(again)
		if !maps.Equal(plan, level.Plan(d, again)) {
			r.Fatal("the order of the input changed the plan")
		}
		if len(items) > 0 && plan[items[0].ID] > max(items[0].Due, d.Today) {
			r.Fatal(items[0])
		}
	})
}

// feasible asks, for items of one size, by the earliest due day first: fill
// each day from today on with what is due soonest.
func feasible(d level.Desk, items []level.Item) bool {
	left := slices.Clone(items)
	slices.SortFunc(left, func(a, b level.Item) int { return int(dayNumber(a.Due) - dayNumber(b.Due)) })
	stands := loads(d, nil, nil)
	for day := d.Today; len(left) > 0; day = day.AddDays(1) {
		if left[0].Due < day {
			return false
		}
		if !japan.Business(day) {
			continue
		}
		for room := d.Budget - stands[day]; len(left) > 0 && room >= left[0].Minutes; left = left[1:] {
			room -= left[0].Minutes
		}
	}
	return true
}

func dayNumber(d cal.Date) int64 { return d.Time().Unix() / 86400 }

// packable tries every place for every item.
func packable(d level.Desk, items []level.Item, stands map[cal.Date]int) bool {
	if len(items) == 0 {
		return true
	}
	it := items[0]
	for day := d.Today; day <= it.Due; day = day.AddDays(1) {
		if !japan.Business(day) || stands[day]+it.Minutes > d.Budget {
			continue
		}
		stands[day] += it.Minutes
		ok := packable(d, items[1:], stands)
		stands[day] -= it.Minutes
		if ok {
			return true
		}
	}
	return false
}

func keepsBudget(d level.Desk, items []level.Item) error {
	plan := level.Plan(d, items)
	for day, n := range loads(d, items, plan) {
		used := n - loads(d, nil, nil)[day]
		if used > 0 && n > d.Budget {
			return fmt.Errorf("%d minutes on %s: %v", n, day, plan)
		}
	}
	return nil
}

func TestBudgetIsKeptWhereItCanBe(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		size := rapid.SampledFrom([]int{1, 4, 5, 7, 10}).Draw(r, "one size")
		d, items := draw(r, 30, size)
		if !feasible(d, items) {
			return
		}
		if err := keepsBudget(d, items); err != nil {
			r.Fatal(err)
		}
	})
}

func TestBudgetIsKeptWithMixedSizes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d, items := draw(r, 7, 3, 4, 5, 6, 7, 8, 10)
		if !packable(d, items, loads(d, nil, nil)) {
			return
		}
		if err := keepsBudget(d, items); err != nil {
			r.Fatal(err)
		}
	})
}

// However much there is, today takes no more than the budget but for what can
// stand on no later day.
func TestTodayKeepsToTheBudget(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d, items := draw(r, 60, 5, 10, 15)
		d.Budget = 15
		plan := level.Plan(d, items)
		must, could := 0, 0
		for _, it := range items {
			switch next := japan.Add(d.Today, 1); {
			case plan[it.ID] != d.Today:
			case it.Due < next:
				must += it.Minutes
			default:
				could += it.Minutes
			}
		}
		stands := loads(d, nil, nil)[d.Today]
		if could > 0 && could+must+stands > d.Budget {
			r.Fatalf("%d + %d + %d minutes today", stands, must, could)
		}
	})
}

// One more item moves nothing past its due day, and what stays latest stays.
func TestOneMoreItem(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d, items := draw(r, 30, 5)
		if len(items) == 0 {
			return
		}
		plan := level.Plan(d, items)
		for _, it := range items[:len(items)-1] {
			if plan[it.ID] > max(it.Due, d.Today) {
				r.Fatal(it, plan[it.ID])
			}
		}
		if !feasible(d, items) {
			return
		}
		for _, a := range items {
			for _, b := range items {
				if japan.OnOrBefore(a.Due) < japan.OnOrBefore(b.Due) && plan[a.ID] > plan[b.ID] {
					r.Fatalf("%v on %s after %v on %s", a, plan[a.ID], b, plan[b.ID])
				}
			}
		}
	})
}

func TestManyAreQuick(t *testing.T) {
	d := desk("2026-01-05", 15)
	var items []level.Item
	for i := range 20_000 {
		items = append(items, level.Item{ID: fmt.Sprintf("%05d", i), Due: d.Today.AddDays(i % 90), Minutes: 5 + i%3*5})
	}
	if plan := level.Plan(d, items); len(plan) != len(items) {
		t.Error(len(plan))
	}
}
