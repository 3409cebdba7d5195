package workspace

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/who"
	"kizuki/internal/workspace/throttle"
)

const mailA = "a-owner@example.jp"

func TestSignInAndOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.workspace("a")
		token, ses, err := w.s.SignIn(ctx, " A-Owner＠example.jp", goodPassword, "Firefox\x00\n"+strings.Repeat("気", 200), "192.0.2.7")
		ok(t, err)
		if len(token) != 43 || ses.Member != a.Member || ses.IP != "192.0.2.7" || len(ses.Agent) > maxAgent || !strings.HasPrefix(ses.Agent, "Firefox 気") {
			t.Fatalf("token %q, session %+v", token, ses)
		}
		equal(t, "the token is not stored", w.count("SELECT count(*) FROM session WHERE hash = $1", token), 0)
		got, read, err := w.s.Session(ctx, token)
		ok(t, err)
		want := who.Actor{Workspace: a.Workspace, Member: a.Member, Account: a.Account, Name: a.Name, Role: who.Owner, Lang: "ja", Zone: Location("Asia/Tokyo")}
		if got != want || read != ses {
			t.Fatalf("actor %+v, session %+v", got, read)
		}
		ok(t, w.s.SignOut(ctx, token))
		ok(t, w.s.SignOut(ctx, token))
		ok(t, w.s.SignOut(ctx, "made up"))
		_, _, err = w.s.Session(ctx, token)
		wants(t, err, errs.Unauthorized, "err.unauthorized")
		_, _, err = w.s.Session(ctx, "")
		wants(t, err, errs.Unauthorized, "")
		wants(t, w.s.SwitchWorkspace(ctx, token, a.Workspace), errs.Unauthorized, "")
		equal(t, "audit", w.acts(a.Workspace), "sign_in sign_out")
	})
}

func TestSignInGivesOneAnswer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.workspace("a")
		_, _, wrong := w.s.SignIn(ctx, mailA, goodPassword+"!", "", "")
		_, _, unknown := w.s.SignIn(ctx, "nobody@example.jp", goodPassword, "", "")
		wants(t, wrong, errs.Invalid, "workspace.err.sign_in")
		equal(t, "unknown mail", unknown.Error(), wrong.Error())
		equal(t, "audit", w.acts(a.Workspace), "sign_in.failed")
		_, _, err := w.s.SignIn(ctx, "", "", "", "")
		equal(t, "empty boxes", len(errs.As(err).Fields), 2)
		_, _, err = w.s.SignIn(ctx, "\x00\xff@", "x", "", "not an address")
		wants(t, err, errs.Invalid, "workspace.err.sign_in")
	})
}

func TestSignInWithoutAWorkspace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.workspace("a")
		m := w.member(a.Workspace, who.Member, "去る人", "leaving@example.jp")
		ok(t, w.s.Remove(as(a), m.Member))
		_, _, err := w.s.SignIn(ctx, "leaving@example.jp", "wrong password", "", "")
		wants(t, err, errs.Invalid, "workspace.err.sign_in")
		_, _, err = w.s.SignIn(ctx, "leaving@example.jp", goodPassword, "", "")
		wants(t, err, errs.Forbidden, "workspace.err.no_workspace")
	})
}

func TestSessionsSlide(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.workspace("a")
		token, _, err := w.s.SignIn(ctx, mailA, goodPassword, "", "")
		ok(t, err)
		statements := func() int64 {
			t.Helper()
			c, n := db.Counting(ctx)
			_, _, err := w.s.Session(c, token)
			ok(t, err)
			return n.Load()
		}
		w.pass(4 * time.Minute)
		equal(t, "statements within five minutes", statements(), 1)
		w.pass(time.Minute)
		equal(t, "statements after five minutes", statements(), 2)
		equal(t, "statements right after", statements(), 1)
		for range 3 {
			w.pass(29 * 24 * time.Hour)
			statements()
		}
		w.pass(30 * 24 * time.Hour)
		_, _, err = w.s.Session(ctx, token)
		wants(t, err, errs.Unauthorized, "")
	})
}

func TestSeenByManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.workspace("a")
		token, _, err := w.s.SignIn(ctx, mailA, goodPassword, "", "")
		ok(t, err)
		w.pass(time.Hour)
		ok(t, errors.Join(atOnce(10, func(int) error { _, _, err := w.s.Session(ctx, token); return err })...))
	})
}

func TestSignInComesBackToTheWorkspaceLastUsed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.workspace("a")
		w.pass(time.Minute)
		second := w.member(w.workspace("b").Workspace, who.Viewer, "社長", mailA)
		token, ses, err := w.s.SignIn(ctx, mailA, goodPassword, "", "")
		ok(t, err)
		equal(t, "at first", ses.Workspace, a.Workspace)
		w.pass(time.Minute)
		ok(t, w.s.SwitchWorkspace(ctx, token, second.Workspace))
		got, _, err := w.s.Session(ctx, token)
		ok(t, err)
		if got.Member != second.Member || got.Role != who.Viewer {
			t.Fatalf("got %+v", got)
		}
		ok(t, w.s.SignOut(ctx, token))
		_, ses, err = w.s.SignIn(ctx, mailA, goodPassword, "", "")
		ok(t, err)
		equal(t, "after the switch", ses.Workspace, second.Workspace)
	})
}

func TestSweep(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.workspace("a")
		old, _, err := w.s.SignIn(ctx, mailA, goodPassword, "", "")
		ok(t, err)
		w.pass(20 * 24 * time.Hour)
		young, _, err := w.s.SignIn(ctx, mailA, goodPassword, "", "192.0.2.7")
		ok(t, err)
		w.pass(11 * 24 * time.Hour)
		_, _, err = w.s.SignIn(ctx, mailA, "wrong password", "", "192.0.2.8")
		wants(t, err, errs.Invalid, "")
		ok(t, w.s.Sweep(ctx))
		equal(t, "sessions", w.count("SELECT count(*) FROM session"), 1)
		equal(t, "counters", w.count("SELECT count(*) FROM throttle"), 2)
		_, _, err = w.s.Session(ctx, young)
		ok(t, err)
		_, _, err = w.s.Session(ctx, old)
		wants(t, err, errs.Unauthorized, "")
	})
}

func TestGuessingIsLimitedByMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.workspace("a")
		w.workspace("b")
		for _, mail := range []string{mailA, "nobody@example.jp"} {
			for range maxFailsOfMail {
				_, _, err := w.s.SignIn(ctx, mail, "wrong password", "", "")
				wants(t, err, errs.Invalid, "workspace.err.sign_in")
			}
			_, _, err := w.s.SignIn(ctx, strings.ToUpper(mail), goodPassword, "", "")
			wants(t, err, errs.Limited, "workspace.err.limited")
			equal(t, "minutes", errs.As(err).Args["Minutes"], any(15))
		}
		_, _, err := w.s.SignIn(ctx, "b-owner@example.jp", goodPassword, "", "")
		ok(t, err) // others are not held up
		w.pass(14*time.Minute + 30*time.Second)
		_, _, err = w.s.SignIn(ctx, mailA, goodPassword, "", "")
		wants(t, err, errs.Limited, "")
		equal(t, "minutes later", errs.As(err).Args["Minutes"], any(1))
		w.pass(30 * time.Second)
		_, _, err = w.s.SignIn(ctx, mailA, goodPassword, "", "")
		ok(t, err)
	})
}

func TestTheRightPasswordForgives(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.workspace("a")
		for range 3 {
			for range maxFailsOfMail - 1 {
				_, _, err := w.s.SignIn(ctx, mailA, "wrong password", "", "192.0.2.1")
				wants(t, err, errs.Invalid, "")
			}
			_, _, err := w.s.SignIn(ctx, mailA, goodPassword, "", "192.0.2.1")
			ok(t, err)
		}
		// The address keeps its failures: an attacker with an account of its own
		// must not wash them off.
		equal(t, "fails of the address", w.count("SELECT fails FROM throttle WHERE key = 'ip:192.0.2.1'"), 12)
	})
}

func TestGuessingIsLimitedByAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.workspace("a")
		w.inTx(func(ctx context.Context, tx *db.Tx) error {
			return throttle.Set(ctx, tx, "ip:2001:db8:1:2::/64", maxFailsOfAddress-1, w.s.Now())
		})
		_, _, err := w.s.SignIn(ctx, "x@example.jp", "wrong password", "", "2001:db8:1:2::5")
		wants(t, err, errs.Invalid, "")
		_, _, err = w.s.SignIn(ctx, mailA, goodPassword, "", "2001:db8:1:2:ffff::6")
		wants(t, err, errs.Limited, "")
		_, _, err = w.s.SignIn(ctx, mailA, goodPassword, "", "2001:db8:1:3::5")
		ok(t, err)
	})
}

func TestManyGuessesAtOnceDoNotSlipThrough(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.workspace("a")
		looked := 0
		for _, err := range atOnce(20, func(int) error {
			_, _, err := w.s.SignIn(ctx, mailA, "wrong password", "", "192.0.2.1")
			return err
		}) {
			switch {
			case errs.Is(err, errs.Invalid):
				looked++
			case !errs.Is(err, errs.Limited):
				t.Error(err)
			}
		}
		equal(t, "passwords looked at", looked, maxFailsOfMail)
	})
}

func TestHonestSignInsAtOnceAllPass(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.workspace("a")
		ok(t, errors.Join(atOnce(12, func(int) error {
			_, _, err := w.s.SignIn(ctx, mailA, goodPassword, "", "192.0.2.1")
			return err
		})...))
	})
}

func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		secret, tok, err := w.s.CreateToken(as(owner), "", " CI\n用 ", ScopeWrite, time.Time{})
		ok(t, err)
		if !strings.HasPrefix(secret, "kzk_") || tok.Name != "CI 用" || !tok.Expires.Equal(start.Add(tokenFor)) || tok.Member != owner.Member {
			t.Fatalf("%s %+v", secret, tok)
		}
		a, err := w.s.Bearer(ctx, secret)
		ok(t, err)
		if a.Member != owner.Member || a.Role != who.Owner || a.ReadOnly || a.Lang != "ja" {
			t.Fatalf("actor %+v", a)
		}
		read, readTok, err := w.s.CreateToken(as(owner), mailA, "BI", ScopeRead, start.Add(time.Hour))
		ok(t, err)
		b, err := w.s.Bearer(ctx, read)
		ok(t, err)
		if !b.ReadOnly || b.May(who.Write) || !b.May(who.Read) {
			t.Fatalf("actor %+v", b)
		}
		w.pass(time.Hour)
		_, err = w.s.Bearer(ctx, read)
		wants(t, err, errs.Unauthorized, "workspace.err.token")
		list, err := w.s.Tokens(as(owner))
		ok(t, err)
		if len(list) != 2 || !list[1].LastUsed.Equal(start) {
			t.Fatalf("got %+v", list)
		}
		ok(t, w.s.RevokeToken(as(owner), tok.ID))
		wants(t, w.s.RevokeToken(as(owner), tok.ID), errs.NotFound, "")
		_, err = w.s.Bearer(ctx, secret)
		wants(t, err, errs.Unauthorized, "")
		ok(t, w.s.RevokeToken(as(owner), readTok.ID))
		equal(t, "audit", w.acts(owner.Workspace), "token.created token.created token.revoked token.revoked")
	})
}

func TestTokensAreWrittenToRarely(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		secret, _, err := w.s.CreateToken(as(w.workspace("a")), "", "x", ScopeRead, time.Time{})
		ok(t, err)
		for i, want := range []int64{2, 1, 2} {
			c, n := db.Counting(ctx)
			_, err := w.s.Bearer(c, secret)
			ok(t, err)
			equal(t, "statements", n.Load(), want)
			w.pass(time.Duration(i*3+2) * time.Minute)
		}
	})
}

func TestBadTokens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		_, _, err := w.s.CreateToken(as(owner), "", " ", "all", start)
		e := errs.As(err)
		if len(e.Fields) != 3 || e.Fields[0].Key != "err.required" || e.Fields[1].Key != "workspace.err.scope" || e.Fields[2].Key != "workspace.err.expires_past" {
			t.Fatal(err)
		}
		_, _, err = w.s.CreateToken(as(who.System(owner.Workspace, nil)), "", "x", ScopeRead, time.Time{})
		wants(t, err, errs.Invalid, "workspace.err.no_such_member")
		_, err = w.s.Bearer(ctx, "kzk_made_up")
		wants(t, err, errs.Unauthorized, "workspace.err.token")
	})
}

func TestTokensOfOthers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		admin := w.member(owner.Workspace, who.Admin, "管理", "admin@example.jp")
		viewer := w.member(owner.Workspace, who.Viewer, "見る人", "viewer@example.jp")
		_, _, err := w.s.CreateToken(as(admin), mailA, "x", ScopeWrite, time.Time{})
		wants(t, err, errs.Forbidden, "err.forbidden") // it would make the admin an owner
		_, _, err = w.s.CreateToken(as(viewer), "admin@example.jp", "x", ScopeRead, time.Time{})
		wants(t, err, errs.Forbidden, "")
		_, _, err = w.s.CreateToken(as(viewer), "nobody@example.jp", "x", ScopeRead, time.Time{})
		wants(t, err, errs.Forbidden, "")
		_, own, err := w.s.CreateToken(as(viewer), "", "自分の", ScopeRead, time.Time{})
		ok(t, err)
		secret, theirs, err := w.s.CreateToken(as(admin), "Viewer@example.jp", "代わりに", ScopeWrite, time.Time{})
		ok(t, err)
		equal(t, "member", theirs.Member, viewer.Member)
		a, err := w.s.Bearer(ctx, secret)
		ok(t, err)
		equal(t, "a write token stays within the role", a.May(who.Write), false)
		_, _, err = w.s.CreateToken(as(who.System(owner.Workspace, nil)), mailA, "operator", ScopeWrite, time.Time{})
		ok(t, err)

		for actor, want := range map[who.Actor]int{viewer: 2, admin: 3, owner: 3} {
			list, err := w.s.Tokens(as(actor))
			ok(t, err)
			equal(t, "tokens seen by "+actor.Name, len(list), want)
		}
		_, admins, err := w.s.CreateToken(as(admin), "", "x", ScopeRead, time.Time{})
		ok(t, err)
		wants(t, w.s.RevokeToken(as(viewer), admins.ID), errs.NotFound, "")
		ok(t, w.s.RevokeToken(as(viewer), own.ID))
		ok(t, w.s.Remove(as(admin), viewer.Member))
		_, err = w.s.Bearer(ctx, secret)
		wants(t, err, errs.Unauthorized, "")
	})
}
