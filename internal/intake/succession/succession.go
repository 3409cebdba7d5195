// Package succession finds renewals that a list hides: a BI tool gave a new id to
// the next term, so that one row vanished and another appeared of the same
// customer and department.
package succession

import (
	"cmp"
	"slices"

	"kizuki/internal/cal"
	"kizuki/internal/id"
	"kizuki/internal/text"
)

// Old is a contract that is no longer in the list.
type Old struct {
	Contract   id.ID
	Key, Name  string
	Org        id.ID
	Department string
	Owner      id.ID
	Renews     cal.Date
	Amount     string // canonical
}

// New is a row that the list has for the first time.
type New struct {
	Line       int
	Key, Name  string
	Org        id.ID // 0 = a customer that is new, too
	Department string
	Owner      id.ID
	Starts     cal.Date
	Renews     cal.Date
	Amount     string
}

// Offer is a row that may go on with one of several contracts, the likeliest
// first. Certain tells that nothing else fits on either side.
type Offer struct {
	New     New
	Old     []Old
	Certain bool
}

// near is how many days the new term may begin before or after the old one
// ended, to be its likeliest continuation.
const near = 45

type place struct {
	org        id.ID
	department string
}

// Offers pairs rows with contracts of the same customer and department, in the
// order of the file. Nothing is decided: only what is certain is worth
// proposing.
func Offers(old []Old, rows []New) []Offer {
	olds, news := map[place][]Old{}, map[place]int{}
	for _, o := range old {
		p := place{o.Org, text.Fold(o.Department)}
		olds[p] = append(olds[p], o)
	}
	for _, n := range rows {
		news[place{n.Org, text.Fold(n.Department)}]++
	}
	var out []Offer
	for _, n := range rows {
		p := place{n.Org, text.Fold(n.Department)}
		if n.Org == 0 || len(olds[p]) == 0 {
			continue
		}
		fitting := slices.Clone(olds[p])
		slices.SortStableFunc(fitting, func(a, b Old) int {
			return cmp.Or(cmp.Compare(b.fits(n), a.fits(n)), cmp.Compare(a.Contract, b.Contract))
		})
		out = append(out, Offer{New: n, Old: fitting, Certain: len(fitting) == 1 && news[p] == 1})
	}
	return out
}

// fits is how much speaks for a row being the next term of a contract: first
// that it begins where the term ends, then who owns it, its name, its amount.
func (o Old) fits(n New) int {
	score := 0
	if !o.Renews.IsZero() && !n.Starts.IsZero() {
		if gap := o.Renews.DaysUntil(n.Starts); gap >= -near && gap <= near {
			score += 8
		}
	}
	if o.Owner != 0 && o.Owner == n.Owner {
		score += 4
	}
	if text.Fold(o.Name) == text.Fold(n.Name) {
		score += 2
	}
	if o.Amount != "" && o.Amount == n.Amount {
		score++
	}
	return score
}
