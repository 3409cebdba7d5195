package contract

import (
	"context"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/contract/term"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Amendments gives those of all terms of a contract, the earliest first.
func (s *Service) Amendments(ctx context.Context, contractID id.ID) ([]Amendment, error) {
	if _, err := s.Get(ctx, contractID); err != nil {
		return nil, err
	}
	return term.Amendments(ctx, s.db, who.From(ctx).Workspace, contractID)
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
	agreed, err := s.Edited(ctx, tx, c, edits, set)
	if err != nil {
		return Amendment{}, err
	}
	actor := who.From(ctx)
	if err := s.amendable(ctx, tx, actor.Workspace, c, effective); err != nil {
		return Amendment{}, err
	}
	a := Amendment{ContractID: c.ID, TermNo: c.TermNo, Effective: effective, Amount: agreed.Amount, Currency: agreed.Currency,
		Basis: agreed.AmountBasis, Words: words, At: s.Now(), By: actor.Member}
	if err := term.Amend(ctx, tx, actor.Workspace, a); err != nil {
		return a, err
	}
	if err := s.bus.Publish(ctx, tx, amended(actor.Workspace, a, agreed.Value("amount"))); err != nil {
		return a, err
	}
	return a, s.settle(ctx, tx, actor.Workspace, []id.ID{c.ID})
}

func amended(ws id.ID, a Amendment, amount any) bus.Change {
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
	gone, err := term.Unamend(ctx, tx, ws, c.ID, c.TermNo, effective)
	if err != nil {
		return err
	}
	if !gone || c.EndedOn != "" {
		return errs.Missing("amendment")
	}
	news := bus.Change{Kind: TermUnamended, Workspace: ws, Contract: c.ID, Ref: c.ID, Data: map[string]any{"effective": string(effective)}}
	if err := s.bus.Publish(ctx, tx, news); err != nil {
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
	ids, err := term.Waiting(ctx, tx, ws, s.today(ctx), chunk)
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
	now, err := term.InEffect(ctx, tx, ws, ids, s.today(ctx))
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
	return term.Settled(ctx, tx, ws, ids, s.today(ctx))
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
	now, err := term.InEffect(ctx, q, ws, ids, day)
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
		if err := term.Correct(ctx, tx, ws, Amendment{ContractID: c.ID, TermNo: c.TermNo, Effective: days[c.ID], Amount: c.Amount,
			Currency: c.Currency, Basis: c.AmountBasis}); err != nil {
			return err
		}
	}
	return nil
}
