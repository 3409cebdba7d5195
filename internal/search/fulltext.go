package search

import (
	"context"
	"math"
	"slices"
	"strings"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/text/tokens"
)

// fulltext is what the two databases do differently: one of the few marked
// places.
type fulltext interface {
	insert(ctx context.Context, tx *db.Tx, entries []entry) error
	// delete takes rows of search_doc out, and of the index.
	delete(ctx context.Context, tx *db.Tx, w *db.Where) error
	// phrase and combine write a condition on the index.
	phrase(p tokens.Phrase) string
	tag(t string) string
	combine(op operator, parts []string) string
	// next gives the newest rows of the walk, newest first, about n of them; done
	// at its end.
	next(ctx context.Context, q db.Queryer, w *walk, n int) (rows []int64, done bool, err error)
	// own is the condition that a row of search_doc is of the workspace, written
	// so that rows asked for by number are read by number.
	own(d string) string
	// sample looks for several conditions at once: for each some n of the rows
	// that meet it, more than n only if there are more. total is how many rows
	// there are.
	sample(ctx context.Context, q db.Queryer, in span, total float64, conds []string, n int) ([]sampled, error)
}

type operator int

const (
	and operator = iota
	or
	andNot // the first, and none of the others
)

// walk goes over the rows that meet a condition, from the newest on.
type walk struct {
	ws       id.ID
	cond     string
	from, to int64 // rows in [from, to)

	pace // PostgreSQL's
}

// newWalk goes over the rows in [from, before), the newest first.
func newWalk(ws id.ID, cond string, from, before int64) *walk {
	return &walk{ws: ws, cond: cond, from: from, to: before}
}

// span is the rows of a workspace in [from, to).
type span struct {
	ws       id.ID
	from, to int64
}

// sampled are rows that meet a condition, and if not all of them were looked
// for, how many there may be.
type sampled struct {
	rows []int64
	many float64
}

var everyRow = int64(math.MinInt64)

func docRow(e entry) []any {
	return []any{e.id, e.ws, e.kind, e.ref, e.part, e.parts, e.contract, e.author, e.owner}
}

const docColumns = "id, workspace_id, kind, ref_id, part, parts, contract_id, author_id, owner_id"

type sqliteText struct{}

func (sqliteText) insert(ctx context.Context, tx *db.Tx, entries []entry) error {
	docs, texts := make([][]any, len(entries)), make([][]any, len(entries))
	for i, e := range entries {
		docs[i] = docRow(e)
		texts[i] = []any{e.id, strings.Join(e.tags, " ") + " " + strings.Join(e.tokens, " ")}
	}
	if err := db.Bulk(ctx, tx, "INSERT INTO search_doc ("+docColumns+")", "", docs); err != nil {
		return err
	}
	return db.Bulk(ctx, tx, "INSERT INTO search_fts (rowid, t)", "", texts)
}

func (sqliteText) delete(ctx context.Context, tx *db.Tx, w *db.Where) error {
	rows, err := db.All(ctx, tx, db.Value[int64], "DELETE FROM search_doc WHERE "+w.SQL()+" RETURNING id", w.Args()...)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(rows, 500) {
		var w db.Where
		db.In(&w, "rowid", part)
		if _, err := db.Exec(ctx, tx, "DELETE FROM search_fts WHERE "+w.SQL(), w.Args()...); err != nil {
			return err
		}
	}
	return nil
}

func (sqliteText) phrase(p tokens.Phrase) string { return p.FTS5() }

// own hides the column from the planner, which else walks all of a workspace to
// find twenty rows.
func (sqliteText) own(d string) string { return "+" + d + ".workspace_id = ?" }

func (sqliteText) tag(t string) string { return `"` + t + `"` }

func (sqliteText) combine(op operator, parts []string) string {
	return "(" + strings.Join(parts, []string{" AND ", " OR ", " NOT "}[op]) + ")"
}

// next streams: FTS5 walks its lists backwards and stops at the limit.
func (sqliteText) next(ctx context.Context, q db.Queryer, w *walk, n int) ([]int64, bool, error) {
	rows, err := db.All(ctx, q, db.Value[int64], `SELECT rowid FROM search_fts WHERE search_fts MATCH $1 AND rowid < $2 AND rowid >= $3
		ORDER BY rowid DESC LIMIT $4`, w.cond, w.to, w.from, n)
	if len(rows) > 0 {
		w.to = rows[len(rows)-1]
	}
	return rows, len(rows) < n, err
}

func (sqliteText) sample(ctx context.Context, q db.Queryer, in span, _ float64, conds []string, n int) ([]sampled, error) {
	var w db.Where
	from, to := w.Arg(in.from), w.Arg(in.to)
	parts := make([]string, len(conds))
	for i, c := range conds {
		parts[i] = "SELECT * FROM (SELECT " + w.Arg(i) + " AS k, rowid AS id FROM search_fts WHERE search_fts MATCH " + w.Arg(c) +
			" AND rowid >= " + from + " AND rowid < " + to + " ORDER BY rowid DESC LIMIT " + w.Arg(n+1) + ")"
	}
	return unite(ctx, q, &w, parts)
}

type numbered struct {
	k   int
	row int64
}

func unite(ctx context.Context, q db.Queryer, w *db.Where, parts []string) ([]sampled, error) {
	out := make([]sampled, len(parts))
	if len(parts) == 0 {
		return out, nil
	}
	list, err := db.All(ctx, q, func(r db.Row) (v numbered, err error) {
		err = r.Scan(&v.k, &v.row)
		return v, err
	}, strings.Join(parts, " UNION ALL "), w.Args()...)
	for _, v := range list {
		out[v.k].rows = append(out[v.k].rows, v.row)
	}
	return out, err
}
