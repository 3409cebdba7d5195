package walk

import (
	"strings"

	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/text"
)

// Op compares a custom field with the values of a filter.
type Op string

// The ops.
const (
	Is    Op = "is"    // one of the values (texts: without regard to width and case)
	Not   Op = "not"   // none of the values; unset counts as not
	Has   Op = "has"   // text, link: contains; choices: as Is
	From  Op = "from"  // number, date, money: this or more
	To    Op = "to"    // number, date, money: this or less
	Unset Op = "unset" // has no value
)

// FieldFilter is a condition on an indexed custom field.
type FieldFilter struct {
	Key    string
	Op     Op
	Values []string // as people write them
}

// Field makes the condition of a custom field. It speaks of the field index
// alone, for probing and testing alike, so that there is one meaning.
func (p *Plan) Field(ff FieldFilter, fields map[string]field.Field, parse field.ParseCtx) (Cond, error) {
	f, ok := fields[ff.Key]
	if !ok || f.Retired() || !f.Indexed {
		return Cond{}, errs.Field("field:"+ff.Key, "contract.err.filter", "Key", ff.Key)
	}
	if ff.Op == Unset {
		return Cond{Test: HasIndex(p.WS, f.ID).Not()}, nil
	}
	k, err := p.indexCond(f, ff, parse)
	if err != nil {
		return Cond{}, err
	}
	if ff.Op == Not {
		return Cond{Test: HasIndex(p.WS, f.ID, k).Not()}, nil
	}
	rows := SQL("SELECT f.contract_id AS id FROM field_index f WHERE f.workspace_id = ? AND f.field_id = ?", p.WS, f.ID)
	// In the order of the index, so that PostgreSQL stops at the limit of a probe
	// and does not gather all hits first.
	probe := rows.And(k).Add(" ORDER BY f.k, f.contract_id")
	return Cond{Test: HasIndex(p.WS, f.ID, k), Probe: probe, Scans: ff.Op == Has,
		Bounds: k, BoundsSort: f.Name()}, nil
}

// indexCond says what the index bytes must be.
func (p *Plan) indexCond(f field.Field, ff FieldFilter, parse field.ParseCtx) (Frag, error) {
	if len(ff.Values) == 0 {
		return Frag{}, errs.Field(f.Name(), "err.required")
	}
	op := ff.Op
	isText := f.Type == field.Text || f.Type == field.Link
	if op == Has && isText {
		return p.Contains("f.k", []byte(text.Fold(ff.Values[0]))), nil
	}
	var keys []any
	for _, w := range ff.Values {
		k, err := filterKeys(f, w, parse)
		if err != nil {
			return Frag{}, err
		}
		keys = append(keys, k...)
	}
	ordered := f.Type == field.Number || f.Type == field.Date || f.Type == field.Money
	switch {
	case len(keys) == 0:
		return Frag{}, errs.Field(f.Name(), "err.required")
	case op == Is || op == Not || op == Has && f.Type.HasOptions():
		return SQL("f.k IN ("+strings.TrimSuffix(strings.Repeat("?, ", len(keys)), ", ")+")", keys...), nil
	case op == From && ordered:
		c := SQL("f.k >= ?", keys[0])
		if f.Type == field.Money { // amounts of one currency only
			c = c.Add(" AND f.k < ?", append([]byte(nil), append(keys[0].([]byte)[:3:3], 255)...))
		}
		return c, nil
	case op == To && ordered:
		c := SQL("f.k <= ?", keys[0])
		if f.Type == field.Money {
			c = c.Add(" AND f.k >= ?", keys[0].([]byte)[:3:3])
		}
		return c, nil
	}
	return Frag{}, errs.Field(f.Name(), "contract.err.filter", "Key", f.Key)
}

// filterKeys are the index bytes of a word in a filter. A text is compared as
// far as the index goes; a choice or link that could not be stored is simply
// found nowhere.
func filterKeys(f field.Field, word string, parse field.ParseCtx) ([]any, error) {
	switch f.Type {
	case field.Link:
		f.Type = field.Text
	case field.Choices: // one word is one option, whatever is in it
		f.Type = field.Choice
	}
	parse.AnyOption = true
	v, err := f.Parse(word, parse)
	if err != nil {
		return nil, err
	}
	var out []any
	for _, k := range f.Keys(v) {
		out = append(out, k)
	}
	return out, nil
}

// Unit finds the contracts of the members of a team, or with none those whose
// owner is in no team.
func (p *Plan) Unit(unit id.ID, none bool) Cond {
	test := OnRow("c.owner_id IN (SELECT u.member_id FROM unit_member u WHERE u.workspace_id = ? AND u.unit_id = ?)", p.WS, unit)
	if none {
		test = OnRow(`NOT EXISTS (SELECT 1 FROM unit_member u WHERE u.workspace_id = c.workspace_id AND u.member_id = c.owner_id)`)
	}
	return Cond{Test: test, Probe: SQL("SELECT c.id FROM contract c WHERE c.workspace_id = ? AND ", p.WS).Then(p.Alive).And(test.Frag)}
}

// Words finds a folded text at the beginning of the key or anywhere in the names. Finding
// reads the index on names and the organizations from end to end: the one cost
// that grows with the contracts, some 25 ms for 100,000.
func (p *Plan) Words(fold string) Cond {
	begins, name, orgName := p.Begins("c.key_fold", fold), p.Contains("c.name_fold", fold), p.Contains("o.name_fold", fold)
	own := SQL("SELECT c.id FROM contract c WHERE c.workspace_id = ?", p.WS).And(p.Alive)
	// CROSS JOIN makes SQLite begin with the organizations.
	ofOrg := SQL(`SELECT c.id FROM organization o CROSS JOIN contract c WHERE o.workspace_id = ?
		AND c.workspace_id = ? AND c.org_id = o.id`, p.WS, p.WS).And(orgName)
	all := SQL("SELECT id FROM (").Then(own.And(begins)).Add(" LIMIT ?) a", p.Limits.Probe)
	for _, part := range []Frag{own.And(name), ofOrg} {
		all = all.Add(" UNION SELECT id FROM (").Then(part).Add(" LIMIT ?) b", p.Limits.Probe)
	}
	return Cond{
		Test: Test{Frag: SQL("(").Then(begins).Add(" OR ").Then(name).Add(` OR EXISTS (SELECT 1 FROM organization o
			WHERE o.workspace_id = c.workspace_id AND o.id = c.org_id`).And(orgName).Add("))")},
		Probe: all, Scans: true,
	}
}
