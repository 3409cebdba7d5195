package timeline

import (
	"context"
	"slices"

	"kizuki/internal/audience"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Limit chooses anew who may read a note and its replies: everybody, its author
// alone, or its author and the readers. Only the author may, and only of a top
// note (timeline.err.of_top). What others wrote below stays theirs to read.
func (s *Service) Limit(ctx context.Context, noteID id.ID, visibility string, readers []audience.Reader) (n Note, err error) {
	err = s.change(ctx, noteID, func(ctx context.Context, tx *db.Tx, a who.Actor, old Note) error {
		n = old
		switch {
		case visibility != Everyone && visibility != AuthorOnly:
			return errs.Field("visibility", "err.choice")
		case old.Parent != 0:
			return errs.New(errs.Conflict, "timeline.err.of_top")
		case visibility == Everyone:
			readers = nil
		}
		n.Visibility, n.Readers = visibility, readers
		if err := audience.SetIn(ctx, tx, a.Workspace, audience.KindNote, n.ID, readers); err != nil {
			return err
		}
		below, err := db.All(ctx, tx, db.Value[id.ID], `SELECT id FROM note WHERE workspace_id = $1 AND parent_id = $2`, a.Workspace, n.ID)
		if err != nil {
			return err
		}
		withMe := append(slices.Clone(readers), audience.Reader{Kind: "member", ID: a.Member})
		if visibility == Everyone {
			withMe = nil
		}
		for _, reply := range below {
			if err := audience.CopyIn(ctx, tx, a.Workspace, audience.KindNote, reply, withMe); err != nil {
				return err
			}
		}
		if _, err := db.Exec(ctx, tx, `UPDATE note SET visibility = $3 WHERE workspace_id = $1 AND (id = $2 OR parent_id = $2)`,
			a.Workspace, n.ID, visibility); err != nil {
			return err
		}
		return s.publish(ctx, tx, NoteChanged, a.Workspace, n)
	})
	return n, err
}

// given completes notes that are given to somebody whole: with their files, and
// see shown.
func (s *Service) given(ctx context.Context, a who.Actor, notes []*Note) error {
	if err := s.WithFiles(ctx, notes...); err != nil {
		return err
	}
	return s.shown(ctx, a, notes)
}

// WithFiles reads what is attached to notes that may be read, in one statement.
func (s *Service) WithFiles(ctx context.Context, notes ...*Note) error {
	if s.Files == nil || len(notes) == 0 {
		return nil
	}
	ids := make([]id.ID, len(notes))
	for i, n := range notes {
		ids[i] = n.ID
	}
	found, err := s.Files.OfNotes(ctx, ids)
	for _, n := range notes {
		n.Files = found[n.ID]
	}
	return err
}

// shown completes notes of which somebody is given words: limited ones say who reads
// them, and that somebody else than the author has is written down.
func (s *Service) shown(ctx context.Context, a who.Actor, notes []*Note) error {
	var limited, foreign []id.ID
	for _, n := range notes {
		if n.Visibility != AuthorOnly || n.Deleted {
			continue
		}
		limited = append(limited, n.ID)
		if n.Author.ID != a.Member {
			foreign = append(foreign, n.ID)
		}
	}
	if len(limited) == 0 {
		return nil
	}
	found, err := audience.Of(ctx, s.db, a.Workspace, audience.KindNote, limited)
	if err != nil {
		return err
	}
	for _, n := range notes {
		n.Readers = found[n.ID]
	}
	return audience.Witness(ctx, s.db, a, audience.KindNote, foreign, cal.Of(s.now().In(a.Location())), s.Audit)
}

// admitted keeps of the members those who may read the note: of a limited one
// its readers, on a limited contract its.
func admitted(ctx context.Context, q db.Queryer, ws id.ID, n Note, meant, answered []id.ID) (_, _ []id.ID, err error) {
	all := append(slices.Clone(meant), answered...)
	if len(all) == 0 {
		return meant, answered, nil
	}
	type standing struct {
		visibility string
		owner      id.ID
	}
	c, _, err := db.One(ctx, q, func(r db.Row) (c standing, err error) { return c, r.Scan(&c.visibility, &c.owner) },
		`SELECT visibility, owner_id FROM contract WHERE workspace_id = $1 AND id = $2`, ws, n.Contract)
	if err != nil {
		return nil, nil, err
	}
	keep := func(may map[id.ID]bool) {
		out := func(m id.ID) bool { return !may[m] }
		meant, answered = slices.DeleteFunc(slices.Clone(meant), out), slices.DeleteFunc(slices.Clone(answered), out)
	}
	if c.visibility == audience.Limited {
		found, err := audience.Of(ctx, q, ws, audience.KindContract, []id.ID{n.Contract})
		if err != nil {
			return nil, nil, err
		}
		may, err := audience.Members(ctx, q, ws, found[n.Contract], all)
		if err != nil {
			return nil, nil, err
		}
		may[c.owner] = true
		keep(may)
	}
	if n.Visibility == AuthorOnly {
		may, err := audience.Members(ctx, q, ws, n.Readers, all)
		if err != nil {
			return nil, nil, err
		}
		keep(may)
	}
	return meant, answered, nil
}
