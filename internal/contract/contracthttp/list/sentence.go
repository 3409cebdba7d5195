package list

import (
	"context"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"kizuki/internal/cal"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/contract/contracthttp/filter"
	"kizuki/internal/contract/contracthttp/rest"
	"kizuki/internal/field"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// withins are the offered distances to the renewal, in days.
var withins = []int{30, 60, 90, 180, 365}

// The three phrases every sentence has.

func (p *listPage) ownerChoices(ctx context.Context) []ui.Option {
	chosen := p.f.Get("owner")
	list := []ui.Option{
		{Value: "", Label: words.T(ctx, "contract.everyone"), Selected: chosen == ""},
		{Value: rest.OwnerMe, Label: words.T(ctx, "contract.me"), Selected: chosen == rest.OwnerMe},
	}
	list = append(list, p.b.Owners(ctx, chosen)[1:]...)
	return append(list, ui.Option{Value: rest.OwnerNone, Label: words.T(ctx, "contract.nobody"), Selected: chosen == rest.OwnerNone})
}

func (p *listPage) withinChoices(ctx context.Context) []ui.Option {
	chosen := p.f.Get("within")
	list := []ui.Option{{Value: "", Label: words.T(ctx, "contract.within.all"), Selected: chosen == "" || chosen == "all"}}
	known := list[0].Selected
	for _, n := range withins {
		o := ui.Option{Value: strconv.Itoa(n), Label: words.T(ctx, "contract.within.days", "Count", n)}
		o.Selected = chosen == o.Value
		known = known || o.Selected
		list = append(list, o)
	}
	for _, r := range p.calendar.Ranges {
		list = append(list, ui.Option{Value: r.Key, Label: words.T(ctx, "contract.within.range", "Name", r.Label), Selected: chosen == r.Key})
		known = known || chosen == r.Key
	}
	list = append(list, ui.Option{Value: filter.Past, Label: words.T(ctx, "contract.within.past"), Selected: chosen == filter.Past})
	if x, ok := p.calendar.Fiscal.Parse(chosen); ok && !known { // a group that was opened
		list = append(list, ui.Option{Value: chosen, Label: words.T(ctx, "contract.within.range", "Name", words.PeriodName(ctx, x)), Selected: true})
	}
	if d := cal.Date(chosen); d.Valid() && !known { // a day of the calendar
		list = append(list, ui.Option{Value: chosen, Label: words.T(ctx, "contract.within.range", "Name", words.DayLong(ctx, d)), Selected: true})
	}
	if n, err := strconv.Atoi(chosen); err == nil && !known { // one typed into the address
		list = append(list, ui.Option{Value: chosen, Label: words.T(ctx, "contract.within.days", "Count", n), Selected: true})
	}
	return list
}

func (p *listPage) sortChoices(ctx context.Context) []ui.Option {
	chosen := p.f.Get("sort")
	if chosen == "" {
		chosen = "renewal"
	}
	var list []ui.Option
	add := func(value, label string) {
		list = append(list, ui.Option{Value: value, Label: label, Selected: value == chosen})
	}
	for _, s := range []string{"renewal", "-renewal", "name", "key", "-amount", "amount"} {
		add(s, words.T(ctx, "contract.sort."+s))
	}
	for _, x := range p.b.Fields {
		if x.Indexed && x.Type != field.Choices {
			add(x.Name(), words.T(ctx, "contract.sort.up", "Name", p.b.Listed(ctx, x.Name())))
			add("-"+x.Name(), words.T(ctx, "contract.sort.down", "Name", p.b.Listed(ctx, x.Name())))
		}
	}
	return list
}

// chosen is the label of the selected option.
func chosen(list []ui.Option) string {
	for _, o := range list {
		if o.Selected {
			return o.Label
		}
	}
	return list[0].Label
}

// conditionNames are the attributes a list can be narrowed by, besides owner and
// renewal, which every sentence names.
func (p *listPage) conditionNames() []string {
	list := []string{"q", "view", "outlook", "phase", "status"}
	if len(p.units) > 0 {
		list = append(list, "unit")
	}
	if p.f.Get("organization") != "" {
		list = append(list, "organization")
	}
	for _, x := range p.b.Fields {
		if x.Indexed {
			list = append(list, x.Name())
		}
	}
	return list
}

// asked are the conditions that narrow this list; unasked are the others.
func (p *listPage) asked() []string { return p.pick(true) }

func (p *listPage) unasked() []string { return p.pick(false) }

func (p *listPage) pick(asked bool) []string {
	var out []string
	for _, name := range p.conditionNames() {
		if (p.value(name) != "") == asked {
			out = append(out, name)
		}
	}
	return out
}

// value is what the address says about a condition, from and to included.
func (p *listPage) value(name string) string {
	x, ok := p.b.Field(name)
	if !ok {
		return p.f.Get(name)
	}
	for _, op := range []string{"", ".has", ".from", ".to", ".not", ".unset"} {
		if v := p.f.Get(filter.FieldPrefix + x.Key + op); v != "" {
			return v
		}
	}
	return ""
}

// condition says one in words: 段階が「定着」.
func (p *listPage) condition(ctx context.Context, name string) string {
	if name == "view" {
		return words.T(ctx, "contract.view."+p.f.Get("view"))
	}
	label := p.label(ctx, name)
	v := p.value(name)
	switch x, ok := p.b.Field(name); {
	case ok:
		v = p.fieldCondition(ctx, x)
	case name == "organization":
		v = p.orgName
	case v == filter.Unset && name != "q":
		v = words.T(ctx, "contract.unset")
	case name == "unit":
		v = chosen(p.options(ctx, name))
	case name == "outlook":
		v = p.b.Said(ctx, name, v)
	}
	return words.T(ctx, "contract.cond", "Name", label, "Value", v)
}

// label names a condition.
func (p *listPage) label(ctx context.Context, name string) string {
	if name == "q" || name == "unit" {
		return words.T(ctx, "contract.filter."+name)
	}
	return p.b.Listed(ctx, name)
}

func (p *listPage) fieldCondition(ctx context.Context, x field.Field) string {
	name := filter.FieldPrefix + x.Key
	from, to := p.f.Get(name+".from"), p.f.Get(name+".to")
	switch {
	case from != "" && to != "":
		return words.T(ctx, "contract.cond_between", "From", from, "To", to)
	case from != "":
		return words.T(ctx, "contract.cond_from", "Value", from)
	case to != "":
		return words.T(ctx, "contract.cond_to", "Value", to)
	case p.f.Get(name) == filter.Unset:
		return words.T(ctx, "contract.unset")
	}
	v := p.value(x.Name())
	if x.Type == field.Member || x.Type == field.Checkbox {
		return p.b.SaidField(ctx, x, plainValue(x, v))
	}
	return v
}

// plainValue makes the word of a filter what a stored value would be.
func plainValue(x field.Field, word string) any {
	if x.Type == field.Checkbox {
		return word == "true"
	}
	return word
}

// options are the choices of a select in the filter.
func (p *listPage) options(ctx context.Context, name string) []ui.Option {
	list := []ui.Option{{Label: words.T(ctx, "contract.any")}}
	var values []string
	switch name {
	case "outlook":
		for _, o := range book.Outlooks {
			list = append(list, ui.Option{Value: string(o), Label: p.b.Said(ctx, name, string(o))})
		}
	case "phase":
		values = p.phases
	case "status":
		values = p.statuses
	case "view":
		for _, v := range viewNames {
			list = append(list, ui.Option{Value: v, Label: words.T(ctx, "contract.view."+v)})
		}
		return list
	case "unit":
		for _, u := range p.units {
			list = append(list, ui.Option{Value: u.ID.String(), Label: u.Name, Selected: u.ID.String() == p.f.Get(name)})
		}
	}
	if name != "view" { // those without one
		none := words.T(ctx, "contract.unset")
		list = append(list, ui.Option{Value: filter.Unset, Label: none, Selected: p.f.Get(name) == filter.Unset})
	}
	if now := p.f.Get(name); now != "" && now != filter.Unset && name != "outlook" && name != "unit" && !slices.Contains(values, now) {
		values = append(values, now)
	}
	for _, v := range values {
		list = append(list, ui.Option{Value: v, Label: v})
	}
	return list
}

func (p *listPage) fieldOptions(ctx context.Context, x field.Field) []ui.Option {
	list := []ui.Option{{Label: words.T(ctx, "contract.any")}}
	switch x.Type {
	case field.Checkbox:
		for _, v := range []string{"true", "false"} {
			list = append(list, ui.Option{Value: v, Label: words.T(ctx, "contract.bool."+v)})
		}
	case field.Member:
		list = append(list, p.b.Owners(ctx, p.f.Get(filter.FieldPrefix+x.Key))[1:]...)
	default:
		for _, o := range x.Options {
			list = append(list, ui.Option{Value: o, Label: o})
		}
	}
	return append(list, ui.Option{Value: filter.Unset, Label: words.T(ctx, "contract.unset")})
}

func (p *listPage) columnChoices(ctx context.Context) []ui.Option {
	var list []ui.Option
	add := func(col, name string) {
		list = append(list, ui.Option{Value: col, Label: p.columnLabel(ctx, name), Selected: slices.Contains(p.cols, name)})
	}
	for _, name := range filter.Extra {
		add(name, name)
	}
	for _, x := range p.b.Fields {
		list = append(list, ui.Option{Value: x.Key, Label: p.b.Listed(ctx, x.Name()), Selected: slices.Contains(p.cols, x.Name())})
	}
	return list
}

// phrases are what stands in the blanks of the sentence.
func (p *listPage) phrases(ctx context.Context) map[string]templ.Component {
	phrase := func(blank, name string, options []ui.Option) templ.Component {
		return choicePhrase(ui.PhraseProps{ID: "by-" + blank, Text: chosen(options)}, name, words.T(ctx, "contract.legend."+name), options)
	}
	return map[string]templ.Component{
		"Owner":      phrase("owner", "owner", p.ownerChoices(ctx)),
		"Within":     phrase("within", "within", p.withinChoices(ctx)),
		"By":         p.by(ctx, phrase),
		"Sort":       phrase("sort", "sort", p.sortChoices(ctx)),
		"Conditions": p.conditions(ctx),
		"Add":        p.more(),
	}
}

// by says what stands between the rows, where something can.
func (p *listPage) by(ctx context.Context, phrase func(blank, name string, options []ui.Option) templ.Component) templ.Component {
	if p.month != nil {
		return templ.NopComponent
	}
	list := p.groupings(ctx)
	if !slices.ContainsFunc(list, func(o ui.Option) bool { return o.Selected }) {
		list = append([]ui.Option{{Label: words.T(ctx, "contract.by.none"), Selected: true}}, list...)
	}
	return templ.Join(phrase("by", "by", list), plain(words.T(ctx, "contract.by_join")))
}

// conditions are joined here and not in the template, which would set a space
// between a phrase and its particle.
func (p *listPage) conditions(ctx context.Context) templ.Component {
	var list []templ.Component
	for _, name := range p.asked() {
		list = append(list, p.conditionPhrase(name), plain(words.T(ctx, "contract.cond_join")))
	}
	if p.f.Get("ended") != "" {
		list = append(list, p.endedPhrase(), plain(words.T(ctx, "contract.comma")))
	}
	for _, name := range []string{filter.Saved, "as", "month"} {
		if v := p.f.Get(name); v != "" {
			list = append(list, hidden(name, v))
		}
	}
	return templ.Join(list...)
}

func (p *listPage) pagerLabel(ctx context.Context) string {
	if p.goesOn {
		return words.T(ctx, "contract.search_on")
	}
	return ""
}
