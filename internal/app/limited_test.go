package app_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"kizuki/internal/audience"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/task"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/testkit/mailtest"
	"kizuki/internal/timeline"
	"kizuki/internal/timeline/notices"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// secret stands in everything that only some may read.
const secret = "極秘"

// limited is a workspace with a contract and a note that only the owner and an
// admin may read, and everything another person could learn of them by.
type limited struct {
	*apptest.App
	open, closed contract.Contract
	ids          []id.ID // of everything that is closed, and of what it hangs on
	files        []id.ID // attached to what is closed, and one that waits to be
}

func closeSome(t *testing.T, a *apptest.App) *limited {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w := &limited{App: a, open: furnish(t, a)}
	admin := audience.Reader{Kind: "member", ID: a.Actors[who.Admin].Member}
	var err error
	w.closed, err = a.Contracts.Create(a.Ctx, contract.Input{Key: secret + "-9", Name: secret + "の案件", Organization: "株式会社みなと物流", Department: secret + "部",
		Status: secret + "の状態", Phase: secret + "の段階", Owner: a.Actors[who.Owner].Member.String(), RenewalDate: "2026-03-25", Amount: "9876543", Fields: map[string]any{"plan": secret}})
	must(err)
	_, err = a.Contacts.Add(a.Ctx, w.closed.ID, contact.Contact{Name: secret + "さん"}, "決裁者")
	must(err)
	onClosed, onNote, loose := uploads(t, a, a.As(who.Member), secret+"の資料"), uploads(t, a, a.Ctx, secret+"の図"), uploads(t, a, a.Ctx, secret)
	first, err := a.Timeline.Post(a.As(who.Member), timeline.PostInput{Contract: w.closed.ID, Body: secret + "の話を聞いた", Hunch: "bad", Files: onClosed})
	must(err)
	reply, err := a.Timeline.Post(a.Ctx, timeline.PostInput{Contract: w.closed.ID, Parent: first.ID, Body: "@田村 健 " + secret + "にして"})
	must(err)
	due, err := a.Tasks.Create(a.Ctx, task.New{Contract: w.closed.ID, Title: secret + "の作業", Owner: a.Actors[who.Member].Member, Due: "2026-02-17"})
	must(err)
	_, err = a.Tasks.Create(a.Ctx, task.New{Contract: w.closed.ID, Parent: due.ID, Title: secret + "の下ごしらえ"})
	must(err)
	must(a.Contracts.Limit(a.Ctx, w.closed.ID, true, []audience.Reader{admin}))
	note, err := a.Timeline.Post(a.Ctx, timeline.PostInput{Contract: w.open.ID, Body: "@田村 健 " + secret + "のメモ", Hunch: "good",
		Visibility: timeline.AuthorOnly, Readers: []audience.Reader{admin}, Files: onNote})
	must(err)
	below, err := a.Timeline.Post(a.As(who.Admin), timeline.PostInput{Contract: w.open.ID, Parent: note.ID, Body: secret + "の返信"})
	must(err)
	w.ids = []id.ID{w.closed.ID, w.open.ID, w.closed.OrgID, first.ID, reply.ID, due.ID, note.ID, below.ID, a.Actors[who.Owner].Member}
	w.files = slices.Concat(onClosed, onNote, loose)
	w.ids = append(w.ids, w.files...)
	owner, listed := a.Program(who.Owner, workspace.ScopeRead), map[string]bool{}
	for _, e := range a.REST.Table() {
		if e.Method == "GET" && !strings.Contains(e.Path, "{") && !stream(e.Path) {
			ids(any(owner.Do("GET", strings.TrimPrefix(e.Path, "/api/v1"), nil).JSON), listed)
		}
	}
	for s := range listed {
		if ref, err := id.Parse(s); err == nil && !slices.Contains(w.ids, ref) {
			w.ids = append(w.ids, ref)
		}
	}
	return w
}

// isFile tells of an address whether it is of a file that is closed.
func (w *limited) isFile(path string) bool {
	return slices.ContainsFunc(w.files, func(f id.ID) bool { return strings.HasPrefix(path+"/", "/files/"+f.String()+"/") })
}

// paths are a route with every id that could lead to something closed.
func (w *limited) paths(route string) (out []string) {
	route = strings.TrimSuffix(route, "{$}")
	if !strings.Contains(route, "{") {
		return []string{route, route + "?q=" + url.QueryEscape(secret), route + "?ended=1&archived=1&show=all&owner=&state=&sort=created"}
	}
	for _, ref := range w.ids {
		out = append(out, param.ReplaceAllString(route, ref.String()))
	}
	return out
}

// stream would not end; what it sends is tested where it is made.
func stream(path string) bool { return strings.HasSuffix(path, "/live") }

// Somebody without the right walks every way out there is: each page and each
// endpoint, with every id. New ones are walked without being named here.
func TestNothingClosedGetsOut(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := closeSome(t, apptest.New(t, d))
		for _, role := range []who.Role{who.Member, who.Viewer} {
			b, p := w.Browser(role), w.Program(role, workspace.ScopeRead)
			for _, r := range w.Router.Table() {
				if r.Method != "GET" || stream(r.Path) || r.Path == "/signout" {
					continue
				}
				for _, path := range w.paths(r.Path) {
					for _, got := range []*apptest.Page{b.Get(path), b.Fragment("GET", path, nil)} {
						if says := leaks(got.Body, path); says != "" {
							t.Errorf("%s as %s: %s", path, role, says)
						}
						if (strings.HasPrefix(path, "/contracts/"+w.closed.ID.String()) || w.isFile(path)) && got.Status < 400 {
							t.Errorf("%s as %s: %d", path, role, got.Status)
						}
					}
				}
			}
			for _, e := range w.REST.Table() {
				if e.Method != "GET" || stream(e.Path) {
					continue
				}
				for _, path := range w.paths(strings.TrimPrefix(e.Path, "/api/v1")) {
					got := p.Do("GET", path, nil)
					if says := leaks(got.Body, path); says != "" || w.isFile(path) && got.Status != 404 {
						t.Errorf("%s as %s: %d %s", path, role, got.Status, says)
					}
				}
			}
			if n, _, err := w.Contracts.Count(w.As(role), contract.Query{Q: secret}); n != 0 || err != nil {
				t.Error(n, "counted", err)
			}
			if words, err := w.Contracts.Distinct(w.As(role), "status"); strings.Contains(strings.Join(words, ""), secret) || err != nil {
				t.Error(words, err)
			}
		}
	})
}

// leaks finds the secret in an answer, where it is not what was asked.
func leaks(body, path string) string {
	asked, _ := url.QueryUnescape(path)
	if strings.Contains(asked, secret) { // a page says again what was looked for
		for _, echo := range []string{`"` + secret + `"`, "「" + secret + "」", ">" + secret + "<", "“" + secret + "”", "q=" + url.QueryEscape(secret), "= " + secret, secret + "」"} {
			body = strings.ReplaceAll(body, echo, "")
		}
	}
	for _, word := range []string{secret, "9876543", "9,876,543", "987.6"} {
		if at := strings.Index(body, word); at >= 0 {
			return "…" + strings.ToValidUTF8(body[max(0, at-120):min(len(body), at+60)], "") + "…"
		}
	}
	return ""
}

// Nor does the daily message of somebody without the right tell of it, though
// they were called by name before it was closed and follow everything.
func TestNoLetterTellsWhatIsClosed(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		s, on := mailtest.On(t)
		w := closeSome(t, apptest.New(t, d, on))
		for _, role := range []who.Role{who.Member, who.Viewer} {
			c, err := w.Digest.Choice(w.As(role))
			if err != nil {
				t.Fatal(err)
			}
			c.Kinds[notices.Followed] = notices.Choice{Inbox: true, Message: true}
			if err := w.Digest.Choose(w.As(role), c); err != nil {
				t.Fatal(err)
			}
			if err := w.Timeline.Follow(w.As(role), w.open.ID); err != nil {
				t.Fatal(err)
			}
		}
		for _, in := range []timeline.PostInput{{Contract: w.closed.ID, Body: "@北原 光 " + secret},
			{Contract: w.open.ID, Body: "@北原 光 " + secret, Visibility: timeline.AuthorOnly}, {Contract: w.open.ID, Body: "@北原 光 @田村 健 おもての話"}} {
			if _, err := w.Timeline.Post(w.Ctx, in); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Digest.Tick(context.Background()), w.Jobs.Drain(context.Background())); err != nil {
			t.Fatal(err)
		}
		for _, to := range []string{"member@example.com", "viewer@example.com"} {
			got := s.To(to)
			if len(got) != 1 || !strings.Contains(got[0].Text, "おもての話") {
				t.Fatalf("%s: %+v", to, got)
			}
			if says := leaks(got[0].Subject+got[0].Text+got[0].HTML, ""); says != "" {
				t.Errorf("%s: %s", to, says)
			}
		}
		if got := s.To("owner@example.com"); len(got) != 1 || !strings.Contains(got[0].Text, secret) {
			t.Error("who may read it hears nothing:", got)
		}
	})
}

// Nor does a write get in, and those who may read see it all.
func TestWhatIsClosedIsOpenToItsReaders(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := closeSome(t, apptest.New(t, d))
		before, err := w.Contracts.Get(w.Ctx, w.closed.ID)
		if err != nil {
			t.Fatal(err)
		}
		b, p := w.Browser(who.Member), w.Program(who.Member, workspace.ScopeWrite)
		for _, r := range w.Router.Table() {
			if r.Method == "POST" && strings.HasPrefix(r.Path, "/contracts/{id}") {
				if got := b.Post(param.ReplaceAllString(r.Path, w.closed.ID.String()), url.Values{"body": {"x"}, "outcome": {"churned"}, "visibility": {"everyone"}}); got.Status < 400 {
					t.Errorf("%s: %d %s", r.Path, got.Status, got.Path)
				}
			}
		}
		for _, e := range w.REST.Table() {
			if e.Method != "GET" && strings.HasPrefix(e.Path, "/api/v1/contracts/{id}") {
				path := param.ReplaceAllString(strings.TrimPrefix(e.Path, "/api/v1"), w.closed.ID.String())
				if got := p.Do(e.Method, path, map[string]any{}); got.Status < 400 {
					t.Errorf("%s %s: %d", e.Method, path, got.Status)
				}
			}
		}
		after, err := w.Contracts.Get(w.Ctx, w.closed.ID)
		if err != nil || after.Version != before.Version || !after.Limited() {
			t.Error(after, err)
		}
		admin := w.Browser(who.Admin)
		if got := admin.Get("/contracts/" + w.closed.ID.String()); got.Status != 200 || !strings.Contains(got.Find(".only").Text(), "岡田 真帆、松井 里佳だけが読めます") {
			t.Error(got.Status, got.Find(".only").Text())
		}
		if got := admin.Get("/contracts"); !strings.Contains(got.Body, secret) {
			t.Error("a reader does not find it in the list")
		}
		got := admin.Get("/contracts/" + w.open.ID.String())
		if only := got.Find("#trail-panel .only").Text(); !strings.Contains(got.Body, secret+"のメモ") || !strings.Contains(only, "岡田 真帆、松井 里佳だけが読めます") {
			t.Error(only)
		}
		w.mustHaveRead(t, "contract.read_limited", w.Actors[who.Admin].Member, 1)
		w.mustHaveRead(t, "note.read_limited", w.Actors[who.Admin].Member, 1)
		w.mustHaveRead(t, "contract.read_limited", w.Actors[who.Owner].Member, 0) // its owner
		if err := w.Contracts.Limit(w.Ctx, w.closed.ID, false, nil); err != nil {
			t.Fatal(err)
		}
		if got := b.Get("/contracts/" + w.closed.ID.String()); got.Status != 200 {
			t.Error(got.Status)
		}
	})
}

// mustHaveRead: the log says once a day that somebody read something limited.
func (w *limited) mustHaveRead(t *testing.T, act string, member id.ID, want int) {
	t.Helper()
	list, _, err := w.Workspace.Audit(w.Ctx, "", 200)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range list {
		if e.Act == act && e.Member == member {
			n++
		}
	}
	if n != want {
		t.Errorf("%d lines of %s, want %d", n, act, want)
	}
}

// A team's readers are those who are in it now; who leaves it reads no more.
func TestATeamReads(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := closeSome(t, apptest.New(t, d))
		unit, err := w.Workspace.CreateUnit(w.Ctx, "ハイタッチ", 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Contracts.Limit(w.Ctx, w.closed.ID, true, []audience.Reader{{Kind: "unit", ID: unit.ID}}); err != nil {
			t.Fatal(err)
		}
		for _, in := range []bool{false, true, false} {
			var members []id.ID
			if in {
				members = append(members, w.Actors[who.Viewer].Member)
			}
			if err := w.Workspace.SetUnitMembers(w.Ctx, unit.ID, members); err != nil {
				t.Fatal(err)
			}
			_, err := w.Contracts.Get(w.As(who.Viewer), w.closed.ID)
			found, err2 := audience.SeesContracts(context.Background(), d, w.Actors[who.Viewer], []id.ID{w.closed.ID, w.open.ID})
			if (err == nil) != in || err2 != nil || found[w.closed.ID] != in || !found[w.open.ID] {
				t.Error(in, err, found, err2)
			}
		}
	})
}
