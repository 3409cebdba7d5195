package timeline

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
	"kizuki/internal/timeline/notices"
)

// Whatever is written, edited, followed, muted and chosen: a member has one
// notice of a note at most, none of their own, and of one written anew it is of
// the strongest kind they want to hear of.
func TestOneNoticeOfOneCause(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		names := []string{"岡田", "田村", "石川"}
		full := map[string]string{"岡田": "岡田 真帆", "田村": "田村 健", "石川": "石川 由香"}
		var notes []Note
		rapid.Check(t, func(r *rapid.T) {
			wants, follows, muted := map[string]map[string]bool{}, map[string]bool{}, map[string]bool{}
			for _, name := range names {
				choices := map[string]notices.Choice{}
				wants[name] = map[string]bool{}
				for _, kind := range []string{notices.Mention, notices.Reply, notices.Followed} {
					c := notices.Choice{Inbox: rapid.Bool().Draw(r, "inbox"), Message: rapid.Bool().Draw(r, "message")}
					choices[kind], wants[name][kind] = c, c.Inbox || c.Message
				}
				w.tx(w.as(name), func(ctx context.Context, tx *db.Tx) {
					if err := notices.ChooseIn(ctx, tx, w.ws, w.people[name].Member, choices); err != nil {
						r.Fatal(err)
					}
				})
				follows[name], muted[name] = rapid.Bool().Draw(r, "follows"), rapid.Bool().Draw(r, "mutes")
				act := w.s.Unfollow(w.as(name), w.minato)
				if follows[name] || muted[name] {
					act = w.s.Mute(w.as(name), w.minato, muted[name])
				}
				if act != nil {
					r.Fatal(act)
				}
			}
			author := rapid.SampledFrom(names).Draw(r, "author")
			meant := rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string]).Draw(r, "meant")
			body := "x"
			for _, name := range meant {
				body += " @" + full[name]
			}
			var more []func(*PostInput)
			answered := ""
			if len(notes) > 0 && rapid.Bool().Draw(r, "reply") {
				over := notes[len(notes)-1]
				more = append(more, under(over))
				for _, name := range names {
					if w.people[name].Member == over.Author.ID {
						answered = name
					}
				}
			}
			n := w.say(author, body, more...)
			if len(more) == 0 {
				notes = append(notes, n)
			}
			for _, name := range names {
				want := ""
				switch {
				case name == author:
				case slices.Contains(meant, name) && wants[name][notices.Mention]:
					want = notices.Mention
				case muted[name]:
				case name == answered && wants[name][notices.Reply]:
					want = notices.Reply
				case (follows[name] || slices.Contains(meant, name)) && wants[name][notices.Followed]:
					want = notices.Followed // whom the note names follows from then on
				}
				if got := kindOf(r, w, name, n.ID); got != want {
					r.Fatalf("%s of a note by %s that means %v, answers %q (follows %v, muted %v, wants %v): %q, want %q",
						name, author, meant, answered, follows[name], muted[name], wants[name], got, want)
				}
			}
			before := kindOf(r, w, "石川", n.ID)
			if _, err := w.s.Edit(w.as(author), n.ID, EditInput{Body: body + " @石川 由香", Version: n.Version}); err != nil {
				r.Fatal(err)
			}
			switch after := kindOf(r, w, "石川", n.ID); {
			case author == "石川" && after != "":
				r.Fatalf("one's own edit: %q", after)
			case author != "石川" && wants["石川"][notices.Mention] && after != notices.Mention:
				r.Fatalf("named by an edit: %q after %q", after, before)
			}
		})
	})
}

// kindOf is the kind of somebody's one notice of a note.
func kindOf(r *rapid.T, w *world, name string, note id.ID) string {
	list, err := db.All(context.Background(), w.d, db.Value[string], "SELECT kind FROM notice WHERE workspace_id = $1 AND member_id = $2 AND cause_id = $3",
		w.ws, w.people[name].Member, note)
	if err != nil || len(list) > 1 {
		r.Fatalf("%s has %v of one note, %v", name, list, err)
	}
	return append(list, "")[0]
}

// Who had only followed and is called by an edit hears of it anew; who was
// answered and is named now does not.
func TestCalledByAnEdit(t *testing.T) {
	each(t, func(w *world) {
		w.tx(w.as("田村"), func(ctx context.Context, tx *db.Tx) {
			if err := notices.ChooseIn(ctx, tx, w.ws, w.people["田村"].Member, map[string]notices.Choice{notices.Followed: {Inbox: true}}); err != nil {
				w.t.Fatal(err)
			}
		})
		mine := w.say("田村", "わたしの")
		for _, c := range []struct {
			note Note
			want int
		}{{w.say("岡田", "見た"), 1}, {w.say("岡田", "返す", under(mine)), 0}} {
			if err := w.s.MarkRead(w.as("田村")); err != nil {
				w.t.Fatal(err)
			}
			if _, err := w.s.Edit(w.as("岡田"), c.note.ID, EditInput{Body: "@田村 健 見て", Version: 1}); err != nil {
				w.t.Fatal(err)
			}
			if n, err := w.s.Unread(w.as("田村")); n != c.want || err != nil {
				w.t.Errorf("unread %d, want %d; %v", n, c.want, err)
			}
		}
		if got := w.inbox("田村"); !slices.Equal(got, []string{"mention: @田村 健 見て", "mention: @田村 健 見て"}) {
			w.t.Errorf("%q", got)
		}
	})
}
