package rule

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// PreviewLimit is the most items a preview shows of each kind.
const PreviewLimit = 200

// previewDays is how far a preview looks ahead.
const previewDays = 30

// Preview tells which contracts get what.
type Preview struct {
	Today      []Item
	Next30     []Item // from tomorrow on
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

// Preview tells what a spec, saved or not, brings up on a day ("" = today)
// and in the thirty after it. It makes nothing.
func (s *Service) Preview(ctx context.Context, spec Spec, today cal.Date) (Preview, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Preview{}, err
	}
	if err := s.check(ctx, s.db, a.Workspace, &spec); err != nil {
		return Preview{}, err
	}
	return s.preview(ctx, Rule{Spec: spec}, today)
}

func (s *Service) preview(ctx context.Context, r Rule, today cal.Date) (p Preview, err error) {
	ws := who.From(ctx).Workspace
	if today == "" {
		if today, _, err = s.today(ctx, s.db, ws); err != nil {
			return p, err
		}
	}
	sc, err := s.search(ctx, s.db, ws, r)
	if err != nil {
		return p, err
	}
	a := who.From(ctx)
	sc.reader = &a
	for _, st := range r.Spec.Steps {
		if err := s.previewStep(ctx, sc, st, today, &p); err != nil {
			return p, err
		}
	}
	inOrder(&p.Today)
	inOrder(&p.Next30)
	return p, nil
}

func (s *Service) previewStep(ctx context.Context, sc search, st Step, today cal.Date, p *Preview) error {
	lo, hi := st.window(s.days, today, today.AddDays(previewDays))
	_, hiToday := st.window(s.days, today, today)
	n, err := sc.count(ctx, s.db, lo, hi, hiToday, today)
	if err != nil {
		return err
	}
	p.TodayCount, p.NextCount, p.Past = p.TodayCount+n.today, p.NextCount+n.next, p.Past+n.past
	for _, part := range []struct {
		n      int
		lo, hi cal.Date
		to     *[]Item
	}{{n.today, lo, hiToday, &p.Today}, {n.next, hiToday.AddDays(1), hi, &p.Next30}} {
		if part.n == 0 {
			continue
		}
		list, err := sc.items(ctx, s.db, s.days, st, part.lo, part.hi, false, Item{}, PreviewLimit)
		if err != nil {
			return err
		}
		*part.to = append(*part.to, list...)
	}
	return nil
}

type counts struct{ today, next, past int }

// count counts one step's items in one query: dates before lo but not before
// today are those whose step has passed.
func (sc search) count(ctx context.Context, q db.Queryer, lo, hi, hiToday, today cal.Date) (counts, error) {
	w := new(db.Where)
	from, date := sc.where(w, min(lo, today), hi)
	n, _, err := db.One(ctx, q, func(r db.Row) (n counts, err error) { return n, r.Scan(&n.today, &n.next, &n.past) },
		"SELECT count(*) FILTER (WHERE "+date+" >= "+w.Arg(string(lo))+" AND "+date+" <= "+w.Arg(string(hiToday))+
			"), count(*) FILTER (WHERE "+date+" > "+w.Arg(string(hiToday))+"), count(*) FILTER (WHERE "+date+" < "+w.Arg(string(lo))+
			") FROM "+from+" WHERE "+w.SQL(), w.Args()...)
	return n, err
}

func inOrder(list *[]Item) {
	slices.SortStableFunc(*list, func(a, b Item) int {
		if a.Day != b.Day {
			return strings.Compare(string(a.Day), string(b.Day))
		}
		return strings.Compare(string(a.Date), string(b.Date))
	})
	*list = (*list)[:min(len(*list), PreviewLimit)]
}
