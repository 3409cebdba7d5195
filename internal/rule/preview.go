package rule

import (
	"context"
	"slices"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// PreviewLimit is the most items a preview shows of each kind.
const PreviewLimit = 200

// previewDays is how far a preview looks ahead.
const previewDays = 30

// Preview tells which contracts get what, by the days on which it comes up.
type Preview struct {
	Today      []Item
	Next30     []Item // from tomorrow on; what came up before it is due stands on its due day
	TodayCount int
	NextCount  int
	// Past counts the steps whose day has passed though the date they count
	// to has not: those a rule that goes live will not make up for.
	Past int
}

// PreviewRule is Preview for a rule; what came up already is marked so.
func (s *Service) PreviewRule(ctx context.Context, rule id.ID, today cal.Date) (Preview, error) {
	r, err := s.Get(ctx, rule)
	if err != nil {
		return Preview{}, err
	}
	return s.preview(ctx, r, today)
}

// Preview is PreviewFor all contracts.
func (s *Service) Preview(ctx context.Context, spec Spec, today cal.Date) (Preview, error) {
	return s.PreviewFor(ctx, spec, 0, today)
}

// PreviewFor tells what a spec, saved or not, for a team (0 = all), brings up on a day ("" = today)
// and in the thirty after it. It makes nothing.
func (s *Service) PreviewFor(ctx context.Context, spec Spec, unit id.ID, today cal.Date) (Preview, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Preview{}, err
	}
	if err := s.check(ctx, s.db, a.Workspace, &spec); err != nil {
		return Preview{}, err
	}
	return s.preview(ctx, Rule{Spec: spec, Unit: unit}, today)
}

// preview plans the rule together with the live ones. One that is not live yet
// begins tomorrow: its steps of today are told as what will not be made.
func (s *Service) preview(ctx context.Context, r Rule, today cal.Date) (p Preview, err error) {
	reader := who.From(ctx)
	ws := reader.Workspace
	now, _, err := s.today(ctx, s.db, ws)
	if err != nil {
		return p, err
	}
	if today == "" {
		today = now
	}
	rules, err := live(ctx, s.db, ws)
	if err != nil {
		return p, err
	}
	rules = append(slices.DeleteFunc(rules, func(other Rule) bool { return other.ID == r.ID }), r)
	a := ask{rules: rules, today: today, shown: len(rules) - 1, reader: reader, from: func(other Rule) cal.Date {
		if other.ID == r.ID {
			return today
		}
		return other.next()
	}}
	if r.State != Live || r.next() > today {
		a.today = today.AddDays(1)
	}
	days, err := s.plan(ctx, s.db, ws, a)
	if err != nil {
		return p, err
	}
	p.sort(days, a.shown, today)
	if p.Past, err = s.past(ctx, ws, r, reader, today); err != nil {
		return p, err
	}
	list := append(slices.Clone(p.Today), p.Next30...)
	err = named(ctx, s.db, reader, list)
	copy(p.Today, list)
	copy(p.Next30, list[len(p.Today):])
	return p, err
}

// sort parts the items of the rule shown into those of today and those of the
// days after it.
func (p *Preview) sort(days plan, shown int, today cal.Date) {
	for _, it := range days.items {
		switch {
		case it.rule != shown || it.hidden || it.Plan > today.AddDays(previewDays):
		case it.Plan <= today:
			p.Today = append(p.Today, it)
		default:
			p.Next30 = append(p.Next30, it)
		}
	}
	p.TodayCount, p.NextCount = len(p.Today), len(p.Next30)
	for _, list := range []*[]Item{&p.Today, &p.Next30} {
		slices.SortStableFunc(*list, byTime)
		*list = (*list)[:min(len(*list), PreviewLimit)]
	}
}

// past counts the steps that have passed: dates before those of today's steps,
// but not before today.
func (s *Service) past(ctx context.Context, ws id.ID, r Rule, reader who.Actor, today cal.Date) (int, error) {
	searches, err := s.searches(ctx, s.db, ws, reader, []Rule{r})
	if err != nil {
		return 0, err
	}
	total := 0
	for _, st := range r.Spec.Steps {
		lo, _ := st.window(s.days, today, today)
		if lo <= today {
			continue
		}
		w := new(db.Where)
		from, _ := searches[0].where(w, today, lo.AddDays(-1))
		w.And(audience.Contract(w, reader, "c"))
		n, _, err := db.One(ctx, s.db, db.Value[int], "SELECT count(*) FROM "+from+" WHERE "+w.SQL(), w.Args()...)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}
