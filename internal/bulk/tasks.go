package bulk

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/text"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// TaskFields are the attributes of tasks that can be changed in bulk. move sets
// the due day on or back by business days; state is a task.State, and why goes
// with it.
var TaskFields = strings.Fields("state owner due_date move minutes")

// why stands beside the state it is about.
const why = "why"

type tasks struct{ *Service }

func (t tasks) page(ctx context.Context, query, cursor string) ([]id.ID, string, error) {
	q, err := t.TaskQuery(ctx, query)
	if err != nil {
		return nil, "", err
	}
	q.Sort, q.Limit, q.Cursor = "created", task.MaxPage, cursor
	found, err := t.Tasks.List(ctx, q)
	ids := make([]id.ID, len(found.Items))
	for i, x := range found.Items {
		ids[i] = x.ID
	}
	return ids, found.Next, err
}

func (t tasks) check(ctx context.Context, edits []Edit) error {
	var list []*errs.E
	for _, e := range edits {
		if !slices.Contains(TaskFields, e.Field) && e.Field != why {
			list = append(list, errs.Field(e.Field, "bulk.err.field"))
		}
		if e.Field == "state" && e.New == string(task.StateSkipped) && text.Line(wordOf(edits)) == "" {
			list = append(list, errs.Field(why, "task.err.why"))
		}
		if e.Field == why && len([]rune(e.New)) > task.MaxWords {
			list = append(list, errs.Field(why, "err.too_long", "Max", task.MaxWords))
		}
		if e.Field == "owner" && e.New != "" && !t.member(ctx, e.New) {
			list = append(list, errs.Field("owner", "err.choice"))
		}
	}
	if err := errs.Join(list...); err != nil {
		return err
	}
	_, err := t.edited(ctx, task.Task{State: task.StateOpen, Due: t.today(ctx)}, edits)
	return err
}

func (t tasks) member(ctx context.Context, word string) bool {
	ref, err := id.Parse(word)
	if err != nil {
		return false
	}
	m, err := t.People.Member(ctx, ref)
	return err == nil && m.State != workspace.Left
}

func (t tasks) today(ctx context.Context) cal.Date {
	return cal.Of(t.Now().In(who.From(ctx).Location()))
}

func wordOf(edits []Edit) string {
	for _, e := range edits {
		if e.Field == why {
			return strings.TrimSpace(text.Clean(e.New))
		}
	}
	return ""
}

// edited is a task after the edits.
func (t tasks) edited(ctx context.Context, x task.Task, edits []Edit) (task.Task, error) {
	for _, e := range edits {
		word := text.Line(e.New)
		switch e.Field {
		case "owner":
			x.Owner, _ = id.Parse(word)
		case "due_date":
			d, err := cal.ParseLoose(word, t.today(ctx))
			if err != nil {
				return x, field.DateError("due_date", err)
			}
			x.Due = d
		case "move":
			n, err := strconv.Atoi(text.Fold(word))
			switch {
			case err != nil || n < -maxMove || n > maxMove:
				return x, errs.Field("move", "bulk.err.days", "Max", maxMove)
			case x.Due == "":
				return x, errs.Field("due_date", "bulk.why.no_day")
			}
			x.Due = t.Tasks.MoveDays(x.Due, n)
		case "minutes":
			n, err := strconv.Atoi(text.Fold(word))
			if word != "" && err != nil || n < 0 || n > task.MaxMinutes {
				return x, errs.Field("minutes", "task.err.minutes", "Max", task.MaxMinutes)
			}
			x.Minutes = n
		case "state":
			if x.State = task.State(word); !x.State.Valid() {
				return x, errs.Field("state", "err.choice")
			}
		}
	}
	return x, nil
}

// maxMove is the most business days a due day is moved by.
const maxMove = 500

func (t tasks) compare(ctx context.Context, ids []id.ID, edits []Edit) ([]Row, error) {
	found, err := t.Tasks.Readable(ctx, t.db, ids)
	if err != nil {
		return nil, err
	}
	parts, err := t.Tasks.WithParts(ctx, t.db, ids)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, ref := range ids {
		old, ok := found[ref]
		if !ok {
			continue
		}
		r := Row{Ref: ref, Outcome: Same}
		to, err := t.edited(ctx, old.Task, edits)
		if err == nil {
			err = t.Tasks.May(ctx, old.Task, to.State, wordOf(edits), parts[ref])
		}
		if err != nil {
			r.Outcome, r.Why = Refused, reasonOf(err)
		} else if r.Before, r.After = taskSides(old.Task, to); len(r.After) > 0 {
			r.Outcome = Change
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// taskValue is an attribute of a task; nil is unset.
func taskValue(x task.Task, name string) any {
	s := ""
	switch name {
	case "owner":
		s = x.Owner.String()
	case "due_date":
		s = string(x.Due)
	case "state":
		s = string(x.State)
	case "minutes":
		if x.Minutes > 0 {
			s = strconv.Itoa(x.Minutes)
		}
	}
	if s == "" {
		return nil
	}
	return s
}

func taskSides(old, to task.Task) (before, after Values) {
	before, after = Values{}, Values{}
	for _, name := range TaskFields {
		if a, b := taskValue(old, name), taskValue(to, name); a != b {
			before[name], after[name] = a, b
		}
	}
	return before, after
}

// putTask sets canonical values.
func putTask(x *task.Task, v Values) {
	for _, name := range v.Names() {
		s, _ := v[name].(string)
		switch name {
		case "owner":
			x.Owner, _ = id.Parse(s)
		case "due_date":
			x.Due = cal.Date(s)
		case "minutes":
			x.Minutes, _ = strconv.Atoi(s)
		case "state":
			x.State = task.State(s)
		}
	}
}

// keptWhy is the word beside a state.
const keptWhy = "_why"

// settled keeps who settled a task, when, and with which word.
func settled(x task.Task, into Values) {
	into[keptBy], into[keptAt], into[keptWhy] = x.DoneBy.String(), db.Micros(x.DoneAt), x.Why
}

func (t tasks) apply(ctx context.Context, tx *db.Tx, act Act, rows []Row) error {
	ids := refs(rows)
	found, err := t.Tasks.Readable(ctx, tx, ids)
	if err != nil {
		return err
	}
	parts, err := t.Tasks.WithParts(ctx, tx, ids)
	if err != nil {
		return err
	}
	word, now := wordOf(act.Edits), t.Now().Truncate(time.Microsecond)
	var list []task.Rewrite
	for i := range rows {
		r := &rows[i]
		old, there := found[r.Ref]
		if !there {
			r.Outcome, r.Why = Left, Reason{Key: "bulk.why.gone"}
			continue
		}
		if changed := r.Before.others(func(n string) any { return taskValue(old.Task, n) }); len(changed) > 0 {
			r.Outcome, r.Why = Left, Reason{Key: "bulk.why.changed", Fields: changed}
			continue
		}
		to := old.Task
		putTask(&to, r.After)
		if err := t.Tasks.May(ctx, old.Task, to.State, word, parts[r.Ref]); err != nil {
			r.Outcome, r.Why = Left, reasonOf(err)
			continue
		}
		if to.State != old.State {
			settled(old.Task, r.Before)
			if to.Why, to.DoneAt, to.DoneBy = word, now, who.From(ctx).Member; to.State == task.StateOpen {
				to.Why, to.DoneAt, to.DoneBy = "", time.Time{}, 0
			}
			r.After[keptAt] = db.Micros(to.DoneAt)
		}
		r.Outcome = Done
		list = append(list, task.Rewrite{Old: old.Task, New: to})
	}
	return t.Tasks.RewriteIn(ctx, tx, list)
}

func (t tasks) undo(ctx context.Context, tx *db.Tx, rows []Row) error {
	found, err := t.Tasks.Readable(ctx, tx, refs(rows))
	if err != nil {
		return err
	}
	var list []task.Rewrite
	for i := range rows {
		r := &rows[i]
		old, there := found[r.Ref]
		if !there {
			r.Outcome, r.Why = Partly, Reason{Key: "bulk.why.gone"}
			continue
		}
		later := r.After.others(func(n string) any { return taskValue(old.Task, n) })
		_, state := r.After["state"]
		if state && !slices.Contains(later, "state") && number(r.After[keptAt]) != db.Micros(old.DoneAt) {
			later = append(later, "state") // settled once more since
		}
		to := old.Task
		back := Values{}
		for _, name := range r.Before.Names() {
			if !slices.Contains(later, name) {
				back[name] = r.Before[name]
			}
		}
		putTask(&to, back)
		if _, ok := back["state"]; ok {
			by, _ := r.Before[keptBy].(string)
			to.DoneBy, _ = id.Parse(by)
			to.Why, _ = r.Before[keptWhy].(string)
			to.DoneAt = db.FromMicros(number(r.Before[keptAt]))
		}
		if len(back) > 0 {
			list = append(list, task.Rewrite{Old: old.Task, New: to})
		}
		if r.Outcome = Back; len(later) > 0 {
			r.Outcome, r.Why = Partly, Reason{Key: "bulk.why.later", Fields: later}
		}
	}
	return t.Tasks.RewriteIn(ctx, tx, list)
}

func refs(rows []Row) []id.ID {
	ids := make([]id.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.Ref
	}
	return ids
}

func (t tasks) name(ctx context.Context, rows []Row) ([]Row, error) {
	found, err := t.Tasks.Readable(ctx, t.db, refs(rows))
	var out []Row
	for _, r := range rows {
		if x, ok := found[r.Ref]; ok {
			r.Name, r.Org, r.Href = x.ContractName, x.Title, "/tasks/"+x.ID.String()
			out = append(out, r)
		}
	}
	return out, err
}
