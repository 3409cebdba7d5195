// Package sessions lists where an account is signed in, and ends it there.
package sessions

import (
	"context"
	"strings"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/text"
)

// Session is one browser that is signed in. Ref names it without giving away the
// token: it is the beginning of the token's digest.
type Session struct {
	Ref     string
	Created time.Time
	Seen    time.Time
	Agent   string // as the browser calls itself
	IP      string
	Here    bool // the browser that asks
}

const refLength = 16

// List gives the running sessions of an account, the last seen first. here is
// the digest of the one that asks.
func List(ctx context.Context, q db.Queryer, account id.ID, here string, now time.Time) ([]Session, error) {
	return db.All(ctx, q, func(r db.Row) (s Session, err error) {
		var hash string
		err = r.Scan(&hash, (*db.Time)(&s.Created), (*db.Time)(&s.Seen), &s.Agent, &s.IP)
		s.Ref, s.Here = hash[:min(refLength, len(hash))], hash == here
		return s, err
	}, `SELECT hash, created_at, seen_at, agent, ip FROM session WHERE account_id = $1 AND expires_at > $2
		ORDER BY seen_at DESC, hash LIMIT 100`, account, db.Time(now))
}

// End ends one of an account by its Ref; false if there is none.
func End(ctx context.Context, tx *db.Tx, account id.ID, ref string, now time.Time) (bool, error) {
	if len(ref) != refLength {
		return false, nil
	}
	n, err := db.Exec(ctx, tx, "UPDATE session SET expires_at = $1 WHERE account_id = $2 AND substr(hash, 1, $3) = $4 AND expires_at > $1",
		db.Time(now), account, refLength, ref)
	return n > 0, err
}

// EndOthers ends all of an account but the one with a digest, and tells how many.
func EndOthers(ctx context.Context, tx *db.Tx, account id.ID, here string, now time.Time) (int, error) {
	n, err := db.Exec(ctx, tx, "UPDATE session SET expires_at = $1 WHERE account_id = $2 AND hash <> $3 AND expires_at > $1",
		db.Time(now), account, here)
	return int(n), err
}

// browsers and systems are what people call them, by the word in the agent that
// tells them apart; the first that is there counts.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}
	systems  = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "Mac"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}}
)

// Name is the browser and the system in a few words: Chrome, Windows. What is not
// known is said as it calls itself.
func (s Session) Name() string {
	find := func(list [][2]string) string {
		for _, x := range list {
			if strings.Contains(s.Agent, x[0]) {
				return x[1]
			}
		}
		return ""
	}
	browser, system := find(browsers), find(systems)
	switch {
	case browser == "" && system == "":
		return text.Excerpt(s.Agent, 40)
	case browser == "" || system == "":
		return browser + system
	}
	return browser + ", " + system
}
