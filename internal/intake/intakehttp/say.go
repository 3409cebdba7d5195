package intakehttp

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/field"
	"kizuki/internal/intake"
	"kizuki/internal/money"
	"kizuki/internal/web/words"
)

// sentence says a problem in the reader's language.
func sentence(ctx context.Context, p intake.Problem) string {
	kv := make([]any, 0, 2*len(p.Args)+4)
	for k, v := range p.Args {
		if n, ok := count(v); ok { // JSON has made a float of it
			v = n
		}
		if list, ok := v.([]any); ok {
			v = strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", "、"), "[]")
		}
		kv = append(kv, k, v)
	}
	if p.Column != "" {
		kv = append(kv, "Column", p.Column)
	}
	return words.T(ctx, p.Key, append(kv, "Value", p.Value)...)
}

// attribute is the name of what a row changes.
func attribute(ctx context.Context, name string, fields map[string]field.Field) string {
	if f, ok := fields[name]; ok {
		return f.Label(words.From(ctx).Lang)
	}
	if key, ok := strings.CutPrefix(name, "field:"); ok {
		return key
	}
	return words.T(ctx, "intake.target."+name)
}

// change is one line of the preview: an attribute with its old and new value.
type change struct{ name, from, to string }

func changes(ctx context.Context, r intake.Row, fields map[string]field.Field) []change {
	var out []change
	for _, name := range slices.Sorted(maps.Keys(r.Changes)) {
		pair := r.Changes[name]
		out = append(out, change{attribute(ctx, name, fields), value(ctx, name, pair[0], r, fields), value(ctx, name, pair[1], r, fields)})
	}
	return out
}

// value says a canonical value as a person reads it.
func value(ctx context.Context, name string, v any, r intake.Row, fields map[string]field.Field) string {
	if v == nil {
		return words.T(ctx, "intake.unset")
	}
	f, isField := fields[name]
	if !isField {
		return builtIn(ctx, name, v, r)
	}
	s := f.Text(v)
	switch f.Type {
	case field.Date:
		return words.DayLong(ctx, cal.Date(s))
	case field.Checkbox:
		return words.T(ctx, "intake.bool."+s)
	case field.Number:
		return grouped(s)
	case field.Money:
		number, currency, _ := strings.Cut(s, " ")
		return amount(ctx, number, currency)
	}
	return short(s)
}

func builtIn(ctx context.Context, name string, v any, r intake.Row) string {
	switch v := v.(type) {
	case bool:
		return words.T(ctx, "intake.bool."+fmt.Sprint(v))
	case json.Number:
		return v.String()
	case string:
		switch {
		case strings.HasSuffix(name, "_date"), name == "ended_on":
			return words.DayLong(ctx, cal.Date(v))
		case name == "amount":
			return amount(ctx, v, r.Currency)
		case name == "term_type" && v != "":
			return words.T(ctx, "intake.type."+v)
		case name == "amount_basis" && v != "":
			return words.T(ctx, "intake.basis."+v)
		}
		return short(v)
	}
	return fmt.Sprint(v)
}

func amount(ctx context.Context, decimal, currency string) string {
	a, err := money.ParseDecimal(decimal, currency)
	if err != nil {
		return strings.TrimSpace(decimal + " " + currency)
	}
	return a.Format(words.From(ctx).Lang)
}

// short keeps long texts from filling the table.
func short(s string) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return string(r)
}

func grouped(s string) string {
	whole, fraction, point := strings.Cut(s, ".")
	digits := strings.TrimPrefix(whole, "-")
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if strings.HasPrefix(whole, "-") {
		digits = "-" + digits
	}
	if point {
		digits += "." + fraction
	}
	return digits
}

// goesBack reports whether a row puts the lifecycle phase back.
func goesBack(r intake.Row) bool {
	pair, ok := r.Changes["phase"]
	from, _ := pair[0].(string)
	to, _ := pair[1].(string)
	at := slices.Index(contract.Phases(), to)
	return ok && at >= 0 && at < slices.Index(contract.Phases(), from)
}
