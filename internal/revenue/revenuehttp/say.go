package revenuehttp

import (
	"context"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/money"
	"kizuki/internal/revenue"
	"kizuki/internal/web/words"
)

// named is a period in words: 2026年度, 2026年度 第1四半期, 2026年4月.
func named(ctx context.Context, p cal.Period) string {
	year := strconv.Itoa(p.From.Year())
	switch _, quarter, part := strings.Cut(p.Key, "q"); {
	case part:
		return words.T(ctx, "revenue.quarter", "Year", strings.TrimLeft(p.Key[2:6], "0"), "Quarter", quarter)
	case strings.HasPrefix(p.Key, "fy"):
		return words.T(ctx, "revenue.year", "Year", year)
	}
	return words.T(ctx, "revenue.month", "Year", year, "Month", strconv.Itoa(p.From.Month()), "Name", words.MonthName(ctx, p.From.Month()))
}

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
