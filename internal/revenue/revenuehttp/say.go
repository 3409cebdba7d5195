package revenuehttp

import (
	"context"
	"strconv"
	"strings"

	"kizuki/internal/contract"
	"kizuki/internal/money"
	"kizuki/internal/revenue"
	"kizuki/internal/web/words"
)

// amount is money in words.
func amount(ctx context.Context, minor int64, currency string) string {
	return money.Amount{Minor: minor, Currency: currency}.Format(words.From(ctx).Lang)
}

// own is an amount with what it is for.
func own(ctx context.Context, t revenue.Term) string {
	value, currency, basis := t.Amount, t.Currency, t.Basis
	for _, a := range t.Amended {
		value, currency, basis = a.Amount, a.Currency, a.Basis
	}
	return per(ctx, value, currency, basis)
}

func per(ctx context.Context, value *int64, currency string, basis contract.Basis) string {
	if value == nil {
		return ""
	}
	key := "none"
	if basis != "" {
		key = string(basis)
	}
	return words.T(ctx, "revenue.per."+key, "Amount", amount(ctx, *value, currency))
}

// percent is a share with one decimal; a dash where there is none.
func percent(v float64, ok bool) string {
	if !ok {
		return "—"
	}
	return strconv.FormatFloat(100*v, 'f', 1, 64) + "%"
}

// arr is a yearly worth in words; a word where nobody knows it.
func arr(ctx context.Context, w revenue.Worth) string {
	if w.Unknown {
		return words.T(ctx, "revenue.unknown")
	}
	return amount(ctx, w.ARR, w.Currency)
}

// said is a forecast in words.
func said(ctx context.Context, f revenue.Forecast) string {
	if f.Call == "" {
		return ""
	}
	text := words.T(ctx, "revenue.call."+string(f.Call))
	if a := per(ctx, f.Amount, f.Currency, f.Basis); a != "" {
		text += " " + a
	}
	return text
}

func joined(ctx context.Context, list []string) string {
	return strings.Join(list, words.T(ctx, "revenue.comma"))
}
