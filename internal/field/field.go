// Package field keeps the custom fields a team gives its contracts: their
// types, how their values are read from people's text, compared, indexed and
// written out again. Values are kept by the record they belong to.
package field

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"kizuki/internal/id"
)

// Type is what kind of value a field holds.
type Type string

// The types, with the canonical Go value of each. nil is unset for all.
const (
	Text     Type = "text"     // string, never ""
	Number   Type = "number"   // json.Number, shortest plain decimal, up to 30 digits
	Date     Type = "date"     // string "YYYY-MM-DD"
	Choice   Type = "choice"   // string, one of the options
	Choices  Type = "choices"  // []string of options, in the field's order, none twice
	Link     Type = "link"     // string, an http, https or mailto URL
	Member   Type = "member"   // string, a member's id
	Checkbox Type = "checkbox" // bool
	Money    Type = "money"    // map[string]any{"amount": "480000", "currency": "JPY"}, major units
)

// Types lists them in the order a form offers them.
func Types() []Type {
	return []Type{Text, Number, Date, Choice, Choices, Link, Member, Checkbox, Money}
}

// Valid reports whether t is one of the types.
func (t Type) Valid() bool { return slices.Contains(Types(), t) }

// HasOptions reports whether values of the type come from a list.
func (t Type) HasOptions() bool { return t == Choice || t == Choices }

// OnContract is the only kind of record that has fields so far.
const OnContract = "contract"

// Field is one custom field.
type Field struct {
	ID        id.ID
	On        string
	Key       string // [a-z0-9_]{1,40}; "field:KEY" in mappings and history
	Type      Type
	Labels    map[string]string // by language, ja and en; at least one is set
	Options   []string          // of choice and choices, in the order to show
	PutAway   []string          // options that contracts may hold, but that are offered no more
	Renamed   map[string]string // what an option is called now, by its old name
	Unit      id.ID             // the team whose field it is, 0 for everybody's
	Position  int
	Indexed   bool // can be filtered and sorted by
	RetiredAt time.Time
}

// Name is the name of the field among a contract's attributes: "field:KEY".
func (f Field) Name() string { return "field:" + f.Key }

// Retired reports whether the field is put away; its values are kept.
func (f Field) Retired() bool { return !f.RetiredAt.IsZero() }

// Offered are the options that can be chosen; those put away are kept where they
// stand.
func (f Field) Offered(held ...string) []string {
	return slices.DeleteFunc(slices.Clone(f.Options), func(o string) bool { return slices.Contains(f.PutAway, o) && !slices.Contains(held, o) })
}

// Shown reports whether a contract has the field: everybody's on all, a team's on
// those whose owner is in the team or below it, and wherever it has a value.
// Lists, filters, imports and exports know it as any other.
func (f Field) Shown(ownersUnits map[id.ID]bool, value any) bool {
	return f.Unit == 0 || ownersUnits[f.Unit] || value != nil
}

// Label is the field's label in a language, else in the other one.
func (f Field) Label(lang string) string {
	for _, l := range []string{lang, "ja", "en"} {
		if s := f.Labels[l]; s != "" {
			return s
		}
	}
	return f.Key
}

// Equal reports whether two canonical values are the same; the order of several
// choices does not count, since options may be put in another order.
func (f Field) Equal(a, b any) bool {
	a, b = plain(a), plain(b)
	if x, ok := a.([]string); ok {
		y, ok := b.([]string)
		return ok && slices.Equal(slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y)))
	}
	return reflect.DeepEqual(a, b)
}

// plain brings a value that came through JSON to its canonical Go type.
func plain(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return v
			}
			list = append(list, s)
		}
		return list
	case float64:
		n, _ := json.Marshal(v)
		return json.Number(n)
	}
	return v
}
