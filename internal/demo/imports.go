package demo

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"kizuki/internal/cal"
	"kizuki/internal/contract"
	"kizuki/internal/intake"
	"kizuki/internal/money"
)

func (f *filler) planImports() {
	for i, at := range f.imports.At {
		f.by(f.imports.By, at, func(ctx context.Context) error { return f.bring(ctx, i+1) })
	}
}

// bring imports list n (1 or 2) as a file, the way the source sends it.
func (f *filler) bring(ctx context.Context, n int) error {
	dir, err := os.MkdirTemp("", "kizuki-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "list.csv")
	if err := os.WriteFile(path, f.list(n), 0o600); err != nil {
		return err
	}
	name := fmt.Sprintf(f.imports.File, strings.ReplaceAll(string(cal.Of(f.days.prev)), "-", ""))
	imp, err := f.Intake.Stage(ctx, intake.Upload{Path: path, FileName: name, Source: f.imports.Source, Mode: intake.Snapshot})
	if err != nil {
		return err
	}
	if _, err = f.Intake.Apply(ctx, imp.ID, intake.ApplyOptions{}); err != nil {
		return err
	}
	return f.find(ctx)
}

// find learns the ids of contracts that an import made.
func (f *filler) find(ctx context.Context) error {
	page, err := f.Contracts.List(ctx, contract.Query{Limit: 200})
	for _, c := range page.Items {
		for _, s := range f.world.stories {
			if f.contracts[s.ID] == 0 && f.days.key(s) == c.Key {
				f.contracts[s.ID], f.stories[c.ID] = c.ID, s.ID
			}
		}
	}
	return err
}

// list is the file of import n, with what a BI tool adds: a byte order mark,
// slashes in dates, ¥ and commas in amounts.
func (f *filler) list(n int) []byte {
	b := bytes.NewBufferString("\ufeff")
	out := csv.NewWriter(b)
	out.UseCRLF = true
	var row []string
	for _, c := range f.imports.Columns {
		row = append(row, c[0])
	}
	_ = out.Write(row)
	for _, s := range f.world.stories {
		born, _ := f.days.birth(s, opening)
		late := s.Imported == 0 && born.compare(f.imports.At[n-1]) >= 0
		if s.Unlisted || s.Gone && n == 2 || s.Imported > n || late {
			continue
		}
		row = row[:0]
		for _, c := range f.imports.Columns {
			row = append(row, f.cell(s, c[1], n))
		}
		_ = out.Write(row)
	}
	out.Flush()
	return b.Bytes()
}

func (f *filler) cell(s story, what string, n int) string {
	start, renewal := f.days.term(s, f.termAt(s, f.imports.At[n-1]))
	switch what {
	case "key":
		return f.days.key(s)
	case "organization":
		return s.Org
	case "name":
		return s.Name
	case "owner":
		return f.person(s.Owner).Name
	case "start":
		return strings.ReplaceAll(string(start), "-", "/")
	case "renewal":
		return strings.ReplaceAll(string(renewal), "-", "/")
	case "amount":
		return yen(s.value("amount", n+1), s.value("currency", n+1))
	case "domain":
		return s.Domain
	}
	return s.value(what, n+1)
}

// termAt is how many terms before the open one it was.
func (f *filler) termAt(s story, m moment) int {
	ago := 0
	for ; ago < s.Terms-1; ago++ {
		if _, renewal := f.days.term(s, ago+1); f.days.day(renewal) < m.day {
			break
		}
	}
	return ago
}

// yen writes an amount as a spreadsheet does.
func yen(amount, currency string) string {
	a, err := money.Parse(amount, currency)
	if err != nil {
		return amount
	}
	whole, cents, _ := strings.Cut(a.Decimal(), ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if cents != "" {
		whole += "." + cents
	}
	if currency == "JPY" {
		return "¥" + whole
	}
	return whole
}
