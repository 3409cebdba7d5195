package timeline

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// mentioned are the members the mention table holds for a note.
func (w *world) mentioned(n Note) []id.ID {
	w.t.Helper()
	list, err := db.All(context.Background(), w.d, db.Value[id.ID],
		"SELECT member_id FROM mention WHERE workspace_id = $1 AND note_id = $2 ORDER BY member_id", w.ws, n.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) ids(names ...string) []id.ID {
	var out []id.ID
	for _, n := range names {
		out = append(out, w.people[n].Member)
	}
	slices.Sort(out)
	return out
}

// atOnce runs f that many times at once and gives the errors.
func atOnce(n int, f func(i int) error) []error {
	out := make([]error, n)
	start := make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-start
			out[i] = f(i)
		})
	}
	close(start)
	done.Wait()
	return out
}

// Twenty people write at once on one contract, calling the same colleagues:
// nothing is lost, and nobody follows or is called twice.
func TestPostsAtOnce(t *testing.T) {
	each(t, func(w *world) {
		const many = 20
		top := w.say("石川", "みんなどう思う？")
		authors := []string{"岡田", "田村", "石川", "Ann"}
		notes := make([]Note, many)
		for _, err := range atOnce(many, func(i int) (err error) {
			in := PostInput{Contract: w.minato, Body: fmt.Sprintf("@田村 健 @東京チーム %d", i), Hunch: []Hunch{"", Bad, Good}[i%3]}
			if i%2 == 1 {
				in.Parent = top.ID
			}
			notes[i], err = w.s.Post(w.as(authors[i%4]), in)
			return err
		}) {
			if err != nil {
				w.t.Fatal(err)
			}
		}
		list, _, err := w.s.Notes(w.as("中野"), w.minato, "", 200)
		if err != nil || len(list) != many+1 {
			w.t.Fatalf("%d notes, %v", len(list), err)
		}
		for i, n := range notes {
			if !slices.ContainsFunc(list, func(m Note) bool { return m.ID == n.ID && m.Body == n.Body && m.Hunch == n.Hunch }) {
				w.t.Errorf("note %d is lost", i)
			}
			if got := w.mentioned(n); !slices.Equal(got, w.ids("田村", "石川")) {
				w.t.Errorf("note %d mentions %v", i, got)
			}
		}
		followers, err := w.s.Followers(w.as("中野"), w.minato)
		if err != nil || len(followers) != 4 {
			w.t.Errorf("followers %v, %v", followers, err)
		}
		// 田村 and 石川 each wrote five themselves; 石川 hears of a reply that
		// also calls her once, as a call.
		if a, b := w.inbox("田村"), w.inbox("石川"); len(a) != 15 || len(b) != 15 {
			w.t.Errorf("%d and %d notices", len(a), len(b))
		}
		p := w.trail("中野", All)
		if len(p.Entries) != 1+many/2 || len(p.Entries[len(p.Entries)-1].Note.Replies) != many/2 {
			w.t.Errorf("trail %q", texts(p.Entries))
		}
	})
}

// Of two windows that save at once one wins and the other is told.
func TestEditsAtOnce(t *testing.T) {
	each(t, func(w *world) {
		n := w.say("岡田", "はじめ")
		won := 0
		for _, err := range atOnce(8, func(i int) error {
			_, err := w.s.Edit(w.as("岡田"), n.ID, EditInput{Body: fmt.Sprint("窓", i), Version: 1})
			return err
		}) {
			if err == nil {
				won++
			} else {
				wantErr(w.t, err, errs.Conflict, "timeline.err.changed")
			}
		}
		revs, err := w.s.Revisions(w.as("岡田"), n.ID)
		if won != 1 || err != nil || len(revs) != 1 {
			w.t.Errorf("%d won, revisions %v, %v", won, revs, err)
		}
	})
}

func TestFollowAndReadAtOnce(t *testing.T) {
	each(t, func(w *world) {
		w.say("岡田", "@田村 健 @石川 由香")
		for _, err := range atOnce(12, func(i int) error {
			ctx := w.as([]string{"田村", "石川"}[i%2])
			switch i % 3 {
			case 0:
				return w.s.Follow(ctx, w.kita)
			case 1:
				return w.s.MarkRead(ctx)
			}
			_, err := w.s.Unread(ctx)
			return err
		}) {
			if err != nil {
				w.t.Error(err)
			}
		}
		if f, err := w.s.Followers(w.as("中野"), w.kita); err != nil || len(f) != 2 {
			w.t.Errorf("followers %v, %v", f, err)
		}
		if n, err := w.s.Unread(w.as("田村")); err != nil || n != 0 {
			w.t.Errorf("unread %d, %v", n, err)
		}
	})
}

// Another workspace gets to nothing, by whatever way, and changes nothing.
func TestOtherWorkspacesAreNotThere(t *testing.T) {
	each(t, func(w *world) {
		n := w.say("岡田", "うちの言葉 @田村 健")
		ctx := who.With(context.Background(), w.other)
		for what, err := range map[string]error{
			"trail":     second(w.s.Trail(ctx, w.minato, All, "", 0)),
			"post":      second(w.s.Post(ctx, PostInput{Contract: w.minato, Body: "x"})),
			"reply":     second(w.s.Post(ctx, PostInput{Contract: w.far, Parent: n.ID, Body: "x"})),
			"get":       second(w.s.Get(ctx, n.ID)),
			"edit":      second(w.s.Edit(ctx, n.ID, EditInput{Body: "x", Version: 1})),
			"hunch":     second(w.s.SetHunch(ctx, n.ID, Bad)),
			"delete":    second(w.s.Delete(ctx, n.ID)),
			"restore":   second(w.s.Restore(ctx, n.ID)),
			"revisions": second(w.s.Revisions(ctx, n.ID)),
			"top":       second(w.s.Top(ctx, Note{ID: n.ID, Parent: n.ID})),
			"follow":    w.s.Follow(ctx, w.minato),
			"unfollow":  w.s.Unfollow(ctx, w.minato),
			"followers": second(w.s.Followers(ctx, w.minato)),
			"currency":  second(w.s.Currencies(ctx, w.minato)),
			"one":       second(w.s.One(ctx, n)),
		} {
			if !errs.Is(err, errs.NotFound) {
				w.t.Errorf("%s: %v", what, err)
			}
		}
		// What is asked in bulk simply has no answer.
		if err := w.s.MarkSeen(ctx, n.ID); err != nil {
			w.t.Error(err)
		}
		last, err := w.s.LastWords(ctx, w.d, []id.ID{w.minato})
		names, err2 := w.s.Names(ctx, "member", w.ids("岡田"))
		orgs, err3 := w.s.Names(ctx, "organization", []id.ID{w.minato})
		if len(last)+len(names)+len(orgs) != 0 || err != nil || err2 != nil || err3 != nil {
			w.t.Errorf("last words %v, names %v %v: %v %v %v", last, names, orgs, err, err2, err3)
		}
		if len(w.inbox("田村")) != 1 || len(w.trail("岡田", All).Entries) != 1 {
			w.t.Error("something changed")
		}
		if unread, err := w.s.Unread(w.as("田村")); unread != 1 || err != nil {
			w.t.Errorf("unread %d, %v", unread, err)
		}
	})
}

// Nobody signed in gets nothing; a token that only reads writes nothing.
func TestPermissionComesFirst(t *testing.T) {
	each(t, func(w *world) {
		n := w.say("岡田", "言葉")
		nobody := context.Background()
		reader := w.people["岡田"]
		reader.ReadOnly = true
		reads := who.With(nobody, reader)
		for what, err := range map[string]error{
			"trail": second(w.s.Trail(nobody, w.minato, All, "", 0)), "get": second(w.s.Get(nobody, n.ID)),
			"unread": second(w.s.Unread(nobody)), "revisions": second(w.s.Revisions(nobody, n.ID)),
			"followers": second(w.s.Followers(nobody, w.minato)), "last": second(w.s.LastWords(nobody, w.d, []id.ID{w.minato})),
			"names": second(w.s.Names(nobody, "member", nil)), "follow": w.s.Follow(nobody, w.minato), "currency": second(w.s.Currencies(nobody, w.minato)),
		} {
			if !errs.Is(err, errs.Unauthorized) {
				w.t.Errorf("%s: %v", what, err)
			}
		}
		for what, err := range map[string]error{
			"post": second(w.s.Post(reads, PostInput{Contract: w.minato, Body: "x"})), "edit": second(w.s.Edit(reads, n.ID, EditInput{Body: "x", Version: 1})),
			"hunch": second(w.s.SetHunch(reads, n.ID, Bad)), "delete": second(w.s.Delete(reads, n.ID)), "restore": second(w.s.Restore(reads, n.ID)),
			"read": w.s.MarkRead(reads), "seen": w.s.MarkSeen(reads, n.ID), "unfollow": w.s.Unfollow(reads, w.minato),
		} {
			if !errs.Is(err, errs.Forbidden) {
				w.t.Errorf("%s: %v", what, err)
			}
		}
	})
}
