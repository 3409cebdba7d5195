package rulehttp

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/rule"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// dates names the days a rule can count from.
type dates map[string]string

func (d dates) options() []ui.Option {
	list := []ui.Option{option(rule.OnRenewal, d[rule.OnRenewal]), option(rule.OnNotice, d[rule.OnNotice]), option(rule.OnStart, d[rule.OnStart])}
	for _, key := range slices.Sorted(maps.Keys(d)) {
		if strings.HasPrefix(key, "field:") {
			list = append(list, option(key, d[key]))
		}
	}
	return list
}

func (h *Handlers) dates(ctx context.Context) (dates, error) {
	d := dates{}
	for _, on := range []string{rule.OnRenewal, rule.OnNotice, rule.OnStart} {
		d[on] = words.T(ctx, "rule.on."+on)
	}
	list, err := h.fields.List(ctx)
	for _, f := range list {
		if f.Type == field.Date && !f.Retired() {
			d[f.Name()] = f.Label(words.From(ctx).Lang)
		}
	}
	return d, err
}

// offset says a step's distance: 90日前, 10営業日後, 当日.
func offset(ctx context.Context, s rule.Step) string {
	if s.Offset == 0 {
		return words.T(ctx, "rule.same_day")
	}
	side := "after"
	if s.Offset < 0 {
		side = "before"
	}
	return words.T(ctx, "rule.offset."+string(s.Unit)+"."+side, "Count", max(s.Offset, -s.Offset))
}

// summary says a rule in one line: 更新日の90日前、60日前.
func summary(ctx context.Context, r rule.Rule, d dates) string {
	list := make([]string, len(r.Spec.Steps))
	for i, m := range rule.Timeline(r.Spec).Marks {
		list[i] = offset(ctx, m.Step)
	}
	return words.T(ctx, "rule.summary", "On", d[r.Spec.On], "Steps", strings.Join(list, words.T(ctx, "rule.comma")))
}

func (h *Handlers) list(w http.ResponseWriter, r *http.Request) error {
	return h.showList(w, r, http.StatusOK, budgetForm{})
}

func (h *Handlers) showList(w http.ResponseWriter, r *http.Request, status int, f budgetForm) error {
	ctx := r.Context()
	rules, err := h.svc.List(ctx)
	if err != nil {
		return err
	}
	d, err := h.dates(ctx)
	if err != nil {
		return err
	}
	budget, err := h.svc.Budget(ctx)
	if err != nil {
		return err
	}
	if f.err == "" {
		f.value = strconv.Itoa(budget)
	}
	p := listPage{rules: rules, dates: d, may: who.From(ctx).May(who.Write), admin: who.From(ctx).May(who.Administer), budget: budget, minutes: f}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "rule.title"), Place: "/rules"}, p.view())
}

type listPage struct {
	rules   []rule.Rule
	dates   dates
	may     bool
	admin   bool
	budget  int
	minutes budgetForm
}

// rulePage is the page of a rule, saved or not.
type rulePage struct {
	rule    rule.Rule // its zero value is one not saved yet
	form    form
	dates   dates
	members []workspace.Member
	units   []workspace.Unit // that the actor may make rules for
	preview *rule.Preview
	line    rule.Line
	said    string // what the line shows, in words
	today   cal.Date
	may     bool
}

func (p rulePage) saved() bool { return p.rule.ID != 0 }

func (p rulePage) action() string {
	if p.saved() {
		return "/rules/" + p.rule.ID.String()
	}
	return "/rules"
}

// audiences are whose contracts a rule can watch.
func (p rulePage) audiences(ctx context.Context) []ui.Option {
	list := []ui.Option{option("", words.T(ctx, "rule.for_all"))}
	for _, u := range p.units {
		list = append(list, option(u.ID.String(), words.T(ctx, "rule.for_team", "Team", u.Name)))
	}
	return list
}

// whom says for whose contracts a rule is, "" for all.
func whom(ctx context.Context, r rule.Rule) string {
	if r.Unit == 0 {
		return ""
	}
	return words.T(ctx, "rule.for_team", "Team", r.Team)
}

func (p rulePage) owners(ctx context.Context, first ui.Option) []ui.Option {
	list := []ui.Option{first}
	for _, m := range p.members {
		if m.State != workspace.Left {
			list = append(list, option(m.ID.String(), m.Name))
		}
	}
	return list
}

// render shows the form with its drawing, and the preview when the spec can
// be read.
func (h *Handlers) render(w http.ResponseWriter, r *http.Request, status int, p rulePage) error {
	ctx := r.Context()
	var err error
	if p.dates, err = h.dates(ctx); err != nil {
		return err
	}
	if p.members, err = h.people.Members(ctx); err != nil {
		return err
	}
	if p.units, err = h.people.Units(ctx); err != nil {
		return err
	}
	p.units = slices.DeleteFunc(p.units, func(u workspace.Unit) bool { return !who.From(ctx).Leads(u.ID) })
	p.today = words.Today(ctx, web.Now(ctx))
	p.may = !p.saved() && who.From(ctx).May(who.Write) || p.saved() && rule.MayEdit(ctx, p.rule)
	title := words.T(ctx, "rule.new")
	if p.saved() {
		title = p.rule.Name
	}
	if spec, bad := p.form.spec(p.rule.Spec.Only.Fields); bad == nil {
		p.line = rule.Timeline(spec)
		p.said = summary(ctx, rule.Rule{Spec: spec}, p.dates)
	}
	return web.Page(w, r, status, web.Meta{Title: title, Place: "/rules"}, p.view())
}

func (h *Handlers) fresh(w http.ResponseWriter, r *http.Request) error {
	return h.render(w, r, http.StatusOK, rulePage{form: presetForm(r.Context(), r.URL.Query().Get("preset"))})
}

func (h *Handlers) show(w http.ResponseWriter, r *http.Request) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	got, err := h.svc.Get(r.Context(), ref)
	if err != nil {
		return err
	}
	return h.showRule(w, r, http.StatusOK, got, formOf(r.Context(), got))
}

func (h *Handlers) showRule(w http.ResponseWriter, r *http.Request, status int, got rule.Rule, f form) error {
	p := rulePage{rule: got, form: f}
	preview, err := h.svc.PreviewRule(r.Context(), got.ID, "")
	if err != nil {
		return err
	}
	p.preview = &preview
	return h.render(w, r, status, p)
}

func (h *Handlers) create(w http.ResponseWriter, r *http.Request) error {
	return h.submit(w, r, rule.Rule{}, func(ctx context.Context, f form, spec rule.Spec, unit id.ID) (rule.Rule, error) {
		return h.svc.Create(ctx, rule.Input{Name: f.name, Spec: spec, Unit: unit})
	})
}

func (h *Handlers) save(w http.ResponseWriter, r *http.Request) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	got, err := h.svc.Get(r.Context(), ref)
	if err != nil {
		return err
	}
	return h.submit(w, r, got, func(ctx context.Context, f form, spec rule.Spec, unit id.ID) (rule.Rule, error) {
		return h.svc.Update(ctx, ref, rule.Patch{Name: &f.name, Spec: &spec, Unit: &unit, Version: f.version})
	})
}

// submit does what the pressed button says: another row of steps, a preview,
// or saving.
func (h *Handlers) submit(w http.ResponseWriter, r *http.Request, got rule.Rule, save func(context.Context, form, rule.Spec, id.ID) (rule.Rule, error)) error {
	posted, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx, f, button := r.Context(), readForm(posted), posted.Get("do")
	if f.arrange(button) {
		return h.render(w, r, http.StatusOK, rulePage{rule: got, form: f})
	}
	spec, err := f.spec(got.Spec.Only.Fields)
	unit, bad := f.team()
	if err == nil {
		err = bad
	}
	if err == nil && button == "preview" {
		var preview rule.Preview
		if preview, err = h.svc.PreviewFor(ctx, spec, unit, ""); err == nil {
			return h.render(w, r, http.StatusOK, rulePage{rule: got, form: f, preview: &preview})
		}
	}
	if err == nil {
		var saved rule.Rule
		if saved, err = save(ctx, f, spec, unit); err == nil {
			return web.RedirectSaying(w, r, "/rules/"+saved.ID.String(), web.Toast{Text: words.T(ctx, "rule.saved")})
		}
	}
	if !web.IsInput(err) {
		return err
	}
	f.errors = web.FieldErrors(ctx, err)
	return h.render(w, r, web.Status(errs.As(err).Code), rulePage{rule: got, form: f})
}

// act runs an act on the rule of the path and goes on to an address.
func (h *Handlers) act(w http.ResponseWriter, r *http.Request, said string, do func(ctx context.Context, f web.Form, ref id.ID) (to string, err error)) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	to, err := do(ctx, f, ref)
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		return web.RedirectSaying(w, r, "/rules/"+ref.String(), web.Toast{Text: web.Sentence(ctx, errs.As(err)), Bad: true})
	}
	return web.RedirectSaying(w, r, to, web.Toast{Text: words.T(ctx, said)})
}

func (h *Handlers) live(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, "rule.went_live", func(ctx context.Context, f web.Form, ref id.ID) (string, error) {
		_, err := h.svc.GoLive(ctx, ref, f.Get("from"))
		return "/rules/" + ref.String(), err
	})
}

func (h *Handlers) pause(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, "rule.was_paused", func(ctx context.Context, _ web.Form, ref id.ID) (string, error) {
		_, err := h.svc.Pause(ctx, ref)
		return "/rules/" + ref.String(), err
	})
}

func (h *Handlers) remove(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, "rule.deleted", func(ctx context.Context, _ web.Form, ref id.ID) (string, error) {
		return "/rules", h.svc.Delete(ctx, ref)
	})
}

// mark is a step drawn on the line, its word above or below by turns so that
// neighbours do not run into each other.
type mark struct{ x, y, anchor, text string }

func marks(ctx context.Context, line rule.Line, said string) []mark {
	place := func(x float64, i int, text string) mark {
		m := mark{x: strconv.FormatFloat(4+x*.92, 'f', 1, 64) + "%", y: []string{"14", "62"}[i%2], anchor: "middle", text: text}
		if x < 8 {
			m.anchor = "start"
		} else if x > 92 {
			m.anchor = "end"
		}
		return m
	}
	var list []mark
	for i, m := range line.Marks {
		list = append(list, place(m.X, i, offset(ctx, m.Step)))
	}
	return append(list, place(line.Date, len(line.Marks), said))
}

// shown says how many there are, and that only some are listed.
func shown(ctx context.Context, n int) string {
	switch {
	case n == 0:
		return words.T(ctx, "rule.none")
	case n > rule.PreviewLimit:
		return words.T(ctx, "rule.count_first", "Count", n, "Shown", strconv.Itoa(rule.PreviewLimit))
	}
	return words.T(ctx, "rule.count", "Count", n)
}

func titles(ctx context.Context, s rule.Step) string {
	return strings.Join(s.Titles(), words.T(ctx, "rule.comma"))
}

// receiver is who gets the tasks of an item.
func (p rulePage) receiver(ctx context.Context, it rule.Item) string {
	if it.Step.To != rule.ToOwner {
		for _, m := range p.members {
			if m.ID.String() == it.Step.To {
				return m.Name
			}
		}
	}
	if it.OwnerName == "" {
		return words.T(ctx, "rule.nobody")
	}
	return it.OwnerName
}
