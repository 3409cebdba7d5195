// Package app is the one place that knows every feature: it builds them in
// the order in which they stand on each other, mounts their routes and
// connects their news.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"time"

	"kizuki/internal/api"
	"kizuki/internal/blob"
	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/demo"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/mail"
	"kizuki/internal/seal"
	"kizuki/internal/web"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// Config says where the data is and how to serve.
type Config struct {
	Dir         string        // data folder
	DatabaseURL string        // PostgreSQL; empty = SQLite in Dir
	Relaxed     bool          // see db.Config
	Migrate     bool          // bring the tables up to date first; otherwise they must be
	S3          blob.S3Config // where attached files are kept; without a bucket in Dir/files
	SecretKey   string        // what small secrets are sealed with; empty = the key file in Dir
	Keeper      *seal.Keeper  // made of SecretKey by Open; New alone takes a key that ends with it
	Demo        bool          // the sign-in page tells how to get in
	Secure      bool          // cookies for https only
	Version     string
	Log         *slog.Logger
	Now         func() time.Time // nil = time.Now

	URL        string         // the public address, for links in letters
	Mail       *mail.Sender   // nil where mail is not set up
	SlackToken string         // of a bot, if there is one
	SlackAPI   string         // Slack's own if empty
	Private    []netip.Prefix // networks of their own that requests may go to
}

// App is everything, built.
type App struct {
	Config
	DB        *db.DB
	Blobs     blob.Store
	Bus       *bus.Bus
	Jobs      *job.Queue
	Workspace *workspace.Service
	features
	Router *web.Router
	REST   *api.API

	node    *db.Node
	handler http.Handler
	frozen  atomic.Pointer[time.Time] // set while the demo is filled
}

// ErrNotMigrated is returned when the tables are older than the program and
// the command may not change them.
var ErrNotMigrated = errors.New("the database is not up to date: run kizuki migrate")

// Open connects, migrates if allowed, leases a node number and builds the app.
func Open(ctx context.Context, c Config) (*App, error) {
	blobs, err := blobsOf(ctx, c)
	if err != nil {
		return nil, err
	}
	if c.Keeper, err = seal.Open(c.Dir, c.SecretKey); err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, db.Config{Dir: c.Dir, URL: c.DatabaseURL, Relaxed: c.Relaxed})
	if err != nil {
		return nil, err
	}
	if err := ready(ctx, d, c.Migrate); err != nil {
		d.Close()
		return nil, err
	}
	node, err := d.LeaseNode(ctx)
	if err != nil {
		d.Close()
		return nil, err
	}
	a := New(d, blobs, c)
	a.node = node
	if c.Migrate {
		err = a.Digest.SealWebhooks(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func blobsOf(ctx context.Context, c Config) (blob.Store, error) {
	if c.S3.Bucket == "" {
		return blob.Folder(filepath.Join(c.Dir, "files")), nil
	}
	return blob.S3(ctx, c.S3)
}

func ready(ctx context.Context, d *db.DB, migrate bool) error {
	if migrate {
		return d.Migrate(ctx)
	}
	ok, err := d.Migrated(ctx)
	if err == nil && !ok {
		err = ErrNotMigrated
	}
	return err
}

// New builds the app on an open, migrated database; blobs are where attached
// files are kept.
func New(d *db.DB, blobs blob.Store, c Config) *App {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Keeper == nil {
		c.Keeper = seal.New()
	}
	a := &App{Config: c, DB: d, Blobs: blobs, Bus: bus.New()}
	a.Now = a.clock(c.Now)
	a.Jobs = job.New(d, c.Log)
	a.Workspace = workspace.New(d, a.Bus)
	a.Workspace.Now, a.Workspace.TOTP.Keeper = a.Now, a.Keeper
	if c.Mail != nil {
		a.Workspace.Mail(a.Jobs, c.URL, c.Mail.Send)
	}
	a.build()
	a.handler = a.routes()
	return a
}

// clock is the one clock of all services; filling the demo moves it.
func (a *App) clock(real func() time.Time) func() time.Time {
	return func() time.Time {
		if t := a.frozen.Load(); t != nil {
			return *t
		}
		return real()
	}
}

// FillDemo makes the demo's workspace, once.
func (a *App) FillDemo(ctx context.Context) error {
	defer a.frozen.Store(nil)
	return demo.Fill(ctx, demo.Services{People: a.Workspace, Orgs: a.Orgs, Fields: a.Fields, Contracts: a.Contracts, Contacts: a.Contacts,
		Timeline: a.Timeline, Tasks: a.Tasks, Rules: a.Rules, Handovers: a.Handovers, Intake: a.Imports,
		SetNow: func(t time.Time) { a.frozen.Store(&t) }}, a.Now())
}

// Close gives the node number back and closes the database.
func (a *App) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var err error
	if a.node != nil {
		err = a.node.Release(ctx)
	}
	return errors.Join(err, a.DB.Close())
}

// Handler serves everything.
func (a *App) Handler() http.Handler { return a.handler }

// drain is how long requests may go on after the server was told to stop.
const drain = 20 * time.Second

// Serve answers requests and runs jobs until ctx ends, then drains both.
func (a *App) Serve(ctx context.Context, ln net.Listener) error {
	if a.DatabaseURL != "" && a.SecretKey == "" {
		a.Log.Warn("KIZUKI_SECRET_KEY is not set: secrets are sealed with the key file of this node's data folder, which other nodes do not have",
			"file", filepath.Join(a.Dir, seal.KeyFile))
	}
	srv := &http.Server{Handler: a.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelWarn)}
	srv.RegisterOnShutdown(a.Live.Close) // streams would not end by themselves
	go a.Live.Run(ctx)
	jobs := make(chan error, 1)
	go func() { jobs <- a.Jobs.Run(ctx) }()
	go a.Search.Run(ctx)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	err := srv.Shutdown(stop)
	return errors.Join(err, ignoreCanceled(<-jobs))
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// ActAs puts the member an operator's command acts for into ctx: the one with
// the mail, or the owner. The workspace, by id or name, must be named when
// there are several.
func (a *App) ActAs(ctx context.Context, workspaceName, mail string) (context.Context, error) {
	ws, err := a.pickWorkspace(ctx, workspaceName)
	if err != nil {
		return nil, err
	}
	actor, err := a.Workspace.As(ctx, ws, mail)
	if err != nil {
		return nil, err
	}
	return who.With(ctx, actor), nil
}

func (a *App) pickWorkspace(ctx context.Context, name string) (id.ID, error) {
	all, err := a.Workspace.EveryWorkspace(ctx)
	if err != nil {
		return 0, err
	}
	if name == "" && len(all) == 1 {
		return all[0].ID, nil
	}
	var found []id.ID
	for _, w := range all {
		if name != "" && (w.ID.String() == name || w.Name == name) {
			found = append(found, w.ID)
		}
	}
	switch {
	case len(all) == 0:
		return 0, errs.New(errs.NotFound, "app.err.no_workspace")
	case len(found) == 1:
		return found[0], nil
	}
	names := ""
	for _, w := range all {
		names += fmt.Sprintf("\n  %s %s", w.ID, w.Name)
	}
	return 0, errs.Field("workspace", "app.err.which_workspace", "Names", names)
}
