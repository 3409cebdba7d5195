package workspace

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

func (w *world) unit(by who.Actor, name string, parent id.ID) id.ID {
	w.t.Helper()
	u, err := w.s.CreateUnit(as(by), name, parent)
	ok(w.t, err)
	return u.ID
}

func TestUnits(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		cs := w.unit(owner, " カスタマーサクセス部 ", 0)
		high := w.unit(owner, "ハイタッチ", cs)
		_, err := w.s.CreateUnit(as(owner), "ﾊｲﾀｯﾁ", 0)
		wants(t, err, errs.Invalid, "workspace.err.unit_taken")
		_, err = w.s.CreateUnit(as(owner), " ", 0)
		wants(t, err, errs.Invalid, "err.required")
		_, err = w.s.CreateUnit(as(owner), "x", 42)
		wants(t, err, errs.NotFound, "")
		wants(t, w.s.RenameUnit(as(owner), high, "カスタマーサクセス 部"), errs.Invalid, "workspace.err.unit_taken")
		wants(t, w.s.RenameUnit(as(owner), high, ""), errs.Invalid, "err.required")
		ok(t, w.s.RenameUnit(as(owner), high, "あたらしい名前"))
		list, err := w.s.Units(as(owner))
		ok(t, err)
		if len(list) != 2 || list[0].Name != "あたらしい名前" || list[0].Parent != cs || list[1].Name != "カスタマーサクセス部" {
			t.Fatalf("got %+v", list)
		}
		wants(t, w.s.DeleteUnit(as(owner), cs), errs.Conflict, "workspace.err.unit_has_children")
		ok(t, w.s.SetUnitMembers(as(owner), high, []id.ID{owner.Member}))
		ok(t, w.s.DeleteUnit(as(owner), high))
		ok(t, w.s.DeleteUnit(as(owner), cs))
		wants(t, w.s.DeleteUnit(as(owner), cs), errs.NotFound, "")
		equal(t, "audit", w.acts(owner.Workspace), "unit.created unit.created unit.renamed unit.members unit.deleted unit.deleted")
	})
}

func TestUnitsHaveNoKnots(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		top := w.unit(owner, "上", 0)
		mid := w.unit(owner, "中", top)
		low := w.unit(owner, "下", mid)
		for _, under := range []id.ID{top, mid, low} {
			wants(t, w.s.MoveUnit(as(owner), top, under), errs.Invalid, "workspace.err.unit_cycle")
		}
		wants(t, w.s.MoveUnit(as(owner), 0, top), errs.NotFound, "")
		ok(t, w.s.MoveUnit(as(owner), low, top))
		ok(t, w.s.MoveUnit(as(owner), mid, low))
		ok(t, w.s.MoveUnit(as(owner), mid, 0))
		list, err := w.s.Units(as(owner))
		ok(t, err)
		above := map[id.ID]id.ID{}
		for _, u := range list {
			above[u.ID] = u.Parent
		}
		if above[top] != 0 || above[mid] != 0 || above[low] != top {
			t.Fatalf("got %v", above)
		}
	})
}

func TestMovesAtOnceTieNoKnot(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		var ring []id.ID
		for i := range 6 {
			ring = append(ring, w.unit(owner, fmt.Sprint("u", i), 0))
		}
		refused := 0
		for _, err := range atOnce(6, func(i int) error { return w.s.MoveUnit(as(owner), ring[i], ring[(i+1)%6]) }) {
			if err != nil {
				wants(t, err, errs.Invalid, "workspace.err.unit_cycle")
				refused++
			}
		}
		equal(t, "refused", refused, 1)
		equal(t, "tops", w.count("SELECT count(*) FROM unit WHERE parent_id IS NULL"), 1)
	})
}

func TestUnitMembers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		ws := owner.Workspace
		unit := w.unit(owner, "チーム", 0)
		b := w.member(ws, who.Viewer, "べつの人", "b@example.jp")
		gone := w.member(ws, who.Member, "去る人", "gone@example.jp")
		waiting := w.placeholder(ws, "あとの人", "")
		ok(t, w.s.Remove(as(owner), gone.Member))
		wants(t, w.s.SetUnitMembers(as(owner), unit, []id.ID{b.Member, gone.Member}), errs.NotFound, "")
		wants(t, w.s.SetUnitMembers(as(owner), unit, []id.ID{b.Member, 0}), errs.NotFound, "")
		ok(t, w.s.SetUnitMembers(as(owner), unit, []id.ID{owner.Member}))
		ok(t, w.s.SetUnitMembers(as(owner), unit, []id.ID{b.Member, waiting, b.Member}))
		list, err := w.s.UnitMembers(as(b), w.d, unit)
		ok(t, err)
		if len(list) != 2 || list[0].ID != waiting || list[1].ID != b.Member {
			t.Fatalf("got %+v", list)
		}
		units, err := w.s.Units(as(b))
		ok(t, err)
		equal(t, "members listed", len(units[0].Members), 2)
		ok(t, w.s.SetUnitMembers(as(owner), unit, nil))
		list, err = w.s.UnitMembers(as(b), w.d, unit)
		ok(t, err)
		equal(t, "members", len(list), 0)
	})
}

func TestDirectory(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		ws := owner.Workspace
		tanaka := w.member(ws, who.Member, "田中 一郎", "tanaka@example.jp")
		ok(t, w.s.Rename(as(tanaka), tanaka.Member, "田中 一郎", "タナカ イチロウ"))
		w.member(ws, who.Viewer, "佐藤 ハナコ", "sato@example.jp")
		gone := w.member(ws, who.Member, "田中 去", "gone@example.jp")
		ok(t, w.s.Remove(as(owner), gone.Member))
		w.placeholder(ws, "山田中也", "")
		w.placeholder(ws, "100%_わり\\", "")
		w.unit(owner, "田中チーム", 0)
		w.unit(owner, "はなこの会", 0)
		w.unit(w.workspace("b"), "田中よその会", 0)

		for q, want := range map[string]string{
			"田中":     "member 田中 一郎, unit 田中チーム, member 山田中也",
			"田中一":    "member 田中 一郎",
			"田中　":    "member 田中 一郎, unit 田中チーム, member 山田中也",
			"たなか":    "member 田中 一郎",
			"ﾀﾅｶ ｲﾁ": "member 田中 一郎",
			"いちろう":   "member 田中 一郎",
			"ハナコ":    "unit はなこの会, member 佐藤 ハナコ",
			"%":      "member 100%_わり\\",
			"_わ":     "member 100%_わり\\",
			"\\":     "member 100%_わり\\",
			"いない":    "",
		} {
			people, err := w.s.Directory(as(owner), q, 10)
			ok(t, err)
			var got []string
			for _, p := range people {
				got = append(got, p.Kind+" "+p.Name)
			}
			if s := strings.Join(got, ", "); s != want {
				t.Errorf("%q: got %s, want %s", q, s, want)
			}
		}
		people, err := w.s.Directory(as(owner), "", 3)
		ok(t, err)
		equal(t, "an empty query offers the first few", len(people), 3)
		people, err = w.s.Directory(as(owner), "たなか", 0)
		ok(t, err)
		equal(t, "kana", people[0].Kana, "タナカ イチロウ")
	})
}

// again is the actor as a new session, a token and a letter know it.
func (w *world) again(a who.Actor) who.Actor {
	w.t.Helper()
	m := w.get(a.Workspace, a.Member)
	got, err := w.s.As(ctx, a.Workspace, m.Mail)
	ok(w.t, err)
	secret, _, err := w.s.CreateToken(as(got), "", "t", ScopeWrite, time.Time{})
	ok(w.t, err)
	byToken, err := w.s.Bearer(ctx, secret)
	ok(w.t, err)
	equal(w.t, "led by token", byToken.Led, got.Led)
	letters, err := w.s.Recipients(as(who.System(a.Workspace, nil)), a.Member)
	ok(w.t, err)
	equal(w.t, "led in letters", letters[0].Actor.Led, got.Led)
	return got
}

// Who leads a team leads those below it; who leads one is said by an admin or
// from above, never by the leads themselves.
func TestLeads(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		ws := owner.Workspace
		boss, lead, member := w.member(ws, who.Member, "部長", "boss@example.jp"), w.member(ws, who.Member, "係長", "lead@example.jp"), w.member(ws, who.Member, "社員", "m@example.jp")
		viewer := w.member(ws, who.Viewer, "見る人", "v@example.jp")
		top := w.unit(owner, "部", 0)
		mid := w.unit(owner, "課", top)
		low := w.unit(owner, "係", mid)
		side := w.unit(owner, "となり", top)
		ok(t, w.s.SetUnitMembers(as(owner), top, []id.ID{boss.Member}))
		ok(t, w.s.SetUnitMembers(as(owner), mid, []id.ID{lead.Member, member.Member, viewer.Member}))

		equal(t, "nobody leads yet", w.again(boss).Led, "")
		ok(t, w.s.SetUnitLeads(as(owner), top, []id.ID{boss.Member}))
		boss = w.again(boss)
		for _, u := range []id.ID{top, mid, low, side} {
			equal(t, "the boss leads", boss.Leads(u), true)
		}
		ok(t, w.s.SetUnitLeads(as(boss), mid, []id.ID{lead.Member, lead.Member}))
		lead = w.again(lead)
		for u, want := range map[id.ID]bool{top: false, mid: true, low: true, side: false, 0: false} {
			equal(t, "the lead leads", lead.Leads(u), want)
		}
		wants(t, w.s.SetUnitLeads(as(lead), mid, []id.ID{lead.Member, member.Member}), errs.Forbidden, "err.not_lead")
		wants(t, w.s.SetUnitLeads(as(boss), top, nil), errs.Forbidden, "err.forbidden")
		wants(t, w.s.SetUnitLeads(as(w.again(member)), mid, nil), errs.Forbidden, "err.forbidden")
		wants(t, w.s.SetUnitLeads(as(boss), mid, []id.ID{boss.Member}), errs.Invalid, "workspace.err.lead_member")
		wants(t, w.s.SetUnitLeads(as(boss), mid, []id.ID{viewer.Member}), errs.Invalid, "workspace.err.lead_viewer")
		wants(t, w.s.SetUnitLeads(as(boss), 42, nil), errs.NotFound, "")
		wants(t, w.s.SetUnitLeads(as(w.workspace("b")), mid, nil), errs.NotFound, "")

		ok(t, w.s.SetUnitMembers(as(owner), mid, []id.ID{member.Member, lead.Member}))
		list, err := w.s.Units(as(member))
		ok(t, err)
		at := slices.IndexFunc(list, func(u Unit) bool { return u.ID == mid })
		if !slices.Equal(list[at].Leads, []id.ID{lead.Member}) {
			t.Fatalf("who leads after the people changed: %+v", list[at])
		}
		ok(t, w.s.MoveUnit(as(owner), mid, side))
		equal(t, "moved, still below", w.again(boss).Leads(low), true)
		ok(t, w.s.SetUnitMembers(as(owner), mid, []id.ID{member.Member}))
		equal(t, "who left the team leads it no more", w.again(lead).Led, "")
		if acts := w.acts(ws); strings.Count(acts, "unit.leads") != 2 {
			t.Error(acts)
		}
	})
}
