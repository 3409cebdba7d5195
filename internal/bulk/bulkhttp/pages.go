package bulkhttp

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kizuki/internal/bulk"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

const (
	// shows is how many records a page lists.
	shows = 20
	// pageSize is how many acts the list of them shows.
	pageSize = 30
)

// page is one act.
type page struct {
	act    bulk.Act
	book   Book
	attrs  []string
	change string // the attribute to be changed, while it is chosen
	value  string
	why    string
	errors map[string]string
	show   bulk.Outcome
	rows   []bulk.Row
	next   string
	may    bool
	now    time.Time
}

func address(act id.ID, below ...string) string {
	return "/bulk/" + strings.Join(append([]string{act.String()}, below...), "/")
}

// list is where the records of an act are.
func list(act bulk.Act) string {
	to := "/" + string(act.Target)
	if act.Selection.Query != "" {
		to += "?" + act.Selection.Query
	}
	return to
}

// choose keeps what was ticked, or all that match.
func (h *Handlers) choose(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	sel := bulk.Selection{Query: f.Get("query")}
	target := bulk.Target(f.Get("target"))
	if !f.Bool("all") {
		if sel.IDs, err = f.IDs("id"); err != nil {
			return err
		}
		if len(sel.IDs) == 0 && slices.Contains([]bulk.Target{bulk.Contracts, bulk.Tasks}, target) {
			return web.RedirectSaying(w, r, list(bulk.Act{Target: target, Selection: sel}), web.Toast{Text: words.T(r.Context(), "bulk.err.none"), Bad: true})
		}
	}
	act, err := h.svc.Choose(r.Context(), target, sel)
	if err != nil {
		return err
	}
	return web.Redirect(w, r, address(act.ID))
}

func (h *Handlers) open(r *http.Request) (*page, error) {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return nil, err
	}
	act, err := h.svc.Get(r.Context(), ref)
	if err != nil {
		return nil, err
	}
	p := &page{act: act, may: who.From(r.Context()).May(who.Write), now: web.Now(r.Context()), change: r.FormValue("change")}
	p.book, p.attrs, err = h.books[act.Target](r.Context())
	return p, err
}

func (h *Handlers) show(w http.ResponseWriter, r *http.Request) error {
	p, err := h.open(r)
	if err != nil {
		return err
	}
	return h.render(w, r, http.StatusOK, p)
}

func (h *Handlers) render(w http.ResponseWriter, r *http.Request, status int, p *page) error {
	if p.choosing() {
		if !slices.Contains(p.attrs, p.change) {
			p.change = p.attrs[0]
		}
	} else if err := h.fill(r, p); err != nil {
		return err
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(r.Context(), "bulk.title"), Place: "/" + string(p.act.Target)}, p.view())
}

// choosing reports whether the page asks what to change.
func (p *page) choosing() bool {
	return p.act.State == bulk.Chosen || p.act.State == bulk.Staged && p.change != ""
}

// fill reads the records of the outcome that is looked at.
func (h *Handlers) fill(r *http.Request, p *page) error {
	q := r.URL.Query()
	for _, o := range p.outcomes() {
		if p.show == "" && p.act.Counts[o] > 0 || string(o) == q.Get("show") {
			p.show = o
		}
	}
	if p.act.Working() || p.show == "" {
		return nil
	}
	var after id.ID
	var err error
	if c := q.Get("cursor"); c != "" {
		if after, err = id.Parse(c); err != nil {
			return errs.Field("cursor", "err.cursor")
		}
	}
	rows, next, err := h.svc.Rows(r.Context(), p.act.ID, after, shows, p.show)
	if p.rows = rows; next != 0 {
		p.next = p.showing(p.show) + "&cursor=" + next.String()
	}
	return err
}

// outcomes are those a page of this state tells of, in the order in which they
// need a person.
func (p *page) outcomes() []bulk.Outcome {
	return []bulk.Outcome{bulk.Change, bulk.Partly, bulk.Left, bulk.Done, bulk.Back, bulk.Refused, bulk.Same}
}

func (p *page) showing(o bulk.Outcome) string { return address(p.act.ID) + "?show=" + string(o) }

func (p *page) counts(ctx context.Context) (out []ui.Count) {
	for _, o := range p.outcomes() {
		if n := p.act.Counts[o]; n > 0 {
			out = append(out, ui.Count{N: n, Label: words.T(ctx, "bulk.outcome."+string(o)), Href: p.showing(o), Current: o == p.show})
		}
	}
	return out
}

// stage reads what is to be changed and compares.
func (h *Handlers) stage(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	p, err := h.open(r)
	if err != nil {
		return err
	}
	p.value, p.why = strings.Join(f.Values["new"], "、"), f.Line("why")
	edits := []bulk.Edit{{Field: p.change, New: p.value}}
	switch typed := p.input(r.Context()); {
	case f.Bool("clear"):
		edits[0].New = ""
	case p.value == "" && (typed.Type != "select" || typed.Multiple):
		err = errs.Field(p.change, "bulk.err.empty")
	}
	if beside := p.beside(); beside != "" && edits[0].New != "" {
		edits = append(edits, bulk.Edit{Field: beside, New: p.why})
	}
	if err == nil {
		_, err = h.svc.Stage(r.Context(), p.act.ID, edits)
	}
	if err != nil {
		if !web.IsInput(err) || p.act.State != bulk.Chosen && p.act.State != bulk.Staged {
			return err
		}
		p.errors = web.FieldErrors(r.Context(), err)
		return h.render(w, r, http.StatusUnprocessableEntity, p)
	}
	return web.Redirect(w, r, address(p.act.ID))
}

// beside is the attribute that gives the reason of the one that is changed.
func (p *page) beside() string {
	return map[string]string{"outlook": "outlook_why", "state": "why"}[p.change]
}

// input is where the new value is typed or chosen.
func (p *page) input(ctx context.Context) ui.FieldProps {
	in := p.book.Input(ctx, p.change, p.value)
	in.ID, in.Name, in.Error = "bulk-new", "new", cmp.Or(p.errors[p.change], p.errors[""])
	return in
}

func (h *Handlers) apply(w http.ResponseWriter, r *http.Request) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	act, err := h.svc.Apply(r.Context(), ref)
	if err != nil {
		return err
	}
	if act.Working() {
		return web.Redirect(w, r, address(ref))
	}
	return web.RedirectSaying(w, r, address(ref), web.Toast{Text: words.T(r.Context(), "bulk.said.applied", "Count", act.Counts[bulk.Done]), Undo: address(ref, "undo")})
}

func (h *Handlers) undo(w http.ResponseWriter, r *http.Request) error {
	ref, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	act, err := h.svc.Undo(r.Context(), ref)
	if err != nil {
		return err
	}
	if act.Working() {
		return web.Redirect(w, r, address(ref))
	}
	return web.RedirectSaying(w, r, address(ref), web.Toast{Text: words.T(r.Context(), "bulk.said.undone")})
}

// said is what an act changes, in words.
func said(ctx context.Context, b Book, edits []bulk.Edit) string {
	var out []string
	for _, e := range edits {
		v := any(e.New)
		if e.New == "" {
			v = nil
		}
		key, kv := "bulk.to", []any{"Field", b.Label(ctx, e.Field), "To", cmp.Or(b.Said(ctx, e.Field, v), e.New)}
		switch {
		case e.Field == "why" || e.New == "" && e.Field == "outlook_why":
			continue
		case e.New == "" && b.Said(ctx, e.Field, v) == "":
			key = "bulk.cleared"
		}
		out = append(out, words.T(ctx, key, kv...))
	}
	return strings.Join(out, words.T(ctx, "bulk.comma"))
}

// reason says why a record stays as it is.
func (p *page) reason(ctx context.Context, why bulk.Reason) string {
	var names []string
	for _, f := range why.Fields {
		names = append(names, p.book.Label(ctx, f))
	}
	kv := []any{"Fields", strings.Join(names, words.T(ctx, "bulk.comma"))}
	for k, v := range why.Args {
		if n, ok := v.(float64); ok { // JSON has made one of it
			v = int(n)
		}
		kv = append(kv, k, v)
	}
	if why.Key == "" {
		return ""
	}
	return words.T(ctx, why.Key, kv...)
}

// value is a value of a row in words.
func (p *page) written(ctx context.Context, name string, v any) string {
	return cmp.Or(p.book.Said(ctx, name, v), words.T(ctx, "bulk.unset"))
}

// home is the list of acts.
type home struct {
	acts  []bulk.Act
	books map[bulk.Target]Book
	next  string
	now   time.Time
}

func (h *Handlers) home(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := home{books: map[bulk.Target]Book{}, now: web.Now(ctx)}
	var before id.ID
	var err error
	if c := r.URL.Query().Get("cursor"); c != "" {
		if before, err = id.Parse(c); err != nil {
			return errs.Field("cursor", "err.cursor")
		}
	}
	if p.acts, err = h.svc.List(ctx, before, pageSize+1); err != nil {
		return err
	}
	if len(p.acts) > pageSize {
		p.acts = p.acts[:pageSize]
		p.next = "/bulk?" + url.Values{"cursor": {p.acts[pageSize-1].ID.String()}}.Encode()
	}
	for t, open := range h.books {
		if p.books[t], _, err = open(ctx); err != nil {
			return err
		}
	}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(ctx, "bulk.acts"), Place: "/contracts"}, p.view())
}
