// Package unit says amounts of contracts in what they are counted in.
package unit

import (
	"context"
	"strings"

	"kizuki/internal/contract"
	"kizuki/internal/money"
	"kizuki/internal/web/words"
)

// Unit is what an amount is counted in: yen a month, dollars a year.
type Unit struct {
	Basis    contract.Basis
	Currency string
}

// Of is the unit of a contract's amount.
func Of(c contract.Contract) Unit { return Unit{c.AmountBasis, c.Currency} }

// Head is the unit as the heading of a column: 月額（円）.
func (u Unit) Head(ctx context.Context) string {
	currency := u.Currency
	if currency == "JPY" {
		currency = words.T(ctx, "contract.yen")
	}
	return words.T(ctx, "contract.amount.head", "Basis", u.Name(ctx), "Currency", currency)
}

// Name is 月額, 年額 …; an amount of unknown basis is just an amount.
func (u Unit) Name(ctx context.Context) string {
	if u.Basis == "" {
		return words.T(ctx, "contract.attr.amount")
	}
	return words.T(ctx, "contract.basis."+string(u.Basis))
}

// Full is an amount with its unit: 月額480,000円.
func (u Unit) Full(ctx context.Context, minor int64) string {
	a := money.Amount{Minor: minor, Currency: u.Currency}.Format(words.From(ctx).Lang)
	if u.Basis == "" {
		return a
	}
	return words.T(ctx, "contract.amount."+string(u.Basis), "Amount", a)
}

// Bare is an amount under a heading that says its unit.
func (u Unit) Bare(minor int64) string {
	a := money.Amount{Minor: minor, Currency: u.Currency}.Format("ja")
	return strings.TrimSuffix(strings.TrimSuffix(a, "円"), " "+u.Currency)
}

// Common is the one most amounts are counted in.
func Common(list []contract.Contract) Unit {
	times := map[Unit]int{}
	var most Unit
	for _, c := range list {
		u := Of(c)
		if c.Amount == nil {
			continue
		}
		if times[u]++; times[u] > times[most] {
			most = u
		}
	}
	return most
}

// Total counts contracts that are at hand and adds up their amounts, in the
// order in which their units first appear.
func Total(list []contract.Contract) contract.Total {
	t := contract.Total{N: len(list), Exact: true}
	for _, c := range list {
		if c.Amount != nil {
			t.Add(string(c.AmountBasis), c.Currency, *c.Amount)
		}
	}
	return t
}

// Sums says how much amounts make together, one sum a unit.
func Sums(ctx context.Context, list []contract.Sum) string {
	out := ""
	for _, s := range list {
		out += words.T(ctx, "contract.comma") + Unit{contract.Basis(s.Basis), s.Currency}.Full(ctx, s.Amount)
	}
	return out
}
