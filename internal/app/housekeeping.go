package app

import (
	"context"
	"time"

	"kizuki/internal/job"
	"kizuki/internal/today"
)

const sweepKind = "workspace.sweep"

// housekeeping is what nobody asks for and somebody must do.
func (a *App) housekeeping() {
	a.Jobs.Handle(sweepKind, func(ctx context.Context, _ job.Job) error { return a.Workspace.Sweep(ctx) })
	a.Jobs.Cron(sweepKind, "30 3 * * *", time.UTC, sweepKind)
}

// absences are the rows that vanished from lists the member answers for.
func (a *App) absences(ctx context.Context) ([]today.Absence, error) {
	list, err := a.Imports.AbsentForMe(ctx)
	out := make([]today.Absence, len(list))
	for i, x := range list {
		out[i] = today.Absence{Key: x.SourceID.String() + "/" + x.ContractID.String(), Contract: x.ContractID,
			Source: x.SourceName, Since: x.Since}
	}
	return out, err
}
