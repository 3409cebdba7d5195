package revenue

import (
	"context"
	"math/big"
	"slices"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/money"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// Rate is what one unit of a currency is worth in the workspace's own from a day
// on.
type Rate struct {
	Currency string
	From     cal.Date
	Rate     string // decimal
}

// Rates are those of a workspace, by currency, the latest first.
type Rates struct {
	Own  string // the workspace's currency
	list []Rate
}

// maxRate bounds a rate in digits.
const maxRate = 20

// Convert gives an amount in the workspace's currency by the rate in force on a
// day, in minor units rounded half away from zero; false if there is none.
func (r Rates) Convert(minor int64, currency string, on cal.Date) (int64, bool) {
	if currency == r.Own || minor == 0 && currency == "" {
		return minor, true
	}
	for _, x := range r.list {
		if x.Currency != currency || x.From > on {
			continue
		}
		rate, ok := new(big.Rat).SetString(x.Rate)
		if !ok {
			return 0, false
		}
		from, _ := money.Digits(currency)
		to, _ := money.Digits(r.Own)
		v := new(big.Rat).Mul(new(big.Rat).SetInt64(minor), rate)
		v.Mul(v, power(to-from))
		return round(v)
	}
	return 0, false
}

func power(n int) *big.Rat {
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil)
	if n < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), ten)
	}
	return new(big.Rat).SetInt(ten)
}

// round is half away from zero; false if it does not fit.
func round(v *big.Rat) (int64, bool) {
	half := big.NewRat(1, 2)
	if v.Sign() < 0 {
		half.Neg(half)
	}
	v = new(big.Rat).Add(v, half)
	n := new(big.Int).Quo(v.Num(), v.Denom())
	return n.Int64(), n.IsInt64()
}

// Settings are what figures of money are counted by.
type Settings struct {
	Unstated contract.Basis // of an amount nobody said what it is for
	Fiscal   cal.Fiscal
	Rates    Rates
}

// Settings gives them.
func (s *Service) Settings(ctx context.Context) (Settings, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Settings{}, err
	}
	return loadSettings(ctx, s.db, a.Workspace)
}

// List gives the rates, by currency, the latest first.
func (r Rates) List() []Rate { return slices.Clone(r.list) }

// SetRate keeps a rate from a day on; an empty one takes it away. Errors:
// contract.err.currency, revenue.err.own_currency, .rate, err.date.
func (s *Service) SetRate(ctx context.Context, r Rate) error {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return err
	}
	r.Currency, r.Rate = strings.ToUpper(text.Fold(r.Currency)), strings.ReplaceAll(text.Fold(r.Rate), ",", "")
	if _, ok := money.Digits(r.Currency); !ok {
		return errs.Field("currency", "contract.err.currency", "Value", r.Currency)
	}
	if !r.From.Valid() {
		return errs.Field("from", "err.date", "Value", text.Line(string(r.From)))
	}
	v, ok := new(big.Rat).SetString(r.Rate)
	if r.Rate != "" && (!ok || v.Sign() <= 0 || len(r.Rate) > maxRate || strings.ContainsAny(r.Rate, "/e_")) {
		return errs.Field("rate", "revenue.err.rate")
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		own, err := currencyOf(ctx, tx, a.Workspace)
		if err != nil {
			return err
		}
		if own == r.Currency {
			return errs.Field("currency", "revenue.err.own_currency", "Currency", own)
		}
		return storeRate(ctx, tx, a.Workspace, r)
	})
}

// SetUnstated says what an amount counts as of which nobody said what it is for.
func (s *Service) SetUnstated(ctx context.Context, basis contract.Basis) error {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return err
	}
	if !slices.Contains([]contract.Basis{contract.Monthly, contract.Yearly, contract.WholeTerm}, basis) {
		return errs.Field("unstated", "err.choice")
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return storeUnstated(ctx, tx, a.Workspace, basis) })
}

func loadSettings(ctx context.Context, q db.Queryer, ws id.ID) (Settings, error) {
	var st Settings
	type row struct {
		currency string
		month    int
		basis    string
	}
	w, _, err := db.One(ctx, q, func(r db.Row) (w row, err error) { return w, r.Scan(&w.currency, &w.month, &w.basis) },
		`SELECT w.currency, w.fiscal_start_month, coalesce(m.unstated_basis, 'yearly') FROM workspace w
			LEFT JOIN money_setting m ON m.workspace_id = w.id WHERE w.id = $1`, ws)
	if err != nil {
		return st, err
	}
	st.Unstated, st.Fiscal, st.Rates.Own = contract.Basis(w.basis), cal.Fiscal(w.month), w.currency
	st.Rates.list, err = db.All(ctx, q, func(r db.Row) (x Rate, err error) { return x, r.Scan(&x.Currency, &x.From, &x.Rate) },
		`SELECT currency, from_date, rate FROM rate WHERE workspace_id = $1 ORDER BY currency, from_date DESC`, ws)
	return st, err
}

func currencyOf(ctx context.Context, q db.Queryer, ws id.ID) (string, error) {
	code, _, err := db.One(ctx, q, db.Value[string], `SELECT currency FROM workspace WHERE id = $1`, ws)
	return code, err
}

func storeRate(ctx context.Context, tx *db.Tx, ws id.ID, r Rate) error {
	if r.Rate == "" {
		_, err := db.Exec(ctx, tx, `DELETE FROM rate WHERE workspace_id = $1 AND currency = $2 AND from_date = $3`, ws, r.Currency, string(r.From))
		return err
	}
	_, err := db.Exec(ctx, tx, `INSERT INTO rate (workspace_id, currency, from_date, rate) VALUES ($1, $2, $3, $4)
		ON CONFLICT (workspace_id, currency, from_date) DO UPDATE SET rate = excluded.rate`, ws, r.Currency, string(r.From), r.Rate)
	return err
}

func storeUnstated(ctx context.Context, tx *db.Tx, ws id.ID, basis contract.Basis) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO money_setting (workspace_id, unstated_basis) VALUES ($1, $2)
		ON CONFLICT (workspace_id) DO UPDATE SET unstated_basis = excluded.unstated_basis`, ws, string(basis))
	return err
}
