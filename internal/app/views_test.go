package app_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/intake"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// viewed is a workspace seven weeks on, with contracts of every kind a ready
// view is about.
func viewed(t *testing.T, d *db.DB) *apptest.App {
	t.Helper()
	a := apptest.New(t, d)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := a.As(who.Member)
	made := map[string]contract.Contract{}
	for _, in := range []contract.Input{
		{Name: "静か", Organization: "ア", RenewalDate: "2027-03-31", Owner: a.Actors[who.Owner].Member.String()},
		{Name: "にぎやか", Organization: "イ", RenewalDate: "2026-05-31", Owner: a.Actors[who.Member].Member.String()},
		{Name: "予感", Organization: "ウ", RenewalDate: "2027-04-30"},
		{Name: "ないしょの予感", Organization: "エ", RenewalDate: "2026-04-30"},
		{Name: "変わった", Organization: "オ", RenewalDate: "2026-12-31", Outlook: "on_track"},
	} {
		c, err := a.Contracts.Create(ctx, in)
		must(err)
		made[in.Name] = c
	}
	say := func(name string, in timeline.PostInput) {
		in.Contract = made[name].ID
		_, err := a.Timeline.Post(a.As(who.Admin), in)
		must(err)
	}
	say("静か", timeline.PostInput{Body: "はじめまして"})
	say("予感", timeline.PostInput{Body: "むかしの予感", Hunch: "good"})
	a.Travel(45 * 24 * time.Hour)
	say("にぎやか", timeline.PostInput{Body: "電話した"})
	say("予感", timeline.PostInput{Body: "返事が短い", Hunch: "bad"})
	say("ないしょの予感", timeline.PostInput{Body: "だれにも言えない", Hunch: "bad", Visibility: timeline.AuthorOnly})
	_, err := a.Contracts.Update(ctx, made["変わった"].ID, []contract.Edit{{Field: "outlook", New: "danger"}})
	must(err)
	_, err = a.Tasks.Create(ctx, task.New{Contract: made["にぎやか"].ID, Title: "見積もり", Due: "2026-04-10"})
	must(err)
	_, err = a.Tasks.Create(ctx, task.New{Contract: made["にぎやか"].ID, Title: "お礼", Due: "2026-04-05"})
	must(err)
	a.Travel(3 * 24 * time.Hour)
	return a
}

func names(rows *goquery.Selection) string {
	return strings.Join(rows.Map(func(_ int, s *goquery.Selection) string {
		_, name, _ := strings.Cut(strings.TrimSpace(s.Text()), " ")
		return name
	}), " ")
}

// The ready views find, on both databases, what they say, and only by what the
// member may read; each is a filter that can be narrowed further.
func TestReadyViews(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := viewed(t, d)
		b := a.Browser(who.Member)
		for query, want := range map[string]string{
			"":                        "ないしょの予感 にぎやか 変わった 静か 予感",
			"within=90":               "ないしょの予感 にぎやか",
			"view=quiet":              "ないしょの予感 変わった 静か",
			"owner=none":              "ないしょの予感 変わった 予感",
			"view=outlook":            "変わった",
			"view=hunch":              "予感",
			"owner=me":                "にぎやか",
			"view=quiet&owner=none":   "ないしょの予感 変わった",
			"view=quiet&sort=-name":   "静か 変わった ないしょの予感",
			"within=fy2026":           "ないしょの予感 にぎやか 変わった 静か",
			"within=2026-05&owner=me": "にぎやか",
		} {
			p := b.Get("/contracts?" + query)
			if got := names(p.Find("#rows .name a")); got != want {
				t.Errorf("%q: %s", query, got)
			}
			current := p.Find(`nav.pick`).First().Find(`a[aria-current]`).Length()
			if single := (strings.Count(query, "=") < 2 || strings.Contains(query, "sort=")) && !strings.HasPrefix(query, "within=fy"); single != (current == 1) {
				t.Errorf("%q: %d views are marked as the one shown", query, current)
			}
		}
		admin := a.Browser(who.Admin).Get("/contracts?view=hunch")
		if got := names(admin.Find("#rows .name a")); got != "ないしょの予感 予感" {
			t.Errorf("the author of a hunch for themself finds %q", got)
		}
		sentence := b.Get("/contracts?view=quiet&within=fy2026").Find("form.sentence").Clone()
		sentence.Find(".pop, .add").Remove()
		if got := strings.Join(strings.Fields(sentence.Text()), ""); got != "みんなの、30日音沙汰なしで、更新日が今期の契約を、月ごとに、更新日の近い順に。" {
			t.Error(got)
		}
		if got := b.Get("/contracts?view=nonsense").Status; got != 422 {
			t.Error(got)
		}
		if got := a.Program(who.Viewer, workspace.ScopeRead).Do("GET", "/contracts?view=hunch", nil); !strings.Contains(got.Body, "予感") || strings.Contains(got.Body, "ないしょ") {
			t.Error(got.Body)
		}
	})
}

// The ready columns need no set-up, and cost one question each.
func TestReadyColumns(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := viewed(t, d)
		p := a.Browser(who.Member).Get("/contracts?" + url.Values{"col": {"next", "hunch", "contact", "since"}}.Encode())
		row := func(name string) string {
			found := p.Find("#rows tr").FilterFunction(func(_ int, s *goquery.Selection) bool {
				return strings.HasSuffix(strings.TrimSpace(s.Find(".name a").Text()), " "+name)
			})
			return strings.Join(strings.Fields(found.Text()), " ")
		}
		for name, want := range map[string]string{"にぎやか": "お礼 1日過ぎ", "予感": "返事が短い 3日前3日前", "静か": "松井 里佳", "変わった": "3日前"} {
			if got := row(name); !strings.Contains(got, want) {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := row("ないしょの予感"); strings.Contains(got, "言えない") || strings.Contains(got, "予感 だれ") {
			t.Error(got)
		}
	})
}

// The line above the table says when a file last changed contracts; what was
// only looked at, or taken back, does not count.
func TestListSaysWhenItWasBrought(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		bring := func(name string) intake.Import {
			path := filepath.Join(t.TempDir(), "list.csv")
			must(os.WriteFile(path, []byte("契約番号,契約名,会社名\nA-1,"+name+",みなと物流\n"), 0o600))
			im, err := a.Imports.Stage(a.Ctx, intake.Upload{Path: path, FileName: "list.csv", Source: "契約管理"})
			must(err)
			return im
		}
		first := bring("配車")
		_, err := a.Imports.Apply(a.Ctx, first.ID, intake.ApplyOptions{})
		must(err)
		a.Travel(3 * time.Hour)
		bring("倉庫")
		tally := func() string {
			return strings.Join(strings.Fields(a.Browser(who.Viewer).Get("/contracts?sort=name").Find(".tally").Text()), " ")
		}
		if got := tally(); !strings.HasPrefix(got, "1件。けさ10:00に契約管理から更新。") {
			t.Errorf("tally: %s", got)
		}
		_, _, err = a.Imports.Undo(a.Ctx, first.ID)
		must(err)
		if got := tally(); strings.Contains(got, "更新。") {
			t.Errorf("taken back: %s", got)
		}
	})
}
