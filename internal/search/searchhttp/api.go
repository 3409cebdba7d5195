package searchhttp

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"kizuki/internal/api"
	"kizuki/internal/cal"
	"kizuki/internal/errs"
	"kizuki/internal/id"
	"kizuki/internal/search"
	"kizuki/internal/who"
)

// HitJSON is something found. Marks are the parts of the extract that were
// looked for, in characters, from the first to after the last.
type HitJSON struct {
	Kind         string     `json:"kind"`
	ID           id.ID      `json:"id"`
	Title        string     `json:"title"`
	Extract      string     `json:"extract"`
	Marks        [][2]int   `json:"marks"`
	URL          string     `json:"url"`
	At           *time.Time `json:"at"`
	Contract     id.ID      `json:"contract"`
	ContractName string     `json:"contract_name"`
	OrgName      string     `json:"organization_name"`
	Author       id.ID      `json:"author"`
	AuthorName   string     `json:"author_name"`
}

// FacetJSON counts the newest thousand hits by one side of theirs.
type FacetJSON struct {
	Name   string      `json:"name" enum:"kind,contract,owner,author,unit,month"`
	Values []ValueJSON `json:"values"`
}

// ValueJSON is one value of a facet.
type ValueJSON struct {
	Key   string `json:"key"`
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// FoundJSON is a page of hits. Loose says that nothing holds all of the words
// and these are the nearest; waiting, how many things are not searched yet.
type FoundJSON struct {
	Items   []HitJSON   `json:"items"`
	Next    string      `json:"next"`
	Loose   bool        `json:"loose"`
	Waiting int         `json:"waiting"`
	Facets  []FacetJSON `json:"facets,omitempty"`
}

type input struct {
	Q        string   `query:"q" doc:"words, \"a phrase\", -not, A OR B, owner:name author:name type:note in:contract team:name date:2024-01..2024-03 from:day to:day; the same in Japanese"`
	Kind     string   `query:"kind"`
	Contract string   `query:"contract"`
	Author   string   `query:"author" doc:"a member's id"`
	From     cal.Date `query:"from"`
	To       cal.Date `query:"to"`
	Sort     string   `query:"sort" enum:"recent,best" default:"recent"`
	Limit    int      `query:"limit" minimum:"1" maximum:"200" default:"20"`
	Cursor   string   `query:"cursor" doc:"next of the page before"`
	Facets   bool     `query:"facets" doc:"count the hits, too"`
}

// API adds the endpoint.
func (h *Handlers) API(a *api.API) {
	api.Add(a, who.Read, huma.Operation{OperationID: "search", Method: "GET", Path: "/search", Tags: []string{"Search"},
		Summary: "Find anything people wrote, the newest first or the best match"}, h.find)
}

func (h *Handlers) find(ctx context.Context, in *input) (*api.One[FoundJSON], error) {
	q := search.Query{Q: in.Q, Kind: in.Kind, From: in.From, To: in.To, Sort: in.Sort, Limit: in.Limit, Cursor: in.Cursor, Facets: in.Facets}
	for _, ref := range []struct {
		text, name string
		to         *id.ID
	}{{in.Contract, "contract", &q.Contract}, {in.Author, "author", &q.Author}} {
		if ref.text == "" {
			continue
		}
		v, err := id.Parse(ref.text)
		if err != nil {
			return nil, errs.Field(ref.name, "err.choice")
		}
		*ref.to = v
	}
	res, err := h.svc.Find(ctx, q)
	if err != nil {
		return nil, err
	}
	out := FoundJSON{Items: make([]HitJSON, len(res.Hits)), Next: res.Next, Loose: res.Loose, Waiting: res.Waiting}
	for i, hit := range res.Hits {
		out.Items[i] = hitJSON(hit)
	}
	for _, f := range res.Facets {
		values := make([]ValueJSON, len(f.Values))
		for i, v := range f.Values {
			values[i] = ValueJSON{v.Key, v.Name, v.Count}
		}
		out.Facets = append(out.Facets, FacetJSON{f.Name, values})
	}
	return api.NewOne(out), nil
}

func hitJSON(h search.Hit) HitJSON {
	out := HitJSON{Kind: h.Kind, ID: h.ID, Title: h.Title, Marks: [][2]int{}, URL: h.URL, At: api.Instant(h.At), Contract: h.Contract,
		ContractName: h.ContractName, OrgName: h.OrgName, Author: h.Author, AuthorName: h.AuthorName}
	if out.Title == "" {
		out.Title = strings.TrimSpace(h.OrgName + " " + h.ContractName)
	}
	at := 0
	for _, p := range h.Extract {
		n := utf8.RuneCountInString(p.Text)
		if p.Mark {
			out.Marks = append(out.Marks, [2]int{at, at + n})
		}
		out.Extract += p.Text
		at += n
	}
	return out
}
