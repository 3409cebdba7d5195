package list

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/web/asked"
	"kizuki/internal/who"
)

// filter is what the list is asked for: the values of the address, cleaned,
// without empty ones.
type filter struct{ url.Values }

// The words the address has for owners besides an id. Whoever asks for nobody's
// tasks in particular is shown their own.
const (
	ownerMe   = "me"
	ownerAll  = "all"
	ownerNone = "none"
)

// unset is what the address says for "without a value".
const unset = "-"

// How the tasks are shown.
const (
	asList     = ""
	asTable    = "table"
	asBoard    = "board"
	asCalendar = "calendar"
)

var views = []string{asList, asTable, asBoard, asCalendar}

func read(raw url.Values) filter {
	f := filter{asked.Read(raw)}
	if f.Get("owner") == "" {
		f.Set("owner", ownerMe)
	}
	if st := f.Get("state"); st != "all" && !task.State(st).Valid() {
		f.Del("state")
	}
	return f
}

// with is the filter with one value changed, from the list's beginning.
func (f filter) with(name, value string) filter {
	return filter{asked.With(f.Values, name, value, "cursor", "after")}
}

func (f filter) href(name, value string) string { return f.with(name, value).path() }

func (f filter) path() string { return asked.Path("/tasks", f.Values) }

func (f filter) as() string {
	if as := f.Get("as"); slices.Contains(views, as) {
		return as
	}
	return asList
}

// state is the one asked for, "" for any. Where nothing is said what is still to
// be done is meant, or what is done if one asks when.
func (f filter) state() task.State {
	switch st := f.Get("state"); {
	case st == "all" || f.by() == "state":
		return ""
	case st != "":
		return task.State(st)
	case f.Get("done") != "" || f.Get("done.from") != "" || f.Get("done.to") != "":
		return task.StateDone
	}
	return task.StateOpen
}

// parts are what a table or a board can be divided by.
var parts = []string{"due", "state", "owner", "unit", "contract", "phase", "rule"}

// by is what this one is divided by; a board always is.
func (f filter) by() string {
	as, by := f.as(), f.Get("by")
	switch {
	case as != asTable && as != asBoard:
		return ""
	case slices.Contains(parts, by):
		return by
	case as == asBoard:
		return "due"
	}
	return ""
}

// query is what to ask the service for, days counted from today. Errors:
// err.choice, task.err.date and task.err.minutes for what cannot be read.
func (f filter) query(days calendar) (q task.Query, err error) {
	q = task.Query{Text: f.Get("q"), Owner: f.Get("owner"), State: f.state(), OnlyUnit: f.Get("below") == "0", Origin: f.Get("origin"),
		Sort: cmp.Or(f.Get("sort"), f.usualSort()), Cursor: f.Get("cursor")}
	if q.Owner == ownerAll {
		q.Owner = ""
	}
	for name, to := range map[string]*id.ID{"unit": &q.Unit, "contract": &q.Contract, "organization": &q.Org, "rule": &q.Rule} {
		if v := f.Get(name); v != "" && v != unset {
			if *to, err = id.Parse(v); err != nil {
				return q, errs.Field(name, "err.choice")
			}
		}
	}
	for name, to := range map[string]*string{"phase": &q.Phase, "outlook": &q.Outlook} {
		if v := f.Get(name); v != unset {
			*to = v
		}
	}
	for _, name := range []string{"unit", "contract", "phase", "outlook", "minutes", "due"} {
		if f.Get(name) == unset && (name != "due" || f.by() != "due") {
			q.Without = append(q.Without, name)
		}
	}
	return q, f.ranges(&q, days)
}

// Query reads the values of the list's address, days counted from today.
func Query(ctx context.Context, today cal.Date, values url.Values) (task.Query, error) {
	return read(values).query(calendar{today, who.From(ctx).Sunday})
}

func (f filter) usualSort() string {
	if st := f.state(); st != "" && st != task.StateOpen {
		return "-done"
	}
	return "due"
}

func (f filter) ranges(q *task.Query, days calendar) (err error) {
	if f.by() != "due" {
		if q.DueFrom, q.DueBefore, err = f.days("due", days, days.due); err != nil {
			return err
		}
	}
	if q.DoneFrom, q.DoneBefore, err = f.days("done", days, days.done); err != nil {
		return err
	}
	for name, to := range map[string]*int{"minutes.from": &q.MinutesMin, "minutes.to": &q.MinutesMax} {
		if v := f.Get(name); v != "" {
			if *to, err = strconv.Atoi(v); err != nil || *to < 0 {
				return errs.Field("minutes", "task.err.minutes", "Max", task.MaxMinutes)
			}
		}
	}
	return nil
}

// days reads a stretch of days: a word for it, and what was typed of its first
// and last day.
func (f filter) days(name string, days calendar, said func(string) (from, before cal.Date, ok bool)) (from, before cal.Date, err error) {
	if w := f.Get(name); w != "" && w != unset {
		var ok bool
		if from, before, ok = said(w); !ok {
			return "", "", errs.Field(name, "err.choice")
		}
	}
	typed := func(part string) (d cal.Date) {
		if v := f.Get(name + part); v != "" && err == nil {
			if d, err = cal.ParseLoose(v, days.today); err != nil {
				err = errs.Field(name, "task.err.date").With(err)
			}
		}
		return d
	}
	from = max(from, typed(".from"))
	if to := typed(".to"); to != "" && (before == "" || to.AddDays(1) < before) {
		before = to.AddDays(1)
	}
	return from, before, err
}

// calendar knows today and when weeks end.
type calendar struct {
	today  cal.Date
	sunday bool // weeks begin on it
}

// weekEnd is the last day of this week.
func (c calendar) weekEnd() cal.Date {
	last := 7 // Monday to Sunday
	if c.sunday {
		last = 6
	}
	return c.today.AddDays((last - int(c.today.Weekday()) + 7) % 7)
}

// The words for when a task is due.
const (
	duePast  = "past"
	dueToday = "today"
	dueWeek  = "week" // from today
	dueRest  = "rest" // of the week, from tomorrow
	dueNext  = "next" // week
	dueLater = "later"
)

var dueWords = []string{duePast, dueToday, dueWeek, dueRest, dueNext, dueLater, unset}

// dueLanes divide all tasks.
var dueLanes = []string{duePast, dueToday, dueRest, dueNext, dueLater, unset}

func (c calendar) due(w string) (from, before cal.Date, ok bool) {
	after := c.weekEnd().AddDays(1) // the first day of the next week
	switch w {
	case duePast:
		return "", c.today, true
	case dueToday:
		return c.today, c.today.AddDays(1), true
	case dueWeek:
		return c.today, after, true
	case dueRest:
		return c.today.AddDays(1), after, true
	case dueNext:
		return after, after.AddDays(7), true
	case dueLater:
		return after.AddDays(7), "", true
	}
	return c.named(w)
}

// doneWords are how many days back one looks, today included.
var doneWords = []string{"today", "7", "30", "90"}

func (c calendar) done(w string) (from, before cal.Date, ok bool) {
	if w == "today" {
		return c.today, "", true
	}
	if n, err := strconv.Atoi(w); err == nil && n > 0 && n < 10000 {
		return c.today.AddDays(1 - n), "", true
	}
	return c.named(w)
}

// named is a day or a month.
func (c calendar) named(w string) (from, before cal.Date, ok bool) {
	if d := cal.Date(w); d.Valid() {
		return d, d.AddDays(1), true
	}
	m := cal.MonthOf(cal.Date(w + "-01"))
	return m.From, m.To, m.Key != ""
}

// moved is the day a task gets that is put into a lane: the last working day of
// the lane, the first of what comes later. What has passed takes none.
func (c calendar) moved(lane string) (d cal.Date, ok bool) {
	from, before, _ := c.due(lane)
	switch lane {
	case unset:
		return "", true
	case duePast:
		return "", false
	case dueLater:
		return cal.Japan().OnOrAfter(from), true
	case dueToday:
		return c.today, true
	}
	d = cal.Japan().OnOrBefore(before.AddDays(-1))
	return d, d >= from // no working day is left in a week that ends
}

// The columns of a table, in their usual order.
var (
	allColumns = []string{"contract", "organization", "owner", "due", "snooze", "minutes", "state", "done", "by", "origin"}
	openBegin  = []string{"contract", "owner", "due", "minutes", "origin"}
	doneBegin  = []string{"contract", "owner", "done", "by", "minutes"}
)

// columns are those that are shown, in the order they were chosen in.
func (f filter) columns() (out []string) {
	for _, c := range f.Values["col"] {
		if slices.Contains(allColumns, c) && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	switch {
	case len(out) > 0:
		return out
	case f.usualSort() == "due":
		return openBegin
	}
	return doneBegin
}

// moveLeft is the address of the table with a column one place further left.
func (f filter) moveLeft(col string) string {
	cols := slices.Clone(f.columns())
	if i := slices.Index(cols, col); i > 0 {
		cols[i-1], cols[i] = cols[i], cols[i-1]
	}
	g := f.with("col", "")
	g.Values["col"] = cols
	return g.path()
}

// ofOthers: the list is about a member other than the reader, or about teams.
func (f filter) ofOthers(me id.ID) bool {
	switch o := f.Get("owner"); {
	case f.Get("unit") != "":
		return true
	case o == ownerMe, o == ownerAll, o == ownerNone, o == me.String():
		return false
	}
	return true
}

// ofPeople: the parts are members or teams.
func ofPeople(by string) bool { return by == "owner" || by == "unit" }

// export is the address of the file of what is shown.
func (f filter) export(kind string) string {
	g := f.with("as", "").with("month", "").with("saved", "")
	switch f.by() { // all of its parts
	case "state":
		g = g.with("state", "all")
	case "due":
		g = g.with("due", "").with("due.from", "").with("due.to", "")
	}
	return strings.Replace(g.with("by", "").path(), "/tasks", "/tasks/shown."+kind, 1)
}
