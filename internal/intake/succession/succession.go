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
// first. Certain tells that nothing else fits on either side: one row and one
// contract of the customer's department, or one each of the same name.
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

type named struct {
	place
	name string
}

// Offers pairs rows with contracts of the same customer and department, in the
// order of the file. Nothing is decided: only what is certain is worth
// proposing.
func Offers(old []Old, rows []New) []Offer {
	olds, oldNames := map[place][]Old{}, map[named]int{}
	for _, o := range old {
		p := place{o.Org, text.Fold(o.Department)}
		olds[p] = append(olds[p], o)
		oldNames[named{p, text.Fold(o.Name)}]++
	}
	news, newNames := map[place]int{}, map[named]int{}
	for _, n := range rows {
		p := place{n.Org, text.Fold(n.Department)}
		news[p]++
		newNames[named{p, text.Fold(n.Name)}]++
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
		same := named{p, text.Fold(n.Name)}
		byName := oldNames[same] == 1 && newNames[same] == 1 && text.Fold(fitting[0].Name) == same.name
		out = append(out, Offer{New: n, Old: fitting, Certain: byName || len(fitting) == 1 && news[p] == 1})
	}
	return out
}

// fits is how much speaks for a row being the next term of a contract: first its
// name, for a customer may have several things, then that it begins where the
// term ends, who owns it, and its amount.
func (o Old) fits(n New) int {
	score := 0
	if !o.Renews.IsZero() && !n.Starts.IsZero() {
		if gap := o.Renews.DaysUntil(n.Starts); gap >= -near && gap <= near {
			score += 4
		}
	}
	if o.Owner != 0 && o.Owner == n.Owner {
		score += 2
	}
	if text.Fold(o.Name) == text.Fold(n.Name) {
		score += 8
	}
	if o.Amount != "" && o.Amount == n.Amount {
		score++
	}
	return score
}
