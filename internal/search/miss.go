package search

import (
	"context"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/search/fulltext"
	"kizuki/internal/who"
)

// missed counts a search that found nothing: its words and the day, nobody's
// name. It never keeps the answer from being given.
func (s *Service) missed(ctx context.Context, a who.Actor, f *filter) error {
	words := strings.Join(f.ask.Words(), " ")
	if r := []rune(words); len(r) > 200 {
		words = string(r[:200])
	}
	day := cal.Of(s.Now().In(a.Location()))
	_ = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `INSERT INTO search_miss (workspace_id, day, words, times) VALUES ($1, $2, $3, 1)
			ON CONFLICT (workspace_id, day, words) DO UPDATE SET times = search_miss.times + 1`, a.Workspace, string(day), words)
		return err
	})
	return nil
}

// Miss is what was looked for in vain.
type Miss struct {
	Words string
	Times int
	Last  cal.Date
}

// Missed gives what was looked for in vain since a day, the most frequent
// first; for those who arrange the workspace.
func (s *Service) Missed(ctx context.Context, since cal.Date, limit int) ([]Miss, error) {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return nil, err
	}
	return db.All(ctx, s.db, func(r db.Row) (m Miss, err error) {
		var last string
		err = r.Scan(&m.Words, &m.Times, &last)
		m.Last = cal.Date(last)
		return m, err
	}, `SELECT words, sum(times) AS n, max(day) FROM search_miss WHERE workspace_id = $1 AND day >= $2
		GROUP BY words ORDER BY n DESC, words LIMIT $3`, a.Workspace, string(since), limit)
}

// Progress tells how far building the index anew has come.
type Progress struct {
	Kind string
	Done int
}

// firstLook is after how many things of a rebuild PostgreSQL looks at the table
// first, and then each time it is four times as large. Knowing nothing of it, it
// reads all of it for each batch: at 330,000 notes one took more than a second.
const firstLook = 4000

// Rebuild builds the index of the actor's workspace anew while it is in use:
// each batch is one transaction in which things are taken out and put back as
// they are now. report is called after each.
func (s *Service) Rebuild(ctx context.Context, report func(Progress)) (total int, err error) {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return 0, err
	}
	known := 0 // how many things the database knew of when it last looked
	for _, k := range s.kinds {
		p := Progress{Kind: k.Name}
		for after := id.ID(0); ; {
			refs, err := k.Each(ctx, s.db, a.Workspace, after, batch)
			if err != nil {
				return total, err
			}
			if len(refs) == 0 {
				break
			}
			if err := s.again(ctx, a.Workspace, k.Name, refs); err != nil {
				return total, err
			}
			after = refs[len(refs)-1]
			p.Done += len(refs)
			total += len(refs)
			if total >= max(firstLook, 4*known) {
				known = total
				if err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return db.Analyze(ctx, tx, "search_doc") }); err != nil {
					return total, err
				}
			}
			report(p)
		}
	}
	return total, s.sweep(ctx, a.Workspace)
}

func (s *Service) again(ctx context.Context, ws id.ID, kind string, refs []id.ID) error {
	return s.inTurn(ctx, ws, func(ctx context.Context, tx *db.Tx) error { return s.reindex(ctx, tx, ws, kind, refs) })
}

// sweep takes out of the index what is not there any more.
func (s *Service) sweep(ctx context.Context, ws id.ID) error {
	for before := fulltext.LastRow; ; {
		var w db.Where
		w.And(s.full.Own("d"), ws)
		w.And("d.id < ?", before)
		rows, err := db.All(ctx, s.db, scanRow, `SELECT d.id, d.kind, d.ref_id, d.part, d.parts, d.contract_id, d.author_id, d.owner_id
			FROM search_doc d WHERE `+w.SQL()+" ORDER BY d.id DESC LIMIT "+w.Arg(batch), w.Args()...)
		if err != nil || len(rows) == 0 {
			return err
		}
		byKind := map[string][]id.ID{}
		for _, r := range rows {
			before = r.id
			byKind[r.kind] = append(byKind[r.kind], r.ref)
		}
		for kind, refs := range byKind {
			gone, err := s.gone(ctx, ws, kind, refs)
			if err == nil && len(gone) > 0 {
				err = s.again(ctx, ws, kind, gone)
			}
			if err != nil {
				return err
			}
		}
	}
}

func (s *Service) gone(ctx context.Context, ws id.ID, kind string, refs []id.ID) ([]id.ID, error) {
	k, known := s.byName[kind]
	if !known {
		return refs, nil
	}
	docs, err := k.Load(ctx, s.db, ws, refs)
	there := map[id.ID]bool{}
	for _, d := range docs {
		there[d.Ref] = true
	}
	var out []id.ID
	for _, r := range refs {
		if !there[r] {
			out = append(out, r)
		}
	}
	return out, err
}
