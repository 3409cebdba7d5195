package intake

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"

	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/org"
)

// side is what a row says on one side of its arrow: before it was applied, or
// after. Only what differs is in it; for a created row, all.
type side struct {
	Values map[string]any  `json:"values,omitempty"` // canonical, by attribute
	Fields json.RawMessage `json:"fields,omitempty"` // canonical, by field key
	Org    *orgRef         `json:"org,omitempty"`
	Owner  *ownerRef       `json:"owner,omitempty"`

	// Before only.
	Version int64 `json:"version,omitempty"`

	// After only.
	Number  bool     `json:"number,omitempty"`  // the organization takes the row's corporate number
	Term    int      `json:"term,omitempty"`    // the term that begins with the new dates
	Note    string   `json:"note,omitempty"`    // words for the trail
	Contact *contact `json:"contact,omitempty"` // person at the customer
	Cells   []string `json:"cells,omitempty"`   // an invalid row as it was in the file
}

// orgRef names an organization: by what the file says, or by what it is.
type orgRef struct {
	ID     id.ID  `json:"id,omitzero"` // 0 = to be found or made
	Name   string `json:"name"`
	Number string `json:"number,omitempty"`
}

func (o orgRef) name() org.Name { return org.Name{Name: o.Name, CorporateNumber: o.Number} }

// ownerRef names an owner: by the text in the file, or by who it is.
type ownerRef struct {
	ID   id.ID  `json:"id,omitzero"`
	Text string `json:"text"`
}

type contact struct {
	Name string `json:"name,omitempty"`
	Mail string `json:"mail,omitempty"`
}

// row is one line of import_row.
type row struct {
	line                int
	keyFold             string
	outcome             Outcome
	contract            id.ID
	before              side
	after               side
	problems            []Problem
	brought             string
	seen                seenKey
	wasImport           id.ID
	wasAt               int64
	made                *contract.Contract // of a created row, when it is about to be written
	rawBefore, rawAfter string             // before and after as JSON, made ahead of the writer
}

// seenKey is how the source knows a key.
type seenKey struct {
	contract   id.ID
	lastImport id.ID
	lastSeen   int64
	absent     int64
	brought    string
}

// fieldValues are the canonical custom values; nil means unset.
func (s side) fieldValues() (map[string]any, error) {
	if len(s.Fields) == 0 {
		return nil, nil
	}
	return field.Decode(s.Fields)
}

// sides puts a contract's changes into what was and what will be. The
// references are the caller's to add.
func sides(changes map[string][2]any) (before, after side, err error) {
	was, now := map[string]any{}, map[string]any{}
	for name, pair := range changes {
		if name == "organization" || name == "owner" {
			continue
		}
		if key, ok := strings.CutPrefix(name, fieldPrefix); ok {
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

func (s *side) set(name string, v any) {
	if s.Values == nil {
		s.Values = map[string]any{}
	}
	s.Values[name] = v
}

// write puts the values of a side into a contract.
func (s side) write(c *contract.Contract) error {
	if bad := (contract.Setter{}).Apply(c, s.Values); len(bad) > 0 {
		return errs.Join(bad...)
	}
	values, err := s.fieldValues()
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
func (s side) empty() bool {
	return len(s.Values) == 0 && len(s.Fields) == 0 && s.Org == nil && s.Owner == nil && s.Note == "" && s.Contact == nil
}

// changes pairs both sides for showing: attribute → [from, to].
func changesOf(before, after side) (map[string][2]any, error) {
	out := map[string][2]any{}
	for name, to := range after.Values {
		out[name] = [2]any{before.Values[name], to}
	}
	was, err := before.fieldValues()
	if err != nil {
		return nil, err
	}
	now, err := after.fieldValues()
	for key, to := range now {
		out[fieldPrefix+key] = [2]any{was[key], to}
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

func decodeSide(raw string) (s side, err error) {
	if raw == "{}" {
		return s, nil
	}
	d := json.NewDecoder(bytes.NewReader([]byte(raw)))
	d.UseNumber()
	return s, d.Decode(&s)
}

// encode makes the JSON of both sides, so that a transaction does not wait for it.
func (r *row) encode() error {
	for _, t := range []struct {
		from side
		to   *string
	}{{r.before, &r.rawBefore}, {r.after, &r.rawAfter}} {
		raw, err := json.Marshal(t.from)
		if err != nil {
			return err
		}
		*t.to = string(raw)
	}
	return nil
}

// attributes lists the names a side sets, for what an undo has to look at.
func (s side) attributes() ([]string, error) {
	values, err := s.fieldValues()
	var out []string
	for name := range maps.Keys(s.Values) {
		out = append(out, name)
	}
	for key := range maps.Keys(values) {
		out = append(out, fieldPrefix+key)
	}
	return out, err
}

func cutField(name string) (key string, ok bool) { return strings.CutPrefix(name, fieldPrefix) }

// without is the side's values but for some attributes.
func (s side) without(names []string) (side, error) {
	values, err := s.fieldValues()
	if err != nil {
		return side{}, err
	}
	out := side{Values: maps.Clone(s.Values)}
	for _, name := range names {
		delete(out.Values, name)
		if key, ok := cutField(name); ok {
			delete(values, key)
		}
	}
	if len(values) > 0 {
		out.Fields, err = json.Marshal(values)
	}
	return out, err
}
