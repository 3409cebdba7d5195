package db_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
)

var ctx = context.Background()

func exec(t *testing.T, d *db.DB, stmt string, args ...any) error {
	t.Helper()
	return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, stmt, args...)
		return err
	})
}

func mustExec(t *testing.T, d *db.DB, stmt string, args ...any) {
	t.Helper()
	if err := exec(t, d, stmt, args...); err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, d *db.DB, stmt string, args ...any) int64 {
	t.Helper()
	n, _, err := db.One(ctx, d, db.Value[int64], stmt, args...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func addCron(t *testing.T, d *db.DB, name string, slot int64) {
	t.Helper()
	mustExec(t, d, "INSERT INTO cron (name, last_slot) VALUES ($1, $2)", name, slot)
}

// mattn's driver bound "$2 … $1" in the order of appearance and said nothing.
func TestPlaceholdersBindByNumber(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		addCron(t, d, "a", 7)
		n := number(t, d, "SELECT last_slot FROM cron WHERE last_slot = $2 AND name = $1 AND name = $1", "a", 7)
		if n != 7 {
			t.Fatalf("got %d", n)
		}
	})
}

func TestReadModifyWriteLosesNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		addCron(t, d, "n", 0)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 25 {
					err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
						n, _, err := db.One(ctx, tx, db.Value[int64], "SELECT last_slot FROM cron WHERE name = 'n'")
						if err != nil {
							return err
						}
						_, err = db.Exec(ctx, tx, "UPDATE cron SET last_slot = $1 WHERE name = 'n'", n+1)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := number(t, d, "SELECT last_slot FROM cron WHERE name = 'n'"); n != 200 {
			t.Fatalf("%d of 200 updates are left", n)
		}
	})
}

func TestFailedTransactionLeavesNothing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		ran := false
		want := errors.New("no")
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			tx.AfterCommit(func() { ran = true })
			if _, err := db.Exec(ctx, tx, "INSERT INTO cron (name, last_slot) VALUES ('x', 1)"); err != nil {
				return err
			}
			return want
		})
		if !errors.Is(err, want) || ran || number(t, d, "SELECT count(*) FROM cron") != 0 {
			t.Fatalf("err %v, after-commit ran: %v", err, ran)
		}
	})
}

func TestNestedTransactionIsAnError(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return d.InTx(ctx, func(context.Context, *db.Tx) error { return nil })
		})
		if !errors.Is(err, db.ErrNested) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestExecWhileReadingAll(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		addCron(t, d, "a", 1)
		addCron(t, d, "b", 2)
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			names, err := db.All(ctx, tx, db.Value[string], "SELECT name FROM cron ORDER BY name")
			for _, n := range names {
				if _, err := db.Exec(ctx, tx, "UPDATE cron SET last_slot = last_slot + 1 WHERE name = $1", n); err != nil {
					return err
				}
			}
			return err
		})
		if err != nil || number(t, d, "SELECT sum(last_slot) FROM cron") != 5 {
			t.Fatal(err)
		}
	})
}

func TestConstraintErrorsAreTold(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		addCron(t, d, "a", 1)
		err := exec(t, d, "INSERT INTO cron (name, last_slot) VALUES ('a', 2)")
		if !db.UniqueOn(err, "cron") || db.UniqueOn(err, "job") || db.Foreign(err) {
			t.Fatalf("got %v", err)
		}
		err = exec(t, d, `INSERT INTO unit (workspace_id, id, name, name_fold) VALUES (1, 1, 'x', 'x')`)
		if !db.Foreign(err) || db.UniqueOn(err, "unit") {
			t.Fatalf("a unit of no workspace was stored: %v", err)
		}
	})
}

func TestReadPoolCannotWrite(t *testing.T) {
	d := testkit.SQLite(t)
	if _, err := db.All(ctx, d, db.Value[int64], "DELETE FROM cron RETURNING last_slot"); err == nil {
		t.Fatal("the read pool wrote")
	}
}

func TestValues(t *testing.T) {
	type doc struct{ A []string }
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		at := time.Date(2026, 2, 17, 9, 0, 0, 123456000, time.UTC)
		mustExec(t, d, `INSERT INTO audit (workspace_id, id, at, member_id, act, object_kind, object_id, ip, data)
			VALUES ($1, $2, $3, $4, 'x', '', $5, '', $6)`, id.ID(1), id.ID(2), db.Time(at), id.ID(0), id.ID(9007199254740993),
			db.AsJSON(doc{[]string{"気づき", `"`}}))
		var gotAt time.Time
		var member, object id.ID
		var data db.JSON[doc]
		_, _, err := db.One(ctx, d, func(r db.Row) (bool, error) {
			return true, r.Scan((*db.Time)(&gotAt), &member, &object, &data)
		}, "SELECT at, member_id, object_id, data FROM audit WHERE data->>'A' IS NOT NULL")
		if err != nil || !gotAt.Equal(at) || member != 0 || object != 9007199254740993 || len(data.V.A) != 2 || data.V.A[0] != "気づき" {
			t.Fatal(err, gotAt, member, object, data)
		}
	})
}

func TestWhere(t *testing.T) {
	var w db.Where
	w.And("a = ?", 1)
	db.In(&w, "b", []string{"x", "y"})
	w.And("c BETWEEN ? AND ?", 3, 4)
	if got, want := w.SQL(), "a = $1 AND b IN ($2,$3) AND c BETWEEN $4 AND $5"; got != want || len(w.Args()) != 5 {
		t.Fatalf("got %s %v", got, w.Args())
	}
	var none db.Where
	db.In(&none, "b", []string(nil))
	if none.SQL() != "1 = 0" {
		t.Fatal("an empty list must match nothing")
	}
}

func TestBulk(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		var rows [][]any
		for i := range 1001 {
			rows = append(rows, []any{id.ID(i).String() + "n", int64(i)})
		}
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return db.Bulk(ctx, tx, "INSERT INTO cron (name, last_slot)", "", rows)
		})
		if err != nil || number(t, d, "SELECT count(*) FROM cron") != 1001 || number(t, d, "SELECT sum(last_slot) FROM cron") != 500500 {
			t.Fatal(err)
		}
	})
}

func TestQueriesAreCounted(t *testing.T) {
	d := testkit.SQLite(t)
	c, n := db.Counting(ctx)
	for range 3 {
		if _, err := db.All(c, d, db.Value[int64], "SELECT 1"); err != nil {
			t.Fatal(err)
		}
	}
	if n.Load() != 3 {
		t.Fatalf("counted %d", n.Load())
	}
}

func TestTwoSQLiteProcessesWaitForEachOther(t *testing.T) {
	dir := t.TempDir()
	var dbs []*db.DB
	for range 2 {
		d, err := db.Open(ctx, db.Config{Dir: dir, Relaxed: true})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		dbs = append(dbs, d)
		if err := d.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
	}
	addCron(t, dbs[0], "n", 0)
	before, err := dbs[0].Changed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, d := range dbs {
		wg.Go(func() {
			for range 50 {
				if err := exec(t, d, "UPDATE cron SET last_slot = last_slot + 1"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	after, err := dbs[0].Changed(ctx)
	if err != nil || after == before || number(t, dbs[1], "SELECT last_slot FROM cron") != 100 {
		t.Fatalf("data_version %d → %d, %v", before, after, err)
	}
}
