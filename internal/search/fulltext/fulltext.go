// Package fulltext is the index of words as SQLite and PostgreSQL keep it: one of
// the few places where they differ.
package fulltext

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/text/tokens"
)

// Of is the engine of a database.
func Of(d *db.DB) Engine {
	if d.Postgres() {
		return postgresText{}
	}
	return sqliteText{}
}

// Engine is what the two databases do differently: one of the few marked
// places.
type Engine interface {
	Insert(ctx context.Context, tx *db.Tx, entries []Entry) error
	// Delete takes rows of search_doc out, and of the index.
	Delete(ctx context.Context, tx *db.Tx, w *db.Where) error
	// Phrase, Tag and Combine write a condition on the index.
	Phrase(p tokens.Phrase) string
	Tag(t string) string
	Combine(op Operator, parts []string) string
	// Next gives the newest rows of the walk, newest first, about n of them; done
	// at its end.
	Next(ctx context.Context, q db.Queryer, w *Walk, n int) (rows []int64, done bool, err error)
	// Own is the condition that a row of search_doc is of the workspace, written
	// so that rows asked for by number are read by number.
	Own(d string) string
	// Sample looks for several conditions at once: for each some n of the rows
	// that meet it, more than n only if there are more. total is how many rows
	// there are.
	Sample(ctx context.Context, q db.Queryer, in Span, total float64, conds []string, n int) ([]Sampled, error)
}

// Operator joins conditions on the index.
type Operator int

// The operators.
const (
	And Operator = iota
	Or
	AndNot // the first, and none of the others
)

// Walk goes over the rows that meet a condition, from the newest on.
type Walk struct {
	ws   id.ID
	cond string
	from int64
	// To is where the walk stands: what is to come is below it.
	To int64

	pace // PostgreSQL's
}

// NewWalk goes over the rows in [from, before), the newest first.
func NewWalk(ws id.ID, cond string, from, before int64) *Walk {
	return &Walk{ws: ws, cond: cond, from: from, To: before}
}

// Span is the rows of a workspace in [from, to).
type Span struct {
	Workspace id.ID
	From, To  int64
}

// Sampled are rows that meet a condition, and if not all of them were looked
// for, how many there may be.
type Sampled struct {
	Rows []int64
	Many float64 // 0 if all, or more than asked for, were found
}

func docRow(e Entry) []any {
	return []any{e.ID, e.Workspace, e.Kind, e.Ref, e.Part, e.Parts, e.Contract, e.Author, e.Owner}
}

const docColumns = "id, workspace_id, kind, ref_id, part, parts, contract_id, author_id, owner_id"

type sqliteText struct{}

func (sqliteText) Insert(ctx context.Context, tx *db.Tx, entries []Entry) error {
	docs, texts := make([][]any, len(entries)), make([][]any, len(entries))
	for i, e := range entries {
		docs[i] = docRow(e)
		texts[i] = []any{e.ID, strings.Join(e.Tags, " ") + " " + strings.Join(e.Tokens, " ")}
	}
	if err := db.Bulk(ctx, tx, "INSERT INTO search_doc ("+docColumns+")", "", docs); err != nil {
		return err
	}
	return db.Bulk(ctx, tx, "INSERT INTO search_fts (rowid, t)", "", texts)
}

func (sqliteText) Delete(ctx context.Context, tx *db.Tx, w *db.Where) error {
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

func (sqliteText) Phrase(p tokens.Phrase) string { return p.FTS5() }

// Own hides the column from the planner, which else walks all of a workspace to
// find twenty rows.
func (sqliteText) Own(d string) string { return "+" + d + ".workspace_id = ?" }

func (sqliteText) Tag(t string) string { return `"` + t + `"` }

func (sqliteText) Combine(op Operator, parts []string) string {
	return "(" + strings.Join(parts, []string{" AND ", " OR ", " NOT "}[op]) + ")"
}

// Next streams: FTS5 walks its lists backwards and stops at the limit.
func (sqliteText) Next(ctx context.Context, q db.Queryer, w *Walk, n int) ([]int64, bool, error) {
	rows, err := db.All(ctx, q, db.Value[int64], `SELECT rowid FROM search_fts WHERE search_fts MATCH $1 AND rowid < $2 AND rowid >= $3
		ORDER BY rowid DESC LIMIT $4`, w.cond, w.To, w.from, n)
	if len(rows) > 0 {
		w.To = rows[len(rows)-1]
	}
	return rows, len(rows) < n, err
}

func (sqliteText) Sample(ctx context.Context, q db.Queryer, in Span, _ float64, conds []string, n int) ([]Sampled, error) {
	var w db.Where
	from, to := w.Arg(in.From), w.Arg(in.To)
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

func unite(ctx context.Context, q db.Queryer, w *db.Where, parts []string) ([]Sampled, error) {
	out := make([]Sampled, len(parts))
	if len(parts) == 0 {
		return out, nil
	}
	list, err := db.All(ctx, q, func(r db.Row) (v numbered, err error) {
		err = r.Scan(&v.k, &v.row)
		return v, err
	}, strings.Join(parts, " UNION ALL "), w.Args()...)
	for _, v := range list {
		out[v.k].Rows = append(out[v.k].Rows, v.row)
	}
	return out, err
}
