package demo_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/demo"
	"kizuki/internal/field"
	"kizuki/internal/handover"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/job"
	"kizuki/internal/org"
	"kizuki/internal/rule"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/timeline"
	"kizuki/internal/today"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// house is everything the demo needs, on one clock.
type house struct {
	demo.Services
	now   time.Time
	today *today.Service
}

func build(d *db.DB, now time.Time) *house {
	h := &house{now: now}
	clock := func() time.Time { return h.now }
	b := bus.New()
	jobs := job.New(d, slog.New(slog.DiscardHandler))
	h.People = workspace.New(d, b)
	h.Fields, h.Orgs = field.New(d, b), org.New(d, b)
	h.Contracts = contract.New(d, b, h.Fields, h.Orgs)
	h.Contacts = contact.New(d, b, h.Contracts)
	h.Timeline = timeline.New(d, b)
	h.Timeline.Subscribe(b)
	h.Tasks = task.NewService(d, b, task.NotesFunc(func(ctx context.Context, tx *db.Tx, c id.ID, body, kind string, about id.ID) error {
		_, err := h.Timeline.PostIn(ctx, tx, timeline.PostInput{Contract: c, Body: body, AboutKind: kind, AboutID: about})
		return err
	}))
	h.Rules = rule.New(d, b, jobs, h.People, h.Fields, h.Tasks)
	h.Handovers = handover.New(d, b, handover.Parts{People: h.People, Contracts: h.Contracts, Contacts: h.Contacts, Timeline: h.Timeline, Tasks: h.Tasks})
	h.Intake = intake.New(d, b, intake.Parts{People: h.People, Fields: h.Fields, Orgs: h.Orgs, Contracts: h.Contracts, Contacts: h.Contacts,
		Notes: h.Timeline, Jobs: jobs})
	h.today = today.New(h.Tasks, h.Timeline, func(ctx context.Context, ids []id.ID) (map[id.ID]contract.Contract, error) {
		return h.Contracts.Load(ctx, d, who.From(ctx).Workspace, ids)
	})
	h.today.Absences = func(ctx context.Context, members []id.ID) (out []today.Absence, err error) {
		rows, err := h.Intake.Absent(ctx, members...)
		for _, r := range rows {
			out = append(out, today.Absence{Key: r.ContractID.String(), Contract: r.ContractID, Source: r.SourceName, Since: r.Since})
		}
		return out, err
	}
	h.People.Now, h.Fields.Now, h.Orgs.Now, h.Contracts.Now, h.Timeline.Now = clock, clock, clock, clock, clock
	h.Tasks.Now, h.Rules.Now, h.Intake.Now, h.today.Now = clock, clock, clock, clock
	h.Handovers.Now = clock
	h.SetNow = func(t time.Time) { h.now = t }
	return h
}

var tokyo = time.FixedZone("JST", 9*3600)

func TestFill(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		check(t, d, time.Date(2026, 2, 17, 10, 0, 0, 0, tokyo)) // a Tuesday
	})
}

// A demo begun at any hour of any day stands as well.
func TestFillOnOtherDays(t *testing.T) {
	for name, now := range map[string]time.Time{
		"Sunday": time.Date(2026, 11, 22, 22, 40, 0, 0, tokyo), "night": time.Date(2027, 1, 3, 0, 5, 0, 0, tokyo), "month end": time.Date(2026, 7, 31, 8, 0, 0, 0, tokyo),
	} {
		t.Run(name, func(t *testing.T) { check(t, testkit.SQLite(t), now) })
	}
}

func check(t *testing.T, d *db.DB, now time.Time) {
	h := build(d, now)
	began := time.Now()
	if err := demo.Fill(context.Background(), h.Services, now); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	if h.now = now; took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	token, ses, err := h.People.SignIn(context.Background(), demo.Mail, demo.Password, "", "")
	if err != nil {
		t.Fatal(err)
	}
	actor, _, err := h.People.Session(context.Background(), token)
	if err != nil || actor.Role != who.Owner || ses.Member != actor.Member {
		t.Fatal(err, actor)
	}
	ctx := who.With(context.Background(), actor)

	page, err := h.Contracts.List(ctx, contract.Query{Limit: 200, Ended: true})
	if err != nil {
		t.Fatal(err)
	}
	live := 0
	notes, authors := 0, map[string]int{}
	hunches := 0
	oldest := now
	for _, c := range page.Items {
		if c.EndedOn.IsZero() {
			live++
		}
		list, _, err := h.Timeline.Notes(ctx, c.ID, "", 200)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			notes++
			authors[n.Author.Name]++
			if n.Hunch != "" {
				hunches++
			}
			if n.At.Before(oldest) {
				oldest = n.At
			}
			if n.At.After(now) {
				t.Errorf("%s is still to be said", n.Body)
			}
		}
	}
	q, err := h.today.Queue(ctx)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[today.Kind]int{}
	for _, m := range q.Matters {
		kinds[m.Kind]++
		line := string(m.Since) + " " + string(m.Kind) + " " + m.Org + " " + m.Name + ": " + m.Notice.Text
		for _, x := range m.Tasks {
			line += " [" + x.Title + " " + string(x.Due) + "]"
		}
		t.Log(line)
	}
	t.Logf("%v: %d contracts (%d live), %d notes %v, %d hunches, Today %d (%d minutes)", took, len(page.Items), live, notes, authors, hunches, q.Count, q.Minutes)
	if live < 30 || len(page.Items)-live != 1 || notes < 200 || len(authors) != 6 || hunches < 30 || oldest.After(now.AddDate(0, 0, -700)) ||
		q.Count < 8 || q.Count > 20 || kinds[today.Called] < 3 || kinds[today.Absent] != 1 {
		t.Error("something is missing")
	}
	tasks, err := h.Tasks.List(ctx, task.Query{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	states := map[task.State]int{}
	for _, x := range tasks.Items {
		states[x.State]++
	}
	t.Log("tasks", states)
	if states[task.StateOpen] < 15 || states[task.StateDone] < 30 || states[task.StateSkipped] < 4 {
		t.Error("tasks are missing")
	}
	again(t, h, ctx, now, len(page.Items))
	trails(t, h, ctx, page.Items)
	imports(t, h, ctx)
}

func again(t *testing.T, h *house, ctx context.Context, now time.Time, contracts int) {
	t.Helper()
	if err := demo.Fill(context.Background(), h.Services, now); err != nil {
		t.Fatal(err)
	}
	if page, err := h.Contracts.List(ctx, contract.Query{Limit: 200, Ended: true}); err != nil || len(page.Items) != contracts {
		t.Fatal(len(page.Items), err)
	}
}

func imports(t *testing.T, h *house, ctx context.Context) {
	t.Helper()
	list, err := h.Intake.List(ctx, 0, 0, 10)
	if err != nil || len(list) != 2 {
		t.Fatal(len(list), err)
	}
	for _, imp := range list {
		t.Logf("%s %s %s %+v", imp.FileName, imp.SourceName, imp.State, imp.Counts)
	}
	if c := list[0].Counts; list[0].State != intake.Applied || c.Absent != 1 || c.Created != 1 || c.Updated < 8 || c.Invalid != 0 {
		t.Error("the second import is another")
	}
	if c := list[1].Counts; c.Created != 0 || c.Updated < 8 || c.Invalid != 0 || c.Absent != 0 {
		t.Error("the first import is another")
	}
	rows, err := h.Intake.Absent(ctx)
	if err != nil || len(rows) != 1 || !strings.HasPrefix(rows[0].OrgName, "港南リース") {
		t.Error(rows, err)
	}
}

// trails hold what people said and what the machinery did, each in its place.
func trails(t *testing.T, h *house, ctx context.Context, list []contract.Contract) {
	t.Helper()
	kinds, years := map[string]int{}, 0
	for _, c := range list {
		events, _, err := h.Timeline.Events(ctx, c.ID, "", 200)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range events {
			kinds[e.Kind+" by "+e.Actor.Kind]++
			if i > 0 && e.At.After(events[i-1].At) {
				t.Errorf("%s: %v stands under %v", c.Key, e.At, events[i-1].At)
			}
		}
		terms, err := h.Contracts.Terms(ctx, c.ID)
		if err != nil || !c.EndedOn.IsZero() && terms[0].Words == "" {
			t.Errorf("%s: ended without a word (%v)", c.Key, err)
		}
		for i := 1; i < len(terms); i++ {
			if terms[i].Renews.AddDays(1) != terms[i-1].Starts || terms[i].Outcome != contract.Renewed {
				t.Errorf("%s: %+v is followed by %+v", c.Key, terms[i], terms[i-1])
			}
		}
		years += len(terms) - 1
		if c.Outlook != "" && c.OutlookWhy == "" || c.OwnerID == 0 || c.Amount == nil {
			t.Errorf("%s: %+v", c.Key, c)
		}
	}
	if kinds["term.opened by member"] != years || years < 25 {
		t.Errorf("%d renewals, told %d times", years, kinds["term.opened by member"])
	}
	for _, kind := range []string{"contract.changed by import", "contract.created by import", "contract.ended by member", "import.absent by import",
		"rule.fired by rule", "task.skipped by member", "term.opened by member"} {
		if kinds[kind] == 0 {
			t.Errorf("no %s among %v", kind, kinds)
		}
	}
}
