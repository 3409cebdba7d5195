package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Excerpt returns the first words of the Markdown note s as one line of at most
// limit characters (runes; the … that tells of a cut is one of them). Heading,
// quote and list marks, emphasis, code marks and link targets are taken away; a
// link leaves its text. The cut never splits a character from its combining
// marks, variation selector, skin tone or joined emoji. A limit below 1 gives "".
func Excerpt(s string, limit int) string {
	line := Line(plain(s))
	if limit < 1 {
		return ""
	}
	if utf8.RuneCountInString(line) <= limit {
		return line
	}
	runes := []rune(line)
	cut := limit - 1
	for cut > 0 && joined(runes, cut) {
		cut--
	}
	return strings.TrimRight(string(runes[:cut]), " ") + "…"
}

var (
	fences    = regexp.MustCompile("(?m)^[ \t]*```.*$")
	lineMarks = regexp.MustCompile(`(?m)^[ \t]*(?:(?:>|#{1,6}[ \t]|[-*+][ \t](?:\[[ xX]\][ \t])?)[ \t]*)+`)
	links     = regexp.MustCompile(`!?\[([^\]\n]*)\]\([^)\n]*\)`)
	emphasis  = regexp.MustCompile(`\*{1,3}([^*\s](?:[^*\n]*[^*\s])?)\*{1,3}`)
)

// plain takes the Markdown marks out of s. It is for reading at a glance, not a
// renderer: what it does not know stays as written.
func plain(s string) string {
	s = fences.ReplaceAllString(Clean(s), "")
	s = lineMarks.ReplaceAllString(s, "")
	s = links.ReplaceAllString(s, "$1")
	s = emphasis.ReplaceAllString(s, "$1")
	return strings.ReplaceAll(s, "`", "")
}

// joined tells whether runes[i] belongs to the character begun before it.
func joined(runes []rune, i int) bool {
	r := runes[i]
	switch {
	case unicode.Is(unicode.M, r), r == zwj, runes[i-1] == zwj,
		r == 'ﾞ', r == 'ﾟ',
		'\U0001F3FB' <= r && r <= '\U0001F3FF', // skin tones
		'\U000E0020' <= r && r <= '\U000E007F': // tags of regional flags
		return true
	}
	return isFlagHalf(r) && flagHalvesBefore(runes, i)%2 == 1
}

func isFlagHalf(r rune) bool { return '\U0001F1E6' <= r && r <= '\U0001F1FF' }

func flagHalvesBefore(runes []rune, i int) int {
	n := 0
	for i > n && isFlagHalf(runes[i-1-n]) {
		n++
	}
	return n
}
