// Package revenue counts what contracts are worth a year: today, when their
// terms end, and how much of it stays. It also keeps what owners expect of the
// next renewals. Nothing in it is counted by person.
package revenue

import (
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/id"
)

// Term is what of a term its worth is counted from.
type Term struct {
	No       int
	Starts   cal.Date
	Renews   cal.Date
	Amount   *int64 // the one it began with, in minor units
	Currency string
	Basis    contract.Basis
	Type     contract.TermType
	Outcome  contract.Outcome
	Amended  []Amended // the earliest first
}

// Amended is another amount from a day on.
type Amended struct {
	From     cal.Date
	Amount   *int64
	Currency string
	Basis    contract.Basis
}

// Life is everything a contract's worth at any time is counted from.
type Life struct {
	Contract id.ID
	Org      id.ID
	EndedOn  cal.Date // the first day on which it no longer counts
	Terms    []Term   // the earliest first
}

// Worth is a contract's on a day. Unknown means that it runs, but that nobody
// knows for how much; such a contract is listed, never counted as nothing.
type Worth struct {
	ARR      int64 // minor units of Currency
	Currency string
	Runs     bool // it is a customer's that day: no trial, begun and not ended
	Unknown  bool
	Unstated bool // nobody said what the amount is for: the workspace's setting decided
}

// On is the worth of a contract on the morning of a day: that of the last term
// that has begun by then, with the last amendment whose day has come. A first
// term without a start has always run; an open term past its renewal date still
// counts, since nobody has said that it ended; trials are no customers yet.
func (l Life) On(day cal.Date, unstated contract.Basis) Worth {
	if !l.EndedOn.IsZero() && day >= l.EndedOn {
		return Worth{}
	}
	for i := len(l.Terms) - 1; i >= 0; i-- {
		t := l.Terms[i]
		if t.Starts > day {
			continue
		}
		if t.Type == contract.Trial {
			return Worth{}
		}
		return t.on(day, unstated)
	}
	return Worth{}
}

func (t Term) on(day cal.Date, unstated contract.Basis) Worth {
	amount, currency, basis := t.Amount, t.Currency, t.Basis
	for _, a := range t.Amended {
		if a.From <= day {
			amount, currency, basis = a.Amount, a.Currency, a.Basis
		}
	}
	w := Worth{Currency: currency, Runs: true, Unstated: basis == ""}
	if basis == "" {
		basis = unstated
	}
	if w.Unknown = amount == nil; w.Unknown {
		return w
	}
	var ok bool
	w.ARR, ok = ARR(*amount, basis, t.Starts, t.Renews)
	w.Unknown = !ok
	return w
}

// AtEnd is what a term is worth a year when it ends.
func (t Term) AtEnd(unstated contract.Basis) Worth {
	day := t.Renews
	if day.IsZero() {
		day = "9999-12-31"
	}
	return t.on(day, unstated)
}

// ARR is what an amount comes to in a year: annual recurring revenue, as it is
// commonly defined, before tax and without what is paid once. A monthly amount
// counts twelve times, a yearly one once, one for the whole term by its length in
// months, which must be known. Minor units, rounded half away from zero.
func ARR(amount int64, basis contract.Basis, starts, renews cal.Date) (arr int64, ok bool) {
	switch basis {
	case contract.Monthly:
		return 12 * amount, true
	case contract.Yearly:
		return amount, true
	case contract.WholeTerm:
		months, _ := cal.MonthsBetween(starts, renews)
		if months == 0 {
			return 0, false
		}
		return divide(12*amount, int64(months)), true
	}
	return 0, false
}

// MRR is a twelfth of the ARR, rounded half away from zero.
func MRR(arr int64) int64 { return divide(arr, 12) }

func divide(a, b int64) int64 {
	half := b / 2
	if a < 0 {
		return (a - half) / b
	}
	return (a + half) / b
}

// Figures are what became of the customers of a first day by a last one. A
// customer is an organization; it is one on a day when its contracts are worth
// more than nothing. Amounts are minor units of one currency.
type Figures struct {
	Customers int // on the first day
	Kept      int // of those, still there on the last
	Churned   int
	Shrunk    int
	Grown     int
	New       int
	Start     int64 // ARR of the customers on the first day
	End       int64 // of the same ones on the last
	Least     int64 // of the same ones, no more than each had
	Lost      int64 // by those who left
	Less      int64 // by those who shrank
	More      int64 // by those who grew
	Added     int64 // by new ones
}

// NRR is net revenue retention: what the customers of the first day are worth on
// the last, by what they were worth. As commonly defined it counts growth and
// leaves new customers out. False where there was nobody.
func (f Figures) NRR() (float64, bool) { return ratio(f.End, f.Start) }

// GRR is gross revenue retention: NRR without growth, each customer counted at
// no more than it was worth. It is never above one.
func (f Figures) GRR() (float64, bool) { return ratio(f.Least, f.Start) }

// Logo is how many of the customers of the first day are there on the last.
func (f Figures) Logo() (float64, bool) { return ratio(int64(f.Kept), int64(f.Customers)) }

func ratio(a, b int64) (float64, bool) {
	if b == 0 {
		return 0, false
	}
	return float64(a) / float64(b), true
}

// Became is what a customer did between two days.
type Became string

// The ways.
const (
	Same    Became = "same"
	Churned Became = "churned"
	Shrunk  Became = "shrunk"
	Grown   Became = "grown"
	Joined  Became = "new"
	Nothing Became = "" // no customer on either day
)

// Compare says what a customer worth a became that is worth b.
func Compare(a, b int64) Became {
	switch {
	case a <= 0 && b <= 0:
		return Nothing
	case a <= 0:
		return Joined
	case b <= 0:
		return Churned
	case b < a:
		return Shrunk
	case b > a:
		return Grown
	}
	return Same
}

// Add counts one customer.
func (f *Figures) Add(a, b int64) {
	a, b = max(a, 0), max(b, 0)
	switch Compare(a, b) {
	case Nothing:
		return
	case Joined:
		f.New++
		f.Added += b
		return
	case Churned:
		f.Churned++
		f.Lost += a
	case Shrunk:
		f.Shrunk++
		f.Less += a - b
	case Grown:
		f.Grown++
		f.More += b - a
	}
	if b > 0 {
		f.Kept++
	}
	f.Customers++
	f.Start, f.End, f.Least = f.Start+a, f.End+b, f.Least+min(a, b)
}
