package renewal

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/text"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// Amended is what was agreed in the middle of a term, in people's words.
type Amended struct {
	Effective       string // the day from which it counts
	Amount          string // major units
	Basis, Currency string // "" = as they are
	Words           string
	Form            bool // dates may be said as people do
}

// Amend writes down that the open term is worth another amount from a day on.
// One of the same day is corrected. Errors, by field: renewal.err.no_amount,
// err.date, err.money, err.too_long, and those of contract.AmendIn.
func (s *Service) Amend(ctx context.Context, contractID id.ID, in Amended) (a contract.Amendment, err error) {
	if _, err := who.Check(ctx, who.Write); err != nil {
		return a, err
	}
	in.Words = strings.TrimSpace(text.Clean(in.Words))
	day, err := s.day(ctx, in.Effective, in.Form)
	switch {
	case err != nil:
		return a, field.DateError("effective_date", err)
	case text.Line(in.Amount) == "":
		return a, errs.Field("amount", "renewal.err.no_amount")
	case utf8.RuneCountInString(in.Words) > MaxWords:
		return a, errs.Field("words", "err.too_long", "Max", MaxWords)
	}
	edits := []contract.Edit{{Field: "amount", New: in.Amount, Form: in.Form}}
	for name, value := range map[string]string{"amount_basis": in.Basis, "currency": in.Currency} {
		if value != "" {
			edits = append(edits, contract.Edit{Field: name, New: value, Form: in.Form})
		}
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err = s.contracts.AmendIn(ctx, tx, contractID, day, in.Words, edits)
		return err
	})
	return a, err
}

// day reads a date, as people say it if form.
func (s *Service) day(ctx context.Context, said string, form bool) (cal.Date, error) {
	if form {
		return cal.ParseLoose(said, cal.Of(s.Now().In(who.From(ctx).Location())))
	}
	return cal.Parse(said)
}

// Unamend takes an amendment of the open term back.
func (s *Service) Unamend(ctx context.Context, contractID id.ID, effective cal.Date) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.contracts.UnamendIn(ctx, tx, contractID, effective)
	})
}

const morningKind = "renewal.morning"

// Schedule names the job of each morning: amounts follow amendments whose day
// has come, and contracts that renew themselves go on.
func (s *Service) Schedule(q *job.Queue, workspaces func(context.Context) ([]workspace.Workspace, error)) {
	q.Handle(morningKind, func(ctx context.Context, _ job.Job) error {
		list, err := workspaces(ctx)
		for _, w := range list {
			if err != nil {
				break
			}
			err = s.Morning(ctx, w)
		}
		return err
	})
	q.Cron(morningKind, "5,35 * * * *", time.UTC, morningKind)
}

// Morning does what a new day asks for in one workspace. It may be run as often
// as one likes.
func (s *Service) Morning(ctx context.Context, w workspace.Workspace) error {
	zone, err := time.LoadLocation(w.Zone)
	if err != nil {
		return err
	}
	ctx = who.With(ctx, who.System(w.ID, zone))
	for {
		n := 0
		err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = s.contracts.SettleIn(ctx, tx, w.ID)
			return err
		})
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	return s.roll(words.With(ctx, words.Locale{Lang: w.Lang}), w.ID)
}

// roll renews contracts that renew themselves on the day after their date, as
// they were. Those a list brings are left to it: it knows whether notice was
// given, and would set the dates back.
func (s *Service) roll(ctx context.Context, ws id.ID) error {
	today := cal.Of(s.Now().In(who.From(ctx).Location()))
	for {
		due, err := selfRenewing(ctx, s.db, ws, today)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, c := range due {
			if _, err := s.Record(ctx, c, Input{Outcome: Renewed, Words: words.T(ctx, "renewal.rolled")}); err != nil && !errs.Is(err, errs.Conflict) {
				return err
			}
		}
	}
}
