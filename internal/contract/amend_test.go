package contract

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

func (w *world) amend(t testing.TB, c Contract, day, amount string) error {
	t.Helper()
	return w.d.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := w.AmendIn(ctx, tx, c.ID, cal.Date(day), "", []Edit{{Field: "amount", New: amount}})
		return err
	})
}

func (w *world) unamend(t testing.TB, c Contract, day string) error {
	t.Helper()
	return w.d.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) error { return w.UnamendIn(ctx, tx, c.ID, cal.Date(day)) })
}

// money tells the amount of the contract, of its terms from the first on, and
// of the amendments.
func (w *world) money(t *testing.T, c Contract) string {
	t.Helper()
	now := w.get(t, c.ID)
	terms, err := w.Terms(w.ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.Amendments(w.ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{fmt.Sprint(now.Value("amount"))}
	for i := len(terms) - 1; i >= 0; i-- {
		out = append(out, fmt.Sprintf("%s=%d", terms[i].Starts, *terms[i].Amount))
	}
	for _, a := range list {
		out = append(out, fmt.Sprintf("%d:%s=%d", a.TermNo, a.Effective, *a.Amount))
	}
	return strings.Join(out, " ")
}

func TestAmendments(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d) // it is 10 April 2026
		c := w.create(t, Input{StartDate: "2026-01-01", RenewalDate: "2027-01-01", Amount: "100", AmountBasis: "monthly"})
		steps := []struct {
			name string
			do   func() error
			want string
		}{
			{"one whose day has come", func() error { return w.amend(t, c, "2026-03-01", "150") }, "150 2026-01-01=100 1:2026-03-01=150"},
			{"an earlier one found later", func() error { return w.amend(t, c, "2026-02-01", "120") }, "150 2026-01-01=100 1:2026-02-01=120 1:2026-03-01=150"},
			{"one to come", func() error { return w.amend(t, c, "2026-06-01", "90") }, "150 2026-01-01=100 1:2026-02-01=120 1:2026-03-01=150 1:2026-06-01=90"},
			{"the same day again", func() error { return w.amend(t, c, "2026-06-01", "95") }, "150 2026-01-01=100 1:2026-02-01=120 1:2026-03-01=150 1:2026-06-01=95"},
			{"a correction is of what is in effect", func() error {
				_, err := w.Update(w.ctx, c.ID, []Edit{{Field: "amount", New: "155"}})
				return err
			}, "155 2026-01-01=100 1:2026-02-01=120 1:2026-03-01=155 1:2026-06-01=95"},
			{"the latest is taken back", func() error { return w.unamend(t, c, "2026-03-01") }, "120 2026-01-01=100 1:2026-02-01=120 1:2026-06-01=95"},
			{"the day comes", func() error {
				w.now = w.now.AddDate(0, 2, 0)
				return w.d.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) error {
					n, err := w.SettleIn(ctx, tx, w.ws)
					if err == nil && n != 1 {
						err = fmt.Errorf("%d settled", n)
					}
					return err
				})
			}, "95 2026-01-01=100 1:2026-02-01=120 1:2026-06-01=95"},
			{"the next term", func() error {
				return w.d.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) error {
					_, err := w.NextTermIn(ctx, tx, c.ID, []Edit{{Field: "start_date", New: "2027-01-01"}, {Field: "renewal_date", New: "2028-01-01"}, {Field: "amount", New: "200"}})
					return err
				})
			}, "200 2026-01-01=100 2027-01-01=200 1:2026-02-01=120 1:2026-06-01=95"},
			{"its own amendment", func() error { return w.amend(t, c, "2027-02-01", "210") }, "200 2026-01-01=100 2027-01-01=200 1:2026-02-01=120 1:2026-06-01=95 2:2027-02-01=210"},
			{"back to the term before", func() error {
				return w.d.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) error {
					return w.DropTermIn(ctx, tx, c.ID, []Edit{{Field: "start_date", New: "2026-01-01"}, {Field: "renewal_date", New: "2027-01-01"}, {Field: "amount", New: "95"}})
				})
			}, "95 2026-01-01=100 1:2026-02-01=120 1:2026-06-01=95"},
		}
		for _, s := range steps {
			if err := s.do(); err != nil {
				t.Fatalf("%s: %v", s.name, err)
			}
			if got := w.money(t, c); got != s.want {
				t.Fatalf("%s:\n got %s\nwant %s", s.name, got, s.want)
			}
		}
		wants(t, w.amend(t, c, "2026-01-01", "1"), errs.Invalid, "contract.err.amend_before")
		wants(t, w.amend(t, c, "2027-01-02", "1"), errs.Invalid, "contract.err.amend_after")
		wants(t, w.amend(t, c, "2026-02-30", "1"), errs.Invalid, "err.date")
		wants(t, w.unamend(t, c, "2026-07-01"), errs.NotFound, "err.not_found")
		if err := w.End(w.ctx, c.ID, "", ""); err != nil {
			t.Fatal(err)
		}
		wants(t, w.amend(t, c, "2026-05-01", "1"), errs.Conflict, "contract.err.ended")
		viewer := w.as(who.Viewer)
		err := w.d.InTx(viewer, func(ctx context.Context, tx *db.Tx) error {
			_, err := w.AmendIn(ctx, tx, c.ID, "2026-05-01", "", nil)
			return err
		})
		wants(t, err, errs.Forbidden, "err.forbidden")
	})
}

// A list that brings the first start of a contract again and again does not let
// its running term begin before the one before.
func TestTermsDoNotOverlap(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.create(t, Input{StartDate: "2025-04-01", RenewalDate: "2026-04-01", Amount: "100"})
		for _, edits := range [][]Edit{
			{{Field: "start_date", New: "2026-04-01"}, {Field: "renewal_date", New: "2027-04-01"}}, // the next term
			{{Field: "start_date", New: "2020-04-01"}, {Field: "renewal_date", New: "2027-04-01"}}, // the first day of all
		} {
			if _, err := w.Update(w.ctx, c.ID, edits); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.money(t, c); got != "100 2025-04-01=100 2026-04-01=100" {
			t.Error(got)
		}
		if _, err := w.Update(w.ctx, c.ID, []Edit{{Field: "start_date", New: "2026-05-01"}}); err != nil {
			t.Fatal(err)
		}
		if got := w.money(t, c); got != "100 2025-04-01=100 2026-05-01=100" {
			t.Error(got)
		}
	})
}

// The day a contract ended is an attribute like others: whoever writes it ends
// the contract, with its news.
func TestEndedOnIsAnAttribute(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.create(t, Input{TermType: "トライアル"})
		outcome := func() string {
			terms, err := w.Terms(w.ctx, c.ID)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(terms[0].Outcome, " ", terms[0].Type, " ", w.get(t, c.ID).EndedOn)
		}
		for _, s := range []struct {
			set, want string
			news      int
		}{{"2026-03-31", "churned trial 2026-03-31", 1}, {"2026-03-30", "churned trial 2026-03-30", 1}, {"", "open trial ", 1}} {
			w.news = nil
			if _, err := w.Update(w.ctx, c.ID, []Edit{{Field: "ended_on", New: s.set}}); err != nil {
				t.Fatal(err)
			}
			if got := outcome(); got != s.want || len(w.news) != s.news {
				t.Errorf("%q: %s, %v", s.set, got, w.news)
			}
		}
		if list := w.heard(Reopened); len(list) != 1 {
			t.Error(list)
		}
		born := Contract{ID: c.ID + 1, Key: "GONE", Name: "x", OrgID: c.OrgID, Currency: "JPY", EndedOn: "2026-01-31", CreatedAt: w.now}
		w.news = nil
		w.tx(t, func(ctx context.Context, tx *db.Tx) error {
			return w.ApplyIn(ctx, tx, []Save{{Contract: born, New: true}})
		})
		terms, err := w.Terms(w.ctx, born.ID)
		if err != nil || terms[0].Outcome != Churned || len(w.news) != 2 || w.news[0].Kind != Created || w.news[1].Kind != Ended {
			t.Error(terms, err, w.news)
		}
	})
}
