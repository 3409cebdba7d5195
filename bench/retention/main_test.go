package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/intake"
	"kizuki/internal/renewal"
	"kizuki/internal/revenue"
	"kizuki/internal/revenue/revenuehttp"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
)

const (
	customers     = 500
	subscriptions = 5000
)

// subscriptionsFile is what a billing system exports: customers buy, buy more,
// go down, try and leave.
func subscriptionsFile(t *testing.T) string {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 11))
	var b strings.Builder
	b.WriteString("subscription_id,account_id,start_date,end_date,plan_tier,seats,mrr_amount,is_trial,upgrade_flag,downgrade_flag,churn_flag,billing_frequency,auto_renew_flag\n")
	flag := func(p float64) string {
		if r.Float64() < p {
			return "True"
		}
		return "False"
	}
	first := cal.Date("2023-01-01")
	for i := range subscriptions {
		start := first.AddDays(r.IntN(1000))
		end, churned, trial := start.AddMonths(12), "False", flag(.1)
		if r.Float64() < .3 {
			churned, end = "True", start.AddDays(20+r.IntN(500))
		}
		mrr := 1000 * (1 + r.IntN(90))
		fmt.Fprintf(&b, "S-%05d,A-%03d,%s,%s,%s,%d,%d,%s,%s,%s,%s,%s,%s\n", i, r.IntN(customers), start, end,
			[]string{"Basic", "Pro", "Enterprise"}[r.IntN(3)], 1+r.IntN(200), mrr, trial, flag(.1), flag(.05), churned,
			[]string{"monthly", "annual"}[r.IntN(2)], flag(.8))
	}
	path := filepath.Join(t.TempDir(), "subscriptions.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The figures of the product equal those counted from an export by a program
// that shares nothing with it: after one import of 5,000 subscriptions of 500
// customers, and after renewals, changes in mid-term and ends on top of it.
func TestFiguresAgree(t *testing.T) {
	path := subscriptionsFile(t)
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		im, err := a.Imports.Stage(a.Ctx, intake.Upload{Path: path, FileName: "subscriptions.csv", Source: "billing"})
		if err == nil {
			im, err = a.Imports.Apply(a.Ctx, im.ID, intake.ApplyOptions{})
		}
		if err != nil || im.Counts.Created != subscriptions || im.Counts.Invalid != 0 {
			t.Fatalf("%+v %v", im.Counts, err)
		}
		agree(t, a)
		live(t, a)
		agree(t, a)
	})
}

// live plays on what was imported.
func live(t *testing.T, a *apptest.App) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	page, err := a.Contracts.List(a.Ctx, contract.Query{Limit: 200})
	must(err)
	r := rand.New(rand.NewPCG(3, 5))
	for i, c := range page.Items {
		amount := fmt.Sprint(1000 * (1 + r.IntN(90)))
		switch i % 4 {
		case 0:
			_, err = a.Renewals.Record(a.Ctx, c.ID, renewal.Input{Outcome: renewal.Renewed, Next: &renewal.Next{
				Start: string(c.RenewalDate), End: string(c.RenewalDate.AddMonths(7)), Amount: amount, Basis: "term"}})
		case 1:
			_, err = a.Renewals.Record(a.Ctx, c.ID, renewal.Input{Outcome: renewal.Churned, Effective: string(c.RenewalDate.AddDays(-r.IntN(200)))})
		case 2:
			day := c.StartDate.AddDays(1 + r.IntN(300))
			_, err = a.Renewals.Amend(a.Ctx, c.ID, renewal.Amended{Effective: string(day), Amount: amount})
		default:
			_, err = a.Contracts.Update(a.Ctx, c.ID, []contract.Edit{{Field: "amount", New: amount}})
		}
		must(err)
	}
}

// agree lays the two reckonings beside each other, month by month.
func agree(t *testing.T, a *apptest.App) {
	t.Helper()
	var export, report bytes.Buffer
	if err := revenuehttp.WriteTerms(a.Ctx, a.Revenue, &export); err != nil {
		t.Fatal(err)
	}
	if err := Report(&export, &report, "2023-01", "2026-06"); err != nil {
		t.Fatal(err)
	}
	var months []cal.Period
	for d := cal.Date("2023-01-01"); d <= "2026-06-01"; d = d.AddMonths(1) {
		months = append(months, cal.MonthOf(d))
	}
	began := time.Now()
	ours, err := a.Revenue.Retention(context.WithoutCancel(a.Ctx), months, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d months in %s", len(months), time.Since(began).Round(time.Millisecond))
	var want []string
	busy := 0
	for _, m := range ours.Periods {
		f := m.Figures
		want = append(want, fmt.Sprintf("%s %d %d %s %s %s", m.Period.Key, f.Customers, f.Churned, nine(f.NRR()), nine(f.GRR()), nine(f.Logo())))
		busy += f.Churned + f.Shrunk + f.Grown
	}
	if busy < 1000 {
		t.Fatalf("only %d customers moved: the file is too quiet to prove anything", busy)
	}
	got := strings.Split(strings.TrimSpace(report.String()), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d months, want %d", len(got), len(want))
	}
	for i := range want {
		if !same(got[i], want[i]) {
			t.Errorf("counted from the export: %s\nby the product:           %s", got[i], want[i])
		}
	}
}

func nine(v float64, ok bool) string {
	if !ok {
		return "-"
	}
	return fmt.Sprintf("%.9f", v)
}

// same compares two lines: counts exactly, shares to a millionth, since the
// product rounds each contract to the smallest coin.
func same(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	for i := range x {
		var p, q float64
		_, err1 := fmt.Sscan(x[i], &p)
		_, err2 := fmt.Sscan(y[i], &q)
		if i < 3 || err1 != nil || err2 != nil {
			if x[i] != y[i] {
				return false
			}
		} else if p-q > 1e-6 || q-p > 1e-6 {
			return false
		}
	}
	return true
}

// Figures know every kind of customer.
func TestFigures(t *testing.T) {
	var f revenue.Figures
	for _, c := range [][2]int64{{100, 100}, {100, 0}, {100, 40}, {100, 250}, {0, 70}, {0, 0}} {
		f.Add(c[0], c[1])
	}
	want := revenue.Figures{Customers: 4, Kept: 3, Churned: 1, Shrunk: 1, Grown: 1, New: 1, Start: 400, End: 390, Least: 240, Lost: 100, Less: 60, More: 150, Added: 70}
	if f != want {
		t.Errorf("%+v", f)
	}
}
