package app

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"kizuki/internal/bulk"
	"kizuki/internal/bulk/bulkhttp"
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/contract/contracthttp/book"
	"kizuki/internal/contract/contracthttp/filter"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/task"
	"kizuki/internal/task/taskhttp"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
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

// taskQuery reads the query of the list of tasks, as the list does.
func (a *App) taskQuery(ctx context.Context, query string) (task.Query, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return task.Query{}, errs.Field("query", "err.malformed")
	}
	return taskhttp.Query(ctx, cal.Of(a.Now().In(who.From(ctx).Location())), values)
}

// contractBook says what a bulk change makes of contracts, and adds what a
// cell has no input of its own for.
type contractBook struct{ *book.Book }

func (a *App) contractBook(ctx context.Context) (bulkhttp.Book, []string, error) {
	b, err := book.Open(ctx, a.Workspace, a.Fields)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, name := range bulk.ContractFields {
		if name != "outlook_why" { // it is asked for with the outlook
			names = append(names, name)
		}
	}
	for _, f := range b.Fields {
		names = append(names, f.Name())
	}
	return contractBook{b}, names, nil
}

func (b contractBook) Label(ctx context.Context, name string) string {
	if name == "archived" {
		return words.T(ctx, "bulk.attr.archived")
	}
	return b.Book.Label(ctx, name)
}

func (b contractBook) Said(ctx context.Context, name string, v any) string {
	switch name {
	case "archived":
		return words.T(ctx, "bulk.is_archived."+strconv.FormatBool(v == true || v == "true"))
	case "auto_renew":
		return b.Book.Said(ctx, name, v == true || v == "true")
	}
	f, custom := b.Field(name)
	if word, ok := v.(string); ok && custom { // as somebody typed it
		if value, err := f.Parse(word, field.ParseCtx{}); err == nil {
			v = value
		}
	}
	return b.Book.Said(ctx, name, v)
}

func (b contractBook) Input(ctx context.Context, name, value string) ui.FieldProps {
	in := b.Book.Input(ctx, name, value)
	yesNo := func(key string) {
		in.Type, in.Value, in.Attrs = "select", value, nil
		for _, v := range []string{"true", ""} {
			in.Options = append(in.Options, ui.Option{Value: v, Label: words.T(ctx, fmt.Sprint(key, v == "true"))})
		}
	}
	switch name {
	case "archived":
		yesNo("bulk.archived.")
	case "auto_renew":
		yesNo("contract.bool.")
	case "outlook":
		in.Type, in.Options = "select", book.OutlookOptions(ctx, value)
	case "status", "phase":
		in.Attrs = nil
	}
	in.Label = b.Label(ctx, name)
	return in
}
