package db

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Tx is an open transaction: IMMEDIATE on SQLite, REPEATABLE READ on
// PostgreSQL.
type Tx struct {
	tx       *sql.Tx
	postgres bool
	after    []func()
}

// Postgres reports the dialect, for the marked places.
func (t *Tx) Postgres() bool { return t.postgres }

// AfterCommit runs f once the transaction is safely committed: wake-ups and
// live news, never work that must not be lost (that is a job row).
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// ErrNested is returned when InTx is called inside InTx: on SQLite it would
// wait for itself forever.
var ErrNested = errors.New("db: a transaction inside a transaction")

type txKey struct{}

// Within reports whether ctx is that of a transaction.
func Within(ctx context.Context) bool { return ctx.Value(txKey{}) != nil }

const maxTries = 12

// InTx runs f in a transaction and commits if it returns nil. Conflicts with
// other transactions are tried again with jitter, so f must be repeatable:
// no network, no hashing, no file work, nothing kept from a former try.
func (d *DB) InTx(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	if Within(ctx) {
		return ErrNested
	}
	inner := context.WithValue(ctx, txKey{}, true)
	for try := 1; ; try++ {
		err := d.once(inner, f)
		if err == nil || try == maxTries || !conflict(err) {
			return err
		}
		pause := time.Duration(rand.Int64N(int64(time.Millisecond) << min(try, 7)))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (d *DB) once(ctx context.Context, f func(context.Context, *Tx) error) error {
	var opts *sql.TxOptions
	if d.postgres {
		opts = &sql.TxOptions{Isolation: sql.LevelRepeatableRead}
	}
	t, err := d.write.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer t.Rollback() // after a commit this does nothing
	tx := &Tx{tx: t, postgres: d.postgres}
	if err := f(ctx, tx); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return err
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

// conflict: serialization failure or deadlock on PostgreSQL.
func conflict(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// UniqueOn reports whether err says that a row of the table already exists.
func UniqueOn(err error, table string) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505" && pg.TableName == table
	}
	return sqliteCode(err, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY) &&
		strings.Contains(err.Error(), " "+table+".")
}

// Foreign reports whether err says that a row refers to one that is not there
// (or that one to be deleted is referred to).
func Foreign(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23503"
	}
	return sqliteCode(err, sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY)
}

// Busy reports whether err says that another process held the SQLite file
// longer than we wait.
func Busy(err error) bool {
	return sqliteCode(err, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT)
}

func sqliteCode(err error, codes ...int) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, c := range codes {
		if e.Code() == c {
			return true
		}
	}
	return false
}
