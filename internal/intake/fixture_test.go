package intake_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/contact"
	"kizuki/internal/contract"
	"kizuki/internal/db"
	"kizuki/internal/field"
	"kizuki/internal/id"
	"kizuki/internal/intake"
	"kizuki/internal/job"
	"kizuki/internal/org"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

const shared = "../../../shared/data/"

// world is a workspace with everything an import stands on.
type world struct {
	t         testing.TB
	ctx       context.Context
	d         *db.DB
	in        *intake.Service
	people    *workspace.Service
	contracts *contract.Service
	fields    *field.Service
	orgs      *org.Service
	trail     *timeline.Service
	jobs      *job.Queue
	actor     who.Actor
	now       time.Time
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, d: d, now: time.Date(2026, 2, 17, 1, 0, 0, 0, time.UTC)}
	b := bus.New()
	clock := func() time.Time { return w.now }
	w.people, w.fields, w.orgs = workspace.New(d, b), field.New(d, b), org.New(d, b)
	w.contracts, w.trail = contract.New(d, b, w.fields, w.orgs), timeline.New(d, b)
	w.people.Now, w.fields.Now, w.orgs.Now, w.contracts.Now, w.trail.Now = clock, clock, clock, clock, clock
	w.trail.Subscribe(b)
	w.jobs = job.New(d, slog.New(slog.DiscardHandler))
	w.in = intake.New(d, b, intake.Parts{People: w.people, Fields: w.fields, Orgs: w.orgs, Contracts: w.contracts, Contacts: contact.New(d, b, w.contracts),
		Notes: w.trail, Jobs: w.jobs})
	w.in.Now = clock
	var err error
	w.actor, err = w.people.CreateWorkspace(context.Background(), workspace.SetupInput{Workspace: "気づき", Name: "岡田 真帆",
		Mail: "okada@example.com", Password: "correct horse battery", Lang: "ja", Zone: "Asia/Tokyo", Currency: "JPY"})
	if err != nil {
		t.Fatal(err)
	}
	w.ctx = who.With(context.Background(), w.actor)
	return w
}

// file writes a table to disk.
func (w *world) file(rows ...[]string) string {
	w.t.Helper()
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	if err := out.WriteAll(rows); err != nil {
		w.t.Fatal(err)
	}
	return w.raw(b.String())
}

func (w *world) raw(content string) string {
	w.t.Helper()
	f, err := os.CreateTemp(w.t.TempDir(), "*.csv")
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := f.WriteString(content); err != nil {
		w.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		w.t.Fatal(err)
	}
	return f.Name()
}

func (w *world) stage(path string, more ...func(*intake.Upload)) intake.Import {
	w.t.Helper()
	u := intake.Upload{Path: path, FileName: filepath.Base(path)}
	for _, f := range more {
		f(&u)
	}
	imp, err := w.in.Stage(w.ctx, u)
	if err != nil {
		w.t.Fatal(err)
	}
	return imp
}

func delta(u *intake.Upload) { u.Mode = intake.Delta }

func source(name string) func(*intake.Upload) {
	return func(u *intake.Upload) { u.Source = name }
}

func (w *world) apply(imp intake.Import) intake.Import {
	w.t.Helper()
	out, err := w.in.Apply(w.ctx, imp.ID, intake.ApplyOptions{ConfirmAbsent: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// bring stages and applies.
func (w *world) bring(path string, more ...func(*intake.Upload)) intake.Import {
	w.t.Helper()
	return w.apply(w.stage(path, more...))
}

func (w *world) undo(imp intake.Import) []intake.Kept {
	w.t.Helper()
	_, kept, err := w.in.Undo(w.ctx, imp.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return kept
}

// export is everything contracts say, as text.
func (w *world) export() string {
	w.t.Helper()
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	if err := w.contracts.Export(w.ctx, out.Write); err != nil {
		w.t.Fatal(err)
	}
	out.Flush()
	return b.String()
}

// whole is export and what lies around contracts: nothing may be left behind.
func (w *world) whole() string {
	w.t.Helper()
	text := w.export()
	for _, q := range []string{
		"SELECT count(*) FROM organization", "SELECT count(*) FROM member", "SELECT count(*) FROM field",
		"SELECT count(*) FROM contact", "SELECT count(*) FROM contract_contact", "SELECT count(*) FROM note",
		"SELECT count(*) FROM term", "SELECT count(*) FROM field_index", "SELECT count(*) FROM source_key",
		"SELECT coalesce(sum(absent_since), 0) + coalesce(sum(last_seen_at), 0) FROM source_key",
		"SELECT coalesce(sum(last_import_id % 1000003), 0) FROM source_key", "SELECT coalesce(sum(data_at), 0) FROM contract",
		"SELECT count(*) FROM contract WHERE last_import_id IS NOT NULL",
	} {
		n, _, err := db.One(w.ctx, w.d, db.Value[string], "SELECT CAST(("+q+") AS TEXT)")
		if err != nil {
			w.t.Fatal(err)
		}
		text += q + " = " + n + "\n"
	}
	return text
}

func (w *world) counts(imp intake.Import, want intake.Counts) {
	w.t.Helper()
	if imp.Counts != want {
		w.t.Errorf("%s: counts are %+v, want %+v", imp.FileName, imp.Counts, want)
	}
}

func (w *world) preview(imp intake.Import, o intake.Outcome) []intake.Row {
	w.t.Helper()
	rows, _, err := w.in.Preview(w.ctx, imp.ID, o, "", 200)
	if err != nil {
		w.t.Fatal(err)
	}
	return rows
}

func (w *world) byKey(key string) contract.Contract {
	w.t.Helper()
	all, err := w.contracts.LoadByKeys(w.ctx, w.d, w.actor.Workspace, []string{key})
	if err != nil {
		w.t.Fatal(err)
	}
	return all[key]
}

var _ = id.ID(0)

func runJobs(q *job.Queue) (done chan error, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done = make(chan error, 1)
	go func() { done <- q.Run(ctx) }()
	return done, func() { cancel(); <-done }
}
