package task

import (
	"context"
	"slices"
	"strings"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/contract/walk"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// Query says which tasks, in which order.
type Query struct {
	Text       string // in the title, without regard to width and case
	Owner      string // "me", "none", a member's id; "" = anybody's
	Unit       id.ID  // of the members of a team and of the teams below
	OnlyUnit   bool   // without those below
	Contract   id.ID
	Org        id.ID
	State      State    // "" = any
	DueFrom    cal.Date // this day or later
	DueBefore  cal.Date // before this day; those without a day are left out
	DoneFrom   cal.Date // settled on this day or later
	DoneBefore cal.Date
	Origin     string // "rule" or "hand"
	Rule       id.ID  // made by one rule
	MinutesMin int    // estimated to take so long or longer
	MinutesMax int
	Phase      string // of the contract
	Outlook    string // of the contract
	Without    []string
	Sort       string // due (default), owner, minutes, done, each with - the other way round, or created (newest first); those without come last
	Limit      int    // 1..200, 0 = 50
	Cursor     string // Next of the page before
}

// withouts are what Query.Without may ask for, as a test of the row.
var withouts = map[string]string{
	"due":      "c.due_date = ''",
	"minutes":  "c.minutes = 0",
	"contract": "c.contract_id IS NULL",
	"unit":     "NOT EXISTS (SELECT 1 FROM unit_member u WHERE u.workspace_id = c.workspace_id AND u.member_id = c.owner_id)",
	"phase":    ofContract + "k.phase = '')",
	"outlook":  ofContract + "k.outlook = '')",
}

const ofContract = "EXISTS (SELECT 1 FROM contract k WHERE k.workspace_id = c.workspace_id AND k.id = c.contract_id AND "

var states = []State{StateOpen, StateDone, StateSkipped, StateClosed}

// planner makes the plans of queries of one actor.
type planner struct {
	s       *Service
	a       who.Actor
	limited bool                // some contract is not for everyone
	units   map[id.ID]unitPlace // loaded if any query asks for a team
}

type unitPlace struct {
	parent  id.ID
	members []id.ID
}

// planner reads what the plans of queries need: one question, two if they ask
// for teams.
func (s *Service) planner(ctx context.Context, a who.Actor, list ...Query) (*planner, error) {
	_, limited, err := db.One(ctx, s.db, db.Value[id.ID], `SELECT id FROM contract WHERE workspace_id = $1 AND visibility = 'limited' LIMIT 1`, a.Workspace)
	pl := &planner{s: s, a: a, limited: limited && !a.System}
	if err == nil && slices.ContainsFunc(list, func(q Query) bool { return q.Unit != 0 }) {
		err = pl.loadUnits(ctx)
	}
	return pl, err
}

func (pl *planner) loadUnits(ctx context.Context) error {
	pl.units = map[id.ID]unitPlace{}
	_, err := db.All(ctx, pl.s.db, func(r db.Row) (ok bool, err error) {
		var unit, parent, member id.ID
		if err = r.Scan(&unit, &parent, &member); err != nil {
			return false, err
		}
		u := pl.units[unit]
		u.parent = parent
		if member != 0 {
			u.members = append(u.members, member)
		}
		pl.units[unit] = u
		return true, nil
	}, `SELECT u.id, u.parent_id, m.member_id FROM unit u LEFT JOIN unit_member m ON m.workspace_id = u.workspace_id AND m.unit_id = u.id
		WHERE u.workspace_id = $1`, pl.a.Workspace)
	return err
}

// below tells whether a team is another or stands under it.
func (pl *planner) below(unit, top id.ID) bool {
	for range pl.units { // never round in a circle
		if unit == top {
			return true
		}
		if unit = pl.units[unit].parent; unit == 0 {
			return false
		}
	}
	return false
}

func (pl *planner) plan(q Query) (*walk.Plan, error) {
	p := &walk.Plan{Limits: pl.s.limits, Table: "task", Postgres: pl.s.db.Postgres(), WS: pl.a.Workspace}
	if err := q.check(); err != nil {
		return nil, err
	}
	for _, st := range states {
		if q.State == "" || q.State == st {
			p.Sides = append(p.Sides, "c.state = '"+string(st)+"'")
		}
	}
	if p.Alive = walk.SQL(p.Sides[0]); len(p.Sides) > 1 {
		p.Alive = walk.SQL("c.state IN ('open', 'done', 'skipped', 'closed')")
	}
	if err := order(p, q.Sort); err != nil {
		return nil, err
	}
	if pl.limited {
		sql, args := audience.RowMarks(pl.a, "c")
		p.Mode = append(p.Mode, walk.OnRow(sql, args...))
	}
	b := builder{p: p, q: q}
	if err := b.people(pl); err != nil {
		return nil, err
	}
	b.things(pl)
	b.ranges(pl.a)
	return p, nil
}

// order reads the name of a sort.
func order(p *walk.Plan, sort string) error {
	name, desc := strings.CutPrefix(sort, "-")
	switch {
	case name == "" || name == "due":
		p.Order = walk.ByColumn("due", "due_date", desc, " > ''", " = ''")
	case name == "minutes":
		p.Order = walk.ByColumn(name, "minutes", desc, " > 0", " = 0").OfNumbers()
	case name == "owner":
		p.Order = walk.ByColumn(name, "owner_id", desc, " IS NOT NULL", " IS NULL").OfNumbers()
	case name == "done":
		p.Order = walk.ByColumn(name, "done_at", desc, " > 0", " = 0").OfNumbers()
	case sort == "created":
		p.Order = walk.ByColumn(name, "id", true, "", "").OfNumbers()
		p.Mode, p.Sides = append(p.Mode, walk.Test{Frag: p.Alive}), []string{"1 = 1"} // no index of a state is in this order
	default:
		return errs.Field("sort", "err.choice")
	}
	return nil
}

// check refuses what is none of the choices: some of it stands in the statement.
func (q Query) check() error {
	var list []*errs.E
	for name, d := range map[string]cal.Date{"due_from": q.DueFrom, "due_before": q.DueBefore, "done_from": q.DoneFrom, "done_before": q.DoneBefore} {
		if d != "" && !d.Valid() {
			list = append(list, errs.Field(name, "task.err.date"))
		}
	}
	if q.State != "" && !q.State.Valid() {
		list = append(list, errs.Field("state", "err.choice"))
	}
	if q.Origin != "" && q.Origin != "rule" && q.Origin != "hand" {
		list = append(list, errs.Field("origin", "err.choice"))
	}
	for _, name := range q.Without {
		if withouts[name] == "" {
			list = append(list, errs.Field("without", "err.choice"))
		}
	}
	return errs.Join(list...)
}

// builder adds the conditions of a query to its plan.
type builder struct {
	p *walk.Plan
	q Query
}

// add adds a condition on the row; with found an index leads to its hits, in the
// order of a column if by names it.
func (b builder) add(found bool, by, sql string, args ...any) *walk.Cond {
	c := walk.Cond{Test: walk.OnRow(sql, args...)}
	if found {
		c.Probe = walk.SQL("SELECT c.id FROM task c WHERE c.workspace_id = ? AND ", b.p.WS).Then(b.p.Alive).And(c.Test.Frag)
		if by != "" && b.q.State != "" {
			c.Probe = c.Probe.Add(" ORDER BY c." + by + ", c.id") // so that PostgreSQL stops at the limit
		}
	}
	b.p.Conds = append(b.p.Conds, c)
	return &b.p.Conds[len(b.p.Conds)-1]
}

func (b builder) people(pl *planner) error {
	lead := map[State]string{StateOpen: "due", StateDone: "done", StateSkipped: "done", StateClosed: "done"}[b.q.State]
	switch b.q.Owner {
	case "":
	case "me":
		b.add(true, "", "c.owner_id = ?", pl.a.Member).Lead = lead
	case "none":
		b.add(true, "", "c.owner_id IS NULL").Lead = lead
	default:
		owner, err := id.Parse(b.q.Owner)
		if err != nil {
			return errs.Field("owner", "err.choice")
		}
		b.add(true, "", "c.owner_id = ?", owner).Lead = lead
	}
	if b.q.Unit == 0 {
		return nil
	}
	var marks []string
	var args []any
	for u, place := range pl.units {
		if u == b.q.Unit || !b.q.OnlyUnit && pl.below(u, b.q.Unit) {
			for _, m := range place.members {
				marks, args = append(marks, "?"), append(args, m)
			}
		}
	}
	if len(marks) == 0 {
		b.add(true, "", "1 = 0")
		return nil
	}
	b.add(true, "", "c.owner_id IN ("+strings.Join(marks, ", ")+")", args...)
	return nil
}

func (b builder) things(pl *planner) {
	q, ws := b.q, pl.a.Workspace
	if q.Contract != 0 {
		b.add(true, "", "c.contract_id = ?", q.Contract)
	}
	if q.Org != 0 {
		c := b.add(false, "", ofContract+"k.org_id = ?)", q.Org)
		c.Probe = walk.SQL(`SELECT c.id FROM contract k CROSS JOIN task c WHERE k.workspace_id = ? AND k.org_id = ? AND c.workspace_id = ? AND c.contract_id = k.id AND `,
			ws, q.Org, ws).Then(b.p.Alive)
	}
	if q.Phase != "" {
		b.add(false, "", ofContract+"k.phase = ?)", text.Line(q.Phase))
	}
	if q.Outlook != "" {
		b.add(false, "", ofContract+"k.outlook = ?)", text.Line(q.Outlook))
	}
	for _, name := range q.Without {
		b.add(name == "due" || name == "minutes" || name == "contract", "", withouts[name])
	}
	switch q.Origin {
	case "rule":
		b.add(false, "", "c.origin_kind = ?", RuleOrigin)
	case "hand":
		b.add(false, "", "c.origin_kind = ''")
	}
	if q.Rule != 0 && pl.s.MadeBy != nil {
		b.p.Conds = append(b.p.Conds, pl.s.MadeBy(ws, q.Rule))
	}
	if f := text.Fold(q.Text); f != "" {
		b.p.Conds = append(b.p.Conds, walk.Cond{Test: walk.Test{Frag: b.p.Contains("c.title_fold", f)}})
	}
}

func (b builder) ranges(a who.Actor) {
	q := b.q
	bounded := func(sort, column, sql string, args ...any) {
		c := b.add(true, column, sql, args...)
		c.Bounds, c.BoundsSort = c.Test.Frag, sort
	}
	if q.DueFrom != "" || q.DueBefore != "" {
		from, to := max(q.DueFrom, "0001-01-01"), q.DueBefore
		if to == "" {
			to = "9999-99-99"
		}
		bounded("due", "due_date", "c.due_date >= ? AND c.due_date < ?", string(from), string(to))
	}
	if q.DoneFrom != "" || q.DoneBefore != "" {
		from, to := int64(1), int64(1)<<62
		at := func(d cal.Date) int64 { return startOf(d, a) }
		if q.DoneFrom != "" {
			from = at(q.DoneFrom)
		}
		if q.DoneBefore != "" {
			to = at(q.DoneBefore)
		}
		bounded("done", "done_at", "c.done_at >= ? AND c.done_at < ?", from, to)
	}
	if q.MinutesMin > 0 || q.MinutesMax > 0 {
		most := q.MinutesMax
		if most <= 0 {
			most = MaxMinutes
		}
		bounded("minutes", "minutes", "c.minutes >= ? AND c.minutes <= ?", max(q.MinutesMin, 1), most)
	}
}

// startOf is the first moment of a day where the actor is.
func startOf(d cal.Date, a who.Actor) int64 {
	y, m, day := d.Time().Date()
	return db.Micros(time.Date(y, m, day, 0, 0, 0, 0, a.Location()))
}
