package app

import (
	"context"

	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp"
	"kizuki/internal/intake"
)

// origins tells who gave each value of a contract, and how old it is. What a
// source brought, and carried again in the contract's last import, is as old as
// that import: the source has said so again. Everything else is as old as its
// last change; what a person wrote stays theirs, since a blank cell, which
// changes nothing, must not make it the source's.
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
		o := contracthttp.Origin{At: age.At, By: age.By.Name, Import: age.By.Kind == "import"}
		if o.Import && carried[name] && o.By == last.SourceName && o.At.Before(c.DataAt) {
			o.At = c.DataAt
		}
		if age.By.Kind == "member" {
			o.Member = age.By.ID
		}
		return o, known
	}, nil
}
