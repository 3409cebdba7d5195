// Package db is the one door to SQLite and PostgreSQL. The same SQL text,
// with $1 placeholders, runs on both; the differences that cannot be avoided
// ask Postgres().
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"
)

// DB is an open database. Reads outside a transaction go to a pool of their
// own; on SQLite all writes share one connection, so that they queue in Go
// instead of failing with SQLITE_BUSY.
type DB struct {
	write    *sql.DB
	read     *sql.DB
	postgres bool
	url      string
	dir      string
}

// Config says which database to open.
type Config struct {
	Dir string // folder of the SQLite file; also of locks
	URL string // postgres://…; empty = SQLite in Dir
	// Relaxed trades the last moments before a power cut for speed
	// (SQLite synchronous=NORMAL). A killed process loses nothing either way.
	Relaxed bool
}

// busyTimeout is how long one SQLite process waits for another's write.
const busyTimeout = 30 * time.Second

// Open connects and checks that the database answers. It does not migrate.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.URL != "" {
		return openPostgres(ctx, c)
	}
	return openSQLite(ctx, c)
}

func openSQLite(ctx context.Context, c Config) (*DB, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	path := filepath.Join(c.Dir, "kizuki.db")
	write, err := sql.Open("sqlite", sqliteDSN(path, c.Relaxed, true))
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	write.SetConnMaxLifetime(0)
	if err := firstContact(ctx, write); err != nil {
		write.Close()
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	read, err := sql.Open("sqlite", sqliteDSN(path, c.Relaxed, false))
	if err != nil {
		write.Close()
		return nil, err
	}
	n := max(4, 2*runtime.NumCPU())
	read.SetMaxOpenConns(n)
	read.SetMaxIdleConns(n)
	return &DB{write: write, read: read, dir: c.Dir}, nil
}

// firstContact opens the first connection. Two processes that turn a new file
// to WAL at once get SQLITE_BUSY without waiting, whatever the timeout says.
func firstContact(ctx context.Context, pool *sql.DB) error {
	for end := time.Now().Add(busyTimeout); ; time.Sleep(10 * time.Millisecond) {
		err := pool.PingContext(ctx)
		if err == nil || !Busy(err) || time.Now().After(end) || ctx.Err() != nil {
			return err
		}
	}
}

func sqliteDSN(path string, relaxed, write bool) string {
	sync := "FULL"
	if relaxed {
		sync = "NORMAL"
	}
	q := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"journal_mode(WAL)", "synchronous(" + sync + ")", "foreign_keys(1)",
		"temp_store(MEMORY)", "cache_size(-32000)", "mmap_size(268435456)",
	}}
	if write {
		q.Set("_txlock", "immediate")
	} else {
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func openPostgres(ctx context.Context, c Config) (*DB, error) {
	pool, err := sql.Open("pgx", c.URL)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	n := max(8, 4*runtime.NumCPU())
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connecting to the database: %w", err)
	}
	return &DB{write: pool, read: pool, postgres: true, url: c.URL, dir: c.Dir}, nil
}

// Close closes all connections.
func (d *DB) Close() error {
	err := d.write.Close()
	if d.read != d.write {
		err = errors.Join(err, d.read.Close())
	}
	return err
}

// Postgres reports the dialect; only the marked places of the design ask it.
func (d *DB) Postgres() bool { return d.postgres }

// URL is the PostgreSQL address, "" on SQLite; LISTEN needs a connection of
// its own.
func (d *DB) URL() string { return d.url }

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.read.PingContext(ctx) }

// Changed tells whether another process has written to the SQLite file since
// the last call with the returned mark; on PostgreSQL it is always equal.
func (d *DB) Changed(ctx context.Context) (mark int64, err error) {
	if d.postgres {
		return 0, nil
	}
	err = d.write.QueryRowContext(ctx, "PRAGMA data_version").Scan(&mark)
	return mark, err
}

// Row is what a scan function reads from.
type Row interface{ Scan(dest ...any) error }

// Queryer is a *DB (its read pool) or a *Tx.
type Queryer interface {
	query(ctx context.Context, q string, args []any) (*sql.Rows, error)
}

func (d *DB) query(ctx context.Context, q string, args []any) (*sql.Rows, error) {
	note(ctx, q, args)
	if !d.postgres {
		q = anonymous(q, len(args))
	}
	return d.read.QueryContext(ctx, q, args...)
}

func (t *Tx) query(ctx context.Context, q string, args []any) (*sql.Rows, error) {
	note(ctx, q, args)
	if !t.postgres {
		q = anonymous(q, len(args))
	}
	return t.tx.QueryContext(ctx, q, args...)
}

// All reads every row before it returns, because pgx cannot run a statement
// while rows are open.
func All[T any](ctx context.Context, q Queryer, scan func(Row) (T, error), stmt string, args ...any) ([]T, error) {
	rows, err := q.query(ctx, stmt, args)
	if err != nil {
		return nil, wrap(err, stmt)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, wrap(err, stmt)
		}
		out = append(out, v)
	}
	return out, wrap(rows.Err(), stmt)
}

// One reads the first row; found is false if there is none.
func One[T any](ctx context.Context, q Queryer, scan func(Row) (T, error), stmt string, args ...any) (v T, found bool, err error) {
	all, err := All(ctx, q, scan, stmt, args...)
	if err != nil || len(all) == 0 {
		return v, false, err
	}
	return all[0], true, nil
}

// Value scans a row of one column.
func Value[T any](r Row) (T, error) {
	var v T
	err := r.Scan(&v)
	return v, err
}

// Exec changes rows inside the caller's transaction and tells how many.
func Exec(ctx context.Context, tx *Tx, stmt string, args ...any) (int64, error) {
	note(ctx, stmt, args)
	text := stmt
	if !tx.postgres {
		text = anonymous(stmt, len(args))
	}
	res, err := tx.tx.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, wrap(err, stmt)
	}
	n, err := res.RowsAffected()
	return n, wrap(err, stmt)
}

// Analyze tells PostgreSQL that tables have grown: until it knows, it makes plans
// as for nearly empty ones. SQLite needs no telling.
func Analyze(ctx context.Context, tx *Tx, tables ...string) error {
	if !tx.Postgres() {
		return nil
	}
	_, err := Exec(ctx, tx, "ANALYZE "+strings.Join(tables, ", "))
	return err
}

func wrap(err error, stmt string) error {
	if err == nil {
		return nil
	}
	first, _, _ := strings.Cut(strings.TrimSpace(stmt), "\n")
	return fmt.Errorf("%w [%.80s]", err, first)
}

// Statement is one statement with its arguments.
type Statement struct {
	SQL  string
	Args []any
}

// Trace is what was run under a context: a test holds each page to its number
// of statements, a benchmark runs the same ones bare.
type Trace struct {
	mu  sync.Mutex
	all []Statement
}

// Statements are those run so far.
func (t *Trace) Statements() []Statement {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.all)
}

// Load is how many statements were run so far.
func (t *Trace) Load() int64 { return int64(len(t.Statements())) }

type traceKey struct{}

// Counting notes the statements run under the returned context.
func Counting(ctx context.Context) (context.Context, *Trace) {
	t := new(Trace)
	return context.WithValue(ctx, traceKey{}, t), t
}

func note(ctx context.Context, stmt string, args []any) {
	if t, ok := ctx.Value(traceKey{}).(*Trace); ok {
		t.mu.Lock()
		t.all = append(t.all, Statement{stmt, slices.Clone(args)})
		t.mu.Unlock()
	}
}
