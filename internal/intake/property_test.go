package intake_test

import (
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kizuki/internal/db"
	"kizuki/internal/intake"
	"kizuki/internal/testkit"
)

// model is what imports and their undoing should come to, told in another way:
// a plain map of contracts and a pile of what each import wrote.
type model struct {
	contracts map[string]map[string]string
	touched   map[string]bool
	pile      []written
	known     map[string]string // key → present or absent, as the source knows it
}

type written struct {
	id      intake.Import
	created []string
	changes []changed
	known   map[string]string // before
}

type changed struct{ key, attr, from, to string }

var modelAttrs = []string{"organization", "status", "phase", "units"}

// table is a random file: a value "" is blank.
type table map[string]map[string]string

func drawTable(t *rapid.T) table {
	out := table{}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"A", "B", "C", "D", "E"}), 1, 5, rapid.ID).Draw(t, "keys") {
		out[key] = map[string]string{
			"organization": rapid.SampledFrom([]string{"アルファ", "ベータ", "ガンマ"}).Draw(t, "org"),
			"status":       rapid.SampledFrom([]string{"", "契約中", "試用"}).Draw(t, "status"),
			"phase":        rapid.SampledFrom([]string{"", "導入", "定着"}).Draw(t, "phase"),
			"units":        rapid.SampledFrom([]string{"", "10", "20"}).Draw(t, "units"),
		}
	}
	return out
}

func (tb table) rows() [][]string {
	rows := [][]string{append([]string{"key"}, modelAttrs...)}
	for _, key := range slices.Sorted(maps.Keys(tb)) {
		row := []string{key}
		for _, a := range modelAttrs {
			row = append(row, tb[key][a])
		}
		rows = append(rows, row)
	}
	return rows
}

// pending is what a staged file wants, by what stood there when it was staged.
type pending struct {
	created []string
	changes []changed
}

func (m *model) stage(tb table) (p pending) {
	for _, key := range slices.Sorted(maps.Keys(tb)) {
		c, exists := m.contracts[key]
		if !exists {
			p.created = append(p.created, key)
		}
		for _, a := range modelAttrs {
			if v := tb[key][a]; v != "" && (!exists || c[a] != v) {
				p.changes = append(p.changes, changed{key: key, attr: a, to: v})
			}
		}
	}
	return p
}

func (m *model) apply(imp intake.Import, tb table, p pending) {
	w := written{id: imp, created: p.created, known: maps.Clone(m.known)}
	for _, key := range p.created {
		m.contracts[key] = map[string]string{}
	}
	for _, ch := range p.changes {
		ch.from = m.contracts[ch.key][ch.attr]
		m.contracts[ch.key][ch.attr] = ch.to
		if ch.from != ch.to {
			w.changes = append(w.changes, ch)
		}
	}
	for key := range m.known {
		if _, there := tb[key]; !there && imp.Mode == intake.Snapshot {
			m.known[key] = "absent"
		}
	}
	for key := range tb {
		m.known[key] = "present"
	}
	m.pile = append(m.pile, w)
}

func (m *model) undo() written {
	w := m.pile[len(m.pile)-1]
	m.pile = m.pile[:len(m.pile)-1]
	for _, ch := range w.changes {
		if c := m.contracts[ch.key]; !slices.Contains(w.created, ch.key) && c[ch.attr] == ch.to {
			c[ch.attr] = ch.from
		}
	}
	for _, key := range w.created {
		if !m.touched[key] {
			delete(m.contracts, key)
		}
	}
	m.known = w.known
	return w
}

func (m *model) String() string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(m.contracts)) {
		fmt.Fprintf(&b, "%s:", key)
		for _, a := range modelAttrs {
			fmt.Fprintf(&b, " %s=%s", a, m.contracts[key][a])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// said is the export in the model's words.
func (w *world) said() string {
	rows, err := csv.NewReader(strings.NewReader(w.export())).ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	var b strings.Builder
	for _, row := range rows[1:] {
		fmt.Fprintf(&b, "%s:", row[0])
		for _, a := range modelAttrs {
			at := slices.Index(rows[0], a)
			if a == "units" {
				at = slices.Index(rows[0], "field:units")
			}
			v := ""
			if at >= 0 {
				v = row[at]
			}
			fmt.Fprintf(&b, " %s=%s", a, v)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestImportsAreWhatTheModelSays(t *testing.T) {
	testkit.Each(t, func(t *testing.T, d *db.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(t, d)
			empty := w.said()
			m := &model{contracts: map[string]map[string]string{}, touched: map[string]bool{}, known: map[string]string{}}
			for range rapid.IntRange(1, 8).Draw(rt, "steps") {
				w.now = w.now.Add(time.Minute)
				switch rapid.SampledFrom([]string{"import", "import", "edit", "undo"}).Draw(rt, "do") {
				case "import":
					w.randomImport(rt, m)
				case "edit":
					w.randomEdit(rt, m)
				case "undo":
					if len(m.pile) > 0 {
						w.undo(m.undo().id)
					}
				}
				if got, want := w.said(), m.String(); got != want {
					rt.Fatalf("got\n%swant\n%s", got, want)
				}
			}
			for len(m.pile) > 0 {
				w.undo(m.undo().id)
			}
			if got, want := w.said(), m.String(); got != want || len(m.touched) == 0 && got != empty {
				rt.Fatalf("at the end: got\n%swant\n%s", got, want)
			}
		})
	})
}

func (w *world) randomImport(rt *rapid.T, m *model) {
	tb := drawTable(rt)
	mode := rapid.SampledFrom([]intake.Mode{intake.Snapshot, intake.Delta}).Draw(rt, "mode")
	p := m.stage(tb)
	imp := w.stage(w.file(tb.rows()...), func(u *intake.Upload) {
		u.Mode = mode
		u.Mapping = &intake.Mapping{Columns: map[string]string{"key": "key", "organization": "organization", "status": "status",
			"phase": "phase", "units": "field:units"}}
	})
	absent := 0
	for key, state := range m.known {
		if _, there := tb[key]; !there && state == "present" && mode == intake.Snapshot {
			absent++
		}
	}
	if imp.Counts.Absent != absent || imp.Counts.Created != len(p.created) || imp.Counts.Rows != len(tb) {
		rt.Fatalf("counts %+v, want %d absent, %d created", imp.Counts, absent, len(p.created))
	}
	for range rapid.IntRange(0, 2).Draw(rt, "edits between") {
		w.randomEdit(rt, m)
	}
	w.apply(imp)
	m.apply(imp, tb, p)
}

func (w *world) randomEdit(rt *rapid.T, m *model) {
	if len(m.contracts) == 0 {
		return
	}
	key := rapid.SampledFrom(slices.Sorted(maps.Keys(m.contracts))).Draw(rt, "key")
	attr := rapid.SampledFrom([]string{"status", "phase"}).Draw(rt, "attr")
	value := rapid.SampledFrom([]string{"契約中", "定着", "自分で"}).Draw(rt, "value")
	if m.contracts[key][attr] != value {
		m.touched[key] = true
	}
	m.contracts[key][attr] = value
	w.edit(w.byKey(strings.ToLower(key)).ID, attr, value)
}
