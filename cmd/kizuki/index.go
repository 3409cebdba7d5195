package main

import (
	"context"
	"fmt"

	"kizuki/internal/app"
	"kizuki/internal/search"
	"kizuki/internal/web/words"
)

type indexCmds struct {
	Rebuild indexRebuildCmd `cmd:"" help:"Build the search index anew, also while the server runs."`
}

type indexRebuildCmd struct{}

// Run builds the index anew and says how far it has come.
func (indexRebuildCmd) Run(r *run) error {
	return r.act(func(ctx context.Context, a *app.App) error {
		total, err := a.Search.Rebuild(ctx, func(p search.Progress) {
			fmt.Fprintln(r.err, words.T(ctx, "app.index.progress", "Kind", words.T(ctx, "search.kind."+p.Kind), "Count", p.Done))
		})
		if err != nil {
			return err
		}
		return r.print(map[string]int{"indexed": total}, words.T(ctx, "app.index.rebuilt", "Count", total))
	})
}
