// Package search finds what people wrote: one full-text index over things of
// every kind, on SQLite and PostgreSQL alike. What was written is found by the
// next query although indexing is batched, because a query also looks at what
// still waits; and nothing is found that the one who asks may not read.
package search

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"kizuki/internal/audience"
	"kizuki/internal/bus"
	"kizuki/internal/cal"
	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/job"
	"kizuki/internal/search/fulltext"
	"kizuki/internal/who"
)

// Kind is a kind of things that can be found. A feature registers one in app.
type Kind struct {
	Name string   // as in the API and the index: a to z
	Said []string // what people call it in a query, besides Name

	// News that a thing (its Ref) was made, changed or deleted.
	News []bus.Kind
	// Also are news of other things by which these must be read again.
	Also []Also

	// Load reads things as they are now; those that are gone are not in it.
	Load func(ctx context.Context, q db.Queryer, ws id.ID, refs []id.ID) ([]Doc, error)
	// Each gives ids after one, in their order: for building the index anew.
	Each func(ctx context.Context, q db.Queryer, ws, after id.ID, limit int) ([]id.ID, error)
	// See is the condition that the actor may read the thing of a row called d
	// (columns workspace_id, ref_id). It must be false for what is not there.
	See func(w *db.Where, a who.Actor, d string) string
	// Place tells, for things that belong to no one contract, a contract on which
	// the actor may see them. May be nil.
	Place func(ctx context.Context, q db.Queryer, a who.Actor, refs []id.ID) (map[id.ID]id.ID, error)
	// URL is where a hit opens.
	URL func(h Hit) string
}

// Also says which things must be read again when others change.
type Also struct {
	News []bus.Kind
	Refs func(ctx context.Context, q db.Queryer, ws id.ID, changed []id.ID) ([]id.ID, error)
}

// Doc is a thing as the index takes it.
type Doc struct {
	Ref      id.ID
	Title    string
	Body     string
	Contract id.ID   // the one it belongs to, 0 if none or several
	On       []id.ID // several
	Author   id.ID
	Owner    id.ID // 0: its contract's
	At       time.Time
	Limited  bool  // not for everyone: that somebody reads a note is written down
	Note     id.ID // the note that is read with it, if it is none itself
}

// Hit is something found.
type Hit struct {
	Kind         string
	ID           id.ID
	Title        string  // "" for a note: its contract's name says where it is
	Heading      []Piece // the title with its marks
	Extract      []Piece
	URL          string
	At           time.Time
	Contract     id.ID
	ContractName string
	OrgName      string
	Author       id.ID
	AuthorName   string
}

// Piece is a part of an extract; Mark says that it is what was looked for.
type Piece struct {
	Text string
	Mark bool
}

// Query is what is looked for. Q is in words, see Parse; the others come on top.
type Query struct {
	Q        string
	Kind     string
	Contract id.ID
	Author   id.ID
	From, To cal.Date
	Sort     string // recent (default) or best
	Limit    int    // 1..200, 0 = 20
	Cursor   string // Next of the page before
	Facets   bool   // count the hits, too
	Typing   bool   // the words are still being typed: that they find nothing says nothing
}

// Sorts.
const (
	Recent = "recent"
	Best   = "best"
)

// Result is one page of hits.
type Result struct {
	Hits    []Hit
	Next    string // "" at the end
	Loose   bool   // nothing holds all of the words: these are the nearest
	Waiting int    // things written in bulk that are not searched yet
	Facets  []Facet
	Found   int  // hits counted for the facets
	More    bool // there are more than those
}

// Service is the index and its questions.
type Service struct {
	db     *db.DB
	jobs   *job.Queue
	kinds  []Kind
	byName map[string]Kind
	wake   chan struct{}
	full   fulltext.Engine
	mute   bool
	counts counts

	// Now is the clock.
	Now func() time.Time
	// Audit writes down who reads what is limited; app hands it in.
	Audit audience.Audit
}

// New makes the service.
func New(d *db.DB, jobs *job.Queue) *Service {
	s := &Service{db: d, jobs: jobs, byName: map[string]Kind{}, wake: make(chan struct{}, 1), Now: time.Now, full: fulltext.Of(d)}
	if jobs != nil {
		jobs.Handle(drainKind, s.drainJob)
	}
	return s
}

// Register adds a kind and listens to its news. Called at start only.
func (s *Service) Register(b *bus.Bus, kinds ...Kind) {
	for _, k := range kinds {
		if k.Name == "" || k.Load == nil || k.Each == nil || k.See == nil || k.URL == nil || s.byName[k.Name].Name != "" {
			panic(fmt.Sprintf("search: kind %q is incomplete or there twice", k.Name))
		}
		s.kinds = append(s.kinds, k)
		s.byName[k.Name] = k
		b.Subscribe(func(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
			return s.note(ctx, tx, k.Name, refsOf(changes))
		}, k.News...)
		for _, also := range k.Also {
			b.Subscribe(func(ctx context.Context, tx *db.Tx, changes []bus.Change) error {
				return s.follow(ctx, tx, k.Name, also, refsOf(changes))
			}, also.News...)
		}
	}
}

// Mute makes the service deaf to news: for measuring what it costs.
func (s *Service) Mute(on bool) { s.mute = on }

// Kinds are the names of all kinds, in the order of their registration.
func (s *Service) Kinds() []string {
	out := make([]string, len(s.kinds))
	for i, k := range s.kinds {
		out[i] = k.Name
	}
	return out
}

// refsOf gives what changed, by workspace; one save may bring several news.
func refsOf(changes []bus.Change) map[id.ID][]id.ID {
	out := map[id.ID][]id.ID{}
	seen := map[[2]id.ID]bool{}
	for _, c := range changes {
		key := [2]id.ID{c.Workspace, c.Ref}
		if c.Ref != 0 && !seen[key] {
			seen[key] = true
			out[c.Workspace] = append(out[c.Workspace], c.Ref)
		}
	}
	return out
}

func newestFirst(a, b row) int { return cmp.Compare(b.first(), a.first()) }
