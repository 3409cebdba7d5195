package compare

import (
	"kizuki/internal/intake/columns"
	"kizuki/internal/text"
	"slices"
	"strconv"
	"strings"
)

// ErrorLine is an invalid row as it was in the file, with where and why behind.
func (r Row) ErrorLine(say func(Problem) string) []string {
	var columns, why []string
	for _, p := range r.Problems {
		if p.Column != "" && !slices.Contains(columns, p.Column) {
			columns = append(columns, p.Column)
		}
		why = append(why, say(p))
	}
	var line []string
	for _, c := range r.After.Cells {
		line = append(line, text.Cell(c))
	}
	return append(line, strconv.Itoa(r.Line), text.Cell(strings.Join(columns, "、")), text.Cell(strings.Join(why, " ")))
}

// Cell is what an invalid row says for a target.
func (r Row) Cell(p columns.Plan, target string) string {
	if at := p.Column(target); at >= 0 && at < len(r.After.Cells) {
		return text.Line(r.After.Cells[at])
	}
	return ""
}
