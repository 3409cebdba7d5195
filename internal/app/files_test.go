package app_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"kizuki/internal/app"
	"kizuki/internal/blob"
	"kizuki/internal/db"
	"kizuki/internal/file"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/testkit"
	"kizuki/internal/testkit/apptest"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
	"kizuki/internal/workspace"
)

// Attached files are in the data folder, or in the bucket somebody names.
func TestWhereFilesAre(t *testing.T) {
	testkit.SQLite(t)                          // an id source
	defer id.Use(id.NewSource(1, 0, id.MaxMs)) // what was leased runs out while other tests go on
	bucket := s3mem.New()
	if err := bucket.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(bucket).Server())
	defer server.Close()
	s3 := blob.S3Config{Endpoint: server.URL, Bucket: "files", Region: "x", Key: "k", Secret: "s", PathStyle: true}
	for _, c := range []blob.S3Config{{}, s3} {
		dir := t.TempDir()
		a, err := app.Open(context.Background(), app.Config{Dir: dir, Migrate: true, Relaxed: true, S3: c})
		if err != nil {
			t.Fatal(err)
		}
		actor, err := a.Workspace.Setup(context.Background(), workspace.SetupInput{Workspace: "x", Name: "x", Mail: "x@example.com", Password: apptest.Password})
		if err != nil {
			t.Fatal(err)
		}
		f, err := a.Files.Upload(who.With(context.Background(), actor), "a.txt", strings.NewReader("bytes"))
		if err != nil {
			t.Fatal(err)
		}
		key := actor.Workspace.String() + "/" + f.ID.String()
		onDisk, diskErr := os.ReadFile(filepath.Join(dir, "files", key))
		inBucket, bucketErr := bucket.HeadObject("files", key)
		if c.Bucket == "" && (string(onDisk) != "bytes" || bucketErr == nil) || c.Bucket != "" && (bucketErr != nil || inBucket.Size != 5 || diskErr == nil) {
			t.Errorf("%q: %q, %v; %v", c.Bucket, onDisk, diskErr, bucketErr)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	s3.Bucket = "elsewhere"
	if a, err := app.Open(context.Background(), app.Config{Dir: t.TempDir(), Migrate: true, S3: s3}); err == nil {
		a.Close()
		t.Error("a bucket that is not there was taken")
	}
}

// The job takes what nobody comes back to, in every workspace.
func TestFilesAreSwept(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		a := apptest.New(t, d)
		c := furnish(t, a)
		other := a.Other()
		loose := map[id.ID]context.Context{uploads(t, a, a.Ctx, "a")[0]: a.Ctx, uploads(t, a, other, "b")[0]: other}
		kept := uploads(t, a, a.Ctx, "c")
		if _, err := a.Timeline.Post(a.Ctx, timeline.PostInput{Contract: c.ID, Body: "x", Files: kept}); err != nil {
			t.Fatal(err)
		}
		a.Travel(file.KeepLoose + time.Minute)
		err := d.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			return a.Jobs.AddIn(ctx, tx, job.Add{Kind: "file.sweep"})
		})
		if err == nil {
			err = a.Jobs.Drain(context.Background())
		}
		if err != nil {
			t.Fatal(err)
		}
		for ref, ctx := range loose {
			if _, err := a.Files.Get(ctx, ref); err == nil {
				t.Error("an upload that nobody posted is still there")
			}
		}
		if _, data, err := a.Files.Open(a.Ctx, kept[0], false); err != nil {
			t.Error(err)
		} else {
			data.Close()
		}
	})
}
