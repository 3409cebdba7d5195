// Package contract keeps the contracts, the record everything else hangs on,
// with their terms.
package contract

import (
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/contract/term"
	"kizuki/internal/contract/walk"
	"kizuki/internal/id"
)

// Outlook is the CSM's own call (見立て), apart from the imported status.
type Outlook string

// The outlooks; "" is none given.
const (
	OnTrack Outlook = "on_track" // 順調
	Watch   Outlook = "watch"    // 気がかり
	Danger  Outlook = "danger"   // 危うい
)

// Terms and what is agreed in their middle, as term stores them.
type (
	Basis     = term.Basis
	TermType  = term.Type
	Outcome   = term.Outcome
	Term      = term.Term
	Amendment = term.Amendment
)

// Their values; "" is unknown, or ordinary.
const (
	Monthly   = term.Monthly
	Yearly    = term.Yearly
	WholeTerm = term.WholeTerm
	Trial     = term.Trial
	Rolling   = term.Rolling
	Open      = term.Open
	Renewed   = term.Renewed
	Churned   = term.Churned
)

// Phases are suggestions for the lifecycle phase.
func Phases() []string { return []string{"導入", "定着", "活用拡大", "更新協議"} }

// Contract is one subscription with a renewal date.
type Contract struct {
	ID           id.ID
	Key          string // the team's own id of it; unique by text.Fold
	Name         string
	OrgID        id.ID
	OrgName      string // joined, not stored here
	Department   string
	OwnerID      id.ID  // 0 = none
	OwnerName    string // joined, not stored here
	Status       string
	Phase        string
	Outlook      Outlook
	OutlookWhy   string
	OutlookBy    id.ID
	OutlookAt    time.Time
	StartDate    cal.Date
	RenewalDate  cal.Date
	NoticeDate   cal.Date
	AutoRenew    bool
	TermType     TermType
	Amount       *int64 // minor units; nil = unknown
	Currency     string // ISO 4217
	AmountBasis  Basis
	Domain       string
	Visibility   string         // see audience
	Fields       map[string]any // canonical values by field key; unset ones are not in it
	TermNo       int            // the open term, or the last one
	EndedOn      cal.Date
	LastImportID id.ID
	DataAt       time.Time // when an import last saw it
	Version      int64
	CreatedAt    time.Time
	ArchivedAt   time.Time
}

// Limited tells whether only some may read the contract.
func (c *Contract) Limited() bool { return c.Visibility == audience.Limited }

// Input describes a new contract in people's words, as a form or a REST body
// brings them.
type Input struct {
	Key          string // "" = one is made
	Name         string
	Organization string // id or name; a new name is created
	Department   string
	Owner        string // member: id, mail or name
	Status       string
	Phase        string
	Outlook      string
	OutlookWhy   string
	StartDate    string
	RenewalDate  string
	NoticeDate   string
	AutoRenew    bool
	TermType     string
	Amount       string // major units
	Currency     string // "" = the workspace's
	AmountBasis  string
	Domain       string
	Fields       map[string]any // by field key; texts if Form, else JSON values
	Form         bool
}

// Edit changes one attribute: name, key, organization, department, owner,
// status, phase, outlook, outlook_why, start_date, renewal_date, notice_date,
// auto_renew, term_type, ended_on, amount, currency, amount_basis, domain, field:KEY. With HasOld,
// another present value than Old is a conflict.
type Edit struct {
	Field    string
	Old, New any
	HasOld   bool
	Form     bool // custom values are text as people write it, not JSON
}

// Save is one contract to be written whole by ApplyIn.
type Save struct {
	Contract Contract
	New      bool
	Changes  map[string][2]any // attribute → [from, to]; see Diff
	NextTerm bool              // the open term closes as renewed and the next one begins
	DropTerm bool              // undo of NextTerm: the open term goes, the one before opens again
	Settled  bool              // the amount follows an amendment: the term keeps the one it began with
	Words    string            // why it ended, if it does
}

// FieldFilter is a condition on an indexed custom field.
type FieldFilter struct {
	Key    string
	Op     Op
	Values []string // as people write them
}

// Op compares a custom field with the values of a filter; see walk.
type Op = walk.Op

// The ops.
const (
	Is    = walk.Is
	Not   = walk.Not
	Has   = walk.Has
	From  = walk.From
	To    = walk.To
	Unset = walk.Unset
)

// NoOwner as Query.Owner finds contracts nobody owns.
const NoOwner id.ID = -1

// NoUnit as Query.Unit finds contracts whose owner is in no team.
const NoUnit id.ID = -1

// Query says which contracts, in which order.
type Query struct {
	Q           string // beginning of the key, or part of the name or the organization's
	Owner       id.ID  // NoOwner = those without
	Status      string
	Phase       string
	Outlook     Outlook
	Without     []string // without a value: status, phase, outlook
	Unit        id.ID    // of owners in the team; NoUnit = of none in any
	Org         id.ID
	RenewalFrom cal.Date // this day or later
	RenewalTo   cal.Date // before this day
	Fields      []FieldFilter
	View        string // one of Service.Views, or OutlookChanged
	Sort        string // renewal (default), name, key, amount, field:KEY; "-" before it turns it round
	Limit       int    // 1..200, 0 = 50
	Cursor      string
	Ended       bool // with ended ones
	Archived    bool // with archived ones
}

// Page is a part of a list. More tells that the search stopped after
// WalkLimit rows before the page was full: Next continues it.
type Page struct {
	Items []Contract
	Next  string // "" at the end
	More  bool
}
