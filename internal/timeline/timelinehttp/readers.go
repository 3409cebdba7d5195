package timelinehttp

import (
	"context"
	"net/http"
	"slices"

	"kizuki/internal/api"
	"kizuki/internal/audience"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
	"kizuki/internal/web"
	"kizuki/internal/web/ui"
	"kizuki/internal/web/words"
	"kizuki/internal/who"
)

// maxOffered is how many people and teams a note can be limited to.
const maxOffered = 200

// some is what the form calls a note its author shares with readers.
const some = "some"

// readers asks who may read a note; nil for those who cannot write one, and
// where nobody can be maxOffered.
func (h *Handlers) readers(ctx context.Context, n timeline.Note) *ui.ReadersProps {
	if !who.From(ctx).May(who.Write) {
		return nil
	}
	list, err := h.people.Directory(ctx, "", maxOffered)
	if err != nil {
		return nil
	}
	p := &ui.ReadersProps{ID: "readers", Visibility: n.Visibility, Alone: true, Open: n.Visibility == timeline.AuthorOnly}
	if n.Visibility == timeline.AuthorOnly && len(n.Readers) > 0 {
		p.Visibility = some
	}
	for _, x := range list {
		if r := (audience.Reader{Kind: x.Kind, ID: x.ID}); x.ID != who.From(ctx).Member {
			chosen := slices.ContainsFunc(n.Readers, func(o audience.Reader) bool { return o.Kind == r.Kind && o.ID == r.ID })
			p.People = append(p.People, ui.Option{Value: r.String(), Label: x.Name, Selected: chosen})
		}
	}
	return p
}

// chosen reads the answer: people ticked under another choice say nothing.
func chosen(f web.Form) (visibility string, readers []audience.Reader) {
	switch v := f.Get("visibility"); v {
	case some:
		readers = audience.Parse(f.Values["readers"])
		return timeline.AuthorOnly, readers
	default:
		return v, nil
	}
}

func (h *Handlers) readersPage(w http.ResponseWriter, r *http.Request) error {
	n, err := h.fromPath(r)
	if err != nil {
		return err
	}
	return h.showReaders(w, r, http.StatusOK, n, nil)
}

func (h *Handlers) showReaders(w http.ResponseWriter, r *http.Request, status int, n timeline.Note, err error) error {
	ctx := r.Context()
	p := h.readers(ctx, n)
	if p == nil {
		return errs.New(errs.Forbidden, "err.forbidden")
	}
	p.Open = true
	for _, said := range web.FieldErrors(ctx, err) {
		p.Error += said
	}
	return web.Page(w, r, status, web.Meta{Title: words.T(ctx, "timeline.readers_title"), Place: "/contracts"}, readersPage(n, *p))
}

func (h *Handlers) setReaders(w http.ResponseWriter, r *http.Request) error {
	n, err := h.fromPath(r)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	visibility, readers := chosen(f)
	if _, err = h.svc.Limit(ctx, n.ID, visibility, readers); err != nil {
		if !web.IsInput(err) {
			return err
		}
		n.Visibility, n.Readers = visibility, readers
		return h.showReaders(w, r, web.Status(errs.As(err).Code), n, err)
	}
	return web.RedirectSaying(w, r, "/notes/"+n.ID.String(), web.Toast{Text: words.T(ctx, "timeline.readers_saved")})
}

type readersInput struct {
	PathInput
	Body struct {
		Visibility string   `json:"visibility" enum:"everyone,author"`
		Readers    []string `json:"readers,omitempty" doc:"member:ID or unit:ID, who may read it besides its author"`
	}
}

func (h *Handlers) limitNote(ctx context.Context, in *readersInput) (*api.One[NoteJSON], error) {
	return h.oneNote(ctx, &in.PathInput, func(noteID id.ID) (timeline.Note, error) {
		return h.svc.Limit(ctx, noteID, in.Body.Visibility, audience.Parse(in.Body.Readers))
	})
}

// ReaderJSON is who may read something limited.
type ReaderJSON struct {
	Kind string `json:"kind" enum:"member,unit"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

func readerJSON(r audience.Reader) ReaderJSON { return ReaderJSON{r.Kind, r.ID.String(), r.Name} }
