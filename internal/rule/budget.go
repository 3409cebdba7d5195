package rule

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/who"
)

// The budget of minutes that the generated checks of a member and business day
// keep to.
const (
	DefaultBudget = 15
	MinBudget     = 5
	MaxBudget     = 480
)

// Budget is the workspace's, in minutes.
func (s *Service) Budget(ctx context.Context) (int, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return 0, err
	}
	_, n, err := desk(ctx, s.db, a.Workspace)
	return n, err
}

// SetBudget changes it; the days ahead are planned anew. What is there already
// stays. Errors: rule.err.budget (minutes).
func (s *Service) SetBudget(ctx context.Context, minutes int) error {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return err
	}
	if minutes < MinBudget || minutes > MaxBudget {
		return errs.Field("minutes", "rule.err.budget", "Min", MinBudget, "Max", MaxBudget)
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `INSERT INTO rule_desk (workspace_id, minutes) VALUES ($1, $2)
			ON CONFLICT (workspace_id) DO UPDATE SET minutes = excluded.minutes`, a.Workspace, minutes)
		if err != nil {
			return err
		}
		return s.enqueue(ctx, tx, a.Workspace)
	})
}
