package intake_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/intake"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// What rules put on a contract goes with it; what people put on it keeps it.
func TestUndoAndTasks(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		b := bus.New()
		w.trail.Subscribe(b)
		tasks := task.NewService(d, b, nil)
		imp := w.bring(w.file(numbered(1, 3, "契約中")...))
		ruled, mine := w.byKey("n1").ID, w.byKey("n2").ID
		system := who.With(context.Background(), who.System(w.actor.Workspace, time.UTC))
		err := d.InTx(system, func(ctx context.Context, tx *db.Tx) error {
			if _, err := db.Exec(ctx, tx, `INSERT INTO rule (workspace_id, id, name, state, version, created_at) VALUES ($1, 5, 'r', 'live', 1, 0)`, w.actor.Workspace); err != nil {
				return err
			}
			if _, err := db.Exec(ctx, tx, `INSERT INTO rule_firing (workspace_id, id, rule_id, step_id, contract_id, occurrence, version_no, at, outcome, data)
				VALUES ($1, 6, 5, 'a', $2, '1', 1, 0, 'task', '{}')`, w.actor.Workspace, ruled); err != nil {
				return err
			}
			_, err := tasks.CreateManyIn(ctx, tx, []task.New{{Contract: ruled, Title: "更新の確認", OriginKind: task.RuleOrigin, OriginID: 6}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tasks.Create(w.ctx, task.New{Contract: mine, Title: "電話する"}); err != nil {
			t.Fatal(err)
		}
		kept := w.undo(imp)
		if len(kept) != 1 || kept[0].Contract != mine || !kept[0].Created {
			t.Errorf("%+v", kept)
		}
		if w.byKey("n1").ID != 0 || w.number("SELECT count(*) FROM task") != 1 || w.number("SELECT count(*) FROM rule_firing") != 0 {
			t.Error("what the rule made is still there")
		}
	})
}

// Notes and contacts that an import brought to contracts that stay go, unless
// somebody has answered.
func TestUndoNotesAndContacts(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		head := []string{"契約ID", "会社名", "経緯", "先方担当"}
		w.bring(w.file(head, []string{"A", "アルファ", "はじまり", "小田切 修"}, []string{"B", "ベータ", "", ""}))
		before := w.whole()
		imp := w.bring(w.file(head, []string{"A", "アルファ", "はじまり。つづき", "森下 千晶"}, []string{"B", "ベータ", "新しい", "小田切 修"}))
		w.counts(imp, intake.Counts{Rows: 2, Updated: 2, Known: 2})
		if n := w.number("SELECT count(*) FROM note"); n != 3 {
			t.Errorf("%d notes", n)
		}
		w.undo(imp)
		same(t, "undone", w.whole(), before)

		imp = w.bring(w.file(head, []string{"A", "アルファ", "もう一度", ""}))
		page, err := w.trail.Trail(w.ctx, w.byKey("a").ID, timeline.Words, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.trail.Post(w.ctx, timeline.PostInput{Contract: w.byKey("a").ID, Parent: page.Entries[0].Note.ID, Body: "そうでしたか"}); err != nil {
			t.Fatal(err)
		}
		w.undo(imp)
		if n := w.number("SELECT count(*) FROM note WHERE body = 'もう一度'"); n != 1 {
			t.Error("a note that was answered is gone")
		}
	})
}

// Fields and options that an import made stay as long as a contract holds them.
func TestUndoFieldsAndOptions(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		if _, err := w.fields.Create(w.ctx, field.Input{Key: "plan", Type: field.Choice, Labels: map[string]string{"ja": "プラン"}, Options: []string{"松"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.contracts.Create(w.ctx, contract.Input{Key: "own", Name: "自分の", Organization: "自社"}); err != nil {
			t.Fatal(err)
		}
		before := w.whole()
		list := w.file([]string{"契約ID", "会社名", "プラン", "人数"}, []string{"A", "アルファ", "竹", "3"}, []string{"B", "ベータ", "梅", "4"})
		w.undo(w.bring(list))
		same(t, "undone", w.whole(), before)
		if o := w.options("plan"); !slices.Equal(o, []string{"松"}) {
			t.Errorf("options %v", o)
		}
		imp := w.bring(list)
		own := w.byKey("own").ID
		w.edit(own, "field:plan", "梅")
		if _, err := w.contracts.Update(w.ctx, own, []contract.Edit{{Field: "field:field_1", New: "9", Form: true}}); err != nil {
			t.Fatal(err)
		}
		w.undo(imp)
		if o := w.options("plan"); !slices.Equal(o, []string{"松", "梅"}) {
			t.Errorf("options %v", o)
		}
		if w.byKey("own").Fields["field_1"] == nil || w.number("SELECT count(*) FROM field") != 2 {
			t.Error("a field somebody uses is gone")
		}
	})
}

func (w *world) options(key string) []string {
	w.t.Helper()
	all, err := w.fields.List(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range all {
		if f.Key == key {
			return f.Options
		}
	}
	return nil
}

// A placeholder whom somebody else's contract names by now stays.
func TestUndoPeople(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		head := []string{"契約ID", "会社名", "担当"}
		first := w.bring(w.file(head, []string{"A", "アルファ", "中野 翔太"}, []string{"B", "アルファ", "田村 健"}))
		w.bring(w.file(head, []string{"C", "アルファ", "田村健"}), source("other"))
		if n := w.number("SELECT count(*) FROM member"); n != 3 {
			t.Errorf("%d members", n)
		}
		w.undo(first)
		if n := w.number("SELECT count(*) FROM member WHERE state = 'placeholder'"); n != 1 {
			t.Errorf("%d placeholders", n)
		}
		if c := w.byKey("c"); c.OwnerName != "田村 健" || c.OrgName != "アルファ" {
			t.Errorf("%+v", c)
		}
	})
}

// Corporate numbers an import brought to customers go again.
func TestUndoNumbers(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.bring(w.file([]string{"契約ID", "会社名"}, []string{"A", "アルファ"}, []string{"B", "アルファ"}))
		before := w.whole()
		list := w.file([]string{"契約ID", "会社名", "法人番号"}, []string{"A", "アルファ", "3010401011971"}, []string{"B", "アルファ", "3010401011971"})
		imp := w.bring(list)
		w.counts(imp, intake.Counts{Rows: 2, Updated: 1, Unchanged: 1, Known: 2}) // the customer's number is one change
		w.counts(w.bring(list), intake.Counts{Rows: 2, Unchanged: 2, Known: 2})
		all, err := w.in.List(w.ctx, 0, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		w.undo(all[0])
		w.undo(imp)
		same(t, "undone", w.whole(), before)
	})
}

// What vanishes or appears between looking and applying is a conflict.
func TestStale(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		other := w.bring(w.file(numbered(1, 1, "a")...), source("other"))
		created, updated := w.stage(w.file(numbered(2, 2, "a")...)), w.stage(w.file(numbered(1, 1, "b")...), source("third"))
		if _, err := w.contracts.Create(w.ctx, contract.Input{Key: "n2", Name: "先に", Organization: "会社"}); err != nil {
			t.Fatal(err)
		}
		w.undo(other)
		for _, imp := range []intake.Import{created, updated} {
			if _, err := w.in.Apply(w.ctx, imp.ID, intake.ApplyOptions{}); errs.As(err).Key != "intake.err.stale" {
				t.Errorf("%v", err)
			}
		}
		again, err := w.in.Restage(w.ctx, created.ID, nil, "")
		if err != nil || again.Counts.Updated != 1 {
			t.Fatalf("%+v %v", again.Counts, err)
		}
		w.apply(again)
	})
}
