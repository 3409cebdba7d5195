// Package audiencehttp holds the parts of pages that say and ask who may read
// something.
package audiencehttp

import (
	"context"
	"embed"
	"io/fs"
	"strings"

	"kizuki/internal/audience"
	"kizuki/internal/web/words"
)

//go:embed words
var catalogue embed.FS

// Words is the catalogue of these parts.
func Words() fs.FS { return words.Sub(catalogue) }

// Line says who may read something limited; own names whoever always may.
func Line(ctx context.Context, own string, readers []audience.Reader) string {
	var names []string
	if own != "" {
		names = append(names, own)
	}
	for _, r := range readers {
		if r.Name != "" && r.Name != own {
			names = append(names, r.Name)
		}
	}
	if len(names) == 0 {
		return words.T(ctx, "audience.lock_me")
	}
	return words.T(ctx, "audience.lock", "Names", strings.Join(names, words.T(ctx, "audience.comma")))
}
