package searchhttp

import (
	"context"
	"net/http"
	"strings"

	"kizuki/internal/errs"
	"kizuki/internal/search"
	"kizuki/internal/web"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// Command is something the palette can do from anywhere: go to a page, or post
// to one. Its words are palette.do.KEY, those of a place its name in the rail;
// palette.say.KEY are other words and readings it is found by.
type Command struct {
	Key, Href string
	Need      who.Need
	Place     bool
	Post      bool
}

func (c Command) label(ctx context.Context) string {
	if c.Place {
		return words.T(ctx, "shell.place."+c.Key)
	}
	return words.T(ctx, "palette.do."+c.Key)
}

// palette is the dialog with the commands the member may give.
func (h *Handlers) palette(w http.ResponseWriter, r *http.Request) error {
	var list []Command
	for _, c := range h.commands {
		if who.From(r.Context()).May(c.Need) {
			list = append(list, c)
		}
	}
	return web.Fragment(w, r, http.StatusOK, palette(list))
}

// What the palette finds at most: of each kind by name, and in all.
const (
	foundByName = 3
	foundInAll  = 8
)

// found are the palette's first hits: contracts and customers by their names,
// then the newest of everything.
func (h *Handlers) found(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), strings.TrimSpace(r.URL.Query().Get("q"))
	var hits []search.Hit
	seen := map[string]bool{}
	for _, ask := range []search.Query{{Kind: "contract", Sort: search.Best, Limit: foundByName}, {Kind: "organization", Sort: search.Best, Limit: foundByName},
		{Sort: search.Recent, Limit: foundInAll}} {
		if q == "" {
			break
		}
		ask.Q, ask.Typing = q, true
		res, err := h.svc.Find(ctx, ask)
		if e := errs.As(err); err != nil && e.Code == errs.Invalid {
			break // a filter half typed: the page says what is wrong with it
		} else if err != nil {
			return err
		}
		for _, x := range res.Hits {
			if key := x.Kind + x.ID.String(); !seen[key] && !(res.Loose && ask.Kind != "") {
				seen[key] = true
				hits = append(hits, x)
			}
		}
	}
	return web.Fragment(w, r, http.StatusOK, paletteHits(q, hits[:min(len(hits), foundInAll)]))
}
