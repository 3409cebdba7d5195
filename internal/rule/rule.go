// Package rule keeps the countdown rules: so many days before or after a day
// of a contract, small tasks come up for its owner. A step comes up once for
// each contract and term, and never for a day that had passed before the rule
// went live or the contract arrived.
package rule

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/text"
)

// News of rules; Ref is the rule, with Fired the firing.
const (
	Changed bus.Kind = "rule.changed" // Data: name, state
	// Fired is news of a contract. Data: rule (its name), title (of all
	// tasks), titles, due.
	Fired bus.Kind = "rule.fired"
)

// State is whether a rule works.
type State string

// The states.
const (
	Draft  State = "draft"
	Live   State = "live"
	Paused State = "paused"
)

// Unit is what a step counts.
type Unit string

// The units.
const (
	Calendar Unit = "days"
	Business Unit = "business"
)

// Days of a contract a rule may count from, besides field:KEY.
const (
	OnRenewal = "renewal_date"
	OnStart   = "start_date"
	OnNotice  = "notice_date"
)

// ToOwner as Step.To gives the tasks to the contract's owner.
const ToOwner = "owner"

// The limits, in characters, days and number.
const (
	MaxName   = 100
	MaxOffset = 730
	MaxSteps  = 20
	MaxTodos  = 20
)

// Rule is a set of steps that count from one day of a contract.
type Rule struct {
	ID        id.ID
	Name      string
	Owner     id.ID
	OwnerName string // joined, not stored here
	Unit      id.ID  // the team whose contracts it watches, with those below it; 0 for all contracts
	Team      string // that team's name, joined
	State     State
	LiveFrom  cal.Date // the day it went live; its steps begin the day after
	Evaluated cal.Date // the last day whose steps were looked at
	Version   int
	Spec      Spec
	CreatedAt time.Time
}

// next is the first day whose steps are still to be looked at: the last one
// looked at belongs to it, because contracts go on arriving on it.
func (r Rule) next() cal.Date { return max(r.LiveFrom.AddDays(1), r.Evaluated) }

// Spec is what a version of a rule says.
type Spec struct {
	On    string `json:"on"` // renewal_date, start_date, notice_date or field:KEY
	Only  Only   `json:"only,omitzero"`
	Steps []Step `json:"steps"`
}

// Only narrows a rule to contracts with these values; empty ones do not.
type Only struct {
	Phase  string            `json:"phase,omitempty"`
	Status string            `json:"status,omitempty"`
	Owner  id.ID             `json:"owner,omitzero"`
	Fields map[string]string `json:"fields,omitempty"`
}

// Step is one moment of the countdown. Its id stays when it is edited, so
// that what it did is not done again.
type Step struct {
	ID     string `json:"id,omitempty" doc:"stays when the step is edited; made for new ones"`
	Offset int    `json:"offset"` // negative = before
	Unit   Unit   `json:"unit,omitempty" enum:"days,business" default:"days"`
	Tasks  []Todo `json:"tasks"`
	To     string `json:"to,omitempty"` // ToOwner or a member's id
}

// Todo is a task to be made.
type Todo struct {
	Title   string `json:"title"`
	Minutes int    `json:"minutes,omitempty"`
}

// Titles are the titles of a step's tasks.
func (s Step) Titles() []string {
	list := make([]string, len(s.Tasks))
	for i, t := range s.Tasks {
		list[i] = t.Title
	}
	return list
}

// owner is the member who gets the step's tasks, 0 for nobody.
func (s Step) owner(ofContract id.ID) id.ID {
	if s.To == ToOwner {
		return ofContract
	}
	m, _ := id.Parse(s.To)
	return m
}

func cleanName(s string) (string, *errs.E) {
	s = text.Line(s)
	switch {
	case s == "":
		return s, errs.Field("name", "err.required")
	case utf8.RuneCountInString(s) > MaxName:
		return s, errs.Field("name", "err.too_long", "Max", MaxName)
	}
	return s, nil
}

// clean brings a spec to its stored form and says what is wrong with it; what
// needs the database is left to Service.known. New steps get their ids.
func (s *Spec) clean() []*errs.E {
	var list []*errs.E
	s.Only.Phase, s.Only.Status = text.Line(s.Only.Phase), text.Line(s.Only.Status)
	if !slices.Contains([]string{OnRenewal, OnStart, OnNotice}, s.On) && !strings.HasPrefix(s.On, "field:") {
		list = append(list, errs.Field("on", "err.choice"))
	}
	switch {
	case len(s.Steps) == 0:
		list = append(list, errs.Field("steps", "rule.err.no_steps"))
	case len(s.Steps) > MaxSteps:
		list = append(list, errs.Field("steps", "rule.err.many_steps", "Max", MaxSteps))
	}
	seen := map[string]bool{}
	for i := range s.Steps {
		st := &s.Steps[i]
		if st.ID == "" || seen[st.ID] || len(st.ID) > 40 {
			st.ID = id.New().String()
		}
		seen[st.ID] = true
		list = append(list, st.clean(fmt.Sprintf("steps.%d.", i))...)
	}
	return list
}

func (s *Step) clean(at string) []*errs.E {
	var list []*errs.E
	add := func(field, key string, kv ...any) { list = append(list, errs.Field(at+field, key, kv...)) }
	if s.Unit == "" {
		s.Unit = Calendar
	}
	if s.Unit != Calendar && s.Unit != Business {
		add("unit", "err.choice")
	}
	if s.Offset < -MaxOffset || s.Offset > MaxOffset {
		add("offset", "rule.err.offset", "Max", MaxOffset)
	}
	if s.To == "" {
		s.To = ToOwner
	}
	if s.To != ToOwner && s.owner(0) == 0 {
		add("to", "err.choice")
	}
	switch {
	case len(s.Tasks) == 0:
		add("tasks", "rule.err.no_tasks")
	case len(s.Tasks) > MaxTodos:
		add("tasks", "rule.err.many_tasks", "Max", MaxTodos)
	}
	for i := range s.Tasks {
		t := &s.Tasks[i]
		t.Title = text.Line(t.Title)
		switch {
		case t.Title == "":
			add("tasks", "rule.err.no_tasks")
		case utf8.RuneCountInString(t.Title) > task.MaxTitle:
			add("tasks", "err.too_long", "Max", task.MaxTitle)
		case t.Minutes < 0 || t.Minutes > task.MaxMinutes:
			add("tasks", "task.err.minutes", "Max", task.MaxMinutes)
		}
	}
	return list
}
