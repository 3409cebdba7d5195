package app_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/rule"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/view"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// squad is a workspace in which the member leads one of two teams.
type squad struct {
	*apptest.App
	mine, other id.ID
}

func squadOf(t *testing.T, d *db.DB) squad {
	t.Helper()
	a := apptest.New(t, d)
	s := squad{App: a}
	for name, into := range map[string]*id.ID{"首都圏": &s.mine, "西日本": &s.other} {
		u, err := a.Workspace.CreateUnit(a.Ctx, name, 0)
		must(t, err)
		*into = u.ID
	}
	must(t, a.Workspace.SetUnitMembers(a.Ctx, s.mine, []id.ID{a.Actors[who.Member].Member}))
	must(t, a.Workspace.SetUnitMembers(a.Ctx, s.other, []id.ID{a.Actors[who.Owner].Member}))
	must(t, a.Workspace.SetUnitLeads(a.Ctx, s.mine, []id.ID{a.Actors[who.Member].Member}))
	lead, err := a.Workspace.As(context.Background(), a.Actors[who.Member].Workspace, "member@example.com")
	must(t, err)
	a.Actors[who.Member] = lead
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A lead is let in wherever a lead may, and nowhere else where a member may not.
func TestLeadByRoute(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := squadOf(t, d)
		b, p := s.Browser(who.Member), s.Program(who.Member, workspace.ScopeWrite)
		reading := s.Program(who.Member, workspace.ScopeRead)
		for _, r := range s.Router.Table() {
			if r.Need != who.Lead && r.Need != who.Administer || r.Method != "POST" {
				continue
			}
			// Names its own team, so that only the need decides.
			got := b.Post(fill(r.Path), url.Values{"unit": {s.mine.String()}})
			if (got.Status == http.StatusForbidden) != (r.Need == who.Administer) || got.Status >= 500 {
				t.Errorf("%s %s as a lead: %d", r.Method, r.Path, got.Status)
			}
		}
		for _, e := range s.REST.Table() {
			if e.Need != who.Lead && e.Need != who.Administer {
				continue
			}
			path := strings.TrimPrefix(fill(e.Path), "/api/v1")
			want := 0
			if e.Need == who.Administer {
				want = 403
			}
			checkAnswer(t, e.Method+" "+e.Path+" as a lead", p.Do(e.Method, path, map[string]any{"unit": s.mine.String(), "type": "text", "labels": map[string]string{"ja": "x"}}), want)
			checkAnswer(t, e.Method+" "+e.Path+" with a lead's token that reads", reading.Do(e.Method, path, map[string]any{}), 403)
		}
	})
}

// What a lead may do for the own team is refused for another, and says why.
func TestLeadOfAnotherTeam(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := squadOf(t, d)
		spec := rule.Spec{On: rule.OnRenewal, Steps: []rule.Step{{Offset: -30, Tasks: []rule.Todo{{Title: "連絡"}}}}}
		lead := s.As(who.Member)
		things := func(ctx context.Context, unit id.ID) (field.Field, view.View, rule.Rule, [3]error) {
			f, e1 := s.Fields.Create(ctx, field.Input{Type: field.Text, Labels: map[string]string{"ja": "メモ"}, Unit: unit})
			v, e2 := s.Views.Create(ctx, view.Input{Place: "contracts", Name: "会議" + unit.String(), Unit: unit})
			r, e3 := s.Rules.Create(ctx, rule.Input{Name: "更新", Spec: spec, Unit: unit})
			return f, v, r, [3]error{e1, e2, e3}
		}
		f, v, r, bad := things(lead, s.mine)
		for _, err := range bad {
			must(t, err)
		}
		if _, _, _, refused := things(lead, s.other); !allForbidden(refused[:]...) {
			t.Errorf("for another's team: %v", refused)
		}
		if _, err := s.Fields.Create(lead, field.Input{Type: field.Text, Labels: map[string]string{"ja": "x"}}); !allForbidden(err) {
			t.Errorf("a field for all: %v", err)
		}
		_, err := s.Rules.GoLive(lead, r.ID, rule.FromNext)
		must(t, err)
		_, err = s.Rules.Pause(lead, r.ID)
		must(t, err)
		must(t, s.Fields.Retire(lead, f.ID))
		must(t, s.Fields.Restore(lead, f.ID))
		_, err = s.Views.Delete(lead, v.ID)
		must(t, err)

		f, v, r, bad = things(s.Ctx, s.other)
		for _, err := range bad {
			must(t, err)
		}
		name := "取った"
		_, e1 := s.Fields.Update(lead, f.ID, field.Patch{Labels: map[string]string{"ja": name}})
		_, e2 := s.Fields.Update(lead, f.ID, field.Patch{Unit: &s.mine})
		_, e3 := s.Rules.Update(lead, r.ID, rule.Patch{Name: &name})
		_, e4 := s.Rules.GoLive(lead, r.ID, rule.FromNext)
		if !allForbidden(e1, e2, e3, e4, s.Fields.Retire(lead, f.ID), s.Fields.MoveUp(lead, f.ID), s.Rules.Delete(lead, r.ID)) {
			t.Errorf("another's team: %v %v %v %v", e1, e2, e3, e4)
		}
		if _, err := s.Views.Get(lead, v.ID); err == nil {
			t.Error("reads a view of another's team")
		}
		if page := s.Browser(who.Member).Post("/fields/"+f.ID.String()+"/retire", nil); page.Status != 403 || !strings.Contains(page.Body, "そのチームのリーダーと管理者") {
			t.Errorf("the refusal: %d %s", page.Status, page.Find("main").Text())
		}
		if err := s.Workspace.DeleteUnit(s.Ctx, s.other); err == nil {
			t.Error("a team with fields and rules went")
		}
	})
}

func allForbidden(list ...error) bool {
	for _, err := range list {
		if err == nil || errs.As(err).Code != errs.Forbidden {
			return false
		}
	}
	return true
}
