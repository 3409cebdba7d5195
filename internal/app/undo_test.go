package app_test

import (
	"testing"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/intake"
	"kizuki/internal/renewal"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
)

// An import that begins the next term closes what rules made for the one
// before; taken back, it is all there again as it was.
func TestUndoneImportBringsTasksBack(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		bring := func(renewal string) intake.Import {
			_, im := broughtIn(t, a, "契約ID,会社名,更新日\nB-1,しらさぎ食品,"+renewal+"\n")
			return im
		}
		bring("2026/3/20")
		r, err := a.Rules.Create(a.Ctx, rule.Input{Name: "更新の節目", Spec: rule.Spec{On: rule.OnRenewal,
			Steps: []rule.Step{{Offset: -28, Unit: rule.Calendar, Tasks: []rule.Todo{{Title: "見積もりを送る"}}}}}})
		must(err)
		_, err = a.Rules.GoLive(a.Ctx, r.ID, rule.FromNext)
		must(err)
		a.Travel(24 * time.Hour * 3) // 2026-02-20
		_, err = a.Rules.RunAsOf(a.Ctx, "", false)
		must(err)
		page, err := a.Contracts.List(a.Ctx, contract.Query{Q: "B-1"})
		must(err)
		open := func() []task.Item {
			t.Helper()
			p, err := a.Tasks.ForContract(a.Ctx, page.Items[0].ID)
			must(err)
			return p.Open
		}
		before := open()
		if len(before) != 1 || before[0].Due != "2026-02-20" {
			t.Fatal(before)
		}
		a.Travel(24 * time.Hour * 31) // past the renewal date
		im := bring("2027/3/20")
		if now := open(); len(now) != 0 {
			t.Fatal("the next term began, yet", now)
		}
		_, _, err = a.Imports.Undo(a.Ctx, im.ID)
		must(err)
		if after := open(); len(after) != 1 || after[0].ID != before[0].ID || after[0].Due != before[0].Due || after[0].Why != "" {
			t.Errorf("%+v", after)
		}
	})
}

// Churn closes what rules made, saying why; undone, it is in sight again, and
// the next term has steps of its own.
func TestChurnSaysWhy(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		r, err := a.Rules.Create(a.Ctx, rule.Input{Name: "更新の節目", Spec: rule.Spec{On: rule.OnRenewal,
			Steps: []rule.Step{{Offset: -28, Unit: rule.Calendar, Tasks: []rule.Todo{{Title: "見積もりを送る", Minutes: 15}}}}}})
		must(err)
		_, err = a.Rules.GoLive(a.Ctx, r.ID, rule.FromNext)
		must(err)
		for range 2 {
			_, err = a.Contracts.Create(a.As(who.Member), contract.Input{Name: "配車クラウド", Organization: "みなと物流",
				Owner: a.Actors[who.Member].Member.String(), StartDate: "2025-04-01", RenewalDate: "2026-03-31"})
			must(err)
		}
		a.Travel(13 * 24 * time.Hour) // 2 March: one of the two has its room, a day before it is due
		run := func() {
			t.Helper()
			_, err := a.Rules.RunAsOf(a.Ctx, "", false)
			must(err)
		}
		inSight := func() []task.Item {
			t.Helper()
			q, err := a.Tasks.Queue(a.As(who.Member), a.Actors[who.Member].Member, cal.Of(a.Now()))
			must(err)
			return q.Items
		}
		run()
		before := inSight()
		if len(before) != 1 || before[0].Due != "2026-03-03" {
			t.Fatal(before)
		}
		lost, err := a.Renewals.Record(a.As(who.Member), before[0].Contract, renewal.Input{Outcome: renewal.Churned})
		must(err)
		if got, err := a.Tasks.Get(a.Ctx, before[0].ID); err != nil || got.State != task.StateClosed || got.Why != "解約のため" || len(inSight()) != 0 {
			t.Error(err, got.State, got.Why)
		}
		_, err = a.Renewals.Undo(a.As(who.Member), lost.ID)
		must(err)
		run()
		if after := inSight(); len(after) != 1 || after[0].ID != before[0].ID || after[0].Why != "" {
			t.Error(after)
		}
		_, err = a.Renewals.Record(a.As(who.Member), before[0].Contract, renewal.Input{Outcome: renewal.Renewed})
		must(err)
		a.Travel(366 * 24 * time.Hour)
		run()
		again := 0
		for _, it := range inSight() {
			if it.Contract == before[0].Contract && it.Due == "2027-03-03" {
				again++
			}
		}
		if again != 1 {
			t.Error("the next term arms the rule again:", inSight())
		}
	})
}
