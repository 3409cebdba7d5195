package timeline

import (
	"context"
	"slices"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/timeline/notices"
	"kizuki/internal/who"
)

// News of notes, with Contract and Ref.
const (
	NoteCreated bus.Kind = "note.created"
	NoteChanged bus.Kind = "note.changed"
	NoteDeleted bus.Kind = "note.deleted"
)

// Service is everything that may be done with trails.
type Service struct {
	db  *db.DB
	bus *bus.Bus
	// Now is the clock.
	Now func() time.Time

	// Audit writes down who reads limited notes; app hands it in.
	Audit audience.Audit
	// Files keeps what is attached to notes; app hands it in, nil has none.
	Files Files

	namers  map[string]Namer
	records []string
}

// Files is the feature that keeps what is attached to notes.
type Files interface {
	// AttachIn posts the actor's uploads with a note.
	AttachIn(ctx context.Context, tx *db.Tx, n Note, files []id.ID) error
	// OfNotes gives the files of notes the actor may read.
	OfNotes(ctx context.Context, notes []id.ID) (map[id.ID][]File, error)
}

// Namer gives the names of things of one kind, for the actors of events and
// for what notes are about. Names of another workspace must not be given.
type Namer func(ctx context.Context, q db.Queryer, workspace id.ID, ids []id.ID) (map[id.ID]string, error)

// New makes the service; Subscribe ties it to the bus.
func New(d *db.DB, b *bus.Bus) *Service {
	return &Service{db: d, bus: b, Now: time.Now, namers: map[string]Namer{"member": memberNames, "organization": orgNames},
		records: []string{"contract.", "term.", "contact.", "task.", "rule.", "import."}}
}

// Name lets another feature say what its things are called: "rule", "import"
// as actors, "task" as what a note is about. Called at start only.
func (s *Service) Name(kind string, f Namer) { s.namers[kind] = f }

// PostInput is a note to write.
type PostInput struct {
	Contract   id.ID
	Parent     id.ID // replied to; a reply to a reply goes under its top note
	Body       string
	Hunch      Hunch
	AboutKind  string
	AboutID    id.ID
	Visibility string            // Everyone if empty
	Readers    []audience.Reader // of one that is AuthorOnly: who may read it, too
	Files      []id.ID           // uploads to attach
}

// Post writes a note.
func (s *Service) Post(ctx context.Context, in PostInput) (n Note, err error) {
	if _, err := who.Check(ctx, who.Write); err != nil {
		return n, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err = s.PostIn(ctx, tx, in)
		return err
	})
	if err == nil && len(in.Files) > 0 {
		err = s.WithFiles(ctx, &n)
	}
	return n, err
}

// PostIn writes a note in the caller's transaction. It only inserts: no row
// that others write is touched.
func (s *Service) PostIn(ctx context.Context, tx *db.Tx, in PostInput) (Note, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Note{}, err
	}
	n, err := s.compose(a, in)
	if err != nil {
		return Note{}, err
	}
	subject, err := subjectOf(ctx, tx, a, in.Contract)
	if err != nil {
		return Note{}, err
	}
	n.Context = contextOf(subject, cal.Of(n.At.In(a.Location())))
	answered, err := s.attach(ctx, tx, a, &n, in.Parent)
	if err != nil {
		return Note{}, err
	}
	meant, err := mentions(ctx, tx, a.Workspace, &n)
	if err != nil {
		return Note{}, err
	}
	if err := insertNote(ctx, tx, a.Workspace, n); err != nil {
		return Note{}, err
	}
	if len(n.Readers) > 0 {
		set := audience.SetIn
		if n.Parent != 0 {
			set = audience.CopyIn
		}
		if err := set(ctx, tx, a.Workspace, audience.KindNote, n.ID, n.Readers); err != nil {
			return Note{}, err
		}
	}
	if len(in.Files) > 0 {
		if s.Files == nil {
			return Note{}, errs.Missing("file")
		}
		if err := s.Files.AttachIn(ctx, tx, n, in.Files); err != nil {
			return Note{}, err
		}
	}
	if err := s.tell(ctx, tx, a, n, meant, answered); err != nil {
		return Note{}, err
	}
	return n, s.publish(ctx, tx, NoteCreated, a.Workspace, n)
}

// compose cleans and checks what does not need the database.
func (s *Service) compose(a who.Actor, in PostInput) (n Note, err error) {
	body, err := checkBody(in.Body, in.Hunch)
	if len(in.Files) > 0 && body == "" && (err == nil || errs.As(err).Key == "timeline.err.empty") {
		err = errs.Field("body", "timeline.err.file_alone")
	}
	if err != nil {
		return n, err
	}
	switch in.Visibility {
	case "":
		in.Visibility = Everyone
	case Everyone, AuthorOnly:
	default:
		return n, errs.Field("visibility", "err.choice")
	}
	if in.Visibility == Everyone {
		in.Readers = nil
	}
	n = Note{ID: id.New(), Readers: in.Readers, Contract: in.Contract, Author: Person{a.Member, a.Name}, At: s.now(), Body: body,
		Hunch: in.Hunch, AboutKind: in.AboutKind, AboutID: in.AboutID, Visibility: in.Visibility, Version: 1}
	if n.Hunch != "" {
		n.HunchAt = n.At
	}
	return n, nil
}

// now has the precision of the database, so that what is returned equals what
// is read again.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

func contextOf(c Subject, today cal.Date) Context {
	x := Context{Outlook: c.Outlook}
	if !c.Renewal.IsZero() {
		days := today.DaysUntil(c.Renewal)
		x.Days = &days
	}
	return x
}

// attach puts a reply under its top note and gives whom it answers. What is
// said under words for oneself stays with oneself.
func (s *Service) attach(ctx context.Context, tx *db.Tx, a who.Actor, n *Note, parent id.ID) ([]id.ID, error) {
	if parent == 0 {
		return nil, nil
	}
	p, err := noteOf(ctx, tx, a, parent)
	if err != nil {
		return nil, err
	}
	if p.Contract != n.Contract {
		return nil, errs.Missing("note")
	}
	answered := []id.ID{p.Author.ID}
	n.Parent = p.ID
	var top Note
	if p.Parent != 0 {
		top, err = noteOf(ctx, tx, a, p.Parent)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return nil, err
		}
		n.Parent, answered = p.Parent, append(answered, top.Author.ID)
	}
	for _, above := range []Note{p, top} {
		if above.Visibility == AuthorOnly {
			return answered, n.inherit(ctx, tx, a, above)
		}
	}
	return answered, nil
}

// inherit: what is said under limited words stays among their readers, of whom
// their author is one.
func (n *Note) inherit(ctx context.Context, q db.Queryer, a who.Actor, above Note) error {
	found, err := audience.Of(ctx, q, a.Workspace, audience.KindNote, []id.ID{above.ID})
	n.Visibility, n.Readers = AuthorOnly, found[above.ID]
	if above.Author.ID != 0 && above.Author.ID != a.Member {
		n.Readers = append(n.Readers, audience.Reader{Kind: "member", ID: above.Author.ID})
	}
	return err
}

// tell makes followers of the author and of those mentioned, and puts a notice
// into the inboxes of those mentioned, answered or following. Nobody is told of what they
// may not read; a note for oneself leaves no trace.
func (s *Service) tell(ctx context.Context, tx *db.Tx, a who.Actor, n Note, meant, answered []id.ID) error {
	if n.Visibility == AuthorOnly && len(n.Readers) == 0 {
		return nil
	}
	meant, answered, err := admitted(ctx, tx, a.Workspace, n, meant, answered)
	if err != nil {
		return err
	}
	if err := insertMentions(ctx, tx, a.Workspace, n.ID, meant); err != nil {
		return err
	}
	if err := insertFollowers(ctx, tx, a.Workspace, n.Contract, append(slices.Clone(meant), a.Member)); err != nil {
		return err
	}
	var list []NoticeInput
	add := func(kind string, members []id.ID) {
		for _, m := range members {
			if m != a.Member {
				list = append(list, NoticeInput{Member: m, Kind: kind, CauseKind: "note", CauseID: n.ID, Contract: n.Contract})
			}
		}
	}
	add(notices.Mention, meant)
	add(notices.Reply, answered)
	if n.Version == 1 { // an edit calls those it names
		following, err := notices.Followers(ctx, tx, a.Workspace, n.Contract)
		if err == nil {
			_, following, err = admitted(ctx, tx, a.Workspace, n, nil, following)
		}
		if err != nil {
			return err
		}
		add(notices.Followed, following)
	}
	return s.NotifyIn(ctx, tx, a.Workspace, list)
}

// mentions reads the names in a note's body and keeps their spelling with it.
// The directory is read only when there is a sign.
func mentions(ctx context.Context, q db.Queryer, ws id.ID, n *Note) ([]id.ID, error) {
	n.Context.Names = nil
	if !hasSign(n.Body) {
		return nil, nil
	}
	dir, err := readDirectory(ctx, q, ws)
	if err != nil {
		return nil, err
	}
	members, names := dir.Find(n.Body)
	n.Context.Names = names
	return members, nil
}

func (s *Service) publish(ctx context.Context, tx *db.Tx, kind bus.Kind, ws id.ID, notes ...Note) error {
	list := make([]bus.Change, len(notes))
	for i, n := range notes {
		list[i] = bus.Change{Kind: kind, Workspace: ws, Contract: n.Contract, Ref: n.ID,
			Data: map[string]any{"author": n.Author.ID, "visibility": n.Visibility, "hunch": string(n.Hunch)}}
	}
	return s.bus.Publish(ctx, tx, list...)
}

// Get reads one note.
func (s *Service) Get(ctx context.Context, noteID id.ID) (Note, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return Note{}, err
	}
	n, err := noteOf(ctx, s.db, a, noteID)
	if err != nil {
		return n, err
	}
	return n, s.given(ctx, a, []*Note{&n})
}

// Names says what things of a kind are called, in one query; kinds nobody
// speaks for have no names.
func (s *Service) Names(ctx context.Context, kind string, ids []id.ID) (map[id.ID]string, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	f := s.namers[kind]
	if f == nil || len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	return f(ctx, s.db, a.Workspace, slices.Compact(ids))
}
