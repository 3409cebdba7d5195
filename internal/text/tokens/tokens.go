// Package tokens cuts folded text into what the full-text indexes of SQLite and
// PostgreSQL hold, and words that are looked for into the phrases that find
// them. Both databases get the same tokens, so that both give the same hits.
//
// # The rules
//
// A text is folded by text.FoldSearch (its comment says what becomes one) and
// then consists of runs of one text.Script, with single spaces between two runs
// of the same script. Each character but the space has one place, and at each
// place stands one token: the run from there on, at most so many characters of
// it:
//
//   - Japanese: 2. 解約金 is 解約, 約金, 金: overlapping pairs and a final single.
//   - Words: 8. They stand whole, as long as they have no more; since what
//     stands at the second place is the word without its first letter, a word is
//     also found by what is inside it, as LIKE would.
//   - Marks (% + # and emoji): 1, each by itself.
//
// Where Japanese follows a word, or a word Japanese, one more token stands
// between them: the first character of what follows, behind a mark. 3月末 is
// 3, Ｊ月, 月末, 末.
//
// A term is folded and cut alike. Where a run of it ends and another follows,
// the run of the text must end, too, and the short tokens at its end say so.
// The term's last run may go on in the text: its tokens are those of full
// length, and if it is shorter than that, one token that is only the beginning
// of what stands in the text. So a single character (雪) is found by the
// beginning of a pair. SQLite gathers all that begins so before it gives the
// first, 25 ms at a million notes; what people write most, 3月 or 5名, has the
// token between the scripts instead.
//
// From this follows, and is tested: a phrase finds a text if and only if the
// folded text contains the folded term. Nothing is missed and nothing extra is
// found, whatever the words, for terms of up to MaxTerm characters.
//
// Tokens hold neither spaces nor ASCII punctuation: that is written in its
// full-width form, which folding never leaves in a text, so that no token needs
// quoting in the languages of either database. Tokens that begin with a
// full-width letter are marks of ours (see Tag).
package tokens

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"kizuki/internal/text"
)

// Bounds, in characters without spaces.
const (
	// MaxTerm is the longest term that is one phrase.
	MaxTerm = 128
	// Passage is the most tokens that one row of the index holds: PostgreSQL
	// counts places only up to 16,383.
	Passage = 4000
	// overlap lets every phrase stand whole in one of two neighbours.
	overlap = MaxTerm
	// often is how many places of one token PostgreSQL keeps.
	often = 255
)

// width is the length of the tokens of a script.
func width(s text.Script) int {
	switch s {
	case text.Japanese:
		return 2
	case text.Word:
		return 8
	}
	return 1
}

// run is a part of a folded text in one script.
type run struct {
	chars  []rune
	wide   int
	joined bool // to a run of the other script before it
}

// joint is the token between two runs.
func (r run) joint() string { return "Ｊ" + string(r.chars[0]) }

// joins reports whether a token of its own stands where two scripts meet.
func joins(before, after text.Script) bool {
	return before == text.Word && after == text.Japanese || before == text.Japanese && after == text.Word
}

func runs(folded string) []run {
	var out []run
	last := text.Space
	for _, r := range folded {
		s := text.ScriptOf(r)
		if s == text.Mark && r < 0x80 {
			r += 0xfee0 // the full-width form
		}
		switch {
		case s == text.Space:
		case s == last:
			out[len(out)-1].chars = append(out[len(out)-1].chars, r)
		default:
			out = append(out, run{chars: []rune{r}, wide: width(s), joined: joins(last, s)})
		}
		last = s
	}
	return out
}

// Of gives the tokens of a folded text, place by place.
func Of(folded string) []string {
	out := make([]string, 0, len(folded)/2)
	for _, r := range runs(folded) {
		if r.joined {
			out = append(out, r.joint())
		}
		for i := range r.chars {
			out = append(out, string(r.chars[i:min(i+r.wide, len(r.chars))]))
		}
	}
	return out
}

// Phrase is a term as the indexes look for it: tokens at neighbouring places,
// of which the last may be only the beginning of what stands there.
type Phrase struct {
	Tokens []string
	Prefix bool
}

// Of a folded term; without tokens if there is nothing to look for.
func PhraseOf(folded string) Phrase {
	all := runs(folded)
	if len(all) == 0 {
		return Phrase{}
	}
	var p Phrase
	for _, r := range all[:len(all)-1] {
		p.add(r, len(r.chars))
	}
	last := all[len(all)-1]
	whole := len(last.chars) - last.wide + 1 // tokens of full length
	switch {
	case whole > 0:
		p.add(last, whole)
	case last.joined && len(last.chars) == 1:
		p.add(last, 0) // the token between says all
	default:
		p.add(last, 1)
		p.Prefix = true
	}
	return p
}

// add appends a run: what joins it, and its first n tokens.
func (p *Phrase) add(r run, n int) {
	if r.joined {
		p.Tokens = append(p.Tokens, r.joint())
	}
	for i := range n {
		p.Tokens = append(p.Tokens, string(r.chars[i:min(i+r.wide, len(r.chars))]))
	}
}

// FTS5 writes the phrase for SQLite.
func (p Phrase) FTS5() string {
	s := `"` + strings.Join(p.Tokens, " ") + `"`
	if p.Prefix {
		s += " *"
	}
	return s
}

// TSQuery writes the phrase for PostgreSQL.
func (p Phrase) TSQuery() string {
	s := "'" + strings.Join(p.Tokens, "' <-> '") + "'"
	if p.Prefix {
		s += ":*"
	}
	return "(" + s + ")"
}

// Break is the token between a title and what follows; no phrase crosses it.
const Break = "ＢＲ"

// Tag is a token that says something of a text instead of standing in it: its
// kind, its contract. letter is one of A to Z but B.
func Tag(letter rune, value string) string {
	s := string(letter - 'A' + 'Ａ')
	for _, r := range value {
		if text.ScriptOf(r) == text.Word {
			s += strings.ToLower(string(r))
		} else {
			s += "＿"
		}
	}
	return s
}

// Vector writes tokens, and tags without a place, as a tsvector.
func Vector(tags, list []string) string {
	places := make(map[string][]byte, len(list))
	order := make([]string, 0, len(list))
	for i, t := range list {
		at, known := places[t]
		if !known {
			order = append(order, t)
			at = make([]byte, 0, 8)
		} else {
			at = append(at, ',')
		}
		places[t] = strconv.AppendInt(at, int64(i+1), 10)
	}
	var b strings.Builder
	b.Grow(16 * len(list))
	for _, t := range tags {
		b.WriteString("'" + t + "' ")
	}
	for _, t := range order {
		b.WriteByte('\'')
		b.WriteString(t)
		b.WriteString("':")
		b.Write(places[t])
		b.WriteByte(' ')
	}
	return b.String()
}

// Passages cuts a folded text where it is too long for one row. Neighbours
// overlap by MaxTerm characters. Most texts are one passage.
func Passages(folded string) []string {
	if len(folded) <= often {
		return []string{folded}
	}
	var out []string
	for {
		n := fits(folded)
		out = append(out, folded[:n])
		if n == len(folded) {
			return out
		}
		folded = folded[n-tail(folded[:n]):]
	}
}

// fits is how many bytes of a text one row holds.
func fits(folded string) int {
	const joint = -1
	seen := map[[2]rune]int{} // a character and the next of its run, 0 at the end, or what joins it: no token is more frequent
	var last rune
	var script text.Script
	count := 0
	for i, r := range folded {
		now := text.ScriptOf(r)
		if last != 0 {
			key := [2]rune{last, r}
			if now != script || now == text.Mark {
				key[1] = 0
			}
			if seen[key]++; seen[key] >= often {
				return i
			}
			if joins(script, now) {
				count++
				if seen[[2]rune{joint, r}]++; seen[[2]rune{joint, r}] >= often {
					return i
				}
			}
		}
		if last, script = r, now; now == text.Space {
			last = 0
		} else if count++; count > Passage {
			return i
		}
	}
	return len(folded)
}

// tail is how many bytes the last characters take that the next row repeats.
func tail(s string) int {
	n := 0
	for i := len(s); i > 0; {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
		if r != ' ' {
			n++
		}
		if n == overlap {
			return len(s) - i
		}
	}
	return 0
}

// Windows cuts a folded term that is too long to be one phrase into such as
// together say nearly the same.
func Windows(folded string) []string {
	var out []string
	for utf8.RuneCountInString(folded) > MaxTerm {
		r := []rune(folded)
		out = append(out, string(r[:MaxTerm]))
		folded = string(r[MaxTerm/2:])
	}
	return append(out, folded)
}
