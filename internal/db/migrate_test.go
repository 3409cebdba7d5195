package db_test

import (
	"errors"
	"sync"
	"testing"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/testkit"
)

func TestMigrateAtOnceFromSeveralProcesses(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			d, err := db.Open(ctx, db.Config{Dir: dir, Relaxed: true})
			if err != nil {
				t.Error(err)
				return
			}
			defer d.Close()
			if err := d.Migrate(ctx); err != nil {
				t.Error(err)
			}
			if ok, err := d.Migrated(ctx); !ok || err != nil {
				t.Error(ok, err)
			}
		})
	}
	wg.Wait()
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		mustExec(t, d, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)")
		if err := d.Migrate(ctx); !errors.Is(err, db.ErrNewer) {
			t.Fatalf("got %v", err)
		}
		if _, err := d.Migrated(ctx); !errors.Is(err, db.ErrNewer) {
			t.Fatalf("got %v", err)
		}
	})
}

// Every table's primary key, every unique key and every index begins with the
// workspace, except the global ones listed here with the reason.
func TestEveryIndexBeginsWithTheWorkspace(t *testing.T) {
	global := map[string]string{
		"node": "no workspace", "cron": "no workspace", "job": "claimed across workspaces",
		"workspace": "is the workspace", "account": "a person in several workspaces",
		"session": "looked up before the workspace is known", "throttle": "before sign-in",
		"password_reset":   "a person's, looked up before the workspace is known",
		"totp":             "a person's, asked for before the workspace is entered",
		"totp_recovery":    "a person's, the same",
		"signin_step":      "looked up before the workspace is known",
		"goose_db_version": "goose's own", "search_fts_idx": "FTS5's own", "search_fts_config": "FTS5's own",
	}
	exceptions := map[string]string{
		"member_by_account": "sign-in finds the workspaces of an account",
		"invite.hash":       "a link is looked up before the workspace is known",
		"invite.mail_hash":  "the same, for the link that was mailed",
		"token.hash":        "a bearer token is looked up before the workspace is known",
	}
	d := testkit.SQLite(t)
	type ix struct{ table, name, first string }
	all, err := db.All(ctx, d, func(r db.Row) (x ix, err error) {
		err = r.Scan(&x.table, &x.name, &x.first)
		return x, err
	}, `SELECT m.name, l.name, i.name FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) i
		WHERE m.type = 'table' AND i.seqno = 0`)
	if err != nil || len(all) < 30 {
		t.Fatal(err, len(all))
	}
	for _, x := range all {
		if global[x.table] != "" || exceptions[x.name] != "" || exceptions[x.table+"."+x.first] != "" || x.first == "workspace_id" {
			continue
		}
		t.Errorf("index %s of %s begins with %s", x.name, x.table, x.first)
	}
}

func TestNodeLeases(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		defer id.Use(id.NewSource(1, 0, id.MaxMs))
		a, err := d.LeaseNode(ctx)
		if err != nil {
			t.Fatal(err)
		}
		first := id.New()
		b, err := d.LeaseNode(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n := number(t, d, "SELECT count(DISTINCT owner) FROM node WHERE until > 0"); n != 2 {
			t.Fatalf("%d holders", n)
		}
		if err := a.Release(ctx); err != nil {
			t.Fatal(err)
		}
		c, err := d.LeaseNode(ctx) // takes a's number again
		if err != nil {
			t.Fatal(err)
		}
		if n := number(t, d, "SELECT count(*) FROM node"); n != 2 {
			t.Fatalf("%d numbers are used", n)
		}
		if again := id.New(); again <= first {
			t.Fatalf("%d after %d of the same node", again, first)
		}
		for _, n := range []*db.Node{b, c} {
			if err := n.Release(ctx); err != nil {
				t.Fatal(err)
			}
		}
	})
}
