package app

import (
	"context"
	"net/url"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/filter"
	"kizuki/internal/errs"
	"kizuki/internal/who"
)

// contractQuery reads the query of the list's address, as the list does.
func (a *App) contractQuery(ctx context.Context, query string) (contract.Query, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return contract.Query{}, errs.Field("query", "err.malformed")
	}
	today := cal.Of(a.Now().In(who.From(ctx).Location()))
	calendar, err := a.calendar(ctx, today)
	if err != nil {
		return contract.Query{}, err
	}
	return filter.Read(values).Query(ctx, today, calendar)
}
