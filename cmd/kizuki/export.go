package main

import (
	"context"
	"io"
	"os"

	"kizuki/internal/app"
	"kizuki/internal/contract/contracthttp"
)

type exportCmds struct {
	Contracts exportContractsCmd `cmd:"" help:"Write every contract with every field as CSV, in the order of the keys."`
}

type exportContractsCmd struct {
	Out string `short:"o" help:"File to write; standard output without it." type:"path"`
}

// Run writes the CSV.
func (c exportContractsCmd) Run(r *run) (err error) {
	return r.act(func(ctx context.Context, a *app.App) (err error) {
		var out io.Writer = r.out
		if c.Out != "" {
			file, err := os.OpenFile(c.Out, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
			if err != nil {
				return err
			}
			defer func() {
				if e := file.Close(); err == nil {
					err = e
				}
			}()
			out = file
		}
		return contracthttp.WriteCSV(ctx, a.Contracts, out)
	})
}
