package renewal_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"kizuki/internal/contract"
	"kizuki/internal/errs"
	"kizuki/internal/renewal"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

func TestAmend(t *testing.T) {
	each(t, func(w *world) { // it is 17 February 2026
		a, err := w.Renewals.Amend(w.ctx, w.c.ID, renewal.Amended{Effective: "来月1日", Amount: "60万円", Words: " 席が増えた ", Form: true})
		w.must(err)
		if a.Effective != "2026-03-01" || *a.Amount != 600000 || a.Basis != contract.Monthly || a.Words != "席が増えた" || *w.now().Amount != 480000 {
			t.Errorf("%+v", a)
		}
		w.Travel(time.Date(2026, 2, 28, 16, 0, 0, 0, time.UTC).Sub(w.Now())) // 1 March in Tokyo
		w.morning()
		if c := w.now(); *c.Amount != 600000 {
			t.Errorf("%+v", c)
		}
		if got := w.trail(); got[0] != "contract.changed" || got[1] != "term.amended" {
			t.Error(got)
		}
		w.must(w.Renewals.Unamend(w.ctx, w.c.ID, "2026-03-01"))
		if c := w.now(); *c.Amount != 480000 {
			t.Errorf("%+v", c)
		}
		for name, c := range map[string]struct {
			in  renewal.Amended
			key string
		}{
			"no day":      {renewal.Amended{Amount: "1"}, "err.date"},
			"no such day": {renewal.Amended{Effective: "2026-02-30", Amount: "1"}, "err.no_such_day"},
			"no amount":   {renewal.Amended{Effective: "2026-03-01", Amount: " "}, "renewal.err.no_amount"},
			"not money":   {renewal.Amended{Effective: "2026-03-01", Amount: "たくさん"}, "err.money"},
			"long words":  {renewal.Amended{Effective: "2026-03-01", Amount: "1", Words: strings.Repeat("あ", 2001)}, "err.too_long"},
			"next term":   {renewal.Amended{Effective: "2026-05-01", Amount: "1"}, "contract.err.amend_after"},
		} {
			if _, err := w.Renewals.Amend(w.ctx, w.c.ID, c.in); errs.As(err).Key != c.key {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.Renewals.Amend(w.As(who.Viewer), w.c.ID, renewal.Amended{Effective: "2026-03-01", Amount: "1"}); !errs.Is(err, errs.Forbidden) {
			t.Error(err)
		}
	})
}

// morning runs the job of the day for the workspace.
func (w *world) morning() {
	w.t.Helper()
	list, err := w.Workspace.EveryWorkspace(context.Background())
	w.must(err)
	for _, x := range list {
		w.must(w.Renewals.Morning(context.Background(), workspace.Workspace(x)))
	}
}

// A contract that renews itself goes on the day after its date, once, and can
// be taken back; others wait for somebody to say what became of them.
func TestSelfRenewing(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.Contracts.Update(w.ctx, w.c.ID, []contract.Edit{{Field: "auto_renew", New: true}})
		w.must(err)
		other, err := w.Contracts.Create(w.ctx, contract.Input{Name: "x", Organization: "x", RenewalDate: "2026-03-31"})
		w.must(err)
		rolling, err := w.Contracts.Create(w.ctx, contract.Input{Name: "y", Organization: "x", RenewalDate: "2026-03-31", AutoRenew: true, TermType: "rolling"})
		w.must(err)
		for _, at := range []struct {
			day  time.Time
			term int
		}{
			{time.Date(2026, 3, 31, 1, 0, 0, 0, time.UTC), 1}, {time.Date(2026, 3, 31, 16, 0, 0, 0, time.UTC), 2},
			{time.Date(2026, 4, 2, 1, 0, 0, 0, time.UTC), 2}, {time.Date(2028, 4, 2, 1, 0, 0, 0, time.UTC), 4},
		} {
			w.Travel(at.day.Sub(w.Now()))
			w.morning()
			if c := w.now(); c.TermNo != at.term {
				t.Errorf("%s: term %d, want %d", at.day, c.TermNo, at.term)
			}
		}
		list, err := w.Renewals.Of(w.ctx, w.c.ID)
		w.must(err)
		if len(list) != 3 || list[0].Words != "自動更新" || list[0].By != 0 || !list[0].Last {
			t.Errorf("%+v", list)
		}
		_, err = w.Renewals.Undo(w.ctx, list[0].ID)
		w.must(err)
		w.morning() // what somebody took back is theirs to say
		if c := w.now(); c.TermNo != 3 {
			t.Errorf("term %d", c.TermNo)
		}
		for _, c := range []contract.Contract{other, rolling} {
			if now, err := w.Contracts.Get(w.ctx, c.ID); err != nil || now.TermNo != 1 {
				t.Error(now.TermNo, err)
			}
		}
	})
}
