// Package task keeps what is to be done: small things with a day, an owner
// and a reason, most of them on a contract. People make them, and rules and
// meetings do.
package task

import (
	"strconv"
	"time"
	"unicode/utf8"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
)

// News of tasks; Ref is the task. Data always holds "title", "origin_kind"
// and "origin" (an id); "why" with skipped and closed, "due" with created,
// "until" with snoozed ("" when it is taken back). Changes that only follow
// others (a corrected date, a new owner, a rule) have no Contract, so that
// they are no news of its trail; it stands in Data as "contract".
const (
	Created  bus.Kind = "task.created"
	Done     bus.Kind = "task.done"
	Skipped  bus.Kind = "task.skipped"
	Reopened bus.Kind = "task.reopened"
	Snoozed  bus.Kind = "task.snoozed"
	Changed  bus.Kind = "task.changed" // Fields: title, owner, due_date, minutes, contract
	Closed   bus.Kind = "task.closed"
	Deleted  bus.Kind = "task.deleted" // with its contract, by an undo: Ref alone
)

// State is what became of a task.
type State string

// The states. A closed task fell away without anybody's doing: its contract
// ended, or it was a slip of its maker.
const (
	StateOpen    State = "open"
	StateDone    State = "done"
	StateSkipped State = "skipped"
	StateClosed  State = "closed"
)

// Valid reports whether s is one of the states.
func (s State) Valid() bool {
	return s == StateOpen || s == StateDone || s == StateSkipped || s == StateClosed
}

// The limits, in characters, minutes and number.
const (
	MaxTitle   = 300
	MaxWords   = 2000
	MaxMinutes = 6000
	// AssumedMinutes is what a task without an estimate counts for.
	AssumedMinutes = 5
	// QueueLimit is the most tasks Queue gives.
	QueueLimit = 200
)

// Task is one thing to do.
type Task struct {
	ID          id.ID
	Contract    id.ID // 0 = free
	Parent      id.ID // 0 = a task of its own; subtasks have no subtasks
	Title       string
	Owner       id.ID // 0 = nobody yet
	Due         cal.Date
	SnoozeUntil cal.Date // not shown in Today before this day
	Plan        cal.Date // the day a rule gave it room on, before Due; "" = it comes up when it is due
	Minutes     int      // 0 = not estimated
	State       State
	Why         string // words given when it was settled
	CreatedBy   id.ID
	CreatedAt   time.Time
	DoneAt      time.Time // when it was settled, however
	DoneBy      id.ID
	OriginKind  string // who made it when no person did, such as "rule_firing"
	OriginID    id.ID
	OriginNo    int // one origin may make several
	Version     int64
}

// Open reports whether it is still to be done.
func (t Task) Open() bool { return t.State == StateOpen }

// Day is the day it comes up: the one it was put off to, the one a rule gave it
// room on, else the due day.
func (t Task) Day() cal.Date {
	switch {
	case t.SnoozeUntil != "":
		return t.SnoozeUntil
	case t.Plan != "":
		return t.Plan
	}
	return t.Due
}

// Item is a task with the names a list shows beside it.
type Item struct {
	Task
	ContractName string
	OrgName      string
	OwnerName    string
	DoneByName   string
}

// New describes a task to be made. A subtask takes its parent's contract.
type New struct {
	Contract   id.ID
	Parent     id.ID
	Title      string
	Owner      id.ID // 0 = the one who makes it; in CreateManyIn nobody
	Due        cal.Date
	Plan       cal.Date // the day it comes up if that is before Due
	Minutes    int
	OriginKind string
	OriginID   id.ID
	OriginNo   int
	Told       bool // its maker tells the trail itself; see quiet
}

// Edit changes one field: title, owner, due_date, minutes or contract, as
// text ("" = none). With HasOld, another present value than Old is a conflict.
type Edit struct {
	Field    string
	Old, New string
	HasOld   bool
}

func (n *New) clean() error {
	n.Title = text.Line(n.Title)
	return errs.Join(checkTitle(n.Title), checkDue(n.Due), checkMinutes(n.Minutes))
}

func checkTitle(s string) *errs.E {
	switch {
	case s == "":
		return errs.Field("title", "err.required")
	case utf8.RuneCountInString(s) > MaxTitle:
		return errs.Field("title", "err.too_long", "Max", MaxTitle)
	}
	return nil
}

func checkDue(d cal.Date) *errs.E {
	if d != "" && !d.Valid() {
		return errs.Field("due_date", "task.err.date")
	}
	return nil
}

func checkMinutes(n int) *errs.E {
	if n < 0 || n > MaxMinutes {
		return errs.Field("minutes", "task.err.minutes", "Max", MaxMinutes)
	}
	return nil
}

func checkWords(field, s string) *errs.E {
	if utf8.RuneCountInString(s) > MaxWords {
		return errs.Field(field, "err.too_long", "Max", MaxWords)
	}
	return nil
}

// value is a field as Edit writes it.
func (t Task) value(field string) (string, bool) {
	switch field {
	case "title":
		return t.Title, true
	case "owner":
		return t.Owner.String(), true
	case "due_date":
		return string(t.Due), true
	case "minutes":
		return strconv.Itoa(t.Minutes), true
	case "contract":
		return t.Contract.String(), true
	}
	return "", false
}

// set reads an edited value into the field.
func (t *Task) set(field, v string) *errs.E {
	switch field {
	case "title":
		t.Title = text.Line(v)
		return checkTitle(t.Title)
	case "due_date":
		if cal.Date(v) > t.Due || v == "" {
			t.Plan = "" // as planned says
		}
		t.Due = cal.Date(v)
		return checkDue(t.Due)
	case "minutes":
		n, err := strconv.Atoi(v)
		if err != nil && v != "" {
			n = -1
		}
		t.Minutes = n
		return checkMinutes(n)
	case "owner":
		return setID(&t.Owner, field, v)
	case "contract":
		return setID(&t.Contract, field, v)
	}
	return errs.Field(field, "task.err.field")
}

func setID(to *id.ID, field, v string) *errs.E {
	*to = 0
	if v == "" {
		return nil
	}
	i, err := id.Parse(v)
	if err != nil {
		return errs.Field(field, "err.choice")
	}
	*to = i
	return nil
}

// quiet takes a change off the trail of its contract, where the change it
// comes from is told already: one line, not one a task.
func quiet(c bus.Change) bus.Change {
	c.Data["contract"], c.Contract = c.Contract.String(), 0
	return c
}

// news tells of t; kv are further pairs of Data.
func (t Task) news(ws id.ID, kind bus.Kind, kv ...string) bus.Change {
	data := map[string]any{"title": t.Title, "origin_kind": t.OriginKind, "origin": t.OriginID.String()}
	for i := 0; i+1 < len(kv); i += 2 {
		data[kv[i]] = kv[i+1]
	}
	return bus.Change{Kind: kind, Workspace: ws, Contract: t.Contract, Ref: t.ID, Data: data}
}
