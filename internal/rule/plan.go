package rule

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/rule/level"
	"kizuki/internal/task"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

const (
	// ahead is how many business days a plan looks ahead.
	ahead = 60
	// page is how many items one statement of a plan reads.
	page = 2000
)

// plan is what the days ahead hold for everybody: the steps that will come up
// and the tasks of rules that sleep, each with the day it is given, and the
// tasks that are there already. It is made of the same rows for whoever asks,
// so that all see the same days.
type plan struct {
	today  cal.Date // as of which it is made
	end    cal.Date // the last day it looks at
	budget int      // minutes
	items  []Item   // by rule, step and date
	tasks  []standing
}

// standing is a task of a rule that has an owner.
type standing struct {
	id, owner id.ID
	minutes   int
	day       cal.Date // when it comes up
	due       cal.Date
	open      bool
	sleeps    bool // nobody put it off: it may come up on any day until it is due
	hidden    bool // the reader may not know of it
}

// ask says what a plan is made of.
type ask struct {
	rules  []Rule
	today  cal.Date
	from   func(Rule) cal.Date // the first day whose steps count
	shown  int                 // the rule whose steps are wanted though they came up, or will not; -1 for none
	reader who.Actor
}

// plan reads a fixed number of statements for each rule, and one for each page
// of items.
func (s *Service) plan(ctx context.Context, q db.Queryer, ws id.ID, a ask) (plan, error) {
	zone, budget, err := desk(ctx, q, ws)
	if err != nil {
		return plan{}, err
	}
	p := plan{today: a.today, end: s.days.Add(a.today, ahead), budget: budget}
	if err := s.gather(ctx, q, ws, a, zone, &p); err != nil {
		return p, err
	}
	if p.tasks, err = standingTasks(ctx, q, ws, a.reader, a.today); err != nil {
		return p, err
	}
	s.level(&p, a.rules)
	return p, nil
}

func (s *Service) gather(ctx context.Context, q db.Queryer, ws id.ID, a ask, zone *time.Location, p *plan) error {
	searches, err := s.searches(ctx, q, ws, a.reader, a.rules)
	if err != nil {
		return err
	}
	for i, r := range a.rules {
		from := a.from(r)
		if from > p.end {
			continue
		}
		for _, st := range r.Spec.Steps {
			err := searches[i].each(ctx, q, s.days, st, from, p.end, zone, i != a.shown, page, func(it Item) {
				it.rule, it.idle = i, i == a.shown && (it.Fired || it.Day < a.today)
				p.items = append(p.items, it)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// level gives every item with an owner its day. What goes to nobody comes up
// when it is due.
func (s *Service) level(p *plan, rules []Rule) {
	owners := map[id.ID]*owned{}
	of := func(owner id.ID) *owned {
		o := owners[owner]
		if o == nil {
			o = &owned{standing: map[cal.Date]int{}, at: map[string]*cal.Date{}}
			owners[owner] = o
		}
		return o
	}
	for i := range p.items {
		it := &p.items[i]
		if owner := it.Step.owner(it.Owner); owner != 0 && !it.idle {
			of(owner).addItem(it, rules[it.rule].ID, p.budget)
		}
	}
	for i := range p.tasks {
		t := &p.tasks[i]
		if t.sleeps && t.day > p.today && t.due <= p.end {
			of(t.owner).add("task/"+t.id.String(), t.due, t.minutes, &t.day)
		} else {
			of(t.owner).standing[max(t.day, p.today)] += t.minutes
		}
	}
	for _, o := range owners {
		days := level.Plan(level.Desk{Today: p.today, Budget: p.budget, Standing: o.standing, Business: s.days.Business}, o.items)
		for key, day := range days {
			*o.at[key] = day
		}
	}
	for i := range p.items {
		if it := &p.items[i]; it.parts != nil {
			it.Plan = slices.Min(it.parts)
		}
	}
}

// owned is what is planned for one owner.
type owned struct {
	items    []level.Item
	standing map[cal.Date]int
	at       map[string]*cal.Date // where the day of each goes
}

// addItem keeps the tasks of a step together, unless a day cannot hold them.
func (o *owned) addItem(it *Item, rule id.ID, budget int) {
	key := it.Contract.String() + "/" + rule.String() + "/" + it.Step.ID
	if it.Step.minutes() <= budget || len(it.Step.Tasks) == 1 {
		o.add(key, it.Day, it.Step.minutes(), &it.Plan)
		return
	}
	it.parts = make([]cal.Date, len(it.Step.Tasks))
	for n, t := range it.Step.Tasks {
		o.add(key+"/"+strconv.Itoa(n), it.Day, taken(t.Minutes), &it.parts[n])
	}
}

func (o *owned) add(key string, due cal.Date, minutes int, day *cal.Date) {
	o.items = append(o.items, level.Item{ID: key, Due: due, Minutes: minutes})
	o.at[key] = day
}

// up is what comes up by the day the plan was made as of, by rule and step.
func (p plan) up() []Item {
	var list []Item
	for _, it := range p.items {
		if it.Plan <= p.today && !it.idle {
			list = append(list, it)
		}
	}
	return list
}

// wakes are the sleeping tasks whose day has come.
func (p plan) wakes() []id.ID {
	var list []id.ID
	for _, t := range p.tasks {
		if t.sleeps && t.day <= p.today {
			list = append(list, t.id)
		}
	}
	return list
}

// minutes is what a step takes of a day; a task without an estimate counts for
// task.AssumedMinutes.
func (s Step) minutes() int {
	n := 0
	for _, t := range s.Tasks {
		n += taken(t.Minutes)
	}
	return n
}

func taken(minutes int) int {
	if minutes == 0 {
		return task.AssumedMinutes
	}
	return minutes
}

// standingTasks reads the tasks of rules that take room: the open ones, and
// those of today that are settled already, so that who is quick gets no more.
func standingTasks(ctx context.Context, q db.Queryer, ws id.ID, reader who.Actor, today cal.Date) ([]standing, error) {
	w := new(db.Where)
	hidden := "NOT (" + audience.OfRow(w, reader, "t") + ")"
	cols := "SELECT t.id, t.owner_id, t.minutes, " + task.Shows + ", t.due_date, t.state = 'open', t.snooze_until = '' AND t.due_date = t.given_due, " +
		hidden + " FROM task t WHERE t.workspace_id = " + w.Arg(ws) + " AND t.owner_id IS NOT NULL AND t.origin_kind = '" + task.RuleOrigin + "' AND "
	return db.All(ctx, q, func(r db.Row) (t standing, err error) {
		err = r.Scan(&t.id, &t.owner, &t.minutes, &t.day, &t.due, &t.open, &t.sleeps, &t.hidden)
		t.minutes = taken(t.minutes)
		if t.sleeps = t.sleeps && t.open && t.day > today; !t.open {
			t.day = today
		}
		return t, err
	}, cols+"t.state = 'open' AND t.due_date > '' UNION ALL "+cols+"t.state IN ('done', 'skipped') AND t.plan_date = "+w.Arg(string(today)),
		w.Args()...)
}

// desk is the zone of a workspace and its budget of minutes.
func desk(ctx context.Context, q db.Queryer, ws id.ID) (*time.Location, int, error) {
	type row struct {
		zone    string
		minutes int
	}
	got, _, err := db.One(ctx, q, func(r db.Row) (v row, err error) { return v, r.Scan(&v.zone, &v.minutes) },
		`SELECT w.zone, COALESCE(d.minutes, 0) FROM workspace w
			LEFT JOIN rule_desk d ON d.workspace_id = w.id WHERE w.id = $1`, ws)
	if got.minutes == 0 {
		got.minutes = DefaultBudget
	}
	return workspace.Location(got.zone), got.minutes, err
}

// turn says that rules act now. Of two who planned side by side the database
// lets one through; the other plans again.
func turn(ctx context.Context, tx *db.Tx, ws id.ID) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO rule_desk (workspace_id, turn) VALUES ($1, 1)
		ON CONFLICT (workspace_id) DO UPDATE SET turn = rule_desk.turn + 1`, ws)
	return err
}

// byTime orders items as they come up.
func byTime(a, b Item) int {
	if c := strings.Compare(string(a.Plan), string(b.Plan)); c != 0 {
		return c
	}
	return strings.Compare(string(a.Day), string(b.Day))
}
