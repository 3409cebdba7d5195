// Package throttle counts what must not be tried too often, by key: a mail, a
// network address.
package throttle

import (
	"context"
	"math"
	"net/netip"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
)

// Window is how long a try counts after the last one.
const Window = 15 * time.Minute

// Limit is how often something of a key may be tried, each time within Window
// of the one before.
type Limit struct {
	Key string
	Max int
}

// Network is a key's part for an address: itself, for IPv6 its /64, which is
// what one customer gets. "" for what is none.
func Network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, _ := a.Prefix(64)
	return p.String()
}

// Count counts a try in each of the limits, which are always given in the same
// order, so that two tries cannot wait for each other; errs.Limited with
// counting nothing if one is reached.
func Count(ctx context.Context, d *db.DB, now time.Time, limits []Limit) error {
	// Looked at outside a transaction first: a flood of tries must not hold
	// the one writer of SQLite.
	if _, err := counts(ctx, d, now, limits); err != nil {
		return err
	}
	return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return CountIn(ctx, tx, now, limits) })
}

// CountIn is Count in the caller's transaction.
func CountIn(ctx context.Context, tx *db.Tx, now time.Time, limits []Limit) error {
	n, err := counts(ctx, tx, now, limits)
	for i := 0; err == nil && i < len(limits); i++ {
		err = Set(ctx, tx, limits[i].Key, n[i]+1, now)
	}
	return err
}

func counts(ctx context.Context, q db.Queryer, now time.Time, limits []Limit) ([]int, error) {
	out := make([]int, len(limits))
	for i, l := range limits {
		n, last, err := tries(ctx, q, l.Key)
		if err != nil {
			return nil, err
		}
		wait := Window - now.Sub(last)
		if wait <= 0 {
			continue
		}
		if n >= l.Max {
			return nil, errs.New(errs.Limited, "workspace.err.limited", "Minutes", int(math.Ceil(wait.Minutes())))
		}
		out[i] = n
	}
	return out, nil
}

func tries(ctx context.Context, q db.Queryer, key string) (n int, last time.Time, err error) {
	_, _, err = db.One(ctx, q, func(r db.Row) (bool, error) { return true, r.Scan(&n, (*db.Time)(&last)) },
		"SELECT fails, last_at FROM throttle WHERE key = $1", key)
	return n, last, err
}

// Set makes the count of a key n, as of now.
func Set(ctx context.Context, tx *db.Tx, key string, n int, now time.Time) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO throttle (key, fails, last_at) VALUES ($1, $2, $3)
		ON CONFLICT (key) DO UPDATE SET fails = excluded.fails, last_at = excluded.last_at`, key, n, db.Time(now))
	return err
}

// Touch lets the window of a key begin again.
func Touch(ctx context.Context, tx *db.Tx, key string, now time.Time) error {
	_, err := db.Exec(ctx, tx, "UPDATE throttle SET last_at = $1 WHERE key = $2", db.Time(now), key)
	return err
}

// Clear forgets a key.
func Clear(ctx context.Context, tx *db.Tx, key string) error {
	_, err := db.Exec(ctx, tx, "DELETE FROM throttle WHERE key = $1", key)
	return err
}

// Take takes one try of a key back.
func Take(ctx context.Context, tx *db.Tx, key string) error {
	_, err := db.Exec(ctx, tx, "UPDATE throttle SET fails = fails - 1 WHERE key = $1 AND fails > 0", key)
	return err
}
