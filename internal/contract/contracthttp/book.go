package contracthttp

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
)

// book is what a page needs to know to say values in words: who the members
// are, which fields the team has, what day it is, and whether the reader may
// change anything.
type book struct {
	now     time.Time
	today   cal.Date
	may     bool
	members []workspace.Member
	byID    map[id.ID]workspace.Member
	fields  []field.Field // those in use, in their order
	short   map[id.ID]string
}

func (h *Handlers) book(ctx context.Context) (*book, error) {
	now := web.Now(ctx)
	b := &book{now: now, today: words.Today(ctx, now), may: who.From(ctx).May(who.Write), byID: map[id.ID]workspace.Member{}}
	members, err := h.people.Members(ctx)
	if err != nil {
		return nil, err
	}
	b.members = members
	for _, m := range members {
		b.byID[m.ID] = m
	}
	b.short = shortNames(members)
	all, err := h.fields.List(ctx)
	for _, f := range all {
		if !f.Retired() {
			b.fields = append(b.fields, f)
		}
	}
	return b, err
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

func (b *book) field(name string) (field.Field, bool) {
	key, custom := strings.CutPrefix(name, contract.FieldPrefix)
	for _, f := range b.fields {
		if custom && f.Key == key {
			return f, true
		}
	}
	return field.Field{}, false
}

// known reports whether contracts have the attribute.
func (b *book) known(name string) bool {
	_, custom := b.field(name)
	return custom || slices.Contains(contract.Attrs, name)
}

// label is the name of an attribute.
func (b *book) label(ctx context.Context, name string) string {
	if f, ok := b.field(name); ok {
		return f.Label(words.From(ctx).Lang)
	}
	return words.T(ctx, "contract.attr."+name)
}

// written is an attribute as a form shows it and reads it back.
func (b *book) written(c contract.Contract, name string) string {
	v := c.Value(name)
	if f, ok := b.field(name); ok {
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

// said is a canonical value of an attribute in the reader's words, "" for
// unset.
func (b *book) said(ctx context.Context, name string, v any) string {
	if f, ok := b.field(name); ok {
		return b.saidField(ctx, f, v)
	}
	switch v := v.(type) {
	case bool:
		return words.T(ctx, "contract.bool."+fmt.Sprint(v))
	case string:
		switch {
		case v == "":
			return ""
		case name == "owner":
			return b.memberName(v)
		case name == "outlook":
			return words.T(ctx, "shell.health."+outlookKind(contract.Outlook(v)))
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

func (b *book) saidField(ctx context.Context, f field.Field, v any) string {
	if v == nil {
		return ""
	}
	switch s := f.Text(v); f.Type {
	case field.Member:
		return b.memberName(s)
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

func (b *book) memberName(memberID string) string {
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

// outlookKind is the mark of an outlook: ○ △ × or unknown.
func outlookKind(o contract.Outlook) string {
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

// staleDays is the age from which imported data is called old.
const staleDays = 14

// age says when an import last saw a contract; old is the word for data nobody
// should trust. A contract written by hand has no age.
func (b *book) age(ctx context.Context, c contract.Contract) (w ui.When, old bool) {
	if c.DataAt.IsZero() {
		return ui.When{}, false
	}
	w = ui.Ago(ctx, c.DataAt, b.now)
	days := words.Today(ctx, c.DataAt).DaysUntil(b.today)
	if days <= staleDays {
		return w, false
	}
	w.Text = words.T(ctx, "contract.stale", "Count", days)
	return w, true
}

// owners are the members an owner can be chosen from. Those who left are
// offered only where one still stands.
func (b *book) owners(ctx context.Context, chosen string) []ui.Option {
	out := []ui.Option{{Value: "", Label: words.T(ctx, "contract.nobody")}}
	for _, m := range b.members {
		if m.State != workspace.Left || m.ID.String() == chosen {
			out = append(out, ui.Option{Value: m.ID.String(), Label: m.Name, Selected: m.ID.String() == chosen})
		}
	}
	return out
}
