package handover_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/handover"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/task"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

func TestRuleTasksFollowAndHandMadeStay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.contract("A-1", w.of(who.Member))
		w.byHand(c.ID, w.of(who.Member), "電話する")
		w.byHand(c.ID, w.of(who.Owner), "岡田の分")
		w.byRule()
		before := len(w.trail(c.ID))
		w.change(c.ID, w.of(who.Admin))
		wants(t, "tasks", w.owners(c.ID), "[岡田の分 → 岡田 真帆 見積もりを送る → 松井 里佳 電話する → 田村 健]")
		wants(t, "waiting", w.waits(who.Admin), "[契約A-1 田村 健]")
		if !w.follows(c.ID, w.of(who.Member)) {
			t.Error("the former owner does not follow")
		}
		if got := w.trail(c.ID); len(got) != before+1 {
			t.Errorf("one line says it, the trail has %v", got)
		}
	})
}

func (w *world) trail(c id.ID) []string {
	w.t.Helper()
	p, err := w.Timeline.Trail(w.Ctx, c, timeline.All, "", 100)
	w.must(err)
	var out []string
	for _, e := range p.Entries {
		if e.Event != nil {
			out = append(out, e.Event.Kind)
		}
	}
	return out
}

func TestEveryWayAnOwnerChanges(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me, boss, other := w.of(who.Member), w.of(who.Admin), w.of(who.Owner)
		c := w.contract("A-1", 0)
		wants(t, "a new contract", w.rows(), 0)
		w.change(c.ID, me)
		wants(t, "the first owner", w.waits(who.Member), "[契約A-1 ]")
		w.change(c.ID, boss) // before the first has read it
		wants(t, "passed on unread", w.waits(who.Member), "[]")
		wants(t, "the second", w.waits(who.Admin), "[契約A-1 田村 健]")
		w.change(c.ID, me) // it was a slip
		wants(t, "gone back", w.waits(who.Admin), "[]")
		wants(t, "gone back to", w.waits(who.Member), "[]")
		wants(t, "the first is kept", w.rows(), 1)
		if w.follows(c.ID, boss) {
			t.Error("who had it by a slip follows")
		}
		w.change(c.ID, boss)
		_, err := w.Handovers.Settle(w.As(who.Admin), w.first(who.Admin))
		w.must(err)
		w.change(c.ID, me) // after it was read that is a handover like any other
		wants(t, "back in earnest", w.waits(who.Member), "[契約A-1 松井 里佳]")
		w.change(c.ID, 0)
		wants(t, "nobody's", w.waits(who.Member), "[]")
		w.change(c.ID, other)
		wants(t, "from nobody", w.waits(who.Owner), "[契約A-1 ]")
	})
}

func (w *world) first(role who.Role) id.ID {
	w.t.Helper()
	list, _, err := w.Handovers.Waiting(w.As(role), 1)
	w.must(err)
	if len(list) == 0 {
		w.t.Fatal("nothing waits")
	}
	return list[0].ID
}

// Who follows only because of a handover stops when it is taken back; who
// followed before goes on.
func TestSetBackLeavesNothingOdd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, b := w.contract("A-1", w.of(who.Member)), w.contract("A-2", w.of(who.Member))
		w.must(w.Timeline.Follow(w.As(who.Member), b.ID))
		w.byRule()
		for _, c := range []contract.Contract{a, b} {
			w.change(c.ID, w.of(who.Admin))
			if !w.follows(c.ID, w.of(who.Member)) {
				t.Error("the former owner does not follow")
			}
			w.change(c.ID, w.of(who.Member))
			wants(t, "tasks", w.owners(c.ID), "[見積もりを送る → 田村 健]")
		}
		if w.follows(a.ID, w.of(who.Member)) || !w.follows(b.ID, w.of(who.Member)) {
			t.Error("followers are not what they were")
		}
		wants(t, "rows", w.rows(), 0)
	})
}

func TestNobodyIsHandedToWhoLeft(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.contract("A-1", w.of(who.Admin))
		w.must(w.Workspace.Remove(w.Ctx, w.of(who.Admin)))
		w.change(c.ID, w.of(who.Member))
		wants(t, "waiting", w.waits(who.Member), "[契約A-1 松井 里佳]")
		if w.follows(c.ID, w.of(who.Admin)) {
			t.Error("who left follows")
		}
		_, err := w.Handovers.Give(w.Ctx, handover.Input{Contracts: []id.ID{c.ID}, To: w.of(who.Admin)})
		if !fails(err, "to", "handover.err.to") {
			t.Error(err)
		}
	})
}

func (w *world) bring(csv string) intake.Import {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "list.csv")
	w.must(os.WriteFile(path, []byte(csv), 0o600))
	im, err := w.Imports.Stage(w.Ctx, intake.Upload{Path: path, FileName: "list.csv", Source: "契約管理"})
	w.must(err)
	im, err = w.Imports.Apply(w.Ctx, im.ID, intake.ApplyOptions{})
	w.must(err)
	return im
}

// An import that names another owner, even somebody new, is a handover; taken
// back, none of it has been.
func TestImportAndItsUndo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.bring("契約ID,会社名,担当,更新日\nB-1,しらさぎ食品,田村 健,2026/3/18\nB-2,北つばめ急送,田村 健,2026/3/18\n")
		w.byRule()
		wants(t, "a first list", w.rows(), 0)
		im := w.bring("契約ID,会社名,担当,更新日\nB-1,しらさぎ食品,松井 里佳,2026/3/18\nB-2,北つばめ急送,新井 さくら,2026/3/18\n")
		wants(t, "waiting", w.waits(who.Admin), "[しらさぎ食品 田村 健]")
		wants(t, "rows", w.rows(), 2)
		list, _, err := w.Handovers.List(w.Ctx, handover.Query{Open: true})
		w.must(err)
		if list[0].By.ID != 0 || list[1].By.ID != 0 {
			t.Error("an import is nobody's act")
		}
		if _, err := w.Handovers.Undo(w.Ctx, list[0].Batch); !errs.Is(err, errs.Forbidden) {
			t.Errorf("an import was taken back here: %v", err)
		}
		_, err = w.Handovers.Settle(w.As(who.Admin), w.first(who.Admin))
		w.must(err)
		_, kept, err := w.Imports.Undo(w.Ctx, im.ID)
		w.must(err)
		if len(kept) != 0 {
			t.Errorf("%+v", kept)
		}
		wants(t, "rows after the undo", w.rows(), 0)
		wants(t, "nobody is told", w.waits(who.Member), "[]")
		members, err := w.Workspace.Members(w.Ctx)
		w.must(err)
		for _, m := range members {
			if m.Name == "新井 さくら" {
				t.Error("the one only the import knew is still there")
			}
		}
		page, err := w.Contracts.List(w.Ctx, contract.Query{})
		w.must(err)
		for _, c := range page.Items {
			wants(t, c.Key, w.owners(c.ID), "[見積もりを送る → 田村 健]")
			if c.OwnerName != "田村 健" || w.follows(c.ID, w.of(who.Member)) {
				t.Errorf("%s: %s", c.Key, c.OwnerName)
			}
		}
	})
}

// A slice of changes costs the same however long it is.
func TestOneSliceOneSetOfStatements(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		cost := func(n int) int64 {
			var refs []id.ID
			for i := range n {
				c := w.contract(fmt.Sprint("S", n, "-", i), w.of(who.Member))
				w.byHand(c.ID, w.of(who.Member), "電話する")
				refs = append(refs, c.ID)
			}
			ctx, trace := db.Counting(w.Ctx)
			_, err := w.Handovers.Give(ctx, handover.Input{Contracts: refs, To: w.of(who.Admin), Words: "よろしく"})
			w.must(err)
			return trace.Load()
		}
		few, many := cost(2), cost(40)
		if few != many || few > 25 {
			t.Errorf("%d statements for two, %d for forty", few, many)
		}
	})
}

func TestGive(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me, boss := w.of(who.Member), w.of(who.Admin)
		a, b, theirs, free := w.contract("A-1", me), w.contract("A-2", me), w.contract("A-3", boss), w.contract("A-4", 0)
		w.byHand(a.ID, me, "電話する")
		whole := w.byHand(b.ID, me, "資料をまとめる")
		_, err := w.Tasks.Create(w.As(who.Member), task.New{Parent: whole.ID, Title: "表紙", Owner: me})
		w.must(err)
		w.byHand(a.ID, w.of(who.Owner), "岡田の分")
		w.byRule()
		all := []id.ID{a.ID, b.ID, theirs.ID, free.ID, a.ID}
		counts, err := w.Handovers.Preview(w.As(who.Member), all, boss)
		w.must(err)
		wants(t, "preview", counts, handover.Counts{Contracts: 3, RuleTasks: 3, HandTasks: 2})
		act, err := w.Handovers.Give(w.As(who.Member), handover.Input{Contracts: all, To: boss, Words: " 来週から 産休に入ります。\n"})
		w.must(err)
		wants(t, "counts", act.Counts, counts)
		if len(act.List) != 3 || act.Words != "来週から 産休に入ります。" || act.By.ID != me {
			t.Errorf("%+v", act)
		}
		wants(t, "waiting", len(w.waits(who.Admin)), 3)
		wants(t, "tasks", w.owners(a.ID), "[岡田の分 → 岡田 真帆 見積もりを送る → 松井 里佳 電話する → 田村 健]")
		wants(t, "nobody's", w.owners(free.ID), "[見積もりを送る → 松井 里佳]")
		if got := w.trail(a.ID); got[0] != "handover.said" || got[1] != "contract.changed" {
			t.Errorf("%v", got)
		}
		if got := w.trail(theirs.ID); got[0] != "rule.fired" {
			t.Errorf("a contract they had already: %v", got)
		}
	})
}

func TestGiveRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.contract("A-1", w.of(who.Member))
		boss := w.of(who.Admin)
		stranger := who.From(w.Other()).Member
		for name, x := range map[string]struct {
			in         handover.Input
			field, key string
		}{
			"none":          {handover.Input{To: boss}, "contracts", "handover.err.none"},
			"too many":      {handover.Input{To: boss, Contracts: many(handover.MaxContracts + 1)}, "contracts", "handover.err.too_many"},
			"nobody":        {handover.Input{Contracts: []id.ID{c.ID}}, "to", "err.required"},
			"a stranger":    {handover.Input{Contracts: []id.ID{c.ID}, To: stranger}, "to", "handover.err.to"},
			"long words":    {handover.Input{Contracts: []id.ID{c.ID}, To: boss, Words: strings.Repeat("長", 1001)}, "words", "err.too_long"},
			"theirs":        {handover.Input{Contracts: []id.ID{c.ID}, To: w.of(who.Member)}, "contracts", "handover.err.theirs"},
			"no such":       {handover.Input{Contracts: []id.ID{c.ID, id.New()}, To: boss}, "", "err.not_found"},
			"several wrong": {handover.Input{Words: strings.Repeat("長", 1001)}, "words", "err.too_long"},
		} {
			_, err := w.Handovers.Give(w.As(who.Member), x.in)
			if !fails(err, x.field, x.key) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.Handovers.Give(w.As(who.Viewer), handover.Input{Contracts: []id.ID{c.ID}, To: boss}); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
		if _, err := w.Handovers.Give(w.Other(), handover.Input{Contracts: []id.ID{c.ID}, To: boss}); err == nil {
			t.Error("a stranger gave it away")
		}
		wants(t, "rows", w.rows(), 0)
	})
}

func many(n int) []id.ID {
	out := make([]id.ID, n)
	for i := range out {
		out[i] = id.ID(i + 1)
	}
	return out
}

func TestUndo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me, boss := w.of(who.Member), w.of(who.Admin)
		a, b, free := w.contract("A-1", me), w.contract("A-2", me), w.contract("A-3", 0)
		w.byRule()
		act := w.give(who.Member, boss, "", a.ID, b.ID, free.ID)
		if _, err := w.Handovers.Undo(w.As(who.Viewer), act.Batch); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
		_, err := w.Handovers.Settle(w.As(who.Admin), w.first(who.Admin)) // reading it does not make it stay
		w.must(err)
		w.change(b.ID, w.of(who.Owner))
		u, err := w.Handovers.Undo(w.As(who.Member), act.Batch)
		w.must(err)
		if len(u.Restored) != 2 || len(u.Kept) != 1 || u.Kept[0].Contract != b.ID || u.Kept[0].Name != "契約A-2" {
			t.Errorf("%+v", u)
		}
		wants(t, "tasks", w.owners(a.ID), "[見積もりを送る → 田村 健]")
		wants(t, "tasks", w.owners(b.ID), "[見積もりを送る → 岡田 真帆]")
		wants(t, "tasks", w.owners(free.ID), "[見積もりを送る → ]")
		wants(t, "waiting", w.waits(who.Admin), "[]")
		wants(t, "not told of their own", w.waits(who.Member), "[]")
		wants(t, "the later one stays", w.waits(who.Owner), "[契約A-2 松井 里佳]")
		again, err := w.Handovers.Undo(w.As(who.Member), act.Batch)
		w.must(err)
		if len(again.Restored) != 0 || len(again.Kept) != 1 {
			t.Errorf("undone twice: %+v", again)
		}
		late := w.give(who.Member, boss, "", a.ID)
		w.Travel(handover.UndoFor)
		if _, err := w.Handovers.Undo(w.As(who.Member), late.Batch); !fails(err, "", "handover.err.too_late") {
			t.Error(err)
		}
		if _, err := w.Handovers.Undo(w.Other(), late.Batch); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
	})
}

// An admin may take back what somebody else did.
func TestUndoByAnAdmin(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.contract("A-1", w.of(who.Member))
		act := w.give(who.Member, w.of(who.Owner), "", c.ID)
		u, err := w.Handovers.UndoOf(w.As(who.Admin), act.List[0].ID)
		w.must(err)
		if len(u.Restored) != 1 {
			t.Errorf("%+v", u)
		}
	})
}

func TestCard(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me, boss := w.of(who.Member), w.of(who.Admin)
		c := w.contract("A-1", me)
		say := func(body string, hunch timeline.Hunch) timeline.Note {
			w.Travel(time.Minute)
			n, err := w.Timeline.Post(w.As(who.Member), timeline.PostInput{Contract: c.ID, Body: body, Hunch: hunch})
			w.must(err)
			return n
		}
		pinned := say("毎月10日に定例", "")
		say("", timeline.Bad)
		for i := range 6 {
			say(fmt.Sprint("ことば", i), "")
		}
		hidden, err := w.Timeline.Post(w.As(who.Member), timeline.PostInput{Contract: c.ID, Body: "ひとりごと", Hunch: timeline.Bad, Visibility: timeline.AuthorOnly})
		w.must(err)
		w.exec("UPDATE note SET pinned = TRUE WHERE id = $1 OR id = $2", pinned.ID, hidden.ID)
		_, err = w.Contacts.Add(w.Ctx, c.ID, contact.Contact{Name: "佐藤 亮", Title: "部長"}, "決める人")
		w.must(err)
		w.byHand(c.ID, me, "電話する")
		whole := w.byHand(c.ID, me, "資料をまとめる")
		_, err = w.Tasks.Create(w.As(who.Member), task.New{Parent: whole.ID, Title: "表紙"})
		w.must(err)
		w.byRule()
		act := w.give(who.Owner, boss, "よろしくお願いします", c.ID)
		card, err := w.Handovers.Card(w.As(who.Admin), act.List[0].ID)
		w.must(err)
		if len(card.Pinned) != 1 || card.Pinned[0].Body != "毎月10日に定例" || len(card.Last) != 5 || card.Last[0].Body != "ことば5" ||
			len(card.Hunches) != 1 || card.Hunches[0].Hunch != "bad" {
			t.Errorf("what was said: %+v", card)
		}
		if card.From.ID != me || card.By.ID != w.of(who.Owner) || card.Words != "よろしくお願いします" {
			t.Errorf("%+v", card.Handover)
		}
		if len(card.Mine) != 1 || card.Mine[0].Title != "見積もりを送る" || len(card.Offered) != 2 {
			t.Errorf("tasks: %+v, %+v", card.Mine, card.Offered)
		}
		if len(card.Contacts) != 1 || card.Contacts[0].Role != "決める人" || card.Terms.RenewalDate != "2026-03-18" {
			t.Errorf("%+v %+v", card.Contacts, card.Terms)
		}
		if _, err := w.Handovers.Card(w.As(who.Member), act.List[0].ID); !errs.Is(err, errs.Forbidden) {
			t.Errorf("somebody else's card: %v", err)
		}
	})
}

func (w *world) exec(stmt string, args ...any) {
	w.t.Helper()
	w.must(w.d.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, stmt, args...)
		return err
	}))
}

func TestTakeAndGiveBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me, boss := w.of(who.Member), w.of(who.Admin)
		c := w.contract("A-1", me)
		call, whole := w.byHand(c.ID, me, "電話する"), w.byHand(c.ID, me, "資料をまとめる")
		_, err := w.Tasks.Create(w.As(who.Member), task.New{Parent: whole.ID, Title: "表紙"})
		w.must(err)
		w.byHand(c.ID, w.of(who.Owner), "岡田の分")
		ref := w.give(who.Member, boss, "", c.ID).List[0].ID
		if _, _, err := w.Handovers.Take(w.As(who.Member), ref); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
		_, moved, err := w.Handovers.Take(w.As(who.Admin), ref, call.ID)
		w.must(err)
		if len(moved) != 1 || moved[0].ID != call.ID {
			t.Errorf("%+v", moved)
		}
		_, moved, err = w.Handovers.Take(w.As(who.Admin), ref)
		w.must(err)
		wants(t, "with its part", len(moved), 2)
		wants(t, "tasks", w.owners(c.ID), "[岡田の分 → 岡田 真帆 表紙 → 松井 里佳 資料をまとめる → 松井 里佳 電話する → 松井 里佳]")
		if _, _, err := w.Handovers.Take(w.As(who.Admin), ref); !fails(err, "", "handover.err.taken") {
			t.Error(err)
		}
		_, _, err = w.Handovers.GiveBack(w.As(who.Admin), ref, whole.ID)
		w.must(err)
		wants(t, "tasks", w.owners(c.ID), "[岡田の分 → 岡田 真帆 表紙 → 田村 健 資料をまとめる → 田村 健 電話する → 松井 里佳]")
		w.must(w.Workspace.Remove(w.Ctx, me))
		if _, _, err := w.Handovers.GiveBack(w.As(who.Admin), ref, call.ID); !fails(err, "to", "handover.err.to") {
			t.Error(err)
		}
	})
}

func TestSettle(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.contract("A-1", w.of(who.Member))
		ref := w.give(who.Member, w.of(who.Viewer), "", c.ID).List[0].ID
		if _, err := w.Handovers.Settle(w.As(who.Member), ref); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
		reader := w.Actors[who.Viewer]
		reader.ReadOnly = true
		if _, err := w.Handovers.Settle(who.With(w.Ctx, reader), ref); !errs.Is(err, errs.Forbidden) {
			t.Errorf("a token that only reads: %v", err)
		}
		for range 2 {
			h, err := w.Handovers.Settle(w.As(who.Viewer), ref)
			if err != nil || h.Open() {
				t.Errorf("%v %+v", err, h)
			}
		}
		wants(t, "settled", w.waits(who.Viewer), "[]")
		_, err := w.Handovers.Unsettle(w.As(who.Viewer), ref)
		w.must(err)
		wants(t, "back", w.waits(who.Viewer), "[契約A-1 田村 健]")
		_, err = w.Handovers.Settle(w.As(who.Viewer), ref)
		w.must(err)
		w.change(c.ID, w.of(who.Admin))
		if _, err := w.Handovers.Unsettle(w.As(who.Viewer), ref); !fails(err, "", "handover.err.passed_on") {
			t.Error(err)
		}
		if _, err := w.Handovers.Settle(w.Other(), ref); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
	})
}

// Twenty cards ask as many questions as two.
func TestCardsAskAFixedNumberOfQuestions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		add := func(n int, key string) {
			var refs []id.ID
			for i := range n {
				c := w.contract(fmt.Sprint(key, i), w.of(who.Member))
				w.byHand(c.ID, w.of(who.Member), "電話する")
				refs = append(refs, c.ID)
			}
			w.give(who.Member, w.of(who.Admin), "", refs...)
		}
		ask := func() (int64, int) {
			ctx, n := db.Counting(w.As(who.Admin))
			cards, _, err := w.Handovers.Cards(ctx, "")
			w.must(err)
			return n.Load(), len(cards)
		}
		add(2, "F")
		few, two := ask()
		add(20, "M")
		many, ten := ask()
		if few != many || few > 6 || two != 2 || ten != handover.CardsPage {
			t.Errorf("%d questions for %d, %d for %d", few, two, many, ten)
		}
		seen := map[id.ID]bool{}
		for cursor := ""; ; {
			cards, next, err := w.Handovers.Cards(w.As(who.Admin), cursor)
			w.must(err)
			for _, c := range cards {
				seen[c.ID] = true
			}
			if cursor = next; next == "" {
				break
			}
		}
		wants(t, "all pages", len(seen), 22)
		if _, _, err := w.Handovers.Cards(w.As(who.Admin), "x"); !fails(err, "cursor", "err.cursor") {
			t.Error(err)
		}
	})
}
