package timeline

import (
	"context"
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
)

// told is what is known of the fields' ages: who and how many minutes ago.
func (w *world) told() (changed map[string]string, created string, deep bool) {
	w.t.Helper()
	ages, deep, err := w.s.Ages(w.as("中野"), w.minato)
	if err != nil {
		w.t.Fatal(err)
	}
	say := func(a Age) string { return fmt.Sprintf("%s %s %v", a.By.Kind, a.By.Name, w.now.Sub(a.At)) }
	changed = map[string]string{}
	for name, a := range ages.Changed {
		changed[name] = say(a)
	}
	return changed, say(ages.Created), deep
}

// later saves fields an hour after what was before.
func (w *world) later(ctx context.Context, c bus.Change) {
	w.t.Helper()
	w.now = w.now.Add(time.Hour)
	w.happen(ctx, c)
}

func TestAgesAreThoseOfTheNewestSave(t *testing.T) {
	each(t, func(w *world) {
		imp := id.New()
		w.s.Name("import", func(context.Context, db.Queryer, id.ID, []id.ID) (map[id.ID]string, error) {
			return map[id.ID]string{imp: "契約管理"}, nil
		})
		byImport := bus.Because(w.as("石川"), bus.Cause{ActorKind: "import", ActorID: imp, Kind: "import", ID: imp})
		w.later(w.as("岡田"), bus.Change{Kind: "contract.created", Contract: w.minato, Ref: w.minato})
		w.later(w.as("田村"), w.changed(map[string][2]any{"phase": {"導入", "定着"}, "field:seats": {"1", "2"}}))
		w.later(byImport, w.changed(map[string][2]any{"amount": {"1", "2"}, "field:seats": {"2", "3"}}))
		w.later(w.as("岡田"), w.changed(map[string][2]any{"phase": {"定着", "活用拡大"}, "owner": {"1", nil}}))
		w.later(w.as("岡田"), bus.Change{Kind: "contract.changed", Contract: w.kita, Ref: w.kita, Fields: map[string][2]any{"phase": {"a", "b"}}})
		w.later(w.as("岡田"), bus.Change{Kind: "task.done", Contract: w.minato, Ref: 5, Data: map[string]any{"title": "電話"}})
		w.later(w.as("岡田"), bus.Change{Kind: "task.changed", Contract: w.minato, Ref: 5, Data: map[string]any{"title": "電話"},
			Fields: map[string][2]any{"owner": {"1", "2"}}}) // the task's, not the contract's
		if list, _, err := w.s.History(w.as("中野"), w.minato, "owner", "", 10); err != nil || len(list) != 1 || list[0].Event.Kind != "contract.changed" {
			w.t.Errorf("the history of the contract's owner: %v %+v", err, list)
		}
		w.say("岡田", "段階の話")
		changed, created, deep := w.told()
		want := map[string]string{"phase": "member 岡田 真帆 3h1m0s", "owner": "member 岡田 真帆 3h1m0s", "amount": "import 契約管理 4h1m0s", "field:seats": "import 契約管理 4h1m0s"}
		if diff := gocmp.Diff(want, changed); diff != "" {
			w.t.Error(diff)
		}
		if created != "member 岡田 真帆 6h1m0s" || !deep {
			w.t.Errorf("created %s, deep %v", created, deep)
		}
	})
}

// However long the history, the page asks as often and reads as much; what
// lies deeper is not guessed.
func TestAgesOfALongHistory(t *testing.T) {
	each(t, func(w *world) {
		counted := func() int64 {
			ctx, n := db.Counting(w.as("中野"))
			if _, _, err := w.s.Ages(ctx, w.minato); err != nil {
				w.t.Fatal(err)
			}
			return n.Load()
		}
		w.later(w.as("岡田"), w.changed(map[string][2]any{"phase": {"導入", "定着"}}))
		few := counted()
		saves := make([]bus.Change, 0, agesDepth)
		for i := range agesDepth - 2 {
			saves = append(saves, w.changed(map[string][2]any{"status": {fmt.Sprint(i), fmt.Sprint(i + 1)}}))
		}
		w.now = w.now.Add(time.Hour)
		w.happen(w.as("田村"), saves...)
		if changed, _, deep := w.told(); !deep || changed["phase"] != "member 岡田 真帆 1h0m0s" {
			w.t.Errorf("within the depth: %v %v", deep, changed)
		}
		w.later(w.as("田村"), w.changed(map[string][2]any{"owner": {"1", "2"}}))
		w.later(w.as("田村"), w.changed(map[string][2]any{"owner": {"2", "1"}}))
		if changed, created, deep := w.told(); deep || changed["phase"] != "" || changed["owner"] == "" || created != "member 岡田 真帆 3h0m0s" {
			w.t.Errorf("beyond the depth: %v %v %s", deep, changed, created)
		}
		if many := counted(); many != few || many > 4 {
			w.t.Errorf("%d queries for few, %d for many", few, many)
		}
	})
}

func TestAgesStayInTheirWorkspace(t *testing.T) {
	each(t, func(w *world) {
		if _, _, err := w.s.Ages(w.as("岡田"), w.far); err == nil || errs.As(err).Code != errs.NotFound {
			w.t.Fatalf("%v", err)
		}
	})
}
