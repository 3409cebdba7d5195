package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/blob"
	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// Attached is the news that a file was posted with its note, with Contract and
// Ref. That it goes, its note tells.
const Attached bus.Kind = "file.attached"

// Service is everything that may be done with files.
type Service struct {
	db    *db.DB
	bus   *bus.Bus
	blobs blob.Store
	// Now is the clock.
	Now func() time.Time
	// Audit writes down who reads files of limited notes; app hands it in.
	Audit audience.Audit
}

// New makes the service.
func New(d *db.DB, b *bus.Bus, blobs blob.Store) *Service {
	return &Service{db: d, bus: b, blobs: blobs, Now: time.Now}
}

// Upload keeps a file that waits for its note, at most MaxSize bytes of it. The
// row is written before the bytes: cut off anywhere, it leaves what Sweep finds.
// Errors about the field upload: file.err.empty, file.err.too_large.
func (s *Service) Upload(ctx context.Context, name string, from io.Reader) (File, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return File{}, err
	}
	if a.Member == 0 {
		return File{}, errs.New(errs.Forbidden, "err.forbidden")
	}
	f := File{ID: id.New(), Name: cleanName(name), By: a.Member, At: s.Now().UTC().Truncate(time.Microsecond)}
	data, err := io.ReadAll(io.LimitReader(from, MaxSize+1))
	switch {
	case err != nil:
		return File{}, err
	case len(data) == 0:
		return File{}, errs.Field("upload", "file.err.empty", "Name", f.Name)
	case len(data) > MaxSize:
		return File{}, errs.Field("upload", "file.err.too_large", "Name", f.Name, "MB", MaxSize>>20)
	}
	sum := sha256.Sum256(data)
	f.Size, f.Sum, f.Type = int64(len(data)), hex.EncodeToString(sum[:]), sniff(f.Name, data)
	var p picture
	if strings.HasPrefix(f.Type, "image/") {
		p = drawPreview(data)
		f.Width, f.Height, f.Preview = p.width, p.height, p.kind
	}
	return f, s.keep(ctx, a.Workspace, f, data, p.preview)
}

func (s *Service) keep(ctx context.Context, ws id.ID, f File, data, preview []byte) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return insertFile(ctx, tx, ws, f) })
	if err != nil {
		return err
	}
	if err := s.blobs.Put(ctx, f.key(ws), data); err != nil {
		return err
	}
	if f.Preview != "" {
		if err := s.blobs.Put(ctx, f.previewKey(ws), preview); err != nil {
			return err
		}
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return setStored(ctx, tx, ws, f.ID) })
}

// AttachIn posts the actor's own uploads with a note, in the note's transaction.
// Another's, and one that was posted before, is not there.
func (s *Service) AttachIn(ctx context.Context, tx *db.Tx, n timeline.Note, files []id.ID) error {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return err
	}
	files = slices.Compact(slices.Sorted(slices.Values(files)))
	if len(files) > MaxPerNote {
		return errs.Field("upload", "file.err.too_many", "Max", MaxPerNote)
	}
	attached, err := attach(ctx, tx, a, n, files)
	if err != nil {
		return err
	}
	if attached != len(files) {
		return errs.Missing("file")
	}
	news := make([]bus.Change, len(files))
	for i, f := range files {
		news[i] = bus.Change{Kind: Attached, Workspace: a.Workspace, Contract: n.Contract, Ref: f}
	}
	return s.bus.Publish(ctx, tx, news...)
}

// OfNotes gives the files of notes that may be read, in the order they came in:
// one statement for a whole page.
func (s *Service) OfNotes(ctx context.Context, notes []id.ID) (map[id.ID][]timeline.File, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return nil, err
	}
	out := map[id.ID][]timeline.File{}
	for part := range slices.Chunk(notes, 500) {
		list, err := filesOf(ctx, s.db, a, part)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			out[f.Note] = append(out[f.Note], timeline.File{ID: f.ID, Name: f.Name, Type: f.Type, Size: f.Size,
				Width: f.Width, Height: f.Height, Preview: f.Preview != ""})
		}
	}
	return out, nil
}

// Waiting gives those of the uploads that are the actor's own and not posted.
func (s *Service) Waiting(ctx context.Context, files []id.ID) ([]File, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	return waiting(ctx, s.db, a, files)
}

// Get reads what a file is: of a posted one for those who may read its note,
// of one that waits for its uploader.
func (s *Service) Get(ctx context.Context, fileID id.ID) (File, error) {
	f, _, err := s.find(ctx, fileID)
	return f, err
}

// Open gives a file, or its preview, and its bytes; the caller closes them. That
// somebody else's limited note was read is written down.
func (s *Service) Open(ctx context.Context, fileID id.ID, preview bool) (File, io.ReadSeekCloser, error) {
	f, foreign, err := s.find(ctx, fileID)
	if err != nil {
		return f, nil, err
	}
	a := who.From(ctx)
	key := f.key(a.Workspace)
	if preview {
		if key = f.previewKey(a.Workspace); f.Preview == "" {
			return f, nil, errs.Missing("file")
		}
	}
	if foreign {
		today := cal.Of(s.Now().In(a.Location()))
		if err := audience.Witness(ctx, s.db, a, audience.KindNote, []id.ID{f.Note}, today, s.Audit); err != nil {
			return f, nil, err
		}
	}
	data, err := s.blobs.Get(ctx, key)
	return f, data, err
}

// find reads one file and whether it hangs on somebody else's limited note.
func (s *Service) find(ctx context.Context, fileID id.ID) (File, bool, error) {
	a, err := who.Check(ctx, who.Read)
	if err != nil {
		return File{}, false, err
	}
	f, found, err := readable(ctx, s.db, a, fileID)
	if err == nil && !found {
		err = errs.Missing("file")
	}
	return f.File, f.foreign, err
}

// Drop deletes an upload of the actor's own that was not posted.
func (s *Service) Drop(ctx context.Context, fileID id.ID) error {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		dropped, err := condemn(ctx, tx, a, fileID, s.Now())
		if err == nil && !dropped {
			err = errs.Missing("file")
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.bury(ctx, a.Workspace, []id.ID{fileID})
}

// sweepStep is how many files are buried at a time.
const sweepStep = 200

// Sweep deletes in one workspace what nobody can come back to: uploads without a
// note after KeepLoose, and files of notes deleted for good. It may be run as
// often as one likes, and takes up what an earlier one left.
func (s *Service) Sweep(ctx context.Context, ws id.ID) error {
	now := s.Now()
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return condemnOld(ctx, tx, ws, now, now.Add(-KeepLoose), now.Add(-timeline.RestoreFor))
	})
	for err == nil {
		var gone []id.ID
		if gone, err = condemned(ctx, s.db, ws, sweepStep); err != nil || len(gone) == 0 {
			return err
		}
		err = s.bury(ctx, ws, gone)
	}
	return err
}

// bury deletes the bytes of condemned files, then their rows.
func (s *Service) bury(ctx context.Context, ws id.ID, files []id.ID) error {
	for _, ref := range files {
		f := File{ID: ref}
		if err := errors.Join(s.blobs.Delete(ctx, f.key(ws)), s.blobs.Delete(ctx, f.previewKey(ws))); err != nil {
			return err
		}
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return deleteRows(ctx, tx, ws, files) })
}
