package workspace

import (
	"context"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
	"kizuki/internal/workspace/units"
)

// The SQL of workspaces, accounts, sessions, tokens and the audit log. What
// belongs to a workspace takes it; what finds the workspace (a session, a
// token, an invitation's link) goes by a secret's digest.

// run is db.Exec for those who do not count.
func run(ctx context.Context, tx *db.Tx, stmt string, args ...any) error {
	_, err := db.Exec(ctx, tx, stmt, args...)
	return err
}

// into makes a scan function of what says where the columns go.
func into[T any](fields func(*T) []any) func(db.Row) (T, error) {
	return func(r db.Row) (v T, err error) {
		err = r.Scan(fields(&v)...)
		return v, err
	}
}

const workspaceColumns = "w.id, w.name, w.zone, w.currency, w.language, w.fiscal_start_month, w.created_at"

var scanWorkspace = into(func(w *Workspace) []any {
	return []any{&w.ID, &w.Name, &w.Zone, &w.Currency, &w.Lang, &w.FiscalStartMonth, (*db.Time)(&w.Created)}
})

func noWorkspace(ctx context.Context, q db.Queryer) (bool, error) {
	_, some, err := db.One(ctx, q, db.Value[int], "SELECT 1 FROM workspace LIMIT 1")
	return !some, err
}

// lockSetup makes a second set-up wait for the first and then, on PostgreSQL,
// begin again with a fresh view: there is no workspace yet to lock.
func lockSetup(ctx context.Context, tx *db.Tx) error {
	return run(ctx, tx, `INSERT INTO throttle (key, fails, last_at) VALUES ('setup', 0, 0)
		ON CONFLICT (key) DO UPDATE SET fails = 0`)
}

// lockWorkspace puts what decides over several rows in line, without standing
// in the way of rows that only refer to the workspace.
func lockWorkspace(ctx context.Context, tx *db.Tx, ws id.ID) error {
	return run(ctx, tx, "UPDATE workspace SET created_at = created_at WHERE id = $1", ws)
}

func insertWorkspace(ctx context.Context, tx *db.Tx, w Workspace) error {
	return run(ctx, tx, `INSERT INTO workspace (id, name, zone, currency, language, fiscal_start_month, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, w.ID, w.Name, w.Zone, w.Currency, w.Lang, w.FiscalStartMonth, db.Time(w.Created))
}

func updateWorkspace(ctx context.Context, tx *db.Tx, w Workspace) error {
	return run(ctx, tx, `UPDATE workspace SET name = $2, zone = $3, currency = $4, language = $5, fiscal_start_month = $6
		WHERE id = $1`, w.ID, w.Name, w.Zone, w.Currency, w.Lang, w.FiscalStartMonth)
}

func workspaceByID(ctx context.Context, q db.Queryer, ws id.ID) (Workspace, error) {
	w, found, err := db.One(ctx, q, scanWorkspace, "SELECT "+workspaceColumns+" FROM workspace w WHERE w.id = $1", ws)
	if err == nil && !found {
		err = errs.Missing("workspace")
	}
	return w, err
}

func allWorkspaces(ctx context.Context, q db.Queryer) ([]Workspace, error) {
	return db.All(ctx, q, scanWorkspace, "SELECT "+workspaceColumns+" FROM workspace w ORDER BY w.id")
}

func workspacesOf(ctx context.Context, q db.Queryer, account id.ID) ([]Workspace, error) {
	return db.All(ctx, q, scanWorkspace, "SELECT "+workspaceColumns+` FROM member m JOIN workspace w ON w.id = m.workspace_id
		WHERE m.account_id = $1 AND m.state = 'active' ORDER BY w.id`, account)
}

func accountByMail(ctx context.Context, q db.Queryer, fold string) (account, bool, error) {
	return db.One(ctx, q, into(func(a *account) []any { return []any{&a.ID, &a.Mail, &a.Fold, &a.Hash, &a.Lang} }),
		"SELECT id, mail, mail_fold, password_hash, language FROM account WHERE mail_fold = $1", fold)
}

func insertAccount(ctx context.Context, tx *db.Tx, a account, now time.Time) error {
	return run(ctx, tx, `INSERT INTO account (id, mail, mail_fold, password_hash, language, zone, created_at)
		VALUES ($1, $2, $3, $4, $5, '', $6)`, a.ID, a.Mail, a.Fold, a.Hash, a.Lang, db.Time(now))
}

func setLanguage(ctx context.Context, tx *db.Tx, account id.ID, lang string) error {
	return run(ctx, tx, "UPDATE account SET language = $1 WHERE id = $2", lang, account)
}

func setZone(ctx context.Context, tx *db.Tx, account id.ID, zone string) error {
	return run(ctx, tx, "UPDATE account SET zone = $1 WHERE id = $2", zone, account)
}

func setLook(ctx context.Context, tx *db.Tx, account id.ID, theme string, first time.Weekday) error {
	return run(ctx, tx, "UPDATE account SET theme = $1, week_start = $2 WHERE id = $3", theme, int(first), account)
}

// An actor's language and zone are the account's, else the workspace's.
const (
	actorColumns = `m.workspace_id, m.id, m.account_id, m.name, m.role,
		COALESCE(NULLIF(a.language, ''), w.language), COALESCE(NULLIF(a.zone, ''), w.zone), a.theme, a.week_start,
		` + units.Led
	actorJoin = ` JOIN account a ON a.id = m.account_id JOIN workspace w ON w.id = m.workspace_id `
)

// scanActor reads actorColumns and then more.
func scanActor(r db.Row, more ...any) (a who.Actor, err error) {
	var zone string
	var first time.Weekday
	err = r.Scan(append([]any{&a.Workspace, &a.Member, &a.Account, &a.Name, &a.Role, &a.Lang, &zone, &a.Theme, &first, &a.Led}, more...)...)
	a.Zone, a.Sunday = Location(zone), first == time.Sunday
	return a, err
}

func actorByMail(ctx context.Context, q db.Queryer, ws id.ID, fold string) (who.Actor, bool, error) {
	var w db.Where
	w.And("m.workspace_id = ? AND m.state = 'active'", ws)
	if fold == "" {
		w.And("m.role = 'owner'")
	} else {
		w.And("a.mail_fold = ?", fold)
	}
	return db.One(ctx, q, func(r db.Row) (who.Actor, error) { return scanActor(r) },
		"SELECT "+actorColumns+" FROM member m"+actorJoin+"WHERE "+w.SQL()+" ORDER BY m.created_at, m.id LIMIT 1", w.Args()...)
}

func insertSession(ctx context.Context, tx *db.Tx, hash string, s Session) error {
	return run(ctx, tx, `INSERT INTO session (hash, account_id, workspace_id, member_id, created_at, seen_at, expires_at, agent, ip)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, hash, s.Account, s.Workspace, s.Member,
		db.Time(s.Created), db.Time(s.Seen), db.Time(s.Expires), s.Agent, s.IP)
}

func sessionByHash(ctx context.Context, q db.Queryer, hash string) (a who.Actor, s Session, found bool, err error) {
	a, found, err = db.One(ctx, q, func(r db.Row) (who.Actor, error) {
		return scanActor(r, (*db.Time)(&s.Created), (*db.Time)(&s.Seen), (*db.Time)(&s.Expires), &s.Agent, &s.IP)
	}, "SELECT "+actorColumns+`, s.created_at, s.seen_at, s.expires_at, s.agent, s.ip
		FROM session s JOIN member m ON m.workspace_id = s.workspace_id AND m.id = s.member_id`+actorJoin+`
		WHERE s.hash = $1 AND m.state = 'active'`, hash)
	s.Account, s.Workspace, s.Member = a.Account, a.Workspace, a.Member
	return a, s, found, err
}

func touchSession(ctx context.Context, tx *db.Tx, hash string, now, expires, seenBefore time.Time) error {
	return run(ctx, tx, `UPDATE session SET seen_at = $1, expires_at = $2
		WHERE hash = $3 AND seen_at <= $4 AND expires_at > $1`, db.Time(now), db.Time(expires), hash, db.Time(seenBefore))
}

func endSession(ctx context.Context, tx *db.Tx, hash string, now time.Time) (bool, error) {
	n, err := db.Exec(ctx, tx, "UPDATE session SET expires_at = $1 WHERE hash = $2 AND expires_at > $1", db.Time(now), hash)
	return n == 1, err
}

func moveSession(ctx context.Context, tx *db.Tx, hash string, ws, member id.ID, now time.Time) error {
	return run(ctx, tx, "UPDATE session SET workspace_id = $1, member_id = $2, seen_at = $3 WHERE hash = $4",
		ws, member, db.Time(now), hash)
}

// lastUsed is where the account was last, else the workspace it joined first.
func lastUsed(ctx context.Context, q db.Queryer, account id.ID) (ws, member id.ID, found bool, err error) {
	_, found, err = db.One(ctx, q, func(r db.Row) (bool, error) { return true, r.Scan(&ws, &member) },
		`SELECT m.workspace_id, m.id FROM member m WHERE m.account_id = $1 AND m.state = 'active'
		ORDER BY (SELECT COALESCE(MAX(s.seen_at), 0) FROM session s WHERE s.account_id = m.account_id AND s.workspace_id = m.workspace_id) DESC,
			m.created_at, m.id LIMIT 1`, account)
	return ws, member, found, err
}

func sweep(ctx context.Context, tx *db.Tx, sessions, throttles time.Time) error {
	if err := run(ctx, tx, "DELETE FROM session WHERE seen_at < $1", db.Time(sessions)); err != nil {
		return err
	}
	return run(ctx, tx, "DELETE FROM throttle WHERE last_at < $1", db.Time(throttles))
}

const tokenColumns = "t.id, t.member_id, t.name, t.scope, t.created_at, t.expires_at, t.last_used_at"

func tokenFields(t *Token) []any {
	return []any{&t.ID, &t.Member, &t.Name, &t.Scope, (*db.Time)(&t.Created), (*db.Time)(&t.Expires), (*db.Time)(&t.LastUsed)}
}

func insertToken(ctx context.Context, tx *db.Tx, ws id.ID, hash string, t Token) error {
	return run(ctx, tx, `INSERT INTO token (workspace_id, id, hash, member_id, name, scope, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, ws, t.ID, hash, t.Member, t.Name, string(t.Scope), db.Time(t.Created), db.Time(t.Expires))
}

func tokenByHash(ctx context.Context, q db.Queryer, hash string) (a who.Actor, t Token, found bool, err error) {
	a, found, err = db.One(ctx, q, func(r db.Row) (who.Actor, error) { return scanActor(r, tokenFields(&t)...) },
		"SELECT "+actorColumns+", "+tokenColumns+`
		FROM token t JOIN member m ON m.workspace_id = t.workspace_id AND m.id = t.member_id`+actorJoin+`
		WHERE t.hash = $1 AND m.state = 'active'`, hash)
	return a, t, found, err
}

func touchToken(ctx context.Context, tx *db.Tx, ws, token id.ID, now, usedBefore time.Time) error {
	return run(ctx, tx, "UPDATE token SET last_used_at = $1 WHERE workspace_id = $2 AND id = $3 AND last_used_at <= $4",
		db.Time(now), ws, token, db.Time(usedBefore))
}

// tokens are those of the member, of everybody for 0.
func tokens(ctx context.Context, q db.Queryer, ws, member id.ID) ([]Token, error) {
	var w db.Where
	w.And("t.workspace_id = ?", ws)
	if member != 0 {
		w.And("t.member_id = ?", member)
	}
	return db.All(ctx, q, into(tokenFields), "SELECT "+tokenColumns+" FROM token t WHERE "+w.SQL()+" ORDER BY t.created_at DESC, t.id DESC", w.Args()...)
}

func deleteToken(ctx context.Context, tx *db.Tx, ws, token, member id.ID) (bool, error) {
	var w db.Where
	w.And("workspace_id = ? AND id = ?", ws, token)
	if member != 0 {
		w.And("member_id = ?", member)
	}
	n, err := db.Exec(ctx, tx, "DELETE FROM token WHERE "+w.SQL(), w.Args()...)
	return n == 1, err
}

func insertAudit(ctx context.Context, tx *db.Tx, ws id.ID, e Entry) error {
	return run(ctx, tx, `INSERT INTO audit (workspace_id, id, at, member_id, act, object_kind, object_id, ip, data)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, ws, e.ID, db.Time(e.At), e.Member, e.Act, e.ObjectKind, e.Object, e.IP, db.AsJSON(e.Data))
}

// auditPage reads back from (at, before), from the newest for 0.
func auditPage(ctx context.Context, q db.Queryer, ws id.ID, at int64, before id.ID, limit int) ([]Entry, error) {
	var w db.Where
	w.And("workspace_id = ?", ws)
	if before != 0 {
		w.And("(at, id) < (?, ?)", at, before)
	}
	return db.All(ctx, q, func(r db.Row) (e Entry, err error) {
		var data db.JSON[map[string]any]
		err = r.Scan(&e.ID, (*db.Time)(&e.At), &e.Member, &e.Act, &e.ObjectKind, &e.Object, &e.IP, &data)
		e.Data = data.V
		return e, err
	}, "SELECT id, at, member_id, act, object_kind, object_id, ip, data FROM audit WHERE "+w.SQL()+
		" ORDER BY at DESC, id DESC LIMIT "+w.Arg(limit), w.Args()...)
}

func directory(ctx context.Context, q db.Queryer, ws id.ID, name, kana string, limit int) ([]Person, error) {
	inName, inKana := text.LikePattern(name), text.LikePattern(kana)
	var grade int
	return db.All(ctx, q, into(func(p *Person) []any { return []any{&p.ID, &p.Name, &p.Kana, &p.Kind, &grade} }),
		`SELECT id, name, kana, 'member' AS kind, CASE WHEN name_fold LIKE $4 ESCAPE '\' OR kana_fold LIKE $5 ESCAPE '\' THEN 0 ELSE 1 END AS grade
		FROM member WHERE workspace_id = $1 AND state <> 'left' AND (name_fold LIKE $2 ESCAPE '\' OR kana_fold LIKE $3 ESCAPE '\')
		UNION ALL
		SELECT id, name, '', 'unit', CASE WHEN name_fold LIKE $4 ESCAPE '\' OR kana_fold LIKE $5 ESCAPE '\' THEN 0 ELSE 1 END
		FROM unit WHERE workspace_id = $1 AND (name_fold LIKE $2 ESCAPE '\' OR kana_fold LIKE $3 ESCAPE '\')
		ORDER BY grade, kind, id LIMIT $6`, ws, inName, inKana, inName[1:], inKana[1:], limit)
}
