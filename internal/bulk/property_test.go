package bulk_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/bulk"
	"kizuki/internal/contract"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// paper is what contracts must hold, told without any of the product's code.
type paper map[id.ID]map[string]string

var paperFields = []string{"phase", "status", "department", "notice_date", "owner"}

func (p paper) clone() paper {
	out := paper{}
	for c, m := range p {
		out[c] = map[string]string{}
		for k, v := range m {
			out[c][k] = v
		}
	}
	return out
}

// TestActsAndOthers: random edits, others writing between preview, act and undo,
// and slices cut off as a kill would cut them. Nobody's later value is written
// over, and the undo restores exactly the rest.
func TestActsAndOthers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.add(8, nil)
		value := map[string][]string{"phase": {"", "導入", "定着"}, "status": {"", "契約中", "試用"}, "department": {"", "営業"},
			"notice_date": {"", "2026-08-01", "2026-08-02"}, "owner": {"", w.Actors[who.Member].Member.String(), w.Actors[who.Admin].Member.String()}}
		now := paper{}
		for _, c := range ids {
			x, m := w.get(c), map[string]string{}
			for _, f := range paperFields {
				m[f], _ = x.Value(f).(string)
			}
			now[c] = m
		}
		rapid.Check(t, func(rt *rapid.T) {
			w.t, w.fail = t, nil
			draw := func(name string) (id.ID, string, string) {
				f := rapid.SampledFrom(paperFields).Draw(rt, name+" field")
				return rapid.SampledFrom(ids).Draw(rt, name+" contract"), f, rapid.SampledFrom(value[f]).Draw(rt, name+" value")
			}
			others := func(when string) {
				w.fail = nil
				for i := range rapid.IntRange(0, 3).Draw(rt, when) {
					c, f, v := draw(fmt.Sprint(when, i))
					_, err := w.Contracts.Update(w.As(who.Admin), c, []contract.Edit{{Field: f, New: v}})
					w.must(err)
					now[c][f] = v
				}
			}
			cut := func(when string) {
				every, n := rapid.IntRange(3, 5).Draw(rt, when), 0
				w.fail = func() bool { n++; return n%every == 0 }
			}
			chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 4, 8, rapid.ID).Draw(rt, "chosen")
			edits := map[string]string{}
			var list []bulk.Edit
			for _, f := range rapid.SliceOfNDistinct(rapid.SampledFrom(paperFields), 1, 3, rapid.ID).Draw(rt, "edited") {
				edits[f] = rapid.SampledFrom(value[f]).Draw(rt, "to")
				list = append(list, bulk.Edit{Field: f, New: edits[f]})
			}
			seen := now.clone()
			act := w.staged(w.Ctx, bulk.Selection{IDs: chosen}, list...)
			others("before")
			cut("cut the act")
			act = w.settled(act, w.Bulk.Apply)
			wrote := map[id.ID]map[string]string{} // what each held before
			for _, c := range chosen {
				diff, moved := map[string]string{}, false
				for f, v := range edits {
					if seen[c][f] != v {
						diff[f] = seen[c][f]
						moved = moved || now[c][f] != seen[c][f]
					}
				}
				if moved || len(diff) == 0 {
					continue
				}
				wrote[c] = diff
				for f := range diff {
					now[c][f] = edits[f]
				}
			}
			w.same(rt, now, "after the act")
			others("after")
			cut("cut the undo")
			if len(wrote) > 0 {
				w.settled(act, w.Bulk.Undo)
			}
			for c, diff := range wrote {
				for f, v := range diff {
					if now[c][f] == edits[f] {
						now[c][f] = v
					}
				}
			}
			w.same(rt, now, "after the undo")
		})
	})
}

func (w *world) same(rt *rapid.T, p paper, when string) {
	for c, m := range p {
		x := w.get(c)
		for _, f := range slices.Sorted(slices.Values(paperFields)) {
			if v, _ := x.Value(f).(string); v != m[f] {
				rt.Fatalf("%s: %s of %s is %q, should be %q", when, f, x.Name, v, m[f])
			}
		}
	}
}
