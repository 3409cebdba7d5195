// Package term holds the terms of contracts and what is agreed in their middle,
// as they are stored. What they mean for a contract is contract's to say.
package term

import (
	"context"
	"slices"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
)

// chunk is how many ids one IN list holds.
const chunk = 500

// Basis says what an amount is for.
type Basis string

// The bases; "" is unknown.
const (
	Monthly   Basis = "monthly"
	Yearly    Basis = "yearly"
	WholeTerm Basis = "term"
)

// Type says what a term is beside its dates.
type Type string

// The types; "" is an ordinary term.
const (
	Trial   Type = "trial"   // not a customer yet: counts in no figure of money
	Rolling Type = "rolling" // from month to month until somebody stops it
)

// Outcome is how a term ended.
type Outcome string

// The outcomes.
const (
	Open    Outcome = "open"
	Renewed Outcome = "renewed"
	Churned Outcome = "churned"
)

// Term is one period of a contract. The open one is mirrored on the contract,
// but for the amount, which is the one the term began with; see Amendment.
type Term struct {
	ContractID id.ID
	No         int
	Starts     cal.Date
	Renews     cal.Date
	Amount     *int64
	Currency   string
	Basis      Basis
	Type       Type
	Outcome    Outcome
	Words      string
	ClosedAt   time.Time
}

// Amendment is what was agreed in the middle of a term: another amount from a
// day on. Of several, the one with the latest day that has come is in effect;
// before the first it is the term's own amount.
type Amendment struct {
	ContractID id.ID
	TermNo     int
	Effective  cal.Date
	Amount     *int64 // minor units
	Currency   string
	Basis      Basis
	Words      string
	Applied    bool // the contract's own amount has followed
	At         time.Time
	By         id.ID
}

const selectAmendment = `SELECT a.contract_id, a.term_no, a.effective_date, a.amount, a.currency, a.basis, a.words, a.applied,
	a.at, a.by_id FROM amendment a WHERE `

func scanAmendment(r db.Row) (a Amendment, err error) {
	err = r.Scan(&a.ContractID, &a.TermNo, &a.Effective, &a.Amount, &a.Currency, &a.Basis, &a.Words, &a.Applied,
		(*db.Time)(&a.At), &a.By)
	return a, err
}

// Of gives the terms of a contract, the newest first.
func Of(ctx context.Context, q db.Queryer, ws, contractID id.ID) ([]Term, error) {
	return db.All(ctx, q, func(r db.Row) (t Term, err error) {
		err = r.Scan(&t.ContractID, &t.No, &t.Starts, &t.Renews, &t.Amount, &t.Currency, &t.Basis, &t.Type, &t.Outcome,
			&t.Words, (*db.Time)(&t.ClosedAt))
		return t, err
	}, `SELECT contract_id, no, starts, renews, amount, currency, basis, term_type, outcome, words, closed_at
		FROM term WHERE workspace_id = $1 AND contract_id = $2 ORDER BY no DESC`, ws, contractID)
}

// Close closes the open terms of contracts as renewed.
func Close(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID, at time.Time) error {
	return inIDs(ctx, tx, `UPDATE term SET outcome = 'renewed', closed_at = $1
		WHERE outcome = 'open' AND workspace_id = $2 AND `, []any{db.Micros(at), ws}, "contract_id", ids, "")
}

// Drop takes the open terms of contracts away, with their amendments; the ones
// before are open again.
func Drop(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID) error {
	if err := inIDs(ctx, tx, `DELETE FROM amendment WHERE workspace_id = $1 AND term_no > 1 AND `, []any{ws}, "contract_id", ids,
		` AND term_no = (SELECT max(t.no) FROM term t WHERE t.workspace_id = amendment.workspace_id
			AND t.contract_id = amendment.contract_id)`); err != nil {
		return err
	}
	if err := inIDs(ctx, tx, `DELETE FROM term WHERE outcome = 'open' AND no > 1 AND workspace_id = $1 AND `,
		[]any{ws}, "contract_id", ids, ""); err != nil {
		return err
	}
	return Reopen(ctx, tx, ws, ids)
}

// End closes the open terms of contracts that ended; words are why, by contract.
func End(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID, words map[id.ID]string, at time.Time) error {
	if err := inIDs(ctx, tx, `UPDATE term SET outcome = 'churned', closed_at = $1 WHERE outcome = 'open' AND workspace_id = $2 AND `,
		[]any{db.Micros(at), ws}, "contract_id", ids, ""); err != nil {
		return err
	}
	for contract, said := range words {
		if _, err := db.Exec(ctx, tx, `UPDATE term SET words = $3 WHERE workspace_id = $1 AND contract_id = $2
			AND no = (SELECT max(t.no) FROM term t WHERE t.workspace_id = $1 AND t.contract_id = $2)`, ws, contract, said); err != nil {
			return err
		}
	}
	return nil
}

// Reopen opens the last term of contracts again.
func Reopen(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID) error {
	return inIDs(ctx, tx, `UPDATE term SET outcome = 'open', words = '', closed_at = 0 WHERE workspace_id = $1 AND `, []any{ws},
		"contract_id", ids, ` AND no = (SELECT max(t.no) FROM term t WHERE t.workspace_id = term.workspace_id
			AND t.contract_id = term.contract_id)`)
}

// InEffect gives what the open terms of contracts are worth on a day: their own
// amount, or that of the last amendment.
func InEffect(ctx context.Context, q db.Queryer, ws id.ID, ids []id.ID, day cal.Date) (map[id.ID]Amendment, error) {
	out := map[id.ID]Amendment{}
	for part := range slices.Chunk(ids, chunk) {
		var w db.Where
		until := w.Arg(string(day))
		w.And("t.workspace_id = ? AND t.outcome = 'open'", ws)
		db.In(&w, "t.contract_id", part)
		list, err := db.All(ctx, q, func(r db.Row) (a Amendment, err error) {
			err = r.Scan(&a.ContractID, &a.TermNo, &a.Effective, &a.Amount, &a.Currency, &a.Basis)
			return a, err
		}, `SELECT t.contract_id, t.no, coalesce(a.effective_date, ''), CASE WHEN a.effective_date IS NULL THEN t.amount ELSE a.amount END,
			coalesce(a.currency, t.currency), coalesce(a.basis, t.basis) FROM term t
			LEFT JOIN amendment a ON a.workspace_id = t.workspace_id AND a.contract_id = t.contract_id AND a.term_no = t.no
				AND a.effective_date = (SELECT max(b.effective_date) FROM amendment b WHERE b.workspace_id = t.workspace_id
					AND b.contract_id = t.contract_id AND b.term_no = t.no AND b.effective_date <= `+until+`)
			WHERE `+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			out[a.ContractID] = a
		}
	}
	return out, nil
}

// Amend stores an amendment, which takes the place of one of the same day.
func Amend(ctx context.Context, tx *db.Tx, ws id.ID, a Amendment) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO amendment (workspace_id, contract_id, term_no, effective_date, amount, currency, basis, words,
			applied, at, by_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (workspace_id, contract_id, term_no, effective_date) DO UPDATE SET amount = excluded.amount,
			currency = excluded.currency, basis = excluded.basis, words = excluded.words, applied = excluded.applied,
			at = excluded.at, by_id = excluded.by_id`,
		ws, a.ContractID, a.TermNo, string(a.Effective), a.Amount, a.Currency, string(a.Basis), a.Words, false, db.Micros(a.At), a.By)
	return err
}

// Amendments gives those of all terms of a contract, the earliest first.
func Amendments(ctx context.Context, q db.Queryer, ws, contract id.ID) ([]Amendment, error) {
	return db.All(ctx, q, scanAmendment, selectAmendment+`a.workspace_id = $1 AND a.contract_id = $2
		ORDER BY a.term_no, a.effective_date`, ws, contract)
}

// Unamend takes the amendment of a day away; false if there is none.
func Unamend(ctx context.Context, tx *db.Tx, ws, contract id.ID, no int, day cal.Date) (bool, error) {
	n, err := db.Exec(ctx, tx, `DELETE FROM amendment WHERE workspace_id = $1 AND contract_id = $2 AND term_no = $3 AND effective_date = $4`,
		ws, contract, no, string(day))
	return n > 0, err
}

// Correct gives the amendment of a day another amount.
func Correct(ctx context.Context, tx *db.Tx, ws id.ID, a Amendment) error {
	_, err := db.Exec(ctx, tx, `UPDATE amendment SET amount = $5, currency = $6, basis = $7
		WHERE workspace_id = $1 AND contract_id = $2 AND term_no = $3 AND effective_date = $4`,
		ws, a.ContractID, a.TermNo, string(a.Effective), a.Amount, a.Currency, string(a.Basis))
	return err
}

// Settled notes that the contracts' own amounts have followed the amendments up
// to a day.
func Settled(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID, day cal.Date) error {
	return inIDs(ctx, tx, `UPDATE amendment SET applied = TRUE WHERE workspace_id = $1 AND effective_date <= $2 AND `,
		[]any{ws, string(day)}, "contract_id", ids, "")
}

// Waiting gives contracts whose running term has an amendment the day of which
// has come and which they have not followed, at most limit.
func Waiting(ctx context.Context, q db.Queryer, ws id.ID, day cal.Date, limit int) ([]id.ID, error) {
	return db.All(ctx, q, db.Value[id.ID], `SELECT DISTINCT a.contract_id FROM amendment a
		JOIN contract c ON c.workspace_id = a.workspace_id AND c.id = a.contract_id AND c.term_no = a.term_no AND c.ended_on = ''
		WHERE a.workspace_id = $1 AND a.applied = FALSE AND a.effective_date <= $2 ORDER BY a.contract_id LIMIT $3`, ws, string(day), limit)
}

// Starts gives the starts of all terms of contracts.
func Starts(ctx context.Context, q db.Queryer, ws id.ID, ids []id.ID) ([]Term, error) {
	var out []Term
	for part := range slices.Chunk(ids, chunk) {
		var w db.Where
		w.And("workspace_id = ?", ws)
		db.In(&w, "contract_id", part)
		list, err := db.All(ctx, q, func(r db.Row) (t Term, err error) {
			err = r.Scan(&t.ContractID, &t.No, &t.Starts)
			return t, err
		}, `SELECT contract_id, no, starts FROM term WHERE `+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// inIDs runs a statement, whose text ends before "IN (…)", for all ids. args are
// its arguments from $1.
func inIDs(ctx context.Context, tx *db.Tx, stmt string, args []any, column string, ids []id.ID, tail string) error {
	for part := range slices.Chunk(ids, chunk) {
		var w db.Where
		for _, a := range args {
			w.Arg(a)
		}
		db.In(&w, column, part)
		if _, err := db.Exec(ctx, tx, stmt+w.SQL()+tail, w.Args()...); err != nil {
			return err
		}
	}
	return nil
}
