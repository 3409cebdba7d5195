package workspace

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// Recipient is an active member as letters reach one: the actor to read as,
// and the mail address.
type Recipient struct {
	Actor who.Actor
	Mail  string
}

// Recipients are all active members of the workspace, for jobs; one alone if
// named.
func (s *Service) Recipients(ctx context.Context, member id.ID) ([]Recipient, error) {
	a, err := who.Check(ctx, who.Administer)
	if err != nil {
		return nil, err
	}
	var w db.Where
	w.And("m.workspace_id = ? AND m.state = 'active'", a.Workspace)
	if member != 0 {
		w.And("m.id = ?", member)
	}
	return db.All(ctx, s.db, func(r db.Row) (x Recipient, err error) {
		x.Actor, err = scanActor(r, &x.Mail)
		return x, err
	}, "SELECT "+actorColumns+", a.mail FROM member m"+actorJoin+"WHERE "+w.SQL()+" ORDER BY m.id", w.Args()...)
}
