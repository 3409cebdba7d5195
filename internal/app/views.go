package app

import (
	"context"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/contract/contracthttp"
	"kizuki/internal/contract/walk"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/revenue/revenuehttp"
	"kizuki/internal/task/taskhttp"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// recently is how far back the views about words look, in days.
const recently = 30

// views are ready conditions of the list of contracts that the trail knows.
var views = map[string]func(a who.Actor, now time.Time) walk.Cond{
	"quiet": func(a who.Actor, now time.Time) walk.Cond { return timeline.Quiet(a, now.AddDate(0, 0, -recently)) },
	"hunch": func(a who.Actor, now time.Time) walk.Cond { return timeline.Hunched(a, now.AddDate(0, 0, -recently)) },
}

// nextTasks are what comes next with contracts.
func (a *App) nextTasks(ctx context.Context, ids []id.ID) (map[id.ID]contracthttp.Todo, error) {
	found, err := a.Tasks.NextByContract(ctx, a.DB, ids)
	out := make(map[id.ID]contracthttp.Todo, len(found))
	for ref, t := range found {
		out[ref] = contracthttp.Todo{Title: t.Title, Owner: t.Owner, Due: t.Due}
	}
	return out, err
}

// phases are those contracts are in, for the list of tasks.
func (a *App) phases(ctx context.Context) ([]string, error) {
	return contracthttp.Phases(ctx, a.Contracts)
}

// taskRules are the rules that make tasks.
func (a *App) taskRules(ctx context.Context) ([]taskhttp.Rule, error) {
	list, err := a.Rules.List(ctx)
	out := make([]taskhttp.Rule, len(list))
	for i, r := range list {
		out[i] = taskhttp.Rule{ID: r.ID, Name: r.Name}
	}
	return out, err
}

// hunches are the newest ones of contracts.
func (a *App) hunches(ctx context.Context, ids []id.ID) (map[id.ID]contracthttp.Said, error) {
	return said(a.Timeline.LatestHunches(ctx, ids))
}

func (a *App) lastWords(ctx context.Context, ids []id.ID) (map[id.ID]contracthttp.Said, error) {
	return said(a.Timeline.LastWords(ctx, a.DB, ids))
}

func said(found map[id.ID]timeline.Excerpt, err error) (map[id.ID]contracthttp.Said, error) {
	out := make(map[id.ID]contracthttp.Said, len(found))
	for ref, e := range found {
		out[ref] = contracthttp.Said{Text: e.Text, By: e.Author.Name, At: e.At, Hunch: string(e.Hunch)}
	}
	return out, err
}

// calendar is the team's, with this and the next fiscal year, quarter and month.
func (a *App) calendar(ctx context.Context, today cal.Date) (contracthttp.Calendar, error) {
	st, err := a.Revenue.Settings(ctx)
	out := contracthttp.Calendar{Fiscal: st.Fiscal}
	for _, r := range revenuehttp.Ranges(ctx, st.Fiscal, today) {
		out.Ranges = append(out.Ranges, contracthttp.Range(r))
	}
	return out, err
}

// lastImport tells when a file last changed contracts, and of which source.
func (a *App) lastImport(ctx context.Context) (time.Time, string, error) {
	list, err := a.Imports.List(ctx, 0, 0, 20)
	for _, i := range list {
		if i.State == intake.Applied {
			return i.AppliedAt, i.SourceName, err
		}
	}
	return time.Time{}, "", err
}
