// Package upload keeps the file of an import in pieces in the database, so that
// any node can read it again.
package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake/sheet"
)

// MaxFile is the largest upload, in bytes.
const MaxFile = 64 << 20

const (
	pieceSize   = 256 << 10
	piecesAtOne = 8 // a transaction
)

// Keep stores the pieces of a file.
func Keep(ctx context.Context, d *db.DB, ws, importID id.ID, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for no := 0; ; {
		var rows [][]any
		for range piecesAtOne {
			piece := make([]byte, pieceSize)
			n, err := io.ReadFull(f, piece)
			if n > 0 {
				rows = append(rows, []any{ws, importID, no, piece[:n]})
				no++
			}
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return err
			}
		}
		if len(rows) == 0 {
			return nil
		}
		if err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return db.Bulk(ctx, tx, `INSERT INTO import_file (workspace_id, import_id, no, data)`, "", rows)
		}); err != nil {
			return err
		}
	}
}

// Fetch writes the pieces into a temporary file; the caller removes it.
func Fetch(ctx context.Context, d *db.DB, ws, importID id.ID) (path string, err error) {
	f, err := os.CreateTemp("", "kizuki-import-*")
	if err != nil {
		return "", err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	for no := 0; ; no++ {
		piece, found, err := db.One(ctx, d, db.Value[[]byte], `SELECT data FROM import_file
			WHERE workspace_id = $1 AND import_id = $2 AND no = $3`, ws, importID, no)
		if err != nil {
			return "", err
		}
		if !found && no == 0 {
			return "", errs.New(errs.Conflict, "intake.err.file_gone")
		}
		if !found {
			return f.Name(), nil
		}
		if _, err := f.Write(piece); err != nil {
			return "", err
		}
	}
}

// Sum is the fingerprint of a file.
func Sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Forget drops the pieces.
func Forget(ctx context.Context, d *db.DB, ws, importID id.ID) error {
	return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `DELETE FROM import_file WHERE workspace_id = $1 AND import_id = $2`, ws, importID)
		return err
	})
}

// Explain says in a person's words what is wrong with a file.
func Explain(err error) error {
	var e *sheet.Error
	if !errors.As(err, &e) {
		return err
	}
	code := errs.Invalid
	if e.Kind == sheet.NotASheet || e.Kind == sheet.OldExcel || e.Kind == sheet.Protected {
		code = errs.Unsupported
	}
	out := errs.New(code, "intake.err.file."+string(e.Kind), "Line", e.Line, "Sheets", strings.Join(e.Sheets, "、")).With(err)
	out.Field = "file"
	if e.Kind == sheet.NoSuchSheet {
		out.Field = "sheet"
	}
	return out
}
