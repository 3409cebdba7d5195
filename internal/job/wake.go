package job

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const channel = "kizuki_job"

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is waiting already
	}
}

// nudge wakes the workers of this process and, on PostgreSQL, of the others.
func (q *Queue) nudge() {
	signal(q.wake)
	if q.db.Postgres() {
		signal(q.tell)
	}
}

func (q *Queue) listen(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	for {
		signal(q.wake) // also after LISTEN: what was told while nobody listened
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
	}
}

// notify tells the other nodes, at most every 10 ms: NOTIFY inside the
// transactions themselves cost 35 % of note writing.
func (q *Queue) notify(ctx context.Context, conn *pgx.Conn) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-q.tell:
		}
		if _, err := conn.Exec(ctx, "NOTIFY "+channel); err != nil {
			signal(q.tell) // the next connection says it
			return err
		}
		pause(ctx, 10*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
