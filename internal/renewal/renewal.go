// Package renewal records how the terms of a contract end: renewed as they
// were, grown, shrunk or churned, with reasons and the earliest sign somebody
// noticed. One act closes a term and opens the next; it can be undone.
package renewal

import (
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/id"
)

// Outcome is how a term ended.
type Outcome string

// The outcomes.
const (
	Renewed  Outcome = "renewed"
	Upsell   Outcome = "upsell"
	Downsell Outcome = "downsell"
	Churned  Outcome = "churned"
)

// Outcomes in the order people are asked.
func Outcomes() []Outcome { return []Outcome{Renewed, Upsell, Downsell, Churned} }

// Side is the list of reasons an outcome is explained from.
type Side string

// The sides.
const (
	Stay  Side = "stay"  // why they renewed or grew
	Leave Side = "leave" // why they shrank or went
)

// Side tells which reasons fit.
func (o Outcome) Side() Side {
	if o == Downsell || o == Churned {
		return Leave
	}
	return Stay
}

// Renewal is one recorded act.
type Renewal struct {
	ID        id.ID
	Contract  id.ID
	TermNo    int // the term it closed
	Outcome   Outcome
	Effective cal.Date
	Reasons   []string
	Words     string
	Sign      id.ID // the note that saw it first; 0 = none named
	At        time.Time
	By        id.ID
	Last      bool // nothing came after it: it can be undone
}

// Next is the term that begins, in people's words.
type Next struct {
	Start, End    string // End "" = no renewal date
	Amount, Basis string // Amount in major units
	Currency      string // "" = as it is
}

// Input describes the act in people's words.
type Input struct {
	Outcome   Outcome
	Effective string // "" = when the next term starts, or the renewal date
	Next      *Next  // nil = as Propose says; not used by a churn
	Reasons   []string
	Words     string
	Sign      id.ID
	Form      bool // dates may be said as people do
}

// The longest words, and the most reasons of one act and of a list, with the
// longest of them; in characters.
const (
	MaxWords   = 2000
	MaxPicked  = 10
	MaxReasons = 40
	MaxReason  = 60
)

// Propose says what the next term would be if nothing changed: as long as the
// one that ends, at the same amount. Where the term runs from a first to a last
// day (4/1 to 3/31) the next starts the day after, else the day it renews.
func Propose(c contract.Contract) Next {
	n := Next{Basis: string(c.AmountBasis), Currency: c.Currency}
	if amount, ok := c.Value("amount").(string); ok {
		n.Amount = amount
	}
	if c.RenewalDate.IsZero() {
		return n
	}
	months, inclusive := length(c.StartDate, c.RenewalDate)
	start, end := c.RenewalDate, c.RenewalDate.AddMonths(months)
	if inclusive {
		start = c.RenewalDate.AddDays(1)
		end = start.AddMonths(months).AddDays(-1)
	}
	n.Start, n.End = string(start), string(end)
	return n
}

// length of a term in months, a year if its start is not known, and whether its
// last day is still in it.
func length(start, end cal.Date) (months int, inclusive bool) {
	if months, inclusive = cal.MonthsBetween(start, end); months == 0 {
		return 12, false
	}
	return months, inclusive
}

// check finds an upsell that is not more and a downsell that is not less, where
// the two amounts can be compared.
func (o Outcome) check(before, after contract.Contract) error {
	if before.Amount == nil || after.Amount == nil || before.Currency != after.Currency || before.AmountBasis != after.AmountBasis {
		return nil
	}
	switch {
	case o == Upsell && *after.Amount <= *before.Amount:
		return errs.Field("next_term.amount", "renewal.err.not_more")
	case o == Downsell && *after.Amount >= *before.Amount:
		return errs.Field("next_term.amount", "renewal.err.not_less")
	}
	return nil
}

// restored are the attributes the act writes and undoing it brings back.
var restored = []string{"start_date", "renewal_date", "notice_date", "amount", "currency", "amount_basis"}

// noticeAfter keeps the deadline of notice as far before the end as it was.
func noticeAfter(c contract.Contract, end cal.Date) cal.Date {
	if c.NoticeDate.IsZero() || c.RenewalDate.IsZero() || end.IsZero() {
		return ""
	}
	return end.AddDays(-c.NoticeDate.DaysUntil(c.RenewalDate))
}
