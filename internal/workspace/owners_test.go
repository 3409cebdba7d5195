package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

func (w *world) resolve(c context.Context, ws id.ID, names ...string) Owners {
	w.t.Helper()
	var out Owners
	ok(w.t, w.d.InTx(c, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = w.s.ResolveOwners(ctx, tx, ws, names)
		return err
	}))
	return out
}

func TestOwnersAreFound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ws := w.workspace("a").Workspace
		tanaka := w.member(ws, who.Member, "田中 一郎", "tanaka@example.jp").Member
		takahashi := w.member(ws, who.Member, "髙橋", "takahashi@example.jp").Member
		ann := w.member(ws, who.Viewer, "Ann Lee", "ann@example.jp").Member
		w.placeholder(ws, "田中一郎", "") // the active one goes first
		sato := w.placeholder(ws, "佐藤", "")
		w.member(w.workspace("b").Workspace, who.Member, "鈴木", "suzuki@example.jp")
		want := map[string]id.ID{
			"田中 一郎": tanaka, "田中一郎": tanaka, "田中　一郎": tanaka, " 田中一郎\n": tanaka,
			"Tanaka@Example.JP": tanaka, "ｔａｎａｋａ＠example.jp": tanaka, "だれか <tanaka@example.jp>": tanaka,
			"高橋": takahashi, "ann lee": ann, "ＡＮＮＬＥＥ": ann, "佐藤": sato,
		}
		var names []string
		for n := range want {
			names = append(names, n)
		}
		long := strings.Repeat("長", 101)
		names = append(names, "", " \u3000", "\ufe0f", "鈴木", "suzuki@example.jp", long, "佐藤", "鈴木")
		got, err := w.s.LookupOwners(ctx, w.d, ws, names)
		ok(t, err)
		for n, m := range want {
			if got.Found[n] != m {
				t.Errorf("%q is %v, want %v", n, got.Found[n], m)
			}
		}
		if len(got.Found) != len(want) || !slices.Equal(got.Unknown, []string{"鈴木", "suzuki@example.jp"}) ||
			!slices.Equal(got.Invalid, []string{long}) || len(got.Ambiguous)+len(got.Created) != 0 {
			t.Fatalf("got %+v", got)
		}
		equal(t, "nothing was written", w.count("SELECT count(*) FROM member WHERE workspace_id = $1", ws), 6)
	})
}

func TestUnknownOwnersBecomePlaceholders(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.workspace("a")
		ws := owner.Workspace
		names := []string{"鈴木 次郎", "鈴木次郎", "Jiro@example.jp", "伊藤 <ito@example.jp>", "ito@EXAMPLE.jp",
			strings.Repeat("長", 101) + " <long@example.jp>", "=?utf-8?q?a=00b?= <nul@example.jp>"}
		got := w.resolve(ctx, ws, names...)
		if len(got.Created) != 5 || len(got.Unknown) != 0 || got.Found["鈴木 次郎"] != got.Found["鈴木次郎"] ||
			got.Found["ito@EXAMPLE.jp"] != got.Found["伊藤 <ito@example.jp>"] {
			t.Fatalf("got %+v", got)
		}
		ito, jiro := w.get(ws, got.Found["ito@EXAMPLE.jp"]), w.get(ws, got.Found["Jiro@example.jp"])
		if ito.Name != "伊藤" || ito.Mail != "ito@example.jp" || ito.State != Placeholder || ito.Role != who.Member || jiro.Name != "Jiro@example.jp" {
			t.Fatalf("got %+v, %+v", ito, jiro)
		}
		again := w.resolve(ctx, ws, names...)
		equal(t, "made again", len(again.Created), 0)
		equal(t, "the same", again.Found["鈴木次郎"], got.Found["鈴木次郎"])

		// Joining keeps the id; leaving keeps it too, so that next month's file
		// does not make a stranger of the same name.
		m := w.accept(w.link(owner, "jiro@example.jp", who.Member, 0), newcomer("鈴木 次郎"))
		equal(t, "claimed by mail", m.ID, jiro.ID)
		ok(t, w.s.Remove(as(owner), m.ID))
		equal(t, "found after leaving", w.resolve(ctx, ws, "jiro@example.jp").Found["jiro@example.jp"], jiro.ID)
	})
}

func TestAmbiguousOwners(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ws := w.workspace("a").Workspace
		a := w.member(ws, who.Member, "佐藤 健", "a@example.jp").Member
		b := w.member(ws, who.Admin, "佐藤健", "b@example.jp").Member
		w.placeholder(ws, "佐藤健", "")
		got := w.resolve(ctx, ws, "佐藤健", "b@example.jp")
		if !slices.Equal(got.Ambiguous["佐藤健"], []id.ID{a, b}) || len(got.Found) != 1 || got.Found["b@example.jp"] != b || len(got.Created) != 0 {
			t.Fatalf("got %+v", got)
		}
	})
}

func TestOwnersCostAFixedNumberOfQueries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for round, n := range []int{1, 300} {
			ws := w.workspace(fmt.Sprint("q", round)).Workspace
			var names []string
			for i := range n {
				names = append(names, fmt.Sprintf("担当 %d", i))
			}
			c, count := db.Counting(ctx)
			equal(t, "made", len(w.resolve(c, ws, names...).Created), n)
			equal(t, "statements that make", count.Load(), 3)
			c, count = db.Counting(ctx)
			w.resolve(c, ws, names...)
			equal(t, "statements that find", count.Load(), 1)
		}
	})
}

func TestTwoImportsAtOnceMakeAPersonOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ws := w.workspace("a").Workspace
		ok(t, errors.Join(atOnce(10, func(i int) error {
			return w.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := w.s.ResolveOwners(ctx, tx, ws, []string{"鈴木", fmt.Sprint("担当", i%3)})
				return err
			})
		})...))
		equal(t, "members", w.count("SELECT count(*) FROM member"), 5)
	})
}
