package search

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kizuki/internal/text"
)

// question is what was asked, as features of which things have more or fewer.
type question struct {
	features []feature
}

// feature is a pair of Japanese characters, a word, or a whole run of Chinese
// characters or katakana.
type feature struct {
	folded  string
	weight  float64
	telling bool    // not only hiragana, so that it may choose candidates
	word    bool    // a whole run, not a pair of it
	df      float64 // rows that have it; 0 = not known
}

// How much a pair of hiragana, another pair, and a whole word weigh.
const (
	kanaWeight = 0.3
	pairWeight = 1.0
	wordWeight = 1.0
)

// read makes features of a question in plain words.
func read(a Ask) question {
	var x question
	at := map[string]int{}
	add := func(f feature) {
		if i, there := at[f.folded]; there {
			x.features[i].weight = max(x.features[i].weight, f.weight)
			x.features[i].telling = x.features[i].telling || f.telling
			return
		}
		at[f.folded] = len(x.features)
		x.features = append(x.features, f)
	}
	for _, g := range a.All {
		for _, r := range contentRuns(text.Fold(g[0].Raw)) {
			folded := text.FoldSearch(r.text)
			n := utf8.RuneCountInString(folded)
			switch {
			case r.class == latin:
				add(feature{folded: folded, weight: pairWeight + wordWeight, telling: true, word: true})
			case r.class != kana && (n > 2 || n == 1):
				add(feature{folded: folded, weight: wordWeight, telling: true, word: true})
			}
		}
		for _, p := range pairs(g[0].Raw) {
			add(p)
		}
	}
	return x
}

// readTerms makes a feature of each term that must be there anyway.
func readTerms(a Ask) question {
	var x question
	for _, g := range a.All {
		for _, t := range g {
			x.features = append(x.features, feature{folded: t.Folded, weight: 1, word: true})
		}
	}
	return x
}

// pairs are the pairs of neighbouring Japanese characters of a text.
func pairs(raw string) []feature {
	var out []feature
	r := []rune(text.FoldSearch(raw))
	plain := []rune(text.Fold(raw)) // where katakana still is
	aligned := len(r) == len(plain)
	for i := 0; i+1 < len(r); i++ {
		if text.ScriptOf(r[i]) != text.Japanese || text.ScriptOf(r[i+1]) != text.Japanese {
			continue
		}
		look := r[i : i+2]
		if aligned {
			look = plain[i : i+2]
		}
		f := feature{folded: string(r[i : i+2]), weight: kanaWeight}
		if !unicode.Is(unicode.Hiragana, look[0]) || !unicode.Is(unicode.Hiragana, look[1]) {
			f.weight, f.telling = pairWeight, true
		}
		out = append(out, f)
	}
	return out
}

type class int

const (
	other class = iota
	kana
	kanji
	kata
	latin
)

type contentRun struct {
	text  string
	class class
}

// contentRuns cuts a folded text where the kind of its characters changes: a
// rough way to words that needs no dictionary.
func contentRuns(folded string) []contentRun {
	var out []contentRun
	last := other
	for _, r := range folded {
		c := classOf(r, last)
		if c == last && c != other {
			out[len(out)-1].text += string(r)
		} else if c != other {
			out = append(out, contentRun{string(r), c})
		}
		last = c
	}
	return out
}

func classOf(r rune, last class) class {
	switch {
	case r == 'ー' && last != other:
		return last
	case unicode.Is(unicode.Hiragana, r):
		return kana
	case unicode.Is(unicode.Katakana, r), r == 'ー':
		return kata
	case unicode.Is(unicode.Han, r), r == '々':
		return kanji
	case text.ScriptOf(r) == text.Word:
		return latin
	}
	return other
}

// probes are the features that choose candidates: the telling ones, or all if
// there are none.
func (x question) probes() []int {
	var out []int
	for i, f := range x.features {
		if f.telling {
			out = append(out, i)
		}
	}
	for i, f := range x.features {
		if !f.telling {
			out = append(out, i)
		}
	}
	return out[:min(len(out), mostFeatures)]
}

// marks are the words of a question that a hit marks.
func (x question) marks() []string {
	var out []string
	for _, f := range x.features {
		if f.telling {
			out = append(out, f.folded)
		}
	}
	return out
}

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
func rank(rows []row, docs map[thing]Doc, x question, total float64, now time.Time) (good int) {
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
	x.guess(folded, total)
	top := 0.0
	for i := range list {
		list[i].score = x.score(folded[i][0], folded[i][1], average, total)
		top = max(top, list[i].score)
	}
	for i := range list {
		if age := now.Sub(list[i].at); age >= 0 {
			list[i].score += top * ageWeight * math.Exp(-age.Hours()/24/180)
		}
	}
	slices.SortStableFunc(list, func(a, b scored) int {
		if a.score != b.score {
			return -compareFloat(a.score, b.score)
		}
		return newestFirst(a.row, b.row)
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
func (x question) guess(folded [][2]string, total float64) {
	for i := range x.features {
		f := &x.features[i]
		if f.df > 0 {
			continue
		}
		n := 0
		for _, t := range folded {
			if strings.Contains(t[1], f.folded) || strings.Contains(t[0], f.folded) {
				n++
			}
		}
		f.df = max(1, total*float64(n)/float64(max(1, len(folded))))
	}
}

func (x question) score(title, body string, average, total float64) float64 {
	norm := 1 - b + b*float64(utf8.RuneCountInString(body))/average
	var sum float64
	var spots []spot
	for i, f := range x.features {
		tf := float64(strings.Count(body, f.folded))
		in := strings.Count(title, f.folded)
		if tf+float64(in) == 0 {
			continue
		}
		weight := f.weight * idf(f.df, total+1)
		sum += weight * tf * (k1 + 1) / (tf + k1*norm)
		if in > 0 {
			sum += weight * titleWeight
		}
		if at := strings.Index(body, f.folded); at >= 0 {
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
