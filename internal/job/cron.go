package job

import (
	"context"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"

	"kizuki/internal/db"
)

type cronEntry struct {
	name, kind string
	schedule   cron.Schedule
	zone       *time.Location
	next       time.Time // nothing to look up before; zero at the start
}

// Slot is the payload of a job added by Cron: the moment it stands for, in the
// zone of the schedule, however late it runs.
type Slot struct {
	Slot time.Time `json:"slot"`
}

// Cron adds a job of the kind at each slot of the spec (five fields, or
// @daily …) in the zone, exactly once over all nodes. Slots missed while
// nothing ran are made up for by one job, for the latest of them. All are
// named before Run; a spec that cannot be read, or never comes, is a panic.
func (q *Queue) Cron(name, spec string, zone *time.Location, kind string) {
	if zone == nil {
		zone = time.UTC
	}
	s, err := cron.ParseStandard(spec)
	if err != nil {
		panic(fmt.Sprintf("job: cron %s: %v", name, err))
	}
	if s.Next(time.Now()).IsZero() {
		panic(fmt.Sprintf("job: cron %s: %q never comes", name, spec))
	}
	for _, c := range q.crons {
		if c.name == name {
			panic("job: two crons named " + name)
		}
	}
	q.crons = append(q.crons, &cronEntry{name: name, kind: kind, schedule: s, zone: zone})
}

func (q *Queue) cronLoop(ctx context.Context) {
	for ctx.Err() == nil {
		q.tick(ctx)
		pause(ctx, q.poll)
	}
}

// tick looks at the crons whose time has come; it asks the database only then.
func (q *Queue) tick(ctx context.Context) {
	for _, c := range q.crons {
		if q.now().Before(c.next) {
			continue
		}
		next, err := q.fire(ctx, c)
		if err != nil {
			if ctx.Err() == nil {
				q.log.Error("cron", "name", c.name, "error", err)
			}
			continue
		}
		c.next = next
	}
}

// fire adds the job of the latest slot since the last one written down, if
// there is any. Of two nodes doing so at once, one fails on the row, reads
// again and finds the slot taken.
func (q *Queue) fire(ctx context.Context, c *cronEntry) (next time.Time, err error) {
	err = q.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := q.now()
		// A cron never seen before has missed nothing.
		if _, err := db.Exec(ctx, tx, "INSERT INTO cron (name, last_slot) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
			c.name, db.Micros(now)); err != nil {
			return err
		}
		last, _, err := db.One(ctx, tx, db.Value[int64], "SELECT last_slot FROM cron WHERE name = $1", c.name)
		if err != nil {
			return err
		}
		slot, following := c.latest(db.FromMicros(last), now)
		next = following
		if slot.IsZero() {
			return nil
		}
		if _, err := db.Exec(ctx, tx, "UPDATE cron SET last_slot = $1 WHERE name = $2", db.Micros(slot), c.name); err != nil {
			return err
		}
		return q.AddIn(ctx, tx, Add{Kind: c.kind, Key: c.name + "@" + slot.UTC().Format(time.RFC3339),
			Payload: Slot{slot}, RunAt: slot})
	})
	return next, err
}

// latest gives the last slot in (since, now], zero if none, and the one after.
func (c *cronEntry) latest(since, now time.Time) (slot, next time.Time) {
	next = c.schedule.Next(since.In(c.zone))
	for !next.After(now) && !next.IsZero() {
		slot, next = next, c.schedule.Next(next)
	}
	return slot, next
}

const (
	cleanupKind = "job.cleanup"
	keepDone    = 24 * time.Hour
	keepDead    = 90 * 24 * time.Hour
	cleanupStep = 1000 // rows a transaction, so that nobody waits for it
)

// cleanup deletes what nobody will ask for any more.
func (q *Queue) cleanup(ctx context.Context, _ Job) error {
	for state, keep := range map[string]time.Duration{"done": keepDone, "dead": keepDead} {
		before := db.Micros(q.now().Add(-keep))
		for n := int64(cleanupStep); n == cleanupStep; {
			err := q.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				// run_at never lies after finished_at, and is what the index goes by.
				n, err = db.Exec(ctx, tx, `DELETE FROM job WHERE id IN (SELECT id FROM job
					WHERE state = $1 AND run_at < $2 AND finished_at < $2 ORDER BY run_at LIMIT $3)`, state, before, cleanupStep)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
