// Package compare understands the rows of a list: what each says, and what has to
// change for it. It is pure but for what it is told of the database.
package compare

// Outcome is what an import does with a row.
type Outcome string

// The outcomes. Absent rows are those of the list before that are missing now;
// a reappeared one was absent.
const (
	Created    Outcome = "created"
	Updated    Outcome = "updated"
	Unchanged  Outcome = "unchanged"
	Invalid    Outcome = "invalid"
	Absent     Outcome = "absent"
	Reappeared Outcome = "reappeared"
)

// Outcomes lists them in the order in which they need a person.
func Outcomes() []Outcome {
	return []Outcome{Invalid, Absent, Reappeared, Updated, Created, Unchanged}
}

// Problem is what is wrong with a cell, a row or a file; Key and Args are a
// sentence of the catalogues.
type Problem struct {
	Line   int            `json:"line,omitempty"`
	Column string         `json:"column,omitempty"`
	Target string         `json:"target,omitempty"`
	Value  string         `json:"value,omitempty"`
	Key    string         `json:"key"`
	Args   map[string]any `json:"args,omitempty"`
}

// MaxProblems is how many of a kind are listed.
const MaxProblems = 1000
