package app

import (
	"context"
	"slices"

	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/renewal/renewalhttp"
	"kizuki/internal/text"
	"kizuki/internal/timeline"
	"kizuki/internal/web/words"
)

// What is offered as the earliest sign: the newest hunches, then the newest
// words, no longer than a line each.
const (
	signHunches = 12
	signWords   = 8
	signLength  = 60
)

// signs gives the notes that may have been the earliest sign, the oldest first.
func (a *App) signs(ctx context.Context, contract id.ID) ([]renewalhttp.Sign, error) {
	var notes []*timeline.Note
	for show, most := range map[timeline.Show]int{timeline.Hunches: signHunches, timeline.Words: signWords} {
		page, err := a.Timeline.Trail(ctx, contract, show, "", most)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Entries {
			if e.Note != nil && !slices.ContainsFunc(notes, func(n *timeline.Note) bool { return n.ID == e.Note.ID }) {
				notes = append(notes, e.Note)
			}
		}
	}
	slices.SortFunc(notes, func(a, b *timeline.Note) int { return a.At.Compare(b.At) })
	var out []renewalhttp.Sign
	for _, n := range notes {
		said := text.Excerpt(n.Body, signLength)
		if said == "" {
			said = words.T(ctx, "shell.hunch."+string(n.Hunch))
		}
		out = append(out, renewalhttp.Sign{Note: n.ID, Text: said, By: n.Author.Name, When: words.Ago(ctx, n.At, a.Now())})
	}
	return out, nil
}

// seesNote: a sign must be a note of that contract which the actor may read.
func (a *App) seesNote(ctx context.Context, contract, note id.ID) (bool, error) {
	n, err := a.Timeline.Get(ctx, note)
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return err == nil && n.Contract == contract, err
}

// shortNames are what members are called beside what they did.
func (a *App) shortNames(ctx context.Context) (map[id.ID]string, error) {
	list, err := a.Workspace.Members(ctx)
	out := make(map[id.ID]string, len(list))
	for _, m := range list {
		out[m.ID] = m.Name
	}
	return out, err
}
