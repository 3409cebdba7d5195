package timeline

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

func TestPostKeepsHowThingsStood(t *testing.T) {
	each(t, func(w *world) {
		n := w.say("岡田", "  返信がいつもより短い。\r\n気になる  ", feeling(Bad))
		got, err := w.s.Get(w.as("中野"), n.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		if diff := cmp.Diff(n, got); diff != "" {
			w.t.Errorf("what is returned is not what is read (-returned +read):\n%s", diff)
		}
		if got.Body != "返信がいつもより短い。\n気になる" || *got.Context.Days != 42 || got.Context.Outlook != "watch" || got.Author.Name != "岡田 真帆" {
			w.t.Errorf("got %+v, days %d", got, *got.Context.Days)
		}
		undated, err := w.s.Post(w.as("岡田"), PostInput{Contract: w.kita, Hunch: Good})
		if err != nil || undated.Context.Days != nil || undated.Body != "" {
			w.t.Errorf("a wordless hunch on an undated contract: %+v, %v", undated, err)
		}
	})
}

func TestPostRefuses(t *testing.T) {
	each(t, func(w *world) {
		here := PostInput{Contract: w.minato, Body: "x"}
		with := func(f func(*PostInput)) PostInput { in := here; f(&in); return in }
		onKita, err := w.s.Post(w.as("岡田"), PostInput{Contract: w.kita, Body: "x"})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, c := range []struct {
			by   string
			in   PostInput
			code errs.Code
			key  string
		}{
			{"中野", here, errs.Forbidden, "err.forbidden"},
			{"岡田", with(func(in *PostInput) { in.Body = " \x00\n " }), errs.Invalid, "timeline.err.empty"},
			{"岡田", with(func(in *PostInput) { in.Body = strings.Repeat("長", MaxBody+1) }), errs.Invalid, "err.too_long"},
			{"岡田", with(func(in *PostInput) { in.Hunch = "great" }), errs.Invalid, "err.choice"},
			{"岡田", with(func(in *PostInput) { in.Visibility = "nobody" }), errs.Invalid, "err.choice"},
			{"岡田", with(func(in *PostInput) { in.Contract = w.far }), errs.NotFound, "err.not_found"},
			{"岡田", with(func(in *PostInput) { in.Contract = 0 }), errs.NotFound, "err.not_found"},
			{"岡田", with(func(in *PostInput) { in.Parent = 12345 }), errs.NotFound, "err.not_found"},
			{"岡田", with(func(in *PostInput) { in.Parent = onKita.ID }), errs.NotFound, "err.not_found"},
		} {
			_, err := w.s.Post(w.as(c.by), c.in)
			wantErr(w.t, err, c.code, c.key)
		}
		if got := w.trail("岡田", All).Entries; len(got) != 0 {
			w.t.Errorf("something was kept: %v", texts(got))
		}
	})
}

func TestMentionsBringPeopleIn(t *testing.T) {
	each(t, func(w *world) {
		n := w.say("岡田", "＠田村健 と @東京チーム、@岡田 真帆 も。@いない人")
		if got := n.Context.Names; !slices.Equal(got, []string{"田村健", "東京チーム", "岡田 真帆"}) {
			w.t.Errorf("names %q", got)
		}
		for name, want := range map[string]int{"田村": 1, "石川": 1, "岡田": 0, "Ann": 0} {
			if got := w.inbox(name); len(got) != want {
				w.t.Errorf("%s has %q", name, got)
			}
		}
		followers, err := w.s.Followers(w.as("中野"), w.minato)
		if err != nil || len(followers) != 3 {
			w.t.Errorf("followers %v, %v", followers, err)
		}
		// A reply that also mentions the author says it once, as the mention.
		w.say("石川", "@岡田 真帆 先月の定例でも", under(n))
		w.say("田村", "たしかに", under(n))
		if got := w.inbox("岡田"); !slices.Equal(got, []string{"reply: たしかに", "mention: @岡田 真帆 先月の定例でも"}) {
			w.t.Errorf("inbox %q", got)
		}
		if n, err := w.s.Unread(w.as("岡田")); n != 2 || err != nil {
			w.t.Errorf("unread %d, %v", n, err)
		}
	})
}

func TestRepliesAreOneLevel(t *testing.T) {
	each(t, func(w *world) {
		top := w.say("岡田", "上")
		first := w.say("田村", "返事", under(top))
		second := w.say("石川", "返事の返事", under(first))
		if second.Parent != top.ID {
			w.t.Errorf("parent %v, want %v", second.Parent, top.ID)
		}
		if got := w.inbox("田村"); !slices.Equal(got, []string{"reply: 返事の返事"}) {
			w.t.Errorf("田村: %q", got)
		}
		if got := w.inbox("岡田"); len(got) != 2 {
			w.t.Errorf("岡田: %q", got)
		}
		p := w.trail("Ann", All)
		if len(p.Entries) != 1 || len(p.Entries[0].Note.Replies) != 2 || p.Entries[0].Note.Replies[0].ID != first.ID {
			w.t.Errorf("trail %+v", p.Entries)
		}
	})
}

func TestEdit(t *testing.T) {
	each(t, func(w *world) {
		n := w.say("岡田", "@田村 健 見て")
		edited, err := w.s.Edit(w.as("岡田"), n.ID, EditInput{Body: "@田村 健 @石川 由香 見て", Version: n.Version})
		if err != nil || edited.Version != 2 || !edited.Edited() {
			w.t.Fatalf("%+v, %v", edited, err)
		}
		if len(w.inbox("田村")) != 1 || len(w.inbox("石川")) != 1 {
			w.t.Errorf("notices: %q, %q", w.inbox("田村"), w.inbox("石川"))
		}
		_, err = w.s.Edit(w.as("岡田"), n.ID, EditInput{Body: "古い画面から", Version: n.Version})
		wantErr(w.t, err, errs.Conflict, "timeline.err.changed")
		if args := errs.As(err).Args; args["Theirs"] != edited.Body || args["Yours"] != "古い画面から" {
			w.t.Errorf("conflict without both texts: %v", args)
		}
		same, err := w.s.Edit(w.as("岡田"), n.ID, EditInput{Body: edited.Body, Version: edited.Version})
		if err != nil || same.Version != 2 {
			w.t.Errorf("the same words: %+v, %v", same, err)
		}
		_, err = w.s.Edit(w.as("石川"), n.ID, EditInput{Body: "x", Version: 2})
		wantErr(w.t, err, errs.Forbidden, "timeline.err.not_author")
		_, err = w.s.Edit(w.as("岡田"), n.ID, EditInput{Body: "", Version: 2})
		wantErr(w.t, err, errs.Invalid, "timeline.err.empty")
		_, err = w.s.Edit(who.With(context.Background(), w.other), n.ID, EditInput{Body: "x", Version: 2})
		wantErr(w.t, err, errs.NotFound, "err.not_found")

		revs, err := w.s.Revisions(w.as("中野"), n.ID)
		if err != nil || len(revs) != 1 || revs[0].Body != n.Body || revs[0].By.Name != "岡田 真帆" {
			w.t.Errorf("revisions %+v, %v", revs, err)
		}
	})
}

func TestDeleteAndRestore(t *testing.T) {
	each(t, func(w *world) {
		lonely := w.say("岡田", "ひとりごと @田村 健", feeling(Bad))
		answered := w.say("岡田", "消す言葉", feeling(Bad))
		w.say("田村", "返事は残る", under(answered))
		_, err := w.s.Delete(w.as("田村"), lonely.ID)
		wantErr(w.t, err, errs.Forbidden, "timeline.err.not_author")
		for _, n := range []Note{lonely, answered} {
			if _, err := w.s.Delete(w.as("石川"), n.ID); err != nil {
				w.t.Fatal(err)
			}
		}
		p := w.trail("中野", All)
		if len(p.Entries) != 1 || !p.Entries[0].Note.Deleted || p.Entries[0].Note.Body != "" || p.Entries[0].Note.Hunch != "" ||
			len(p.Entries[0].Note.Replies) != 1 {
			w.t.Errorf("trail after deletion: %+v", p.Entries)
		}
		if got := w.inbox("田村"); len(got) != 0 {
			w.t.Errorf("the inbox keeps %q", got)
		}
		_, err = w.s.Get(w.as("岡田"), lonely.ID)
		wantErr(w.t, err, errs.NotFound, "err.not_found")
		_, err = w.s.Delete(w.as("岡田"), lonely.ID)
		wantErr(w.t, err, errs.NotFound, "err.not_found")
		_, err = w.s.Post(w.as("岡田"), PostInput{Contract: w.minato, Parent: answered.ID, Body: "遅い返事"})
		wantErr(w.t, err, errs.NotFound, "err.not_found")

		w.now = w.now.Add(RestoreFor - time.Second)
		if n, err := w.s.Restore(w.as("岡田"), lonely.ID); err != nil || n.Body != lonely.Body || n.Hunch != Bad {
			w.t.Errorf("restored %+v, %v", n, err)
		}
		if got := w.inbox("田村"); len(got) != 1 {
			w.t.Errorf("the notice did not come back: %q", got)
		}
		w.now = w.now.Add(time.Second)
		_, err = w.s.Restore(w.as("岡田"), answered.ID)
		wantErr(w.t, err, errs.Conflict, "timeline.err.too_late")
	})
}

func TestHunchFreezes(t *testing.T) {
	each(t, func(w *world) {
		n := w.say("岡田", "なんとなく", feeling(Bad))
		w.now = w.now.Add(HunchFreeze - time.Second)
		changed, err := w.s.SetHunch(w.as("岡田"), n.ID, Good)
		if err != nil || changed.Hunch != Good || !changed.HunchAt.Equal(n.HunchAt) {
			w.t.Fatalf("within ten minutes: %+v, %v", changed, err)
		}
		w.now = w.now.Add(time.Second)
		_, err = w.s.SetHunch(w.as("岡田"), n.ID, "")
		wantErr(w.t, err, errs.Conflict, "timeline.err.hunch_frozen")
		if _, err := w.s.SetHunch(w.as("岡田"), n.ID, Good); err != nil {
			w.t.Errorf("the same again: %v", err)
		}
		_, err = w.s.SetHunch(w.as("石川"), n.ID, Good)
		wantErr(w.t, err, errs.Forbidden, "timeline.err.not_author")
		_, err = w.s.SetHunch(w.as("岡田"), n.ID, "meh")
		wantErr(w.t, err, errs.Invalid, "err.choice")

		late := w.say("岡田", "あとから予感")
		w.now = w.now.Add(48 * time.Hour)
		if n, err := w.s.SetHunch(w.as("岡田"), late.ID, Bad); err != nil || !n.HunchAt.Equal(w.now) {
			w.t.Errorf("set later: %+v, %v", n, err)
		}
		if n, err := w.s.SetHunch(w.as("岡田"), late.ID, ""); err != nil || n.Hunch != "" || !n.HunchAt.IsZero() {
			w.t.Errorf("taken back: %+v, %v", n, err)
		}
		wordless := w.say("岡田", "", feeling(Bad))
		_, err = w.s.SetHunch(w.as("岡田"), wordless.ID, "")
		wantErr(w.t, err, errs.Conflict, "timeline.err.hunch_alone")
	})
}

func TestNews(t *testing.T) {
	each(t, func(w *world) {
		var got []string
		w.bus.Subscribe(func(_ context.Context, _ *db.Tx, list []bus.Change) error {
			for _, c := range list {
				if c.Contract != w.minato || c.Ref == 0 {
					w.t.Errorf("%+v", c)
				}
				got = append(got, string(c.Kind))
			}
			return nil
		}, NoteCreated, NoteChanged, NoteDeleted)
		n := w.say("岡田", "a")
		w.s.Edit(w.as("岡田"), n.ID, EditInput{Body: "b", Version: 1})
		w.s.SetHunch(w.as("岡田"), n.ID, Bad)
		w.s.Delete(w.as("岡田"), n.ID)
		w.s.Restore(w.as("岡田"), n.ID)
		want := []string{"note.created", "note.changed", "note.changed", "note.deleted", "note.changed"}
		if !slices.Equal(got, want) {
			w.t.Errorf("got %q, want %q", got, want)
		}
	})
}

// Without the feature that keeps files nothing can be attached, and a note that
// asks for it is not half posted.
func TestNothingIsAttachedWithoutFiles(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.s.Post(w.as("岡田"), PostInput{Contract: w.minato, Body: "x", Files: []id.ID{id.New()}})
		wantErr(t, err, errs.NotFound, "err.not_found")
		_, err = w.s.Post(w.as("岡田"), PostInput{Contract: w.minato, Files: []id.ID{id.New()}})
		wantErr(t, err, errs.Invalid, "timeline.err.file_alone")
		if p := w.trail("岡田", All); len(p.Entries) != 0 {
			t.Error(texts(p.Entries))
		}
	})
}
