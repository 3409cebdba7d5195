package search

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"kizuki/internal/db"
	"kizuki/internal/id"
	"kizuki/internal/search/ask"
	"kizuki/internal/search/fulltext"
	"kizuki/internal/text/tokens"
)

const (
	// mostRanked is how many hits are ranked: the newest. Ranking all hits of a
	// frequent word cost a second at a million notes.
	mostRanked = 500
	// mostProbed is how many rows one feature of a question may bring; one that
	// stands in more says too little to choose by.
	mostProbed = 1000
	// mostFeatures is how many features of a question are looked for.
	mostFeatures = 60
	// mostRead is how many candidates of a question are read and scored.
	mostRead = 300
)

// best gives the best hits: of those that hold all the words the newest
// few hundred, ranked. If nothing holds them all, and nothing but words was asked,
// the things nearest to the question.
func (s *Service) best(ctx context.Context, h *hunt, q Query, skip int, res *Result) error {
	rows, err := h.rows(ctx, fulltext.LastRow, mostRanked)
	if err != nil {
		return err
	}
	words := h.f.ask.Words()
	var x ask.Question
	if len(rows) == 0 && h.f.ask.Plain() {
		x = h.f.ask.Question()
		if rows, err = h.near(ctx, x); err != nil {
			return err
		}
		res.Loose, words = len(rows) > 0, x.Marks()
	} else {
		x = h.f.ask.Exact()
	}
	docs, err := s.docs(ctx, rows)
	if err != nil {
		return err
	}
	total, err := s.counts.of(ctx, s.db, h.actor.Workspace, s.Now())
	if err != nil {
		return err
	}
	top := rank(rows, docs, x, total, s.Now())
	if res.Loose {
		rows = rows[:top]
	}
	if q.Facets {
		if err := s.count(ctx, h, rows, res); err != nil {
			return err
		}
	}
	if skip = min(skip, len(rows)); skip > 0 {
		rows = rows[skip:]
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		res.Next = cursor{Sort: Best, At: int64(skip + q.Limit)}.String()
	}
	res.Hits, err = s.show(ctx, h, rows, words)
	return err
}

// near finds the things that share the most telling features of a question.
func (h *hunt) near(ctx context.Context, x ask.Question) ([]row, error) {
	total, err := h.counts.of(ctx, h.db, h.actor.Workspace, h.Now())
	if err != nil {
		return nil, err
	}
	probed := x.Probes(mostFeatures)
	conds := make([]string, len(probed))
	tags := h.tagged(h.f)
	for i, f := range probed {
		conds[i] = h.full.Combine(fulltext.And, append(slices.Clone(tags), h.full.Phrase(tokens.PhraseOf(x.Features[f].Folded))))
	}
	from, to := h.f.rows()
	found, err := h.full.Sample(ctx, h.db, fulltext.Span{Workspace: h.actor.Workspace, From: from, To: to}, total, conds, mostProbed)
	if err != nil {
		return nil, err
	}
	score := map[int64]float64{}
	for i, s := range found {
		f := &x.Features[probed[i]]
		f.DF = max(float64(len(s.Rows)), s.Many)
		if len(s.Rows) > mostProbed && s.Many == 0 {
			f.DF = max(2*mostProbed, total/8)
		}
		for _, r := range s.Rows {
			score[r] += f.Weight * idf(f.DF, total)
		}
	}
	ids := make([]int64, 0, len(score))
	for r := range score {
		ids = append(ids, r)
	}
	slices.SortFunc(ids, func(a, b int64) int {
		return cmp.Or(cmp.Compare(score[b], score[a]), cmp.Compare(b, a))
	})
	rows, err := h.visible(ctx, ids[:min(len(ids), mostRead)])
	if err != nil {
		return nil, err
	}
	seen := map[thing]bool{}
	rows = slices.DeleteFunc(rows, func(r row) bool {
		again := seen[r.thing()]
		seen[r.thing()] = true
		return again
	})
	return rows, nil
}

// idf is how telling a feature is that df of n rows have.
func idf(df, n float64) float64 { return math.Log(1 + (max(n, df)-df+0.5)/(df+0.5)) }

// counts remembers for some minutes how many rows the index has.
type counts struct {
	mu sync.Mutex
	by map[id.ID]counted
}

type counted struct {
	n  float64
	at time.Time
}

func (c *counts) of(ctx context.Context, q db.Queryer, ws id.ID, now time.Time) (float64, error) {
	c.mu.Lock()
	v, ok := c.by[ws]
	c.mu.Unlock()
	if age := now.Sub(v.at); ok && 0 <= age && age < 10*time.Minute {
		return v.n, nil
	}
	n, _, err := db.One(ctx, q, db.Value[int64], "SELECT count(*) FROM search_doc WHERE workspace_id = $1", ws)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[id.ID]counted{}
	}
	c.by[ws] = counted{float64(n), now}
	return float64(n), nil
}
