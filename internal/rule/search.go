package rule

import (
	"context"
	"strings"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/who"
	"kizuki/internal/workspace/units"
)

// Item is a step that comes up for a contract.
type Item struct {
	Contract     id.ID
	ContractName string
	OrgName      string
	Owner        id.ID // of the contract
	OwnerName    string
	Date         cal.Date // what is counted from
	Day          cal.Date // what the step's tasks are due on
	Plan         cal.Date // when it comes up: Day, or before it where there is room
	Step         Step
	Fired        bool // it came up already, in this term

	rule    int // its place among the rules planned together
	term    string
	arrived time.Time
	parts   []cal.Date // the day of each task, if a day cannot hold all
	idle    bool       // shown, but it came up already or never will
	hidden  bool       // the reader may not know of it, but it takes its room
}

// search finds the contracts of a rule whose dates lie in a range.
type search struct {
	ws     id.ID
	rule   id.ID // whose firings count; 0 for a spec that is no rule yet
	unit   id.ID // whose owners' contracts count; 0 for all
	spec   Spec
	fields map[string]field.Field
	reader who.Actor // who is shown the contracts; the system when something happens to them
}

// searches prepares the searches of rules; one statement if any counts from a
// field of the team, or asks for a value of one.
func (s *Service) searches(ctx context.Context, q db.Queryer, ws id.ID, reader who.Actor, rules []Rule) ([]search, error) {
	fields := map[string]field.Field{}
	out := make([]search, len(rules))
	for i, r := range rules {
		out[i] = search{ws: ws, rule: r.ID, unit: r.Unit, spec: r.Spec, fields: fields, reader: reader}
		if len(fields) > 0 || !strings.HasPrefix(r.Spec.On, "field:") && len(r.Spec.Only.Fields) == 0 {
			continue
		}
		list, err := s.fields.Load(ctx, q, ws)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			fields[f.Key] = f
		}
	}
	return out, nil
}

// where gives the tables, the expression of the date and the condition: live
// contracts with a date in lo … hi, each found by one walk of an index.
func (sc search) where(w *db.Where, lo, hi cal.Date) (from, date string) {
	from = "contract c"
	w.And("c.workspace_id = ? AND c.live = TRUE", sc.ws)
	key, custom := strings.CutPrefix(sc.spec.On, "field:")
	switch f := sc.fields[key]; {
	case !custom:
		date = "c." + sc.spec.On
	case f.Indexed:
		from += " JOIN field_index x ON x.workspace_id = c.workspace_id AND x.contract_id = c.id"
		w.And("x.field_id = ? AND x.k >= ? AND x.k <= ?", f.ID, []byte(lo), []byte(hi))
		fallthrough
	default:
		date = "COALESCE(c.fields ->> CAST(" + w.Arg(key) + " AS TEXT), '')"
	}
	w.And(date+" >= ? AND "+date+" <= ?", string(lo), string(hi))
	if sc.unit != 0 { // by who is in the team when it is asked
		w.And("c.owner_id IN " + units.People(w, sc.ws, sc.unit))
	}
	o := sc.spec.Only
	if o.Phase != "" {
		w.And("c.phase = ?", o.Phase)
	}
	if o.Status != "" {
		w.And("c.status = ?", o.Status)
	}
	if o.Owner != 0 {
		w.And("c.owner_id = ?", o.Owner)
	}
	for k, v := range o.Fields {
		if now, renamed := sc.fields[k].Today(v); renamed { // the option has another name since
			v, _ = now.(string)
		}
		w.And("c.fields ->> CAST(? AS TEXT) = ?", k, v)
	}
	return from, date
}

// fired is the question whether a step came up in the contract's term.
func (sc search) fired(w *db.Where, step string) string {
	return `EXISTS (SELECT 1 FROM rule_firing f WHERE f.workspace_id = c.workspace_id AND f.rule_id = ` + w.Arg(sc.rule) +
		` AND f.step_id = ` + w.Arg(step) + ` AND f.contract_id = c.id AND f.occurrence = CAST(c.term_no AS TEXT))`
}

// items finds at most limit items of a step after another one, in the order
// of their dates, without names. With due, only those that did not come up yet.
func (sc search) items(ctx context.Context, q db.Queryer, days *cal.Days, st Step, lo, hi cal.Date, due bool, after Item, limit int) ([]Item, error) {
	w := new(db.Where)
	from, date := sc.where(w, lo, hi)
	if after.Contract != 0 {
		w.And("("+date+", c.id) > (?, ?)", string(after.Date), after.Contract)
	}
	fired := sc.fired(w, st.ID)
	if due {
		w.And("NOT " + fired)
	}
	return db.All(ctx, q, func(r db.Row) (Item, error) {
		it := Item{Step: st}
		err := r.Scan(&it.Contract, &it.Owner, &it.term, (*db.Time)(&it.arrived), &it.Date, &it.Fired, &it.hidden)
		it.Day = st.Day(days, it.Date)
		it.Plan = it.Day
		return it, err
	}, "SELECT c.id, c.owner_id, CAST(c.term_no AS TEXT), c.created_at, "+date+", "+fired+", NOT ("+audience.Contract(w, sc.reader, "c")+`)
		FROM `+from+" WHERE "+w.SQL()+" ORDER BY "+date+", c.id LIMIT "+w.Arg(limit), w.Args()...)
}

// each walks the items of a step whose day lies in from … to, and whose
// contract had arrived by their day, limit at a time.
func (sc search) each(ctx context.Context, q db.Queryer, days *cal.Days, st Step, from, to cal.Date, zone *time.Location,
	due bool, limit int, f func(Item)) error {
	lo, hi := st.window(days, from, to)
	var last Item
	for lo <= hi {
		list, err := sc.items(ctx, q, days, st, lo, hi, due, last, limit)
		if err != nil {
			return err
		}
		for _, it := range list {
			if it.Day >= cal.Of(it.arrived.In(zone)) {
				f(it)
			}
		}
		if len(list) < limit {
			return nil
		}
		last = list[len(list)-1]
	}
	return nil
}

// named puts the names of contracts, customers and owners to items; one
// statement. The items are few and of contracts the reader may know of.
func named(ctx context.Context, q db.Queryer, reader who.Actor, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	type names struct {
		contract             id.ID
		name, org, ownerName string
	}
	ids := make([]id.ID, len(items))
	for i, it := range items {
		ids[i] = it.Contract
	}
	w := new(db.Where)
	w.And("c.workspace_id = ?", reader.Workspace)
	db.In(w, "c.id", ids)
	w.And(audience.Contract(w, reader, "c"))
	list, err := db.All(ctx, q, func(r db.Row) (n names, err error) {
		return n, r.Scan(&n.contract, &n.name, &n.org, &n.ownerName)
	}, `SELECT c.id, c.name, o.name, COALESCE(m.name, '') FROM contract c
		JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id
		LEFT JOIN member m ON m.workspace_id = c.workspace_id AND m.id = c.owner_id WHERE `+w.SQL(), w.Args()...)
	byID := make(map[id.ID]names, len(list))
	for _, n := range list {
		byID[n.contract] = n
	}
	for i := range items {
		n := byID[items[i].Contract]
		items[i].ContractName, items[i].OrgName, items[i].OwnerName = n.name, n.org, n.ownerName
	}
	return err
}
