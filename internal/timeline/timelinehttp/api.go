package timelinehttp

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/audience"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
	"kizuki/internal/who"
)

// PersonJSON is a member in REST.
type PersonJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ContextJSON is how the contract stood when a note was written.
type ContextJSON struct {
	DaysToRenewal *int   `json:"days_to_renewal" doc:"null without a renewal date, or when nobody knows"`
	Outlook       string `json:"outlook" enum:",on_track,watch,danger"`
}

// NoteJSON is a note or a reply in REST.
type NoteJSON struct {
	ID         string       `json:"id"`
	Contract   string       `json:"contract"`
	Parent     *string      `json:"parent" doc:"the note replied to"`
	Author     *PersonJSON  `json:"author" doc:"null: an import brought it"`
	At         *time.Time   `json:"at"`
	Body       string       `json:"body"`
	Hunch      string       `json:"hunch" enum:",bad,good"`
	Context    ContextJSON  `json:"context"`
	Visibility string       `json:"visibility" enum:"everyone,author" doc:"author: its author and the readers"`
	Readers    []ReaderJSON `json:"readers"`
	Pinned     bool         `json:"pinned" doc:"held above the trail"`
	Files      []FileJSON   `json:"files"`
	Version    int64        `json:"version"`
	Edited     bool         `json:"edited"`
}

// FileJSON is something attached to a note; its bytes are at /files/{id}.
type FileJSON struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size" doc:"bytes"`
	Width  int    `json:"width" doc:"of a picture; 0 of anything else"`
	Height int    `json:"height"`
}

// EventJSON is one thing that happened to a contract.
type EventJSON struct {
	ID    string            `json:"id"`
	At    *time.Time        `json:"at"`
	Kind  string            `json:"kind"`
	Actor ActorJSON         `json:"actor"`
	Cause *CauseJSON        `json:"cause" doc:"what it answered to"`
	Data  map[string]any    `json:"data"`
	Moved map[string][2]any `json:"fields" doc:"field: [from, to]"`
}

// ActorJSON is who did it: member, import, rule or system.
type ActorJSON struct {
	Kind string  `json:"kind"`
	ID   *string `json:"id"`
	Name string  `json:"name"`
}

// CauseJSON names an import or a rule's firing.
type CauseJSON struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// NoticeJSON is one thing that waits to be read.
type NoticeJSON struct {
	ID       string      `json:"id"`
	Kind     string      `json:"kind"`
	At       *time.Time  `json:"at"`
	Read     bool        `json:"read"`
	Contract *string     `json:"contract"`
	Note     *string     `json:"note" doc:"the note it is about, if it is one"`
	Author   *PersonJSON `json:"author"`
	Text     string      `json:"text" doc:"how the note begins"`
}

// PathInput is the id in an address. It is exported because huma passes over
// embedded types that are not.
type PathInput struct {
	ID string `path:"id"`
}

// ref reads the id of the path; what is no id is simply not there.
func (p PathInput) ref(kind string) (id.ID, error) {
	v, err := id.Parse(p.ID)
	if err != nil {
		return 0, errs.Missing(kind)
	}
	return v, nil
}

type listInput struct {
	PathInput
	api.Paging
}

type postInput struct {
	PathInput
	Body struct {
		Body       string   `json:"body,omitempty" doc:"up to 20,000 characters, Markdown understood; may be empty with a hunch"`
		Hunch      string   `json:"hunch,omitempty" enum:",bad,good"`
		Parent     string   `json:"parent,omitempty" doc:"the note to reply to"`
		Visibility string   `json:"visibility,omitempty" enum:",everyone,author"`
		Readers    []string `json:"readers,omitempty" doc:"member:ID or unit:ID: who may read one of visibility author, too"`
		Files      []string `json:"files,omitempty" doc:"uploads of one's own to attach, see POST /files; they need words"`
	}
}

type editInput struct {
	PathInput
	Body struct {
		Body    string `json:"body"`
		Version int64  `json:"version" doc:"the version that was read; another one is a conflict"`
	}
}

type hunchInput struct {
	PathInput
	Body struct {
		Hunch string `json:"hunch" enum:",bad,good" doc:"empty takes it back, within ten minutes"`
	}
}

type followInput struct {
	PathInput
	Body FollowingJSON
}

type pinInput struct {
	PathInput
	Body struct {
		Pinned bool `json:"pinned" doc:"false lets it go"`
	}
}

type created struct {
	Status int
	Body   NoteJSON
}

// FollowingJSON is how one stands to a contract: what is muted is followed.
type FollowingJSON struct {
	Follows bool `json:"follows"`
	Muted   bool `json:"muted" doc:"Heard of only when one is mentioned"`
}

type empty struct{}

// API adds the endpoints.
func (h *Handlers) API(a *api.API) {
	op := func(name, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: name, Method: method, Path: path, Summary: summary, Tags: []string{"Notes"}}
	}
	api.Add(a, who.Read, op("list-notes", "GET", "/contracts/{id}/notes", "Notes and replies of a contract, newest first"), h.listNotes)
	post := op("create-note", "POST", "/contracts/{id}/notes", "Write a note")
	post.DefaultStatus = http.StatusCreated
	api.Add(a, who.Write, post, h.createNote)
	api.Add(a, who.Write, op("limit-note", "PUT", "/notes/{id}/readers", "Choose who may read a note and its replies; its author only"), h.limitNote)
	api.Add(a, who.Read, op("list-events", "GET", "/contracts/{id}/events", "What happened to a contract, newest first"), h.listEvents)
	api.Add(a, who.Read, op("get-note", "GET", "/notes/{id}", "One note"), h.getNote)
	api.Add(a, who.Write, op("edit-note", "PATCH", "/notes/{id}", "Give one's own note other words"), h.editNote)
	api.Add(a, who.Write, op("delete-note", "DELETE", "/notes/{id}", "Delete a note"), h.deleteNote)
	api.Add(a, who.Write, op("pin-note", "POST", "/notes/{id}/pin", "Hold a note above the trail, or let it go"), h.pinNote)
	api.Add(a, who.Write, op("set-hunch", "POST", "/notes/{id}/hunch", "Record a hunch on one's own note, or take it back"), h.setHunch)
	api.Add(a, who.Read, op("get-following", "GET", "/contracts/{id}/following", "Whether one follows a contract, and has muted it"), h.getFollowing)
	api.Add(a, who.Self, op("set-following", "PUT", "/contracts/{id}/following", "Follow a contract, mute it, or end that"), h.setFollowing)
	api.Add(a, who.Read, op("list-inbox", "GET", "/inbox", "One's own notices, newest first"), h.listInbox)
}

func (h *Handlers) listNotes(ctx context.Context, in *listInput) (*api.List[NoteJSON], error) {
	contractID, err := in.ref("contract")
	if err != nil {
		return nil, err
	}
	list, next, err := h.svc.Notes(ctx, contractID, in.Cursor, in.Limit)
	return api.NewList(mapped(list, noteJSON), next), err
}

func (h *Handlers) createNote(ctx context.Context, in *postInput) (*created, error) {
	contractID, err := in.ref("contract")
	if err != nil {
		return nil, err
	}
	p := timeline.PostInput{Contract: contractID, Body: in.Body.Body, Hunch: timeline.Hunch(in.Body.Hunch), Visibility: in.Body.Visibility,
		Readers: audience.Parse(in.Body.Readers)}
	for _, s := range in.Body.Files {
		f, err := id.Parse(s)
		if err != nil {
			return nil, errs.Field("files", "err.choice")
		}
		p.Files = append(p.Files, f)
	}
	if in.Body.Parent != "" {
		if p.Parent, err = id.Parse(in.Body.Parent); err != nil {
			return nil, errs.Field("parent", "err.choice")
		}
	}
	n, err := h.svc.Post(ctx, p)
	return &created{http.StatusCreated, noteJSON(n)}, err
}

func (h *Handlers) listEvents(ctx context.Context, in *listInput) (*api.List[EventJSON], error) {
	contractID, err := in.ref("contract")
	if err != nil {
		return nil, err
	}
	list, next, err := h.svc.Events(ctx, contractID, in.Cursor, in.Limit)
	return api.NewList(mapped(list, eventJSON), next), err
}

func (h *Handlers) getNote(ctx context.Context, in *PathInput) (*api.One[NoteJSON], error) {
	return h.oneNote(ctx, in, func(noteID id.ID) (timeline.Note, error) { return h.svc.Get(ctx, noteID) })
}

func (h *Handlers) editNote(ctx context.Context, in *editInput) (*api.One[NoteJSON], error) {
	return h.oneNote(ctx, &in.PathInput, func(noteID id.ID) (timeline.Note, error) {
		return h.svc.Edit(ctx, noteID, timeline.EditInput{Body: in.Body.Body, Version: in.Body.Version})
	})
}

func (h *Handlers) setHunch(ctx context.Context, in *hunchInput) (*api.One[NoteJSON], error) {
	return h.oneNote(ctx, &in.PathInput, func(noteID id.ID) (timeline.Note, error) {
		return h.svc.SetHunch(ctx, noteID, timeline.Hunch(in.Body.Hunch))
	})
}

func (h *Handlers) pinNote(ctx context.Context, in *pinInput) (*api.One[NoteJSON], error) {
	return h.oneNote(ctx, &in.PathInput, func(noteID id.ID) (timeline.Note, error) { return h.svc.Pin(ctx, noteID, in.Body.Pinned) })
}

func (h *Handlers) deleteNote(ctx context.Context, in *PathInput) (*empty, error) {
	_, err := h.oneNote(ctx, in, func(noteID id.ID) (timeline.Note, error) { return h.svc.Delete(ctx, noteID) })
	return nil, err
}

func (h *Handlers) oneNote(ctx context.Context, in *PathInput, f func(id.ID) (timeline.Note, error)) (*api.One[NoteJSON], error) {
	noteID, err := in.ref("note")
	if err != nil {
		return nil, err
	}
	n, err := f(noteID)
	if err == nil {
		err = h.svc.WithFiles(ctx, &n)
	}
	if err != nil {
		return nil, err
	}
	return api.NewOne(noteJSON(n)), nil
}

func (h *Handlers) getFollowing(ctx context.Context, in *PathInput) (*api.One[FollowingJSON], error) {
	contractID, err := in.ref("contract")
	if err != nil {
		return nil, err
	}
	f, err := h.standing(ctx, contractID)
	return api.NewOne(f), err
}

func (h *Handlers) setFollowing(ctx context.Context, in *followInput) (*api.One[FollowingJSON], error) {
	contractID, err := in.ref("contract")
	if err != nil {
		return nil, err
	}
	if b := in.Body; b.Follows || b.Muted {
		err = h.svc.Mute(ctx, contractID, b.Muted)
	} else {
		err = h.svc.Unfollow(ctx, contractID)
	}
	if err != nil {
		return nil, err
	}
	f, err := h.standing(ctx, contractID)
	return api.NewOne(f), err
}

func (h *Handlers) listInbox(ctx context.Context, in *struct{ api.Paging }) (*api.List[NoticeJSON], error) {
	list, next, err := h.svc.Inbox(ctx, in.Cursor, in.Limit)
	return api.NewList(mapped(list, noticeJSON), next), err
}

func mapped[T, J any](list []T, f func(T) J) []J {
	out := make([]J, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

func refJSON(v id.ID) *string {
	if v == 0 {
		return nil
	}
	s := v.String()
	return &s
}

func personJSON(p timeline.Person) *PersonJSON {
	if p.ID == 0 {
		return nil
	}
	return &PersonJSON{p.ID.String(), p.Name}
}

func noteJSON(n timeline.Note) NoteJSON {
	return NoteJSON{ID: n.ID.String(), Contract: n.Contract.String(), Parent: refJSON(n.Parent), Author: personJSON(n.Author),
		At: api.Instant(n.At), Body: n.Body, Hunch: string(n.Hunch), Visibility: n.Visibility, Readers: mapped(n.Readers, readerJSON), Pinned: n.Pinned,
		Files: mapped(n.Files, fileJSON), Version: n.Version, Edited: n.Edited(),
		Context: ContextJSON{n.Context.Days, n.Context.Outlook}}
}

func fileJSON(f timeline.File) FileJSON {
	return FileJSON{f.ID.String(), f.Name, f.Type, f.Size, f.Width, f.Height}
}

func eventJSON(e timeline.Event) EventJSON {
	j := EventJSON{ID: e.ID.String(), At: api.Instant(e.At), Kind: e.Kind, Data: e.Data, Moved: e.Fields,
		Actor: ActorJSON{e.Actor.Kind, refJSON(e.Actor.ID), e.Actor.Name}}
	if e.CauseID != 0 {
		j.Cause = &CauseJSON{e.CauseKind, e.CauseID.String()}
	}
	return j
}

func noticeJSON(n timeline.Notice) NoticeJSON {
	j := NoticeJSON{ID: n.ID.String(), Kind: n.Kind, At: api.Instant(n.At), Read: n.Read, Contract: refJSON(n.Contract),
		Author: personJSON(n.Author), Text: n.Text}
	if n.CauseKind == "note" {
		j.Note = refJSON(n.CauseID)
	}
	return j
}
