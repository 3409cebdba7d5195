package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/today"
)

const (
	sweepKind = "workspace.sweep"
	filesKind = "file.sweep"
)

// housekeeping is what nobody asks for and somebody must do.
func (a *App) housekeeping() {
	a.Jobs.Handle(sweepKind, func(ctx context.Context, _ job.Job) error { return a.Workspace.Sweep(ctx) })
	a.Jobs.Cron(sweepKind, "30 3 * * *", time.UTC, sweepKind)
	a.Jobs.Handle(filesKind, func(ctx context.Context, _ job.Job) error { return a.sweepFiles(ctx) })
	a.Jobs.Cron(filesKind, "47 * * * *", time.UTC, filesKind)
}

// sweepFiles lets no workspace wait for another whose bytes cannot be deleted.
func (a *App) sweepFiles(ctx context.Context) error {
	list, err := a.Workspace.EveryWorkspace(ctx)
	for _, w := range list {
		err = errors.Join(err, a.Files.Sweep(ctx, w.ID))
	}
	return err
}

// absences are the rows that vanished from lists members answer for. One of
// several is the line of the first that answers for it.
func (a *App) absences(ctx context.Context, members []id.ID) ([]today.Absence, error) {
	list, err := a.Imports.Absent(ctx, members...)
	out := make([]today.Absence, len(list))
	for i, x := range list {
		out[i] = today.Absence{Key: x.Key(), Contract: x.ContractID, Source: x.SourceName, Since: x.Since}
		for _, m := range members {
			if slices.Contains(x.Owners[:], m) {
				out[i].For = m
				break
			}
		}
	}
	return out, err
}

// covered are the members the actor stands in for today.
func (a *App) covered(ctx context.Context) ([]today.Person, error) {
	list, err := a.Handovers.Covered(ctx)
	out := make([]today.Person, len(list))
	for i, p := range list {
		out[i] = today.Person(p)
	}
	return out, err
}

// news tells which rooms have something new for the member.
func (a *App) news(ctx context.Context) (map[string]bool, error) {
	fresh, err := a.Everyone.Fresh(ctx)
	return map[string]bool{"everyone": fresh}, err
}
