package totp

import (
	"context"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
)

type row struct {
	sealed    string
	confirmed time.Time
	last      int64
}

func load(ctx context.Context, q db.Queryer, account id.ID) (row, bool, error) {
	return db.One(ctx, q, func(r db.Row) (x row, err error) {
		return x, r.Scan(&x.sealed, (*db.Time)(&x.confirmed), &x.last)
	}, "SELECT secret, confirmed_at, last_step FROM totp WHERE account_id = $1", account)
}

// propose keeps a secret that counts only once it is confirmed; one that counts
// stays.
func propose(ctx context.Context, tx *db.Tx, account id.ID, sealed string) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO totp (account_id, secret) VALUES ($1, $2)
		ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, last_step = 0 WHERE totp.confirmed_at = 0`, account, sealed)
	return err
}

func confirm(ctx context.Context, tx *db.Tx, account id.ID, now time.Time) error {
	_, err := db.Exec(ctx, tx, "UPDATE totp SET confirmed_at = $2 WHERE account_id = $1", account, db.Time(now))
	return err
}

// take marks a step as used; false if it or a later one was.
func take(ctx context.Context, tx *db.Tx, account id.ID, step int64) (bool, error) {
	n, err := db.Exec(ctx, tx, "UPDATE totp SET last_step = $2 WHERE account_id = $1 AND last_step < $2", account, step)
	return n == 1, err
}

func setRecovery(ctx context.Context, tx *db.Tx, account id.ID, hashes []string) error {
	if _, err := db.Exec(ctx, tx, "DELETE FROM totp_recovery WHERE account_id = $1", account); err != nil {
		return err
	}
	rows := make([][]any, len(hashes))
	for i, h := range hashes {
		rows[i] = []any{account, h}
	}
	return db.Bulk(ctx, tx, "INSERT INTO totp_recovery (account_id, hash)", "", rows)
}

func takeRecovery(ctx context.Context, tx *db.Tx, account id.ID, hash string) (bool, error) {
	n, err := db.Exec(ctx, tx, "DELETE FROM totp_recovery WHERE account_id = $1 AND hash = $2", account, hash)
	return n == 1, err
}

func recoveryLeft(ctx context.Context, q db.Queryer, account id.ID) (int, error) {
	n, _, err := db.One(ctx, q, db.Value[int], "SELECT count(*) FROM totp_recovery WHERE account_id = $1", account)
	return n, err
}

// remove switches it off, together with what waits for a code.
func remove(ctx context.Context, tx *db.Tx, account id.ID) error {
	for _, table := range []string{"totp_recovery", "totp", "signin_step"} {
		if _, err := db.Exec(ctx, tx, "DELETE FROM "+table+" WHERE account_id = $1", account); err != nil {
			return err
		}
	}
	return nil
}

func mailOf(ctx context.Context, q db.Queryer, account id.ID) (mail, fold string, err error) {
	_, _, err = db.One(ctx, q, func(r db.Row) (bool, error) { return true, r.Scan(&mail, &fold) },
		"SELECT mail, mail_fold FROM account WHERE id = $1", account)
	return mail, fold, err
}

// On tells whether an account signs in with a code.
func On(ctx context.Context, q db.Queryer, account id.ID) (bool, error) {
	x, found, err := load(ctx, q, account)
	return found && !x.confirmed.IsZero(), err
}

// Among are the accounts of a workspace's members that sign in with a code.
func Among(ctx context.Context, q db.Queryer, ws id.ID) (map[id.ID]bool, error) {
	list, err := db.All(ctx, q, db.Value[id.ID], `SELECT m.id FROM member m JOIN totp t ON t.account_id = m.account_id
		WHERE m.workspace_id = $1 AND t.confirmed_at > 0`, ws)
	out := make(map[id.ID]bool, len(list))
	for _, m := range list {
		out[m] = true
	}
	return out, err
}

// Step is who gave the right password and still owes the code.
type Step struct {
	Account   id.ID
	Workspace id.ID
	Member    id.ID
	Expires   time.Time
}

// AddStep stores one by the digest of what the browser holds.
func AddStep(ctx context.Context, tx *db.Tx, hash string, s Step) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO signin_step (hash, account_id, workspace_id, member_id, expires_at)
		VALUES ($1, $2, $3, $4, $5)`, hash, s.Account, s.Workspace, s.Member, db.Time(s.Expires))
	return err
}

// StepOf finds one that is still good, of a member who is still there.
func StepOf(ctx context.Context, q db.Queryer, hash string, now time.Time) (Step, bool, error) {
	return db.One(ctx, q, func(r db.Row) (s Step, err error) {
		return s, r.Scan(&s.Account, &s.Workspace, &s.Member, (*db.Time)(&s.Expires))
	}, `SELECT s.account_id, s.workspace_id, s.member_id, s.expires_at FROM signin_step s
		JOIN member m ON m.workspace_id = s.workspace_id AND m.id = s.member_id
		WHERE s.hash = $1 AND s.expires_at > $2 AND m.account_id = s.account_id AND m.state = 'active'`, hash, db.Time(now))
}

// EndSteps makes every step of an account worthless.
func EndSteps(ctx context.Context, tx *db.Tx, account id.ID) error {
	_, err := db.Exec(ctx, tx, "DELETE FROM signin_step WHERE account_id = $1", account)
	return err
}

// Sweep removes steps that are over.
func Sweep(ctx context.Context, tx *db.Tx, now time.Time) error {
	_, err := db.Exec(ctx, tx, "DELETE FROM signin_step WHERE expires_at <= $1", db.Time(now))
	return err
}
