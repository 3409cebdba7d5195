package main

import (
	"context"
	"fmt"
	"time"

	"kizuki/internal/app"
	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/web/words"
)

type rulesCmds struct {
	Run rulesRunCmd `cmd:"" help:"Run the live rules now, as the job does each morning."`
}

type rulesRunCmd struct {
	AsOf   string `help:"Run as if it were this day." placeholder:"DATE"`
	DryRun bool   `help:"Only say what would be made."`
}

// Run makes the tasks that are due by the day.
func (c rulesRunCmd) Run(r *run) error {
	day, err := cal.ParseLoose(c.AsOf, cal.Of(time.Now()))
	if err != nil {
		return errs.Field("as-of", "err.date", "Value", c.AsOf).With(err)
	}
	return r.act(func(ctx context.Context, a *app.App) error {
		result, err := a.Rules.RunAsOf(ctx, day, c.DryRun)
		if err != nil {
			return err
		}
		text := words.T(ctx, "app.rules.ran", "Rules", result.Rules, "Count", result.Created)
		for _, i := range result.Items {
			when := string(i.Plan)
			if i.Day != i.Plan { // it comes up before it is due
				when += " → " + string(i.Day)
			}
			for _, t := range i.Step.Tasks {
				text += fmt.Sprintf("\n  %s  %s %s  %s  %s", when, i.OrgName, i.ContractName, i.OwnerName, t.Title)
			}
		}
		return r.print(result, text)
	})
}
