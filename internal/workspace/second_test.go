package workspace

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/pquerna/otp"
	otptotp "github.com/pquerna/otp/totp"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/seal"
	"kizuki/internal/who"
)

// codes is the app on a phone.
func (w *world) codes(a who.Actor) func() string {
	w.t.Helper()
	sealed, _, err := db.One(ctx, w.d, db.Value[string], "SELECT secret FROM totp WHERE account_id = $1", a.Account)
	ok(w.t, err)
	raw, err := w.s.TOTP.Keeper.Open(sealed)
	ok(w.t, err)
	if _, err := url.Parse(raw); err != nil || sealed == raw {
		w.t.Fatal("the secret is not sealed")
	}
	key, err := otp.NewKeyFromURL(raw)
	ok(w.t, err)
	return func() string {
		code, err := otptotp.GenerateCode(key.Secret(), w.s.Now())
		ok(w.t, err)
		return code
	}
}

// enrol switches the second step on for somebody.
func (w *world) enrol(a who.Actor) (recovery []string, code func() string) {
	w.t.Helper()
	w.s.TOTP.Keeper = seal.New()
	as := who.With(ctx, a)
	ok(w.t, w.s.TOTP.Begin(as))
	code = w.codes(a)
	recovery, err := w.s.TOTP.Confirm(as, code())
	ok(w.t, err)
	w.pass(time.Minute)
	return recovery, code
}

func (w *world) step(mail string) string {
	w.t.Helper()
	token, ses, err := w.s.SignIn(ctx, mail, goodPassword, "test", "192.0.2.7")
	ok(w.t, err)
	if !ses.Pending {
		w.t.Fatal("no code was asked")
	}
	if _, _, err := w.s.Session(ctx, token); !errs.Is(err, errs.Unauthorized) {
		w.t.Fatal("the step opens rooms:", err)
	}
	return token
}

func TestThePasswordAloneOpensNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("A")
		recovery, code := w.enrol(owner)
		mail := "A-owner@example.jp"
		first := code()
		session, err := w.s.Finish(ctx, w.step(mail), first, "test")
		ok(t, err)
		if a, _, err := w.s.Session(ctx, session); err != nil || a.Member != owner.Member {
			t.Error(a, err)
		}
		step := w.step(mail)
		if _, err := w.s.Finish(ctx, step, first, ""); !errs.Is(err, errs.Invalid) {
			t.Error("a code was good twice:", err)
		}
		w.pass(90 * time.Second)
		slow := code()
		w.pass(30 * time.Second) // a clock that is half a minute late
		_, err = w.s.Finish(ctx, step, slow, "")
		ok(t, err)
		if _, err := w.s.Finish(ctx, step, recovery[0], ""); !errs.Is(err, errs.Unauthorized) {
			t.Error("a step was good twice:", err)
		}
		_, err = w.s.Finish(ctx, w.step(mail), recovery[0], "")
		ok(t, err)
		if _, err := w.s.Finish(ctx, w.step(mail), recovery[0], ""); !errs.Is(err, errs.Invalid) {
			t.Error("a recovery code was good twice:", err)
		}
		late := w.step(mail)
		w.pass(11 * time.Minute)
		if _, err := w.s.Finish(ctx, late, code(), ""); !errs.Is(err, errs.Unauthorized) {
			t.Error("a late step:", err)
		}
		if n := w.count("SELECT count(*) FROM audit WHERE act = 'sign_in.failed'"); n != 2 {
			t.Errorf("%d failures in the log", n)
		}
	})
}

func TestCodesAreNotGuessed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("A")
		_, code := w.enrol(owner)
		for range maxFailsOfMail {
			if _, err := w.s.Finish(ctx, w.step("A-owner@example.jp"), "000000", ""); !errs.Is(err, errs.Invalid) {
				t.Fatal(err)
			}
		}
		if _, err := w.s.Finish(ctx, w.step("A-owner@example.jp"), code(), ""); !errs.Is(err, errs.Limited) {
			t.Error("guessing goes on:", err)
		}
	})
}

func TestSwitchingOffAsksAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("A")
		_, code := w.enrol(owner)
		as := who.With(ctx, owner)
		if err := w.s.TOTP.Begin(as); !errs.Is(err, errs.Conflict) {
			t.Error("another app is set up over the first:", err)
		}
		for _, wrong := range []string{"", "000000", "not the password", "aaaa-aaaa-aaaa-aaaa"} {
			if err := w.s.TOTP.Off(as, wrong); !errs.Is(err, errs.Invalid) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
		again, err := w.s.TOTP.Renew(as, code())
		ok(t, err)
		st, err := w.s.TOTP.State(as)
		ok(t, err)
		if !st.On || st.Left != len(again) {
			t.Error(st)
		}
		ok(t, w.s.TOTP.Off(as, goodPassword))
		if _, ses, err := w.s.SignIn(ctx, "A-owner@example.jp", goodPassword, "", ""); err != nil || ses.Pending {
			t.Error("still asked", err)
		}
	})
}

func TestAnAdminHelpsWhoLostThePhone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("A")
		admin := w.member(owner.Workspace, who.Admin, "管理", "admin@example.jp")
		member := w.member(owner.Workspace, who.Member, "田村", "tamura@example.jp")
		w.enrol(owner)
		w.enrol(member)
		waiting := w.step("tamura@example.jp")
		if err := w.s.ResetTOTP(who.With(ctx, member), member.Member); !errs.Is(err, errs.Forbidden) {
			t.Error("a member:", err)
		}
		if err := w.s.ResetTOTP(who.With(ctx, admin), owner.Member); !errs.Is(err, errs.Forbidden) {
			t.Error("an admin, of an owner:", err)
		}
		other := w.workspace("B")
		if err := w.s.ResetTOTP(who.With(ctx, other), member.Member); !errs.Is(err, errs.NotFound) {
			t.Error("another workspace:", err)
		}
		with, err := w.s.WithTOTP(who.With(ctx, admin))
		ok(t, err)
		if len(with) != 2 || !with[member.Member] {
			t.Error(with)
		}
		ok(t, w.s.ResetTOTP(who.With(ctx, admin), member.Member))
		if err := w.s.StepOpen(ctx, waiting); !errs.Is(err, errs.Unauthorized) {
			t.Error("a step outlives the reset:", err)
		}
		if _, ses, err := w.s.SignIn(ctx, "tamura@example.jp", goodPassword, "", ""); err != nil || ses.Pending {
			t.Error(err)
		}
	})
}

// Who has no password, because another door opens, gets the one answer.
func TestNoPasswordOpensNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("A")
		w.inTx(func(ctx context.Context, tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, "UPDATE account SET password_hash = '' WHERE id = $1", owner.Account)
			return err
		})
		if _, _, err := w.s.SignIn(ctx, "A-owner@example.jp", "anything at all", "", ""); !errs.Is(err, errs.Invalid) {
			t.Error(err)
		}
	})
}
