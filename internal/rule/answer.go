package rule

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/web/words"
)

func (s *Service) subscribe() {
	s.bus.Subscribe(s.keepToTerms, turns...)
	s.bus.Subscribe(s.moveTasks, contract.Changed, contract.TermDropped)
	s.bus.Subscribe(s.wake, contract.Created, contract.Changed, contract.Reopened, contract.Unarchived, contract.TermOpened)
}

// turns are the news after which another term of a contract runs, or none.
var turns = []bus.Kind{contract.Ended, contract.TermOpened, contract.TermDropped, contract.Reopened}

// keepToTerms keeps what rules made to the running term, since a firing belongs
// to a term: tasks of a term that is over close, and those that closed with one
// that runs again are open again. The steps of a new term are armed by that.
func (s *Service) keepToTerms(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
	for _, kind := range turns {
		why := words.T(ctx, "rule.why."+string(kind))
		for ws, ids := range contracts(changes, func(c bus.Change) bool { return c.Kind == kind }) {
			for part := range slices.Chunk(ids, chunk) {
				over, again, err := misplaced(ctx, tx, ws, part)
				if err != nil {
					return err
				}
				if err := s.tasks.CloseIn(ctx, tx, ws, over, why); err != nil {
					return err
				}
				if err := s.tasks.ReopenIn(ctx, tx, ws, again); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// contracts groups the contracts of the changes wanted by workspace.
func contracts(changes []bus.Change, wanted func(bus.Change) bool) map[id.ID][]id.ID {
	out := map[id.ID][]id.ID{}
	for _, c := range changes {
		if wanted(c) && !slices.Contains(out[c.Workspace], c.Contract) {
			out[c.Workspace] = append(out[c.Workspace], c.Contract)
		}
	}
	return out
}

func isDate(name string) bool {
	return name == OnRenewal || name == OnStart || name == OnNotice || strings.HasPrefix(name, "field:")
}

func touches(c bus.Change, wanted func(name string) bool) bool {
	for name := range c.Fields {
		if wanted(name) {
			return true
		}
	}
	return false
}

// wake asks for a run when something happened by which steps may come up
// today. Chains of rules that answer each other end here.
func (s *Service) wake(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
	for ws := range contracts(changes, func(c bus.Change) bool {
		return c.By.Depth < bus.MaxDepth && (c.Kind != contract.Changed || touches(c, func(name string) bool {
			return isDate(name) || name == "phase" || name == "status" || name == "owner"
		}))
	}) {
		if err := s.enqueue(ctx, tx, ws); err != nil {
			return err
		}
	}
	return nil
}

// moveTasks lets the open tasks of the running term follow a corrected date.
// A date that only came back with the term before corrects nothing: the tasks
// of that term closed on the day it had given them.
func (s *Service) moveTasks(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
	corrected := map[id.ID]map[string]bool{} // contract → dates
	back := map[id.ID]bool{}
	for _, c := range changes {
		back[c.Contract] = back[c.Contract] || c.Kind == contract.TermDropped
		for name := range c.Fields {
			if isDate(name) {
				if corrected[c.Contract] == nil {
					corrected[c.Contract] = map[string]bool{}
				}
				corrected[c.Contract][name] = true
			}
		}
	}
	for ws, ids := range contracts(changes, func(c bus.Change) bool { return corrected[c.Contract] != nil && !back[c.Contract] }) {
		due, err := s.dueAfter(ctx, tx, ws, ids, corrected)
		if err != nil {
			return err
		}
		if err := s.tasks.MoveIn(ctx, tx, ws, due); err != nil {
			return err
		}
	}
	return nil
}

// dueAfter gives the due days by the corrected dates: never in the past, but
// for a task whose date is what it was when it came up.
func (s *Service) dueAfter(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID, corrected map[id.ID]map[string]bool) (map[id.ID]cal.Date, error) {
	today, _, err := s.today(ctx, tx, ws)
	if err != nil {
		return nil, err
	}
	due := map[id.ID]cal.Date{}
	for start := 0; start < len(ids); start += chunk {
		list, err := openTasks(ctx, tx, ws, ids[start:min(start+chunk, len(ids))])
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			date := t.dates[t.data.On]
			if !corrected[t.contract][t.data.On] || !date.Valid() {
				continue
			}
			if date == t.data.Date {
				due[t.id] = t.data.Day
			} else if day := t.data.step().Day(s.days, date); day != t.due { // what stands on its day is late, not corrected
				due[t.id] = max(day, today)
			}
		}
	}
	return due, nil
}
