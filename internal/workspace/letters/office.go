package letters

import (
	"context"
	"encoding/json"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/mail"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
	"kizuki/internal/workspace/secrets"
)

const (
	resetKind  = "workspace.reset"
	inviteKind = "workspace.invite"
)

// Office sends the letters. A link is made when its letter is, so that it is
// stored nowhere; a letter that is tried again has another.
type Office struct {
	DB        *db.DB
	Jobs      *job.Queue
	Now       func() time.Time
	URL       string // what links begin with
	Send      func(context.Context, mail.Message) error
	ResetFor  time.Duration
	InviteFor time.Duration
}

// Open names the handlers of letters that wait.
func (o *Office) Open() {
	o.Jobs.Handle(resetKind, o.mailReset)
	o.Jobs.Handle(inviteKind, o.mailInvite)
}

// resetJob names the mail and not the account: who asks learns nothing, not
// even by how long it takes.
type resetJob struct {
	Mail string `json:"mail"`
}

// ResetIn has a link mailed to an address, if an account has it.
func (o *Office) ResetIn(ctx context.Context, tx *db.Tx, fold string) error {
	return o.Jobs.AddIn(ctx, tx, job.Add{Kind: resetKind, Payload: resetJob{fold}})
}

func (o *Office) mailReset(ctx context.Context, j job.Job) error {
	var in resetJob
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return job.Never(err)
	}
	type account struct {
		id         id.ID
		mail, lang string
	}
	acc, known, err := db.One(ctx, o.DB, func(r db.Row) (a account, err error) { return a, r.Scan(&a.id, &a.mail, &a.lang) },
		`SELECT a.id, a.mail, a.language FROM account a WHERE a.mail_fold = $1
		AND EXISTS (SELECT 1 FROM member m WHERE m.account_id = a.id AND m.state = 'active')`, in.Mail)
	if err != nil || !known {
		return err
	}
	token, hash := secrets.New("")
	err = o.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, "INSERT INTO password_reset (hash, account_id, expires_at) VALUES ($1, $2, $3)",
			hash, acc.id, db.Time(o.Now().Add(o.ResetFor)))
		return err
	})
	if err != nil {
		return err
	}
	ctx = words.With(ctx, words.Locale{Lang: acc.lang})
	return o.send(ctx, reset(ctx, j.ID, acc.mail, o.URL+"/reset/"+token, int(o.ResetFor.Minutes())))
}

func (o *Office) send(ctx context.Context, m mail.Message) error {
	err := o.Send(ctx, m)
	if mail.Permanent(err) {
		return job.Never(err)
	}
	return err
}

// inviteJob says which invitation, and in whose words.
type inviteJob struct {
	Invite id.ID  `json:"invite"`
	Lang   string `json:"lang"`
	Name   string `json:"name"`
}

// InviteIn has an invitation mailed, in the words of the one who invites.
func (o *Office) InviteIn(ctx context.Context, tx *db.Tx, a who.Actor, invite id.ID) error {
	if o == nil {
		return nil
	}
	return o.Jobs.AddIn(ctx, tx, job.Add{Workspace: a.Workspace, Kind: inviteKind, Payload: inviteJob{invite, a.Lang, a.Name}})
}

func (o *Office) mailInvite(ctx context.Context, j job.Job) error {
	var in inviteJob
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return job.Never(err)
	}
	token, hash := secrets.New("")
	var to, name string
	err := o.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		to, _, err = db.One(ctx, tx, db.Value[string], `UPDATE invite SET mail_hash = $1
			WHERE workspace_id = $2 AND id = $3 AND used_at = 0 AND expires_at > $4 RETURNING mail`, hash, j.Workspace, in.Invite, db.Time(o.Now()))
		if err == nil {
			name, _, err = db.One(ctx, tx, db.Value[string], "SELECT name FROM workspace WHERE id = $1", j.Workspace)
		}
		return err
	})
	if err != nil || to == "" {
		return err
	}
	ctx = words.With(ctx, words.Locale{Lang: in.Lang})
	return o.send(ctx, invitation(ctx, j.ID, to, in.Name, name, o.URL+"/invite/"+token, int(o.InviteFor.Hours()/24)))
}
