package task

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// chunk is how many rows one statement takes.
const chunk = 500

func clean(s string) string { return strings.TrimSpace(text.Clean(s)) }

// CreateManyIn makes tasks for another feature and gives those it made: what
// an origin made before is left alone, however it stands. The caller answers
// for contracts and owners being of the workspace; an owner may be missing.
func (s *Service) CreateManyIn(ctx context.Context, tx *db.Tx, list []New) ([]Task, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := list[i].clean(); err != nil {
			return nil, err
		}
		if list[i].Parent != 0 {
			return nil, errs.Field("parent", "task.err.one_level")
		}
	}
	return s.make(ctx, tx, a.Workspace, list)
}

func (s *Service) make(ctx context.Context, tx *db.Tx, ws id.ID, list []New) ([]Task, error) {
	now, by := s.Now(), id.ID(0)
	if c := bus.CauseOf(ctx); c.ActorKind == "member" {
		by = c.ActorID
	}
	tasks := make([]Task, len(list))
	for i, n := range list {
		tasks[i] = Task{ID: id.New(), Contract: n.Contract, Parent: n.Parent, Title: n.Title, Owner: n.Owner, Due: n.Due, Plan: n.Plan,
			Minutes: n.Minutes, State: StateOpen, CreatedBy: by, CreatedAt: now,
			OriginKind: n.OriginKind, OriginID: n.OriginID, OriginNo: n.OriginNo, Version: 1}
	}
	var made []Task
	var news []bus.Change
	for start := 0; start < len(tasks); start += chunk {
		part := tasks[start:min(start+chunk, len(tasks))]
		stored, err := insert(ctx, tx, ws, part)
		if err != nil {
			return nil, err
		}
		for i, t := range part {
			if !stored[t.ID] {
				continue
			}
			c := t.news(ws, Created, "due", string(t.Due))
			if list[start+i].Told {
				c = quiet(c)
			}
			made, news = append(made, t), append(news, c)
		}
	}
	if len(made) == 0 {
		return nil, nil
	}
	return made, s.bus.Publish(ctx, tx, news...)
}

// CloseIn closes open tasks for another feature, saying why; what is settled
// stays as it is.
func (s *Service) CloseIn(ctx context.Context, tx *db.Tx, ws id.ID, tasks []id.ID, why string) error {
	return inState(ctx, tx, ws, StateOpen, tasks, func(list []Task) error {
		return s.close(ctx, tx, ws, list, StateClosed, why, who.From(ctx).Member)
	})
}

// ReopenIn takes CloseIn back; what people settled stays as it is.
func (s *Service) ReopenIn(ctx context.Context, tx *db.Tx, ws id.ID, tasks []id.ID) error {
	return inState(ctx, tx, ws, StateClosed, tasks, func(list []Task) error { return s.reopen(ctx, tx, ws, list) })
}

// inState reads those of the tasks that stand in a state, a chunk at a time.
func inState(ctx context.Context, tx *db.Tx, ws id.ID, state State, tasks []id.ID, f func([]Task) error) error {
	for start := 0; start < len(tasks); start += chunk {
		var w db.Where
		w.And("t.workspace_id = ? AND t.state = ?", ws, string(state))
		db.In(&w, "t.id", tasks[start:min(start+chunk, len(tasks))])
		list, err := db.All(ctx, tx, scan, selectTask+" WHERE "+w.SQL(), w.Args()...)
		if err == nil && len(list) > 0 {
			err = f(list)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// MoveIn gives open tasks new due days on behalf of their origin. One put off
// beyond its new day comes back for it.
func (s *Service) MoveIn(ctx context.Context, tx *db.Tx, ws id.ID, due map[id.ID]cal.Date) error {
	ids := slices.Sorted(maps.Keys(due))
	return inState(ctx, tx, ws, StateOpen, ids, func(list []Task) error { return s.move(ctx, tx, ws, list, due) })
}

func (s *Service) move(ctx context.Context, tx *db.Tx, ws id.ID, list []Task, due map[id.ID]cal.Date) error {
	var w db.Where
	var values []string
	var news []bus.Change
	for _, t := range list {
		if t.Due == due[t.ID] {
			continue
		}
		values = append(values, fmt.Sprintf("(CAST(%s AS BIGINT), CAST(%s AS TEXT))", w.Arg(t.ID), w.Arg(string(due[t.ID]))))
		c := quiet(t.news(ws, Changed))
		c.Fields = map[string][2]any{"due_date": {string(t.Due), string(due[t.ID])}}
		news = append(news, c)
	}
	if len(news) == 0 {
		return nil
	}
	_, err := db.Exec(ctx, tx, "WITH moved (id, due) AS (VALUES "+strings.Join(values, ",")+`)
		UPDATE task SET due_date = moved.due, given_due = moved.due, version = version + 1,
			snooze_until = CASE WHEN snooze_until > moved.due THEN '' ELSE snooze_until END
		FROM moved WHERE task.workspace_id = `+w.Arg(ws)+" AND task.id = moved.id", w.Args()...)
	if err != nil {
		return err
	}
	return s.bus.Publish(ctx, tx, news...)
}

// WakeIn lets sleeping tasks come up on a day before they are due, on behalf of
// the rule that made them. It is no news: nothing about them changes.
func (s *Service) WakeIn(ctx context.Context, tx *db.Tx, ws id.ID, tasks []id.ID, day cal.Date) error {
	for part := range slices.Chunk(tasks, chunk) {
		var w db.Where
		set := "UPDATE task SET plan_date = " + w.Arg(string(day)) + ", plan_due = due_date WHERE "
		w.And("workspace_id = ? AND state = 'open'", ws)
		db.In(&w, "id", part)
		if _, err := db.Exec(ctx, tx, set+w.SQL(), w.Args()...); err != nil {
			return err
		}
	}
	return nil
}

// follow hands the tasks that rules made for a contract's owner to the new one;
// a task somebody else has been given stays theirs, and so does a settled one.
// Those that closed with a term follow, too: they may be open again, and an
// import that began a term and changed the owner must leave nothing behind.
func (s *Service) follow(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
	type hands struct{ ws, from, to id.ID }
	moved := map[hands][]id.ID{}
	for _, c := range changes {
		if f, ok := c.Fields["owner"]; ok {
			h := hands{c.Workspace, asID(f[0]), asID(f[1])}
			moved[h] = append(moved[h], c.Contract)
		}
	}
	for h, contracts := range moved {
		for start := 0; start < len(contracts); start += chunk {
			if err := s.handOver(ctx, tx, h.ws, h.from, h.to, contracts[start:min(start+chunk, len(contracts))]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) handOver(ctx context.Context, tx *db.Tx, ws, from, to id.ID, contracts []id.ID) error {
	w := new(db.Where)
	w.And("t.workspace_id = ? AND t.state IN ('open', 'closed') AND t.origin_kind = ?", ws, RuleOrigin)
	ownedBy(w, from)
	db.In(w, "t.contract_id", contracts)
	list, err := db.All(ctx, tx, scan, selectTask+" WHERE "+w.SQL(), w.Args()...)
	if err != nil || len(list) == 0 {
		return err
	}
	return s.give(ctx, tx, ws, list, to, quiet)
}

// RuleOrigin is the origin of what rules make; its id is the firing.
const RuleOrigin = "rule_firing"

// asID reads an id as a history may write it.
func asID(v any) id.ID {
	switch v := v.(type) {
	case id.ID:
		return v
	case string:
		i, _ := id.Parse(v)
		return i
	}
	return 0
}
