package intake

import (
	"context"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/intake/columns"
	"kizuki/internal/intake/sheet"
	"kizuki/internal/intake/sources"
	"kizuki/internal/intake/staged"
	"kizuki/internal/intake/upload"
	"kizuki/internal/job"
	"kizuki/internal/org"
	"kizuki/internal/text"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// News of imports, for the trail of the contracts they are about.
const (
	WentAbsent bus.Kind = "import.absent"     // Data: source
	CameBack   bus.Kind = "import.reappeared" // Data: source
)

// Notes is what an import needs of the trail.
type Notes interface {
	AddNotesIn(ctx context.Context, tx *db.Tx, list []timeline.ImportedNote) ([]id.ID, error)
	TouchedByPeopleIn(ctx context.Context, tx *db.Tx, ws id.ID, contracts []id.ID) (map[id.ID]bool, error)
	DeleteForUndoIn(ctx context.Context, tx *db.Tx, ws id.ID, contracts []id.ID) error
}

// Service offers the acts on imports.
type Service struct {
	db        *db.DB
	bus       *bus.Bus
	people    *workspace.Service
	fields    *field.Service
	orgs      *org.Service
	contracts *contract.Service
	contacts  *contact.Service
	notes     Notes
	jobs      *job.Queue

	// Now is the clock.
	Now func() time.Time
}

// Parts are the features an import stands on. Jobs may be nil: then nothing
// can be done later.
type Parts struct {
	People    *workspace.Service
	Fields    *field.Service
	Orgs      *org.Service
	Contracts *contract.Service
	Contacts  *contact.Service
	Notes     Notes
	Jobs      *job.Queue
}

// New makes the service and names its jobs.
func New(d *db.DB, b *bus.Bus, p Parts) *Service {
	s := &Service{db: d, bus: b, people: p.People, fields: p.Fields, orgs: p.Orgs, contracts: p.Contracts, contacts: p.Contacts,
		notes: p.Notes, jobs: p.Jobs, Now: time.Now}
	s.handleJobs()
	return s
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

func (s *Service) today(a who.Actor) cal.Date { return cal.Of(s.Now().In(a.Location())) }

// Upload is a file to be staged.
type Upload struct {
	Path     string // on local disk
	FileName string // as its owner calls it
	Source   string // "" = DefaultSource
	Mode     Mode   // "" = Snapshot
	Mapping  *Mapping
	Sheet    string
}

// Stage reads a file, compares it with the database and keeps what it would
// do, row by row; nothing else is written. If only the mapping is at fault,
// the import is given beside the error: it is kept as Failed and may be staged
// again with another mapping.
func (s *Service) Stage(ctx context.Context, u Upload) (Import, error) {
	imp, err := s.receive(ctx, u)
	if err != nil {
		return imp, err
	}
	return s.stage(ctx, imp.ID, u.Path)
}

// StageLater keeps the file and leaves the reading to a job, and with options
// the applying, too.
func (s *Service) StageLater(ctx context.Context, u Upload, opt *ApplyOptions) (Import, error) {
	imp, err := s.receive(ctx, u)
	if err != nil {
		return imp, err
	}
	a := who.From(ctx)
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.addJob(ctx, tx, stageKind, a, imp.ID, opt) })
	if err != nil {
		return imp, err
	}
	return oneImport(ctx, s.db, a.Workspace, imp.ID)
}

// receive checks that the file can be opened and keeps it.
func (s *Service) receive(ctx context.Context, u Upload) (Import, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return Import{}, err
	}
	if err := u.clean(); err != nil {
		return Import{}, err
	}
	f, err := sheet.Open(u.Path, sheet.Options{Sheet: u.Sheet})
	if err != nil {
		return Import{}, upload.Explain(err)
	}
	f.Close()
	sha, err := upload.Sum(u.Path)
	if err != nil {
		return Import{}, err
	}
	imp := Import{ID: id.New(), MemberID: a.Member, FileName: u.FileName, Sheet: u.Sheet, Mode: u.Mode, State: Staging, At: s.now()}
	if u.Mapping != nil {
		imp.Mapping = *u.Mapping
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if imp.SourceID, err = sources.Find(ctx, tx, a.Workspace, u.Source, a.Member, s.now()); err != nil {
			return err
		}
		return insertImport(ctx, tx, a.Workspace, imp, sha)
	})
	if err != nil {
		return Import{}, err
	}
	return imp, upload.Keep(ctx, s.db, a.Workspace, imp.ID, u.Path)
}

// maxSourceName is in characters.
const maxSourceName = 60

func (u *Upload) clean() error {
	u.Source, u.FileName = text.Line(u.Source), text.Line(filepath.Base(filepath.ToSlash(u.FileName)))
	if text.Fold(u.Source) == "" {
		u.Source = DefaultSource
	}
	if r := []rune(u.FileName); len(r) > 200 {
		u.FileName = string(r[len(r)-200:])
	}
	if u.Mode == "" {
		u.Mode = Snapshot
	}
	var source, mode *errs.E
	if utf8.RuneCountInString(u.Source) > maxSourceName {
		source = errs.Field("source", "err.too_long", "Max", maxSourceName)
	}
	if u.Mode != Snapshot && u.Mode != Delta {
		mode = errs.Field("mode", "intake.err.mode")
	}
	return errs.Join(source, mode)
}

// ReadMapping reads a mapping file; blank text is none.
func ReadMapping(raw []byte) (*Mapping, error) { return columns.Read(raw) }

// Restage reads the kept file again with another mapping or sheet. Nil and ""
// leave it to the guess.
func (s *Service) Restage(ctx context.Context, importID id.ID, m *Mapping, sheetName string) (Import, error) {
	a, imp, err := s.one(ctx, who.Write, importID)
	if err != nil {
		return imp, err
	}
	path, err := upload.Fetch(ctx, s.db, a.Workspace, importID)
	if err != nil {
		return imp, err
	}
	defer os.Remove(path)
	f, err := sheet.Open(path, sheet.Options{Sheet: sheetName})
	if err != nil {
		return imp, upload.Explain(err)
	}
	f.Close()
	if m == nil {
		m = &Mapping{}
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := moveState(ctx, tx, a.Workspace, importID, Staging, Staged, Failed)
		if err == nil && !ok {
			err = errs.New(errs.Conflict, "intake.err.not_staged")
		}
		if err != nil {
			return err
		}
		return setImport(ctx, tx, a.Workspace, importID, "mapping", db.AsJSON(*m), "sheet", sheetName)
	})
	if err != nil {
		return imp, err
	}
	return s.stage(ctx, importID, path)
}

// Drop gives an import up before it is applied.
func (s *Service) Drop(ctx context.Context, importID id.ID) error {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return err
	}
	if _, err := oneImport(ctx, s.db, a.Workspace, importID); err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := moveState(ctx, tx, a.Workspace, importID, Dropped, Staging, Staged, Failed, Dropped)
		if err == nil && !ok {
			err = errs.New(errs.Conflict, "intake.err.not_staged")
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.forget(ctx, a.Workspace, importID)
}

// forget removes the file and the rows of an import that came to nothing.
func (s *Service) forget(ctx context.Context, ws, importID id.ID) error {
	if err := upload.Forget(ctx, s.db, ws, importID); err != nil {
		return err
	}
	return staged.Forget(ctx, s.db, ws, importID)
}

// Get gives one import.
func (s *Service) Get(ctx context.Context, importID id.ID) (Import, error) {
	_, imp, err := s.one(ctx, who.Read, importID)
	return imp, err
}

// one reads an import for an actor who meets the need.
func (s *Service) one(ctx context.Context, need who.Need, importID id.ID) (who.Actor, Import, error) {
	a, err := who.Check(ctx, need)
	if err != nil {
		return a, Import{}, err
	}
	imp, err := oneImport(ctx, s.db, a.Workspace, importID)
	return a, imp, err
}

// List gives imports, the newest first, of one source or (0) of all. before is
// the id of the last one of the page before, 0 for the first page.
func (s *Service) List(ctx context.Context, source, before id.ID, limit int) ([]Import, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	return listImports(ctx, s.db, a.Workspace, source, before, min(max(limit, 1), 201))
}

// Sources gives the sources by name.
func (s *Service) Sources(ctx context.Context) ([]Source, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	return sources.List(ctx, s.db, a.Workspace)
}

// Names says what imports are called on the trail: by their source.
func (s *Service) Names(ctx context.Context, q db.Queryer, ws id.ID, ids []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	var w db.Where
	w.And("i.workspace_id = ?", ws)
	db.In(&w, "i.id", ids)
	_, err := db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var i id.ID
		var name string
		err := r.Scan(&i, &name)
		out[i] = name
		return struct{}{}, err
	}, `SELECT i.id, s.name FROM import i JOIN source s ON s.workspace_id = i.workspace_id AND s.id = i.source_id WHERE `+w.SQL(), w.Args()...)
	return out, err
}
