package file

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/blob"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
)

func TestAFileGoesWithItsNote(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, b := w.upload("田村", "議事録.pdf", "%PDF-1.7 …"), w.upload("田村", "画面.txt", "二つ目")
		if a.Type != "application/pdf" || a.Size != 12 || len(a.Sum) != 64 || a.Name != "議事録.pdf" {
			t.Errorf("%+v", a)
		}
		for name, want := range map[string]string{"田村": "二つ目", "岡田": "missing", "よそ": "missing"} {
			if got := w.read(name, b); got != want {
				t.Errorf("before it is posted %s reads %q", name, got)
			}
		}
		n, err := w.post("田村", nil, b, a, b)
		w.must(err)
		if len(n.Files) != 2 || n.Files[0].ID != a.ID || n.Files[1].Name != "画面.txt" {
			t.Errorf("posted with %+v", n.Files)
		}
		for name, want := range map[string]string{"田村": "二つ目", "岡田": "二つ目", "北原": "二つ目", "よそ": "missing"} {
			if got := w.read(name, b); got != want {
				t.Errorf("%s reads %q", name, got)
			}
		}
		p, err := w.notes.Trail(w.as("北原"), w.contract.ID, timeline.All, "", 10)
		w.must(err)
		if got := p.Entries[0].Note; len(got.Files) != 2 || got.Files[0].Size != 12 {
			t.Errorf("on the trail: %+v", got)
		}
		reply, err := w.post("岡田", func(in *timeline.PostInput) { in.Parent = n.ID }, w.upload("岡田", "返事.txt", "x"))
		w.must(err)
		p, err = w.notes.Trail(w.as("北原"), w.contract.ID, timeline.All, "", 10)
		w.must(err)
		if got := p.Entries[0].Note.Replies; len(got) != 1 || got[0].ID != reply.ID || len(got[0].Files) != 1 {
			t.Errorf("replies %+v", got)
		}
	})
}

func TestOnlyOnesOwnAndOnlyOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine, theirs := w.upload("田村", "a.txt", "a"), w.upload("岡田", "b.txt", "b")
		before := w.noteCount()
		_, err := w.post("田村", nil, mine, theirs)
		w.wants(err, errs.NotFound, "err.not_found")
		if w.noteCount() != before {
			t.Error("the note is there without its file")
		}
		_, err = w.post("田村", nil, mine)
		w.must(err)
		for _, f := range []File{mine, {ID: id.New()}} {
			_, err = w.post("田村", nil, f)
			w.wants(err, errs.NotFound, "err.not_found")
		}
		w.wants(w.s.Drop(w.as("田村"), mine.ID), errs.NotFound, "err.not_found")
		w.wants(w.s.Drop(w.as("田村"), theirs.ID), errs.NotFound, "err.not_found")
		_, err = w.s.Upload(w.as("北原"), "x", strings.NewReader("x"))
		w.wants(err, errs.Forbidden, "err.forbidden")
		_, err = w.s.Upload(context.Background(), "x", strings.NewReader("x"))
		w.wants(err, errs.Unauthorized, "err.unauthorized")
		if list, err := w.s.Waiting(w.as("岡田"), []id.ID{mine.ID, theirs.ID}); err != nil || len(list) != 1 || list[0].ID != theirs.ID {
			t.Error(list, err)
		}
		w.must(w.s.Drop(w.as("岡田"), theirs.ID))
		if w.bytesLeft(theirs) || !w.bytesLeft(mine) || w.rows() != 1 {
			t.Error("a dropped upload left something, or took more with it")
		}
	})
}

func (w *world) noteCount() int64 {
	n, _, err := db.One(context.Background(), w.d, db.Value[int64], "SELECT COUNT(*) FROM note WHERE workspace_id = $1", w.actors["岡田"].Workspace)
	w.must(err)
	return n
}

func TestLimits(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := w.as("田村")
		_, err := w.s.Upload(ctx, "空.txt", strings.NewReader(""))
		w.wants(err, errs.Invalid, "file.err.empty")
		_, err = w.s.Upload(ctx, "大.bin", io.LimitReader(zeros{}, MaxSize+1))
		w.wants(err, errs.Invalid, "file.err.too_large")
		if w.rows() != 0 {
			t.Error("what was refused left a row")
		}
		most, err := w.s.Upload(ctx, "ちょうど.bin", io.LimitReader(zeros{}, MaxSize))
		w.must(err)
		if most.Size != MaxSize {
			t.Error(most.Size)
		}
		var many []File
		for range MaxPerNote + 1 {
			many = append(many, w.upload("田村", "a.txt", "a"))
		}
		_, err = w.post("田村", nil, many...)
		w.wants(err, errs.Invalid, "file.err.too_many")
		for _, hunch := range []timeline.Hunch{"", timeline.Bad} {
			_, err = w.post("田村", func(in *timeline.PostInput) { in.Body, in.Hunch = " ", hunch }, many[0])
			w.wants(err, errs.Invalid, "timeline.err.file_alone")
		}
		_, err = w.post("田村", nil, many[:MaxPerNote]...)
		w.must(err)
	})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// Whoever may not read the note has no file; whoever may, is written down.
func TestAFileIsReadAsItsNote(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		reader := audience.Reader{Kind: "member", ID: w.actors["石川"].Member}
		f := w.upload("田村", "秘密.txt", "secret")
		n, err := w.post("田村", func(in *timeline.PostInput) {
			in.Visibility, in.Readers = timeline.AuthorOnly, []audience.Reader{reader}
		}, f)
		w.must(err)
		check := func(want map[string]string) {
			t.Helper()
			for name, said := range want {
				if got := w.read(name, f); got != said {
					t.Errorf("%s reads %q", name, got)
				}
				found, err := w.s.OfNotes(w.as(name), []id.ID{n.ID})
				if w.must(err); (len(found) == 1) != (said == "secret") {
					t.Errorf("%s is told of %v", name, found)
				}
			}
		}
		check(map[string]string{"田村": "secret", "石川": "secret", "岡田": "missing", "北原": "missing", "よそ": "missing"})
		w.witnessed("石川")
		_, err = w.notes.Limit(w.as("田村"), n.ID, timeline.Everyone, nil)
		w.must(err)
		check(map[string]string{"岡田": "secret", "北原": "secret", "よそ": "missing"})
		w.must(w.rights.Limit(w.as("岡田"), w.contract.ID, true, nil))
		check(map[string]string{"岡田": "secret", "田村": "missing", "北原": "missing"})
		w.must(w.rights.Limit(w.as("岡田"), w.contract.ID, false, nil))
		_, err = w.notes.Delete(w.as("田村"), n.ID)
		w.must(err)
		check(map[string]string{"田村": "missing", "岡田": "missing"})
		_, err = w.notes.Restore(w.as("田村"), n.ID)
		w.must(err)
		check(map[string]string{"田村": "secret"})
	})
}

// witnessed: the audit log names those, and nobody else, as readers of a limited
// note, once each.
func (w *world) witnessed(want ...string) {
	w.t.Helper()
	list, _, err := w.people.Audit(w.as("岡田"), "", 100)
	w.must(err)
	var got []id.ID
	for _, e := range list {
		if e.Act == "note.read_limited" {
			got = append(got, e.Member)
		}
	}
	if len(got) != len(want) {
		w.t.Errorf("%d have read", len(got))
	}
	for _, name := range want {
		if !slices.Contains(got, w.actors[name].Member) {
			w.t.Errorf("nobody wrote down that %s read", name)
		}
	}
}

func TestTheSweepTakesWhatNobodyComesBackTo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old, kept, gone := w.upload("田村", "old.txt", "x"), w.upload("田村", "kept.txt", "x"), w.upload("田村", "gone.txt", "x")
		_, err := w.post("田村", nil, kept)
		w.must(err)
		n, err := w.post("田村", nil, gone)
		w.must(err)
		w.now = w.now.Add(KeepLoose / 2)
		young := w.upload("田村", "young.txt", "x")
		_, err = w.notes.Delete(w.as("田村"), n.ID)
		w.must(err)
		left := func(want ...File) {
			t.Helper()
			w.sweep()
			for _, f := range []File{old, kept, gone, young} {
				if there := slices.ContainsFunc(want, func(o File) bool { return o.ID == f.ID }); w.bytesLeft(f) != there {
					t.Errorf("bytes of %s: %v", f.Name, !there)
				}
			}
			if w.rows() != int64(len(want)) {
				t.Errorf("%d rows", w.rows())
			}
		}
		left(old, kept, gone, young)
		w.now = w.now.Add(KeepLoose / 2)
		left(kept, gone, young)
		w.now = w.now.Add(timeline.RestoreFor / 2)
		left(kept)
		_, err = w.notes.Restore(w.as("田村"), n.ID)
		w.wants(err, errs.Conflict, "timeline.err.too_late")
		if got := w.read("岡田", kept); got != "x" {
			t.Error(got)
		}
	})
}

// Wherever an upload or a sweep is cut off, the next sweeps leave neither bytes
// without a row nor a row without bytes, and nobody is ever shown half.
func TestWhereverItIsCutOff(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		whole := w.s.blobs
		photo := string(photo(t, 1000, 500, 0))
		for acts := range 3 {
			w.s.blobs = &cut{whole, acts}
			f, err := w.s.Upload(w.as("田村"), "写真.jpg", strings.NewReader(photo))
			if cutOff := acts < 2; cutOff != errors.Is(err, errCut) {
				t.Fatal(acts, err)
			}
			w.s.blobs = whole
			if err != nil {
				if got := w.read("田村", f); got != "missing" {
					t.Errorf("half an upload is read: %d bytes", len(got))
				}
				_, err := w.post("田村", nil, f)
				w.wants(err, errs.NotFound, "err.not_found")
			}
			w.now = w.now.Add(KeepLoose)
			for deletes := 0; w.rows() > 0; deletes++ {
				if deletes > 4 {
					t.Fatal("the sweep gets nowhere")
				}
				w.s.blobs = &cut{whole, deletes}
				if err := w.s.Sweep(context.Background(), w.actors["岡田"].Workspace); err != nil && !errors.Is(err, errCut) {
					t.Fatal(err)
				}
				if w.s.blobs = whole; w.rows() == 0 && w.bytesLeft(f) {
					t.Error("bytes without a row")
				}
			}
			if _, err := whole.Get(context.Background(), f.previewKey(w.actors["岡田"].Workspace)); !errors.Is(err, blob.ErrMissing) {
				t.Error("a preview is left", err)
			}
		}
	})
}

// A sweep and a post that meet on one upload: either has it, never both.
func TestSweepAndPostMeet(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 10 {
			f := w.upload("田村", "a.txt", "a")
			w.now = w.now.Add(KeepLoose + time.Minute)
			posted := make(chan error, 1)
			at := w.now
			go func() {
				_, err := w.notes.Post(w.as("田村"), timeline.PostInput{Contract: w.contract.ID, Body: "x", Files: []id.ID{f.ID}})
				posted <- err
			}()
			err := w.s.Sweep(context.Background(), w.actors["岡田"].Workspace)
			err2 := <-posted
			if err != nil || err2 != nil && !errs.Is(err2, errs.NotFound) || w.now != at {
				t.Fatal(err, err2)
			}
			if w.bytesLeft(f) != (err2 == nil) {
				t.Fatalf("posted: %v, bytes: %v", err2, w.bytesLeft(f))
			}
		}
	})
}

// A page of notes costs one statement for its files, however many there are.
func TestFilesOfAPageInOneStatement(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var notes []id.ID
		for range 5 {
			n, err := w.post("田村", nil, w.upload("田村", "a.txt", "a"), w.upload("田村", "b.txt", "b"))
			w.must(err)
			notes = append(notes, n.ID)
		}
		ctx, trace := db.Counting(w.as("岡田"))
		found, err := w.s.OfNotes(ctx, notes)
		w.must(err)
		if len(found) != 5 || trace.Load() != 1 {
			t.Errorf("%d notes by %d statements", len(found), trace.Load())
		}
	})
}
