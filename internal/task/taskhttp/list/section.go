package list

import (
	"context"
	"slices"
	"strconv"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/workspace"
)

// section is the tasks that share a value: a column of the board, or a part of
// the table.
type section struct {
	word   string // as the address says the value
	name   string
	value  string // what a card takes that is put here
	takes  bool   // cards can be put here
	href   string // to these alone
	remark string
	rows   []row
	more   bool // than are shown
}

const (
	// sectionSize is how many tasks a section shows; its head leads to the rest.
	sectionSize = 20
	// mostSections bounds what one page asks.
	mostSections = 60
)

// moves are the parts into which a task can be put, and the field that changes.
var moves = map[string]string{"due": "due", "state": "state", "owner": "owner"}

// choices are the sections a list is divided into, and then none.
func (p *listPage) choices(ctx context.Context, by string) (out []section) {
	add := func(word, name string) {
		out = append(out, section{word: word, name: name, value: word, takes: moves[by] != ""})
	}
	switch by {
	case "due":
		for _, w := range dueLanes {
			add(w, words.T(ctx, "task.lane."+laneWord(w)))
			s := &out[len(out)-1]
			var d cal.Date
			d, s.takes = p.days.moved(w)
			s.value = string(d)
		}
		return out
	case "state":
		for _, st := range []task.State{task.StateOpen, task.StateDone, task.StateSkipped} {
			add(string(st), words.T(ctx, "task.state."+string(st)))
		}
		return out
	case "owner":
		for _, m := range p.members {
			if m.State != workspace.Left {
				add(m.ID.String(), m.Name)
			}
		}
		out = p.most(out)
		add(ownerNone, words.T(ctx, "task.nobody"))
		out[len(out)-1].value = ""
		return out
	case "unit":
		for _, u := range p.units {
			add(u.ID.String(), u.Name)
		}
		out = p.most(out)
		add(unset, words.T(ctx, "task.no_unit"))
	case "phase":
		for _, v := range p.phases {
			add(v, v)
		}
		out = p.most(out)
		add(unset, words.T(ctx, "task.no_phase"))
	case "rule":
		for _, r := range p.rules {
			add(r.ID.String(), r.Name)
		}
		out = p.most(out)
		add(unset, words.T(ctx, "task.origin.hand"))
	}
	return out
}

func (p *listPage) most(list []section) []section {
	if len(list) >= mostSections {
		p.cut = true
		return list[:mostSections-1]
	}
	return list
}

func laneWord(w string) string {
	if w == unset {
		return "none"
	}
	return w
}

// narrowed is the filter of one section alone.
func (p *listPage) narrowed(by string, s section) filter {
	switch {
	case by == "unit" && s.word != unset:
		return p.f.with(by, s.word).with("below", "0")
	case by == "rule" && s.word == unset:
		return p.f.with("rule", "").with("origin", "hand")
	case by == "due":
		return p.f.with("due.from", "").with("due.to", "").with(by, s.word)
	}
	return p.f.with(by, s.word)
}

// divide reads the sections of the list. A value that the filter already asks
// for is the only one; an empty section stands on the board, where a task can be
// put into it, unless it is a person's or a team's.
func (h *Handlers) divide(ctx context.Context, p *listPage, q task.Query) error {
	by := p.f.by()
	list := p.choices(ctx, by)
	if by == "contract" {
		var err error
		if list, err = h.contracts(ctx, p, q); err != nil {
			return err
		}
	}
	if list = p.only(by, list); len(list) == 0 {
		return nil
	}
	queries := make([]task.Query, len(list))
	for i := range list {
		f := p.narrowed(by, list[i]).with("by", "").with("as", asTable)
		list[i].href = f.path()
		var err error
		if queries[i], err = f.query(p.days); err != nil {
			return err
		}
	}
	found, err := h.svc.Parts(ctx, queries, sectionSize)
	if err != nil {
		return err
	}
	var all []task.Item
	for i, part := range found {
		s := list[i]
		for _, it := range part.Items {
			s.rows = append(s.rows, row{it})
		}
		s.more = !part.Exact || part.N > len(part.Items)
		if !ofPeople(by) {
			s.remark = p.counted(ctx, part.Total)
		}
		if len(s.rows) > 0 || s.more || p.f.as() == asBoard && !ofPeople(by) {
			p.sections, all = append(p.sections, s), append(all, part.Items...)
		}
	}
	p.ruleNames, err = h.lines.RuleNames(ctx, all)
	return err
}

// only leaves the section the filter asks for, if it asks for one.
func (p *listPage) only(by string, list []section) []section {
	asked := p.f.Get(by)
	switch {
	case by == "due" || by == "state":
		return list
	case by == "owner" && asked == ownerMe:
		asked = p.me.String()
	case by == "owner" && asked == ownerAll:
		asked = ""
	case by == "rule" && p.f.Get("origin") == "hand":
		asked = unset
	}
	if asked == "" {
		return list
	}
	return slices.DeleteFunc(list, func(s section) bool { return s.word != asked })
}

// contracts are those of the first tasks, in their order: there may be far more
// of them than a page divides a list into.
func (h *Handlers) contracts(ctx context.Context, p *listPage, q task.Query) ([]section, error) {
	q.Limit, q.Cursor = task.MaxPage, ""
	found, err := h.svc.List(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []section
	seen := map[id.ID]bool{}
	for _, it := range found.Items {
		if seen[it.Contract] {
			continue
		}
		seen[it.Contract] = true
		s := section{word: unset, name: words.T(ctx, "task.no_contract")}
		if it.Contract != 0 {
			s = section{word: it.Contract.String(), name: it.OrgName + " " + it.ContractName}
		}
		out = append(out, s)
	}
	p.cut = found.Next != ""
	return p.most(out), nil
}

// groupings are what a list can be divided by, as the sentence offers them.
func (p *listPage) groupings(ctx context.Context) (out []ui.Option) {
	by := p.f.by()
	if p.f.as() == asTable {
		out = append(out, ui.Option{Label: words.T(ctx, "task.by.none"), Selected: by == ""})
	}
	for _, name := range parts {
		if name == "unit" && len(p.units) == 0 || name == "rule" && len(p.rules) == 0 {
			continue
		}
		out = append(out, ui.Option{Value: name, Label: words.T(ctx, "task.by."+name), Selected: by == name})
	}
	return out
}

// ways are the ways to show what the filter finds.
func (p *listPage) ways(ctx context.Context) (out []ui.Tab) {
	for _, as := range views {
		key := "task.as_" + as
		if as == asList {
			key = "task.as_list"
		}
		out = append(out, ui.Tab{Label: words.T(ctx, key), Href: p.f.with("month", "").href("as", as), Current: p.f.as() == as})
	}
	return out
}

// states leads to what is to be done, what was, and what was left.
func (p *listPage) states(ctx context.Context) (out []ui.Tab) {
	if p.f.by() == "state" {
		return nil
	}
	for _, st := range []task.State{task.StateOpen, task.StateDone, task.StateSkipped} {
		f := p.f.with("sort", "")
		if st == task.StateOpen {
			f = f.with("done", "").with("done.from", "").with("done.to", "")
		}
		out = append(out, ui.Tab{Label: words.T(ctx, "task.state."+string(st)), Href: f.href("state", string(st)), Current: p.f.state() == st})
	}
	return out
}

func laneID(i int) string { return "lane-" + strconv.Itoa(i) }

// was is what a card's move starts from.
func (p *listPage) was(it task.Item) string { return written(it, moves[p.f.by()]) }

// outlooks are those a contract may have.
var outlooks = []contract.Outlook{contract.OnTrack, contract.Watch, contract.Danger}

// outlookWord is the mark of an outlook, whose word every page shares.
func outlookWord(ctx context.Context, o string) string {
	kind := map[contract.Outlook]string{contract.OnTrack: "good", contract.Watch: "watch", contract.Danger: "risk"}[contract.Outlook(o)]
	if kind == "" {
		kind = "none"
	}
	return words.T(ctx, "shell.health."+kind)
}
