package file

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"kizuki/internal/blob"
	"kizuki/internal/bus"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/org"
	"kizuki/internal/testkit"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
	"kizuki/internal/workspace/secrets"
)

func init() { secrets.Cheap() }

// world is a workspace with a contract and a few people, real services under
// it, and a clock that only goes when told.
type world struct {
	t        *testing.T
	d        *db.DB
	s        *Service
	notes    *timeline.Service
	rights   *contract.Service
	people   *workspace.Service
	now      time.Time
	actors   map[string]who.Actor
	contract contract.Contract
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, d *db.DB) { f(t, newWorld(t, d)) })
}

func newWorld(t *testing.T, d *db.DB) *world {
	w := &world{t: t, d: d, now: time.Date(2026, 2, 17, 1, 0, 0, 0, time.UTC), actors: map[string]who.Actor{}}
	clock, b := func() time.Time { return w.now }, bus.New()
	w.s = New(d, b, blob.Folder(t.TempDir()))
	w.notes = timeline.New(d, b)
	w.people = workspace.New(d, b)
	w.rights = contract.New(d, b, field.New(d, b), org.New(d, b))
	w.s.Now, w.notes.Now, w.people.Now, w.rights.Now = clock, clock, clock, clock
	w.s.Audit, w.notes.Files, w.notes.Audit = w.people.AuditIn, w.s, w.people.AuditIn
	w.join("岡田", who.Owner)
	for _, name := range []string{"田村", "石川"} {
		w.join(name, who.Member)
	}
	w.join("北原", who.Viewer)
	other, err := w.people.CreateWorkspace(context.Background(), workspace.SetupInput{Workspace: "よそ", Name: "よそ", Mail: "other@example.com", Password: "correct horse battery"})
	w.must(err)
	w.actors["よそ"] = other
	w.contract, err = w.rights.Create(w.as("岡田"), contract.Input{Key: "A-1", Name: "本社契約", Organization: "みなと物流", Owner: w.actors["岡田"].Member.String()})
	w.must(err)
	return w
}

func (w *world) join(name string, role who.Role) {
	w.t.Helper()
	ctx, mail := context.Background(), id.New().String()+"@example.com"
	if role == who.Owner {
		actor, err := w.people.CreateWorkspace(ctx, workspace.SetupInput{Workspace: "CS", Name: name, Mail: mail, Password: "correct horse battery"})
		w.must(err)
		w.actors[name] = actor
		return
	}
	link, _, err := w.people.Invite(w.as("岡田"), mail, role, 0)
	w.must(err)
	session, _, err := w.people.Accept(ctx, link, workspace.AcceptInput{Name: name, Password: "correct horse battery"})
	w.must(err)
	w.actors[name], _, err = w.people.Session(ctx, session)
	w.must(err)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) as(name string) context.Context {
	return who.With(context.Background(), w.actors[name])
}

func (w *world) upload(name, file string, data string) File {
	w.t.Helper()
	f, err := w.s.Upload(w.as(name), file, strings.NewReader(data))
	w.must(err)
	return f
}

func (w *world) post(name string, more func(*timeline.PostInput), files ...File) (timeline.Note, error) {
	w.now = w.now.Add(time.Minute)
	in := timeline.PostInput{Contract: w.contract.ID, Body: "議事録です"}
	for _, f := range files {
		in.Files = append(in.Files, f.ID)
	}
	if more != nil {
		more(&in)
	}
	return w.notes.Post(w.as(name), in)
}

// read is what somebody gets of a file: its bytes, or "missing".
func (w *world) read(name string, f File) string {
	w.t.Helper()
	_, data, err := w.s.Open(w.as(name), f.ID, false)
	if errs.Is(err, errs.NotFound) {
		return "missing"
	}
	w.must(err)
	defer data.Close()
	got, err := io.ReadAll(data)
	w.must(err)
	return string(got)
}

// bytesLeft tells whether there are bytes of a file.
func (w *world) bytesLeft(f File) bool {
	r, err := w.s.blobs.Get(context.Background(), f.key(w.actors["岡田"].Workspace))
	if err == nil {
		r.Close()
	}
	return err == nil
}

func (w *world) rows() int64 {
	w.t.Helper()
	n, _, err := db.One(context.Background(), w.d, db.Value[int64], "SELECT COUNT(*) FROM file WHERE workspace_id = $1", w.actors["岡田"].Workspace)
	w.must(err)
	return n
}

func (w *world) sweep() {
	w.t.Helper()
	w.must(w.s.Sweep(context.Background(), w.actors["岡田"].Workspace))
}

func (w *world) wants(err error, code errs.Code, key string) {
	w.t.Helper()
	if e := errs.As(err); err == nil || e.Code != code || e.Key != key {
		w.t.Errorf("got %v, want %s %s", err, code, key)
	}
}

var errCut = errors.New("the cable was cut")

// cut is a store whose cable is cut after so many acts.
type cut struct {
	blob.Store
	left int
}

func (c *cut) act() error {
	c.left--
	if c.left < 0 {
		return errCut
	}
	return nil
}

func (c *cut) Put(ctx context.Context, key string, data []byte) error {
	if err := c.act(); err != nil {
		return err
	}
	return c.Store.Put(ctx, key, data)
}

func (c *cut) Delete(ctx context.Context, key string) error {
	if err := c.act(); err != nil {
		return err
	}
	return c.Store.Delete(ctx, key)
}

func reader(data []byte) io.Reader { return bytes.NewReader(data) }
