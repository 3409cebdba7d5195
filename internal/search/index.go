package search

import (
	"cmp"
	"context"
	"slices"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/search/fulltext"
	"kizuki/internal/text"
	"kizuki/internal/text/tokens"
)

// drainKind is the job that takes what waits into the index.
const drainKind = "search.drain"

const (
	// batch is how many things one transaction indexes: on SQLite it holds the
	// one writer for some tenth of a second.
	batch = 400
	// gather is how long written things may gather before the job is called.
	gather = 300 * time.Millisecond
)

// note writes down, in the transaction that changed things, that the index must
// read them again.
func (s *Service) note(ctx context.Context, tx *db.Tx, kind string, refs map[id.ID][]id.ID) error {
	if s.mute {
		return nil
	}
	for ws, list := range refs {
		rows := make([][]any, len(list))
		for i, ref := range list {
			rows[i] = []any{ws, kind, ref, id.New()}
		}
		if err := db.Bulk(ctx, tx, `INSERT INTO search_pending (workspace_id, kind, ref_id, id)`, "", rows); err != nil {
			return err
		}
	}
	tx.AfterCommit(s.signal)
	return nil
}

func (s *Service) follow(ctx context.Context, tx *db.Tx, kind string, also Also, changed map[id.ID][]id.ID) error {
	for ws, list := range changed {
		for part := range slices.Chunk(list, 500) {
			refs, err := also.Refs(ctx, tx, ws, part)
			if err == nil && len(refs) > 0 {
				err = s.note(ctx, tx, kind, map[id.ID][]id.ID{ws: refs})
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run calls the job while there is something to index, until ctx ends. What
// other processes wrote is seen by looking each second.
func (s *Service) Run(ctx context.Context) {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-s.wake:
			select {
			case <-ctx.Done():
				return
			case <-time.After(gather):
			}
		}
		if ws, err := s.waitingWorkspace(ctx); err != nil || ws == 0 {
			continue
		}
		_ = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { // the next look tries again
			return s.jobs.AddIn(ctx, tx, job.Add{Kind: drainKind, Key: drainKind})
		})
	}
}

func (s *Service) drainJob(ctx context.Context, _ job.Job) error {
	_, err := s.Drain(ctx)
	return err
}

func (s *Service) waitingWorkspace(ctx context.Context) (id.ID, error) {
	ws, _, err := db.One(ctx, s.db, db.Value[id.ID], "SELECT workspace_id FROM search_pending LIMIT 1")
	return ws, err
}

// Drain indexes everything that waits and tells how many things that were. It
// is the system's act: it shows nothing to anybody.
func (s *Service) Drain(ctx context.Context) (total int, err error) {
	for ctx.Err() == nil {
		ws, err := s.waitingWorkspace(ctx)
		if err != nil || ws == 0 {
			return total, err
		}
		n, err := s.drainBatch(ctx, ws)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, ctx.Err()
}

type pending struct {
	kind    string
	ref, id id.ID
}

func scanPending(r db.Row) (p pending, err error) {
	err = r.Scan(&p.kind, &p.ref, &p.id)
	return p, err
}

func (s *Service) drainBatch(ctx context.Context, ws id.ID) (n int, err error) {
	err = s.inTurn(ctx, ws, func(ctx context.Context, tx *db.Tx) error {
		list, err := db.All(ctx, tx, scanPending, `SELECT kind, ref_id, id FROM search_pending WHERE workspace_id = $1
			ORDER BY kind, ref_id, id LIMIT $2`, ws, batch)
		if err != nil {
			return err
		}
		n = len(list)
		byKind := map[string][]id.ID{}
		for _, p := range list {
			if have := byKind[p.kind]; len(have) == 0 || have[len(have)-1] != p.ref {
				byKind[p.kind] = append(have, p.ref)
			}
		}
		for kind, refs := range byKind {
			if err := s.reindex(ctx, tx, ws, kind, refs); err != nil {
				return err
			}
		}
		return forget(ctx, tx, ws, list)
	})
	return n, err
}

// inTurn runs f in a transaction no other indexer of the workspace overlaps.
func (s *Service) inTurn(ctx context.Context, ws id.ID, f func(ctx context.Context, tx *db.Tx) error) error {
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, `INSERT INTO search_state (workspace_id, turn) VALUES ($1, 1)
			ON CONFLICT (workspace_id) DO UPDATE SET turn = search_state.turn + 1`, ws); err != nil {
			return err
		}
		return f(ctx, tx)
	})
}

// forget takes away the rows that were read, and no row that came since.
func forget(ctx context.Context, tx *db.Tx, ws id.ID, list []pending) error {
	byKind := map[string][][2]id.ID{}
	for _, p := range list {
		byKind[p.kind] = append(byKind[p.kind], [2]id.ID{p.ref, p.id})
	}
	for kind, pairs := range byKind {
		var w db.Where
		w.And("workspace_id = ? AND kind = ?", ws, kind)
		refs, ids := make([]id.ID, len(pairs)), make([]id.ID, len(pairs))
		for i, p := range pairs {
			refs[i], ids[i] = p[0], p[1]
		}
		db.In(&w, "ref_id", slices.Compact(refs))
		db.In(&w, "id", ids)
		if _, err := db.Exec(ctx, tx, "DELETE FROM search_pending WHERE "+w.SQL(), w.Args()...); err != nil {
			return err
		}
	}
	return nil
}

// reindex makes the index say of things what they are now.
func (s *Service) reindex(ctx context.Context, tx *db.Tx, ws id.ID, kind string, refs []id.ID) error {
	k, known := s.byName[kind]
	if !known {
		return s.drop(ctx, tx, ws, kind, refs) // of a feature that was taken out
	}
	docs, err := k.Load(ctx, tx, ws, refs)
	if err != nil {
		return err
	}
	if err := s.drop(ctx, tx, ws, kind, refs); err != nil {
		return err
	}
	var entries []fulltext.Entry
	for _, d := range docs {
		entries = append(entries, entriesOf(ws, kind, d)...)
	}
	if err := s.place(ctx, tx, ws, entries); err != nil {
		return err
	}
	return s.full.Insert(ctx, tx, entries)
}

func (s *Service) drop(ctx context.Context, tx *db.Tx, ws id.ID, kind string, refs []id.ID) error {
	var w db.Where
	w.And("workspace_id = ? AND kind = ?", ws, kind)
	db.In(&w, "ref_id", refs)
	return s.full.Delete(ctx, tx, &w)
}

func entriesOf(ws id.ID, kind string, d Doc) []fulltext.Entry {
	title, body := text.FoldSearch(d.Title), text.FoldSearch(d.Body)
	passages := tokens.Passages(body)
	tags := []string{fulltext.SpaceTag(ws), fulltext.KindTag(kind)}
	for _, c := range append(slices.Clone(d.On), d.Contract) {
		if c != 0 {
			tags = append(tags, fulltext.ContractTag(c))
		}
	}
	if d.Author != 0 {
		tags = append(tags, fulltext.AuthorTag(d.Author))
	}
	if len(passages) > 1 {
		tags = append(tags, fulltext.LongTag)
	}
	out := make([]fulltext.Entry, len(passages))
	for i, p := range passages {
		list := tokens.Of(p)
		if i == 0 && title != "" {
			list = append(append(tokens.Of(title), tokens.Break), list...)
		}
		out[i] = fulltext.Entry{Workspace: ws, Kind: kind, Ref: d.Ref, Part: i, Parts: len(passages), Contract: d.Contract, Author: d.Author,
			Owner: d.Owner, At: d.At, Tags: tags, Tokens: list}
	}
	return out
}

// place gives the entries their row numbers, which are in the order of time:
// each thing takes the next free ones of its second, or of those that follow
// when a list brought more than a thousand at once. The passages of a thing go
// downwards from its first.
func (s *Service) place(ctx context.Context, q db.Queryer, ws id.ID, entries []fulltext.Entry) error {
	blocks := make([]int, 0, len(entries)) // where things begin, the oldest first
	for i := 0; i < len(entries); i += entries[i].Parts {
		blocks = append(blocks, i)
	}
	slices.SortFunc(blocks, func(a, b int) int {
		return cmp.Or(entries[a].At.Compare(entries[b].At), cmp.Compare(entries[a].Ref, entries[b].Ref))
	})
	next := fulltext.EveryRow
	for from := 0; from < len(blocks); {
		var asked []int64
		for _, i := range blocks[from:] {
			next = number(entries[i:i+entries[i].Parts], next)
			for _, e := range entries[i : i+entries[i].Parts] {
				asked = append(asked, e.ID)
			}
		}
		used, err := usedRows(ctx, q, ws, asked, s.db.Postgres())
		if err != nil || len(used) == 0 {
			return err
		}
		for ; from < len(blocks); from++ { // go on from the first that is taken
			if row, taken := firstUsed(entries[blocks[from]:blocks[from]+entries[blocks[from]].Parts], used); taken {
				if next, err = freeRow(ctx, q, ws, row, s.db.Postgres()); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// number gives a thing's passages numbers from next on, and what follows them.
func number(passages []fulltext.Entry, next int64) int64 {
	low := max(fulltext.FirstRow(passages[0].At), next)
	for k := range passages {
		passages[k].ID = low + int64(len(passages)-1-k)
	}
	return low + int64(len(passages))
}

func firstUsed(passages []fulltext.Entry, used map[int64]bool) (int64, bool) {
	for k := len(passages) - 1; k >= 0; k-- {
		if used[passages[k].ID] {
			return passages[k].ID, true
		}
	}
	return 0, false
}

// freeRow is the first free number after a taken one.
func freeRow(ctx context.Context, q db.Queryer, ws id.ID, taken int64, postgres bool) (int64, error) {
	var w db.Where
	same := ""
	if postgres {
		w.And("d.workspace_id = ?", ws)
		same = " AND e.workspace_id = d.workspace_id"
	}
	w.And("d.id >= ?", taken)
	v, _, err := db.One(ctx, q, db.Value[int64], "SELECT d.id FROM search_doc d WHERE "+w.SQL()+
		" AND NOT EXISTS (SELECT 1 FROM search_doc e WHERE e.ID = d.id + 1"+same+") ORDER BY d.id LIMIT 1", w.Args()...)
	return v + 1, err
}

func usedRows(ctx context.Context, q db.Queryer, ws id.ID, rows []int64, postgres bool) (map[int64]bool, error) {
	out := map[int64]bool{}
	for part := range slices.Chunk(rows, 500) {
		var w db.Where
		if postgres {
			w.And("workspace_id = ?", ws) // on SQLite all workspaces share the numbers
		}
		db.In(&w, "id", part)
		found, err := db.All(ctx, q, db.Value[int64], "SELECT id FROM search_doc WHERE "+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, v := range found {
			out[v] = true
		}
	}
	return out, nil
}
