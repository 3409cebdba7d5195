package handoverhttp

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/handover"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// nobody is what stands in an address for contracts nobody owns.
const nobody = "none"

// page is where contracts are given, and the team's workload.
type page struct {
	from     string // a member's id, nobody, or "" before anything was chosen
	fromName string
	list     []contract.Contract
	next     string // address of the contracts there is no room for
	ticked   map[id.ID]bool
	to       string
	words    string
	counts   handover.Counts
	members  []workspace.Member
	loads    []handover.Load
	recent   []handover.Act
	may      bool
	errors   map[string]string
}

// page opens with the contracts of the one who asks, or of whom they name; with
// ?contract= it is that one alone.
func (h *Handlers) page(w http.ResponseWriter, r *http.Request) error {
	p := &page{}
	if err := h.read(r.Context(), p, r.URL.Query()); err != nil {
		return err
	}
	p.ticked = map[id.ID]bool{}
	for _, c := range p.list {
		p.ticked[c.ID] = true
	}
	return h.show(w, r, http.StatusOK, p)
}

// read finds the contracts that are offered to be given.
func (h *Handlers) read(ctx context.Context, p *page, q url.Values) error {
	a := who.From(ctx)
	p.may = a.May(who.Write)
	var err error
	if p.members, err = h.people.Members(ctx); err != nil || !p.may {
		return err
	}
	if one := q.Get("contract"); one != "" {
		return h.readOne(ctx, p, one)
	}
	if p.from = q.Get("from"); p.from == "" && a.Member != 0 {
		p.from = a.Member.String()
	}
	query := contract.Query{Owner: contract.NoOwner, Limit: contract.MaxPage, Cursor: q.Get("cursor")}
	p.fromName = words.T(ctx, "handover.nobody")
	if p.from != nobody {
		m, found := p.member(p.from)
		if !found {
			return errs.Missing("member")
		}
		query.Owner, p.fromName = m.ID, m.Name
	}
	found, err := h.contracts.List(ctx, query)
	p.list = found.Items
	if found.Next != "" {
		p.next = "/handover?" + url.Values{"from": {p.from}, "cursor": {found.Next}}.Encode()
	}
	return err
}

func (h *Handlers) readOne(ctx context.Context, p *page, one string) error {
	ref, err := id.Parse(one)
	if err != nil {
		return errs.Missing("contract")
	}
	c, err := h.contracts.Get(ctx, ref)
	p.list = []contract.Contract{c}
	p.from, p.fromName = nobody, words.T(ctx, "handover.nobody")
	if c.OwnerID != 0 {
		p.from, p.fromName = c.OwnerID.String(), c.OwnerName
	}
	return err
}

func (p *page) member(ref string) (workspace.Member, bool) {
	i := slices.IndexFunc(p.members, func(m workspace.Member) bool { return m.ID.String() == ref })
	if i < 0 {
		return workspace.Member{}, false
	}
	return p.members[i], true
}

// show adds what every state of the page needs.
func (h *Handlers) show(w http.ResponseWriter, r *http.Request, status int, p *page) error {
	ctx := r.Context()
	var err error
	if p.counts, err = h.count(ctx, p.chosen(), p.to); err != nil {
		return err
	}
	if p.loads, err = h.svc.Loads(ctx); err != nil {
		return err
	}
	if p.recent, err = h.svc.Recent(ctx); err != nil {
		return err
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "handover.title"), Place: "/contracts"}, p.view())
}

func (h *Handlers) count(ctx context.Context, contracts []id.ID, to string) (handover.Counts, error) {
	ref, _ := id.Parse(to) // nobody in particular yet
	return h.svc.Preview(ctx, contracts, ref)
}

func (p *page) chosen() []id.ID {
	var out []id.ID
	for _, c := range p.list {
		if p.ticked[c.ID] {
			out = append(out, c.ID)
		}
	}
	return out
}

// preview says anew what would move. Without a script it is the whole page.
func (h *Handlers) preview(w http.ResponseWriter, r *http.Request) error {
	f, in, err := readInput(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	if web.IsFragment(r) {
		counts, err := h.count(ctx, in.Contracts, f.Get("to"))
		if err != nil {
			return err
		}
		return web.Fragment(w, r, http.StatusOK, lineText(counts))
	}
	return h.again(w, r, http.StatusOK, f, in, nil)
}

// readInput reads the form; what is no id is nobody's.
func readInput(r *http.Request) (web.Form, handover.Input, error) {
	f, err := web.ReadForm(r)
	if err != nil {
		return f, handover.Input{}, err
	}
	in := handover.Input{Words: f.Text("words")}
	in.To, _ = f.ID("to")
	for _, s := range f.Values["contract"] {
		if ref, err := id.Parse(s); err == nil {
			in.Contracts = append(in.Contracts, ref)
		}
	}
	if len(in.Contracts) > handover.MaxContracts {
		return f, in, errs.Field("contracts", "handover.err.too_many", "Max", handover.MaxContracts)
	}
	return f, in, nil
}

// again shows the page as it was filled.
func (h *Handlers) again(w http.ResponseWriter, r *http.Request, status int, f web.Form, in handover.Input, wrong error) error {
	ctx := r.Context()
	p := &page{to: f.Get("to"), words: f.Text("words"), ticked: map[id.ID]bool{}}
	for _, c := range in.Contracts {
		p.ticked[c] = true
	}
	q := url.Values{"from": {f.Get("from")}, "cursor": {f.Get("cursor")}, "contract": {f.Get("only")}}
	if err := h.read(ctx, p, q); err != nil {
		return err
	}
	if wrong != nil {
		p.errors = web.FieldErrors(ctx, wrong)
	}
	return h.show(w, r, status, p)
}

func (h *Handlers) give(w http.ResponseWriter, r *http.Request) error {
	f, in, err := readInput(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	act, err := h.svc.Give(ctx, in)
	if err != nil {
		if !web.IsInput(err) {
			return err
		}
		return h.again(w, r, web.Status(errs.As(err).Code), f, in, err)
	}
	return web.RedirectSaying(w, r, actPath(act.Batch), web.Toast{Text: told(ctx, act)}) // the page has the way back
}

// lineOfCounts says what would move before anything does.
func lineOfCounts(ctx context.Context, c handover.Counts) string {
	if c.Contracts == 0 {
		return words.T(ctx, "handover.line_none")
	}
	said := words.T(ctx, "handover.line", "Count", c.Contracts)
	if c.RuleTasks > 0 {
		said += words.T(ctx, "handover.line_rule", "Count", c.RuleTasks)
	}
	if c.HandTasks > 0 {
		said += words.T(ctx, "handover.line_hand", "Count", c.HandTasks)
	}
	return said
}

func actPath(batch id.ID) string { return "/handover/acts/" + batch.String() }

// told says what an act did: the contracts, then the tasks, if there are any.
func told(ctx context.Context, act handover.Act) string {
	said := words.T(ctx, "handover.did", "Count", act.Contracts, "Name", act.To.Name)
	if act.RuleTasks > 0 {
		said += words.T(ctx, "handover.did_rule", "Count", act.RuleTasks)
	}
	if act.HandTasks > 0 {
		said += words.T(ctx, "handover.did_hand", "Count", act.HandTasks, "Name", act.To.Name)
	}
	return said
}

// actPage is one act with its contracts, and the way back.
type actPage struct {
	handover.Act
	undo bool
}

func (h *Handlers) act(w http.ResponseWriter, r *http.Request) error {
	batch, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	act, err := h.svc.Act(ctx, batch)
	if err != nil {
		return err
	}
	p := actPage{Act: act, undo: h.svc.MayUndo(ctx, act)}
	return web.Page(w, r, http.StatusOK, web.Meta{Title: words.T(ctx, "handover.title"), Place: "/contracts"}, p.view())
}

func (h *Handlers) undo(w http.ResponseWriter, r *http.Request) error {
	batch, err := web.PathID(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	u, err := h.svc.Undo(ctx, batch)
	if err != nil {
		return err
	}
	return web.RedirectSaying(w, r, "/handover", web.Toast{Text: toldBack(ctx, u)})
}

// keptNamed is how many of the kept contracts a message names.
const keptNamed = 5

func toldBack(ctx context.Context, u handover.Undone) string {
	said := words.T(ctx, "handover.undid", "Count", len(u.Restored))
	if len(u.Kept) == 0 {
		return said
	}
	var names []string
	for _, k := range u.Kept {
		if k.Name != "" && len(names) < keptNamed {
			names = append(names, text.Excerpt(named(k.Org, k.Name), 40))
		}
	}
	if len(names) == 0 { // none of them the reader may see any more
		return said + words.T(ctx, "handover.kept_unnamed", "Count", len(u.Kept))
	}
	return said + words.T(ctx, "handover.kept", "Count", len(u.Kept), "Names", strings.Join(names, words.T(ctx, "handover.comma")))
}

// named is a contract as people say it: the customer, then the contract.
func named(org, name string) string { return strings.TrimSpace(org + " " + name) }

// owners are those whose contracts can be shown: whoever is here, those who
// left while something is still theirs, and nobody.
func (p *page) owners(ctx context.Context) []ui.Option {
	out := []ui.Option{}
	for _, m := range p.members {
		held := slices.ContainsFunc(p.loads, func(l handover.Load) bool { return l.ID == m.ID && l.Contracts > 0 })
		if m.State != workspace.Left || held || m.ID.String() == p.from {
			out = append(out, ui.Option{Value: m.ID.String(), Label: m.Name, Selected: m.ID.String() == p.from})
		}
	}
	return append(out, ui.Option{Value: nobody, Label: words.T(ctx, "handover.nobody"), Selected: p.from == nobody})
}

// receivers are those contracts can be given to.
func (p *page) receivers(ctx context.Context) []ui.Option {
	out := []ui.Option{{Value: "", Label: words.T(ctx, "handover.choose")}}
	for _, m := range p.members {
		if m.State != workspace.Left && m.ID.String() != p.from {
			out = append(out, ui.Option{Value: m.ID.String(), Label: m.Name, Selected: m.ID.String() == p.to})
		}
	}
	return out
}

// only is the one contract the page is about, if it was opened for one.
func (p *page) only() string {
	if len(p.list) == 1 {
		return p.list[0].ID.String()
	}
	return ""
}

// tabs lead to the rooms of this feature.
func tabs(ctx context.Context, current string) []ui.Tab {
	var out []ui.Tab
	for _, t := range []struct{ href, key string }{{"/handover", "give"}, {"/handover/mine", "mine"}, {"/covers", "covers"}} {
		out = append(out, ui.Tab{Href: t.href, Label: words.T(ctx, "handover.tab."+t.key), Current: t.href == current})
	}
	return out
}

func today(ctx context.Context) cal.Date { return words.Today(ctx, web.Now(ctx)) }

// hours says minutes as a person plans them: 45 min, 3.5 h.
func hours(ctx context.Context, minutes int) string {
	if minutes < 60 {
		return words.T(ctx, "handover.minutes", "Count", minutes)
	}
	halves := (minutes + 15) / 30
	said := words.Number(halves / 2)
	if halves%2 == 1 {
		said += ".5"
	}
	return words.T(ctx, "handover.hours", "Hours", said)
}
