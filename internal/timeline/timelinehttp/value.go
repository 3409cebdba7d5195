package timelinehttp

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/money"
	"kizuki/internal/text"
	"kizuki/internal/timeline"
	"kizuki/internal/web/words"
)

// label is what a field is called.
func (s *speaker) label(name string) string {
	if f, ok := s.fields[name]; ok {
		return f.Label(words.From(s.ctx).Lang)
	}
	if key := "timeline.field." + name; words.Has(words.From(s.ctx).Lang, key) {
		return words.T(s.ctx, key)
	}
	return strings.TrimPrefix(name, "field:")
}

// value says what a field was before (side 0) or is after an event (side 1),
// "" for none.
func (s *speaker) value(e *timeline.Event, name string, side int) string {
	v := e.Fields[name][side]
	word, _ := v.(string)
	switch t := s.typeOf(name); {
	case v == nil || word == "" && isString(v):
		return ""
	case t == field.Member:
		return s.named(s.members, word)
	case t == "organization":
		return s.named(s.orgs, word)
	case t == "contract", t == "minutes" && word == "0":
		return "" // that it is another contract says enough
	case t == "outlook":
		return s.outlook(word)
	case t == "basis":
		return words.T(s.ctx, "timeline.basis."+word)
	case t == "type":
		return words.T(s.ctx, "timeline.type."+word)
	case t == "amount":
		return s.amount(word, s.currency(e, side))
	}
	return s.plain(v)
}

func (s *speaker) outlook(word string) string {
	icon := map[string]string{"on_track": "good", "watch": "watch", "danger": "risk"}[word]
	if icon == "" {
		return ""
	}
	return words.T(s.ctx, "shell.health."+icon)
}

func isString(v any) bool { _, ok := v.(string); return ok }

// named says who or what an id means; one that is gone is still somebody.
func (s *speaker) named(names map[id.ID]string, word string) string {
	ref, err := id.Parse(word)
	if err != nil {
		return word
	}
	if n := names[ref]; n != "" {
		return n
	}
	return words.T(s.ctx, "timeline.somebody")
}

// currency is the one of an event's amount: its own if it changed, else the
// contract's at that time.
func (s *speaker) currency(e *timeline.Event, side int) string {
	if pair, changed := e.Fields["currency"]; changed {
		c, _ := pair[side].(string)
		return c
	}
	return s.currencies[e.Contract].At(e)
}

func (s *speaker) amount(decimal, currency string) string {
	if a, err := money.ParseDecimal(decimal, currency); err == nil {
		return a.Format(words.From(s.ctx).Lang)
	}
	if n, err := strconv.Atoi(decimal); err == nil {
		return words.Number(n)
	}
	return decimal
}

// A sentence stays a sentence when somebody's text is in it.
const (
	longestValue = 60
	briefValue   = 24
)

// plain says a value by its shape: dates, lists, amounts, yes and no.
func (s *speaker) plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if d := cal.Date(v); d.Valid() {
			return words.T(s.ctx, "when.day_year", "Year", strconv.Itoa(d.Year()), "Month", strconv.Itoa(d.Month()),
				"Day", strconv.Itoa(d.Day()), "Name", words.T(s.ctx, "when.month."+strconv.Itoa(d.Month())))
		}
		return text.Excerpt(v, longestValue)
	case bool:
		return words.T(s.ctx, "timeline.bool."+strconv.FormatBool(v))
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return words.Number(n)
		}
		return v.String()
	case []any:
		list := make([]string, len(v))
		for i, one := range v {
			list[i] = s.plain(one)
		}
		return strings.Join(list, words.T(s.ctx, "timeline.comma"))
	case map[string]any:
		amount, _ := v["amount"].(string)
		currency, _ := v["currency"].(string)
		return s.amount(amount, currency)
	}
	return fmt.Sprint(v)
}
