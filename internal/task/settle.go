package task

import (
	"context"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// Done says that a task is done, with a word about it or none. A task with
// open subtasks is Stopped (task.err.open_subtasks) unless withParts says
// that they are done, too. What is done already stays as it is.
func (s *Service) Done(ctx context.Context, task id.ID, words string, withParts bool) (Task, error) {
	return s.settle(ctx, task, words, func(t Task, open []Task) (State, error) {
		if len(open) > 0 && !withParts {
			return "", errs.New(errs.Stopped, "task.err.open_subtasks", "Count", len(open))
		}
		return StateDone, nil
	})
}

// Skip says that a task will not be done, and why; its open subtasks go with it.
func (s *Service) Skip(ctx context.Context, task id.ID, why string) (Task, error) {
	return s.settle(ctx, task, why, func(Task, []Task) (State, error) { return StateSkipped, needWhy(why) })
}

// Delete takes back a task that somebody made by a slip. It may be brought
// back by Reopen. Only its maker or an admin may, and what a rule made is
// skipped rather than deleted.
func (s *Service) Delete(ctx context.Context, task id.ID, why string) (Task, error) {
	a := who.From(ctx)
	return s.settle(ctx, task, why, func(t Task, _ []Task) (State, error) {
		if t.OriginKind != "" || t.CreatedBy != a.Member && !a.May(who.Administer) {
			return "", errs.New(errs.Forbidden, "task.err.not_yours")
		}
		return StateClosed, nil
	})
}

func needWhy(why string) error {
	if text.Line(why) == "" {
		return errs.Field("why", "task.err.why")
	}
	return nil
}

func (s *Service) settle(ctx context.Context, task id.ID, words string, to func(t Task, open []Task) (State, error)) (t Task, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Task{}, err
	}
	words = clean(words)
	if e := checkWords("words", words); e != nil {
		return Task{}, e
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if t, err = one(ctx, tx, a, task); err != nil {
			return err
		}
		open, err := openParts(ctx, tx, a.Workspace, task)
		if err != nil {
			return err
		}
		if !t.Open() {
			open = nil // what is settled asks nothing more
		}
		state, err := to(t, open)
		switch {
		case err != nil:
			return err
		case t.State == state:
			return nil // said twice: a double click, a second tab
		case !t.Open():
			return errs.New(errs.Conflict, "task.err.settled")
		}
		all := append([]Task{t}, open...)
		if err := s.close(ctx, tx, a.Workspace, all, state, words, a.Member); err != nil {
			return err
		}
		t = all[0]
		return s.say(ctx, tx, t, words, state)
	})
	return t, err
}

// close settles tasks in one moment, so that Reopen finds them together.
func (s *Service) close(ctx context.Context, tx *db.Tx, ws id.ID, list []Task, state State, why string, by id.ID) error {
	now := s.Now()
	ids := make([]id.ID, len(list))
	news := make([]bus.Change, len(list))
	kind := map[State]bus.Kind{StateDone: Done, StateSkipped: Skipped, StateClosed: Closed}[state]
	for i := range list {
		t := &list[i]
		t.State, t.Why, t.DoneAt, t.DoneBy = state, why, now, by
		t.Version++
		ids[i], news[i] = t.ID, t.news(ws, kind, "why", why)
	}
	if err := setState(ctx, tx, ws, ids, state, why, now, by); err != nil {
		return err
	}
	return s.bus.Publish(ctx, tx, news...)
}

// say puts a person's words on the trail. A deleted task leaves none.
func (s *Service) say(ctx context.Context, tx *db.Tx, t Task, words string, state State) error {
	if s.notes == nil || words == "" || t.Contract == 0 || state == StateClosed {
		return nil
	}
	return s.notes.PostAboutIn(ctx, tx, t.Contract, words, "task", t.ID)
}

// Reopen takes back Done, Skip and Delete, with the subtasks settled in the
// same moment. What is open stays as it is.
func (s *Service) Reopen(ctx context.Context, task id.ID) (t Task, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Task{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if t, err = one(ctx, tx, a, task); err != nil || t.Open() {
			return err
		}
		parts, err := db.All(ctx, tx, scan, selectTask+
			" WHERE t.workspace_id = $1 AND t.parent_id = $2 AND t.state = $3 AND t.done_at = $4",
			a.Workspace, task, t.State, db.Time(t.DoneAt))
		if err != nil {
			return err
		}
		t.State, t.Why, t.DoneAt, t.DoneBy = StateOpen, "", time.Time{}, 0
		t.Version++
		return s.reopen(ctx, tx, a.Workspace, append([]Task{t}, parts...))
	})
	return t, err
}

func (s *Service) reopen(ctx context.Context, tx *db.Tx, ws id.ID, list []Task) error {
	ids := make([]id.ID, len(list))
	news := make([]bus.Change, len(list))
	for i, t := range list {
		ids[i], news[i] = t.ID, t.news(ws, Reopened)
	}
	if err := setState(ctx, tx, ws, ids, StateOpen, "", time.Time{}, 0); err != nil {
		return err
	}
	return s.bus.Publish(ctx, tx, news...)
}

// Snooze puts a task off to a day, or to the next business day when that one
// is closed; "" takes it back. The due day stays what it was.
func (s *Service) Snooze(ctx context.Context, task id.ID, until cal.Date) (t Task, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Task{}, err
	}
	switch {
	case until != "" && !until.Valid():
		return Task{}, errs.Field("until", "task.err.date")
	case until != "" && until < s.today(a):
		return Task{}, errs.Field("until", "task.err.past")
	}
	until = s.days.OnOrAfter(until)
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if t, err = one(ctx, tx, a, task); err != nil {
			return err
		}
		if !t.Open() {
			return errs.New(errs.Conflict, "task.err.settled")
		}
		if t.SnoozeUntil == until {
			return nil
		}
		t.SnoozeUntil = until
		t.Version++
		if err := update(ctx, tx, a.Workspace, t); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, t.news(a.Workspace, Snoozed, "until", string(until)))
	})
	return t, err
}
