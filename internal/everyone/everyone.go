// Package everyone shows a member the newest words across all contracts: of
// everybody, of a team, of people they follow, or of one colleague. Nobody is
// counted.
package everyone

import (
	"context"
	"sync"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// Query says whose words; of several the last one named counts.
type Query struct {
	Unit      id.ID // of the members of a team
	Following bool  // of those the actor follows
	By        id.ID // of one colleague
	Cursor    string
	Limit     int // 1..50, 0 = 20
}

// Page is a stretch of words, newest first. Seen is when the actor last looked,
// zero if never, or on a page that is not the first.
type Page struct {
	Items []timeline.Conversation
	Next  string
	Seen  time.Time
}

// Service offers the acts.
type Service struct {
	db       *db.DB
	timeline *timeline.Service
	open     openness
	Now      func() time.Time
}

// New makes the service.
func New(d *db.DB, t *timeline.Service) *Service { return &Service{db: d, timeline: t, Now: time.Now} }

// Read gives a page of words. Errors: Missing for a team or member that is not
// there, timeline.err.cursor.
func (s *Service) Read(ctx context.Context, q Query) (p Page, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return p, err
	}
	ask := timeline.Everywhere{Cursor: q.Cursor, Limit: q.Limit}
	if ask.Limit < 1 || ask.Limit > 50 {
		ask.Limit = 20
	}
	switch {
	case q.By != 0:
		ask.Authors = []id.ID{q.By}
		err = s.exists(ctx, a, "member", q.By)
	case q.Following:
		ask.Authors, err = s.Following(ctx)
	case q.Unit != 0:
		if err = s.exists(ctx, a, "unit", q.Unit); err == nil {
			ask.Authors, err = list(ctx, s.db, `SELECT member_id FROM unit_member WHERE workspace_id = $1 AND unit_id = $2 ORDER BY member_id`, a.Workspace, q.Unit)
		}
	}
	if err != nil {
		return p, err
	}
	if p.Items, p.Next, err = s.timeline.Everywhere(ctx, ask); err != nil || q.Cursor != "" {
		return p, err
	}
	p.Seen, err = s.seen(ctx, a)
	return p, err
}

// list reads ids; none is an empty list, not nil, which would mean everybody.
func list(ctx context.Context, q db.Queryer, stmt string, args ...any) ([]id.ID, error) {
	out, err := db.All(ctx, q, db.Value[id.ID], stmt, args...)
	if out == nil {
		out = []id.ID{}
	}
	return out, err
}

func (s *Service) exists(ctx context.Context, a who.Actor, table string, ref id.ID) error {
	_, found, err := db.One(ctx, s.db, db.Value[id.ID], "SELECT id FROM "+table+" WHERE workspace_id = $1 AND id = $2", a.Workspace, ref)
	if err == nil && !found {
		err = errs.Missing(table)
	}
	return err
}

func (s *Service) seen(ctx context.Context, a who.Actor) (time.Time, error) {
	at, _, err := db.One(ctx, s.db, func(r db.Row) (t db.Time, err error) { return t, r.Scan(&t) },
		`SELECT at FROM everyone_seen WHERE workspace_id = $1 AND member_id = $2`, a.Workspace, a.Member)
	return time.Time(at), err
}

// Look notes that the actor has seen everything there is.
func (s *Service) Look(ctx context.Context) error {
	a, err := who.Check(ctx, who.Read)
	if err != nil || a.Member == 0 || a.ReadOnly {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `INSERT INTO everyone_seen (workspace_id, member_id, at) VALUES ($1, $2, $3)
			ON CONFLICT (workspace_id, member_id) DO UPDATE SET at = excluded.at`, a.Workspace, a.Member, db.Micros(s.Now()))
		return err
	})
}

// Fresh tells whether a colleague has written anything since the actor last
// looked; for one who never did, only what is new from today on would be.
func (s *Service) Fresh(ctx context.Context) (bool, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || a.Member == 0 {
		return false, err
	}
	at, err := s.seen(ctx, a)
	if err != nil {
		return false, err
	}
	return s.timeline.AnySince(ctx, at)
}

// Following lists whom the actor follows.
func (s *Service) Following(ctx context.Context) ([]id.ID, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	return list(ctx, s.db, `SELECT follows_id FROM person_follow WHERE workspace_id = $1 AND member_id = $2 ORDER BY follows_id LIMIT 100`, a.Workspace, a.Member)
}

// Follow puts a colleague among those the actor follows, or takes them out.
// Errors: Missing, everyone.err.self.
func (s *Service) Follow(ctx context.Context, member id.ID, on bool) error {
	a, err := who.Check(ctx, who.Self)
	switch {
	case err != nil:
		return err
	case member == a.Member:
		return errs.New(errs.Conflict, "everyone.err.self")
	}
	if err := s.exists(ctx, a, "member", member); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		stmt := `DELETE FROM person_follow WHERE workspace_id = $1 AND member_id = $2 AND follows_id = $3`
		if on {
			stmt = `INSERT INTO person_follow (workspace_id, member_id, follows_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
		}
		_, err := db.Exec(ctx, tx, stmt, a.Workspace, a.Member, member)
		return err
	})
}

// News is what a live stream says: that a note changed, or that more did than
// could be told (Ref 0). Nth is the same in all streams that say it.
type News struct {
	Kind     string
	Contract id.ID
	Ref      id.ID
	Nth      uint64
}

// Admit keeps of the news what the actor may know: notes that can be read.
// Whether all may read a note is asked once for all streams, since five hundred
// open pages would ask five hundred times.
func (s *Service) Admit(ctx context.Context, list []News) ([]News, error) {
	known := make(map[id.ID]bool, len(list))
	var ask []id.ID
	for _, n := range list {
		open, err := s.open.of(ctx, n, s.timeline.ForAll)
		if err != nil {
			return nil, err
		}
		if known[n.Ref] = open; !open && n.Ref != 0 {
			ask = append(ask, n.Ref)
		}
	}
	readable, err := s.timeline.Among(ctx, ask)
	var out []News
	for _, n := range list {
		if n.Ref == 0 || known[n.Ref] || readable[n.Ref] {
			out = append(out, n)
		}
	}
	return out, err
}

// openness remembers of the last news whether all may read them. A note that is
// limited later is other news, with another number.
type openness struct {
	mu    sync.Mutex
	known map[uint64]*answer
}

type answer struct {
	once sync.Once
	open bool
	err  error
}

// mostNews is how many answers are remembered.
const mostNews = 1000

func (o *openness) of(ctx context.Context, n News, ask func(context.Context, id.ID) (bool, error)) (bool, error) {
	if n.Ref == 0 || n.Nth == 0 {
		return false, nil
	}
	o.mu.Lock()
	if o.known == nil || len(o.known) >= mostNews {
		o.known = map[uint64]*answer{}
	}
	a := o.known[n.Nth]
	if a == nil {
		a = &answer{}
		o.known[n.Nth] = a
	}
	o.mu.Unlock()
	// The one who asks may go away meanwhile; the others still want the answer.
	a.once.Do(func() { a.open, a.err = ask(context.WithoutCancel(ctx), n.Ref) })
	return a.open, a.err
}
