package timeline

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
)

func pointer[T any](v T) *T { return &v }

// Words and hunch are one save: what is wrong with one of them keeps the other
// back, too.
func TestEditIsOneSave(t *testing.T) {
	each(t, func(w *world) {
		n := w.say("岡田", "はじめ", feeling(Bad))
		edit := func(in EditInput) (Note, error) { return w.s.Edit(w.as("岡田"), n.ID, in) }
		news := 0
		w.bus.Subscribe(func(context.Context, *db.Tx, []bus.Change) error { news++; return nil }, NoteChanged)

		got, err := edit(EditInput{Body: "つぎ", Version: 1, Hunch: pointer(Good)})
		if err != nil || got.Body != "つぎ" || got.Hunch != Good || got.Version != 2 || !got.HunchAt.Equal(n.HunchAt) || news != 1 {
			w.t.Fatalf("%+v, %v, told %d times", got, err, news)
		}
		if read, err := w.s.Get(w.as("田村"), n.ID); err != nil || read.Body != got.Body || read.Hunch != Good {
			w.t.Errorf("read %+v, %v", read, err)
		}
		_, err = edit(EditInput{Body: "古い窓", Version: 1, Hunch: pointer(Bad)})
		wantErr(w.t, err, errs.Conflict, "timeline.err.changed")
		_, err = edit(EditInput{Body: "", Version: 2, Hunch: pointer(Hunch(""))})
		wantErr(w.t, err, errs.Invalid, "timeline.err.empty")
		_, err = edit(EditInput{Body: "x", Version: 2, Hunch: pointer(Hunch("meh"))})
		wantErr(w.t, err, errs.Invalid, "err.choice")
		w.now = n.At.Add(HunchFreeze)
		_, err = edit(EditInput{Body: "凍った", Version: 2, Hunch: pointer(Bad)})
		wantErr(w.t, err, errs.Conflict, "timeline.err.hunch_frozen")
		if read, err := w.s.Get(w.as("田村"), n.ID); err != nil || read.Body != "つぎ" || read.Hunch != Good || read.Version != 2 {
			w.t.Errorf("something of a refused edit was kept: %+v, %v", read, err)
		}
		if revs, err := w.s.Revisions(w.as("田村"), n.ID); err != nil || len(revs) != 1 {
			w.t.Errorf("revisions %v, %v", revs, err)
		}
		// The words stay editable under a frozen hunch, and all of it may be
		// said again without being a change.
		if got, err = edit(EditInput{Body: "言葉だけ", Version: 2, Hunch: pointer(Good)}); err != nil || got.Version != 3 {
			w.t.Errorf("%+v, %v", got, err)
		}
		told := news
		if got, err = edit(EditInput{Body: "言葉だけ", Version: 3, Hunch: pointer(Good)}); err != nil || got.Version != 3 || news != told {
			w.t.Errorf("nothing changed, but %+v, %v, told %d times", got, err, news-told)
		}
	})
}

// A hunch alone saves without a new version; words may go when a hunch stays.
func TestEditOfHunchAlone(t *testing.T) {
	each(t, func(w *world) {
		n := w.say("岡田", "言葉")
		got, err := w.s.Edit(w.as("岡田"), n.ID, EditInput{Body: "言葉", Version: 1, Hunch: pointer(Bad)})
		if err != nil || got.Version != 1 || got.Hunch != Bad || !got.HunchAt.Equal(w.now) {
			w.t.Errorf("%+v, %v", got, err)
		}
		got, err = w.s.Edit(w.as("岡田"), n.ID, EditInput{Body: " ", Version: 1})
		if err != nil || got.Body != "" || got.Version != 2 {
			w.t.Errorf("%+v, %v", got, err)
		}
	})
}

// What breaks in the middle of a save takes all of it back.
func TestEditTakesBackWhatBroke(t *testing.T) {
	each(t, func(w *world) {
		n := w.say("岡田", "@田村 健 はじめ", feeling(Bad))
		broken := errors.New("broken")
		fail := true
		w.bus.Subscribe(func(context.Context, *db.Tx, []bus.Change) error {
			if fail {
				return broken
			}
			return nil
		}, NoteChanged, NoteDeleted, NoteCreated)
		_, err := w.s.Edit(w.as("岡田"), n.ID, EditInput{Body: "@石川 由香 つぎ", Version: 1, Hunch: pointer(Good)})
		if !errors.Is(err, broken) {
			w.t.Fatal(err)
		}
		if _, err := w.s.Delete(w.as("岡田"), n.ID); !errors.Is(err, broken) {
			w.t.Error(err)
		}
		if _, err := w.s.Post(w.as("岡田"), PostInput{Contract: w.minato, Body: "@石川 由香 消える"}); !errors.Is(err, broken) {
			w.t.Error(err)
		}
		got, err := w.s.Get(w.as("岡田"), n.ID)
		if err != nil || got.Body != n.Body || got.Hunch != Bad || got.Version != 1 || got.Deleted {
			w.t.Errorf("%+v, %v", got, err)
		}
		if len(w.inbox("石川")) != 0 || len(w.inbox("田村")) != 1 || len(w.trail("岡田", Words).Entries) != 1 {
			w.t.Errorf("kept: %q, %q", w.inbox("石川"), w.inbox("田村"))
		}
		fail = false
		if _, err := w.s.Edit(w.as("岡田"), n.ID, EditInput{Body: "@石川 由香 つぎ", Version: 1}); err != nil || len(w.inbox("石川")) != 1 {
			w.t.Error(err, w.inbox("石川"))
		}
	})
}

// Whatever is tried, and however much time passes between, a hunch older than
// ten minutes is what it was then. The clock goes in steps around the border.
func TestHunchFreezesForEver(t *testing.T) {
	each(t, func(w *world) {
		rapid.Check(w.t, func(t *rapid.T) {
			hunch := rapid.SampledFrom([]Hunch{"", Bad, Good})
			n := w.say("岡田", "言葉", feeling(hunch.Draw(t, "first")))
			felt := n
			for range rapid.IntRange(1, 6).Draw(t, "acts") {
				w.now = w.now.Add(rapid.SampledFrom([]time.Duration{0, time.Microsecond, time.Minute, HunchFreeze - time.Microsecond,
					HunchFreeze, 24 * time.Hour}).Draw(t, "later"))
				frozen := felt.Hunch != "" && !w.now.Before(felt.HunchAt.Add(HunchFreeze))
				wanted := hunch.Draw(t, "wanted")
				got, err := w.attempt(t, n, wanted)
				switch {
				case frozen && wanted != felt.Hunch && !errs.Is(err, errs.Conflict):
					t.Fatalf("%s of %v became %s at %v: %v", felt.Hunch, felt.HunchAt, wanted, w.now, err)
				case !frozen && err != nil:
					t.Fatalf("%s of %v could not become %s at %v: %v", felt.Hunch, felt.HunchAt, wanted, w.now, err)
				case err == nil && felt.Hunch == "" && got.Hunch != "" && !got.HunchAt.Equal(w.now):
					t.Fatalf("a new hunch is of %v, not of %v", got.HunchAt, w.now)
				case err == nil && felt.Hunch != "" && got.Hunch != "" && !got.HunchAt.Equal(felt.HunchAt):
					t.Fatalf("its ten minutes began anew")
				}
				read, err := w.s.Get(w.as("中野"), n.ID)
				if err != nil || frozen && (read.Hunch != felt.Hunch || !read.HunchAt.Equal(felt.HunchAt)) {
					t.Fatalf("frozen as %s of %v, read %+v, %v", felt.Hunch, felt.HunchAt, read, err)
				}
				felt = read
			}
		})
	})
}

// attempt tries to give a note a hunch by one of the ways there are.
func (w *world) attempt(t *rapid.T, n Note, h Hunch) (Note, error) {
	ctx := w.as("岡田")
	old, err := w.s.Get(ctx, n.ID)
	if err != nil {
		t.Fatal(err)
	}
	switch rapid.IntRange(0, 2).Draw(t, "way") {
	case 0:
		return w.s.SetHunch(ctx, n.ID, h)
	case 1:
		return w.s.Edit(ctx, n.ID, EditInput{Body: old.Body + "あ", Version: old.Version, Hunch: &h})
	}
	if _, err := w.s.Delete(ctx, n.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.s.Restore(ctx, n.ID); err != nil {
		t.Fatal(err)
	}
	return w.s.Edit(ctx, n.ID, EditInput{Body: old.Body, Version: old.Version, Hunch: &h})
}

func TestEditChoosesMentionsAnew(t *testing.T) {
	each(t, func(w *world) {
		n := w.say("岡田", "@田村 健 @石川 由香")
		got, err := w.s.Edit(w.as("岡田"), n.ID, EditInput{Body: "@Ann Lee @石川 由香", Version: 1})
		if err != nil || !slices.Equal(got.Context.Names, []string{"Ann Lee", "石川 由香"}) {
			w.t.Fatalf("%q, %v", got.Context.Names, err)
		}
		if got := w.mentioned(n); !slices.Equal(got, w.ids("石川", "Ann")) {
			w.t.Errorf("mentioned %v", got)
		}
		// Who was called has been called: nothing is taken from an inbox, and
		// nobody is called twice.
		for _, name := range []string{"田村", "石川", "Ann"} {
			if got := w.inbox(name); len(got) != 1 {
				w.t.Errorf("%s: %q", name, got)
			}
		}
		// How the contract stood then is kept through edits.
		if *got.Context.Days != *n.Context.Days || got.Context.Outlook != n.Context.Outlook {
			w.t.Errorf("context %+v", got.Context)
		}
	})
}
