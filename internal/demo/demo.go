// Package demo fills an empty installation with the two years of an invented
// customer success team, so that a first visitor sees what Kizuki is for. All
// of it goes through the services, in the order in which it happened, with
// the clock set to each moment.
package demo

import (
	"cmp"
	"context"
	"slices"
	"time"

	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/handover"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/org"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

const host = "demo.kizuki.invalid"

// Mail and Password are how a visitor signs in, for the hint on the page. The
// password is that of all six people.
const (
	Mail     = "okada@" + host
	Password = "kizuki-demo"
)

// zone is the team's.
const zone = "Asia/Tokyo"

// opening is the day the team began with Kizuki.
const opening = -733

// Services are what the demo is made with. All of them take their time from
// one clock, which SetNow sets; the caller lets it go again afterwards.
type Services struct {
	People    *workspace.Service
	Orgs      *org.Service
	Fields    *field.Service
	Contracts *contract.Service
	Contacts  *contact.Service
	Timeline  *timeline.Service
	Tasks     *task.Service
	Rules     *rule.Service
	Handovers *handover.Service
	Intake    *intake.Service
	SetNow    func(time.Time)
}

// unfinished is the workspace's name until all of it is there.
const unfinished = "見本を準備しています"

// Fill makes the demo's workspace as it stands at now. Where there is a
// workspace already it does nothing; one that was interrupted while it was
// filled is Stopped app.err.demo_unfinished.
func Fill(ctx context.Context, s Services, now time.Time) error {
	found, err := s.People.EveryWorkspace(ctx)
	if err != nil || len(found) > 0 {
		if slices.ContainsFunc(found, func(w workspace.Workspace) bool { return w.Name == unfinished }) {
			return errs.New(errs.Stopped, "app.err.demo_unfinished")
		}
		return err
	}
	w, err := load()
	if err != nil {
		return err
	}
	f := &filler{Services: s, world: w, days: newDays(now, workspace.Location(zone)), now: now, actors: map[string]context.Context{},
		members: map[string]id.ID{}, contracts: map[string]id.ID{}, stories: map[id.ID]string{}, seen: map[id.ID]bool{}}
	f.plan()
	return f.run(ctx)
}

// filler does the acts one after the other.
type filler struct {
	Services
	world
	days *days
	now  time.Time
	acts []act

	actors    map[string]context.Context // by person
	members   map[string]id.ID
	contracts map[string]id.ID // by story
	stories   map[id.ID]string
	seen      map[id.ID]bool // tasks of rules
	finished  bool
}

// act is something that happens at a moment.
type act struct {
	at moment
	do func(ctx context.Context) error
}

func (f *filler) at(m moment, do func(ctx context.Context) error) {
	f.acts = append(f.acts, act{m, do})
}

// by is an act of a person.
func (f *filler) by(who string, m moment, do func(ctx context.Context) error) {
	f.at(m, func(context.Context) error { return do(f.actors[who]) })
}

// later puts an act among those still to come.
func (f *filler) later(m moment, do func(ctx context.Context) error) {
	i, _ := slices.BinarySearchFunc(f.acts, m, func(a act, m moment) int { return cmp.Or(a.at.compare(m), -1) })
	f.acts = slices.Insert(f.acts, i, act{m, do})
}

func (f *filler) run(ctx context.Context) error {
	slices.SortStableFunc(f.acts, func(a, b act) int { return a.at.compare(b.at) })
	for len(f.acts) > 0 {
		a := f.acts[0]
		f.acts = f.acts[1:]
		f.SetNow(f.days.instant(a.at))
		if err := a.do(ctx); err != nil {
			return err
		}
	}
	f.SetNow(f.now)
	f.finished = true
	if err := f.runRules(ctx); err != nil {
		return err
	}
	_, err := f.People.UpdateWorkspace(f.actors[f.team.People[0].ID], workspace.WorkspaceInput{Name: f.team.Workspace, Zone: zone,
		Currency: "JPY", Lang: "ja", FiscalStartMonth: 4})
	return err
}

// plan lists everything that happens; run puts it into its order.
func (f *filler) plan() {
	f.planTeam()
	f.planRules()
	for _, s := range f.world.stories {
		f.planStory(s)
	}
	f.planImports()
	for _, p := range f.team.People {
		f.by(p.ID, f.imports.Read, f.readAll)
	}
}

// readAll: everybody has read what called them and what was handed to them.
func (f *filler) readAll(ctx context.Context) error {
	if err := f.Timeline.MarkRead(ctx); err != nil {
		return err
	}
	waiting, _, err := f.Handovers.Waiting(ctx, 100)
	for _, h := range waiting {
		if err == nil {
			_, err = f.Handovers.Settle(ctx, h.ID)
		}
	}
	return err
}

func (f *filler) person(key string) person {
	i := slices.IndexFunc(f.team.People, func(p person) bool { return p.ID == key })
	return f.team.People[i]
}

func (f *filler) planTeam() {
	owner := f.team.People[0]
	f.at(moment{owner.Joins, 9 * 60}, func(ctx context.Context) error {
		a, err := f.People.Setup(ctx, workspace.SetupInput{Workspace: unfinished, Name: owner.Name, Kana: owner.Kana,
			Mail: owner.mail(), Password: Password, Lang: "ja", Zone: zone, Currency: "JPY"})
		f.arrive(ctx, owner, a)
		return err
	})
	for _, p := range f.team.People[1:] {
		f.by(owner.ID, moment{p.Joins, 9*60 + 20}, func(ctx context.Context) error { return f.join(ctx, p) })
	}
	for i, u := range f.team.Units {
		f.by(owner.ID, moment{opening, 9*60 + 30 + i}, func(ctx context.Context) error { return f.makeUnit(ctx, u.Name, u.Members) })
	}
	for i, x := range f.team.Fields {
		f.by(owner.ID, moment{opening, 9*60 + 35 + i}, func(ctx context.Context) error {
			_, err := f.Fields.Create(ctx, field.Input{Key: x.Key, Type: field.Type(x.Type), Options: x.Options, Indexed: x.Indexed,
				Labels: map[string]string{"ja": x.Ja, "en": x.En}})
			return err
		})
	}
	for _, o := range f.orgs {
		f.by(owner.ID, moment{opening, 9*60 + 45}, func(ctx context.Context) error {
			_, err := f.Orgs.Create(ctx, org.Organization{Name: o.Name, Kana: o.Kana, ClosingMonth: o.Closing})
			return err
		})
	}
}

func (f *filler) arrive(ctx context.Context, p person, a who.Actor) {
	f.actors[p.ID], f.members[p.ID] = who.With(ctx, a), a.Member
}

// join invites somebody, who comes at once.
func (f *filler) join(ctx context.Context, p person) error {
	link, _, err := f.People.Invite(ctx, p.mail(), who.Role(p.Role), 0)
	if err != nil {
		return err
	}
	session, _, err := f.People.Accept(ctx, link, workspace.AcceptInput{Name: p.Name, Kana: p.Kana, Password: Password})
	if err != nil {
		return err
	}
	if err := f.People.SignOut(ctx, session); err != nil {
		return err
	}
	a, err := f.People.As(ctx, who.From(ctx).Workspace, p.mail())
	if err != nil {
		return err
	}
	f.arrive(ctx, p, a)
	return f.fillUnits(ctx)
}

func (f *filler) makeUnit(ctx context.Context, name string, members []string) error {
	u, err := f.People.CreateUnit(ctx, name, 0)
	if err != nil {
		return err
	}
	return f.People.SetUnitMembers(ctx, u.ID, f.present(members))
}

// fillUnits puts those who have come since into their teams.
func (f *filler) fillUnits(ctx context.Context) error {
	units, err := f.People.Units(ctx)
	for _, u := range units {
		i := slices.IndexFunc(f.team.Units, func(x unit) bool { return x.Name == u.Name })
		if err == nil {
			err = f.People.SetUnitMembers(ctx, u.ID, f.present(f.team.Units[i].Members))
		}
	}
	return err
}

func (f *filler) present(people []string) []id.ID {
	var out []id.ID
	for _, p := range people {
		if m := f.members[p]; m != 0 {
			out = append(out, m)
		}
	}
	return out
}
