package bench_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"kizuki/internal/app"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/intake"
)

// BenchmarkPage: what a page costs beside a handler that runs the same SQL and
// writes the same bytes. The aim is at most 2.
func BenchmarkPage(b *testing.B) {
	each(b, func(b *testing.B, d *db.DB, _ *sql.DB) {
		a, ctx := newApp(b, d)
		fill(b, a, ctx, 2_000)
		session, _, err := a.Workspace.SignIn(context.Background(), "o@example.com", "correct horse battery", "bench", "127.0.0.1")
		check(b, err)
		first := firstContract(b, a, ctx)
		for _, path := range []string{"/contracts", "/contracts/" + first, "/today"} {
			page := func(ctx context.Context) *httptest.ResponseRecorder {
				r := httptest.NewRequest("GET", path, nil).WithContext(ctx)
				r.AddCookie(&http.Cookie{Name: "kizuki_session", Value: session})
				w := httptest.NewRecorder()
				a.Handler().ServeHTTP(w, r)
				return w
			}
			traced, trace := db.Counting(context.Background())
			body := page(traced).Body.Bytes()
			statements := trace.Statements()
			bare := func() {
				for _, s := range statements {
					runBare(b, d, s)
				}
				_, _ = httptest.NewRecorder().Write(body)
			}
			ratio := interleaved(func() { page(context.Background()) }, bare)
			fmt.Printf("  %s %-12s %d statements, %d bytes, ratio %.2f\n", b.Name(), path[:min(len(path), 10)], len(statements), len(body), ratio)
			b.ReportMetric(ratio, "ratio"+path[:min(len(path), 10)])
		}
		for b.Loop() {
		}
	})
}

// interleaved times two things in turn, so that a noisy machine is as noisy
// for both, and gives the ratio of their medians' sums.
func interleaved(f, base func()) float64 {
	f()
	base()
	var tf, tb time.Duration
	for range 60 {
		start := time.Now()
		f()
		tf += time.Since(start)
		start = time.Now()
		base()
		tb += time.Since(start)
	}
	return tf.Seconds() / tb.Seconds()
}

// runBare runs a statement and reads its rows without making anything of them.
func runBare(b *testing.B, d *db.DB, s db.Statement) {
	b.Helper()
	_, err := db.All(context.Background(), d, func(r db.Row) (bool, error) {
		rows, ok := r.(*sql.Rows)
		if !ok {
			return false, fmt.Errorf("not rows")
		}
		columns, err := rows.Columns()
		if err != nil {
			return false, err
		}
		raw, to := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range raw {
			to[i] = &raw[i]
		}
		return true, rows.Scan(to...)
	}, s.SQL, s.Args...)
	check(b, err)
}

func fill(b testing.TB, a *app.App, ctx context.Context, n int) {
	b.Helper()
	im, err := a.Imports.Stage(ctx, intake.Upload{Path: writeList(b, n, 0), FileName: "list.csv", Source: "bench"})
	check(b, err)
	_, err = a.Imports.Apply(ctx, im.ID, intake.ApplyOptions{})
	check(b, err)
}

func firstContract(b testing.TB, a *app.App, ctx context.Context) string {
	b.Helper()
	page, err := a.Contracts.List(ctx, contract.Query{Limit: 1})
	check(b, err)
	return page.Items[0].ID.String()
}
