package compare

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/intake/columns"
	"kizuki/internal/intake/sheet"
	"kizuki/internal/org"
	"kizuki/internal/text"
	"kizuki/internal/workspace"
)

// Reader understands the rows of one file.
type Reader struct {
	plan     *columns.Plan
	set      contract.Setter        // for the built-in attributes
	fields   map[string]field.Field // by key, new ones too
	basis    contract.Basis
	currency string
	Orgs     map[org.Name]org.Resolved
	told     map[org.Name]bool // joinings already listed
	Owners   workspace.Owners
	lines    map[string]int // first line of each key
	cache    []map[string]parsed
	kinds    []kind // by column
}

// kind is what a column's cells are for.
type kind struct {
	target string
	field  string // key of a custom field
}

// parsed is a cell of a custom field, read once.
type parsed struct {
	value any
	err   *errs.E
}

// maxCache bounds how many different cells of a column are kept read.
const maxCache = 5000

func NewReader(p *columns.Plan, fields []field.Field, currency string, member func(string) (id.ID, bool)) *Reader {
	r := &Reader{plan: p, basis: p.Basis(), currency: currency, fields: map[string]field.Field{}, lines: map[string]int{},
		set: contract.Setter{Form: true}, Orgs: map[org.Name]org.Resolved{}, told: map[org.Name]bool{}}
	r.set.Parse = field.ParseCtx{Currency: currency, Member: member, AnyOption: true}
	for _, f := range fields {
		r.fields[f.Key] = f
	}
	for _, n := range p.NewFields {
		r.fields[n.Key] = field.Field{Key: n.Key, Type: n.Type, Options: slices.Clone(n.Options)}
	}
	for _, c := range p.Columns {
		k := kind{target: c.Target}
		k.field, _ = strings.CutPrefix(c.Target, columns.FieldPrefix)
		if k.field == c.Target {
			k.field = ""
		}
		r.kinds = append(r.kinds, k)
		r.cache = append(r.cache, map[string]parsed{})
	}
	return r
}

// Line is one row of the file, understood as far as the file alone allows.
type Line struct {
	No       int
	key      string
	KeyFold  string
	values   map[string]any // built-in attributes as texts
	fields   map[string]any // custom values, canonical
	Org      org.Name
	owner    string
	note     string
	contact  Contact
	cells    []string
	Problems []Problem
}

// Read takes a row apart. Blank cells say nothing.
func (r *Reader) Read(in sheet.Row) Line {
	l := Line{No: in.Line, cells: in.Cells, values: map[string]any{}}
	for i, cell := range in.Cells {
		k := r.kinds[i]
		if cell = strings.TrimSpace(text.Clean(cell)); cell == "" || k.target == "" {
			continue
		}
		if k.field != "" {
			r.readField(&l, i, cell)
			continue
		}
		switch k.target {
		case "key":
			l.key = text.Line(cell)
			l.KeyFold = text.Fold(l.key)
		case "organization":
			l.Org.Name = text.Line(cell)
		case "corporate_number":
			n, err := org.ParseNumber(cell)
			l.Org.CorporateNumber = n
			r.problem(&l, i, cell, err)
		case "owner":
			l.owner = text.Line(cell)
		case "note":
			l.note = cell
		case "contact_name":
			l.contact.Name = text.Line(cell)
		case "contact_mail":
			l.contact.Mail = text.Line(cell)
		default:
			l.values[k.target] = cell
		}
	}
	r.complete(&l)
	return l
}

// Has reports whether a row of the file had the key.
func (r *Reader) Has(keyFold string) bool { return r.lines[keyFold] > 0 }

// complete derives what the file leaves to us and checks what needs no database.
func (r *Reader) complete(l *Line) {
	if r.basis != "" && l.values["amount"] != nil {
		l.values["amount_basis"] = string(r.basis)
	}
	switch {
	case l.KeyFold == "":
		r.problem(l, r.plan.Column("key"), "", errs.Field("key", "intake.err.blank_key"))
	case r.lines[l.KeyFold] > 0:
		r.problem(l, r.plan.Column("key"), l.key, errs.Field("key", "intake.err.duplicate_key", "Line", r.lines[l.KeyFold]))
	default:
		r.lines[l.KeyFold] = l.No
	}
	r.end(l)
	if l.Org.Name != "" {
		r.problem(l, r.plan.Column("organization"), l.Org.Name, CheckOrg(l.Org.Name))
	}
	if l.owner != "" {
		r.problem(l, r.plan.Column("owner"), l.owner, r.checkOwner(l.owner))
	}
	if utf8.RuneCountInString(l.contact.Name) > 100 {
		r.problem(l, r.plan.Column("contact_name"), l.contact.Name, errs.Field("contact_name", "err.too_long", "Max", 100))
	}
	if m := l.contact.Mail; m != "" && !mailLike(m) {
		r.problem(l, r.plan.Column("contact_mail"), m, errs.Field("contact_mail", "contract.err.mail"))
	}
}

// end reads a flag that says a row is of a contract that is over: the end of
// its dates is then the day it ended, and nothing renews on it.
func (r *Reader) end(l *Line) {
	flag, ok := l.values["churned"].(string)
	if !ok {
		return
	}
	delete(l.values, "churned")
	over, err := field.Field{Type: field.Checkbox}.Parse(flag, field.ParseCtx{})
	if err != nil {
		r.problem(l, r.plan.Column("churned"), flag, err)
		return
	}
	if day, dated := l.values["renewal_date"]; over == true && dated && l.values["ended_on"] == nil {
		l.values["ended_on"] = day
	}
}

func CheckOrg(name string) error {
	if text.OrgKey(name) == "" {
		return errs.Field("organization", "err.required")
	}
	if utf8.RuneCountInString(name) > org.MaxName {
		return errs.Field("organization", "err.too_long", "Max", org.MaxName)
	}
	return nil
}

func (r *Reader) checkOwner(s string) error {
	if len(r.Owners.Ambiguous[s]) > 0 {
		return errs.Field("owner", "intake.err.owner_ambiguous", "Value", s, "Count", len(r.Owners.Ambiguous[s]))
	}
	if slices.Contains(r.Owners.Invalid, s) {
		return errs.Field("owner", "err.too_long", "Max", 100)
	}
	return nil
}

func mailLike(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(domain, ".") && len(s) <= 254 && !strings.ContainsAny(s, " ,;<>")
}

// readField reads a custom value; equal cells are read once.
func (r *Reader) readField(l *Line, column int, cell string) {
	p, ok := r.cache[column][cell]
	if !ok {
		f := r.fields[r.kinds[column].field]
		v, err := f.Parse(cell, r.set.Parse)
		if p.value = v; err != nil {
			p.err = errs.As(err)
		} else if f.Type.HasOptions() {
			r.learn(f, v)
		}
		if len(r.cache[column]) < maxCache {
			r.cache[column][cell] = p
		}
	}
	if p.err != nil {
		r.problem(l, column, cell, p.err)
		return
	}
	if l.fields == nil {
		l.fields = map[string]any{}
	}
	l.fields[r.kinds[column].field] = p.value
}

// learn notes options the field does not have yet, so that later spellings of
// the same one become it.
func (r *Reader) learn(f field.Field, v any) {
	isNew := slices.ContainsFunc(r.plan.NewFields, func(n columns.NewField) bool { return n.Key == f.Key })
	for _, o := range columns.OptionsOf(v) {
		if columns.HasOption(f.Options, o) {
			continue
		}
		f.Options = append(slices.Clone(f.Options), o)
		r.fields[f.Key] = f
		if !isNew {
			r.plan.Options = append(r.plan.Options, columns.NewOption{Field: f.Key, Option: o})
		}
	}
}

// Refuse leaves a line out, because of what its key stands for.
func (r *Reader) Refuse(l *Line, key string) {
	r.problem(l, r.plan.Column("key"), l.key, errs.Field("key", key))
}

// problem notes an error of a cell, if there is one.
func (r *Reader) problem(l *Line, column int, value string, err error) {
	if err == nil {
		return
	}
	e := errs.As(err)
	p := Problem{Line: l.No, Value: text.Excerpt(value, 100), Key: e.Key, Args: e.Args}
	if column >= 0 {
		p.Column, p.Target = r.plan.Columns[column].Name, r.plan.Columns[column].Target
	}
	l.Problems = append(l.Problems, p)
}

// assign writes the line's values into a contract and notes what cannot be read.
func (r *Reader) assign(l *Line, c *contract.Contract) {
	for _, e := range r.set.Apply(c, l.values) {
		at := r.plan.Column(e.Field)
		value := ""
		if at >= 0 {
			value = strings.TrimSpace(l.cells[at])
		}
		r.problem(l, at, value, e)
	}
	if c.Fields == nil && len(l.fields) > 0 {
		c.Fields = map[string]any{}
	}
	for key, v := range l.fields {
		if !(field.Field{}).Equal(c.Fields[key], v) {
			c.Fields[key] = v
		}
	}
}

// brought is the fingerprint of the note and the contact a row brings; a part
// that the row leaves blank stays as the source knew it.
func (l Line) brought(before string) string {
	was, now := [2]string{}, [2]string{}
	was[0], was[1], _ = strings.Cut(before, ".")
	now = was
	if l.note != "" {
		now[0] = sum(l.note)
	}
	if l.contact != (Contact{}) {
		now[1] = sum(l.contact.Name + "\x00" + l.contact.Mail)
	}
	if now == ([2]string{}) {
		return ""
	}
	return now[0] + "." + now[1]
}

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:8])
}
