package search

import (
	"context"
	"slices"
	"strings"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/search/ask"
	"kizuki/internal/search/fulltext"
	"kizuki/internal/text"
	"kizuki/internal/text/tokens"
	"kizuki/internal/who"
)

// filter is a query with all names resolved. Empty lists filter nothing;
// nobody says that something asked for is not there at all.
type filter struct {
	ask       ask.Ask
	kinds     []string
	contracts []id.ID
	authors   []id.ID
	owners    []id.ID
	from, to  time.Time // [from, to), zero = open
	nothing   bool
	space     id.ID // the workspace, if it is not alone in the database
}

// resolve finds out who and what is meant. Errors, under field "q":
// search.err.kind, .member, .contract, .unit for names that nobody bears.
func (s *Service) resolve(ctx context.Context, a who.Actor, q Query) (*filter, error) {
	words, err := ask.Parse(q.Q, cal.Of(s.Now().In(a.Location())))
	if err != nil {
		return nil, err
	}
	f := &filter{ask: words}
	steps := []func() error{
		func() error { return s.resolveSpace(ctx, a, f) },
		func() error { return s.resolveKinds(f, q) },
		func() error { return s.resolvePeople(ctx, a, f, q) },
		func() error { return s.resolveContracts(ctx, a, f, q) },
		func() error { return f.days(a, q) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// resolveSpace asks the index for the workspace only if there are others: that
// nothing of another is shown is made sure when rows are read.
func (s *Service) resolveSpace(ctx context.Context, a who.Actor, f *filter) error {
	list, err := db.All(ctx, s.db, db.Value[id.ID], "SELECT id FROM workspace LIMIT 2")
	if len(list) > 1 {
		f.space = a.Workspace
	}
	return err
}

func (s *Service) resolveKinds(f *filter, q Query) error {
	for _, said := range f.ask.Kinds {
		i := slices.IndexFunc(s.kinds, func(k Kind) bool { return k.called(said) })
		if i < 0 {
			return errs.Field("q", "search.err.kind", "Value", said)
		}
		f.kinds = append(f.kinds, s.kinds[i].Name)
	}
	if q.Kind == "" {
		return nil
	}
	if s.byName[q.Kind].Name == "" {
		return errs.Field("kind", "err.choice")
	}
	f.kinds, f.nothing = both(f.kinds, []string{q.Kind}, f.nothing)
	return nil
}

// both narrows one list by another; it tells when nothing is left.
func both[T comparable](a, b []T, nothing bool) ([]T, bool) {
	if len(a) == 0 {
		return b, nothing
	}
	out := slices.DeleteFunc(slices.Clone(a), func(v T) bool { return !slices.Contains(b, v) })
	return out, nothing || len(out) == 0
}

func (k Kind) called(said string) bool {
	f := text.FoldSearch(said)
	return f == k.Name || slices.ContainsFunc(k.Said, func(w string) bool { return text.FoldSearch(w) == f })
}

func (s *Service) resolvePeople(ctx context.Context, a who.Actor, f *filter, q Query) error {
	if len(f.ask.Owners)+len(f.ask.Authors) > 0 {
		people, err := db.All(ctx, s.db, scanNamed, `SELECT id, name, kana FROM member WHERE workspace_id = $1 ORDER BY id`, a.Workspace)
		if err != nil {
			return err
		}
		if f.owners, err = find(people, f.ask.Owners, "search.err.member"); err != nil {
			return err
		}
		if f.authors, err = find(people, f.ask.Authors, "search.err.member"); err != nil {
			return err
		}
	}
	if len(f.ask.Units) > 0 {
		units, err := db.All(ctx, s.db, scanNamed, `SELECT id, name, '' FROM unit WHERE workspace_id = $1 ORDER BY id`, a.Workspace)
		if err != nil {
			return err
		}
		found, err := find(units, f.ask.Units, "search.err.unit")
		if err != nil {
			return err
		}
		var w db.Where
		w.And("workspace_id = ?", a.Workspace)
		db.In(&w, "unit_id", found)
		members, err := db.All(ctx, s.db, db.Value[id.ID], "SELECT member_id FROM unit_member WHERE "+w.SQL(), w.Args()...)
		if err != nil {
			return err
		}
		f.nothing = f.nothing || len(members) == 0
		f.owners, f.nothing = both(f.owners, members, f.nothing)
	}
	if q.Author != 0 {
		f.authors, f.nothing = both(f.authors, []id.ID{q.Author}, f.nothing)
	}
	return nil
}

type named struct {
	id              id.ID
	name, kana, key string
}

func scanNamed(r db.Row) (n named, err error) {
	err = r.Scan(&n.id, &n.name, &n.kana)
	return n, err
}

// find gives those whose name or reading holds one of the words.
func find(list []named, words []string, missing string) ([]id.ID, error) {
	var out []id.ID
	for _, w := range words {
		before, f := len(out), strings.ReplaceAll(text.FoldSearch(w), " ", "")
		for _, n := range list {
			for _, name := range []string{n.name, n.kana} {
				if f != "" && strings.Contains(strings.ReplaceAll(text.FoldSearch(name), " ", ""), f) {
					out = append(out, n.id)
					break
				}
			}
		}
		if len(out) == before {
			return nil, errs.Field("q", missing, "Value", w)
		}
	}
	return out, nil
}

// mostContracts is how many contracts one name may mean.
const mostContracts = 50

func (s *Service) resolveContracts(ctx context.Context, a who.Actor, f *filter, q Query) error {
	for _, said := range f.ask.Contracts {
		var w db.Where
		w.And("c.workspace_id = ?", a.Workspace)
		like := text.LikePattern(text.Fold(said))
		w.And(`(c.key_fold = ? OR c.name_fold LIKE ? ESCAPE '\' OR EXISTS (SELECT 1 FROM organization o WHERE o.workspace_id = c.workspace_id
			AND o.id = c.org_id AND o.name_fold LIKE ? ESCAPE '\'))`, text.Fold(said), like, like)
		w.And(audience.Contract(&w, a, "c"))
		found, err := db.All(ctx, s.db, db.Value[id.ID], "SELECT c.id FROM contract c WHERE "+w.SQL()+" ORDER BY c.id DESC LIMIT "+w.Arg(mostContracts), w.Args()...)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return errs.Field("q", "search.err.contract", "Value", said)
		}
		f.contracts = append(f.contracts, found...)
	}
	if q.Contract != 0 {
		seen, err := audience.SeesContracts(ctx, s.db, a, []id.ID{q.Contract})
		if err != nil {
			return err
		}
		f.nothing = f.nothing || !seen[q.Contract]
		f.contracts, f.nothing = both(f.contracts, []id.ID{q.Contract}, f.nothing)
	}
	return nil
}

// days turns days into instants in the actor's zone.
func (f *filter) days(a who.Actor, q Query) error {
	from, to := f.ask.From, f.ask.To
	for _, d := range []cal.Date{q.From, q.To} {
		if d != "" && !d.Valid() {
			return errs.Field("from", "search.err.date", "Value", string(d))
		}
	}
	from = max(from, q.From)
	if q.To != "" && (to == "" || q.To < to) {
		to = q.To
	}
	start := func(d cal.Date) time.Time {
		return time.Date(d.Year(), time.Month(d.Month()), d.Day(), 0, 0, 0, 0, a.Location())
	}
	if from != "" {
		f.from = start(from)
	}
	if to != "" {
		f.to = start(to.AddDays(1))
	}
	return nil
}

// rows are the row numbers of the days.
func (f *filter) rows() (from, to int64) {
	from, to = fulltext.EveryRow, fulltext.LastRow
	if !f.from.IsZero() {
		from = fulltext.FirstRow(f.from)
	}
	if !f.to.IsZero() {
		to = fulltext.FirstRow(f.to)
	}
	return from, to
}

// tagged is the condition on the index that tags alone answer.
func (s *Service) tagged(f *filter) []string {
	var out []string
	add := func(tags []string) {
		parts := make([]string, len(tags))
		for i, t := range tags {
			parts[i] = s.full.Tag(t)
		}
		out = append(out, s.full.Combine(fulltext.Or, parts))
	}
	tags := func(list []id.ID, tag func(id.ID) string) (out []string) {
		for _, v := range list {
			out = append(out, tag(v))
		}
		return out
	}
	if f.space != 0 {
		add([]string{fulltext.SpaceTag(f.space)})
	}
	if len(f.kinds) > 0 {
		add(kindTags(f.kinds))
	}
	if len(f.contracts) > 0 {
		add(tags(f.contracts, fulltext.ContractTag))
	}
	if len(f.authors) > 0 {
		add(tags(f.authors, fulltext.AuthorTag))
	}
	return out
}

func kindTags(kinds []string) []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = fulltext.KindTag(k)
	}
	return out
}

// term is the condition that a passage holds a term.
func (s *Service) term(folded string) string {
	var parts []string
	for _, w := range tokens.Windows(folded) {
		parts = append(parts, s.full.Phrase(tokens.PhraseOf(w)))
	}
	return s.full.Combine(fulltext.And, parts)
}

// condition is the whole query as the index reads it. With several conditions
// it leaves out things of several passages, which long answers.
func (s *Service) condition(f *filter) (cond string, several bool) {
	parts := s.tagged(f)
	for _, g := range f.ask.All {
		var any []string
		for _, t := range g {
			any = append(any, s.term(t.Folded))
		}
		parts = append(parts, s.full.Combine(fulltext.Or, any))
	}
	if len(parts) == 0 {
		parts = append(parts, s.everything())
	}
	cond = s.full.Combine(fulltext.And, parts)
	several = len(f.ask.All)+len(f.ask.None) > 1 || len(f.ask.None) > 0
	if !several {
		return cond, false
	}
	not := []string{cond, s.full.Tag(fulltext.LongTag)}
	for _, t := range f.ask.None {
		not = append(not, s.term(t.Folded))
	}
	return s.full.Combine(fulltext.AndNot, not), true
}

// everything is the condition that is true of each row.
func (s *Service) everything() string {
	var parts []string
	for _, t := range kindTags(s.Kinds()) {
		parts = append(parts, s.full.Tag(t))
	}
	return s.full.Combine(fulltext.Or, parts)
}
