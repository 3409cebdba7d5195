package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"kizuki/internal/app"
	"kizuki/internal/errs"
	"kizuki/internal/mail"
	"kizuki/internal/outbound"
	"kizuki/internal/web/words"
	"kizuki/internal/workspace"
)

type listen struct {
	Addr   string `default:"127.0.0.1:8080" help:"Address to listen on."`
	Secure bool   `help:"Cookies for https only (behind a TLS proxy)."`
	letters
}

// letters are the flags of what goes out. What holds a password is better given
// by its variable: other users of the machine can read a command line.
type letters struct {
	URL          string   `name:"url" help:"Public address of the pages, for links in letters; http://ADDR by default." placeholder:"https://…"`
	SMTPURL      string   `name:"smtp-url" help:"Mail server: smtp://user:password@host:587?from=ADDRESS (smtps:// for TLS at once, &tls=none for a server on this machine)." placeholder:"smtp://…"`
	SlackToken   string   `help:"Token of a Slack bot (chat:write, users:read.email)." placeholder:"xoxb-…"`
	AllowPrivate []string `help:"Private networks that requests to addresses people type may reach." placeholder:"10.0.0.0/8"`
}

// set puts the flags into the app's configuration.
func (l listen) set(c *app.Config) (err error) {
	c.Secure, c.SlackToken = l.Secure, l.SlackToken
	if c.URL = strings.TrimRight(l.URL, "/"); c.URL == "" {
		c.URL = "http://" + l.Addr
	}
	if c.Private, err = outbound.Networks(l.AllowPrivate); err != nil || l.SMTPURL == "" {
		return err
	}
	server, err := mail.ParseURL(l.SMTPURL)
	if err == nil {
		c.Mail, err = mail.New(server)
	}
	return err
}

type serveCmd struct{ listen }

// Run migrates and serves until it is told to stop.
func (c serveCmd) Run(r *run) error {
	return r.serve(c.listen, func(context.Context, *app.App) error { return nil }, false)
}

type demoCmd struct {
	listen
	Fill bool `help:"Only fill, do not serve."`
}

// Run fills the demo workspace if there is none yet, and serves it.
func (c demoCmd) Run(r *run) error {
	if err := r.fillDemo(); err != nil || c.Fill {
		return err
	}
	return r.serve(c.listen, func(context.Context, *app.App) error { return nil }, true)
}

// fillDemo makes the demo whole or not at all: on SQLite it is filled in a
// folder beside and moved into place. A folder with something in it is used as
// it is; PostgreSQL, and a folder that cannot be moved (a mount, "."), are
// filled where they are: the demo's own mark tells when that was interrupted.
func (r *run) fillDemo() error {
	place := filepath.Clean(r.common.Data)
	if r.common.DatabaseURL != "" {
		return r.fillAt(place, r.common.Relaxed)
	}
	// An empty folder must make room; one that is not empty stays.
	if err := syscall.Rmdir(place); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r.fillAt(place, r.common.Relaxed)
	}
	return r.fillBeside(place)
}

func (r *run) fillBeside(place string) error {
	beside := place + ".filling"
	if err := os.MkdirAll(beside, 0o700); err != nil {
		return err
	}
	release, err := hold(r.ctx, beside)
	if err != nil {
		return err
	}
	defer release()
	if _, err := os.Stat(place); err == nil { // another start has finished it meanwhile
		_ = os.Remove(beside)
		return nil
	}
	left, err := os.ReadDir(beside) // by one that was killed
	if err != nil {
		return err
	}
	for _, e := range left {
		if err := os.RemoveAll(filepath.Join(beside, e.Name())); err != nil {
			return err
		}
	}
	// What a power cut takes from here is filled anew: no need to wait for the disk.
	if err := r.fillAt(beside, true); err != nil {
		return err
	}
	return os.Rename(beside, place)
}

// hold waits until no other process has the folder and keeps it; the end of
// this process, however it comes, lets it go.
func hold(ctx context.Context, dir string) (release func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(err, f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (r *run) fillAt(dir string, relaxed bool) error {
	config := r.config()
	config.Dir, config.Migrate, config.Relaxed = dir, true, relaxed
	a, err := app.Open(r.ctx, config)
	if err != nil {
		return err
	}
	defer a.Close()
	if empty, err := a.Workspace.Empty(r.ctx); err != nil {
		return err
	} else if empty {
		fmt.Fprintln(r.err, words.T(r.ctx, "app.demo.filling"))
	}
	return a.FillDemo(r.ctx)
}

func (r *run) open(demo bool) (*app.App, error) {
	config := r.config()
	config.Migrate, config.Demo = true, demo
	return app.Open(r.ctx, config)
}

func (r *run) serve(l listen, prepare func(context.Context, *app.App) error, demo bool) error {
	config := r.config()
	config.Migrate, config.Demo = true, demo
	if err := l.set(&config); err != nil {
		return err
	}
	a, err := app.Open(r.ctx, config)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := prepare(r.ctx, a); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", l.Addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(r.err, "kizuki %s: http://%s\n", version, ln.Addr())
	return a.Serve(r.ctx, ln)
}

type setupCmd struct {
	Email         string `required:"" help:"Mail address of the owner."`
	Name          string `required:"" help:"Name of the owner."`
	PasswordStdin bool   `required:"" help:"Read the password from standard input."`
}

// Run creates the first workspace with the name given by --workspace.
func (c setupCmd) Run(r *run) error {
	line, err := bufio.NewReader(r.in).ReadString('\n')
	if line == "" && err != nil {
		return errs.Field("password", "err.required").With(err)
	}
	a, err := r.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	actor, err := a.Workspace.Setup(r.ctx, workspace.SetupInput{Workspace: r.common.Workspace, Name: c.Name, Mail: c.Email,
		Password: strings.TrimRight(line, "\r\n"), Lang: r.common.Lang})
	if err != nil {
		return err
	}
	return r.print(map[string]string{"workspace": actor.Workspace.String(), "member": actor.Member.String()},
		actor.Workspace.String())
}

type migrateCmd struct{}

// Run brings the tables up to date.
func (migrateCmd) Run(r *run) error {
	a, err := r.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	return r.print(map[string]bool{"migrated": true}, "ok")
}

type tokenCmds struct {
	Create tokenCreateCmd `cmd:"" help:"Create an API token and print it alone."`
}

type tokenCreateCmd struct {
	Email string `required:"" help:"Mail address of the member it acts for."`
	Name  string `required:"" help:"What it is for."`
	Scope string `default:"read" enum:"read,write" help:"read or write."`
	Days  int    `default:"365" help:"Days until it expires."`
}

// Run prints the secret alone, so that a script can take it.
func (c tokenCreateCmd) Run(r *run) error {
	return r.act(func(ctx context.Context, a *app.App) error {
		secret, token, err := a.Workspace.CreateToken(ctx, c.Email, c.Name, workspace.Scope(c.Scope), time.Now().AddDate(0, 0, c.Days))
		if err != nil {
			return err
		}
		return r.print(map[string]any{"token": secret, "id": token.ID}, secret)
	})
}
