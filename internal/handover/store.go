package handover

import (
	"context"
	"strconv"
	"strings"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/who"
)

// row is a handover as it is stored.
type row struct {
	id, batch, contract, from, to, by id.ID
	words                             string
	followed                          bool
	settled                           int64
}

// newest gives the last handover of each contract that has one.
func newest(ctx context.Context, q db.Queryer, ws id.ID, contracts []id.ID) (map[id.ID]row, error) {
	var w db.Where
	w.And("h.workspace_id = ?", ws)
	db.In(&w, "h.contract_id", contracts)
	list, err := db.All(ctx, q, func(r db.Row) (v row, err error) {
		err = r.Scan(&v.id, &v.contract, &v.from, &v.to, &v.followed, &v.settled)
		return v, err
	}, `SELECT id, contract_id, from_id, to_id, followed, settled_at FROM (
			SELECT h.id, h.contract_id, h.from_id, h.to_id, h.followed, h.settled_at,
				row_number() OVER (PARTITION BY h.contract_id ORDER BY h.at DESC, h.id DESC) AS n
			FROM handover h WHERE `+w.SQL()+`) ranked WHERE n = 1`, w.Args()...)
	out := make(map[id.ID]row, len(list))
	for _, v := range list {
		out[v.contract] = v
	}
	return out, err
}

// present tells which members are of the workspace and have not left.
func present(ctx context.Context, q db.Queryer, ws id.ID, members []id.ID) (map[id.ID]bool, error) {
	var w db.Where
	w.And("workspace_id = ? AND state <> 'left'", ws)
	db.In(&w, "id", members)
	list, err := db.All(ctx, q, db.Value[id.ID], "SELECT id FROM member WHERE "+w.SQL(), w.Args()...)
	out := make(map[id.ID]bool, len(list))
	for _, m := range list {
		out[m] = true
	}
	return out, err
}

func insert(ctx context.Context, tx *db.Tx, ws id.ID, list []row, at int64) error {
	rows := make([][]any, len(list))
	for i, v := range list {
		rows[i] = []any{ws, v.id, v.batch, v.contract, v.from, v.to, at, v.by, v.words, v.followed}
	}
	return db.Bulk(ctx, tx, `INSERT INTO handover (workspace_id, id, batch_id, contract_id, from_id, to_id, at, by_id, words, followed)`, "", rows)
}

func remove(ctx context.Context, tx *db.Tx, ws id.ID, list []id.ID) error {
	if len(list) == 0 {
		return nil
	}
	var w db.Where
	w.And("workspace_id = ?", ws)
	db.In(&w, "id", list)
	_, err := db.Exec(ctx, tx, "DELETE FROM handover WHERE "+w.SQL(), w.Args()...)
	return err
}

// settle ends the waiting of handovers; at 0 they wait again.
func settle(ctx context.Context, tx *db.Tx, ws id.ID, list []id.ID, at int64) error {
	if len(list) == 0 {
		return nil
	}
	var w db.Where
	set := w.Arg(at)
	w.And("workspace_id = ?", ws)
	db.In(&w, "id", list)
	_, err := db.Exec(ctx, tx, "UPDATE handover SET settled_at = "+set+" WHERE "+w.SQL(), w.Args()...)
	return err
}

// find reads handovers with their names, those of contracts the actor may read.
func find(ctx context.Context, q db.Queryer, a who.Actor, w *db.Where, tail string) ([]Handover, error) {
	w.And("h.workspace_id = ?", a.Workspace)
	where := w.SQL() + " AND " + audience.Contract(w, a, "c")
	return db.All(ctx, q, func(r db.Row) (h Handover, err error) {
		err = r.Scan(&h.ID, &h.Batch, &h.Contract, &h.Name, &h.Org, &h.From.ID, &h.From.Name, &h.To.ID, &h.To.Name,
			&h.By.ID, &h.By.Name, (*db.Time)(&h.At), &h.Words, (*db.Time)(&h.Settled))
		return h, err
	}, `SELECT h.id, h.batch_id, h.contract_id, c.name, o.name, h.from_id, COALESCE(f.name, ''), h.to_id, t.name,
			h.by_id, COALESCE(b.name, ''), h.at, h.words, h.settled_at
		FROM handover h
		JOIN contract c ON c.workspace_id = h.workspace_id AND c.id = h.contract_id
		JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id
		JOIN member t ON t.workspace_id = h.workspace_id AND t.id = h.to_id
		LEFT JOIN member f ON f.workspace_id = h.workspace_id AND f.id = h.from_id
		LEFT JOIN member b ON b.workspace_id = h.workspace_id AND b.id = h.by_id
		WHERE `+where+tail, w.Args()...)
}

// newestFirst ends a statement over handovers.
func newestFirst(limit int) string {
	return " ORDER BY h.at DESC, h.id DESC LIMIT " + strconv.Itoa(limit)
}

// waiting counts what waits for the actor.
func waiting(ctx context.Context, q db.Queryer, a who.Actor) (int, error) {
	var w db.Where
	w.And("h.workspace_id = ? AND h.to_id = ? AND h.settled_at = 0", a.Workspace, a.Member)
	where := w.SQL() + " AND " + audience.Contract(&w, a, "c")
	n, _, err := db.One(ctx, q, db.Value[int], `SELECT count(*) FROM handover h
		JOIN contract c ON c.workspace_id = h.workspace_id AND c.id = h.contract_id WHERE `+where, w.Args()...)
	return n, err
}

// offered is the condition that a task t is one a new owner is offered: of the
// former owner, made by people, and not a part of one that is offered whole.
const offered = `t.origin_kind <> '` + task.RuleOrigin + `' AND NOT EXISTS (SELECT 1 FROM task p WHERE p.workspace_id = t.workspace_id
	AND p.id = t.parent_id AND p.state = 'open' AND COALESCE(p.owner_id, 0) = COALESCE(t.owner_id, 0))`

// count says what giving contracts to a member would move: of those the actor
// may read and the member does not own already.
func count(ctx context.Context, q db.Queryer, a who.Actor, contracts []id.ID, to id.ID) (c Counts, err error) {
	for start := 0; start < len(contracts); start += chunk {
		var w db.Where
		w.And("c.workspace_id = ? AND COALESCE(c.owner_id, 0) <> ?", a.Workspace, int64(to))
		db.In(&w, "c.id", contracts[start:min(start+chunk, len(contracts))])
		where := w.SQL() + " AND " + audience.Contract(&w, a, "c")
		part, _, err := db.One(ctx, q, func(r db.Row) (v Counts, err error) {
			err = r.Scan(&v.Contracts, &v.RuleTasks, &v.HandTasks)
			return v, err
		}, `SELECT count(DISTINCT c.id), count(CASE WHEN t.origin_kind = '`+task.RuleOrigin+`' THEN 1 END), count(CASE WHEN `+offered+` THEN 1 END)
			FROM contract c LEFT JOIN task t ON t.workspace_id = c.workspace_id AND t.contract_id = c.id AND t.state = 'open'
				AND COALESCE(t.owner_id, 0) = COALESCE(c.owner_id, 0) WHERE `+where, w.Args()...)
		if err != nil {
			return c, err
		}
		c.Contracts, c.RuleTasks, c.HandTasks = c.Contracts+part.Contracts, c.RuleTasks+part.RuleTasks, c.HandTasks+part.HandTasks
	}
	return c, nil
}

// What a card shows of what was written, and how much of each.
var saidOf = []struct {
	kind, cond string
	most       int
}{{"pinned", "n.pinned = TRUE", 3}, {"last", "n.body <> ''", lastWords}, {"hunch", "n.hunch <> ''", lastWords}}

const lastWords = 5

// said is something written, and why it was read.
type said struct {
	contract id.ID
	kind     string
	limited  bool
	Words
}

// saidOn reads what was written on contracts in one statement, each part of it
// a short walk of the index, whatever the length of the trails.
func saidOn(ctx context.Context, q db.Queryer, a who.Actor, contracts []id.ID) ([]said, error) {
	if len(contracts) == 0 {
		return nil, nil
	}
	var w db.Where
	ws := w.Arg(a.Workspace)
	seen := audience.Note(&w, a, "n")
	var parts []string
	for _, c := range contracts {
		of := w.Arg(c)
		for _, s := range saidOf {
			parts = append(parts, `SELECT * FROM (SELECT n.contract_id, '`+s.kind+`' AS kind, n.id, n.author_id, COALESCE(m.name, '') AS author,
				n.at, n.body, n.hunch, n.visibility FROM note n LEFT JOIN member m ON m.workspace_id = n.workspace_id AND m.id = n.author_id
				WHERE n.workspace_id = `+ws+` AND n.contract_id = `+of+` AND n.deleted_at = 0 AND `+s.cond+` AND `+seen+`
				ORDER BY n.at DESC, n.id DESC LIMIT `+strconv.Itoa(s.most)+`) x`)
		}
	}
	return db.All(ctx, q, func(r db.Row) (v said, err error) {
		var visibility string
		err = r.Scan(&v.contract, &v.kind, &v.Note, &v.Author.ID, &v.Author.Name, (*db.Time)(&v.At), &v.Body, &v.Hunch, &visibility)
		v.limited = visibility == audience.Author
		return v, err
	}, strings.Join(parts, " UNION ALL ")+" ORDER BY at DESC, id DESC", w.Args()...)
}

// spokenFor reads what one member wrote in a stretch of time on the contracts
// of an owner, newest first; limited are the notes not everyone may read.
func spokenFor(ctx context.Context, q db.Queryer, a who.Actor, owner, by id.ID, from, to int64) (list []Spoken, limited []said, err error) {
	var w db.Where
	w.And("n.workspace_id = ? AND n.author_id = ? AND n.at >= ? AND n.at < ? AND n.deleted_at = 0 AND c.owner_id = ?", a.Workspace, by, from, to, owner)
	where := w.SQL() + " AND " + audience.Note(&w, a, "n") + " AND " + audience.Contract(&w, a, "c")
	list, err = db.All(ctx, q, func(r db.Row) (v Spoken, err error) {
		var visibility string
		err = r.Scan(&v.Note, &v.Author.ID, &v.Author.Name, (*db.Time)(&v.At), &v.Body, &v.Hunch, &v.Contract, &v.Org, &v.Name, &visibility)
		if visibility == audience.Author {
			limited = append(limited, said{limited: true, Words: v.Words})
		}
		return v, err
	}, `SELECT n.id, n.author_id, m.name, n.at, n.body, n.hunch, c.id, o.name, c.name, n.visibility FROM note n
		JOIN contract c ON c.workspace_id = n.workspace_id AND c.id = n.contract_id
		JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id
		JOIN member m ON m.workspace_id = n.workspace_id AND m.id = n.author_id
		WHERE `+where+" ORDER BY n.at DESC, n.id DESC LIMIT 200", w.Args()...)
	return list, limited, err
}

// held counts by owner (0 = nobody) the running contracts the actor may read.
func held(ctx context.Context, q db.Queryer, a who.Actor, today cal.Date) ([]Load, error) {
	var w db.Where
	until := "c.renewal_date BETWEEN " + w.Arg(string(today)) + " AND " + w.Arg(string(today.AddDays(RenewDays)))
	w.And("c.workspace_id = ? AND c.live = TRUE", a.Workspace)
	where := w.SQL() + " AND " + audience.Contract(&w, a, "c")
	return db.All(ctx, q, func(r db.Row) (l Load, err error) {
		err = r.Scan(&l.ID, &l.Contracts, &l.Renewing)
		return l, err
	}, "SELECT c.owner_id, count(*), count(CASE WHEN "+until+" THEN 1 END) FROM contract c WHERE "+where+" GROUP BY c.owner_id", w.Args()...)
}

// toDo counts by owner the open tasks, without those of contracts the actor may
// not read.
func toDo(ctx context.Context, q db.Queryer, a who.Actor, today cal.Date) ([]Load, error) {
	var w db.Where
	soon := "t.due_date BETWEEN '0' AND " + w.Arg(string(today.AddDays(LoadDays)))
	minutes := "CASE WHEN t.minutes = 0 THEN " + strconv.Itoa(task.AssumedMinutes) + " ELSE t.minutes END"
	w.And("t.workspace_id = ? AND t.state = 'open'", a.Workspace)
	where := w.SQL() + " AND " + audience.OfRow(&w, a, "t")
	return db.All(ctx, q, func(r db.Row) (l Load, err error) {
		err = r.Scan(&l.ID, &l.Tasks, &l.Minutes)
		return l, err
	}, "SELECT t.owner_id, count(*), COALESCE(sum(CASE WHEN "+soon+" THEN "+minutes+` ELSE 0 END), 0) FROM task t WHERE `+where+" GROUP BY t.owner_id", w.Args()...)
}

// today is the workspace's day, whatever zone the actor reads in.
func (s *Service) today(ctx context.Context, q db.Queryer, ws id.ID) (cal.Date, error) {
	zone, err := zoneOf(ctx, q, ws)
	return cal.Of(s.Now().In(zone)), err
}
