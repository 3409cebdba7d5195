package timelinehttp

import (
	"context"

	"github.com/a-h/templ"

	"kizuki/internal/timeline"
)

// Feed draws conversations of several contracts, each as the entry that stands in
// its own trail, so that what may be done there may be done here.
func (h *Handlers) Feed(ctx context.Context, list []timeline.Conversation) ([]templ.Component, error) {
	entries := make([]timeline.Entry, len(list))
	for i := range list {
		entries[i].Note = &list[i].Note
	}
	d, err := h.drawing(ctx, timeline.Page{Entries: entries})
	if err != nil {
		return nil, err
	}
	out := make([]templ.Component, len(list))
	for i := range list {
		drawn := d.entries(timeline.Page{Entries: entries[i : i+1]}, false)
		out[i] = entry(drawn[0])
	}
	return out, nil
}
