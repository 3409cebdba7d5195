package text

import (
	"regexp"
	"strings"
)

var plainNumber = regexp.MustCompile(`^[-+]?[0-9][0-9,]*(\.[0-9]+)?$`)

// Cell keeps a spreadsheet from taking a text for a formula: one that begins
// like a formula gets an apostrophe in front. Plain numbers stay numbers.
func Cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) && !plainNumber.MatchString(s) {
		return "'" + s
	}
	return s
}
