package task_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/cal"
	"kizuki/internal/contract/walk"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

func (w *world) listed(q task.Query) string {
	w.t.Helper()
	p, err := w.List(w.ctx, q)
	if err != nil {
		w.t.Fatalf("%+v: %v", q, err)
	}
	return strings.TrimSpace(titles(p.Items))
}

func TestQueries(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		top, team := id.New(), id.New()
		w.exec("INSERT INTO unit (workspace_id, id, parent_id, name, name_fold) VALUES ($1, $2, NULL, '上', '上')", w.ws, top)
		w.exec("INSERT INTO unit (workspace_id, id, parent_id, name, name_fold) VALUES ($1, $2, $3, '下', '下')", w.ws, team, top)
		w.exec("INSERT INTO unit_member (workspace_id, member_id, unit_id) VALUES ($1, $2, $3)", w.ws, w.abe, team)
		w.exec("UPDATE contract SET phase = '定着', outlook = 'watch' WHERE id = $1", w.minato)
		w.create(task.New{Title: "ＡＢＣを送る", Contract: w.minato, Due: "2026-02-20", Minutes: 30})
		w.create(task.New{Title: "聞く", Owner: w.abe, Contract: w.sirasagi, Minutes: 5, OriginKind: task.RuleOrigin, OriginID: 7})
		done := w.create(task.New{Title: "済", Due: "2026-02-01"})
		w.Done(w.ctx, done.ID, "", false)
		_, org, err := w.Called(w.ctx, 0, 0)
		if err != nil || org != "" {
			t.Error(org, err)
		}
		if name, _, err := w.Called(w.ctx, w.minato, 0); err != nil || name != "みなと物流 本社契約" {
			t.Error(name, err)
		}
		for _, c := range []struct {
			q    task.Query
			want string
		}{
			{task.Query{Text: "abc"}, "ＡＢＣを送る"},
			{task.Query{Unit: top}, "聞く"},
			{task.Query{Unit: top, OnlyUnit: true}, ""},
			{task.Query{Unit: team, OnlyUnit: true}, "聞く"},
			{task.Query{Without: []string{"unit"}}, "済 ＡＢＣを送る"},
			{task.Query{Phase: "定着"}, "ＡＢＣを送る"},
			{task.Query{Outlook: "watch"}, "ＡＢＣを送る"},
			{task.Query{Without: []string{"phase"}}, "聞く"},
			{task.Query{Without: []string{"contract"}}, "済"},
			{task.Query{Without: []string{"due"}}, "聞く"},
			{task.Query{Without: []string{"minutes"}}, "済"},
			{task.Query{Origin: "rule"}, "聞く"},
			{task.Query{Origin: "hand", State: task.StateOpen}, "ＡＢＣを送る"},
			{task.Query{MinutesMin: 10}, "ＡＢＣを送る"},
			{task.Query{MinutesMax: 10, Sort: "minutes"}, "聞く"},
			{task.Query{DoneFrom: "2026-02-17", DoneBefore: "2026-02-18"}, "済"},
			{task.Query{DoneBefore: "2026-02-17"}, ""},
			{task.Query{DueFrom: "2026-02-02"}, "ＡＢＣを送る"},
			{task.Query{Sort: "-minutes"}, "ＡＢＣを送る 聞く 済"},
			{task.Query{Sort: "minutes"}, "聞く ＡＢＣを送る 済"},
			{task.Query{Sort: "-done"}, "済 聞く ＡＢＣを送る"},
			{task.Query{Sort: "created"}, "済 聞く ＡＢＣを送る"},
			{task.Query{Sort: "-due"}, "ＡＢＣを送る 済 聞く"},
		} {
			if got := w.listed(c.q); got != c.want {
				t.Errorf("%+v: %s, not %s", c.q, got, c.want)
			}
		}
		for _, bad := range []task.Query{{Sort: "title"}, {State: "x"}, {DueFrom: "x"}, {Origin: "x"}, {Without: []string{"x"}}, {Owner: "x"}} {
			if _, err := w.List(w.ctx, bad); !errs.Is(err, errs.Invalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if _, err := w.List(context.Background(), task.Query{}); !errs.Is(err, errs.Unauthorized) {
			t.Error(err)
		}
	})
}

// What a limited contract holds is nowhere for those who may not read it.
func TestLimitedContractsAreNowhere(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.exec("UPDATE contract SET visibility = 'limited' WHERE id = $1", w.minato)
		w.create(task.New{Title: "内緒", Contract: w.minato, Owner: w.abe, Due: "2026-02-17", Minutes: 10})
		w.create(task.New{Title: "公", Owner: w.abe, Due: "2026-02-17", Minutes: 10})
		abe := w.as(w.abe, who.Owner)
		for _, q := range []task.Query{{}, {Owner: "me"}, {Contract: w.minato}, {Text: "内緒"}, {DueFrom: "2026-02-17"}, {Sort: "created"}, {Sort: "minutes"}} {
			for ctx, hidden := range map[context.Context]bool{abe: true, w.ctx: false} {
				if !hidden {
					q.Owner = ""
				}
				p, err := w.List(ctx, q)
				total, err2 := w.Total(ctx, q)
				parts, err3 := w.Parts(ctx, []task.Query{q}, 5)
				if err != nil || err2 != nil || err3 != nil {
					t.Fatal(err, err2, err3)
				}
				if seen := strings.Contains(titles(p.Items), "内緒"); seen == hidden || total.N != len(p.Items) || parts[0].N != total.N || len(parts[0].Items) != total.N ||
					total.Minutes != 10*total.N {
					t.Errorf("%+v, hidden %v: %s, %+v, %+v", q, hidden, titles(p.Items), total, parts[0])
				}
			}
		}
		if name, _, err := w.Called(abe, w.minato, 0); err != nil || name != "" {
			t.Error("its name is told", name, err)
		}
	})
}

// The pages of every query are the whole of it, once each, and so are its parts,
// whichever plan finds them.
func TestPagesOfTasksAreTheWhole(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var list []task.New
		for i := range 60 {
			n := task.New{Title: fmt.Sprint(i), Minutes: i % 4 * 5, Owner: []id.ID{0, w.okada, w.abe}[i%3], Contract: []id.ID{0, w.minato}[i%2]}
			if i%5 > 0 {
				n.Due = cal.Date("2026-02-10").AddDays(i % 11)
			}
			list = append(list, n)
		}
		w.in(func(ctx context.Context, tx *db.Tx) error { _, err := w.CreateManyIn(ctx, tx, list); return err })
		all, _ := w.List(w.ctx, task.Query{Limit: 200})
		for i, it := range all.Items {
			if i%4 == 0 {
				w.Done(w.ctx, it.ID, "", false)
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			task.SetLimits(w.Service, rapid.SampledFrom([]walk.Limits{walk.Usual, {Probe: 3, Step: 2, Walk: 5}, {Probe: 20, Step: 10, Walk: 30}}).Draw(t, "limits"))
			q := task.Query{Sort: rapid.SampledFrom([]string{"due", "-due", "minutes", "-minutes", "owner", "-owner", "done", "-done", "created"}).Draw(t, "sort"),
				Owner:   rapid.SampledFrom([]string{"", "me", "none", w.abe.String()}).Draw(t, "owner"),
				State:   rapid.SampledFrom([]task.State{"", task.StateOpen, task.StateDone}).Draw(t, "state"),
				DueFrom: rapid.SampledFrom([]cal.Date{"", "2026-02-15"}).Draw(t, "from"), Limit: rapid.IntRange(1, 20).Draw(t, "limit")}
			want := 0
			for i, it := range all.Items {
				settled := i%4 == 0
				owner := map[string]bool{"": true, "me": it.Owner == w.okada, "none": it.Owner == 0, w.abe.String(): it.Owner == w.abe}[q.Owner]
				if owner && (q.State == "" || (q.State == task.StateDone) == settled) && it.Due >= q.DueFrom {
					want++
				}
			}
			var got []id.ID
			for pages := 0; pages < 200; pages++ {
				p, err := w.List(w.ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, it := range p.Items {
					got = append(got, it.ID)
				}
				if q.Cursor = p.Next; q.Cursor == "" {
					break
				}
			}
			slices.Sort(got)
			if n := len(slices.Compact(got)); n != want || len(got) != want {
				t.Fatalf("%+v: %d of %d, %d of them different", q, len(got), want, n)
			}
		})
	})
}

// However many parts and tasks there are, the questions are as many.
func TestPartsAskAFixedNumberOfQuestions(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ask := func(n int) (int64, []task.Part) {
			queries := []task.Query{{State: task.StateOpen, DueBefore: "2026-02-17"}, {State: task.StateOpen, DueFrom: "2026-02-17"}}
			for range n {
				queries = append(queries, task.Query{State: task.StateOpen, Owner: w.abe.String(), Phase: "定着"}, task.Query{State: task.StateOpen, Without: []string{"due"}})
			}
			ctx, count := db.Counting(w.ctx)
			parts, err := w.Parts(ctx, queries, 3)
			if err != nil {
				t.Fatal(err)
			}
			return count.Load(), parts
		}
		w.create(task.New{Title: "0", Due: "2026-02-10"})
		few, _ := ask(1)
		for i := range 10 {
			w.create(task.New{Title: fmt.Sprint(i), Due: "2026-02-18", Minutes: 10})
		}
		many, parts := ask(25)
		if few != many || few > 5 {
			t.Errorf("%d questions, then %d", few, many)
		}
		if parts[0].N != 1 || parts[1].N != 10 || len(parts[1].Items) != 3 || parts[1].Minutes != 100 || !parts[1].Exact || parts[2].N != 0 {
			t.Errorf("%+v", parts[:3])
		}
	})
}
