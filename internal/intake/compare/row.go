package compare

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"

	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/intake/columns"
	"kizuki/internal/org"
)

// Side is what a row says on one side of its arrow: before it was applied, or
// after. Only what differs is in it; for a created row, all.
type Side struct {
	Values map[string]any  `json:"values,omitempty"` // canonical, by attribute
	Fields json.RawMessage `json:"fields,omitempty"` // canonical, by field key
	Org    *OrgRef         `json:"org,omitempty"`
	Owner  *OwnerRef       `json:"owner,omitempty"`

	// Before only.
	Version int64 `json:"version,omitempty"`

	// After only.
	Number  bool     `json:"number,omitempty"`  // the organization takes the row's corporate number
	Term    int      `json:"term,omitempty"`    // the term that begins with the new dates
	Note    string   `json:"note,omitempty"`    // words for the trail
	Contact *Contact `json:"contact,omitempty"` // person at the customer
	Cells   []string `json:"cells,omitempty"`   // an invalid row as it was in the file
}

// OrgRef names an organization: by what the file says, or by what it is.
type OrgRef struct {
	ID     id.ID  `json:"id,omitzero"` // 0 = to be found or made
	Name   string `json:"name"`
	Number string `json:"number,omitempty"`
}

// OrgName is how org knows it.
func (o OrgRef) OrgName() org.Name { return org.Name{Name: o.Name, CorporateNumber: o.Number} }

// OwnerRef names an owner: by the text in the file, or by who it is.
type OwnerRef struct {
	ID   id.ID  `json:"id,omitzero"`
	Text string `json:"text"`
}

// Contact is a person at the customer.
type Contact struct {
	Name string `json:"name,omitempty"`
	Mail string `json:"mail,omitempty"`
}

// Row is one line of import_row.
type Row struct {
	Line                int
	KeyFold             string
	Outcome             Outcome
	Contract            id.ID
	Before              Side
	After               Side
	Problems            []Problem
	Brought             string
	Seen                Seen
	WasImport           id.ID
	WasAt               int64
	Made                *contract.Contract // of a created row, when it is about to be written
	RawBefore, RawAfter string             // before and after as JSON, made ahead of the writer
}

// Seen is how the source knows a key.
type Seen struct {
	Contract   id.ID
	LastImport id.ID
	LastSeen   int64
	Absent     int64
	Brought    string
}

// fieldValues are the canonical custom values; nil means unset.
func (s Side) FieldValues() (map[string]any, error) {
	if len(s.Fields) == 0 {
		return nil, nil
	}
	return field.Decode(s.Fields)
}

// sides puts a contract's changes into what was and what will be. The
// references are the caller's to add.
func Sides(changes map[string][2]any) (before, after Side, err error) {
	was, now := map[string]any{}, map[string]any{}
	for name, pair := range changes {
		if name == "organization" || name == "owner" {
			continue
		}
		if key, ok := strings.CutPrefix(name, columns.FieldPrefix); ok {
			was[key], now[key] = pair[0], pair[1]
			continue
		}
		before.set(name, pair[0])
		after.set(name, pair[1])
	}
	if len(was) > 0 {
		if before.Fields, err = json.Marshal(was); err == nil {
			after.Fields, err = json.Marshal(now)
		}
	}
	return before, after, err
}

func (s *Side) set(name string, v any) {
	if s.Values == nil {
		s.Values = map[string]any{}
	}
	s.Values[name] = v
}

// write puts the values of a side into a contract.
func (s Side) Write(c *contract.Contract) error {
	if bad := (contract.Setter{}).Apply(c, s.Values); len(bad) > 0 {
		return errs.Join(bad...)
	}
	values, err := s.FieldValues()
	if err != nil {
		return err
	}
	if c.Fields == nil {
		c.Fields = map[string]any{}
	}
	for key, v := range values {
		if v == nil {
			delete(c.Fields, key)
			continue
		}
		c.Fields[key] = v
	}
	return nil
}

// empty reports whether applying the side would write nothing.
func (s Side) empty() bool {
	return len(s.Values) == 0 && len(s.Fields) == 0 && s.Org == nil && s.Owner == nil && s.Note == "" && s.Contact == nil
}

// changes pairs both sides for showing: attribute → [from, to].
func Changes(before, after Side) (map[string][2]any, error) {
	out := map[string][2]any{}
	for name, to := range after.Values {
		out[name] = [2]any{before.Values[name], to}
	}
	was, err := before.FieldValues()
	if err != nil {
		return nil, err
	}
	now, err := after.FieldValues()
	for key, to := range now {
		out[columns.FieldPrefix+key] = [2]any{was[key], to}
	}
	if after.Org != nil {
		var from any
		if before.Org != nil {
			from = before.Org.Name
		}
		if after.Number {
			out["corporate_number"] = [2]any{nil, after.Org.Number}
		}
		if from != after.Org.Name {
			out["organization"] = [2]any{from, after.Org.Name}
		}
	}
	if after.Owner != nil {
		var from any
		if before.Owner != nil {
			from = before.Owner.Text
		}
		out["owner"] = [2]any{from, after.Owner.Text}
	}
	if after.Contact != nil {
		out["contact_name"] = [2]any{nil, strings.TrimSpace(after.Contact.Name + " " + after.Contact.Mail)}
	}
	if after.Note != "" {
		out["note"] = [2]any{nil, after.Note}
	}
	return out, err
}

func Decode(raw string) (s Side, err error) {
	if raw == "{}" {
		return s, nil
	}
	d := json.NewDecoder(bytes.NewReader([]byte(raw)))
	d.UseNumber()
	return s, d.Decode(&s)
}

// encode makes the JSON of both sides, so that a transaction does not wait for it.
func (r *Row) Encode() error {
	for _, t := range []struct {
		from Side
		to   *string
	}{{r.Before, &r.RawBefore}, {r.After, &r.RawAfter}} {
		raw, err := json.Marshal(t.from)
		if err != nil {
			return err
		}
		*t.to = string(raw)
	}
	return nil
}

// attributes lists the names a side sets, for what an undo has to look at.
func (s Side) Attributes() ([]string, error) {
	values, err := s.FieldValues()
	var out []string
	for name := range maps.Keys(s.Values) {
		out = append(out, name)
	}
	for key := range maps.Keys(values) {
		out = append(out, columns.FieldPrefix+key)
	}
	return out, err
}

func CutField(name string) (key string, ok bool) { return strings.CutPrefix(name, columns.FieldPrefix) }

// without is the side's values but for some attributes.
func (s Side) Without(names []string) (Side, error) {
	values, err := s.FieldValues()
	if err != nil {
		return Side{}, err
	}
	out := Side{Values: maps.Clone(s.Values)}
	for _, name := range names {
		delete(out.Values, name)
		if key, ok := CutField(name); ok {
			delete(values, key)
		}
	}
	if len(values) > 0 {
		out.Fields, err = json.Marshal(values)
	}
	return out, err
}

// Prepare builds the contracts of created rows, before the writer asks.
func Prepare(rows []Row) error {
	for i := range rows {
		if r := &rows[i]; r.Outcome == Created {
			r.Made = &contract.Contract{ID: r.Contract}
			if err := r.After.Write(r.Made); err != nil {
				return err
			}
		}
	}
	return nil
}
