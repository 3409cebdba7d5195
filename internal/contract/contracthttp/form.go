package contracthttp

import (
	"context"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// formPage is the whole contract as a form: a new one, or one to be edited.
type formPage struct {
	b         *book.Book
	c         contract.Contract // zero for a new one
	values    map[string]string
	was       map[string]string // what each input started from; nil for a new one
	errors    map[string]string
	statuses  []string
	phases    []string
	customers []string // names of customers, offered while typing
}

// The attributes in the groups the form shows them in.
var (
	mainInputs  = []string{"organization", "name"}
	stateInputs = []string{"owner", "phase", "status", "department"}
	dateInputs  = []string{"start_date", "renewal_date", "notice_date"}
	moneyInputs = []string{"amount", "amount_basis", "currency"}
	keyInputs   = []string{"domain", "key"}
)

// inputs are all of them, custom fields last.
func inputs(b *book.Book) []string {
	var out []string
	for _, group := range [][]string{mainInputs, stateInputs, dateInputs, {"auto_renew", "term_type"}, moneyInputs, keyInputs} {
		out = append(out, group...)
	}
	for _, f := range b.Fields {
		out = append(out, f.Name())
	}
	return out
}

// joined is a posted value as one text: several chosen options stand with the
// separator the field reads.
func joined(f web.Form, name string) string {
	return strings.TrimSpace(text.Clean(strings.Join(f.Values[name], "、")))
}

// typedIn reads the form as it was filled in.
func typedIn(b *book.Book, f web.Form) map[string]string {
	out := map[string]string{}
	for _, name := range inputs(b) {
		out[name] = joined(f, name)
	}
	if out["auto_renew"] == "" {
		out["auto_renew"] = "false" // a box left empty is not sent
	}
	return out
}

func writtenAll(b *book.Book, c contract.Contract) map[string]string {
	out := map[string]string{}
	for _, name := range inputs(b) {
		out[name] = b.Written(c, name)
	}
	return out
}

func (h *Handlers) form(ctx context.Context) (*formPage, error) {
	p := &formPage{values: map[string]string{}}
	var err error
	if p.b, err = book.Open(ctx, h.people, h.fields); err != nil {
		return nil, err
	}
	if p.statuses, err = h.svc.Distinct(ctx, "status"); err != nil {
		return nil, err
	}
	if p.phases, err = book.Phases(ctx, h.svc); err != nil {
		return nil, err
	}
	known, err := h.orgs.List(ctx, "", "", offeredCustomers)
	for _, o := range known.Items {
		p.customers = append(p.customers, o.Name)
	}
	return p, err
}

// offeredCustomers is how many names a form offers; any other can be typed.
const offeredCustomers = 200

func (h *Handlers) newPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p, err := h.form(ctx)
	if err != nil {
		return err
	}
	p.values["owner"] = who.From(ctx).Member.String()
	p.values["organization"] = text.Line(r.URL.Query().Get("organization"))
	return h.showForm(w, r, http.StatusOK, p)
}

func (h *Handlers) showForm(w http.ResponseWriter, r *http.Request, status int, p *formPage) error {
	title := words.T(r.Context(), "contract.new")
	if p.c.ID != 0 {
		title = words.T(r.Context(), "contract.edit_title")
	}
	return web.Page(w, r, status, web.Meta{Title: title, Place: "/contracts"}, p.page(title))
}

func (h *Handlers) create(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	p, err := h.form(ctx)
	if err != nil {
		return err
	}
	p.values = typedIn(p.b, f)
	c, err := h.svc.Create(ctx, p.input())
	if err != nil {
		return h.refused(w, r, p, err)
	}
	return web.RedirectSaying(w, r, book.Path(c.ID), web.Toast{Text: words.T(ctx, "contract.added")})
}

// input is the form as the service takes it.
func (p *formPage) input() contract.Input {
	v := p.values
	in := contract.Input{Form: true, Key: v["key"], Name: v["name"], Organization: v["organization"], Department: v["department"],
		Owner: v["owner"], Status: v["status"], Phase: v["phase"], StartDate: v["start_date"], RenewalDate: v["renewal_date"],
		NoticeDate: v["notice_date"], AutoRenew: v["auto_renew"] == "true", TermType: v["term_type"], Amount: v["amount"], Currency: v["currency"],
		AmountBasis: v["amount_basis"], Domain: v["domain"], Fields: map[string]any{}}
	for _, f := range p.b.Fields {
		if s := v[f.Name()]; s != "" {
			in.Fields[f.Key] = s
		}
	}
	return in
}

// refused shows the form again with the sentence of each wrong input.
func (h *Handlers) refused(w http.ResponseWriter, r *http.Request, p *formPage, err error) error {
	if !web.IsInput(err) {
		return err
	}
	p.errors = web.FieldErrors(r.Context(), err)
	p.settleErrors(r.Context(), err)
	return h.showForm(w, r, web.Status(errs.As(err).Code), p)
}

// settleErrors leaves no error without a place: what belongs to no input of
// this form stands above it.
func (p *formPage) settleErrors(ctx context.Context, err error) {
	known := map[string]bool{"": true, "body": true}
	for _, name := range inputs(p.b) {
		known[name] = true
	}
	for name, said := range p.errors {
		if !known[name] {
			delete(p.errors, name)
			p.errors[""] = said
		}
	}
	if e := errs.As(err); len(e.Fields) > 1 && p.errors[""] == "" {
		p.errors[""] = web.Sentence(ctx, e)
	}
}

func (h *Handlers) editPage(w http.ResponseWriter, r *http.Request) error {
	p, err := h.openForm(r)
	if err != nil {
		return err
	}
	p.values = p.was
	return h.showForm(w, r, http.StatusOK, p)
}

func (h *Handlers) openForm(r *http.Request) (*formPage, error) {
	contractID, err := web.PathID(r, "id")
	if err != nil {
		return nil, err
	}
	c, err := h.svc.Get(r.Context(), contractID)
	if err != nil {
		return nil, err
	}
	p, err := h.form(r.Context())
	if err != nil {
		return nil, err
	}
	p.c, p.was = c, writtenAll(p.b, c)
	return p, nil
}

func (h *Handlers) edit(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	p, err := h.openForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	typed := typedIn(p.b, f)
	edits := p.edits(f, typed)
	if _, err := h.svc.Update(ctx, p.c.ID, edits); err != nil {
		p.keep(edits)
		if e := errs.As(err); e.Key == "contract.err.changed" {
			p.errors = p.clashes(ctx, edits)
			return h.showForm(w, r, web.Status(e.Code), p)
		}
		return h.refused(w, r, p, err)
	}
	return web.RedirectSaying(w, r, book.Path(p.c.ID), web.Toast{Text: words.T(ctx, "contract.saved")})
}

// edits are the inputs that were touched: what was left as the page showed it
// is nobody's wish, and must not undo what another wrote meanwhile.
func (p *formPage) edits(f web.Form, typed map[string]string) []contract.Edit {
	var out []contract.Edit
	for _, name := range inputs(p.b) {
		was, sent := strings.TrimSpace(text.Clean(f.Get("was."+name))), f.Has("was."+name)
		if !f.Has(name) && name != "auto_renew" && (!p.multiple(name) || !sent) {
			continue // not in the form that was sent
		}
		if sent && typed[name] == was {
			continue
		}
		out = append(out, contract.Edit{Field: name, Old: was, New: typed[name], HasOld: sent, Form: true})
	}
	return out
}

// multiple tells whether an input sends nothing when nothing is chosen.
func (p *formPage) multiple(name string) bool {
	f, _ := p.b.Field(name)
	return f.Type == field.Choices
}

// keep shows again what was typed; what was not touched is shown as it is now.
func (p *formPage) keep(edits []contract.Edit) {
	p.values = writtenAll(p.b, p.c)
	for _, e := range edits {
		p.values[e.Field], _ = e.New.(string)
	}
}

// clashes says, under each input that somebody else changed meanwhile, what the
// other wrote. The next save starts from there: who saves again has seen it.
func (p *formPage) clashes(ctx context.Context, edits []contract.Edit) map[string]string {
	out := map[string]string{}
	for _, e := range edits {
		if !e.HasOld || p.was[e.Field] == e.Old {
			continue
		}
		theirs := p.b.Said(ctx, e.Field, p.c.Value(e.Field))
		if e.Field == "organization" {
			theirs = p.c.OrgName
		}
		if theirs == "" {
			theirs = words.T(ctx, "contract.unset")
		}
		out[e.Field] = words.T(ctx, "contract.clash", "Theirs", theirs)
	}
	return out
}

// first makes the first contract of a team and its first note.
func (h *Handlers) first(w http.ResponseWriter, r *http.Request) error {
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	p := &formPage{values: map[string]string{}}
	if p.b, err = book.Open(ctx, h.people, h.fields); err != nil {
		return err
	}
	for _, name := range []string{"organization", "name", "renewal_date", "body"} {
		p.values[name] = f.Text(name)
	}
	p.values["owner"] = who.From(ctx).Member.String()
	c, err := h.svc.Create(ctx, p.input())
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		p.errors = web.FieldErrors(ctx, err)
		p.settleErrors(ctx, err)
		return h.showEmpty(w, r, web.Status(errs.As(err).Code), p)
	}
	said := web.Toast{Text: words.T(ctx, "contract.added")}
	if body := p.values["body"]; body != "" && h.parts.Post != nil {
		if err := h.parts.Post(ctx, c.ID, body); err != nil {
			if !web.IsInput(err) {
				return err
			}
			said = web.Toast{Text: web.Sentence(ctx, errs.As(err)), Bad: true}
		}
	}
	return web.RedirectSaying(w, r, book.Path(c.ID), said)
}

// begin shows the way to begin instead of an empty list.
func (h *Handlers) begin(w http.ResponseWriter, r *http.Request) (err error) {
	p := &formPage{values: map[string]string{}}
	if p.b, err = book.Open(r.Context(), h.people, h.fields); err != nil {
		return err
	}
	return h.showEmpty(w, r, http.StatusOK, p)
}

func (h *Handlers) showEmpty(w http.ResponseWriter, r *http.Request, status int, p *formPage) error {
	meta := web.Meta{Title: words.T(r.Context(), "contract.first.page"), Place: "/contracts"}
	return web.Page(w, r, status, meta, p.emptyPage())
}

// First is the form with which a team begins, for Today's empty sheet; viewers
// see only the words. It stands inside ui.Sheet.
func (h *Handlers) First(ctx context.Context) templ.Component {
	p := &formPage{b: &book.Book{May: who.From(ctx).May(who.Write)}}
	return p.First()
}

// fields are those the contract has, by whom it is, or is to be, looked after.
func (p *formPage) fields() []field.Field {
	owner, _ := id.Parse(p.values["owner"])
	held := map[string]any{}
	for key, v := range p.c.Fields {
		held[key] = v
	}
	for _, f := range p.b.Fields {
		if v := p.values[f.Name()]; v != "" {
			held[f.Key] = v
		}
	}
	return p.b.FieldsOf(owner, held)
}

func (p *formPage) action() string {
	if p.c.ID == 0 {
		return "/contracts/new"
	}
	return book.Path(p.c.ID, "edit")
}

func (p *formPage) back() string {
	if p.c.ID == 0 {
		return "/contracts"
	}
	return book.Path(p.c.ID)
}

func (p *formPage) doKey() string {
	if p.c.ID == 0 {
		return "contract.do_add"
	}
	return "contract.do_save"
}

// field is one input with its value, hint and error.
func (p *formPage) field(ctx context.Context, name string) ui.FieldProps {
	f := p.b.Input(ctx, name, p.values[name])
	f.Error = p.errors[name]
	switch name {
	case "organization":
		f.Required, f.Attrs = true, ui.Attrs{"list": "words-organization", "autocomplete": "off"}
	case "name":
		f.Required = true
	case "key":
		if f.Required = p.c.ID != 0; !f.Required {
			f.Optional = words.T(ctx, "contract.key_hint")
		}
	case "domain":
		f.Placeholder = "example.co.jp"
	case "currency":
		f.Placeholder = "JPY"
	}
	return f
}
