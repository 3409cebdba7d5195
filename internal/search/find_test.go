package search_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/search"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/testkit/corpus"
	"kizuki/internal/text"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// world is an app with one contract to write on.
type world struct {
	*apptest.App
	t *testing.T
	c contract.Contract
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{App: apptest.New(t, d), t: t}
	var err error
	w.c, err = w.Contracts.Create(w.Ctx, contract.Input{Key: "A-1", Name: "配車システム", Organization: "㈱みなと物流",
		Owner: w.Actors[who.Member].Member.String(), Amount: "100", RenewalDate: "2026-06-30"})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// post writes a note a second after whatever was before.
func (w *world) post(ctx context.Context, body string) timeline.Note {
	w.t.Helper()
	w.Travel(time.Second)
	n, err := w.Timeline.Post(ctx, timeline.PostInput{Contract: w.c.ID, Body: body})
	w.must(err)
	return n
}

func (w *world) drain() {
	w.t.Helper()
	_, err := w.Search.Drain(context.Background())
	w.must(err)
}

// find gives the ids of all hits, over all pages.
func (w *world) find(ctx context.Context, q search.Query) []id.ID {
	w.t.Helper()
	var out []id.ID
	for {
		res, err := w.Search.Find(ctx, q)
		w.must(err)
		for _, h := range res.Hits {
			out = append(out, h.ID)
		}
		if q.Cursor = res.Next; q.Cursor == "" {
			return out
		}
	}
}

func (w *world) words(ctx context.Context, q string, want ...id.ID) {
	w.t.Helper()
	got := w.find(ctx, search.Query{Q: q})
	if !slices.Equal(got, want) {
		w.t.Errorf("%q found %v, want %v", q, got, want)
	}
}

// each state of the index gives the same answers: all waiting, some, none.
func (w *world) twice(f func()) {
	w.t.Helper()
	f()
	w.drain()
	f()
}

func TestFoundByTheFirstQuery(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.post(w.Ctx, "ｻｰﾊﾞｰの更新は3月、髙﨑さんとAPI連携を確認 👍")
		for _, q := range []string{"サーバ", "サーバー", "さーばー", "高崎", "３月", "API 連携", "api連携", "👍", "更", "PI連"} {
			w.words(w.Ctx, q, n.ID)
		}
		w.drain()
		for _, q := range []string{"サーバ", "サーバー", "さーばー", "高崎", "３月", "API 連携", "api連携", "👍", "更", "PI連"} {
			w.words(w.Ctx, q, n.ID)
		}
		n, err := w.Timeline.Edit(w.Ctx, n.ID, timeline.EditInput{Body: "別の話", Version: n.Version})
		w.must(err)
		w.twice(func() {
			w.words(w.Ctx, "サーバ")
			w.words(w.Ctx, "別の話", n.ID)
		})
		_, err = w.Timeline.Delete(w.Ctx, n.ID)
		w.must(err)
		w.twice(func() { w.words(w.Ctx, "別の話") })
		_, err = w.Timeline.Restore(w.Ctx, n.ID)
		w.must(err)
		w.twice(func() { w.words(w.Ctx, "別の話", n.ID) })
	})
}

func TestEveryKind(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.Travel(time.Second)
		todo, err := w.Tasks.Create(w.Ctx, task.New{Contract: w.c.ID, Title: "配車表を送る"})
		w.must(err)
		top := w.post(w.Ctx, "配車がむずかしい")
		w.Travel(time.Second)
		reply, err := w.Timeline.Post(w.Ctx, timeline.PostInput{Contract: w.c.ID, Parent: top.ID, Body: "配車の返信"})
		w.must(err)
		w.Travel(time.Second)
		p, err := w.Contacts.Add(w.Ctx, w.c.ID, contact.Contact{Name: "配車 太郎"}, "")
		w.must(err)
		w.twice(func() {
			w.words(w.Ctx, "配車", p.ID, reply.ID, top.ID, todo.ID, w.c.ID)
			w.words(w.Ctx, "配車 種類:気づき", reply.ID, top.ID)
			w.words(w.Ctx, "配車 type:task", todo.ID)
			w.words(w.Ctx, "株式会社みなと物流 種類:顧客", w.c.OrgID)
			w.words(w.Ctx, "(株)みなと 種類:契約", w.c.ID)
			w.words(w.Ctx, "配車 契約:A-1 種類:先方", p.ID)
		})
		res, err := w.Search.Find(w.Ctx, search.Query{Q: "配車"})
		w.must(err)
		for i, want := range []string{"/contracts/" + w.c.ID.String(), "/notes/" + reply.ID.String(), "/notes/" + top.ID.String(), "/tasks/" + todo.ID.String(), "/contracts/" + w.c.ID.String()} {
			if res.Hits[i].URL != want {
				t.Errorf("hit %d opens %s, want %s", i, res.Hits[i].URL, want)
			}
		}
		_, err = w.Orgs.Update(w.Ctx, w.c.OrgID, []org.Edit{{Field: "name", New: "しらさぎ運輸"}})
		w.must(err)
		w.twice(func() {
			w.words(w.Ctx, "みなと 種類:契約")
			w.words(w.Ctx, "しらさぎ 種類:契約", w.c.ID)
		})
	})
}

func TestWordsOfAQuery(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a := w.post(w.Ctx, "解約の相談があった")
		w.Travel(time.Hour * 24 * 40)
		b := w.post(w.As(who.Member), "解約ではなく更新の相談")
		w.Travel(time.Hour)
		c := w.post(w.Ctx, "更新した。東京 大阪")
		w.twice(func() {
			w.words(w.Ctx, "解約 相談", b.ID, a.ID)
			w.words(w.Ctx, "解約 -更新", a.ID)
			w.words(w.Ctx, "解約 OR 更新 種類:メモ", c.ID, b.ID, a.ID)
			w.words(w.Ctx, "解約 または 大阪", c.ID, b.ID, a.ID)
			w.words(w.Ctx, `"更新の相談"`, b.ID)
			w.words(w.Ctx, `「東京 大阪」`, c.ID)
			w.words(w.Ctx, "-解約 種類:メモ", c.ID)
			w.words(w.Ctx, "相談 書いた人:田村", b.ID)
			w.words(w.Ctx, "相談 author:おかだ", a.ID)
			w.words(w.Ctx, "相談 担当:田村", b.ID, a.ID)
			w.words(w.Ctx, "相談 担当：岡田")
			w.words(w.Ctx, "相談 期間:2026-02", a.ID)
			w.words(w.Ctx, "相談 期間:2026-03..2026-04", b.ID)
			w.words(w.Ctx, "相談 から:2026/3/1", b.ID)
			w.words(w.Ctx, "相談 to:2026-02-17", a.ID)
			w.words(w.Ctx, "種類:メモ 期間:2026-03", c.ID, b.ID)
		})
		for q, key := range map[string]string{"種類:宇宙": "search.err.kind", "担当:だれか": "search.err.member", "契約:ない": "search.err.contract",
			"チーム:ない": "search.err.unit", "期間:いつか": "search.err.date", strings.Repeat("長", 2000): "err.too_long"} {
			_, err := w.Search.Find(w.Ctx, search.Query{Q: q})
			if e := errs.As(err); err == nil || e.Key != key {
				t.Errorf("%.20s: %v, want %s", q, err, key)
			}
		}
	})
}

// A note too long for one row is one hit, wherever in it the words stand.
func TestLongNotes(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		filler := corpus.New(3)
		var long strings.Builder
		long.WriteString("紺青がはじめに。")
		for long.Len() < 45_000 {
			long.WriteString(filler.Note())
		}
		long.WriteString("山吹がおわりに。")
		body := []rune(long.String())
		n := w.post(w.Ctx, string(body[:min(len(body), 19_000)])+"山吹がおわりに。")
		short := w.post(w.Ctx, "紺青だけ")
		w.twice(func() {
			w.words(w.Ctx, "紺青", short.ID, n.ID)
			w.words(w.Ctx, "紺青 山吹", n.ID)
			w.words(w.Ctx, "紺青 -山吹", short.ID)
			w.words(w.Ctx, "山吹 OR だけ", short.ID, n.ID)
			w.words(w.Ctx, "がおわりに", n.ID)
		})
		if got := w.find(w.Ctx, search.Query{Q: "の", Kind: "note", Limit: 1}); len(got) != 1 || got[0] != n.ID {
			t.Errorf("の: %v", got)
		}
	})
}

// fill writes n notes into the table, some of them of other times, and has them
// indexed.
func (w *world) fill(seed uint64, n int) (bodies []string, ids []id.ID) {
	w.t.Helper()
	c := corpus.New(seed)
	w.must(w.DB.InTx(w.Ctx, func(ctx context.Context, tx *db.Tx) error {
		bodies, ids = nil, nil
		var rows [][]any
		for i := range n {
			body, ref := c.Note(), id.New()
			at := ref.Time()
			if i%3 == 0 {
				at = apptest.Start.Add(-time.Duration(i) * time.Hour)
			}
			bodies, ids = append(bodies, body), append(ids, ref)
			rows = append(rows, []any{w.Actors[who.Owner].Workspace, ref, w.c.ID, w.Actors[who.Owner].Member, db.Micros(at), body, "{}"})
		}
		return db.Bulk(ctx, tx, `INSERT INTO note (workspace_id, id, contract_id, author_id, at, body, context)`, "", rows)
	}))
	_, err := w.Search.Rebuild(w.Ctx, func(search.Progress) {})
	w.must(err)
	return bodies, ids
}

// What is found is what a LIKE over the folded texts gives: nothing missed,
// nothing extra, on both databases.
func TestHitsAreThoseOfLike(t *testing.T) {
	notes := 5000
	if testing.Short() {
		notes = 800
	}
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		bodies, ids := w.fill(11, notes)
		folded := make([]string, len(bodies))
		for i, b := range bodies {
			folded[i] = text.FoldSearch(b)
		}
		c := corpus.New(12)
		found := 0
		for range 200 {
			term := c.Term(bodies)
			f := text.FoldSearch(term)
			if f == "" {
				continue
			}
			want := map[id.ID]bool{}
			for i := range folded {
				if strings.Contains(folded[i], f) {
					want[ids[i]] = true
				}
			}
			got := w.find(w.Ctx, search.Query{Q: `"` + strings.ReplaceAll(term, `"`, "") + `"`, Kind: "note", Limit: 200})
			for _, ref := range got {
				if !want[ref] {
					t.Errorf("%q (%q): %v is extra", term, f, ref)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%q (%q): %d hits, LIKE gives %d", term, f, len(got), len(want))
			}
			found += len(got)
		}
		if found < notes {
			t.Errorf("only %d hits in all: the terms are too rare to say anything", found)
		}
	})
}

func TestPagesHaveNoSeams(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.fill(5, 300)
		for i := range 30 { // and some that wait
			w.post(w.Ctx, fmt.Sprintf("確認した %d", i))
		}
		whole := w.find(w.Ctx, search.Query{Q: "確認", Limit: 200})
		for _, limit := range []int{1, 7, 20} {
			if got := w.find(w.Ctx, search.Query{Q: "確認", Limit: limit}); !slices.Equal(got, whole) {
				t.Errorf("by %d: %d hits, at once %d", limit, len(got), len(whole))
			}
		}
		res, err := w.Search.Find(w.Ctx, search.Query{Q: "確認", Limit: 200})
		w.must(err)
		if !slices.IsSortedFunc(res.Hits, func(a, b search.Hit) int {
			return b.At.Truncate(time.Millisecond).Compare(a.At.Truncate(time.Millisecond))
		}) {
			t.Error("not the newest first")
		}
		best := w.find(w.Ctx, search.Query{Q: "確認", Sort: search.Best, Limit: 13})
		slices.Sort(best)
		slices.Sort(whole)
		if !slices.Equal(best, whole) {
			t.Errorf("best: %d hits, recent %d", len(best), len(whole))
		}
	})
}
