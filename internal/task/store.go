package task

import (
	"context"
	"strings"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// planned is the question whether a task comes up on the day a rule gave it
// room on: not any more once it is due later than it was then, nor if it is due
// earlier than that day.
const planned = "t.plan_date > '' AND t.plan_date < t.due_date AND t.due_date <= t.plan_due"

// Shows is, in SQL, the day a task t comes up, as Task.Day.
const Shows = "CASE WHEN t.snooze_until > '' THEN t.snooze_until WHEN " + planned + " THEN t.plan_date ELSE t.due_date END"

const columns = `t.id, t.contract_id, t.parent_id, t.title, t.owner_id, t.due_date, t.snooze_until,
	CASE WHEN ` + planned + ` THEN t.plan_date ELSE '' END, t.minutes, t.state, t.why,
	t.created_by, t.created_at, t.done_at, t.done_by, t.origin_kind, t.origin_id, t.origin_no, t.version`

const selectTask = "SELECT " + columns + " FROM task t"

const selectItem = "SELECT " + columns + `, COALESCE(c.name, ''), COALESCE(o.name, ''), COALESCE(m.name, ''), COALESCE(d.name, '')
	FROM task t
	LEFT JOIN contract c ON c.workspace_id = t.workspace_id AND c.id = t.contract_id
	LEFT JOIN organization o ON o.workspace_id = t.workspace_id AND o.id = c.org_id
	LEFT JOIN member m ON m.workspace_id = t.workspace_id AND m.id = t.owner_id
	LEFT JOIN member d ON d.workspace_id = t.workspace_id AND d.id = t.done_by`

func (t *Task) into() []any {
	return []any{&t.ID, &t.Contract, &t.Parent, &t.Title, &t.Owner, &t.Due, &t.SnoozeUntil, &t.Plan, &t.Minutes, &t.State, &t.Why,
		&t.CreatedBy, (*db.Time)(&t.CreatedAt), (*db.Time)(&t.DoneAt), &t.DoneBy, &t.OriginKind, &t.OriginID, &t.OriginNo, &t.Version}
}

func scan(r db.Row) (Task, error) {
	var t Task
	err := r.Scan(t.into()...)
	return t, err
}

func scanItem(r db.Row) (Item, error) {
	var it Item
	err := r.Scan(append(it.into(), &it.ContractName, &it.OrgName, &it.OwnerName, &it.DoneByName)...)
	return it, err
}

// one reads a task for somebody; one of a contract they may not read is not
// there.
func one(ctx context.Context, q db.Queryer, a who.Actor, task id.ID) (Task, error) {
	w := seen(a)
	w.And("t.id = ?", task)
	t, found, err := db.One(ctx, q, scan, selectTask+" WHERE "+w.SQL(), w.Args()...)
	if err == nil && !found {
		err = errs.Missing("task")
	}
	return t, err
}

func openParts(ctx context.Context, q db.Queryer, ws, parent id.ID) ([]Task, error) {
	return db.All(ctx, q, scan, selectTask+
		" WHERE t.workspace_id = $1 AND t.parent_id = $2 AND t.state = 'open' ORDER BY t.id", ws, parent)
}

// seen begins a condition on the tasks an actor may read: those of no contract,
// or of one they may.
func seen(a who.Actor) *db.Where {
	w := new(db.Where)
	w.And("t.workspace_id = ?", a.Workspace)
	w.And(audience.OfRow(w, a, "t"))
	return w
}

// open begins a condition on the open tasks of a workspace.
func open(ws id.ID) *db.Where {
	w := new(db.Where)
	w.And("t.workspace_id = ?", ws)
	w.And("t.state = 'open'")
	return w
}

// insert stores tasks and tells which were new to their origin.
func insert(ctx context.Context, tx *db.Tx, ws id.ID, list []Task) (map[id.ID]bool, error) {
	var w db.Where
	rows := make([]string, len(list))
	for i, t := range list {
		var row []string
		for _, v := range []any{ws, t.ID, t.Contract, t.Parent, t.Title, t.Owner, string(t.Due), t.Minutes,
			t.CreatedBy, db.Time(t.CreatedAt), t.OriginKind, t.OriginID, t.OriginNo, string(t.Due), string(t.Plan), planDue(t), text.Fold(t.Title)} {
			row = append(row, w.Arg(v))
		}
		rows[i] = "(" + strings.Join(row, ",") + ")"
	}
	ids, err := db.All(ctx, tx, db.Value[id.ID], `INSERT INTO task (workspace_id, id, contract_id, parent_id, title, owner_id,
		due_date, minutes, created_by, created_at, origin_kind, origin_id, origin_no, given_due, plan_date, plan_due, title_fold) VALUES `+strings.Join(rows, ",")+`
		ON CONFLICT (workspace_id, origin_kind, origin_id, origin_no) WHERE origin_id IS NOT NULL DO NOTHING
		RETURNING id`, w.Args()...)
	stored := make(map[id.ID]bool, len(ids))
	for _, i := range ids {
		stored[i] = true
	}
	return stored, err
}

// planDue is the due day a plan is for.
func planDue(t Task) string {
	if t.Plan == "" {
		return ""
	}
	return string(t.Due)
}

func update(ctx context.Context, tx *db.Tx, ws id.ID, t Task) error {
	_, err := db.Exec(ctx, tx, `UPDATE task SET title = $3, owner_id = $4, due_date = $5, minutes = $6, contract_id = $7,
		snooze_until = $8, version = $9, title_fold = $10 WHERE workspace_id = $1 AND id = $2`,
		ws, t.ID, t.Title, t.Owner, string(t.Due), t.Minutes, t.Contract, string(t.SnoozeUntil), t.Version, text.Fold(t.Title))
	return err
}

func moveParts(ctx context.Context, tx *db.Tx, ws id.ID, t Task) error {
	_, err := db.Exec(ctx, tx, `UPDATE task SET contract_id = $3, version = version + 1
		WHERE workspace_id = $1 AND parent_id = $2`, ws, t.ID, t.Contract)
	return err
}

func setState(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID, state State, why string, at time.Time, by id.ID) error {
	var w db.Where
	set := "UPDATE task SET state = " + w.Arg(string(state)) + ", why = " + w.Arg(why) +
		", done_at = " + w.Arg(db.Time(at)) + ", done_by = " + w.Arg(by) + ", version = version + 1"
	w.And("workspace_id = ?", ws)
	db.In(&w, "id", ids)
	_, err := db.Exec(ctx, tx, set+" WHERE "+w.SQL(), w.Args()...)
	return err
}
