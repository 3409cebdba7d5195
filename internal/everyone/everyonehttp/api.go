package everyonehttp

import (
	"context"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/everyone"
	"kizuki/internal/id"
	"kizuki/internal/timeline"
	"kizuki/internal/web"
	"kizuki/internal/who"
)

// SaidJSON is a note or a reply.
type SaidJSON struct {
	ID     id.ID      `json:"id"`
	Author string     `json:"author" doc:"empty if an import brought it"`
	At     *time.Time `json:"at"`
	Body   string     `json:"body"`
	Hunch  string     `json:"hunch"`
	Files  []FileJSON `json:"files"`
}

// FileJSON is something attached; its bytes are at /files/{id}.
type FileJSON struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

// ConversationJSON is a note with its replies, and the contract it stands on.
type ConversationJSON struct {
	SaidJSON
	Contract     id.ID      `json:"contract"`
	Name         string     `json:"contract_name"`
	Organization string     `json:"organization"`
	Replies      []SaidJSON `json:"replies"`
}

func saidJSON(n timeline.Note) SaidJSON {
	files := make([]FileJSON, len(n.Files))
	for i, f := range n.Files {
		files[i] = FileJSON{f.ID, f.Name, f.Type, f.Size}
	}
	return SaidJSON{ID: n.ID, Author: n.Author.Name, At: api.Instant(n.At), Body: n.Body, Hunch: string(n.Hunch), Files: files}
}

type wordsInput struct {
	api.Paging
	Unit      string `query:"unit" doc:"id of a team: words of its members"`
	By        string `query:"by" doc:"id of a member: their words"`
	Following bool   `query:"following" doc:"words of the people you follow"`
}

// API adds the endpoints.
func (h *Handlers) API(a *api.API) {
	op := func(name, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: name, Method: method, Path: path, Summary: summary, Tags: []string{"Notes"}}
	}
	api.Add(a, who.Read, op("list-words", "GET", "/words", "The newest words across all contracts you may read"), h.apiWords)
	api.Add(a, who.Self, op("follow-person", "PUT", "/people/{id}/follow", "Follow a colleague's words"), h.apiFollow(true))
	api.Add(a, who.Self, op("unfollow-person", "DELETE", "/people/{id}/follow", "Follow them no longer"), h.apiFollow(false))
}

func (h *Handlers) apiWords(ctx context.Context, in *wordsInput) (*api.List[ConversationJSON], error) {
	f := web.Form{Values: url.Values{"unit": {in.Unit}, "by": {in.By}}}
	q := everyone.Query{Following: in.Following, Cursor: in.Cursor, Limit: in.Limit}
	var err error
	if q.Unit, err = f.ID("unit"); err != nil {
		return nil, err
	}
	if q.By, err = f.ID("by"); err != nil {
		return nil, err
	}
	p, err := h.svc.Read(ctx, q)
	out := make([]ConversationJSON, len(p.Items))
	for i, c := range p.Items {
		out[i] = ConversationJSON{SaidJSON: saidJSON(c.Note), Contract: c.Contract.ID, Name: c.Contract.Name, Organization: c.Contract.Org, Replies: []SaidJSON{}}
		for _, r := range c.Note.Replies {
			out[i].Replies = append(out[i].Replies, saidJSON(r))
		}
	}
	return api.NewList(out, p.Next), err
}

type byID struct {
	ID string `path:"id"`
}

func (h *Handlers) apiFollow(on bool) func(context.Context, *byID) (*struct{}, error) {
	return func(ctx context.Context, in *byID) (*struct{}, error) {
		member, err := api.PathID(in.ID)
		if err != nil {
			return nil, err
		}
		return nil, h.svc.Follow(ctx, member, on)
	}
}
