// Package filter reads what a list of contracts is asked for by its address.
package filter

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/rest"
	"kizuki/internal/contract/contracthttp/unit"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/web/asked"
)

// Columns that need no set-up, beside those every list has.
const (
	ColNext    = "next"    // the task that comes next
	ColHunch   = "hunch"   // the newest hunch
	ColContact = "contact" // when somebody last wrote, and who
	ColSince   = "since"   // since when the outlook stands
)

// Past asks for renewals nobody has seen to.
const Past = "past"

// FieldPrefix stands before the key of a custom field in the list's address.
const FieldPrefix = "f."

// Saved names the saved view that the list began with.
const Saved = "saved"

// MaxColumns is how many attributes a list shows beside its own columns.
const MaxColumns = 5

// shape are the names that change how a list looks, not what is on it.
var shape = []string{"sort", "by", "as", "month", "col", "cursor", "group", "amounts", Saved}

// Filter is what the list is asked for: the values of the address, cleaned,
// without empty ones.
type Filter struct{ url.Values }

// Read cleans the values of an address.
func Read(raw url.Values) Filter { return Filter{asked.Read(raw)} }

// Href is the address of the list with one value changed, from its beginning.
func (f Filter) Href(name, value string) string { return f.With(name, value).Path() }

// Next is the address of the following page. The group and the unit of the
// last one let it go on without saying them again.
func (f Filter) Next(cursor, group string, u unit.Unit) string {
	v := url.Values{}
	for n, list := range f.Values {
		v[n] = list
	}
	v.Set("cursor", cursor)
	v.Set("group", group)
	v.Set("amounts", string(u.Basis)+":"+u.Currency)
	return "/contracts?" + v.Encode()
}

// Unit is what the page before headed its amounts with.
func (f Filter) Unit() (unit.Unit, bool) {
	basis, currency, ok := strings.Cut(f.Get("amounts"), ":")
	return unit.Unit{Basis: contract.Basis(basis), Currency: currency}, ok
}

// Narrow reports whether the filter leaves anything out that the whole list
// would show.
func (f Filter) Narrow() bool {
	for name := range f.Values {
		if name != "ended" && !slices.Contains(shape, name) {
			return true
		}
	}
	return false
}

// Query is what to ask the service for, from and to counted from today. Errors:
// err.choice for a distance or an id that is none.
func (f Filter) Query(ctx context.Context, today cal.Date, c Calendar) (contract.Query, error) {
	q := contract.Query{Q: f.Get("q"), View: f.Get("view"), Status: f.given("status"), Phase: f.given("phase"), Outlook: contract.Outlook(f.given("outlook")),
		Sort: f.Get("sort"), Cursor: f.Get("cursor"), Ended: f.Get("ended") != "", Fields: rest.FieldFilters(f.Values, FieldPrefix, Unset)}
	for _, name := range []string{"status", "phase", "outlook"} {
		if f.Get(name) == Unset {
			q.Without = append(q.Without, name)
		}
	}
	var err error
	if f.Get("unit") == Unset {
		q.Unit = contract.NoUnit
	} else if q.Unit, err = rest.ID("unit", f.Get("unit")); err != nil {
		return q, err
	}
	if q.Owner, err = rest.Owner(ctx, f.Get("owner")); err != nil {
		return q, err
	}
	if q.Org, err = rest.ID("organization", f.Get("organization")); err != nil {
		return q, err
	}
	return q, f.within(&q, today, c)
}

// given is a value asked for; "" too where those without one are.
func (f Filter) given(name string) string {
	if v := f.Get(name); v != Unset {
		return v
	}
	return ""
}

// within counts the days from today on: 30 is today and the thirty days after;
// a day, month, quarter or fiscal year may also be named.
func (f Filter) within(q *contract.Query, today cal.Date, c Calendar) error {
	if x, ok := c.Fiscal.Parse(f.Get("within")); ok {
		q.RenewalFrom, q.RenewalTo = x.From, x.To
		return nil
	}
	if d := cal.Date(f.Get("within")); d.Valid() {
		q.RenewalFrom, q.RenewalTo = d, d.AddDays(1)
		return nil
	}
	switch w := f.Get("within"); w {
	case "", "all":
	case Past:
		q.RenewalTo = today
	default:
		days, err := strconv.Atoi(w)
		if err != nil || days < 0 || days > 9999 {
			return errs.Field("within", "err.choice")
		}
		q.RenewalFrom, q.RenewalTo = today, today.AddDays(days+1)
	}
	return nil
}

// Unset is what a select of the page says for "without a value".
const Unset = "-"

// Extra are attributes of every contract that a list may show as well.
var Extra = []string{ColNext, ColHunch, ColContact, ColSince, "status", "key", "department"}

// Columns are the attributes shown beside the list's own: custom fields by
// their key, and some that every contract has.
func (f Filter) Columns(fields []field.Field) []string {
	var out []string
	add := func(col, name string) {
		if slices.Contains(f.Values["col"], col) && len(out) < MaxColumns {
			out = append(out, name)
		}
	}
	for _, name := range Extra {
		add(name, name)
	}
	for _, x := range fields {
		add(x.Key, x.Name())
	}
	return out
}

// SentenceKey chooses the sentence the filter is said in; some need another
// particle.
func (f Filter) SentenceKey() string {
	key := "contract.sentence."
	if owner := f.Get("owner"); owner == "" || owner == rest.OwnerNone {
		key += "any_"
	} else {
		key += "one_"
	}
	if w := f.Get("within"); w == "" || w == "all" {
		return key + "all"
	}
	return key + "some"
}

// Narrowing is the query without what only changes how the list looks.
func (f Filter) Narrowing() string {
	v := url.Values{}
	for name, list := range f.Values {
		if !slices.Contains(shape, name) {
			v[name] = list
		}
	}
	return v.Encode()
}

// Only reports whether the filter asks for nothing but one thing, or nothing.
func (f Filter) Only(name string) bool {
	for n := range f.Values {
		if n != name && !slices.Contains(shape, n) {
			return false
		}
	}
	return name == "" || f.Get(name) != ""
}

// IsReady tells the ready columns from the attributes.
func IsReady(name string) bool {
	return slices.Contains([]string{ColNext, ColHunch, ColContact, ColSince}, name)
}

// The periods that can stand between the rows of a list in the order of renewal.
const (
	ByMonth   = "month"
	ByQuarter = "quarter" // of the fiscal year
	ByYear    = "year"    // the fiscal one
)

// Periods are those that can be chosen.
var Periods = []string{ByMonth, ByQuarter, ByYear}

// Period is the one asked for; the month if none is.
func (f Filter) Period() string {
	if by := f.Get("by"); slices.Contains(Periods, by) {
		return by
	}
	return ByMonth
}

// How a list is shown.
const (
	AsTable    = ""
	AsBoard    = "board"
	AsCalendar = "calendar"
)

// As is how the list is to be shown.
func (f Filter) As() string {
	if as := f.Get("as"); as == AsBoard || as == AsCalendar {
		return as
	}
	return AsTable
}

// With is the filter with one value changed, from the list's beginning.
func (f Filter) With(name, value string) Filter {
	return Filter{asked.With(f.Values, name, value, "cursor", "group", "amounts")}
}

// Path is the address of the list.
func (f Filter) Path() string { return asked.Path("/contracts", f.Values) }

// Calendar is the team's fiscal year, and the stretches of it that have a name.
type Calendar struct {
	Fiscal cal.Fiscal
	Ranges []Range
}

// Period is the month, quarter or year a day lies in.
func (c Calendar) Period(by string, d cal.Date) cal.Period {
	switch by {
	case ByQuarter:
		return c.Fiscal.QuarterOf(d)
	case ByYear:
		return c.Fiscal.YearOf(d)
	}
	return cal.MonthOf(d)
}

// Range is a stretch of days with a name.
type Range struct {
	Key, Label string
	From, To   cal.Date // To exclusive
}
