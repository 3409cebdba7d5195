package workspace

import (
	"strings"
	"testing"
	"time"

	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

func setup() SetupInput {
	return SetupInput{Workspace: "  気づき　商事 ", Name: "田中 一郎", Kana: "たなか いちろう", Mail: "Tanaka＠example.jp", Password: goodPassword}
}

func TestSetupMakesWorkspaceAndOwner(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if empty, err := w.s.Empty(ctx); err != nil || !empty {
			t.Fatal("a new database is not empty", err)
		}
		a, err := w.s.Setup(ctx, setup())
		ok(t, err)
		if a.Role != who.Owner || a.Name != "田中 一郎" || a.Lang != "ja" || a.Zone.String() != "Asia/Tokyo" || a.System {
			t.Fatalf("actor %+v", a)
		}
		ws, err := w.s.Workspace(as(a))
		ok(t, err)
		want := Workspace{a.Workspace, "気づき 商事", "Asia/Tokyo", "JPY", "ja", 4, start}
		if ws != want {
			t.Fatalf("got %+v", ws)
		}
		m, err := w.s.Member(as(a), a.Member)
		ok(t, err)
		if m.Mail != "Tanaka@example.jp" || m.State != Active || m.Kana != "たなか いちろう" {
			t.Fatalf("member %+v", m)
		}
		equal(t, "news", w.heard(), "member.joined "+a.Member.String())
		equal(t, "audit", w.acts(a.Workspace), "workspace.created")
		_, err = w.s.Setup(ctx, setup())
		wants(t, err, errs.Conflict, "workspace.err.already_set_up")
		if empty, err := w.s.Empty(ctx); err != nil || empty {
			t.Fatal("still empty", err)
		}
		_, _, err = w.s.SignIn(ctx, "tanaka@EXAMPLE.jp", goodPassword, "", "")
		ok(t, err)
	})
}

func TestSetupRefusesBadInput(t *testing.T) {
	cases := []struct {
		name, field, key string
		change           func(*SetupInput)
	}{
		{"no workspace name", "workspace", "err.required", func(in *SetupInput) { in.Workspace = " \u3000" }},
		{"long workspace name", "workspace", "err.too_long", func(in *SetupInput) { in.Workspace = strings.Repeat("気", 101) }},
		{"no name", "name", "err.required", func(in *SetupInput) { in.Name = "" }},
		{"invisible name", "name", "err.required", func(in *SetupInput) { in.Name = "\ufe0f\u200d\ufe0f" }},
		{"long kana", "kana", "err.too_long", func(in *SetupInput) { in.Kana = strings.Repeat("き", 101) }},
		{"no mail", "mail", "err.required", func(in *SetupInput) { in.Mail = "" }},
		{"mail without @", "mail", "workspace.err.mail", func(in *SetupInput) { in.Mail = "tanaka.example.jp" }},
		{"mail with a name", "mail", "workspace.err.mail", func(in *SetupInput) { in.Mail = "田中 <tanaka@example.jp>" }},
		{"two mails", "mail", "workspace.err.mail", func(in *SetupInput) { in.Mail = "a@example.jp, b@example.jp" }},
		{"long mail", "mail", "workspace.err.mail", func(in *SetupInput) { in.Mail = strings.Repeat("a", 250) + "@b.jp" }},
		{"no password", "password", "err.required", func(in *SetupInput) { in.Password = "" }},
		{"short password", "password", "workspace.err.password_short", func(in *SetupInput) { in.Password = "九文字のことばです" }},
		{"long password", "password", "workspace.err.password_long", func(in *SetupInput) { in.Password = strings.Repeat("a", 201) }},
		{"unknown zone", "zone", "workspace.err.zone", func(in *SetupInput) { in.Zone = "Asia/Atlantis" }},
		{"zone of the machine", "zone", "workspace.err.zone", func(in *SetupInput) { in.Zone = "Local" }},
		{"zone with a path", "zone", "workspace.err.zone", func(in *SetupInput) { in.Zone = "../../etc/passwd" }},
		{"unknown language", "lang", "workspace.err.lang", func(in *SetupInput) { in.Lang = "tlh" }},
		{"unknown currency", "currency", "workspace.err.currency", func(in *SetupInput) { in.Currency = "YEN" }},
	}
	each(t, func(t *testing.T, w *world) {
		for _, c := range cases {
			in := setup()
			c.change(&in)
			_, err := w.s.Setup(ctx, in)
			e := errs.As(err)
			if err == nil || e.Code != errs.Invalid || e.Field != c.field || e.Key != c.key {
				t.Errorf("%s: got %v", c.name, err)
			}
		}
		_, err := w.s.Setup(ctx, SetupInput{})
		if e := errs.As(err); len(e.Fields) != 4 {
			t.Errorf("all problems at once: %v", err)
		}
		if n := w.count("SELECT count(*) FROM account"); n != 0 {
			t.Errorf("%d accounts are left behind", n)
		}
	})
}

func TestOfManySetupsOneWins(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		oneWins(t, atOnce(10, func(i int) error {
			in := setup()
			in.Mail = string(rune('a'+i)) + "@example.jp"
			_, err := w.s.Setup(ctx, in)
			return err
		}), errs.Conflict)
		for _, table := range []string{"workspace", "account", "member"} {
			equal(t, table, w.count("SELECT count(*) FROM "+table), 1)
		}
	})
}

func TestAnAccountMayHaveSeveralWorkspaces(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, err := w.s.Setup(ctx, setup())
		ok(t, err)
		second := setup()
		second.Workspace, second.Currency, second.Zone, second.Lang = "海外", "usd", "America/New_York", "en"
		second.Password = "some other password"
		_, err = w.s.CreateWorkspace(ctx, second)
		wants(t, err, errs.Invalid, "workspace.err.own_password")
		second.Password = goodPassword
		b, err := w.s.CreateWorkspace(ctx, second)
		ok(t, err)
		if b.Account != a.Account || b.Workspace == a.Workspace || b.Lang != "ja" || b.Zone.String() != "America/New_York" {
			t.Fatalf("got %+v beside %+v", b, a)
		}
		list, err := w.s.Workspaces(as(a))
		ok(t, err)
		if len(list) != 2 || list[1].Currency != "USD" {
			t.Fatalf("got %+v", list)
		}
		every, err := w.s.EveryWorkspace(ctx)
		ok(t, err)
		equal(t, "all workspaces", len(every), 2)
	})
}

func TestUpdateWorkspace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.workspace("a")
		got, err := w.s.UpdateWorkspace(as(a), WorkspaceInput{Name: "新しい名前", Zone: "Europe/Paris", Currency: "eur", Lang: "en", FiscalStartMonth: 1})
		ok(t, err)
		read, err := w.s.Workspace(as(a))
		ok(t, err)
		if want := (Workspace{a.Workspace, "新しい名前", "Europe/Paris", "EUR", "en", 1, start}); read != want || got != want {
			t.Fatalf("got %+v, read %+v", got, read)
		}
		_, err = w.s.UpdateWorkspace(as(a), WorkspaceInput{Name: "新しい名前", Zone: "Europe/Paris", Currency: "EUR", Lang: "en", FiscalStartMonth: 1})
		ok(t, err)
		equal(t, "audit says what changed, once", w.acts(a.Workspace), "workspace.changed")
		_, err = w.s.UpdateWorkspace(as(a), WorkspaceInput{Name: "x", FiscalStartMonth: 13})
		wants(t, err, errs.Invalid, "workspace.err.month")
	})
}

func TestAs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		w.pass(time.Hour)
		w.member(owner.Workspace, who.Owner, "二人目", "second@example.jp")
		viewer := w.member(owner.Workspace, who.Viewer, "見る人", "viewer@example.jp")
		got, err := w.s.As(ctx, owner.Workspace, "")
		ok(t, err)
		equal(t, "the first owner", got.Member, owner.Member)
		got, err = w.s.As(ctx, owner.Workspace, "Viewer@Example.jp ")
		ok(t, err)
		if got.Member != viewer.Member || got.Role != who.Viewer || got.System {
			t.Fatalf("got %+v", got)
		}
		_, err = w.s.As(ctx, w.workspace("b").Workspace, "viewer@example.jp")
		wants(t, err, errs.NotFound, "")
	})
}

func TestLocation(t *testing.T) {
	if Location("Asia/Tokyo") != Location("Asia/Tokyo") {
		t.Error("a zone is loaded twice")
	}
	if Location("nowhere") != time.UTC || Location("") != time.UTC {
		t.Error("an unknown zone must be UTC")
	}
}

// TestOtherWorkspacesStayOut gives every function that takes an id one of
// another workspace: the answer is the same as for an id of nothing.
func TestOtherWorkspacesStayOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine, theirs := w.workspace("a"), w.workspace("b")
		member := w.member(theirs.Workspace, who.Member, "よその人", "other@example.jp")
		_, token, err := w.s.CreateToken(as(theirs), "", "よそ", ScopeWrite, time.Time{})
		ok(t, err)
		_, invite, err := w.s.Invite(as(theirs), "new@example.jp", who.Member, 0)
		ok(t, err)
		unit, err := w.s.CreateUnit(as(theirs), "よそのチーム", 0)
		ok(t, err)
		ok(t, w.s.SetUnitMembers(as(theirs), unit.ID, []id.ID{member.Member}))
		waiting := w.placeholder(theirs.Workspace, "待つ人", "")
		own, err := w.s.CreateUnit(as(mine), "自分のチーム", 0)
		ok(t, err)
		session, _, err := w.s.SignIn(ctx, "a-owner@example.jp", goodPassword, "", "")
		ok(t, err)

		before := w.acts(theirs.Workspace)
		me := as(mine)
		for name, act := range map[string]func() error{
			"Member":          func() error { _, err := w.s.Member(me, member.Member); return err },
			"SetRole":         func() error { return w.s.SetRole(me, member.Member, who.Viewer) },
			"Rename":          func() error { return w.s.Rename(me, member.Member, "改名", "") },
			"Remove":          func() error { return w.s.Remove(me, member.Member) },
			"RevokeToken":     func() error { return w.s.RevokeToken(me, token.ID) },
			"RevokeInvite":    func() error { return w.s.RevokeInvite(me, invite.ID) },
			"Invite":          func() error { _, _, err := w.s.Invite(me, "x@example.jp", who.Member, waiting); return err },
			"CreateUnit":      func() error { _, err := w.s.CreateUnit(me, "下", unit.ID); return err },
			"RenameUnit":      func() error { return w.s.RenameUnit(me, unit.ID, "改名") },
			"MoveUnit":        func() error { return w.s.MoveUnit(me, unit.ID, 0) },
			"MoveUnit under":  func() error { return w.s.MoveUnit(me, own.ID, unit.ID) },
			"DeleteUnit":      func() error { return w.s.DeleteUnit(me, unit.ID) },
			"SetUnitMembers":  func() error { return w.s.SetUnitMembers(me, unit.ID, nil) },
			"SetUnitMembers+": func() error { return w.s.SetUnitMembers(me, own.ID, []id.ID{member.Member}) },
			"UnitMembers":     func() error { _, err := w.s.UnitMembers(me, w.d, unit.ID); return err },
			"SwitchWorkspace": func() error { return w.s.SwitchWorkspace(ctx, session, theirs.Workspace) },
		} {
			if err := act(); !errs.Is(err, errs.NotFound) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		// Those that find nothing instead of refusing.
		_, _, err = w.s.CreateToken(me, "other@example.jp", "x", ScopeRead, time.Time{})
		wants(t, err, errs.Invalid, "workspace.err.no_such_member")
		found, err := w.s.MembersByID(me, w.d, []id.ID{member.Member, mine.Member})
		ok(t, err)
		equal(t, "MembersByID", len(found), 1)
		people, err := w.s.Directory(me, "よそ", 10)
		ok(t, err)
		equal(t, "Directory", len(people), 0)
		owners, err := w.s.LookupOwners(ctx, w.d, mine.Workspace, []string{"よその人", "other@example.jp"})
		ok(t, err)
		equal(t, "LookupOwners", len(owners.Unknown), 2)
		equal(t, "nothing was done there", w.acts(theirs.Workspace), before)
	})
}
