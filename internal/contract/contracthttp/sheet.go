package contracthttp

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/contract/contracthttp/rest"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
)

// sheetPage is one contract with everything about it.
type sheetPage struct {
	b        *book.Book
	c        contract.Contract
	siblings []contract.Contract // of the same organization, this one among them
	contacts []contact.Contact
	only     string // who may read it, of a limited one
	trail    templ.Component
	note     templ.Component
	asides   []templ.Component
	byOwner  templ.Component

	// beside is set for a sheet beside a queue; why says what brought it there.
	beside  bool
	why     string
	actions templ.Component

	outlook outlookForm
	origin  func(name string) (Origin, bool)
	aged    bool // somebody knows of ages at all
}

// outlookForm is what was chosen of the outlook, and why it was not taken.
type outlookForm struct {
	open, clash        bool
	was, value, reason string
	error              string
}

func (p *sheetPage) title() string { return p.c.OrgName + " — " + p.c.Name }

func (h *Handlers) sheet(w http.ResponseWriter, r *http.Request) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	p, err := h.open(r.Context(), contractID, r)
	if err != nil {
		return err
	}
	return h.showSheet(w, r, http.StatusOK, p)
}

func (h *Handlers) showSheet(w http.ResponseWriter, r *http.Request, status int, p *sheetPage) error {
	meta := web.Meta{Title: p.title(), Place: "/contracts", Islands: []string{"mention", "attach"}, WriteTo: "#note"}
	return web.Page(w, r, status, meta, p.page())
}

// Sheet is the whole contract sheet for Today, which shows it beside its queue:
// what stands inside ui.Desk or ui.Sheet. why says what brought it there, in
// the reader's words; actions are Today's own, before those of the sheet.
func (h *Handlers) Sheet(ctx context.Context, contractID id.ID, r *http.Request, why string, actions templ.Component) (templ.Component, error) {
	p, err := h.open(ctx, contractID, r)
	if err != nil {
		return nil, err
	}
	p.beside, p.why, p.actions = true, why, actions
	return p.body(), nil
}

// open reads the contract and lets the other features bring their parts.
func (h *Handlers) open(ctx context.Context, contractID id.ID, r *http.Request) (*sheetPage, error) {
	c, err := h.svc.Get(ctx, contractID)
	if err != nil {
		return nil, err
	}
	p := &sheetPage{c: c}
	if p.only, err = h.only(ctx, c); err != nil {
		return nil, err
	}
	if p.b, err = book.Open(ctx, h.people, h.fields); err != nil {
		return nil, err
	}
	if p.siblings, err = h.siblings(ctx, c); err != nil {
		return nil, err
	}
	if p.contacts, err = h.sides.Of(ctx, c.ID); err != nil {
		return nil, err
	}
	if p.trail, err = h.panel(ctx, h.parts.Trail, c, r); err != nil {
		return nil, err
	}
	if p.note, err = h.panel(ctx, h.parts.NoteBox, c, r); err != nil {
		return nil, err
	}
	if p.byOwner, err = h.panel(ctx, h.parts.ByOwner, c, r); err != nil {
		return nil, err
	}
	for _, aside := range h.parts.Asides {
		part, err := h.panel(ctx, aside, c, r)
		if err != nil {
			return nil, err
		}
		p.asides = append(p.asides, part)
	}
	p.outlook = outlookForm{was: string(c.Outlook), value: string(c.Outlook), reason: c.OutlookWhy}
	return p, h.findOrigins(ctx, p)
}

func (h *Handlers) findOrigins(ctx context.Context, p *sheetPage) (err error) {
	p.origin = func(string) (Origin, bool) { return Origin{}, false }
	if h.parts.Origins != nil {
		p.aged = true
		p.origin, err = h.parts.Origins(ctx, p.c)
	}
	return err
}

// ages are the origins of a contract's values as programs read them.
func (h *Handlers) ages(ctx context.Context, c contract.Contract) (map[string]rest.AgeJSON, error) {
	out := map[string]rest.AgeJSON{}
	if h.parts.Origins == nil {
		return out, nil
	}
	origin, err := h.parts.Origins(ctx, c)
	if err != nil {
		return nil, err
	}
	names := slices.Clone(contract.Attrs)
	for key := range c.Fields {
		names = append(names, contract.FieldPrefix+key)
	}
	for _, name := range names {
		o, known := origin(name)
		switch at := o.At.UTC(); {
		case !known || at.IsZero():
		case o.Import:
			out[name] = rest.AgeJSON{At: at, Source: o.By}
		default:
			out[name] = rest.AgeJSON{At: at, By: o.By}
		}
	}
	return out, nil
}

// panel asks a feature for its part; one that is not there leaves its place
// empty.
func (h *Handlers) panel(ctx context.Context, f Panel, c contract.Contract, r *http.Request) (templ.Component, error) {
	if f == nil {
		return templ.NopComponent, nil
	}
	part, err := f(ctx, c, r)
	if part == nil {
		part = templ.NopComponent
	}
	return part, err
}

// siblings are the contracts of the same organization in the order they were
// made, this one among them; ended ones are left to the list.
func (h *Handlers) siblings(ctx context.Context, c contract.Contract) ([]contract.Contract, error) {
	others, err := h.svc.Siblings(ctx, c.ID)
	list := []contract.Contract{c}
	for _, o := range others {
		if o.EndedOn.IsZero() {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b contract.Contract) int { return int(min(1, max(-1, a.ID-b.ID))) })
	return list, err
}

// tabs leads to the siblings. What they buy is said only where it is something
// else than here: 本社契約, 千葉営業所契約, 点呼クラウド 全社契約.
func (p *sheetPage) tabs() []ui.Tab {
	var tabs []ui.Tab
	product, _, more := strings.Cut(p.c.Name, " ")
	for _, c := range p.siblings {
		label := c.Name
		if short, same := strings.CutPrefix(label, product+" "); same && more {
			label = short
		}
		tabs = append(tabs, ui.Tab{Label: label, Href: book.Path(c.ID), Current: c.ID == p.c.ID})
	}
	return tabs
}

// outlookAge says whose call it is and since when.
func (p *sheetPage) outlookAge(ctx context.Context) ui.When {
	if p.c.Outlook == "" || p.c.OutlookAt.IsZero() {
		return ui.When{}
	}
	w := ui.Ago(ctx, p.c.OutlookAt, p.b.Now)
	if name := p.b.Short[p.c.OutlookBy]; name != "" {
		w.Text = name + words.T(ctx, "contract.comma") + w.Text
	}
	return w
}

// untilRenewal is the first thing to know at a glance: 更新まであと42日.
func (p *sheetPage) untilRenewal(ctx context.Context) string {
	until := words.Until(ctx, p.c.RenewalDate, p.b.Today)
	if p.b.Today.DaysUntil(p.c.RenewalDate) > 1 {
		return words.T(ctx, "contract.until_renewal", "Until", until)
	}
	return words.T(ctx, "contract.attr.renewal_date") + " " + until
}

// source says where a value comes from and how old it is, as one: けさ5:10、契約管理から,
// or 岡田、3日前. Of whom nobody knows, the age alone is told.
func (p *sheetPage) source(ctx context.Context, o Origin) string {
	when := words.Ago(ctx, o.At, p.b.Now)
	by := p.b.Short[o.Member]
	if by == "" {
		by = o.By // a rule, or somebody who is not a member any more
	}
	switch {
	case by == "" && o.Import:
		return words.T(ctx, "contract.age_as_of", "When", when)
	case by == "":
		return words.T(ctx, "contract.age_since", "When", when)
	case o.Import:
		return words.T(ctx, "contract.from_source", "When", when, "Name", by)
	}
	return by + words.T(ctx, "contract.comma") + when
}

// age is how old a value is and who says so, small beside it; the moment itself
// is told on hover.
func (p *sheetPage) age(ctx context.Context, name string) ui.When {
	o, known := p.origin(name)
	if !known || o.At.IsZero() {
		return ui.When{}
	}
	w := ui.Ago(ctx, o.At, p.b.Now)
	w.Text, w.Class = p.source(ctx, o), "age"
	w.Exact += words.T(ctx, "contract.comma") + w.Text
	return w
}

// longAgo tells that a value is older than the changes its age is looked for
// in. That it is as old as the contract would be a guess.
func (p *sheetPage) longAgo(name string) bool {
	o, known := p.origin(name)
	return p.aged && p.c.Value(name) != nil && (!known || o.At.IsZero())
}

// old is the word for what its source has not said for long, "" if it has.
func (p *sheetPage) old(ctx context.Context, name string) string {
	o, _ := p.origin(name)
	days := words.Today(ctx, o.At).DaysUntil(p.b.Today)
	if !o.Import || days <= book.StaleDays {
		return ""
	}
	return words.T(ctx, "contract.stale", "Count", days)
}

// plainFacts are the attributes that are shown only when they are known.
var plainFacts = []string{"status", "department", "start_date"}

// lateFacts stand below the people.
var lateFacts = []string{"domain", "key"}

// fieldFacts are the custom fields that have a value.
func (p *sheetPage) fieldFacts() []field.Field {
	var out []field.Field
	for _, f := range p.b.Fields {
		if p.c.Fields[f.Key] != nil {
			out = append(out, f)
		}
	}
	return out
}

// saveOutlook answers the form in the facts; with htmx only the facts change.
func (h *Handlers) saveOutlook(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	before, err := h.svc.Get(ctx, contractID)
	if err != nil {
		return err
	}
	after, err := h.svc.Update(ctx, contractID, []contract.Edit{
		{Field: "outlook", Old: f.Get("was"), New: f.Get("new"), HasOld: f.Has("was"), Form: true},
		{Field: "outlook_why", New: f.Line("why"), Form: true}})
	if err != nil {
		return h.outlookRefused(w, r, f, before, err)
	}
	said := web.Toast{Text: words.T(ctx, "contract.changed", "Name", words.T(ctx, "contract.attr.outlook"))}
	if after.Version != before.Version {
		undo := cellPage{c: after, name: "outlook", b: &book.Book{}}
		said.Undo = undo.undo(before, after)
	}
	if !web.IsFragment(r) {
		return web.RedirectSaying(w, r, book.Path(contractID), said)
	}
	p, err := h.openFacts(ctx, after, r)
	if err != nil {
		return err
	}
	web.Say(w, said)
	return web.Fragment(w, r, http.StatusOK, p.facts())
}

// openFacts reads what the facts alone need.
func (h *Handlers) openFacts(ctx context.Context, c contract.Contract, r *http.Request) (*sheetPage, error) {
	p := &sheetPage{c: c, outlook: outlookForm{was: string(c.Outlook), value: string(c.Outlook), reason: c.OutlookWhy}}
	var err error
	if p.b, err = book.Open(ctx, h.people, h.fields); err != nil {
		return nil, err
	}
	if p.contacts, err = h.sides.Of(ctx, c.ID); err != nil {
		return nil, err
	}
	if p.byOwner, err = h.panel(ctx, h.parts.ByOwner, c, r); err != nil {
		return nil, err
	}
	return p, h.findOrigins(ctx, p)
}

// outlookRefused shows the form again; after a conflict it starts from the
// other's call.
func (h *Handlers) outlookRefused(w http.ResponseWriter, r *http.Request, f web.Form, now contract.Contract, err error) error {
	if !web.IsInput(err) {
		return err
	}
	ctx, e := r.Context(), errs.As(err)
	form := outlookForm{open: true, clash: e.Code == errs.Conflict, was: string(now.Outlook), value: f.Get("new"), reason: f.Line("why")}
	if !form.clash {
		form.error = web.Sentence(ctx, e)
	}
	status := web.Status(e.Code)
	if !web.IsFragment(r) {
		p, err := h.open(ctx, now.ID, r)
		if err != nil {
			return err
		}
		p.outlook = form
		return h.showSheet(w, r, status, p)
	}
	p, err := h.openFacts(ctx, now, r)
	if err != nil {
		return err
	}
	p.outlook = form
	w.Header().Set("HX-Retarget", "#facts")
	w.Header().Set("HX-Reswap", "outerHTML")
	return web.Fragment(w, r, status, p.facts())
}

// history shows who changed what; the feature that keeps it brings the words.
func (h *Handlers) history(w http.ResponseWriter, r *http.Request) error {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	c, err := h.svc.Get(ctx, contractID)
	if err != nil {
		return err
	}
	if h.parts.History == nil {
		return errs.Missing("page")
	}
	part, err := h.panel(ctx, h.parts.History, c, r)
	if err != nil {
		return err
	}
	b, err := book.Open(ctx, h.people, h.fields)
	if err != nil {
		return err
	}
	title := words.T(ctx, "contract.history")
	if name := r.URL.Query().Get("field"); b.Known(name) {
		title = words.T(ctx, "contract.history_of", "Name", b.Label(ctx, name))
	}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: title, Place: "/contracts"}, historyPage(c, title, part))
}
