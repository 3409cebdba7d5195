package bulk_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"kizuki/internal/bulk"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// Others must get through while many contracts change hands: a note waits less
// than five seconds on SQLite. KIZUKI_ROWS asks for more of them.
func TestOthersGetThrough(t *testing.T) {
	n := 3000
	if s := os.Getenv("KIZUKI_ROWS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	w := &world{App: apptest.New(t, testkit.SQLite(t)), t: t}
	target := w.add(1, nil)[0]
	w.fill(n)
	var longest, posted atomic.Int64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
			start := time.Now()
			if _, err := w.Timeline.Post(w.Ctx, timeline.PostInput{Contract: target, Body: "ひとりごと"}); err != nil {
				t.Error(err)
			}
			longest.Store(max(longest.Load(), int64(time.Since(start))))
			posted.Add(1)
		}
	}()
	var took []time.Duration
	timed := func(act bulk.Act, f func() bulk.Act) bulk.Act {
		start := time.Now()
		act = f()
		took = append(took, time.Since(start).Round(time.Millisecond))
		return act
	}
	act := timed(bulk.Act{}, func() bulk.Act {
		return w.staged(w.Ctx, bulk.Selection{}, bulk.Edit{Field: "owner", New: w.Actors[who.Member].Member.String()})
	})
	act = timed(act, func() bulk.Act { return w.apply(w.Ctx, act) })
	w.want(act, bulk.Applied, fmt.Sprintf("done %d", n+1))
	act = timed(act, func() bulk.Act { return w.undo(w.Ctx, act) })
	w.want(act, bulk.Undone, fmt.Sprintf("back %d", n+1))
	close(stop)
	<-done
	t.Logf("%d contracts: compared, applied, undone in %v; %d notes posted, the slowest waited %v", n+1, took, posted.Load(), time.Duration(longest.Load()))
	if waited := time.Duration(longest.Load()); waited > 5*time.Second {
		t.Errorf("a note waited %v", waited)
	}
}

// fill makes n contracts as an import would.
func (w *world) fill(n int) {
	w.t.Helper()
	ws := w.Actors[who.Owner].Workspace
	for start := 0; start < n; start += 1000 {
		w.must(w.DB.InTx(w.Ctx, func(ctx context.Context, tx *db.Tx) error {
			o, err := w.Orgs.ResolveIn(ctx, tx, ws, []org.Name{{Name: fmt.Sprintf("顧客の%d", start)}})
			if err != nil {
				return err
			}
			var saves []contract.Save
			for i := start; i < min(n, start+1000); i++ {
				c := contract.Contract{ID: id.New(), Key: fmt.Sprintf("F-%06d", i), Name: fmt.Sprintf("契約の%d", i), OrgID: o[0].ID, Currency: "JPY",
					OwnerID: w.Actors[who.Owner].Member, StartDate: "2025-10-01", RenewalDate: "2026-09-30", Fields: map[string]any{}, CreatedAt: w.Now()}
				saves = append(saves, contract.Save{Contract: c, New: true})
			}
			return w.Contracts.ApplyIn(ctx, tx, saves)
		}))
	}
}
