package timeline

import (
	"context"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Revision is what a note said before an edit. At is when it was replaced.
type Revision struct {
	No   int64
	Body string
	By   Person
	At   time.Time
}

// EditInput is a note as its author wants it now.
type EditInput struct {
	Body    string
	Version int64  // the one the author saw, so that nothing is overwritten unseen
	Hunch   *Hunch // nil leaves it as it is
}

// Edit gives a note other words, and another hunch while that may be. Only its
// author may; either all of it is saved or nothing.
func (s *Service) Edit(ctx context.Context, noteID id.ID, in EditInput) (n Note, err error) {
	err = s.change(ctx, noteID, func(ctx context.Context, tx *db.Tx, a who.Actor, old Note) error {
		n = old
		if in.Hunch != nil {
			if err := n.feel(*in.Hunch, s.now()); err != nil {
				return err
			}
		}
		if n.Body, err = checkBody(in.Body, n.Hunch); err != nil {
			return err
		}
		if n.Body != old.Body {
			if old.Version != in.Version {
				return errs.New(errs.Conflict, "timeline.err.changed", "Theirs", old.Body, "Yours", n.Body, "Version", old.Version)
			}
			if err := s.reword(ctx, tx, a, old, &n); err != nil {
				return err
			}
		}
		return s.keep(ctx, tx, a, old, n)
	})
	return n, err
}

// reword replaces the words of old by those of n, and calls those whom they
// mention now.
func (s *Service) reword(ctx context.Context, tx *db.Tx, a who.Actor, old Note, n *Note) error {
	meant, err := mentions(ctx, tx, a.Workspace, n)
	if err != nil {
		return err
	}
	n.Version++
	// The note's own row first: there two windows meet, and the later one is
	// told of a conflict instead of stumbling over the former's revision.
	if err := updateWords(ctx, tx, a.Workspace, *n); err != nil {
		return err
	}
	if err := insertRevision(ctx, tx, a.Workspace, old, a.Member, s.now()); err != nil {
		return err
	}
	if err := deleteMentions(ctx, tx, a.Workspace, n.ID); err != nil {
		return err
	}
	found, err := audience.Of(ctx, tx, a.Workspace, audience.KindNote, []id.ID{n.ID})
	if err != nil {
		return err
	}
	n.Readers = found[n.ID]
	return s.tell(ctx, tx, a, *n, meant, nil)
}

// keep stores the hunch if it is another, and tells of the change if there was
// one.
func (s *Service) keep(ctx context.Context, tx *db.Tx, a who.Actor, old, n Note) error {
	if n.Hunch != old.Hunch {
		if err := updateHunch(ctx, tx, a.Workspace, n); err != nil {
			return err
		}
	} else if n.Version == old.Version {
		return nil
	}
	return s.publish(ctx, tx, NoteChanged, a.Workspace, n)
}

// feel gives the note another hunch. Once ten minutes old it is frozen: a
// hunch that could be improved afterwards would prove nothing.
func (n *Note) feel(h Hunch, now time.Time) error {
	switch {
	case !h.Valid():
		return errs.Field("hunch", "err.choice")
	case h == n.Hunch:
		return nil
	case !n.HunchOpen(now):
		return errs.New(errs.Conflict, "timeline.err.hunch_frozen")
	case h == "":
		n.HunchAt = time.Time{}
	case n.Hunch == "":
		n.HunchAt = now // changing bad into good does not start the ten minutes anew
	}
	n.Hunch = h
	return nil
}

// SetHunch records a feeling on one's own note, or takes it back.
func (s *Service) SetHunch(ctx context.Context, noteID id.ID, h Hunch) (n Note, err error) {
	if !h.Valid() {
		return n, errs.Field("hunch", "err.choice")
	}
	err = s.change(ctx, noteID, func(ctx context.Context, tx *db.Tx, a who.Actor, old Note) error {
		n = old
		if err := n.feel(h, s.now()); err != nil {
			return err
		}
		if n.Hunch == "" && n.Body == "" {
			return errs.New(errs.Conflict, "timeline.err.hunch_alone")
		}
		return s.keep(ctx, tx, a, old, n)
	})
	return n, err
}

// change runs f on a note of the actor's own.
func (s *Service) change(ctx context.Context, noteID id.ID, f func(context.Context, *db.Tx, who.Actor, Note) error) error {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := noteOf(ctx, tx, a, noteID)
		if err != nil {
			return err
		}
		if a.Member == 0 || n.Author.ID != a.Member {
			return errs.New(errs.Forbidden, "timeline.err.not_author")
		}
		return f(ctx, tx, a, n)
	})
}

// Delete takes a note out of every reading; its replies stay. The author may,
// and an admin.
func (s *Service) Delete(ctx context.Context, noteID id.ID) (n Note, err error) {
	return s.bury(ctx, noteID, func(ctx context.Context, tx *db.Tx, a who.Actor, n Note) (Note, error) {
		if n.Deleted {
			return n, errs.Missing("note")
		}
		if err := setDeleted(ctx, tx, a.Workspace, n.ID, s.now()); err != nil {
			return n, err
		}
		n.Deleted = true
		return n, s.publish(ctx, tx, NoteDeleted, a.Workspace, n)
	})
}

// Restore takes a deletion back, within a day of it.
func (s *Service) Restore(ctx context.Context, noteID id.ID) (n Note, err error) {
	return s.bury(ctx, noteID, func(ctx context.Context, tx *db.Tx, a who.Actor, n Note) (Note, error) {
		if !n.Deleted {
			return n, nil
		}
		since := db.Micros(s.now().Add(-RestoreFor))
		if restored, err := unsetDeleted(ctx, tx, a.Workspace, n.ID, since); err != nil {
			return n, err
		} else if !restored {
			return n, errs.New(errs.Conflict, "timeline.err.too_late")
		}
		n, err := noteOf(ctx, tx, a, n.ID) // with its words again
		if err != nil {
			return n, err
		}
		return n, s.publish(ctx, tx, NoteChanged, a.Workspace, n)
	})
}

// bury runs f on a note, deleted or not, that the actor may delete.
func (s *Service) bury(ctx context.Context, noteID id.ID, f func(context.Context, *db.Tx, who.Actor, Note) (Note, error)) (n Note, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return n, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err = anyNote(ctx, tx, a, noteID)
		if err != nil {
			return err
		}
		if (a.Member == 0 || n.Author.ID != a.Member) && !a.May(who.Administer) {
			return errs.New(errs.Forbidden, "timeline.err.not_author")
		}
		n, err = f(ctx, tx, a, n)
		return err
	})
	return n, err
}

// Revisions are the former words of a note, newest first; who may read the
// note may read them.
func (s *Service) Revisions(ctx context.Context, noteID id.ID) ([]Revision, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	if _, err := s.Get(ctx, noteID); err != nil {
		return nil, err
	}
	return revisionsOf(ctx, s.db, a.Workspace, noteID)
}
