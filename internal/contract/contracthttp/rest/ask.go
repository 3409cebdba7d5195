package rest

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// What the address of the list and of the endpoint may say of an owner
// besides an id.
const (
	OwnerMe   = "me"
	OwnerNone = "none"
)

// Owner reads the owner asked for.
func Owner(ctx context.Context, s string) (id.ID, error) {
	switch s {
	case OwnerMe:
		return who.From(ctx).Member, nil
	case OwnerNone:
		return contract.NoOwner, nil
	}
	return ID("owner", s)
}

// ID reads an id; "" is none.
func ID(name, s string) (id.ID, error) {
	if s == "" {
		return 0, nil
	}
	v, err := id.Parse(s)
	if err != nil {
		return 0, errs.Field(name, "err.choice")
	}
	return v, nil
}

// FieldFilters reads conditions on custom fields: PREFIX KEY = value, or with
// an op: KEY.from, KEY.to, KEY.has, KEY.not, KEY.unset. The value unset, if
// there is one, asks for those without a value.
func FieldFilters(v url.Values, prefix, unset string) []contract.FieldFilter {
	var out []contract.FieldFilter
	for name, list := range v {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok || len(list) == 0 || list[0] == "" {
			continue
		}
		key, op, hasOp := strings.Cut(rest, ".")
		ff := contract.FieldFilter{Key: key, Op: contract.Is, Values: list}
		if hasOp {
			ff.Op = contract.Op(op)
		}
		if !hasOp && list[0] == unset || ff.Op == contract.Unset {
			ff.Op, ff.Values = contract.Unset, nil
		}
		out = append(out, ff)
	}
	slices.SortFunc(out, func(a, b contract.FieldFilter) int {
		return strings.Compare(a.Key+string(a.Op), b.Key+string(b.Op))
	})
	return out
}

// Day reads a day as people type it.
func Day(name, s string, today cal.Date) (cal.Date, error) {
	d, err := cal.ParseLoose(s, today)
	if err != nil {
		return "", field.DateError(name, err)
	}
	return d, nil
}
