// Package intake brings lists from other systems in: a file is staged row by
// row beside the database, looked at, applied in one transaction, and undone
// exactly. It also keeps which contracts each source knows, so that one that
// vanishes from a list is seen.
//
// The rules of a row, kept few so that an import can be foretold and undone:
//
//   - A blank cell says that the file does not know: what is there stays.
//   - A cell that says something wins over what is there, and the history
//     keeps both. Only what the preview showed is written: a value that
//     somebody changes meanwhile and the preview did not name stays.
//   - A row with anything unreadable is left out whole.
//   - A note is written, and a person at the customer is added, when the text
//     differs from what this source brought for the row the last time.
//   - Without a column for the organization, a new contract's name is its
//     organization, and without one for the name, the organization is its
//     name; if there is neither, both are the key.
package intake

import (
	"time"

	"kizuki/internal/id"
	"kizuki/internal/intake/columns"
	"kizuki/internal/intake/compare"
	"kizuki/internal/intake/sources"
	"kizuki/internal/intake/upload"
)

// Mode says what a file stands for.
type Mode string

// A snapshot is the whole list: what is missing in it has vanished. A delta is
// a part of it.
const (
	Snapshot Mode = "snapshot"
	Delta    Mode = "delta"
)

// State is how far an import has come.
type State string

// The states, in their order.
const (
	Staging  State = "staging"  // rows are being read
	Staged   State = "staged"   // to be looked at; nothing is written
	Applying State = "applying" // a job is about to write or writes
	Applied  State = "applied"
	Undone   State = "undone"
	Failed   State = "failed" // could not be staged: another mapping may help
	Dropped  State = "dropped"
)

// What an import does with rows; see compare.Outcome.
const (
	Created    = compare.Created
	Updated    = compare.Updated
	Unchanged  = compare.Unchanged
	Invalid    = compare.Invalid
	Absent     = compare.Absent
	Reappeared = compare.Reappeared
)

// What lies in packages of its own, under the names the rest of the program
// knows.
type (
	Outcome   = compare.Outcome
	Problem   = compare.Problem
	Source    = sources.Source
	AbsentRow = sources.AbsentRow
	Mapping   = columns.Mapping
	Plan      = columns.Plan
	Column    = columns.Column
	Joining   = columns.Joining
	NewField  = columns.NewField
)

// What may stand in a mapping.
const (
	Ignore     = columns.Ignore
	RestFields = columns.RestFields
	RestIgnore = columns.RestIgnore
)

// Outcomes lists them in the order in which they need a person.
func Outcomes() []Outcome { return compare.Outcomes() }

// Targets are what a column may mean, beside field:KEY and Ignore.
func Targets() []string { return columns.Targets() }

// MaxFile is the largest file, in bytes.
const MaxFile = upload.MaxFile

// DefaultSource is the source of a file nobody named one for.
const DefaultSource = "contracts"

// Counts are the rows of an import by outcome. Errors counts cells. Known is
// how many keys the source had before, those absent not counted.
type Counts struct {
	Rows       int `json:"rows"`
	Created    int `json:"created"`
	Updated    int `json:"updated"`
	Unchanged  int `json:"unchanged"`
	Absent     int `json:"absent"`
	Reappeared int `json:"reappeared"`
	Invalid    int `json:"invalid"`
	Errors     int `json:"errors"`
	Known      int `json:"known"`
}

// Of is the number of rows of an outcome.
func (c Counts) Of(o Outcome) int { return *c.at(o) }

func (c *Counts) at(o Outcome) *int {
	switch o {
	case Created:
		return &c.Created
	case Updated:
		return &c.Updated
	case Unchanged:
		return &c.Unchanged
	case Absent:
		return &c.Absent
	case Reappeared:
		return &c.Reappeared
	}
	return &c.Invalid
}

// Alarming reports whether so many rows vanished that somebody must confirm
// it: more than a tenth.
func (c Counts) Alarming() bool { return c.Absent*10 > c.Known }

// Import is one file on its way in.
type Import struct {
	ID         id.ID
	SourceID   id.ID
	SourceName string
	MemberID   id.ID
	MemberName string
	FileName   string
	Sheet      string // wanted; "" = the first with data
	Mode       Mode
	Mapping    Mapping // as it was asked for; empty = to be guessed
	State      State
	Done       int // rows read so far
	Total      int
	Counts     Counts
	Plan       Plan
	Problem    *Problem         // why it failed
	BaseID     id.ID            // the source's newest import when this one was staged
	Succeeds   map[string]id.ID // folded keys that go on with a contract as its next term
	At         time.Time
	AppliedAt  time.Time
	UndoneAt   time.Time
}

func (i Import) of() sources.Of { return sources.Of{Import: i.ID, Source: i.SourceID} }

// Result is what an import did or would do, for the command line and REST.
type Result struct {
	ID     id.ID `json:"id,omitzero"` // once applied
	Import id.ID `json:"import"`
	Counts
	Problems []Problem `json:"problems"` // the first thousand
}

// MaxProblems is how many a Result lists.
const MaxProblems = compare.MaxProblems
