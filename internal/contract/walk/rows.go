package walk

import (
	"context"
	"strconv"
	"strings"

	"kizuki/internal/db"
	"kizuki/internal/id"
)

// Order is the order of a list. Rows without a value to sort by come last
// in both directions.
type Order struct {
	Attr    string // renewal, name, key, amount, field:KEY
	Desc    bool
	Column  string // of the row's own
	number  bool   // of int64
	FieldID id.ID  // or a custom field
	set     *Test  // it has a value to sort by; nil if all have
	unset   *Test  // it has none; nil if all have
}

// ByColumn is the order of a row's own column, a text; set and unset test whether
// it has a value, "" if all have.
func ByColumn(attr, column string, desc bool, set, unset string) Order {
	o := Order{Attr: attr, Desc: desc, Column: column}
	if set != "" {
		has, none := OnRow("c."+column+set), OnRow("c."+column+unset)
		o.set, o.unset = &has, &none
	}
	return o
}

// OfNumbers is the order of a column that holds numbers.
func (o Order) OfNumbers() Order {
	o.number = true
	return o
}

// ByField is the order of an indexed custom field.
func ByField(attr string, desc bool, ws, fieldID id.ID) Order {
	has := HasIndex(ws, fieldID)
	none := has.Not()
	return Order{Attr: attr, Desc: desc, FieldID: fieldID, set: &has, unset: &none}
}

// place is a row's place in an order: phase 0 has a value, 1 has none.
type place struct {
	phase int
	value any // string, int64 or []byte; nil before the first row
	id    id.ID
}

// valueOf is the expression that the row of an id is sorted by.
func (p *Plan) valueOf(ref string) Frag {
	if p.Order.FieldID != 0 {
		return SQL("(SELECT s.k FROM field_index s WHERE s.workspace_id = ? AND s.field_id = ? AND s.contract_id = "+ref+")",
			p.WS, p.Order.FieldID)
	}
	return SQL("(SELECT c."+p.Order.Column+" FROM "+p.table()+" c WHERE c.workspace_id = ? AND c.id = "+ref+")", p.WS)
}

// by is the ORDER BY of columns, all in the direction of the order.
func (o Order) by(columns ...string) string {
	if o.Desc {
		return " ORDER BY " + strings.Join(columns, " DESC, ") + " DESC"
	}
	return " ORDER BY " + strings.Join(columns, ", ")
}

// back is the other way round.
func (o Order) back(columns ...string) string {
	o.Desc = !o.Desc
	return o.by(columns...)
}

// after tests that a row lies behind a place; value and row name its columns.
func (o Order) after(at place, value, row string) []Frag {
	sign := " > "
	if o.Desc {
		sign = " < "
	}
	switch {
	case at.id == 0:
		return nil
	case at.phase == 1:
		return []Frag{SQL(row+sign+"?", at.id)}
	}
	return []Frag{SQL("("+value+", "+row+")"+sign+"(?, ?)", at.value, at.id)}
}

// scan reads a place; the value's type is the order's.
func (o Order) scan(phase int) func(db.Row, ...any) (place, error) {
	return func(r db.Row, more ...any) (p place, err error) {
		p.phase = phase
		if phase == 1 {
			return p, r.Scan(append([]any{&p.id}, more...)...)
		}
		switch {
		case o.FieldID != 0:
			var b []byte
			err = r.Scan(append([]any{&p.id, &b}, more...)...)
			p.value = b
		case o.number:
			var n int64
			err = r.Scan(append([]any{&p.id, &n}, more...)...)
			p.value = n
		default:
			var s string
			err = r.Scan(append([]any{&p.id, &s}, more...)...)
			p.value = s
		}
		return p, err
	}
}

// fetch reads all hits of the source and sorts them.
func (p *Plan) fetch(ctx context.Context, q db.Queryer, at place, limit int) ([]place, error) {
	value, columns, by := p.valueOf("r.id"), "x.id, x.v", p.Order.by("x.v", "x.id")
	if at.phase == 1 {
		value, columns, by = SQL("1"), "x.id", p.Order.by("x.id")
	}
	stmt := SQL("WITH d AS MATERIALIZED (SELECT DISTINCT id FROM (").Then(p.source.Probe).Add(" LIMIT ?) y)", p.Limits.Probe).
		Add(" SELECT "+columns+" FROM (SELECT r.id, ").Then(value).Add(" AS v FROM d r WHERE ").
		Then(p.where(p.allTests(at.phase))).Add(") x WHERE 1 = 1").And(p.Order.after(at, "x.v", "x.id")...).
		Add(by+" LIMIT ?", limit)
	scan := p.Order.scan(at.phase)
	return db.All(ctx, q, func(r db.Row) (place, error) { return scan(r) }, stmt.numbered(), stmt.args...)
}

// walk looks at the next n rows of the sort index behind a place and gives the
// first `limit` that pass the tests, how many rows it looked at, and the last
// of them.
func (p *Plan) walk(ctx context.Context, q db.Queryer, tests []Test, at place, n, limit int) (hits []place, walked int, end place, err error) {
	columns, keys := "id, v", []string{"v", "id"}
	if at.phase == 1 {
		columns, keys = "id", []string{"id"}
	}
	rows := p.rows(at, n)
	scan := p.Order.scan(at.phase)
	if len(tests) == 0 {
		hits, err = db.All(ctx, q, func(r db.Row) (place, error) { return scan(r) }, rows.numbered(), rows.args...)
		if len(hits) > 0 {
			end = hits[len(hits)-1]
		}
		return hits, len(hits), end, err
	}
	// The last row says with its count how far the walk went.
	stmt := SQL("WITH w AS MATERIALIZED (").Then(rows).Add(") SELECT "+columns+", walked FROM (SELECT "+columns+
		", 0 AS walked FROM w r WHERE ").Then(p.where(tests)).
		Add(p.Order.by(keys...)+" LIMIT ?) a UNION ALL SELECT "+columns+", walked FROM (SELECT "+columns+
			", (SELECT count(*) FROM w) AS walked FROM w"+p.Order.back(keys...)+" LIMIT 1) b"+
			strings.Replace(p.Order.by(keys...), " ORDER BY ", " ORDER BY walked, ", 1), limit)
	_, err = db.All(ctx, q, func(r db.Row) (place, error) {
		var count int
		at, err := scan(r, &count)
		if count > 0 {
			walked, end = count, at
		} else if err == nil {
			hits = append(hits, at)
		}
		return at, err
	}, stmt.numbered(), stmt.args...)
	return hits, walked, end, err
}

// rows is the query of the next n rows of the sort index.
func (p *Plan) rows(at place, n int) Frag {
	if p.Order.FieldID != 0 {
		return p.fieldRows(at, n)
	}
	column := "c." + p.Order.Column
	what, keys, in := "c.id, "+column+" AS v", []string{column, "c.id"}, p.Order.set
	merged := []string{"v", "id"}
	if at.phase == 1 {
		what, keys, in, merged = "c.id", []string{"c.id"}, p.Order.unset, []string{"id"}
	}
	side := func(cond string) Frag {
		f := SQL("SELECT "+what+" FROM "+p.table()+" c WHERE c.workspace_id = ? AND "+cond, p.WS)
		if in != nil {
			f = f.And(in.Frag)
		}
		if p.leader >= 0 {
			f = f.And(p.Conds[p.leader].Test.Frag)
		}
		return f.And(p.bounds(at.phase)...).And(p.Order.after(at, column, "c.id")...).
			Add(p.Order.by(keys...)+" LIMIT ?", n)
	}
	if len(p.Sides) == 1 {
		return side(p.Sides[0])
	}
	all := SQL("")
	for i, cond := range p.Sides {
		if i > 0 {
			all = all.Add(" UNION ALL ")
		}
		all = all.Add("SELECT * FROM (").Then(side(cond)).Add(") s" + strconv.Itoa(i))
	}
	return all.Add(p.Order.by(merged...)+" LIMIT ?", n)
}

func (p *Plan) fieldRows(at place, n int) Frag {
	if at.phase == 1 { // a field has no rows for those without: go by id
		return SQL("SELECT c.id FROM contract c WHERE c.workspace_id = ?", p.WS).
			And(p.Order.after(at, "", "c.id")...).Add(p.Order.by("c.id")+" LIMIT ?", n)
	}
	return SQL("SELECT f.contract_id AS id, f.k AS v FROM field_index f WHERE f.workspace_id = ? AND f.field_id = ?",
		p.WS, p.Order.FieldID).And(p.bounds(0)...).And(p.Order.after(at, "f.k", "f.contract_id")...).
		Add(p.Order.by("f.k", "f.contract_id")+" LIMIT ?", n)
}

// bounds are the conditions that limit the walked index itself.
func (p *Plan) bounds(phase int) (out []Frag) {
	for _, c := range p.Conds {
		if phase == 0 && c.BoundsSort != "" && c.BoundsSort == p.Order.Attr {
			out = append(out, c.Bounds)
		}
	}
	return out
}

// candidates are the rows of the most selective filter, as many as a count looks
// at: the first part of a statement, under the name w.
func (p *Plan) candidates() Frag {
	from := SQL("SELECT c.id FROM "+p.table()+" c WHERE c.workspace_id = ? AND ", p.WS).Then(p.Alive)
	for i := range p.Conds {
		if p.source == nil && p.Conds[i].Probe.sql != "" && !p.Conds[i].Scans {
			p.source = &p.Conds[i]
		}
	}
	if p.source != nil {
		from = p.source.Probe
	}
	return SQL("WITH w AS MATERIALIZED (SELECT DISTINCT id FROM (").Then(from).Add(" LIMIT ?) y)", p.counted())
}

// count counts up to one over the limit among the candidates.
func (p *Plan) count(ctx context.Context, q db.Queryer) (hits, walked int, err error) {
	stmt := p.candidates().
		Add(" SELECT (SELECT count(*) FROM (SELECT 1 FROM w r WHERE ").Then(p.where(p.allTests(-1))).
		Add(" LIMIT ?) x), (SELECT count(*) FROM w)", CountLimit+1)
	n, _, err := db.One(ctx, q, func(r db.Row) (n [2]int, err error) {
		err = r.Scan(&n[0], &n[1])
		return n, err
	}, stmt.numbered(), stmt.args...)
	return n[0], n[1], err
}
