package app_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/rule"
	"kizuki/internal/testkit"
	"kizuki/internal/view"
	"kizuki/internal/who"
)

func (s squad) contract(t *testing.T, name string, owner who.Role, fields map[string]any) contract.Contract {
	t.Helper()
	c, err := s.Contracts.Create(s.Ctx, contract.Input{Name: name, Organization: name + "社", Owner: s.Actors[owner].Member.String(),
		RenewalDate: "2026-03-20", Fields: fields})
	must(t, err)
	return c
}

// Values stay whatever happens to their field: another name, options renamed or
// put away, the field put away and brought back.
func TestValuesSurvive(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := squadOf(t, d)
		lead := s.As(who.Member)
		plan, err := s.Fields.Create(lead, field.Input{Key: "plan", Type: field.Choice, Labels: map[string]string{"ja": "プラン"}, Options: []string{"松", "竹"}, Indexed: true, Unit: s.mine})
		must(t, err)
		tools, err := s.Fields.Create(lead, field.Input{Key: "tools", Type: field.Choices, Labels: map[string]string{"ja": "道具"}, Options: []string{"甲", "乙"}, Unit: s.mine})
		must(t, err)
		c := s.contract(t, "A", who.Member, map[string]any{"plan": "松", "tools": []any{"甲", "乙"}})
		same := func(what string, wantPlan, wantTools string) {
			t.Helper()
			got, err := s.Contracts.Get(s.Ctx, c.ID)
			must(t, err)
			list, _ := got.Fields["tools"].([]string)
			if got.Fields["plan"] != wantPlan || strings.Join(list, "") != wantTools || got.Version != c.Version {
				t.Errorf("%s: %v, version %d", what, got.Fields, got.Version)
			}
		}
		_, err = s.Fields.Update(lead, plan.ID, field.Patch{Labels: map[string]string{"ja": "契約プラン", "en": "Plan"}})
		must(t, err)
		same("another name", "松", "甲乙")
		_, err = s.Fields.RenameOption(lead, plan.ID, "松", "上")
		must(t, err)
		_, err = s.Fields.RenameOption(lead, tools.ID, "乙", "丙")
		must(t, err)
		same("options renamed", "上", "甲丙")
		// Views and links that ask for the old name go on finding.
		for option, want := range map[string]int{"上": 1, "松": 1, "竹": 0} {
			found := s.Browser(who.Owner).Get("/contracts?" + url.Values{"f.plan": {option}}.Encode()).Find("#rows .name")
			if found.Length() != want {
				t.Errorf("%s finds %d", option, found.Length())
			}
		}
		if f, err := s.Fields.RenameOption(lead, plan.ID, "上", "特上"); err != nil || f.Renamed["松"] != "特上" {
			t.Errorf("renamed twice: %v %v", f.Renamed, err)
		}
		same("renamed twice", "特上", "甲丙")
		if e, err := s.Contracts.Update(s.Ctx, c.ID, []contract.Edit{{Field: "field:plan", New: "松"}}); err != nil || e.Fields["plan"] != "特上" {
			t.Errorf("an old name is not understood: %v %v", e.Fields, err)
		}
		_, err = s.Fields.PutOptionAway(lead, plan.ID, "特上", true)
		must(t, err)
		same("put away", "特上", "甲丙")
		form := s.Browser(who.Member).Get("/contracts/" + c.ID.String() + "/edit")
		if form.Find(`#field-plan option[value="特上"]`).Length() != 1 {
			t.Error("the form loses what the contract holds")
		}
		other := s.contract(t, "B", who.Member, nil)
		if form = s.Browser(who.Member).Get("/contracts/" + other.ID.String() + "/edit"); form.Find(`#field-plan option[value="特上"]`).Length() != 0 || form.Find(`#field-plan option[value="竹"]`).Length() != 1 {
			t.Error("what is put away is offered")
		}
		page := s.Browser(who.Member).Post("/fields/"+plan.ID.String()+"/retire", nil)
		if !strings.Contains(page.Find("#retired li").Text(), "1件の契約に値があります") {
			t.Error(page.Find("#retired").Text())
		}
		same("retired", "特上", "甲丙")
		if page = s.Browser(who.Member).Post("/fields/"+plan.ID.String()+"/restore", nil); page.Find("#retired").Length() != 0 {
			t.Error("not restored")
		}
		same("restored", "特上", "甲丙")
	})
}

// A team's field stands on the contracts of the team and of those below it, and
// where it has a value; lists say whose it is.
func TestWhereATeamsFieldStands(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := squadOf(t, d)
		below, err := s.Workspace.CreateUnit(s.Ctx, "首都圏 第一", s.mine)
		must(t, err)
		must(t, s.Workspace.SetUnitMembers(s.Ctx, below.ID, []id.ID{s.Actors[who.Admin].Member}))
		b := s.Browser(who.Member)
		page := b.Post("/fields", url.Values{"label_ja": {"訪問先"}, "key": {"visit"}, "type": {"text"}, "unit": {s.mine.String()}})
		if page.Status != 200 || !strings.Contains(page.Find("details.team summary").Text(), "首都圏の項目") {
			t.Fatalf("%d %s", page.Status, page.Find("main").Text())
		}
		for _, c := range []struct {
			owner  who.Role
			fields map[string]any
			want   int
		}{{who.Member, nil, 1}, {who.Admin, nil, 1}, {who.Owner, nil, 0}, {who.Owner, map[string]any{"visit": "本社"}, 1}} {
			made := s.contract(t, "契約"+string(c.owner)+id.New().String(), c.owner, c.fields)
			if got := b.Get("/contracts/" + made.ID.String() + "/edit").Find("#field-visit").Length(); got != c.want {
				t.Errorf("of the %s with %v: %d", c.owner, c.fields, got)
			}
		}
		if !strings.Contains(b.Get("/contracts").Find("main").Text(), "訪問先（首都圏）") {
			t.Error("the list does not say whose field it is")
		}
		if s.Browser(who.Viewer).Get("/fields").Find("main form").Length() != 0 {
			t.Error("a viewer is shown forms")
		}
	})
}

// A team's rule watches the contracts of the team and of those below it, by who is
// in it when it runs.
func TestRuleOfATeam(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := squadOf(t, d)
		rank, err := s.Fields.Create(s.Ctx, field.Input{Key: "rank", Type: field.Choice, Labels: map[string]string{"ja": "格"}, Options: []string{"松", "竹"}})
		must(t, err)
		high := map[string]any{"rank": "松"}
		mine, theirs := s.contract(t, "A", who.Member, high), s.contract(t, "B", who.Owner, high)
		s.contract(t, "C", who.Member, map[string]any{"rank": "竹"})
		r, err := s.Rules.Create(s.As(who.Member), rule.Input{Name: "更新", Unit: s.mine, Spec: rule.Spec{On: rule.OnRenewal,
			Only:  rule.Only{Fields: map[string]string{"rank": "松"}},
			Steps: []rule.Step{{Offset: -20, Tasks: []rule.Todo{{Title: "連絡"}}}}}})
		must(t, err)
		ahead := func() string {
			t.Helper()
			p, err := s.Rules.PreviewRule(s.As(who.Member), r.ID, "")
			must(t, err)
			var names []string
			for _, it := range append(p.Today, p.Next30...) {
				names = append(names, it.ContractName)
			}
			return strings.Join(names, "")
		}
		if got := ahead(); got != mine.Name {
			t.Errorf("watches %s", got)
		}
		_, err = s.Fields.RenameOption(s.Ctx, rank.ID, "松", "上")
		must(t, err)
		if got := ahead(); got != mine.Name {
			t.Errorf("after an option it asks for has another name: %s", got)
		}
		must(t, s.Workspace.SetUnitMembers(s.Ctx, s.mine, []id.ID{s.Actors[who.Member].Member, s.Actors[who.Owner].Member}))
		if got := ahead(); len(got) != len(mine.Name+theirs.Name) {
			t.Errorf("after somebody came to the team: %s", got)
		}
		must(t, s.Workspace.SetUnitMembers(s.Ctx, s.mine, []id.ID{s.Actors[who.Member].Member}))
		_, err = s.Rules.GoLive(s.As(who.Member), r.ID, rule.FromNext)
		must(t, err)
		s.Travel(15 * 24 * time.Hour)
		if done, err := s.Rules.Run(who.With(s.Ctx, who.System(s.Actors[who.Owner].Workspace, nil)), s.Actors[who.Owner].Workspace, "2026-03-01"); err != nil || done.Created != 1 {
			t.Errorf("made %d tasks: %v", done.Created, err)
		}
		if page := s.Browser(who.Viewer).Get("/rules"); !strings.Contains(page.Find("main").Text(), "首都圏の契約だけ") {
			t.Error(page.Find("main").Text())
		}
		if page := s.Browser(who.Member).Get("/rules/" + r.ID.String()); page.Find("select[name=unit] option[selected]").AttrOr("value", "") != s.mine.String() {
			t.Error("the form does not say for whom it is")
		}
	})
}

// A view of a team is seen by the team and those below it; its leads keep it.
func TestViewOfATeam(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := squadOf(t, d)
		below, err := s.Workspace.CreateUnit(s.Ctx, "首都圏 第一", s.mine)
		must(t, err)
		must(t, s.Workspace.SetUnitMembers(s.Ctx, below.ID, []id.ID{s.Actors[who.Admin].Member, s.Actors[who.Viewer].Member}))
		lead, err := s.Workspace.As(s.Ctx, s.Actors[who.Member].Workspace, "member@example.com") // leads what is new below, too
		must(t, err)
		s.Actors[who.Member] = lead
		v, err := s.Views.Create(s.As(who.Admin), view.Input{Place: "contracts", Name: "会議", Query: "within=90", Unit: below.ID})
		must(t, err)
		for role, want := range map[who.Role]int{who.Admin: 1, who.Viewer: 1, who.Member: 1, who.Owner: 0} {
			list, err := s.Views.List(s.As(role), "contracts")
			if err != nil || len(list) != want {
				t.Errorf("%s sees %d: %v", role, len(list), err)
			}
		}
		name := "別の名"
		if _, err := s.Views.Update(s.As(who.Viewer), v.ID, view.Change{Name: &name}); !allForbidden(err) {
			t.Errorf("somebody of the team renames it: %v", err)
		}
		if got, err := s.Views.Update(s.As(who.Member), v.ID, view.Change{Name: &name}); err != nil || got.Unit != below.ID {
			t.Errorf("the lead does not: %v", err)
		}
		yes := true
		if _, err := s.Views.Update(s.As(who.Member), v.ID, view.Change{Shared: &yes}); !allForbidden(err) {
			t.Errorf("the lead gives it to all: %v", err)
		}
		page := s.Browser(who.Viewer).Get("/views/" + v.ID.String())
		if got := strings.TrimSpace(page.Find(".sheet > .pick [aria-current]").Text()); page.Status != 200 || got != "別の名（首都圏 第一）" {
			t.Errorf("%d %s", page.Status, got)
		}
		b := s.Browser(who.Member)
		if page = b.Post("/views", url.Values{"place": {"contracts"}, "query": {"within=30"}, "name": {"首都圏会議"}, "for": {s.mine.String()}}); !strings.Contains(page.Find(".sheet > .pick").Text(), "首都圏会議（首都圏）") {
			t.Errorf("%d %s", page.Status, page.Find(".pick").Text())
		}
		must(t, s.Workspace.DeleteUnit(s.Ctx, below.ID))
		if got, err := s.Views.Get(s.As(who.Admin), v.ID); err != nil || got.Unit != 0 {
			t.Errorf("the team is gone, the view with it: %+v %v", got, err)
		}
	})
}
