package app

import (
	"context"

	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// origins tells who gave each value of a contract, and how old it is. What an
// import brought is as old as the last import of the same source: that one saw
// it unchanged.
func (a *App) origins(ctx context.Context, c contract.Contract) (func(string) (contracthttp.Origin, bool), error) {
	ages, deep, err := a.Timeline.Ages(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	sources, err := a.Imports.Names(ctx, a.DB, who.From(ctx).Workspace, []id.ID{c.LastImportID})
	return func(name string) (contracthttp.Origin, bool) {
		age, changed := ages.Changed[name]
		if !changed {
			if age = ages.Created; !deep || c.Value(name) == nil {
				return contracthttp.Origin{}, false
			}
		}
		o := contracthttp.Origin{At: age.At, By: age.By.Name, Import: age.By.Kind == "import"}
		if age.By.Kind == "member" {
			o.Member = age.By.ID
		}
		if o.Import && sources[c.LastImportID] == o.By && c.DataAt.After(o.At) {
			o.At = c.DataAt
		}
		return o, true
	}, err
}
