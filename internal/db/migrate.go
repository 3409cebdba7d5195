package db

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewer is returned when the database was made by a newer kizuki; going on
// would harm it.
var ErrNewer = errors.New("this database belongs to a newer version of kizuki")

// Migrate brings the tables up to date, one process at a time: a file lock on
// SQLite, goose's session lock on PostgreSQL.
func (d *DB) Migrate(ctx context.Context) error {
	if !d.postgres {
		unlock, err := fileLock(filepath.Join(d.dir, "migrate.lock"))
		if err != nil {
			return err
		}
		defer unlock()
	}
	p, err := d.provider()
	if err != nil {
		return err
	}
	if err := d.refuseNewer(ctx, p); err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// Migrated reports whether the tables are exactly those of this version.
func (d *DB) Migrated(ctx context.Context) (bool, error) {
	p, err := d.provider()
	if err != nil {
		return false, err
	}
	if err := d.refuseNewer(ctx, p); err != nil {
		return false, err
	}
	pending, err := p.HasPending(ctx)
	return !pending, err
}

func (d *DB) refuseNewer(ctx context.Context, p *goose.Provider) error {
	at, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	sources := p.ListSources()
	if last := sources[len(sources)-1].Version; at > last {
		return fmt.Errorf("%w (tables %d, program %d)", ErrNewer, at, last)
	}
	return nil
}

func (d *DB) provider() (*goose.Provider, error) {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if !d.postgres {
		return goose.NewProvider(goose.DialectSQLite3, d.write, dialectFS{sub, ".postgres.sql"})
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, d.write, dialectFS{sub, ".sqlite.sql"},
		goose.WithSessionLocker(locker))
}

// dialectFS hides the other dialect's files; there are only such for full text.
type dialectFS struct {
	fs.FS
	hidden string
}

// Glob is what goose collects its sources with.
func (f dialectFS) Glob(pattern string) ([]string, error) {
	all, err := fs.Glob(f.FS, pattern)
	kept := all[:0]
	for _, name := range all {
		if !strings.HasSuffix(name, f.hidden) {
			kept = append(kept, name)
		}
	}
	return kept, err
}

func fileLock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close()
		return nil, err
	}
	return func() { file.Close() }, nil
}
