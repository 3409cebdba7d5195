package rule_test

import (
	"context"
	"testing"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
)

// desk is a world in which contracts are kept by their own service, so that
// what it publishes is what rules hear.
type desk struct {
	*world
	contracts *contract.Service
}

func newDesk(t *testing.T, d *db.DB, today cal.Date) desk {
	w := newWorld(t, d, today)
	orgs := org.New(d, w.bus)
	k := desk{w, contract.New(d, w.bus, w.fields, orgs)}
	k.contracts.Now, orgs.Now, w.fields.Now = w.Now, w.Now, w.Now
	return k
}

func (k desk) create(in contract.Input) id.ID {
	k.t.Helper()
	in.Name, in.Organization, in.Owner = "本社契約", "三日月運輸", k.okada.String()
	c, err := k.contracts.Create(k.ctx, in)
	if err != nil {
		k.t.Fatal(err)
	}
	return c.ID
}

func (k desk) update(c id.ID, edits ...contract.Edit) {
	k.t.Helper()
	if _, err := k.contracts.Update(k.ctx, c, edits); err != nil {
		k.t.Fatal(err)
	}
}

func (k desk) drain() {
	k.t.Helper()
	if err := k.jobs.Drain(context.Background()); err != nil {
		k.t.Fatal(err)
	}
}

func (k desk) first(c id.ID) task.Item {
	k.t.Helper()
	p, err := k.tasks.ForContract(k.ctx, c)
	if err != nil || len(p.Open) == 0 {
		k.t.Fatal(err, "no open task")
	}
	return p.Open[0]
}

func TestTheLifeOfAContract(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d, "2026-03-02")
		k.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28, -14)})
		k.today = "2026-03-03"
		c := k.create(contract.Input{StartDate: "2025-04-01", RenewalDate: "2026-03-31"})
		k.drain()
		if k.due(c) != "2026-03-03 " {
			t.Fatal("it arrives on its day:", k.due(c))
		}
		k.update(c, contract.Edit{Field: "renewal_date", New: "2026-04-03"})
		if k.due(c) != "2026-03-06 " {
			t.Error("a corrected date", k.due(c))
		}
		k.update(c, contract.Edit{Field: "owner", New: k.abe.String()})
		if k.first(c).Owner != k.abe {
			t.Error("a new owner")
		}
		k.today = "2026-03-19" // the 20th is a holiday
		k.drain()
		k.run()
		if k.due(c) != "2026-03-06 2026-03-19 " {
			t.Error(k.due(c))
		}
		k.today = "2026-04-06" // renewed: the next term begins
		k.update(c, contract.Edit{Field: "renewal_date", New: "2027-04-03"})
		got, err := k.contracts.Get(k.ctx, c)
		if err != nil || got.TermNo != 2 || k.due(c) != "" {
			t.Fatal(err, got.TermNo, k.due(c))
		}
		k.today = "2027-03-05"
		k.run()
		if k.due(c) != "2027-03-05 " || k.first(c).Owner != k.abe {
			t.Error("the steps of the new term", k.due(c))
		}
		if err := k.contracts.End(k.ctx, c, "2027-03-05", "統合のため"); err != nil || k.due(c) != "" {
			t.Error(err, k.due(c))
		}
		k.today = "2027-03-19"
		k.run()
		if k.due(c) != "" {
			t.Error("an ended contract gets nothing more", k.due(c))
		}
	})
}

// What ends with a term comes back with it, as it was left.
func TestATermThatRunsAgain(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d, "2026-03-02")
		k.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28, -14)})
		k.today = "2026-03-03"
		c := k.create(contract.Input{StartDate: "2025-04-01", RenewalDate: "2026-03-31"})
		k.drain()
		k.today = "2026-03-05" // late by two days
		if err := k.contracts.End(k.ctx, c, "", ""); err != nil || k.due(c) != "" {
			t.Fatal(err, k.due(c))
		}
		if err := k.contracts.Reopen(k.ctx, c); err != nil || k.due(c) != "2026-03-03 " {
			t.Error("a contract that goes on", err, k.due(c))
		}
		turn := func(f func(context.Context, *db.Tx) error) {
			t.Helper()
			if err := d.InTx(k.ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		next := func(date string) {
			turn(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.contracts.NextTermIn(ctx, tx, c, []contract.Edit{{Field: "renewal_date", New: date}})
				return err
			})
		}
		back := func(date string) {
			turn(func(ctx context.Context, tx *db.Tx) error {
				return k.contracts.DropTermIn(ctx, tx, c, []contract.Edit{{Field: "renewal_date", New: date}})
			})
		}
		next("2026-04-30")
		k.today = "2026-04-02"
		k.run() // the first step of the second term
		if k.due(c) != "2026-04-02 " {
			t.Fatal(k.due(c))
		}
		k.today = "2026-04-03"
		back("2026-03-31")
		if k.due(c) != "2026-03-03 " {
			t.Error("undone: the second term's is closed, the first's is where it was", k.due(c))
		}
		next("2026-05-31")
		if k.due(c) != "2026-05-01 " {
			t.Error("renewed again with another date, it comes back on the day that asks for", k.due(c))
		}
		k.run()
		if k.due(c) != "2026-05-01 " {
			t.Error("twice", k.due(c))
		}
	})
}

// A day that a person chose is theirs.
func TestADayThatAPersonChose(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d, "2026-03-02")
		k.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		k.today = "2026-03-03"
		c := k.create(contract.Input{RenewalDate: "2026-03-31"})
		k.drain()
		given := k.first(c)
		set := func(day string) {
			if _, err := k.tasks.Update(k.ctx, given.ID, []task.Edit{{Field: "due_date", New: day}}); err != nil {
				t.Fatal(err)
			}
		}
		set("2026-03-09")
		k.update(c, contract.Edit{Field: "renewal_date", New: "2026-04-30"})
		if k.due(c) != "2026-03-09 " {
			t.Error("a corrected date moved what a person had set", k.due(c))
		}
		set("2026-03-03")
		k.update(c, contract.Edit{Field: "renewal_date", New: "2026-05-31"})
		if k.due(c) != "2026-05-01 " {
			t.Error("set back to its own day it follows again", k.due(c))
		}
	})
}

func TestACorrectedDateOfTheTeam(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		for _, indexed := range []bool{true, false} {
			k := newDesk(t, d, "2026-03-02")
			f, err := k.fields.Create(k.ctx, field.Input{Key: "opening", Type: field.Date, Labels: map[string]string{"ja": "開通日"}, Indexed: indexed})
			if err != nil {
				t.Fatal(err)
			}
			c := k.create(contract.Input{Fields: map[string]any{"opening": "2026-03-03"}})
			k.live(rule.Spec{On: f.Name(), Steps: steps(7)})
			k.today = "2026-03-10"
			k.run()
			if k.due(c) != "2026-03-10 " {
				t.Fatal(indexed, k.due(c))
			}
			k.update(c, contract.Edit{Field: f.Name(), New: "2026-03-12"})
			if k.due(c) != "2026-03-19 " {
				t.Error(indexed, k.due(c))
			}
		}
	})
}

func TestArchivedContractsGetNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d, "2026-03-02")
		c := k.create(contract.Input{RenewalDate: "2026-03-31"})
		k.live(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		if err := k.contracts.Archive(k.ctx, c); err != nil {
			t.Fatal(err)
		}
		k.today = "2026-03-03"
		k.run()
		if k.due(c) != "" {
			t.Error(k.due(c))
		}
		if err := k.contracts.Unarchive(k.ctx, c); err != nil {
			t.Fatal(err)
		}
		k.drain()
		if k.due(c) != "2026-03-03 " {
			t.Error("taken out again on the same day", k.due(c))
		}
	})
}

func TestTheTrailIsToldOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d, "2026-03-02")
		c := k.create(contract.Input{RenewalDate: "2026-03-31"})
		spec := rule.Spec{On: rule.OnRenewal, Steps: steps(-28)}
		spec.Steps[0].Tasks = append(spec.Steps[0].Tasks, rule.Todo{Title: "見積もりを用意する"})
		k.live(spec)
		k.today, k.heard = "2026-03-03", nil
		k.run()
		n := 0
		for _, change := range k.heard {
			if change.Contract == c {
				n++
			}
		}
		if n != 1 || k.heard[len(k.heard)-1].Kind != rule.Fired {
			t.Error("one line for all tasks of a step:", n)
		}
	})
}
