package contract

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// frag is a piece of SQL whose ? marks stand for its arguments.
type frag struct {
	sql  string
	args []any
}

func sqlf(sql string, args ...any) frag { return frag{sql, args} }

func (f frag) add(sql string, args ...any) frag {
	return frag{f.sql + sql, append(f.args[:len(f.args):len(f.args)], args...)}
}

func (f frag) and(list ...frag) frag {
	for _, c := range list {
		f = f.add(" AND "+c.sql, c.args...)
	}
	return f
}

func (f frag) then(g frag) frag { return f.add(g.sql, g.args...) }

// numbered gives the statement with $1, $2, … in place of the marks.
func (f frag) numbered() string {
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

// cond is one condition of a query.
type cond struct {
	test  test
	probe frag // a query of the ids that meet it, through an index; empty if none leads there
	scans bool // the probe reads the index from end to end, so it is made but once
	// lead: an index leads from this condition on into the order of renewal.
	lead bool
	// bounds limits a walk of the sort index of the attribute named.
	bounds     frag
	boundsSort string
}

// test is a condition as it is tried on single rows. It names the contract's
// row c, or with byID only r.id, so that the contract need not be read.
type test struct {
	frag
	byID bool
}

func onRow(sql string, args ...any) test { return test{sqlf(sql, args...), false} }

// hasIndex tests that the field index has a row of r.id. It is a subquery in
// place of a value: an EXISTS might be planned as a join with all rows alike.
func hasIndex(ws, fieldID id.ID, k ...frag) test {
	f := sqlf("(SELECT 1 FROM field_index f WHERE f.workspace_id = ? AND f.field_id = ? AND f.contract_id = r.id", ws, fieldID)
	return test{f.and(k...).add(" LIMIT 1) = 1"), true}
}

func (t test) not() test {
	t.sql = strings.TrimSuffix(t.sql, "= 1") + "IS NULL"
	return t
}

// where writes the tests of rows r; those by id come first, they are cheap.
func where(ws id.ID, tests []test) frag {
	byID, onRow := sqlf("1 = 1"), sqlf("")
	for _, t := range tests {
		if t.byID {
			byID = byID.and(t.frag)
		} else {
			onRow = onRow.and(t.frag)
		}
	}
	if onRow.sql == "" {
		return byID
	}
	return byID.add(" AND (SELECT 1 FROM contract c WHERE c.workspace_id = ? AND c.id = r.id", ws).then(onRow).add(") = 1")
}

// plan is a query made ready.
type plan struct {
	limits   limits
	postgres bool
	ws       id.ID
	order    order
	conds    []cond
	alive    frag     // the part of the index on live to look at
	sides    []string // live values to walk, merged
	mode     []test   // tests that go with several sides
	source   *cond    // set by probe: the filter whose hits are fetched
	leader   int      // index in conds of the one that leads the walk, -1 if none
}

func (s *Service) plan(ctx context.Context, a who.Actor, q Query) (*plan, error) {
	p := &plan{limits: s.limits, postgres: s.db.Postgres(), ws: a.Workspace, leader: -1}
	p.setMode(q)
	var fields []field.Field
	if len(q.Fields) > 0 || strings.Contains(q.Sort, FieldPrefix) {
		var err error
		if fields, err = s.fields.Load(ctx, s.db, a.Workspace); err != nil {
			return nil, err
		}
	}
	var err error
	if p.order, err = p.orderOf(q.Sort, fields); err != nil {
		return nil, err
	}
	p.builtin(q)
	if len(q.Fields) == 0 {
		return p, nil
	}
	set, err := s.Setter(ctx, s.db)
	if err != nil {
		return nil, err
	}
	for _, f := range q.Fields {
		c, err := p.fieldCond(f, set)
		if err != nil {
			return nil, err
		}
		p.conds = append(p.conds, c)
	}
	return p, nil
}

func (p *plan) setMode(q Query) {
	p.alive, p.sides = sqlf("c.live = TRUE"), []string{"TRUE"}
	if !q.Ended && !q.Archived {
		return
	}
	p.alive, p.sides = sqlf("c.live IN (TRUE, FALSE)"), []string{"TRUE", "FALSE"}
	if !q.Archived {
		p.mode = append(p.mode, onRow("c.archived_at = 0"))
	}
	if !q.Ended {
		p.mode = append(p.mode, onRow("c.ended_on = ''"))
	}
}

// builtin adds the conditions on a contract's own columns.
func (p *plan) builtin(q Query) {
	add := func(lead bool, sql string, args ...any) {
		c := cond{test: onRow(sql, args...), lead: lead}
		c.probe = sqlf("SELECT c.id FROM contract c WHERE c.workspace_id = ? AND ", p.ws).then(p.alive).and(c.test.frag)
		p.conds = append(p.conds, c)
	}
	switch {
	case q.Owner == NoOwner:
		add(true, "c.owner_id IS NULL")
	case q.Owner != 0:
		add(true, "c.owner_id = ?", q.Owner)
	}
	if q.Status != "" {
		add(true, "c.status = ?", text.Line(q.Status))
	}
	if q.Phase != "" {
		add(true, "c.phase = ?", text.Line(q.Phase))
	}
	if q.Outlook != "" {
		add(true, "c.outlook <> '' AND c.outlook = ?", text.Line(string(q.Outlook)))
	}
	if q.Org != 0 {
		add(false, "c.org_id = ?", q.Org)
	}
	if q.RenewalFrom != "" || q.RenewalTo != "" {
		from, to := q.RenewalFrom, q.RenewalTo
		if from == "" {
			from = "0001-01-01"
		}
		if to == "" {
			to = "9999-99-99"
		}
		add(false, "c.renewal_date >= ? AND c.renewal_date < ?", string(from), string(to))
		last := &p.conds[len(p.conds)-1]
		last.bounds, last.boundsSort = last.test.frag, "renewal"
	}
	if f := text.Fold(q.Q); f != "" {
		p.conds = append(p.conds, p.words(f))
	}
}

// words finds q at the beginning of the key or anywhere in the names. Finding
// reads the index on names and the organizations from end to end: the one cost
// that grows with the contracts, some 25 ms for 100,000.
func (p *plan) words(fold string) cond {
	begins, name, orgName := p.begins("c.key_fold", fold), p.contains("c.name_fold", fold), p.contains("o.name_fold", fold)
	own := sqlf("SELECT c.id FROM contract c WHERE c.workspace_id = ?", p.ws).and(p.alive)
	// CROSS JOIN makes SQLite begin with the organizations.
	ofOrg := sqlf(`SELECT c.id FROM organization o CROSS JOIN contract c WHERE o.workspace_id = ?
		AND c.workspace_id = ? AND c.org_id = o.id`, p.ws, p.ws).and(orgName)
	all := sqlf("SELECT id FROM (").then(own.and(begins)).add(" LIMIT ?) a", p.limits.probe)
	for _, part := range []frag{own.and(name), ofOrg} {
		all = all.add(" UNION SELECT id FROM (").then(part).add(" LIMIT ?) b", p.limits.probe)
	}
	return cond{
		test: test{frag: sqlf("(").then(begins).add(" OR ").then(name).add(` OR EXISTS (SELECT 1 FROM organization o
			WHERE o.workspace_id = c.workspace_id AND o.id = c.org_id`).and(orgName).add("))")},
		probe: all, scans: true,
	}
}

// contains, begins and list are the places that know the dialect: LIKE reads no
// bytes on SQLite and uses no index there; PostgreSQL orders texts by the
// database's collation, so that a range is no prefix.

// contains tests a text, or bytes, for a part.
func (p *plan) contains(column string, part any) frag {
	if p.postgres {
		return sqlf("position(? IN "+column+") > 0", part)
	}
	return sqlf("instr("+column+", ?) > 0", part)
}

// begins tests a text for its beginning.
func (p *plan) begins(column, with string) frag {
	if p.postgres {
		return sqlf(column+" LIKE ?", strings.TrimPrefix(text.LikePattern(with), "%"))
	}
	return sqlf(column+" >= ? AND "+column+" < ?", with, with+string(utf8.MaxRune))
}

// list is a query of given ids.
func (p *plan) list(ids []id.ID) frag {
	if p.postgres {
		return sqlf("SELECT CAST(e.v AS BIGINT) AS id FROM jsonb_array_elements_text(CAST(? AS JSONB)) AS e (v)", db.AsJSON(ids))
	}
	return sqlf("SELECT CAST(e.value AS BIGINT) AS id FROM json_each(?) e", db.AsJSON(ids))
}

// fieldCond makes the condition of a custom field. It speaks of the field index
// alone, for probing and testing alike, so that there is one meaning.
func (p *plan) fieldCond(ff FieldFilter, set Setter) (cond, error) {
	f, ok := set.Fields[ff.Key]
	if !ok || f.Retired() || !f.Indexed {
		return cond{}, errs.Field(FieldPrefix+ff.Key, "contract.err.filter", "Key", ff.Key)
	}
	if ff.Op == Unset {
		return cond{test: hasIndex(p.ws, f.ID).not()}, nil
	}
	k, err := p.indexCond(f, ff, set.Parse)
	if err != nil {
		return cond{}, err
	}
	if ff.Op == Not {
		return cond{test: hasIndex(p.ws, f.ID, k).not()}, nil
	}
	rows := sqlf("SELECT f.contract_id AS id FROM field_index f WHERE f.workspace_id = ? AND f.field_id = ?", p.ws, f.ID)
	return cond{test: hasIndex(p.ws, f.ID, k), probe: rows.and(k), scans: ff.Op == Has,
		bounds: k, boundsSort: f.Name()}, nil
}

// indexCond says what the index bytes must be.
func (p *plan) indexCond(f field.Field, ff FieldFilter, parse field.ParseCtx) (frag, error) {
	if len(ff.Values) == 0 {
		return frag{}, errs.Field(f.Name(), "err.required")
	}
	op := ff.Op
	isText := f.Type == field.Text || f.Type == field.Link
	if op == Has && isText {
		return p.contains("f.k", []byte(text.Fold(ff.Values[0]))), nil
	}
	var keys []any
	for _, w := range ff.Values {
		k, err := filterKeys(f, w, parse)
		if err != nil {
			return frag{}, err
		}
		keys = append(keys, k...)
	}
	ordered := f.Type == field.Number || f.Type == field.Date || f.Type == field.Money
	switch {
	case len(keys) == 0:
		return frag{}, errs.Field(f.Name(), "err.required")
	case op == Is || op == Not || op == Has && f.Type.HasOptions():
		return sqlf("f.k IN ("+strings.TrimSuffix(strings.Repeat("?, ", len(keys)), ", ")+")", keys...), nil
	case op == From && ordered:
		c := sqlf("f.k >= ?", keys[0])
		if f.Type == field.Money { // amounts of one currency only
			c = c.add(" AND f.k < ?", append([]byte(nil), append(keys[0].([]byte)[:3:3], 255)...))
		}
		return c, nil
	case op == To && ordered:
		c := sqlf("f.k <= ?", keys[0])
		if f.Type == field.Money {
			c = c.add(" AND f.k >= ?", keys[0].([]byte)[:3:3])
		}
		return c, nil
	}
	return frag{}, errs.Field(f.Name(), "contract.err.filter", "Key", f.Key)
}

// filterKeys are the index bytes of a word in a filter. A text is compared as
// far as the index goes; a choice or link that could not be stored is simply
// found nowhere.
func filterKeys(f field.Field, word string, parse field.ParseCtx) ([]any, error) {
	switch f.Type {
	case field.Link:
		f.Type = field.Text
	case field.Choices: // one word is one option, whatever is in it
		f.Type = field.Choice
	}
	parse.AnyOption = true
	v, err := f.Parse(word, parse)
	if err != nil {
		return nil, err
	}
	var out []any
	for _, k := range f.Keys(v) {
		out = append(out, k)
	}
	return out, nil
}

// probe looks how many hits each filter has, in one query, and settles how the
// page is found.
func (p *plan) probe(ctx context.Context, q db.Queryer) error {
	p.leader = p.chooseLeader()
	if p.leader >= 0 && len(p.conds) == 1 && len(p.mode) == 0 || p.onlyBounds() {
		return nil // the walk itself meets the only condition
	}
	if found, err := p.probeScans(ctx, q); found || err != nil {
		return err
	}
	var counts []frag
	var at []int
	for i, c := range p.conds {
		if c.probe.sql != "" && !c.scans {
			counts = append(counts, sqlf("(SELECT count(*) FROM (").then(c.probe).add(" LIMIT ?) x)", p.limits.probe))
			at = append(at, i)
		}
	}
	if len(counts) == 0 {
		return nil
	}
	n, err := p.counts(ctx, q, counts)
	if err != nil {
		return err
	}
	best := 0
	for i := range n {
		if n[i] < n[best] {
			best = i
		}
	}
	if n[best] < p.limits.probe {
		p.source = &p.conds[at[best]]
	}
	return nil
}

// probeScans fetches the hits of filters that must read a whole index; the first
// with few enough is the source.
func (p *plan) probeScans(ctx context.Context, q db.Queryer) (found bool, err error) {
	for i := range p.conds {
		c := &p.conds[i]
		if !c.scans {
			continue
		}
		stmt := sqlf("SELECT DISTINCT id FROM (").then(c.probe).add(" LIMIT ?) x", p.limits.probe)
		ids, err := db.All(ctx, q, db.Value[id.ID], stmt.numbered(), stmt.args...)
		if err != nil {
			return false, err
		}
		if len(ids) < p.limits.probe {
			c.probe, p.source = p.list(append([]id.ID{}, ids...)), c // never null
			return true, nil
		}
	}
	return false, nil
}

func (p *plan) counts(ctx context.Context, q db.Queryer, list []frag) ([]int, error) {
	stmt := sqlf("SELECT ").then(list[0])
	for _, f := range list[1:] {
		stmt = stmt.add(", ").then(f)
	}
	n, _, err := db.One(ctx, q, func(r db.Row) ([]int, error) {
		n := make([]int, len(list))
		to := make([]any, len(list))
		for i := range n {
			to[i] = &n[i]
		}
		return n, r.Scan(to...)
	}, stmt.numbered(), stmt.args...)
	return n, err
}

// chooseLeader finds a condition with an index of its own in order of renewal.
func (p *plan) chooseLeader() int {
	if p.order.column != "renewal_date" {
		return -1
	}
	for i, c := range p.conds {
		if c.lead {
			return i
		}
	}
	return -1
}

// onlyBounds: every condition is a limit of the walked index.
func (p *plan) onlyBounds() bool {
	for _, c := range p.conds {
		if c.boundsSort == "" || c.boundsSort != p.order.attr {
			return false
		}
	}
	return true
}

// lastPhase: 0 with a sort value, 1 without; the second is left out where it
// would be empty.
func (p *plan) lastPhase() int {
	if p.order.unset == nil {
		return 0
	}
	for _, c := range p.conds {
		if c.boundsSort != "" && c.boundsSort == p.order.attr {
			return 0
		}
	}
	return 1
}

// testsIn are the tests left to make on rows that a walk of the phase brings.
func (p *plan) testsIn(phase int) []test {
	tests := append([]test(nil), p.mode...)
	for i, c := range p.conds {
		bounded := phase == 0 && c.boundsSort != "" && c.boundsSort == p.order.attr
		if i != p.leader && !bounded {
			tests = append(tests, c.test)
		}
	}
	if p.order.field != nil { // its index knows nothing of live
		if len(p.sides) == 1 {
			tests = append(tests, test{p.alive, false})
		}
		if phase == 1 {
			tests = append(tests, *p.order.unset)
		}
	}
	return tests
}

// allTests are the tests on candidates from elsewhere.
func (p *plan) allTests(phase int) []test {
	tests := append([]test{{p.alive, false}}, p.mode...)
	for i := range p.conds {
		if &p.conds[i] != p.source {
			tests = append(tests, p.conds[i].test)
		}
	}
	if phase == 0 && p.order.set != nil {
		tests = append(tests, *p.order.set)
	}
	if phase == 1 {
		tests = append(tests, *p.order.unset)
	}
	return tests
}
