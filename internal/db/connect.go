package db

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// Connected gives f a connection of its own to PostgreSQL, for LISTEN and
// NOTIFY, until ctx is done; a second after one breaks it makes the next.
func (d *DB) Connected(ctx context.Context, log *slog.Logger, f func(context.Context, *pgx.Conn) error) {
	for ctx.Err() == nil {
		if err := d.connection(ctx, f); err != nil && ctx.Err() == nil {
			log.Warn("a connection for notifications broke", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

func (d *DB) connection(ctx context.Context, f func(context.Context, *pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, d.url)
	if err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(end)
	}()
	return f(ctx, conn)
}
