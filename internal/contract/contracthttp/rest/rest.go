// Package rest holds the endpoints about contracts and their export as a file;
// contracthttp mounts them beside its pages.
package rest

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/cal"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/money"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// Endpoints serves programs.
type Endpoints struct {
	svc    *contract.Service
	book   *contact.Service
	people *workspace.Service
	ages   Ages
}

// Ages tells how old each value of a contract is, by attribute.
type Ages func(ctx context.Context, c contract.Contract) (map[string]AgeJSON, error)

// AgeJSON is since when a value stands, or when its source last said so.
type AgeJSON struct {
	At     time.Time `json:"at"`
	By     string    `json:"by" doc:"who gave it; empty if an import did"`
	Source string    `json:"source" doc:"the source of the import; empty if none"`
}

// AgedJSON is one contract with the ages of its values.
type AgedJSON struct {
	ContractJSON
	Ages map[string]AgeJSON `json:"ages" doc:"by attribute, custom ones as field:KEY; without those of which nobody knows"`
}

// New makes the endpoints.
func New(svc *contract.Service, contacts *contact.Service, people *workspace.Service, ages Ages) *Endpoints {
	return &Endpoints{svc: svc, book: contacts, people: people, ages: ages}
}

// Ref names another thing in REST.
type Ref struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
}

// OwnerRef is the owner in REST, null where there is none.
type OwnerRef struct {
	_    struct{} `nullable:"true"`
	ID   id.ID    `json:"id"`
	Name string   `json:"name"`
}

// ContractJSON is a contract in REST. Dates and amounts are null when unknown.
type ContractJSON struct {
	ID           id.ID          `json:"id"`
	Key          string         `json:"key"`
	Name         string         `json:"name"`
	Organization Ref            `json:"organization"`
	Department   string         `json:"department"`
	Owner        *OwnerRef      `json:"owner"`
	Status       string         `json:"status"`
	Phase        string         `json:"phase"`
	Outlook      string         `json:"outlook" doc:"on_track, watch, danger; empty: none given"`
	OutlookWhy   string         `json:"outlook_why"`
	StartDate    *string        `json:"start_date" format:"date"`
	RenewalDate  *string        `json:"renewal_date" format:"date"`
	NoticeDate   *string        `json:"notice_date" format:"date"`
	AutoRenew    bool           `json:"auto_renew"`
	TermType     string         `json:"term_type" doc:"trial, rolling (month to month); empty: an ordinary term"`
	Amount       *string        `json:"amount" doc:"decimal, major units"`
	Currency     string         `json:"currency"`
	AmountBasis  string         `json:"amount_basis" doc:"monthly, yearly, term; empty: unknown"`
	Domain       string         `json:"domain"`
	Fields       map[string]any `json:"fields"`
	Term         int            `json:"term" doc:"number of the open term, or of the last"`
	EndedOn      *string        `json:"ended_on" format:"date"`
	Limited      bool           `json:"limited" doc:"only its owner and readers may read it"`
	Version      int64          `json:"version"`
	CreatedAt    *time.Time     `json:"created_at"`
	DataAt       *time.Time     `json:"data_at" doc:"when an import last saw it"`
	ArchivedAt   *time.Time     `json:"archived_at"`
}

func asJSON(c contract.Contract) ContractJSON {
	j := ContractJSON{ID: c.ID, Key: c.Key, Name: c.Name, Organization: Ref{c.OrgID, c.OrgName}, Department: c.Department,
		Status: c.Status, Phase: c.Phase, Outlook: string(c.Outlook), OutlookWhy: c.OutlookWhy,
		StartDate: day(c.StartDate), RenewalDate: day(c.RenewalDate), NoticeDate: day(c.NoticeDate), AutoRenew: c.AutoRenew, TermType: string(c.TermType),
		Amount: decimal(c.Amount, c.Currency), Currency: c.Currency, AmountBasis: string(c.AmountBasis), Domain: c.Domain,
		Fields: c.Fields, Term: c.TermNo, EndedOn: day(c.EndedOn), Limited: c.Limited(), Version: c.Version,
		CreatedAt: api.Instant(c.CreatedAt), DataAt: api.Instant(c.DataAt), ArchivedAt: api.Instant(c.ArchivedAt)}
	if c.OwnerID != 0 {
		j.Owner = &OwnerRef{ID: c.OwnerID, Name: c.OwnerName}
	}
	if j.Fields == nil {
		j.Fields = map[string]any{}
	}
	return j
}

func day(d cal.Date) *string {
	if d.IsZero() {
		return nil
	}
	s := string(d)
	return &s
}

func decimal(minor *int64, currency string) *string {
	if minor == nil {
		return nil
	}
	s := money.Amount{Minor: *minor, Currency: currency}.Decimal()
	return &s
}

// TermJSON is one period of a contract.
type TermJSON struct {
	No       int        `json:"no"`
	Starts   *string    `json:"starts" format:"date"`
	Renews   *string    `json:"renews" format:"date"`
	Amount   *string    `json:"amount"`
	Currency string     `json:"currency"`
	Basis    string     `json:"basis"`
	Type     string     `json:"term_type"`
	Outcome  string     `json:"outcome" doc:"open, renewed, churned"`
	Words    string     `json:"words"`
	ClosedAt *time.Time `json:"closed_at"`
}

// ContactJSON is a person at the customer, with the role in this contract.
type ContactJSON struct {
	ID    id.ID  `json:"id"`
	Name  string `json:"name"`
	Kana  string `json:"kana"`
	Title string `json:"title"`
	Mail  string `json:"mail"`
	Phone string `json:"phone"`
	Role  string `json:"role"`
}

func contactJSON(c contact.Contact) ContactJSON {
	return ContactJSON{ID: c.ID, Name: c.Name, Kana: c.Kana, Title: c.Title, Mail: c.Mail, Phone: c.Phone, Role: c.Role}
}

type createInput struct {
	Body struct {
		Key          string         `json:"key" doc:"the team's own id of it"`
		Name         string         `json:"name"`
		Organization string         `json:"organization" doc:"id or name; a new name is created"`
		Department   string         `json:"department,omitempty"`
		Owner        string         `json:"owner,omitempty" doc:"member: id, mail or name"`
		Status       string         `json:"status,omitempty"`
		Phase        string         `json:"phase,omitempty"`
		Outlook      string         `json:"outlook,omitempty"`
		OutlookWhy   string         `json:"outlook_why,omitempty"`
		StartDate    string         `json:"start_date,omitempty"`
		RenewalDate  string         `json:"renewal_date,omitempty"`
		NoticeDate   string         `json:"notice_date,omitempty"`
		AutoRenew    bool           `json:"auto_renew,omitempty"`
		TermType     string         `json:"term_type,omitempty" doc:"trial, rolling"`
		Amount       string         `json:"amount,omitempty" doc:"decimal, major units"`
		Currency     string         `json:"currency,omitempty" doc:"the workspace's, if empty"`
		AmountBasis  string         `json:"amount_basis,omitempty"`
		Domain       string         `json:"domain,omitempty"`
		Fields       map[string]any `json:"fields,omitempty"`
	}
}

type listInput struct {
	api.Paging
	Q             string `query:"q" doc:"beginning of the key, or part of the name or the customer's"`
	Owner         string `query:"owner" doc:"id, mail or name of a member; none, me"`
	Status        string `query:"status"`
	Phase         string `query:"phase"`
	Outlook       string `query:"outlook"`
	Without       string `query:"without" doc:"those without a value of these, with commas between: status, phase, outlook"`
	Unit          string `query:"unit" doc:"id of a team the owner is in; none = in no team"`
	Organization  string `query:"organization" doc:"id"`
	RenewalFrom   string `query:"renewal_from" doc:"this day or later"`
	RenewalBefore string `query:"renewal_before" doc:"before this day"`
	View          string `query:"view" doc:"quiet: nobody wrote for 30 days; hunch: one in 30 days; outlook: changed in 14 days"`
	Sort          string `query:"sort" doc:"renewal, name, key, amount, field:KEY; - before it turns it round"`
	Ended         bool   `query:"ended" doc:"with those that have ended"`
	query         url.Values
}

// Resolve keeps the whole query: conditions on custom fields have names of the
// team's own.
func (in *listInput) Resolve(c huma.Context) []error {
	u := c.URL()
	in.query = u.Query()
	return nil
}

// IDInput is the contract of a path. It is exported because huma fills nothing
// else when it is embedded.
type IDInput struct {
	ID string `path:"id"`
}

// ref reads the id of the path; what is no id is simply not there.
func (in IDInput) ref() (id.ID, error) {
	v, err := id.Parse(in.ID)
	if err != nil {
		return 0, errs.Missing("contract")
	}
	return v, nil
}

type patchInput struct {
	IDInput
	Body struct {
		Set map[string]any `json:"set" doc:"attributes to change, named as in a contract; fields {} or field:KEY for custom ones"`
		Was map[string]any `json:"was,omitempty" doc:"the values the change starts from; 409 if one is no longer there"`
	}
}

type endInput struct {
	IDInput
	Body struct {
		On    string `json:"on,omitempty" doc:"YYYY-MM-DD, today if empty"`
		Words string `json:"words,omitempty"`
	}
}

type contactInput struct {
	IDInput
	Body struct {
		Name  string `json:"name,omitempty" doc:"name or mail must be given"`
		Kana  string `json:"kana,omitempty"`
		Title string `json:"title,omitempty"`
		Mail  string `json:"mail,omitempty"`
		Phone string `json:"phone,omitempty"`
		Role  string `json:"role,omitempty"`
	}
}

func op(opID, method, path, summary string) huma.Operation {
	o := huma.Operation{OperationID: opID, Method: method, Path: "/contracts" + path, Summary: summary, Tags: []string{"Contracts"}}
	if method == "POST" && (path == "" || strings.HasSuffix(path, "/contacts")) {
		o.DefaultStatus = http.StatusCreated
	}
	return o
}

// Add registers the endpoints.
func (h *Endpoints) Add(a *api.API) {
	api.Add(a, who.Read, op("list-contracts", "GET", "", "Contracts, in pages; field.KEY=… (or .not .has .from .to .unset) narrows by custom fields"), h.list)
	api.Add(a, who.Write, op("create-contract", "POST", "", "A new contract"), h.create)
	export := op("export-contracts", "GET", "/export.csv", "All contracts with every field, as CSV")
	export.Responses = map[string]*huma.Response{"200": {Description: "CSV, UTF-8", Content: map[string]*huma.MediaType{"text/csv": {}}}}
	a.Raw(who.Read, export, Export(h.svc, ""))
	api.Add(a, who.Read, op("get-contract", "GET", "/{id}", "One contract"), h.get)
	api.Add(a, who.Write, op("change-contract", "PATCH", "/{id}", "Change attributes"), h.patch)
	api.Add(a, who.Write, op("end-contract", "POST", "/{id}/end", "End a contract; everything is kept"), h.end)
	api.Add(a, who.Write, op("split-contract", "POST", "/{id}/split", "Take the contract out of a customer it was joined to by mistake"), h.split)
	api.Add(a, who.Write, op("reopen-contract", "POST", "/{id}/reopen", "Take the end back"), h.act(h.svc.Reopen))
	api.Add(a, who.Write, op("archive-contract", "POST", "/{id}/archive", "Hide from lists; everything is kept"), h.act(h.svc.Archive))
	api.Add(a, who.Write, op("unarchive-contract", "POST", "/{id}/unarchive", "Bring back into lists"), h.act(h.svc.Unarchive))
	api.Add(a, who.Read, op("list-contract-contacts", "GET", "/{id}/contacts", "People at the customer"), h.contacts)
	api.Add(a, who.Read, op("contract-readers", "GET", "/{id}/readers", "Who may read a limited contract besides its owner"), h.readers)
	api.Add(a, who.Write, op("limit-contract", "PUT", "/{id}/readers", "Choose who may read a contract with everything on it; whoever chooses stays among them"), h.limit)
	api.Add(a, who.Write, op("add-contract-contact", "POST", "/{id}/contacts", "Add a person"), h.addContact)
	api.Add(a, who.Read, op("list-contract-terms", "GET", "/{id}/terms", "Terms, the newest first"), h.terms)
}

func (h *Endpoints) list(ctx context.Context, in *listInput) (*api.List[ContractJSON], error) {
	q := contract.Query{Q: in.Q, Status: in.Status, Phase: in.Phase, Outlook: contract.Outlook(in.Outlook), View: in.View, Sort: in.Sort,
		Limit: in.Limit, Cursor: in.Cursor, Ended: in.Ended, Fields: FieldFilters(in.query, "field.", "")}
	if in.Without != "" {
		q.Without = strings.Split(in.Without, ",")
	}
	var bad [5]error
	if q.Unit = contract.NoUnit; in.Unit != OwnerNone {
		q.Unit, bad[4] = ID("unit", in.Unit)
	}
	q.Owner, bad[0] = h.ownerAsked(ctx, in.Owner)
	q.Org, bad[1] = ID("organization", in.Organization)
	q.RenewalFrom, bad[2] = dayAsked("renewal_from", in.RenewalFrom)
	q.RenewalTo, bad[3] = dayAsked("renewal_before", in.RenewalBefore)
	for _, err := range bad {
		if err != nil {
			return nil, err
		}
	}
	p, err := h.svc.List(ctx, q)
	if err != nil {
		return nil, err
	}
	items := make([]ContractJSON, len(p.Items))
	for i, c := range p.Items {
		items[i] = asJSON(c)
	}
	return api.NewList(items, p.Next), nil
}

// ownerAsked finds the member a program means: by id, mail or name.
func (h *Endpoints) ownerAsked(ctx context.Context, s string) (id.ID, error) {
	if m, err := Owner(ctx, s); err == nil {
		return m, nil
	}
	members, err := h.people.Members(ctx)
	if err != nil {
		return 0, err
	}
	for _, m := range members {
		if m.Name == s || m.Mail != "" && strings.EqualFold(m.Mail, s) {
			return m.ID, nil
		}
	}
	return 0, errs.Field("owner", "err.choice")
}

func dayAsked(name, s string) (cal.Date, error) {
	d, err := cal.Parse(s)
	if err != nil {
		return "", field.DateError(name, err)
	}
	return d, nil
}

func (h *Endpoints) create(ctx context.Context, in *createInput) (*api.One[ContractJSON], error) {
	b := in.Body
	c, err := h.svc.Create(ctx, contract.Input{Key: b.Key, Name: b.Name, Organization: b.Organization, Department: b.Department,
		Owner: b.Owner, Status: b.Status, Phase: b.Phase, Outlook: b.Outlook, OutlookWhy: b.OutlookWhy, StartDate: b.StartDate,
		RenewalDate: b.RenewalDate, NoticeDate: b.NoticeDate, AutoRenew: b.AutoRenew, TermType: b.TermType, Amount: b.Amount, Currency: b.Currency,
		AmountBasis: b.AmountBasis, Domain: b.Domain, Fields: b.Fields})
	return one(c, err)
}

func one(c contract.Contract, err error) (*api.One[ContractJSON], error) {
	if err != nil {
		return nil, err
	}
	return api.NewOne(asJSON(c)), nil
}

func (h *Endpoints) get(ctx context.Context, in *IDInput) (*api.One[AgedJSON], error) {
	ref, err := in.ref()
	if err != nil {
		return nil, err
	}
	c, err := h.svc.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	ages, err := h.ages(ctx, c)
	if err != nil {
		return nil, err
	}
	return api.NewOne(AgedJSON{asJSON(c), ages}), nil
}

func (h *Endpoints) patch(ctx context.Context, in *patchInput) (*api.One[ContractJSON], error) {
	ref, err := in.ref()
	if err != nil {
		return nil, err
	}
	set, err := attributes(in.Body.Set)
	if err != nil {
		return nil, err
	}
	was, err := attributes(in.Body.Was)
	if err != nil {
		return nil, err
	}
	var edits []contract.Edit
	for name, v := range set {
		old, has := was[name]
		edits = append(edits, contract.Edit{Field: name, New: v, Old: old, HasOld: has})
	}
	slices.SortFunc(edits, func(a, b contract.Edit) int { return strings.Compare(a.Field, b.Field) })
	return one(h.svc.Update(ctx, ref, edits))
}

// attributes names the members of a body as the service does: those of
// "fields" become field:KEY, and a reference may come as it was given out.
func attributes(body map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for name, v := range body {
		if name == "fields" {
			fields, ok := v.(map[string]any)
			if !ok {
				return nil, errs.Field("fields", "contract.err.object")
			}
			for key, v := range fields {
				out[contract.FieldPrefix+key] = v
			}
			continue
		}
		if name == "owner" || name == "organization" {
			if ref, ok := v.(map[string]any); ok {
				v = ref["id"]
			}
			if _, ok := v.(string); !ok && v != nil {
				return nil, errs.Field(name, "contract.err.text")
			}
		}
		out[name] = v
	}
	return out, nil
}

func (h *Endpoints) end(ctx context.Context, in *endInput) (*api.One[ContractJSON], error) {
	ref, err := in.ref()
	if err != nil {
		return nil, err
	}
	on, err := Day("on", in.Body.On, words.Today(ctx, web.Now(ctx)))
	if err != nil {
		return nil, err
	}
	if err := h.svc.End(ctx, ref, on, in.Body.Words); err != nil {
		return nil, err
	}
	return one(h.svc.Get(ctx, ref))
}

func (h *Endpoints) act(do func(context.Context, id.ID) error) func(context.Context, *IDInput) (*api.One[ContractJSON], error) {
	return func(ctx context.Context, in *IDInput) (*api.One[ContractJSON], error) {
		ref, err := in.ref()
		if err != nil {
			return nil, err
		}
		if err := do(ctx, ref); err != nil {
			return nil, err
		}
		return one(h.svc.Get(ctx, ref))
	}
}

// SplitInput names the new customer; an empty name takes the old one's.
type SplitInput struct {
	IDInput
	Body struct {
		Name string `json:"name,omitempty"`
	}
}

func (h *Endpoints) split(ctx context.Context, in *SplitInput) (*api.One[ContractJSON], error) {
	ref, err := in.ref()
	if err != nil {
		return nil, err
	}
	if _, err := h.svc.Split(ctx, []id.ID{ref}, in.Body.Name); err != nil {
		return nil, err
	}
	return one(h.svc.Get(ctx, ref))
}

func (h *Endpoints) contacts(ctx context.Context, in *IDInput) (*api.List[ContactJSON], error) {
	ref, err := in.ref()
	if err != nil {
		return nil, err
	}
	list, err := h.book.Of(ctx, ref)
	if err != nil {
		return nil, err
	}
	var out []ContactJSON
	for _, c := range list {
		out = append(out, contactJSON(c))
	}
	return api.NewList(out, ""), nil
}

func (h *Endpoints) addContact(ctx context.Context, in *contactInput) (*api.One[ContactJSON], error) {
	ref, err := in.ref()
	if err != nil {
		return nil, err
	}
	b := in.Body
	c, err := h.book.Add(ctx, ref, contact.Contact{Name: b.Name, Kana: b.Kana, Title: b.Title, Mail: b.Mail, Phone: b.Phone}, b.Role)
	if err != nil {
		return nil, err
	}
	return api.NewOne(contactJSON(c)), nil
}

func (h *Endpoints) terms(ctx context.Context, in *IDInput) (*api.List[TermJSON], error) {
	ref, err := in.ref()
	if err != nil {
		return nil, err
	}
	terms, err := h.svc.Terms(ctx, ref)
	if err != nil {
		return nil, err
	}
	var out []TermJSON
	for _, t := range terms {
		out = append(out, TermJSON{No: t.No, Starts: day(t.Starts), Renews: day(t.Renews), Amount: decimal(t.Amount, t.Currency),
			Currency: t.Currency, Basis: string(t.Basis), Type: string(t.Type), Outcome: string(t.Outcome), Words: t.Words, ClosedAt: api.Instant(t.ClosedAt)})
	}
	return api.NewList(out, ""), nil
}
