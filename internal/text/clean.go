// Package text makes people's words safe to store, to compare and to show.
//
// Everything here is pure and knows no feature. Cleaning is done once at the
// edge; folding gives the form that is compared and searched, on SQLite and
// PostgreSQL alike, so neither database's own idea of lower case matters.
package text

import (
	"strings"
	"unicode"
)

const (
	zwnj = '\u200c'
	zwj  = '\u200d'
)

// Clean returns s without what PostgreSQL refuses or no reader can see: runs of
// invalid UTF-8 become one U+FFFD, CRLF, CR and NEL become LF, and control
// characters (C0, C1 and DEL) other than LF and tab are dropped. A text of
// which nothing can be seen is "", so that it counts as unset everywhere.
// Normalization is left as the writer had it. Clean is idempotent.
func Clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = newlines.Replace(s)
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !unicode.IsControl(r) {
			return r
		}
		return -1
	}, s)
	if strings.IndexFunc(s, seen) < 0 {
		return ""
	}
	return s
}

var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n")

// seen tells whether a reader sees anything of r.
func seen(r rune) bool { return visible(r) >= 0 && !unicode.IsSpace(r) }

// Line returns s as one clean line, for names and titles: white space of any
// kind (U+3000, NBSP, line ends) is trimmed at both ends and each run becomes one
// space. Zero width spaces, word joiners and byte order marks vanish wherever
// they are, because a space in their place would split a word; the zero width
// joiners inside emoji stay. Line is idempotent.
func Line(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\u200b' || r == '\u2060' || r == '\ufeff' {
			return -1
		}
		return r
	}, Clean(s))
	return oneSpaced(strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || r == zwj || r == zwnj
	}))
}

// oneSpaced trims s and makes every run of white space one ASCII space.
func oneSpaced(s string) string { return strings.Join(strings.Fields(s), " ") }

// LikePattern returns the LIKE pattern that finds folded anywhere in a folded
// column. It must be used with ESCAPE '\', which SQLite does not assume.
func LikePattern(folded string) string {
	return "%" + likeEscapes.Replace(folded) + "%"
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
