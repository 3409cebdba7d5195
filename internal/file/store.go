package file

import (
	"context"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

const columns = `f.id, f.note_id, f.contract_id, f.name, f.type, f.size, f.width, f.height, f.preview, f.sha256, f.created_by, f.at`

// there: all of its bytes are, and nobody has deleted it.
const there = `f.stored = TRUE AND f.deleted_at = 0`

func scan(r db.Row, more ...any) (f File, err error) {
	err = r.Scan(append([]any{&f.ID, &f.Note, &f.Contract, &f.Name, &f.Type, &f.Size, &f.Width, &f.Height, &f.Preview, &f.Sum, &f.By,
		(*db.Time)(&f.At)}, more...)...)
	return f, err
}

func scanFile(r db.Row) (File, error) { return scan(r) }

func insertFile(ctx context.Context, tx *db.Tx, ws id.ID, f File) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO file (workspace_id, id, name, type, size, width, height, preview, sha256, created_by, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		ws, f.ID, f.Name, f.Type, f.Size, f.Width, f.Height, f.Preview, f.Sum, f.By, db.Time(f.At))
	return err
}

func setStored(ctx context.Context, tx *db.Tx, ws, fileID id.ID) error {
	_, err := db.Exec(ctx, tx, `UPDATE file SET stored = TRUE WHERE workspace_id = $1 AND id = $2`, ws, fileID)
	return err
}

// loose is the condition of an upload that waits, as its uploader alone has it.
func loose(w *db.Where, a who.Actor) {
	w.And("f.workspace_id = ? AND f.created_by = ? AND f.note_id IS NULL AND "+there, a.Workspace, a.Member)
}

func attach(ctx context.Context, tx *db.Tx, a who.Actor, n timeline.Note, files []id.ID) (int, error) {
	var w db.Where
	loose(&w, a)
	db.In(&w, "f.id", files)
	note, contract := w.Arg(n.ID), w.Arg(n.Contract)
	done, err := db.Exec(ctx, tx, "UPDATE file AS f SET note_id = "+note+", contract_id = "+contract+" WHERE "+w.SQL(), w.Args()...)
	return int(done), err
}

func waiting(ctx context.Context, q db.Queryer, a who.Actor, files []id.ID) ([]File, error) {
	var w db.Where
	loose(&w, a)
	db.In(&w, "f.id", files)
	return db.All(ctx, q, scanFile, "SELECT "+columns+" FROM file f WHERE "+w.SQL()+" ORDER BY f.id", w.Args()...)
}

// onNote is a file with what its note says of who reads it.
type onNote struct {
	File
	foreign bool // the note is limited, and somebody else's
}

// readable reads a file the actor may read, by one condition: before it is
// posted its uploader, then whoever reads the note and its contract.
func readable(ctx context.Context, q db.Queryer, a who.Actor, fileID id.ID) (onNote, bool, error) {
	var w db.Where
	w.And("f.workspace_id = ? AND f.id = ? AND "+there, a.Workspace, fileID)
	me := w.Arg(a.Member)
	w.And("(f.note_id IS NULL AND f.created_by = " + me + " OR n.deleted_at = 0 AND " + audience.Note(&w, a, "n") + " AND " + audience.OfContract(&w, a, "n") + ")")
	return db.One(ctx, q, func(r db.Row) (x onNote, err error) {
		x.File, err = scan(r, &x.foreign)
		return x, err
	}, "SELECT "+columns+", COALESCE(n.visibility <> 'everyone' AND COALESCE(n.author_id, 0) <> "+me+`, FALSE) FROM file f
		LEFT JOIN note n ON n.workspace_id = f.workspace_id AND n.id = f.note_id WHERE `+w.SQL(), w.Args()...)
}

func filesOf(ctx context.Context, q db.Queryer, a who.Actor, notes []id.ID) ([]File, error) {
	var w db.Where
	w.And("f.workspace_id = ? AND "+there, a.Workspace)
	db.In(&w, "f.note_id", notes)
	w.And("n.deleted_at = 0 AND " + audience.Note(&w, a, "n") + " AND " + audience.OfContract(&w, a, "n"))
	return db.All(ctx, q, scanFile, "SELECT "+columns+` FROM file f JOIN note n ON n.workspace_id = f.workspace_id AND n.id = f.note_id
		WHERE `+w.SQL()+" ORDER BY f.id", w.Args()...)
}

// condemn marks an upload of the actor's own as deleted.
func condemn(ctx context.Context, tx *db.Tx, a who.Actor, fileID id.ID, now time.Time) (bool, error) {
	var w db.Where
	loose(&w, a)
	w.And("f.id = ?", fileID)
	at := w.Arg(db.Time(now))
	n, err := db.Exec(ctx, tx, "UPDATE file AS f SET deleted_at = "+at+" WHERE "+w.SQL(), w.Args()...)
	return n == 1, err
}

// condemnOld marks what waited for its note since before loose, and what hangs
// on notes deleted before gone.
func condemnOld(ctx context.Context, tx *db.Tx, ws id.ID, now, loose, gone time.Time) error {
	_, err := db.Exec(ctx, tx, `UPDATE file SET deleted_at = $2 WHERE workspace_id = $1 AND deleted_at = 0 AND note_id IS NULL AND at <= $3`,
		ws, db.Time(now), db.Time(loose))
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `UPDATE file SET deleted_at = $2 WHERE workspace_id = $1 AND deleted_at = 0 AND note_id IN
		(SELECT n.id FROM note n WHERE n.workspace_id = $1 AND n.deleted_at <> 0 AND n.deleted_at <= $3)`, ws, db.Time(now), db.Time(gone))
	return err
}

func condemned(ctx context.Context, q db.Queryer, ws id.ID, limit int) ([]id.ID, error) {
	return db.All(ctx, q, db.Value[id.ID], `SELECT id FROM file WHERE workspace_id = $1 AND deleted_at <> 0 ORDER BY deleted_at, id LIMIT $2`,
		ws, limit)
}

func deleteRows(ctx context.Context, tx *db.Tx, ws id.ID, files []id.ID) error {
	var w db.Where
	w.And("workspace_id = ? AND deleted_at <> 0", ws)
	db.In(&w, "id", files)
	_, err := db.Exec(ctx, tx, "DELETE FROM file WHERE "+w.SQL(), w.Args()...)
	return err
}
