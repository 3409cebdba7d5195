package intakehttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/intake/succession"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// small is up to which size a file is read while the browser waits; larger
// ones are read by a job, and the page shows how far it is.
const small = 1 << 20

// homePage is where imports begin, with what came before.
type homePage struct {
	now     time.Time
	writes  bool
	values  web.Form
	errors  map[string]string
	sources []intake.Source
	absent  []intake.AbsentRow
	list    []intake.Import
	next    string
}

func (h *Handlers) toHome(w http.ResponseWriter, r *http.Request) error {
	return web.Redirect(w, r, place)
}

func (h *Handlers) home(w http.ResponseWriter, r *http.Request) error {
	return h.showHome(w, r, http.StatusOK, &homePage{values: web.Form{Values: url.Values{"mode": {"snapshot"}}}})
}

const pageSize = 30

func (h *Handlers) showHome(w http.ResponseWriter, r *http.Request, status int, p *homePage) (err error) {
	ctx := r.Context()
	p.now, p.writes = web.Now(ctx), who.From(ctx).May(who.Write)
	var before id.ID
	if c := r.URL.Query().Get("cursor"); c != "" {
		if before, err = id.Parse(c); err != nil {
			return errs.Field("cursor", "err.cursor")
		}
	}
	if p.sources, err = h.svc.Sources(ctx); err != nil {
		return err
	}
	if p.absent, err = h.svc.AbsentForMe(ctx); err != nil {
		return err
	}
	if p.list, err = h.svc.List(ctx, 0, before, pageSize+1); err != nil {
		return err
	}
	if len(p.list) > pageSize {
		p.list = p.list[:pageSize]
		p.next = place + "?cursor=" + p.list[pageSize-1].ID.String()
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "intake.title"), Place: place}, p.view())
}

func (h *Handlers) upload(w http.ResponseWriter, r *http.Request) error {
	f, done, err := readUpload(w, r)
	defer done()
	ctx := r.Context()
	if err == nil {
		var imp intake.Import
		if r.ContentLength > small {
			imp, err = h.svc.StageLater(ctx, f.Upload, nil)
		} else {
			imp, err = h.svc.Stage(ctx, f.Upload)
		}
		if imp.ID != 0 && (err == nil || web.IsInput(err)) {
			return web.Redirect(w, r, address(imp))
		}
	}
	e := errs.As(err)
	if !web.IsInput(err) && e.Code != errs.Unsupported && e.Code != errs.TooLarge {
		return err
	}
	p := &homePage{values: web.Form{Values: url.Values{"source": {f.Source}, "mode": {string(f.Mode)}, "pasted": {f.pasted}}}, errors: web.FieldErrors(ctx, err)}
	return h.showHome(w, r, web.Status(e.Code), p)
}

func address(imp intake.Import) string { return place + "/" + imp.ID.String() }

// importPage is one import: how far it is, what its columns mean, what it
// would do, what it did.
type importPage struct {
	imp    intake.Import
	now    time.Time
	writes bool
	newest bool // and so it can be undone
	fields map[string]field.Field
	rows   map[intake.Outcome][]intake.Row
	error  string
	errors map[string]string // by column, of the mapping
	more   moreRows
	offers []succession.Offer
}

// moreRows is a whole outcome, a page at a time.
type moreRows struct {
	outcome intake.Outcome
	rows    []intake.Row
	next    string
}

// shown is how many rows of an outcome the preview shows at once.
var shown = map[intake.Outcome]int{intake.Invalid: 50, intake.Absent: 200, intake.Reappeared: 20, intake.Updated: 20, intake.Created: 3}

func (h *Handlers) show(w http.ResponseWriter, r *http.Request) error {
	importID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	p := &importPage{}
	if p.imp, err = h.svc.Get(r.Context(), importID); err != nil {
		return err
	}
	return h.showImport(w, r, http.StatusOK, p)
}

func (h *Handlers) showImport(w http.ResponseWriter, r *http.Request, status int, p *importPage) (err error) {
	ctx := r.Context()
	p.now, p.writes = web.Now(ctx), who.From(ctx).May(who.Write)
	if p.fields, err = h.svc.FieldsFor(ctx, p.imp); err != nil {
		return err
	}
	m := web.Meta{Title: p.title(ctx), Place: place}
	if o := intake.Outcome(r.URL.Query().Get("outcome")); o != "" && r.Method == http.MethodGet {
		if err := h.loadMore(r, p, o); err != nil {
			return err
		}
		return web.Page(w, r, status, m, p.whole())
	}
	if err := errors.Join(h.loadPreview(ctx, p), h.loadOffers(ctx, p)); err != nil {
		return err
	}
	return web.Page(w, r, status, m, p.view())
}

func (h *Handlers) loadMore(r *http.Request, p *importPage, o intake.Outcome) error {
	rows, next, err := h.svc.Preview(r.Context(), p.imp.ID, o, r.URL.Query().Get("cursor"), 100)
	p.more = moreRows{outcome: o, rows: rows}
	if next != "" {
		p.more.next = address(p.imp) + "?" + url.Values{"outcome": {string(o)}, "cursor": {next}}.Encode()
	}
	return err
}

func (h *Handlers) loadPreview(ctx context.Context, p *importPage) error {
	p.rows = map[intake.Outcome][]intake.Row{}
	switch p.imp.State {
	case intake.Staged, intake.Applied, intake.Undone:
	default:
		return nil
	}
	for o, limit := range shown {
		if p.imp.Counts.Of(o) == 0 || p.imp.State != intake.Staged && o != intake.Invalid {
			continue
		}
		rows, _, err := h.svc.Preview(ctx, p.imp.ID, o, "", limit)
		if err != nil {
			return err
		}
		p.rows[o] = rows
	}
	if p.imp.State != intake.Applied {
		return nil
	}
	sources, err := h.svc.Sources(ctx)
	for _, s := range sources {
		p.newest = p.newest || s.LastImport == p.imp.ID
	}
	return err
}

// again shows the page of an import with what was wrong.
func (h *Handlers) again(w http.ResponseWriter, r *http.Request, importID id.ID, why error) error {
	if !web.IsInput(why) {
		return why
	}
	ctx := r.Context()
	imp, err := h.svc.Get(ctx, importID)
	if err != nil {
		return err
	}
	e := errs.As(why)
	p := &importPage{imp: imp, error: web.Sentence(ctx, e), errors: map[string]string{}}
	for at, text := range web.FieldErrors(ctx, why) {
		if column, ok := strings.CutPrefix(at, "mapping."); ok {
			p.errors[column] = text
		} else if at != "" {
			p.error = text
		}
	}
	return h.showImport(w, r, web.Status(e.Code), p)
}

// toNew is the choice that makes a field of a column.
const toNew = "new"

func (h *Handlers) remap(w http.ResponseWriter, r *http.Request) error {
	importID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	imp, err := h.svc.Get(ctx, importID)
	if err != nil {
		return err
	}
	sheetName := f.Line("sheet")
	if sheetName != "" && sheetName != imp.Plan.File.Sheet { // other columns: they are guessed anew
		_, err = h.svc.Restage(ctx, importID, nil, sheetName)
	} else {
		m := intake.Mapping{Columns: map[string]string{}, Rest: intake.RestFields}
		for i, c := range imp.Plan.Columns {
			if target := f.Line(fmt.Sprintf("column.%d", i)); target != toNew {
				m.Columns[c.Name] = target
			}
		}
		_, err = h.svc.Restage(ctx, importID, &m, imp.Sheet)
	}
	if err != nil {
		return h.again(w, r, importID, err)
	}
	return web.Redirect(w, r, address(imp))
}

func (h *Handlers) apply(w http.ResponseWriter, r *http.Request) error {
	importID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	opt := intake.ApplyOptions{ConfirmAbsent: f.Bool("confirm_absent"), Absent: map[id.ID]intake.Decision{}}
	for name := range f.Values {
		if c, err := id.Parse(strings.TrimPrefix(name, "absent.")); err == nil && strings.HasPrefix(name, "absent.") {
			if d := intake.Decision(f.Line(name)); d != intake.Ask {
				opt.Absent[c] = d
			}
		}
	}
	imp, err := h.svc.Get(ctx, importID)
	if err != nil {
		return err
	}
	if imp.Counts.Rows > 5000 {
		imp, err = h.svc.ApplyLater(ctx, importID, opt)
	} else {
		imp, err = h.svc.Apply(ctx, importID, opt)
	}
	if err != nil {
		return h.again(w, r, importID, err)
	}
	if imp.State == intake.Applying {
		return web.Redirect(w, r, address(imp))
	}
	said := words.T(ctx, "intake.applied", "Count", imp.Counts.Created+imp.Counts.Updated+imp.Counts.Reappeared)
	return web.RedirectSaying(w, r, address(imp), web.Toast{Text: said, Undo: address(imp) + "/undo"})
}

func (h *Handlers) undo(w http.ResponseWriter, r *http.Request) error {
	importID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	imp, kept, err := h.svc.Undo(ctx, importID)
	if err != nil {
		return h.again(w, r, importID, err)
	}
	if len(kept) == 0 {
		return web.RedirectSaying(w, r, address(imp), web.Toast{Text: words.T(ctx, "intake.undone")})
	}
	p := &keptPage{imp: imp, kept: kept}
	if p.fields, err = h.svc.FieldsFor(ctx, imp); err != nil {
		return err
	}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(ctx, "intake.undone"), Place: place}, p.view())
}

// keptPage lists what an undo left as people have made it since.
type keptPage struct {
	imp    intake.Import
	kept   []intake.Kept
	fields map[string]field.Field
}

func (h *Handlers) drop(w http.ResponseWriter, r *http.Request) error {
	importID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	if err := h.svc.Drop(r.Context(), importID); err != nil {
		return h.again(w, r, importID, err)
	}
	return web.RedirectSaying(w, r, place, web.Toast{Text: words.T(r.Context(), "intake.dropped")})
}

func (h *Handlers) errorFile(w http.ResponseWriter, r *http.Request) error {
	importID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	imp, err := h.svc.Get(ctx, importID)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="errors-`+imp.ID.String()+`.csv"`)
	heads := [3]string{words.T(ctx, "intake.line"), words.T(ctx, "intake.column"), words.T(ctx, "intake.why")}
	return h.svc.ErrorFile(ctx, importID, w, heads, func(p intake.Problem) string { return sentence(ctx, p) })
}

func (h *Handlers) review(w http.ResponseWriter, r *http.Request) error {
	source, err := web.PathID(r, "source")
	if err != nil {
		return err
	}
	contract, err := web.PathID(r, "contract")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx, d := r.Context(), intake.Decision(f.Line("review"))
	if err := h.svc.Review(ctx, source, contract, d); err != nil {
		return err
	}
	t := web.Toast{Text: words.T(ctx, "intake.reviewed."+string(cmp.Or(d, "ask")))}
	if d == intake.Keep {
		t.Undo = r.URL.Path // without a decision it waits again
	}
	return web.RedirectSaying(w, r, web.LocalPath(f.Line("back"), place), t)
}

// title is what the page of an import is called.
func (p *importPage) title(ctx context.Context) string {
	return words.T(ctx, "intake.state."+string(p.imp.State)+".title")
}

// writesCount is how many rows applying changes.
func (p *importPage) writesCount() int {
	c := p.imp.Counts
	return c.Created + c.Updated + c.Reappeared
}

// counted are the numbers on top, with where to find the rows.
func (p *importPage) counted(ctx context.Context) []ui.Count {
	var out []ui.Count
	for _, o := range intake.Outcomes() {
		n := p.imp.Counts.Of(o)
		if n == 0 && (o == intake.Reappeared || o == intake.Absent || o == intake.Invalid) {
			continue
		}
		href := "#" + string(o)
		if p.imp.State != intake.Staged {
			href = address(p.imp) + "?outcome=" + string(o)
		}
		out = append(out, ui.Count{N: n, Label: words.T(ctx, "intake.outcome."+string(o)), Href: href})
	}
	return out
}

// meanings are what a column may mean.
func (p *importPage) meanings(ctx context.Context, c intake.Column) []ui.Option {
	list := []ui.Option{{Value: intake.Ignore, Label: words.T(ctx, "intake.target.ignore"), Selected: c.Target == ""}}
	for _, t := range intake.Targets() {
		list = append(list, ui.Option{Value: t, Label: words.T(ctx, "intake.target."+t), Selected: c.Target == t})
	}
	chosen := false
	for name, f := range p.fields {
		if f.ID != 0 && !f.Retired() {
			list = append(list, ui.Option{Value: name, Label: words.T(ctx, "intake.to_field", "Name", f.Label(words.From(ctx).Lang)), Selected: c.Target == name})
			chosen = chosen || c.Target == name
		}
	}
	sortOptions(list[len(intake.Targets())+1:])
	isNew := strings.HasPrefix(c.Target, "field:") && !chosen
	return append(list, ui.Option{Value: toNew, Label: words.T(ctx, "intake.to_new_field"), Selected: isNew})
}

func sortOptions(list []ui.Option) {
	slices.SortFunc(list, func(a, b ui.Option) int { return strings.Compare(a.Label, b.Label) })
}

// states of an import in which a page looks again by itself.
func (p *importPage) busy() bool {
	return p.imp.State == intake.Staging || p.imp.State == intake.Applying
}

// about says in one line what the file is and what it was compared by.
func (p *importPage) about(ctx context.Context) string {
	key := p.imp.Plan.Name("key")
	return words.T(ctx, "intake.about."+string(p.imp.State), "File", p.imp.FileName, "Count", p.imp.Counts.Rows, "Key", key,
		"Source", p.imp.SourceName)
}

// problem is why the import could not be staged or applied.
func (p *importPage) problem(ctx context.Context) string {
	if p.error != "" {
		return p.error
	}
	if p.imp.Problem == nil {
		return ""
	}
	return sentence(ctx, *p.imp.Problem)
}

// newFields names the fields the import makes.
func (p *importPage) newFields(ctx context.Context) string {
	var list []string
	for _, f := range p.imp.Plan.NewFields {
		list = append(list, words.T(ctx, "intake.new_field", "Name", f.Label, "Type", words.Key("field.type."+string(f.Type))))
	}
	return strings.Join(list, words.T(ctx, "intake.comma"))
}

// names lists the first new contracts in a sentence.
func (p *importPage) names(ctx context.Context) string {
	var list []string
	for _, r := range p.rows[intake.Created] {
		name := strings.TrimSpace(r.Org + " " + r.Name)
		if r.Org == r.Name {
			name = r.Name
		}
		list = append(list, name)
	}
	return strings.Join(list, words.T(ctx, "intake.comma"))
}

func (p *importPage) called(r intake.Row) (bold, rest string) {
	if r.Org == r.Name || r.Org == "" {
		return r.Name, ""
	}
	return r.Org, r.Name
}

// options are the decisions about an absent row.
func decisions(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "", Label: words.T(ctx, "intake.decide.ask"), Selected: true},
		{Value: string(intake.Keep), Label: words.T(ctx, "intake.decide.kept")},
		{Value: string(intake.Ended), Label: words.T(ctx, "intake.decide.ended")}}
}

func sheets(names []string) []ui.Option {
	out := make([]ui.Option, len(names))
	for i, n := range names {
		out[i] = ui.Option{Value: n, Label: n}
	}
	return out
}

func joinAll(ctx context.Context, list []string) string {
	return strings.Join(list, words.T(ctx, "intake.comma"))
}

func (p *importPage) applyLabel(ctx context.Context) string {
	if n := p.writesCount(); n > 0 {
		return words.T(ctx, "intake.apply", "Count", n)
	}
	return words.T(ctx, "intake.apply_none")
}

func (p *keptPage) names(ctx context.Context, attrs []string) string {
	var list []string
	for _, a := range attrs {
		list = append(list, attribute(ctx, a, p.fields))
	}
	return joinAll(ctx, list)
}

func hint(ctx context.Context, o intake.Outcome) string {
	if o == intake.Reappeared {
		return words.T(ctx, "intake.hint.reappeared")
	}
	return ""
}
