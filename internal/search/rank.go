package search

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kizuki/internal/search/ask"
	"kizuki/internal/text"
)

// Weights of the ranking (BM25 with its usual letters), as measured by
// bench/retrieval.
const (
	k1          = 1.2
	b           = 0.6
	titleWeight = 2.5
	nearWeight  = 0.6
	ageWeight   = 0.05 // at most, of the best score
	near        = 0.25 // of the best score: what is further behind has nothing to do with it
)

type scored struct {
	row   row
	score float64
	at    time.Time
}

// rank sorts rows by how well they answer, equals the newest first, and tells
// how many of them come near the best.
func rank(rows []row, docs map[thing]Doc, x ask.Question, total float64, now time.Time) (good int) {
	list := make([]scored, len(rows))
	folded := make([][2]string, len(rows))
	var length float64
	for i, r := range rows {
		d := docs[r.thing()]
		folded[i] = [2]string{text.FoldSearch(d.Title), text.FoldSearch(d.Body)}
		length += float64(utf8.RuneCountInString(folded[i][1]))
		list[i] = scored{row: r, at: d.At}
	}
	average := max(1, length/float64(max(1, len(rows))))
	guess(x, folded, total)
	top := 0.0
	for i := range list {
		list[i].score = scoreOf(x, folded[i][0], folded[i][1], average, total)
		top = max(top, list[i].score)
	}
	for i := range list {
		if age := now.Sub(list[i].at); age >= 0 {
			list[i].score += top * ageWeight * math.Exp(-age.Hours()/24/180)
		}
	}
	slices.SortStableFunc(list, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), newestFirst(a.row, b.row))
	})
	for i, l := range list {
		rows[i] = l.row
		if l.score >= near*top {
			good++
		}
	}
	return good
}

// guess estimates how frequent the features are that were not looked for, from
// the candidates at hand, in which they are more frequent than elsewhere.
func guess(x ask.Question, folded [][2]string, total float64) {
	for i := range x.Features {
		f := &x.Features[i]
		if f.DF > 0 {
			continue
		}
		n := 0
		for _, t := range folded {
			if strings.Contains(t[1], f.Folded) || strings.Contains(t[0], f.Folded) {
				n++
			}
		}
		f.DF = max(1, total*float64(n)/float64(max(1, len(folded))))
	}
}

func scoreOf(x ask.Question, title, body string, average, total float64) float64 {
	norm := 1 - b + b*float64(utf8.RuneCountInString(body))/average
	var sum float64
	var spots []spot
	for i, f := range x.Features {
		tf := float64(strings.Count(body, f.Folded))
		in := strings.Count(title, f.Folded)
		if tf+float64(in) == 0 {
			continue
		}
		weight := f.Weight * idf(f.DF, total+1)
		sum += weight * tf * (k1 + 1) / (tf + k1*norm)
		if in > 0 {
			sum += weight * titleWeight
		}
		if at := strings.Index(body, f.Folded); at >= 0 {
			spots = append(spots, spot{at, i, weight})
		}
	}
	return sum + nearWeight*closest(spots)
}

type spot struct {
	at, feature int
	weight      float64
}

// reach is how far apart, in bytes, words stand that belong together.
const reach = 180

// closest gives the weight of the features that stand nearest together.
func closest(spots []spot) float64 {
	slices.SortFunc(spots, func(a, b spot) int { return a.at - b.at })
	best, sum, from := 0.0, 0.0, 0
	for to := range spots {
		sum += spots[to].weight
		for spots[to].at-spots[from].at > reach {
			sum -= spots[from].weight
			from++
		}
		best = max(best, sum)
	}
	return best
}
