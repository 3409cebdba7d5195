package workspace

import (
	"context"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// The SQL of members, invitations and teams.

const memberSelect = `SELECT m.id, m.account_id, m.role, m.name, m.kana, COALESCE(a.mail, m.mail_fold), m.state, m.created_at
	FROM member m LEFT JOIN account a ON a.id = m.account_id `

var scanMember = into(func(m *Member) []any {
	return []any{&m.ID, &m.Account, &m.Role, &m.Name, &m.Kana, &m.Mail, &m.State, (*db.Time)(&m.Created)}
})

func membersOf(ctx context.Context, q db.Queryer, ws id.ID) ([]Member, error) {
	return db.All(ctx, q, scanMember, memberSelect+"WHERE m.workspace_id = $1 ORDER BY m.id", ws)
}

func memberByID(ctx context.Context, q db.Queryer, ws, member id.ID) (Member, bool, error) {
	return db.One(ctx, q, scanMember, memberSelect+"WHERE m.workspace_id = $1 AND m.id = $2", ws, member)
}

func memberOfAccount(ctx context.Context, q db.Queryer, ws, account id.ID) (Member, bool, error) {
	return db.One(ctx, q, scanMember, memberSelect+"WHERE m.workspace_id = $1 AND m.account_id = $2", ws, account)
}

func activeByMail(ctx context.Context, q db.Queryer, ws id.ID, fold string) (Member, bool, error) {
	return db.One(ctx, q, scanMember, memberSelect+"WHERE m.workspace_id = $1 AND m.mail_fold = $2 AND m.state = 'active'", ws, fold)
}

func membersByID(ctx context.Context, q db.Queryer, ws id.ID, ids []id.ID) (map[id.ID]Member, error) {
	var w db.Where
	w.And("m.workspace_id = ?", ws)
	db.In(&w, "m.id", ids)
	list, err := db.All(ctx, q, scanMember, memberSelect+"WHERE "+w.SQL(), w.Args()...)
	out := make(map[id.ID]Member, len(list))
	for _, m := range list {
		out[m.ID] = m
	}
	return out, err
}

// placeholders are those that may stand for a person: by id, mail or name.
func placeholders(ctx context.Context, q db.Queryer, ws, named id.ID, mailFold, nameFold string) ([]Member, error) {
	return db.All(ctx, q, scanMember, memberSelect+`WHERE m.workspace_id = $1 AND m.state = 'placeholder'
		AND (m.id = $2 OR m.mail_fold = $3 OR m.name_fold = $4) ORDER BY m.id`, ws, int64(named), mailFold, nameFold)
}

func insertMember(ctx context.Context, tx *db.Tx, ws id.ID, m Member) error {
	return insertMembers(ctx, tx, ws, []Member{m})
}

func insertMembers(ctx context.Context, tx *db.Tx, ws id.ID, list []Member) error {
	rows := make([][]any, len(list))
	for i, m := range list {
		p := m.person()
		rows[i] = []any{ws, m.ID, m.Account, string(m.Role), p.Name, p.nameFold(), p.Kana, p.kanaFold(), m.Mail, string(m.State), db.Time(m.Created)}
	}
	return db.Bulk(ctx, tx, `INSERT INTO member
		(workspace_id, id, account_id, role, name, name_fold, kana, kana_fold, mail_fold, state, created_at)`, "", rows)
}

// becomeMember fills the row of a placeholder, or of one who left, with a person.
func becomeMember(ctx context.Context, tx *db.Tx, ws id.ID, m Member) error {
	err := run(ctx, tx, "UPDATE member SET account_id = $3, role = $4, mail_fold = $5, state = 'active' WHERE workspace_id = $1 AND id = $2",
		ws, m.ID, m.Account, string(m.Role), m.Mail)
	if err != nil {
		return err
	}
	return rename(ctx, tx, ws, m.ID, m.person())
}

// detach frees an account from the row of one who left.
func detach(ctx context.Context, tx *db.Tx, ws, member id.ID) error {
	return run(ctx, tx, "UPDATE member SET account_id = NULL WHERE workspace_id = $1 AND id = $2", ws, member)
}

func rename(ctx context.Context, tx *db.Tx, ws, member id.ID, p person) error {
	return run(ctx, tx, "UPDATE member SET name = $3, name_fold = $4, kana = $5, kana_fold = $6 WHERE workspace_id = $1 AND id = $2",
		ws, member, p.Name, p.nameFold(), p.Kana, p.kanaFold())
}

func setRole(ctx context.Context, tx *db.Tx, ws, member id.ID, role who.Role) error {
	return run(ctx, tx, "UPDATE member SET role = $3 WHERE workspace_id = $1 AND id = $2", ws, member, string(role))
}

func ownersBut(ctx context.Context, tx *db.Tx, ws, member id.ID) (int, error) {
	n, _, err := db.One(ctx, tx, db.Value[int],
		"SELECT count(*) FROM member WHERE workspace_id = $1 AND role = 'owner' AND state = 'active' AND id <> $2", ws, member)
	return n, err
}

func leave(ctx context.Context, tx *db.Tx, ws, member id.ID) error {
	for _, stmt := range []string{
		"UPDATE member SET state = 'left' WHERE workspace_id = $1 AND id = $2",
		"DELETE FROM session WHERE workspace_id = $1 AND member_id = $2",
		"DELETE FROM token WHERE workspace_id = $1 AND member_id = $2",
		"DELETE FROM unit_member WHERE workspace_id = $1 AND member_id = $2",
		"DELETE FROM invite WHERE workspace_id = $1 AND used_at = 0 AND (created_by = $2 OR member_id = $2)",
	} {
		if err := run(ctx, tx, stmt, ws, member); err != nil {
			return err
		}
	}
	return nil
}

// dropInvitesBy ends the open invitations a member of the role could no
// longer make.
func dropInvitesBy(ctx context.Context, tx *db.Tx, ws, member id.ID, role who.Role) error {
	if role.Includes(who.Owner) {
		return nil
	}
	var w db.Where
	w.And("workspace_id = ? AND created_by = ? AND used_at = 0", ws, member)
	if role.Includes(who.Admin) {
		w.And("role = 'owner'")
	}
	return run(ctx, tx, "DELETE FROM invite WHERE "+w.SQL(), w.Args()...)
}

const inviteColumns = "id, mail, role, member_id, created_by, expires_at"

func inviteFields(i *Invite) []any {
	return []any{&i.ID, &i.Mail, &i.Role, &i.Placeholder, &i.By, (*db.Time)(&i.Expires)}
}

// replaceInvite leaves one open invitation for a mail.
func replaceInvite(ctx context.Context, tx *db.Tx, ws id.ID, hash string, i Invite) error {
	err := run(ctx, tx, "DELETE FROM invite WHERE workspace_id = $1 AND mail = $2 AND used_at = 0", ws, i.Mail)
	if err != nil {
		return err
	}
	return run(ctx, tx, `INSERT INTO invite (workspace_id, id, hash, mail, role, member_id, created_by, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, ws, i.ID, hash, i.Mail, string(i.Role), i.Placeholder, int64(i.By), db.Time(i.Expires))
}

func openInvites(ctx context.Context, q db.Queryer, ws id.ID) ([]Invite, error) {
	return db.All(ctx, q, into(inviteFields),
		"SELECT "+inviteColumns+" FROM invite WHERE workspace_id = $1 AND used_at = 0 ORDER BY id DESC", ws)
}

func inviteByHash(ctx context.Context, q db.Queryer, hash string) (ws id.ID, i Invite, found bool, err error) {
	_, found, err = db.One(ctx, q, func(r db.Row) (bool, error) {
		return true, r.Scan(append([]any{&ws}, inviteFields(&i)...)...)
	}, "SELECT workspace_id, "+inviteColumns+" FROM invite WHERE (hash = $1 OR mail_hash = $1) AND used_at = 0", hash)
	return ws, i, found, err
}

// useInvite marks an invitation that was read unused in the same transaction;
// of two at once the second begins again and reads it used.
func useInvite(ctx context.Context, tx *db.Tx, ws, invite id.ID, now time.Time) error {
	return run(ctx, tx, "UPDATE invite SET used_at = $1 WHERE workspace_id = $2 AND id = $3", db.Time(now), ws, invite)
}

func deleteInvite(ctx context.Context, tx *db.Tx, ws, invite id.ID) (mail string, found bool, err error) {
	return db.One(ctx, tx, db.Value[string],
		"DELETE FROM invite WHERE workspace_id = $1 AND id = $2 AND used_at = 0 RETURNING mail", ws, invite)
}

func unitMembers(ctx context.Context, q db.Queryer, ws, unit id.ID) ([]Member, error) {
	return db.All(ctx, q, scanMember, memberSelect+`JOIN unit_member um ON um.workspace_id = m.workspace_id AND um.member_id = m.id
		WHERE um.workspace_id = $1 AND um.unit_id = $2`, ws, unit)
}

func insertUnit(ctx context.Context, tx *db.Tx, ws id.ID, u Unit) error {
	p := person{Name: u.Name}
	return run(ctx, tx, `INSERT INTO unit (workspace_id, id, parent_id, name, name_fold, kana_fold)
		VALUES ($1, $2, $3, $4, $5, $6)`, ws, u.ID, u.Parent, u.Name, p.nameFold(), p.kanaFold())
}

func renameUnit(ctx context.Context, tx *db.Tx, ws, unit id.ID, name string) error {
	p := person{Name: name}
	return run(ctx, tx, "UPDATE unit SET name = $3, name_fold = $4, kana_fold = $5 WHERE workspace_id = $1 AND id = $2",
		ws, unit, name, p.nameFold(), p.kanaFold())
}

func moveUnit(ctx context.Context, tx *db.Tx, ws, unit, parent id.ID) error {
	return run(ctx, tx, "UPDATE unit SET parent_id = $3 WHERE workspace_id = $1 AND id = $2", ws, unit, parent)
}

func deleteUnit(ctx context.Context, tx *db.Tx, ws, unit id.ID) error {
	if err := run(ctx, tx, "DELETE FROM unit_member WHERE workspace_id = $1 AND unit_id = $2", ws, unit); err != nil {
		return err
	}
	return run(ctx, tx, "DELETE FROM unit WHERE workspace_id = $1 AND id = $2", ws, unit)
}

// LockMember makes two transactions about one member come after each other, for
// rules that no unique index holds.
func LockMember(ctx context.Context, tx *db.Tx, ws, member id.ID) error {
	_, err := db.Exec(ctx, tx, "UPDATE member SET name = name WHERE workspace_id = $1 AND id = $2", ws, member)
	return err
}
