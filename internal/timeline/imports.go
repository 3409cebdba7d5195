package timeline

import (
	"context"
	"slices"
	"strings"
	"time"

	"kizuki/internal/bus"
	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/text"
	"kizuki/internal/who"
)

// ImportedNote is what a spreadsheet said about a contract (経緯).
type ImportedNote struct {
	Contract id.ID
	At       time.Time // now if zero
	Body     string
	AuthorID id.ID // 0: only the import is known
}

// importAbout marks notes an import brought, so that its undo may take them
// away again.
const importAbout = "import"

// AddNotesIn writes the notes of an import in bulk and gives their ids. How the
// contracts stood when the words were written is not known, so no context is
// kept; nobody is notified of old words.
func (s *Service) AddNotesIn(ctx context.Context, tx *db.Tx, list []ImportedNote) ([]id.ID, error) {
	a, err := who.Check(ctx, who.Write)
	if err != nil {
		return nil, err
	}
	now, cause := s.now(), bus.CauseOf(ctx)
	notes := make([]Note, 0, len(list))
	ids := make([]id.ID, 0, len(list))
	for _, in := range list {
		body := strings.TrimSpace(text.Clean(in.Body))
		if body == "" {
			return nil, errs.Field("body", "timeline.err.empty")
		}
		n := Note{ID: id.New(), Contract: in.Contract, Author: Person{ID: in.AuthorID}, At: in.At.UTC().Truncate(time.Microsecond),
			Body: cutTo(body, MaxBody), Visibility: Everyone, Version: 1, AboutKind: importAbout, AboutID: cause.ID}
		if in.At.IsZero() {
			n.At = now
		}
		notes, ids = append(notes, n), append(ids, n.ID)
	}
	if err := insertNote(ctx, tx, a.Workspace, notes...); err != nil {
		return nil, err
	}
	return ids, s.publish(ctx, tx, NoteCreated, a.Workspace, notes...)
}

// cutTo keeps an overlong cell readable instead of refusing the whole row.
func cutTo(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// chunk is how many contracts one statement is about.
const chunk = 5000

// DeleteForUndoIn clears everything the trail holds of contracts that an undo
// removes, before the contracts themselves go.
func (s *Service) DeleteForUndoIn(ctx context.Context, tx *db.Tx, ws id.ID, contracts []id.ID) error {
	for part := range slices.Chunk(contracts, chunk) {
		var w db.Where
		w.And("workspace_id = ?", ws)
		db.In(&w, "contract_id", part)
		notes := "note_id IN (SELECT id FROM note WHERE " + w.SQL() + ")"
		for _, stmt := range []string{
			"DELETE FROM notice WHERE " + w.SQL(),
			"DELETE FROM mention WHERE workspace_id = $1 AND " + notes,
			"DELETE FROM note_revision WHERE workspace_id = $1 AND " + notes,
			"DELETE FROM reader WHERE kind = 'note' AND workspace_id = $1 AND ref_id IN (SELECT id FROM note WHERE " + w.SQL() + ")",
			"DELETE FROM follower WHERE " + w.SQL(),
			"DELETE FROM event WHERE " + w.SQL(),
		} {
			if _, err := db.Exec(ctx, tx, stmt, w.Args()...); err != nil {
				return err
			}
		}
		gone, err := db.All(ctx, tx, scanGone, "DELETE FROM note WHERE "+w.SQL()+" RETURNING id, contract_id, visibility", w.Args()...)
		if err != nil {
			return err
		}
		if err := s.publish(ctx, tx, NoteDeleted, ws, gone...); err != nil {
			return err
		}
	}
	return nil
}

func scanGone(r db.Row) (n Note, err error) {
	err = r.Scan(&n.ID, &n.Contract, &n.Visibility)
	return n, err
}

// TouchedByPeopleIn tells which of the contracts hold words of people: notes,
// hidden and deleted ones too, and imported ones that were edited since. An
// undo keeps those contracts.
func (s *Service) TouchedByPeopleIn(ctx context.Context, tx *db.Tx, ws id.ID, contracts []id.ID) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	for part := range slices.Chunk(contracts, chunk) {
		var w db.Where
		w.And("workspace_id = ? AND (author_id IS NOT NULL AND about_kind <> 'import' OR version > 1)", ws)
		db.In(&w, "contract_id", part)
		touched, err := db.All(ctx, tx, db.Value[id.ID], "SELECT DISTINCT contract_id FROM note WHERE "+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, c := range touched {
			out[c] = true
		}
	}
	return out, nil
}
