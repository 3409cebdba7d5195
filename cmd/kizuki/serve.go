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
	"time"

	"kizuki/internal/app"
	"kizuki/internal/errs"
	"kizuki/internal/web/words"
	"kizuki/internal/workspace"
)

type listen struct {
	Addr   string `default:"127.0.0.1:8080" help:"Address to listen on."`
	Secure bool   `help:"Cookies for https only (behind a TLS proxy)."`
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
// folder beside and moved into place, and what a killed start has left there
// goes first. A folder with something in it is used as it is.
func (r *run) fillDemo() error {
	place := filepath.Clean(r.common.Data)
	there, err := os.ReadDir(place)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if r.common.DatabaseURL != "" || len(there) > 0 {
		return r.fillAt(place)
	}
	beside := place + ".filling"
	if err := os.RemoveAll(beside); err != nil {
		return err
	}
	if err := r.fillAt(beside); err != nil {
		return err
	}
	return os.Rename(beside, place) // onto nothing, or an empty folder
}

func (r *run) fillAt(dir string) error {
	config := r.config()
	config.Dir, config.Migrate = dir, true
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
	config.Migrate, config.Demo, config.Secure = true, demo, l.Secure
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
