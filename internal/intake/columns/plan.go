// Package columns finds out what the columns of a list mean: by a mapping
// somebody gave, or by a guess from headers and values. It is pure.
package columns

import (
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/intake/sheet"
)

// Plan is how a file is read: what its columns mean and what has to be made.
type Plan struct {
	File      sheet.Info  `json:"file"`
	Columns   []Column    `json:"columns"`
	NewFields []NewField  `json:"new_fields,omitempty"`
	Options   []NewOption `json:"options,omitempty"`
	Joinings  []Joining   `json:"joinings,omitempty"`
	Owners    []string    `json:"owners,omitempty"` // people who become placeholders
}

// Column is one column of the file. Target is what it means, "" = left out.
type Column struct {
	Name    string     `json:"name"`
	Target  string     `json:"target"`
	Samples []string   `json:"samples"`
	Type    field.Type `json:"type"`
}

// NewField is a custom field the import makes.
type NewField struct {
	Key     string     `json:"key"`
	Label   string     `json:"label"`
	Type    field.Type `json:"type"`
	Options []string   `json:"options,omitempty"`
}

// NewOption is an option that a choice gets.
type NewOption struct {
	Field  string `json:"field"` // key
	Option string `json:"option"`
}

// Joining says that a name in the file was taken for an organization that is
// spelled otherwise.
type Joining struct {
	Spelling     string `json:"spelling"`
	Organization string `json:"organization"`
	ID           id.ID  `json:"id"` // 0 if the organization is made by this import
	Line         int    `json:"line"`
}
