package totp

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"golang.org/x/text/unicode/norm"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/seal"
	"kizuki/internal/who"
	"kizuki/internal/workspace/secrets"
	"kizuki/internal/workspace/throttle"
)

// Service switches the second step on and off, and checks codes.
type Service struct {
	DB     *db.DB
	Now    func() time.Time
	Keeper *seal.Keeper
	Audit  func(ctx context.Context, tx *db.Tx, act, kind string, object id.ID, data map[string]any) error
	// Prove checks the password of an account, as a stranger's guess is checked.
	Prove func(ctx context.Context, mailFold, password string) error
	// Limits are how often codes of an account may be tried.
	Limits func(ctx context.Context, account id.ID) []throttle.Limit
}

// State is how the second step stands for the actor.
type State struct {
	On   bool
	Left int // recovery codes not used yet
}

// State tells whether the actor signs in with a code.
func (s *Service) State(ctx context.Context) (st State, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return st, err
	}
	if st.On, err = On(ctx, s.DB, a.Account); err == nil && st.On {
		st.Left, err = recoveryLeft(ctx, s.DB, a.Account)
	}
	return st, err
}

// Begin makes a secret for the actor to set an app up with; it counts for
// nothing until Confirm. Errors: Conflict if the second step is on.
func (s *Service) Begin(ctx context.Context) error {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return err
	}
	mail, _, err := mailOf(ctx, s.DB, a.Account)
	if err != nil {
		return err
	}
	key, err := newKey(mail)
	if err != nil {
		return err
	}
	sealed, err := s.Keeper.Seal(key.URL())
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if on, err := On(ctx, tx, a.Account); err != nil || on {
			return isOn(err)
		}
		return propose(ctx, tx, a.Account, sealed)
	})
}

func isOn(err error) error {
	if err == nil {
		err = errs.New(errs.Conflict, "workspace.err.totp_on")
	}
	return err
}

// Enrolment is what Begin made, to be set up and confirmed. Errors: Missing if
// nothing waits.
func (s *Service) Enrolment(ctx context.Context) (Enrolment, error) {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return Enrolment{}, err
	}
	x, found, err := load(ctx, s.DB, a.Account)
	if err == nil && (!found || !x.confirmed.IsZero()) {
		err = errs.Missing("page")
	}
	if err != nil {
		return Enrolment{}, err
	}
	key, err := s.unseal(x)
	if err != nil {
		return Enrolment{}, err
	}
	return enrolmentOf(key)
}

// Confirm switches the second step on with the first code and gives the recovery
// codes, which are shown this once. Errors: workspace.err.code (code), Limited,
// Missing.
func (s *Service) Confirm(ctx context.Context, code string) (recovery []string, err error) {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return nil, err
	}
	shown, hashes := newRecovery()
	err = s.guarded(ctx, a.Account, func(ctx context.Context, tx *db.Tx) error {
		x, found, err := load(ctx, tx, a.Account)
		if err != nil {
			return err
		}
		if !found || !x.confirmed.IsZero() {
			return errs.Missing("page")
		}
		if err := s.byApp(ctx, tx, a.Account, x, code); err != nil {
			return err
		}
		if err := confirm(ctx, tx, a.Account, s.Now()); err != nil {
			return err
		}
		if err := setRecovery(ctx, tx, a.Account, hashes); err != nil {
			return err
		}
		return s.Audit(ctx, tx, "totp.on", "account", a.Account, nil)
	})
	if err != nil {
		return nil, err
	}
	return shown, nil
}

// Renew makes new recovery codes; the old ones open nothing any more. proof is
// the password or a code.
func (s *Service) Renew(ctx context.Context, proof string) (recovery []string, err error) {
	shown, hashes := newRecovery()
	err = s.proven(ctx, proof, func(ctx context.Context, tx *db.Tx, account id.ID) error {
		if err := setRecovery(ctx, tx, account, hashes); err != nil {
			return err
		}
		return s.Audit(ctx, tx, "totp.recovery", "account", account, nil)
	})
	if err != nil {
		return nil, err
	}
	return shown, nil
}

// Off switches the second step off; proof is the password or a code.
func (s *Service) Off(ctx context.Context, proof string) error {
	return s.proven(ctx, proof, func(ctx context.Context, tx *db.Tx, account id.ID) error {
		if err := remove(ctx, tx, account); err != nil {
			return err
		}
		return s.Audit(ctx, tx, "totp.off", "account", account, nil)
	})
}

// proven lets the actor change what is on, with the password or a code. What
// looks like a code is tried as one alone: a guess is no guess at both.
func (s *Service) proven(ctx context.Context, proof string, change func(context.Context, *db.Tx, id.ID) error) error {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return err
	}
	if proof == "" {
		return errs.Field("proof", "err.required")
	}
	if on, err := On(ctx, s.DB, a.Account); err != nil {
		return err
	} else if !on {
		return errs.Missing("page")
	}
	if looksLikeCode.MatchString(strings.ToLower(strings.ReplaceAll(norm.NFKC.String(proof), " ", ""))) {
		err = s.guarded(ctx, a.Account, func(ctx context.Context, tx *db.Tx) error {
			if _, err := s.CheckIn(ctx, tx, a.Account, proof); err != nil {
				return err
			}
			return change(ctx, tx, a.Account)
		})
	} else if err = s.byPassword(ctx, a.Account, proof); err == nil {
		err = s.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return change(ctx, tx, a.Account) })
	}
	if errs.Is(err, errs.Invalid) {
		return errs.Field("proof", "workspace.err.proof")
	}
	return err
}

// A password has at least ten characters; a recovery code is known by its dashes.
var looksLikeCode = regexp.MustCompile(`^([0-9]{6}|[a-z2-7]{4}(-[a-z2-7]{4}){3})$`)

func (s *Service) byPassword(ctx context.Context, account id.ID, password string) error {
	_, fold, err := mailOf(ctx, s.DB, account)
	if err != nil {
		return err
	}
	return s.Prove(ctx, fold, password)
}

// guarded counts a try before it looks at it, and takes the count back if f lets
// it through.
func (s *Service) guarded(ctx context.Context, account id.ID, f func(context.Context, *db.Tx) error) error {
	if err := s.Count(ctx, account); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := f(ctx, tx); err != nil {
			return err
		}
		return s.ForgiveIn(ctx, tx, account)
	})
}

// Count counts a try at a code; errs.Limited after too many.
func (s *Service) Count(ctx context.Context, account id.ID) error {
	return throttle.Count(ctx, s.DB, s.Now(), s.Limits(ctx, account))
}

// ForgiveIn takes back what Count counted for the right code.
func (s *Service) ForgiveIn(ctx context.Context, tx *db.Tx, account id.ID) error {
	for i, l := range s.Limits(ctx, account) {
		forget := throttle.Take
		if i == 0 { // the account's own
			forget = throttle.Clear
		}
		if err := forget(ctx, tx, l.Key); err != nil {
			return err
		}
	}
	return nil
}

// CheckIn takes a code of the app or a recovery code, which is used up by it. The
// caller has counted the try. Errors: workspace.err.code (code).
func (s *Service) CheckIn(ctx context.Context, tx *db.Tx, account id.ID, code string) (recovery bool, err error) {
	if code = clean(code); len(code) > 6 {
		used, err := takeRecovery(ctx, tx, account, secrets.Digest(code))
		if err == nil && !used {
			err = errCode()
		}
		return used, err
	}
	x, found, err := load(ctx, tx, account)
	if err == nil && (!found || x.confirmed.IsZero()) {
		err = errCode()
	}
	if err != nil {
		return false, err
	}
	return false, s.byApp(ctx, tx, account, x, code)
}

func errCode() error { return errs.Field("code", "workspace.err.code") }

func (s *Service) byApp(ctx context.Context, tx *db.Tx, account id.ID, x row, code string) error {
	key, err := s.unseal(x)
	if err != nil {
		return err
	}
	step := stepOf(key.Secret(), clean(code), s.Now())
	if step == 0 {
		return errCode()
	}
	fresh, err := take(ctx, tx, account, step)
	if err == nil && !fresh {
		err = errCode()
	}
	return err
}

// unseal reads the stored key. With another key of the installation it cannot
// be read: recovery codes still work, and an admin can switch it off.
func (s *Service) unseal(x row) (*otp.Key, error) {
	url, err := s.Keeper.Open(x.sealed)
	if err != nil {
		return nil, errs.New(errs.Conflict, "workspace.err.totp_key").With(err)
	}
	return otp.NewKeyFromURL(url)
}

// ResetIn is what an admin does for who has lost phone and recovery codes; the
// caller has checked who may.
func ResetIn(ctx context.Context, tx *db.Tx, account id.ID) (wasOn bool, err error) {
	if wasOn, err = On(ctx, tx, account); err != nil {
		return false, err
	}
	return wasOn, remove(ctx, tx, account)
}
