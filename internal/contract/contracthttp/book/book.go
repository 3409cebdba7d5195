// Package book says the values of contracts in words, on every page about them:
// who the members are, which fields the team has, what day it is, and which
// values can be changed where they stand.
package book

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/money"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
	"kizuki/internal/workspace/units"
)

// Book is what a page needs to know to say values in words: who the members
// are, which fields the team has, what day it is, and whether the reader may
// change anything.
type Book struct {
	Now     time.Time
	Today   cal.Date
	May     bool // change anything
	Members []workspace.Member
	byID    map[id.ID]workspace.Member
	Fields  []field.Field    // those in use, in their order
	Short   map[id.ID]string // the members' names where the family name is enough
	units   []workspace.Unit // read only where fields belong to teams
}

// Open reads it for the reader of ctx.
func Open(ctx context.Context, people *workspace.Service, fields *field.Service) (*Book, error) {
	now := web.Now(ctx)
	b := &Book{Now: now, Today: words.Today(ctx, now), May: who.From(ctx).May(who.Write), byID: map[id.ID]workspace.Member{}}
	members, err := people.Members(ctx)
	if err != nil {
		return nil, err
	}
	b.Members = members
	for _, m := range members {
		b.byID[m.ID] = m
	}
	b.Short = shortNames(members)
	all, err := fields.List(ctx)
	for _, f := range all {
		if !f.Retired() {
			b.Fields = append(b.Fields, f)
		}
	}
	if err == nil && slices.ContainsFunc(b.Fields, func(f field.Field) bool { return f.Unit != 0 }) {
		b.units, err = people.Units(ctx)
	}
	return b, err
}

// FieldsOf are the fields that a contract has: see field.Field.Shown.
func (b *Book) FieldsOf(owner id.ID, values map[string]any) []field.Field {
	in := units.Around(b.units, owner)
	return slices.DeleteFunc(slices.Clone(b.Fields), func(f field.Field) bool { return !f.Shown(in, values[f.Key]) })
}

// Listed is the name of an attribute among all there are: a team's field says
// whose it is.
func (b *Book) Listed(ctx context.Context, name string) string {
	label := b.Label(ctx, name)
	if f, ok := b.Field(name); ok && f.Unit != 0 {
		for _, u := range b.units {
			if u.ID == f.Unit {
				return words.T(ctx, "contract.team_field", "Field", label, "Team", u.Name)
			}
		}
	}
	return label
}

// shortNames is the family name where that is enough to tell who is meant.
func shortNames(members []workspace.Member) map[id.ID]string {
	bearers := map[string]int{}
	for _, m := range members {
		bearers[familyName(m.Name)]++
	}
	out := make(map[id.ID]string, len(members))
	for _, m := range members {
		out[m.ID] = m.Name
		if family := familyName(m.Name); bearers[family] == 1 {
			out[m.ID] = family
		}
	}
	return out
}

// familyName is the first word of a Japanese name; names of other scripts are
// not cut, because the family name may stand last.
func familyName(name string) string {
	first, _, _ := strings.Cut(name, " ")
	for _, r := range first {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) {
			return first
		}
	}
	return name
}

func (b *Book) Field(name string) (field.Field, bool) {
	key, custom := strings.CutPrefix(name, contract.FieldPrefix)
	for _, f := range b.Fields {
		if custom && f.Key == key {
			return f, true
		}
	}
	return field.Field{}, false
}

// Known reports whether contracts have the attribute.
func (b *Book) Known(name string) bool {
	_, custom := b.Field(name)
	return custom || slices.Contains(contract.Attrs, name)
}

// Label is the name of an attribute.
func (b *Book) Label(ctx context.Context, name string) string {
	if f, ok := b.Field(name); ok {
		return f.Label(words.From(ctx).Lang)
	}
	return words.T(ctx, "contract.attr."+name)
}

// Written is an attribute as a form shows it and reads it back.
func (b *Book) Written(c contract.Contract, name string) string {
	v := c.Value(name)
	if f, ok := b.Field(name); ok {
		return f.Text(v)
	}
	switch v := v.(type) {
	case bool:
		return fmt.Sprint(v)
	case string:
		if name == "organization" {
			return c.OrgName
		}
		return v
	}
	return ""
}

// Said is a canonical value of an attribute in the reader's words, "" for
// unset.
func (b *Book) Said(ctx context.Context, name string, v any) string {
	if f, ok := b.Field(name); ok {
		return b.SaidField(ctx, f, v)
	}
	switch v := v.(type) {
	case bool:
		return words.T(ctx, "contract.bool."+fmt.Sprint(v))
	case string:
		switch {
		case v == "":
			return ""
		case name == "owner":
			return b.MemberName(v)
		case name == "outlook":
			return words.T(ctx, "shell.health."+OutlookKind(contract.Outlook(v)))
		case name == "term_type":
			return words.T(ctx, "contract.term_type."+v)
		case name == "amount_basis":
			return words.T(ctx, "contract.basis."+v)
		case strings.HasSuffix(name, "_date"), name == "ended_on":
			return words.DayLong(ctx, cal.Date(v))
		}
		return v
	}
	return ""
}

func (b *Book) SaidField(ctx context.Context, f field.Field, v any) string {
	if v == nil {
		return ""
	}
	switch s := f.Text(v); f.Type {
	case field.Member:
		return b.MemberName(s)
	case field.Date:
		return words.DayLong(ctx, cal.Date(s))
	case field.Checkbox:
		return words.T(ctx, "contract.bool."+s)
	case field.Number:
		return grouped(json.Number(s))
	case field.Money:
		number, currency, _ := strings.Cut(s, " ")
		if a, err := money.ParseDecimal(number, currency); err == nil {
			return a.Format(words.From(ctx).Lang)
		}
		return s
	case field.Choices:
		return strings.ReplaceAll(s, "、", words.T(ctx, "contract.comma"))
	default:
		return s
	}
}

func (b *Book) MemberName(memberID string) string {
	m, err := id.Parse(memberID)
	if err != nil {
		return memberID
	}
	return b.byID[m].Name
}

// grouped sets thousands separators into a plain decimal.
func grouped(n json.Number) string {
	whole, fraction, point := strings.Cut(n.String(), ".")
	digits := strings.TrimPrefix(whole, "-")
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if strings.HasPrefix(whole, "-") {
		digits = "-" + digits
	}
	if point {
		digits += "." + fraction
	}
	return digits
}

// OutlookKind is the mark of an outlook: ○ △ × or unknown.
func OutlookKind(o contract.Outlook) string {
	switch o {
	case contract.OnTrack:
		return "good"
	case contract.Watch:
		return "watch"
	case contract.Danger:
		return "risk"
	}
	return "none"
}

// StaleDays is the age from which imported data is called old.
const StaleDays = 14

// Age says when an import last saw a contract; old is the word for data nobody
// should trust. A contract written by hand has no age.
func (b *Book) Age(ctx context.Context, c contract.Contract) (w ui.When, old bool) {
	if c.DataAt.IsZero() {
		return ui.When{}, false
	}
	w = ui.Ago(ctx, c.DataAt, b.Now)
	days := words.Today(ctx, c.DataAt).DaysUntil(b.Today)
	if days <= StaleDays {
		return w, false
	}
	w.Text = words.T(ctx, "contract.stale", "Count", days)
	return w, true
}

// Owners are the members an owner can be chosen from. Those who left are
// offered only where one still stands.
func (b *Book) Owners(ctx context.Context, chosen string) []ui.Option {
	out := []ui.Option{{Value: "", Label: words.T(ctx, "contract.nobody")}}
	for _, m := range b.Members {
		if m.State != workspace.Left || m.ID.String() == chosen {
			out = append(out, ui.Option{Value: m.ID.String(), Label: m.Name, Selected: m.ID.String() == chosen})
		}
	}
	return out
}

// Due is the day of renewal and how far it is.
func (b *Book) Due(ctx context.Context, d cal.Date) ui.When { return ui.Due(ctx, d, b.Today) }

// Day is the renewal's day, without the year where it is this one.
func (b *Book) Day(ctx context.Context, d cal.Date) string {
	if d.Year() == b.Today.Year() {
		return words.DayBare(ctx, d)
	}
	return words.DayNear(ctx, d, b.Today)
}

// Phases are those in use, behind the suggested ones.
func Phases(ctx context.Context, svc *contract.Service) ([]string, error) {
	used, err := svc.Distinct(ctx, "phase")
	list := contract.Phases()
	for _, u := range used {
		if !slices.Contains(list, u) {
			list = append(list, u)
		}
	}
	return list, err
}

// Path is the address of a contract's page, or of one below it.
func Path(contractID id.ID, below ...string) string {
	p := "/contracts/" + contractID.String()
	for _, b := range below {
		p += "/" + b
	}
	return p
}
