package workspace

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
	"kizuki/internal/who"
	"kizuki/internal/workspace/secrets"
)

const goodPassword = "そらは青い空の色です"

var (
	ctx      = context.Background()
	goodHash = sync.OnceValue(func() string { return secrets.Hash(goodPassword) })
	start    = time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
)

func init() { secrets.Cheap() }

// world is a service on a database of its own, with a clock that stands still
// and an ear for news.
type world struct {
	t    testing.TB
	d    *db.DB
	s    *Service
	past atomic.Int64 // since start
	mu   sync.Mutex
	news []bus.Change
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(t, newWorld(t, d)) })
}

func newWorld(t testing.TB, d *db.DB) *world {
	b := bus.New()
	w := &world{t: t, d: d, s: New(d, b)}
	w.s.Now = func() time.Time { return start.Add(time.Duration(w.past.Load())) }
	b.Subscribe(func(_ context.Context, _ *db.Tx, cs []bus.Change) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.news = append(w.news, cs...)
		return nil
	})
	return w
}

func (w *world) pass(d time.Duration) { w.past.Add(int64(d)) }

// heard gives the news since the last call, "kind ref" each.
func (w *world) heard() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, c := range w.news {
		all = append(all, fmt.Sprintf("%s %s", c.Kind, c.Ref))
	}
	w.news = nil
	return strings.Join(all, ", ")
}

func (w *world) inTx(f func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	ok(w.t, w.d.InTx(ctx, f))
}

func (w *world) count(query string, args ...any) int64 {
	w.t.Helper()
	n, _, err := db.One(ctx, w.d, db.Value[int64], query, args...)
	ok(w.t, err)
	return n
}

// workspace makes one with an owner, without the cost of hashing a password.
func (w *world) workspace(name string) who.Actor {
	w.t.Helper()
	ws := Workspace{ID: id.New(), Name: name, Zone: "Asia/Tokyo", Currency: "JPY", Lang: "ja", FiscalStartMonth: 4, Created: w.s.Now()}
	w.inTx(func(ctx context.Context, tx *db.Tx) error { return insertWorkspace(ctx, tx, ws) })
	return w.member(ws.ID, who.Owner, "社長", name+"-owner@example.jp")
}

// member adds an active member; an account with the mail is used.
func (w *world) member(ws id.ID, role who.Role, name, mail string) who.Actor {
	w.t.Helper()
	a := who.Actor{Workspace: ws, Member: id.New(), Name: name, Role: role}
	w.inTx(func(ctx context.Context, tx *db.Tx) error {
		acc, known, err := accountByMail(ctx, tx, foldMail(mail))
		if err != nil {
			return err
		}
		if !known {
			acc = account{ID: id.New(), Mail: mail, Fold: foldMail(mail), Hash: goodHash()}
			if err := insertAccount(ctx, tx, acc, w.s.Now()); err != nil {
				return err
			}
		}
		a.Account = acc.ID
		return insertMember(ctx, tx, ws, Member{ID: a.Member, Account: acc.ID, Role: role, Name: name, Mail: acc.Fold, State: Active, Created: w.s.Now()})
	})
	return a
}

func (w *world) placeholder(ws id.ID, name, mail string) id.ID {
	w.t.Helper()
	m := Member{ID: id.New(), Role: who.Member, Name: name, Mail: mail, State: Placeholder, Created: w.s.Now()}
	w.inTx(func(ctx context.Context, tx *db.Tx) error { return insertMember(ctx, tx, ws, m) })
	return m.ID
}

// get reads a member past all permission.
func (w *world) get(ws, member id.ID) Member {
	w.t.Helper()
	m, found, err := memberByID(ctx, w.d, ws, member)
	if err != nil || !found {
		w.t.Fatal("no such member", err)
	}
	return m
}

// acts are the names of the workspace's audit log, oldest first.
func (w *world) acts(ws id.ID) string {
	w.t.Helper()
	list, err := db.All(ctx, w.d, db.Value[string], "SELECT act FROM audit WHERE workspace_id = $1 ORDER BY id", ws)
	ok(w.t, err)
	return strings.Join(list, " ")
}

func as(a who.Actor) context.Context { return who.With(ctx, a) }

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wants checks the code and, if one is given, the key of an error.
func wants(t testing.TB, err error, code errs.Code, key string) {
	t.Helper()
	if !errs.Is(err, code) || key != "" && errs.As(err).Key != key {
		t.Fatalf("got %v, want %s %s", err, code, key)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// atOnce runs f side by side and gives the errors.
func atOnce(n int, f func(i int) error) []error {
	list := make([]error, n)
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			list[i] = f(i)
		})
	}
	close(begin)
	wg.Wait()
	return list
}

// oneWins checks that exactly one of many succeeded and the rest got the code.
func oneWins(t testing.TB, list []error, code errs.Code) {
	t.Helper()
	won := 0
	for _, err := range list {
		if err == nil {
			won++
		} else if !errs.Is(err, code) {
			t.Errorf("a loser got %v, want %s", err, code)
		}
	}
	equal(t, "winners", won, 1)
}
