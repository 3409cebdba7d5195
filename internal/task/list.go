package task

import (
	"context"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Query says which tasks, in which order.
type Query struct {
	Owner     string // "me", "none", a member's id; "" = anybody's
	Contract  id.ID
	State     State    // "" = any
	DueFrom   cal.Date // this day or later
	DueBefore cal.Date // before this day; those without a day are left out
	Sort      string   // due (default; those without a day last) or created (newest first)
	Limit     int      // 1..200, 0 = 50
	Cursor    string   // Next of the page before
}

// Page is a part of a list.
type Page struct {
	Items []Item
	Next  string // "" at the end
}

// List gives tasks by keyset: one query, two where the days run out.
func (s *Service) List(ctx context.Context, q Query) (Page, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Page{}, err
	}
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	after, err := readCursor(q.Cursor)
	if err != nil {
		return Page{}, err
	}
	var items []Item
	if q.Sort == "created" {
		items, err = s.walk(ctx, a, q, "t.id DESC", q.Limit+1, func(w *db.Where) {
			if after.id != 0 {
				w.And("t.id < ?", after.id)
			}
		})
	} else {
		items, err = s.byDue(ctx, a, q, after)
	}
	if err != nil {
		return Page{}, err
	}
	p := Page{Items: items}
	if len(items) > q.Limit {
		p.Items = items[:q.Limit]
		last := p.Items[q.Limit-1]
		p.Next = cursor{last.Due, last.ID}.String()
	}
	return p, nil
}

// byDue walks those with a day, then those without: "" sorts first, but is
// wanted last.
func (s *Service) byDue(ctx context.Context, a who.Actor, q Query, after cursor) ([]Item, error) {
	var items []Item
	if after.id == 0 || after.due != "" {
		list, err := s.walk(ctx, a, q, "t.due_date, t.id", q.Limit+1, func(w *db.Where) {
			w.And("t.due_date > ''")
			if after.id != 0 {
				w.And("(t.due_date, t.id) > (?, ?)", string(after.due), after.id)
			}
		})
		if err != nil {
			return nil, err
		}
		items, after = list, cursor{}
	}
	if len(items) > q.Limit || q.DueBefore != "" {
		return items, nil
	}
	rest, err := s.walk(ctx, a, q, "t.id", q.Limit+1-len(items), func(w *db.Where) {
		w.And("t.due_date = ''")
		if after.id != 0 {
			w.And("t.id > ?", after.id)
		}
	})
	return append(items, rest...), err
}

func (s *Service) walk(ctx context.Context, a who.Actor, q Query, order string, limit int, more func(*db.Where)) ([]Item, error) {
	w := seen(a)
	if q.State != "" {
		w.And("t.state = ?", string(q.State))
	}
	switch q.Owner {
	case "":
	case "me":
		w.And("t.owner_id = ?", a.Member)
	case "none":
		w.And("t.owner_id IS NULL")
	default:
		owner, err := id.Parse(q.Owner)
		if err != nil {
			return nil, errs.Field("owner", "err.choice")
		}
		w.And("t.owner_id = ?", owner)
	}
	if q.Contract != 0 {
		w.And("t.contract_id = ?", q.Contract)
	}
	if q.DueFrom != "" {
		w.And("t.due_date >= ?", string(q.DueFrom))
	}
	if q.DueBefore != "" {
		w.And("t.due_date > '' AND t.due_date < ?", string(q.DueBefore))
	}
	more(w)
	return db.All(ctx, s.db, scanItem, selectItem+" WHERE "+w.SQL()+" ORDER BY "+order+" LIMIT "+w.Arg(limit), w.Args()...)
}

type cursor struct {
	due cal.Date
	id  id.ID
}

func (c cursor) String() string { return string(c.due) + "." + c.id.String() }

func readCursor(s string) (cursor, error) {
	if s == "" {
		return cursor{}, nil
	}
	due, rest, _ := strings.Cut(s, ".")
	i, err := id.Parse(rest)
	if err != nil || due != "" && !cal.Date(due).Valid() {
		return cursor{}, errs.New(errs.Malformed, "err.malformed")
	}
	return cursor{cal.Date(due), i}, nil
}

// Due is what a member has to do by a day.
type Due struct {
	Items   []Item // at most QueueLimit
	Count   int    // of all
	Minutes int    // of all; AssumedMinutes for those without an estimate
}

// Queue gives what comes up for a member by today, the oldest first: open
// tasks that are due, were put off to, or were given room on today or before.
func (s *Service) Queue(ctx context.Context, member id.ID, today cal.Date) (Due, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Due{}, err
	}
	w := seen(a)
	w.And("t.state = 'open' AND t.owner_id = ?", member)
	w.And(Shows+" BETWEEN '0' AND ?", string(today))
	type sum struct{ count, minutes int }
	total, _, err := db.One(ctx, s.db, func(r db.Row) (v sum, err error) { return v, r.Scan(&v.count, &v.minutes) },
		"SELECT count(*), COALESCE(sum(CASE WHEN t.minutes = 0 THEN "+strconv.Itoa(AssumedMinutes)+
			" ELSE t.minutes END), 0) FROM task t WHERE "+w.SQL(), w.Args()...)
	if err != nil {
		return Due{}, err
	}
	items, err := db.All(ctx, s.db, scanItem, selectItem+" WHERE "+w.SQL()+
		" ORDER BY t.due_date, t.id LIMIT "+strconv.Itoa(QueueLimit), w.Args()...)
	return Due{Items: items, Count: total.count, Minutes: total.minutes}, err
}

// Panel is what a contract's page shows of its tasks.
type Panel struct {
	Open    []Item // by due day, those without last
	Settled []Item // the last five done or skipped
}

// ForContract gives the open tasks of a contract and the last five settled.
func (s *Service) ForContract(ctx context.Context, contract id.ID) (Panel, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Panel{}, err
	}
	w := seen(a)
	w.And("t.contract_id = ?", contract)
	of := selectItem + " WHERE " + w.SQL() + " AND "
	open, err := db.All(ctx, s.db, scanItem, of+`t.state = 'open'
		ORDER BY CASE WHEN t.due_date = '' THEN 1 ELSE 0 END, t.due_date, t.id LIMIT 200`, w.Args()...)
	if err != nil {
		return Panel{}, err
	}
	settled, err := db.All(ctx, s.db, scanItem, of+`t.state IN ('done', 'skipped')
		ORDER BY t.done_at DESC, t.id DESC LIMIT 5`, w.Args()...)
	return Panel{Open: open, Settled: settled}, err
}

// NextByContract gives the open task due next of each contract that has one.
func (s *Service) NextByContract(ctx context.Context, q db.Queryer, contracts []id.ID) (map[id.ID]Item, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || len(contracts) == 0 {
		return map[id.ID]Item{}, err
	}
	w := seen(a)
	w.And("t.state = 'open'")
	db.In(w, "t.contract_id", contracts)
	ids := `SELECT id FROM (SELECT t.id AS id, row_number() OVER (PARTITION BY t.contract_id
		ORDER BY CASE WHEN t.due_date = '' THEN 1 ELSE 0 END, t.due_date, t.id) AS n FROM task t WHERE ` + w.SQL() + ") ranked WHERE n = 1"
	list, err := db.All(ctx, q, scanItem, selectItem+" WHERE t.workspace_id = $1 AND t.id IN ("+ids+")", w.Args()...)
	next := make(map[id.ID]Item, len(list))
	for _, it := range list {
		next[it.Contract] = it
	}
	return next, err
}
