package contract

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
)

func wants(t *testing.T, err error, code errs.Code, key string) {
	t.Helper()
	if e := errs.As(err); err == nil || e.Code != code || e.Key != key {
		t.Errorf("got %v, want %s %s", err, code, key)
	}
}

func (w *world) get(t *testing.T, contractID id.ID) Contract {
	t.Helper()
	c, err := w.Get(w.ctx, contractID)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) update(t *testing.T, contractID id.ID, edits ...Edit) Contract {
	t.Helper()
	c, err := w.Update(w.ctx, contractID, edits)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// terms are written "no starts renews amount outcome", newest first.
func (w *world) terms(t *testing.T, contractID id.ID) string {
	t.Helper()
	list, err := w.Terms(w.ctx, contractID)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, x := range list {
		c := Contract{Amount: x.Amount, Currency: x.Currency}
		amount, _ := c.Value("amount").(string)
		out = append(out, strings.Join([]string{string(rune('0' + x.No)), string(x.Starts), string(x.Renews), amount, string(x.Outcome)}, " "))
	}
	return strings.Join(out, ", ")
}

func TestCreate(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.field(t, "seats", field.Number)
		c := w.create(t, Input{Key: "Ａ-1", Name: "導入支援", Organization: "㈱アルファ", Owner: "HANA@example.jp", Outlook: "順調",
			StartDate: "令和7年4月1日", RenewalDate: "来年3月末", Amount: "48万円", AmountBasis: "年額", Form: true,
			Fields: map[string]any{"seats": "１，２００"}})
		if c.OwnerID != w.hana || c.OwnerName != "山田 花子" || c.OrgName != "㈱アルファ" || c.RenewalDate != "2027-03-31" || c.Currency != "JPY" ||
			c.Value("amount") != "480000" || c.Value("field:seats") != json.Number("1200") || c.OutlookBy != w.hana || c.Version != 1 {
			t.Errorf("%+v", c)
		}
		if got, want := w.terms(t, c.ID), "1 2025-04-01 2027-03-31 480000 open"; got != want {
			t.Error(got)
		}
		if news := w.heard(Created); len(news) != 1 || news[0].Contract != c.ID || news[0].Data["key"] != "Ａ-1" {
			t.Error(news)
		}
		second := w.create(t, Input{Organization: c.OrgID.String()})
		if second.OrgID != c.OrgID || !strings.HasPrefix(second.Key, "K-") {
			t.Errorf("%+v", second)
		}
		if sib, err := w.Siblings(w.ctx, c.ID); err != nil || len(sib) != 1 || sib[0].ID != second.ID {
			t.Error(sib, err)
		}
		_, err := w.Create(w.ctx, Input{Key: "a-1", Name: "x", Organization: "x"})
		wants(t, err, errs.Conflict, "contract.err.key_taken")
		_, err = w.Create(w.ctx, Input{Owner: "だれか", RenewalDate: "いつか", Fields: map[string]any{"none": 1}})
		var keys []string
		for _, e := range errs.As(err).Fields {
			keys = append(keys, e.Field+" "+e.Key)
		}
		if got := strings.Join(keys, ", "); got != "field:none err.unknown_field, name err.required, renewal_date err.date, owner contract.err.owner, organization err.required" {
			t.Error(got)
		}
	})
}

func TestUpdate(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.field(t, "plan", field.Choice, "標準", "上位")
		c := w.create(t, Input{Key: "A-1", Status: "契約中", RenewalDate: "2026-06-01", Outlook: "watch", OutlookWhy: "声が小さい"})
		w.news = nil
		after := w.update(t, c.ID, Edit{Field: "status", New: "停止", Old: "契約中", HasOld: true}, Edit{Field: "field:plan", New: "上位"},
			Edit{Field: "owner", New: w.taro.String(), Old: nil, HasOld: true}, Edit{Field: "outlook", New: "danger"}, Edit{Field: "phase", New: ""})
		want := map[string][2]any{"status": {"契約中", "停止"}, "field:plan": {nil, "上位"}, "owner": {nil, w.taro.String()},
			"outlook": {"watch", "danger"}, "outlook_why": {"声が小さい", nil}}
		if news := w.heard(Changed); len(news) != 1 || !reflect.DeepEqual(news[0].Fields, want) || news[0].By.ActorID != w.hana {
			t.Errorf("%+v", news)
		}
		if after.Version != 2 || after.OwnerName != "佐藤 太郎" {
			t.Errorf("%+v", after)
		}
		same := w.update(t, c.ID, Edit{Field: "status", New: "停止", Old: "古い", HasOld: true}, Edit{Field: "renewal_date", New: "2026/6/1"})
		if same.Version != 2 || len(w.news) != 0 {
			t.Error("nothing changed, but", w.news)
		}
	})
}

func TestUpdateConflicts(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.create(t, Input{Key: "A-1", Status: "契約中", RenewalDate: "2026-06-01", Owner: "佐藤 太郎", Amount: "1000"})
		w.create(t, Input{Key: "B-1"})
		for _, e := range []Edit{
			{Field: "status", New: "停止", Old: "試用"}, {Field: "status", New: "停止", Old: nil},
			{Field: "renewal_date", New: "2026-07-01", Old: "2026-05-01"}, {Field: "renewal_date", New: "2026-07-01", Old: "rubbish"},
			{Field: "owner", New: w.hana.String(), Old: ""}, {Field: "amount", New: "5", Old: "999"},
			{Field: "organization", New: "ベータ", Old: "ガンマ"}, {Field: "name", New: "x", Old: nil},
		} {
			e.HasOld = true
			_, err := w.Update(w.ctx, c.ID, []Edit{e})
			wants(t, err, errs.Conflict, "contract.err.changed")
			if x := errs.As(err); x.Field != e.Field || x.Args["Theirs"] != c.Value(e.Field) {
				t.Error(x.Args)
			}
		}
		if got := w.get(t, c.ID); got.Version != 1 {
			t.Error("a conflict changed something", got)
		}
		w.update(t, c.ID, Edit{Field: "organization", New: "ベータ", Old: "株式会社 アルファ", HasOld: true}, Edit{Field: "amount", New: "5", Old: "1,000", HasOld: true})
		_, err := w.Update(w.ctx, c.ID, []Edit{{Field: "key", New: "ｂ-1"}})
		wants(t, err, errs.Conflict, "contract.err.key_taken")
		_, err = w.Update(w.ctx, c.ID, []Edit{{Field: "organization", New: ""}})
		wants(t, err, errs.Invalid, "err.required")
	})
}

func TestTerms(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d) // it is 2026-04-10 in Japan
		c := w.create(t, Input{StartDate: "2025-04-01", RenewalDate: "2026-04-01", Amount: "100"})
		w.news = nil
		steps := []struct {
			edits  []Edit
			want   string
			opened int
		}{
			{[]Edit{{Field: "renewal_date", New: "2026-03-31"}, {Field: "amount", New: "120"}}, "1 2025-04-01 2026-03-31 120 open", 0},
			{[]Edit{{Field: "renewal_date", New: "2027-03-31"}}, "2 2026-03-31 2027-03-31 120 open, 1 2025-04-01 2026-03-31 120 renewed", 1},
			{[]Edit{{Field: "amount", New: "130"}}, "2 2026-03-31 2027-03-31 130 open, 1 2025-04-01 2026-03-31 120 renewed", 0},
			{[]Edit{{Field: "start_date", New: "2027-04-01"}, {Field: "renewal_date", New: "2028-03-31"}},
				"3 2027-04-01 2028-03-31 130 open, 2 2026-03-31 2027-03-31 130 renewed, 1 2025-04-01 2026-03-31 120 renewed", 1},
			{[]Edit{{Field: "start_date", New: "2027-04-02"}},
				"3 2027-04-02 2028-03-31 130 open, 2 2026-03-31 2027-03-31 130 renewed, 1 2025-04-01 2026-03-31 120 renewed", 0},
		}
		for i, s := range steps {
			w.update(t, c.ID, s.edits...)
			if got := w.terms(t, c.ID); got != s.want {
				t.Errorf("step %d:\n got %s\nwant %s", i, got, s.want)
			}
			if n := len(w.heard(TermOpened)); n != s.opened {
				t.Errorf("step %d: %d opened", i, n)
			}
		}
		back := w.get(t, c.ID)
		back.StartDate, back.RenewalDate = "2025-04-01", "2027-03-31"
		w.apply(t, []Save{{Contract: back, Changes: Diff(w.get(t, c.ID), back), DropTerm: true}})
		if got, want := w.terms(t, c.ID), "2 2026-03-31 2027-03-31 130 open, 1 2025-04-01 2026-03-31 120 renewed"; got != want {
			t.Error(got)
		}
		if c := w.get(t, c.ID); c.TermNo != 2 || c.RenewalDate != "2027-03-31" {
			t.Errorf("%+v", c)
		}
	})
}

func TestEnd(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.create(t, Input{RenewalDate: "2026-04-01"})
		w.news = nil
		if err := w.End(w.ctx, c.ID, "2026-03-31", " 予算がなくなった "); err != nil {
			t.Fatal(err)
		}
		if news := w.heard(Ended); len(news) != 1 || news[0].Data["words"] != "予算がなくなった" || news[0].Fields["ended_on"] != [2]any{nil, "2026-03-31"} {
			t.Error(news)
		}
		wants(t, w.End(w.ctx, c.ID, "", ""), errs.Conflict, "contract.err.ended")
		w.update(t, c.ID, Edit{Field: "renewal_date", New: "2027-04-01"}) // no next term for what has ended
		if got := w.terms(t, c.ID); got != "1  2027-04-01  churned" {
			t.Error(got)
		}
		if p, err := w.List(w.ctx, Query{}); err != nil || len(p.Items) != 0 {
			t.Error("ended ones are listed", err)
		}
		if err := w.Reopen(w.ctx, c.ID); err != nil {
			t.Fatal(err)
		}
		if got := w.terms(t, c.ID); got != "1  2027-04-01  open" || w.get(t, c.ID).EndedOn != "" {
			t.Error(got)
		}
		wants(t, w.Reopen(w.ctx, c.ID), errs.Conflict, "contract.err.not_ended")
		wants(t, w.End(w.ctx, c.ID, "2026-02-30", ""), errs.Invalid, "err.date")
		wants(t, w.End(w.ctx, c.ID, "", strings.Repeat("あ", 2001)), errs.Invalid, "err.too_long")
		if err := w.End(w.ctx, c.ID, "", ""); err != nil || w.get(t, c.ID).EndedOn != "2026-04-10" {
			t.Error("the day of the actor's zone", err, w.get(t, c.ID).EndedOn)
		}
	})
}

func TestArchive(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.create(t, Input{})
		w.news = nil
		for range 2 {
			if err := w.Archive(w.ctx, c.ID); err != nil {
				t.Fatal(err)
			}
		}
		if n, exact, err := w.Count(w.ctx, Query{}); n != 0 || !exact || err != nil || len(w.heard(Archived)) != 1 {
			t.Error(n, exact, err)
		}
		if err := w.Unarchive(w.ctx, c.ID); err != nil || !w.get(t, c.ID).ArchivedAt.IsZero() {
			t.Error(err)
		}
	})
}

func TestSplit(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a, b := w.create(t, Input{}), w.create(t, Input{})
		other := w.create(t, Input{Organization: "ベータ"})
		w.news = nil
		o, err := w.Split(w.ctx, []id.ID{b.ID}, "")
		if err != nil || w.get(t, b.ID).OrgID != o || w.get(t, a.ID).OrgID == o || w.get(t, b.ID).OrgName != a.OrgName {
			t.Fatal(o, err)
		}
		if news := w.heard(Changed); len(news) != 1 || news[0].Fields["organization"] != [2]any{a.OrgID.String(), o.String()} {
			t.Error(news)
		}
		_, err = w.Split(w.ctx, []id.ID{a.ID, other.ID}, "x")
		wants(t, err, errs.Invalid, "contract.err.split")
		_, err = w.Split(w.ctx, []id.ID{a.ID, 99}, "x")
		wants(t, err, errs.NotFound, "err.not_found")
		_, err = w.Split(w.ctx, nil, "x")
		wants(t, err, errs.Invalid, "err.required")
	})
}

// Nothing is seen or changed from another workspace, nor by who may not.
func TestIsolation(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w, other := newWorld(t, d), newWorld(t, d)
		c := w.create(t, Input{Key: "A-1"})
		acts := map[string]func(ctx context.Context) error{
			"get":      func(ctx context.Context) error { _, err := w.Get(ctx, c.ID); return err },
			"siblings": func(ctx context.Context) error { _, err := w.Siblings(ctx, c.ID); return err },
			"terms":    func(ctx context.Context) error { _, err := w.Terms(ctx, c.ID); return err },
			"+update": func(ctx context.Context) error {
				_, err := w.Update(ctx, c.ID, []Edit{{Field: "name", New: "x"}})
				return err
			},
			"+end":     func(ctx context.Context) error { return w.End(ctx, c.ID, "", "") },
			"+reopen":  func(ctx context.Context) error { return w.Reopen(ctx, c.ID) },
			"+archive": func(ctx context.Context) error { return w.Archive(ctx, c.ID) },
			"+split":   func(ctx context.Context) error { _, err := w.Split(ctx, []id.ID{c.ID}, "x"); return err },
		}
		for name, act := range acts {
			if err := act(other.ctx); !errs.Is(err, errs.NotFound) {
				t.Errorf("%s from another workspace: %v", name, err)
			}
			if err := act(context.Background()); !errs.Is(err, errs.Unauthorized) {
				t.Errorf("%s by nobody: %v", name, err)
			}
			if err := act(w.as(who.Viewer)); strings.HasPrefix(name, "+") && !errs.Is(err, errs.Forbidden) || !strings.HasPrefix(name, "+") && err != nil {
				t.Errorf("%s by a viewer: %v", name, err)
			}
		}
		if found, err := other.LoadByKeys(other.ctx, d, other.ws, []string{"a-1"}); err != nil || len(found) != 0 {
			t.Error(found, err)
		}
		other.create(t, Input{Key: "A-1"}) // a key is taken in its workspace only
		_, err := other.Create(other.ctx, Input{Name: "x", Organization: "x", Owner: w.hana.String()})
		wants(t, err, errs.Invalid, "contract.err.owner")
		_, err = other.Create(other.ctx, Input{Name: "x", Organization: c.OrgID.String()})
		wants(t, err, errs.Invalid, "err.choice")
	})
}

// A service that fails in the middle leaves nothing.
func TestFailureRollsBack(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.create(t, Input{RenewalDate: "2026-04-01"})
		w.bus.Subscribe(func(context.Context, *db.Tx, []bus.Change) error { return errs.New(errs.Stopped, "x") }, Changed, Ended)
		for _, err := range []error{
			func() error {
				_, err := w.Update(w.ctx, c.ID, []Edit{{Field: "renewal_date", New: "2027-04-01"}})
				return err
			}(),
			w.End(w.ctx, c.ID, "", ""),
		} {
			wants(t, err, errs.Stopped, "x")
		}
		if got := w.terms(t, c.ID); got != "1  2026-04-01  open" || !reflect.DeepEqual(w.get(t, c.ID), c) {
			t.Error(got)
		}
	})
}

func TestTodayIsTheActors(t *testing.T) {
	w := newWorld(t, testkit.SQLite(t))
	w.now = time.Date(2026, 4, 10, 20, 0, 0, 0, time.UTC) // the 11th in Japan
	if got := w.today(w.ctx); got != cal.Date("2026-04-11") {
		t.Error(got)
	}
}
