package demo

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"kizuki/internal/cal"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/timeline"
)

// planStory lists what happens to one contract.
func (f *filler) planStory(s story) {
	if s.Imported == 0 {
		f.planBirth(s)
	}
	for _, p := range s.People {
		f.planStakeholder(s, p)
	}
	for _, e := range s.Trail {
		f.planEntry(s, e)
	}
	if s.Ends != nil {
		f.by(s.Owner, *s.Ends, func(ctx context.Context) error {
			return f.Contracts.End(ctx, f.contracts[s.ID], f.days.date(s.Ends.day), s.EndWords)
		})
	}
}

// planBirth writes the contract down, and renews it year by year.
func (f *filler) planBirth(s story) {
	at, oldest := f.days.birth(s, opening)
	first := s.value("owner", 1)
	f.by(first, at, func(ctx context.Context) error {
		c, err := f.Contracts.Create(ctx, f.input(s, oldest))
		f.contracts[s.ID], f.stories[c.ID] = c.ID, s.ID
		return err
	})
	for ago := oldest; ago > 0; ago-- {
		_, renewal := f.days.term(s, ago)
		start, next := f.days.term(s, ago-1)
		edits := []contract.Edit{{Field: "start_date", New: string(start)}, {Field: "renewal_date", New: string(next)}}
		if s.Notice != 0 {
			edits = append(edits, contract.Edit{Field: "notice_date", New: string(next.AddDays(s.Notice))})
		}
		f.by(first, moment{f.days.day(renewal), 17 * 60}, func(ctx context.Context) error {
			_, err := f.Contracts.Update(ctx, f.contracts[s.ID], edits)
			return err
		})
	}
}

func (f *filler) input(s story, ago int) contract.Input {
	start, renewal := f.days.term(s, ago)
	used, _ := f.days.term(s, s.Terms-1)
	in := contract.Input{Key: f.days.key(s), Name: s.Name, Organization: s.Org, Department: s.Department,
		Owner: f.members[s.value("owner", 1)].String(), Status: s.value("status", 1), Phase: s.value("phase", 1),
		StartDate: string(start), RenewalDate: string(renewal), Amount: s.value("amount", 1), Currency: s.value("currency", 1),
		AmountBasis: string(contract.Monthly), Domain: s.Domain, Fields: map[string]any{"first_use": string(used)}}
	if s.Notice != 0 {
		in.NoticeDate = string(renewal.AddDays(s.Notice))
	}
	for key := range s.Fields {
		in.Fields[key] = s.value(key, 1)
	}
	return in
}

func (f *filler) planStakeholder(s story, p stakeholder) {
	at, _ := f.days.birth(s, opening)
	at = at.after(5)
	if p.From != nil {
		at = *p.From
	}
	var there contact.Contact
	f.by(s.ownerAt(at), at, func(ctx context.Context) (err error) {
		there, err = f.Contacts.Add(ctx, f.contracts[s.ID],
			contact.Contact{Name: p.Name, Kana: p.Kana, Title: p.Title, Mail: p.Mail}, p.Role)
		return err
	})
	if p.Later == nil {
		return
	}
	f.by(s.ownerAt(p.Later.At), p.Later.At, func(ctx context.Context) error {
		there.Title, there.Role = p.Later.Title, p.Later.Role
		_, err := f.Contacts.Update(ctx, f.contracts[s.ID], there)
		return err
	})
}

// ownerAt is whose contract it was.
func (s story) ownerAt(m moment) string {
	owner := s.value("owner", 1)
	for _, e := range s.Trail {
		if next := e.Set["owner"]; next != "" && e.At.compare(m) <= 0 {
			owner = next
		}
	}
	return owner
}

func (f *filler) planEntry(s story, e entry) {
	switch {
	case e.Say != "":
		f.planNote(s, e)
	case e.Task != "":
		f.planTask(s, e)
	default:
		f.by(e.By, e.At, func(ctx context.Context) error {
			_, err := f.Contracts.Update(ctx, f.contracts[s.ID], f.edits(e))
			return err
		})
	}
}

func (f *filler) edits(e entry) []contract.Edit {
	if e.Outlook != "" {
		return []contract.Edit{{Field: "outlook", New: e.Outlook}, {Field: "outlook_why", New: e.Why}}
	}
	if e.Phase != "" {
		return []contract.Edit{{Field: "phase", New: e.Phase}}
	}
	var list []contract.Edit
	for _, name := range slices.Sorted(maps.Keys(e.Set)) {
		v := e.Set[name]
		if name == "owner" {
			v = f.members[v].String()
		}
		list = append(list, contract.Edit{Field: name, New: v})
	}
	return list
}

func (f *filler) planNote(s story, e entry) {
	var top id.ID
	f.by(e.By, e.At, func(ctx context.Context) error {
		n, err := f.say(ctx, s, e, 0)
		top = n.ID
		return err
	})
	for _, r := range e.Re {
		f.by(r.By, r.At, func(ctx context.Context) error {
			_, err := f.say(ctx, s, r, top)
			return err
		})
	}
}

func (f *filler) say(ctx context.Context, s story, e entry, parent id.ID) (timeline.Note, error) {
	return f.Timeline.Post(ctx, timeline.PostInput{Contract: f.contracts[s.ID], Parent: parent, Body: e.Say, Hunch: timeline.Hunch(e.Hunch)})
}

func (f *filler) planTask(s story, e entry) {
	var made id.ID
	owner := cmp.Or(e.For, e.By)
	f.by(e.By, e.At, func(ctx context.Context) error {
		n := task.New{Contract: f.contracts[s.ID], Title: e.Task, Owner: f.members[owner], Due: f.days.due(e.Due), Minutes: e.Min}
		t, err := f.Tasks.Create(ctx, n)
		made = t.ID
		for _, part := range e.Parts {
			if err == nil {
				_, err = f.Tasks.Create(ctx, task.New{Parent: made, Title: part, Owner: n.Owner})
			}
		}
		return err
	})
	if e.Snooze != nil {
		f.by(owner, *e.Snooze, func(ctx context.Context) error {
			// Back today, also where today is closed.
			_, err := f.Tasks.Snooze(ctx, made, cal.Japan().OnOrBefore(f.days.date(e.Until)))
			return err
		})
	}
	if e.Done != nil {
		f.by(owner, *e.Done, func(ctx context.Context) error {
			_, err := f.Tasks.Done(ctx, made, e.Words, true)
			return err
		})
	}
	if e.Skip != nil {
		f.by(owner, *e.Skip, func(ctx context.Context) error {
			_, err := f.Tasks.Skip(ctx, made, e.Words)
			return err
		})
	}
}

// storyOf finds a story by its id.
func (w world) storyOf(key string) (story, bool) {
	i := slices.IndexFunc(w.stories, func(s story) bool { return s.ID == key })
	if i < 0 {
		return story{}, false
	}
	return w.stories[i], true
}
