package revenue_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/renewal"
	"kizuki/internal/revenue"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/who"
)

func TestARR(t *testing.T) {
	for _, c := range []struct {
		amount        int64
		basis         contract.Basis
		starts, until cal.Date
		want          int64
		ok            bool
	}{
		{480000, contract.Monthly, "", "", 5760000, true},
		{480000, contract.Yearly, "", "", 480000, true},
		{1000000, contract.WholeTerm, "2025-04-01", "2026-03-31", 1000000, true},
		{1000000, contract.WholeTerm, "2025-04-01", "2028-04-01", 333333, true},
		{-500, contract.WholeTerm, "2025-04-01", "2028-04-01", -167, true},
		{1000000, contract.WholeTerm, "", "2028-04-01", 0, false},
		{1000000, "", "2025-04-01", "2028-04-01", 0, false},
	} {
		if got, ok := revenue.ARR(c.amount, c.basis, c.starts, c.until); got != c.want || ok != c.ok {
			t.Errorf("%d %s: %d %v", c.amount, c.basis, got, ok)
		}
	}
	if revenue.MRR(100) != 8 || revenue.MRR(-100) != -8 || revenue.MRR(6) != 1 {
		t.Error(revenue.MRR(100), revenue.MRR(-100), revenue.MRR(6))
	}
}

func TestWorthOnADay(t *testing.T) {
	amount := func(n int64) *int64 { return &n }
	l := revenue.Life{EndedOn: "2027-10-01", Terms: []revenue.Term{
		{No: 1, Renews: "2024-04-01", Amount: amount(100), Basis: contract.Monthly, Currency: "JPY", Type: contract.Trial},
		{No: 2, Starts: "2024-04-01", Renews: "2025-04-01", Amount: amount(100), Basis: contract.Monthly, Currency: "JPY",
			Amended: []revenue.Amended{{From: "2024-10-01", Amount: amount(150), Basis: contract.Monthly, Currency: "JPY"}}},
		{No: 3, Starts: "2025-04-01", Renews: "2026-04-01", Currency: "JPY"},
		{No: 4, Starts: "2026-04-01", Renews: "2027-04-01", Amount: amount(9), Currency: "USD"},
	}}
	for day, want := range map[cal.Date]revenue.Worth{
		"2020-01-01": {}, // a trial that has always run
		"2024-04-01": {ARR: 1200, Currency: "JPY", Runs: true},
		"2024-10-01": {ARR: 1800, Currency: "JPY", Runs: true},
		"2025-04-01": {Currency: "JPY", Runs: true, Unknown: true, Unstated: true},
		"2027-09-30": {ARR: 9, Currency: "USD", Runs: true, Unstated: true}, // past its date, and nobody has said it ended
		"2027-10-01": {},
	} {
		if got := l.On(day, contract.Yearly); got != want {
			t.Errorf("%s: %+v", day, got)
		}
	}
}

// shelf is an app with contracts of three customers; it is 17 February 2026.
type shelf struct {
	*apptest.App
	t   *testing.T
	ctx context.Context
	by  map[string]contract.Contract
}

func newShelf(t *testing.T, d *db.DB) *shelf {
	t.Helper()
	s := &shelf{App: apptest.New(t, d), t: t, by: map[string]contract.Contract{}}
	s.ctx = s.As(who.Member)
	for _, in := range []contract.Input{
		{Key: "A-1", Name: "配車", Organization: "みなと物流", StartDate: "2025-04-01", RenewalDate: "2026-03-31", Amount: "100000", AmountBasis: "monthly"},
		{Key: "A-2", Name: "倉庫", Organization: "みなと物流", StartDate: "2025-04-01", RenewalDate: "2026-06-30", Amount: "600000"},
		{Key: "B-1", Name: "点呼", Organization: "ベータ", StartDate: "2025-02-01", RenewalDate: "2026-01-31", Amount: "1000", Currency: "USD", AmountBasis: "yearly"},
		{Key: "C-1", Name: "保守", Organization: "ガンマ", StartDate: "2025-03-01", RenewalDate: "2026-02-28"},
		{Key: "C-2", Name: "お試し", Organization: "ガンマ", TermType: "trial", RenewalDate: "2026-03-15", Amount: "5"},
	} {
		c, err := s.Contracts.Create(s.ctx, in)
		s.must(err)
		s.by[in.Key] = c
	}
	return s
}

func (s *shelf) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shelf) wants(err error, code errs.Code, key string) {
	s.t.Helper()
	if e := errs.As(err); err == nil || e.Code != code || e.Key != key {
		s.t.Errorf("got %v, want %v %s", err, code, key)
	}
}

func each(t *testing.T, f func(s *shelf)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(newShelf(t, d)) })
}

func TestDueAndForecast(t *testing.T) {
	each(t, func(s *shelf) {
		q := revenue.DueQuery{From: "2026-01-01", To: "2026-07-01"}
		p, err := s.Revenue.Due(s.ctx, q)
		s.must(err)
		var got []string
		for _, d := range p.Items {
			got = append(got, fmt.Sprint(d.Term.Renews, " ", d.Name, " ", d.Term.AtEnd(p.Settings.Unstated).ARR))
		}
		if want := "2026-01-31 点呼 100000|2026-02-28 保守 0|2026-03-15 お試し 5|2026-03-31 配車 1200000|2026-06-30 倉庫 600000"; strings.Join(got, "|") != want {
			t := s.t
			t.Errorf("%s", strings.Join(got, "|"))
		}
		if w := p.Whole; w.Count != 5 || w.Due != 1800005 || w.Silent != 5 || w.Unknown != 2 || len(p.Foreign) != 1 || p.Unstated != 3 || len(p.Months) != 6 || p.Months[2].Sum.Count != 2 {
			s.t.Errorf("%+v %v %d", w, p.Foreign, p.Unstated)
		}
		_, err = s.Revenue.Forecast(s.ctx, s.by["A-1"].ID, revenue.Said{Call: revenue.Shrink, Amount: "6万円", Why: " 席が減る "})
		s.must(err)
		_, err = s.Revenue.Forecast(s.ctx, s.by["A-2"].ID, revenue.Said{Call: revenue.Lose})
		s.must(err)
		_, err = s.Revenue.Forecast(s.ctx, s.by["A-2"].ID, revenue.Said{Call: revenue.Grow, Amount: "700000"})
		s.must(err)
		p, err = s.Revenue.Due(s.ctx, q)
		s.must(err)
		if w := p.Whole; w.Expected[revenue.Shrink] != 720000 || w.Expected[revenue.Grow] != 700000 || w.Calls[revenue.Lose] != 0 || w.Silent != 3 {
			s.t.Errorf("%+v", w)
		}
		for name, narrowed := range map[string]struct {
			q    revenue.DueQuery
			want int
		}{
			"call":    {revenue.DueQuery{From: q.From, To: q.To, Call: "shrink"}, 1},
			"none":    {revenue.DueQuery{From: q.From, To: q.To, Call: revenue.NoCall}, 3},
			"owner":   {revenue.DueQuery{From: q.From, To: q.To, Owner: contract.NoOwner}, 5},
			"someone": {revenue.DueQuery{From: q.From, To: q.To, Owner: s.Actors[who.Member].Member}, 0},
			"outcome": {revenue.DueQuery{From: q.From, To: q.To, Outcome: "churned"}, 0},
			"empty":   {revenue.DueQuery{From: "2030-01-01", To: "2031-01-01"}, 0},
		} {
			if p, err := s.Revenue.Due(s.ctx, narrowed.q); err != nil || len(p.Items) != narrowed.want {
				s.t.Errorf("%s: %d %v", name, len(p.Items), err)
			}
		}
		unasked, err := s.Revenue.Unasked(s.ctx, 10)
		s.must(err)
		if len(unasked) != 1 || unasked[0].Name != "点呼" || !unasked[0].Unasked("2026-02-17") {
			s.t.Errorf("%+v", unasked)
		}
		s.pages(q)
		s.refusals()
		_, err = s.Renewals.Record(s.ctx, s.by["A-1"].ID, renewal.Input{Outcome: renewal.Downsell, Next: &renewal.Next{Start: "2026-04-01", End: "2027-03-31", Amount: "60000", Basis: "monthly"}})
		s.must(err)
		p, err = s.Revenue.Due(s.ctx, revenue.DueQuery{From: q.From, To: q.To, Outcome: "downsell"})
		s.must(err)
		if len(p.Items) != 1 || p.Items[0].Outcome != "downsell" || p.Items[0].Forecast.Why != "席が減る" {
			s.t.Errorf("%+v", p.Items)
		}
		if w, err := s.Revenue.OfContract(s.ctx, s.by["A-1"].ID); err != nil || w.Forecast.Call != "" {
			s.t.Error("what was said of the last term is said of this one", w, err)
		}
	})
}

// pages: the cursor goes on where the page before stopped.
func (s *shelf) pages(q revenue.DueQuery) {
	s.t.Helper()
	q.Limit = 2
	seen := 0
	for {
		p, err := s.Revenue.Due(s.ctx, q)
		s.must(err)
		seen += len(p.Items)
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	if seen != 5 {
		s.t.Errorf("%d in pages", seen)
	}
	q.Cursor = "x"
	_, err := s.Revenue.Due(s.ctx, q)
	s.wants(err, errs.Invalid, "err.cursor")
}

func (s *shelf) refusals() {
	s.t.Helper()
	for _, c := range []struct {
		in  revenue.Said
		key string
	}{
		{revenue.Said{}, "revenue.err.call"}, {revenue.Said{Call: revenue.Grow}, "revenue.err.amount"}, {revenue.Said{Call: revenue.Grow, Amount: "1"}, "revenue.err.grow"},
		{revenue.Said{Call: revenue.Shrink, Amount: "9999999"}, "revenue.err.shrink"}, {revenue.Said{Call: revenue.Shrink, Amount: "すこし"}, "err.money"},
		{revenue.Said{Call: revenue.Renew, Why: strings.Repeat("あ", 501)}, "err.too_long"},
	} {
		_, err := s.Revenue.Forecast(s.ctx, s.by["A-1"].ID, c.in)
		s.wants(err, errs.Invalid, c.key)
	}
	_, err := s.Revenue.Forecast(s.As(who.Viewer), s.by["A-1"].ID, revenue.Said{Call: revenue.Renew})
	s.wants(err, errs.Forbidden, "err.forbidden")
	_, err = s.Revenue.Forecast(s.Other(), s.by["A-1"].ID, revenue.Said{Call: revenue.Renew})
	s.wants(err, errs.NotFound, "err.not_found")
	s.wants(s.Revenue.Unforecast(s.ctx, s.by["C-1"].ID), errs.NotFound, "err.not_found")
}

func TestRatesAndRetention(t *testing.T) {
	each(t, func(s *shelf) {
		admin := s.As(who.Admin)
		for _, r := range []revenue.Rate{{Currency: "usd", From: "2025-01-01", Rate: "150"}, {Currency: "USD", From: "2026-02-01", Rate: "160.5"}} {
			s.must(s.Revenue.SetRate(admin, r))
		}
		_, err := s.Renewals.Record(s.ctx, s.by["B-1"].ID, renewal.Input{Outcome: renewal.Churned, Effective: "2026-02-10"})
		s.must(err)
		_, err = s.Renewals.Amend(s.ctx, s.by["A-1"].ID, renewal.Amended{Effective: "2026-02-05", Amount: "150000"})
		s.must(err)
		feb := cal.MonthOf("2026-02-01")
		r, err := s.Revenue.Retention(s.ctx, []cal.Period{feb, cal.MonthOf("2025-03-01")}, "")
		s.must(err)
		f := r.Periods[0].Figures
		if f.Customers != 2 || f.Churned != 1 || f.Lost != 160500 || f.Grown != 1 || f.Start != 1960500 || f.End != 2400000 || f.Least != 1800000 || r.Unknown != 1 {
			s.t.Errorf("%+v %d", f, r.Unknown)
		}
		if march := r.Periods[1].Figures; march.Customers != 1 || march.Start != 150000 || march.New != 1 || march.Added != 1800000 {
			s.t.Errorf("%+v", march)
		}
		only, err := s.Revenue.Retention(s.ctx, []cal.Period{feb}, "USD")
		s.must(err)
		if f := only.Periods[0].Figures; f.Start != 100000 || f.Churned != 1 || only.Currency != "USD" {
			s.t.Errorf("%+v", f)
		}
		lost, more, err := s.Revenue.Behind(s.ctx, feb, revenue.Churned, "")
		s.must(err)
		if len(lost) != 1 || more || lost[0].Name != "ベータ" || lost[0].Start != 160500 || lost[0].End != 0 || lost[0].Contracts[0].Name != "点呼" {
			s.t.Errorf("%+v", lost)
		}
		_, _, err = s.Revenue.Behind(s.ctx, feb, "x", "")
		s.wants(err, errs.Invalid, "err.choice")
		w, err := s.Revenue.OfOrganization(s.ctx, s.by["A-1"].OrgID)
		s.must(err)
		if w.Whole.ARR != 2400000 || w.Whole.MRR != 200000 || len(w.ByCurrency) != 1 || w.Unstated != 1 {
			s.t.Errorf("%+v", w)
		}
		s.must(s.Revenue.SetUnstated(admin, contract.Monthly))
		if w, err = s.Revenue.OfContract(s.ctx, s.by["A-2"].ID); err != nil || w.Whole.ARR != 7200000 {
			s.t.Errorf("%+v %v", w, err)
		}
		for _, c := range []struct {
			r   revenue.Rate
			key string
		}{
			{revenue.Rate{Currency: "JPY", From: "2026-01-01", Rate: "1"}, "revenue.err.own_currency"}, {revenue.Rate{Currency: "銭", From: "2026-01-01", Rate: "1"}, "contract.err.currency"},
			{revenue.Rate{Currency: "USD", From: "2026-02-30", Rate: "1"}, "err.date"}, {revenue.Rate{Currency: "USD", From: "2026-01-01", Rate: "-1"}, "revenue.err.rate"},
			{revenue.Rate{Currency: "USD", From: "2026-01-01", Rate: "1/3"}, "revenue.err.rate"}, {revenue.Rate{Currency: "USD", From: "2026-01-01", Rate: "たくさん"}, "revenue.err.rate"},
		} {
			s.wants(s.Revenue.SetRate(admin, c.r), errs.Invalid, c.key)
		}
		s.wants(s.Revenue.SetRate(s.ctx, revenue.Rate{}), errs.Forbidden, "err.forbidden")
		s.wants(s.Revenue.SetUnstated(admin, "x"), errs.Invalid, "err.choice")
		s.must(s.Revenue.SetRate(admin, revenue.Rate{Currency: "USD", From: "2026-02-01"})) // taken away: the one before counts again
		st, err := s.Revenue.Settings(s.ctx)
		s.must(err)
		if v, ok := st.Rates.Convert(10000, "USD", "2026-03-01"); v != 15000 || !ok {
			s.t.Error(v, ok)
		}
		if _, ok := st.Rates.Convert(1, "EUR", "2026-03-01"); ok {
			s.t.Error("a rate nobody kept")
		}
	})
}

// The export goes on page by page, and tells changes after their term.
func TestTerms(t *testing.T) {
	each(t, func(s *shelf) {
		_, err := s.Renewals.Amend(s.ctx, s.by["A-1"].ID, renewal.Amended{Effective: "2026-02-05", Amount: "150000"})
		s.must(err)
		var got []string
		cursor := ""
		for {
			rows, next, err := s.Revenue.TermsPage(s.ctx, cursor, 2)
			s.must(err)
			for _, r := range rows {
				got = append(got, fmt.Sprint(r.Key, r.Effective))
			}
			if cursor = next; next == "" {
				break
			}
		}
		if strings.Join(got, " ") != "A-1 A-12026-02-05 A-2 B-1 C-1 C-2" {
			s.t.Error(got)
		}
		_, _, err = s.Revenue.TermsPage(s.ctx, "x.y", 2)
		s.wants(err, errs.Invalid, "err.cursor")
	})
}
