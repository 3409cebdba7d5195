package contract

import (
	"context"
	"slices"
	"strings"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
)

// order is the order of a list.
type order struct {
	attr   string // renewal, name, key, amount, field:KEY
	desc   bool
	column string       // of the contract's own
	field  *field.Field // or a custom field
	set    *test        // it has a value to sort by; nil if all have
	unset  *test        // it has none; nil if all have
}

// place is a row's place in an order: phase 0 has a value, 1 has none.
type place struct {
	phase int
	value any // string, int64 or []byte; nil before the first row
	id    id.ID
}

func (p *plan) orderOf(sort string, fields []field.Field) (order, error) {
	name, desc := strings.CutPrefix(sort, "-")
	if name == "" {
		name = "renewal"
	}
	o := order{attr: name, desc: desc}
	switch name {
	case "renewal":
		o.column = "renewal_date"
		o.pair(onRow("c.renewal_date > ''"), onRow("c.renewal_date = ''"))
	case "name":
		o.column = "name_fold"
	case "key":
		o.column = "key_fold"
	case "amount":
		o.column = "amount"
		o.pair(onRow("c.amount IS NOT NULL"), onRow("c.amount IS NULL"))
	default:
		i := slices.IndexFunc(fields, func(f field.Field) bool {
			return f.Name() == name && f.Indexed && !f.Retired() && f.Type != field.Choices
		})
		if i < 0 {
			return o, errs.Field("sort", "contract.err.sort", "Sort", name)
		}
		o.field = &fields[i]
		has := hasIndex(p.ws, o.field.ID)
		o.pair(has, has.not())
	}
	return o, nil
}

func (o *order) pair(set, unset test) { o.set, o.unset = &set, &unset }

// value is the expression that row r is sorted by.
func (o order) value(ws id.ID) frag {
	if o.field != nil {
		return sqlf("(SELECT s.k FROM field_index s WHERE s.workspace_id = ? AND s.field_id = ? AND s.contract_id = r.id)",
			ws, o.field.ID)
	}
	return sqlf("(SELECT c."+o.column+" FROM contract c WHERE c.workspace_id = ? AND c.id = r.id)", ws)
}

// by is the ORDER BY of columns, all in the direction of the order.
func (o order) by(columns ...string) string {
	if o.desc {
		return " ORDER BY " + strings.Join(columns, " DESC, ") + " DESC"
	}
	return " ORDER BY " + strings.Join(columns, ", ")
}

// back is the other way round.
func (o order) back(columns ...string) string {
	o.desc = !o.desc
	return o.by(columns...)
}

// after tests that a row lies behind a place; value and row name its columns.
func (o order) after(at place, value, row string) []frag {
	sign := " > "
	if o.desc {
		sign = " < "
	}
	switch {
	case at.id == 0:
		return nil
	case at.phase == 1:
		return []frag{sqlf(row+sign+"?", at.id)}
	}
	return []frag{sqlf("("+value+", "+row+")"+sign+"(?, ?)", at.value, at.id)}
}

// scan reads a place; the value's type is the order's.
func (o order) scan(phase int) func(db.Row, ...any) (place, error) {
	return func(r db.Row, more ...any) (p place, err error) {
		p.phase = phase
		if phase == 1 {
			return p, r.Scan(append([]any{&p.id}, more...)...)
		}
		switch {
		case o.field != nil:
			var b []byte
			err = r.Scan(append([]any{&p.id, &b}, more...)...)
			p.value = b
		case o.column == "amount":
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
func (p *plan) fetch(ctx context.Context, q db.Queryer, at place, limit int) ([]place, error) {
	value, columns, by := p.order.value(p.ws), "x.id, x.v", p.order.by("x.v", "x.id")
	if at.phase == 1 {
		value, columns, by = sqlf("1"), "x.id", p.order.by("x.id")
	}
	stmt := sqlf("WITH d AS MATERIALIZED (SELECT DISTINCT id FROM (").then(p.source.probe).add(" LIMIT ?) y)", p.limits.probe).
		add(" SELECT "+columns+" FROM (SELECT r.id, ").then(value).add(" AS v FROM d r WHERE ").
		then(where(p.ws, p.allTests(at.phase))).add(") x WHERE 1 = 1").and(p.order.after(at, "x.v", "x.id")...).
		add(by+" LIMIT ?", limit)
	scan := p.order.scan(at.phase)
	return db.All(ctx, q, func(r db.Row) (place, error) { return scan(r) }, stmt.numbered(), stmt.args...)
}

// walk looks at the next n rows of the sort index behind a place and gives the
// first `limit` that pass the tests, how many rows it looked at, and the last
// of them.
func (p *plan) walk(ctx context.Context, q db.Queryer, tests []test, at place, n, limit int) (hits []place, walked int, end place, err error) {
	columns, keys := "id, v", []string{"v", "id"}
	if at.phase == 1 {
		columns, keys = "id", []string{"id"}
	}
	rows := p.rows(at, n)
	scan := p.order.scan(at.phase)
	if len(tests) == 0 {
		hits, err = db.All(ctx, q, func(r db.Row) (place, error) { return scan(r) }, rows.numbered(), rows.args...)
		if len(hits) > 0 {
			end = hits[len(hits)-1]
		}
		return hits, len(hits), end, err
	}
	// The last row says with its count how far the walk went.
	stmt := sqlf("WITH w AS MATERIALIZED (").then(rows).add(") SELECT "+columns+", walked FROM (SELECT "+columns+
		", 0 AS walked FROM w r WHERE ").then(where(p.ws, tests)).
		add(p.order.by(keys...)+" LIMIT ?) a UNION ALL SELECT "+columns+", walked FROM (SELECT "+columns+
			", (SELECT count(*) FROM w) AS walked FROM w"+p.order.back(keys...)+" LIMIT 1) b"+
			strings.Replace(p.order.by(keys...), " ORDER BY ", " ORDER BY walked, ", 1), limit)
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
func (p *plan) rows(at place, n int) frag {
	if p.order.field != nil {
		return p.fieldRows(at, n)
	}
	column := "c." + p.order.column
	what, keys, in := "c.id, "+column+" AS v", []string{column, "c.id"}, p.order.set
	merged := []string{"v", "id"}
	if at.phase == 1 {
		what, keys, in, merged = "c.id", []string{"c.id"}, p.order.unset, []string{"id"}
	}
	side := func(live string) frag {
		f := sqlf("SELECT "+what+" FROM contract c WHERE c.workspace_id = ? AND c.live = "+live, p.ws)
		if in != nil {
			f = f.and(in.frag)
		}
		if p.leader >= 0 {
			f = f.and(p.conds[p.leader].test.frag)
		}
		return f.and(p.bounds(at.phase)...).and(p.order.after(at, column, "c.id")...).
			add(p.order.by(keys...)+" LIMIT ?", n)
	}
	if len(p.sides) == 1 {
		return side(p.sides[0])
	}
	return sqlf("SELECT * FROM (").then(side("TRUE")).add(") t UNION ALL SELECT * FROM (").then(side("FALSE")).
		add(") f"+p.order.by(merged...)+" LIMIT ?", n)
}

func (p *plan) fieldRows(at place, n int) frag {
	if at.phase == 1 { // a field has no rows for those without: go by id
		return sqlf("SELECT c.id FROM contract c WHERE c.workspace_id = ?", p.ws).
			and(p.order.after(at, "", "c.id")...).add(p.order.by("c.id")+" LIMIT ?", n)
	}
	return sqlf("SELECT f.contract_id AS id, f.k AS v FROM field_index f WHERE f.workspace_id = ? AND f.field_id = ?",
		p.ws, p.order.field.ID).and(p.bounds(0)...).and(p.order.after(at, "f.k", "f.contract_id")...).
		add(p.order.by("f.k", "f.contract_id")+" LIMIT ?", n)
}

// bounds are the conditions that limit the walked index itself.
func (p *plan) bounds(phase int) (out []frag) {
	for _, c := range p.conds {
		if phase == 0 && c.boundsSort != "" && c.boundsSort == p.order.attr {
			out = append(out, c.bounds)
		}
	}
	return out
}

// count counts up to one over the limit among the rows of the most selective
// filter.
func (p *plan) count(ctx context.Context, q db.Queryer) (hits, walked int, err error) {
	from := sqlf("SELECT c.id FROM contract c WHERE c.workspace_id = ? AND ", p.ws).then(p.alive)
	for i := range p.conds {
		if p.source == nil && p.conds[i].probe.sql != "" && !p.conds[i].scans {
			p.source = &p.conds[i]
		}
	}
	if p.source != nil {
		from = p.source.probe
	}
	stmt := sqlf("WITH w AS (SELECT DISTINCT id FROM (").then(from).add(" LIMIT ?) y)", countWalk).
		add(" SELECT (SELECT count(*) FROM (SELECT 1 FROM w r WHERE ").then(where(p.ws, p.allTests(-1))).
		add(" LIMIT ?) x), (SELECT count(*) FROM w)", countLimit+1)
	n, _, err := db.One(ctx, q, func(r db.Row) (n [2]int, err error) {
		err = r.Scan(&n[0], &n[1])
		return n, err
	}, stmt.numbered(), stmt.args...)
	return n[0], n[1], err
}
