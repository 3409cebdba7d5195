package rule_test

import (
	"strings"
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/rule"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

func TestDraftLivePaused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		r := w.draft(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		got, err := w.Get(w.ctx, r.ID)
		if err != nil || got.State != rule.Draft || got.Owner != w.okada || got.OwnerName != "岡田 真帆" || got.Version != 1 ||
			got.Spec.Steps[0].ID == "" || got.Spec.Steps[0].To != rule.ToOwner || !got.CreatedAt.Equal(w.Now()) {
			t.Fatal(err, got)
		}
		if _, err := w.Pause(w.ctx, r.ID); !errs.Is(err, errs.Conflict) {
			t.Error(err)
		}
		if _, err := w.GoLive(w.ctx, r.ID, "past"); !errs.Is(err, errs.Invalid) {
			t.Error(err)
		}
		w.GoLive(w.ctx, r.ID, rule.FromNext)
		w.today = "2026-02-20"
		if got, err := w.GoLive(w.ctx, r.ID, rule.FromNext); err != nil || got.State != rule.Live || got.LiveFrom != "2026-02-17" {
			t.Error("live already", err, got)
		}
		if err := w.Delete(w.ctx, r.ID); !errs.Is(err, errs.Conflict) {
			t.Error(err)
		}
		w.Pause(w.ctx, r.ID)
		if got, err := w.GoLive(w.ctx, r.ID, rule.FromNext); err != nil || got.LiveFrom != "2026-02-20" {
			t.Error("live again from now on", err, got)
		}
		other := w.draft(rule.Spec{On: rule.OnStart, Steps: steps(7)})
		if list, err := w.List(w.ctx); err != nil || len(list) != 2 || list[0].ID != r.ID || list[1].ID != other.ID {
			t.Error(err, list)
		}
		if err := w.Delete(w.ctx, other.ID); err != nil {
			t.Error(err)
		}
		if _, err := w.Get(w.ctx, other.ID); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
		if names, err := w.Names(w.ctx, d, w.ws, []id.ID{r.ID, 7}); err != nil || len(names) != 1 || names[r.ID] != r.Name {
			t.Error(err, names)
		}
	})
}

func TestUpdateMakesVersions(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		r := w.draft(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		spec := r.Spec
		spec.Steps = append(spec.Steps, steps(-14)...)
		got, err := w.Update(w.ctx, r.ID, rule.Patch{Spec: &spec, Version: 1})
		if err != nil || got.Version != 2 || got.Spec.Steps[0].ID != r.Spec.Steps[0].ID || got.Spec.Steps[1].ID == "" {
			t.Fatal(err, got)
		}
		if _, err := w.Update(w.ctx, r.ID, rule.Patch{Spec: &spec, Version: 1}); !errs.Is(err, errs.Conflict) {
			t.Error(err)
		}
		name := " 更新の前に "
		if got, err := w.Update(w.ctx, r.ID, rule.Patch{Name: &name}); err != nil || got.Name != "更新の前に" || got.Version != 2 {
			t.Error("a name is no version", err, got)
		}
	})
}

func TestWhoMayEdit(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		r := w.draft(rule.Spec{On: rule.OnRenewal, Steps: steps(-28)})
		abe := w.as(w.abe, who.Member)
		_, err1 := w.GoLive(abe, r.ID, rule.FromNext)
		_, err2 := w.Update(abe, r.ID, rule.Patch{})
		_, err3 := w.Create(w.as(w.abe, who.Viewer), rule.Input{})
		_, err4 := w.Run(abe, w.ws, w.today)
		_, err5 := w.RunAsOf(abe, w.today, true)
		for _, err := range []error{err1, err2, err3, err4, err5, w.Delete(abe, r.ID)} {
			if !errs.Is(err, errs.Forbidden) {
				t.Error(err)
			}
		}
		hers, err := w.Create(abe, rule.Input{Name: "a", Spec: rule.Spec{On: rule.OnRenewal, Steps: steps(-7)}})
		if err != nil || hers.Owner != w.abe || rule.MayEdit(w.as(w.okada, who.Member), hers) {
			t.Error(err)
		}
		if _, err := w.GoLive(w.ctx, hers.ID, rule.FromNext); err != nil {
			t.Error("an admin may", err)
		}
		other := newWorld(t, d, "2026-02-17")
		if _, err := w.Get(other.ctx, r.ID); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
		if _, err := w.Run(other.ctx, w.ws, w.today); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
	})
}

func TestWhatARuleMayNotSay(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-02-17")
		for key, typ := range map[string]field.Type{"opening": field.Date, "seats": field.Number, "area": field.Text} {
			if _, err := w.fields.Create(w.ctx, field.Input{Key: key, Type: typ, Labels: map[string]string{"ja": key}}); err != nil {
				t.Fatal(err)
			}
		}
		one := func(change func(*rule.Spec)) rule.Spec {
			s := rule.Spec{On: rule.OnRenewal, Steps: steps(-28)}
			change(&s)
			return s
		}
		for want, spec := range map[string]rule.Spec{
			"err.choice (on)":                            one(func(s *rule.Spec) { s.On = "ended_on" }),
			"rule.err.date_field (on)":                   one(func(s *rule.Spec) { s.On = "field:seats" }),
			"rule.err.no_steps (steps)":                  one(func(s *rule.Spec) { s.Steps = nil }),
			"rule.err.many_steps (steps)":                one(func(s *rule.Spec) { s.Steps = steps(make([]int, 21)...) }),
			"rule.err.offset (steps.0.offset)":           one(func(s *rule.Spec) { s.Steps[0].Offset = 800 }),
			"err.choice (steps.0.unit)":                  one(func(s *rule.Spec) { s.Steps[0].Unit = "weeks" }),
			"err.choice (steps.0.to)":                    one(func(s *rule.Spec) { s.Steps[0].To = "me" }),
			"rule.err.member (steps.0.to)":               one(func(s *rule.Spec) { s.Steps[0].To = "7" }),
			"rule.err.no_tasks (steps.0.tasks)":          one(func(s *rule.Spec) { s.Steps[0].Tasks = []rule.Todo{{Title: " "}} }),
			"task.err.minutes (steps.0.tasks)":           one(func(s *rule.Spec) { s.Steps[0].Tasks[0].Minutes = 9999 }),
			"rule.err.member (only.owner)":               one(func(s *rule.Spec) { s.Only.Owner = 7 }),
			"rule.err.filter_field (only.fields.seats)":  one(func(s *rule.Spec) { s.Only.Fields = map[string]string{"seats": "3"} }),
			"rule.err.filter_field (only.fields.nosuch)": one(func(s *rule.Spec) { s.Only.Fields = map[string]string{"nosuch": "3"} }),
		} {
			if _, err := w.Create(w.ctx, rule.Input{Name: "a", Spec: spec}); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", want, err)
			}
			if _, err := w.Preview(w.ctx, spec, ""); !errs.Is(err, errs.Invalid) {
				t.Error(err)
			}
		}
		if _, err := w.Create(w.ctx, rule.Input{Spec: one(func(*rule.Spec) {})}); errs.As(err).Field != "name" {
			t.Error(err)
		}
		w.draft(rule.Spec{On: "field:opening", Only: rule.Only{Owner: w.abe, Fields: map[string]string{"area": "関東"}}, Steps: steps(-28)})
	})
}
