package walk_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/contract/walk"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
)

// row is a contract as the tests know it beside the database.
type row struct {
	id                        id.ID
	key, name, status, renews string
	amount                    *int64
	owned, live, ended        bool
	size                      []byte   // the index bytes of a field with one value, nil = unset
	tags                      [][]byte // of a field with several
}

// hall is a workspace with two indexed fields and rows straight in the tables.
type hall struct {
	d                            *db.DB
	ws, org, owner, sizes, marks id.ID
	rows                         []row
}

func newHall(t interface{ Fatal(...any) }, d *db.DB, rows []row) *hall {
	h := &hall{d: d, ws: id.New(), org: id.New(), owner: id.New(), sizes: id.New(), marks: id.New()}
	h.tx(t, func(ctx context.Context, tx *db.Tx) error {
		for _, s := range []struct {
			sql  string
			args []any
		}{
			{`INSERT INTO workspace (id, name, zone, currency, language, fiscal_start_month, created_at)
				VALUES ($1, 'CS', 'Asia/Tokyo', 'JPY', 'ja', 4, 1)`, []any{h.ws}},
			{`INSERT INTO organization (workspace_id, id, name, name_fold, name_key, created_at) VALUES ($1, $2, 'A', 'a', 'a', 1)`, []any{h.ws, h.org}},
			{`INSERT INTO member (workspace_id, id, role, name, name_fold, mail_fold, state, created_at)
				VALUES ($1, $2, 'member', '花', '花', '', 'active', 1)`, []any{h.ws, h.owner}},
			{`INSERT INTO field (workspace_id, id, on_kind, key, type, labels, options, position, indexed, created_at) VALUES
				($1, $2, 'contract', 'size', 'number', '{}', '[]', 1, TRUE, 1), ($1, $3, 'contract', 'tags', 'choices', '{}', '[]', 2, TRUE, 1)`,
				[]any{h.ws, h.sizes, h.marks}},
		} {
			if _, err := db.Exec(ctx, tx, s.sql, s.args...); err != nil {
				return err
			}
		}
		return h.addIn(ctx, tx, rows)
	})
	return h
}

func (h *hall) tx(t interface{ Fatal(...any) }, f func(context.Context, *db.Tx) error) {
	if err := h.d.InTx(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func (h *hall) addIn(ctx context.Context, tx *db.Tx, rows []row) error {
	var contracts, index [][]any
	for i := range rows {
		r := &rows[i]
		r.id = cmp.Or(r.id, id.New())
		r.key = cmp.Or(r.key, fmt.Sprintf("k%d", len(h.rows)+i))
		var owner, amount any
		if r.owned {
			owner = h.owner
		}
		if r.amount != nil {
			amount = *r.amount
		}
		ended := ""
		if r.ended {
			ended = "2026-01-05"
		}
		contracts = append(contracts, []any{h.ws, r.id, r.key, r.key, r.name, r.name, h.org, owner, r.status, r.renews, amount, "JPY", "{}", ended, r.live, 1})
		if r.size != nil {
			index = append(index, []any{h.ws, h.sizes, r.size, r.id})
		}
		for _, k := range r.tags {
			index = append(index, []any{h.ws, h.marks, k, r.id})
		}
	}
	h.rows = append(h.rows, rows...)
	if err := db.Bulk(ctx, tx, `INSERT INTO contract (workspace_id, id, key, key_fold, name, name_fold, org_id, owner_id, status,
		renewal_date, amount, currency, fields, ended_on, live, created_at)`, "", contracts); err != nil {
		return err
	}
	return db.Bulk(ctx, tx, `INSERT INTO field_index (workspace_id, field_id, k, contract_id)`, "", index)
}

func randomRow(t *rapid.T) row {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	r := row{name: pick("name", "a", "b", "b%", "サーバ", "a_b", "z?"), status: pick("status", "", "on", "off"),
		renews: pick("renews", "", "2026-01-01", "2026-01-02", "2026-02-01", "9998-12-31"),
		owned:  rapid.Bool().Draw(t, "owned"), live: rapid.IntRange(0, 3).Draw(t, "live") > 0}
	r.ended = !r.live && rapid.Bool().Draw(t, "ended")
	if rapid.Bool().Draw(t, "priced") {
		n := rapid.SampledFrom([]int64{-1 << 62, -1, 0, 1, 1, 2, 1 << 62}).Draw(t, "amount")
		r.amount = &n
	}
	k := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 0xff}), 1, 2)
	if rapid.IntRange(0, 2).Draw(t, "sized") > 0 {
		r.size = k.Draw(t, "size")
	}
	r.tags = rapid.SliceOfNDistinct(k, 0, 2, func(b []byte) string { return string(b) }).Draw(t, "tags")
	return r
}

// query is a walk and the same in plain words.
type query struct {
	order walk.Order
	desc  bool
	value func(row) any // nil = unset
	both  bool          // those that are not live, too
	mode  bool          // but not the ended
	conds []string
}

func (h *hall) query(t *rapid.T) query {
	q := query{desc: rapid.Bool().Draw(t, "desc"), both: rapid.Bool().Draw(t, "both")}
	q.mode = q.both && rapid.Bool().Draw(t, "mode")
	sort := rapid.SampledFrom([]string{"renewal", "name", "key", "amount", "field:size"}).Draw(t, "sort")
	switch sort {
	case "renewal":
		q.order = walk.ByColumn(sort, "renewal_date", q.desc, " > ''", " = ''")
		q.value = func(r row) any { return orNil(r.renews) }
	case "name":
		q.order, q.value = walk.ByColumn(sort, "name_fold", q.desc, "", ""), func(r row) any { return r.name }
	case "key":
		q.order, q.value = walk.ByColumn(sort, "key_fold", q.desc, "", ""), func(r row) any { return r.key }
	case "amount":
		q.order = walk.ByColumn(sort, "amount", q.desc, " IS NOT NULL", " IS NULL").OfNumbers()
		q.value = func(r row) any {
			if r.amount == nil {
				return nil
			}
			return *r.amount
		}
	default:
		q.order = walk.ByField(sort, q.desc, h.ws, h.sizes)
		q.value = func(r row) any {
			if r.size == nil {
				return nil
			}
			return string(r.size)
		}
	}
	q.conds = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"status", "owner", "nobody", "amount", "range", "word", "begins", "size", "tag", "no tag"}),
		0, 3, rapid.ID[string]).Draw(t, "conds")
	return q
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// plan makes the walk; it is made anew for each page, as a request does.
func (h *hall) plan(q query, l walk.Limits) *walk.Plan {
	p := &walk.Plan{Limits: l, Postgres: h.d.Postgres(), WS: h.ws, Order: q.order, Alive: walk.SQL("c.live = TRUE"), Sides: []string{"c.live = TRUE"}}
	if q.both {
		p.Alive, p.Sides = walk.SQL("c.live IN (TRUE, FALSE)"), []string{"c.live = TRUE", "c.live = FALSE"}
	}
	if q.mode {
		p.Mode = append(p.Mode, walk.OnRow("c.ended_on = ''"))
	}
	for _, name := range q.conds {
		p.Conds = append(p.Conds, h.cond(p, name))
	}
	return p
}

func (h *hall) cond(p *walk.Plan, name string) walk.Cond {
	own := func(lead bool, t walk.Test) walk.Cond {
		return walk.Cond{Test: t, Lead: map[bool]string{true: "renewal"}[lead], Probe: walk.SQL("SELECT c.id FROM contract c WHERE c.workspace_id = ? AND ", h.ws).Then(p.Alive).And(t.Frag)}
	}
	ofField := func(field id.ID, k walk.Frag) walk.Cond {
		return walk.Cond{Test: walk.HasIndex(h.ws, field, k), Probe: walk.SQL(`SELECT f.contract_id AS id FROM field_index f
			WHERE f.workspace_id = ? AND f.field_id = ?`, h.ws, field).And(k)}
	}
	switch name {
	case "status":
		return own(true, walk.OnRow("c.status = ?", "on"))
	case "owner":
		return own(true, walk.OnRow("c.owner_id = ?", h.owner))
	case "nobody":
		return own(true, walk.OnRow("c.owner_id IS NULL"))
	case "amount": // no index leads there
		return walk.Cond{Test: walk.OnRow("c.amount >= ?", 1)}
	case "range":
		c := own(false, walk.OnRow("c.renewal_date >= ? AND c.renewal_date < ?", "2026-01-02", "2026-02-02"))
		c.Bounds, c.BoundsSort = c.Test.Frag, "renewal"
		return c
	case "word":
		c := own(false, walk.Test{Frag: p.Contains("c.name_fold", "b")})
		c.Scans = true
		return c
	case "begins":
		return own(false, walk.Test{Frag: p.Begins("c.key_fold", `a%_\`)})
	case "size":
		k := walk.SQL("f.k >= ?", []byte{1})
		c := ofField(h.sizes, k)
		c.Bounds, c.BoundsSort = k, "field:size"
		return c
	case "tag":
		return ofField(h.marks, walk.SQL("f.k IN (?, ?)", []byte{1}, []byte{'a', 0xff}))
	}
	return walk.Cond{Test: walk.HasIndex(h.ws, h.marks, walk.SQL("f.k = ?", []byte{1})).Not()}
}

func meets(r row, name string) bool {
	tagged := func(k ...byte) bool {
		return slices.ContainsFunc(r.tags, func(b []byte) bool { return bytes.Equal(b, k) })
	}
	switch name {
	case "status":
		return r.status == "on"
	case "owner":
		return r.owned
	case "nobody":
		return !r.owned
	case "amount":
		return r.amount != nil && *r.amount >= 1
	case "range":
		return r.renews >= "2026-01-02" && r.renews < "2026-02-02"
	case "word":
		return strings.Contains(r.name, "b")
	case "begins":
		return strings.HasPrefix(r.key, `a%_\`)
	case "size":
		return r.size != nil && r.size[0] >= 1
	case "tag":
		return tagged(1) || tagged('a', 0xff)
	}
	return !tagged(1)
}

// want filters all and sorts all.
func (h *hall) want(q query) []id.ID {
	var hits []row
	for _, r := range h.rows {
		seen := (q.both || r.live) && !(q.mode && r.ended)
		if seen && !slices.ContainsFunc(q.conds, func(c string) bool { return !meets(r, c) }) {
			hits = append(hits, r)
		}
	}
	slices.SortFunc(hits, func(a, b row) int {
		x, y, n := q.value(a), q.value(b), 0
		switch x := x.(type) {
		case nil:
			if y != nil {
				return 1
			}
		case string:
			if y == nil {
				return -1
			}
			n = cmp.Compare(x, y.(string))
		case int64:
			if y == nil {
				return -1
			}
			n = cmp.Compare(x, y.(int64))
		}
		if n = cmp.Or(n, cmp.Compare(a.id, b.id)); q.desc {
			return -n
		}
		return n
	})
	ids := []id.ID{}
	for _, r := range hits {
		ids = append(ids, r.id)
	}
	return ids
}

// Pages joined are what a filter and a sort in memory give, each row once,
// whatever mixture of limits the pages were found with.
func TestPagesAreTheWhole(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		rapid.Check(t, func(t *rapid.T) {
			rows := rapid.SliceOfN(rapid.Custom(randomRow), 0, 40).Draw(t, "rows")
			for i := range rows {
				rows[i].key = fmt.Sprintf(rapid.SampledFrom([]string{"a%d", `a%%_\%d`, "a%%_%d", "ab_%d"}).Draw(t, "key"), i)
			}
			h := newHall(t, d, rows)
			for range 4 {
				h.check(t, h.query(t))
			}
		})
	})
}

func (h *hall) check(t *rapid.T, q query) {
	limits := rapid.SampledFrom([]walk.Limits{walk.Usual, {Probe: 1, Step: 1, Walk: 1}, {Probe: 1, Step: 3, Walk: 7}, {Probe: 10, Step: 4, Walk: 10}})
	size := rapid.IntRange(1, 12).Draw(t, "size")
	want, got := h.want(q), []id.ID{}
	for cursor, pages := "", 0; ; pages++ {
		ids, next, stopped, err := h.plan(q, limits.Draw(t, "limits")).Page(context.Background(), h.d, cursor, size)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ids...)
		full := len(ids) == size
		if len(ids) > size || stopped && (full || next == "") || !stopped && !full && next != "" {
			t.Fatalf("%d of %d, stopped %v, next %q", len(ids), size, stopped, next)
		}
		if next == "" {
			break
		}
		if cursor = next; pages > 2*len(h.rows)+3 {
			t.Fatalf("no end: %v of %v", got, want)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%+v:\n got %v\nwant %v", q, got, want)
	}
	n, exact, err := h.plan(q, limits.Draw(t, "limits")).Count(context.Background(), h.d)
	if err != nil || n != len(want) || !exact {
		t.Fatalf("count %d %v %v, want %d", n, exact, err, len(want))
	}
	total, err := h.plan(q, limits.Draw(t, "limits")).Total(context.Background(), h.d)
	if err != nil || total.N != len(want) || !total.Exact || !sums(total, h.amounts(want)) {
		t.Fatalf("%+v %v, want %d of %v", total, err, len(want), h.amounts(want))
	}
}

// amounts are those of contracts, in order of size.
func (h *hall) amounts(ids []id.ID) (out []int64) {
	for _, r := range h.rows {
		if r.amount != nil && slices.Contains(ids, r.id) {
			out = append(out, *r.amount)
		}
	}
	slices.Sort(out)
	return out
}

// sums reports whether a total is what amounts come to, as far as an int64 can
// say: their order is the database's.
func sums(got walk.Total, amounts []int64) bool {
	if len(amounts) == 0 {
		return len(got.Sums) == 0
	}
	want, fits := new(big.Int), true
	for _, n := range amounts {
		want.Add(want, big.NewInt(n))
		fits = fits && n > -1<<60 && n < 1<<60
	}
	return len(got.Sums) == 1 && got.Sums[0].N == len(amounts) && (!fits || want.Cmp(big.NewInt(got.Sums[0].Amount)) == 0)
}

// A total stands at the end of what a number holds, and never turns round.
func TestTotals(t *testing.T) {
	var got walk.Total
	for _, n := range []int64{math.MaxInt64, 5, -3} {
		got.Add("monthly", "JPY", n)
	}
	got.Add("yearly", "JPY", math.MinInt64)
	got.Add("yearly", "JPY", -1)
	if want := []walk.Sum{{"monthly", "JPY", 3, math.MaxInt64 - 3}, {"yearly", "JPY", 2, math.MinInt64}}; !slices.Equal(got.Sums, want) {
		t.Errorf("%+v", got.Sums)
	}
}

// byRenewal is a list in order of renewal; a and b fall on the same day.
func byRenewal(n int) (rows []row) {
	for i := range n {
		rows = append(rows, row{id: id.ID(100 + i), name: "x", renews: fmt.Sprintf("2026-01-%02d", 1+i/2), live: true})
	}
	return rows
}

var renewal = query{order: walk.ByColumn("renewal", "renewal_date", false, " > ''", " = ''")}

// A page that finds nothing within its limit says so and how to go on.
func TestAPageStopsAtItsLimit(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		rows, one := byRenewal(30), int64(1)
		rows[4].amount, rows[25].amount = &one, &one
		h := newHall(t, d, rows)
		q := renewal
		q.conds = []string{"amount"}
		var found, stops []int
		for cursor, page := "", 0; page == 0 || cursor != ""; page++ {
			ids, next, stopped, err := h.plan(q, walk.Limits{Probe: 5, Step: 4, Walk: 10}).Page(context.Background(), d, cursor, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range ids {
				found = append(found, int(i))
			}
			if stopped {
				stops = append(stops, page)
			}
			cursor = next
		}
		if !slices.Equal(found, []int{104, 125}) || !slices.Equal(stops, []int{0, 1, 2}) {
			t.Errorf("found %v, stopped on %v", found, stops)
		}
	})
}

// What others do between two pages moves nothing else.
func TestPagesWhileTheListChanges(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		h := newHall(t, d, byRenewal(8)) // 100…107, two a day
		page := func(cursor string) (out []int, next string) {
			ids, next, _, err := h.plan(renewal, walk.Usual).Page(context.Background(), d, cursor, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range ids {
				out = append(out, int(i))
			}
			return out, next
		}
		first, next := page("")
		h.tx(t, func(ctx context.Context, tx *db.Tx) error { // the cursor's own row goes, one comes before, one after
			if _, err := db.Exec(ctx, tx, `DELETE FROM contract WHERE workspace_id = $1 AND id = 102`, h.ws); err != nil {
				return err
			}
			return h.addIn(ctx, tx, []row{{id: 90, key: "early", renews: "2026-01-02", live: true}, {id: 91, key: "late", renews: "2026-01-03", live: true}})
		})
		second, _ := page(next)
		if !slices.Equal(first, []int{100, 101, 102}) || !slices.Equal(second, []int{103, 91, 104}) {
			t.Error(first, second)
		}
	})
}

// A count says when it gave up.
func TestCountStopsAtAThousand(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		rows := make([]row, walk.CountLimit+1)
		for i := range rows {
			rows[i] = row{name: "x", live: true}
		}
		h := newHall(t, d, rows)
		if n, exact, err := h.plan(renewal, walk.Usual).Count(context.Background(), d); n != walk.CountLimit || exact || err != nil {
			t.Error(n, exact, err)
		}
		h.tx(t, func(ctx context.Context, tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, `UPDATE contract SET live = FALSE WHERE workspace_id = $1 AND id = $2`, h.ws, rows[0].id)
			return err
		})
		if n, exact, err := h.plan(renewal, walk.Usual).Count(context.Background(), d); n != walk.CountLimit || !exact || err != nil {
			t.Error(n, exact, err)
		}
	})
}

func TestDamagedCursors(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		n := int64(5)
		h := newHall(t, d, []row{{name: "x", renews: "2026-01-01", amount: &n, size: []byte{1}, live: true}, {name: "y", amount: &n, size: []byte{2}, live: true},
			{name: "z", live: true}})
		orders := map[string]walk.Order{"renewal": renewal.order, "name": walk.ByColumn("name", "name_fold", false, "", ""),
			"amount": walk.ByColumn("amount", "amount", false, " IS NOT NULL", " IS NULL").OfNumbers(), "field:size": walk.ByField("field:size", false, h.ws, h.sizes)}
		ask := func(sort, cursor string) error {
			_, _, _, err := h.plan(query{order: orders[sort]}, walk.Usual).Page(context.Background(), d, cursor, 1)
			return err
		}
		for sort := range orders {
			_, good, _, err := h.plan(query{order: orders[sort]}, walk.Usual).Page(context.Background(), d, "", 1)
			if err != nil || ask(sort, good) != nil {
				t.Fatal(err, ask(sort, good))
			}
			bad := map[string]string{"a word": "つづき", "not base64": good + "!", "something behind": good + good}
			for i := 1; i < len(good); i++ {
				bad[fmt.Sprintf("the first %d", i)] = good[:i]
			}
			change := func(name string, key string, v any) {
				raw, err := base64.RawURLEncoding.DecodeString(good)
				var c map[string]any
				if err != nil || json.Unmarshal(raw, &c) != nil {
					t.Fatal(err)
				}
				c[key] = v
				raw, _ = json.Marshal(c)
				bad[name] = base64.RawURLEncoding.EncodeToString(raw)
			}
			change("another version", "v", 2)
			change("another order", "s", "-"+sort)
			change("a phase there is not", "p", 2)
			change("a phase before", "p", -1)
			change("no row", "i", "")
			change("a row that is no id", "i", "x")
			switch sort {
			case "name": // all have one
				change("without a name", "p", 1)
			case "amount":
				change("an amount that is no number", "k", "5e3")
			case "field:size":
				change("bytes that are none", "k", "0g")
			}
			for name, cursor := range bad {
				if e := errs.As(ask(sort, cursor)); e == nil || e.Key != "err.cursor" || e.Field != "cursor" || e.Code != errs.Invalid {
					t.Errorf("%s, %s: %v", sort, name, e)
				}
			}
			// A forged text does not reach the database as it is.
			if sort == "name" {
				change("", "k", "a\x00b")
				if err := ask(sort, bad[""]); err != nil {
					t.Error(err)
				}
			}
		}
	})
}
