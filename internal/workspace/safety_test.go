package workspace

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
	"kizuki/internal/workspace/secrets"
)

// Whoever reads the database, a backup or the log finds nothing to sign in with.
func TestNoSecretIsStored(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, err := w.s.Setup(ctx, setup())
		ok(t, err)
		session, _, err := w.s.SignIn(ctx, setup().Mail, goodPassword, "", "")
		ok(t, err)
		_, _, err = w.s.SignIn(ctx, "my-secret-password", "wrong-secret-password", "", "")
		wants(t, err, errs.Invalid, "")
		token, _, err := w.s.CreateToken(as(a), "", "CI", ScopeWrite, time.Time{})
		ok(t, err)
		link := w.link(a, newMail, who.Member, 0)
		all := []string{session, token, strings.TrimPrefix(token, "kzk_"), link, goodPassword, "my-secret-password", "wrong-secret-password"}
		for table, columns := range map[string]string{
			"account": "mail || mail_fold || password_hash", "session": "hash || agent || ip", "throttle": "key",
			"token": "hash || name", "invite": "hash || mail", "audit": "act || ip || CAST(data AS TEXT)",
		} {
			rows, err := db.All(ctx, w.d, db.Value[string], "SELECT "+columns+" FROM "+table)
			ok(t, err)
			if len(rows) == 0 {
				t.Errorf("%s is empty: the test looks at nothing", table)
			}
			for _, s := range all {
				if strings.Contains(strings.Join(rows, " "), s) {
					t.Errorf("%s holds %q", table, s)
				}
			}
		}
	})
}

// A sign-in and a removal may cross: the session or token written last must
// not let anybody in who has left.
func TestWhatCrossesARemovalIsWorthless(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.workspace("a")
		session, _, err := w.s.SignIn(ctx, mailA, goodPassword, "", "")
		ok(t, err)
		secret, _, err := w.s.CreateToken(as(a), "", "x", ScopeRead, time.Time{})
		ok(t, err)
		w.inTx(func(ctx context.Context, tx *db.Tx) error {
			return run(ctx, tx, "UPDATE member SET state = 'left' WHERE id = $1", a.Member)
		})
		_, _, err = w.s.Session(ctx, session)
		wants(t, err, errs.Unauthorized, "")
		_, err = w.s.Bearer(ctx, secret)
		wants(t, err, errs.Unauthorized, "")
		_, err = w.s.As(ctx, a.Workspace, mailA)
		wants(t, err, errs.NotFound, "")
	})
}

// A page that is still loading must not bring a session back to life.
func TestSeeingDoesNotReviveASession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.workspace("a")
		token, _, err := w.s.SignIn(ctx, mailA, goodPassword, "", "")
		ok(t, err)
		w.pass(time.Hour)
		ok(t, w.s.SignOut(ctx, token))
		now := w.s.Now()
		w.inTx(func(ctx context.Context, tx *db.Tx) error {
			return touchSession(ctx, tx, secrets.Digest(token), now, now.Add(sessionFor), now)
		})
		_, _, err = w.s.Session(ctx, token)
		wants(t, err, errs.Unauthorized, "")
	})
}

func TestAFailingListenerTakesEverythingBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		m := w.member(owner.Workspace, who.Member, "人", "m@example.jp")
		link := w.link(owner, newMail, who.Member, 0)
		before := w.acts(owner.Workspace)
		no := errors.New("no")
		w.s.bus.Subscribe(func(context.Context, *db.Tx, []bus.Change) error { return no })
		_, _, accepted := w.s.Accept(ctx, link, newcomer("新人"))
		_, created := w.s.CreateWorkspace(ctx, setup())
		for name, err := range map[string]error{
			"SetRole": w.s.SetRole(as(owner), m.Member, who.Admin), "Rename": w.s.Rename(as(owner), m.Member, "改名", ""),
			"Remove": w.s.Remove(as(owner), m.Member), "Accept": accepted, "CreateWorkspace": created,
		} {
			if !errors.Is(err, no) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := w.get(owner.Workspace, m.Member); got.Role != who.Member || got.Name != "人" || got.State != Active {
			t.Errorf("the member is %+v", got)
		}
		equal(t, "audit", w.acts(owner.Workspace), before)
		equal(t, "accounts", w.count("SELECT count(*) FROM account"), 2)
		_, err := w.s.InviteInfo(ctx, link)
		ok(t, err)
	})
}

func TestAMailTakenMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.workspace("a")
		err := w.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return w.s.settle(ctx, tx, account{ID: id.New(), Mail: mailA, Fold: mailA, made: true})
		})
		wants(t, err, errs.Conflict, "workspace.err.mail_taken")
	})
}

func TestWaitingAtTheGateEndsWithTheRequest(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.workspace("a")
		for range cap(w.s.gate) {
			leave, err := w.s.enter(ctx)
			ok(t, err)
			defer leave()
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		_, _, err := w.s.SignIn(gone, mailA, goodPassword, "", "")
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		equal(t, "tries counted", w.count("SELECT count(*) FROM throttle"), 0)
	})
}

func TestInputsReadTwiceAreTheSame(t *testing.T) {
	letters := rapid.SampledFrom([]string{"a", "B", "@", "＠", ".", "jp", " ", "\u3000", "田", "ﾀ", "ー", "<", ">", "\x00", "\xff", "‐", ",", `"`})
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(letters, 0, 12).Draw(t, "letters"), "")
		if a, e := checkMail("mail", s); e == nil {
			again, e := checkMail("mail", a.mail)
			if e != nil || again != a || foldMail(a.fold) != a.fold || readOwner(s).mail != a.fold {
				t.Fatalf("%q is %+v, then %+v %v, as owner %+v", s, a, again, e, readOwner(s))
			}
		}
		p, q := person{Name: s}, person{Name: " " + strings.ToUpper(s) + "\u3000"}
		if p.nameFold() != (person{Name: p.nameFold()}).nameFold() || strings.ToUpper(s) == s && p.nameFold() != q.nameFold() {
			t.Fatalf("%q folds to %q and %q", s, p.nameFold(), q.nameFold())
		}
	})
}

// Whatever a column holds, resolving it a second time makes nobody, and every
// text is in exactly one list.
func TestResolvingTwiceMakesNobody(t *testing.T) {
	texts := rapid.SliceOfN(rapid.OneOf(
		rapid.SampledFrom([]string{"田中", "田中 一郎", "田中　一郎", "髙橋", "高橋", "T@example.jp", "ｔ＠example.jp", "x <t@example.jp>", "", "㈱", "ー"}),
		rapid.StringN(0, 8, -1),
	), 0, 8)
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := 0
		rapid.Check(t, func(t *rapid.T) {
			n++
			ws := w.workspace(fmt.Sprint("r", n)).Workspace
			names := texts.Draw(t, "names")
			for i := range names { // the edge has cleaned what an import holds
				names[i] = strings.ToValidUTF8(strings.ReplaceAll(names[i], "\x00", ""), "?")
			}
			first := w.resolve(ctx, ws, names...)
			again := w.resolve(ctx, ws, names...)
			if len(again.Created)+len(again.Unknown)+len(again.Ambiguous) != 0 || len(again.Found) != len(first.Found) {
				t.Fatalf("%q: first %+v, then %+v", names, first, again)
			}
			for text, m := range again.Found {
				if first.Found[text] != m {
					t.Fatalf("%q was %v and is %v", text, first.Found[text], m)
				}
			}
		})
	})
}
