package workspace

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

// TestPermissions walks act × role. Ids are of nothing, so that what is
// allowed answers something else than Forbidden and nothing is changed.
func TestPermissions(t *testing.T) {
	none := id.ID(42)
	acts := map[string]struct {
		least who.Role
		write bool // refused to a read token
		act   func(context.Context, *world) error
	}{
		"Workspace":  {who.Viewer, false, func(c context.Context, w *world) error { _, err := w.s.Workspace(c); return err }},
		"Workspaces": {who.Viewer, false, func(c context.Context, w *world) error { _, err := w.s.Workspaces(c); return err }},
		"UpdateWorkspace": {who.Admin, true, func(c context.Context, w *world) error {
			_, err := w.s.UpdateWorkspace(c, WorkspaceInput{})
			return err
		}},
		"Members":           {who.Viewer, false, func(c context.Context, w *world) error { _, err := w.s.Members(c); return err }},
		"Member":            {who.Viewer, false, func(c context.Context, w *world) error { _, err := w.s.Member(c, none); return err }},
		"MembersByID":       {who.Viewer, false, func(c context.Context, w *world) error { _, err := w.s.MembersByID(c, w.d, []id.ID{none}); return err }},
		"Directory":         {who.Viewer, false, func(c context.Context, w *world) error { _, err := w.s.Directory(c, "x", 5); return err }},
		"SetRole":           {who.Admin, true, func(c context.Context, w *world) error { return w.s.SetRole(c, none, who.Member) }},
		"Rename another":    {who.Admin, true, func(c context.Context, w *world) error { return w.s.Rename(c, none, "x", "") }},
		"Rename oneself":    {who.Viewer, true, func(c context.Context, w *world) error { return w.s.Rename(c, who.From(c).Member, "", "") }},
		"Remove":            {who.Admin, true, func(c context.Context, w *world) error { return w.s.Remove(c, none) }},
		"SetLanguage":       {who.Viewer, true, func(c context.Context, w *world) error { return w.s.SetLanguage(c, "") }},
		"SetZone":           {who.Viewer, true, func(c context.Context, w *world) error { return w.s.SetZone(c, "x") }},
		"Tokens":            {who.Viewer, false, func(c context.Context, w *world) error { _, err := w.s.Tokens(c); return err }},
		"CreateToken":       {who.Viewer, true, func(c context.Context, w *world) error { return createToken(c, w, "") }},
		"CreateToken other": {who.Admin, true, func(c context.Context, w *world) error { return createToken(c, w, "x@example.jp") }},
		"RevokeToken":       {who.Viewer, true, func(c context.Context, w *world) error { return w.s.RevokeToken(c, none) }},
		"Invite":            {who.Admin, true, func(c context.Context, w *world) error { return invite(c, w, who.Admin) }},
		"Invite an owner":   {who.Owner, true, func(c context.Context, w *world) error { return invite(c, w, who.Owner) }},
		"Invites":           {who.Admin, true, func(c context.Context, w *world) error { _, err := w.s.Invites(c); return err }},
		"RevokeInvite":      {who.Admin, true, func(c context.Context, w *world) error { return w.s.RevokeInvite(c, none) }},
		"Units":             {who.Viewer, false, func(c context.Context, w *world) error { _, err := w.s.Units(c); return err }},
		"UnitMembers":       {who.Viewer, false, func(c context.Context, w *world) error { _, err := w.s.UnitMembers(c, w.d, none); return err }},
		"CreateUnit":        {who.Admin, true, func(c context.Context, w *world) error { _, err := w.s.CreateUnit(c, "", 0); return err }},
		"RenameUnit":        {who.Admin, true, func(c context.Context, w *world) error { return w.s.RenameUnit(c, none, "x") }},
		"MoveUnit":          {who.Admin, true, func(c context.Context, w *world) error { return w.s.MoveUnit(c, none, 0) }},
		"DeleteUnit":        {who.Admin, true, func(c context.Context, w *world) error { return w.s.DeleteUnit(c, none) }},
		"SetUnitMembers":    {who.Admin, true, func(c context.Context, w *world) error { return w.s.SetUnitMembers(c, none, nil) }},
		"Audit":             {who.Admin, true, func(c context.Context, w *world) error { _, _, err := w.s.Audit(c, "", 5); return err }},
	}
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		actors := []who.Actor{owner}
		for _, role := range []who.Role{who.Admin, who.Member, who.Viewer} {
			actors = append(actors, w.member(owner.Workspace, role, string(role), string(role)+"@example.jp"))
		}
		for name, c := range acts {
			for _, a := range actors {
				err := c.act(as(a), w)
				if forbidden := errs.Is(err, errs.Forbidden); forbidden == a.Role.Includes(c.least) || errs.Is(err, errs.Internal) {
					t.Errorf("%s as %s: %v", name, a.Role, err)
				}
			}
			reader := owner
			reader.ReadOnly = true
			if err := c.act(as(reader), w); errs.Is(err, errs.Forbidden) != c.write {
				t.Errorf("%s with a read token: %v", name, err)
			}
			if err := c.act(ctx, w); !errs.Is(err, errs.Unauthorized) {
				t.Errorf("%s as nobody: %v", name, err)
			}
		}
	})
}

func createToken(c context.Context, w *world, mail string) error {
	_, _, err := w.s.CreateToken(c, mail, "x", ScopeRead, time.Time{})
	return err
}

func invite(c context.Context, w *world, role who.Role) error {
	_, _, err := w.s.Invite(c, "new@example.jp", role, 0)
	return err
}

func TestMembers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		ws := owner.Workspace
		gone := w.member(ws, who.Member, "あべ", "abe@example.jp")
		waiting := w.placeholder(ws, "いとう", "")
		ok(t, w.s.Remove(as(owner), gone.Member))
		w.workspace("b")
		list, err := w.s.Members(as(owner))
		ok(t, err)
		got := make([]string, 0, len(list))
		for _, m := range list {
			got = append(got, m.Name+" "+string(m.State))
		}
		if want := []string{"いとう placeholder", "社長 active", "あべ left"}; !slices.Equal(got, want) {
			t.Fatalf("got %v", got)
		}
		byID, err := w.s.MembersByID(as(owner), w.d, []id.ID{gone.Member, waiting, 42})
		ok(t, err)
		if len(byID) != 2 || byID[gone.Member].State != Left || byID[waiting].Account != 0 {
			t.Fatalf("got %v", byID)
		}
		m, err := w.s.Member(as(owner), gone.Member)
		ok(t, err)
		equal(t, "mail", m.Mail, "abe@example.jp")
		_, err = w.s.Member(as(owner), 42)
		wants(t, err, errs.NotFound, "err.not_found")
	})
}

func TestSetRole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		ws := owner.Workspace
		admin := w.member(ws, who.Admin, "管理", "admin@example.jp")
		m := w.member(ws, who.Member, "田中", "tanaka@example.jp")
		waiting := w.placeholder(ws, "待つ人", "")

		wants(t, w.s.SetRole(as(admin), m.Member, who.Owner), errs.Forbidden, "")
		wants(t, w.s.SetRole(as(admin), owner.Member, who.Member), errs.Forbidden, "")
		wants(t, w.s.SetRole(as(owner), m.Member, "boss"), errs.Invalid, "workspace.err.role")
		wants(t, w.s.SetRole(as(owner), waiting, who.Admin), errs.Conflict, "workspace.err.not_joined")
		wants(t, w.s.SetRole(as(owner), owner.Member, who.Admin), errs.Conflict, "workspace.err.last_owner")
		equal(t, "nothing happened", w.acts(ws)+w.heard(), "")

		ok(t, w.s.SetRole(as(admin), m.Member, who.Admin))
		ok(t, w.s.SetRole(as(admin), m.Member, who.Admin))
		equal(t, "news", w.heard(), "member.changed "+m.Member.String())
		ok(t, w.s.SetRole(as(owner), m.Member, who.Owner))
		ok(t, w.s.SetRole(as(owner), owner.Member, who.Viewer))
		equal(t, "roles", w.get(ws, m.Member).Role+w.get(ws, owner.Member).Role, who.Owner+who.Viewer)
		equal(t, "audit", w.acts(ws), "member.role member.role member.role")
	})
}

func TestInvitationsEndWithTheRightToMakeThem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		second := w.member(owner.Workspace, who.Owner, "二人目", "second@example.jp")
		for _, role := range who.Roles() {
			_, _, err := w.s.Invite(as(second), string(role)+"@example.jp", role, 0)
			ok(t, err)
		}
		open := func() int {
			list, err := w.s.Invites(as(owner))
			ok(t, err)
			return len(list)
		}
		equal(t, "as owner", open(), 4)
		ok(t, w.s.SetRole(as(owner), second.Member, who.Admin))
		equal(t, "as admin", open(), 3)
		ok(t, w.s.SetRole(as(owner), second.Member, who.Member))
		equal(t, "as member", open(), 0)
	})
}

func TestRename(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		viewer := w.member(owner.Workspace, who.Viewer, "見る人", "viewer@example.jp")
		ok(t, w.s.Rename(as(viewer), viewer.Member, "佐藤 花子", "さとう はなこ"))
		ok(t, w.s.Rename(as(viewer), viewer.Member, "佐藤 花子", "さとう はなこ"))
		equal(t, "news", w.heard(), "member.changed "+viewer.Member.String())
		wants(t, w.s.Rename(as(viewer), owner.Member, "x", ""), errs.Forbidden, "")
		wants(t, w.s.Rename(as(owner), viewer.Member, " ", ""), errs.Invalid, "err.required")
		wants(t, w.s.Rename(as(owner), 42, "x", ""), errs.NotFound, "")
		m := w.get(owner.Workspace, viewer.Member)
		equal(t, "name", m.Name+m.Kana, "佐藤 花子さとう はなこ")
	})
}

func TestOwnSettings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.workspace("a")
		token, _, err := w.s.SignIn(ctx, mailA, goodPassword, "", "")
		ok(t, err)
		ok(t, w.s.SetLanguage(as(a), "en"))
		ok(t, w.s.SetZone(as(a), "Europe/Paris"))
		wants(t, w.s.SetLanguage(as(a), "fr"), errs.Invalid, "workspace.err.lang")
		wants(t, w.s.SetZone(as(a), "Mars"), errs.Invalid, "workspace.err.zone")
		got, _, err := w.s.Session(ctx, token)
		ok(t, err)
		equal(t, "own", got.Lang+got.Zone.String(), "enEurope/Paris")
		ok(t, w.s.SetZone(as(a), ""))
		got, _, err = w.s.Session(ctx, token)
		ok(t, err)
		equal(t, "the workspace's", got.Zone.String(), "Asia/Tokyo")
	})
}

func TestRemove(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		ws := owner.Workspace
		admin := w.member(ws, who.Admin, "管理", "admin@example.jp")
		wants(t, w.s.Remove(as(admin), owner.Member), errs.Forbidden, "")
		wants(t, w.s.Remove(as(owner), owner.Member), errs.Conflict, "workspace.err.last_owner")

		session, _, err := w.s.SignIn(ctx, "admin@example.jp", goodPassword, "", "")
		ok(t, err)
		secret, _, err := w.s.CreateToken(as(admin), "", "x", ScopeWrite, time.Time{})
		ok(t, err)
		link, _, err := w.s.Invite(as(admin), "new@example.jp", who.Admin, 0)
		ok(t, err)
		unit, err := w.s.CreateUnit(as(owner), "チーム", 0)
		ok(t, err)
		ok(t, w.s.SetUnitMembers(as(owner), unit.ID, []id.ID{admin.Member}))
		w.heard()

		ok(t, w.s.Remove(as(admin), admin.Member))
		equal(t, "news", w.heard(), "member.left "+admin.Member.String())
		wants(t, w.s.Remove(as(owner), admin.Member), errs.NotFound, "")
		_, _, err = w.s.Session(ctx, session)
		wants(t, err, errs.Unauthorized, "")
		_, err = w.s.Bearer(ctx, secret)
		wants(t, err, errs.Unauthorized, "")
		_, err = w.s.InviteInfo(ctx, link)
		wants(t, err, errs.NotFound, "workspace.err.invite_gone")
		inUnit, err := w.s.UnitMembers(as(owner), w.d, unit.ID)
		ok(t, err)
		equal(t, "in the team", len(inUnit), 0)
		equal(t, "the row stays", w.get(ws, admin.Member).State, Left)
		ok(t, w.s.Remove(as(owner), w.placeholder(ws, "待つ人", "")))
	})
}

func TestOfOwnersSteppingDownAtOnceOneStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owners := []who.Actor{w.workspace("a")}
		for i := range 9 {
			owners = append(owners, w.member(owners[0].Workspace, who.Owner, "社長", string(rune('a'+i))+"@example.jp"))
		}
		failed := 0
		for _, err := range atOnce(len(owners), func(i int) error {
			if i%2 == 0 {
				return w.s.Remove(as(owners[i]), owners[i].Member)
			}
			return w.s.SetRole(as(owners[i]), owners[i].Member, who.Member)
		}) {
			if err != nil {
				wants(t, err, errs.Conflict, "workspace.err.last_owner")
				failed++
			}
		}
		equal(t, "refused", failed, 1)
		equal(t, "owners left", w.count("SELECT count(*) FROM member WHERE role = 'owner' AND state = 'active'"), 1)
	})
}

// No sequence of role changes and removals, by whomever, leaves a workspace
// without an owner.
func TestThereIsAlwaysAnOwner(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := 0
		rapid.Check(t, func(t *rapid.T) {
			n++
			first := w.workspace(id.ID(n).String())
			people := []id.ID{first.Member}
			for range 3 {
				role := rapid.SampledFrom(who.Roles()).Draw(t, "first role")
				mail := id.New().String() + "@example.jp"
				people = append(people, w.member(first.Workspace, role, "人", mail).Member)
			}
			for range rapid.IntRange(1, 12).Draw(t, "steps") {
				by := w.get(first.Workspace, rapid.SampledFrom(people).Draw(t, "by"))
				if by.State != Active {
					continue
				}
				actor := as(who.Actor{Workspace: first.Workspace, Member: by.ID, Role: by.Role})
				target := rapid.SampledFrom(people).Draw(t, "target")
				var err error
				if rapid.Bool().Draw(t, "remove") {
					err = w.s.Remove(actor, target)
				} else {
					err = w.s.SetRole(actor, target, rapid.SampledFrom(who.Roles()).Draw(t, "role"))
				}
				if errs.Is(err, errs.Internal) {
					t.Fatal(err)
				}
				if w.count("SELECT count(*) FROM member WHERE workspace_id = $1 AND role = 'owner' AND state = 'active'", first.Workspace) == 0 {
					t.Fatal("no owner is left")
				}
			}
		})
	})
}
