package revenue

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/money"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// Prefix begins the news of forecasts, for the trail.
const Prefix = "forecast."

// News of forecasts. Made has the Data call, words and, if one was named,
// amount.
const (
	Made    bus.Kind = Prefix + "made"
	Dropped bus.Kind = Prefix + "dropped"
)

// Service offers the figures and forecasts.
type Service struct {
	db        *db.DB
	bus       *bus.Bus
	contracts *contract.Service
	Now       func() time.Time
}

// New makes the service.
func New(d *db.DB, b *bus.Bus, contracts *contract.Service) *Service {
	return &Service{db: d, bus: b, contracts: contracts, Now: time.Now}
}

// Today is the day it is for the actor.
func (s *Service) Today(ctx context.Context) cal.Date {
	return cal.Of(s.Now().In(who.From(ctx).Location()))
}

// Call is what an owner expects of a renewal.
type Call string

// The calls.
const (
	Renew  Call = "renew"
	Grow   Call = "grow"
	Shrink Call = "shrink"
	Lose   Call = "lose"
)

// Calls in the order people are asked.
func Calls() []Call { return []Call{Renew, Grow, Shrink, Lose} }

// NoCall as DueQuery.Call finds renewals nobody has said anything about.
const NoCall = "none"

// Forecast is what was said of the end of a running term. Nobody is ever told
// how often somebody was right.
type Forecast struct {
	Call     Call   // "" = nothing was said
	Amount   *int64 // of the next term, in minor units; nil = as it is, or none
	Currency string
	Basis    contract.Basis
	Why      string
	At       time.Time
	By       id.ID
	ByName   string // joined
}

// Due is a term that ends in a period.
type Due struct {
	Contract  id.ID
	Name      string
	Org       id.ID
	OrgName   string
	Owner     id.ID
	OwnerName string
	Outlook   contract.Outlook
	EndedOn   cal.Date
	AutoRenew bool
	Term      Term
	Outcome   string // "" while nobody has said what became of it, else renewed, upsell, downsell, churned
	Forecast  Forecast
}

// Unasked tells whether the date has passed and nobody has said what became of
// the term.
func (d Due) Unasked(today cal.Date) bool {
	return d.Outcome == "" && d.Term.Renews < today && d.Term.Type != contract.Rolling
}

// Expected is what the contract will be worth a year if the forecast comes true.
func (d Due) Expected(unstated contract.Basis) Worth {
	w := d.Term.AtEnd(unstated)
	switch {
	case d.Forecast.Call == Lose:
		return Worth{Currency: w.Currency, Runs: false}
	case d.Forecast.Amount == nil:
		return w
	}
	t := d.Term
	t.Amount, t.Currency, t.Basis, t.Amended = d.Forecast.Amount, d.Forecast.Currency, d.Forecast.Basis, nil
	return t.AtEnd(unstated)
}

// DueQuery says which terms.
type DueQuery struct {
	From, To cal.Date // To exclusive
	Owner    id.ID    // contract.NoOwner = those without
	Unit     id.ID    // of owners in this team
	Outlook  contract.Outlook
	Call     string // NoCall = nothing said yet
	Outcome  string // open, renewed, upsell, downsell, churned
	Limit    int    // 1..200, 0 = 100
	Cursor   string
}

// Sum is what a group of renewals comes to, in one currency.
type Sum struct {
	Count    int
	Due      int64          // ARR at the end of the terms
	Calls    map[Call]int   // how many
	Expected map[Call]int64 // ARR, by call
	Silent   int            // nothing said yet
	Quiet    int64          // their ARR
	Unknown  int            // nobody knows for how much
}

// Month is what ends in a month.
type Month struct {
	Period cal.Period
	Sum    Sum
}

// DuePage is what the renewals page shows.
type DuePage struct {
	Items    []Due
	Next     string
	Months   []Month
	Whole    Sum
	Foreign  []string // currencies left out of sums: no rate is kept
	Unstated int      // amounts of which nobody said what they are for
	Settings Settings
}

// Due gives the terms that end in a period, by day, with the sums of all of
// them in the workspace's currency. Errors: err.cursor.
func (s *Service) Due(ctx context.Context, q DueQuery) (p DuePage, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return p, err
	}
	if p.Settings, err = loadSettings(ctx, s.db, a.Workspace); err != nil {
		return p, err
	}
	all, err := dues(ctx, s.db, dueWhere(a, q), 0)
	if err != nil {
		return p, err
	}
	p.sum(all, q.From, q.To)
	limit := q.Limit
	if limit < 1 || limit > 200 {
		limit = 100
	}
	from := 0
	if q.Cursor != "" {
		day, rest, _ := strings.Cut(q.Cursor, ".")
		last, err := id.Parse(rest)
		if err != nil || !cal.Date(day).Valid() {
			return p, errs.Field("cursor", "err.cursor")
		}
		from = len(all)
		if at := slices.IndexFunc(all, func(d Due) bool {
			return string(d.Term.Renews) > day || string(d.Term.Renews) == day && d.Contract > last
		}); at >= 0 {
			from = at
		}
	}
	p.Items = all[from:min(from+limit, len(all))]
	if from+limit < len(all) {
		last := p.Items[len(p.Items)-1]
		p.Next = string(last.Term.Renews) + "." + last.Contract.String()
	}
	return p, nil
}

func (p *DuePage) sum(all []Due, from, to cal.Date) {
	months := map[string]int{}
	for _, m := range (cal.Period{From: from, To: to}).Months() {
		months[m.Key] = len(p.Months)
		p.Months = append(p.Months, Month{Period: m, Sum: newSum()})
	}
	p.Whole = newSum()
	for _, d := range all {
		sums := []*Sum{&p.Whole}
		if at, ok := months[string(d.Term.Renews)[:7]]; ok {
			sums = append(sums, &p.Months[at].Sum)
		}
		now, then := d.Term.AtEnd(p.Settings.Unstated), d.Expected(p.Settings.Unstated)
		if now.Unstated {
			p.Unstated++
		}
		due, ok1 := p.Settings.Rates.Convert(now.ARR, now.Currency, d.Term.Renews)
		expected, ok2 := p.Settings.Rates.Convert(then.ARR, then.Currency, d.Term.Renews)
		if !ok1 || !ok2 {
			p.leftOut(now.Currency)
		}
		for _, sum := range sums {
			sum.add(d, due, expected, now.Unknown || !ok1 || !ok2)
		}
	}
}

func (p *DuePage) leftOut(currency string) {
	if !slices.Contains(p.Foreign, currency) {
		p.Foreign = append(p.Foreign, currency)
	}
}

func newSum() Sum { return Sum{Calls: map[Call]int{}, Expected: map[Call]int64{}} }

func (s *Sum) add(d Due, due, expected int64, unknown bool) {
	s.Count++
	if unknown {
		s.Unknown++
		due, expected = 0, 0
	}
	s.Due += due
	switch {
	case d.Outcome != "":
	case d.Forecast.Call == "":
		s.Silent++
		s.Quiet += due
	default:
		s.Calls[d.Forecast.Call]++
		s.Expected[d.Forecast.Call] += expected
		if d.Forecast.Call == Lose {
			s.Expected[Lose] += due // what would go
		}
	}
}

// Unasked gives the terms whose date has passed and of which nobody has said
// what became of them, the oldest first, at most limit.
func (s *Service) Unasked(ctx context.Context, limit int) ([]Due, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	w := dueWhere(a, DueQuery{From: "0001-01-01", To: s.Today(ctx), Outcome: string(contract.Open)})
	w.And("c.ended_on = '' AND c.term_type <> 'rolling' AND c.renewal_date = t.renews")
	return dues(ctx, s.db, w, limit)
}

// Said is a forecast in people's words.
type Said struct {
	Call   Call
	Amount string // major units, for grow and shrink; "" = as it is
	Why    string
}

// maxWhy is the longest word why, in characters.
const maxWhy = 500

// Forecast keeps what is expected of the end of the running term. Errors:
// revenue.err.call, .amount (grow and shrink need one), err.money, err.too_long,
// contract.err.ended (409).
func (s *Service) Forecast(ctx context.Context, contractID id.ID, in Said) (f Forecast, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return f, err
	}
	in.Why = text.Line(in.Why)
	if !slices.Contains(Calls(), in.Call) {
		return f, errs.Field("call", "revenue.err.call")
	}
	if utf8.RuneCountInString(in.Why) > maxWhy {
		return f, errs.Field("why", "err.too_long", "Max", maxWhy)
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := s.running(ctx, tx, contractID)
		if err != nil {
			return err
		}
		f = Forecast{Call: in.Call, Currency: c.Currency, Basis: c.AmountBasis, Why: in.Why, At: s.Now(), By: a.Member}
		if err := f.read(in, c); err != nil {
			return err
		}
		if err := storeForecast(ctx, tx, a.Workspace, c, f); err != nil {
			return err
		}
		data := map[string]any{"call": string(f.Call), "words": f.Why}
		if f.Amount != nil {
			data["amount"] = map[string]any{"amount": money.Amount{Minor: *f.Amount, Currency: f.Currency}.Decimal(), "currency": f.Currency}
		}
		kind := Made + "_" + bus.Kind(f.Call)
		return s.bus.Publish(ctx, tx, bus.Change{Kind: kind, Workspace: a.Workspace, Contract: c.ID, Ref: c.ID, Data: data})
	})
	return f, err
}

// read takes the amount that goes with the call.
func (f *Forecast) read(in Said, c contract.Contract) error {
	if in.Call == Lose || in.Call == Renew {
		return nil
	}
	if text.Line(in.Amount) == "" {
		return errs.Field("amount", "revenue.err.amount")
	}
	set := contract.Setter{Form: true}
	to := c.Clone()
	if err := set.Set(&to, "amount", in.Amount); err != nil {
		return err
	}
	if to.Amount != nil && c.Amount != nil && to.Currency == c.Currency {
		if in.Call == Grow && *to.Amount <= *c.Amount || in.Call == Shrink && *to.Amount >= *c.Amount {
			return errs.Field("amount", "revenue.err."+string(in.Call))
		}
	}
	f.Amount, f.Currency = to.Amount, to.Currency
	return nil
}

// Unforecast takes a forecast back; one that is not there is errs.Missing.
func (s *Service) Unforecast(ctx context.Context, contractID id.ID) error {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := s.running(ctx, tx, contractID)
		if err != nil {
			return err
		}
		there, err := dropForecast(ctx, tx, a.Workspace, c)
		if err == nil && !there {
			err = errs.Missing("forecast")
		}
		if err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Change{Kind: Dropped, Workspace: a.Workspace, Contract: c.ID, Ref: c.ID})
	})
}

func (s *Service) running(ctx context.Context, tx *db.Tx, contractID id.ID) (contract.Contract, error) {
	found, err := s.contracts.Readable(ctx, tx, []id.ID{contractID})
	c, ok := found[contractID]
	switch {
	case err != nil:
	case !ok:
		err = errs.Missing("contract")
	case c.EndedOn != "":
		err = errs.New(errs.Conflict, "contract.err.ended")
	}
	return c, err
}

// Value is what is worth what, in one currency.
type Value struct {
	Currency string
	ARR, MRR int64
}

// Worths are what contracts are worth today.
type Worths struct {
	ByCurrency []Value
	Whole      Value // in the workspace's own; without the currencies that are Foreign
	Foreign    []string
	Unknown    int // contracts nobody knows the amount of
	Unstated   int
	Of         contract.Basis // what those count as
	Forecast   Forecast       // of a single contract
}

// OfContract tells what a contract is worth today, with its forecast.
func (s *Service) OfContract(ctx context.Context, contractID id.ID) (Worths, error) {
	c, err := s.contracts.Get(ctx, contractID)
	if err != nil {
		return Worths{}, err
	}
	w, err := s.worths(ctx, scope{contract: contractID})
	if err != nil || c.EndedOn != "" {
		return w, err
	}
	f, found, err := db.One(ctx, s.db, func(r db.Row) (f Forecast, err error) {
		err = r.Scan(&f.Call, &f.Amount, &f.Currency, &f.Basis, &f.Why, (*db.Time)(&f.At), &f.By, &f.ByName)
		return f, err
	}, `SELECT f.call, f.amount, f.currency, f.basis, f.why, f.at, coalesce(f.by_id, 0), coalesce(m.name, '') FROM forecast f
		LEFT JOIN member m ON m.workspace_id = f.workspace_id AND m.id = f.by_id
		WHERE f.workspace_id = $1 AND f.contract_id = $2 AND f.term_no = $3`, who.From(ctx).Workspace, c.ID, c.TermNo)
	if found {
		w.Forecast = f
	}
	return w, err
}

// On tells what a contract was, or will be, worth on the mornings of days.
func (s *Service) On(ctx context.Context, contractID id.ID, days ...cal.Date) ([]Worth, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	st, err := loadSettings(ctx, s.db, a.Workspace)
	if err != nil {
		return nil, err
	}
	list, err := lives(ctx, s.db, a, scope{contract: contractID})
	if err == nil && len(list) == 0 {
		err = errs.Missing("contract")
	}
	if err != nil {
		return nil, err
	}
	out := make([]Worth, len(days))
	for i, d := range days {
		out[i] = list[0].On(d, st.Unstated)
	}
	return out, nil
}

// OfOrganization tells what the contracts of an organization are worth today.
func (s *Service) OfOrganization(ctx context.Context, org id.ID) (Worths, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Worths{}, err
	}
	found, err := orgNames(ctx, s.db, a.Workspace, []id.ID{org})
	if err != nil {
		return Worths{}, err
	}
	if _, ok := found[org]; !ok {
		return Worths{}, errs.Missing("organization")
	}
	return s.worths(ctx, scope{org: org})
}

func (s *Service) worths(ctx context.Context, sc scope) (w Worths, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return w, err
	}
	st, err := loadSettings(ctx, s.db, a.Workspace)
	if err != nil {
		return w, err
	}
	list, err := lives(ctx, s.db, a, sc)
	if err != nil {
		return w, err
	}
	today := s.Today(ctx)
	w.Whole.Currency, w.Of = st.Rates.Own, st.Unstated
	for _, l := range list {
		v := l.On(today, st.Unstated)
		switch {
		case !v.Runs:
			continue
		case v.Unknown:
			w.Unknown++
			continue
		case v.Unstated:
			w.Unstated++
		}
		w.add(v, st, today)
	}
	slices.SortFunc(w.ByCurrency, func(x, y Value) int { return cmp.Compare(x.Currency, y.Currency) })
	return w, nil
}

func (w *Worths) add(v Worth, st Settings, today cal.Date) {
	at := slices.IndexFunc(w.ByCurrency, func(x Value) bool { return x.Currency == v.Currency })
	if at < 0 {
		at, w.ByCurrency = len(w.ByCurrency), append(w.ByCurrency, Value{Currency: v.Currency})
	}
	w.ByCurrency[at].ARR += v.ARR
	w.ByCurrency[at].MRR = MRR(w.ByCurrency[at].ARR)
	if own, ok := st.Rates.Convert(v.ARR, v.Currency, today); ok {
		w.Whole.ARR += own
		w.Whole.MRR = MRR(w.Whole.ARR)
	} else if !slices.Contains(w.Foreign, v.Currency) {
		w.Foreign = append(w.Foreign, v.Currency)
	}
}

func timeOf(t db.Time) time.Time { return time.Time(t) }
