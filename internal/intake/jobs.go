package intake

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake/upload"
	"kizuki/internal/job"
	"kizuki/internal/who"
)

const (
	stageKind = "intake.stage"
	applyKind = "intake.apply"
	sweepKind = "intake.sweep"
)

// task is what a job is about: an import, and on whose behalf.
type task struct {
	Import id.ID         `json:"import"`
	Member id.ID         `json:"member"`
	Apply  *ApplyOptions `json:"apply,omitempty"`
}

// handleJobs names the handlers, and the daily one that clears away what
// nobody needs any more.
func (s *Service) handleJobs() {
	if s.jobs == nil {
		return
	}
	s.jobs.Handle(stageKind, s.stageJob)
	s.jobs.Handle(applyKind, s.applyJob)
	s.jobs.Handle(sweepKind, func(ctx context.Context, _ job.Job) error { return s.Sweep(ctx) })
	s.jobs.Cron(sweepKind, "17 3 * * *", time.UTC, sweepKind)
}

func (s *Service) addJob(ctx context.Context, tx *db.Tx, kind string, a who.Actor, importID id.ID, opt *ApplyOptions) error {
	if s.jobs == nil {
		return errs.New(errs.Unavailable, "err.unavailable")
	}
	return s.jobs.AddIn(ctx, tx, job.Add{Workspace: a.Workspace, Kind: kind, Key: importID.String(),
		Payload: task{Import: importID, Member: a.Member, Apply: opt}})
}

// onBehalf is the member the job works for; that the member was allowed to was
// checked when the job was added.
func onBehalf(ctx context.Context, j job.Job) (context.Context, task, error) {
	var t task
	if err := json.Unmarshal(j.Payload, &t); err != nil {
		return ctx, t, job.Never(err)
	}
	a := who.From(ctx)
	a.Workspace, a.Member, a.System = j.Workspace, t.Member, true
	return who.With(ctx, a), t, nil
}

func (s *Service) stageJob(ctx context.Context, j job.Job) error {
	ctx, t, err := onBehalf(ctx, j)
	if err != nil {
		return err
	}
	imp, err := oneImport(ctx, s.db, j.Workspace, t.Import)
	if err != nil || imp.State != Staging {
		return err // dropped meanwhile
	}
	path, err := upload.Fetch(ctx, s.db, j.Workspace, t.Import)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	if _, err = s.stage(ctx, t.Import, path); err != nil || t.Apply == nil {
		return told(err)
	}
	_, err = s.apply(ctx, t.Import, *t.Apply, j.DoneIn)
	return s.tell(ctx, j, t, err)
}

func (s *Service) applyJob(ctx context.Context, j job.Job) error {
	ctx, t, err := onBehalf(ctx, j)
	if err != nil {
		return err
	}
	var opt ApplyOptions
	if t.Apply != nil {
		opt = *t.Apply
	}
	_, err = s.apply(ctx, t.Import, opt, j.DoneIn)
	return s.tell(ctx, j, t, err)
}

// tell keeps why an import could not be applied where a person sees it.
func (s *Service) tell(ctx context.Context, j job.Job, t task, err error) error {
	if err == nil || errs.As(err).Code == errs.Internal {
		return err
	}
	e := errs.As(err)
	p := &Problem{Key: e.Key, Args: e.Args}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := moveState(ctx, tx, j.Workspace, t.Import, Staged, Applying, Staged)
		if err != nil || !ok {
			return err
		}
		return setImport(ctx, tx, j.Workspace, t.Import, "problem", db.AsJSON(p))
	})
}

// told: what a person can mend is on the import's page by now and is no
// failure of the job.
func told(err error) error {
	if err != nil && errs.As(err).Code != errs.Internal {
		return nil
	}
	return err
}

// How long things are kept that nobody came back for.
const (
	keepStaged = 7 * 24 * time.Hour
	keepFile   = 24 * time.Hour
)

// Sweep drops staged imports after a week, and files a day after their import
// was settled.
func (s *Service) Sweep(ctx context.Context) error {
	type stale struct{ ws, imp id.ID }
	scan := func(r db.Row) (x stale, err error) { err = r.Scan(&x.ws, &x.imp); return x, err }
	now := s.now()
	old, err := db.All(ctx, s.db, scan, `SELECT workspace_id, id FROM import
		WHERE state IN ('staging', 'staged', 'failed') AND at < $1`, db.Micros(now.Add(-keepStaged)))
	if err != nil {
		return err
	}
	for _, x := range old {
		err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := moveState(ctx, tx, x.ws, x.imp, Dropped, Staging, Staged, Failed)
			return err
		})
		if err == nil {
			err = s.forget(ctx, x.ws, x.imp)
		}
		if err != nil {
			return err
		}
	}
	done, err := db.All(ctx, s.db, scan, `SELECT DISTINCT i.workspace_id, i.id FROM import i JOIN import_file f
		ON f.workspace_id = i.workspace_id AND f.import_id = i.id
		WHERE i.state IN ('applied', 'undone') AND i.applied_at < $1`, db.Micros(now.Add(-keepFile)))
	if err != nil {
		return err
	}
	for _, x := range done {
		if err := upload.Forget(ctx, s.db, x.ws, x.imp); err != nil {
			return err
		}
	}
	return nil
}
