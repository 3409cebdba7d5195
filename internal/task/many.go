package task

import (
	"context"
	"slices"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// What a change of many tasks at once needs; see bulk.

// Readable gives those of the tasks that the actor may read.
func (s *Service) Readable(ctx context.Context, q db.Queryer, tasks []id.ID) (map[id.ID]Item, error) {
	a, err := who.Check(ctx, who.Read)
	out := make(map[id.ID]Item, len(tasks))
	if err != nil {
		return out, err
	}
	for part := range slices.Chunk(tasks, chunk) {
		w := seen(a)
		db.In(w, "t.id", part)
		list, err := db.All(ctx, q, scanItem, selectItem+" WHERE "+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, it := range list {
			out[it.ID] = it
		}
	}
	return out, nil
}

// WithParts gives those of the tasks that have open subtasks.
func (s *Service) WithParts(ctx context.Context, q db.Queryer, tasks []id.ID) (map[id.ID]bool, error) {
	a, err := who.Check(ctx, who.Read)
	out := map[id.ID]bool{}
	if err != nil {
		return out, err
	}
	for part := range slices.Chunk(tasks, chunk) {
		w := open(a.Workspace)
		db.In(w, "t.parent_id", part)
		list, err := db.All(ctx, q, db.Value[id.ID], "SELECT DISTINCT t.parent_id FROM task t WHERE "+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, parent := range list {
			out[parent] = true
		}
	}
	return out, nil
}

// May says whether the actor may give a task another state, by the rules of
// Done, Skip, Delete and Reopen; one with open subtasks waits for them.
func (s *Service) May(ctx context.Context, t Task, to State, why string, parts bool) error {
	a, err := who.Check(ctx, who.Write)
	switch {
	case err != nil || t.State == to || to == StateOpen:
		return err
	case !t.Open():
		return errs.New(errs.Conflict, "task.err.settled")
	case parts:
		return errs.New(errs.Stopped, "task.err.has_parts")
	case to == StateSkipped:
		return needWhy(why)
	case to == StateClosed && (t.OriginKind != "" || t.CreatedBy != a.Member && !a.May(who.Administer)):
		return errs.New(errs.Forbidden, "task.err.not_yours")
	}
	return nil
}

// MoveDays is a day moved by business days.
func (s *Service) MoveDays(d cal.Date, n int) cal.Date { return s.days.Add(d, n) }

// Rewrite is a task as it is and as it shall be: another owner, due day,
// estimate or state, with who settled it and when.
type Rewrite struct{ Old, New Task }

// RewriteIn writes tasks loaded in the same transaction, and tells of each as a
// single change would. Words about them stay on the tasks: many notes that say
// the same are none.
func (s *Service) RewriteIn(ctx context.Context, tx *db.Tx, list []Rewrite) error {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return err
	}
	var news []bus.Change
	for _, r := range list {
		t := r.New
		t.Version = r.Old.Version + 1
		if _, err := db.Exec(ctx, tx, `UPDATE task SET owner_id = $3, due_date = $4, minutes = $5, state = $6, why = $7, done_at = $8,
			done_by = $9, version = $10 WHERE workspace_id = $1 AND id = $2`, a.Workspace, t.ID, t.Owner, string(t.Due), t.Minutes,
			string(t.State), t.Why, db.Time(t.DoneAt), t.DoneBy, t.Version); err != nil {
			return err
		}
		news = append(news, r.news(a.Workspace, t)...)
	}
	return s.bus.Publish(ctx, tx, news...)
}

func (r Rewrite) news(ws id.ID, t Task) (out []bus.Change) {
	fields := map[string][2]any{}
	for _, f := range []string{"owner", "due_date", "minutes"} {
		from, _ := r.Old.value(f)
		if to, _ := t.value(f); from != to {
			fields[f] = [2]any{from, to}
		}
	}
	if len(fields) > 0 {
		c := t.news(ws, Changed)
		c.Fields = fields
		out = append(out, c)
	}
	if r.Old.State != t.State {
		kind := map[State]bus.Kind{StateOpen: Reopened, StateDone: Done, StateSkipped: Skipped, StateClosed: Closed}[t.State]
		out = append(out, t.news(ws, kind, "why", t.Why))
	}
	return out
}
