// Package handover looks after contracts that change hands: what the new owner
// finds waiting, many contracts given in one act that can be taken back, who
// stands in for somebody who is away, and how much everybody has in hand.
package handover

import (
	"strings"
	"time"
	"unicode/utf8"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/text"
)

// News of handovers.
const (
	// Prefix begins their names.
	Prefix = "handover."
	// Said tells the words somebody gave a contract on its way; Ref is the
	// handover, Data: words.
	Said bus.Kind = Prefix + "said"
)

// UndoCause marks the owners that an undo puts back, in bus.Cause.Kind.
const UndoCause = "handover_undo"

// Limits of one act, of its words in characters, of the time in which it can be
// taken back, and of the days somebody may be covered.
const (
	MaxContracts = 500
	MaxWords     = 1000
	UndoFor      = 24 * time.Hour
	MaxDays      = 366
)

// Person is a member as a page names one; the zero Person is nobody.
type Person struct {
	ID   id.ID
	Name string
}

// Handover is one contract on its way from one owner to the next.
type Handover struct {
	ID       id.ID
	Batch    id.ID // the act it belongs to
	Contract id.ID
	Name     string // of the contract
	Org      string // its customer
	From     Person // nobody for the first owner
	To       Person
	By       Person // nobody for an import
	At       time.Time
	Words    string
	Settled  time.Time // zero while it waits for the new owner
}

// Open reports whether it waits for the new owner.
func (h Handover) Open() bool { return h.Settled.IsZero() }

// Input says which contracts to give to whom, with a few words or none.
type Input struct {
	Contracts []id.ID
	To        id.ID
	Words     string
}

func (in *Input) clean() error {
	in.Words = strings.TrimSpace(text.Clean(in.Words))
	in.Contracts = unique(in.Contracts)
	var bad []*errs.E
	switch n := len(in.Contracts); {
	case n == 0:
		bad = append(bad, errs.Field("contracts", "handover.err.none"))
	case n > MaxContracts:
		bad = append(bad, errs.Field("contracts", "handover.err.too_many", "Max", MaxContracts))
	}
	if in.To == 0 {
		bad = append(bad, errs.Field("to", "err.required"))
	}
	if utf8.RuneCountInString(in.Words) > MaxWords {
		bad = append(bad, errs.Field("words", "err.too_long", "Max", MaxWords))
	}
	return errs.Join(bad...)
}

// unique keeps the first of each.
func unique(list []id.ID) []id.ID {
	seen := make(map[id.ID]bool, len(list))
	out := make([]id.ID, 0, len(list))
	for _, v := range list {
		if v != 0 && !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// Counts is what an act moves.
type Counts struct {
	Contracts int
	RuleTasks int // made by rules: they go to the new owner
	HandTasks int // made by people: they are offered
}

// Act is one act of giving, however many contracts it moved.
type Act struct {
	Batch id.ID
	At    time.Time
	By    Person
	To    Person
	Words string
	List  []Handover
	Counts
	Until time.Time // it can be taken back before this moment
}

// Undone is what taking an act back did.
type Undone struct {
	Restored []id.ID // contracts whose owner is the former one again
	Kept     []Kept  // contracts that had changed hands since
}

// Kept is a contract an undo left alone. Name is "" where the actor may not
// read it.
type Kept struct {
	Contract  id.ID
	Org, Name string
}

// Words is something somebody wrote on a contract.
type Words struct {
	Note   id.ID
	Author Person // nobody for an import
	At     time.Time
	Body   string
	Hunch  string // "", bad, good
}

// Card is all a new owner needs to know of one contract.
type Card struct {
	Handover
	Terms    contract.Contract
	Pinned   []Words
	Last     []Words // the last five, newest first
	Hunches  []Words // the last five, newest first
	Mine     []task.Task
	Offered  []task.Task // of the former owner, made by people
	Contacts []contact.Contact
}

// Cover is somebody who stands in for a member on some days, both included, in
// the workspace's zone.
type Cover struct {
	ID      id.ID
	Member  Person
	Deputy  Person
	From    cal.Date
	To      cal.Date
	Words   string
	Created time.Time
	Read    bool // the member has seen what was done meanwhile
}

// On reports whether the deputy stands in on a day.
func (c Cover) On(day cal.Date) bool { return c.From <= day && day <= c.To }

// CoverInput describes a cover; days as YYYY-MM-DD or, with Form, as people say
// them. Member 0 is the actor.
type CoverInput struct {
	Member, Deputy id.ID
	From, To       string
	Words          string
	Form           bool
}

// Meanwhile is what a deputy did for somebody who was away.
type Meanwhile struct {
	Cover
	Tasks  []task.Item // ticked off by the deputy, newest first
	Spoken []Spoken    // written by the deputy, newest first
}

// Spoken is something written, and on which contract.
type Spoken struct {
	Words
	Contract  id.ID
	Org, Name string
}

// Load is what a member has in hand, or, with ID 0, what nobody has.
type Load struct {
	Person
	Contracts int
	Renewing  int // of them within RenewDays
	Tasks     int // open ones
	Minutes   int // of those due within LoadDays or overdue
}

// How far the workload looks ahead, in days.
const (
	RenewDays = 90
	LoadDays  = 28
)
