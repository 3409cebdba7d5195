package search

import (
	"cmp"
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
	// union looks for several conditions at once and gives for each the rows, the
	// newest first where that costs nothing, at most n.
	union(ctx context.Context, q db.Queryer, ws id.ID, conds []string, n int) ([][]int64, error)
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

	looked bool    // PostgreSQL: the newest rows have been looked through
	chosen bool    // and it has been decided how to go on
	rest   []int64 // all the others, if they are few
}

// newWalk goes over the rows in [from, before), the newest first.
func newWalk(ws id.ID, cond string, from, before int64) *walk {
	return &walk{ws: ws, cond: cond, from: from, to: before}
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

func (sqliteText) union(ctx context.Context, q db.Queryer, _ id.ID, conds []string, n int) ([][]int64, error) {
	var w db.Where
	parts := make([]string, len(conds))
	for i, c := range conds {
		parts[i] = "SELECT * FROM (SELECT " + w.Arg(i) + " AS k, rowid AS id FROM search_fts WHERE search_fts MATCH " + w.Arg(c) +
			" ORDER BY rowid DESC LIMIT " + w.Arg(n) + ")"
	}
	return unite(ctx, q, &w, parts)
}

type numbered struct {
	k   int
	row int64
}

func unite(ctx context.Context, q db.Queryer, w *db.Where, parts []string) ([][]int64, error) {
	out := make([][]int64, len(parts))
	if len(parts) == 0 {
		return out, nil
	}
	list, err := db.All(ctx, q, func(r db.Row) (v numbered, err error) {
		err = r.Scan(&v.k, &v.row)
		return v, err
	}, strings.Join(parts, " UNION ALL "), w.Args()...)
	for _, v := range list {
		out[v.k] = append(out[v.k], v.row)
	}
	return out, err
}

type postgresText struct{}

func (postgresText) insert(ctx context.Context, tx *db.Tx, entries []entry) error {
	docs := make([][]any, len(entries))
	for i, e := range entries {
		docs[i] = append(docRow(e), tokens.Vector(e.tags, e.tokens))
	}
	return db.Bulk(ctx, tx, "INSERT INTO search_doc ("+docColumns+", t)", "", docs)
}

func (postgresText) delete(ctx context.Context, tx *db.Tx, w *db.Where) error {
	_, err := db.Exec(ctx, tx, "DELETE FROM search_doc WHERE "+w.SQL(), w.Args()...)
	return err
}

func (postgresText) phrase(p tokens.Phrase) string { return p.TSQuery() }
func (postgresText) own(d string) string           { return d + ".workspace_id = ?" }
func (postgresText) tag(t string) string           { return "'" + t + "'" }

func (postgresText) combine(op operator, parts []string) string {
	return "(" + strings.Join(parts, []string{" & ", " | ", " & !"}[op]) + ")"
}

const (
	// window is how many of the newest rows are looked through before the index
	// is asked: what is frequent is found there, whatever the size of the table.
	window = 1000
	// few is how many hits are read at once and sorted; with more, walking finds
	// the next soon.
	few = 5000
	// dense: one in so many rows is frequent.
	dense = 25
)

// next walks the newest rows first. What is not found there in number is rare,
// or old: then the index gives all of it, and only if that is much after all
// the walk goes on.
func (p postgresText) next(ctx context.Context, q db.Queryer, w *walk, n int) ([]int64, bool, error) {
	switch {
	case w.rest != nil:
		k := min(n, len(w.rest))
		out := w.rest[:k]
		w.rest = w.rest[k:]
		return out, len(w.rest) == 0, nil
	case w.looked && !w.chosen:
		w.chosen = true
		// The + 0 leaves the planner only the full-text index: of a prepared
		// statement it knows no words, and took the primary key, a hundred times
		// slower.
		all, err := db.All(ctx, q, db.Value[int64], `SELECT id FROM search_doc WHERE t @@ CAST($1 AS tsquery) AND workspace_id + 0 = $2
			AND id + 0 < $3 AND id + 0 >= $4 LIMIT $5`, w.cond, w.ws, w.to, w.from, few+1)
		if err != nil {
			return nil, false, err
		}
		if len(all) <= few {
			slices.SortFunc(all, func(a, b int64) int { return cmp.Compare(b, a) })
			w.rest = append([]int64{}, all...)
			return p.next(ctx, q, w, n)
		}
	}
	step := window
	if w.looked {
		step = 4 * window
	}
	w.looked = true
	var out []int64
	for len(out) < n {
		found, end, err := p.look(ctx, q, w, step)
		out = append(out, found...)
		if err != nil || end {
			return out, end, err
		}
		if !w.chosen && len(found) >= window/dense {
			w.chosen, step = true, 4*window // frequent: the walk finds more of them soon
		}
		if !w.chosen {
			return out, false, nil
		}
	}
	return out, false, nil
}

type seen struct {
	row int64
	hit bool
}

// look goes through the next rows one by one.
func (postgresText) look(ctx context.Context, q db.Queryer, w *walk, step int) (out []int64, end bool, err error) {
	list, err := db.All(ctx, q, func(r db.Row) (v seen, err error) {
		err = r.Scan(&v.row, &v.hit)
		return v, err
	}, `WITH newest AS MATERIALIZED (SELECT id, t FROM search_doc WHERE workspace_id = $2 AND id < $3 AND id >= $4
		ORDER BY id DESC LIMIT $5) SELECT id, t @@ CAST($1 AS tsquery) FROM newest`, w.cond, w.ws, w.to, w.from, step)
	for _, v := range list {
		if w.to = min(w.to, v.row); v.hit {
			out = append(out, v.row)
		}
	}
	return out, len(list) < step, err
}

func (postgresText) union(ctx context.Context, q db.Queryer, ws id.ID, conds []string, n int) ([][]int64, error) {
	var w db.Where
	space := w.Arg(ws)
	parts := make([]string, len(conds))
	for i, c := range conds {
		parts[i] = "SELECT * FROM (SELECT CAST(" + w.Arg(i) + " AS BIGINT) AS k, id FROM search_doc WHERE workspace_id + 0 = " + space +
			" AND t @@ CAST(" + w.Arg(c) + " AS tsquery) LIMIT " + w.Arg(n) + ") x"
	}
	return unite(ctx, q, &w, parts)
}
