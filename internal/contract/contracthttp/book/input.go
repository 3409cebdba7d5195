package book

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/contract"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// inline are the attributes of every contract that can be changed where they
// stand; custom fields can be, too.
var inline = []string{"owner", "status", "phase", "outlook"}

// CellID names a cell in the page; the colon of field:KEY is none for a
// selector.
func CellID(contractID id.ID, name string) string {
	return "c" + contractID.String() + "-" + strings.ReplaceAll(name, ":", "-")
}

// Changeable reports whether the attribute can be changed where it stands.
func (b *Book) Changeable(name string) bool {
	_, custom := b.Field(name)
	return custom || slices.Contains(inline, name)
}

// Input is how an attribute is typed or chosen, in cells and in forms alike.
func (b *Book) Input(ctx context.Context, name, value string) ui.FieldProps {
	p := ui.FieldProps{Name: name, Label: b.Label(ctx, name), Value: value}
	if f, ok := b.Field(name); ok {
		b.customInput(ctx, f, &p)
		return p
	}
	switch name {
	case "owner":
		p.Type, p.Options = "select", b.Owners(ctx, value)
	case "status", "phase":
		p.Attrs = ui.Attrs{"list": "words-" + name, "autocomplete": "off"}
	case "amount_basis":
		p.Type = "select"
		p.Options = []ui.Option{{Label: words.T(ctx, "contract.unset")}}
		for _, basis := range []contract.Basis{contract.Monthly, contract.Yearly, contract.WholeTerm} {
			p.Options = append(p.Options, ui.Option{Value: string(basis), Label: words.T(ctx, "contract.basis."+string(basis))})
		}
	case "term_type":
		p.Type = "select"
		p.Options = []ui.Option{{Label: words.T(ctx, "contract.term_type.none")}}
		for _, typ := range []contract.TermType{contract.Trial, contract.Rolling} {
			p.Options = append(p.Options, ui.Option{Value: string(typ), Label: words.T(ctx, "contract.term_type."+string(typ))})
		}
	case "auto_renew":
		p.Type, p.Value, p.Checked = "checkbox", "true", value == "true"
	case "start_date", "renewal_date", "notice_date":
		p.Placeholder = words.T(ctx, "contract.first.date_hint")
	}
	return p
}

func (b *Book) customInput(ctx context.Context, f field.Field, p *ui.FieldProps) {
	p.ID = strings.ReplaceAll(p.Name, ":", "-")
	option := func(value, label string) {
		p.Options = append(p.Options, ui.Option{Value: value, Label: label})
	}
	switch f.Type {
	case field.Choices:
		chosen := strings.Split(p.Value, "、")
		for _, o := range f.Offered(chosen...) {
			p.Options = append(p.Options, ui.Option{Value: o, Label: o, Selected: slices.Contains(chosen, o)})
		}
		p.Type, p.Multiple, p.Value = "select", true, ""
	case field.Choice:
		p.Type = "select"
		option("", words.T(ctx, "contract.unset"))
		for _, o := range f.Offered(p.Value) {
			option(o, o)
		}
	case field.Checkbox:
		p.Type = "select"
		option("", words.T(ctx, "contract.unset"))
		option("true", words.T(ctx, "contract.bool.true"))
		option("false", words.T(ctx, "contract.bool.false"))
	case field.Member:
		p.Type, p.Options = "select", b.Owners(ctx, p.Value)
	case field.Text:
		if strings.Contains(p.Value, "\n") || len(p.Value) > 120 {
			p.Type = "textarea"
		}
	case field.Link:
		p.Placeholder = "https://"
	case field.Date:
		p.Placeholder = words.T(ctx, "contract.first.date_hint")
	}
}

// Outlooks are the calls a member can make, the best first.
var Outlooks = []contract.Outlook{contract.OnTrack, contract.Watch, contract.Danger}

// OutlookOptions are the three calls and none.
func OutlookOptions(ctx context.Context, value string) []ui.Option {
	var list []ui.Option
	for _, o := range append(slices.Clone(Outlooks), "") {
		kind := OutlookKind(o)
		list = append(list, ui.Option{Value: string(o), Label: words.T(ctx, "shell.health."+kind), Icon: kind, Selected: string(o) == value})
	}
	return list
}
