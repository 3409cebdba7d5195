package fulltext

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"kizuki/internal/db"
	"kizuki/internal/text/tokens"
)

type postgresText struct{}

// Insert adds to the tags of each row the slots of time it is in.
func (postgresText) Insert(ctx context.Context, tx *db.Tx, entries []Entry) error {
	docs := make([][]any, len(entries))
	for i, e := range entries {
		docs[i] = append(docRow(e), tokens.Vector(append(slotsOf(e.ID), e.Tags...), e.Tokens))
	}
	return db.Bulk(ctx, tx, "INSERT INTO search_doc ("+docColumns+", t)", "", docs)
}

func (postgresText) Delete(ctx context.Context, tx *db.Tx, w *db.Where) error {
	_, err := db.Exec(ctx, tx, "DELETE FROM search_doc WHERE "+w.SQL(), w.Args()...)
	return err
}

func (postgresText) Phrase(p tokens.Phrase) string { return p.TSQuery() }
func (postgresText) Own(d string) string           { return d + ".workspace_id = ?" }
func (postgresText) Tag(t string) string           { return "'" + t + "'" }

func (postgresText) Combine(op Operator, parts []string) string {
	return "(" + strings.Join(parts, []string{" & ", " | ", " & !"}[op]) + ")"
}

const (
	// window is how many of the newest rows are looked through before the index
	// is asked: what is frequent is found there, whatever the size of the table.
	window = 1000
	// few is how many hits are read at once and sorted.
	few = 5000
	// dense: one in so many rows is frequent.
	dense = 25
)

// farthest is how far back the index is asked at once where it has many hits: a
// condition may name the coarse slots of it, and the fine ones at both ends.
const farthest = int64(mostSlots/3) << coarseBits

// pace is how a walk over PostgreSQL's index goes on. The index gives its hits
// in no order and all of them, so it is asked for as far back as the next page
// probably reaches.
type pace struct {
	looked  bool    // the newest rows have been looked through
	walking bool    // row by row: hits are near each other
	top     int64   // the newest row
	rows    int     // how many were looked through
	apart   float64 // how far two hits are from each other, in row numbers; 0 if none was seen
	rest    []int64 // hits found that were not given yet
	low     int64   // down to which the rest is all
}

// Next looks through the newest rows first. What is not found there in number is
// asked of the index, slots of time at once.
func (p postgresText) Next(ctx context.Context, q db.Queryer, w *Walk, n int) ([]int64, bool, error) {
	var out []int64
	for len(out) < n {
		switch {
		case len(w.rest) > 0:
			k := min(n-len(out), len(w.rest))
			out = append(out, w.rest[:k]...)
			if w.rest = w.rest[k:]; len(w.rest) > 0 {
				w.To = out[len(out)-1]
				return out, false, nil
			}
			w.To = w.low
			continue
		case w.To <= w.from:
			return out, true, nil
		case w.looked && !w.walking:
			if err := p.reach(ctx, q, w, n-len(out)); err != nil {
				return nil, false, err
			}
			continue
		}
		step := 4 * window
		if !w.looked {
			step = window
		}
		found, end, err := p.look(ctx, q, w, step)
		out = append(out, found...)
		if err != nil || end {
			return out, end, err
		}
		if !w.looked {
			w.looked, w.walking = true, len(found) >= window/dense
		}
	}
	return out, false, nil
}

// reach asks the index for the hits as far back as n of them probably are. Of
// what is rare, as what was not seen yet probably is, it asks for all.
func (p postgresText) reach(ctx context.Context, q db.Queryer, w *Walk, n int) error {
	low, cond := w.from, w.cond
	far := int64(max(1, min(1.5*float64(n)*w.apart, float64(farthest))))
	if w.apart > 0 && far < farthest {
		low = max(low, w.To-far)
		cond = p.within(w.cond, cover(low, w.To))
	}
	// The + 0 leaves the planner only the full-text index: of a prepared
	// statement it knows no words, and took the primary key, a hundred times
	// slower.
	all, err := db.All(ctx, q, db.Value[int64], `SELECT id FROM search_doc WHERE t @@ CAST($1 AS tsquery) AND workspace_id + 0 = $2
		AND id + 0 < $3 AND id + 0 >= $4 LIMIT $5`, cond, w.ws, w.To, low, few+1)
	switch {
	case err != nil:
		return err
	case len(all) > few: // nearer to each other than thought
		w.apart = float64(min(farthest, w.To-max(low, w.To-farthest))) / few
		return nil
	case len(all) < n:
		w.apart *= 4
	}
	slices.SortFunc(all, func(a, b int64) int { return cmp.Compare(b, a) })
	if w.rest, w.low = all, low; len(all) == 0 {
		w.To = low
	}
	return nil
}

func (p postgresText) within(cond string, tags []string) string {
	parts := make([]string, len(tags))
	for i, t := range tags {
		parts[i] = p.Tag(t)
	}
	return p.Combine(And, []string{cond, p.Combine(Or, parts)})
}

type seen struct {
	row int64
	hit bool
}

// look goes through the next rows one by one.
func (postgresText) look(ctx context.Context, q db.Queryer, w *Walk, step int) (out []int64, end bool, err error) {
	list, err := db.All(ctx, q, func(r db.Row) (v seen, err error) {
		err = r.Scan(&v.row, &v.hit)
		return v, err
	}, `WITH newest AS MATERIALIZED (SELECT id, t FROM search_doc WHERE workspace_id = $2 AND id < $3 AND id >= $4
		ORDER BY id DESC LIMIT $5) SELECT id, t @@ CAST($1 AS tsquery) FROM newest`, w.cond, w.ws, w.To, w.from, step)
	for _, v := range list {
		if w.rows == 0 {
			w.top = v.row
		}
		w.rows++
		if w.To = min(w.To, v.row); v.hit {
			out = append(out, v.row)
		}
	}
	if len(out) > 0 {
		w.apart = float64(w.top-w.To+1) / float64(len(out))
	}
	return out, len(list) < step, err
}

// tried is how many of the newest rows tell which conditions are frequent.
const tried = 2000

// Sample looks in the newest rows first. Of what is frequent there that is
// enough: the index would gather a tenth of all rows before it gave the first.
func (p postgresText) Sample(ctx context.Context, q db.Queryer, in Span, total float64, conds []string, n int) ([]Sampled, error) {
	type newest struct{ rows, low, top int64 }
	t, _, err := db.One(ctx, q, func(r db.Row) (v newest, err error) {
		err = r.Scan(&v.rows, &v.low, &v.top)
		return v, err
	}, `SELECT count(*), coalesce(min(id), 0), coalesce(max(id), 0) FROM (SELECT id FROM search_doc
		WHERE workspace_id = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4) x`, in.Workspace, in.From, in.To, tried)
	if err != nil {
		return nil, err
	}
	tags := cover(t.low, t.top+1)
	if t.rows < tried || tags == nil {
		return p.union(ctx, q, in, conds, n)
	}
	near := make([]string, len(conds))
	for i, c := range conds {
		near[i] = p.within(c, tags)
	}
	out, err := p.union(ctx, q, Span{Workspace: in.Workspace, From: t.low, To: in.To}, near, tried)
	if err != nil {
		return nil, err
	}
	var rare []int
	var asked []string
	for i, c := range conds {
		many := float64(len(out[i].Rows)) / tried * total
		if many > float64(3*n) {
			out[i].Many = many
			continue
		}
		rare, asked = append(rare, i), append(asked, c)
	}
	found, err := p.union(ctx, q, in, asked, n)
	for k, i := range rare {
		out[i] = found[k]
	}
	return out, err
}

func (postgresText) union(ctx context.Context, q db.Queryer, in Span, conds []string, n int) ([]Sampled, error) {
	var w db.Where
	space, from, to := w.Arg(in.Workspace), w.Arg(in.From), w.Arg(in.To)
	parts := make([]string, len(conds))
	for i, c := range conds {
		parts[i] = "SELECT * FROM (SELECT CAST(" + w.Arg(i) + " AS BIGINT) AS k, id FROM search_doc WHERE workspace_id + 0 = " + space +
			" AND id + 0 >= " + from + " AND id + 0 < " + to + " AND t @@ CAST(" + w.Arg(c) + " AS tsquery) LIMIT " + w.Arg(n+1) + ") x"
	}
	return unite(ctx, q, &w, parts)
}
