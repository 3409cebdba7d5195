package timeline

import (
	"context"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/timeline/notices"
	"kizuki/internal/who"
)

// Notice tells a member of something that waits to be read.
type Notice struct {
	ID        id.ID
	Kind      string // mention, reply; other features bring theirs
	At        time.Time
	Read      bool
	CauseKind string
	CauseID   id.ID
	Contract  id.ID
	Name      string // of the contract
	Org       string // its customer
	Author    Person // of the note, if that is the cause
	Text      string // how the note begins
	Hunch     Hunch
}

// NoticeInput is a notice to be put into an inbox.
type NoticeInput = notices.Input

// NotifyIn puts notices into inboxes, if their members want to hear of them. A
// member hears of one cause once, as the strongest kind.
func (s *Service) NotifyIn(ctx context.Context, tx *db.Tx, ws id.ID, list []NoticeInput) error {
	return notices.PutIn(ctx, tx, ws, list, s.now())
}

// Follow makes the actor a follower of the contract.
func (s *Service) Follow(ctx context.Context, contract id.ID) error {
	return s.stand(ctx, contract, func(ctx context.Context, tx *db.Tx, a who.Actor) error {
		return insertFollowers(ctx, tx, a.Workspace, contract, []id.ID{a.Member})
	})
}

// Unfollow takes that back.
func (s *Service) Unfollow(ctx context.Context, contract id.ID) error {
	return s.stand(ctx, contract, func(ctx context.Context, tx *db.Tx, a who.Actor) error {
		return s.UnfollowIn(ctx, tx, a.Workspace, []Follower{{contract, a.Member}})
	})
}

// Mute lets the actor hear no more of the contract, but for their own name, or
// takes that back. What is muted is followed.
func (s *Service) Mute(ctx context.Context, contract id.ID, muted bool) error {
	return s.stand(ctx, contract, func(ctx context.Context, tx *db.Tx, a who.Actor) error {
		if err := insertFollowers(ctx, tx, a.Workspace, contract, []id.ID{a.Member}); err != nil {
			return err
		}
		_, err := db.Exec(ctx, tx, `UPDATE follower SET muted = $4 WHERE workspace_id = $1 AND contract_id = $2 AND member_id = $3`,
			a.Workspace, contract, a.Member, muted)
		return err
	})
}

// stand changes how the actor stands to a contract they may read.
func (s *Service) stand(ctx context.Context, contract id.ID, do func(context.Context, *db.Tx, who.Actor) error) error {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := subjectOf(ctx, tx, a, contract); err != nil {
			return err
		}
		return do(ctx, tx, a)
	})
}

// Listener is a follower, who may have muted the contract.
type Listener struct {
	Person
	Muted bool
}

// Followers lists who follows the contract.
func (s *Service) Followers(ctx context.Context, contract id.ID) ([]Listener, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	if _, err := subjectOf(ctx, s.db, a, contract); err != nil {
		return nil, err
	}
	return db.All(ctx, s.db, func(r db.Row) (l Listener, err error) { return l, r.Scan(&l.ID, &l.Name, &l.Muted) },
		`SELECT m.id, m.name, f.muted FROM follower f JOIN member m ON m.workspace_id = f.workspace_id AND m.id = f.member_id
		WHERE f.workspace_id = $1 AND f.contract_id = $2 ORDER BY m.kana_fold, m.name_fold, m.id`, a.Workspace, contract)
}

// inbox is the condition of a member's notices, as they hear of them in a
// place: those about notes that are gone, or not to be seen, are not there, nor
// those of contracts not to be seen.
func inbox(a who.Actor, place string) (w *reading, tables string) {
	w = readAs(a)
	w.And("x.workspace_id = ? AND x.member_id = ?", a.Workspace, a.Member)
	w.And(notices.In(place, "x"))
	w.And("(x.cause_kind <> 'note' OR n.id IS NOT NULL AND " + w.alive("n") + ")")
	w.And(audience.OfRow(&w.Where, a, "x"))
	return w, ` FROM notice x
		LEFT JOIN note n ON x.cause_kind = 'note' AND n.workspace_id = x.workspace_id AND n.id = x.cause_id
		LEFT JOIN contract c ON c.workspace_id = x.workspace_id AND c.id = x.contract_id
		LEFT JOIN organization o ON o.workspace_id = c.workspace_id AND o.id = c.org_id
		LEFT JOIN member m ON m.workspace_id = n.workspace_id AND m.id = n.author_id WHERE `
}

func scanNotice(r db.Row) (x Notice, err error) {
	var read int64
	var body string
	err = r.Scan(&x.ID, &x.Kind, (*db.Time)(&x.At), &read, &x.CauseKind, &x.CauseID, &x.Contract, &x.Name, &x.Org,
		&x.Author.ID, &x.Author.Name, &body, &x.Hunch)
	x.Read, x.Text = read != 0, text.Excerpt(body, excerptLen)
	return x, err
}

// Inbox lists the actor's own notices, newest first.
func (s *Service) Inbox(ctx context.Context, cursor string, limit int) (list []Notice, next string, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, "", err
	}
	from, err := parseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	w, tables := inbox(a, notices.Inbox)
	older(&w.Where, "x", from)
	limit = clampLimit(limit)
	list, err = db.All(ctx, s.db, scanNotice, noticeColumns+tables+w.SQL()+newest("x", limit+1), w.Args()...)
	if err == nil && len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		next = place{db.Micros(last.At), last.ID}.cursor()
	}
	return list, next, err
}

const noticeColumns = `SELECT x.id, x.kind, x.at, x.read_at, x.cause_kind, x.cause_id, x.contract_id,
	COALESCE(c.name, ''), COALESCE(o.name, ''), m.id, COALESCE(m.name, ''), COALESCE(n.body, ''), COALESCE(n.hunch, '')`

// Waiting are the actor's unread notices after a moment that belong into the
// daily message, the newest first, at most limit.
func (s *Service) Waiting(ctx context.Context, since time.Time, limit int) ([]Notice, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	w, tables := inbox(a, notices.Message)
	w.And("x.read_at = 0 AND x.at > ?", db.Micros(since))
	return db.All(ctx, s.db, scanNotice, noticeColumns+tables+w.SQL()+newest("x", limit), w.Args()...)
}

// MaxUnread is the highest number Unread counts to.
const MaxUnread = 1001

// Unread counts the actor's unread notices, up to MaxUnread.
func (s *Service) Unread(ctx context.Context) (int, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil || a.Member == 0 {
		return 0, err
	}
	w, tables := inbox(a, notices.Inbox)
	w.And("x.read_at = 0")
	n, _, err := db.One(ctx, s.db, db.Value[int], `SELECT COUNT(*) FROM (SELECT x.id`+tables+w.SQL()+" LIMIT 1001) u", w.Args()...)
	return n, err
}

// MarkRead marks the actor's notices as read: these, or all if none is named.
func (s *Service) MarkRead(ctx context.Context, ids ...id.ID) error {
	return s.markRead(ctx, func(w *db.Where) {
		if len(ids) > 0 {
			db.In(w, "id", ids)
		}
	})
}

// MarkSeen marks what waits about a note as read: its reader has opened it.
func (s *Service) MarkSeen(ctx context.Context, noteID id.ID) error {
	return s.markRead(ctx, func(w *db.Where) { w.And("cause_kind = 'note' AND cause_id = ?", noteID) })
}

func (s *Service) markRead(ctx context.Context, which func(w *db.Where)) error {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var w db.Where
		at := w.Arg(db.Micros(s.now()))
		w.And("workspace_id = ? AND member_id = ? AND read_at = 0", a.Workspace, a.Member)
		which(&w)
		_, err := db.Exec(ctx, tx, "UPDATE notice SET read_at = "+at+" WHERE "+w.SQL(), w.Args()...)
		return err
	})
}
