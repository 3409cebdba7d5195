package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// FoldSearch returns the form of s in which words are looked for, never shown.
// It is Fold, and then:
//
//   - kana iteration marks are written out: いすゞ is いすず, みすゝ is みすす
//     (々 stays: what it repeats may stand outside the word that is typed);
//   - the long sound mark at the end of long hiragana words is dropped, too, so
//     that さーばー finds サーバ; a word ends where the script changes, so
//     サーバーは is サーバは;
//   - katakana becomes hiragana: what is typed in one finds the other;
//   - a space stays only between two words or two runs of Japanese, where it
//     tells things apart: API 連携 is API連携, 東京 大阪 is not 東京大阪.
//
// Unlike Fold it is meant to be applied once, to what a person wrote.
func FoldSearch(s string) string { return written(unite(cellsOf(Fold(s)))) }

// Script is what a character is to the search.
type Script int

// The scripts. Words are letters, digits and marks of all writings but the
// Japanese; Mark is everything that is neither, emoji among it.
const (
	Space Script = iota
	Word
	Japanese
	Mark
)

// ScriptOf tells the script of a folded character.
func ScriptOf(r rune) Script {
	switch {
	case r == ' ':
		return Space
	case r < 0x80:
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' {
			return Word
		}
		return Mark
	case r == longMark, r == '々', r == '〆', r == '〇', r == '\u3099', r == '\u309a',
		unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
		return Japanese
	case unicode.In(r, unicode.L, unicode.N, unicode.M):
		return Word
	}
	return Mark
}

// Span is a part of a text in bytes, from the first to after the last.
type Span struct{ From, To int }

// Find gives where the folded words stand in s, in order and without overlap:
// what search results mark.
func Find(s string, folded []string) []Span {
	cells := align(s)
	hay := written(cells)
	var found []Span
	for _, f := range folded {
		if f == "" {
			continue
		}
		n := utf8.RuneCountInString(f)
		for at := 0; ; {
			i := strings.Index(hay[at:], f)
			if i < 0 {
				break
			}
			first := utf8.RuneCountInString(hay[:at+i])
			found = append(found, Span{cells[first].from, cells[first+n-1].to})
			at += i + len(f)
		}
	}
	slices.SortFunc(found, func(a, b Span) int { return a.From - b.From })
	out := found[:0]
	for _, f := range found {
		if k := len(out) - 1; k >= 0 && f.From < out[k].To {
			out[k].To = max(out[k].To, f.To)
			continue
		}
		out = append(out, f)
	}
	return out
}

// cell is a folded character and the bytes it came from.
type cell struct {
	r        rune
	from, to int
}

func cellsOf(s string) []cell {
	out := make([]cell, 0, len(s)/2)
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		out = append(out, cell{r, i, i + size})
	}
	return out
}

func written(cells []cell) string {
	var b strings.Builder
	b.Grow(3 * len(cells))
	for _, c := range cells {
		b.WriteRune(c.r)
	}
	return b.String()
}

// align folds s as FoldSearch does, character by character. That both give the
// same is tested.
func align(s string) []cell {
	cells := slices.DeleteFunc(cellsOf(s), func(c cell) bool { return visible(c.r) < 0 })
	cells = normalized(cells)
	for i := range cells {
		cells[i].r = foldRune(cells[i].r)
	}
	return unite(spaced(dropMarks(legal(normalized(cells)), isKatakana)))
}

// normalized is NFKC; each character that comes out stands for all of those
// that went into its segment.
func normalized(cells []cell) []cell {
	s := written(cells)
	var out []cell
	var it norm.Iter
	it.InitString(norm.NFKC, s)
	first, begun := 0, 0
	var held []rune // of a character that becomes several: the place moves on with the last
	for !it.Done() {
		held = append(held, []rune(string(it.Next()))...)
		n := utf8.RuneCountInString(s[begun:it.Pos()])
		if n == 0 {
			continue
		}
		for _, r := range held {
			out = append(out, cell{r, cells[first].from, cells[first+n-1].to})
		}
		held, first, begun = held[:0], first+n, it.Pos()
	}
	for _, r := range held {
		out = append(out, cell{r, cells[len(cells)-1].from, cells[len(cells)-1].to})
	}
	return out
}

// legal writes legal forms out.
func legal(cells []cell) []cell {
	if !strings.ContainsAny(written(cells), "(n") {
		return cells
	}
	var out []cell
	for i := 0; i < len(cells); {
		short, long := legalAt(cells[i:])
		if short == 0 {
			out = append(out, cells[i])
			i++
			continue
		}
		for _, r := range long {
			out = append(out, cell{r, cells[i].from, cells[i+short-1].to})
		}
		i += short
	}
	return out
}

func legalAt(cells []cell) (short int, long string) {
	for k := 0; k < len(legalPairs); k += 2 {
		form := []rune(legalPairs[k])
		if len(form) <= len(cells) && slices.EqualFunc(form, cells[:len(form)], func(r rune, c cell) bool { return r == c.r }) {
			return len(form), legalPairs[k+1]
		}
	}
	return 0, ""
}

// spaced trims and makes every run of white space one space.
func spaced(cells []cell) []cell {
	out := cells[:0]
	for _, c := range cells {
		if !unicode.IsSpace(c.r) {
			out = append(out, c)
		} else if len(out) > 0 && out[len(out)-1].r != ' ' {
			c.r = ' '
			out = append(out, c)
		}
	}
	if n := len(out); n > 0 && out[n-1].r == ' ' {
		out = out[:n-1]
	}
	return out
}

// dropMarks is dropLongMarks for the words of one script.
func dropMarks(cells []cell, letter func(rune) bool) []cell {
	out, sounds, held := cells[:0], 0, 0
	endWord := func() {
		if sounds >= 3 {
			out = out[:len(out)-held]
		}
		sounds, held = 0, 0
	}
	for _, c := range cells {
		switch {
		case c.r == longMark:
			held++
		case letter(c.r), unicode.Is(unicode.Mn, c.r):
			sounds, held = sounds+held, 0
			if letter(c.r) && !strings.ContainsRune("ァィゥェォャュョヮぁぃぅぇぉゃゅょゎ", c.r) {
				sounds++
			}
		default:
			endWord()
		}
		out = append(out, c)
	}
	endWord()
	return out
}

func isHiragana(r rune) bool { return 'ぁ' <= r && r <= 'ゖ' || r == 'ゝ' || r == 'ゞ' }

// unite is what FoldSearch does beyond Fold.
func unite(cells []cell) []cell {
	repeat(cells)
	cells = dropMarks(cells, isHiragana)
	for i := range cells {
		cells[i].r = hiragana(cells[i].r)
	}
	out := cells[:0]
	for i, c := range cells {
		if c.r == ' ' && 0 < i && i < len(cells)-1 {
			before, after := ScriptOf(cells[i-1].r), ScriptOf(cells[i+1].r)
			if before != after || before == Mark {
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

// repeat writes kana iteration marks out; ゝ repeats without, ゞ with a voice.
func repeat(cells []cell) {
	for i := 1; i < len(cells); i++ {
		r := cells[i].r
		if r != 'ゝ' && r != 'ゞ' && r != 'ヽ' && r != 'ヾ' {
			continue
		}
		before := []rune(norm.NFD.String(string(cells[i-1].r)))
		if len(before) == 0 || !isHiragana(before[0]) && !isKatakana(before[0]) || strings.ContainsRune("ゝゞヽヾ", before[0]) {
			continue
		}
		cells[i].r = before[0]
		if r == 'ゞ' || r == 'ヾ' {
			if v := []rune(norm.NFC.String(string(before[0]) + "\u3099")); len(v) == 1 {
				cells[i].r = v[0]
			}
		}
	}
}
