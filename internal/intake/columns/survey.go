package columns

import (
	"slices"
	"strings"

	"kizuki/internal/field"
	"kizuki/internal/intake/sheet"
	"kizuki/internal/text"
)

// Surveyed is what a look through the whole file tells of one column.
type Surveyed struct {
	Name    string
	cells   []string // the first ones that are not blank
	filled  int
	blank   int
	repeats bool // a value came twice, as far as was kept
	Type    field.Type
	options []string

	seen  map[string]bool // values met, as far as kept
	limit int
}

// maxCells bounds what the survey keeps of all columns together.
const maxCells = 100_000

// survey reads the file once: how many rows, and what kind of values each
// column holds. A type is only given to a column all of whose cells can be
// read as it, so that a guess never makes a row invalid.
func Survey(f *sheet.File) (columns []Surveyed, rows int, err error) {
	names := columnNames(f.Header())
	for _, name := range names {
		columns = append(columns, Surveyed{Name: name, seen: map[string]bool{},
			limit: min(max(maxCells/len(names), 100), 1000)})
	}
	for row, err := range f.Rows() {
		if err != nil {
			return nil, 0, err
		}
		rows++
		for i := range columns {
			columns[i].add(row.Cells[i])
		}
	}
	for i := range columns {
		columns[i].settle()
		columns[i].seen = nil
	}
	return columns, rows, nil
}

func (c *Surveyed) add(cell string) {
	cell = strings.TrimSpace(cell)
	if cell == "" {
		c.blank++
		return
	}
	c.filled++
	if c.seen[cell] {
		c.repeats = true
	}
	if len(c.cells) < c.limit {
		c.cells = append(c.cells, cell)
		c.seen[cell] = true
		if len(c.cells) == c.limit {
			c.settle()
		}
		return
	}
	if !c.seen[cell] {
		c.fit(cell)
	}
}

// settle chooses the type by the cells kept, and makes it text if any of them
// is an exception.
func (c *Surveyed) settle() {
	if c.Type != "" {
		return
	}
	c.Type, c.options = field.Guess(c.cells)
	for _, cell := range c.cells {
		c.fit(cell)
	}
}

// fit makes the column one of text if a cell is not of its type.
func (c *Surveyed) fit(cell string) {
	if c.Type == field.Text {
		return
	}
	f := field.Field{Type: c.Type, Options: c.options}
	v, err := f.Parse(cell, field.ParseCtx{AnyOption: true})
	if err != nil || c.Type == field.Number && isCodeNumber(cell) {
		c.Type, c.options = field.Text, nil
		return
	}
	for _, o := range OptionsOf(v) {
		if c.Type.HasOptions() && !HasOption(c.options, o) {
			c.options = append(c.options, o)
		}
	}
	if len(c.options) > field.MaxOptions {
		c.Type, c.options = field.Text, nil
	}
}

// isCodeNumber: numbers written with leading zeros are codes.
func isCodeNumber(s string) bool { return len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' }

// OptionsOf is a canonical value of a choice or of choices as a list.
func OptionsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	}
	return nil
}

func HasOption(list []string, o string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return x == o || text.Fold(x) == text.Fold(o) })
}

// samples are the first three different values, short enough to show.
func (c Surveyed) Samples() []string {
	out := []string{}
	for _, s := range c.cells {
		if s = text.Excerpt(s, 40); len(out) < 3 && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// most and nearlyAll ask the cells kept.
func (c Surveyed) most(is func(string) bool) bool      { return c.share(is) >= .5 }
func (c Surveyed) nearlyAll(is func(string) bool) bool { return c.share(is) >= .9 }

func (c Surveyed) share(is func(string) bool) float64 {
	if len(c.cells) == 0 {
		return 0
	}
	n := 0
	for _, s := range c.cells {
		if is(s) {
			n++
		}
	}
	return float64(n) / float64(len(c.cells))
}
