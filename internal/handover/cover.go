package handover

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// News of covers; Ref is the cover.
const (
	CoverSet   bus.Kind = "cover.set"
	CoverEnded bus.Kind = "cover.ended"
	CoverGone  bus.Kind = "cover.deleted"
)

// NoticeKind is the kind of a notice to a deputy that the one who is away was
// called.
const NoticeKind = "cover"

// works reports whether somebody can be asked to look after contracts.
func works(m workspace.Member) bool {
	return m.State == workspace.Active && m.Role != who.Viewer
}

// SetCover names a deputy for days: one's own, or, as an admin, anyone's.
// Errors, all inputs together where they can be: handover.err.deputy, .myself
// (deputy), .member, err.date, handover.err.order, .past, .too_long (days),
// .overlap (409, from), err.too_long (words).
func (s *Service) SetCover(ctx context.Context, in CoverInput) (c Cover, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Cover{}, err
	}
	if in.Member == 0 {
		in.Member = a.Member
	}
	if in.Member != a.Member {
		if _, err := who.Check(ctx, who.Administer); err != nil {
			return Cover{}, err
		}
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if c, err = s.compose(ctx, tx, a, in); err != nil {
			return err
		}
		// Two at once for one member would not see each other: the one who comes
		// second to this row begins again and sees the truth.
		if err := workspace.LockMember(ctx, tx, a.Workspace, c.Member.ID); err != nil {
			return err
		}
		taken, err := overlaps(ctx, tx, a.Workspace, c)
		if err != nil {
			return err
		}
		if taken {
			e := errs.New(errs.Conflict, "handover.err.overlap")
			e.Field = "from"
			return e
		}
		if err := insertCover(ctx, tx, a.Workspace, c); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Change{Kind: CoverSet, Workspace: a.Workspace, Ref: c.ID})
	})
	return c, err
}

func (s *Service) compose(ctx context.Context, tx *db.Tx, a who.Actor, in CoverInput) (Cover, error) {
	today, err := s.today(ctx, tx, a.Workspace)
	if err != nil {
		return Cover{}, err
	}
	people, err := s.people.MembersByID(ctx, tx, []id.ID{in.Member, in.Deputy})
	if err != nil {
		return Cover{}, err
	}
	var bad []*errs.E
	member, deputy := people[in.Member], people[in.Deputy]
	switch {
	case in.Deputy == 0:
		bad = append(bad, errs.Field("deputy", "err.required"))
	case in.Deputy == in.Member:
		bad = append(bad, errs.Field("deputy", "handover.err.myself"))
	case !works(deputy):
		bad = append(bad, errs.Field("deputy", "handover.err.deputy"))
	}
	if member.State != workspace.Active {
		bad = append(bad, errs.Field("member", "handover.err.member"))
	}
	from, e1 := readDay("from", in.From, today, in.Form)
	to, e2 := readDay("to", in.To, today, in.Form)
	bad = append(bad, e1, e2)
	if e1 == nil && e2 == nil {
		bad = append(bad, checkDays(from, to, today))
	}
	in.Words = strings.TrimSpace(text.Clean(in.Words))
	if utf8.RuneCountInString(in.Words) > MaxWords {
		bad = append(bad, errs.Field("words", "err.too_long", "Max", MaxWords))
	}
	return Cover{ID: id.New(), Member: Person{member.ID, member.Name}, Deputy: Person{deputy.ID, deputy.Name}, From: from, To: to,
		Words: in.Words, Created: s.Now()}, errs.Join(bad...)
}

func readDay(name, said string, today cal.Date, form bool) (cal.Date, *errs.E) {
	if said == "" {
		return "", errs.Field(name, "err.required")
	}
	d, err := cal.Parse(said)
	if form {
		d, err = cal.ParseLoose(said, today)
	}
	if err != nil {
		return "", field.DateError(name, err)
	}
	return d, nil
}

func checkDays(from, to, today cal.Date) *errs.E {
	switch {
	case to < from:
		return errs.Field("to", "handover.err.order")
	case to < today:
		return errs.Field("to", "handover.err.past")
	case from.DaysUntil(to) >= MaxDays:
		return errs.Field("to", "handover.err.too_long", "Max", MaxDays)
	}
	return nil
}

// Covers lists who stands in for whom now and later, by day: the whole team's.
func (s *Service) Covers(ctx context.Context) ([]Cover, error) {
	a, today, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	return covers(ctx, s.db, a.Workspace, "v.to_date >= ?", string(today))
}

// CoverOf gives who stands in for a member today.
func (s *Service) CoverOf(ctx context.Context, member id.ID) (Cover, bool, error) {
	a, today, err := s.reader(ctx)
	if err != nil {
		return Cover{}, false, err
	}
	list, err := covers(ctx, s.db, a.Workspace, "v.member_id = ? AND v.from_date <= ? AND v.to_date >= ?", member, string(today), string(today))
	if err != nil || len(list) == 0 {
		return Cover{}, false, err
	}
	return list[0], true, nil
}

// Covered gives the members the actor stands in for today.
func (s *Service) Covered(ctx context.Context) ([]Person, error) {
	a, today, err := s.reader(ctx)
	if err != nil || a.Member == 0 {
		return nil, err
	}
	list, err := covers(ctx, s.db, a.Workspace, "v.deputy_id = ? AND v.from_date <= ? AND v.to_date >= ?", a.Member, string(today), string(today))
	out := make([]Person, len(list))
	for i, c := range list {
		out[i] = c.Member
	}
	return out, err
}

// reader is the actor and the workspace's day.
func (s *Service) reader(ctx context.Context) (who.Actor, cal.Date, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return a, "", err
	}
	today, err := s.today(ctx, s.db, a.Workspace)
	return a, today, err
}

// EndCover ends a cover early: the deputy no longer stands in from today on. One
// that has not come to its second day is gone altogether, and Gone tells so.
// One's own, or anyone's as an admin.
func (s *Service) EndCover(ctx context.Context, ref id.ID) (c Cover, gone bool, err error) {
	c, err = s.changeCover(ctx, ref, func(ctx context.Context, tx *db.Tx, c *Cover, today cal.Date) (bus.Kind, error) {
		if c.To < today {
			return CoverEnded, nil // over already
		}
		c.To = today.AddDays(-1)
		if gone = c.To < c.From; gone {
			return CoverGone, deleteCover(ctx, tx, who.From(ctx).Workspace, c.ID)
		}
		return CoverEnded, endCover(ctx, tx, who.From(ctx).Workspace, c.ID, c.To)
	})
	return c, gone, err
}

// DeleteCover takes a cover away as if it had never been named.
func (s *Service) DeleteCover(ctx context.Context, ref id.ID) (Cover, error) {
	return s.changeCover(ctx, ref, func(ctx context.Context, tx *db.Tx, c *Cover, _ cal.Date) (bus.Kind, error) {
		return CoverGone, deleteCover(ctx, tx, who.From(ctx).Workspace, c.ID)
	})
}

func (s *Service) changeCover(ctx context.Context, ref id.ID, change func(context.Context, *db.Tx, *Cover, cal.Date) (bus.Kind, error)) (c Cover, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Cover{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if c, err = oneCover(ctx, tx, a.Workspace, ref); err != nil {
			return err
		}
		if c.Member.ID != a.Member && !a.May(who.Administer) {
			return errs.New(errs.Forbidden, "handover.err.not_yours")
		}
		today, err := s.today(ctx, tx, a.Workspace)
		if err != nil {
			return err
		}
		kind, err := change(ctx, tx, &c, today)
		if err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Change{Kind: kind, Workspace: a.Workspace, Ref: ref})
	})
	return c, err
}

// returnDays is how long the note about an absence waits to be read, in days.
const returnDays = 30

// Returned gives the actor's absences that are over and not yet looked back on.
func (s *Service) Returned(ctx context.Context) ([]Cover, error) {
	a, today, err := s.reader(ctx)
	if err != nil || a.Member == 0 {
		return nil, err
	}
	return covers(ctx, s.db, a.Workspace, "v.member_id = ? AND v.read_at = 0 AND v.to_date < ? AND v.to_date >= ?",
		a.Member, string(today), string(today.AddDays(-returnDays)))
}

// Meanwhile tells what a deputy did in the days of a cover on the contracts of
// the one who was away: what the actor may read of it. Only the two of them and
// admins may ask (Missing for others): it is to work on, not to count.
func (s *Service) Meanwhile(ctx context.Context, ref id.ID) (m Meanwhile, err error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return m, err
	}
	if m.Cover, err = oneCover(ctx, s.db, a.Workspace, ref); err != nil {
		return m, err
	}
	if a.Member != m.Member.ID && a.Member != m.Deputy.ID && !a.May(who.Administer) {
		return m, errs.Missing("cover")
	}
	zone, err := zoneOf(ctx, s.db, a.Workspace)
	if err != nil {
		return m, err
	}
	from, to := start(m.From, zone), start(m.To.AddDays(1), zone)
	if m.Tasks, err = s.tasks.SettledFor(ctx, m.Member.ID, m.Deputy.ID, from, to); err != nil {
		return m, err
	}
	var limited []said
	if m.Spoken, limited, err = spokenFor(ctx, s.db, a, m.Member.ID, m.Deputy.ID, db.Micros(from), db.Micros(to)); err != nil {
		return m, err
	}
	return m, s.witness(ctx, a, limited)
}

// start is the moment a day begins in a zone.
func start(d cal.Date, zone *time.Location) time.Time {
	return time.Date(d.Year(), time.Month(d.Month()), d.Day(), 0, 0, 0, 0, zone)
}

// ReadCover says that the one who was away has seen what was done.
func (s *Service) ReadCover(ctx context.Context, ref id.ID) (Cover, error) {
	return s.readCover(ctx, ref, s.Now())
}

// UnreadCover takes that back.
func (s *Service) UnreadCover(ctx context.Context, ref id.ID) (Cover, error) {
	return s.readCover(ctx, ref, time.Time{})
}

func (s *Service) readCover(ctx context.Context, ref id.ID, at time.Time) (c Cover, err error) {
	a, err := who.Check(ctx, who.Self)
	if err != nil {
		return Cover{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if c, err = oneCover(ctx, tx, a.Workspace, ref); err != nil {
			return err
		}
		if c.Member.ID != a.Member {
			return errs.New(errs.Forbidden, "handover.err.not_yours")
		}
		return markCover(ctx, tx, a.Workspace, ref, db.Micros(at))
	})
	return c, err
}

// callDeputies lets those who stand in for somebody hear that they were called:
// one query a note on most days.
func (s *Service) callDeputies(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
	ws := changes[0].Workspace
	var notes []id.ID
	author := map[id.ID]id.ID{}
	for _, c := range changes {
		notes = append(notes, c.Ref)
		author[c.Ref] = c.By.ActorID
	}
	called, err := s.called(ctx, tx, ws, notes)
	if err != nil || len(called) == 0 {
		return err
	}
	today, err := s.today(ctx, tx, ws)
	if err != nil {
		return err
	}
	var list []timeline.NoticeInput
	for _, c := range called {
		if c.On(today) && c.Deputy.ID != author[c.note] {
			list = append(list, timeline.NoticeInput{Member: c.Deputy.ID, Kind: NoticeKind, CauseKind: "note", CauseID: c.note, Contract: c.contract})
		}
	}
	return s.timeline.NotifyIn(ctx, tx, ws, list)
}
