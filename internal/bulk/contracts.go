package bulk

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// ContractFields are the attributes of every contract that can be changed in
// bulk; custom fields can be, too. Archived is true or "".
var ContractFields = strings.Fields("owner status phase outlook outlook_why department notice_date renewal_date auto_renew archived")

const archived = "archived"

// What Before and After keep besides attributes, so that an undo restores it
// exactly: who gave the outlook and when, and which term the dates began.
const (
	keptBy   = "_by"
	keptAt   = "_at"
	keptTerm = "_term"
)

type contracts struct{ *Service }

func (c contracts) page(ctx context.Context, query, cursor string) ([]id.ID, string, error) {
	q, err := c.ContractQuery(ctx, query)
	if err != nil {
		return nil, "", err
	}
	q.Sort, q.Limit, q.Cursor = "key", contract.MaxPage, cursor
	found, err := c.Contracts.List(ctx, q)
	ids := make([]id.ID, len(found.Items))
	for i, x := range found.Items {
		ids[i] = x.ID
	}
	return ids, found.Next, err
}

func (c contracts) check(ctx context.Context, edits []Edit) error {
	for _, e := range edits {
		if !strings.HasPrefix(e.Field, contract.FieldPrefix) && !slices.Contains(ContractFields, e.Field) {
			return errs.Field(e.Field, "bulk.err.field")
		}
	}
	set, err := c.Contracts.Setter(ctx, c.db)
	if err == nil {
		_, err = c.edited(ctx, contract.Contract{Currency: set.Parse.Currency}, edits, set)
	}
	return err
}

// edited is a contract after the edits, by the rules of a single change.
func (c contracts) edited(ctx context.Context, old contract.Contract, edits []Edit, set contract.Setter) (contract.Contract, error) {
	var list []contract.Edit
	at := old.ArchivedAt
	for _, e := range edits {
		switch {
		case e.Field != archived:
			list = append(list, contract.Edit{Field: e.Field, New: e.New, Form: true})
		case e.New == "":
			at = time.Time{}
		case at.IsZero():
			at = c.Now()
		}
	}
	to, err := c.Contracts.Edited(ctx, nil, old, list, set)
	to.ArchivedAt = at
	return to, err
}

func (c contracts) compare(ctx context.Context, ids []id.ID, edits []Edit) ([]Row, error) {
	found, err := c.Contracts.Readable(ctx, c.db, ids)
	if err != nil {
		return nil, err
	}
	set, err := c.Contracts.Setter(ctx, c.db)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, ref := range ids {
		old, ok := found[ref]
		if !ok {
			continue
		}
		r := Row{Ref: ref, Outcome: Same}
		if to, err := c.edited(ctx, old, edits, set); err != nil {
			r.Outcome, r.Why = Refused, reasonOf(err)
		} else if r.Before, r.After = sides(old, to); len(r.After) > 0 {
			r.Outcome = Change
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// sides are the values that differ. An outlook and its why go together.
func sides(old, to contract.Contract) (before, after Values) {
	before, after = Values{}, Values{}
	for name, pair := range contract.Diff(old, to) {
		before[name], after[name] = pair[0], pair[1]
	}
	if _, ok := after["outlook"]; ok {
		before["outlook_why"], after["outlook_why"] = old.Value("outlook_why"), to.Value("outlook_why")
	}
	if old.ArchivedAt.IsZero() != to.ArchivedAt.IsZero() {
		before[archived], after[archived] = !old.ArchivedAt.IsZero(), !to.ArchivedAt.IsZero()
	}
	return before, after
}

func valueOf(c contract.Contract, name string) any {
	if name == archived {
		return !c.ArchivedAt.IsZero()
	}
	return c.Value(name)
}

// Names are the attributes among values, in order.
func (v Values) Names() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(v)), func(n string) bool { return strings.HasPrefix(n, "_") })
}

// others are the attributes whose values are not those of v.
func (v Values) others(of func(name string) any) (out []string) {
	for _, name := range v.Names() {
		if !(field.Field{}).Equal(of(name), v[name]) {
			out = append(out, name)
		}
	}
	return out
}

// writing gathers what a slice does to contracts.
type writing struct {
	contracts
	set   contract.Setter
	today cal.Date
	found map[id.ID]contract.Contract
	saves []contract.Save
	news  []bus.Change
}

func (c contracts) open(ctx context.Context, tx *db.Tx, rows []Row) (*writing, error) {
	w := &writing{contracts: c, today: cal.Of(c.Now().In(who.From(ctx).Location()))}
	var err error
	if w.found, err = c.Contracts.Readable(ctx, tx, refs(rows)); err != nil {
		return nil, err
	}
	w.set, err = c.Contracts.Setter(ctx, tx)
	return w, err
}

// save adds one contract; a save that moves only the archive has news of its own.
func (w *writing) save(ctx context.Context, old, to contract.Contract, sv contract.Save) {
	sv.Contract, sv.Changes = to, contract.Diff(old, to)
	moved := old.ArchivedAt.IsZero() != to.ArchivedAt.IsZero()
	if len(sv.Changes) == 0 && !moved && !sv.DropTerm {
		return
	}
	w.saves = append(w.saves, sv)
	if moved {
		kind := contract.Archived
		if to.ArchivedAt.IsZero() {
			kind = contract.Unarchived
		}
		w.news = append(w.news, bus.Change{Kind: kind, Workspace: who.From(ctx).Workspace, Contract: to.ID, Ref: to.ID})
	}
}

func (w *writing) store(ctx context.Context, tx *db.Tx) error {
	if err := w.Contracts.ApplyIn(ctx, tx, w.saves); err != nil {
		return err
	}
	return w.bus.Publish(ctx, tx, w.news...)
}

func (c contracts) apply(ctx context.Context, tx *db.Tx, _ Act, rows []Row) error {
	w, err := c.open(ctx, tx, rows)
	if err != nil {
		return err
	}
	for i := range rows {
		w.applyRow(ctx, &rows[i])
	}
	return w.store(ctx, tx)
}

func (w *writing) applyRow(ctx context.Context, r *Row) {
	old, there := w.found[r.Ref]
	if !there {
		r.Outcome, r.Why = Left, Reason{Key: "bulk.why.gone"}
		return
	}
	if changed := r.Before.others(func(n string) any { return valueOf(old, n) }); len(changed) > 0 {
		r.Outcome, r.Why = Left, Reason{Key: "bulk.why.changed", Fields: changed}
		return
	}
	to := old.Clone()
	if err := w.put(&to, r.After, false); err != nil {
		r.Outcome, r.Why = Left, reasonOf(err)
		return
	}
	r.Outcome = Done
	if _, ok := r.After["outlook"]; ok {
		r.Before[keptBy], r.Before[keptAt] = old.OutlookBy.String(), db.Micros(old.OutlookAt)
		to.OutlookBy, to.OutlookAt = who.From(ctx).Member, w.Now()
	}
	sv := contract.Save{NextTerm: old.Renews(to, w.today)}
	if sv.NextTerm {
		r.After[keptTerm] = old.TermNo + 1
	}
	w.save(ctx, old, to, sv)
}

// put sets canonical values. What is put back is not checked: it was there.
func (w *writing) put(c *contract.Contract, values Values, back bool) error {
	for _, name := range values.Names() {
		v := values[name]
		key, custom := strings.CutPrefix(name, contract.FieldPrefix)
		switch {
		case name == archived && v == true:
			c.ArchivedAt = w.Now()
		case name == archived:
			c.ArchivedAt = time.Time{}
		case name == "owner":
			word, _ := v.(string)
			c.OwnerID, _ = id.Parse(word)
		case custom && back && v == nil:
			delete(c.Fields, key)
		case custom && back:
			if c.Fields == nil {
				c.Fields = map[string]any{}
			}
			c.Fields[key] = v
		default:
			if err := w.set.Set(c, name, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c contracts) undo(ctx context.Context, tx *db.Tx, rows []Row) error {
	w, err := c.open(ctx, tx, rows)
	if err != nil {
		return err
	}
	for i := range rows {
		if err := w.undoRow(ctx, &rows[i]); err != nil {
			return err
		}
	}
	return w.store(ctx, tx)
}

func (w *writing) undoRow(ctx context.Context, r *Row) error {
	old, there := w.found[r.Ref]
	if !there {
		r.Outcome, r.Why = Partly, Reason{Key: "bulk.why.gone"}
		return nil
	}
	term := int(number(r.After[keptTerm]))
	later := together(r.After, r.After.others(func(n string) any { return valueOf(old, n) }), term > 0 && (old.TermNo != term || old.EndedOn != ""))
	back := maps.Clone(r.Before)
	for _, name := range later {
		delete(back, name)
	}
	to := old.Clone()
	if err := w.put(&to, back, true); err != nil {
		return err
	}
	if _, ok := back["outlook"]; ok {
		by, _ := r.Before[keptBy].(string)
		to.OutlookBy, _ = id.Parse(by)
		to.OutlookAt = db.FromMicros(number(r.Before[keptAt]))
	}
	_, dates := back["renewal_date"]
	w.save(ctx, old, to, contract.Save{DropTerm: term > 0 && dates})
	if r.Outcome = Back; len(later) > 0 {
		r.Outcome, r.Why = Partly, Reason{Key: "bulk.why.later", Fields: later}
	}
	return nil
}

// together: an outlook and its why stay or go together, and the date that began
// a term stays where the term can no longer be taken away.
func together(written Values, later []string, termMoved bool) []string {
	add := func(name string) {
		if _, ok := written[name]; ok && !slices.Contains(later, name) {
			later = append(later, name)
		}
	}
	if slices.Contains(later, "outlook") || slices.Contains(later, "outlook_why") {
		add("outlook")
		add("outlook_why")
	}
	if termMoved {
		add("renewal_date")
	}
	slices.Sort(later)
	return later
}

// number reads a whole number as JSON gives it.
func number(v any) int64 {
	switch v := v.(type) {
	case json.Number:
		n, _ := v.Int64()
		return n
	case int:
		return int64(v)
	case int64:
		return v
	}
	return 0
}

func (c contracts) name(ctx context.Context, rows []Row) ([]Row, error) {
	found, err := c.Contracts.Readable(ctx, c.db, refs(rows))
	var out []Row
	for _, r := range rows {
		if x, ok := found[r.Ref]; ok {
			r.Name, r.Org, r.Href = x.Name, x.OrgName, "/contracts/"+x.ID.String()
			out = append(out, r)
		}
	}
	return out, err
}
