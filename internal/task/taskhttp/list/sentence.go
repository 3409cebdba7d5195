package list

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"kizuki/internal/cal"
	"kizuki/internal/task"
	"kizuki/internal/task/taskhttp/line"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// sentenceKey chooses the sentence the filter is said in: what the parts of a
// board say already is not asked for.
func (p *listPage) sentenceKey() string {
	switch p.f.by() {
	case "state":
		return "task.sentence.any_state"
	case "due":
		return "task.sentence.any_due"
	}
	return "task.sentence.all"
}

// phrases are what stands in the blanks of the sentence.
func (p *listPage) phrases(ctx context.Context) map[string]templ.Component {
	phrase := func(name string, options []ui.Option) templ.Component {
		return choicePhrase(ui.PhraseProps{ID: "by-" + name, Text: chosen(options)}, name, words.T(ctx, "task.legend."+name), options)
	}
	var by templ.Component = templ.NopComponent
	if as := p.f.as(); as == asTable || as == asBoard {
		by = templ.Join(phrase("by", p.groupings(ctx)), plain(words.T(ctx, "task.by_join")))
	}
	return map[string]templ.Component{
		"Owner": p.ownerPhrase(), "Due": p.duePhrase(), "State": phrase("state", p.stateChoices(ctx)),
		"By": by, "Sort": phrase("sort", p.sortChoices(ctx)), "Conditions": p.conditions(ctx), "Add": p.add(),
	}
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

func (p *listPage) ownerChoices(ctx context.Context) []ui.Option {
	now := p.f.Get("owner")
	list := []ui.Option{{Value: ownerMe, Label: words.T(ctx, "task.mine")}, {Value: ownerAll, Label: words.T(ctx, "task.everybodys")},
		{Value: ownerNone, Label: words.T(ctx, "task.nobodys")}}
	for _, o := range line.Owners(ctx, p.members)[1:] {
		list = append(list, ui.Option{Value: o.Value, Label: words.T(ctx, "task.ones", "Name", o.Label)})
	}
	for i := range list {
		list[i].Selected = list[i].Value == now
	}
	return list
}

func (p *listPage) dueChoices(ctx context.Context) []ui.Option {
	now := p.f.Get("due")
	list := []ui.Option{{Label: words.T(ctx, "task.due.any"), Selected: now == ""}}
	for _, w := range dueWords {
		list = append(list, ui.Option{Value: w, Label: words.T(ctx, "task.due."+laneWord(w)), Selected: now == w})
	}
	if now != "" && !slices.Contains(dueWords, now) { // a day or a month of the address
		list = append(list, ui.Option{Value: now, Label: words.T(ctx, "task.due.on", "Day", p.dayOrMonth(ctx, now)), Selected: true})
	}
	return list
}

// dueText is the phrase of the days: what was typed says more than the word.
func (p *listPage) dueText(ctx context.Context) string {
	if p.f.Get("due.from") != "" || p.f.Get("due.to") != "" {
		return words.T(ctx, "task.due.on", "Day", p.fromTo(ctx, "due"))
	}
	return chosen(p.dueChoices(ctx))
}

func (p *listPage) dayOrMonth(ctx context.Context, w string) string {
	if d := cal.Date(w); d.Valid() {
		return words.DayLong(ctx, d)
	}
	return words.PeriodName(ctx, cal.MonthOf(cal.Date(w+"-01")))
}

// fromTo says a stretch of days or numbers as it was typed.
func (p *listPage) fromTo(ctx context.Context, name string) string {
	from, to := p.f.Get(name+".from"), p.f.Get(name+".to")
	switch {
	case to == "":
		return words.T(ctx, "task.cond.from", "From", from)
	case from == "":
		return words.T(ctx, "task.cond.to", "To", to)
	}
	return words.T(ctx, "task.cond.between", "From", from, "To", to)
}

func (p *listPage) stateChoices(ctx context.Context) (list []ui.Option) {
	for _, st := range []task.State{task.StateOpen, task.StateDone, task.StateSkipped, task.StateClosed, ""} {
		word := string(st)
		if st == "" {
			word = "all"
		}
		list = append(list, ui.Option{Value: word, Label: words.T(ctx, "task.of_state."+word), Selected: p.f.state() == st})
	}
	return list
}

func (p *listPage) sortChoices(ctx context.Context) (list []ui.Option) {
	now := p.f.Get("sort")
	if now == "" {
		now = p.f.usualSort()
	}
	for _, s := range []string{"due", "-due", "-minutes", "minutes", "owner", "-done", "done", "created"} {
		list = append(list, ui.Option{Value: s, Label: words.T(ctx, "task.sort."+s), Selected: s == now})
	}
	return list
}

// conditionNames are what a list can be narrowed by, besides what every sentence
// names.
func (p *listPage) conditionNames() []string {
	list := []string{"q"}
	if len(p.units) > 0 {
		list = append(list, "unit")
	}
	if p.f.Get("contract") != "" {
		list = append(list, "contract")
	}
	if p.f.Get("organization") != "" {
		list = append(list, "organization")
	}
	if len(p.rules) > 0 {
		list = append(list, "rule")
	}
	return append(list, "done", "origin", "minutes", "phase", "outlook")
}

// pick gives the conditions that narrow this list, or the others.
func (p *listPage) pick(asked bool) (out []string) {
	for _, name := range p.conditionNames() {
		if (p.f.Get(name)+p.f.Get(name+".from")+p.f.Get(name+".to") != "") == asked {
			out = append(out, name)
		}
	}
	return out
}

// condition says one in words: 段階が「定着」の.
func (p *listPage) condition(ctx context.Context, name string) string {
	v := p.f.Get(name)
	switch name {
	case "q":
		return words.T(ctx, "task.cond.q", "Value", v)
	case "contract", "organization":
		called := map[string]string{"contract": p.contract, "organization": p.org}[name]
		if v == unset {
			return words.T(ctx, "task.no_contract")
		}
		if called == "" {
			called = words.T(ctx, "task.cond.unknown")
		}
		return words.T(ctx, "task.cond."+name, "Value", called)
	case "origin":
		return words.T(ctx, "task.cond.origin."+v)
	case "done", "minutes":
		if v == "" || p.f.Get(name+".from")+p.f.Get(name+".to") != "" {
			return words.T(ctx, "task.cond."+name, "Value", p.fromTo(ctx, name))
		}
	case "unit":
		if p.f.Get("below") == "0" {
			return words.T(ctx, "task.cond.unit_alone", "Value", chosen(p.options(ctx, name)))
		}
	}
	return words.T(ctx, "task.cond."+name, "Value", chosen(p.options(ctx, name)))
}

// options are the choices of a select in the filter.
func (p *listPage) options(ctx context.Context, name string) []ui.Option {
	list := []ui.Option{{Label: words.T(ctx, "task.any")}}
	add := func(value, label string) { list = append(list, ui.Option{Value: value, Label: label}) }
	switch name {
	case "unit":
		for _, u := range p.units {
			add(u.ID.String(), u.Name)
		}
		add(unset, words.T(ctx, "task.no_unit"))
	case "rule":
		for _, r := range p.rules {
			add(r.ID.String(), r.Name)
		}
	case "done":
		for _, w := range doneWords {
			key := "task.done_in.days"
			if w == "today" {
				key = "task.done_in.today"
			}
			n, _ := strconv.Atoi(w)
			add(w, words.T(ctx, key, "Count", n))
		}
	case "origin":
		add("rule", words.T(ctx, "task.origin.rule"))
		add("hand", words.T(ctx, "task.origin.hand"))
	case "minutes":
		add(unset, words.T(ctx, "task.no_minutes"))
	case "phase":
		for _, v := range p.phases {
			add(v, v)
		}
		add(unset, words.T(ctx, "task.no_phase"))
	case "outlook":
		for _, o := range outlooks {
			add(string(o), outlookWord(ctx, string(o)))
		}
		add(unset, outlookWord(ctx, ""))
	}
	return p.mark(ctx, name, list)
}

// mark selects what is asked for, and offers it where it is none of the choices.
func (p *listPage) mark(ctx context.Context, name string, list []ui.Option) []ui.Option {
	now := p.f.Get(name)
	known := now == ""
	for i := range list {
		list[i].Selected = list[i].Value == now
		known = known || list[i].Selected
	}
	if !known {
		label := now
		if name == "done" {
			label = p.dayOrMonth(ctx, now)
			if _, err := strconv.Atoi(now); err == nil {
				label = words.T(ctx, "task.done_in.days", "Count", now)
			}
		}
		list = append(list, ui.Option{Value: now, Label: label, Selected: true})
	}
	return list
}

// conditions are joined here and not in the template, which would set a space
// between a phrase and its particle.
func (p *listPage) conditions(ctx context.Context) templ.Component {
	var list []templ.Component
	for _, name := range p.pick(true) {
		list = append(list, p.conditionPhrase(name), plain(words.T(ctx, "task.cond_join")))
	}
	for _, name := range p.carried() {
		for _, v := range p.f.Values[name] {
			list = append(list, hidden(name, v))
		}
	}
	return templ.Join(list...)
}

// carried are what the form takes along unseen.
func (p *listPage) carried() []string {
	list := []string{"saved", "as", "month"}
	if p.f.as() != asTable {
		list = append(list, "col", "by")
	}
	if p.f.as() == asBoard {
		list = slices.DeleteFunc(list, func(s string) bool { return s == "by" })
	}
	switch p.f.by() {
	case "state":
		list = append(list, "state")
	case "due":
		list = append(list, "due", "due.from", "due.to")
	}
	return list
}

// columnChoices are the columns, those shown first and in their order.
func (p *listPage) columnChoices(ctx context.Context) (out []ui.Option) {
	shown := p.f.columns()
	for _, c := range shown {
		out = append(out, ui.Option{Value: c, Label: columnLabel(ctx, c), Selected: true})
	}
	for _, c := range allColumns {
		if !slices.Contains(shown, c) {
			out = append(out, ui.Option{Value: c, Label: columnLabel(ctx, c)})
		}
	}
	return out
}

func columnLabel(ctx context.Context, c string) string { return words.T(ctx, "task.col."+c) }

// without is the list without one condition.
func (p *listPage) without(name string) string {
	f := p.f.with(name, "").with(name+".from", "").with(name+".to", "")
	if name == "unit" {
		f = f.with("below", "")
	}
	return f.path()
}

func pageLabel(ctx context.Context, goesOn bool) string {
	if goesOn {
		return words.T(ctx, "task.search_on")
	}
	return ""
}

// joined is the customer and the contract of a task, as one name.
func joined(it task.Item) string { return strings.TrimSpace(it.OrgName + " " + it.ContractName) }
