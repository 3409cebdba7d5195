package contract

import (
	"context"
	"slices"

	"kizuki/internal/cal"
	"kizuki/internal/contract/term"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Terms gives the terms of a contract, the newest first.
func (s *Service) Terms(ctx context.Context, contractID id.ID) ([]Term, error) {
	if _, err := s.Get(ctx, contractID); err != nil {
		return nil, err
	}
	return term.Of(ctx, s.db, who.From(ctx).Workspace, contractID)
}

// mirrored are the attributes the open term shares with the contract.
var mirrored = []string{"start_date", "renewal_date", "amount", "currency", "amount_basis", "term_type"}

const insertTerm = `INSERT INTO term (workspace_id, contract_id, no, starts, renews, amount, currency, basis, term_type, reasons)`

// A corrected term takes over what was corrected: its amount is left alone
// where an amendment stands, its start where it would come before the term
// before.
func correctTerm(columns ...string) string {
	return "ON CONFLICT (workspace_id, contract_id, no) DO UPDATE SET " + excluded(append(columns, "term_type"))
}

// termWrite gathers what a slice of saves does to terms.
type termWrite struct {
	opened, corrected, dates, moved, movedDates [][]any
	closing, dropping, churned, reopened        []id.ID
	amended                                     []Save           // the amount of an amendment is corrected
	words                                       map[id.ID]string // why contracts ended
}

func (s *Service) writeTerms(ctx context.Context, tx *db.Tx, ws id.ID, saves []Save) error {
	before, err := termsBefore(ctx, tx, ws, saves)
	if err != nil {
		return err
	}
	amended, err := amendedUntil(ctx, tx, ws, saves, s.today(ctx))
	if err != nil {
		return err
	}
	w := termWrite{words: map[id.ID]string{}}
	for i := range saves {
		w.add(ws, saves[i], before[saves[i].Contract.ID], amended)
	}
	if err := term.Close(ctx, tx, ws, w.closing, s.Now()); err != nil {
		return err
	}
	if err := term.Drop(ctx, tx, ws, w.dropping); err != nil {
		return err
	}
	for _, part := range []struct {
		tail string
		rows [][]any
	}{
		{"", w.opened},
		{correctTerm("renews", "amount", "currency", "basis"), w.corrected},
		{correctTerm("renews"), w.dates},
		{correctTerm("renews", "starts", "amount", "currency", "basis"), w.moved},
		{correctTerm("renews", "starts"), w.movedDates},
	} {
		if err := db.Bulk(ctx, tx, insertTerm, part.tail, part.rows); err != nil {
			return err
		}
	}
	if err := correctAmendments(ctx, tx, ws, w.amended, amended); err != nil {
		return err
	}
	if err := term.End(ctx, tx, ws, w.churned, w.words, s.Now()); err != nil {
		return err
	}
	return term.Reopen(ctx, tx, ws, w.reopened)
}

// add says what one save does. before is the start of the term before the open
// one, or of the open one if the next begins.
func (w *termWrite) add(ws id.ID, sv Save, before cal.Date, amended map[id.ID]cal.Date) {
	c := sv.Contract
	_, newStart := sv.Changes["start_date"]
	starts := c.StartDate
	if was, ok := sv.Changes["renewal_date"][0].(string); ok && sv.NextTerm && !newStart {
		starts = cal.Date(was) // it goes on where the last one ended
	}
	if sv.NextTerm && !starts.IsZero() {
		starts = max(starts, before)
	}
	row := []any{ws, c.ID, c.TermNo, string(starts), string(c.RenewalDate), c.Amount, c.Currency, string(c.AmountBasis), string(c.TermType), "[]"}
	money := sv.touches("amount", "currency", "amount_basis")
	keep := !money || sv.Settled || amended[c.ID] != "" // the amount the term began with
	switch {
	case sv.New:
		w.opened = append(w.opened, row)
	case sv.NextTerm:
		w.closing, w.opened = append(w.closing, c.ID), append(w.opened, row)
	case sv.DropTerm:
		w.dropping = append(w.dropping, c.ID)
	case newStart && starts > before && keep:
		w.movedDates = append(w.movedDates, row)
	case newStart && starts > before:
		w.moved = append(w.moved, row)
	case sv.touches(mirrored...) && keep:
		w.dates = append(w.dates, row)
	case sv.touches(mirrored...):
		w.corrected = append(w.corrected, row)
	}
	if money && !sv.Settled && amended[c.ID] != "" && !sv.NextTerm && !sv.DropTerm {
		w.amended = append(w.amended, sv)
	}
	switch day, ok := sv.Changes[ended]; {
	case sv.New && c.EndedOn != "", ok && day[0] == nil:
		w.churned = append(w.churned, c.ID)
		if sv.Words != "" {
			w.words[c.ID] = sv.Words
		}
	case ok && day[1] == nil:
		w.reopened = append(w.reopened, c.ID)
	}
}

// touches tells whether a save changes any of the attributes.
func (s *Save) touches(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { _, ok := s.Changes[n]; return ok })
}

// termsBefore gives, for saves that may begin or move a term, the start that the
// new one may not come before.
func termsBefore(ctx context.Context, q db.Queryer, ws id.ID, saves []Save) (map[id.ID]cal.Date, error) {
	last := map[id.ID]int{}
	var ids []id.ID
	for _, sv := range saves {
		if _, newStart := sv.Changes["start_date"]; !sv.New && sv.Contract.TermNo > 1 && (newStart || sv.NextTerm) {
			last[sv.Contract.ID] = sv.Contract.TermNo - 1
			ids = append(ids, sv.Contract.ID)
		}
	}
	out := map[id.ID]cal.Date{}
	list, err := term.Starts(ctx, q, ws, ids)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		if x.No <= last[x.ContractID] {
			out[x.ContractID] = max(out[x.ContractID], x.Starts)
		}
	}
	return out, nil
}
