package contract

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/testkit"
)

// onBoth runs a benchmark on a fresh database of each kind.
func onBoth(b *testing.B, f func(b *testing.B, open func() *db.DB)) {
	b.Run("sqlite", func(b *testing.B) { f(b, func() *db.DB { return testkit.SQLite(b) }) })
	b.Run("postgres", func(b *testing.B) { f(b, func() *db.DB { return testkit.Postgres(b) }) })
}

// manyFields are four indexed ones: a number, a unique text and two choices.
func (w *world) manyFields(b testing.TB) {
	w.field(b, "seats", field.Number)
	w.field(b, "ref", field.Text)
	w.field(b, "plan", field.Choice, "P0", "P1", "P2", "P3", "P4")
	w.field(b, "region", field.Choice, "R0", "R1", "R2", "R3")
}

// many makes n contracts of n/5 organizations, not yet stored.
func (w *world) many(b testing.TB, n int) (saves []Save) {
	names := make([]org.Name, max(1, n/5))
	for i := range names {
		names[i].Name = fmt.Sprintf("株式会社顧客%06d", i*7919%len(names))
	}
	w.tx(b, func(ctx context.Context, tx *db.Tx) error {
		made, err := w.orgs.ResolveIn(ctx, tx, w.ws, names)
		saves = make([]Save, n)
		for i := range saves {
			amount, mixed := int64(i%977)*1000, i*7919%n
			saves[i] = Save{New: true, Contract: Contract{
				ID: id.New(), Key: fmt.Sprintf("C-%07d", mixed), Name: fmt.Sprintf("契約 %06d", mixed),
				OrgID: made[i%len(made)].ID, OwnerID: []id.ID{w.hana, w.taro}[i%2], Currency: "JPY", Amount: &amount,
				Status: fmt.Sprintf("S%d", i%5), Phase: Phases()[i%4], StartDate: "2025-04-01",
				RenewalDate: cal.Date("2026-04-01").AddDays((mixed * 2654435761 >> 7) % 730), CreatedAt: w.now,
				Fields: map[string]any{"seats": json.Number(fmt.Sprint(mixed)), "ref": fmt.Sprintf("ref %06d", mixed),
					"plan": fmt.Sprintf("P%d", mixed%5), "region": fmt.Sprintf("R%d", mixed/5%4)}}}
		}
		return err
	})
	return saves
}

func (w *world) apply(b testing.TB, saves []Save) time.Duration {
	b.Helper()
	start := time.Now()
	w.tx(b, func(ctx context.Context, tx *db.Tx) error { return w.ApplyIn(ctx, tx, saves) })
	return time.Since(start)
}

// filled is a workspace of n contracts, vacuumed as autovacuum would have it.
func filled(b testing.TB, d *db.DB, n int) *world {
	w := newWorld(b, d)
	w.manyFields(b)
	w.apply(b, w.many(b, n))
	if d.Postgres() {
		for _, stmt := range []string{"CHECKPOINT", "VACUUM ANALYZE"} {
			if _, err := rawPool(b, d, "").Exec(stmt); err != nil {
				b.Fatal(err)
			}
		}
	}
	return w
}

// page1000 is the cursor of the thousandth page of ten.
func (w *world) page1000(b testing.TB, q Query) string {
	for left := 9990; left > 0; left -= q.Limit {
		if q.Limit = 10; left >= 200 {
			q.Limit = 200
		}
		p, err := w.List(w.ctx, q)
		if err != nil {
			b.Fatal(err)
		}
		q.Cursor = p.Next
	}
	return q.Cursor
}

// BenchmarkList measures a page at 10,000 and at 100,000 contracts; the ratio
// must be at most 1.5 (but for q, which reads all names).
func BenchmarkList(b *testing.B) {
	is := func(key, v string) FieldFilter { return FieldFilter{key, Is, []string{v}} }
	queries := []struct {
		name string
		q    Query
		deep bool
	}{
		{"none", Query{}, false},
		{"number first", Query{Sort: "field:seats"}, false},
		{"number 1000th", Query{Sort: "field:seats", Limit: 10}, true},
		{"number last", Query{Sort: "-field:seats"}, false},
		{"absent", Query{Fields: []FieldFilter{is("ref", "none")}}, false},
		{"unique", Query{Fields: []FieldFilter{is("ref", "ref 000777")}}, false},
		{"one in five", Query{Fields: []FieldFilter{is("plan", "P3")}}, false},
		{"status one in five", Query{Status: "S3"}, false},
		{"status by name", Query{Status: "S3", Sort: "name"}, false},
		{"two", Query{Fields: []FieldFilter{is("plan", "P3"), is("region", "R1")}}, false},
		{"two by number", Query{Fields: []FieldFilter{is("plan", "P3"), is("region", "R1")}, Sort: "field:seats"}, false},
		{"owner, range, amount", Query{Owner: NoOwner, RenewalFrom: "2026-05-01", Sort: "-amount"}, false},
		{"q", Query{Q: "000777"}, false},
	}
	onBoth(b, func(b *testing.B, open func() *db.DB) {
		small, large := filled(b, open(), 10000), filled(b, open(), 100000)
		for _, c := range queries {
			b.Run(c.name, func(b *testing.B) {
				var took [2][]time.Duration
				var at [2]Query
				for i, w := range []*world{small, large} {
					at[i] = c.q
					if c.deep {
						at[i].Cursor = w.page1000(b, c.q)
					}
					if c.q.Owner == NoOwner {
						at[i].Owner = w.taro
					}
				}
				for range max(b.N, 15) { // by turns, so that a busy machine is unfair to neither
					for i, w := range []*world{small, large} {
						took[i] = append(took[i], w.time(b, at[i]))
					}
				}
				s, l := median(took[0]), median(took[1])
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(ms(s), "ms@10k")
				b.ReportMetric(ms(l), "ms@100k")
				b.ReportMetric(float64(l)/float64(s), "ratio")
			})
		}
	})
}

func (w *world) time(b testing.TB, q Query) time.Duration {
	start := time.Now()
	if _, err := w.List(w.ctx, q); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// BenchmarkApply writes 100,000 new contracts with their terms and four indexed
// fields in one transaction; ratio compares with plain prepared inserts of the
// same rows.
func BenchmarkApply(b *testing.B) {
	const n = 100000
	onBoth(b, func(b *testing.B, open func() *db.DB) {
		dir := b.TempDir()
		d := open()
		if !d.Postgres() { // testkit hides its folder
			var err error
			if d, err = db.Open(context.Background(), db.Config{Dir: dir, Relaxed: true}); err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			if err := d.Migrate(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		plain := newWorld(b, d)
		plain.manyFields(b)
		base := plain.insertPlainly(b, rawPool(b, d, dir), plain.many(b, n))
		w := newWorld(b, open())
		w.manyFields(b)
		saves := w.many(b, n)
		took := w.apply(b, saves)
		for i := range saves {
			c := saves[i].Contract.Clone()
			c.Status, c.Fields["seats"] = "S9", json.Number(fmt.Sprint(i*3))
			saves[i] = Save{Contract: c, Changes: Diff(saves[i].Contract, c)}
		}
		again := w.apply(b, saves)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(again.Seconds(), "s(change)")
		b.ReportMetric(base.Seconds(), "s(plain)")
		b.ReportMetric(took.Seconds()/base.Seconds(), "ratio")
	})
}

// rawPool opens a database beside db, which has no single prepared statements.
func rawPool(b testing.TB, d *db.DB, dir string) *sql.DB {
	driver, address := "pgx", d.URL()
	if !d.Postgres() {
		driver, address = "sqlite", "file:"+dir+"/kizuki.db?_txlock=immediate&_pragma=busy_timeout(9000)&_pragma=synchronous(NORMAL)"+
			"&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-32000)&_pragma=mmap_size(268435456)"
	}
	raw, err := sql.Open(driver, address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { raw.Close() })
	return raw
}

// insertPlainly is what an import is measured by: a prepared insert a row.
func (w *world) insertPlainly(b testing.TB, raw *sql.DB, saves []Save) time.Duration {
	fields, err := w.fields.List(w.ctx)
	if err != nil {
		b.Fatal(err)
	}
	tables := []struct {
		head string
		rows func(*Contract) [][]any
	}{
		{insertContract, func(c *Contract) [][]any {
			c.Version, c.TermNo, c.Visibility = 1, 1, "everyone"
			return [][]any{c.row(w.ws)}
		}},
		{insertTerm, func(c *Contract) [][]any {
			return [][]any{{w.ws, c.ID, 1, string(c.StartDate), string(c.RenewalDate), c.Amount, c.Currency, "", "[]"}}
		}},
		{insertIndex, func(c *Contract) (rows [][]any) {
			for _, f := range fields {
				for _, k := range f.Keys(c.Fields[f.Key]) {
					rows = append(rows, []any{w.ws, f.ID, k, c.ID})
				}
			}
			return rows
		}},
	}
	start := time.Now()
	tx, err := raw.Begin()
	if err != nil {
		b.Fatal(err)
	}
	for _, t := range tables {
		width := len(t.rows(&saves[0].Contract)[0])
		stmt, err := tx.Prepare(t.head + " VALUES (" + marks(width) + ")")
		if err != nil {
			b.Fatal(err)
		}
		for i := range saves {
			for _, r := range t.rows(&saves[i].Contract) {
				if _, err := stmt.Exec(r...); err != nil {
					b.Fatal(err)
				}
			}
		}
		stmt.Close()
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// marks are $1, $2, … $n.
func marks(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = "$" + strconv.Itoa(i+1)
	}
	return strings.Join(list, ", ")
}
