package upload_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/intake/sheet"
	"kizuki/internal/intake/upload"
	"kizuki/internal/testkit"
)

// importOf makes the rows a file hangs on.
func importOf(t *testing.T, d *db.DB) (ws, importID id.ID) {
	t.Helper()
	err := d.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for _, stmt := range []string{
			`INSERT INTO workspace (id, name, zone, currency, language, fiscal_start_month, created_at) VALUES (1, 'x', 'UTC', 'JPY', 'ja', 4, 0)`,
			`INSERT INTO source (workspace_id, id, name, name_fold, mapping, created_at) VALUES (1, 2, 'x', 'x', '{}', 0)`,
			`INSERT INTO import (workspace_id, id, source_id, file_name, file_sha, mode, mapping, plan, state, counts, problem, created, at)
				VALUES (1, 3, 2, 'x', '', 'delta', '{}', '{}', 'staging', '{}', 'null', '{}', 0)`,
		} {
			if _, err := db.Exec(ctx, tx, stmt); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return 1, 3
}

func TestAFileComesBackAsItWas(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		ws, imp := importOf(t, d)
		for _, size := range []int{1, 256 << 10, 256<<10 + 1, 3<<20 + 77} {
			want := make([]byte, size)
			for i := range want {
				want[i] = byte(rand.Uint32())
			}
			path := filepath.Join(t.TempDir(), "in")
			if err := os.WriteFile(path, want, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := upload.Keep(ctx, d, ws, imp, path); err != nil {
				t.Fatal(err)
			}
			back, err := upload.Fetch(ctx, d, ws, imp)
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(back)
			os.Remove(back)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes: %v", size, err)
			}
			if err := upload.Forget(ctx, d, ws, imp); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := upload.Fetch(ctx, d, ws, imp); !errs.Is(err, errs.Conflict) {
			t.Errorf("%v", err)
		}
		if _, err := upload.Fetch(ctx, d, 99, imp); !errs.Is(err, errs.Conflict) {
			t.Errorf("another workspace: %v", err)
		}
	})
}

func TestSumAndExplain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := upload.Sum(path); err != nil || s != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Error(s, err)
	}
	for kind, want := range map[sheet.Kind]errs.Code{sheet.Empty: errs.Invalid, sheet.NotASheet: errs.Unsupported, sheet.OldExcel: errs.Unsupported,
		sheet.UnclosedQuote: errs.Invalid} {
		e := errs.As(upload.Explain(&sheet.Error{Kind: kind, Line: 3}))
		if e.Code != want || e.Key != "intake.err.file."+string(kind) || e.Field != "file" {
			t.Errorf("%s: %v", kind, e)
		}
	}
	if disk := errors.New("disk"); upload.Explain(disk) != disk {
		t.Error("a failing disk is not the file's fault")
	}
}
