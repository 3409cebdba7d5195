package handover_test

import (
	"fmt"
	"strings"
	"testing"

	"kizuki/internal/audience"
	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/handover"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// A limited contract is neither counted nor given by those who may not read it,
// and its new owner reads it at once.
func TestLimitedContracts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me, boss := w.of(who.Member), w.of(who.Owner)
		open, secret := w.contract("A-1", boss), w.contract("A-2", boss)
		w.byHand(secret.ID, boss, "内密の用")
		w.exec("UPDATE contract SET visibility = 'limited' WHERE id = $1", secret.ID)
		counts, err := w.Handovers.Preview(w.As(who.Admin), []id.ID{open.ID, secret.ID}, me)
		w.must(err)
		wants(t, "preview", counts, handover.Counts{Contracts: 1})
		if _, err := w.Handovers.Give(w.As(who.Admin), handover.Input{Contracts: []id.ID{open.ID, secret.ID}, To: me}); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
		loads, err := w.Handovers.Loads(w.As(who.Admin))
		w.must(err)
		wants(t, "workload of others", fmt.Sprint(loadOf(loads, boss).Contracts, loadOf(loads, boss).Tasks), "1 0")
		act := w.give(who.Owner, me, "ここだけの話", open.ID, secret.ID)
		wants(t, "the new owner", w.waits(who.Member), "[契約A-2 岡田 真帆 契約A-1 岡田 真帆]")
		if list, _, err := w.Handovers.List(w.As(who.Admin), handover.Query{}); err != nil || len(list) != 1 {
			t.Errorf("%v %v", list, err)
		}
		own, err := w.Handovers.Act(w.As(who.Owner), act.Batch) // what was given is out of sight
		w.must(err)
		if own.Contracts != 2 || len(own.List) != 1 {
			t.Errorf("%+v", own)
		}
		u, err := w.Handovers.Undo(w.As(who.Owner), act.Batch)
		w.must(err)
		wants(t, "taken back", len(u.Restored), 2)
	})
}

// A card shows of limited notes those the new owner may read, and that they were
// read is written down.
func TestLimitedNotesOnACard(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.contract("A-1", w.of(who.Member))
		for body, readers := range map[string][]audience.Reader{"松井さんだけに": {{Kind: "member", ID: w.of(who.Admin)}}, "岡田さんだけに": {{Kind: "member", ID: w.of(who.Owner)}}} {
			_, err := w.Timeline.Post(w.As(who.Member), timeline.PostInput{Contract: c.ID, Body: body, Visibility: timeline.AuthorOnly, Readers: readers})
			w.must(err)
		}
		reads := func() (n int) {
			list, _, err := w.Workspace.Audit(w.Ctx, "", 50)
			w.must(err)
			for _, e := range list {
				if e.Act == "note.read_limited" {
					n++
				}
			}
			return n
		}
		ref := w.give(who.Member, w.of(who.Admin), "", c.ID).List[0].ID
		wants(t, "nobody has read it", reads(), 0)
		card, err := w.Handovers.Card(w.As(who.Admin), ref)
		w.must(err)
		if len(card.Last) != 1 || card.Last[0].Body != "松井さんだけに" {
			t.Errorf("%+v", card.Last)
		}
		wants(t, "written down", reads(), 1)
	})
}

func loadOf(list []handover.Load, member id.ID) handover.Load {
	for _, l := range list {
		if l.ID == member {
			return l
		}
	}
	return handover.Load{}
}

func TestLoads(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.of(who.Member)
		a := w.contract("A-1", me)
		w.contract("A-2", me)
		free := w.contract("A-3", 0)
		_, err := w.Contracts.Update(w.Ctx, a.ID, []contract.Edit{{Field: "renewal_date", New: "2027-03-17"}})
		w.must(err)
		w.must(w.Contracts.End(w.Ctx, w.contract("A-4", me).ID, "", ""))
		for _, n := range []task.New{
			{Contract: a.ID, Title: "近い", Due: "2026-03-01", Minutes: 90},
			{Contract: a.ID, Title: "過ぎた", Due: "2026-02-01"},
			{Title: "契約のない", Due: "2026-03-17", Minutes: 10},
			{Title: "先", Due: "2026-03-18", Minutes: 600},
			{Title: "いつか"},
		} {
			n.Owner = me
			_, err := w.Tasks.Create(w.Ctx, n)
			w.must(err)
		}
		done := w.byHand(free.ID, me, "すんだ")
		_, err = w.Tasks.Done(w.As(who.Member), done.ID, "", false)
		w.must(err)
		loads, err := w.Handovers.Loads(w.As(who.Viewer))
		w.must(err)
		wants(t, "田村", loadOf(loads, me), handover.Load{Person: handover.Person{ID: me, Name: "田村 健"}, Contracts: 2, Renewing: 1, Tasks: 5, Minutes: 105})
		var names []string
		for _, l := range loads {
			names = append(names, l.Name)
		}
		wants(t, "by reading, nobody last, no viewer", strings.Join(names, "|"), strings.Join(readings(t, w), "|")+"|")
		wants(t, "nobody's", loads[len(loads)-1].Contracts, 1)
	})
}

// readings are the names of those who work, in the order of the members' page.
func readings(t *testing.T, w *world) (out []string) {
	t.Helper()
	members, err := w.Workspace.Members(w.Ctx)
	w.must(err)
	for _, m := range members {
		if m.Role != who.Viewer && m.State == workspace.Active {
			out = append(out, m.Name)
		}
	}
	return out
}
