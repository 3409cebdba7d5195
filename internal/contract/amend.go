package contract

import (
	"context"
	"slices"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

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

// Amendments gives those of all terms of a contract, the earliest first.
func (s *Service) Amendments(ctx context.Context, contractID id.ID) ([]Amendment, error) {
	if _, err := s.Get(ctx, contractID); err != nil {
		return nil, err
	}
	return db.All(ctx, s.db, scanAmendment, selectAmendment+`a.workspace_id = $1 AND a.contract_id = $2
		ORDER BY a.term_no, a.effective_date`, who.From(ctx).Workspace, contractID)
}

// AmendIn writes an amendment of the open term down, or corrects the one of
// that day; the contract's amount follows if its day has come. edits say the
// amount, currency and amount_basis agreed, read as Update reads them. Errors:
// contract.err.amend_before (the term had not begun), .amend_after (it is for
// the next term), .ended (409), and those of Update.
func (s *Service) AmendIn(ctx context.Context, tx *db.Tx, contractID id.ID, effective cal.Date, words string, edits []Edit) (Amendment, error) {
	c, err := s.forWrite(ctx, tx, contractID)
	if err != nil {
		return Amendment{}, err
	}
	if c.EndedOn != "" {
		return Amendment{}, errs.New(errs.Conflict, "contract.err.ended")
	}
	set, err := s.Setter(ctx, tx)
	if err != nil {
		return Amendment{}, err
	}
	agreed, err := s.edited(ctx, tx, c, edits, set)
	if err != nil {
		return Amendment{}, err
	}
	actor := who.From(ctx)
	if err := s.amendable(ctx, tx, actor.Workspace, c, effective); err != nil {
		return Amendment{}, err
	}
	a := Amendment{ContractID: c.ID, TermNo: c.TermNo, Effective: effective, Amount: agreed.Amount, Currency: agreed.Currency,
		Basis: agreed.AmountBasis, Words: words, At: s.Now(), By: actor.Member}
	if err := insertAmendment(ctx, tx, actor.Workspace, a); err != nil {
		return a, err
	}
	if err := s.bus.Publish(ctx, tx, a.news(actor.Workspace, agreed.Value("amount"))); err != nil {
		return a, err
	}
	return a, s.settle(ctx, tx, actor.Workspace, []id.ID{c.ID})
}

func (a Amendment) news(ws id.ID, amount any) bus.Change {
	return bus.Change{Kind: TermAmended, Workspace: ws, Contract: a.ContractID, Ref: a.ContractID, Data: map[string]any{
		"effective": string(a.Effective), "amount": map[string]any{"amount": amount, "currency": a.Currency}, "words": a.Words}}
}

// amendable: the day lies in the open term.
func (s *Service) amendable(ctx context.Context, q db.Queryer, ws id.ID, c Contract, effective cal.Date) error {
	starts, _, err := db.One(ctx, q, db.Value[string], `SELECT starts FROM term WHERE workspace_id = $1 AND contract_id = $2 AND no = $3`,
		ws, c.ID, c.TermNo)
	switch {
	case err != nil:
		return err
	case !effective.Valid():
		return errs.Field("effective_date", "err.date", "Value", string(effective))
	case starts != "" && effective <= cal.Date(starts):
		return errs.Field("effective_date", "contract.err.amend_before", "Date", starts)
	case !c.RenewalDate.IsZero() && c.RenewalDate > s.today(ctx) && effective > c.RenewalDate:
		return errs.Field("effective_date", "contract.err.amend_after", "Date", string(c.RenewalDate))
	}
	return nil
}

// UnamendIn takes an amendment of the open term back; the contract's amount
// follows. One that is not there is errs.Missing.
func (s *Service) UnamendIn(ctx context.Context, tx *db.Tx, contractID id.ID, effective cal.Date) error {
	c, err := s.forWrite(ctx, tx, contractID)
	if err != nil {
		return err
	}
	ws := who.From(ctx).Workspace
	n, err := db.Exec(ctx, tx, `DELETE FROM amendment WHERE workspace_id = $1 AND contract_id = $2 AND term_no = $3 AND effective_date = $4`,
		ws, c.ID, c.TermNo, string(effective))
	if err != nil {
		return err
	}
	if n == 0 || c.EndedOn != "" {
		return errs.Missing("amendment")
	}
	gone := bus.Change{Kind: TermUnamended, Workspace: ws, Contract: c.ID, Ref: c.ID, Data: map[string]any{"effective": string(effective)}}
	if err := s.bus.Publish(ctx, tx, gone); err != nil {
		return err
	}
	return s.settle(ctx, tx, ws, []id.ID{c.ID})
}

// SettleIn lets the amounts of contracts follow amendments whose day has come
// since, at most a chunk of them; it gives how many there were. A job calls it
// each morning.
func (s *Service) SettleIn(ctx context.Context, tx *db.Tx, ws id.ID) (int, error) {
	if _, err := who.Check(ctx, who.Write); err != nil {
		return 0, err
	}
	ids, err := db.All(ctx, tx, db.Value[id.ID], `SELECT DISTINCT a.contract_id FROM amendment a
		JOIN contract c ON c.workspace_id = a.workspace_id AND c.id = a.contract_id AND c.term_no = a.term_no AND c.ended_on = ''
		WHERE a.workspace_id = $1 AND a.applied = FALSE AND a.effective_date <= $2 ORDER BY a.contract_id LIMIT $3`,
		ws, string(s.today(ctx)), chunk)
	if err != nil {
		return 0, err
	}
	return len(ids), s.settle(ctx, tx, ws, ids)
}

// settle brings the amounts of contracts to what is in effect today.
func (s *Service) settle(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID) error {
	present, err := load(ctx, tx, who.System(ws, nil), "c.id", ids)
	if err != nil || len(present) == 0 {
		return err
	}
	now, err := inEffect(ctx, tx, ws, ids, s.today(ctx))
	if err != nil {
		return err
	}
	var saves []Save
	for _, c := range present {
		a, ok := now[c.ID]
		if !ok {
			continue
		}
		to := c.Clone()
		to.Amount, to.Currency, to.AmountBasis = a.Amount, a.Currency, a.Basis
		if changes := Diff(c, to); len(changes) > 0 {
			saves = append(saves, Save{Contract: to, Changes: changes, Settled: true})
		}
	}
	if err := s.ApplyIn(ctx, tx, saves); err != nil {
		return err
	}
	return inIDs(ctx, tx, `UPDATE amendment SET applied = TRUE WHERE workspace_id = $1 AND effective_date <= $2 AND `,
		[]any{ws, string(s.today(ctx))}, "contract_id", ids, "")
}

// inEffect gives what the open terms of contracts are worth on a day: their own
// amount, or that of the last amendment.
func inEffect(ctx context.Context, q db.Queryer, ws id.ID, ids []id.ID, day cal.Date) (map[id.ID]Amendment, error) {
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

// amendedUntil gives, for saves that change an amount otherwise, the day of the
// amendment in effect: it is what they correct.
func amendedUntil(ctx context.Context, q db.Queryer, ws id.ID, saves []Save, day cal.Date) (map[id.ID]cal.Date, error) {
	var ids []id.ID
	for _, sv := range saves {
		if !sv.New && !sv.NextTerm && !sv.DropTerm && !sv.Settled && sv.touches("amount", "currency", "amount_basis") {
			ids = append(ids, sv.Contract.ID)
		}
	}
	now, err := inEffect(ctx, q, ws, ids, day)
	out := map[id.ID]cal.Date{}
	for contractID, a := range now {
		if a.Effective != "" {
			out[contractID] = a.Effective
		}
	}
	return out, err
}

func correctAmendments(ctx context.Context, tx *db.Tx, ws id.ID, saves []Save, days map[id.ID]cal.Date) error {
	for _, sv := range saves {
		c := sv.Contract
		if _, err := db.Exec(ctx, tx, `UPDATE amendment SET amount = $5, currency = $6, basis = $7
			WHERE workspace_id = $1 AND contract_id = $2 AND term_no = $3 AND effective_date = $4`,
			ws, c.ID, c.TermNo, string(days[c.ID]), c.Amount, c.Currency, string(c.AmountBasis)); err != nil {
			return err
		}
	}
	return nil
}

func insertAmendment(ctx context.Context, tx *db.Tx, ws id.ID, a Amendment) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO amendment (workspace_id, contract_id, term_no, effective_date, amount, currency, basis, words,
			applied, at, by_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (workspace_id, contract_id, term_no, effective_date) DO UPDATE SET amount = excluded.amount,
			currency = excluded.currency, basis = excluded.basis, words = excluded.words, applied = excluded.applied,
			at = excluded.at, by_id = excluded.by_id`,
		ws, a.ContractID, a.TermNo, string(a.Effective), a.Amount, a.Currency, string(a.Basis), a.Words, false, db.Micros(a.At), a.By)
	return err
}
