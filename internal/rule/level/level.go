// Package level spreads what has a due day over the business days before it,
// so that no day holds more than a budget of minutes. It knows no database.
package level

import (
	"cmp"
	"slices"
	"sort"

	"kizuki/internal/cal"
)

// Item is something that has to be done by a day.
type Item struct {
	ID      string // tells items apart and orders what is otherwise equal
	Due     cal.Date
	Minutes int
}

// Desk is what an owner's days look like before anything is planned.
type Desk struct {
	Today    cal.Date
	Budget   int              // minutes a business day holds, 1 or more
	Standing map[cal.Date]int // minutes there already; earlier days count for today
	Business func(cal.Date) bool
}

// Plan gives each item the day it comes up on, the same for the same input:
//
//   - never after its due day and never before today; what is late, or has no
//     business day left, comes up today;
//   - on a business day, as late as there is room, those due latest staying
//     latest. What is larger than the budget takes a day for itself;
//   - no day over the budget if all can stand within it. For items of one size
//     that is exact; for mixed ones a search tries as far as searchLimit;
//   - what does not fit goes to the least loaded day before it is due: to today
//     only if there is no later one.
func Plan(desk Desk, items []Item) map[string]cal.Date {
	out := make(map[string]cal.Date, len(items))
	t := newTable(desk, items)
	if t.wide {
		t.place()
	}
	for _, p := range t.list {
		if out[p.ID] = desk.Today; p.day >= 0 {
			out[p.ID] = t.days[p.day]
		}
	}
	return out
}

// placed is an item with its place: indexes of days, -1 for today when today is
// no business day, unset for not yet.
type placed struct {
	Item
	size int // what it takes of a day's budget
	last int // the latest day it may stand on
	day  int
}

const unset = -2

// table is the business days from today on, and what stands on them.
type table struct {
	days  []cal.Date
	room  []int // minutes left of the budget
	load  []int // minutes in all
	list  []*placed
	first int // the earliest day that is not today
	wide  bool
}

func newTable(desk Desk, items []Item) *table {
	t := &table{}
	end := desk.Today
	for _, it := range items {
		end = max(end, it.Due)
	}
	for d := desk.Today; d <= end; d = d.AddDays(1) {
		if desk.Business(d) {
			t.days = append(t.days, d)
		}
	}
	t.wide = len(t.days) > 0
	t.room, t.load = make([]int, len(t.days)), make([]int, len(t.days))
	if t.wide && t.days[0] == desk.Today {
		t.first = 1
	}
	for d, n := range desk.Standing { // on a closed day: there when work begins again
		if i := sort.Search(len(t.days), func(i int) bool { return t.days[i] >= d }); i < len(t.days) {
			t.load[i] += n
		}
	}
	for i := range t.room {
		t.room[i] = max(0, desk.Budget-t.load[i])
	}
	for _, it := range items {
		last := sort.Search(len(t.days), func(i int) bool { return t.days[i] > it.Due }) - 1
		p := &placed{Item: it, size: min(it.Minutes, desk.Budget), last: last, day: unset}
		if last < 0 && t.first == 1 {
			p.last = 0 // late: today, if today is a business day
		} else if last < 0 {
			p.day = -1
		}
		t.list = append(t.list, p)
	}
	return t
}

// place finds everything its day. What can stand on no day but the first comes
// before all: nothing that could wait takes its room.
func (t *table) place() {
	for _, p := range t.list {
		if p.day == unset && p.last == 0 {
			t.put(p, 0)
		}
	}
	fits, over := t.choose()
	slices.SortFunc(fits, latestFirst)
	var left []*placed
	for _, p := range fits {
		if !t.fit(p) {
			left = append(left, p)
		}
	}
	if len(left) > 0 && t.search(fits) {
		left = nil
	}
	over = append(over, left...)
	slices.SortFunc(over, soonestFirst)
	for _, p := range over {
		if !t.fit(p) {
			t.squeeze(p)
		}
	}
}

// choose parts what the days can hold from what they cannot: whatever is due by
// a day must fit into the days up to it. Those due first have the first claim.
// A day counts for what its room holds in steps of the sizes' common measure:
// 15 minutes hold one item of 10, not one and a half.
func (t *table) choose() (fits, over []*placed) {
	var open []*placed
	for _, p := range t.list {
		if p.day == unset {
			open = append(open, p)
		}
	}
	slices.SortFunc(open, soonestFirst)
	measure := 0
	for _, p := range open {
		measure = gcd(measure, p.size)
	}
	measure = max(measure, 1)
	held, sum, upTo := 0, 0, -1
	for _, p := range open {
		for upTo < p.last {
			upTo++
			held += t.room[upTo] / measure * measure
		}
		if sum+p.size > held {
			over = append(over, p)
			continue
		}
		sum += p.size
		fits = append(fits, p)
	}
	return fits, over
}

func latestFirst(a, b *placed) int {
	return cmp.Or(cmp.Compare(b.Due, a.Due), cmp.Compare(b.size, a.size), cmp.Compare(a.ID, b.ID))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func soonestFirst(a, b *placed) int {
	return cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(a.size, b.size), cmp.Compare(a.ID, b.ID))
}

// fit puts p on the latest day that has room.
func (t *table) fit(p *placed) bool {
	for i := p.last; i >= 0; i-- {
		if t.room[i] >= p.size {
			t.put(p, i)
			return true
		}
	}
	return false
}

func (t *table) put(p *placed, day int) {
	p.day = day
	t.room[day] = max(0, t.room[day]-p.size)
	t.load[day] += p.Minutes
}

func (t *table) take(p *placed) {
	t.room[p.day] += p.size
	t.load[p.day] -= p.Minutes
	p.day = unset
}

// squeeze puts p on the least loaded day, the latest of equal ones.
func (t *table) squeeze(p *placed) {
	best := p.last
	for i := p.last - 1; i >= t.first; i-- {
		if t.load[i] < t.load[best] {
			best = i
		}
	}
	t.put(p, best)
}

// searchLimit bounds how many places are tried when sizes do not fit at once.
const searchLimit = 20_000

// search tries other orders and places, the largest first, until all of the
// list stand within the budget. If it fails, all is as it was.
func (t *table) search(list []*placed) bool {
	was := make([]int, len(list))
	for i, p := range list {
		if was[i] = p.day; p.day != unset {
			t.take(p)
		}
	}
	order := slices.Clone(list)
	slices.SortFunc(order, func(a, b *placed) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.last, b.last), cmp.Compare(a.ID, b.ID))
	})
	tries := searchLimit
	if t.try(order, &tries) {
		t.settle(list)
		return true
	}
	for i, p := range list {
		if was[i] != unset {
			t.put(p, was[i])
		}
	}
	return false
}

func (t *table) try(order []*placed, tries *int) bool {
	if len(order) == 0 {
		return true
	}
	p := order[0]
	for i := p.last; i >= 0; i-- {
		if t.room[i] < p.size {
			continue
		}
		if *tries--; *tries < 0 {
			return false
		}
		t.put(p, i)
		if t.try(order[1:], tries) {
			return true
		}
		t.take(p)
	}
	return false
}

// settle moves what the search left early as late as there is room.
func (t *table) settle(list []*placed) {
	for _, p := range list {
		t.take(p)
		t.fit(p)
	}
}
