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
	s.bus.Subscribe(s.moveTasks, contract.Changed)
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

// contracts groups the contracts of the changes wanted by workspace, each once.
func contracts(changes []bus.Change, wanted func(bus.Change) bool) map[id.ID][]id.ID {
	out, seen := map[id.ID][]id.ID{}, map[id.ID]bool{}
	for _, c := range changes {
		if wanted(c) && !seen[c.Contract] {
			seen[c.Contract] = true
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

// moveTasks lets the open tasks of the running term follow a corrected date,
// and back when the correction is undone.
func (s *Service) moveTasks(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
	corrected := map[id.ID]map[string]bool{} // contract → dates
	for _, c := range changes {
		for name := range c.Fields {
			if isDate(name) {
				if corrected[c.Contract] == nil {
					corrected[c.Contract] = map[string]bool{}
				}
				corrected[c.Contract][name] = true
			}
		}
	}
	for ws, ids := range contracts(changes, func(c bus.Change) bool { return corrected[c.Contract] != nil }) {
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

// dueAfter gives the due days by the corrected dates, and lets firings remember
// them.
func (s *Service) dueAfter(ctx context.Context, tx *db.Tx, ws id.ID, ids []id.ID, corrected map[id.ID]map[string]bool) (map[id.ID]cal.Date, error) {
	today, _, err := s.today(ctx, tx, ws)
	if err != nil {
		return nil, err
	}
	due := map[id.ID]cal.Date{}
	for part := range slices.Chunk(ids, chunk) {
		list, err := openTasks(ctx, tx, ws, part)
		if err != nil {
			return nil, err
		}
		learned := map[id.ID]given{} // firing → its days
		for _, t := range list {
			date := t.dates[t.data.On]
			if !corrected[t.contract][t.data.On] || !date.Valid() {
				continue
			}
			day, known := t.day(s.days, date, today)
			if due[t.id] = day; !known {
				t.given[date] = day
				learned[t.firing] = t.given
			}
		}
		if err := keepGiven(ctx, tx, ws, learned); err != nil {
			return nil, err
		}
	}
	return due, nil
}

// day is where a date puts the task. One that has stood before puts it where it
// did then, so that undoing a correction leaves nothing behind: what was late is
// late again. A new one never puts it into the past, though what stands on the
// very day is left there.
func (t openTask) day(days *cal.Days, date, today cal.Date) (day cal.Date, known bool) {
	if date == t.data.Date {
		return t.data.Day, true
	}
	if day, known = t.given[date]; known {
		return day, true
	}
	if day = t.data.step().Day(days, date); day == t.due {
		return day, false
	}
	return max(day, today), false
}
