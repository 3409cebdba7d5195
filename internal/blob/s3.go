package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config says where a bucket is and how to get in.
type S3Config struct {
	Endpoint    string // https://s3.example.com; http:// only inside one's own network
	Bucket      string // must be there
	Region      string
	Key, Secret string
	PathStyle   bool // endpoint/bucket/key instead of bucket.endpoint/key
}

// S3 keeps bytes in a bucket. It asks the server once, so that a wrong setting
// is found at the start and not by the first one who attaches something.
func S3(ctx context.Context, c S3Config) (Store, error) {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("s3: %q is no address like https://s3.example.com", c.Endpoint)
	}
	style := minio.BucketLookupAuto
	if c.PathStyle {
		style = minio.BucketLookupPath
	}
	client, err := minio.New(u.Host, &minio.Options{Creds: credentials.NewStaticV4(c.Key, c.Secret, ""),
		Secure: u.Scheme == "https", Region: c.Region, BucketLookup: style})
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	there, err := client.BucketExists(ctx, c.Bucket)
	if err != nil {
		return nil, fmt.Errorf("s3: bucket %q at %s: %w", c.Bucket, u.Host, err)
	}
	if !there {
		return nil, fmt.Errorf("s3: there is no bucket %q at %s", c.Bucket, u.Host)
	}
	return &bucket{client, c.Bucket}, nil
}

type bucket struct {
	client *minio.Client
	name   string
}

// plain is one request with the bytes as they are and their sum in a header.
// What minio does otherwise, in chunks with sums at the end, not every server
// that speaks S3 understands: some keep the chunks' heads as if they were bytes.
var plain = minio.PutObjectOptions{SendContentMd5: true, DisableContentSha256: true, DisableMultipart: true}

func (b *bucket) Put(ctx context.Context, k string, data []byte) error {
	if err := check(k); err != nil {
		return err
	}
	_, err := b.client.PutObject(ctx, b.name, k, bytes.NewReader(data), int64(len(data)), plain)
	return err
}

// Get asks for the object's size at once: opening alone asks nothing, and a
// missing one would be noticed in the middle of an answer.
func (b *bucket) Get(ctx context.Context, k string) (io.ReadSeekCloser, error) {
	if err := check(k); err != nil {
		return nil, err
	}
	o, err := b.client.GetObject(ctx, b.name, k, minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	if _, err := o.Stat(); err != nil {
		_ = o.Close()
		if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
			return nil, ErrMissing
		}
		return nil, err
	}
	return o, nil
}

func (b *bucket) Delete(ctx context.Context, k string) error {
	if err := check(k); err != nil {
		return err
	}
	err := b.client.RemoveObject(ctx, b.name, k, minio.RemoveObjectOptions{})
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil
	}
	return err
}
