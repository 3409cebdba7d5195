package list

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/contract/contracthttp/filter"
	"kizuki/internal/contract/contracthttp/rest"
	"kizuki/internal/contract/contracthttp/unit"
	"kizuki/internal/field"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// section is the contracts that share a value: a column of the board, or a part
// of the table.
type section struct {
	value  string // as an edit writes it, "" for none
	name   string
	kind   string // the mark of an outlook
	href   string // to these alone
	remark string
	rows   []row
	more   bool // than are shown
}

const (
	// sectionSize is how many contracts a section shows; its head leads to the rest.
	sectionSize = 20
	// mostSections bounds what one page asks: each section is a list of its own.
	mostSections = 60
)

// attributes are those a list can be divided by, besides periods.
func (p *listPage) attributes() []string {
	out := []string{"phase", "outlook", "owner", "status"}
	if len(p.units) > 0 {
		out = append(out, "unit")
	}
	for _, x := range p.b.Fields {
		if x.Indexed && (x.Type == field.Choice || x.Type == field.Checkbox || x.Type == field.Member) {
			out = append(out, x.Name())
		}
	}
	return out
}

// attribute is the one this list is divided by, "" if it is not; a board always
// is.
func (p *listPage) attribute() string {
	by := p.f.Get("by")
	switch {
	case p.f.As() == filter.AsCalendar:
		return ""
	case slices.Contains(p.attributes(), by):
		return by
	case p.f.As() == filter.AsBoard:
		return "phase"
	}
	return ""
}

// named is the name an attribute has in the list's address.
func (p *listPage) named(attr string) string {
	if x, custom := p.b.Field(attr); custom {
		return filter.FieldPrefix + x.Key
	}
	return attr
}

// choices are the values of an attribute in their order, and then none.
func (p *listPage) choices(ctx context.Context, attr string) (out []section) {
	add := func(value, name string) { out = append(out, section{value: value, name: name}) }
	members := func() {
		for _, m := range p.b.Members {
			if m.State != workspace.Left {
				add(m.ID.String(), m.Name)
			}
		}
	}
	none := words.T(ctx, "contract.unset")
	x, custom := p.b.Field(attr)
	switch {
	case custom && x.Type == field.Member:
		members()
	case custom && x.Type == field.Checkbox:
		add("true", words.T(ctx, "contract.bool.true"))
		add("false", words.T(ctx, "contract.bool.false"))
	case custom:
		for _, o := range x.Options {
			add(o, o)
		}
	case attr == "owner":
		members()
		none = words.T(ctx, "contract.nobody")
	case attr == "unit":
		for _, u := range p.units {
			add(u.ID.String(), u.Name)
		}
		none = words.T(ctx, "contract.no_unit")
	case attr == "outlook":
		for _, o := range book.Outlooks {
			kind := book.OutlookKind(o)
			out = append(out, section{value: string(o), name: words.T(ctx, "shell.health."+kind), kind: kind})
		}
		none = words.T(ctx, "shell.health."+book.OutlookKind(""))
	case attr == "phase":
		for _, v := range p.phases {
			add(v, v)
		}
	case attr == "status":
		for _, v := range p.statuses {
			add(v, v)
		}
	}
	if len(out) >= mostSections {
		out, p.cut = out[:mostSections-1], true
	}
	add("", none)
	return out
}

// word is how the address says a value of an attribute.
func word(attr, value string) string {
	switch {
	case value != "":
		return value
	case attr == "owner":
		return rest.OwnerNone
	}
	return filter.Unset
}

// ofPeople: the sections are members or teams.
func (p *listPage) ofPeople(attr string) bool {
	x, custom := p.b.Field(attr)
	return attr == "owner" || attr == "unit" || custom && x.Type == field.Member
}

// divide reads the sections of the list. A value that the filter already asks
// for is the only one; an empty section stands on the board, where a contract
// can be put into it, unless it is a person's or a team's.
func (h *Handlers) divide(ctx context.Context, p *listPage, attr string) error {
	name := p.named(attr)
	only := p.f.Get(name)
	if only == rest.OwnerMe {
		only = who.From(ctx).Member.String()
	}
	people := p.ofPeople(attr)
	for _, s := range p.choices(ctx, attr) {
		value := word(attr, s.value)
		if only != "" && only != value {
			continue
		}
		if err := h.fillSection(ctx, p, &s, p.f.With(name, value)); err != nil {
			return err
		}
		if len(s.rows) > 0 || p.f.As() == filter.AsBoard && !people {
			p.sections = append(p.sections, s)
		}
	}
	return nil
}

func (h *Handlers) fillSection(ctx context.Context, p *listPage, s *section, f filter.Filter) error {
	q, err := f.Query(ctx, p.b.Today, p.calendar)
	if err != nil {
		return err
	}
	q.Limit = sectionSize
	found, err := h.svc.List(ctx, q)
	if err != nil {
		return err
	}
	total := unit.Total(found.Items)
	if s.more = found.Next != ""; s.more {
		if total, err = h.svc.Total(ctx, q); err != nil {
			return err
		}
	}
	if p.ofPeople(p.attribute()) {
		total.Sums = nil // what a person's contracts are worth is no one's figure
	}
	s.remark = counted(ctx, total)
	table := f.With("by", "").With("as", "")
	s.href = table.Path()
	for _, c := range found.Items {
		s.rows = append(s.rows, row{c: c})
	}
	return nil
}

// spread gives the rows of the sections what the columns need.
func (h *Handlers) spread(ctx context.Context, p *listPage) error {
	var all []contract.Contract
	for _, s := range p.sections {
		for _, r := range s.rows {
			all = append(all, r.c)
		}
	}
	said, err := h.lastWords(ctx, all)
	if err != nil {
		return err
	}
	p.unit = unit.Common(all)
	for _, s := range p.sections {
		for i := range s.rows {
			s.rows[i].said = said[s.rows[i].c.ID]
		}
	}
	return h.fillReady(ctx, p, all, said)
}

// groupings are what a list can be divided by, as the sentence offers them.
func (p *listPage) groupings(ctx context.Context) (out []ui.Option) {
	attr := p.attribute()
	if p.f.As() != filter.AsBoard && (p.inPeriods() || attr != "") {
		for _, by := range filter.Periods {
			out = append(out, ui.Option{Value: by, Label: words.T(ctx, "contract.by."+by), Selected: attr == "" && by == p.f.Period()})
		}
	}
	for _, name := range p.attributes() {
		label := words.T(ctx, "contract.unit")
		if name != "unit" {
			label = p.b.Label(ctx, name)
		}
		out = append(out, ui.Option{Value: name, Label: words.T(ctx, "contract.by.each", "Name", label), Selected: attr == name})
	}
	return out
}

// ways are the other ways to show what the filter finds.
func (p *listPage) ways(ctx context.Context) (out []ui.Tab) {
	for _, as := range []string{filter.AsTable, filter.AsBoard, filter.AsCalendar} {
		key := "contract.as.table"
		if as != "" {
			key = "contract.as." + as
		}
		out = append(out, ui.Tab{Label: words.T(ctx, key), Href: p.f.With("month", "").Href("as", as), Current: p.f.As() == as})
	}
	return out
}

// exportPath leads to the file of what is shown.
func (p *listPage) exportPath(kind string) string {
	q := p.f.With("as", "").With("month", "").With("by", "").With(filter.Saved, "")
	return strings.Replace(q.Path(), "/contracts", "/contracts/shown."+kind, 1)
}

func laneID(i int) string { return "lane-" + strconv.Itoa(i) }
