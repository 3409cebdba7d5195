package bench_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"kizuki/internal/app"
	"kizuki/internal/db"
	"kizuki/internal/intake"
)

var importRows = rowsFromEnv()

// leftBehind are the tables an import fills, in an order that keeps the
// foreign keys, with a condition that leaves out what was there before.
var leftBehind = []string{"member", "organization", "field", "source", "import", "contract", "term", "field_index",
	"source_key", "import_row", "import_file", "event"}

// BenchmarkImport: preview and apply of 100,000 rows against prepared inserts
// of every row they leave behind. The aim is at most 3, under 300 MB.
func BenchmarkImport(b *testing.B) {
	each(b, func(b *testing.B, d *db.DB, raw *sql.DB) {
		path := writeList(b, importRows, 0)
		for b.Loop() {
			a, ctx := newApp(b, d)
			before := counts(b, raw)
			var staged, applied, undone time.Duration
			memory := peak(func() { staged, applied = importOnce(b, a, ctx, path) })
			rows := counts(b, raw).minus(before)
			plain := insertAgain(b, raw)
			_ = undone
			ratio := (staged + applied).Seconds() / plain.Seconds()
			fmt.Printf("  preview %.1f s, apply %.1f s, plain inserts of %d rows %.1f s, ratio %.2f, memory %d MB\n",
				staged.Seconds(), applied.Seconds(), rows.total(), plain.Seconds(), ratio, memory>>20)
			b.ReportMetric(ratio, "ratio")
			b.ReportMetric(float64(memory>>20), "MB")
		}
	})
}

func importOnce(b *testing.B, a *app.App, ctx context.Context, path string) (staged, applied time.Duration) {
	b.Helper()
	start := time.Now()
	im, err := a.Imports.Stage(ctx, intake.Upload{Path: path, FileName: "list.csv", Source: "bench"})
	check(b, err)
	staged = time.Since(start)
	if im.Counts.Created != importRows {
		b.Fatalf("%+v", im.Counts)
	}
	start = time.Now()
	_, err = a.Imports.Apply(ctx, im.ID, intake.ApplyOptions{})
	check(b, err)
	return staged, time.Since(start)
}

type tableCounts map[string]int

func counts(b *testing.B, raw *sql.DB) tableCounts {
	b.Helper()
	out := tableCounts{}
	for _, t := range leftBehind {
		var n int
		check(b, raw.QueryRow("SELECT count(*) FROM "+t).Scan(&n))
		out[t] = n
	}
	return out
}

func (c tableCounts) minus(o tableCounts) tableCounts {
	out := tableCounts{}
	for t, n := range c {
		out[t] = n - o[t]
	}
	return out
}

func (c tableCounts) total() (n int) {
	for _, v := range c {
		n += v
	}
	return n
}

// insertAgain writes every row of the tables into a second workspace of the
// same database, one prepared insert a row in one transaction: the least an
// import could do. Reading them is not counted.
func insertAgain(b *testing.B, raw *sql.DB) time.Duration {
	b.Helper()
	ctx := context.Background()
	tx, err := raw.BeginTx(ctx, nil)
	check(b, err)
	defer tx.Rollback()
	var other int64 = 7
	_, err = tx.Exec("INSERT INTO workspace (id, name, zone, currency, language, fiscal_start_month, created_at) VALUES ($1, 'x', 'UTC', 'JPY', 'ja', 4, 0)", other)
	check(b, err)
	var total time.Duration
	for _, table := range leftBehind {
		columns, rows := readAll(b, raw, table)
		marks := make([]string, len(columns))
		for i := range columns {
			marks[i] = fmt.Sprintf("$%d", i+1)
		}
		stmt, err := tx.Prepare("INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")")
		check(b, err)
		start := time.Now()
		for _, row := range rows {
			for i, c := range columns {
				switch {
				case c == "workspace_id":
					row[i] = other
				case c == "account_id":
					row[i] = nil
				}
			}
			_, err := stmt.Exec(row...)
			check(b, err)
		}
		total += time.Since(start)
		check(b, stmt.Close())
	}
	start := time.Now()
	check(b, tx.Commit())
	return total + time.Since(start)
}

func readAll(b *testing.B, raw *sql.DB, table string) (columns []string, out [][]any) {
	b.Helper()
	rows, err := raw.Query("SELECT * FROM " + table)
	check(b, err)
	defer rows.Close()
	columns, err = rows.Columns()
	check(b, err)
	for rows.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		check(b, rows.Scan(to...))
		out = append(out, row)
	}
	check(b, rows.Err())
	return columns, out
}
