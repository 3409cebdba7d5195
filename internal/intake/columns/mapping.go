package columns

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/text"
)

// Mapping says what the columns of a file mean. Its JSON is the mapping file.
type Mapping struct {
	Columns map[string]string `json:"columns"`        // column → target
	Rest    string            `json:"rest,omitempty"` // of the other columns: RestFields (also "") or RestIgnore
}

// What becomes of columns a mapping does not name.
const (
	RestFields = "fields" // custom fields
	RestIgnore = "ignore" // nothing
)

// Ignore is the target of a column to be left out.
const Ignore = "ignore"

const FieldPrefix = "field:"

// Targets are what a column may mean, beside field:KEY and Ignore. The CSM's
// own call (見立て) is not among them: a list must not overrule a person.
func Targets() []string { return slices.Clone(targets) }

var targets = strings.Fields(`key name organization department corporate_number owner status phase start_date
	renewal_date notice_date auto_renew term_type ended_on churned amount amount_basis currency domain contact_name contact_mail note`)

// Read reads a mapping file; blank text is none.
func Read(raw []byte) (*Mapping, error) {
	if text.Line(string(raw)) == "" {
		return nil, nil
	}
	var m Mapping
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, errs.Field("mapping", "intake.err.mapping_json").With(err)
	}
	return &m, nil
}

// Empty reports whether nothing was asked for.
func (m Mapping) Empty() bool { return len(m.Columns) == 0 && m.Rest == "" }

// fits reports whether every column the mapping names is in the file.
func (m Mapping) Fits(header []string) bool {
	for name := range m.Columns {
		if !slices.Contains(header, name) {
			return false
		}
	}
	return len(m.Columns) > 0
}

// check says what is wrong with a mapping for a file with these columns.
func (m Mapping) Check(header []string, fields []field.Field) error {
	var list []*errs.E
	by := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(m.Columns)) {
		at, target := "mapping."+name, m.Columns[name]
		other, twice := by[target]
		switch {
		case !slices.Contains(header, name):
			list = append(list, errs.Field(at, "intake.err.no_column", "Column", name))
		case target == Ignore:
		case !isTarget(target, fields):
			list = append(list, errs.Field(at, "intake.err.target", "Column", name, "Target", target))
		case twice:
			list = append(list, errs.Field(at, "intake.err.target_twice", "Column", name, "Other", other, "Target", target))
		default:
			by[target] = name
		}
	}
	if by["key"] == "" {
		list = append(list, errs.Field("mapping", "intake.err.no_key"))
	}
	if m.Rest != "" && m.Rest != RestFields && m.Rest != RestIgnore {
		list = append(list, errs.Field("mapping.rest", "intake.err.rest"))
	}
	return errs.Join(list...)
}

var fieldKeyForm = regexp.MustCompile(`^[a-z0-9_]{1,40}$`)

func isTarget(target string, fields []field.Field) bool {
	key, isField := strings.CutPrefix(target, FieldPrefix)
	if !isField {
		return slices.Contains(targets, target)
	}
	retired := slices.ContainsFunc(fields, func(f field.Field) bool { return f.Key == key && f.Retired() })
	return !retired && fieldKeyForm.MatchString(key) && !slices.Contains(field.Reserved, key)
}

// columnNames gives every column a name of its own: a repeated one gets a
// number behind it, a blank one is #3.
func columnNames(header []string) []string {
	out := make([]string, len(header))
	used := map[string]bool{}
	for i, name := range header {
		if name == "" {
			name = fmt.Sprintf("#%d", i+1)
		}
		unique := name
		for n := 2; used[unique]; n++ {
			unique = fmt.Sprintf("%s (%d)", name, n)
		}
		used[unique], out[i] = true, unique
	}
	return out
}

// resolve turns a mapping into the plan of a file. The columns it does not
// name become the fields of their labels, new ones if need be; those that are
// blank from top to bottom are left out.
func (m Mapping) Resolve(columns []Surveyed, fields []field.Field) (Plan, error) {
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	if err := m.Check(names, fields); err != nil {
		return Plan{}, err
	}
	var p Plan
	taken := map[string]bool{}
	for _, target := range m.Columns {
		taken[target] = true
	}
	for _, c := range columns {
		target, named := m.Columns[c.Name]
		if !named && m.Rest != RestIgnore {
			target = restTarget(c, fields, taken)
		}
		if target == Ignore {
			target = ""
		}
		taken[target] = true
		p.Columns = append(p.Columns, Column{Name: c.Name, Target: target, Samples: c.Samples(), Type: c.Type})
		if key, ok := strings.CutPrefix(target, FieldPrefix); ok && !hasField(fields, key) {
			p.NewFields = append(p.NewFields, NewField{Key: key, Label: label(c.Name), Type: c.Type, Options: c.options})
		}
	}
	return p, nil
}

func hasField(fields []field.Field, key string) bool {
	return slices.ContainsFunc(fields, func(f field.Field) bool { return f.Key == key })
}

// restTarget finds the field a column belongs to by its label or key, or names
// a new one. A retired field is left alone.
func restTarget(c Surveyed, fields []field.Field, taken map[string]bool) string {
	if c.filled == 0 {
		return ""
	}
	fold := text.Fold(c.Name)
	for _, f := range fields {
		if f.Key != slug(c.Name) && text.Fold(f.Labels["ja"]) != fold && text.Fold(f.Labels["en"]) != fold {
			continue
		}
		if f.Retired() || taken[f.Name()] {
			return ""
		}
		return f.Name()
	}
	return FieldPrefix + newKey(c.Name, func(key string) bool {
		return hasField(fields, key) || taken[FieldPrefix+key] || slices.Contains(field.Reserved, key)
	})
}

// newKey makes a free key for a field: the Latin label as a slug, else field_N.
func newKey(label string, used func(string) bool) string {
	base := slug(label)
	key, n := base, 2
	if base == "" {
		base, key = "field", "field_1"
	}
	for ; used(key); n++ {
		key = fmt.Sprintf("%s_%d", base, n)
	}
	return key
}

// slug is "" for a label that is not Latin.
func slug(label string) string {
	label = strings.ToLower(norm.NFKC.String(label))
	if strings.ContainsFunc(label, func(r rune) bool { return r > 127 }) {
		return ""
	}
	words := strings.FieldsFunc(label, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	s := strings.Join(words, "_")
	return strings.TrimRight(s[:min(len(s), 36)], "_") // room for a number behind
}

// label is a column's name as the label of a field.
func label(name string) string {
	r := []rune(text.Line(name))
	return string(r[:min(len(r), field.MaxLabel)])
}

// LangOf guesses the language of a label.
func LangOf(label string) string {
	if strings.ContainsFunc(label, func(r rune) bool { return r > 0x2e7f }) {
		return "ja"
	}
	return "en"
}

// Mapping is the plan's columns as an explicit mapping, as it is remembered
// for the source.
func (p Plan) Mapping() Mapping {
	m := Mapping{Columns: map[string]string{}, Rest: RestFields}
	for _, c := range p.Columns {
		if m.Columns[c.Name] = c.Target; c.Target == "" {
			m.Columns[c.Name] = Ignore
		}
	}
	return m
}

// column is where a target stands, -1 if the file has no such column.
func (p Plan) Column(target string) int {
	return slices.IndexFunc(p.Columns, func(c Column) bool { return c.Target == target })
}

// basis is what the amounts are for where no column tells: the header of the
// amount itself may (月額, ARR).
func (p Plan) Basis() contract.Basis {
	at := p.Column("amount")
	if at < 0 || p.Column("amount_basis") >= 0 {
		return ""
	}
	return headBasis(p.Columns[at].Name)
}

// headBasis reads the basis in the header of an amount.
func headBasis(name string) contract.Basis {
	if b := basisIn(headKey(name)); b != "" {
		return b
	}
	return basisIn(text.Fold(name)) // it may stand in brackets: 金額（月額）
}

func basisIn(head string) contract.Basis {
	switch {
	case strings.Contains(head, "月額"), strings.Contains(head, "monthly"), strings.Contains(head, "mrr"):
		return contract.Monthly
	case strings.Contains(head, "年額"), strings.Contains(head, "年間"), strings.Contains(head, "annual"),
		strings.Contains(head, "yearly"), strings.Contains(head, "arr"), strings.Contains(head, "acv"):
		return contract.Yearly
	}
	return ""
}

// Name is the column of a target, "" if the file has none.
func (p Plan) Name(target string) string {
	if i := p.Column(target); i >= 0 {
		return p.Columns[i].Name
	}
	return ""
}
