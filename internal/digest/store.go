package digest

import (
	"context"
	"time"

	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
)

// choicesOf are the choices members made, without their kinds and with their
// webhooks sealed; of one member if named.
func choicesOf(ctx context.Context, q db.Queryer, ws, member id.ID) (map[id.ID]Choice, error) {
	var w db.Where
	w.And("workspace_id = ?", ws)
	if member != 0 {
		w.And("member_id = ?", member)
	}
	type row struct {
		member id.ID
		Choice
	}
	list, err := db.All(ctx, q, func(r db.Row) (x row, err error) {
		return x, r.Scan(&x.member, &x.Way, &x.Hour, &x.QuietFrom, &x.QuietTo, &x.Webhook)
	}, "SELECT member_id, way, hour, quiet_from, quiet_to, webhook FROM digest_choice WHERE "+w.SQL(), w.Args()...)
	out := make(map[id.ID]Choice, len(list))
	for _, x := range list {
		out[x.member] = x.Choice
	}
	return out, err
}

func choose(ctx context.Context, tx *db.Tx, ws, member id.ID, c Choice) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO digest_choice (workspace_id, member_id, way, hour, quiet_from, quiet_to, webhook)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workspace_id, member_id) DO UPDATE SET way = excluded.way, hour = excluded.hour,
		quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, webhook = excluded.webhook`,
		ws, member, string(c.Way), c.Hour, c.QuietFrom, c.QuietTo, c.Webhook)
	return err
}

// recorded are the members who have a row for their day.
func recorded(ctx context.Context, q db.Queryer, ws id.ID, days []cal.Date) (map[letter]bool, error) {
	var w db.Where
	w.And("workspace_id = ?", ws)
	db.In(&w, "day", days)
	list, err := db.All(ctx, q, func(r db.Row) (l letter, err error) { return l, r.Scan(&l.Member, &l.Day) },
		"SELECT member_id, day FROM digest_sent WHERE "+w.SQL(), w.Args()...)
	out := make(map[letter]bool, len(list))
	for _, l := range list {
		out[l] = true
	}
	return out, err
}

// record writes down that the message of a day is on its way; false if it was
// before.
func record(ctx context.Context, tx *db.Tx, ws id.ID, l letter, at time.Time) (bool, error) {
	n, err := db.Exec(ctx, tx, `INSERT INTO digest_sent (workspace_id, member_id, day, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		ws, l.Member, string(l.Day), db.Time(at))
	return n == 1, err
}

// settle writes down what became of it; upto is the moment it tells of.
func settle(ctx context.Context, tx *db.Tx, ws id.ID, l letter, outcome string, upto time.Time) error {
	_, err := db.Exec(ctx, tx, `UPDATE digest_sent SET outcome = $4, upto = $5 WHERE workspace_id = $1 AND member_id = $2 AND day = $3`,
		ws, l.Member, string(l.Day), outcome, db.Time(upto))
	return err
}

// lastUpto is the moment the member's last message told of.
func lastUpto(ctx context.Context, q db.Queryer, ws, member id.ID) (time.Time, error) {
	n, _, err := db.One(ctx, q, db.Value[int64], `SELECT COALESCE(MAX(upto), 0) FROM digest_sent
		WHERE workspace_id = $1 AND member_id = $2 AND outcome = 'sent'`, ws, member)
	return db.FromMicros(n), err
}

// plainWebhooks are addresses from before they were sealed.
func plainWebhooks(ctx context.Context, q db.Queryer) ([]string, error) {
	return db.All(ctx, q, db.Value[string], "SELECT DISTINCT webhook FROM digest_choice WHERE webhook LIKE 'http%'")
}

// replaceWebhook is of all workspaces: the key is the installation's.
func replaceWebhook(ctx context.Context, tx *db.Tx, from, to string) error {
	_, err := db.Exec(ctx, tx, "UPDATE digest_choice SET webhook = $2 WHERE webhook = $1", from, to)
	return err
}
