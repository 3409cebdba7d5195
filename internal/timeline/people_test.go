package timeline

import (
	"context"
	"slices"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

func TestFollow(t *testing.T) {
	each(t, func(w *world) {
		for range 2 { // twice is once
			if err := w.s.Follow(w.as("中野"), w.minato); err != nil {
				w.t.Fatal(err)
			}
		}
		w.say("岡田", "書いた人もフォローする")
		got, err := w.s.Followers(w.as("中野"), w.minato)
		if err != nil || len(got) != 2 || got[0].Name != "岡田 真帆" || got[1].Name != "中野 翔太" {
			w.t.Errorf("followers %v, %v", got, err)
		}
		if err := w.s.Unfollow(w.as("中野"), w.minato); err != nil {
			w.t.Fatal(err)
		}
		if got, _ := w.s.Followers(w.as("中野"), w.minato); len(got) != 1 {
			w.t.Errorf("followers %v", got)
		}
		for _, muted := range []bool{true, false} { // who mutes follows
			if err := w.s.Mute(w.as("中野"), w.minato, muted); err != nil {
				w.t.Fatal(err)
			}
			if got, _ := w.s.Followers(w.as("中野"), w.minato); len(got) != 2 || got[1].Muted != muted || got[0].Muted {
				w.t.Errorf("muted %v: %v", muted, got)
			}
		}
		wantErr(w.t, w.s.Follow(w.as("中野"), w.far), errs.NotFound, "err.not_found")
		wantErr(w.t, w.s.Mute(w.as("中野"), w.far, true), errs.NotFound, "err.not_found")
		a := w.people["岡田"]
		a.ReadOnly = true
		wantErr(w.t, w.s.Follow(who.With(context.Background(), a), w.minato), errs.Forbidden, "err.token_reads_only")
		wantErr(w.t, w.s.MarkRead(who.With(context.Background(), who.System(w.ws, nil))), errs.Forbidden, "err.forbidden")
	})
}

func TestInbox(t *testing.T) {
	each(t, func(w *world) {
		var notes []Note
		for _, body := range []string{"一", "二", "三", "四", "五"} {
			notes = append(notes, w.say("岡田", "@田村 健 "+body))
		}
		w.tx(w.as("岡田"), func(ctx context.Context, tx *db.Tx) { // other features bring their own kinds
			list := []NoticeInput{{Member: w.people["田村"].Member, Kind: "assigned", CauseKind: "task", CauseID: 9, Contract: w.kita}}
			if err := w.s.NotifyIn(ctx, tx, w.ws, append(list, list...)); err != nil {
				w.t.Fatal(err)
			}
		})
		var got []Notice
		for cursor, more := "", true; more; more = cursor != "" {
			var page []Notice
			var err error
			if page, cursor, err = w.s.Inbox(w.as("田村"), cursor, 2); err != nil {
				w.t.Fatal(err)
			}
			got = append(got, page...)
		}
		if len(got) != 6 || got[0].Kind != "assigned" || got[0].Name != "北つばめ急送" || got[1].Text != "@田村 健 五" ||
			got[1].Author.Name != "岡田 真帆" || got[1].Name != "みなと物流 本社契約" || got[1].CauseID != notes[4].ID {
			w.t.Fatalf("inbox %+v", got)
		}
		unread := func(want int) {
			w.t.Helper()
			if n, err := w.s.Unread(w.as("田村")); err != nil || n != want {
				w.t.Errorf("unread %d, %v; want %d", n, err, want)
			}
		}
		unread(6)
		for _, err := range []error{
			w.s.MarkRead(w.as("石川"), got[0].ID), // not hers: nothing happens
			w.s.MarkRead(w.as("田村"), got[0].ID),
			w.s.MarkSeen(w.as("田村"), notes[4].ID),
		} {
			if err != nil {
				w.t.Error(err)
			}
		}
		unread(4)
		if err := w.s.MarkRead(w.as("田村")); err != nil {
			w.t.Error(err)
		}
		unread(0)
		if list, _, _ := w.s.Inbox(w.as("石川"), "", 0); len(list) != 0 {
			w.t.Errorf("石川 has %v", list)
		}
	})
}

func TestImportedNotes(t *testing.T) {
	each(t, func(w *world) {
		long := slices.Repeat([]rune("長"), MaxBody+5)
		ctx := bus.Because(w.as("岡田"), bus.Cause{ActorKind: "import", ActorID: 7, Kind: "import", ID: 7})
		var ids []id.ID
		w.tx(ctx, func(ctx context.Context, tx *db.Tx) {
			var err error
			ids, err = w.s.AddNotesIn(ctx, tx, []ImportedNote{
				{Contract: w.minato, Body: " これまでの経緯 @田村 健 ", At: w.now.Add(-48 * time.Hour)},
				{Contract: w.kita, Body: string(long), AuthorID: w.people["田村"].Member},
			})
			if err != nil {
				w.t.Fatal(err)
			}
		})
		p := w.trail("中野", Words)
		if n := p.Entries[0].Note; n.ID != ids[0] || n.Body != "これまでの経緯 @田村 健" || n.Author != (Person{}) || n.Context.Days != nil {
			w.t.Errorf("imported %+v", p.Entries[0].Note)
		}
		if n, err := w.s.Get(w.as("中野"), ids[1]); err != nil || len([]rune(n.Body)) != MaxBody || n.Author.Name != "田村 健" {
			w.t.Errorf("overlong: %d, %v", len([]rune(n.Body)), err)
		}
		if len(w.inbox("田村")) != 0 {
			w.t.Error("old words notify")
		}
		touched := func(want ...id.ID) {
			w.t.Helper()
			w.tx(ctx, func(ctx context.Context, tx *db.Tx) {
				got, err := w.s.TouchedByPeopleIn(ctx, tx, w.ws, []id.ID{w.minato, w.kita})
				if err != nil || len(got) != len(want) || len(want) == 1 && !got[want[0]] {
					w.t.Errorf("touched %v, %v; want %v", got, err, want)
				}
			})
		}
		touched()
		w.say("田村", "@石川 由香 電話した", hidden)
		touched(w.minato)
		if _, err := w.s.Edit(w.as("田村"), ids[1], EditInput{Body: "直した", Version: 1}); err != nil {
			w.t.Error(err)
		}
		touched(w.minato, w.kita)
	})
}

func TestUndoClearsEverything(t *testing.T) {
	each(t, func(w *world) {
		n := w.say("岡田", "@田村 健 見て")
		w.say("田村", "見た", under(n))
		if _, err := w.s.Edit(w.as("岡田"), n.ID, EditInput{Body: "@田村 健 見てね", Version: 1}); err != nil {
			w.t.Fatal(err)
		}
		w.happen(w.as("岡田"), w.changed(map[string][2]any{"status": {"a", "b"}}))
		kept, err := w.s.Post(w.as("岡田"), PostInput{Contract: w.kita, Body: "残る"})
		if err != nil {
			w.t.Fatal(err)
		}
		var gone []id.ID
		w.bus.Subscribe(func(_ context.Context, _ *db.Tx, list []bus.Change) error {
			for _, c := range list {
				gone = append(gone, c.Ref)
			}
			return nil
		}, NoteDeleted)
		w.tx(w.as("岡田"), func(ctx context.Context, tx *db.Tx) {
			if err := w.s.DeleteForUndoIn(ctx, tx, w.ws, []id.ID{w.minato}); err != nil {
				w.t.Fatal(err)
			}
			w.exec(tx, "DELETE FROM contract WHERE workspace_id = $1 AND id = $2", w.ws, w.minato) // nothing holds it any more
		})
		if len(gone) != 2 {
			w.t.Errorf("told of %v", gone)
		}
		if _, err := w.s.Get(w.as("中野"), kept.ID); err != nil {
			w.t.Error(err)
		}
	})
}
