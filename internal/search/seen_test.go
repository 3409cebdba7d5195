package search_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/search"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// Whatever is limited is found by those who may read it and by nobody else,
// waiting or indexed, in either order, with its facets.
func TestOnlyWhatOneMayRead(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		admin := audience.Reader{Kind: "member", ID: w.Actors[who.Admin].Member}
		closed, err := w.Contracts.Create(w.Ctx, contract.Input{Key: "極秘-1", Name: "極秘の契約", Organization: "株式会社みなと物流",
			Owner: w.Actors[who.Owner].Member.String()})
		w.must(err)
		_, err = w.Contacts.Add(w.Ctx, closed.ID, contact.Contact{Name: "極秘さん"}, "")
		w.must(err)
		_, err = w.Tasks.Create(w.Ctx, task.New{Contract: closed.ID, Title: "極秘の作業"})
		w.must(err)
		_, err = w.Timeline.Post(w.Ctx, timeline.PostInput{Contract: closed.ID, Body: "極秘の話"})
		w.must(err)
		w.must(w.Contracts.Limit(w.Ctx, closed.ID, true, []audience.Reader{admin}))
		own, err := w.Timeline.Post(w.Ctx, timeline.PostInput{Contract: w.c.ID, Body: "極秘のひとりごと", Visibility: timeline.AuthorOnly})
		w.must(err)
		w.twice(func() {
			for _, sort := range []string{search.Recent, search.Best} {
				for q, want := range map[string][3]int{"極秘": {5, 4, 0}, "極秘のひとりごとはどこですか": {0, 0, 0}, "種類:メモ -更新": {2, 1, 0}} {
					for i, role := range []who.Role{who.Owner, who.Admin, who.Member} {
						if got := w.find(w.As(role), search.Query{Q: q, Sort: sort, Limit: 2}); len(got) != want[i] && (want[0] > 0 || role != who.Owner && slices.Contains(got, own.ID)) {
							t.Errorf("%s %q as %s: %d hits, want %d", sort, q, role, len(got), want[i])
						}
					}
				}
			}
			res, err := w.Search.Find(w.As(who.Member), search.Query{Q: "種類:契約", Facets: true})
			w.must(err)
			if res.Found != 1 || strings.Contains(toText(res), "極秘") {
				t.Errorf("%+v", res)
			}
			if got := w.find(w.As(who.Member), search.Query{Contract: closed.ID}); len(got) != 0 {
				t.Errorf("by the contract's id: %v", got)
			}
			_, err = w.Search.Find(w.As(who.Member), search.Query{Q: "契約:極秘"})
			if e := errs.As(err); e == nil || e.Key != "search.err.contract" {
				t.Error(err)
			}
		})
		if got := w.find(w.Other(), search.Query{Q: "極秘 OR 配車 OR みなと"}); len(got) != 0 {
			t.Errorf("another workspace found %v", got)
		}
		if _, err := w.Search.Find(context.Background(), search.Query{Q: "極秘"}); !errs.Is(err, errs.Unauthorized) {
			t.Error(err)
		}
		_, err = w.Timeline.Post(w.Ctx, timeline.PostInput{Contract: w.c.ID, Body: "極秘のはなし", Visibility: timeline.AuthorOnly, Readers: []audience.Reader{admin}})
		w.must(err)
		w.find(w.As(who.Admin), search.Query{Q: "極秘のはなし"})
		n, _, err := db.One(w.Ctx, w.DB, db.Value[int64], "SELECT count(*) FROM audit WHERE act = 'note.read_limited'")
		w.must(err)
		if n != 1 {
			t.Errorf("%d lines in the audit log of a limited note that was shown", n)
		}
	})
}

func toText(res search.Result) string {
	var b strings.Builder
	for _, h := range res.Hits {
		b.WriteString(h.Title + h.ContractName + h.OrgName)
		for _, p := range h.Extract {
			b.WriteString(p.Text)
		}
	}
	for _, f := range res.Facets {
		for _, v := range f.Values {
			b.WriteString(v.Name)
		}
	}
	return b.String()
}

func TestFacets(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.post(w.Ctx, "更新の話")
		w.Travel(31 * 24 * time.Hour)
		w.post(w.As(who.Member), "更新のこと")
		unit, err := w.Workspace.CreateUnit(w.Ctx, "西日本", 0)
		w.must(err)
		w.must(w.Workspace.SetUnitMembers(w.Ctx, unit.ID, []id.ID{w.Actors[who.Member].Member}))
		w.twice(func() {
			res, err := w.Search.Find(w.Ctx, search.Query{Q: "更新", Facets: true, Limit: 1})
			w.must(err)
			got := map[string]string{}
			for _, f := range res.Facets {
				for _, v := range f.Values {
					name := v.Name
					if name == "" {
						name = v.Key
					}
					got[f.Name] += name + strings.Repeat("|", v.Count)
				}
			}
			want := map[string]string{"kind": "note||", "contract": "㈱みなと物流 配車システム||", "owner": "田村 健||", "author": "岡田 真帆|田村 健|",
				"unit": "西日本||", "month": "2026-03|2026-02|"}
			for k, v := range want {
				if got[k] != v {
					t.Errorf("%s: %q, want %q", k, got[k], v)
				}
			}
			w.words(w.Ctx, "更新 チーム:西 書いた人:田村", w.find(w.Ctx, search.Query{Q: "こと"})...)
		})
	})
}

// An undone import leaves nothing in the index.
func TestUndoneImport(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		path := filepath.Join(t.TempDir(), "list.csv")
		w.must(os.WriteFile(path, []byte("契約ID,契約名,会社名,更新日,メモ\nZ-1,群青サービス,群青商事,2026/3/20,群青の話\n"), 0o600))
		im, err := w.Imports.Stage(w.Ctx, intake.Upload{Path: path, FileName: "list.csv", Source: "群青"})
		w.must(err)
		im, err = w.Imports.Apply(w.Ctx, im.ID, intake.ApplyOptions{})
		w.must(err)
		w.twice(func() {
			if got := w.find(w.Ctx, search.Query{Q: "群青"}); len(got) < 2 {
				t.Errorf("%d hits after the import", len(got))
			}
		})
		_, _, err = w.Imports.Undo(w.Ctx, im.ID)
		w.must(err)
		w.twice(func() { w.words(w.Ctx, "群青") })
		n, _, err := db.One(w.Ctx, w.DB, db.Value[int64], "SELECT count(*) FROM search_doc")
		w.must(err)
		if n != 2 { // the contract of the world and its customer
			t.Errorf("%d rows in the index", n)
		}
	})
}

func TestRebuild(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.post(w.Ctx, "萌黄の話")
		w.must(w.DB.InTx(w.Ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, "DELETE FROM search_pending")
			return err
		}))
		w.words(w.Ctx, "萌黄") // nobody told the index
		var last search.Progress
		total, err := w.Search.Rebuild(w.Ctx, func(p search.Progress) { last = p })
		w.must(err)
		if total != 3 || last.Done == 0 {
			t.Errorf("%d things, last %+v", total, last)
		}
		w.words(w.Ctx, "萌黄", n.ID)
		w.must(w.DB.InTx(w.Ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, "DELETE FROM note")
			return err
		}))
		_, err = w.Search.Rebuild(w.Ctx, func(search.Progress) {})
		w.must(err)
		w.words(w.Ctx, "萌黄")
		left, _, err := db.One(w.Ctx, w.DB, db.Value[int64], "SELECT count(*) FROM search_doc WHERE kind = 'note'")
		w.must(err)
		if left != 0 {
			t.Errorf("%d rows of what is gone", left)
		}
		if _, err := w.Search.Rebuild(w.As(who.Member), nil); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
	})
}

// A written note that is indexed at the same moment loses none of its versions.
func TestWritingWhileIndexing(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		stop, ended := make(chan struct{}), make(chan error, 1)
		go func() {
			for {
				select {
				case <-stop:
					ended <- nil
					return
				default:
					if _, err := w.Search.Drain(context.Background()); err != nil {
						ended <- err
						return
					}
				}
			}
		}()
		n := w.post(w.Ctx, "版0")
		for i := range 40 {
			var err error
			n, err = w.Timeline.Edit(w.Ctx, n.ID, timeline.EditInput{Body: "版" + strings.Repeat("次", i+1) + "了", Version: n.Version})
			w.must(err)
			w.words(w.Ctx, n.Body, n.ID)
		}
		close(stop)
		w.must(<-ended)
		w.drain()
		w.words(w.Ctx, n.Body, n.ID)
		w.words(w.Ctx, "版次了")
	})
}

func TestBest(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		about := w.post(w.Ctx, "稟議の承認が遅れている。稟議は部長で止まっている。")
		near := w.post(w.Ctx, "更新の稟議は来週の会議で。")
		far := w.post(w.Ctx, strings.Repeat("研修の準備が進んでいる。", 20)+"稟議。")
		other := w.post(w.Ctx, "配車画面の操作がわからないという問い合わせ。")
		w.twice(func() {
			if got := w.find(w.Ctx, search.Query{Q: "稟議", Sort: search.Best}); !slices.Equal(got, []id.ID{about.ID, near.ID, far.ID}) {
				t.Errorf("稟議: %v", got)
			}
		})
		res, err := w.Search.Find(w.Ctx, search.Query{Q: "稟議の承認が止まっているのはなぜですか？", Sort: search.Best})
		w.must(err)
		if !res.Loose || len(res.Hits) == 0 || res.Hits[0].ID != about.ID {
			t.Errorf("a question: %+v", res)
		}
		res, err = w.Search.Find(w.Ctx, search.Query{Q: "配車の画面について問い合わせてきたのはどこ", Sort: search.Best})
		w.must(err)
		if len(res.Hits) == 0 || res.Hits[0].ID != other.ID {
			t.Errorf("a question: %+v", res)
		}
		if marked(res.Hits[0]) == "" {
			t.Error("nothing is marked")
		}
	})
}

func marked(h search.Hit) (out string) {
	for _, p := range h.Extract {
		if p.Mark {
			out += "[" + p.Text + "]"
		}
	}
	return out
}

func TestExtract(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.post(w.Ctx, strings.Repeat("前置きが続く。", 40)+"㈱みなと物流のｻｰﾊﾞｰが遅い。"+strings.Repeat("あとがき。", 40))
		res, err := w.Search.Find(w.Ctx, search.Query{Q: "株式会社みなと サーバー 種類:メモ"})
		w.must(err)
		if len(res.Hits) != 1 || marked(res.Hits[0]) != "[㈱みなと][ｻｰﾊﾞ]" {
			t.Fatalf("%+v", res)
		}
		n := 0
		for _, p := range res.Hits[0].Extract {
			n += utf8.RuneCountInString(p.Text)
		}
		if n > 150 || res.Hits[0].ContractName != "配車システム" || res.Hits[0].AuthorName != "岡田 真帆" {
			t.Errorf("%d characters, %+v", n, res.Hits[0])
		}
	})
}

func TestMissesAreCounted(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for range 3 {
			w.words(w.As(who.Viewer), "どこにもない")
		}
		w.words(w.Ctx, "ｱﾙｶﾅ")
		got, err := w.Search.Missed(w.Ctx, "2026-01-01", 10)
		w.must(err)
		if len(got) != 2 || got[0] != (search.Miss{Words: "どこにもない", Times: 3, Last: cal.Of(apptest.Start)}) || got[1].Words != "あるかな" {
			t.Errorf("%+v", got)
		}
		if _, err := w.Search.Missed(w.As(who.Member), "", 10); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
	})
}

func TestBadQueries(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for _, q := range []search.Query{{Sort: "odd"}, {Cursor: "?"}, {Q: "a", Sort: "best", Cursor: "eyJzIjoiciJ9"}, {Kind: "x"}, {From: "soon"}} {
			if _, err := w.Search.Find(w.Ctx, q); errs.As(err) == nil || errs.As(err).Code != errs.Invalid {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

// Any bytes give an answer or a sentence, never a database's error.
func FuzzFind(f *testing.F) {
	var worlds []*world
	for _, q := range []string{`"a`, `a* OR NOT (b`, `' & | ! <-> :*`, "-", "--a", "種類:", `担当:"`, "\x00\xff", "a OR OR b", "-a -b", "NEAR(a b)", "{}^~t:a", "😀 -😀", strings.Repeat("あ", 200), "期間:..", "2024-13..x", "《＊＿％＼》"} {
		f.Add(q, "recent")
		f.Add(q, "best")
	}
	for _, d := range []*db.DB{testkit.SQLite(f), testkit.Postgres(f)} {
		a := apptest.New(f, d)
		worlds = append(worlds, &world{App: a})
		c, err := a.Contracts.Create(a.Ctx, contract.Input{Key: "A", Name: "a", Organization: "b"})
		if err != nil {
			f.Fatal(err)
		}
		for _, s := range []string{"a b c", "更新 解約 😀", "NEAR 'x'"} {
			if _, err := a.Timeline.Post(a.Ctx, timeline.PostInput{Contract: c.ID, Body: s}); err != nil {
				f.Fatal(err)
			}
		}
		if _, err := a.Search.Drain(context.Background()); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, q, sort string) {
		if sort != search.Best {
			sort = ""
		}
		var found [2]int
		for i, w := range worlds {
			res, err := w.Search.Find(w.Ctx, search.Query{Q: q, Sort: sort})
			if e := errs.As(err); err != nil && e.Code == errs.Internal {
				t.Fatalf("%q: %v", q, err)
			}
			found[i] = len(res.Hits)
		}
		if found[0] != found[1] {
			t.Fatalf("%q: %d hits on SQLite, %d on PostgreSQL", q, found[0], found[1])
		}
	})
}
