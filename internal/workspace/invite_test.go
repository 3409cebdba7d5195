package workspace

import (
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
	"kizuki/internal/workspace/throttle"
)

const newMail = "new@example.jp"

func newcomer(name string) AcceptInput {
	return AcceptInput{Name: name, Kana: "かな", Password: goodPassword, Agent: "Firefox"}
}

// link invites and gives the link's token.
func (w *world) link(by who.Actor, mail string, role who.Role, placeholder id.ID) string {
	w.t.Helper()
	token, _, err := w.s.Invite(as(by), mail, role, placeholder)
	ok(w.t, err)
	return token
}

// accept takes the link and gives the member it made.
func (w *world) accept(link string, in AcceptInput) Member {
	w.t.Helper()
	_, ses, err := w.s.Accept(ctx, link, in)
	ok(w.t, err)
	return w.get(ses.Workspace, ses.Member)
}

func TestAcceptingAnInvitation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		link := w.link(owner, "New＠example.jp", who.Admin, 0)
		info, err := w.s.InviteInfo(ctx, link)
		ok(t, err)
		if want := (InviteInfo{Workspace: "a", Lang: "ja", Mail: "New@example.jp", Role: who.Admin}); info != want {
			t.Fatalf("got %+v", info)
		}
		w.heard()
		session, ses, err := w.s.Accept(WithIP(ctx, "192.0.2.1"), link, newcomer("新人"))
		ok(t, err)
		a, _, err := w.s.Session(ctx, session)
		ok(t, err)
		if a.Role != who.Admin || a.Name != "新人" || a.Lang != "ja" || ses.IP != "192.0.2.1" || ses.Agent != "Firefox" {
			t.Fatalf("actor %+v, session %+v", a, ses)
		}
		equal(t, "news", w.heard(), "member.joined "+a.Member.String())
		equal(t, "audit", w.acts(owner.Workspace), "invite.created member.joined sign_in")
		_, _, err = w.s.SignIn(ctx, newMail, goodPassword, "", "")
		ok(t, err)

		_, _, err = w.s.Accept(ctx, link, newcomer("もう一人"))
		wants(t, err, errs.NotFound, "workspace.err.invite_gone")
		_, err = w.s.InviteInfo(ctx, link)
		wants(t, err, errs.NotFound, "workspace.err.invite_gone")
		_, _, err = w.s.Invite(as(owner), newMail, who.Viewer, 0)
		wants(t, err, errs.Conflict, "workspace.err.already_member")
	})
}

func TestBadInvitations(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		_, _, err := w.s.Invite(as(owner), "nobody", "boss", 0)
		if e := errs.As(err); len(e.Fields) != 2 || e.Fields[0].Key != "workspace.err.mail" || e.Fields[1].Key != "workspace.err.role" {
			t.Fatal(err)
		}
		_, _, err = w.s.Invite(as(owner), newMail, who.Member, owner.Member)
		wants(t, err, errs.NotFound, "") // no placeholder

		link := w.link(owner, newMail, who.Member, 0)
		for name, in := range map[string]AcceptInput{
			"err.required":                 {Password: goodPassword},
			"workspace.err.password_short": {Name: "新人", Password: "short"},
		} {
			_, _, err := w.s.Accept(ctx, link, in)
			wants(t, err, errs.Invalid, name)
		}
		w.pass(inviteFor)
		for _, gone := range []string{link, "made up", ""} {
			_, _, err = w.s.Accept(ctx, gone, newcomer("新人"))
			wants(t, err, errs.NotFound, "workspace.err.invite_gone")
		}
		list, err := w.s.Invites(as(owner))
		ok(t, err)
		if len(list) != 1 || list[0].Mail != newMail || list[0].By != owner.Member {
			t.Fatalf("got %+v", list)
		}
		ok(t, w.s.RevokeInvite(as(owner), list[0].ID))
		wants(t, w.s.RevokeInvite(as(owner), list[0].ID), errs.NotFound, "")
		equal(t, "accounts", w.count("SELECT count(*) FROM account"), 1)
	})
}

func TestANewInvitationReplacesTheOldOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		old := w.link(owner, newMail, who.Admin, 0)
		link := w.link(who.System(owner.Workspace, nil), newMail, who.Viewer, 0)
		_, err := w.s.InviteInfo(ctx, old)
		wants(t, err, errs.NotFound, "")
		equal(t, "role", w.accept(link, newcomer("新人")).Role, who.Viewer)
	})
}

func TestWhoHasAnAccountGivesItsPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, b := w.workspace("a"), w.workspace("b")
		link := w.link(b, mailA, who.Viewer, 0)
		info, err := w.s.InviteInfo(ctx, link)
		ok(t, err)
		equal(t, "known", info.Known, true)
		in := newcomer("社長")
		in.Password = "not my password"
		for range maxFailsOfMail {
			_, _, err = w.s.Accept(ctx, link, in)
			wants(t, err, errs.Invalid, "workspace.err.own_password")
			equal(t, "field", errs.As(err).Field, "password")
		}
		_, _, err = w.s.Accept(ctx, link, newcomer("社長"))
		wants(t, err, errs.Limited, "") // a link is no way round the throttle
		w.pass(throttle.Window)
		m := w.accept(link, newcomer("社長"))
		if m.Account != a.Account || m.Role != who.Viewer || m.Mail != mailA {
			t.Fatalf("got %+v", m)
		}
		equal(t, "counters", w.count("SELECT count(*) FROM throttle"), 0)
	})
}

func TestALinkWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		link := w.link(owner, newMail, who.Member, 0)
		list := atOnce(10, func(int) error {
			_, _, err := w.s.Accept(ctx, link, newcomer("新人"))
			return err
		})
		for i, err := range list { // the losers find the account made, or the link gone
			if errs.Is(err, errs.NotFound) {
				list[i] = errs.New(errs.Conflict, "")
			}
		}
		oneWins(t, list, errs.Conflict)
		equal(t, "members", w.count("SELECT count(*) FROM member"), 2)
		equal(t, "sessions", w.count("SELECT count(*) FROM session"), 1)
	})
}

func TestAPlaceholderIsClaimed(t *testing.T) {
	cases := []struct {
		name    string
		invited func(w *world, owner who.Actor) (link string, want id.ID)
	}{
		{"named by the invitation", func(w *world, owner who.Actor) (string, id.ID) {
			w.placeholder(owner.Workspace, "田中一郎", newMail)
			named := w.placeholder(owner.Workspace, "旧姓の人", "")
			return w.link(owner, newMail, who.Member, named), named
		}},
		{"by mail", func(w *world, owner who.Actor) (string, id.ID) {
			w.placeholder(owner.Workspace, "田中一郎", "")
			byMail := w.placeholder(owner.Workspace, newMail, newMail)
			return w.link(owner, newMail, who.Member, 0), byMail
		}},
		{"by name, whatever the spaces and widths", func(w *world, owner who.Actor) (string, id.ID) {
			byName := w.placeholder(owner.Workspace, "田中　一郎", "")
			return w.link(owner, newMail, who.Member, 0), byName
		}},
		{"not when two have the name", func(w *world, owner who.Actor) (string, id.ID) {
			w.placeholder(owner.Workspace, "田中一郎", "")
			w.placeholder(owner.Workspace, "田中 一郎", "")
			return w.link(owner, newMail, who.Member, 0), 0
		}},
		{"not an active member of the name", func(w *world, owner who.Actor) (string, id.ID) {
			w.member(owner.Workspace, who.Member, "田中一郎", "other@example.jp")
			return w.link(owner, newMail, who.Member, 0), 0
		}},
		{"not one of another workspace", func(w *world, owner who.Actor) (string, id.ID) {
			w.placeholder(w.workspace("b").Workspace, "田中一郎", newMail)
			return w.link(owner, newMail, who.Member, 0), 0
		}},
	}
	each(t, func(t *testing.T, w *world) {
		for i, c := range cases {
			owner := w.workspace("claim" + id.ID(i+1).String())
			link, want := c.invited(w, owner)
			before := w.count("SELECT count(*) FROM member")
			if i > 0 { // the account is there from the first case on
				info, err := w.s.InviteInfo(ctx, link)
				ok(t, err)
				equal(t, "known", info.Known, true)
			}
			m := w.accept(link, newcomer("田中 一郎"))
			made := w.count("SELECT count(*) FROM member") - before
			if want != 0 && (m.ID != want || made != 0) || want == 0 && made != 1 {
				t.Errorf("%s: became %v, want %v, %d rows made", c.name, m.ID, want, made)
			}
			if m.Name != "田中 一郎" || m.Kana != "かな" || m.State != Active || m.Mail != newMail || m.Account == 0 {
				t.Errorf("%s: %+v", c.name, m)
			}
			people, err := w.s.Directory(as(owner), "たなか", 5)
			ok(t, err)
			equal(t, "the old reading is gone", len(people), 0)
		}
	})
}

func TestOfManyClaimsOneGetsThePlaceholder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		waiting := w.placeholder(owner.Workspace, "田中一郎", "")
		var links []string
		for i := range 10 {
			links = append(links, w.link(owner, string(rune('a'+i))+"@example.jp", who.Member, 0))
		}
		for _, err := range atOnce(10, func(i int) error {
			_, _, err := w.s.Accept(ctx, links[i], newcomer("田中一郎"))
			return err
		}) {
			ok(t, err)
		}
		equal(t, "members", w.count("SELECT count(*) FROM member"), 11)
		equal(t, "state", w.get(owner.Workspace, waiting).State, Active)
	})
}

func TestWhoLeftMayComeBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		ws := owner.Workspace
		old := w.member(ws, who.Admin, "戻る人", newMail)
		ok(t, w.s.Remove(as(owner), old.Member))
		w.placeholder(ws, "戻る人", "")
		m := w.accept(w.link(owner, newMail, who.Viewer, 0), newcomer("戻った人"))
		if m.ID != old.Member || m.Role != who.Viewer || m.State != Active || m.Name != "戻った人" {
			t.Fatalf("got %+v", m)
		}
		// A placeholder somebody chose goes before the old row.
		ok(t, w.s.Remove(as(owner), old.Member))
		named := w.placeholder(ws, "契約の担当", "")
		link := w.link(owner, newMail, who.Member, named)
		info, err := w.s.InviteInfo(ctx, link)
		ok(t, err)
		equal(t, "suggested name", info.Name, "契約の担当")
		equal(t, "member", w.accept(link, newcomer("戻った人")).ID, named)
		if m := w.get(ws, old.Member); m.State != Left || m.Account != 0 {
			t.Fatalf("the old row: %+v", m)
		}
	})
}

func TestJoiningTwiceIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		link := w.link(owner, newMail, who.Member, 0)
		w.member(owner.Workspace, who.Member, "先に来た人", newMail)
		_, _, err := w.s.Accept(ctx, link, newcomer("新人"))
		wants(t, err, errs.Conflict, "workspace.err.already_member")
		_, err = w.s.InviteInfo(ctx, link)
		ok(t, err) // a refused try does not use the link up
		_, found, err := db.One(ctx, w.d, db.Value[int64], "SELECT fails FROM throttle WHERE fails > 1")
		if err != nil || found {
			t.Fatal("an honest password was counted more than once", err)
		}
	})
}

func TestInvitationExpiry(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		link := w.link(w.workspace("a"), newMail, who.Member, 0)
		w.pass(inviteFor - time.Microsecond)
		_, err := w.s.InviteInfo(ctx, link)
		ok(t, err)
		w.pass(time.Microsecond)
		_, err = w.s.InviteInfo(ctx, link)
		wants(t, err, errs.NotFound, "")
	})
}
