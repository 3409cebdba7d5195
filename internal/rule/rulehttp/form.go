package rulehttp

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/rule"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// form is a rule as it is typed: everything is text until it is read.
type form struct {
	name, on, phase, status, owner string
	unit                           string // whose contracts, "" for all
	version                        int
	steps                          []stepForm
	errors                         map[string]string
}

type stepForm struct {
	id    string
	n     string // always counted up; side says which way
	unit  string
	side  string // before or after
	tasks string // one a line, "10分" at its end
	to    string
}

// formOf writes a rule into the form.
func formOf(ctx context.Context, r rule.Rule) form {
	f := form{name: r.Name, on: r.Spec.On, phase: r.Spec.Only.Phase, status: r.Spec.Only.Status, owner: r.Spec.Only.Owner.String(), version: r.Version, unit: r.Unit.String()}
	for _, s := range r.Spec.Steps {
		f.steps = append(f.steps, stepFormOf(ctx, s))
	}
	return f
}

func stepFormOf(ctx context.Context, s rule.Step) stepForm {
	side, n := "after", s.Offset
	if n <= 0 {
		side, n = "before", -n
	}
	lines := make([]string, len(s.Tasks))
	for i, t := range s.Tasks {
		lines[i] = t.Title
		if t.Minutes > 0 {
			lines[i] = words.T(ctx, "rule.todo", "Title", t.Title, "Minutes", strconv.Itoa(t.Minutes))
		}
	}
	return stepForm{id: s.ID, n: strconv.Itoa(n), unit: string(s.Unit), side: side, tasks: strings.Join(lines, "\n"), to: s.To}
}

func emptyStep() stepForm {
	return stepForm{n: "30", unit: string(rule.Calendar), side: "before", to: rule.ToOwner}
}

// readForm takes the form apart; the steps are numbered.
func readForm(f web.Form) form {
	out := form{name: f.Line("name"), on: f.Line("on"), phase: f.Line("phase"), status: f.Line("status"), owner: f.Get("owner"), unit: f.Get("unit")}
	out.version, _ = strconv.Atoi(f.Get("version"))
	for i := range rule.MaxSteps + 1 {
		at := "." + strconv.Itoa(i)
		if _, there := f.Values["n"+at]; !there {
			break
		}
		out.steps = append(out.steps, stepForm{id: f.Line("step" + at), n: f.Line("n" + at), unit: f.Get("unit" + at),
			side: f.Get("side" + at), tasks: f.Text("tasks" + at), to: f.Get("to" + at)})
	}
	return out
}

// arrange adds or takes away a row of steps, as the button says; false if the
// button says something else.
func (f *form) arrange(button string) bool {
	if button == "add" {
		f.steps = append(f.steps, emptyStep())
		return true
	}
	at, ok := strings.CutPrefix(button, "remove.")
	n, err := strconv.Atoi(at)
	if !ok || err != nil || n < 0 || n >= len(f.steps) {
		return false
	}
	f.steps = slices.Delete(f.steps, n, n+1)
	return true
}

// team is whose contracts the rule is to watch.
func (f form) team() (id.ID, error) {
	if f.unit == "" {
		return 0, nil
	}
	unit, err := id.Parse(f.unit)
	if err != nil {
		return 0, errs.Field("unit", "err.choice")
	}
	return unit, nil
}

// spec reads the form. fields are conditions the form does not show.
func (f form) spec(fields map[string]string) (rule.Spec, error) {
	s := rule.Spec{On: f.on, Only: rule.Only{Phase: f.phase, Status: f.status, Fields: fields}}
	var list []*errs.E
	if f.owner != "" {
		owner, err := id.Parse(f.owner)
		if err != nil {
			list = append(list, errs.Field("only.owner", "err.choice"))
		}
		s.Only.Owner = owner
	}
	for i, st := range f.steps {
		n, err := strconv.Atoi(norm.NFKC.String(st.n))
		if err != nil || n < 0 {
			list = append(list, errs.Field(fmt.Sprintf("steps.%d.offset", i), "rule.err.offset", "Max", rule.MaxOffset))
		}
		if st.side != "after" {
			n = -n
		}
		s.Steps = append(s.Steps, rule.Step{ID: st.id, Offset: n, Unit: rule.Unit(st.unit), Tasks: readTodos(st.tasks), To: st.to})
	}
	return s, errs.Join(list...)
}

var minutesAtEnd = regexp.MustCompile(`^(.+?)[\s　]+(\d{1,4})\s*(?:分|min|mins|minutes)$`)

// readTodos reads one task a line; a number of minutes may stand at its end.
func readTodos(s string) []rule.Todo {
	var list []rule.Todo
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		t := rule.Todo{Title: line}
		if m := minutesAtEnd.FindStringSubmatch(digits(line)); m != nil {
			t.Title = strings.TrimSpace(string([]rune(line)[:len([]rune(m[1]))]))
			t.Minutes, _ = strconv.Atoi(m[2])
		}
		list = append(list, t)
	}
	return list
}

// digits makes full-width digits half-width and leaves the rest, rune by rune.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, s)
}

// preset is a draft to begin with.
type preset struct {
	key   string
	steps []int // days before the renewal date
}

var presets = []preset{{"all", []int{90, 60, 30, 14}}, {"90", []int{90}}, {"60", []int{60}}, {"30", []int{30}}, {"14", []int{14}}}

// presetForm fills the form with a preset; an unknown one is an empty form.
func presetForm(ctx context.Context, key string) form {
	for _, p := range presets {
		if p.key != key {
			continue
		}
		f := form{name: words.T(ctx, "rule.preset."+p.key), on: rule.OnRenewal}
		for _, n := range p.steps {
			st := emptyStep()
			st.n, st.tasks = strconv.Itoa(n), words.T(ctx, "rule.preset.tasks."+strconv.Itoa(n))
			f.steps = append(f.steps, st)
		}
		return f
	}
	return form{on: rule.OnRenewal, steps: []stepForm{emptyStep()}}
}

func option(value, label string) ui.Option { return ui.Option{Value: value, Label: label} }

func unitOptions(ctx context.Context) []ui.Option {
	return []ui.Option{option(string(rule.Calendar), words.T(ctx, "rule.unit.days")), option(string(rule.Business), words.T(ctx, "rule.unit.business"))}
}

func sideOptions(ctx context.Context) []ui.Option {
	return []ui.Option{option("before", words.T(ctx, "rule.side.before")), option("after", words.T(ctx, "rule.side.after"))}
}
