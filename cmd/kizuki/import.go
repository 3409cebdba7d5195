package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"kizuki/internal/app"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/web/words"
)

type importCmds struct {
	Contracts importContractsCmd `cmd:"" help:"Import a list of contracts (CSV or xlsx)."`
	Undo      importUndoCmd      `cmd:"" help:"Take the newest import of a source back."`
}

type importContractsCmd struct {
	File          string `arg:"" help:"CSV or xlsx file." type:"path"`
	Source        string `name:"source" help:"Name of the data source; its mapping is remembered."`
	Mode          string `enum:"snapshot,delta" default:"snapshot" help:"snapshot: the whole list, missing rows are told; delta: changes only."`
	Mapping       string `help:"JSON file that says which column means what." type:"path"`
	Sheet         string `help:"Sheet of the workbook; the first with data otherwise."`
	DryRun        bool   `help:"Only say what would change."`
	ConfirmAbsent bool   `help:"Go on although more than a tenth of the rows are missing."`
}

// Run stages the file and, unless it is a dry run, applies it.
func (c importContractsCmd) Run(r *run) error {
	mapping, err := c.mapping()
	if err != nil {
		return err
	}
	return r.act(func(ctx context.Context, a *app.App) error {
		im, err := a.Imports.Stage(ctx, intake.Upload{Path: c.File, FileName: filepath.Base(c.File), Source: c.Source,
			Mode: intake.Mode(c.Mode), Mapping: mapping, Sheet: c.Sheet})
		if err != nil {
			return err
		}
		if c.DryRun {
			return c.dryRun(ctx, r, a, im)
		}
		applied, err := a.Imports.Apply(ctx, im.ID, intake.ApplyOptions{ConfirmAbsent: c.ConfirmAbsent})
		if err != nil {
			return err
		}
		return c.tell(ctx, r, a, applied)
	})
}

func (c importContractsCmd) mapping() (*intake.Mapping, error) {
	if c.Mapping == "" {
		return nil, nil
	}
	file, err := os.ReadFile(c.Mapping)
	if err != nil {
		return nil, errs.Field("mapping", "intake.err.mapping_json").With(err)
	}
	return intake.ReadMapping(file)
}

// dryRun tells every row that would change, then forgets the staged rows.
func (c importContractsCmd) dryRun(ctx context.Context, r *run, a *app.App, im intake.Import) error {
	if err := c.tell(ctx, r, a, im); err != nil {
		return err
	}
	if !r.common.JSON {
		if err := printRows(ctx, r.out, a, im.ID); err != nil {
			return err
		}
	}
	return a.Imports.Drop(ctx, im.ID)
}

func printRows(ctx context.Context, out io.Writer, a *app.App, im id.ID) error {
	for _, o := range []intake.Outcome{intake.Invalid, intake.Absent, intake.Reappeared, intake.Updated, intake.Created} {
		for cursor := ""; ; {
			rows, next, err := a.Imports.Preview(ctx, im, o, cursor, 200)
			if err != nil {
				return err
			}
			for _, row := range rows {
				fmt.Fprintln(out, describe(row))
			}
			if cursor = next; cursor == "" {
				break
			}
		}
	}
	return nil
}

func (c importContractsCmd) tell(ctx context.Context, r *run, a *app.App, im intake.Import) error {
	result, err := a.Imports.Result(ctx, im)
	if err != nil {
		return err
	}
	n := result.Counts
	return r.print(result, words.T(ctx, "app.import.counts", "Rows", words.Number(n.Rows), "Created", words.Number(n.Created),
		"Updated", words.Number(n.Updated), "Unchanged", words.Number(n.Unchanged), "Absent", words.Number(n.Absent),
		"Reappeared", words.Number(n.Reappeared), "Invalid", words.Number(n.Invalid), "Errors", words.Number(n.Errors)))
}

type importUndoCmd struct {
	ID id.ID `arg:"" help:"Id of the import."`
}

// Run undoes the import and lists what people had changed since.
func (c importUndoCmd) Run(r *run) error {
	return r.act(func(ctx context.Context, a *app.App) error {
		im, kept, err := a.Imports.Undo(ctx, c.ID)
		if err != nil {
			return err
		}
		if kept == nil {
			kept = []intake.Kept{}
		}
		return r.print(map[string]any{"id": im.ID, "state": im.State, "kept": kept},
			words.T(ctx, "app.import.undone", "Count", len(kept)))
	})
}

// describe says one row of a dry run in a line.
func describe(row intake.Row) string {
	line := fmt.Sprintf("%-10s %6d  %s  %s %s", row.Outcome, row.Line, row.Key, row.Org, row.Name)
	if row.Line < 0 {
		line = fmt.Sprintf("%-10s %6s  %s  %s %s", row.Outcome, "", row.Key, row.Org, row.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(row.Changes)) {
		line += fmt.Sprintf("\n             %s: %v → %v", name, shown(row.Changes[name][0]), shown(row.Changes[name][1]))
	}
	for _, p := range row.Problems {
		line += fmt.Sprintf("\n             %s: %q %s", p.Column, p.Value, p.Key)
	}
	return line
}

func shown(v any) any {
	if v == nil {
		return "–"
	}
	return v
}
