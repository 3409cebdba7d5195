package renewal_test

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"testing"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/renewal"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

func TestPropose(t *testing.T) {
	amount := int64(480000)
	for _, c := range []struct{ name, start, renewal, wantStart, wantEnd string }{
		{"a year, the renewal day is the next first day", "2025-04-01", "2026-04-01", "2026-04-01", "2027-04-01"},
		{"a year from first to last day", "2025-04-01", "2026-03-31", "2026-04-01", "2027-03-31"},
		{"half a year to the end of a month", "2025-09-01", "2026-02-28", "2026-03-01", "2026-08-31"},
		{"three years", "2023-07-01", "2026-07-01", "2026-07-01", "2029-07-01"},
		{"no start is known", "", "2026-02-28", "2026-02-28", "2027-02-28"},
		{"a start after the end", "2027-01-01", "2026-02-28", "2026-02-28", "2027-02-28"},
		{"no date", "2025-04-01", "", "", ""},
	} {
		n := renewal.Propose(contract.Contract{StartDate: cal.Date(c.start), RenewalDate: cal.Date(c.renewal), Amount: &amount, Currency: "JPY",
			AmountBasis: contract.Monthly})
		want := renewal.Next{Start: c.wantStart, End: c.wantEnd, Amount: "480000", Basis: "monthly", Currency: "JPY"}
		if n != want {
			t.Errorf("%s: %+v", c.name, n)
		}
	}
}

// world is the app with one contract that renews soon.
type world struct {
	*apptest.App
	t    *testing.T
	ctx  context.Context
	c    contract.Contract
	note timeline.Note
}

func each(t *testing.T, f func(w *world)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := &world{App: apptest.New(t, d), t: t}
		w.ctx = w.As(who.Member)
		var err error
		w.c, err = w.Contracts.Create(w.ctx, contract.Input{Key: "A-1", Name: "配車クラウド", Organization: "みなと物流", StartDate: "2025-04-01",
			RenewalDate: "2026-03-31", NoticeDate: "2026-02-28", Amount: "480000", AmountBasis: "monthly"})
		w.must(err)
		w.note, err = w.Timeline.Post(w.ctx, timeline.PostInput{Contract: w.c.ID, Body: "返信が短い", Hunch: "bad"})
		w.must(err)
		f(w)
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) now() contract.Contract {
	w.t.Helper()
	c, err := w.Contracts.Get(w.ctx, w.c.ID)
	w.must(err)
	return c
}

func (w *world) terms() (out []string) {
	w.t.Helper()
	list, err := w.Contracts.Terms(w.ctx, w.c.ID)
	w.must(err)
	for _, x := range list {
		out = append(out, strings.Join([]string{string(x.Starts), string(x.Renews), string(x.Outcome)}, " "))
	}
	return out
}

// trail gives the kinds of events, the newest first.
func (w *world) trail() (out []string) {
	w.t.Helper()
	list, _, err := w.Timeline.Events(w.ctx, w.c.ID, "", 50)
	w.must(err)
	for _, e := range list {
		out = append(out, e.Kind)
	}
	return out
}

func TestRenewAndUndo(t *testing.T) {
	each(t, func(w *world) {
		before := w.now()
		r, err := w.Renewals.Record(w.ctx, w.c.ID, renewal.Input{Outcome: renewal.Renewed, Reasons: []string{"成果が出た"}, Words: "即決"})
		w.must(err)
		c := w.now()
		if c.StartDate != "2026-04-01" || c.RenewalDate != "2027-03-31" || c.NoticeDate != "2027-02-28" || c.TermNo != 2 || *c.Amount != 480000 {
			t.Errorf("%+v", c)
		}
		if got := w.terms(); !reflect.DeepEqual(got, []string{"2026-04-01 2027-03-31 open", "2025-04-01 2026-03-31 renewed"}) {
			t.Error(got)
		}
		if r.TermNo != 1 || r.Effective != "2026-03-31" || !r.Last || r.By != w.Actors[who.Member].Member {
			t.Errorf("%+v", r)
		}
		if got := w.trail(); got[0] != "renewal.renewed" && got[1] != "renewal.renewed" {
			t.Error(got)
		}
		_, err = w.Renewals.Undo(w.ctx, r.ID)
		w.must(err)
		after := w.now()
		for _, name := range contract.Attrs {
			if !reflect.DeepEqual(before.Value(name), after.Value(name)) {
				t.Errorf("%s is %v, was %v", name, after.Value(name), before.Value(name))
			}
		}
		if got := w.terms(); !reflect.DeepEqual(got, []string{"2025-04-01 2026-03-31 open"}) {
			t.Error(got)
		}
		if list, err := w.Renewals.Of(w.ctx, w.c.ID); len(list) != 0 || err != nil {
			t.Error(list, err)
		}
		if _, err := w.Renewals.Undo(w.ctx, r.ID); !errs.Is(err, errs.NotFound) {
			t.Error("undone twice:", err)
		}
		_, err = w.Renewals.Record(w.ctx, w.c.ID, renewal.Input{Outcome: renewal.Renewed})
		w.must(err) // the term may end again
	})
}

func TestOutcomes(t *testing.T) {
	each(t, func(w *world) {
		up, err := w.Renewals.Record(w.ctx, w.c.ID, renewal.Input{Outcome: renewal.Upsell, Form: true,
			Next: &renewal.Next{Start: "2026/4/1", End: "2028/3/31", Amount: "60万", Basis: "monthly"}})
		w.must(err)
		down, err := w.Renewals.Record(w.ctx, w.c.ID, renewal.Input{Outcome: renewal.Downsell, Sign: w.note.ID, Reasons: []string{"予算の縮小", "予算の縮小"},
			Next: &renewal.Next{Start: "2028-04-01", Amount: "100000", Basis: "monthly"}})
		w.must(err)
		if c := w.now(); c.RenewalDate != "" || *c.Amount != 100000 || c.TermNo != 3 || c.NoticeDate != "" {
			t.Errorf("a term without an end: %+v", c)
		}
		if _, err := w.Renewals.Undo(w.ctx, up.ID); errs.As(err).Key != "renewal.err.not_last" {
			t.Error("what something came after was undone:", err)
		}
		gone, err := w.Renewals.Record(w.ctx, w.c.ID, renewal.Input{Outcome: renewal.Churned, Effective: "2028-06-30", Words: "予算がない"})
		w.must(err)
		if c := w.now(); c.EndedOn != "2028-06-30" || c.TermNo != 3 {
			t.Errorf("%+v", c)
		}
		if _, err := w.Renewals.Record(w.ctx, w.c.ID, renewal.Input{Outcome: renewal.Renewed}); errs.As(err).Key != "contract.err.ended" {
			t.Error("an ended contract renewed:", err)
		}
		list, err := w.Renewals.Of(w.ctx, w.c.ID)
		w.must(err)
		if len(list) != 3 || list[0].ID != gone.ID || !list[0].Last || list[1].Last || list[1].Sign != w.note.ID ||
			!reflect.DeepEqual(list[1].Reasons, []string{"予算の縮小"}) || list[2].Outcome != renewal.Upsell {
			t.Errorf("%+v", list)
		}
		for _, r := range []renewal.Renewal{gone, down, up} { // the newest first
			_, err := w.Renewals.Undo(w.ctx, r.ID)
			w.must(err)
		}
		if c := w.now(); c.EndedOn != "" || c.RenewalDate != "2026-03-31" || c.NoticeDate != "2026-02-28" || c.TermNo != 1 {
			t.Errorf("%+v", c)
		}
	})
}

// What is wrong is said about the input it is in, and nothing has changed.
func TestRefused(t *testing.T) {
	each(t, func(w *world) {
		other, err := w.Contracts.Create(w.ctx, contract.Input{Key: "B-1", Name: "x", Organization: "別"})
		w.must(err)
		foreign, err := w.Timeline.Post(w.ctx, timeline.PostInput{Contract: other.ID, Body: "別の話"})
		w.must(err)
		before := w.now()
		for _, c := range []struct {
			name, field, key string
			in               renewal.Input
		}{
			{"no outcome", "outcome", "renewal.err.outcome", renewal.Input{}},
			{"another", "outcome", "renewal.err.outcome", renewal.Input{Outcome: "lost"}},
			{"a reason nobody offers", "reasons", "renewal.err.reason", renewal.Input{Outcome: renewal.Renewed, Reasons: []string{"なんとなく"}}},
			{"a reason of the other side", "reasons", "renewal.err.reason", renewal.Input{Outcome: renewal.Churned, Reasons: []string{"成果が出た"}}},
			{"no day", "effective_date", "err.date", renewal.Input{Outcome: renewal.Churned, Effective: "いつか"}},
			{"no such day", "next_term.end", "err.no_such_day", renewal.Input{Outcome: renewal.Renewed, Next: &renewal.Next{Start: "2026-04-01", End: "2027-02-30"}}},
			{"ends before it starts", "next_term.end", "renewal.err.order", renewal.Input{Outcome: renewal.Renewed, Next: &renewal.Next{Start: "2026-04-01", End: "2026-04-01"}}},
			{"not more", "next_term.amount", "renewal.err.not_more", renewal.Input{Outcome: renewal.Upsell}},
			{"not less", "next_term.amount", "renewal.err.not_less", renewal.Input{Outcome: renewal.Downsell}},
			{"no money", "next_term.amount", "err.money", renewal.Input{Outcome: renewal.Renewed, Next: &renewal.Next{Start: "2026-04-01", Amount: "たくさん"}}},
			{"no basis", "next_term.basis", "contract.err.basis", renewal.Input{Outcome: renewal.Renewed, Next: &renewal.Next{Start: "2026-04-01", Basis: "weekly"}}},
			{"long words", "words", "err.too_long", renewal.Input{Outcome: renewal.Renewed, Words: strings.Repeat("あ", renewal.MaxWords+1)}},
			{"a note of another contract", "sign", "renewal.err.sign", renewal.Input{Outcome: renewal.Churned, Sign: foreign.ID}},
			{"no note", "sign", "renewal.err.sign", renewal.Input{Outcome: renewal.Churned, Sign: id.New()}},
		} {
			_, err := w.Renewals.Record(w.ctx, w.c.ID, c.in)
			e := errs.As(err)
			if len(e.Fields) == 1 {
				e = e.Fields[0]
			}
			if e.Field != c.field || e.Key != c.key {
				t.Errorf("%s: %s %s (%v)", c.name, e.Field, e.Key, err)
			}
		}
		if _, err := w.Renewals.Record(w.As(who.Viewer), w.c.ID, renewal.Input{Outcome: renewal.Churned}); !errs.Is(err, errs.Forbidden) {
			t.Error("a viewer:", err)
		}
		if _, err := w.Renewals.Record(w.Other(), w.c.ID, renewal.Input{Outcome: renewal.Churned}); !errs.Is(err, errs.NotFound) {
			t.Error("another workspace:", err)
		}
		if after := w.now(); after.Version != before.Version || len(w.terms()) != 1 {
			t.Errorf("something changed: %+v", after)
		}
	})
}

// Two at the same moment: one act stands, the other is told.
func TestRecordedOnce(t *testing.T) {
	each(t, func(w *world) {
		var wg sync.WaitGroup
		failed := make([]error, 6)
		for i := range failed {
			wg.Go(func() {
				_, failed[i] = w.Renewals.Record(w.ctx, w.c.ID, renewal.Input{Outcome: renewal.Churned, Effective: "2026-03-31"})
			})
		}
		wg.Wait()
		done := 0
		for _, err := range failed {
			if err == nil {
				done++
			} else if !errs.Is(err, errs.Conflict) {
				t.Error(err)
			}
		}
		if list, _ := w.Renewals.Of(w.ctx, w.c.ID); done != 1 || len(list) != 1 {
			t.Errorf("%d done, %d recorded", done, len(list))
		}
	})
}

func TestReasons(t *testing.T) {
	each(t, func(w *world) {
		admin := w.As(who.Admin)
		list, err := w.Renewals.Reasons(w.ctx)
		w.must(err)
		if len(list[renewal.Stay]) < 3 || len(list[renewal.Leave]) < 3 {
			t.Error("nothing is offered at first:", list)
		}
		w.must(w.Renewals.SetReasons(admin, renewal.Leave, []string{" 値上げ ", "", "値上げ", "統合"}))
		list, err = w.Renewals.Reasons(w.ctx)
		w.must(err)
		if !reflect.DeepEqual(list[renewal.Leave], []string{"値上げ", "統合"}) || len(list[renewal.Stay]) < 3 {
			t.Error(list)
		}
		r, err := w.Renewals.Record(w.ctx, w.c.ID, renewal.Input{Outcome: renewal.Churned, Reasons: []string{"統合"}})
		w.must(err)
		w.must(w.Renewals.SetReasons(admin, renewal.Leave, nil))
		if kept, _ := w.Renewals.Of(w.ctx, w.c.ID); kept[0].ID != r.ID || kept[0].Reasons[0] != "統合" {
			t.Error("a record lost its words:", kept)
		}
		if err := w.Renewals.SetReasons(w.ctx, renewal.Leave, nil); !errs.Is(err, errs.Forbidden) {
			t.Error("a member changed the list:", err)
		}
		if err := w.Renewals.SetReasons(admin, renewal.Stay, []string{strings.Repeat("長", renewal.MaxReason+1)}); errs.As(err).Field != "stay" {
			t.Error(err)
		}
	})
}
