package walk

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/text"
)

// Frag is a piece of SQL whose ? marks stand for its arguments.
type Frag struct {
	sql  string
	args []any
}

// SQL makes a piece.
func SQL(sql string, args ...any) Frag { return Frag{sql, args} }

// Add writes on.
func (f Frag) Add(sql string, args ...any) Frag {
	return Frag{f.sql + sql, append(f.args[:len(f.args):len(f.args)], args...)}
}

// And adds conditions.
func (f Frag) And(list ...Frag) Frag {
	for _, c := range list {
		f = f.Add(" AND "+c.sql, c.args...)
	}
	return f
}

// Then adds a piece as it is.
func (f Frag) Then(g Frag) Frag { return f.Add(g.sql, g.args...) }

// numbered gives the statement with $1, $2, … in place of the marks.
func (f Frag) numbered() string {
	var b strings.Builder
	n := 0
	for _, r := range f.sql {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteString("$" + strconv.Itoa(n))
	}
	return b.String()
}

// Test is a condition as it is tried on single rows. It names the row c, or with
// byID only r.id, so that the row need not be read.
type Test struct {
	Frag
	byID bool
}

// OnRow tests columns of the row c.
func OnRow(sql string, args ...any) Test { return Test{SQL(sql, args...), false} }

// HasIndex tests that the field index has a row of r.id. It is a subquery in
// place of a value: an EXISTS might be planned as a join with all rows alike.
func HasIndex(ws, fieldID id.ID, k ...Frag) Test {
	f := SQL("(SELECT 1 FROM field_index f WHERE f.workspace_id = ? AND f.field_id = ? AND f.contract_id = r.id", ws, fieldID)
	return Test{f.And(k...).Add(" LIMIT 1) = 1"), true}
}

// Not turns a test of HasIndex round.
func (t Test) Not() Test {
	t.sql = strings.TrimSuffix(t.sql, "= 1") + "IS NULL"
	return t
}

func (p *Plan) table() string {
	if p.Table == "" {
		return "contract"
	}
	return p.Table
}

// where writes the tests of rows r; those by id come first, they are cheap.
func (p *Plan) where(tests []Test) Frag {
	byID, onRow := SQL("1 = 1"), SQL("")
	for _, t := range tests {
		if t.byID {
			byID = byID.And(t.Frag)
		} else {
			onRow = onRow.And(t.Frag)
		}
	}
	if onRow.sql == "" {
		return byID
	}
	return byID.Add(" AND (SELECT 1 FROM "+p.table()+" c WHERE c.workspace_id = ? AND c.id = r.id", p.WS).Then(onRow).Add(") = 1")
}

// Contains, Begins and list are the places that know the dialect: LIKE reads no
// bytes on SQLite and uses no index there; PostgreSQL orders texts by the
// database's collation, so that a range is no prefix.

// Contains tests a text, or bytes, for a part.
func (p *Plan) Contains(column string, part any) Frag {
	if p.Postgres {
		return SQL("position(? IN "+column+") > 0", part)
	}
	return SQL("instr("+column+", ?) > 0", part)
}

// Begins tests a text for its beginning.
func (p *Plan) Begins(column, with string) Frag {
	if p.Postgres {
		return SQL(column+" LIKE ?", strings.TrimPrefix(text.LikePattern(with), "%"))
	}
	return SQL(column+" >= ? AND "+column+" < ?", with, with+string(utf8.MaxRune))
}

// list is a query of given ids.
func (p *Plan) list(ids []id.ID) Frag {
	if p.Postgres {
		return SQL("SELECT CAST(e.v AS BIGINT) AS id FROM jsonb_array_elements_text(CAST(? AS JSONB)) AS e (v)", db.AsJSON(ids))
	}
	return SQL("SELECT CAST(e.value AS BIGINT) AS id FROM json_each(?) e", db.AsJSON(ids))
}
