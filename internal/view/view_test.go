package view_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/view"
	"kizuki/internal/who"
)

func each(t *testing.T, f func(t *testing.T, w *apptest.App)) {
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(t, apptest.New(t, d)) })
}

func code(err error) errs.Code {
	if err == nil {
		return ""
	}
	return errs.As(err).Code
}

func names(list []view.View) string {
	var out []string
	for _, v := range list {
		out = append(out, v.Name)
	}
	return strings.Join(out, " ")
}

func save(t *testing.T, w *apptest.App, r who.Role, in view.Input) view.View {
	t.Helper()
	if in.Place == "" {
		in.Place = "contracts"
	}
	v, err := w.Views.Create(w.As(r), in)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// One's own views come first, then those others share; what others keep for
// themselves is nowhere.
func TestViewsOfMembers(t *testing.T) {
	each(t, func(t *testing.T, w *apptest.App) {
		mine := save(t, w, who.Member, view.Input{Name: "自分の", Query: "sort=name&owner=me"})
		save(t, w, who.Admin, view.Input{Name: "みんなの会議", Query: "within=90", Shared: true})
		secret := save(t, w, who.Owner, view.Input{Name: "こっそり", Query: "owner=none"})
		save(t, w, who.Member, view.Input{Place: "tasks", Name: "自分の", Query: "owner=all"})
		save(t, w, who.Viewer, view.Input{Name: "見るだけ"})
		for role, want := range map[who.Role]string{who.Member: "自分の みんなの会議", who.Owner: "こっそり みんなの会議", who.Viewer: "見るだけ みんなの会議"} {
			list, err := w.Views.List(w.As(role), "contracts")
			if err != nil || names(list) != want {
				t.Errorf("%s sees %s, %v", role, names(list), err)
			}
		}
		got, err := w.Views.Get(w.As(who.Member), mine.ID)
		if err != nil || got != mine || got.Href() != "/contracts?owner=me&saved="+mine.ID.String()+"&sort=name" {
			t.Errorf("%+v, not %+v: %v", got, mine, err)
		}
		if _, err := w.Views.Get(w.As(who.Admin), secret.ID); code(err) != errs.NotFound {
			t.Errorf("an admin reads what the owner keeps: %v", err)
		}
	})
}

func TestWhoMayChangeAView(t *testing.T) {
	each(t, func(t *testing.T, w *apptest.App) {
		shared := save(t, w, who.Member, view.Input{Name: "会議", Shared: true})
		name, yes := "別の名", true
		if _, err := w.Views.Update(w.As(who.Viewer), shared.ID, view.Change{Name: &name}); code(err) != errs.Forbidden {
			t.Errorf("a viewer renames it: %v", err)
		}
		if _, err := w.Views.Create(w.As(who.Viewer), view.Input{Place: "contracts", Name: "x", Shared: true}); code(err) != errs.Forbidden {
			t.Errorf("a viewer shares: %v", err)
		}
		own := save(t, w, who.Viewer, view.Input{Name: "自分用"})
		if _, err := w.Views.Update(w.As(who.Viewer), own.ID, view.Change{Shared: &yes}); code(err) != errs.Forbidden {
			t.Errorf("a viewer shares later: %v", err)
		}
		if v, err := w.Views.Update(w.As(who.Admin), shared.ID, view.Change{Name: &name}); err != nil || v.Name != name || v.Version != 2 {
			t.Errorf("an admin cannot rename it: %+v %v", v, err)
		}
		if _, err := w.Views.Delete(w.As(who.Viewer), shared.ID); code(err) != errs.Forbidden {
			t.Errorf("a viewer deletes it: %v", err)
		}
		token := w.Actors[who.Owner]
		token.ReadOnly = true
		if _, err := w.Views.Create(who.With(t.Context(), token), view.Input{Place: "contracts", Name: "x"}); code(err) != errs.Forbidden {
			t.Errorf("a token that only reads saves: %v", err)
		}
	})
}

func TestDeletedViewsComeBack(t *testing.T) {
	each(t, func(t *testing.T, w *apptest.App) {
		v := save(t, w, who.Member, view.Input{Name: "会議", Query: "within=30"})
		ctx := w.As(who.Member)
		if _, err := w.Views.Delete(ctx, v.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Views.Get(ctx, v.ID); code(err) != errs.NotFound {
			t.Errorf("still there: %v", err)
		}
		if _, err := w.Views.Restore(w.As(who.Owner), v.ID); code(err) != errs.NotFound {
			t.Errorf("somebody else brings it back: %v", err)
		}
		for range 2 {
			if got, err := w.Views.Restore(ctx, v.ID); err != nil || got != v {
				t.Errorf("%+v %v", got, err)
			}
		}
		if _, err := w.Views.Delete(ctx, v.ID); err != nil {
			t.Fatal(err)
		}
		save(t, w, who.Member, view.Input{Name: "会議"})
		if _, err := w.Views.Restore(ctx, v.ID); code(err) != errs.Invalid {
			t.Errorf("two of one name: %v", err)
		}
	})
}

func TestViewsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *apptest.App) {
		save(t, w, who.Member, view.Input{Name: "Ａｂｃ"})
		save(t, w, who.Admin, view.Input{Name: "abc"}) // names are a member's own
		for _, in := range []view.Input{
			{Place: "contracts", Name: "ABC"}, {Place: "contracts"}, {Place: "contracts", Name: strings.Repeat("名", 41)},
			{Place: "elsewhere", Name: "x"}, {Place: "contracts", Name: "x", Query: "q=" + strings.Repeat("あ", 1000)},
		} {
			if _, err := w.Views.Create(w.As(who.Member), in); code(err) != errs.Invalid {
				t.Errorf("%.60v: %v", in, err)
			}
		}
		for i := range 99 {
			save(t, w, who.Member, view.Input{Name: fmt.Sprint("見方", i)})
		}
		if _, err := w.Views.Create(w.As(who.Member), view.Input{Place: "contracts", Name: "百一番め"}); code(err) != errs.Conflict {
			t.Errorf("a hundred and one: %v", err)
		}
	})
}

// Of those who take one name at once, one gets it.
func TestNamesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *apptest.App) {
		var wg sync.WaitGroup
		results := make(chan error, 8)
		for range 8 {
			wg.Go(func() {
				_, err := w.Views.Create(w.As(who.Member), view.Input{Place: "contracts", Name: "同じ"})
				results <- err
			})
		}
		wg.Wait()
		close(results)
		saved := 0
		for err := range results {
			if err == nil {
				saved++
			} else if code(err) != errs.Invalid {
				t.Error(err)
			}
		}
		if saved != 1 {
			t.Errorf("%d of one name", saved)
		}
	})
}

// What a view holds says how a list is looked at, never where in it, and is the
// same however it was written.
func TestCanonical(t *testing.T) {
	word := rapid.SampledFrom([]string{"owner", "sort", "col", "cursor", "group", "saved", "q", "me", "", " ", "あ", "a b", "%zz", "&"})
	rapid.Check(t, func(t *rapid.T) {
		q := url.Values{}
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			q.Add(word.Draw(t, "name"), word.Draw(t, "value"))
		}
		c := view.Canonical(q.Encode())
		back, err := url.ParseQuery(c)
		if err != nil || back.Has("cursor") || back.Has("group") || back.Has("saved") || view.Canonical(c) != c {
			t.Fatalf("%q is %q", q.Encode(), c)
		}
		for name, list := range back {
			if len(list) > len(q[name]) {
				t.Fatalf("%q of %q came from nowhere", name, c)
			}
		}
	})
	if got := view.Canonical("sort=name&owner=me&q=&%zz"); got != "owner=me&sort=name" {
		t.Error(got)
	}
}
