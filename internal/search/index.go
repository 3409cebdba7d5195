package search

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/job"
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
	var entries []entry
	for _, d := range docs {
		entries = append(entries, entriesOf(ws, kind, d)...)
	}
	if err := s.place(ctx, tx, ws, entries); err != nil {
		return err
	}
	return s.full.insert(ctx, tx, entries)
}

func (s *Service) drop(ctx context.Context, tx *db.Tx, ws id.ID, kind string, refs []id.ID) error {
	var w db.Where
	w.And("workspace_id = ? AND kind = ?", ws, kind)
	db.In(&w, "ref_id", refs)
	return s.full.delete(ctx, tx, &w)
}

// entry is one row of the index.
type entry struct {
	ws          id.ID
	id          int64
	kind        string
	ref         id.ID
	part, parts int
	contract    id.ID
	author      id.ID
	owner       id.ID
	at          time.Time
	tags        []string
	tokens      []string
	placed      bool
}

func entriesOf(ws id.ID, kind string, d Doc) []entry {
	title, body := text.FoldSearch(d.Title), text.FoldSearch(d.Body)
	passages := tokens.Passages(body)
	tags := []string{kindTag(kind)}
	for _, c := range append(slices.Clone(d.On), d.Contract) {
		if c != 0 {
			tags = append(tags, contractTag(c))
		}
	}
	if d.Author != 0 {
		tags = append(tags, authorTag(d.Author))
	}
	if len(passages) > 1 {
		tags = append(tags, longTag)
	}
	out := make([]entry, len(passages))
	for i, p := range passages {
		list := tokens.Of(p)
		if i == 0 && title != "" {
			list = append(append(tokens.Of(title), tokens.Break), list...)
		}
		out[i] = entry{ws: ws, kind: kind, ref: d.Ref, part: i, parts: len(passages), contract: d.Contract, author: d.Author,
			owner: d.Owner, at: d.At, tags: tags, tokens: list}
	}
	return out
}

// lowBits are those of an id that say nothing of the time.
const lowBits = 22

// firstRow is the row number from which on rows are not older than t.
func firstRow(t time.Time) int64 {
	const most = int64(1) << 40 // milliseconds: 35 years around 2024
	ms := t.UnixMilli() - id.ID(0).Time().UnixMilli()
	return max(-most, min(most, ms)) << lowBits
}

// errFull cannot happen before four million things are of one millisecond.
var errFull = errors.New("search: no free row number")

// place gives the entries their row numbers, which are in the order of time: a
// thing that was made when it says so has the number of its own id, any other
// one of its millisecond. The passages of a thing go downwards from its first.
func (s *Service) place(ctx context.Context, q db.Queryer, ws id.ID, entries []entry) error {
	taken := map[int64]bool{}
	for try := range 30 {
		var asked []int64
		for i := 0; i < len(entries); i += entries[i].parts {
			e := &entries[i]
			if e.id != 0 {
				continue
			}
			first := rowOf(e.at, e.ref)
			if try > 0 {
				first = firstRow(e.at) + rand.Int64N(1<<lowBits)
			}
			for k := range e.parts {
				if n := first - int64(k); !taken[n] {
					asked = append(asked, n)
				}
			}
			e.id = first
		}
		used, err := usedRows(ctx, q, ws, asked, s.db.Postgres())
		if err != nil {
			return err
		}
		if settle(entries, used, taken) {
			return nil
		}
	}
	return errFull
}

// settle takes the free numbers; it tells whether every entry has one.
func settle(entries []entry, used, taken map[int64]bool) bool {
	all := true
	for i := 0; i < len(entries); i += entries[i].parts {
		e := &entries[i]
		if e.placed {
			continue
		}
		free := true
		for k := range e.parts {
			n := e.id - int64(k)
			free = free && !used[n] && !taken[n]
		}
		if e.placed = free; !free {
			e.id, all = 0, false
			continue
		}
		for k := range e.parts {
			entries[i+k].id = e.id - int64(k)
			taken[e.id-int64(k)] = true
		}
	}
	return all
}

// rowOf is the row number a thing has if it is free.
func rowOf(at time.Time, ref id.ID) int64 {
	if apart := at.Sub(ref.Time()); -2*time.Second < apart && apart < 2*time.Second {
		return int64(ref)
	}
	return firstRow(at) + int64(ref)&(1<<lowBits-1)
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
