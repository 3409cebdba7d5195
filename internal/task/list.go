package task

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/contract/walk"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Page is a part of a list.
type Page struct {
	Items []Item
	Next  string // "" at the end
	More  bool   // the search stopped before the page was full
}

// MaxPage is the most tasks a page holds.
const MaxPage = 200

// List gives a page of tasks at a cost that does not grow with their number, as
// the list of contracts does; see walk. Those without a value to sort by come
// last, in both directions.
func (s *Service) List(ctx context.Context, q Query) (Page, error) {
	a, p, err := s.asked(ctx, q)
	if err != nil {
		return Page{}, err
	}
	ids, next, stopped, err := p.Page(ctx, s.db, q.Cursor, min(cmp.Or(max(q.Limit, 0), 50), MaxPage))
	if err != nil {
		return Page{}, err
	}
	found, err := s.hydrate(ctx, a, ids)
	return Page{Items: pick(found, ids), Next: next, More: stopped}, err
}

func (s *Service) asked(ctx context.Context, q Query) (who.Actor, *walk.Plan, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return a, nil, err
	}
	pl, err := s.planner(ctx, a, q)
	if err != nil {
		return a, nil, err
	}
	p, err := pl.plan(q)
	return a, p, err
}

// hydrate reads tasks that were found, those of them that may be read.
func (s *Service) hydrate(ctx context.Context, a who.Actor, ids []id.ID) (map[id.ID]Item, error) {
	found := make(map[id.ID]Item, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	w := seen(a)
	db.In(w, "t.id", ids)
	list, err := db.All(ctx, s.db, scanItem, selectItem+" WHERE "+w.SQL(), w.Args()...)
	for _, it := range list {
		found[it.ID] = it
	}
	return found, err
}

// pick puts what was read in the order in which it was found.
func pick(found map[id.ID]Item, ids []id.ID) []Item {
	items := make([]Item, 0, len(ids))
	for _, i := range ids {
		if it, ok := found[i]; ok { // one deleted meanwhile is left out
			items = append(items, it)
		}
	}
	return items
}

// Total is how many tasks a query has, and the minutes they are thought to take.
type Total struct {
	N       int
	Exact   bool // false: there are more than N, or may be, and Minutes is not all
	Minutes int  // AssumedMinutes for those without an estimate
}

func totalOf(h walk.Head) Total { return Total{N: h.N, Exact: h.Exact, Minutes: int(h.Sum)} }

// takes is, in SQL, the minutes a task counts for.
var takes = "CASE WHEN c.minutes = 0 THEN " + strconv.Itoa(AssumedMinutes) + " ELSE c.minutes END"

// Total counts up to 1,000 and looks at 5,000 tasks at most.
func (s *Service) Total(ctx context.Context, q Query) (Total, error) {
	q.Sort, q.Cursor = "due", ""
	_, p, err := s.asked(ctx, q)
	if err != nil {
		return Total{}, err
	}
	h, err := p.Sum(ctx, s.db, takes)
	return totalOf(h), err
}

// Part is the beginning of one of several lists.
type Part struct {
	Items []Item
	Total
}

// Parts gives the beginnings of several lists, in a number of questions that does
// not depend on how many they are, only on in how many orders.
func (s *Service) Parts(ctx context.Context, list []Query, each int) ([]Part, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	pl, err := s.planner(ctx, a, list...)
	if err != nil {
		return nil, err
	}
	heads := make([]walk.Head, len(list))
	bySort := map[string][]int{}
	for i, q := range list {
		bySort[q.Sort] = append(bySort[q.Sort], i)
	}
	for _, sort := range slices.Sorted(maps.Keys(bySort)) {
		plans := make([]*walk.Plan, len(bySort[sort]))
		for n, i := range bySort[sort] {
			if plans[n], err = pl.plan(list[i]); err != nil {
				return nil, err
			}
		}
		found, err := walk.Heads(ctx, s.db, plans, each, takes)
		if err != nil {
			return nil, err
		}
		for n, i := range bySort[sort] {
			heads[i] = found[n]
		}
	}
	return s.parts(ctx, a, heads)
}

func (s *Service) parts(ctx context.Context, a who.Actor, heads []walk.Head) ([]Part, error) {
	var ids []id.ID
	for _, h := range heads {
		ids = append(ids, h.IDs...)
	}
	found, err := s.hydrate(ctx, a, ids)
	parts := make([]Part, len(heads))
	for i, h := range heads {
		parts[i] = Part{Items: pick(found, h.IDs), Total: totalOf(h)}
	}
	return parts, err
}

// Called gives the names of a contract and a customer that a list is narrowed
// to; "" for one that is not there for the actor.
func (s *Service) Called(ctx context.Context, contract, org id.ID) (contractName, orgName string, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || contract == 0 && org == 0 {
		return "", "", err
	}
	var w db.Where
	stmt := "SELECT COALESCE((SELECT o.name FROM contract c JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id WHERE c.workspace_id = " +
		w.Arg(a.Workspace) + " AND c.id = " + w.Arg(contract) + " AND " + audience.Contract(&w, a, "c") + "), ''), COALESCE((SELECT c.name FROM contract c WHERE c.workspace_id = " +
		w.Arg(a.Workspace) + " AND c.id = " + w.Arg(contract) + " AND " + audience.Contract(&w, a, "c") + "), ''), COALESCE((SELECT o.name FROM organization o WHERE o.workspace_id = " +
		w.Arg(a.Workspace) + " AND o.id = " + w.Arg(org) + "), '')"
	names, _, err := db.One(ctx, s.db, func(r db.Row) (n [3]string, err error) {
		err = r.Scan(&n[0], &n[1], &n[2])
		return n, err
	}, stmt, w.Args()...)
	return strings.TrimSpace(names[0] + " " + names[1]), names[2], err
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
