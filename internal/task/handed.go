package task

import (
	"context"
	"strconv"
	"strings"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// What other features need of tasks that go from one member to another.

// GiveIn hands open tasks of one member (0 = nobody) to another, with their
// open parts, and gives what moved. What is settled or somebody else's stays as
// it is. The caller answers for the new owner being of the workspace.
func (s *Service) GiveIn(ctx context.Context, tx *db.Tx, ws, from, to id.ID, tasks []id.ID) ([]Task, error) {
	if len(tasks) == 0 || from == to {
		return nil, nil
	}
	w := open(ws)
	ownedBy(w, from)
	marks := make([]string, len(tasks))
	for i, t := range tasks {
		marks[i] = w.Arg(t)
	}
	these := " IN (" + strings.Join(marks, ",") + ")"
	list, err := db.All(ctx, tx, scan, selectTask+" WHERE "+w.SQL()+" AND (t.id"+these+" OR t.parent_id"+these+") ORDER BY t.id", w.Args()...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list, s.give(ctx, tx, ws, list, to, func(c bus.Change) bus.Change { return c })
}

func ownedBy(w *db.Where, member id.ID) {
	if member == 0 {
		w.And("t.owner_id IS NULL")
	} else {
		w.And("t.owner_id = ?", member)
	}
}

// give writes the new owner of tasks and tells of it; tell may quiet the news.
func (s *Service) give(ctx context.Context, tx *db.Tx, ws id.ID, list []Task, to id.ID, tell func(bus.Change) bus.Change) error {
	var up db.Where
	set := up.Arg(to)
	up.And("workspace_id = ?", ws)
	ids := make([]id.ID, len(list))
	news := make([]bus.Change, len(list))
	for i := range list {
		t := &list[i]
		from := t.Owner
		ids[i], t.Owner = t.ID, to
		t.Version++
		news[i] = tell(t.news(ws, Changed))
		news[i].Fields = map[string][2]any{"owner": {from.String(), to.String()}}
	}
	db.In(&up, "id", ids)
	if _, err := db.Exec(ctx, tx, "UPDATE task SET owner_id = "+set+", version = version + 1 WHERE "+up.SQL(), up.Args()...); err != nil {
		return err
	}
	return s.bus.Publish(ctx, tx, news...)
}

// maxOpen bounds the open tasks of several contracts.
const maxOpen = 500

// OpenOf gives the open tasks of contracts by contract, by due day, those
// without last: one query.
func (s *Service) OpenOf(ctx context.Context, q db.Queryer, contracts []id.ID) (map[id.ID][]Task, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || len(contracts) == 0 {
		return map[id.ID][]Task{}, err
	}
	w := seen(a)
	w.And("t.state = 'open'")
	db.In(w, "t.contract_id", contracts)
	list, err := db.All(ctx, q, scan, selectTask+" WHERE "+w.SQL()+`
		ORDER BY CASE WHEN t.due_date = '' THEN 1 ELSE 0 END, t.due_date, t.id LIMIT `+strconv.Itoa(maxOpen), w.Args()...)
	out := make(map[id.ID][]Task, len(contracts))
	for _, t := range list {
		out[t.Contract] = append(out[t.Contract], t)
	}
	return out, err
}

// QueueFor is Queue for members the actor stands in for, without what the actor
// may not read.
func (s *Service) QueueFor(ctx context.Context, members []id.ID, today cal.Date) (Due, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || len(members) == 0 {
		return Due{}, err
	}
	w := seen(a)
	w.And("t.state = 'open'")
	db.In(w, "t.owner_id", members)
	w.And(Shows+" BETWEEN '0' AND ?", string(today))
	type sum struct{ count, minutes int }
	total, _, err := db.One(ctx, s.db, func(r db.Row) (v sum, err error) { return v, r.Scan(&v.count, &v.minutes) },
		"SELECT count(*), COALESCE(sum(CASE WHEN t.minutes = 0 THEN "+strconv.Itoa(AssumedMinutes)+
			" ELSE t.minutes END), 0) FROM task t WHERE "+w.SQL(), w.Args()...)
	if err != nil {
		return Due{}, err
	}
	items, err := db.All(ctx, s.db, scanItem, selectItem+" WHERE "+w.SQL()+" ORDER BY t.due_date, t.id LIMIT "+strconv.Itoa(QueueLimit), w.Args()...)
	return Due{Items: items, Count: total.count, Minutes: total.minutes}, err
}

// SettledFor gives what one member did or skipped from one moment to another on
// the contracts of an owner, the newest first, at most 200.
func (s *Service) SettledFor(ctx context.Context, owner, by id.ID, from, to time.Time) ([]Item, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	w := seen(a)
	w.And("c.owner_id = ? AND t.done_by = ? AND t.state IN ('done', 'skipped')", owner, by)
	w.And("t.done_at >= ? AND t.done_at < ?", db.Micros(from), db.Micros(to))
	return db.All(ctx, s.db, scanItem, selectItem+" WHERE "+w.SQL()+
		" ORDER BY t.done_at DESC, t.id DESC LIMIT 200", w.Args()...)
}
