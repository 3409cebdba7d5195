package bulk

import (
	"context"
	"encoding/json"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/who"
)

const (
	stageKind = "bulk.stage"
	applyKind = "bulk.apply"
	undoKind  = "bulk.undo"
	sweepKind = "bulk.sweep"
)

// way is how rows get from one outcome to the next: they are applied, or taken
// back.
type way struct {
	from, state, to State   // of the act: before, while it is under way, after
	todo            Outcome // rows that wait
	left            Outcome // what becomes of those that cannot be done
	column          string  // when it was done
	cause           string
	audit           string
	job             string
	write           func(ctx context.Context, tx *db.Tx, t target, act Act, rows []Row) error
}

var (
	applying = way{from: Staged, state: Applying, to: Applied, todo: Change, left: Left, column: "applied_at",
		cause: Cause, audit: "bulk.applied", job: applyKind,
		write: func(ctx context.Context, tx *db.Tx, t target, act Act, rows []Row) error {
			return t.apply(ctx, tx, act, rows)
		}}
	undoing = way{from: Applied, state: Undoing, to: Undone, todo: Done, left: Partly, column: "undone_at",
		cause: UndoCause, audit: "bulk.undone", job: undoKind,
		write: func(ctx context.Context, tx *db.Tx, t target, _ Act, rows []Row) error { return t.undo(ctx, tx, rows) }}
)

// because marks what is changed as the act's doing.
func because(ctx context.Context, act Act, w way) context.Context {
	return bus.Because(ctx, bus.Cause{ActorKind: "member", ActorID: who.From(ctx).Member, Kind: w.cause, ID: act.ID})
}

// slice does with the next rows what is to be done, and moves them on in the
// same transaction; without any the act is over.
func (s *Service) slice(ctx context.Context, tx *db.Tx, ws id.ID, act Act, w way) (more bool, err error) {
	t, err := s.targetOf(act.Target)
	if err != nil {
		return false, err
	}
	rows, err := readRows(ctx, tx, ws, act.ID, 0, s.sizes.slice, w.todo)
	if err != nil {
		return false, err
	}
	if len(rows) == 0 {
		if _, err := move(ctx, tx, ws, act.ID, w.to, w.state); err != nil {
			return false, err
		}
		return false, setTime(ctx, tx, ws, act.ID, w.column, db.Micros(s.Now()))
	}
	if err := w.write(ctx, tx, t, act, rows); err != nil {
		return false, err
	}
	return true, rewrite(ctx, tx, ws, act.ID, rows)
}

// payload is what a job is about: an act, and on whose behalf.
type payload struct {
	Act    id.ID `json:"act"`
	Member id.ID `json:"member"`
}

// handleJobs names the handlers, and the daily one that forgets what nobody
// came back for.
func (s *Service) handleJobs() {
	s.Jobs.Handle(stageKind, s.stageJob)
	s.Jobs.Handle(applyKind, s.wayJob(applying))
	s.Jobs.Handle(undoKind, s.wayJob(undoing))
	s.Jobs.Handle(sweepKind, func(ctx context.Context, _ job.Job) error {
		return forget(ctx, s.db, db.Micros(s.Now().Add(-keepStaged)))
	})
	s.Jobs.Cron(sweepKind, "41 3 * * *", time.UTC, sweepKind)
}

// keepStaged is how long an act is kept that nobody applied.
const keepStaged = 7 * 24 * time.Hour

func (s *Service) addJob(ctx context.Context, tx *db.Tx, kind string, act id.ID) error {
	a := who.From(ctx)
	return s.Jobs.AddIn(ctx, tx, job.Add{Workspace: a.Workspace, Kind: kind, Key: act.String(), Payload: payload{Act: act, Member: a.Member}})
}

// as is the member the job works for, with the rights of now; found is false
// for one who has left.
func (s *Service) as(ctx context.Context, j job.Job) (_ context.Context, p payload, found bool, err error) {
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return ctx, p, false, job.Never(err)
	}
	people, err := s.People.Recipients(ctx, p.Member)
	if err != nil || len(people) == 0 {
		return ctx, p, false, err
	}
	return who.With(ctx, people[0].Actor), p, true, nil
}

// stageJob reads a long selection, a thousand records a transaction.
func (s *Service) stageJob(ctx context.Context, j job.Job) error {
	ctx, p, found, err := s.as(ctx, j)
	if err != nil || !found {
		return err
	}
	for {
		act, err := oneAct(ctx, s.db, j.Workspace, p.Act)
		if err != nil || act.State != Staging {
			return gone(err)
		}
		if err := s.stagePart(ctx, j, act); err != nil {
			return err
		}
	}
}

func (s *Service) stagePart(ctx context.Context, j job.Job, act Act) error {
	t, err := s.targetOf(act.Target)
	if err != nil {
		return err
	}
	ids, next, err := s.gather(ctx, t, act.Selection, act.cursor, s.sizes.atOnce)
	if err != nil {
		return err
	}
	rows, err := t.compare(ctx, ids, act.Edits)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		to := Staging
		if next == "" {
			to = Staged
			if err := j.DoneIn(ctx, tx); err != nil {
				return err
			}
		}
		ok, err := move(ctx, tx, j.Workspace, act.ID, to, Staging)
		if err != nil || !ok {
			return err
		}
		if err := insertRows(ctx, tx, j.Workspace, act.ID, rows); err != nil {
			return err
		}
		return setCursor(ctx, tx, j.Workspace, act.ID, next)
	})
}

// wayJob does slice after slice, each in a transaction of its own.
func (s *Service) wayJob(w way) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		ctx, p, found, err := s.as(ctx, j)
		if err != nil {
			return err
		}
		for more := true; more && err == nil && found; {
			more, err = s.step(ctx, j, p.Act, w)
		}
		switch {
		case err != nil && errs.As(err).Code != errs.Internal:
			return s.stop(ctx, j, p.Act, w, reasonOf(err))
		case err == nil && !found:
			return s.stop(ctx, j, p.Act, w, Reason{Key: "err.forbidden"})
		}
		return err
	}
}

func (s *Service) step(ctx context.Context, j job.Job, ref id.ID, w way) (more bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := who.Check(ctx, who.Write); err != nil {
			return err
		}
		if ok, err := move(ctx, tx, j.Workspace, ref, w.state, w.state); err != nil || !ok {
			return err // it is over; or somebody else is at it, and this one comes after
		}
		act, err := oneAct(ctx, tx, j.Workspace, ref)
		if err != nil {
			return err
		}
		if more, err = s.slice(because(ctx, act, w), tx, j.Workspace, act, w); err != nil || more {
			return err
		}
		return j.DoneIn(ctx, tx)
	})
	return more, err
}

// stop ends an act early: what is not done stays as it is, and says why.
func (s *Service) stop(ctx context.Context, j job.Job, ref id.ID, w way, why Reason) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if ok, err := move(ctx, tx, j.Workspace, ref, w.to, w.state); err != nil || !ok {
			return err
		}
		if err := leave(ctx, tx, j.Workspace, ref, w.todo, w.left, why); err != nil {
			return err
		}
		if err := setTime(ctx, tx, j.Workspace, ref, w.column, db.Micros(s.Now())); err != nil {
			return err
		}
		return j.DoneIn(ctx, tx)
	})
}

// gone: an act that was forgotten meanwhile is no failure of its job.
func gone(err error) error {
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}
