// Package letters is what workspace sends by mail, and the links in it as they
// are kept: by their digest.
package letters

import (
	"context"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/mail"
	"kizuki/internal/web/words"
)

// reset is the letter with the link to a new password.
func reset(ctx context.Context, ref id.ID, to, link string, minutes int) mail.Message {
	return mail.Message{ID: "reset." + ref.String(), To: to, Lang: words.From(ctx).Lang, Subject: words.T(ctx, "workspace.letter.reset.subject"),
		Parts: []mail.Part{
			{Text: words.T(ctx, "workspace.letter.reset.text", "Minutes", words.Number(minutes))},
			{Text: words.T(ctx, "workspace.letter.reset.do"), Href: link},
			{Text: words.T(ctx, "workspace.letter.reset.not_you"), Small: true}}}
}

// invitation is the letter with an invitation's link.
func invitation(ctx context.Context, ref id.ID, to, by, workspace, link string, days int) mail.Message {
	return mail.Message{ID: "invite." + ref.String(), To: to, Lang: words.From(ctx).Lang,
		Subject: words.T(ctx, "workspace.letter.invite.subject", "Workspace", workspace),
		Parts: []mail.Part{
			{Text: words.T(ctx, "workspace.letter.invite.text", "Name", by, "Workspace", workspace)},
			{Text: words.T(ctx, "workspace.letter.invite.do"), Href: link},
			{Text: words.T(ctx, "workspace.letter.invite.until", "Days", words.Number(days)), Small: true}}}
}

// AccountOfReset is whose link it is, if it is still good.
func AccountOfReset(ctx context.Context, q db.Queryer, hash string, now time.Time) (id.ID, bool, error) {
	return db.One(ctx, q, db.Value[id.ID], "SELECT account_id FROM password_reset WHERE hash = $1 AND expires_at > $2", hash, db.Time(now))
}

// UseReset sets the password, makes every link of the account worthless, and
// gives its mail. Of two at once the second finds the link gone.
func UseReset(ctx context.Context, tx *db.Tx, account id.ID, hashed string) (fold string, err error) {
	if _, err := db.Exec(ctx, tx, "DELETE FROM password_reset WHERE account_id = $1", account); err != nil {
		return "", err
	}
	fold, _, err = db.One(ctx, tx, db.Value[string], "UPDATE account SET password_hash = $1 WHERE id = $2 RETURNING mail_fold", hashed, account)
	return fold, err
}

// EndSessions ends every session of the account.
func EndSessions(ctx context.Context, tx *db.Tx, account id.ID) error {
	_, err := db.Exec(ctx, tx, "DELETE FROM session WHERE account_id = $1", account)
	return err
}

// Sweep removes links that are over.
func Sweep(ctx context.Context, tx *db.Tx, now time.Time) error {
	_, err := db.Exec(ctx, tx, "DELETE FROM password_reset WHERE expires_at <= $1", db.Time(now))
	return err
}
