package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
	"kizuki/internal/text"
)

// indexed reads what the index holds, "field contract k".
func (w *world) indexed(t *testing.T) []string {
	t.Helper()
	rows, err := db.All(w.ctx, w.d, func(r db.Row) (string, error) {
		var f, c id.ID
		var k []byte
		err := r.Scan(&f, &c, &k)
		return fmt.Sprintf("%d %d %x", f, c, k), err
	}, `SELECT field_id, contract_id, k FROM field_index WHERE workspace_id = $1`, w.ws)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(rows)
	return rows
}

// indexHolds compares the index with what the contracts say.
func (w *world) indexHolds(t *testing.T) {
	t.Helper()
	fields, err := w.fields.List(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	all, err := db.All(w.ctx, w.d, scan, selectContract+`c.workspace_id = $1`, w.ws)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, c := range all {
		for _, f := range fields {
			for _, k := range f.Keys(c.Fields[f.Key]) {
				if f.Indexed {
					want = append(want, fmt.Sprintf("%d %d %x", f.ID, c.ID, k))
				}
			}
		}
	}
	slices.Sort(want)
	if got := w.indexed(t); !slices.Equal(got, want) {
		t.Errorf("index\n got %v\nwant %v", got, want)
	}
}

func TestApplyMany(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.manyFields(t)
		const n = 1100 // more than two parts
		saves := w.many(t, n)
		w.news = nil
		w.apply(t, saves)
		if got := len(w.heard(Created)); got != n {
			t.Error(got, "news")
		}
		var keys []string
		for _, s := range saves {
			keys = append(keys, text.Fold(s.Contract.Key))
		}
		found, err := w.LoadByKeys(w.ctx, d, w.ws, append(keys, "none"))
		if err != nil || len(found) != n {
			t.Fatal(len(found), err)
		}
		var again []Save
		for i, k := range keys {
			was := found[k]
			if len(Diff(was, saves[i].Contract)) > 0 || was.Version != 1 || was.TermNo != 1 {
				t.Fatalf("%+v\n%+v", was, saves[i].Contract)
			}
			to := was.Clone()
			to.Status, to.Fields["seats"] = "S9", json.Number(fmt.Sprint(i+5))
			delete(to.Fields, "plan")
			again = append(again, Save{Contract: to, Changes: Diff(was, to)})
		}
		w.apply(t, again)
		if got := w.heard(Changed); len(got) != n || len(got[0].Fields) != 3 {
			t.Error(len(got), got[0].Fields)
		}
		w.indexHolds(t)
		after, err := w.LoadByKeys(w.ctx, d, w.ws, keys)
		if c := after[keys[3]]; err != nil || c.Status != "S9" || c.Version != 2 || len(Diff(c, again[3].Contract)) > 0 {
			t.Errorf("%+v %v", c, err)
		}
	})
}

func TestApplyRefuses(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.create(t, Input{Key: "A-1"})
		twin := Contract{ID: id.New(), Key: "ａ-1", Name: "x", OrgID: c.OrgID, Currency: "JPY"}
		lost := Contract{ID: id.New(), Key: "B-1", Name: "x", OrgID: 99, Currency: "JPY"}
		for key, x := range map[string]Contract{"contract.err.key_taken": twin, "contract.err.reference": lost} {
			err := d.InTx(w.ctx, func(ctx context.Context, tx *db.Tx) error {
				return w.ApplyIn(ctx, tx, []Save{{Contract: x, New: true}})
			})
			wants(t, err, errs.Conflict, key)
		}
	})
}

func TestDeleteAndTouch(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.manyFields(t)
		gone := w.create(t, Input{Fields: map[string]any{"ref": "x"}})
		stays := w.create(t, Input{Fields: map[string]any{"ref": "y"}})
		imp := id.New()
		w.now = w.now.Add(time.Hour)
		w.tx(t, func(ctx context.Context, tx *db.Tx) error {
			if err := w.DeleteIn(ctx, tx, w.ws, []id.ID{gone.ID}); err != nil {
				return err
			}
			return w.TouchIn(ctx, tx, w.ws, []id.ID{stays.ID}, imp)
		})
		_, err := w.Get(w.ctx, gone.ID)
		wants(t, err, errs.NotFound, "err.not_found")
		c := w.get(t, stays.ID)
		if !c.DataAt.Equal(w.now) || c.LastImportID != imp || c.Version != 1 {
			t.Errorf("%+v", c)
		}
		w.indexHolds(t)
	})
}

func TestReindex(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		f := w.field(t, "tags", field.Choices, "A", "B")
		for _, tags := range []any{[]any{"A"}, []any{"A", "B"}, nil} {
			w.create(t, Input{Fields: map[string]any{"tags": tags}})
		}
		w.indexHolds(t)
		for _, on := range []bool{false, true} {
			if _, err := w.fields.Update(w.ctx, f.ID, field.Patch{Indexed: &on}); err != nil {
				t.Fatal(err)
			}
			w.indexHolds(t)
			_, err := w.List(w.ctx, Query{Fields: []FieldFilter{{"tags", Is, []string{"A"}}}})
			if on && err != nil || !on && !errs.Is(err, errs.Invalid) {
				t.Error(on, err)
			}
		}
	})
}

// What an export writes, a Setter reads back to the same contract.
func TestExport(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(t, d, 200)
		s.create(t, Input{Key: "0", Name: "=1+1", Domain: "a.jp", AutoRenew: true, NoticeDate: "2026-01-01", AmountBasis: "yearly",
			Amount: "12.50", Currency: "USD", Owner: "hana@example.jp", OutlookWhy: "改行\nなし, \"引用\""})
		byKey := map[string]Contract{}
		var keys []string
		for _, c := range append(s.all, s.get(t, s.news[len(s.news)-1].Ref)) {
			byKey[c.Key] = c
			keys = append(keys, text.Fold(c.Key))
		}
		set, err := s.Setter(s.ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		set.Form = true
		var rows [][]string
		if err := s.Export(s.ctx, func(row []string) error { rows = append(rows, slices.Clone(row)); return nil }); err != nil {
			t.Fatal(err)
		}
		slices.Sort(keys)
		for i, row := range rows[1:] {
			want := byKey[row[0]]
			got, values := Contract{Currency: "JPY"}, map[string]any{}
			for at, name := range rows[0] {
				switch name {
				case "organization", "corporate_number", "archived_on":
				case "owner":
					got.OwnerID, _ = set.Parse.Member(row[at])
				default:
					values[name] = row[at]
				}
			}
			bad := set.Apply(&got, values)
			got.OrgID = want.OrgID
			if diff := Diff(want, got); len(bad) > 0 || len(diff) > 0 || text.Fold(row[0]) != keys[i] {
				t.Fatalf("%v: %v %v", row, bad, diff)
			}
		}
		if len(rows) != 202 || rows[0][0] != "key" || !slices.Contains(rows[0], "field:seats") {
			t.Error(len(rows), rows[0])
		}
	})
}
