package rule

import (
	"context"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/who"
)

// LoadWeeks is how many weeks the load ahead shows, MaxWeeks how many may be
// asked for: as far as a plan looks.
const (
	LoadWeeks = 8
	MaxWeeks  = 12
)

// Load is what the weeks ahead hold for each owner, in minutes.
type Load struct {
	Budget int // of a business day
	Weeks  []Week
	Owners []OwnerLoad // by name
}

// Week is Monday to Sunday; of the running one, what is left.
type Week struct {
	From   cal.Date // its Monday
	Days   int      // business days
	Budget int      // minutes of generated checks
}

// OwnerLoad is one owner's weeks.
type OwnerLoad struct {
	ID    id.ID
	Name  string
	Weeks []Minutes
}

// Minutes are those of a week: tasks stand in the week they come up in, what is
// late in the running one.
type Minutes struct {
	Checks int // made by rules, or still to be made by them
	Tasks  int // made by people
}

// Load tells what the coming weeks (1 … MaxWeeks) hold: open tasks, and what
// rules will make, on the days it is planned for. Contracts the actor may not
// read take their room but are not counted. Errors: rule.err.weeks (weeks).
func (s *Service) Load(ctx context.Context, weeks int) (Load, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Load{}, err
	}
	if weeks < 1 || weeks > MaxWeeks {
		return Load{}, errs.Field("weeks", "rule.err.weeks", "Max", MaxWeeks)
	}
	today, _, err := s.today(ctx, s.db, a.Workspace)
	if err != nil {
		return Load{}, err
	}
	rules, err := live(ctx, s.db, a.Workspace)
	if err != nil {
		return Load{}, err
	}
	p, err := s.plan(ctx, s.db, a.Workspace, ask{rules: rules, today: today, from: Rule.next, shown: -1, reader: a})
	if err != nil {
		return Load{}, err
	}
	own, err := ownTasks(ctx, s.db, a, today)
	if err != nil {
		return Load{}, err
	}
	l := Load{Budget: p.budget, Weeks: s.weeks(today, weeks, p.budget)}
	by := l.count(p, own)
	l.Owners, err = s.owners(ctx, a, by, weeks)
	return l, err
}

func (s *Service) weeks(today cal.Date, n, budget int) []Week {
	monday := today.AddDays(-((int(today.Weekday()) + 6) % 7))
	list := make([]Week, n)
	for i := range list {
		w := Week{From: monday.AddDays(7 * i)}
		for d := range 7 {
			if day := w.From.AddDays(d); day >= today && s.days.Business(day) {
				w.Days++
			}
		}
		w.Budget = w.Days * budget
		list[i] = w
	}
	return list
}

// count adds everything up by owner and week.
func (l Load) count(p plan, own []standing) map[id.ID][]Minutes {
	by := map[id.ID][]Minutes{}
	add := func(owner id.ID, day cal.Date, checks, tasks int) {
		if owner == 0 {
			return
		}
		i := max(l.Weeks[0].From.DaysUntil(day), 0) / 7
		if i >= len(l.Weeks) {
			return
		}
		if by[owner] == nil {
			by[owner] = make([]Minutes, len(l.Weeks))
		}
		by[owner][i].Checks += checks
		by[owner][i].Tasks += tasks
	}
	for _, it := range p.items {
		owner := it.Step.owner(it.Owner)
		switch {
		case it.hidden:
		case it.parts == nil:
			add(owner, it.Plan, it.Step.minutes(), 0)
		default:
			for n, day := range it.parts {
				add(owner, day, taken(it.Step.Tasks[n].Minutes), 0)
			}
		}
	}
	for _, t := range p.tasks {
		if t.open && !t.hidden {
			add(t.owner, t.day, t.minutes, 0)
		}
	}
	for _, t := range own {
		add(t.owner, t.day, 0, t.minutes)
	}
	return by
}

// ownTasks are the open tasks that no rule made, summed up by owner and day.
func ownTasks(ctx context.Context, q db.Queryer, a who.Actor, today cal.Date) ([]standing, error) {
	w := new(db.Where)
	w.And("t.workspace_id = ? AND t.state = 'open' AND t.origin_kind <> ? AND t.owner_id IS NOT NULL", a.Workspace, task.RuleOrigin)
	w.And(task.Shows+" BETWEEN '0' AND ?", string(today.AddDays(7*MaxWeeks)))
	w.And(audience.OfRow(w, a, "t"))
	return db.All(ctx, q, func(r db.Row) (t standing, err error) { return t, r.Scan(&t.owner, &t.day, &t.minutes) },
		"SELECT owner_id, day, sum(minutes) FROM (SELECT t.owner_id AS owner_id, "+task.Shows+" AS day, CASE WHEN t.minutes = 0 THEN "+
			w.Arg(task.AssumedMinutes)+" ELSE t.minutes END AS minutes FROM task t WHERE "+w.SQL()+") ahead GROUP BY owner_id, day", w.Args()...)
}

// owners names those who have something ahead or keep a contract, in the order
// of their names: never of a figure.
func (s *Service) owners(ctx context.Context, a who.Actor, by map[id.ID][]Minutes, weeks int) ([]OwnerLoad, error) {
	people, err := s.people.Members(ctx)
	if err != nil {
		return nil, err
	}
	w := new(db.Where)
	w.And("c.workspace_id = ? AND c.live = TRUE AND c.owner_id IS NOT NULL", a.Workspace)
	w.And(audience.Contract(w, a, "c"))
	keepers, err := db.All(ctx, s.db, db.Value[id.ID], "SELECT DISTINCT c.owner_id FROM contract c WHERE "+w.SQL(), w.Args()...)
	if err != nil {
		return nil, err
	}
	for _, m := range keepers {
		if by[m] == nil {
			by[m] = make([]Minutes, weeks)
		}
	}
	var list []OwnerLoad
	for _, m := range people {
		if minutes := by[m.ID]; minutes != nil {
			list = append(list, OwnerLoad{ID: m.ID, Name: m.Name, Weeks: minutes})
		}
	}
	return list, nil
}
