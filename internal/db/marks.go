package db

import "strings"

// manyMarks is from how many parameters on a statement is rewritten for
// SQLite: it keeps $1, $2, … as names in a list that it walks for each of
// them, in parsing and in binding, so that 12,000 of them took a second.
const manyMarks = 16

// anonymous turns $1, $2, … $n into ? marks, which SQLite numbers itself. A
// statement that names one twice or out of order stays as it is.
func anonymous(stmt string, args int) string {
	if args < manyMarks {
		return stmt
	}
	var b strings.Builder
	b.Grow(len(stmt))
	next := 1
	for i := 0; i < len(stmt); i++ {
		switch c := stmt[i]; c {
		case '\'': // a text; a quote in it is doubled and so begins a new one
			end := strings.IndexByte(stmt[i+1:], '\'')
			if end < 0 {
				return stmt
			}
			b.WriteString(stmt[i : i+end+2])
			i += end + 1
		case '$':
			n := 0
			for i+1 < len(stmt) && '0' <= stmt[i+1] && stmt[i+1] <= '9' {
				n = 10*n + int(stmt[i+1]-'0')
				i++
			}
			if n != next {
				return stmt
			}
			next++
			b.WriteByte('?')
		default:
			b.WriteByte(c)
		}
	}
	if next != args+1 {
		return stmt
	}
	return b.String()
}
