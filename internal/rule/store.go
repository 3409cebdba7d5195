package rule

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/task"
)

const selectRule = `SELECT r.id, r.name, r.owner_id, COALESCE(m.name, ''), r.unit_id, COALESCE(u.name, ''), r.state, r.live_from, r.evaluated, r.version, v.spec, r.created_at
	FROM rule r
	JOIN rule_version v ON v.workspace_id = r.workspace_id AND v.rule_id = r.id AND v.no = r.version
	LEFT JOIN member m ON m.workspace_id = r.workspace_id AND m.id = r.owner_id
	LEFT JOIN unit u ON u.workspace_id = r.workspace_id AND u.id = r.unit_id
	WHERE r.workspace_id = $1`

func scan(row db.Row) (Rule, error) {
	var r Rule
	var spec db.JSON[Spec]
	err := row.Scan(&r.ID, &r.Name, &r.Owner, &r.OwnerName, &r.Unit, &r.Team, &r.State, &r.LiveFrom, &r.Evaluated, &r.Version, &spec, (*db.Time)(&r.CreatedAt))
	r.Spec = spec.V
	return r, err
}

func one(ctx context.Context, q db.Queryer, ws, rule id.ID) (Rule, error) {
	r, found, err := db.One(ctx, q, scan, selectRule+" AND r.id = $2", ws, rule)
	if err == nil && !found {
		err = errs.Missing("rule")
	}
	return r, err
}

func all(ctx context.Context, q db.Queryer, ws id.ID) ([]Rule, error) {
	return db.All(ctx, q, scan, selectRule+
		" ORDER BY CASE r.state WHEN 'live' THEN 0 WHEN 'draft' THEN 1 ELSE 2 END, r.name, r.id", ws)
}

func live(ctx context.Context, q db.Queryer, ws id.ID) ([]Rule, error) {
	return db.All(ctx, q, scan, selectRule+" AND r.state = 'live' ORDER BY r.id", ws)
}

// behind reports whether a workspace has live rules not yet looked at for a
// day; for "" whether it has live rules at all.
func behind(ctx context.Context, q db.Queryer, ws id.ID, day cal.Date) (bool, error) {
	w := new(db.Where)
	w.And("workspace_id = ? AND state = 'live'", ws)
	if day != "" {
		w.And("evaluated < ?", string(day))
	}
	_, found, err := db.One(ctx, q, db.Value[id.ID], "SELECT id FROM rule WHERE "+w.SQL()+" LIMIT 1", w.Args()...)
	return found, err
}

// ofUnit reports whether a team has rules.
func ofUnit(ctx context.Context, q db.Queryer, ws, unit id.ID) (bool, error) {
	_, found, err := db.One(ctx, q, db.Value[id.ID], "SELECT id FROM rule WHERE workspace_id = $1 AND unit_id = $2 LIMIT 1", ws, unit)
	return found, err
}

func insert(ctx context.Context, tx *db.Tx, ws id.ID, r Rule) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO rule (workspace_id, id, name, owner_id, state, version, created_at, unit_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, ws, r.ID, r.Name, r.Owner, string(r.State), r.Version, db.Time(r.CreatedAt), r.Unit)
	return err
}

func insertVersion(ctx context.Context, tx *db.Tx, ws id.ID, r Rule, at time.Time, by id.ID) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO rule_version (workspace_id, rule_id, no, spec, created_at, created_by)
		VALUES ($1, $2, $3, $4, $5, $6)`, ws, r.ID, r.Version, db.AsJSON(r.Spec), db.Time(at), by)
	if db.UniqueOn(err, "rule_version") { // two at the same moment
		return errs.New(errs.Conflict, "err.conflict").With(err)
	}
	return err
}

func update(ctx context.Context, tx *db.Tx, ws id.ID, r Rule) error {
	_, err := db.Exec(ctx, tx, `UPDATE rule SET name = $3, owner_id = $4, state = $5, live_from = $6, evaluated = $7, version = $8, unit_id = $9
		WHERE workspace_id = $1 AND id = $2`,
		ws, r.ID, r.Name, r.Owner, string(r.State), string(r.LiveFrom), string(r.Evaluated), r.Version, r.Unit)
	return err
}

// evaluated notes that all live rules have been looked at for a day.
func evaluated(ctx context.Context, tx *db.Tx, ws id.ID, day cal.Date) error {
	_, err := db.Exec(ctx, tx, `UPDATE rule SET evaluated = $2
		WHERE workspace_id = $1 AND state = 'live' AND evaluated < $2`, ws, string(day))
	return err
}

func remove(ctx context.Context, tx *db.Tx, ws, rule id.ID) error {
	for _, stmt := range []string{"DELETE FROM rule_version WHERE workspace_id = $1 AND rule_id = $2",
		"DELETE FROM rule WHERE workspace_id = $1 AND id = $2"} {
		if _, err := db.Exec(ctx, tx, stmt, ws, rule); err != nil {
			return err
		}
	}
	return nil
}

func names(ctx context.Context, q db.Queryer, from, col string, ws id.ID, ids []id.ID) (map[id.ID]string, error) {
	type pair struct {
		id   id.ID
		name string
	}
	w := new(db.Where)
	w.And("r.workspace_id = ?", ws)
	db.In(w, col, ids)
	list, err := db.All(ctx, q, func(r db.Row) (p pair, err error) { return p, r.Scan(&p.id, &p.name) },
		from+" WHERE "+w.SQL(), w.Args()...)
	out := make(map[id.ID]string, len(list))
	for _, p := range list {
		out[p.id] = p.name
	}
	return out, err
}

// firing is one step that came up for one contract and term.
type firing struct {
	id       id.ID
	step     string
	contract id.ID
	term     string
	data     fired
}

// fired is what a firing remembers, so that a corrected date moves its tasks
// even if the rule says something else by then.
type fired struct {
	On     string   `json:"on"`
	Offset int      `json:"offset"`
	Unit   Unit     `json:"unit"`
	Date   cal.Date `json:"date"`
	Day    cal.Date `json:"day"`
}

func (f fired) step() Step { return Step{Offset: f.Offset, Unit: f.Unit} }

// insertFirings stores firings and tells which of them are new; the unique
// index decides, however many do it at once.
func insertFirings(ctx context.Context, tx *db.Tx, ws id.ID, r Rule, at time.Time, list []firing) (map[id.ID]bool, error) {
	var w db.Where
	rows := make([]string, len(list))
	for i, f := range list {
		var row []string
		for _, v := range []any{ws, f.id, r.ID, f.step, f.contract, f.term, r.Version, db.Time(at), "created", db.AsJSON(f.data)} {
			row = append(row, w.Arg(v))
		}
		rows[i] = "(" + strings.Join(row, ",") + ")"
	}
	ids, err := db.All(ctx, tx, db.Value[id.ID], `INSERT INTO rule_firing
		(workspace_id, id, rule_id, step_id, contract_id, occurrence, version_no, at, outcome, data) VALUES `+strings.Join(rows, ",")+`
		ON CONFLICT (workspace_id, rule_id, step_id, contract_id, occurrence) DO NOTHING RETURNING id`, w.Args()...)
	stored := make(map[id.ID]bool, len(ids))
	for _, i := range ids {
		stored[i] = true
	}
	return stored, err
}

// openTask is an open task of a contract's running term that a rule made and
// that still stands on the day it was given: one that a person moved stays.
type openTask struct {
	id, contract, firing id.ID
	due                  cal.Date
	data                 fired
	given                given
	dates                map[string]cal.Date
}

// given says which day each date gave a firing's tasks, besides the date by
// which it came up.
type given map[cal.Date]cal.Date

// keepGiven lets firings remember the days they gave.
func keepGiven(ctx context.Context, tx *db.Tx, ws id.ID, learned map[id.ID]given) error {
	for part := range slices.Chunk(slices.Sorted(maps.Keys(learned)), chunk) {
		var w db.Where
		values := make([]string, len(part))
		for i, f := range part {
			values[i] = "(CAST(" + w.Arg(f) + " AS BIGINT), CAST(" + w.Arg(db.AsJSON(learned[f])) + " AS TEXT))"
		}
		_, err := db.Exec(ctx, tx, "WITH learned (id, days) AS (VALUES "+strings.Join(values, ",")+`)
			UPDATE rule_firing SET days = learned.days FROM learned
			WHERE rule_firing.workspace_id = `+w.Arg(ws)+" AND rule_firing.id = learned.id", w.Args()...)
		if err != nil {
			return err
		}
	}
	return nil
}

func openTasks(ctx context.Context, q db.Queryer, ws id.ID, contracts []id.ID) ([]openTask, error) {
	w := new(db.Where)
	w.And("t.workspace_id = ? AND t.state = 'open' AND t.origin_kind = ? AND t.due_date = t.given_due", ws, task.RuleOrigin)
	db.In(w, "t.contract_id", contracts)
	return db.All(ctx, q, func(r db.Row) (t openTask, err error) {
		var data db.JSON[fired]
		var days db.JSON[given]
		var start, renewal, notice cal.Date
		var raw string
		if err := r.Scan(&t.id, &t.contract, &t.firing, &t.due, &data, &days, &start, &renewal, &notice, &raw); err != nil {
			return t, err
		}
		t.data, t.given = data.V, days.V
		t.dates = map[string]cal.Date{OnStart: start, OnRenewal: renewal, OnNotice: notice}
		if key, ok := strings.CutPrefix(t.data.On, "field:"); ok {
			values, err := field.Decode([]byte(raw))
			if err != nil {
				return t, err
			}
			date, _ := values[key].(string)
			t.dates[t.data.On] = cal.Date(date)
		}
		return t, nil
	}, `SELECT t.id, t.contract_id, f.id, t.due_date, f.data, f.days, c.start_date, c.renewal_date, c.notice_date, c.fields FROM task t
		JOIN rule_firing f ON f.workspace_id = t.workspace_id AND f.id = t.origin_id
		JOIN contract c ON c.workspace_id = t.workspace_id AND c.id = t.contract_id
		WHERE f.occurrence = CAST(c.term_no AS TEXT) AND `+w.SQL(), w.Args()...)
}

// misplaced finds the tasks of rules that stand otherwise than their term: open
// ones of a term that does not run, and closed ones of the term that does.
// People do not close what a rule made, they do it or skip it.
func misplaced(ctx context.Context, q db.Queryer, ws id.ID, contracts []id.ID) (over, again []id.ID, err error) {
	w := new(db.Where)
	w.And("t.workspace_id = ? AND t.state IN ('open', 'closed') AND t.origin_kind = ?", ws, task.RuleOrigin)
	db.In(w, "t.contract_id", contracts)
	_, err = db.All(ctx, q, func(r db.Row) (x struct{}, err error) {
		var t id.ID
		var open, runs bool
		if err = r.Scan(&t, &open, &runs); err != nil {
			return x, err
		}
		switch {
		case open && !runs:
			over = append(over, t)
		case !open && runs:
			again = append(again, t)
		}
		return x, nil
	}, `SELECT t.id, t.state = 'open', f.occurrence = CAST(c.term_no AS TEXT) AND c.ended_on = '' FROM task t
		JOIN rule_firing f ON f.workspace_id = t.workspace_id AND f.id = t.origin_id
		JOIN contract c ON c.workspace_id = t.workspace_id AND c.id = t.contract_id
		WHERE `+w.SQL()+" ORDER BY t.id", w.Args()...)
	return over, again, err
}
