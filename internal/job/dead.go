package job

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Dead lists the dead letters of the actor's workspace, newest first, at most
// 100.
func (q *Queue) Dead(ctx context.Context) ([]Job, error) {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return nil, err
	}
	return db.All(ctx, q.db, scan, "SELECT "+columns+` FROM job
		WHERE workspace_id = $1 AND state = 'dead' ORDER BY id DESC LIMIT 100`, a.Workspace)
}

// Retry puts a dead letter of the actor's workspace back, with all its tries.
// It is a conflict if a job with its key is ready or running meanwhile.
func (q *Queue) Retry(ctx context.Context, i id.ID) error {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return err
	}
	err = q.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `UPDATE job SET state = 'ready', run_at = $1, tries = 0, finished_at = 0
			WHERE workspace_id = $2 AND id = $3 AND state = 'dead'`, db.Micros(q.now()), a.Workspace, i)
		if err == nil && n == 0 {
			err = errs.Missing("job")
		}
		tx.AfterCommit(q.nudge)
		return err
	})
	if db.UniqueOn(err, "job") {
		return errs.New(errs.Conflict, "job.err.queued").With(err)
	}
	return err
}
