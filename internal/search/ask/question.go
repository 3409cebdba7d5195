package ask

import (
	"unicode"
	"unicode/utf8"

	"kizuki/internal/text"
)

// Question is what was asked, as features of which things have more or fewer.
type Question struct{ Features []Feature }

// Feature is a pair of Japanese characters, a word, or a whole run of Chinese
// characters or katakana.
type Feature struct {
	Folded  string
	Weight  float64
	Telling bool    // not only hiragana, so that it may choose candidates
	DF      float64 // rows that have it; 0 = not known
}

// How much a pair of hiragana, another pair, and a whole word weigh.
const (
	kanaWeight = 0.3
	pairWeight = 1.0
	wordWeight = 1.0
)

// Question makes features of a question in plain words.
func (a Ask) Question() Question {
	var x Question
	at := map[string]int{}
	add := func(f Feature) {
		if i, there := at[f.Folded]; there {
			x.Features[i].Weight = max(x.Features[i].Weight, f.Weight)
			x.Features[i].Telling = x.Features[i].Telling || f.Telling
			return
		}
		at[f.Folded] = len(x.Features)
		x.Features = append(x.Features, f)
	}
	for _, g := range a.All {
		for _, r := range contentRuns(text.Fold(g[0].Raw)) {
			folded := text.FoldSearch(r.text)
			n := utf8.RuneCountInString(folded)
			switch {
			case r.class == latin:
				add(Feature{Folded: folded, Weight: pairWeight + wordWeight, Telling: true})
			case r.class != kana && (n > 2 || n == 1):
				add(Feature{Folded: folded, Weight: wordWeight, Telling: true})
			}
		}
		for _, p := range pairs(g[0].Raw) {
			add(p)
		}
	}
	return x
}

// Exact makes a feature of each term that must be there anyway.
func (a Ask) Exact() Question {
	var x Question
	for _, g := range a.All {
		for _, t := range g {
			x.Features = append(x.Features, Feature{Folded: t.Folded, Weight: 1})
		}
	}
	return x
}

// pairs are the pairs of neighbouring Japanese characters of a text.
func pairs(raw string) []Feature {
	var out []Feature
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
		f := Feature{Folded: string(r[i : i+2]), Weight: kanaWeight}
		if !unicode.Is(unicode.Hiragana, look[0]) || !unicode.Is(unicode.Hiragana, look[1]) {
			f.Weight, f.Telling = pairWeight, true
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

// Probes are the features that choose candidates: the telling ones before the
// others. A single letter or digit is asked for only if there is nothing telling
// besides: 7 stands in every 2027 and 70, so that it chooses nothing, and an index
// goes through all that begins with it, ten times as long at ten times the notes.
func (x Question) Probes(most int) []int {
	var telling, others, lone []int
	for i, f := range x.Features {
		switch {
		case f.lone():
			lone = append(lone, i)
		case f.Telling:
			telling = append(telling, i)
		default:
			others = append(others, i)
		}
	}
	if len(telling) == 0 {
		telling = lone
	}
	out := append(telling, others...)
	return out[:min(len(out), most)]
}

// lone tells that a feature is a single letter or digit.
func (f Feature) lone() bool {
	r, size := utf8.DecodeRuneInString(f.Folded)
	return size == len(f.Folded) && text.ScriptOf(r) == text.Word
}

// Marks are the words of a question that a hit marks.
func (x Question) Marks() []string {
	var out []string
	for _, f := range x.Features {
		if f.Telling {
			out = append(out, f.Folded)
		}
	}
	return out
}
