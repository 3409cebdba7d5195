package workspace

import (
	"context"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
	"kizuki/internal/workspace/secrets"
)

const inviteFor = 14 * 24 * time.Hour

// Invite is an open invitation; who has its link may join once.
type Invite struct {
	ID          id.ID
	Mail        string
	Role        who.Role
	Placeholder id.ID // the placeholder the person will be, 0 if none is named
	By          id.ID // 0 for the operator
	Expires     time.Time
}

// InviteInfo is what the page behind an invitation's link shows.
type InviteInfo struct {
	Workspace string
	Lang      string
	Mail      string
	Role      who.Role
	Name      string // of the placeholder that waits for this person, to begin with
	Kana      string
	Known     bool // the mail has an account: its own password is asked for
}

// AcceptInput is what the invited person types.
type AcceptInput struct {
	Name     string
	Kana     string
	Password string
	Agent    string
}

func errInviteGone() error { return errs.New(errs.NotFound, "workspace.err.invite_gone") }

// Invite makes a link for the mail, for 14 days; an open one for the same mail
// ends. Where letters are sent, one goes out with a link of its own. Only an
// owner invites an owner.
func (s *Service) Invite(ctx context.Context, mail string, role who.Role, placeholder id.ID) (token string, inv Invite, err error) {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return "", Invite{}, err
	}
	addr, e := checkMail("mail", mail)
	problems := []*errs.E{e}
	if !role.Valid() {
		problems = append(problems, errs.Field("role", "workspace.err.role"))
	}
	if err := errs.Join(problems...); err != nil {
		return "", Invite{}, err
	}
	if err := mayTouchOwner(ctx, role); err != nil {
		return "", Invite{}, err
	}
	token, hash := secrets.New("")
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := mayInvite(ctx, tx, a.Workspace, addr, placeholder); err != nil {
			return err
		}
		inv = Invite{ID: id.New(), Mail: addr.mail, Role: role, Placeholder: placeholder, By: a.Member, Expires: s.Now().Add(inviteFor)}
		if err := replaceInvite(ctx, tx, a.Workspace, hash, inv); err != nil {
			return err
		}
		if err := s.post.InviteIn(ctx, tx, a, inv.ID); err != nil {
			return err
		}
		return s.AuditIn(ctx, tx, "invite.created", "invite", inv.ID, map[string]any{"mail": inv.Mail, "role": role, "member": placeholder})
	})
	if err != nil {
		return "", Invite{}, err
	}
	return token, inv, nil
}

func mayInvite(ctx context.Context, tx *db.Tx, ws id.ID, addr address, placeholder id.ID) error {
	if placeholder != 0 {
		m, err := mustMember(ctx, tx, ws, placeholder)
		if err != nil {
			return err
		}
		if m.State != Placeholder {
			return errs.Missing("member")
		}
	}
	_, active, err := activeByMail(ctx, tx, ws, addr.fold)
	if err == nil && active {
		err = errs.New(errs.Conflict, "workspace.err.already_member")
	}
	return err
}

// Invites lists those not used yet, expired ones too.
func (s *Service) Invites(ctx context.Context) ([]Invite, error) {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return nil, err
	}
	return openInvites(ctx, s.db, a.Workspace)
}

// RevokeInvite makes a link worthless.
func (s *Service) RevokeInvite(ctx context.Context, invite id.ID) error {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		inv, found, err := deleteInvite(ctx, tx, a.Workspace, invite)
		if err != nil {
			return err
		}
		if !found {
			return errs.Missing("invite")
		}
		return s.AuditIn(ctx, tx, "invite.revoked", "invite", invite, map[string]any{"mail": inv})
	})
}

// InviteInfo tells who holds the link where it leads. A link that is used,
// revoked, expired or made up gets one answer.
func (s *Service) InviteInfo(ctx context.Context, token string) (InviteInfo, error) {
	ws, inv, err := s.liveInvite(ctx, s.db, secrets.Digest(token))
	if err != nil {
		return InviteInfo{}, err
	}
	w, err := workspaceByID(ctx, s.db, ws)
	if err != nil {
		return InviteInfo{}, err
	}
	_, known, err := accountByMail(ctx, s.db, foldMail(inv.Mail))
	if err != nil {
		return InviteInfo{}, err
	}
	p, _, err := placeholderFor(ctx, s.db, ws, inv, person{})
	return InviteInfo{Workspace: w.Name, Lang: w.Lang, Mail: inv.Mail, Role: inv.Role, Name: p.Name, Kana: p.Kana, Known: known}, err
}

func (s *Service) liveInvite(ctx context.Context, q db.Queryer, hash string) (id.ID, Invite, error) {
	ws, inv, found, err := inviteByHash(ctx, q, hash)
	if err == nil && (!found || !s.Now().Before(inv.Expires)) {
		err = errInviteGone()
	}
	return ws, inv, err
}

// Accept lets the invited person in and opens a session. Who has an account
// gives its password, who has none chooses one. A placeholder that waits for
// the person becomes the person: its id stays, so contracts and tasks follow.
func (s *Service) Accept(ctx context.Context, token string, in AcceptInput) (session string, ses Session, err error) {
	p, problems := checkPerson(in.Name, in.Kana)
	if err := errs.Join(problems...); err != nil {
		return "", Session{}, err
	}
	link := secrets.Digest(token)
	_, inv, err := s.liveInvite(ctx, s.db, link)
	if err != nil {
		return "", Session{}, err
	}
	mail := address{inv.Mail, foldMail(inv.Mail)}
	acc, err := s.credentials(ctx, mail, in.Password)
	if err != nil {
		return "", Session{}, err
	}
	session, hash := secrets.New("")
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ws, inv, err := s.liveInvite(ctx, tx, link)
		if err != nil {
			return err
		}
		if err := useInvite(ctx, tx, ws, inv.ID, s.Now()); err != nil {
			return err
		}
		if err := s.settle(ctx, tx, acc); err != nil {
			return err
		}
		m, err := s.join(ctx, tx, ws, inv, acc, p)
		if err != nil {
			return err
		}
		a := who.Actor{Workspace: ws, Member: m.ID, Account: acc.ID, Name: m.Name, Role: m.Role}
		ctx = who.With(ctx, a)
		if err := s.AuditIn(ctx, tx, "member.joined", "member", m.ID, map[string]any{"invite": inv.ID, "role": m.Role}); err != nil {
			return err
		}
		if err := s.joined(ctx, tx, ws, m); err != nil {
			return err
		}
		ses, err = s.openSession(ctx, tx, hash, a, in.Agent)
		return err
	})
	if err != nil {
		return "", Session{}, err
	}
	return session, ses, nil
}

// join makes the account a member: the row it had before it left, else the
// placeholder that waits, else a new one. A placeholder named by the
// invitation goes before the old row, because somebody chose it.
func (s *Service) join(ctx context.Context, tx *db.Tx, ws id.ID, inv Invite, acc account, p person) (Member, error) {
	old, hadOne, err := memberOfAccount(ctx, tx, ws, acc.ID)
	if err != nil {
		return Member{}, err
	}
	if hadOne && old.State == Active {
		return Member{}, errs.New(errs.Conflict, "workspace.err.already_member")
	}
	waiting, found, err := placeholderFor(ctx, tx, ws, inv, p)
	if err != nil {
		return Member{}, err
	}
	m := Member{ID: id.New(), Account: acc.ID, Role: inv.Role, Name: p.Name, Kana: p.Kana, Mail: acc.Fold, State: Active, Created: s.Now()}
	switch {
	case hadOne && (!found || waiting.ID != inv.Placeholder):
		m.ID = old.ID
	case found:
		m.ID = waiting.ID
		if hadOne {
			err = detach(ctx, tx, ws, old.ID)
		}
	default:
		return m, insertMember(ctx, tx, ws, m)
	}
	if err != nil {
		return Member{}, err
	}
	return m, becomeMember(ctx, tx, ws, m)
}

// placeholderFor finds the placeholder that stands for an invited person: the
// one the invitation names, else one with the mail, else the only one of the
// name.
func placeholderFor(ctx context.Context, q db.Queryer, ws id.ID, inv Invite, p person) (Member, bool, error) {
	waiting, err := placeholders(ctx, q, ws, inv.Placeholder, foldMail(inv.Mail), p.nameFold())
	if err != nil {
		return Member{}, false, err
	}
	var sameName []Member
	var sameMail *Member
	for i, m := range waiting {
		switch {
		case m.ID == inv.Placeholder:
			return m, true, nil
		case m.Mail != "" && m.Mail == foldMail(inv.Mail):
			sameMail = &waiting[i]
		default:
			sameName = append(sameName, m)
		}
	}
	switch {
	case sameMail != nil:
		return *sameMail, true, nil
	case len(sameName) == 1:
		return sameName[0], true, nil
	}
	return Member{}, false, nil
}
