package db

import (
	"context"
	"strconv"
	"strings"
)

// maxParams is the most parameters one statement takes on both engines
// (SQLite 32,766, PostgreSQL 65,535).
const maxParams = 32766

// Bulk inserts rows with many-row VALUES lists. head is everything before
// VALUES, tail what follows (ON CONFLICT …). Each row has the same number of
// values. PostgreSQL's driver keeps a statement of one text prepared by itself;
// SQLite would parse it again each time, so for many rows one is prepared, and
// kept short, because parsing is most of what it costs.
func Bulk(ctx context.Context, tx *Tx, head, tail string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	width := len(rows[0])
	step := min(maxParams/width, 400)
	stmt := func(n int) string { return head + " VALUES " + values(n, width) + " " + tail }
	if full := len(rows) / short * short; len(rows) > step && !tx.postgres {
		if err := bulkPrepared(ctx, tx, stmt(short), rows[:full]); err != nil {
			return err
		}
		rows = rows[full:]
	}
	for len(rows) > 0 {
		n := min(step, len(rows))
		if _, err := Exec(ctx, tx, stmt(n), flat(rows[:n], nil)...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// short is how many rows the prepared statement of SQLite takes.
const short = 32

func bulkPrepared(ctx context.Context, tx *Tx, stmt string, rows [][]any) error {
	p, err := tx.tx.PrepareContext(ctx, anonymous(stmt, short*len(rows[0])))
	if err != nil {
		return wrap(err, stmt)
	}
	defer p.Close()
	note(ctx, stmt, nil)
	var args []any
	for ; len(rows) > 0; rows = rows[short:] {
		args = flat(rows[:short], args[:0])
		if _, err := p.ExecContext(ctx, args...); err != nil {
			return wrap(err, stmt)
		}
	}
	return nil
}

// flat lines up the values of rows behind each other.
func flat(rows [][]any, into []any) []any {
	for _, r := range rows {
		into = append(into, r...)
	}
	return into
}

func values(rows, width int) string {
	var b strings.Builder
	b.Grow(rows * width * 7)
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for j := range width {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(i*width + j + 1))
		}
		b.WriteByte(')')
	}
	return b.String()
}
