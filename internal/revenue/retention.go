package revenue

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Retained is what became of the customers in one period.
type Retained struct {
	Period  cal.Period
	Figures Figures
}

// Retention is how much stays, period by period.
type Retention struct {
	Periods    []Retained
	Currency   string   // of the amounts
	Currencies []string // that contracts are in
	Foreign    []string // left out: no rate is kept
	Unknown    int      // contracts nobody knows the amount of, today
	Unstated   int
	Settings   Settings
}

// Retention counts customers over each of the periods: in one currency, or all
// together in the workspace's own if currency is "", each period by the rates in
// force at its end. The contracts are read once.
func (s *Service) Retention(ctx context.Context, periods []cal.Period, currency string) (out Retention, err error) {
	v, err := s.view(ctx, currency)
	if err != nil {
		return out, err
	}
	out = Retention{Currency: v.currency, Settings: v.settings}
	today := s.Today(ctx)
	for _, l := range v.lives {
		for _, t := range l.Terms {
			if !slices.Contains(out.Currencies, t.Currency) {
				out.Currencies = append(out.Currencies, t.Currency)
			}
		}
		w := l.On(today, v.settings.Unstated)
		if w.Unknown {
			out.Unknown++
		}
		if w.Unstated {
			out.Unstated++
		}
	}
	slices.Sort(out.Currencies)
	for _, p := range periods {
		r := Retained{Period: p}
		start, end := v.byOrg(p.From, p.To), v.byOrg(p.To, p.To)
		for org := range union(start, end) {
			r.Figures.Add(start[org], end[org])
		}
		out.Periods = append(out.Periods, r)
	}
	out.Foreign = v.foreign
	return out, nil
}

func union(a, b map[id.ID]int64) map[id.ID]bool {
	out := make(map[id.ID]bool, len(a))
	for o := range a {
		out[o] = true
	}
	for o := range b {
		out[o] = true
	}
	return out
}

// view is all the contracts an actor may read, seen in one currency.
type view struct {
	lives    []Life
	settings Settings
	currency string
	only     bool // contracts in other currencies are left out
	foreign  []string
}

func (s *Service) view(ctx context.Context, currency string) (*view, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	v := &view{currency: currency, only: currency != ""}
	if v.settings, err = loadSettings(ctx, s.db, a.Workspace); err != nil {
		return nil, err
	}
	if currency == "" {
		v.currency = v.settings.Rates.Own
	}
	v.lives, err = lives(ctx, s.db, a, scope{})
	return v, err
}

// worth is a contract's ARR on a day in the view's currency, by the rates of
// another day.
func (v *view) worth(l Life, day, rates cal.Date) int64 {
	w := l.On(day, v.settings.Unstated)
	if !w.Runs || w.Unknown || v.only && w.Currency != v.currency {
		return 0
	}
	if v.only {
		return w.ARR
	}
	own, ok := v.settings.Rates.Convert(w.ARR, w.Currency, rates)
	if !ok && !slices.Contains(v.foreign, w.Currency) {
		v.foreign = append(v.foreign, w.Currency)
	}
	return own
}

func (v *view) byOrg(day, rates cal.Date) map[id.ID]int64 {
	out := map[id.ID]int64{}
	for _, l := range v.lives {
		if arr := v.worth(l, day, rates); arr != 0 {
			out[l.Org] += arr
		}
	}
	return out
}

// Customer is one organization behind a figure, with its contracts.
type Customer struct {
	Org        id.ID
	Name       string
	Start, End int64
	Became     Became
	Contracts  []Part
}

// Part is what one contract has in it.
type Part struct {
	Contract   id.ID
	Name       string
	Start, End int64
}

// All as Behind's figure gives every customer of the first day.
const All Became = "all"

// maxBehind is how many customers stand behind a figure at most.
const maxBehind = 500

// Behind gives the customers behind a figure of a period, those with the most
// money first, at most 500; more tells that there are others.
func (s *Service) Behind(ctx context.Context, p cal.Period, figure Became, currency string) (list []Customer, more bool, err error) {
	if !slices.Contains([]Became{All, Same, Churned, Shrunk, Grown, Joined}, figure) {
		return nil, false, errs.Field("figure", "err.choice")
	}
	v, err := s.view(ctx, currency)
	if err != nil {
		return nil, false, err
	}
	byOrg := map[id.ID]*Customer{}
	for _, l := range v.lives {
		start, end := v.worth(l, p.From, p.To), v.worth(l, p.To, p.To)
		if start == 0 && end == 0 {
			continue
		}
		c := byOrg[l.Org]
		if c == nil {
			c = &Customer{Org: l.Org}
			byOrg[l.Org] = c
		}
		c.Start, c.End = c.Start+start, c.End+end
		c.Contracts = append(c.Contracts, Part{Contract: l.Contract, Start: start, End: end})
	}
	for _, c := range byOrg {
		if c.Became = Compare(c.Start, c.End); c.Became == figure || figure == All && c.Start > 0 {
			list = append(list, *c)
		}
	}
	slices.SortFunc(list, func(a, b Customer) int {
		return cmp.Or(cmp.Compare(max(b.Start, b.End), max(a.Start, a.End)), cmp.Compare(a.Org, b.Org))
	})
	if more = len(list) > maxBehind; more {
		list = list[:maxBehind]
	}
	return list, more, s.name(ctx, list)
}

// name fills in what customers and contracts are called.
func (s *Service) name(ctx context.Context, list []Customer) error {
	var orgs, contracts []id.ID
	for _, c := range list {
		orgs = append(orgs, c.Org)
		for _, p := range c.Contracts {
			contracts = append(contracts, p.Contract)
		}
	}
	names, err := orgNames(ctx, s.db, who.From(ctx).Workspace, orgs)
	if err != nil {
		return err
	}
	found, err := s.contracts.Readable(ctx, s.db, contracts)
	for i := range list {
		list[i].Name = names[list[i].Org]
		for j := range list[i].Contracts {
			list[i].Contracts[j].Name = found[list[i].Contracts[j].Contract].Name
		}
	}
	return err
}

// TermRow is one line of the export that figures can be counted from elsewhere:
// a term, or a change in its middle.
type TermRow struct {
	Contract  id.ID
	Key       string
	Org       id.ID
	OrgName   string
	No        int
	Effective cal.Date // of a change in mid-term; "" for the term itself
	Starts    cal.Date
	Renews    cal.Date
	EndedOn   cal.Date // of the term that churned
	Amount    *int64
	Currency  string
	Basis     contract.Basis
	Type      contract.TermType
	Outcome   contract.Outcome
}

// Terms yields every term the actor may read, each followed by its changes, by
// contract.
func (s *Service) Terms(ctx context.Context, yield func(TermRow) error) error {
	for cursor := ""; ; {
		rows, next, err := s.TermsPage(ctx, cursor, exportStep)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := yield(r); err != nil {
				return err
			}
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

// TermsPage gives a part of Terms: limit counts the terms, not their changes.
func (s *Service) TermsPage(ctx context.Context, cursor string, limit int) (list []TermRow, next string, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, "", err
	}
	after, no, err := termCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	limit = min(max(limit, 1), exportStep)
	rows, err := termRows(ctx, s.db, a, after, no, limit+1)
	if err != nil || len(rows) == 0 {
		return nil, "", err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		next = last.Contract.String() + "." + strconv.Itoa(last.No)
	}
	changes, err := amendedRows(ctx, s.db, a.Workspace, rows[0].Contract, rows[len(rows)-1].Contract)
	for _, r := range rows {
		list = append(list, r)
		for _, x := range changes[r.Contract] {
			if x.no == r.No {
				c := r
				c.Effective, c.Amount, c.Currency, c.Basis = x.From, x.Amount, x.Currency, x.Basis
				list = append(list, c)
			}
		}
	}
	return list, next, err
}

func termCursor(s string) (after id.ID, no int, err error) {
	if s == "" {
		return 0, 0, nil
	}
	left, right, _ := strings.Cut(s, ".")
	after, err = id.Parse(left)
	if err == nil {
		no, err = strconv.Atoi(right)
	}
	if err != nil {
		err = errs.Field("cursor", "err.cursor")
	}
	return after, no, err
}
