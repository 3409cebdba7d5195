package app

import (
	"context"

	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp"
	"kizuki/internal/intake"
)

// origins tells who gave each value of a contract, and how old it is. What the
// last import carried is as old as that import, changed or not: its source has
// said so again. Everything else is as old as its last change.
func (a *App) origins(ctx context.Context, c contract.Contract) (func(string) (contracthttp.Origin, bool), error) {
	ages, deep, err := a.Timeline.Ages(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	var last intake.Import
	if c.LastImportID != 0 {
		if last, err = a.Imports.Get(ctx, c.LastImportID); err != nil {
			return nil, err
		}
	}
	carried := map[string]bool{}
	for _, column := range last.Plan.Columns {
		carried[column.Target] = true
	}
	return func(name string) (contracthttp.Origin, bool) {
		age, known := ages.Changed[name]
		if !known && deep && c.Value(name) != nil {
			age, known = ages.Created, true
		}
		if carried[name] && !age.At.After(c.DataAt) {
			return contracthttp.Origin{At: c.DataAt, By: last.SourceName, Import: true}, true
		}
		o := contracthttp.Origin{At: age.At, By: age.By.Name, Import: age.By.Kind == "import"}
		if age.By.Kind == "member" {
			o.Member = age.By.ID
		}
		return o, known
	}, nil
}
