// Package bulk changes many contracts or tasks at once: what is chosen is
// compared first and shown, then written in slices, and can be taken back. The
// rules, kept few so that an act can be foretold and undone:
//
//   - Only what the preview showed is written. Of a record that somebody changed
//     meanwhile nothing is; it is listed.
//   - A value goes back if it still is what the act wrote. Later ones stay and
//     are listed.
//   - Each slice is one transaction that also says how far the act has come.
package bulk

import (
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/errs"
	"kizuki/internal/id"
)

// Target is what an act is about.
type Target string

// The targets.
const (
	Contracts Target = "contracts"
	Tasks     Target = "tasks"
)

// State is how far an act has come.
type State string

// The states, in their order.
const (
	Chosen   State = "chosen"   // it is not said yet what to change
	Staging  State = "staging"  // the records are being compared
	Staged   State = "staged"   // to be looked at; nothing is written
	Applying State = "applying" // a job writes
	Applied  State = "applied"
	Undoing  State = "undoing" // a job takes it back
	Undone   State = "undone"
)

// Outcome is what becomes of one record.
type Outcome string

// The outcomes.
const (
	Change  Outcome = "change"  // is to be written
	Same    Outcome = "same"    // is so already
	Refused Outcome = "refused" // a rule says no
	Done    Outcome = "done"    // was written
	Left    Outcome = "left"    // somebody changed it after the preview
	Back    Outcome = "back"    // was taken back
	Partly  Outcome = "partly"  // was taken back, but for what somebody changed after the act
)

// Outcomes lists them.
func Outcomes() []Outcome { return []Outcome{Change, Same, Refused, Done, Left, Back, Partly} }

// The causes of what an act, and taking it back, changes; see bus.Cause.
const (
	Cause     = bus.BulkCause
	UndoCause = "bulk_undo"
)

const (
	// MaxIDs is how many records can be chosen one by one.
	MaxIDs = 1000
	// MaxEdits is how many attributes one act changes.
	MaxEdits = 20
)

// sizes are how many records are compared, written or taken back without a job,
// and how many of them one transaction of a job holds.
type sizes struct{ atOnce, slice int }

// Edit sets one attribute; an empty New clears it.
type Edit struct {
	Field string `json:"field"`
	New   string `json:"new"`
}

// Selection is which records: those named, or what a list shows for a query.
type Selection struct {
	IDs   []id.ID `json:"ids,omitempty"`
	Query string  `json:"query,omitempty"` // of the list's address; "" with no ids is the whole list
}

// Act is one change of many.
type Act struct {
	ID         id.ID
	Member     id.ID
	MemberName string
	Target     Target
	Selection  Selection
	Edits      []Edit
	State      State
	Counts     Counts
	At         time.Time
	AppliedAt  time.Time
	UndoneAt   time.Time

	cursor string
}

// Working reports whether a job is at it.
func (a Act) Working() bool { return a.State == Staging || a.State == Applying || a.State == Undoing }

// Counts are the records of an act by outcome.
type Counts map[Outcome]int

// Total is how many there are.
func (c Counts) Total() (n int) {
	for _, k := range c {
		n += k
	}
	return n
}

// Reason is why a record stays as it is, in the words of the catalogues, and of
// which attributes.
type Reason struct {
	Key    string         `json:"key,omitempty"`
	Args   map[string]any `json:"args,omitempty"`
	Fields []string       `json:"fields,omitempty"`
}

func reasonOf(err error) Reason {
	e := errs.As(err)
	r := Reason{Key: e.Key, Args: e.Args}
	if len(e.Fields) > 0 {
		r.Key, r.Args, e = e.Fields[0].Key, e.Fields[0].Args, e.Fields[0]
	}
	if e.Field != "" {
		r.Fields = []string{e.Field}
	}
	return r
}

// Row is one record of an act. Before and After hold canonical values by
// attribute; nil is unset.
type Row struct {
	Ref     id.ID
	Outcome Outcome
	Before  Values
	After   Values
	Why     Reason

	Name, Org string // joined when it is shown
	Href      string
}

// Values are canonical values by attribute.
type Values map[string]any
