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
// values. A full statement is of one text, so that both drivers keep it
// prepared.
func Bulk(ctx context.Context, tx *Tx, head, tail string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	width := len(rows[0])
	step := min(maxParams/width, 400)
	for len(rows) > 0 {
		n := min(step, len(rows))
		args := make([]any, 0, n*width)
		for _, r := range rows[:n] {
			args = append(args, r...)
		}
		if _, err := Exec(ctx, tx, head+" VALUES "+values(n, width)+" "+tail, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
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
