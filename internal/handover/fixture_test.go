package handover_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/handover"
	"kizuki/internal/id"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
)

// world is an app in which 田村 (the member) owns contracts that 松井 (the admin)
// and 岡田 (the owner) may get.
type world struct {
	*apptest.App
	t *testing.T
	d *db.DB
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(t, &world{apptest.New(t, d), t, d}) })
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) of(role who.Role) id.ID { return w.Actors[role].Member }

// contract makes one of 田村's, or of nobody ("").
func (w *world) contract(key string, owner id.ID) contract.Contract {
	w.t.Helper()
	in := contract.Input{Key: key, Name: "契約" + key, Organization: "顧客" + key, RenewalDate: "2026-03-18"}
	if owner != 0 {
		in.Owner = owner.String()
	}
	c, err := w.Contracts.Create(w.Ctx, in)
	w.must(err)
	return c
}

// byHand makes a task of a member on a contract.
func (w *world) byHand(c, owner id.ID, title string) task.Task {
	w.t.Helper()
	t, err := w.Tasks.Create(w.Ctx, task.New{Contract: c, Title: title, Owner: owner, Due: "2026-02-20"})
	w.must(err)
	return t
}

// byRule lets a rule make a task on every contract for its owner.
func (w *world) byRule() {
	w.t.Helper()
	r, err := w.Rules.Create(w.Ctx, rule.Input{Name: "更新の節目", Spec: rule.Spec{On: rule.OnRenewal,
		Steps: []rule.Step{{Offset: -28, Unit: rule.Calendar, Tasks: []rule.Todo{{Title: "見積もりを送る"}}}}}})
	w.must(err)
	_, err = w.Rules.GoLive(w.Ctx, r.ID, rule.FromNext)
	w.must(err)
	w.Travel(24 * time.Hour)
	_, err = w.Rules.RunAsOf(w.Ctx, "", false)
	w.must(err)
}

// owners are "title → owner" of a contract's open tasks, in order.
func (w *world) owners(c id.ID) []string {
	w.t.Helper()
	p, err := w.Tasks.ForContract(w.Ctx, c)
	w.must(err)
	var out []string
	for _, t := range p.Open {
		out = append(out, t.Title+" → "+t.OwnerName)
	}
	slices.Sort(out)
	return out
}

func (w *world) follows(c, member id.ID) bool {
	w.t.Helper()
	list, err := w.Timeline.Followers(w.Ctx, c)
	w.must(err)
	for _, p := range list {
		if p.ID == member {
			return true
		}
	}
	return false
}

// waits are the contracts that wait for the member of a role: "name from".
func (w *world) waits(role who.Role) []string {
	w.t.Helper()
	list, n, err := w.Handovers.Waiting(w.As(role), 100)
	w.must(err)
	if n != len(list) {
		w.t.Errorf("%d wait, %d are given", n, len(list))
	}
	out := []string{}
	for _, h := range list {
		out = append(out, h.Name+" "+h.From.Name)
	}
	return out
}

// change gives a contract another owner by hand.
func (w *world) change(c, owner id.ID) {
	w.t.Helper()
	to := ""
	if owner != 0 {
		to = owner.String()
	}
	_, err := w.Contracts.Update(w.Ctx, c, []contract.Edit{{Field: "owner", New: to}})
	w.must(err)
}

func (w *world) rows() int {
	w.t.Helper()
	n, _, err := db.One(w.Ctx, w.d, db.Value[int], "SELECT count(*) FROM handover")
	w.must(err)
	return n
}

func wants(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// fails reports whether err is the one of a field (or none) with a key.
func fails(err error, field, key string) bool {
	if err == nil {
		return false
	}
	e := errs.As(err)
	list := e.Fields
	if len(list) == 0 {
		list = []*errs.E{e}
	}
	for _, x := range list {
		if x.Field == field && x.Key == key {
			return true
		}
	}
	return false
}

func (w *world) give(role who.Role, to id.ID, words string, contracts ...id.ID) handover.Act {
	w.t.Helper()
	act, err := w.Handovers.Give(w.As(role), handover.Input{Contracts: contracts, To: to, Words: words})
	w.must(err)
	return act
}
