package timeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Paging through merged lists gives what sorting everything at once gives,
// with equal moments and equal ids' neighbours as the hard part.
func TestMergeEqualsNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []Entry
		var notes []Note
		var events []Event
		for i := range rapid.IntRange(0, 40).Draw(t, "entries") {
			at := time.UnixMicro(rapid.Int64Range(1, 5).Draw(t, "at")).UTC()
			if rapid.Bool().Draw(t, "note") {
				notes = append(notes, Note{ID: id.ID(i + 1), At: at})
			} else {
				events = append(events, Event{ID: id.ID(i + 1), At: at})
			}
		}
		slices.SortFunc(notes, func(a, b Note) int { return newestFirst(Entry{Note: &a}, Entry{Note: &b}) })
		slices.SortFunc(events, func(a, b Event) int { return newestFirst(Entry{Event: &a}, Entry{Event: &b}) })
		for i := range notes {
			all = append(all, Entry{Note: &notes[i]})
		}
		for i := range events {
			all = append(all, Entry{Event: &events[i]})
		}
		slices.SortFunc(all, newestFirst)
		limit := rapid.IntRange(1, 7).Draw(t, "limit")
		var got []Entry
		var from *place
		for {
			kept, rest := merge(beforePlace(notes, from, limit+1), beforePlace(events, from, limit+1), limit)
			got = append(got, kept...)
			if rest == nil {
				break
			}
			if len(got) < len(all) && all[len(got)].place() != rest.place() {
				t.Fatalf("the entry after the page is %v, want %v", rest.place(), all[len(got)].place())
			}
			from, _ = parseCursor(kept[len(kept)-1].place().cursor())
		}
		if !slices.EqualFunc(got, all, func(a, b Entry) bool { return a.place() == b.place() && (a.Note == nil) == (b.Note == nil) }) {
			t.Fatalf("got %d entries, want %d", len(got), len(all))
		}
	})
}

func newestFirst(a, b Entry) int {
	return cmp.Or(cmp.Compare(b.place().at, a.place().at), cmp.Compare(b.place().id, a.place().id))
}

func beforePlace[T Note | Event](list []T, from *place, limit int) []T {
	var out []T
	for _, v := range list {
		var p place
		switch v := any(v).(type) {
		case Note:
			p = Entry{Note: &v}.place()
		case Event:
			p = Entry{Event: &v}.place()
		}
		if (from == nil || p.before(*from)) && len(out) < limit {
			out = append(out, v)
		}
	}
	return out
}

// happen publishes changes as the app would.
func (w *world) happen(ctx context.Context, list ...bus.Change) {
	w.t.Helper()
	for i := range list {
		list[i].Workspace = cmp.Or(list[i].Workspace, w.ws)
	}
	w.tx(ctx, func(ctx context.Context, tx *db.Tx) {
		if err := w.bus.Publish(ctx, tx, list...); err != nil {
			w.t.Fatal(err)
		}
	})
}

func (w *world) changed(fields map[string][2]any) bus.Change {
	return bus.Change{Kind: "contract.changed", Contract: w.minato, Ref: w.minato, Fields: fields}
}

func TestTrailPages(t *testing.T) {
	each(t, func(w *world) {
		var tops []Note
		for i := range 7 { // all at one moment: only the id tells them apart
			n, err := w.s.Post(w.as("岡田"), PostInput{Contract: w.minato, Body: fmt.Sprint("メモ", i)})
			if err != nil {
				w.t.Fatal(err)
			}
			tops = append(tops, n)
			w.happen(w.as("岡田"), bus.Change{Kind: "task.done", Contract: w.minato, Ref: 5, Data: map[string]any{"title": fmt.Sprint(i)}})
		}
		w.say("田村", "返事", under(tops[0]))
		whole := w.trail("中野", All).Entries
		if len(whole) != 14 || !slices.IsSortedFunc(whole, newestFirst) || whole[13].Note == nil || len(whole[13].Note.Replies) != 1 {
			w.t.Fatalf("the whole: %v", texts(whole))
		}
		for limit := 1; limit <= 14; limit++ {
			var got []Entry
			for cursor, more := "", true; more; more = cursor != "" {
				p, err := w.s.Trail(w.as("中野"), w.minato, All, cursor, limit)
				if err != nil {
					w.t.Fatal(err)
				}
				got, cursor = append(got, p.Entries...), p.Next
			}
			if diff := gocmp.Diff(whole, got); diff != "" {
				w.t.Fatalf("pages of %d (-whole +pages):\n%s", limit, diff)
			}
		}
		for _, bad := range []string{"x", "1", "1-x", "-", "1-2-3"} {
			_, err := w.s.Trail(w.as("中野"), w.minato, All, bad, 0)
			wantErr(w.t, err, errs.Invalid, "timeline.err.cursor")
		}
		_, err := w.s.Trail(w.as("中野"), w.far, All, "", 0)
		wantErr(w.t, err, errs.NotFound, "err.not_found")
		w.findsNotes(tops)
	})
}

func (w *world) findsNotes(tops []Note) {
	w.t.Helper()
	for i, onFirst := range []bool{false, false, false, false, false, true, true} {
		top, first, err := w.s.Find(w.as("中野"), tops[i].ID, 4)
		if err != nil || top.ID != tops[i].ID || first != onFirst {
			w.t.Errorf("note %d: on the first page %v, %v", i, first, err)
		}
		p, err := w.s.One(w.as("中野"), top)
		if err != nil || p.Entries[0].Note.ID != top.ID || i > 0 && p.Older.IsZero() {
			w.t.Errorf("one: %+v, %v", p, err)
		}
	}
}

func TestTrailShowsAndSilence(t *testing.T) {
	each(t, func(w *world) {
		first := w.say("岡田", "言葉")
		w.now = w.now.Add(20 * 24 * time.Hour)
		w.say("田村", "返事にも時がある", under(first))
		w.now = w.now.Add(34 * 24 * time.Hour)
		w.say("岡田", "予感", feeling(Bad))
		w.happen(w.as("岡田"), w.changed(map[string][2]any{"status": {"a", "b"}}))
		for show, want := range map[Show]int{All: 3, Words: 2, Hunches: 1} {
			if got := w.trail("中野", show).Entries; len(got) != want {
				w.t.Errorf("%s: %q", show, texts(got))
			}
		}
		p := w.trail("中野", Words)
		gap := p.Entries[0].Note.At.Sub(p.Entries[0].Note.Before)
		if gap < 34*24*time.Hour || gap > 35*24*time.Hour || !p.Entries[1].Note.Before.IsZero() || !p.Contract.Last.Equal(p.Entries[0].Note.At) {
			w.t.Errorf("gap %v, first %v, last %v", gap, p.Entries[1].Note.Before, p.Contract.Last)
		}
	})
}

func TestTrailQueriesAreFixed(t *testing.T) {
	each(t, func(w *world) {
		counted := func() int64 {
			ctx, n := db.Counting(w.as("中野"))
			if _, err := w.s.Trail(ctx, w.minato, All, "", 200); err != nil {
				w.t.Fatal(err)
			}
			return n.Load()
		}
		top := w.say("岡田", "a")
		w.say("岡田", "b", under(top))
		w.happen(w.as("田村"), w.changed(map[string][2]any{"status": {"a", "b"}}))
		few := counted()
		for range 30 {
			w.say("石川", "c", under(w.say("岡田", "b")))
			w.happen(w.as("田村"), w.changed(map[string][2]any{"status": {"a", "b"}}))
		}
		if many := counted(); many != few || many > 6 {
			w.t.Errorf("%d queries for few, %d for many", few, many)
		}
	})
}

// A note for its author alone leaves no trace on any way out.
func TestHiddenNotesLeaveNoTrace(t *testing.T) {
	each(t, func(w *world) {
		open := w.say("岡田", "見える言葉")
		secret := w.say("岡田", "@田村 健 には内緒", hidden, feeling(Bad))
		w.now = w.now.Add(time.Minute)
		deep := w.say("岡田", "続きも内緒 @石川 由香", under(secret))
		aside := w.say("岡田", "返事も内緒", under(open), hidden)
		if deep.Visibility != AuthorOnly {
			w.t.Error("a reply under hidden words is open")
		}
		for name, hides := range map[string]bool{"岡田": false, "田村": true, "石川": true, "中野": true} {
			seen := strings.Join(w.waysOut(name, open, secret, aside), "\n")
			if strings.Contains(seen, "内緒") == hides {
				w.t.Errorf("%s sees:\n%s", name, seen)
			}
			if !strings.Contains(seen, "見える言葉") {
				w.t.Errorf("%s does not see the open note:\n%s", name, seen)
			}
			if p := w.trail(name, All); hides && (!p.Contract.Last.Equal(open.At) || len(p.Entries) != 1 || p.Entries[0].Note.Edited()) {
				w.t.Errorf("%s can tell from %+v", name, p)
			}
		}
		for _, n := range []Note{secret, deep, aside} {
			for what, err := range map[string]error{
				"get":       second(w.s.Get(w.as("石川"), n.ID)),
				"edit":      second(w.s.Edit(w.as("石川"), n.ID, EditInput{Body: "x", Version: 1})),
				"delete":    second(w.s.Delete(w.as("石川"), n.ID)),
				"restore":   second(w.s.Restore(w.as("石川"), n.ID)),
				"hunch":     second(w.s.SetHunch(w.as("石川"), n.ID, Bad)),
				"revisions": second(w.s.Revisions(w.as("石川"), n.ID)),
				"reply":     second(w.s.Post(w.as("石川"), PostInput{Contract: w.minato, Parent: n.ID, Body: "x"})),
			} {
				if !errs.Is(err, errs.NotFound) {
					w.t.Errorf("%s: %v", what, err)
				}
			}
		}
		if f, _ := w.s.Followers(w.as("中野"), w.minato); len(f) != 1 {
			w.t.Errorf("followers %v", f)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// waysOut collects every text a member can get at.
func (w *world) waysOut(name string, notes ...Note) (out []string) {
	w.t.Helper()
	ctx := w.as(name)
	for _, show := range []Show{All, Words, Hunches} {
		for _, e := range w.trail(name, show).Entries {
			if e.Note != nil {
				out = append(out, e.Note.Body)
				for _, r := range e.Note.Replies {
					out = append(out, r.Body)
				}
			}
		}
	}
	list, _, err := w.s.Notes(ctx, w.minato, "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, n := range list {
		out = append(out, n.Body)
	}
	last, err := w.s.LastWords(ctx, w.d, []id.ID{w.minato, w.kita})
	if err != nil {
		w.t.Fatal(err)
	}
	out = append(out, last[w.minato].Text)
	for _, n := range notes {
		got, _ := w.s.Get(ctx, n.ID)
		out = append(out, got.Body)
	}
	unread, err := w.s.Unread(ctx)
	if err != nil || unread != 0 && name != "岡田" {
		w.t.Errorf("%s has %d unread, %v", name, unread, err)
	}
	return append(out, w.inbox(name)...)
}

func TestEventsKeepHistory(t *testing.T) {
	each(t, func(w *world) {
		w.s.Name("import", func(_ context.Context, _ db.Queryer, _ id.ID, ids []id.ID) (map[id.ID]string, error) {
			return map[id.ID]string{77: "契約管理"}, nil
		})
		w.happen(w.as("岡田"), w.changed(map[string][2]any{"owner": {nil, w.people["田村"].Member.String()}, "field:plan": {"A", "B"}}))
		w.now = w.now.Add(time.Hour)
		byImport := bus.Because(w.as("岡田"), bus.Cause{ActorKind: "import", ActorID: 77, Kind: "import", ID: 77})
		w.happen(byImport, w.changed(map[string][2]any{"owner": {w.people["田村"].Member.String(), nil}, "amount": {nil, 9007199254740993}}))
		w.happen(byImport, w.changed(nil), // nothing changed: no event
			bus.Change{Kind: "note.created", Contract: w.minato, Ref: 1},
			bus.Change{Kind: "field.created", Ref: 1},
			bus.Change{Kind: "usage.counted", Contract: w.minato},
			bus.Change{Kind: "term.opened", Contract: w.minato, Ref: w.minato, Data: map[string]any{"no": 2}})

		list, _, err := w.s.Events(w.as("中野"), w.minato, "", 0)
		if err != nil || len(list) != 3 {
			w.t.Fatalf("events %+v, %v", list, err)
		}
		if e := list[1]; e.Actor != (Actor{"import", 77, "契約管理"}) || e.CauseKind != "import" || e.CauseID != 77 ||
			fmt.Sprint(e.Fields["amount"][1]) != "9007199254740993" || list[2].Actor.Name != "岡田 真帆" || fmt.Sprint(list[0].Data["no"]) != "2" {
			w.t.Errorf("events %+v", list)
		}
		owners, next, err := w.s.History(w.as("中野"), w.minato, "owner", "", 1)
		if err != nil || len(owners) != 1 || next == "" || owners[0].From != w.people["田村"].Member.String() || owners[0].To != nil {
			w.t.Fatalf("history %+v, %q, %v", owners, next, err)
		}
		owners, next, err = w.s.History(w.as("中野"), w.minato, "owner", next, 1)
		if err != nil || len(owners) != 1 || next != "" || owners[0].Event.Actor.Kind != "member" {
			w.t.Errorf("history, older: %+v, %q, %v", owners, next, err)
		}
		for field, want := range map[string]int{"": 4, "field:plan": 1, "status": 0, `x"y`: 0, "$.a": 0, "0": 0} {
			if got, _, err := w.s.History(w.as("中野"), w.minato, field, "", 0); err != nil || len(got) != want {
				w.t.Errorf("history of %q: %d, %v", field, len(got), err)
			}
		}
		_, _, err = w.s.Events(who.With(context.Background(), w.other), w.minato, "", 0)
		wantErr(w.t, err, errs.NotFound, "err.not_found")
	})
}

func TestEventsInBulk(t *testing.T) {
	each(t, func(w *world) {
		list := make([]bus.Change, 10000)
		for i := range list {
			list[i] = bus.Change{Kind: "contract.changed", Workspace: w.ws, Contract: []id.ID{w.minato, w.kita}[i%2], Fields: map[string][2]any{"status": {i, i + 1}}}
		}
		ctx, n := db.Counting(w.as("岡田"))
		w.happen(ctx, list...)
		if n.Load() > 30 {
			w.t.Errorf("%d statements for 10,000 events", n.Load())
		}
		total := 0
		for cursor, more := "", true; more; more = cursor != "" {
			var page []Event
			var err error
			if page, cursor, err = w.s.Events(w.as("岡田"), w.minato, cursor, 200); err != nil {
				w.t.Fatal(err)
			}
			total += len(page)
		}
		if total != 5000 {
			w.t.Errorf("%d events on the trail", total)
		}
	})
}

// An amount stood in the currency of its day, however often that changed since.
func TestCurrencies(t *testing.T) {
	each(t, func(w *world) {
		step := func(fields map[string][2]any) {
			w.now = w.now.Add(time.Hour)
			w.happen(w.as("岡田"), w.changed(fields))
		}
		step(map[string][2]any{"amount": {nil, "1"}})
		step(map[string][2]any{"currency": {"USD", "EUR"}})
		step(map[string][2]any{"amount": {"1", "2"}})
		step(map[string][2]any{"currency": {"EUR", "JPY"}, "amount": {"2", "300"}})
		step(map[string][2]any{"amount": {"300", "400"}})
		c, err := w.s.Currencies(w.as("中野"), w.minato)
		if err != nil {
			w.t.Fatal(err)
		}
		list, _, err := w.s.Events(w.as("中野"), w.minato, "", 0)
		if err != nil || len(list) != 5 {
			w.t.Fatal(list, err)
		}
		for i, want := range []string{"JPY", "JPY", "EUR", "EUR", "USD"} {
			if got := c.At(&list[i]); got != want {
				w.t.Errorf("event %d: %s, want %s", i, got, want)
			}
		}
	})
}

// The organization's name is the trail's own business; what others call their
// things they say themselves.
func TestNames(t *testing.T) {
	each(t, func(w *world) {
		var org id.ID
		w.tx(w.as("岡田"), func(ctx context.Context, tx *db.Tx) {
			var err error
			if org, _, err = db.One(ctx, tx, db.Value[id.ID], "SELECT org_id FROM contract WHERE workspace_id = $1 AND id = $2", w.ws, w.minato); err != nil {
				w.t.Fatal(err)
			}
		})
		got, err := w.s.Names(w.as("中野"), "organization", []id.ID{org, org, 12345})
		if err != nil || len(got) != 1 || got[org] != "みなと物流 本社契約" {
			w.t.Errorf("%v, %v", got, err)
		}
		if got, err := w.s.Names(w.as("中野"), "nothing", []id.ID{1}); got != nil || err != nil {
			w.t.Errorf("%v, %v", got, err)
		}
	})
}

// Features above add the beginnings of the kinds they want kept.
func TestRecord(t *testing.T) {
	each(t, func(w *world) {
		w.s.Record("usage.")
		w.happen(w.as("岡田"), bus.Change{Kind: "usage.counted", Contract: w.minato, Ref: 9, Data: map[string]any{"count": 3}},
			bus.Change{Kind: "weather.changed", Contract: w.minato, Data: map[string]any{"x": 1}},
			bus.Change{Kind: "usage.counted", Data: map[string]any{"x": 1}},
			bus.Change{Kind: "contact.changed", Contract: w.minato})
		list, _, err := w.s.Events(w.as("中野"), w.minato, "", 0)
		if err != nil || len(list) != 1 || list[0].Kind != "usage.counted" || fmt.Sprint(list[0].Data["ref"]) != "9" {
			w.t.Errorf("%+v, %v", list, err)
		}
	})
}

// What a rule or the system did bears its name, and the depth of the chain.
func TestActorsOfEvents(t *testing.T) {
	each(t, func(w *world) {
		w.s.Name("rule", func(_ context.Context, _ db.Queryer, ws id.ID, ids []id.ID) (map[id.ID]string, error) {
			if ws != w.ws || len(ids) != 2 {
				w.t.Errorf("asked for %v of %v", ids, ws)
			}
			return map[id.ID]string{3: "更新90日前"}, nil
		})
		byRule := func(rule id.ID) context.Context {
			return bus.Because(w.as("岡田"), bus.Cause{ActorKind: "rule", ActorID: rule, Kind: "rule_firing", ID: 8, Depth: 1})
		}
		w.happen(byRule(3), w.changed(map[string][2]any{"status": {"a", "b"}}))
		w.happen(byRule(4), w.changed(map[string][2]any{"status": {"b", "c"}})) // a rule that is gone
		w.happen(context.Background(), w.changed(map[string][2]any{"status": {"c", "d"}}))
		list, _, err := w.s.Events(w.as("中野"), w.minato, "", 0)
		if err != nil || len(list) != 3 || list[0].Actor != (Actor{Kind: "system"}) || list[1].Actor != (Actor{"rule", 4, ""}) ||
			list[2].Actor != (Actor{"rule", 3, "更新90日前"}) || list[2].CauseKind != "rule_firing" || list[2].CauseID != 8 {
			w.t.Errorf("%+v, %v", list, err)
		}
	})
}

// Lists of notes, events and history page by place: nothing is said twice or
// left out, whatever the size of the page.
func TestListsPage(t *testing.T) {
	each(t, func(w *world) {
		for i := range 7 {
			w.happen(w.as("岡田"), w.changed(map[string][2]any{"status": {fmt.Sprint(i), fmt.Sprint(i + 1)}, "phase": {fmt.Sprint(i), nil}}))
			if _, err := w.s.Post(w.as("岡田"), PostInput{Contract: w.minato, Body: fmt.Sprint("メモ", i)}); err != nil {
				w.t.Fatal(err)
			}
		}
		ctx := w.as("中野")
		for limit := 1; limit <= 8; limit++ {
			notes := pages(w.t, func(cursor string) ([]Note, string, error) { return w.s.Notes(ctx, w.minato, cursor, limit) })
			events := pages(w.t, func(cursor string) ([]Event, string, error) { return w.s.Events(ctx, w.minato, cursor, limit) })
			changes := pages(w.t, func(cursor string) ([]Change, string, error) {
				return w.s.History(ctx, w.minato, "", cursor, limit)
			})
			if len(notes) != 7 || len(events) != 7 || len(changes) != 14 {
				w.t.Errorf("pages of %d: %d notes, %d events, %d changes", limit, len(notes), len(events), len(changes))
			}
			for i, n := range notes {
				if n.Body != fmt.Sprint("メモ", 6-i) {
					w.t.Errorf("pages of %d: note %d is %s", limit, i, n.Body)
				}
			}
		}
		for what, err := range map[string]error{
			"notes":   third(w.s.Notes(ctx, w.minato, "x", 0)),
			"events":  third(w.s.Events(ctx, w.minato, "x", 0)),
			"history": third(w.s.History(ctx, w.minato, "", "x", 0)),
			"inbox":   third(w.s.Inbox(ctx, "x", 0)),
		} {
			if !errs.Is(err, errs.Invalid) {
				w.t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func third[T, U any](_ T, _ U, err error) error { return err }

func pages[T any](t *testing.T, read func(cursor string) ([]T, string, error)) (all []T) {
	t.Helper()
	for cursor, more := "", true; more; more = cursor != "" {
		page, next, err := read(cursor)
		if err != nil {
			t.Fatal(err)
		}
		all, cursor = append(all, page...), next
	}
	return all
}
