package timeline

import (
	"context"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/who"
)

// maxPinned is how many pinned notes stand above a trail, the newest first.
const maxPinned = 5

// Pin holds a top note above the trail of its contract, or (on false) lets it go.
// Everybody who may write and read it may: what matters belongs to the team.
// Errors: timeline.err.of_top for a reply.
func (s *Service) Pin(ctx context.Context, noteID id.ID, on bool) (n Note, err error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return n, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if n, err = noteOf(ctx, tx, a, noteID); err != nil {
			return err
		}
		if n.Parent != 0 {
			return errs.New(errs.Conflict, "timeline.err.of_top")
		}
		n.Pinned = on
		_, err = db.Exec(ctx, tx, `UPDATE note SET pinned = $3 WHERE workspace_id = $1 AND id = $2`, a.Workspace, n.ID, on)
		return err
	})
	return n, err
}

// pinnedNotes are those the actor may read of a contract.
func pinnedNotes(ctx context.Context, q db.Queryer, a who.Actor, contract id.ID) ([]Note, error) {
	w := readAs(a)
	w.And("n.workspace_id = ? AND n.contract_id = ? AND n.pinned = TRUE", a.Workspace, contract)
	w.And(w.alive("n"))
	return db.All(ctx, q, plainNote, "SELECT "+noteColumns+noteTables+" WHERE "+w.SQL()+newest("n", maxPinned), w.Args()...)
}
