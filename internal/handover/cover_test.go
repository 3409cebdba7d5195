package handover_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/handover"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// away makes 松井 stand in for 田村; today is 2026-02-17.
func (w *world) away(from, to string) handover.Cover {
	w.t.Helper()
	c, err := w.Handovers.SetCover(w.As(who.Member), handover.CoverInput{Deputy: w.of(who.Admin), From: from, To: to, Words: "夏休みです"})
	w.must(err)
	return c
}

func TestSetCoverRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.away("2026-03-01", "2026-03-05")
		me, boss := w.of(who.Member), w.of(who.Admin)
		for name, x := range map[string]struct {
			in         handover.CoverInput
			field, key string
		}{
			"nobody":         {handover.CoverInput{From: "2026-02-18", To: "2026-02-18"}, "deputy", "err.required"},
			"oneself":        {handover.CoverInput{Deputy: me, From: "2026-02-18", To: "2026-02-18"}, "deputy", "handover.err.myself"},
			"a viewer":       {handover.CoverInput{Deputy: w.of(who.Viewer), From: "2026-02-18", To: "2026-02-18"}, "deputy", "handover.err.deputy"},
			"a stranger":     {handover.CoverInput{Deputy: who.From(w.Other()).Member, From: "2026-02-18", To: "2026-02-18"}, "deputy", "handover.err.deputy"},
			"no day":         {handover.CoverInput{Deputy: boss, From: "2026-02-18"}, "to", "err.required"},
			"no such day":    {handover.CoverInput{Deputy: boss, From: "2026-02-30", To: "2026-03-01"}, "from", "err.no_such_day"},
			"words for REST": {handover.CoverInput{Deputy: boss, From: "明日", To: "2026-02-28"}, "from", "err.date"},
			"backwards":      {handover.CoverInput{Deputy: boss, From: "2026-02-20", To: "2026-02-19"}, "to", "handover.err.order"},
			"past":           {handover.CoverInput{Deputy: boss, From: "2026-02-10", To: "2026-02-16"}, "to", "handover.err.past"},
			"over a year":    {handover.CoverInput{Deputy: boss, From: "2026-04-01", To: "2027-04-02"}, "to", "handover.err.too_long"},
			"long words":     {handover.CoverInput{Deputy: boss, From: "2026-02-18", To: "2026-02-18", Words: strings.Repeat("長", 1001)}, "words", "err.too_long"},
			"last day taken": {handover.CoverInput{Deputy: boss, From: "2026-02-27", To: "2026-03-01"}, "from", "handover.err.overlap"},
			"within":         {handover.CoverInput{Deputy: w.of(who.Owner), From: "2026-03-02", To: "2026-03-03"}, "from", "handover.err.overlap"},
		} {
			if _, err := w.Handovers.SetCover(w.As(who.Member), x.in); !fails(err, x.field, x.key) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.Handovers.SetCover(w.As(who.Viewer), handover.CoverInput{Deputy: boss, From: "2026-02-18", To: "2026-02-18"}); !errs.Is(err, errs.Forbidden) {
			t.Errorf("a viewer: %v", err)
		}
		if _, err := w.Handovers.SetCover(w.As(who.Member), handover.CoverInput{Member: boss, Deputy: me, From: "2026-02-18", To: "2026-02-18"}); !errs.Is(err, errs.Forbidden) {
			t.Errorf("for somebody else: %v", err)
		}
		if _, err := w.Handovers.SetCover(w.As(who.Admin), handover.CoverInput{Member: w.of(who.Owner), Deputy: me, From: "2026-02-18", To: "2026-02-18"}); err != nil {
			t.Errorf("an admin: %v", err)
		}
		c, err := w.Handovers.SetCover(w.As(who.Member), handover.CoverInput{Deputy: boss, From: "来週月曜", To: "2/27", Form: true})
		if err != nil || c.From != "2026-02-23" || c.To != "2026-02-27" {
			t.Errorf("as people say it: %+v %v", c, err)
		}
		list, err := w.Handovers.Covers(w.As(who.Viewer))
		w.must(err)
		wants(t, "the team's", len(list), 3)
		if list, err := w.Handovers.Covers(w.Other()); err != nil || len(list) != 0 {
			t.Errorf("another workspace: %v %v", list, err)
		}
	})
}

// Of many who name a deputy for the same days at once one gets through.
func TestCoversDoNotOverlap(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for i := range 8 {
			wg.Go(func() {
				in := handover.CoverInput{Deputy: w.of(who.Admin), From: fmt.Sprintf("2026-03-%02d", 1+i), To: "2026-03-20"}
				_, err := w.Handovers.SetCover(w.As(who.Member), in)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else if !fails(err, "from", "handover.err.overlap") {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		wants(t, "got through", done, 1)
	})
}

// lines are the deputy's day: whose, what.
func (w *world) lines(role who.Role) []string {
	w.t.Helper()
	q, err := w.Today.Queue(w.As(role))
	w.must(err)
	out := []string{}
	for _, m := range q.Matters {
		s := string(m.Kind) + " " + m.For.Name
		for _, t := range m.Tasks {
			s += " " + t.Title
		}
		out = append(out, s)
	}
	if q.Count != len(q.Matters) {
		w.t.Errorf("%d counted, %d shown", q.Count, len(q.Matters))
	}
	return out
}

func (w *world) due(c, owner id.ID, title string, day cal.Date) task.Task {
	w.t.Helper()
	t, err := w.Tasks.Create(w.Ctx, task.New{Contract: c, Title: title, Owner: owner, Due: day, Minutes: 10})
	w.must(err)
	return t
}

func TestDeputysDay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me, boss := w.of(who.Member), w.of(who.Admin)
		c := w.contract("A-1", me)
		mine := w.due(c.ID, me, "電話する", "2026-02-10")
		w.due(c.ID, me, "まだ先", "2026-02-18")
		w.due(c.ID, boss, "松井の分", "2026-02-11")
		w.due(0, me, "契約のない用", "2026-02-12")
		secret := w.contract("A-2", me)
		w.due(secret.ID, me, "内密の用", "2026-02-12")
		w.exec("UPDATE contract SET visibility = 'limited' WHERE id = $1", secret.ID)
		wants(t, "before", w.lines(who.Admin), "[tasks  松井の分]")
		w.away("2026-02-17", "2026-02-18")
		wants(t, "the deputy's day", w.lines(who.Admin), "[tasks 田村 健 電話する tasks  松井の分 tasks 田村 健 契約のない用]")
		q, err := w.Today.Queue(w.As(who.Admin))
		w.must(err)
		wants(t, "minutes", q.Minutes, 30)
		wants(t, "nobody else's", w.lines(who.Owner), "[]")
		if len(w.lines(who.Member)) != 3 {
			t.Error("the absent one's own day has changed")
		}
		_, err = w.Today.Done(w.As(who.Admin), q.Matters[0].Key, "つながりました")
		w.must(err)
		got, err := w.Tasks.Get(w.Ctx, mine.ID)
		w.must(err)
		if got.State != task.StateDone || got.DoneBy != boss || got.Owner != me {
			t.Errorf("%+v", got)
		}
		wants(t, "one down", w.lines(who.Admin), "[tasks  松井の分 tasks 田村 健 契約のない用]")
		w.Travel(24 * time.Hour) // the last day
		wants(t, "the last day", len(w.lines(who.Admin)), 3)
		w.Travel(14 * time.Hour) // 2026-02-19 0:00 in Tokyo, still the 18th in London
		wants(t, "over", w.lines(who.Admin), "[tasks  松井の分]")
	})
}

func TestDeputyDecidesAboutVanishedRows(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.bring("契約ID,会社名,担当,更新日\nB-1,しらさぎ食品,田村 健,2026/3/18\nB-2,北つばめ急送,岡田 真帆,2026/3/18\n")
		w.away("2026-02-17", "2026-02-18")
		w.exec("UPDATE source_key SET absent_since = 1771290000000000 WHERE contract_id IN (SELECT id FROM contract WHERE key = 'B-1')")
		wants(t, "the deputy's day", w.lines(who.Admin), "[absent 田村 健]")
		w.exec("UPDATE contract SET visibility = 'limited'")
		wants(t, "not of what the deputy may not read", w.lines(who.Admin), "[]")
		wants(t, "but of their own", w.lines(who.Member), "[absent ]")
	})
}

// The same questions, however many lines the absent one has.
func TestDeputysDayAsksAFixedNumberOfQuestions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.away("2026-02-17", "2026-02-18")
		ask := func() int64 {
			ctx, n := db.Counting(w.As(who.Admin))
			if _, err := w.Today.Queue(ctx); err != nil {
				t.Fatal(err)
			}
			return n.Load()
		}
		w.due(w.contract("A", w.of(who.Member)).ID, w.of(who.Member), "電話する", "2026-02-10")
		few := ask()
		for i := range 30 {
			w.due(w.contract(fmt.Sprint("A-", i), w.of(who.Member)).ID, w.of(who.Member), "電話する", "2026-02-10")
		}
		if many := ask(); few != many || few > 12 {
			t.Errorf("%d questions, then %d", few, many)
		}
	})
}

func TestTheDeputyIsCalled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.contract("A-1", w.of(who.Member))
		w.away("2026-02-17", "2026-02-18")
		post := func(role who.Role, body string) timeline.Note {
			n, err := w.Timeline.Post(w.As(role), timeline.PostInput{Contract: c.ID, Body: body})
			w.must(err)
			return n
		}
		inbox := func(role who.Role) (out []string) {
			list, _, err := w.Timeline.Inbox(w.As(role), "", 0)
			w.must(err)
			for _, n := range list {
				out = append(out, n.Kind+" "+n.Text)
			}
			return out
		}
		w.exec("INSERT INTO notice_choice (workspace_id, member_id, kind, inbox, message) VALUES ($1, $2, 'follow', TRUE, TRUE)",
			w.Actors[who.Owner].Workspace, w.of(who.Member))
		w.must(w.Timeline.Follow(w.As(who.Member), c.ID))
		post(who.Owner, "だれも呼ばない") // who follows hears it, and is not called
		post(who.Owner, "@田村 健 急ぎです")
		post(who.Admin, "@田村 健 見ておきますね") // the deputy's own
		post(who.Owner, "@松井 里佳 @田村 健 ふたりとも")
		wants(t, "the deputy hears", inbox(who.Admin), "[mention @松井 里佳 @田村 健 ふたりとも cover @田村 健 急ぎです]")
		wants(t, "the absent one does, too", len(inbox(who.Member)), 4)
		secret := w.contract("A-2", w.of(who.Member))
		w.exec("UPDATE contract SET visibility = 'limited' WHERE id = $1", secret.ID)
		w.exec("INSERT INTO reader (workspace_id, kind, ref_id, who, who_id) VALUES ($1, 'contract', $2, 'member', $3)",
			w.Actors[who.Owner].Workspace, secret.ID, w.of(who.Owner))
		_, err := w.Timeline.Post(w.As(who.Owner), timeline.PostInput{Contract: secret.ID, Body: "@田村 健 ここだけの話"})
		w.must(err)
		wants(t, "not of what the deputy may not read", len(inbox(who.Admin)), 2)
		if n, err := w.Timeline.Unread(w.As(who.Admin)); err != nil || n != 2 {
			t.Errorf("%d are counted: %v", n, err)
		}
		w.Travel(48 * time.Hour)
		post(who.Owner, "@田村 健 おかえり")
		wants(t, "over", len(inbox(who.Admin)), 2)
	})
}

func TestReturn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.of(who.Member)
		c, other := w.contract("A-1", me), w.contract("A-2", w.of(who.Owner))
		cover := w.away("2026-02-17", "2026-02-18")
		early := w.due(c.ID, me, "その前", "2026-02-10")
		_, err := w.Tasks.Done(w.As(who.Member), early.ID, "", false)
		w.must(err)
		for _, x := range []struct {
			contract id.ID
			title    string
		}{{c.ID, "電話する"}, {other.ID, "岡田の分"}} {
			tk := w.due(x.contract, me, x.title, "2026-02-10")
			_, err := w.Tasks.Done(w.As(who.Admin), tk.ID, "", false)
			w.must(err)
			_, err = w.Timeline.Post(w.As(who.Admin), timeline.PostInput{Contract: x.contract, Body: x.title + "のメモ"})
			w.must(err)
		}
		if list, err := w.Handovers.Returned(w.As(who.Member)); err != nil || len(list) != 0 {
			t.Errorf("still away: %v %v", list, err)
		}
		w.Travel(48 * time.Hour)
		tk := w.due(c.ID, me, "もどってから", "2026-02-10")
		_, err = w.Tasks.Done(w.As(who.Admin), tk.ID, "", false)
		w.must(err)
		list, err := w.Handovers.Returned(w.As(who.Member))
		w.must(err)
		if len(list) != 1 || list[0].ID != cover.ID || list[0].Deputy.Name != "松井 里佳" {
			t.Fatalf("%+v", list)
		}
		m, err := w.Handovers.Meanwhile(w.As(who.Member), cover.ID)
		w.must(err)
		if len(m.Tasks) != 1 || m.Tasks[0].Title != "電話する" || len(m.Spoken) != 1 || m.Spoken[0].Body != "電話するのメモ" || m.Spoken[0].Name != "契約A-1" {
			t.Errorf("%+v", m)
		}
		if _, err := w.Handovers.Meanwhile(w.As(who.Viewer), cover.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("somebody else: %v", err)
		}
		if _, err := w.Handovers.ReadCover(w.As(who.Admin), cover.ID); !errs.Is(err, errs.Forbidden) {
			t.Errorf("the deputy read it: %v", err)
		}
		_, err = w.Handovers.ReadCover(w.As(who.Member), cover.ID)
		w.must(err)
		if list, _ := w.Handovers.Returned(w.As(who.Member)); len(list) != 0 {
			t.Error("it was read")
		}
	})
}

func TestEndAndDelete(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		running := w.away("2026-02-17", "2026-02-27")
		later := w.away("2026-03-01", "2026-03-05")
		if _, _, err := w.Handovers.EndCover(w.As(who.Viewer), running.ID); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
		w.Travel(24 * time.Hour)
		c, gone, err := w.Handovers.EndCover(w.As(who.Member), running.ID)
		if err != nil || gone || c.To != "2026-02-17" {
			t.Errorf("%+v %v %v", c, gone, err)
		}
		if list, _ := w.Handovers.Covered(w.As(who.Admin)); len(list) != 0 {
			t.Error("it goes on")
		}
		if list, _ := w.Handovers.Returned(w.As(who.Member)); len(list) != 1 {
			t.Error("nobody says who covered")
		}
		w.away("2026-02-18", "2026-02-20") // the days are free again
		_, err = w.Handovers.DeleteCover(w.As(who.Owner), later.ID)
		w.must(err)
		if _, err := w.Handovers.DeleteCover(w.As(who.Member), later.ID); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
		coming := w.away("2026-03-01", "2026-03-05")
		_, gone, err = w.Handovers.EndCover(w.As(who.Admin), coming.ID)
		if err != nil || !gone {
			t.Errorf("%v %v", gone, err)
		}
		if _, err := w.Handovers.DeleteCover(w.Other(), running.ID); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
	})
}

// Who has left stands in for nobody.
func TestWhoLeftCoversNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.contract("A-1", w.of(who.Member))
		w.away("2026-02-17", "2026-02-18")
		if _, on, err := w.Handovers.CoverOf(w.As(who.Viewer), c.OwnerID); err != nil || !on {
			t.Errorf("%v %v", on, err)
		}
		w.must(w.Workspace.Remove(w.Ctx, w.of(who.Admin)))
		if _, on, err := w.Handovers.CoverOf(w.As(who.Viewer), c.OwnerID); err != nil || on {
			t.Errorf("%v %v", on, err)
		}
	})
}
