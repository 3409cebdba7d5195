// Package mention finds people and teams in what somebody wrote: by the name or
// reading after @ or ＠, which in Japanese needs no space before it.
package mention

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kizuki/internal/id"
	"kizuki/internal/text"
)

// Directory finds people and teams by the exact name or reading written after
// @ or ＠, with or without the space between the parts. Those who share a name
// are all meant: better one call too many than somebody who never hears.
type Directory struct {
	byKey   map[string][]id.ID
	longest int // runes of the longest name
}

// Add lets members be found by a name.
func (d *Directory) Add(name string, members ...id.ID) {
	key := Key(name)
	if key == "" {
		return
	}
	if d.byKey == nil {
		d.byKey = map[string][]id.ID{}
	}
	d.byKey[key] = append(d.byKey[key], members...)
	// The writer may put a space where the name has none, so a little longer.
	d.longest = max(d.longest, utf8.RuneCountInString(name)+2)
}

// Key is a name as it is compared: without spaces, hiragana and katakana alike.
func Key(name string) string {
	return text.FoldKana(strings.Join(strings.Fields(name), ""))
}

// Find reads the mentions of a body: the members meant, each once, and the
// names as written. What matches nobody stays text.
func (d *Directory) Find(body string) (members []id.ID, names []string) {
	for i, r := range body {
		if r != '@' && r != '＠' || addressLike(body, i, utf8.RuneLen(r)) {
			continue
		}
		who, name := d.match(body[i+utf8.RuneLen(r):])
		if name == "" {
			continue
		}
		for _, m := range who {
			if !slices.Contains(members, m) {
				members = append(members, m)
			}
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return members, names
}

// match takes the longest name that rest begins with.
func (d *Directory) match(rest string) ([]id.ID, string) {
	line, _, _ := strings.Cut(rest, "\n")
	ends := make([]int, 0, d.longest)
	for i, r := range line {
		if len(ends) == d.longest {
			break
		}
		ends = append(ends, i+utf8.RuneLen(r))
	}
	for _, end := range slices.Backward(ends) {
		name := line[:end]
		if strings.TrimSpace(name) != name || splitsWord(line, end) {
			continue
		}
		if who := d.byKey[Key(name)]; who != nil {
			return who, name
		}
	}
	return nil, ""
}

// splitsWord: a name in Latin letters ends where the word ends (@Ann is not in
// @Anna); Japanese has no such border.
func splitsWord(s string, end int) bool {
	last, _ := utf8.DecodeLastRuneInString(s[:end])
	next, _ := utf8.DecodeRuneInString(s[end:])
	return latin(last) && latin(next)
}

// addressLike tells a mail address from a mention.
func addressLike(s string, at, width int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	after, _ := utf8.DecodeRuneInString(s[at+width:])
	return latin(before) && latin(after)
}

func latin(r rune) bool {
	return r < 0x250 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
